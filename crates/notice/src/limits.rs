//! Limits of a notice.

/// Rows of one kind in a notice.
pub const MOST_ROWS: usize = 2_000;

/// Lines of the issuer's address.
pub const MOST_ADDRESS_LINES: usize = 6;

/// Characters of a name or a text.
pub const LONGEST_TEXT: usize = 200;

/// The largest amount: twelve digits.
pub const LARGEST_YEN: u64 = 999_999_999_999;
