//! What an engine does for the loops that both share, and how it says what went wrong.

pub(crate) mod postgres;
pub(crate) mod sqlite;

use crate::TenantId;
use crate::error::{DbError, OpenError};
use crate::value::{Row, Value};

/// The steps of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Begins a transaction that writes.
    Begin,
    /// Begins one snapshot that only reads.
    BeginRead,
    /// Sets the savepoint of the first unit.
    First,
    /// Keeps the unit before and sets the savepoint of the next.
    Next,
    /// Undoes the unit since its savepoint, which then serves the next.
    Undo,
    /// Makes everything durable.
    Commit,
    /// Gives everything up.
    Rollback,
}

/// Why a statement or step has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The row is not what the unit takes it for; the transaction is unharmed.
    Row(DbError),
    /// This statement was refused; the unit must be undone.
    Statement(DbError),
    /// The transaction is over and may simply be run again: conflict, deadlock, lock held too long.
    Rerun(String),
    /// The connection is gone. At a commit nobody knows yet whether it happened.
    Lost(String),
    /// The disk is full.
    NoSpace,
    /// A write or fsync failed: what is on disk can no longer be trusted from here.
    Fatal(String),
}

/// What a row is handed to.
pub(crate) type Each<'a> = &'a mut dyn FnMut(&Row<'_>) -> Result<(), DbError>;

/// One connection. Every connection is owned by one thread.
pub(crate) trait Engine: Send {
    fn step(&mut self, step: Step) -> Result<(), Trouble>;
    fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64, Trouble>;
    fn query(&mut self, sql: &str, params: &[Value<'_>], each: Each<'_>) -> Result<(), Trouble>;
    /// Prepares without running.
    fn prepare(&mut self, sql: &str) -> Result<(), Trouble>;
    /// Runs the statements of a migration.
    fn script(&mut self, sql: &str) -> Result<(), Trouble>;
    /// Reads the head row of tenant `$1` (seq, chain) and keeps others from writing it until the commit.
    fn head_sql(&self) -> &'static str;
    /// Leaves a mark in the transaction by which [`Engine::was_committed`] finds it again.
    fn mark(&mut self, tenant: TenantId) -> Result<(), Trouble>;
    /// After a lost commit: whether the marked transaction is in the database. Waits while it may still end.
    fn was_committed(&mut self, tenant: TenantId) -> Result<bool, Trouble>;
    /// Work that can wait until the callers have their answers.
    fn after_commit(&mut self, now_us: i64) -> Result<(), Trouble>;
    /// Ends the connection in order.
    fn finish(&mut self);
}

/// Makes the connections of one database.
pub(crate) trait Engines: Send + Sync {
    fn writer(&mut self) -> Result<Box<dyn Engine>, OpenError>;
    fn reader(&self) -> Result<Box<dyn Engine>, OpenError>;
    /// A reader that may keep what a long read comes to again and again.
    fn reader_of_much(&self) -> Result<Box<dyn Engine>, OpenError> {
        self.reader()
    }
    /// How many writers one process runs.
    fn writers(&self) -> usize;
}
