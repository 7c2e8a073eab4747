//! Registers speak to the terminal: nexo Retailer as Terminal API JSON, over TLS.
//!
//! - `pairing`: passphrase and certificate; `server`: the listener; `exchange`: one message.
//! - `memory`: 48 hours of what was asked, on disk before anything begins; `once`: what must happen once.
//! - `plan`: what a payment request means here; `told`: a payment's journal as an answer; `condition`: our
//!   codes in the standard's closed list.
//! - `session`: one register a terminal, diagnosis; `totals`, `print`.
//!
//! Nothing here decides about money: it asks [`TerminalHandle`] and tells what the journal says.

mod condition;
mod exchange;
mod limits;
mod memory;
mod once;
mod pairing;
mod plan;
mod print;
mod server;
mod session;
mod status;
mod told;
mod totals;

pub use ::nexo::container::Passphrase;
pub use pairing::{NewPairing, PairFault, Paired, certificate_file, is_paired, pair, poi_id};

use crate::handle::TerminalHandle;
use crate::shared::Shared;
use clock::Clock;
use payment::PaymentId;
use server::{Loaded, Pairings};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinSet;

/// The table of the memory.
pub(crate) const MIGRATION: store::Migration = store::Migration {
    name: "terminal/nexo_0001_message",
    sql: "-- What registers asked in the last 48 hours, written before anything begins.
        CREATE TABLE nexo_message (
            tenant BIGINT NOT NULL,
            sale_id TEXT NOT NULL,
            service_id TEXT NOT NULL,
            at_us BIGINT NOT NULL,
            hash BYTEA NOT NULL,
            asked TEXT NOT NULL,
            payment BYTEA,
            aborted BIGINT NOT NULL,
            answer TEXT,
            PRIMARY KEY (tenant, sale_id, service_id)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        CREATE INDEX nexo_message_by_time ON nexo_message (tenant, at_us);",
};

/// How registers are served.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder of the pairing: the terminal's own.
    pub folder: PathBuf,
    /// Messages in clear are taken too (inside TLS). For benches and for a register on the same device.
    pub plain: bool,
}

/// The server for registers of one terminal.
pub struct Registers {
    handle: TerminalHandle,
    settings: Settings,
    pairings: Pairings,
    /// Messages that a task of this run works on.
    working: Mutex<BTreeSet<PaymentId>>,
    /// Those tasks. They outlive the connection that asked, and end with the server.
    tasks: Mutex<JoinSet<()>>,
}

impl std::fmt::Debug for Registers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registers").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Registers {
    /// Reads the pairing. Blocks.
    pub fn open(handle: TerminalHandle, settings: Settings) -> Result<Arc<Self>, PairFault> {
        let pairings = Pairings::open(&settings.folder)?;
        Ok(Arc::new(Self { handle, settings, pairings, working: Mutex::default(), tasks: Mutex::default() }))
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.handle.shared
    }

    fn clock(&self) -> &Clock {
        &self.shared().clock
    }

    fn pairing(&self) -> Arc<Loaded> {
        self.pairings.now(&self.settings.folder)
    }

    fn poi_id(&self) -> String {
        self.pairing().pairing.poi_id.clone()
    }

    /// Now, RFC 3339.
    fn now(&self) -> String {
        told::instant(self.clock().now_us())
    }

    /// Sets a task going that no closed connection stops.
    fn begin_task(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(work);
    }

    fn end_tasks(&self) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }

    fn is_worked_on(&self, id: PaymentId) -> bool {
        self.working.lock().unwrap_or_else(PoisonError::into_inner).contains(&id)
    }

    fn work_on(&self, id: PaymentId) {
        self.working.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
    }

    fn done_with(&self, id: PaymentId) {
        self.working.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}
