//! Terminals and the readers bound to them: activation, keys, signed requests, counters, configuration.
//!
//! A terminal is activated once with its id and a password of four digits (W-030); it shows the shop
//! (W-031) and confirms with the key that it made itself. From then on every request is signed by
//! that key (RFC 9421) under a counter that only grows. Memory refuses what was seen before; a unit of
//! work that writes for a terminal calls [`advance_counter`] first, so that two centers agree.
//!
//! What another slice needs:
//! - [`Fleet::authenticator`] and [`routes`] at assembly;
//! - [`advance_counter`] at the start of every signed write;
//! - [`terminal`], [`terminals`] and [`reader_is_bound`] in units that read.

mod activation;
mod administration;
mod configuration;
mod guard;
mod journal;
mod limits;
mod password;
mod rows;
mod signed;
mod throttle;

pub use administration::CastTerminal;
pub use journal::{
    BlockedTerminal, Judged, Point, blocked_terminals, follow_journal, journal, judge, let_in,
};
pub use password::TerminalPassword;
pub use rows::{Standing, Terminal, reader_is_bound, terminal, terminals};
pub use signed::{JOURNAL_PATH, advance_counter};

use center_base::{Access, Authenticator, Base, Cache, Doc, Refusal, Routes, Table, TerminalId};
use configuration::Kept;
use guard::Guards;
use http::Method;
use password::Hashing;
use signed::Known;
use std::sync::Arc;
use store::Migration;
use tenancy::Tenancy;
use throttle::Throttle;

/// The tables of this crate.
pub const MIGRATIONS: &[Migration] = &[rows::TERMINAL, rows::READER, journal::MIGRATION];

/// Every statement of this crate.
pub const STATEMENTS: &[&str] = &[
    rows::LOAD,
    rows::LIST,
    rows::BOUND,
    rows::READER_HOLDER,
    rows::READER_FREE,
    rows::READER_BIND,
    activation::TRY,
    activation::SECRETS,
    activation::PREPARE,
    activation::CONFIRM,
    administration::INSERT,
    administration::UPDATE,
    administration::REISSUE,
    administration::REVOKE,
    journal::LOAD,
    journal::SAVE,
    journal::FORGET,
    journal::BLOCKED,
    journal::LET_IN,
    signed::KEYS,
    signed::ADVANCE,
];

/// The slice. Clones share what is in memory.
#[derive(Clone)]
pub struct Fleet {
    base: Base,
    tenancy: Tenancy,
    memory: Arc<Memory>,
}

/// What this process keeps in memory of all terminals.
struct Memory {
    keys: Cache<TerminalId, Arc<Known>>,
    configurations: Cache<TerminalId, Arc<Kept>>,
    guards: Guards,
    hashing: Hashing,
    of_terminal: Throttle,
    of_all: Throttle,
    stale: Throttle,
}

impl Fleet {
    /// Nothing in memory yet.
    pub fn new(base: &Base, tenancy: &Tenancy) -> Self {
        let memory = Memory {
            keys: Cache::default(),
            configurations: Cache::default(),
            guards: Guards::default(),
            hashing: Hashing::default(),
            of_terminal: Throttle::new(limits::TERMINAL_BURST, limits::TERMINAL_EVERY_US),
            of_all: Throttle::new(limits::ALL_BURST, limits::ALL_EVERY_US),
            stale: Throttle::new(limits::STALE_BURST, limits::STALE_EVERY_US),
        };
        Self { base: base.clone(), tenancy: tenancy.clone(), memory: Arc::new(memory) }
    }

    /// Knows terminals by their signatures.
    pub fn authenticator(&self) -> Arc<dyn Authenticator> {
        Arc::new(self.clone())
    }
}

/// Twelve digits (W-022, W-025).
fn terminal_id(text: &str) -> Option<TerminalId> {
    let fits = text.len() == limits::ID_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| TerminalId::from(text))
}

/// A reader's serial number as printed on it; empty for a terminal without a reader.
fn checked_serial(text: &str) -> Result<(), Refusal> {
    let fits = text.len() <= limits::SERIAL_CHARS
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if fits { Ok(()) } else { Err(Refusal::bad("reader_serial is not a serial number")) }
}

/// The operations of terminals about themselves.
pub fn routes(fleet: Fleet) -> Table {
    use center_api::{Activation, ActivationRequest, TerminalConfig};
    let doc = |id, summary| Doc::new(id, "terminals", summary);
    let activate = doc("activate", "Activate a terminal with its id and password")
        .description(
            "Unsigned. The answer shows the shop; the key counts once the device has confirmed it. After \
             five wrong passwords only an administrator opens activation again.",
        )
        .body::<ActivationRequest>()
        .answer::<Activation>(200, "The shop that the terminal belongs to")
        .problem(423, "Too many wrong passwords")
        .problem(429, "Too many tries in a short time");
    let confirm = doc("confirmActivation", "Confirm the shop, signed with the new key")
        .answer::<Activation>(200, "The terminal is active");
    let config = doc("terminalConfiguration", "Shop, contracts and policy of the asking terminal")
        .answer::<TerminalConfig>(200, "With an ETag")
        .empty(304, "Nothing has changed since the ETag in If-None-Match");
    let echo = doc("echo", "Online test")
        .answer::<center_api::Echo>(200, "The signature holds and the center answers");
    Routes::new(fleet)
        .api(Method::POST, "/api/v1/activations", Access::PUBLIC, activate, activation::activate)
        .api(Method::POST, signed::CONFIRM_PATH, Access::TERMINAL, confirm, activation::confirm)
        .api(Method::GET, "/api/v1/terminal", Access::TERMINAL, config, configuration::show)
        .api(Method::POST, "/api/v1/echo", Access::TERMINAL, echo, configuration::echo)
        .table()
}
