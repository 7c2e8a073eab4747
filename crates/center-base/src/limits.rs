//! Every limit of this crate, by name.

use std::time::Duration;

/// The largest request body that the center reads, in bytes (S11).
pub(crate) const BODY_BYTES: usize = 1024 * 1024;
/// The longest detail text that a problem repeats from a request, in characters.
pub(crate) const DETAIL_CHARS: usize = 200;

/// Rows of configuration that a cache keeps; beyond it, it starts over.
pub(crate) const CACHE_ROWS: usize = 100_000;
/// How long another center's change of configuration may go unseen (S9: a revoked terminal, one second).
pub(crate) const REFRESH_EVERY: Duration = Duration::from_millis(500);

/// How often an outcome's commit is tried when the database is busy.
pub(crate) const OUTCOME_TRIES: u32 = 8;
/// The pause between two tries of it.
pub(crate) const OUTCOME_PAUSE: Duration = Duration::from_millis(250);

/// Events that one claim takes.
pub(crate) const OUTBOX_CLAIM: i64 = 16;
/// Events that one process works on at the same time.
pub(crate) const OUTBOX_AT_ONCE: usize = 64;
/// How long a process may work on an event before another one may take it. Longer than the longest
/// time-out of a consumer.
pub(crate) const OUTBOX_LEASE: Duration = Duration::from_mins(2);
/// How long the worker waits when nothing is due and nobody wakes it.
pub(crate) const OUTBOX_POLL: Duration = Duration::from_millis(500);
/// The longest pause between two tries of an event; the first is a second, then it doubles (R4).
pub(crate) const OUTBOX_PAUSE_MAX_S: i64 = 16;
/// The longest error text that an event keeps, in characters.
pub(crate) const OUTBOX_ERROR_CHARS: usize = 300;

/// How often a center says that it lives, and looks for those that do not.
pub(crate) const BEAT_EVERY: Duration = Duration::from_secs(2);
/// Rounds of one's own in which another's beat may stand still before it counts as gone: eight seconds, so
/// that what it had claimed is final within ten (R4).
pub(crate) const GONE_ROUNDS: u32 = 4;
/// How long the last beat of a process is kept, in microseconds: a day.
pub(crate) const PROCESS_KEPT_US: i64 = 86_400_000_000;
/// How long the end of an event is tried to be written down while the database does not take it.
pub(crate) const OUTBOX_END_PAUSE: Duration = Duration::from_secs(1);

/// How long a job may run before another process may start it.
pub(crate) const JOB_LEASE: Duration = Duration::from_mins(10);
/// The longest wait between two looks at the list of jobs.
pub(crate) const JOB_POLL: Duration = Duration::from_secs(1);

/// Rows that a verification reads at a time.
pub(crate) const VERIFY_ROWS: i64 = 1_000;

/// Bytes of a usual answer of the API; a larger one only grows its buffer.
pub(crate) const ANSWER_BYTES: usize = 2_048;
