//! How much of anything this crate takes from outside.

/// Characters of a scanned text. The longest payload seen in public is a transit ticket of about 350.
pub const MAX_TEXT: usize = 1_024;
/// Digits of a bar code at least. The shortest in use has 16; a price label (JAN) has 13.
pub const MIN_DIGITS: usize = 16;
/// Digits of a bar code at most: an Alipay+ code may have 32 (code format specification, 2023).
pub const MAX_DIGITS: usize = 32;
/// Application templates (tag 61) in one payload. EMV's own example has two.
pub const MAX_APPLICATIONS: usize = 8;
