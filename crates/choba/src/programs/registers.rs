//! Registers of a terminal: pairing and the server for them.

use super::StartFault;
use clock::Clock;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terminal::Terminal;
use terminal::nexo::{self, NewPairing, Paired, Passphrase, Registers};

/// How a register is to be paired.
#[derive(Debug)]
pub struct Pairing {
    /// The terminal's id, twelve digits.
    pub terminal: String,
    /// Common name of the certificate; the one that the stock client wants when not given.
    pub common_name: Option<String>,
    /// Name of the key; `choba` when not given.
    pub key: Option<String>,
    /// A passphrase known beforehand (demo); a random one is made when not given.
    pub passphrase: Option<Passphrase>,
}

/// Pairs a register with the terminal of this folder.
pub async fn pair(folder: PathBuf, told: Pairing, clock: &Clock) -> Result<Paired, StartFault> {
    let new = NewPairing {
        terminal_id: told.terminal,
        common_name: told.common_name,
        key_identifier: told.key,
        passphrase: told.passphrase,
        year: i32::from(clock.today().year()),
    };
    let chance: terminal::Chance = Arc::new(super::terminal::chance);
    // Thousands of hashes: not on a thread that serves.
    let paired = tokio::task::spawn_blocking(move || nexo::pair(&folder, &new, &chance)).await;
    paired.map_err(StartFault::new)?.map_err(StartFault::new)
}

/// The server for registers of a running terminal. Serve it on a listener.
pub fn open(terminal: &Terminal, folder: &Path, plain: bool) -> Result<Arc<Registers>, StartFault> {
    let settings = nexo::Settings { folder: folder.to_owned(), plain };
    Registers::open(terminal.handle(), settings).map_err(StartFault::new)
}
