//! Databases for tests and benches: a temporary one of each engine, and a recorder of statements.
//!
//! ```no_run
//! # const MIGRATIONS: &[store::Migration] = &[];
//! # const STATEMENTS: &[&str] = &[];
//! store::testing::both(MIGRATIONS, |t| {
//!     store::prepare_all(&t.db, STATEMENTS).unwrap();
//! });
//! ```
//!
//! PostgreSQL runs in a throwaway cluster of the test process, or on the server that
//! `TEST_POSTGRES_URL` names; every database is a fresh one.

mod cluster;
mod ports;
mod standby;

pub use cluster::Server;
pub use ports::free_address;
pub use standby::{Node, Pair};

use crate::{Db, Migration, TenantId, Url, Value};
use clock::Clock;
use std::ops::Deref;
use std::sync::PoisonError;
use tempfile::TempDir;

/// When every test database is opened: 2026-11-21 00:00:00 UTC.
pub const START: i64 = 1_795_219_200_000_000;

/// A fresh database of one test, gone when it is dropped. Serves as its [`Db`].
pub struct TestDb {
    /// The open database.
    pub db: Db,
    /// Its clock, moved by hand, standing at [`START`].
    pub clock: Clock,
    /// Where it is, for a second opening.
    pub url: Url,
    // Dropped after `db`, which is declared above it.
    _place: Place,
}

/// What must be tidied up behind a test.
pub enum Place {
    /// A folder with the file.
    Folder(TempDir),
    /// A database of a server.
    Server(cluster::Database),
    /// Somebody else tidies up.
    Elsewhere,
}

impl Deref for TestDb {
    type Target = Db;

    fn deref(&self) -> &Db {
        &self.db
    }
}

/// The place of a fresh SQLite database, not yet opened.
pub fn sqlite_place() -> (Url, Place) {
    let folder = tempfile::tempdir().unwrap_or_else(|e| fail(&format!("no temporary folder: {e}")));
    (Url::Sqlite(folder.path().join("test.sqlite")), Place::Folder(folder))
}

/// The place of a fresh PostgreSQL database, not yet opened.
pub fn postgres_place() -> (Url, Place) {
    let database = cluster::database();
    (Url::Postgres(database.url.clone()), Place::Server(database))
}

/// A fresh SQLite database.
pub fn sqlite(migrations: &[Migration]) -> TestDb {
    open(sqlite_place(), migrations)
}

/// A fresh SQLite database on the file system of a folder, for tests of a disk that is full.
pub fn sqlite_on(disk: &std::path::Path, migrations: &[Migration]) -> TestDb {
    let folder = tempfile::tempdir_in(disk).unwrap_or_else(|e| fail(&format!("no temporary folder: {e}")));
    open((Url::Sqlite(folder.path().join("test.sqlite")), Place::Folder(folder)), migrations)
}

/// A fresh PostgreSQL database.
pub fn postgres(migrations: &[Migration]) -> TestDb {
    open(postgres_place(), migrations)
}

/// A fresh database of each engine, for tests that are async.
pub fn each(migrations: &[Migration]) -> [TestDb; 2] {
    [sqlite(migrations), postgres(migrations)]
}

/// A database on a server of the test's own.
pub fn on_server(server: &Server, migrations: &[Migration]) -> TestDb {
    open((server.url(), Place::Elsewhere), migrations)
}

/// Runs one test on both engines.
pub fn both(migrations: &[Migration], test: impl Fn(&TestDb)) {
    for database in each(migrations) {
        test(&database);
    }
}

fn open((url, place): (Url, Place), migrations: &[Migration]) -> TestDb {
    let start = jiff::Timestamp::from_microsecond(START).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let clock = Clock::by_hand(start);
    let db = Db::open(&url, migrations, clock.clone()).unwrap_or_else(|e| fail(&e.to_string()));
    TestDb { db, clock, url, _place: place }
}

/// Ends the test that asked for a database that cannot be had.
#[expect(clippy::panic, reason = "a test without its database must fail with the sentence that says why")]
fn fail(sentence: &str) -> ! {
    panic!("{sentence}")
}

/// One statement that a unit ran, with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The text with `$n`.
    pub sql: String,
    params: Vec<Param>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Param {
    I64(i64),
    Text(String),
    Bytes(Vec<u8>),
    Null,
}

/// All statements of one committed unit, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedUnit {
    /// Whose unit it was.
    pub tenant: TenantId,
    /// Its reads and writes.
    pub statements: Vec<Recorded>,
}

impl Recorded {
    pub(crate) fn new(sql: &str, params: &[Value<'_>]) -> Self {
        let params = params.iter().map(|value| match value {
            Value::I64(number) => Param::I64(*number),
            Value::Text(text) => Param::Text((*text).to_owned()),
            Value::Bytes(bytes) => Param::Bytes((*bytes).to_owned()),
            Value::Null => Param::Null,
        });
        Self { sql: sql.to_owned(), params: params.collect() }
    }

    /// The parameters, to run the statement again.
    pub fn params(&self) -> Vec<Value<'_>> {
        let value = |param| match param {
            &Param::I64(number) => Value::I64(number),
            Param::Text(text) => Value::Text(text),
            Param::Bytes(bytes) => Value::Bytes(bytes),
            Param::Null => Value::Null,
        };
        self.params.iter().map(value).collect()
    }
}

impl Db {
    /// Starts to record every unit that is committed: a bench replays the product's own statements.
    pub fn record(&self) {
        *self.core().recorder.lock().unwrap_or_else(PoisonError::into_inner) = Some(Vec::new());
    }

    /// What was committed since [`Db::record`]; recording ends.
    pub fn recorded(&self) -> Vec<RecordedUnit> {
        self.core().recorder.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }
}
