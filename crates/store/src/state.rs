//! What the callers and the threads of one open database share: the queues and its health.

use crate::error::Refusal;
use crate::job::{ReadJob, WriteJob};
use crate::limits;
use crate::queue::{Full, Queue};
use clock::Clock;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

pub(crate) struct Core {
    pub(crate) clock: Clock,
    pub(crate) writes: Queue<Box<dyn WriteJob>>,
    pub(crate) reads: Queue<Box<dyn ReadJob>>,
    pub(crate) background: Queue<Box<dyn ReadJob>>,
    condition: Mutex<Condition>,
    pub(crate) commits: watch::Sender<u64>,
    pub(crate) fatal: watch::Sender<Option<Arc<str>>>,
    #[cfg(feature = "testing")]
    pub(crate) recorder: Mutex<Option<Vec<crate::testing::RecordedUnit>>>,
}

#[derive(Clone, Copy, Default)]
struct Condition {
    no_space: bool,
    unreachable: bool,
    units: u64,
    last_commit_us: Option<i64>,
}

/// How the database is doing, for `/readyz` and `/metrics`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// The worst that holds now.
    pub state: State,
    /// When the last commit of this process ended, microseconds since 1970.
    pub last_commit_us: Option<i64>,
    /// Commits of this process.
    pub commits: u64,
    /// Units in those commits; units / commits is the size of the groups.
    pub units: u64,
    /// Units that wait for a writer.
    pub writes_waiting: usize,
    /// Reads that wait for a reader.
    pub reads_waiting: usize,
}

/// Whether the database serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Reads and writes work, as far as the last of them shows.
    Serving,
    /// The last write found the disk full: reads work, the next write tries again.
    NoSpace,
    /// The server was not reached at the last try.
    Unreachable,
    /// A write or fsync failed: the process must end.
    Fatal(String),
}

impl Health {
    /// Whether the program should be sent work.
    pub fn is_ready(&self) -> bool {
        self.state == State::Serving
    }
}

impl Core {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            writes: Queue::new(limits::WRITES_WAITING_MAX),
            reads: Queue::new(limits::READS_WAITING_MAX),
            background: Queue::new(limits::READS_WAITING_MAX),
            condition: Mutex::new(Condition::default()),
            commits: watch::Sender::new(0),
            fatal: watch::Sender::new(None),
            #[cfg(feature = "testing")]
            recorder: Mutex::new(None),
        }
    }

    fn condition(&self) -> MutexGuard<'_, Condition> {
        self.condition.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn committed(&self, units: usize) {
        {
            let mut condition = self.condition();
            condition.no_space = false;
            condition.unreachable = false;
            condition.units = condition.units.saturating_add(u64::try_from(units).unwrap_or(u64::MAX));
            condition.last_commit_us = Some(self.clock.now_us());
        }
        self.commits.send_modify(|commits| *commits = commits.saturating_add(1));
    }

    pub(crate) fn out_of_space(&self) {
        self.condition().no_space = true;
    }

    pub(crate) fn unreachable(&self, yes: bool) {
        self.condition().unreachable = yes;
    }

    /// Ends all writing for good: whoever waits is refused, and [`crate::Db::fatal`] resolves.
    pub(crate) fn poison(&self, why: &str) {
        tracing::error!(reason = why, "the database failed and must not be written any more");
        // Closed before anybody hears of it, so that nothing is written after that.
        let left = self.writes.close_and_empty();
        self.fatal.send_modify(|fatal| {
            fatal.get_or_insert_with(|| Arc::from(why));
        });
        for job in left {
            job.refuse(Refusal::Closed);
        }
    }

    pub(crate) fn health(&self) -> Health {
        let condition = *self.condition();
        let fatal = self.fatal.borrow().clone();
        let state = match fatal {
            Some(why) => State::Fatal(why.to_string()),
            None if condition.unreachable => State::Unreachable,
            None if condition.no_space => State::NoSpace,
            None => State::Serving,
        };
        Health {
            state,
            last_commit_us: condition.last_commit_us,
            commits: *self.commits.borrow(),
            units: condition.units,
            writes_waiting: self.writes.len(),
            reads_waiting: self.reads.len().saturating_add(self.background.len()),
        }
    }
}

impl From<Full> for Refusal {
    fn from(full: Full) -> Self {
        match full {
            Full::TooMany => Self::Busy,
            Full::Closed => Self::Closed,
        }
    }
}
