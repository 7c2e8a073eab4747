//! How much of anything this crate takes from cards, readers and wires.

/// How often a PIN may be tried in one payment before the payment ends.
pub const MAX_PIN_ATTEMPTS: u8 = 3;
/// How often an unreadable stripe may be swiped again (inventory 1.1.9, code 203).
pub const MAX_BAD_SWIPES: u8 = 3;
/// Records of a payment system directory. EMV allows ten applications a record.
pub const MAX_DIRECTORY_RECORDS: u8 = 30;
/// Applications of one card.
pub const MAX_CANDIDATES: usize = 30;
/// Records that one application may ask to be read.
pub const MAX_RECORDS: usize = 60;
/// Answers of `61xx` or `6Cxx` to one command.
pub const MAX_FOLLOW_UPS: u8 = 8;
/// Commands in all scripts of one answer.
pub const MAX_SCRIPT_COMMANDS: usize = 30;
/// Counters taken from the store at once; each seals one card or one PIN.
pub const COUNTER_BATCH: u32 = 8;
/// Characters of one bench message.
pub const MAX_BENCH_MESSAGE: usize = 64 * 1024;
/// Events of the bench that wait to be looked at.
pub const MAX_BENCH_QUEUE: usize = 64;

/// Scanned codes that wait to be looked at.
pub const MAX_SCANS: usize = 8;
