//! Peers beside the product in the same run, on the same file system: `--peer pgbench,cala`.
//!
//! Both work on a PostgreSQL server of their own with `fsync` and `synchronous_commit` on. `pgbench` runs the
//! center's statements of one payment interactively, in its two transactions; `cala` posts two-sided
//! transactions with the library `cala-ledger` (`bench/peers/cala`, built on demand from crates.io).

use crate::cast::{self, Terminal};
use crate::options::Options;
use crate::record::Recorded;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use store::Url;
use store::testing::RecordedUnit;

/// Clients of pgbench, each measured; the better of them counts.
const CLIENTS: [usize; 2] = [8, 32];
/// Tasks and accounts of the cala peer.
const CALA: [usize; 2] = [32, 64];

/// What was asked for, ready to run.
pub(crate) struct Peers {
    server: Option<Server>,
    script: Option<PathBuf>,
    cala: Option<PathBuf>,
    secs: usize,
    runs: usize,
}

/// What the peers reached in one round, for each the best.
#[derive(Clone, Copy, Default)]
pub(crate) struct Reached {
    pub(crate) pgbench: Option<u64>,
    pub(crate) cala: Option<u64>,
}

impl Peers {
    /// Starts what `--peer` names.
    pub(crate) fn start(options: &Options, cast: &[Terminal], recorded: &Recorded) -> Result<Self> {
        let names = options.words("peer");
        if let Some(odd) = names.iter().find(|name| !["pgbench", "cala"].contains(&name.as_str())) {
            bail!("there is no peer {odd}: pgbench, cala");
        }
        let wants = |name: &str| names.iter().any(|known| known == name);
        let mut peers =
            Self { server: None, script: None, cala: None, secs: options.number("peer-secs", 6)?, runs: 0 };
        if names.is_empty() {
            return Ok(peers);
        }
        if wants("cala") {
            peers.cala = Some(built_cala(options)?);
        }
        let server = Server::start(options)?;
        if wants("pgbench") {
            server.psql("postgres", "CREATE DATABASE pay")?;
            cast::seed(&Url::Postgres(server.url("pay")), cast)?;
            let script = server.folder.path().join("payment.pgbench");
            let (text, key_id) = script_of(recorded, cast)?;
            std::fs::write(&script, text)?;
            server.psql("pay", &format!("UPDATE terminal SET confirmed_key_id = {key_id}; ANALYZE"))?;
            peers.script = Some(script);
        }
        peers.server = Some(server);
        Ok(peers)
    }

    /// One round of each.
    pub(crate) fn round(&mut self) -> Result<Reached> {
        let Some(server) = &self.server else { return Ok(Reached::default()) };
        self.runs += 1;
        let mut reached = Reached::default();
        if let Some(script) = &self.script {
            let mut all = Vec::new();
            for clients in CLIENTS {
                all.push((clients, server.pgbench(script, clients, self.secs, self.runs)?));
            }
            println!(
                "{}",
                json!({ "peer": "pgbench", "round": self.runs, "payments_per_s_by_clients": all })
            );
            reached.pgbench = all.iter().map(|(_, rate)| *rate).max();
        }
        if let Some(cala) = &self.cala {
            let name = format!("cala_{}", self.runs);
            server.psql("postgres", &format!("CREATE DATABASE {name}"))?;
            let [tasks, accounts] = CALA;
            let out = Command::new(cala)
                .arg(server.url(&name))
                .args([tasks, self.secs, accounts].map(|number| number.to_string()))
                .output()?;
            let said: Value = serde_json::from_slice(&out.stdout)
                .with_context(|| format!("cala: {}", String::from_utf8_lossy(&out.stderr)))?;
            println!("{}", json!({ "peer": "cala", "round": self.runs, "said": said }));
            reached.cala = said.get("per_s").and_then(Value::as_u64);
        }
        Ok(reached)
    }
}

/// The peer program, built with its own lock file.
fn built_cala(options: &Options) -> Result<PathBuf> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench/peers/cala/Cargo.toml");
    let target = options.binary()?.parent().unwrap_or(Path::new(".")).join("../peers");
    let status = Command::new("cargo")
        .args(["build", "--release", "--locked", "--manifest-path"])
        .arg(&manifest)
        .arg("--target-dir")
        .arg(&target)
        .status()?;
    if !status.success() {
        bail!("the cala peer was not built");
    }
    Ok(target.join("release/cala-peer"))
}

/// A payment's statements as a pgbench script, and the key id that every terminal needs for it.
///
/// What names the payment, its terminal, shop, sequence and counter becomes variables; the rest stays as it
/// was recorded. Reads and writes, in the two transactions of the product.
fn script_of(recorded: &Recorded, cast: &[Terminal]) -> Result<(String, String)> {
    let starts = |unit: &RecordedUnit, start: &str| unit.statements.iter().any(|s| s.sql.starts_with(start));
    let units = &recorded.units;
    let half = units.len() / 2;
    let first = units.iter().skip(half).find(|unit| starts(unit, "INSERT INTO payment ("));
    let first = first.context("no payment was recorded")?;
    let insert = first.statements.iter().find(|s| s.sql.starts_with("INSERT INTO payment ("));
    let params = insert.context("no insert")?.params();
    let (Some(store::Value::Bytes(id)), Some(store::Value::I64(seq))) = (params.get(1), params.get(2)) else {
        bail!("a payment begins with tenant, id and seq");
    };
    let names = |unit: &&RecordedUnit| {
        let is_id = |value: &store::Value<'_>| *value == store::Value::Bytes(id);
        starts(unit, "UPDATE payment") && unit.statements.iter().any(|s| s.params().iter().any(is_id))
    };
    let second = units.iter().skip(half).find(names).context("no outcome was recorded")?;
    let text = |number: usize| match params.get(number) {
        Some(store::Value::Text(text)) => (*text).to_owned(),
        _ => String::new(),
    };
    let (shop, terminal) = (text(4), text(5));
    if !cast.iter().any(|known| known.id == terminal) {
        bail!("the recorded terminal {terminal} is not of the cast");
    }
    let mut script = String::from("\\set n :n + 1\n");
    let mut key_id = None;
    for unit in [first, second] {
        script.push_str("BEGIN;\n");
        for statement in &unit.statements {
            let params = statement.params();
            let counter = statement.sql.starts_with("UPDATE terminal").then_some(params.len() - 1);
            if counter.is_some() {
                key_id = params.get(2).map(literal);
            }
            let values: Vec<String> = params
                .iter()
                .enumerate()
                .map(|(at, value)| match value {
                    _ if counter == Some(at) => ":n".to_owned(),
                    store::Value::Bytes(bytes) if bytes == id => {
                        "decode(lpad(to_hex(:client_id * 1099511627776 + :n), 32, '0'), 'hex')".to_owned()
                    }
                    store::Value::I64(number) if number == seq => {
                        "(:client_id * 1099511627776 + :n)".to_owned()
                    }
                    store::Value::Text(text) if *text == terminal => {
                        "lpad((358000 + :client_id * 8)::text, 12, '0')".to_owned()
                    }
                    store::Value::Text(text) if *text == shop => {
                        "('90' || lpad((:client_id)::text, 5, '0'))".to_owned()
                    }
                    other => literal(other),
                })
                .collect();
            let _ = writeln!(script, "{};", filled(&statement.sql, &values));
        }
        script.push_str("COMMIT;\n");
    }
    Ok((script, key_id.context("no counter was recorded")?))
}

/// The statement on one line with its values in place of `$n`.
fn filled(sql: &str, values: &[String]) -> String {
    let mut out = String::new();
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once('$') {
        let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, tail) = after.split_at(digits);
        let value = number.parse::<usize>().ok().and_then(|number| values.get(number.checked_sub(1)?));
        out.push_str(before);
        out.push_str(value.map_or("NULL", String::as_str));
        rest = tail;
    }
    out.push_str(rest);
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn literal(value: &store::Value<'_>) -> String {
    match value {
        store::Value::I64(number) => format!("{number}::bigint"),
        // pgbench takes what follows a colon for a variable, in a text too.
        store::Value::Text(text) => {
            format!("('{}')", text.replace('\'', "''").replace(':', "' || chr(58) || '"))
        }
        store::Value::Bytes(bytes) => format!("decode('{}', 'hex')", hex::encode(bytes)),
        store::Value::Null => "NULL".to_owned(),
    }
}

/// A PostgreSQL server of the bench: a shell starts it and stops it when its input ends.
struct Server {
    folder: tempfile::TempDir,
    socket: tempfile::TempDir,
    programs: PathBuf,
    shell: Child,
}

const SHELL: &str = r#"
trap '' INT TERM HUP
folder=$1 programs=$2 socket=$3
shift 3
run() { (cd "$folder" && exec "$@") >>"$folder/start.log" 2>&1 </dev/null; }
if run "$@" "$programs/initdb" -D "$folder/data" -U choba --auth=trust --encoding=UTF8 --locale=C &&
    run "$@" "$programs/pg_ctl" -D "$folder/data" -l "$folder/server.log" -w start -o "\
        -c listen_addresses='' -c unix_socket_directories='$socket' -c fsync=on -c synchronous_commit=on \
        -c max_connections=100 -c shared_buffers=512MB -c max_wal_size=4GB"
then echo ready; else tail -n 5 "$folder/start.log" | tr '\n' ' '; echo; fi
exec 1>&-
read -r end
run "$@" "$programs/pg_ctl" -D "$folder/data" -m immediate -w stop
"#;

impl Server {
    fn start(options: &Options) -> Result<Self> {
        let programs = programs().context("PostgreSQL is not installed: the package `postgresql`")?;
        let binary = options.binary()?;
        let folder = tempfile::Builder::new()
            .prefix("bench-pg-")
            .tempdir_in(binary.parent().unwrap_or(Path::new(".")))?;
        // The path of a socket may have 107 bytes at most.
        let socket = tempfile::Builder::new().prefix("choba-pg-").tempdir_in("/tmp")?;
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(SHELL).arg("sh").arg(folder.path()).arg(&programs).arg(socket.path());
        // PostgreSQL refuses to run as root.
        let is_root = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self")?) == 0;
        if is_root {
            for owned in [folder.path(), socket.path()] {
                std::os::unix::fs::chown(owned, Some(65_534), Some(65_534))?;
            }
            shell.args(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
        } else {
            shell.arg("env");
        }
        let mut shell = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        if let Some(said) = shell.stdout.take() {
            BufReader::new(said).read_line(&mut line)?;
        }
        if line.trim() != "ready" {
            bail!("PostgreSQL for the peers did not start: {}", line.trim());
        }
        Ok(Self { folder, socket, programs, shell })
    }

    fn url(&self, database: &str) -> String {
        format!(
            "postgres://choba@{}/{database}",
            self.socket.path().display().to_string().replace('/', "%2F")
        )
    }

    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.args(["-U", "choba", "-h"]).arg(self.socket.path());
        command
    }

    fn psql(&self, database: &str, sql: &str) -> Result<()> {
        let out = self.client("psql").args(["-q", "-v", "ON_ERROR_STOP=1", "-c", sql, database]).output()?;
        if !out.status.success() {
            bail!("{sql}: {}", String::from_utf8_lossy(&out.stderr));
        }
        Ok(())
    }

    /// Payments a second. `run` keeps the ids of runs apart.
    fn pgbench(&self, script: &Path, clients: usize, secs: usize, run: usize) -> Result<u64> {
        let (clients_text, secs) = (clients.to_string(), secs.to_string());
        let start = format!("n={}", (run * 100 + clients) * 1_000_000);
        let out = self
            .client("pgbench")
            .args(["-n", "-M", "prepared", "-j", "2", "-c", &clients_text, "-T", &secs, "-D", &start, "-f"])
            .arg(script)
            .arg("pay")
            .output()?;
        let said = String::from_utf8_lossy(&out.stdout).into_owned();
        let rate = said
            .lines()
            .find_map(|line| line.strip_prefix("tps = "))
            .and_then(|rest| rest.split(['.', ' ']).next().and_then(|whole| whole.parse::<u64>().ok()));
        match (rate, out.status.success()) {
            (Some(rate), true) => Ok(rate),
            _ => bail!("pgbench: {said} {}", String::from_utf8_lossy(&out.stderr)),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        drop(self.shell.wait());
    }
}

fn programs() -> Option<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .filter(|bin| bin.join("pgbench").exists())
        .collect();
    all.sort();
    all.pop()
}
