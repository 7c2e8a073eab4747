//! Dialects: what differs between networks that agree on the table of fields.

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
