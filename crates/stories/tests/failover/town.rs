//! The real programs: `choba networks` and `choba center` on the database of the pair.

use crate::cast::{self, Terminal};
use crate::reader::Till;
use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use std::cell::Cell;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use store::Url;
use store::testing::{Pair, free_address};

/// How long anything may take to come to pass.
const PATIENCE: Duration = Duration::from_secs(90);

/// The programs and where they write.
pub(crate) struct Town {
    choba: PathBuf,
    folder: tempfile::TempDir,
    database: String,
    cast: Vec<Terminal>,
    /// Where the center listens.
    pub(crate) center: SocketAddr,
    looked_up: Cell<usize>,
    _programs: [Program; 2],
}

/// A program that is ended with this value. Its output is held open.
struct Program(Child, #[expect(dead_code, reason = "held open")] BufReader<ChildStdout>);

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Town {
    /// Everything ready for the first payment.
    pub(crate) fn start(pair: &Pair, cast: &[Terminal]) -> Result<Self> {
        let choba = stories::program::built()?;
        let folder = tempfile::tempdir()?;
        let Url::Postgres(database) = pair.url() else { bail!("the pair is a PostgreSQL server") };
        cast::seed(&pair.url(), cast)?;
        let [center, card, desk, smtp, printer] =
            [free_address()?, free_address()?, free_address()?, free_address()?, free_address()?];
        let at = folder.path().display();
        let networks = format!(
            "networks --no-magic --data {at}/networks --card {card} --listen {desk} --smtp {smtp} \
             --code 127.0.0.1:0 --code-tls 127.0.0.1:0 --printer 000000358002={printer}"
        );
        let networks = program(&choba, &networks, &folder.path().join("networks.log"))?;
        let words = format!(
            "center --test-keys --data {at}/center --database {database} --listen {center} \
             --card-network {card} --smtp smtp://{smtp}"
        );
        let center_program = program(&choba, &words, &folder.path().join("center.log"))?;
        let (cast, looked_up) = (cast.to_vec(), Cell::new(0));
        Ok(Self { choba, folder, database, cast, center, looked_up, _programs: [networks, center_program] })
    }

    /// The terminals with their readers and cards, and how each of them signs.
    pub(crate) fn with_readers(&self) -> Result<Vec<(Till, Terminal)>> {
        self.cast.iter().map(|terminal| Ok((Till::new(terminal)?, terminal.clone()))).collect()
    }

    /// How many there are.
    pub(crate) fn tills(&self) -> usize {
        self.cast.len()
    }

    /// `choba admin WORDS --json` on the books of both programs.
    pub(crate) fn admin(&self, words: &[&str]) -> Result<Value> {
        let mut command = Command::new(&self.choba);
        command.arg("admin").args(words).arg("--json").arg("--data").arg(self.folder.path());
        let done = command.args(["--database", &self.database]).output()?;
        serde_json::from_slice(&done.stdout)
            .with_context(|| format!("choba admin {words:?}: {}", String::from_utf8_lossy(&done.stderr)))
    }

    /// Commits whose answer was lost, and which the center looked up, since this was last asked.
    pub(crate) fn looked_up(&self) -> usize {
        let all = self.said().matches("the commit was looked up").count();
        all - self.looked_up.replace(all)
    }

    /// What the center has logged.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("center.log")).unwrap_or_default()
    }
}

/// Starts a program and waits for its line `ready …`.
fn program(choba: &Path, words: &str, log: &Path) -> Result<Program> {
    let mut child = Command::new(choba)
        .args(words.split_whitespace())
        .env_remove("CHOBA_CONFIG")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(File::create(log)?)
        .spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("no output")?);
    let mut line = String::new();
    while !line.starts_with("ready ") {
        line.clear();
        if lines.read_line(&mut line)? == 0 {
            bail!("it ended before it was ready: {}", std::fs::read_to_string(log)?);
        }
    }
    Ok(Program(child, lines))
}

/// Looks again and again; the programs run on the machine's clock here.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) -> Result<()> {
    let begun = Instant::now();
    while !holds() {
        if begun.elapsed() > PATIENCE {
            bail!("it never came to this: {what}");
        }
        rest();
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "other processes are watched; there is no event to wait for")]
fn rest() {
    std::thread::sleep(Duration::from_millis(5));
}
