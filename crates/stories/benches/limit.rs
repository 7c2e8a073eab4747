//! The limit of the money path: the product's own write statements, recorded while it takes payments, and
//! replayed on a copy of the database as it was before, by bare `rusqlite`, in groups, with every commit
//! as durable as the product's. So the limit cannot drift from the product.

use crate::machine::{Usage, per_second};
use anyhow::{Context, Result, bail};
use rusqlite::Connection;
use rusqlite::types::Value;
use std::path::Path;
use std::time::{Duration, Instant};
use store::testing::RecordedUnit;

/// Units of work in one commit (spec: raw group commit of 100).
const GROUP: usize = 100;
/// As the product's checkpointer (crates/store).
const CHECKPOINT_PAGES: i64 = 4_000;

/// What the product wrote.
pub(crate) struct Writes {
    texts: Vec<String>,
    units: Vec<Vec<(usize, Vec<Value>)>>,
    payments: usize,
}

/// One replay.
pub(crate) struct Replayed {
    pub(crate) per_second: u64,
    pub(crate) cost: Usage,
}

impl Writes {
    /// The writes among the recorded statements of so many payments.
    pub(crate) fn of(units: &[RecordedUnit], payments: usize) -> Self {
        let mut writes = Self { texts: Vec::new(), units: Vec::new(), payments };
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

    /// Replays everything on a copy of `before`.
    pub(crate) fn replay(&self, before: &Path, folder: &Path) -> Result<Replayed> {
        let file = folder.join("limit.sqlite");
        for end in ["", "-wal", "-shm"] {
            drop(std::fs::remove_file(folder.join(format!("limit.sqlite{end}"))));
        }
        std::fs::copy(before, &file)?;
        let conn = Connection::open(&file)?;
        conn.pragma_update(None, "journal_mode", "WAL")?;
        conn.pragma_update(None, "synchronous", "FULL")?;
        conn.pragma_update(None, "temp_store", "MEMORY")?;
        conn.pragma_update(None, "foreign_keys", true)?;
        conn.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        let (before, time) = (Usage::own(), self.write(&conn)?);
        let cost = Usage::own().since(before, self.payments);
        let stored: i64 = conn.query_row("SELECT COUNT(*) FROM payment", [], |row| row.get(0))?;
        if usize::try_from(stored)? < self.payments {
            bail!("the replay stored {stored} payments of {}", self.payments);
        }
        Ok(Replayed { per_second: per_second(self.payments, time), cost })
    }

    fn write(&self, conn: &Connection) -> Result<Duration> {
        let mut statements =
            self.texts.iter().map(|text| conn.prepare(text)).collect::<Result<Vec<_>, _>>()?;
        let (mut begin, mut commit) = (conn.prepare("BEGIN IMMEDIATE")?, conn.prepare("COMMIT")?);
        let begun = Instant::now();
        for group in self.units.chunks(GROUP) {
            begin.raw_execute()?;
            for (at, values) in group.iter().flatten() {
                let statement = statements.get_mut(*at).context("a statement of the list")?;
                for (number, value) in (1..).zip(values) {
                    statement.raw_bind_parameter(number, value)?;
                }
                let mut rows = statement.raw_query();
                while rows.next()?.is_some() {}
            }
            commit.raw_execute()?;
        }
        Ok(begun.elapsed())
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
