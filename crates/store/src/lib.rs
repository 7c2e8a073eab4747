//! Units of work on SQLite and PostgreSQL, with one SQL text for both.
//!
//! A unit of work is a synchronous closure that sees rows, decides, writes and returns:
//!
//! ```
//! # use store::{Db, DbError, Migration, TenantId, params};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let url = store::Url::Sqlite(folder.path().join("till.sqlite"));
//! const MIGRATIONS: &[Migration] = &[Migration {
//!     name: "till/0001_slip",
//!     sql: "CREATE TABLE slip (
//!               tenant BIGINT NOT NULL,
//!               id BYTEA NOT NULL,
//!               seq BIGINT NOT NULL,
//!               total_yen BIGINT NOT NULL CHECK (total_yen > 0),
//!               PRIMARY KEY (tenant, id)
//!           ) /*sqlite: STRICT, WITHOUT ROWID */;",
//! }];
//! let db = Db::open(&url, MIGRATIONS, clock::Clock::real())?;
//! let id = [7; 16];
//! let seq = db.write_blocking(TenantId(1), move |tx| {
//!     let seq = tx.seq();
//!     tx.execute(
//!         "INSERT INTO slip (tenant, id, seq, total_yen) VALUES ($1, $2, $3, $4)",
//!         params![tx.tenant(), &id, seq, 880],
//!     )?;
//!     Ok::<_, DbError>(seq)
//! })?;
//! assert_eq!(seq, 1);
//! # Ok(())
//! # }
//! ```
//!
//! How it works: units queue; a writer thread takes all that wait, runs each in a savepoint, commits
//! once, then answers. Nobody waits for a timer, and the group grows by itself while the disk is busy.
//! On SQLite one thread owns the writing connection. On PostgreSQL a few threads in every center do the
//! same after locking the head rows of the tenants in their batch, which also give the commit sequence.
//! Reads have threads of their own; those that read much have others, which give way to everybody
//! ([`Db::read_behind`]).
//!
//! What holds on both engines:
//! - A unit is committed whole, exactly once, or not at all, and is answered after it is durable.
//! - Units of one tenant follow each other in the order of [`Tx::seq`], without gaps.
//! - A refused statement ends the unit; going on after it commits nothing.
//! - A read sees one snapshot of committed rows.
//! - No space rolls back and is said; any other failed write ends all writing ([`Db::fatal`]).
//!
//! What the SQL may use: `$1` parameters in any order; BIGINT, TEXT, BYTEA; `INSERT … ON CONFLICT`,
//! `RETURNING` (through a query); LIKE that minds capitals; texts ordered by their bytes. PostgreSQL
//! makes NUMERIC of `SUM(bigint)`, so write `CAST(SUM(x) AS BIGINT)`; [`prepare_all`] finds it. No
//! sequences, triggers, `FOR UPDATE`, deferred constraints.

mod batch;
mod db;
mod engine;
mod error;
mod job;
mod limits;
mod migrate;
#[cfg(feature = "planted")]
mod planted;
mod queue;
mod space;
mod sql;
mod state;
#[cfg(feature = "testing")]
pub mod testing;
mod unit;
mod url;
mod value;

pub use db::{Db, Kind, prepare_all};
pub use error::{DbError, OpenError, ReadError, WriteError};
pub use migrate::Migration;
#[cfg(feature = "planted")]
pub use planted::planted;
pub use space::{RESERVE_BYTES, Space};
pub use state::{Health, State};
pub use unit::{ReadTx, Tx};
pub use url::Url;
pub use value::{Inconsistent, Row, Value};

/// Whose rows: the operator of one payment scheme. Leads every primary key, unique key and index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantId(pub i64);

impl std::fmt::Display for TenantId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
