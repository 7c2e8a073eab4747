//! A throwaway PostgreSQL cluster of the test process, run as an ordinary user.
//!
//! A small shell starts the server and then waits on its standard input. The other end of that pipe is
//! held by the test process and by nobody else, so however the process ends, the shell reads the end of
//! the file, stops the server and removes the folder.

use super::fail;
use ::postgres::{Client, Config, NoTls};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// A database of a test; dropped with it.
pub struct Database {
    pub(super) url: String,
    name: String,
}

struct Cluster {
    /// The URL up to the name of the database, and what follows the name.
    before: String,
    after: String,
    /// Of a cluster of our own: keeps the pipe open until the process ends.
    shell: Option<Child>,
}

static CLUSTER: LazyLock<Cluster> = LazyLock::new(Cluster::find);
static COUNT: AtomicU32 = AtomicU32::new(0);

/// Makes the folder, the cluster and the server in it, says `ready`, and stops all at the end of the input.
/// `$1` folder, `$2` folder of the programs, the rest the command that gives up the rights of root.
const SHELL: &str = r#"
trap '' INT TERM HUP
folder=$1 programs=$2
shift 2
run() { (cd "$folder" && exec "$@") >>"$folder/start.log" 2>&1 </dev/null; }
if run "$@" "$programs/initdb" -D "$folder/data" -U choba --auth=trust --no-sync --encoding=UTF8 --locale=C &&
    run "$@" "$programs/pg_ctl" -D "$folder/data" -l "$folder/server.log" -w start -o "\
        -c listen_addresses='' -c unix_socket_directories='$folder' -c fsync=off -c full_page_writes=off \
        -c max_connections=400 -c shared_buffers=32MB -c max_wal_size=256MB"
then echo ready; else tail -n 5 "$folder/start.log" | tr '\n' ' '; echo; fi
exec 1>&-
read -r end
run "$@" "$programs/pg_ctl" -D "$folder/data" -m immediate -w stop
rm -rf "$folder"
"#;

/// A server of one test, which may be stopped as a crash stops it and started again.
pub struct Server {
    folder: PathBuf,
    programs: PathBuf,
}

impl Server {
    /// A fresh one, running.
    pub fn start() -> Self {
        let server = Self { folder: socket_folder(), programs: found_programs() };
        server.run("initdb", &["-D", "data", "-U", "choba", "--auth=trust", "--no-sync", "--encoding=UTF8"]);
        server.start_again();
        server
    }

    /// Ends every process of it at once, as a crash does.
    pub fn crash(&self) {
        self.run("pg_ctl", &["-D", "data", "-m", "immediate", "-w", "stop"]);
    }

    /// Starts it on what the crash left; returns when it serves.
    pub fn start_again(&self) {
        let options = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}' -c fsync=off -c shared_buffers=32MB",
            self.folder.display()
        );
        self.run("pg_ctl", &["-D", "data", "-l", "server.log", "-w", "start", "-o", &options]);
    }

    /// Its database.
    pub fn url(&self) -> crate::Url {
        let socket = self.folder.display().to_string().replace('/', "%2F");
        crate::Url::Postgres(format!("postgres://choba@{socket}/postgres"))
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        if !run(&self.programs, &self.folder, program, arguments) {
            fail(&format!("{program} of the test's own PostgreSQL failed: {}", said(&self.folder)));
        }
    }
}

/// Runs one of PostgreSQL's programs in a folder; whether it succeeded. What it says goes to `run.log` there.
pub(super) fn run(programs: &Path, folder: &Path, program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(programs.join(program));
    if is_root() {
        command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(programs.join(program));
    }
    let log = || File::options().create(true).append(true).open(folder.join("run.log"));
    let (Ok(out), Ok(err)) = (log(), log()) else { return false };
    let told = command.args(arguments).current_dir(folder).stdin(Stdio::null()).stdout(out).stderr(err);
    told.status().is_ok_and(|status| status.success())
}

/// The end of what PostgreSQL's programs said in a folder.
pub(super) fn said(folder: &Path) -> String {
    let text = std::fs::read_to_string(folder.join("run.log")).unwrap_or_default();
    let last: Vec<&str> = text.lines().rev().take(5).collect();
    last.into_iter().rev().collect::<Vec<_>>().join(" ")
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be down already.
        let _ = run(&self.programs, &self.folder, "pg_ctl", &["-D", "data", "-m", "immediate", "-w", "stop"]);
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

pub(super) fn found_programs() -> PathBuf {
    programs().unwrap_or_else(|| {
        fail(
            "PostgreSQL is needed for the tests and initdb was not found: install the apt package \
             `postgresql`, or set TEST_POSTGRES_URL to a server where databases may be created",
        )
    })
}

/// A folder that the server's user owns. Not TMPDIR: the path of a socket may have 107 bytes at most.
pub(super) fn socket_folder() -> PathBuf {
    let folder = tempfile::Builder::new()
        .prefix("choba-pg-")
        .tempdir_in("/tmp")
        .unwrap_or_else(|e| fail(&format!("no temporary folder for PostgreSQL: {e}")))
        .keep();
    if is_root() {
        let owned = std::os::unix::fs::chown(&folder, Some(65_534), Some(65_534));
        owned.unwrap_or_else(|e| fail(&format!("the folder of PostgreSQL cannot be given away: {e}")));
    }
    folder
}

impl Cluster {
    fn find() -> Self {
        match std::env::var("TEST_POSTGRES_URL") {
            Ok(url) => Self::given(&url),
            Err(_) => Self::start(),
        }
    }

    /// `postgres://user@host/name?options`: the name is replaced by that of each test's database.
    fn given(url: &str) -> Self {
        let (place, query) = url.split_once('?').map_or((url, None), |(place, query)| (place, Some(query)));
        let (scheme, rest) = place.split_once("://").unwrap_or(("postgres", place));
        let host = rest.split_once('/').map_or(rest, |(host, _)| host);
        Self {
            before: format!("{scheme}://{host}/"),
            after: query.map_or_else(String::new, |query| format!("?{query}")),
            shell: None,
        }
    }

    fn start() -> Self {
        let (programs, folder) = (found_programs(), socket_folder());
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(SHELL).arg("sh").arg(&folder).arg(&programs);
        if is_root() {
            shell.args(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
        } else {
            shell.arg("env");
        }
        let mut shell = shell
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| fail(&format!("sh cannot be started: {e}")));
        let mut line = String::new();
        if let Some(said) = shell.stdout.take() {
            drop(BufReader::new(said).read_line(&mut line));
        }
        if line.trim() != "ready" {
            fail(&format!("PostgreSQL for the tests did not start: {}", line.trim()));
        }
        let socket = folder.display().to_string().replace('/', "%2F");
        Self { before: format!("postgres://choba@{socket}/"), after: String::new(), shell: Some(shell) }
    }

    fn url(&self, name: &str) -> String {
        format!("{}{name}{}", self.before, self.after)
    }
}

/// A fresh, empty database.
pub(super) fn database() -> Database {
    let cluster = &*CLUSTER;
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("choba_test_{}_{number}", std::process::id());
    administer(&[format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")])
        .unwrap_or_else(|e| fail(&format!("a database for the test could not be made: {e:?}")));
    Database { url: cluster.url(&name), name }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A cluster that was started for this process goes away whole; a given one must be left clean.
        if CLUSTER.shell.is_none() {
            drop(administer(&[format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)]));
        }
    }
}

/// Runs statements in the server's own database, on a thread of its own since a test may run on a runtime.
fn administer(statements: &[String]) -> Result<(), ::postgres::Error> {
    let work = || {
        let config: Config = CLUSTER.url("postgres").parse()?;
        let mut client: Client = config.connect(NoTls)?;
        statements.iter().try_for_each(|sql| client.batch_execute(sql))
    };
    std::thread::scope(|scope| {
        scope.spawn(work).join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// What is run of PostgreSQL.
const NEEDED: [&str; 3] = ["initdb", "pg_ctl", "pg_basebackup"];

/// Their folder: on the path, or where Debian keeps it, the newest version first.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut debian: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    debian.sort();
    std::env::split_paths(&path)
        .chain(debian.into_iter().rev().map(|(_, folder)| folder))
        .find(|folder| NEEDED.iter().all(|program| folder.join(program).is_file()))
}

/// PostgreSQL refuses to run as root.
fn is_root() -> bool {
    Path::new("/proc/self").metadata().is_ok_and(|process| process.uid() == 0)
}
