//! Brings a database to the state that this program knows: missing migrations in order, all or none.

use crate::engine::{Engine, Step, Trouble};
use crate::error::OpenError;
use crate::limits;
use crate::value::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// One step of the schema. Never edited after it landed: the database keeps its checksum.
///
/// The SQL is written once for both engines with the types BIGINT, TEXT and BYTEA. See `sql.rs` for what
/// is rewritten; a table ends in `/*sqlite: STRICT, WITHOUT ROWID */`. No deferred constraints.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// `slice/0001_what`, unique for ever.
    pub name: &'static str,
    /// The statements, each ended by a semicolon.
    pub sql: &'static str,
}

/// What this module needs for itself; runs before the slices' own lists.
pub(crate) const OWN: &[Migration] = &[
    Migration {
        name: "store/0001_head",
        sql: "-- Each tenant's place in its own history: the newest commit and the last link of its chain.
            CREATE TABLE head (
                tenant BIGINT NOT NULL PRIMARY KEY,
                seq BIGINT NOT NULL CHECK (seq >= 0),
                chain BYTEA NOT NULL
            ) /*sqlite: STRICT, WITHOUT ROWID */;",
    },
    Migration {
        name: "store/0002_writer",
        sql: "-- The newest batch of each writer, so that a commit whose answer was lost can be looked up.
            -- SQLite leaves it empty.
            CREATE TABLE store_writer (
                tenant BIGINT NOT NULL,
                id BYTEA NOT NULL,
                batch BIGINT NOT NULL,
                PRIMARY KEY (tenant, id)
            ) /*sqlite: STRICT, WITHOUT ROWID */;",
    },
];

const LIST_TABLE: &str = "CREATE TABLE IF NOT EXISTS store_migration (
        name TEXT NOT NULL PRIMARY KEY,
        place BIGINT NOT NULL,
        checksum BYTEA NOT NULL,
        applied_us BIGINT NOT NULL
    ) /*sqlite: STRICT, WITHOUT ROWID */;";

/// The row without a name is the lock by which two centers that start together migrate one after the other.
const LIST_LOCK: &str =
    "INSERT INTO store_migration (name, place, checksum, applied_us) VALUES ('', 0, $1, 0)
    ON CONFLICT (name) DO UPDATE SET place = store_migration.place";

const LIST_READ: &str = "SELECT name, place, checksum FROM store_migration WHERE name <> '' ORDER BY place";

const LIST_ADD: &str =
    "INSERT INTO store_migration (name, place, checksum, applied_us) VALUES ($1, $2, $3, $4)";

/// Runs what is missing. Trouble of the moment (another center starts too) is tried again.
pub(crate) fn run(engine: &mut dyn Engine, migrations: &[Migration], now_us: i64) -> Result<(), OpenError> {
    let all: Vec<Migration> = OWN.iter().chain(migrations).copied().collect();
    let mut names = BTreeSet::new();
    if let Some(twice) = all.iter().find(|migration| !names.insert(migration.name)) {
        return Err(OpenError::TwiceMigration(twice.name.to_owned()));
    }
    let mut tries = 0;
    loop {
        let failed = match create_list(engine).and_then(|()| run_once(engine, &all, now_us)) {
            Ok(done) => return done,
            Err(failed) => failed,
        };
        drop(engine.step(Step::Rollback));
        tries += 1;
        if !failed.may_pass || tries > limits::RERUNS_MAX {
            return Err(OpenError::FailedMigration { name: failed.name.to_owned(), why: failed.why });
        }
    }
}

/// The migration that was refused.
struct Failed {
    name: &'static str,
    why: String,
    may_pass: bool,
}

fn failed(name: &'static str) -> impl Fn(Trouble) -> Failed {
    move |trouble| {
        let (why, may_pass) = match trouble {
            // PostgreSQL has several errors for two centers that create the list at once; the next try finds it.
            Trouble::Row(error) | Trouble::Statement(error) => (error.to_string(), name.is_empty()),
            Trouble::Rerun(why) | Trouble::Lost(why) => (why, true),
            Trouble::NoSpace => ("the disk is full".to_owned(), false),
            Trouble::Fatal(why) => (why, false),
        };
        Failed { name: if name.is_empty() { "store/list of steps" } else { name }, why, may_pass }
    }
}

fn create_list(engine: &mut dyn Engine) -> Result<(), Failed> {
    engine.script(LIST_TABLE).map_err(failed(""))
}

fn run_once(
    engine: &mut dyn Engine,
    all: &[Migration],
    now_us: i64,
) -> Result<Result<(), OpenError>, Failed> {
    engine.step(Step::Begin).map_err(failed(""))?;
    engine.execute(LIST_LOCK, &[(&[]).into()]).map_err(failed(""))?;
    let mut applied: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut place = 0;
    engine
        .query(LIST_READ, &[], &mut |row| {
            applied.insert(row.text(0)?.to_owned(), row.bytes(2)?.to_owned());
            place = row.i64(1)?;
            Ok(())
        })
        .map_err(failed(""))?;
    if let Some(refusal) = strangers(all, &applied) {
        return Ok(Err(refusal));
    }
    for migration in all.iter().filter(|migration| !applied.contains_key(migration.name)) {
        place += 1;
        let sum = checksum(migration);
        let row: [Value<'_>; 4] =
            [migration.name.into(), Value::I64(place), Value::Bytes(&sum), Value::I64(now_us)];
        engine
            .script(migration.sql)
            .and_then(|()| engine.execute(LIST_ADD, &row))
            .map_err(failed(migration.name))?;
        tracing::info!(migration = migration.name, "a step of the schema was applied");
    }
    engine.step(Step::Commit).map_err(failed(""))?;
    Ok(Ok(()))
}

/// A migration that is applied and is not ours, or not with our text.
fn strangers(all: &[Migration], applied: &BTreeMap<String, Vec<u8>>) -> Option<OpenError> {
    let known: BTreeMap<&str, &Migration> = all.iter().map(|migration| (migration.name, migration)).collect();
    applied.iter().find_map(|(name, sum)| match known.get(name.as_str()) {
        None => Some(OpenError::UnknownMigration(name.clone())),
        Some(migration) if checksum(migration) != *sum => Some(OpenError::EditedMigration(name.clone())),
        Some(_) => None,
    })
}

fn checksum(migration: &Migration) -> Vec<u8> {
    Sha256::digest(migration.sql.as_bytes()).to_vec()
}
