//! An open database: opening, units of work, health, closing.

use crate::TenantId;
use crate::batch;
use crate::engine::Engines;
use crate::engine::postgres::PostgresServer;
use crate::engine::sqlite::SqliteFile;
use crate::error::{OpenError, ReadError, Refusal, WriteError};
use crate::job::{ReadJob, ReadUnit, Reply, Said, WriteUnit, unpack};
use crate::limits;
use crate::migrate::{self, Migration};
use crate::queue::Queue;
use crate::state::{Core, Health};
use crate::unit::{ReadTx, Tx};
use crate::url::Url;
use clock::Clock;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use tokio::sync::{oneshot, watch};

/// An open database. Clones share it; the last one that goes away drains and closes it.
#[derive(Clone)]
pub struct Db(Arc<Handle>);

struct Handle {
    core: Arc<Core>,
    kind: Kind,
    readers: Mutex<Vec<JoinHandle<()>>>,
    writers: Mutex<Vec<JoinHandle<()>>>,
}

/// Which engine stands behind a [`Db`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    Sqlite,
    /// A server.
    Postgres,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Db({:?}, {:?})", self.0.kind, self.health().state)
    }
}

impl Db {
    /// Opens or creates the database and applies the migrations it lacks, in the order given.
    ///
    /// Blocks; for start-up. Every error is one sentence for the person who started the program.
    pub fn open(url: &Url, migrations: &[Migration], clock: Clock) -> Result<Self, OpenError> {
        // On a thread of its own, since the PostgreSQL client may not be used on a thread of a runtime.
        thread::scope(|scope| {
            scope
                .spawn(|| Self::open_here(url, migrations, clock))
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    fn open_here(url: &Url, migrations: &[Migration], clock: Clock) -> Result<Self, OpenError> {
        let (kind, mut engines): (Kind, Box<dyn Engines>) = match url {
            Url::Sqlite(path) => (Kind::Sqlite, Box::new(SqliteFile::open(path)?)),
            Url::Postgres(text) => (Kind::Postgres, Box::new(PostgresServer::new(url, text)?)),
        };
        let mut first = engines.writer()?;
        migrate::run(&mut *first, migrations, clock.now_us())?;
        let mut writing = vec![first];
        for _ in 1..engines.writers() {
            writing.push(engines.writer()?);
        }
        let engines: Arc<dyn Engines> = Arc::from(engines);
        let core = Arc::new(Core::new(clock));
        let handle = Handle {
            core: Arc::clone(&core),
            kind,
            readers: Mutex::new(Vec::new()),
            writers: Mutex::new(Vec::new()),
        };
        for engine in writing {
            start("store-write", &core, &handle.writers, |core| batch::write_loop(engine, core))?;
        }
        for _ in 0..limits::READERS {
            let engines = Arc::clone(&engines);
            start("store-read", &core, &handle.readers, move |core| batch::read_loop(&*engines, core))?;
        }
        for _ in 0..limits::BACKGROUND_READERS {
            let engines = Arc::clone(&engines);
            let run = move |core: &Core| batch::background_loop(&*engines, core);
            start("store-behind", &core, &handle.readers, run)?;
        }
        Ok(Self(Arc::new(handle)))
    }

    /// Runs a unit of work that writes for `tenant`, and answers when it is durable.
    ///
    /// The unit's rows are committed exactly once or not at all. The closure itself may run several
    /// times, when the database asks for it: it must have no effect but its statements, and it must not
    /// wait for anything. Its rows stay if it returns `Ok`; an `Err` rolls back this unit alone.
    ///
    /// Once polled it is not cancelled by dropping the future. After [`WriteError::Unknown`] or a crash
    /// nobody knows: units that move money are idempotent by an id that they look up first.
    pub async fn write<T, E, F>(&self, tenant: TenantId, unit: F) -> Result<T, WriteError<E>>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.submit_write(tenant, unit, Reply::Task(reply))?;
        answer.await.map_or(Err(WriteError::Unknown), unpack)
    }

    /// [`Db::write`] for start-up, admin commands and journals: blocks this thread.
    pub fn write_blocking<T, E, F>(&self, tenant: TenantId, unit: F) -> Result<T, WriteError<E>>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        refuse_nesting();
        let (reply, answer) = mpsc::sync_channel(1);
        self.submit_write(tenant, unit, Reply::Thread(reply))?;
        answer.recv().map_or(Err(WriteError::Unknown), unpack)
    }

    /// Runs a unit of work that reads one snapshot of what is committed.
    pub async fn read<T, E, F>(&self, unit: F) -> Result<T, ReadError<E>>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: FnMut(&mut ReadTx<'_>) -> Result<T, E> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        Self::submit_read(&self.0.core.reads, unit, Reply::Task(reply))?;
        answer.await.map_or(Err(ReadError::Closed), unpack)
    }

    /// [`Db::read`] of much: on readers of its own that take only what the program's other threads leave, so
    /// that nobody who pays waits for it. Not for what a person waits for at a screen.
    pub async fn read_behind<T, E, F>(&self, unit: F) -> Result<T, ReadError<E>>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: FnMut(&mut ReadTx<'_>) -> Result<T, E> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        Self::submit_read(&self.0.core.background, unit, Reply::Task(reply))?;
        answer.await.map_or(Err(ReadError::Closed), unpack)
    }

    /// [`Db::read`], blocking this thread.
    pub fn read_blocking<T, E, F>(&self, unit: F) -> Result<T, ReadError<E>>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: FnMut(&mut ReadTx<'_>) -> Result<T, E> + Send + 'static,
    {
        refuse_nesting();
        let (reply, answer) = mpsc::sync_channel(1);
        Self::submit_read(&self.0.core.reads, unit, Reply::Thread(reply))?;
        answer.recv().map_or(Err(ReadError::Closed), unpack)
    }

    fn submit_write<T, E, F>(
        &self,
        tenant: TenantId,
        unit: F,
        reply: Reply<Said<T, WriteError<E>>>,
    ) -> Result<(), Refusal>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        Ok(self.0.core.writes.push(Box::new(WriteUnit { tenant, unit, said: None, reply }))?)
    }

    fn submit_read<T, E, F>(
        queue: &Queue<Box<dyn ReadJob>>,
        unit: F,
        reply: Reply<Said<T, ReadError<E>>>,
    ) -> Result<(), Refusal>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: FnMut(&mut ReadTx<'_>) -> Result<T, E> + Send + 'static,
    {
        Ok(queue.push(Box::new(ReadUnit { unit, said: None, reply }))?)
    }

    /// Which engine this is, for reports.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// How the database is doing, for `/readyz` and `/metrics`.
    pub fn health(&self) -> Health {
        self.0.core.health()
    }

    /// Changes after every commit of this process: wakes followers of the outbox early. Commits of other
    /// centers are found only by looking at [`ReadTx::head_seq`] from time to time.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.0.core.commits.subscribe()
    }

    /// Resolves, with the reason, when a write or fsync has failed: the process must end then, and prove
    /// the tail when it starts again.
    pub async fn fatal(&self) -> String {
        let mut fatal = self.0.core.fatal.subscribe();
        // The guard must not live across an await: this future is part of tasks.
        let why =
            fatal.wait_for(Option::is_some).await.map(|why| why.as_deref().unwrap_or_default().to_owned());
        match why {
            Ok(why) => why,
            // The sender lives in self.
            Err(_) => std::future::pending().await,
        }
    }

    /// Runs what waits, then closes. Clones answer `Closed` from here on.
    pub fn close(self) {
        self.0.close();
    }

    #[cfg(feature = "testing")]
    pub(crate) fn core(&self) -> &Core {
        &self.0.core
    }
}

impl Handle {
    /// Readers end first, so that the writer can empty the write-ahead log at the end.
    fn close(&self) {
        self.core.reads.close();
        self.core.background.close();
        join(&self.readers);
        self.core.writes.close();
        join(&self.writers);
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.close();
    }
}

thread_local! {
    /// Whether this thread runs units of work.
    static RUNS_UNITS: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// A unit that waits for another unit would wait for its own thread.
fn refuse_nesting() {
    assert!(!RUNS_UNITS.get(), "a unit of work must not start another one and wait for it");
}

fn start(
    name: &str,
    core: &Arc<Core>,
    threads: &Mutex<Vec<JoinHandle<()>>>,
    run: impl FnOnce(&Core) + Send + 'static,
) -> Result<(), OpenError> {
    let core = Arc::clone(core);
    let thread = thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            RUNS_UNITS.set(true);
            run(&core);
        })
        .map_err(|e| OpenError::Machine(e.to_string()))?;
    threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
    Ok(())
}

/// Waits for the threads; not for itself, when the last clone was dropped by a unit of work.
fn join(threads: &Mutex<Vec<JoinHandle<()>>>) {
    let threads = std::mem::take(&mut *threads.lock().unwrap_or_else(PoisonError::into_inner));
    for thread in threads {
        if thread.thread().id() != thread::current().id() {
            drop(thread.join());
        }
    }
}

/// Prepares every statement without running it; the error lists each one that the engine refuses.
///
/// A test of each slice calls it with all its statements on both engines.
pub fn prepare_all(db: &Db, statements: &[&str]) -> Result<(), String> {
    let refused: Vec<String> = statements
        .iter()
        .filter_map(|sql| {
            let text = (*sql).to_owned();
            // Each in its own transaction, since PostgreSQL ends a transaction at its first error.
            let error = db.read_blocking(move |tx| tx.prepare(&text)).err()?;
            Some(format!("{error}: {sql}"))
        })
        .collect();
    if refused.is_empty() { Ok(()) } else { Err(refused.join("\n")) }
}
