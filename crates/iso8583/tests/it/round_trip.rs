//! What is written is read, for every dialect and for any values that the table allows.

use crate::shapes;
use iso8583::fields::{FIELDS, Field, Format, Length};
use iso8583::{Message, Mti, Spec};
use proptest::prelude::*;

const DIALECTS: [Spec; 4] = [Spec::BINARY, Spec::HEX, Spec::MIXED, Spec::PACKED];

/// Any value of a field, short ones mostly.
fn value(row: Field) -> BoxedStrategy<(u8, Vec<u8>)> {
    let (fewest, most) = match row.length {
        Length::Fixed(length) => (length, length),
        Length::Ll(most) | Length::Lll(most) => (0, most.min(60)),
    };
    let characters = move |allowed: &str| {
        prop::string::bytes_regex(&format!("{allowed}{{{fewest},{most}}}")).unwrap().boxed()
    };
    let strategy = match row.format {
        Format::N => characters("[0-9]"),
        Format::An => characters("[A-Za-z0-9 ]"),
        Format::Ans | Format::Z => characters("[ -~]"),
        Format::Xn => prop::string::bytes_regex(&format!("[CD][0-9]{{{}}}", row.most() - 1)).unwrap().boxed(),
        Format::B => prop::collection::vec(any::<u8>(), fewest..=most).boxed(),
    };
    strategy.prop_map(move |bytes| (row.number, bytes)).boxed()
}

fn message() -> impl Strategy<Value = Message> {
    let fields = prop::sample::subsequence(FIELDS, 0..30)
        .prop_flat_map(|rows| rows.into_iter().map(value).collect::<Vec<_>>());
    ("[0-9]{4}", fields).prop_map(|(mti, fields)| {
        let mut message = Message::new(Mti::parse(&mti).unwrap());
        for (number, value) in fields {
            message.set_bytes(number, &value).unwrap();
        }
        message
    })
}

proptest! {
    #[test]
    fn any_message_is_read_as_it_was_written(message in message()) {
        for dialect in &DIALECTS {
            let bytes = message.encode(dialect).unwrap();
            prop_assert_eq!(&Message::decode(dialect, &bytes).unwrap(), &message, "{}", dialect.name);
        }
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for dialect in &DIALECTS {
            let _answered = Message::decode(dialect, &bytes);
        }
    }
}

#[test]
fn our_messages_are_read_as_they_were_written() {
    for message in shapes::all() {
        for dialect in &DIALECTS {
            let bytes = message.encode(dialect).unwrap();
            assert_eq!(Message::decode(dialect, &bytes).unwrap(), message, "{}", dialect.name);
        }
    }
}
