//! Every limit of this crate, by name.

use std::time::Duration;

/// The longest message that the network may send, in bytes (docs/networks/card-iso8583.md, 1).
pub(crate) const FRAME_BYTES: usize = 4096;
/// First size of a connection's buffers, in bytes.
pub(crate) const LINE_BUFFER: usize = 16 * 1024;
/// Requests that wait for one connection; a further one is not sent.
pub(crate) const LINE_QUEUE: usize = 4096;
/// Requests that are put on the line in one write.
pub(crate) const LINE_BATCH: usize = 128;
/// How long a request waits for a connection that is just being made.
pub const LINE_READY: Duration = Duration::from_secs(2);
/// How long a connection may take to come up.
pub(crate) const CONNECT: Duration = Duration::from_secs(5);
/// How long the network may take to accept the sign-on. One that a dead network swallowed must not keep the line
/// down for long when it is back (R4).
pub const SIGN_ON: Duration = Duration::from_secs(5);
/// How long the network may refuse to take bytes.
pub(crate) const WRITE: Duration = Duration::from_secs(10);
/// A connection that was quiet for so long is asked for an echo.
pub const QUIET: Duration = Duration::from_mins(1);
/// The same while a request is unanswered: then the echo tells when advices are worth another try (R4).
pub const QUIET_WHILE_SILENT: Duration = Duration::from_secs(5);
/// How long the network may take to echo. What is unanswered on a line that does not is in doubt at once.
pub const ECHO: Duration = Duration::from_secs(5);
/// The first pause before connecting again; it doubles up to [`RECONNECT_MAX`].
pub const RECONNECT_FIRST: Duration = Duration::from_millis(100);
/// The longest pause before connecting again.
pub const RECONNECT_MAX: Duration = Duration::from_secs(2);

/// What a sent request may be older than the center's time-out before any center settles it, in
/// microseconds: room for the second commit.
pub const ORPHAN_GRACE_US: i64 = 10_000_000;
/// How old an authorization may be to be given back: fewer than 60 days (ng-91, U-086).
pub(crate) const RELEASE_WITHIN_US: i64 = 60 * 86_400_000_000;
/// How often a customer who must confirm is asked about (X-046: every two to three seconds).
pub const CUSTOMER_POLL: Duration = Duration::from_millis(2_500);
/// How long a customer may take to confirm: as long as a code lives, in microseconds.
pub(crate) const CUSTOMER_WAIT_US: i64 = 300_000_000;
/// Payments that one round of the sweep settles.
pub(crate) const SWEEP_ROWS: i64 = 200;
/// How often the sweep looks for what is due.
pub const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// The longest product note, in characters (M-020).
pub(crate) const NOTE_CHARS: usize = 100;
/// The longest operator id or name, in characters.
pub(crate) const OPERATOR_CHARS: usize = 64;
/// The longest chip data in a request, in bytes (DE 55 has at most 999 with its length).
pub(crate) const EMV_BYTES: usize = 512;

/// How long an advice waits for its acknowledgement before it is repeated, while nothing else is heard.
pub const ADVICE_WAIT: Duration = Duration::from_secs(20);
/// An advice that is unanswered for so long makes the network count as silent; the next sign of life ends its
/// wait, and it is repeated at once (R4). Longer than a network that works takes to acknowledge.
pub const ADVICE_PATIENCE: Duration = Duration::from_secs(5);
/// The longest pause between two inquiries while the brand answers and does not say how a payment stands (R4; X-046:
/// every two to three seconds).
pub const INQUIRY_PAUSE: Duration = Duration::from_secs(2);
/// How often a code brand that did not answer is asked whether it does again: no line of its own tells (R4).
pub const BRAND_PROBE_EVERY: Duration = Duration::from_secs(2);
/// How long after a doubt was asked about last: doubts are asked about at least so often.
pub(crate) const BRAND_PROBE_FOR: Duration = Duration::from_mins(1);
/// How long such a question waits.
pub const BRAND_PROBE_WAIT: Duration = Duration::from_secs(3);
