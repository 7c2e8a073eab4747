//! Bytes that a line, a fault or an enemy changed: always an answer, never a panic.

use crate::dice::Dice;
use crate::shapes;
use iso8583::{Message, Spec};

const DIALECTS: [Spec; 3] = [Spec::BINARY, Spec::HEX, Spec::MIXED];

/// Changes a message in one of the ways in which messages break.
fn mutate(bytes: &mut Vec<u8>, dice: &mut Dice) {
    if bytes.is_empty() {
        return bytes.push(dice.byte());
    }
    let at = dice.below(bytes.len());
    match dice.below(7) {
        0 => bytes[at] ^= 1 << dice.below(8),
        1 => bytes[at] = dice.byte(),
        2 => bytes.truncate(at),
        3 => bytes.insert(at, dice.byte()),
        4 => drop(bytes.remove(at)),
        // The bitmaps and the lengths decide most.
        5 => {
            let early = dice.below(bytes.len().min(24));
            bytes[early] = dice.byte();
        }
        _ => bytes[at] = b'0' + dice.byte() % 10,
    }
}

#[test]
fn a_hundred_thousand_broken_messages_are_answered() {
    let mut dice = Dice(87);
    let shapes = shapes::all();
    let (mut read, mut refused) = (0, 0);
    for round in 0..100_000 {
        let dialect = &DIALECTS[round % DIALECTS.len()];
        let mut bytes = shapes[dice.below(shapes.len())].encode(dialect).unwrap();
        for _ in 0..=dice.below(4) {
            mutate(&mut bytes, &mut dice);
        }
        match Message::decode(dialect, &bytes) {
            Ok(message) => {
                read += 1;
                // What was read can be shown, asked and written, and says the same again.
                let _shown = (message.describe().to_string(), message.describe_unmasked().to_string());
                let _asked = (message.payment_class(), message.secure_data(), message.original());
                let again = message.encode(dialect).unwrap();
                assert_eq!(Message::decode(dialect, &again).unwrap(), message);
            }
            Err(error) => {
                refused += 1;
                assert!(error.offset.is_some_and(|offset| offset <= bytes.len()), "{error}");
            }
        }
    }
    assert!(read > 1_000 && refused > 1_000, "both happen: {read} read, {refused} refused");
}

#[test]
fn a_message_cut_anywhere_is_refused() {
    for message in shapes::all() {
        for dialect in &DIALECTS {
            let bytes = message.encode(dialect).unwrap();
            for cut in 0..bytes.len() {
                assert!(Message::decode(dialect, &bytes[..cut]).is_err(), "{} cut at {cut}", message.mti());
            }
        }
    }
}
