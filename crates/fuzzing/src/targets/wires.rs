//! ISO 8583, the networks' daily files, chip data, card data, the printer, the bench.

use crate::Word;
use acquiring::cases::file::{self, Charge, Name};
use bytes::BytesMut;
use iso8583::private::{EncryptedCard, KeySerial, PaymentClass, SecureData};
use iso8583::totals::{Count, Totals};
use iso8583::{Dialect, Message, Mti};
use std::collections::BTreeMap;

fn message_in(dialect: &Dialect, bytes: &[u8]) -> Word {
    let read = dialect.read(bytes);
    match &read {
        Ok(message) => {
            // What was read can be shown, asked and written, and says the same again.
            let _shown = message.describe().to_string();
            let _asked = (message.payment_class(), message.secure_data(), message.original());
            let _totals = (message.totals(), message.settlement());
            if let Ok(framed) = dialect.framed(message) {
                let again = dialect.deframe(&mut BytesMut::from(&framed[..]), usize::MAX);
                let again = again.ok().flatten().and_then(|bytes| dialect.read(&bytes).ok());
                assert_eq!(again.as_ref(), Some(message), "a message is read as it was written");
            }
        }
        Err(error) => assert!(error.offset.is_none_or(|offset| offset <= bytes.len()), "{error}"),
    }
    Word::of(&read)
}

pub(super) fn iso8583_text(bytes: &[u8]) -> Word {
    message_in(&Dialect::TEXT, bytes)
}

pub(super) fn iso8583_packed(bytes: &[u8]) -> Word {
    message_in(&Dialect::PACKED, bytes)
}

/// A line: frames until something does not fit.
pub(super) fn iso8583_stream(bytes: &[u8]) -> Word {
    let mut buffer = BytesMut::from(bytes);
    let Some(dialect) = Dialect::of_caller(&buffer) else { return Word::Refused };
    let mut word = Word::Refused;
    while let Ok(Some(message)) = dialect.deframe(&mut buffer, 4096) {
        assert!(message.len() <= 4096, "no frame is longer than the limit");
        word = message_in(&dialect, &message);
    }
    word
}

fn messages() -> Vec<Message> {
    let mut sale = Message::new(Mti::FINANCIAL_REQUEST);
    let texts = [(3, "000000"), (4, "000000000880"), (7, "1121034219"), (11, "000123"), (22, "051")];
    let more = [(37, "632503000123"), (41, "T0000001"), (42, "M00000000000001"), (49, "392")];
    for (number, value) in texts.into_iter().chain(more) {
        let _ = sale.set(number, value);
    }
    let _ = sale.set_payment_class(PaymentClass::Instalments(3));
    let _ = sale.set_bytes(55, chips().first().map(Vec::as_slice).unwrap_or_default());
    let _ = sale.set_bytes(63, secure_seeds().first().map(Vec::as_slice).unwrap_or_default());
    let mut reversal = sale.clone();
    reversal.set_mti(Mti::REVERSAL_ADVICE);
    if let Ok(original) = iso8583::private::OriginalData::of(&sale) {
        let _ = reversal.set_original(original);
    }
    let mut day = Message::new(Mti::RECONCILIATION_REQUEST);
    let _ = day.set_totals(&Totals { debits: Count { number: 17, yen: 24_000 }, ..Totals::default() });
    let mut echo = Message::new(Mti::NETWORK_REQUEST);
    for (number, value) in [(7, "1121000001"), (11, "000001"), (70, "301")] {
        let _ = echo.set(number, value);
    }
    vec![sale, reversal, day, echo]
}

pub(super) fn messages_text() -> Vec<Vec<u8>> {
    messages().iter().filter_map(|message| message.encode(&Dialect::TEXT.spec).ok()).collect()
}

pub(super) fn messages_packed() -> Vec<Vec<u8>> {
    messages().iter().filter_map(|message| message.encode(&Dialect::PACKED.spec).ok()).collect()
}

pub(super) fn streams() -> Vec<Vec<u8>> {
    [Dialect::TEXT, Dialect::PACKED]
        .into_iter()
        .map(|dialect| {
            messages().iter().filter_map(|message| dialect.framed(message).ok()).flatten().collect()
        })
        .collect()
}

pub(super) fn tlv(bytes: &[u8]) -> Word {
    let read = emv::tlv::parse(bytes);
    if let Ok(objects) = &read {
        let written = emv::tlv::write(objects);
        assert_eq!(emv::tlv::parse(&written).as_ref(), Ok(objects), "objects are read as they were written");
        let _twice = emv::tlv::duplicates(objects);
    }
    Word::of(&read)
}

pub(super) fn chips() -> Vec<Vec<u8>> {
    [
        "9F26081122334455667788820239009F3602001C9F2701809F34034203009505000000800\
         09F37044A5B6C7D9A032611219F02060000000008805F2A0203929F1A0203929C01008407A0000000031010",
        "6F1A840E315041592E5359532E4444463031A5088801015F2D026A61",
        "701557134111111111111111D30122010000000000000F",
        "770A82025C009404080101009000",
        "910A112233445566778830307209860758340001020304",
    ]
    .into_iter()
    .filter_map(|text| hex::decode(text.replace([' ', '\n'], "")).ok())
    .collect()
}

/// AFL, and what a chip lists.
pub(super) fn lists(bytes: &[u8]) -> Word {
    let read = emv::afl::parse(bytes);
    if let Ok(entries) = &read {
        let records = emv::afl::records(entries);
        assert!(records.len() <= 31 * 255, "a chip has at most 255 records in each of 31 files");
    }
    Word::of(&read)
}

pub(super) fn lists_seeds() -> Vec<Vec<u8>> {
    vec![vec![0x08, 1, 1, 0, 0x10, 1, 4, 1], vec![0x18, 1, 2, 2]]
}

pub(super) fn secure_data(bytes: &[u8]) -> Word {
    let read = SecureData::decode(bytes);
    if let Ok(data) = &read {
        // The model is a text of the reader's own choice, and may read like anything.
        let shown = format!("{:?}", SecureData { device_model: None, ..data.clone() });
        assert!(!shown.contains("ciphertext: ["), "ciphertexts are not printed");
        if let Ok(written) = data.encode() {
            assert!(SecureData::decode(&written).is_ok(), "what is written is read");
        }
    }
    Word::of(&read)
}

pub(super) fn secure_seeds() -> Vec<Vec<u8>> {
    let data = SecureData {
        card: Some(EncryptedCard { ksn: KeySerial::Aes([7; 12]), ciphertext: vec![0xA5; 48] }),
        device_model: Some("BENCH READER 1".to_owned()),
        ..SecureData::default()
    };
    data.encode().into_iter().collect()
}

/// Tracks and opened card data, as reader and network see them.
pub(super) fn card_data(bytes: &[u8]) -> Word {
    let _equivalent = cardkeys::CardData::from_track2_equivalent(bytes);
    let _track = std::str::from_utf8(bytes).map(cardkeys::CardData::from_track2);
    let read = cardkeys::CardData::from_plain(bytes);
    if let Ok(card) = &read {
        assert!(cardkeys::CardData::from_plain(&card.expose_plain()).is_ok(), "what is written is read");
    }
    Word::of(&read)
}

pub(super) fn tracks() -> Vec<Vec<u8>> {
    // The published test number of a brand.
    let card = cardkeys::CardData::from_track2("4111111111111111=30122010000000000000");
    let plain = card.map(|card| card.expose_plain().to_vec()).unwrap_or_default();
    vec![plain, b"4111111111111111=30122010000000000000".to_vec()]
}

/// A network's file of a day.
pub(super) fn network_file(bytes: &[u8]) -> Word {
    let read = file::text(bytes).and_then(file::read);
    let text = String::from_utf8_lossy(bytes);
    match &read {
        Ok(day) => {
            let sum = |of: &BTreeMap<Name, Charge>| {
                of.values().filter(|one| one.charged).map(|one| i128::from(one.yen)).sum::<i128>()
            };
            let count = day.charges.len().saturating_add(day.refunds.len());
            let end = format!("E\t{count}\t{}\t{}", sum(&day.charges), sum(&day.refunds));
            let said = text.lines().last().map(|line| line.replace('+', ""));
            let said = said.as_deref().map(without_zeros);
            assert_eq!(said.as_deref(), Some(&*end), "what was read is what the last line says");
            assert!(day.on.parse::<jiff::civil::Date>().is_ok(), "it is of a day: {}", day.on);
        }
        Err(bad) => {
            let lines = text.lines().count().max(1);
            assert!((1..=lines).contains(&bad.line), "the line is one of the file: {bad}");
        }
    }
    Word::of(&read)
}

/// The numbers of a line as they are written without leading zeros.
fn without_zeros(line: &str) -> String {
    let number = |field: &str| field.parse::<i128>().map_or_else(|_| field.to_owned(), |n| n.to_string());
    line.split('\t').map(number).collect::<Vec<_>>().join("\t")
}

/// A day at the card network, and one at a code brand.
pub(super) fn network_files() -> Vec<Vec<u8>> {
    let card = "CHOBA-NETWORK-FILE\t2\tcard\t2026-11-21\n\
        P\t9000009\t49414G2G4G92\t00358002\t880\tcharged\tA12345\n\
        P\t9000009\t49414G2G4G93\t00358002\t1200\treversed\t\n\
        P\t9000009\t49414G2G4G94\t00358002\t500\tvoided\tA12346\n\
        R\t9000009\t49414G2G4G95\t00358002\t80\trefunded\n\
        E\t4\t880\t80\n";
    let code = "CHOBA-NETWORK-FILE\t2\tpaypay\t2026-11-21\n\
        P\tM1\t019aa000-0000-7000-8000-000000000001\t000000358002\t880\tcharged\t\n\
        E\t1\t880\t0\n";
    let none = "CHOBA-NETWORK-FILE\t2\tcard\t2026-11-22\nE\t0\t0\t0\n";
    [card, code, none].map(|text| text.as_bytes().to_vec()).to_vec()
}

pub(super) fn printer(bytes: &[u8]) -> Word {
    let papers = escpos::decode(bytes);
    if papers.is_empty() { Word::Refused } else { Word::Taken }
}

pub(super) fn papers() -> Vec<Vec<u8>> {
    vec![
        b"\x1b@\x1c&\x1cC\x01\x83\x52\x81[\x83q\x81[ 880\n\x1ba\x01\x1d!\x11TOTAL\n\x1dV\x41\x03".to_vec(),
        b"\x1b@\x1d(k\x04\x00\x31\x41\x32\x00\x1d(k\x07\x00\x31\x50\x30ABCD\x1d(k\x03\x00\x31\x51\x30\n\x1dV\x00".to_vec(),
        b"\x1b@\x1dv0\x00\x02\x00\x02\x00\xff\x00\x00\xff\x1dV\x00".to_vec(),
    ]
}

/// What comes from the bench that stands for reader, pad and scanner.
pub(super) fn bench(bytes: &[u8]) -> Word {
    let to_terminal = serde_json::from_slice::<emv::bench::ToTerminal>(bytes);
    let to_desk = serde_json::from_slice::<emv::bench::ToDesk>(bytes);
    if let Ok(event) = &to_terminal {
        let _shown = format!("{event:?}");
    }
    if to_terminal.is_ok() { Word::Taken } else { Word::of(&to_desk) }
}

pub(super) fn bench_seeds() -> Vec<Vec<u8>> {
    let events =
        [emv::bench::ToTerminal::Swiped { track2: emv::bench::SwipedTrack::new("4111111111111111=3012201") }];
    events.iter().filter_map(|event| serde_json::to_vec(event).ok()).collect()
}
