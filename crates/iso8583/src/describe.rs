//! The printer: what logs, console and transcripts show of a message. Masked unless asked by name.

use crate::codes::processing;
use crate::fields::{Format, Mask, field};
use crate::private::SecureData;
use crate::{Message, Mti};
use std::fmt;

/// One field as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The number of the field.
    pub field: u8,
    /// Its name in the standard.
    pub name: &'static str,
    /// Its value, masked by its row.
    pub shown: String,
}

/// A message as people read it; its `Display` is one line per field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The message type.
    pub mti: Mti,
    /// The fields in order.
    pub lines: Vec<Line>,
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.mti, self.mti.name())?;
        self.lines.iter().try_for_each(|line| write!(f, "\n{:>4} {}: {}", line.field, line.name, line.shown))
    }
}

/// What DE 48 is in a return (docs/networks/card-iso8583.md, 7).
const RETURNED: &str = "Additional data, private: RRN of the original";

impl Message {
    /// The message as logs and console may show it: card numbers, tracks, PINs and keys masked.
    pub fn describe(&self) -> Description {
        self.described(masked)
    }

    /// The message with everything in the open. For a person at a test bench, never for logs or storage.
    pub fn describe_unmasked(&self) -> Description {
        self.described(|format, _, value| plain(format, value))
    }

    fn described(&self, show: impl Fn(Format, Mask, &[u8]) -> String) -> Description {
        let is_return = self.text(3) == Some(processing::REFUND);
        let lines = self
            .fields()
            .filter_map(|(number, value)| {
                let row = field(number)?;
                let name = if number == 48 && is_return { RETURNED } else { row.name };
                Some(Line { field: number, name, shown: show(row.format, row.mask, value) })
            })
            .collect();
        Description { mti: self.mti(), lines }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.describe())
    }
}

/// A value as text, without the spaces that pad it; bytes as hexadecimal digits.
fn plain(format: Format, value: &[u8]) -> String {
    match (format, std::str::from_utf8(value)) {
        (Format::B, _) | (_, Err(_)) => hex::encode_upper(value),
        (_, Ok(text)) => text.trim_end().to_owned(),
    }
}

fn masked(format: Format, mask: Mask, value: &[u8]) -> String {
    match mask {
        Mask::Open => plain(format, value),
        Mask::Pan => masked_pan(value),
        Mask::Hidden => hidden(value),
        Mask::Emv => emv(value).unwrap_or_else(|| hidden(value)),
        Mask::Private => SecureData::decode(value).map_or_else(|_| hidden(value), |data| data.to_string()),
    }
}

/// How much is hidden, and nothing of it.
pub(crate) fn hidden(value: &[u8]) -> String {
    format!("*** ({} bytes)", value.len())
}

/// First six and last four; of fewer than 13 characters the last four.
fn masked_pan(value: &[u8]) -> String {
    let shown_first = if value.len() >= 13 { 6 } else { 0 };
    let hidden_to = value.len().saturating_sub(4);
    value
        .iter()
        .enumerate()
        .map(|(at, byte)| if at >= shown_first && at < hidden_to { '*' } else { char::from(*byte) })
        .collect()
}

/// The EMV tags that say nothing about the cardholder and nothing that opens a card: shown in the open.
const OPEN_TAGS: &[u32] = &[
    0x4F, 0x50, 0x82, 0x84, 0x8A, 0x91, 0x95, 0x9A, 0x9B, 0x9C, 0x5F2A, 0x5F34, 0x5F36, 0x9F02, 0x9F03,
    0x9F06, 0x9F07, 0x9F09, 0x9F0D, 0x9F0E, 0x9F0F, 0x9F10, 0x9F12, 0x9F1A, 0x9F1C, 0x9F1E, 0x9F21, 0x9F26,
    0x9F27, 0x9F33, 0x9F34, 0x9F35, 0x9F36, 0x9F37, 0x9F40, 0x9F41, 0x9F53, 0x9F5B, 0x9F66, 0x9F6C, 0x9F6E,
    0xDF31,
];

/// EMV data by tag, or none when it is not whole BER-TLV. Tags that are not listed show their length.
fn emv(mut rest: &[u8]) -> Option<String> {
    let mut shown = String::new();
    while !rest.is_empty() {
        let (tag, after) = tag(rest)?;
        let (length, after) = length(after)?;
        let (value, after) = after.split_at_checked(length)?;
        rest = after;
        let separator = if shown.is_empty() { "" } else { " " };
        let content = if OPEN_TAGS.contains(&tag) { hex::encode_upper(value) } else { hidden(value) };
        shown.push_str(&format!("{separator}{tag:02X}={content}"));
    }
    Some(shown)
}

/// A tag of one to three bytes (EMV 4.3 Book 3, annex B1).
fn tag(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (first, mut rest) = bytes.split_first()?;
    let mut tag = u32::from(*first);
    if first & 0x1F != 0x1F {
        return Some((tag, rest));
    }
    for _ in 0..2 {
        let (next, after) = rest.split_first()?;
        tag = tag.rotate_left(8) | u32::from(*next);
        rest = after;
        if next & 0x80 == 0 {
            return Some((tag, rest));
        }
    }
    None
}

/// A length of one to three bytes (EMV 4.3 Book 3, annex B2).
pub(crate) fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match bytes {
        [short @ ..=0x7F, rest @ ..] => Some((usize::from(*short), rest)),
        [0x81, long, rest @ ..] => Some((usize::from(*long), rest)),
        [0x82, high, low, rest @ ..] => Some((usize::from(u16::from_be_bytes([*high, *low])), rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    fn payment() -> Message {
        let mut message = Message::new(Mti::FINANCIAL_REQUEST);
        message.set(2, "4111111111111111").unwrap();
        message.set(3, "000000").unwrap();
        message.set_number(4, 880).unwrap();
        message.set(14, "3012").unwrap();
        message.set(35, "4111111111111111=30122011234567").unwrap();
        message.set_bytes(52, &[0xAB; 8]).unwrap();
        let chip = "9F260811223344556677885A084111111111111111570841111111111111119F370401020304";
        message.set_bytes(55, &hex::decode(chip).unwrap()).unwrap();
        message.set(62, "KEY0123").unwrap();
        message
    }

    #[test]
    fn what_a_return_says_of_its_original_is_no_payment_class() {
        let mut message = Message::new(Mti::FINANCIAL_REQUEST);
        message.set(3, processing::REFUND).unwrap().set(48, "J289144GJ289").unwrap();
        let shown = message.describe().to_string();
        assert!(shown.contains("48 Additional data, private: RRN of the original: J289144GJ289"), "{shown}");
        message.set(3, processing::PURCHASE).unwrap().set(48, "1000").unwrap();
        let shown = message.describe().to_string();
        assert!(shown.contains("48 Additional data, private: payment class: 1000"), "{shown}");
    }

    #[test]
    fn a_description_masks_card_number_track_pin_and_keys() {
        expect![[r"
            0200 financial request
               2 Primary account number: 411111******1111
               3 Processing code: 000000
               4 Amount, transaction: 000000000880
              14 Date, expiration: *** (4 bytes)
              35 Track 2 data: *** (31 bytes)
              52 Personal identification number data: *** (8 bytes)
              55 ICC system related data: 9F26=1122334455667788 5A=*** (8 bytes) 57=*** (8 bytes) 9F37=01020304
              62 Reserved, private: *** (7 bytes)"]]
        .assert_eq(&payment().describe().to_string());
        assert_eq!(format!("{:?}", payment()), payment().describe().to_string());
    }

    #[test]
    fn only_the_named_method_shows_everything() {
        let open = payment().describe_unmasked().to_string();
        assert!(open.contains("4111111111111111=30122011234567") && open.contains("ABABABABABABABAB"));
    }

    #[test]
    fn broken_chip_data_is_hidden_whole() {
        for broken in ["9F2608112233", "9F", "5A08411111111111", "9FFFFFFF00", "82", "9F2684"] {
            let bytes = hex::decode(broken).unwrap();
            assert_eq!(masked(Format::B, Mask::Emv, &bytes), hidden(&bytes), "{broken}");
            assert_eq!(masked(Format::B, Mask::Private, &bytes), hidden(&bytes), "{broken}");
        }
    }
}
