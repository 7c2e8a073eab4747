//! Every limit of this crate, by name.

/// Bytes of one message, in clear or sealed.
pub const MESSAGE_BYTES: usize = 128 * 1024;
/// Objects and arrays inside each other.
pub const DEPTH: usize = 24;
/// Characters of a register's or terminal's name.
pub const NAME_CHARS: usize = 64;
/// Characters of a `ServiceID` (nexo: 1 to 10, letters and digits).
pub const SERVICE_ID_CHARS: usize = 10;
/// Characters of any other text that is kept.
pub const TEXT_CHARS: usize = 256;
/// Characters of `SaleToPOIData`.
pub const PAIRS_CHARS: usize = 4_096;
/// Pairs in one `k=v&k=v` text.
pub const PAIRS: usize = 64;
/// Items of any list in a request.
pub const ITEMS: usize = 500;
/// The largest amount that the published schema allows, whole yen.
pub const AMOUNT_MAX_YEN: i64 = 99_999_999;
/// Rounds of the key derivation (fixed by the container's version 1).
pub const KDF_ROUNDS: u32 = 4_000;
/// Characters of a passphrase at most.
pub const PASSPHRASE_CHARS: usize = 256;
