//! Every limit of this crate, by name.

use std::time::Duration;

/// Digits of the amount pad. One more than the largest amount has, so that 208 can be said.
pub(crate) const AMOUNT_DIGITS: u32 = 8;
/// The largest amount that any payment may have; beyond it the number of digits is refused (208).
pub(crate) const AMOUNT_MAX_YEN: i64 = 9_999_999;
/// Characters of a product note (M-020, as in `center_api::PaymentRequest`).
pub(crate) const NOTE_CHARS: usize = 100;
/// Rows on the history screen.
pub(crate) const HISTORY_ROWS: i64 = 50;
/// Characters of any other field that a page posts.
pub(crate) const FIELD_CHARS: usize = 2_100;
/// Bytes of a signature as posted: 4,000 points of at most eleven characters and some frame.
pub(crate) const SIGNATURE_BYTES: usize = 64 * 1024;
/// Bytes of any posted body.
pub(crate) const BODY_BYTES: usize = 96 * 1024;
/// Events that wait for the screen's task.
pub(crate) const EVENTS_WAITING: usize = 256;
/// Seconds after which a processing screen says that it takes longer (T12).
pub(crate) const SLOW_AFTER_S: i64 = 10;
/// How long a question about a payment in doubt waits for its answer. It may be asked again at any time, so it
/// need not wait as long as the payment itself: what a dead line has swallowed is asked again soon after the
/// line is back (R4). Long enough for two addresses that answer nothing before the one that does.
pub const FOLLOW_UP_WAIT: Duration = Duration::from_secs(6);
/// The pauses between two questions about a payment in doubt double up to this while nobody answers; the line's
/// return ends them.
pub const INQUIRE_PAUSE_MAX: Duration = Duration::from_secs(8);
/// The same while the center answers and does not know either: nothing tells that it knows now (R4).
pub const INQUIRE_PAUSE_ANSWERED: Duration = Duration::from_secs(3);
/// The first pause of that row.
pub const INQUIRE_PAUSE_FIRST: Duration = Duration::from_millis(500);
/// How often the line to the center is tried while nothing else uses it.
pub const PROBE_EVERY: Duration = Duration::from_secs(10);
/// How often it is tried while it is down, or while a question is unanswered.
pub const PROBE_EVERY_DOWN: Duration = Duration::from_secs(2);
/// How long one try of the line may take.
pub const PROBE_WAIT: Duration = Duration::from_secs(5);
/// How long the printer may take to take a slip and say that it has paper.
pub(crate) const PRINT_WAIT: Duration = Duration::from_secs(10);
/// Slip numbers run from 1 to this and begin again (R-045, four digits).
pub(crate) const SLIP_NO_MAX: i64 = 9_999;
/// Parts of the journal that are told to the center in one go.
pub(crate) const UPLOADS_AT_ONCE: usize = 20;
/// How far this clock may be off the center's before it is said, in seconds (R9).
pub(crate) const CLOCK_OFF_S: i64 = 60;
/// How long the center may take to say whether such a card has just paid the same sum; then the payment
/// goes on without a warning.
pub(crate) const DUPLICATE_WAIT: Duration = Duration::from_secs(3);
/// How often the center is asked while the customer confirms on the phone (X-046: every 2 to 3 s).
pub const CUSTOMER_POLL: Duration = Duration::from_secs(2);
/// How long the center may take to say what may be given back.
pub(crate) const OFFER_WAIT: Duration = Duration::from_secs(10);
/// The pause between two camera frames that are looked at; what comes sooner is answered unseen.
pub(crate) const FRAME_EVERY: Duration = Duration::from_millis(150);
