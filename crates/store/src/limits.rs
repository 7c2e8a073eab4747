//! Every limit of this crate, by name.

use std::time::Duration;

/// The most units in one commit. Larger batches gain little and make the last caller wait.
pub(crate) const BATCH_MAX: usize = 512;
/// How often the writer gives way to other threads before it runs a batch in company.
pub(crate) const GATHERINGS: usize = 4;
/// The most units that wait for a writer; a further one is answered `Busy`.
pub(crate) const WRITES_WAITING_MAX: usize = 16_384;
/// The most reads that wait for a reader; a further one is answered `Busy`.
pub(crate) const READS_WAITING_MAX: usize = 16_384;

/// Read-only connections of one [`crate::Db`].
pub(crate) const READERS: usize = 4;
/// The same for reads that give way to everybody else: as many as help on a machine of two cores.
pub(crate) const BACKGROUND_READERS: usize = 2;
/// How long a reader keeps a connection that nobody uses.
pub(crate) const READER_KEPT: Duration = Duration::from_hours(1);
/// The same of a background reader, which holds many pages.
pub(crate) const BACKGROUND_KEPT: Duration = Duration::from_secs(10);
/// Writer threads of one [`crate::Db`] on PostgreSQL. While one commits, the other gathers and runs.
pub(crate) const POSTGRES_WRITERS: usize = 2;

/// How often a batch is run again after a serialization failure or a deadlock before its units are `Busy`.
pub(crate) const RERUNS_MAX: u32 = 12;
/// How often a lost connection is tried again before units that are certainly not written are
/// `Unreachable`: with the pauses below about 17 seconds.
pub(crate) const RECONNECTS_MAX: u32 = 20;
/// The first pause before a batch is run again; it doubles.
pub(crate) const PAUSE_FIRST: Duration = Duration::from_millis(10);
/// The longest pause before a batch that met a conflict is run again.
pub(crate) const PAUSE_RERUN_MAX: Duration = Duration::from_millis(100);
/// The longest pause before a lost connection is tried again.
pub(crate) const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Prepared statements kept per connection.
pub(crate) const STATEMENTS_MAX: usize = 1_024;

/// KiB of pages that the writing connection may keep: a commit of many units must not spill its pages before
/// it ends. Taken as they are needed, so a program at rest holds few of them.
pub(crate) const WRITER_CACHE_KIB: i64 = 16_384;
/// KiB of pages that a background reader may keep: the payments of a day come in the order of their shops, and the
/// same page is come to again and again. A day of 70,000 payments is 24 MiB.
pub(crate) const BACKGROUND_CACHE_KIB: i64 = 32_768;
/// Pages in the write-ahead log (4 KiB each, so 32 MiB) at which the checkpointer is woken. A page that is
/// written again and again reaches the file once in a checkpoint, so fewer of them write less.
pub(crate) const CHECKPOINT_PAGES: i64 = 8_000;
/// The same (256 MiB) while the log grows fast: the writer stands still for some milliseconds at the end of every
/// checkpoint, so that under load there is one in seconds and not several in one.
pub(crate) const CHECKPOINT_PAGES_BUSY: i64 = 64_000;
/// How long a checkpoint must be past for the log not to count as growing fast, microseconds.
pub(crate) const CHECKPOINT_EVERY_US: i64 = 10_000_000;
/// Pages that the checkpointer may leave for the writer to copy between two batches.
pub(crate) const CHECKPOINT_REST: i64 = 128;
/// By how much a background reader gives way to every other thread: as far as one can.
#[cfg(target_os = "linux")]
pub(crate) const BACKGROUND_NICE: i32 = 19;
/// Rows that a background reader reads before it lets other threads in: about a tenth of a millisecond.
pub(crate) const ROWS_AT_A_STRETCH: usize = 32;
/// By how much the checkpointer gives way to the program's other threads.
#[cfg(target_os = "linux")]
pub(crate) const CHECKPOINT_NICE: i32 = 10;
/// How often the checkpointer goes over the log for that.
pub(crate) const CHECKPOINT_PASSES: usize = 8;
/// Pages in the write-ahead log at which the writer stands still for its readers.
pub(crate) const CHECKPOINT_PAGES_MAX: i64 = 256_000;
/// How long it stands still.
pub(crate) const CHECKPOINT_WAIT: Duration = Duration::from_millis(100);
/// How long SQLite waits for a lock that another process holds (an administrator's `sqlite3`, a backup).
pub(crate) const SQLITE_BUSY: Duration = Duration::from_secs(10);

/// How long PostgreSQL may take to accept a connection.
pub(crate) const CONNECT_WAIT: Duration = Duration::from_secs(5);
/// How long sent bytes may stay unacknowledged before the connection counts as lost.
pub(crate) const SILENT_PEER: Duration = Duration::from_secs(10);
