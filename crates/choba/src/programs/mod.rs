//! The programs, each put together from its rooms: what `choba <program>` starts, and what the demo
//! and the stories start side by side in one process.

pub mod center;
pub mod networks;
pub mod registers;
pub mod terminal;

use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Why a program did not start: one sentence for the person who started it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartFault(pub String);

impl StartFault {
    /// A fault from whatever has a sentence.
    pub fn new(sentence: impl std::fmt::Display) -> Self {
        Self(sentence.to_string())
    }
}

/// Takes an address, or says who else may have it.
pub async fn listen(what: &str, address: SocketAddr) -> Result<TcpListener, StartFault> {
    TcpListener::bind(address)
        .await
        .map_err(|why| StartFault::new(format!("The {what} cannot listen on {address}: {why}.")))
}

/// Makes sure that a folder is there and can be written.
pub fn folder(path: &std::path::Path) -> Result<(), StartFault> {
    let fault = |why: std::io::Error| {
        StartFault::new(format!("The folder {} cannot be written: {why}.", path.display()))
    };
    std::fs::create_dir_all(path).map_err(fault)?;
    let probe = path.join(".writable");
    std::fs::write(&probe, b"").map_err(fault)?;
    std::fs::remove_file(&probe).map_err(fault)
}
