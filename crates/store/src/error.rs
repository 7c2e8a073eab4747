//! What can go wrong, and for every answer whether something was written.

use crate::value::Inconsistent;

/// A statement or a row was not what the unit expected. The unit ends: once a statement was refused,
/// the unit is rolled back whatever it returns.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DbError {
    /// A unique or primary key is already taken. `INSERT … ON CONFLICT DO NOTHING` asks without failing.
    #[error("a row with this key is already there")]
    Duplicate,
    /// A CHECK of the table refused the row.
    #[error("a check of the table refused the row")]
    Check,
    /// A foreign key points at no row, or a row is still pointed at.
    #[error("a reference between two tables would be broken")]
    Reference,
    /// A NOT NULL column got no value.
    #[error("a column that must have a value got none")]
    Missing,
    /// `query_one` found no row.
    #[error("no row was found where there must be one")]
    NoRow,
    /// `query_one` or `query_opt` found a second row.
    #[error("several rows were found where there may be one")]
    ManyRows,
    /// A stored value cannot be what the reader takes it for.
    #[error(transparent)]
    Inconsistent(#[from] Inconsistent),
    /// The engine refused the statement: wrong SQL, wrong type, number out of range.
    #[error("the database refused the statement: {0}")]
    Refused(String),
    /// The batch around this unit ended (conflict, lost connection, no space). What the caller hears is
    /// decided by the batch; the unit only has to return.
    #[error("the commit around this unit of work is over")]
    Over,
}

/// Why a write has no result. Only [`WriteError::Unknown`] leaves open whether rows were written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError<E> {
    /// The unit itself said no; nothing of it was written.
    #[error(transparent)]
    Unit(E),
    /// The unit went on after a refused statement and returned a result; nothing of it was written.
    #[error("a statement of the unit failed: {0}")]
    Statement(DbError),
    /// No space is left; nothing was written. The next write tries again.
    #[error("the disk of the database is full; nothing was written")]
    NoSpace,
    /// Too many units wait, or others kept changing the same rows; nothing was written.
    #[error("the database is too busy; nothing was written")]
    Busy,
    /// The database server cannot be reached; nothing was written.
    #[error("the database cannot be reached; nothing was written")]
    Unreachable,
    /// The database was closed or has failed for good; nothing was written.
    #[error("the database is closed; nothing was written")]
    Closed,
    /// The commit was sent and nobody could say what became of it: look the ids up before going on.
    #[error("the database did not say whether the commit happened")]
    Unknown,
}

impl<E> WriteError<E> {
    /// Whether rows of the unit may have been written all the same.
    pub fn may_be_written(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// The same answer with the unit's own error changed.
    pub fn map<X>(self, change: impl FnOnce(E) -> X) -> WriteError<X> {
        match self {
            Self::Unit(error) => WriteError::Unit(change(error)),
            Self::Statement(error) => WriteError::Statement(error),
            Self::NoSpace => WriteError::NoSpace,
            Self::Busy => WriteError::Busy,
            Self::Unreachable => WriteError::Unreachable,
            Self::Closed => WriteError::Closed,
            Self::Unknown => WriteError::Unknown,
        }
    }
}

/// Why a read has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError<E> {
    /// The unit itself said no.
    #[error(transparent)]
    Unit(E),
    /// The unit went on after a refused statement and returned a result.
    #[error("a statement of the unit failed: {0}")]
    Statement(DbError),
    /// Too many reads wait.
    #[error("the database is too busy")]
    Busy,
    /// The database server cannot be reached.
    #[error("the database cannot be reached")]
    Unreachable,
    /// The database was closed or has failed for good.
    #[error("the database is closed")]
    Closed,
}

impl<E> ReadError<E> {
    /// The same answer with the unit's own error changed.
    pub fn map<X>(self, change: impl FnOnce(E) -> X) -> ReadError<X> {
        match self {
            Self::Unit(error) => ReadError::Unit(change(error)),
            Self::Statement(error) => ReadError::Statement(error),
            Self::Busy => ReadError::Busy,
            Self::Unreachable => ReadError::Unreachable,
            Self::Closed => ReadError::Closed,
        }
    }
}

/// What the batch tells a unit that it could not serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Statement(DbError),
    NoSpace,
    Busy,
    Unreachable,
    Closed,
    Unknown,
}

impl<E> From<Refusal> for WriteError<E> {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Statement(error) => Self::Statement(error),
            Refusal::NoSpace => Self::NoSpace,
            Refusal::Busy => Self::Busy,
            Refusal::Unreachable => Self::Unreachable,
            Refusal::Closed => Self::Closed,
            Refusal::Unknown => Self::Unknown,
        }
    }
}

impl<E> From<Refusal> for ReadError<E> {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Statement(error) => Self::Statement(error),
            // A read that needs a temporary file may hit the full disk as well.
            Refusal::NoSpace | Refusal::Busy => Self::Busy,
            Refusal::Unreachable => Self::Unreachable,
            Refusal::Closed | Refusal::Unknown => Self::Closed,
        }
    }
}

/// Why a database was not opened: one sentence for the person who started the program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The text names no database.
    #[error("{0:?} is not a database: write sqlite:/path/to/file.sqlite or postgres://user@host/name")]
    NotADatabase(String),
    /// The file cannot be opened or written.
    #[error("The database file {file} cannot be used: {why}.")]
    File {
        /// The file's path.
        file: String,
        /// What the system said.
        why: String,
    },
    /// Another process writes this file.
    #[error("The database file {file} is in use by another program{by}; stop that program first.")]
    InUse {
        /// The file's path.
        file: String,
        /// ` (process 4711)` when known, else empty.
        by: String,
    },
    /// The server does not answer or refuses the login.
    #[error("The database {url} cannot be reached: {why}.")]
    Unreachable {
        /// The URL without its password.
        url: String,
        /// What the server or the network said.
        why: String,
    },
    /// The database has a migration that this program does not know.
    #[error(
        "The database already has the step {0}, which this version does not know: start a newer version."
    )]
    UnknownMigration(String),
    /// A migration was changed after it was applied.
    #[error("The step {0} was applied to this database with another text: use the version that applied it.")]
    EditedMigration(String),
    /// Two migrations of the list have one name.
    #[error("The step {0} is listed twice.")]
    TwiceMigration(String),
    /// A migration was refused; the database is as it was before.
    #[error("The step {name} could not be applied, the database was left as it was: {why}.")]
    FailedMigration {
        /// The migration's name.
        name: String,
        /// What the engine said.
        why: String,
    },
    /// The machine refused a thread or random bytes.
    #[error("The database could not be started: {0}.")]
    Machine(String),
}
