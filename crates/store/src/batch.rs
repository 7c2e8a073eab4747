//! The loops of the threads: gather what waits, run it, commit once, answer everybody.

use crate::TenantId;
use crate::engine::{Engine, Engines, Step, Trouble};
use crate::error::{DbError, OpenError, Refusal};
use crate::job::{ReadJob, WriteJob};
use crate::limits;
use crate::queue::Queue;
use crate::state::Core;
use crate::unit::{Head, ReadTx, Tx};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const HEAD_NEW: &str =
    "INSERT INTO head (tenant, seq, chain) VALUES ($1, 0, $2) ON CONFLICT (tenant) DO NOTHING";
const HEAD_SAVE: &str = "UPDATE head SET seq = $2, chain = $3 WHERE tenant = $1";

/// Runs batches until the queue is closed and empty.
pub(crate) fn write_loop(mut engine: Box<dyn Engine>, core: &Core) {
    let _guard = PoisonOnPanic(core);
    let mut before = 0;
    while let Some(mut jobs) = core.writes.take(limits::BATCH_MAX) {
        if before.max(jobs.len()) > 1 {
            gather(core, &mut jobs);
        }
        before = jobs.len();
        write_batch(&mut *engine, core, jobs);
        if let Err(Trouble::Fatal(why)) = engine.after_commit(core.clock.now_us()) {
            core.poison(&why);
        }
    }
    engine.finish();
}

/// Lets whoever is about to write do so and come along: a commit costs much the same for one unit as for ten.
///
/// It only gives way. Nobody waits while a core is free, and a caller who is alone is not even asked to.
fn gather(core: &Core, jobs: &mut Vec<Box<dyn WriteJob>>) {
    for _ in 0..limits::GATHERINGS {
        std::thread::yield_now();
    }
    jobs.extend(core.writes.take_now(limits::BATCH_MAX.saturating_sub(jobs.len())));
}

/// How a unit that reads is begun.
type BeginRead = for<'e> fn(&'e mut dyn Engine, i64) -> ReadTx<'e>;

/// Readers of one kind.
struct Reads<'a> {
    queue: &'a Queue<Box<dyn ReadJob>>,
    connect: &'a dyn Fn() -> Result<Box<dyn Engine>, OpenError>,
    begin: BeginRead,
    /// How long a connection is kept that nobody uses.
    keep: Duration,
}

/// Runs reads until the queue is closed and empty.
pub(crate) fn read_loop(engines: &dyn Engines, core: &Core) {
    Reads {
        queue: &core.reads,
        connect: &|| engines.reader(),
        begin: |engine, now_us| ReadTx::new(engine, now_us),
        keep: limits::READER_KEPT,
    }
    .run(core);
}

/// The same with the reads that may take long, on a thread that gives way to every other.
pub(crate) fn background_loop(engines: &dyn Engines, core: &Core) {
    // Of this thread alone (nice(2)).
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(limits::BACKGROUND_NICE) {
        tracing::debug!(%error, "a background reader does not give way");
    }
    Reads {
        queue: &core.background,
        connect: &|| engines.reader_of_much(),
        begin: |engine, now_us| ReadTx::behind(engine, now_us),
        keep: limits::BACKGROUND_KEPT,
    }
    .run(core);
}

impl Reads<'_> {
    /// A reader connects when a unit comes, and ends its connection when none came for long: a program at rest holds
    /// no connection, and no pages, that nobody uses.
    fn run(&self, core: &Core) {
        let _guard = PoisonOnPanic(core);
        let mut reader: Option<Box<dyn Engine>> = None;
        while let Some(jobs) = self.queue.take_within(1, self.keep) {
            if jobs.is_empty()
                && let Some(mut engine) = reader.take()
            {
                engine.finish();
            }
            for job in jobs {
                let connected = match reader.take() {
                    Some(engine) => Ok(engine),
                    None => (self.connect)(),
                };
                match connected {
                    Ok(engine) => read_one(&mut **reader.insert(engine), core, job, self.begin),
                    Err(error) => {
                        tracing::error!(%error, "a reader cannot connect");
                        job.refuse(Refusal::Unreachable);
                    }
                }
            }
        }
        if let Some(mut engine) = reader {
            engine.finish();
        }
    }
}

/// A thread of ours that dies would leave its callers waiting for ever.
struct PoisonOnPanic<'a>(&'a Core);

impl Drop for PoisonOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.poison("a thread of the storage module panicked");
        }
    }
}

/// How a batch runs.
///
/// A savepoint before every unit costs its copies of every page that the unit touches, and on a server a
/// round trip; it pays only when a unit is refused after it wrote. Units may run twice, so a batch first
/// runs straight, and only one in which such a unit was met is rolled back and run again with savepoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Straight,
    UnitByUnit,
}

/// How a batch ended.
enum Ended {
    Committed,
    /// A unit that was refused had written: nothing is committed, and the batch runs unit by unit.
    Mixed,
}

/// What is left of a unit that ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    /// Its rows stay.
    Rows,
    /// Nothing: it is refused and had written nothing.
    Nothing,
    /// It is refused, and what it wrote must be undone.
    Undo,
}

/// Where a batch stopped.
struct Stopped {
    trouble: Trouble,
    committing: bool,
}

impl From<Trouble> for Stopped {
    fn from(trouble: Trouble) -> Self {
        Self { trouble, committing: false }
    }
}

/// Runs the units until they are committed once, or none of them is.
fn write_batch(engine: &mut dyn Engine, core: &Core, mut jobs: Vec<Box<dyn WriteJob>>) {
    let tenants: BTreeSet<TenantId> = jobs.iter().map(|job| job.tenant()).collect();
    let Some(first) = tenants.first().copied() else { return };
    let (mut pauses, mut way) = (Pauses::default(), Way::Straight);
    loop {
        let Stopped { trouble, committing } = match attempt(engine, core, &tenants, first, &mut jobs, way) {
            Ok(Ended::Committed) => return answer_all(core, jobs),
            Ok(Ended::Mixed) => {
                drop(engine.step(Step::Rollback));
                way = Way::UnitByUnit;
                continue;
            }
            Err(stopped) => stopped,
        };
        match trouble {
            Trouble::Lost(why) if committing => {
                tracing::warn!(reason = why, "the answer to a commit was lost; looking it up");
                let found = look_up(engine, core, first);
                tracing::warn!(happened = ?found, "the commit was looked up");
                match found {
                    Some(true) => return answer_all(core, jobs),
                    Some(false) => {}
                    None => return refuse_all(jobs, &Refusal::Unknown),
                }
            }
            Trouble::Lost(why) => {
                tracing::warn!(reason = why, "the connection to the database was lost");
                core.unreachable(true);
                if !pauses.again(core, limits::RECONNECTS_MAX, limits::PAUSE_MAX) {
                    return refuse_all(jobs, &Refusal::Unreachable);
                }
            }
            Trouble::Rerun(why) => {
                tracing::debug!(reason = why, "a batch is run again");
                drop(engine.step(Step::Rollback));
                if !pauses.again(core, limits::RERUNS_MAX, limits::PAUSE_RERUN_MAX) {
                    return refuse_all(jobs, &Refusal::Busy);
                }
            }
            Trouble::NoSpace => {
                drop(engine.step(Step::Rollback));
                core.out_of_space();
                return refuse_all(jobs, &Refusal::NoSpace);
            }
            Trouble::Row(error) | Trouble::Statement(error) => {
                tracing::error!(%error, "the head rows of a batch could not be read or written");
                drop(engine.step(Step::Rollback));
                return refuse_all(jobs, &Refusal::Statement(error));
            }
            Trouble::Fatal(why) => {
                core.poison(&why);
                return refuse_all(jobs, if committing { &Refusal::Unknown } else { &Refusal::Closed });
            }
        }
    }
}

fn answer_all(core: &Core, jobs: Vec<Box<dyn WriteJob>>) {
    core.committed(jobs.len());
    for job in jobs {
        job.answer();
    }
}

fn refuse_all(jobs: Vec<Box<dyn WriteJob>>, why: &Refusal) {
    for job in jobs {
        job.refuse(why.clone());
    }
}

/// One transaction over all units of the batch.
fn attempt(
    engine: &mut dyn Engine,
    core: &Core,
    tenants: &BTreeSet<TenantId>,
    first: TenantId,
    jobs: &mut [Box<dyn WriteJob>],
    way: Way,
) -> Result<Ended, Stopped> {
    engine.step(Step::Begin)?;
    let stored = lock_heads(engine, tenants)?;
    core.unreachable(false);
    let mut heads = stored.clone();
    let mut recording = Recording::start(core);
    let by_unit = way == Way::UnitByUnit;
    if by_unit {
        engine.step(Step::First)?;
    }
    let mut used = false;
    for job in jobs.iter_mut() {
        if by_unit && used {
            engine.step(Step::Next)?;
        }
        let Some(head) = heads.get_mut(&job.tenant()) else { continue };
        let left = run_unit(engine, core, job.as_mut(), head, &mut recording)?;
        used = left == Left::Rows;
        match left {
            Left::Undo if !by_unit => return Ok(Ended::Mixed),
            Left::Undo | Left::Nothing if by_unit => engine.step(Step::Undo)?,
            Left::Undo | Left::Nothing | Left::Rows => {}
        }
    }
    for (tenant, head) in heads.iter().filter(|(tenant, head)| stored.get(tenant) != Some(head)) {
        engine.execute(HEAD_SAVE, &[(*tenant).into(), head.seq.into(), (&head.chain).into()])?;
    }
    engine.mark(first)?;
    engine.step(Step::Commit).map_err(|trouble| Stopped { trouble, committing: true })?;
    recording.keep(core);
    Ok(Ended::Committed)
}

/// Runs one unit; tells what is left of it.
fn run_unit(
    engine: &mut dyn Engine,
    core: &Core,
    job: &mut dyn WriteJob,
    head: &mut Head,
    recording: &mut Recording,
) -> Result<Left, Trouble> {
    let before = head.clone();
    let mut tx = Tx::new(engine, job.tenant(), head, core.clock.now_us());
    recording.open(&mut tx);
    let mut keep = job.run(&mut tx);
    recording.close(&mut tx, keep);
    let wrote = tx.wrote();
    match tx.stop() {
        None => {}
        Some(Trouble::Statement(error) | Trouble::Row(error)) => {
            job.spoil(error);
            keep = false;
        }
        Some(trouble) => return Err(trouble),
    }
    if keep {
        return Ok(Left::Rows);
    }
    *head = before;
    Ok(if wrote { Left::Undo } else { Left::Nothing })
}

/// Locks the head rows in the order of their tenants, so that two centers never wait for each other in a ring.
fn lock_heads(
    engine: &mut dyn Engine,
    tenants: &BTreeSet<TenantId>,
) -> Result<BTreeMap<TenantId, Head>, Trouble> {
    let mut heads = BTreeMap::new();
    for tenant in tenants {
        let mut head = read_head(engine, *tenant)?;
        if head.is_none() {
            engine.execute(HEAD_NEW, &[(*tenant).into(), (&[0; 32]).into()])?;
            head = read_head(engine, *tenant)?;
        }
        let head = head.ok_or(Trouble::Statement(DbError::NoRow))?;
        heads.insert(*tenant, head);
    }
    Ok(heads)
}

fn read_head(engine: &mut dyn Engine, tenant: TenantId) -> Result<Option<Head>, Trouble> {
    let mut found = None;
    engine.query(engine.head_sql(), &[tenant.into()], &mut |row| {
        found = Some(Head { seq: row.i64(0)?, chain: row.array(1)? });
        Ok(())
    })?;
    Ok(found)
}

/// Asks until somebody knows whether the marked commit happened. `None` when the program ends first.
fn look_up(engine: &mut dyn Engine, core: &Core, tenant: TenantId) -> Option<bool> {
    let mut pauses = Pauses::default();
    loop {
        match engine.was_committed(tenant) {
            Ok(committed) => return Some(committed),
            Err(trouble) => {
                tracing::warn!(?trouble, "a commit could not be looked up yet");
                core.unreachable(true);
                if !pauses.again(core, u32::MAX, limits::PAUSE_MAX) {
                    return None;
                }
            }
        }
    }
}

fn read_one(engine: &mut dyn Engine, core: &Core, mut job: Box<dyn ReadJob>, begin: BeginRead) {
    let mut pauses = Pauses::default();
    loop {
        let trouble = match read_attempt(engine, core, job.as_mut(), begin) {
            Ok(()) => return job.answer(),
            Err(trouble) => trouble,
        };
        drop(engine.step(Step::Rollback));
        match trouble {
            Trouble::Row(error) | Trouble::Statement(error) => {
                job.spoil(error);
                return job.answer();
            }
            Trouble::Rerun(_) if pauses.again(core, limits::RERUNS_MAX, limits::PAUSE_RERUN_MAX) => {}
            Trouble::Rerun(_) | Trouble::NoSpace => return job.refuse(Refusal::Busy),
            Trouble::Lost(_) if pauses.again(core, limits::RECONNECTS_MAX, limits::PAUSE_MAX) => {}
            Trouble::Lost(_) => return job.refuse(Refusal::Unreachable),
            Trouble::Fatal(why) => {
                core.poison(&why);
                return job.refuse(Refusal::Closed);
            }
        }
    }
}

fn read_attempt(
    engine: &mut dyn Engine,
    core: &Core,
    job: &mut dyn ReadJob,
    begin: BeginRead,
) -> Result<(), Trouble> {
    engine.step(Step::BeginRead)?;
    let mut tx = begin(engine, core.clock.now_us());
    job.run(&mut tx);
    match tx.stop() {
        Some(trouble) => Err(trouble),
        None => engine.step(Step::Rollback),
    }
}

/// Growing pauses between tries.
#[derive(Default)]
struct Pauses {
    tries: u32,
}

impl Pauses {
    /// Rests before another try; no when `most` tries are used up or the program ends meanwhile.
    fn again(&mut self, core: &Core, most: u32, longest: Duration) -> bool {
        self.tries = self.tries.saturating_add(1);
        let pause = limits::PAUSE_FIRST.saturating_mul(1 << self.tries.min(8)).min(longest);
        let open = core.writes.rest(pause);
        // A closing program still tries a few times for those who wait, but without the pauses.
        self.tries < if open { most } else { most.min(CLOSING_TRIES) }
    }
}

/// Tries that are left once the queue is closed.
const CLOSING_TRIES: u32 = 3;

/// What the units of a batch did, for the bench that replays it. Nothing unless asked for.
struct Recording {
    #[cfg(feature = "testing")]
    units: Option<Vec<crate::testing::RecordedUnit>>,
}

#[cfg(feature = "testing")]
impl Recording {
    fn start(core: &Core) -> Self {
        let on = core.recorder.lock().unwrap_or_else(std::sync::PoisonError::into_inner).is_some();
        Self { units: on.then(Vec::new) }
    }

    fn open(&self, tx: &mut Tx<'_>) {
        tx.recorded = self.units.as_ref().map(|_| Vec::new());
    }

    fn close(&mut self, tx: &mut Tx<'_>, keep: bool) {
        let tenant = tx.tenant();
        if let (Some(units), Some(statements), true) = (&mut self.units, tx.recorded.take(), keep) {
            units.push(crate::testing::RecordedUnit { tenant, statements });
        }
    }

    fn keep(self, core: &Core) {
        let mut recorder = core.recorder.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let (Some(all), Some(units)) = (recorder.as_mut(), self.units) {
            all.extend(units);
        }
    }
}

#[cfg(not(feature = "testing"))]
#[expect(clippy::unused_self, reason = "the same calls record under the feature `testing`")]
impl Recording {
    fn start(_: &Core) -> Self {
        Self {}
    }

    fn open(&self, _: &mut Tx<'_>) {}

    fn close(&mut self, _: &mut Tx<'_>, _: bool) {}

    fn keep(self, _: &Core) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_end() {
        let core = Core::new(clock::Clock::by_hand(jiff::Timestamp::UNIX_EPOCH));
        core.writes.close();
        let mut pauses = Pauses::default();
        assert!(pauses.again(&core, limits::RERUNS_MAX, limits::PAUSE_MAX));
        assert!(pauses.again(&core, limits::RERUNS_MAX, limits::PAUSE_MAX));
        assert!(
            !pauses.again(&core, limits::RERUNS_MAX, limits::PAUSE_MAX),
            "a closing program gives up early"
        );
        assert!(limits::PAUSE_FIRST.saturating_mul(1 << 8) > limits::PAUSE_MAX);
    }
}
