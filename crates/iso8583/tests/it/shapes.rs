//! The messages of our card network as they really look: every request with its answer.

use iso8583::private::{EncryptedCard, EncryptedPin, KeySerial, OriginalData, PaymentClass, SecureData};
use iso8583::totals::{Count, Settlement, Totals};
use iso8583::{ECHOED, Message, Mti};

fn secure_data(with_pin: bool) -> SecureData {
    SecureData {
        card: Some(EncryptedCard {
            ksn: KeySerial::Aes([0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x34, 0x56, 0, 0, 0, 7]),
            ciphertext: (0..48_u8).map(|at| at.wrapping_mul(37)).collect(),
        }),
        pin: with_pin.then_some(EncryptedPin::Aes {
            ksn: [0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x34, 0x56, 0, 0, 0, 8],
            block: [0xA5; 16],
        }),
        fingerprint: Some([0x3C; 16]),
        device_model: Some("BENCH READER 1".to_owned()),
    }
}

/// A request with everything that a payment has.
fn payment(mti: Mti, entry_mode: &str, class: PaymentClass) -> Message {
    let chip = "9F26081122334455667788820239009F3602001C9F2701809F34034203009F1E08424E43483030303195050000008000\
                9F37044A5B6C7D9A032611219F02060000000008805F2A0203929F1A0203929C01009F10120110A00003220000000000\
                000000000000FF9F33036028C85F340101";
    let mut message = Message::new(mti);
    let texts = [
        (3, "000000"),
        (7, "1121034219"),
        (11, "000123"),
        (12, "124219"),
        (13, "1121"),
        (18, "5814"),
        (22, entry_mode),
        (25, "00"),
        (32, "9000001"),
        (37, "632503000123"),
        (41, "T0000001"),
        (42, "M00000000000001"),
        (49, "392"),
    ];
    for (number, value) in texts {
        message.set(number, value).unwrap();
    }
    message.set_number(4, 880).unwrap();
    message.set_padded(43, "MAMEYA COFFEE").unwrap();
    message.set_payment_class(class).unwrap();
    message.set_secure_data(&secure_data(entry_mode == "051")).unwrap();
    if matches!(entry_mode, "051" | "071") {
        message.set(23, "001").unwrap();
        message.set_bytes(55, &hex::decode(chip.replace(' ', "")).unwrap()).unwrap();
    }
    message
}

fn answered(request: &Message, code: &str) -> Message {
    let mut answer = request.answer(ECHOED).unwrap();
    answer.set(39, code).unwrap().set(15, "1121").unwrap();
    if code == "00" && !request.has(90) {
        answer.set(38, "A1B2C3").unwrap();
        let from_issuer = hex::decode("910A11223344556677883030").unwrap();
        answer.set_bytes(55, &from_issuer).unwrap();
    }
    answer
}

/// All shapes, in the order in which a day would send them.
pub(crate) fn all() -> Vec<Message> {
    let mut sign_on = Message::new(Mti::NETWORK_REQUEST);
    sign_on.set(7, "1121000001").unwrap().set(11, "000001").unwrap().set(70, "001").unwrap();
    let mut signed_on = sign_on.answer(ECHOED).unwrap();
    signed_on.set(39, "00").unwrap();

    let request = payment(Mti::FINANCIAL_REQUEST, "051", PaymentClass::LumpSum);
    let tapped = payment(Mti::AUTHORIZATION_REQUEST, "071", PaymentClass::Instalments(12));
    let swiped = payment(Mti::AUTHORIZATION_REQUEST, "901", PaymentClass::BonusLump);
    let mut advice = payment(Mti::FINANCIAL_ADVICE, "901", PaymentClass::BonusLump);
    advice.set(38, "A1B2C3").unwrap().set_original(OriginalData::of(&swiped).unwrap()).unwrap();
    let mut reversal = payment(Mti::REVERSAL_ADVICE, "051", PaymentClass::Revolving);
    reversal.remove(55);
    reversal.set(11, "000124").unwrap().set_original(OriginalData::of(&request).unwrap()).unwrap();
    let mut again = reversal.clone();
    again.set_mti(Mti::REVERSAL_ADVICE_REPEAT);

    let pairs =
        [(request, "00"), (tapped, "51"), (swiped, "00"), (advice, "00"), (reversal, "00"), (again, "00")];
    let mut day = Message::new(Mti::RECONCILIATION_REQUEST);
    day.set(7, "1121150001").unwrap().set(11, "000900").unwrap().set(15, "1121").unwrap();
    day.set_padded(42, "M00000000000001").unwrap().set(49, "392").unwrap();
    let sales = Count { number: 17, yen: 24_000 };
    day.set_totals(&Totals { debits: sales, ..Totals::default() }).unwrap();
    let mut compared = day.answer(ECHOED).unwrap();
    compared.set(39, "00").unwrap().set_settlement(Settlement::InBalance).unwrap();
    let mut all = vec![sign_on, signed_on, day, compared];
    for (request, code) in pairs {
        let answer = answered(&request, code);
        all.extend([request, answer]);
    }
    all
}

#[test]
fn every_type_of_the_network_has_a_shape() {
    let types: Vec<String> = all().iter().map(|message| message.mti().to_string()).collect();
    for wanted in [
        "0100", "0110", "0200", "0210", "0220", "0230", "0420", "0421", "0430", "0500", "0510", "0800",
        "0810",
    ] {
        assert!(types.iter().any(|have| have == wanted), "{wanted}");
    }
}

#[test]
fn no_shape_has_a_card_number_a_track_or_a_pin_in_the_open() {
    for message in all() {
        for number in iso8583::private::ABSENT_BY_RULE {
            assert!(!message.has(number), "{} has field {number}", message.mti());
        }
    }
}

#[test]
fn a_payment_reads_like_this_in_a_log() {
    expect_test::expect![[r"
        0200 financial request
           3 Processing code: 000000
           4 Amount, transaction: 000000000880
           7 Transmission date and time: 1121034219
          11 Systems trace audit number: 000123
          12 Time, local transaction: 124219
          13 Date, local transaction: 1121
          18 Merchant's type: 5814
          22 Point of service entry mode: 051
          23 Card sequence number: 001
          25 Point of service condition code: 00
          32 Acquiring institution identification code: 9000001
          37 Retrieval reference number: 632503000123
          41 Card acceptor terminal identification: T0000001
          42 Card acceptor identification code: M00000000000001
          43 Card acceptor name/location: MAMEYA COFFEE
          48 Additional data, private: payment class: 1000
          49 Currency code, transaction: 392
          55 ICC system related data: 9F26=1122334455667788 82=3900 9F36=001C 9F27=80 9F34=420300 9F1E=424E434830303031 95=0000008000 9F37=4A5B6C7D 9A=261121 9F02=000000000880 5F2A=0392 9F1A=0392 9C=00 9F10=0110A00003220000000000000000000000FF 9F33=6028C8 5F34=01
          63 Reserved, private: encrypted card data: card key 123456789012345600000007, card data *** (48 bytes); PIN key 123456789012345600000008, PIN block *** (16 bytes); fingerprint 3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c; device BENCH READER 1
    "]]
    .assert_eq(&format!("{}\n", all()[4].describe()));
}
