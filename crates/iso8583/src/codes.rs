//! What the coded fields mean, as far as our network uses them: tables, and the words that programs use.

/// A row of a code table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning<T: 'static> {
    /// The digits on the wire.
    pub code: &'static str,
    /// What they mean to a program.
    pub means: T,
    /// What they mean to a person, in English.
    pub name: &'static str,
}

const fn row<T>(code: &'static str, means: T, name: &'static str) -> Meaning<T> {
    Meaning { code, means, name }
}

fn find<T>(table: &'static [Meaning<T>], code: &str) -> Option<&'static Meaning<T>> {
    table.iter().find(|row| row.code == code)
}

/// Processing code, DE 3: kind of transaction (two digits), account from, account to (00: default).
pub mod processing {
    /// Goods and services.
    pub const PURCHASE: &str = "000000";
    /// Money back for goods and services.
    pub const REFUND: &str = "200000";
    /// Is this card good: no amount.
    pub const CARD_CHECK: &str = "380000";
}

/// How the card was read: the first two digits of DE 22 (ISO 8583:1987, and EMV practice for 05, 07 and 91).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    /// Not said.
    Unknown,
    /// Typed in.
    Typed,
    /// Stripe, whether its data is complete is not said.
    Stripe,
    /// Chip, inserted.
    Chip,
    /// Chip, held close.
    ContactlessChip,
    /// Stripe, after the chip could not be read.
    StripeAfterChip,
    /// Stripe, complete.
    WholeStripe,
    /// Stripe data from a card held close.
    ContactlessStripe,
}

/// The entry modes.
pub const ENTRY_MODES: &[Meaning<Entry>] = &[
    row("00", Entry::Unknown, "unknown"),
    row("01", Entry::Typed, "typed in"),
    row("02", Entry::Stripe, "magnetic stripe"),
    row("05", Entry::Chip, "chip inserted"),
    row("07", Entry::ContactlessChip, "chip held close"),
    row("80", Entry::StripeAfterChip, "magnetic stripe after the chip failed"),
    row("90", Entry::WholeStripe, "magnetic stripe, complete"),
    row("91", Entry::ContactlessStripe, "magnetic stripe data held close"),
];

/// Whether the terminal takes PINs: the third digit of DE 22.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PinEntry {
    /// 0: not said.
    Unknown,
    /// 1: it does.
    Can,
    /// 2: it does not.
    Cannot,
}

/// DE 22 from its parts.
pub fn entry_mode(entry: Entry, pin: PinEntry) -> String {
    let entry = ENTRY_MODES.iter().find(|row| row.means == entry).map_or("00", |row| row.code);
    let pin = match pin {
        PinEntry::Unknown => '0',
        PinEntry::Can => '1',
        PinEntry::Cannot => '2',
    };
    format!("{entry}{pin}")
}

/// The parts of DE 22, or none when a digit is not in the tables.
pub fn parse_entry_mode(value: &str) -> Option<(Entry, PinEntry)> {
    let entry = find(ENTRY_MODES, value.get(..2)?)?.means;
    let pin = match value.get(2..)? {
        "0" => PinEntry::Unknown,
        "1" => PinEntry::Can,
        "2" => PinEntry::Cannot,
        _ => return None,
    };
    Some((entry, pin))
}

/// What an answer code says about the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It was approved.
    Approved,
    /// It was refused: no money moved.
    Declined,
    /// It was refused and the card should be kept.
    KeepCard,
    /// It says that something went wrong, not what became of the money.
    Unclear,
}

/// The answer codes, DE 39.
pub const ANSWERS: &[Meaning<Verdict>] = &[
    row("00", Verdict::Approved, "approved"),
    row("01", Verdict::Declined, "refer to the card issuer"),
    row("02", Verdict::Declined, "refer to the card issuer, special condition"),
    row("03", Verdict::Declined, "invalid merchant"),
    row("04", Verdict::KeepCard, "keep the card"),
    row("05", Verdict::Declined, "do not honour"),
    row("06", Verdict::Unclear, "error"),
    row("07", Verdict::KeepCard, "keep the card, special condition"),
    row("09", Verdict::Unclear, "request in progress"),
    row("12", Verdict::Declined, "invalid transaction"),
    row("13", Verdict::Declined, "invalid amount"),
    row("14", Verdict::Declined, "invalid card number"),
    row("15", Verdict::Declined, "no such issuer"),
    row("25", Verdict::Declined, "original not found"),
    row("30", Verdict::Declined, "format error"),
    row("33", Verdict::KeepCard, "expired card, keep it"),
    row("41", Verdict::KeepCard, "lost card"),
    row("43", Verdict::KeepCard, "stolen card"),
    row("51", Verdict::Declined, "not enough funds"),
    row("54", Verdict::Declined, "expired card"),
    row("55", Verdict::Declined, "wrong PIN"),
    row("57", Verdict::Declined, "not permitted to the cardholder"),
    row("58", Verdict::Declined, "not permitted to the terminal"),
    row("61", Verdict::Declined, "over the amount limit"),
    row("62", Verdict::Declined, "restricted card"),
    row("63", Verdict::Declined, "security violation"),
    row("65", Verdict::Declined, "over the count limit"),
    row("68", Verdict::Unclear, "answer came too late"),
    row("75", Verdict::Declined, "too many PIN tries"),
    row("76", Verdict::Declined, "original differs"),
    row("91", Verdict::Declined, "issuer cannot be reached"),
    row("92", Verdict::Declined, "no route to the issuer"),
    row("94", Verdict::Unclear, "sent twice"),
    row("96", Verdict::Unclear, "system malfunction"),
];

/// The row of an answer code; a code without a row is not known, and the payment is then in doubt.
pub fn answer(code: &str) -> Option<&'static Meaning<Verdict>> {
    find(ANSWERS, code)
}

/// Network management, DE 70.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Management {
    /// Sign on.
    SignOn,
    /// Sign off.
    SignOff,
    /// Exchange keys.
    KeyChange,
    /// Are you there: the terminal's online test.
    Echo,
}

/// The network management codes.
pub const MANAGEMENT: &[Meaning<Management>] = &[
    row("001", Management::SignOn, "sign on"),
    row("002", Management::SignOff, "sign off"),
    row("161", Management::KeyChange, "key change"),
    row("301", Management::Echo, "echo test"),
];

/// The row of a network management code.
pub fn management(code: &str) -> Option<&'static Meaning<Management>> {
    find(MANAGEMENT, code)
}

/// Point of service condition, DE 25.
pub const CONDITIONS: &[Meaning<()>] = &[
    row("00", (), "normal"),
    row("01", (), "cardholder not present"),
    row("02", (), "unattended terminal"),
    row("03", (), "merchant suspicious"),
    row("05", (), "card not present"),
    row("06", (), "completion of an authorized payment"),
    row("08", (), "mail or telephone order"),
    row("59", (), "electronic commerce"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::{Length, field};

    #[test]
    fn codes_are_unique_and_fit_their_fields() {
        let check = |field_number: u8, codes: Vec<&str>, width: usize| {
            assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
            assert!(codes.iter().all(|code| code.len() == width));
            if field_number != 22 {
                assert_eq!(field(field_number).unwrap().length, Length::Fixed(width));
            }
        };
        check(22, ENTRY_MODES.iter().map(|row| row.code).collect(), 2);
        check(25, CONDITIONS.iter().map(|row| row.code).collect(), 2);
        check(39, ANSWERS.iter().map(|row| row.code).collect(), 2);
        check(70, MANAGEMENT.iter().map(|row| row.code).collect(), 3);
    }

    #[test]
    fn an_entry_mode_is_read_as_it_was_written() {
        assert_eq!(entry_mode(Entry::Chip, PinEntry::Can), "051");
        assert_eq!(parse_entry_mode("072"), Some((Entry::ContactlessChip, PinEntry::Cannot)));
        for row in ENTRY_MODES {
            for pin in [PinEntry::Unknown, PinEntry::Can, PinEntry::Cannot] {
                assert_eq!(parse_entry_mode(&entry_mode(row.means, pin)), Some((row.means, pin)));
            }
        }
        for text in ["", "05", "059", "991", "0510", "０５1"] {
            assert_eq!(parse_entry_mode(text), None, "{text}");
        }
    }

    #[test]
    fn an_answer_that_is_not_known_has_no_verdict() {
        assert_eq!(answer("00").map(|row| row.means), Some(Verdict::Approved));
        assert_eq!(answer("51").map(|row| row.means), Some(Verdict::Declined));
        assert_eq!(answer("Z9"), None);
    }
}
