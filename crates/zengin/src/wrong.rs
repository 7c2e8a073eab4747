//! [`WrongByte`]: where a file stops being one, and why, in the words of its field table.

use crate::kana::{in_bank_names, in_names, of_jis};
use crate::limits::{MAX_FILE_BYTES, RECORD};
use crate::record::{Field, Form};
use crate::transfers::MonthDay;
use std::fmt;

/// The first byte of a file that cannot be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongByte {
    /// The record, from 1.
    pub record: usize,
    /// The byte of the record, from 1 as banks print positions; 121 and 122 are the line end.
    pub byte: usize,
    /// The field.
    pub field: &'static str,
    /// The byte of the field, from 1.
    pub field_byte: usize,
    /// The byte of the file, from 0.
    pub offset: usize,
    /// What is wrong.
    pub why: Why,
}

/// What is wrong with a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// No byte of JIS X 0201.
    NotJis(u8),
    /// A character of JIS X 0201 that may not stand in this field.
    Character(u8),
    /// Not a digit.
    NotADigit(u8),
    /// Not a space.
    NotBlank(u8),
    /// None of the bytes that may stand there.
    NotOneOf(u8, &'static [u8]),
    /// A text with spaces before it.
    NotLeft,
    /// The field must not be empty.
    Empty,
    /// No amount of money.
    Zero,
    /// No month and day.
    NoDay,
    /// The count is not that of the data records.
    Count {
        /// Data records of the group.
        counted: u64,
    },
    /// The sum is not that of the amounts.
    Sum {
        /// Whole yen of the group.
        counted: u64,
    },
    /// The same account, amount and reference as an earlier record.
    Twice {
        /// That record, from 1.
        first: usize,
    },
    /// The file ends before its record does, or before its end record.
    Ends,
    /// Something stands behind the end.
    Surplus(u8),
    /// The file is longer than is read.
    TooLong,
}

impl fmt::Display for WrongByte {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { record, byte, field, field_byte, .. } = self;
        write!(f, "record {record}, byte {byte} ({field}, byte {field_byte}): {}", self.why)
    }
}

impl std::error::Error for WrongByte {}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJis(byte) => write!(f, "0x{byte:02X} is not JIS X 0201"),
            Self::Character(byte) => {
                write!(f, "0x{byte:02X} ({}) may not stand here", of_jis(*byte).unwrap_or(' '))
            }
            Self::NotADigit(byte) => write!(f, "0x{byte:02X} is not a digit"),
            Self::NotBlank(byte) => write!(f, "0x{byte:02X} is not a space"),
            Self::NotOneOf(byte, allowed) => {
                let are = if allowed.len() == 1 { "is not" } else { "is none of" };
                write!(f, "0x{byte:02X} {are} {}", allowed.escape_ascii())
            }
            Self::NotLeft => f.write_str("a text begins at the left"),
            Self::Empty => f.write_str("is empty"),
            Self::Zero => f.write_str("the amount is zero"),
            Self::NoDay => f.write_str("is no month and day"),
            Self::Count { counted } => write!(f, "counted {counted} data records"),
            Self::Sum { counted } => write!(f, "the amounts add up to {counted}"),
            Self::Twice { first } => write!(f, "account, amount and reference are those of record {first}"),
            Self::Ends => f.write_str("the file ends here"),
            Self::Surplus(byte) => write!(f, "0x{byte:02X} stands behind the end"),
            Self::TooLong => write!(f, "the file has more than {MAX_FILE_BYTES} bytes"),
        }
    }
}

/// The first wrong byte of a field, counted from 0 within it.
pub(crate) fn in_field(field: &Field, bytes: &[u8]) -> Option<(usize, Why)> {
    let first = |wrong: fn(u8) -> Option<Why>| {
        bytes.iter().enumerate().find_map(|(at, byte)| wrong(*byte).map(|why| (at, why)))
    };
    match field.form {
        Form::Fixed(right) => bytes.iter().zip(right).enumerate().find_map(|(at, (byte, is))| {
            let only = right.get(at..at.saturating_add(1)).unwrap_or_default();
            (byte != is).then_some((at, Why::NotOneOf(*byte, only)))
        }),
        Form::OneOf(allowed) => bytes
            .iter()
            .position(|byte| !allowed.contains(byte))
            .map(|at| (at, Why::NotOneOf(bytes.get(at).copied().unwrap_or(0), allowed))),
        Form::Number => first(not_a_digit),
        Form::Amount => first(not_a_digit).or_else(|| {
            let zero = bytes.iter().all(|byte| *byte == b'0');
            zero.then_some((bytes.len().saturating_sub(1), Why::Zero))
        }),
        Form::NumberOrBlank if bytes.first() == Some(&b' ') => first(not_blank),
        Form::NumberOrBlank => first(not_a_digit),
        Form::MonthDay => first(not_a_digit).or_else(|| no_day(bytes).map(|at| (at, Why::NoDay))),
        Form::Name if blank(bytes) => Some((0, Why::Empty)),
        Form::Name | Form::NameOrBlank => not_left(bytes).or_else(|| first(not_in_names)),
        Form::BankName => not_left(bytes).or_else(|| first(not_in_bank_names)),
        Form::Blank => first(not_blank),
        Form::Free => None,
    }
}

fn not_a_digit(byte: u8) -> Option<Why> {
    (!byte.is_ascii_digit()).then_some(Why::NotADigit(byte))
}

fn not_blank(byte: u8) -> Option<Why> {
    (byte != b' ').then_some(Why::NotBlank(byte))
}

fn not_in_names(byte: u8) -> Option<Why> {
    not_in(byte, in_names)
}

fn not_in_bank_names(byte: u8) -> Option<Why> {
    not_in(byte, in_bank_names)
}

fn not_in(byte: u8, allowed: fn(char) -> bool) -> Option<Why> {
    match of_jis(byte) {
        None => Some(Why::NotJis(byte)),
        Some(c) if allowed(c) => None,
        Some(_) => Some(Why::Character(byte)),
    }
}

fn blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == b' ')
}

fn not_left(bytes: &[u8]) -> Option<(usize, Why)> {
    (bytes.first() == Some(&b' ') && !blank(bytes)).then_some((0, Why::NotLeft))
}

/// The digit after which no month and day can come of four digits any more.
fn no_day(digits: &[u8]) -> Option<usize> {
    let &[m1, m2, d1, d2] = digits else { return Some(0) };
    let two = |tens: u8, ones: u8| (tens & 0x0F).saturating_mul(10).saturating_add(ones & 0x0F);
    let (month, day) = (two(m1, m2), two(d1, d2));
    if MonthDay::new(month, day).is_some() {
        return None;
    }
    let longest = (1..=31).rev().find(|day| MonthDay::new(month, *day).is_some());
    match longest {
        _ if m1 > b'1' => Some(0),
        None => Some(1),
        Some(longest) if two(d1, b'0') > longest => Some(2),
        Some(_) => Some(3),
    }
}

/// A wrong byte of a field.
pub(crate) fn at(record: usize, begin: usize, field: &Field, field_byte: usize, why: Why) -> WrongByte {
    let byte = field.from.saturating_add(field_byte);
    WrongByte {
        record,
        byte: byte.saturating_add(1),
        field: field.name,
        field_byte: field_byte.saturating_add(1),
        offset: begin.saturating_add(byte),
        why,
    }
}

/// The bytes behind a record, for naming a wrong one.
pub(crate) const LINE_END: Field =
    Field { name: "line end", from: RECORD, width: 2, form: Form::Fixed(b"\r\n") };
/// What may stand behind the last record.
pub(crate) const END_MARK: Field = Field { name: "end mark", from: 0, width: 1, form: Form::Fixed(b"\x1A") };
