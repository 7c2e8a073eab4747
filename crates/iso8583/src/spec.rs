//! Dialects: what differs between networks that agree on the table of fields.

use crate::frame::{FrameError, Header};
use crate::{Error, Message};
use bytes::{Bytes, BytesMut};
use std::fmt;

/// How bytes that are not text are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As they are.
    Raw,
    /// As upper-case hexadecimal digits in ASCII, two to a byte; lower case is read too.
    Hex,
}

/// How decimal digits are written: message type, fields of format `n`, the digits of `x+n`, length prefixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digits {
    /// One ASCII digit a byte.
    Text,
    /// Packed BCD, two digits a byte, high half first. An odd number of digits has one zero in front;
    /// the length of a variable field counts digits. `LL` is one byte, `LLL` two, the sign of `x+n` one byte
    /// of ASCII. Texts and tracks stay ASCII.
    Packed,
}

/// A dialect of ISO 8583:1987.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// What people call it.
    pub name: &'static str,
    /// The bitmaps: 8 bytes or 16 digits each.
    pub bitmap: Form,
    /// The fields of format `b`; their length prefix counts what is written, bytes or digits.
    pub binary: Form,
    /// Everything that is decimal digits.
    pub digits: Digits,
}

impl Spec {
    /// Choba's card network: digits as text, bitmaps and binary fields as they are.
    pub const BINARY: Self = Self {
        name: "1987 ASCII, binary bitmap",
        bitmap: Form::Raw,
        binary: Form::Raw,
        digits: Digits::Text,
    };
    /// Everything printable: bitmaps and binary fields as hexadecimal digits.
    pub const HEX: Self = Self {
        name: "1987 ASCII, hexadecimal bitmap",
        bitmap: Form::Hex,
        binary: Form::Hex,
        digits: Digits::Text,
    };
    /// Bitmaps as they are, binary fields as hexadecimal digits.
    pub const MIXED: Self = Self {
        name: "1987 ASCII, binary bitmap, hexadecimal fields",
        bitmap: Form::Raw,
        binary: Form::Hex,
        digits: Digits::Text,
    };
    /// The packed variant: digits in BCD, everything else as it is. Many card networks speak it.
    pub const PACKED: Self = Self {
        name: "1987 packed, binary bitmap",
        bitmap: Form::Raw,
        binary: Form::Raw,
        digits: Digits::Packed,
    };
}

/// What two ends of a TCP line agree on: how messages and how their lengths are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// The messages.
    pub spec: Spec,
    /// The length in front of each.
    pub header: Header,
}

/// A message that has no bytes in a dialect, or none that a length can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwritable {
    /// The message.
    Message(Error),
    /// Its length.
    Frame(FrameError),
}

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(error) => error.fmt(f),
            Self::Frame(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Unwritable {}

impl Dialect {
    /// Choba's card network: [`Spec::BINARY`] after two binary bytes of length.
    pub const TEXT: Self = Self { spec: Spec::BINARY, header: Header::Binary };
    /// [`Spec::PACKED`] after two bytes of BCD.
    pub const PACKED: Self = Self { spec: Spec::PACKED, header: Header::Bcd };

    /// A message with its length in front.
    pub fn framed(&self, message: &Message) -> Result<Vec<u8>, Unwritable> {
        let bytes = message.encode(&self.spec).map_err(Unwritable::Message)?;
        self.header.frame(&bytes).map_err(Unwritable::Frame)
    }

    /// The bytes of the first whole message of a buffer; see [`Header::deframe`].
    pub fn deframe(&self, buffer: &mut BytesMut, most: usize) -> Result<Option<Bytes>, FrameError> {
        self.header.deframe(buffer, most)
    }

    /// The message that these bytes say.
    pub fn read(&self, bytes: &[u8]) -> Result<Message, Error> {
        Message::decode(&self.spec, bytes)
    }

    /// Which dialect a caller speaks, from the first three bytes of a line: a message type begins with an
    /// ASCII zero as text and with a byte below ten when packed. `None` until they are there.
    pub fn of_caller(buffer: &[u8]) -> Option<Self> {
        buffer.get(2).map(|first| if *first == b'0' { Self::TEXT } else { Self::PACKED })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mti;

    #[test]
    fn a_caller_is_known_by_its_first_bytes() {
        let mut sign_on = Message::new(Mti::NETWORK_REQUEST);
        sign_on.set(7, "1121000001").unwrap().set(11, "000001").unwrap().set(70, "001").unwrap();
        for dialect in [Dialect::TEXT, Dialect::PACKED] {
            let framed = dialect.framed(&sign_on).unwrap();
            assert_eq!(Dialect::of_caller(&framed[..2]), None);
            assert_eq!(Dialect::of_caller(&framed), Some(dialect));
            let bytes = dialect.deframe(&mut BytesMut::from(&framed[..]), 4096).unwrap().unwrap();
            assert_eq!(dialect.read(&bytes), Ok(sign_on.clone()));
        }
    }
}
