//! Dialects: what differs between networks that agree on the table of fields.

/// How bytes that are not text are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As they are.
    Raw,
    /// As upper-case hexadecimal digits in ASCII, two to a byte; lower case is read too.
    Hex,
}

/// A dialect of ISO 8583:1987 in ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// What people call it.
    pub name: &'static str,
    /// The bitmaps: 8 bytes or 16 digits each.
    pub bitmap: Form,
    /// The fields of format `b`; their length prefix counts what is written, bytes or digits.
    pub binary: Form,
}

impl Spec {
    /// Choba's card network: bitmaps and binary fields as they are.
    pub const BINARY: Self = Self { name: "1987 ASCII, binary bitmap", bitmap: Form::Raw, binary: Form::Raw };
    /// Everything printable: bitmaps and binary fields as hexadecimal digits.
    pub const HEX: Self =
        Self { name: "1987 ASCII, hexadecimal bitmap", bitmap: Form::Hex, binary: Form::Hex };
    /// Bitmaps as they are, binary fields as hexadecimal digits.
    pub const MIXED: Self =
        Self { name: "1987 ASCII, binary bitmap, hexadecimal fields", bitmap: Form::Raw, binary: Form::Hex };
}
