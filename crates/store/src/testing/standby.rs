//! Two servers of one test on ports of their own: a primary and its synchronous standby.

use super::cluster::{found_programs, run, said, socket_folder};
use super::{fail, free_address};
use ::postgres::{Client, NoTls};
use std::fs::read_to_string;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node {
    /// The primary at first.
    A,
    /// Its standby at first.
    B,
}

impl Node {
    /// The other one.
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    const fn folder(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }
}

/// The two servers. Whoever uses them must not be on a thread of a runtime.
pub struct Pair {
    folder: PathBuf,
    programs: PathBuf,
    ports: [u16; 2],
    /// Ends the servers and removes the folder when the pipe to it closes, however this process ends.
    keeper: Child,
}

/// `$1` is the folder. Servers whose first process is killed end by themselves.
const KEEPER: &str = r#"
trap '' INT TERM HUP
read -r end
for one in a b; do kill -9 "$(head -n 1 "$1/$one/postmaster.pid")"; done 2>/dev/null
rm -rf "$1"
"#;

impl Pair {
    /// [`Node::A`] as the primary, [`Node::B`] in step behind it.
    pub fn start() -> Self {
        let folder = socket_folder();
        let mut keeper = Command::new("sh");
        keeper.arg("-c").arg(KEEPER).arg("sh").arg(&folder).stdin(Stdio::piped());
        let keeper = keeper.spawn().unwrap_or_else(|e| fail(&format!("sh cannot be started: {e}")));
        let pair = Self { folder, programs: found_programs(), ports: [free(), free()], keeper };
        pair.must("initdb", &["-D", "a", "-U", "choba", "--auth=trust", "--no-sync", "--encoding=UTF8"]);
        pair.serve(Node::A, "");
        pair.follow(Node::B);
        pair
    }

    /// The database on whichever server accepts writes.
    pub fn url(&self) -> crate::Url {
        let [a, b] = self.ports;
        crate::Url::Postgres(format!("postgres://choba@127.0.0.1:{a},127.0.0.1:{b}/postgres"))
    }

    /// Ends every process of a server at once, as the loss of the machine does: `kill -9`.
    pub fn kill(&self, node: Node) {
        let first =
            read_to_string(self.folder.join(node.folder()).join("postmaster.pid")).unwrap_or_default();
        let Some(pid) = first.lines().next() else { return };
        let send = |signal: &str, pids: &[String]| {
            drop(Command::new("kill").arg(signal).args(pids).stderr(Stdio::null()).status());
        };
        // Stopped first, so that it starts nobody and nobody hears of its end and says goodbye.
        send("-STOP", &[pid.to_owned()]);
        send("-KILL", &children(pid));
        send("-KILL", &[pid.to_owned()]);
        // Its number may go to somebody else, or wait for somebody who never asks how it ended.
        drop(std::fs::remove_file(self.folder.join(node.folder()).join("postmaster.pid")));
    }

    /// Makes the standby the primary; returns when it accepts writes. It does not wait for a standby.
    pub fn promote(&self, node: Node) {
        self.must("pg_ctl", &["-D", node.folder(), "-w", "promote"]);
    }

    /// Starts an old primary on what was left, as somebody who knows of no other server does: it accepts
    /// writes and waits for no standby.
    pub fn come_back(&self, node: Node) {
        self.serve(node, "-c synchronous_standby_names=''");
    }

    /// Makes a server anew as the standby of the other, and returns when commits wait for it.
    pub fn follow(&self, node: Node) {
        drop(std::fs::remove_dir_all(self.folder.join(node.folder())));
        let from = format!("host=127.0.0.1 port={} user=choba", self.port(node.other()));
        self.must("pg_basebackup", &["-d", &from, "-D", node.folder(), "-R", "-X", "stream", "-c", "fast"]);
        self.serve(node, "");
        let mut primary = self.client(node.other());
        let told = primary.batch_execute("ALTER SYSTEM SET synchronous_standby_names = '*'");
        let told = told.and_then(|()| primary.batch_execute("SELECT pg_reload_conf()"));
        told.unwrap_or_else(|e| fail(&format!("the primary cannot be told of its standby: {e}")));
        let in_step =
            "SELECT COUNT(*), pg_sleep(0.02)::text FROM pg_stat_replication WHERE sync_state = 'sync'";
        for _ in 0..1_500 {
            if primary.query_one(in_step, &[]).is_ok_and(|row| row.get::<_, i64>(0) > 0) {
                return;
            }
        }
        fail("the standby did not come into step");
    }

    /// The database on one of them.
    pub fn url_of(&self, node: Node) -> crate::Url {
        crate::Url::Postgres(format!("postgres://choba@127.0.0.1:{}/postgres", self.port(node)))
    }

    /// A connection past the product.
    pub fn client(&self, node: Node) -> Client {
        let at = format!("postgres://choba@127.0.0.1:{}/postgres", self.port(node));
        Client::connect(&at, NoTls).unwrap_or_else(|e| fail(&format!("{node:?} is not there: {e}")))
    }

    const fn port(&self, node: Node) -> u16 {
        let [a, b] = self.ports;
        match node {
            Node::A => a,
            Node::B => b,
        }
    }

    fn serve(&self, node: Node, more: &str) {
        let options = format!(
            "-c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories='' -c shared_buffers=32MB \
             -c max_connections=100 -c wal_keep_size=256MB {more}",
            self.port(node)
        );
        let log = format!("{}.log", node.folder());
        self.must("pg_ctl", &["-D", node.folder(), "-l", &log, "-w", "start", "-o", &options]);
    }

    fn must(&self, program: &str, arguments: &[&str]) {
        if !run(&self.programs, &self.folder, program, arguments) {
            fail(&format!("{program} {arguments:?} failed: {}", said(&self.folder)));
        }
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        drop(self.keeper.wait());
    }
}

fn free() -> u16 {
    free_address().unwrap_or_else(|e| fail(&e.to_string())).port()
}

/// The processes that a process has started and that still run.
fn children(parent: &str) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let is_child = |folder: &Path| {
        // pid (name) state ppid …; the name may hold anything, also parentheses.
        let stat = read_to_string(folder.join("stat")).unwrap_or_default();
        let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
        after.split_whitespace().nth(1) == Some(parent)
    };
    let found = entries.filter(|entry| is_child(&entry.path()));
    found.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}
