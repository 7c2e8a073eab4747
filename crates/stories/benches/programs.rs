//! The release binary's programs as children of the bench.

use crate::machine;
use anyhow::{Context, Result, bail};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a program may take to begin to serve.
const PATIENCE: Duration = Duration::from_secs(20);

/// A program that is ended with this value.
pub(crate) struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A port of the loopback that is free now.
pub(crate) fn free_port() -> Result<u16> {
    Ok(store::testing::free_address()?.port())
}

/// `127.0.0.1:port`.
pub(crate) fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

impl Program {
    /// Starts the binary with these words.
    pub(crate) fn start(binary: &Path, words: &[&str]) -> Result<Self> {
        let child = Command::new(binary)
            .args(words)
            .env_remove("CHOBA_CONFIG")
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .with_context(|| format!("{} cannot be run", binary.display()))?;
        Ok(Self(child))
    }

    /// `choba center`.
    pub(crate) fn center(binary: &Path, data: &Path, port: u16, network: u16) -> Result<Self> {
        let (listen, network) = (local(port).to_string(), local(network).to_string());
        let data = data.to_string_lossy();
        let words =
            ["center", "--test-keys", "--data", &data, "--listen", &listen, "--card-network", &network];
        Self::start(binary, &words)
    }

    /// `choba networks` with every amount decided by its card alone, when it serves.
    pub(crate) fn networks(binary: &Path, data: &Path, port: u16) -> Result<Self> {
        let (card, desk, smtp) = (local(port), local(free_port()?), local(free_port()?));
        let (card, desk, smtp) = (card.to_string(), desk.to_string(), smtp.to_string());
        let printer = format!("000000358002={}", local(free_port()?));
        let data = data.to_string_lossy();
        let words = [
            "networks",
            "--no-magic",
            "--data",
            &data,
            "--card",
            &card,
            "--listen",
            &desk,
            "--smtp",
            &smtp,
            "--code",
            "127.0.0.1:0",
            "--code-tls",
            "127.0.0.1:0",
            "--printer",
            &printer,
        ];
        let program = Self::start(binary, &words)?;
        until(|| TcpStream::connect(local(port)).is_ok())?;
        Ok(program)
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

fn until(mut done: impl FnMut() -> bool) -> Result<()> {
    let begun = Instant::now();
    while !done() {
        if begun.elapsed() > PATIENCE {
            bail!("a program did not begin to serve");
        }
        machine::rest(Duration::from_micros(200));
    }
    Ok(())
}

/// Waits for the first 200 of a path; tells how long after `begun` it was there.
pub(crate) fn first_200(port: u16, path: &str, begun: Instant) -> Result<Duration> {
    until(|| is_200(port, path))?;
    Ok(begun.elapsed())
}

fn is_200(port: u16, path: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(local(port)) else { return false };
    let ask = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\r\n");
    let mut head = [0; 12];
    stream.write_all(ask.as_bytes()).is_ok()
        && stream.read_exact(&mut head).is_ok()
        && &head == b"HTTP/1.1 200"
}
