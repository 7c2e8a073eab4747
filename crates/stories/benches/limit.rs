//! The limit of the money path: the product's own write statements, recorded while it takes payments, and
//! replayed on a copy of the database as it was before, by bare `rusqlite`, in groups, with every commit
//! as durable as the product's. So the limit cannot drift from the product.

use crate::machine::{Usage, per_second, rest};
use anyhow::{Context, Result, bail};
use rusqlite::types::Value;
use rusqlite::{Connection, Statement};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use store::testing::RecordedUnit;

/// Units of work in one commit (spec: raw group commit of 100).
const GROUP: usize = 100;
/// As the product's checkpointer, also under load, and its writer's cache (crates/store).
const CHECKPOINT_PAGES: i64 = 8_000;
const CHECKPOINT_PAGES_BUSY: i64 = 64_000;
const CACHE_KIB: i64 = 16_384;

/// What the product wrote into one of its databases.
pub(crate) struct Writes {
    texts: Vec<String>,
    units: Vec<Vec<(usize, Vec<Value>)>>,
    payments: usize,
    /// The database as it was before.
    before: PathBuf,
    /// The table that has a row for every payment.
    table: &'static str,
}

/// One replay.
pub(crate) struct Replayed {
    pub(crate) per_second: u64,
    pub(crate) time: Duration,
    pub(crate) cost: Usage,
}

impl Writes {
    /// The writes among the recorded statements of so many payments, on a database that was like `before`.
    pub(crate) fn of(units: &[RecordedUnit], payments: usize, before: &Path, table: &'static str) -> Self {
        let before = before.to_owned();
        let mut writes = Self { texts: Vec::new(), units: Vec::new(), payments, before, table };
        for unit in units {
            let mut kept = Vec::new();
            for statement in &unit.statements {
                let verb = statement.sql.split_whitespace().next().unwrap_or_default();
                if !["INSERT", "UPDATE", "DELETE"].contains(&verb) {
                    continue;
                }
                // The product's adaptor does the same: `$1` is the first parameter wherever it stands.
                let text = statement.sql.replace('$', "?");
                let at = writes.texts.iter().position(|known| *known == text).unwrap_or_else(|| {
                    writes.texts.push(text);
                    writes.texts.len() - 1
                });
                kept.push((at, statement.params().into_iter().map(value).collect()));
            }
            if !kept.is_empty() {
                writes.units.push(kept);
            }
        }
        writes
    }

    /// Statements and units of one payment, in hundredths.
    pub(crate) fn shape(&self) -> (usize, usize) {
        let statements: usize = self.units.iter().map(Vec::len).sum();
        let each = |count: usize| count * 100 / self.payments.max(1);
        (each(statements), each(self.units.len()))
    }

    /// Replays everything in groups on a copy of the database as it was.
    pub(crate) fn replay(&self, folder: &Path) -> Result<Replayed> {
        let conn = self.open(folder)?;
        let (before, time) = (Usage::own(), self.write(&conn)?);
        let cost = Usage::own().since(before, self.payments);
        let sql = format!("SELECT COUNT(*) FROM {}", self.table);
        let stored: i64 = conn.query_row(&sql, [], |row| row.get(0))?;
        if usize::try_from(stored)? < self.payments {
            bail!("the replay stored {stored} payments of {}", self.payments);
        }
        Ok(Replayed { per_second: per_second(self.payments, time), time, cost })
    }

    /// How long one unit in a commit of its own takes, one after the other: microseconds, sorted.
    pub(crate) fn one_by_one(&self, folder: &Path, units: usize) -> Result<Vec<u64>> {
        let conn = self.open(folder)?;
        let mut runner = Runner::new(self, &conn)?;
        let mut times = Vec::with_capacity(units);
        for unit in self.units.iter().take(units) {
            let begun = Instant::now();
            runner.commit(std::slice::from_ref(unit))?;
            times.push(u64::try_from(begun.elapsed().as_micros())?);
        }
        times.sort_unstable();
        Ok(times)
    }

    /// The units as they would come at so many payments a second, in commits of what is due: how long after it was due
    /// each is durable, microseconds, sorted. Nothing but the disk, one thread and no network.
    pub(crate) fn open_loop(&self, folder: &Path, rate: usize) -> Result<Vec<u64>> {
        let conn = self.open(folder)?;
        conn.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES_BUSY)?;
        let mut runner = Runner::new(self, &conn)?;
        let each = Duration::from_secs(1).div_f64(f64::from(u32::try_from(rate * self.units_each())?));
        let due = |number: usize| each.mul_f64(f64::from(u32::try_from(number).unwrap_or(u32::MAX)));
        let (begun, mut done, mut times) = (Instant::now(), 0, Vec::with_capacity(self.units.len()));
        while done < self.units.len() {
            let now = begun.elapsed();
            let ready = (done..self.units.len()).take_while(|number| due(*number) <= now).count();
            if ready == 0 {
                rest(due(done).saturating_sub(now));
                continue;
            }
            runner.commit(self.units.get(done..done + ready).unwrap_or_default())?;
            let now = begun.elapsed();
            let late =
                |number| u64::try_from(now.saturating_sub(due(number)).as_micros()).unwrap_or(u64::MAX);
            times.extend((done..done + ready).map(late));
            done += ready;
        }
        times.sort_unstable();
        Ok(times)
    }

    /// Units of one payment.
    pub(crate) fn units_each(&self) -> usize {
        self.units.len().div_ceil(self.payments.max(1))
    }

    fn open(&self, folder: &Path) -> Result<Connection> {
        let file = folder.join("limit.sqlite");
        for end in ["", "-wal", "-shm"] {
            drop(std::fs::remove_file(folder.join(format!("limit.sqlite{end}"))));
        }
        std::fs::copy(&self.before, &file)?;
        let conn = Connection::open(&file)?;
        conn.pragma_update(None, "journal_mode", "WAL")?;
        conn.pragma_update(None, "synchronous", "FULL")?;
        conn.pragma_update(None, "temp_store", "MEMORY")?;
        conn.pragma_update(None, "foreign_keys", true)?;
        conn.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        conn.pragma_update(None, "cache_size", -CACHE_KIB)?;
        Ok(conn)
    }

    fn write(&self, conn: &Connection) -> Result<Duration> {
        let mut runner = Runner::new(self, conn)?;
        let begun = Instant::now();
        for group in self.units.chunks(GROUP) {
            runner.commit(group)?;
        }
        Ok(begun.elapsed())
    }
}

/// The prepared statements of a replay.
struct Runner<'c> {
    statements: Vec<Statement<'c>>,
    begin: Statement<'c>,
    commit: Statement<'c>,
}

impl<'c> Runner<'c> {
    fn new(writes: &Writes, conn: &'c Connection) -> Result<Self> {
        let statements = writes.texts.iter().map(|text| conn.prepare(text)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { statements, begin: conn.prepare("BEGIN IMMEDIATE")?, commit: conn.prepare("COMMIT")? })
    }

    fn commit(&mut self, group: &[Vec<(usize, Vec<Value>)>]) -> Result<()> {
        self.begin.raw_execute()?;
        for (at, values) in group.iter().flatten() {
            let statement = self.statements.get_mut(*at).context("a statement of the list")?;
            for (number, value) in (1..).zip(values) {
                statement.raw_bind_parameter(number, value)?;
            }
            let mut rows = statement.raw_query();
            while rows.next()?.is_some() {}
        }
        self.commit.raw_execute()?;
        Ok(())
    }
}

fn value(value: store::Value<'_>) -> Value {
    match value {
        store::Value::I64(number) => Value::Integer(number),
        store::Value::Text(text) => Value::Text(text.to_owned()),
        store::Value::Bytes(bytes) => Value::Blob(bytes.to_owned()),
        store::Value::Null => Value::Null,
    }
}

/// A copy of a database in one moment.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    Connection::open(from)?.execute("VACUUM INTO ?1", [to.to_string_lossy()])?;
    Ok(())
}
