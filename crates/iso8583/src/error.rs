//! What is wrong with a message or a value: which field, where, and what. Never the content.

use std::fmt;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The message ends inside the field.
    Short {
        /// How many bytes the field still needs.
        wanted: usize,
        /// How many there are.
        left: usize,
    },
    /// Bytes follow the last field.
    LeftOver(usize),
    /// The message is longer than [`crate::limits::MAX_MESSAGE`].
    TooBig(usize),
    /// The message type indicator is not four digits.
    NotAnMti,
    /// The bitmap is not hexadecimal digits.
    NotABitmap,
    /// The table has no such field; field 65 would announce a third bitmap.
    NoSuchField,
    /// The length prefix is not decimal digits.
    NotALength,
    /// A fixed field has another length.
    WrongLength {
        /// The length that the table gives.
        wanted: usize,
        /// The length it has.
        got: usize,
    },
    /// A variable field is longer than the table allows.
    TooLong {
        /// The most that the table allows.
        most: usize,
        /// The length it has.
        got: usize,
    },
    /// A character that the field's format does not have.
    WrongCharacter,
    /// Text for a binary field; it takes bytes.
    TakesBytes,
    /// A field that the reader needs is not in the message.
    Absent,
    /// A field whose inner structure is broken.
    WrongStructure,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { wanted, left } => write!(f, "needs {wanted} more bytes, {left} are left"),
            Self::LeftOver(count) => write!(f, "{count} bytes follow the last field"),
            Self::TooBig(size) => write!(f, "{size} bytes are too many for a message"),
            Self::NotAnMti => f.write_str("the message type is not four digits"),
            Self::NotABitmap => f.write_str("the bitmap is not hexadecimal digits"),
            Self::NoSuchField => f.write_str("there is no such field"),
            Self::NotALength => f.write_str("the length is not decimal digits"),
            Self::WrongLength { wanted, got } => write!(f, "has length {got} instead of {wanted}"),
            Self::TooLong { most, got } => write!(f, "has length {got}, at most {most} is allowed"),
            Self::WrongCharacter => f.write_str("has a character that its format does not have"),
            Self::TakesBytes => f.write_str("takes bytes, not text"),
            Self::Absent => f.write_str("is missing"),
            Self::WrongStructure => f.write_str("has a broken inner structure"),
        }
    }
}

/// A fault, its field and, when decoding, its place. Field 0 is the message type, field 1 the bitmap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// The number of the field.
    pub field: u8,
    /// Where the field, or what is wrong with it, begins in the message; none for a value being set.
    pub offset: Option<usize>,
    /// What is wrong.
    pub fault: Fault,
}

impl Error {
    /// A fault of a value, outside any bytes.
    pub(crate) const fn of(field: u8, fault: Fault) -> Self {
        Self { field, offset: None, fault }
    }

    /// A fault at a place in a message.
    pub(crate) const fn at(field: u8, offset: usize, fault: Fault) -> Self {
        Self { field, offset: Some(offset), fault }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ISO 8583 field {}", self.field)?;
        if let Some(offset) = self.offset {
            write!(f, " at byte {offset}")?;
        }
        write!(f, ": {}", self.fault)
    }
}

impl std::error::Error for Error {}
