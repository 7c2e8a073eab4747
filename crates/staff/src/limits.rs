//! Every limit of this crate, by name.

use std::time::Duration;

/// Password hashes that run at the same time, per core (S4).
pub(crate) const HASHES_PER_CORE: usize = 2;
/// Sign-ins that wait for a hash; a further one is told to come again.
pub(crate) const HASHES_WAITING: usize = 200;
/// The longest login id or e-mail address, in bytes.
pub(crate) const LOGIN_BYTES: usize = 200;
/// People whose locks are looked through for the page of locks.
pub(crate) const PEOPLE_LISTED: i64 = 10_000;
/// How exact the end of an idle session is: a request sooner after the last one writes nothing.
pub(crate) const SEEN_EVERY_US: i64 = 30_000_000;
/// How often sessions and locks whose time is over are removed.
pub(crate) const SWEEP_EVERY: Duration = Duration::from_mins(10);
/// How long a session or an old count of wrong passwords stays at most, whatever policies say.
pub(crate) const KEEP_US: i64 = 7 * 24 * 3600 * 1_000_000;
