//! SQLite: one file, one writing connection, write-ahead log, fsync at every commit.
//!
//! Checkpoints are paced. The automatic one is off, since it would stop the writer for tens of
//! milliseconds in the middle of the payments. When the log has grown, a second connection copies most
//! of it while the writer goes on; then the writer copies the small rest between two batches, and the
//! log starts from its beginning again.

use crate::TenantId;
use crate::engine::{Each, Engine, Engines, Step, Trouble};
use crate::error::{DbError, OpenError};
use crate::limits;
use crate::queue::Queue;
use crate::sql;
use crate::value::{Cells, Row, Value};
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ErrorCode, OpenFlags, ffi};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

const HEAD: &str = "SELECT seq, chain FROM head WHERE tenant = $1";

/// The connections of one database file. Holds the lock until the writer takes it over.
pub(crate) struct SqliteFile {
    path: PathBuf,
    lock: Option<File>,
    /// Every connection has a share, dropped after it: the process that closes a file loses all its locks
    /// on it, those of SQLite too (fcntl(2)).
    file: Arc<File>,
}

/// What a statement was written as, and what SQLite reads.
///
/// Statements are constants of the program, so where a text lies finds its other form at once; the text
/// itself is compared all the same, since another may lie there later.
#[derive(Default)]
struct Texts(BTreeMap<(usize, usize), (String, String)>);

impl Texts {
    fn of(&mut self, sql: &str) -> &str {
        if self.0.len() >= limits::STATEMENTS_MAX {
            self.0.clear();
        }
        let made = || (sql.to_owned(), sql::numbered_for_sqlite(sql));
        let known = self.0.entry((sql.as_ptr().addr(), sql.len())).or_insert_with(made);
        if known.0 != sql {
            *known = made();
        }
        &known.1
    }
}

/// One connection.
struct Sqlite {
    conn: Connection,
    texts: Texts,
    /// The writer's part; readers have none.
    writing: Option<Writing>,
    _file: Arc<File>,
}

struct Writing {
    /// Held as long as this process may write.
    _lock: File,
    log: Log,
    helper: Arc<Helper>,
    thread: Option<JoinHandle<()>>,
}

/// How far the write-ahead log has grown, in pages.
struct Log {
    pages: Arc<AtomicI64>,
    seen: i64,
    ask_at: i64,
    wait_at: i64,
    /// When it began anew, microseconds since 1970.
    since_us: i64,
}

impl Log {
    fn new(pages: Arc<AtomicI64>, since_us: i64) -> Self {
        let (ask_at, wait_at) = (limits::CHECKPOINT_PAGES, limits::CHECKPOINT_PAGES_MAX);
        Self { pages, seen: 0, ask_at, wait_at, since_us }
    }

    /// How many pages it has now. When it began anew, so does the counting.
    fn look(&mut self, now_us: i64) -> i64 {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < self.seen {
            *self = Self::new(Arc::clone(&self.pages), now_us);
        }
        self.seen = pages;
        pages
    }

    /// Whether so many pages are worth a checkpoint: soon enough for a quiet program to start fast after a crash,
    /// late enough for a busy one not to stand still often. A clock that was set back counts as time past.
    fn is_due(&self, pages: i64, now_us: i64) -> bool {
        let fresh = (0..limits::CHECKPOINT_EVERY_US).contains(&now_us.saturating_sub(self.since_us));
        pages >= self.ask_at && (!fresh || pages >= limits::CHECKPOINT_PAGES_BUSY)
    }
}

/// The checkpointer's line and what it found.
struct Helper {
    calls: Queue<()>,
    /// Pages in the log, as the writer's commits count them.
    pages: Arc<AtomicI64>,
    copied: AtomicBool,
    failed: Mutex<Option<Trouble>>,
}

impl SqliteFile {
    /// Takes the lock by which no second process writes the same file.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let mut lock_path = path.as_os_str().to_owned();
        lock_path.push(".lock");
        let mut lock = open_private(Path::new(&lock_path)).map_err(|e| file_error(path, &e))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                drop(lock.read_to_string(&mut holder));
                let by = match holder.trim() {
                    "" => String::new(),
                    process => format!(" (process {process})"),
                };
                return Err(OpenError::InUse { file: path.display().to_string(), by });
            }
            Err(TryLockError::Error(e)) => return Err(file_error(path, &e)),
        }
        // The number only makes the refusal of the next process more helpful.
        drop(lock.set_len(0));
        drop(lock.seek(SeekFrom::Start(0)));
        drop(write!(lock, "{}", std::process::id()));
        // SQLite gives its log the rights of the file.
        let file = Arc::new(open_private(path).map_err(|e| file_error(path, &e))?);
        Ok(Self { path: path.to_owned(), lock: Some(lock), file })
    }

    fn reading(&self) -> Result<Sqlite, OpenError> {
        let conn = self.connect(OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        Ok(Sqlite { conn, texts: Texts::default(), writing: None, _file: Arc::clone(&self.file) })
    }

    fn connect(&self, flags: OpenFlags) -> Result<Connection, OpenError> {
        Connection::open_with_flags(&self.path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .and_then(|conn| settle(&conn).map(|()| conn))
            .map_err(|e| file_error(&self.path, &e))
    }
}

/// Opens or makes a file that only the user of the program may read.
fn open_private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn file_error(path: &Path, why: &dyn std::fmt::Display) -> OpenError {
    OpenError::File { file: path.display().to_string(), why: why.to_string() }
}

/// What every connection has in common. The last three make SQLite as strict as PostgreSQL is.
fn settle(conn: &Connection) -> rusqlite::Result<()> {
    conn.busy_timeout(limits::SQLITE_BUSY)?;
    conn.set_prepared_statement_cache_capacity(limits::STATEMENTS_MAX);
    conn.pragma_update(None, "synchronous", "FULL")?;
    #[cfg(feature = "planted")]
    if crate::planted("no-sync") {
        conn.pragma_update(None, "synchronous", "OFF")?;
    }
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "case_sensitive_like", true)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    Ok(())
}

impl Engines for SqliteFile {
    fn writer(&mut self) -> Result<Box<dyn Engine>, OpenError> {
        let lock = self.lock.take().ok_or_else(|| OpenError::Machine("a second writer".to_owned()))?;
        let broken = |e: rusqlite::Error| file_error(&self.path, &e);
        let mut conn = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        let mode: String =
            conn.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).map_err(broken)?;
        if mode != "wal" {
            return Err(file_error(&self.path, &"its file system does not allow a write-ahead log"));
        }
        conn.pragma_update(None, "wal_autocheckpoint", 0).map_err(broken)?;
        // Below zero: KiB and not pages.
        conn.pragma_update(None, "cache_size", -limits::WRITER_CACHE_KIB).map_err(broken)?;
        let pages = Arc::new(AtomicI64::new(0));
        let counter = Arc::clone(&pages);
        conn.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, count: std::ffi::c_int| {
            counter.store(i64::from(count), Ordering::Relaxed);
            Ok(())
        }))
        .map_err(broken)?;
        let helper = Arc::new(Helper {
            calls: Queue::new(1),
            pages: Arc::clone(&pages),
            copied: AtomicBool::new(false),
            failed: Mutex::new(None),
        });
        let thread = std::thread::Builder::new()
            .name("store-checkpoint".to_owned())
            .spawn({
                let helper = Arc::clone(&helper);
                let conn = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
                conn.pragma_update(None, "wal_autocheckpoint", 0).map_err(broken)?;
                let file = Arc::clone(&self.file);
                move || helper.run(&conn, &file)
            })
            .map_err(|e| OpenError::Machine(e.to_string()))?;
        let writing = Writing { _lock: lock, log: Log::new(pages, 0), helper, thread: Some(thread) };
        let texts = Texts::default();
        Ok(Box::new(Sqlite { conn, texts, writing: Some(writing), _file: Arc::clone(&self.file) }))
    }

    fn reader(&self) -> Result<Box<dyn Engine>, OpenError> {
        Ok(Box::new(self.reading()?))
    }

    fn reader_of_much(&self) -> Result<Box<dyn Engine>, OpenError> {
        let reader = self.reading()?;
        let kept = reader.conn.pragma_update(None, "cache_size", -limits::BACKGROUND_CACHE_KIB);
        kept.map_err(|e| file_error(&self.path, &e))?;
        Ok(Box::new(reader))
    }

    fn writers(&self) -> usize {
        1
    }
}

impl Helper {
    /// Copies the log into the file as far as it goes without making anybody wait.
    fn run(&self, conn: &Connection, file: &File) {
        // Of this thread alone (nice(2)): whoever waits for a payment goes before it.
        #[cfg(target_os = "linux")]
        if let Err(error) = rustix::process::nice(limits::CHECKPOINT_NICE) {
            tracing::debug!(%error, "the checkpointer does not give way");
        }
        while self.calls.take(1).is_some() {
            match self.copy(conn, file) {
                Ok(()) => self.copied.store(true, Ordering::Release),
                Err(trouble) => {
                    *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(trouble);
                }
            }
        }
    }

    /// Again and again, since the log grows meanwhile: what is left is the writer's, who stands still for it.
    /// Ends when little is left, or when a pass brought nothing because a reader holds the log.
    ///
    /// SQLite syncs the file only when the whole log has been copied, which under load only the writer sees;
    /// it would wait there for all that was copied here.
    fn copy(&self, conn: &Connection, file: &File) -> Result<(), Trouble> {
        let mut before = 0;
        for _ in 0..limits::CHECKPOINT_PASSES {
            let copied = checkpoint(conn, "PASSIVE")?;
            file.sync_data().map_err(|e| Trouble::Fatal(format!("the file was not synced: {e}")))?;
            let left = self.pages.load(Ordering::Relaxed).saturating_sub(copied);
            if left <= limits::CHECKPOINT_REST || copied <= before {
                break;
            }
            before = copied;
        }
        Ok(())
    }
}

/// Tells how many pages of the log are in the file now. A checkpoint that finds a reader in its way, or no
/// space, is simply tried again later.
fn checkpoint(conn: &Connection, mode: &str) -> Result<i64, Trouble> {
    match conn
        .query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| row.get(2))
        .map_err(|e| trouble(&e))
    {
        Err(Trouble::Fatal(why)) => Err(Trouble::Fatal(format!("a checkpoint failed: {why}"))),
        Ok(pages) => Ok(pages),
        Err(_) => Ok(0),
    }
}

impl Writing {
    /// Keeps the log short without a long stop.
    fn pace(&mut self, conn: &Connection, now_us: i64) -> Result<(), Trouble> {
        if let Some(trouble) = self.helper.failed.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(trouble);
        }
        let pages = self.log.look(now_us);
        if self.helper.copied.swap(false, Ordering::Acquire) {
            return checkpoint(conn, "PASSIVE").map(drop);
        }
        if pages >= self.log.wait_at {
            self.log.wait_at = pages.saturating_add(limits::CHECKPOINT_PAGES);
            return wait_for_readers(conn, pages);
        }
        // A full line means that the checkpointer is already called.
        if self.log.is_due(pages, now_us) && self.helper.calls.push(()).is_ok() {
            self.log.ask_at = pages.saturating_add(limits::CHECKPOINT_PAGES);
        }
        Ok(())
    }
}

/// While the writer stands still, readers that come need the log no more and those that go set it free.
/// A reader that stays for minutes is not waited for.
fn wait_for_readers(conn: &Connection, pages: i64) -> Result<(), Trouble> {
    tracing::warn!(pages, "the write-ahead log is long: some reader has been open for long");
    conn.busy_timeout(limits::CHECKPOINT_WAIT).map_err(|e| trouble(&e))?;
    let done = checkpoint(conn, "RESTART");
    conn.busy_timeout(limits::SQLITE_BUSY).map_err(|e| trouble(&e))?;
    done.map(drop)
}

impl Sqlite {
    fn statement(&mut self, sql: &str) -> Result<CachedStatement<'_>, Trouble> {
        self.conn.prepare_cached(self.texts.of(sql)).map_err(|e| trouble(&e))
    }

    fn bound(&mut self, sql: &str, params: &[Value<'_>]) -> Result<CachedStatement<'_>, Trouble> {
        let mut statement = self.statement(sql)?;
        if statement.parameter_count() != params.len() {
            let text = format!("it has {} parameters and got {}", statement.parameter_count(), params.len());
            return Err(Trouble::Statement(DbError::Refused(text)));
        }
        for (index, value) in (1..).zip(params) {
            statement.raw_bind_parameter(index, value).map_err(|e| trouble(&e))?;
        }
        Ok(statement)
    }

    fn control(&self, sql: &str) -> Result<(), Trouble> {
        let mut statement = self.conn.prepare_cached(sql).map_err(|e| trouble(&e))?;
        statement.raw_execute().map(drop).map_err(|e| trouble(&e))
    }

    /// On a read-only connection an attempt to write is the caller's mistake and not a broken file.
    fn softened(&self, found: Trouble) -> Trouble {
        match found {
            Trouble::Fatal(why) if self.writing.is_none() && why.contains("readonly") => {
                Trouble::Statement(DbError::Refused("a read cannot write".to_owned()))
            }
            other => other,
        }
    }
}

impl Engine for Sqlite {
    fn step(&mut self, step: Step) -> Result<(), Trouble> {
        match step {
            Step::Begin => self.control("BEGIN IMMEDIATE"),
            Step::BeginRead => self.control("BEGIN DEFERRED"),
            Step::First => self.control("SAVEPOINT unit"),
            Step::Next => {
                self.control("RELEASE SAVEPOINT unit")?;
                self.control("SAVEPOINT unit")
            }
            Step::Undo => self.control("ROLLBACK TO SAVEPOINT unit"),
            Step::Commit => self.control("COMMIT"),
            // SQLite has already rolled back by itself after some errors.
            Step::Rollback if self.conn.is_autocommit() => Ok(()),
            Step::Rollback => self.control("ROLLBACK"),
        }
    }

    fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64, Trouble> {
        let changed = self.bound(sql, params)?.raw_execute().map_err(|e| trouble(&e))?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    fn query(&mut self, sql: &str, params: &[Value<'_>], each: Each<'_>) -> Result<(), Trouble> {
        let done = self.bound(sql, params).and_then(|mut statement| {
            let mut rows = statement.raw_query();
            while let Some(row) = rows.next().map_err(|e| trouble(&e))? {
                each(&Row(Cells::Sqlite(row))).map_err(Trouble::Row)?;
            }
            Ok(())
        });
        done.map_err(|found| self.softened(found))
    }

    fn prepare(&mut self, sql: &str) -> Result<(), Trouble> {
        self.statement(sql).map(drop)
    }

    fn script(&mut self, sql: &str) -> Result<(), Trouble> {
        self.conn.execute_batch(&sql::migration_for_sqlite(sql)).map_err(|e| trouble(&e))
    }

    fn head_sql(&self) -> &'static str {
        HEAD
    }

    fn mark(&mut self, _: TenantId) -> Result<(), Trouble> {
        Ok(())
    }

    fn was_committed(&mut self, _: TenantId) -> Result<bool, Trouble> {
        // SQLite's commit is a call that returns; it never leaves this open.
        Ok(false)
    }

    fn after_commit(&mut self, now_us: i64) -> Result<(), Trouble> {
        match &mut self.writing {
            Some(writing) => writing.pace(&self.conn, now_us),
            None => Ok(()),
        }
    }

    fn finish(&mut self) {
        let Some(writing) = &mut self.writing else { return };
        writing.helper.calls.close();
        if let Some(thread) = writing.thread.take() {
            drop(thread.join());
        }
        drop(checkpoint(&self.conn, "TRUNCATE"));
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.helper.calls.close();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Value::I64(number) => ValueRef::Integer(number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
            Value::Null => ValueRef::Null,
        }))
    }
}

/// What an error of SQLite means for the unit and the batch.
fn trouble(error: &rusqlite::Error) -> Trouble {
    use rusqlite::Error::{SqlInputError, SqliteFailure};
    let (SqliteFailure(code, _) | SqlInputError { error: code, .. }) = error else {
        return Trouble::Statement(DbError::Refused(error.to_string()));
    };
    match code.extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
            return Trouble::Statement(DbError::Duplicate);
        }
        ffi::SQLITE_CONSTRAINT_CHECK => return Trouble::Statement(DbError::Check),
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => return Trouble::Statement(DbError::Reference),
        ffi::SQLITE_CONSTRAINT_NOTNULL => return Trouble::Statement(DbError::Missing),
        // The memory-mapped index of the log could not grow, which happens before anything is written.
        ffi::SQLITE_IOERR_SHMSIZE => return Trouble::NoSpace,
        _ => {}
    }
    match code.code {
        ErrorCode::DiskFull => Trouble::NoSpace,
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Trouble::Rerun(error.to_string()),
        ErrorCode::SystemIoFailure
        | ErrorCode::DatabaseCorrupt
        | ErrorCode::NotADatabase
        | ErrorCode::ReadOnly
        | ErrorCode::CannotOpen
        | ErrorCode::PermissionDenied
        | ErrorCode::FileLockingProtocolFailed
        | ErrorCode::OutOfMemory
        | ErrorCode::InternalMalfunction => Trouble::Fatal(error.to_string()),
        _ => Trouble::Statement(DbError::Refused(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_grows_fast_is_copied_later_and_a_quiet_one_sooner() {
        let begun = limits::CHECKPOINT_EVERY_US;
        let later = begun + limits::CHECKPOINT_EVERY_US;
        let is_due = |pages, now_us| Log::new(Arc::default(), begun).is_due(pages, now_us);
        assert!(!is_due(limits::CHECKPOINT_PAGES, later - 1), "it grew so far in less than the pause");
        assert!(is_due(limits::CHECKPOINT_PAGES, later));
        assert!(is_due(limits::CHECKPOINT_PAGES, begun - 1), "the clock was set back");
        assert!(!is_due(limits::CHECKPOINT_PAGES - 1, later));
        assert!(!is_due(limits::CHECKPOINT_PAGES_BUSY - 1, begun));
        assert!(is_due(limits::CHECKPOINT_PAGES_BUSY, begun));
    }

    #[test]
    fn a_log_that_begins_anew_counts_and_pauses_anew() {
        let pages = Arc::new(AtomicI64::new(limits::CHECKPOINT_PAGES));
        let mut log = Log::new(Arc::clone(&pages), 0);
        let now_us = limits::CHECKPOINT_EVERY_US;
        assert_eq!(log.look(now_us), limits::CHECKPOINT_PAGES);
        assert!(log.is_due(limits::CHECKPOINT_PAGES, now_us));
        pages.store(1, Ordering::Relaxed);
        assert_eq!(log.look(now_us), 1);
        assert!(!log.is_due(limits::CHECKPOINT_PAGES, now_us), "it began in this moment");
    }
}
