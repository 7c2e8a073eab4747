//! `cargo xtask order`: which functions run between exec and rest, for the linker to put them side by side
//! (`crates/choba/start-order.txt`). The kernel maps 64 KiB around every page of code that is touched, so a
//! start that touches 2 MB of functions all over the program keeps most of it in memory.

use crate::run::{self, step};
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const LIST: &str = "crates/choba/start-order.txt";
/// Tries, a second apart, until a program under valgrind answers.
const TRIES: usize = 120;
/// Seconds of rest: what a program does by itself while nobody asks belongs to it.
const REST: u64 = 8;

/// Starts center and terminal under valgrind and writes the list. To be run before a release, and when dependencies
/// or the toolchain change: a function's name in the binary has a hash of them, and what the optimiser took out of a
/// module has one of the module. A name that is gone is passed over.
pub(crate) fn order() -> Result<()> {
    if !run::works("valgrind", &["--version"]) {
        bail!("valgrind is needed: apt-get install valgrind");
    }
    run::cargo(&["build", "--release", "--package", "choba", "--bin", "choba"])?;
    let target = run::target_dir()?;
    let (binary, folder) = (target.join("release/choba"), target.join("order"));
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder)?;
    let nobody = free_address()?;
    let mut names = BTreeSet::new();
    for (program, more) in [("center", vec!["--test-keys", "--card-network", &nobody]), ("terminal", vec![])]
    {
        names.extend(step(program, || functions(&binary, &folder, program, &more))?);
    }
    let text = names.into_iter().fold(String::new(), |text, name| text + &name + "\n");
    std::fs::write(run::root().join(LIST), text).context(LIST)
}

/// The mangled names of every function that ran.
fn functions(binary: &Path, folder: &Path, program: &str, more: &[&str]) -> Result<BTreeSet<String>> {
    let (out, listen) = (folder.join(program).with_extension("out"), free_address()?);
    let mut child = Command::new("valgrind")
        .args(["--tool=callgrind", "--demangle=no", "--quiet"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(binary)
        .args([program, "--listen", &listen, "--data"])
        .arg(folder.join(program))
        .args(more)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let answered = (0..TRIES).any(|_| {
        rest(1);
        answers(&listen).unwrap_or(false)
    });
    rest(REST);
    run::shown(Command::new("kill").arg(child.id().to_string()))?;
    child.wait()?;
    if !answered {
        bail!("{program} did not answer");
    }
    let said = std::fs::read_to_string(&out).context("valgrind wrote no list")?;
    // `fn=(7) name` and, for what was called, `cfn=(7) name`; a recursion has 'N behind its name.
    let name = |line: &str| {
        let (_, name) = line.strip_prefix('c').unwrap_or(line).strip_prefix("fn=(")?.split_once(") ")?;
        let name = name.split('\'').next()?;
        name.starts_with('_').then(|| name.to_owned())
    };
    Ok(said.lines().filter_map(name).collect())
}

fn free_address() -> Result<String> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.to_string())
}

fn answers(address: &str) -> Result<bool> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "GET / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
    let mut head = [0; 12];
    stream.read_exact(&mut head)?;
    Ok(head.starts_with(b"HTTP/1.1 "))
}

#[expect(clippy::disallowed_methods, reason = "another program is given the machine's own time")]
fn rest(seconds: u64) {
    std::thread::sleep(Duration::from_secs(seconds));
}
