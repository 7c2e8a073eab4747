//! Every limit of this crate, by name.

/// Wrong terminal passwords after which only an administrator opens activation again (D-30).
pub(crate) const PASSWORD_TRIES: i64 = 5;
/// How long a re-issued terminal password may be used, in microseconds: 15 minutes (S9, D-30).
pub(crate) const REISSUED_LIVES_US: i64 = 15 * 60 * 1_000_000;
/// Digits of a terminal password (W-022).
pub(crate) const PASSWORD_DIGITS: usize = 4;
/// Digits of a terminal id (W-022).
pub(crate) const ID_DIGITS: usize = 12;
/// The longest serial number of a reader, in characters.
pub(crate) const SERIAL_CHARS: usize = 32;

/// Activations of one terminal at once, and then one in so many microseconds.
pub(crate) const TERMINAL_BURST: i64 = 10;
/// See [`TERMINAL_BURST`].
pub(crate) const TERMINAL_EVERY_US: i64 = 6_000_000;
/// Activations of all terminals at once, and then one in so many microseconds.
pub(crate) const ALL_BURST: i64 = 60;
/// See [`ALL_BURST`].
pub(crate) const ALL_EVERY_US: i64 = 100_000;
/// Looks into the database for a key that memory does not have, of one terminal.
pub(crate) const STALE_BURST: i64 = 5;
/// See [`STALE_BURST`].
pub(crate) const STALE_EVERY_US: i64 = 500_000;
/// Names that a throttle remembers; beyond them strangers wait.
pub(crate) const THROTTLE_NAMES: usize = 10_000;
/// Passwords that are hashed at the same time; each takes 19 MiB and about 30 ms (S4).
pub(crate) const HASHES_AT_ONCE: usize = 2;

/// Tables of keys that are kept at a time, 30 KB each; further keys verify without.
pub(crate) const FAST_KEYS: usize = 512;
/// Requests of a key before it gets its table, which costs as much as a few verifications.
pub(crate) const USES_BEFORE_FAST: u32 = 8;
/// Up to so many requests later, each key at its own: hundreds of terminals that begin their day together would
/// otherwise get their tables together, while everybody waits.
pub(crate) const USES_SPREAD: u32 = 32;
