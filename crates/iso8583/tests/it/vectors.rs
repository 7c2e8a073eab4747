//! Known answers: messages that others published, read and written again byte by byte.

use iso8583::{Error, Fault, Message, Spec};

/// Reads a printable message, compares its fields, and writes it again.
fn check(raw: &str, mti: &str, fields: &[(u8, &str)]) {
    let message = Message::decode(&Spec::HEX, raw.as_bytes()).unwrap();
    assert_eq!(message.mti().to_string(), mti);
    let read: Vec<_> =
        message.fields().map(|(number, value)| (number, std::str::from_utf8(value).unwrap())).collect();
    assert_eq!(read, fields);
    assert_eq!(String::from_utf8(message.encode(&Spec::HEX).unwrap()).unwrap(), raw);
}

#[test]
fn moov_message_test() {
    // moov-io/iso8583 message_test.go, "Test packing and unpacking untyped fields".
    check(
        "01007000000000000000164242424242424242123456000000000100",
        "0100",
        &[(2, "4242424242424242"), (3, "123456"), (4, "000000000100")],
    );
}

#[test]
fn moov_financial_transaction_message() {
    // moov-io/iso8583 test/testdata/financial_transaction_message.dat.
    check(
        "0200323A40010841801038000000000000000004200508050113921208050420042251320720000010000001156040800411        \
         01251146333156336000299",
        "0200",
        &[
            (3, "380000"),
            (4, "000000000000"),
            (7, "0420050805"),
            (11, "011392"),
            (12, "120805"),
            (13, "0420"),
            (15, "0422"),
            (18, "5132"),
            (32, "2000001"),
            (37, "000000115604"),
            (42, "0800411        "),
            (48, "511463331563"),
            (49, "360"),
            (60, "99"),
        ],
    );
}

#[test]
fn moov_financial_transaction_message_response() {
    // moov-io/iso8583 test/testdata/financial_transaction_message_response.dat.
    let additional = format!("{:<163}", "011511463331563GBAAASDD ERRR");
    let raw = format!(
        "0210323A40010A418010380000000000000000042005080501139212080504200422513207200000100000011560400\
         0800411        163{additional}1300101B54391001"
    );
    assert_eq!(raw.len(), 292, "as long as the published file");
    check(
        &raw,
        "0210",
        &[
            (3, "380000"),
            (4, "000000000000"),
            (7, "0420050805"),
            (11, "011392"),
            (12, "120805"),
            (13, "0420"),
            (15, "0422"),
            (18, "5132"),
            (32, "2000001"),
            (37, "000000115604"),
            (39, "00"),
            (42, "0800411        "),
            (48, &additional),
            (49, "130"),
            (60, "1B54391001"),
        ],
    );
}

#[test]
fn moov_network_management_messages_have_a_second_bitmap() {
    // moov-io/iso8583 test/testdata/network_management_message.dat and ..._response.dat.
    let both = [(7, "0420090613"), (11, "900001"), (12, "090613"), (13, "0420"), (15, "0420")];
    let request: Vec<_> = both.into_iter().chain([(70, "001")]).collect();
    let answer: Vec<_> = both.into_iter().chain([(39, "00"), (70, "001"), (73, "031128")]).collect();
    check("0800823A0000000000000400000000000000042009061390000109061304200420001", "0800", &request);
    check("0810823A000002000000048000000000000004200906139000010906130420042000001031128", "0810", &answer);
}

#[test]
fn moov_reversal_advice_has_an_empty_card_number() {
    // moov-io/iso8583 test/testdata/iso_reversal_message_advice.dat.
    check(
        "04207230008100000000001800000000000300000109080646100331001120331100011122233",
        "0420",
        &[
            (2, ""),
            (3, "180000"),
            (4, "000000030000"),
            (7, "0109080646"),
            (11, "100331"),
            (12, "001120"),
            (25, "33"),
            (32, "00011122233"),
        ],
    );
}

#[test]
fn pyiso8583_documentation() {
    // PyPI pyiso8583 4.0.1, the examples of its documentation.
    check("02004000000000000000101234567890", "0200", &[(2, "1234567890")]);
    check("0200400000000200000010123456789000", "0200", &[(2, "1234567890"), (39, "00")]);
}

#[test]
fn a_wrong_message_is_refused_with_field_and_place() {
    let refused = |raw: &str| Message::decode(&Spec::HEX, raw.as_bytes()).unwrap_err();
    let at = |field, offset, fault| Error { field, offset: Some(offset), fault };
    assert_eq!(refused("02"), at(0, 0, Fault::Short { wanted: 4, left: 2 }));
    assert_eq!(refused("02x0"), at(0, 0, Fault::NotAnMti));
    assert_eq!(refused("0200400000"), at(1, 4, Fault::Short { wanted: 16, left: 6 }));
    assert_eq!(refused("0200400000000000000Z"), at(1, 4, Fault::NotABitmap));
    assert_eq!(refused("02004000000000000000"), at(2, 20, Fault::Short { wanted: 2, left: 0 }));
    assert_eq!(refused("02004000000000000000x5"), at(2, 20, Fault::NotALength));
    assert_eq!(refused("0200400000000000000020"), at(2, 20, Fault::TooLong { most: 19, got: 20 }));
    assert_eq!(refused("0200400000000000000010123"), at(2, 22, Fault::Short { wanted: 10, left: 3 }));
    assert_eq!(refused("020040000000000000000212x"), at(2, 24, Fault::LeftOver(1)));
    assert_eq!(refused("020040000000000000000312x"), at(2, 22, Fault::WrongCharacter));
    let third_bitmap = "020080000000000000008000000000000000";
    assert_eq!(refused(third_bitmap), at(65, 36, Fault::NoSuchField));
    assert_eq!(
        refused("0200400000000000000010123").to_string(),
        "ISO 8583 field 2 at byte 22: needs 10 more bytes, 3 are left"
    );
}
