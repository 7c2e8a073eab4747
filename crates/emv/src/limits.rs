//! How much of anything this crate takes from outside.

/// Templates inside templates. EMV itself nests three deep (6F, A5, BF0C, 61).
pub const MAX_DEPTH: usize = 8;
/// Data objects in one message, nested ones included. A card's whole data is about 60.
pub const MAX_OBJECTS: usize = 1_024;
/// Bytes of one value. An extended APDU carries at most 65,535.
pub const MAX_VALUE: usize = 65_535;
/// Bytes in one data object list (its own length is one byte in a short APDU).
pub const MAX_DOL: usize = 252;
/// Bytes that a data object list may ask for: what fits in a short command.
pub const MAX_DOL_DATA: usize = 252;
