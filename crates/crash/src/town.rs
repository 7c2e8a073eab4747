//! The three programs as processes in one folder: started, struck, started again, ended.

use crate::fault::Control;
use crate::http;
use crate::tools::Tools;
use anyhow::{Context as _, Result, bail};
use choba::cast::{Cast, DEMO};
use choba::programs::center as center_program;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use store::testing::free_address;

/// The terminal of the cast that stands on the counter.
pub const TERMINAL: &str = "000000358002";
/// The serial number of its reader.
const READER: &str = "MP200L-0085";
/// How long a program may take to say `ready`, and two programs to find each other.
const READY: Duration = Duration::from_mins(1);

/// A day, in seconds.
const DAY_S: u64 = 86_400;

/// A process of the town.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, clap::ValueEnum)]
pub enum Party {
    /// The card network with its book, and the desk.
    Networks,
    /// The center.
    Center,
    /// The terminal.
    Terminal,
}

impl Party {
    /// All, in the order in which they are started.
    pub const ALL: [Self; 3] = [Self::Networks, Self::Center, Self::Terminal];

    /// Its word on the command line and in file names.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Networks => "networks",
            Self::Center => "center",
            Self::Terminal => "terminal",
        }
    }
}

/// Where everything listens. A struck program listens there again when it is started again.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    /// Desk page and API.
    pub desk: SocketAddr,
    /// ISO 8583.
    pub card: SocketAddr,
    /// The code brands.
    pub code: SocketAddr,
    /// Mails.
    pub smtp: SocketAddr,
    /// The printer.
    pub printer: SocketAddr,
    /// Center.
    pub center: SocketAddr,
    /// Terminal.
    pub terminal: SocketAddr,
    /// The terminal's server for registers.
    pub nexo: SocketAddr,
}

impl Ports {
    fn free() -> Result<Self> {
        Ok(Self {
            desk: free_address()?,
            card: free_address()?,
            code: free_address()?,
            smtp: free_address()?,
            printer: free_address()?,
            center: free_address()?,
            terminal: free_address()?,
            nexo: free_address()?,
        })
    }
}

/// A folder of books before the first payment: the cast is loaded, the terminal activated.
pub struct Template {
    folder: tempfile::TempDir,
}

impl Template {
    /// Makes it with the real programs.
    pub fn prepare(tools: &Tools) -> Result<Self> {
        let folder = scratch()?;
        load_cast(&folder.path().join("center"))?;
        let template = Self { folder };
        let ports = Ports::free()?;
        let town = Town::in_folder(template.folder.path().to_owned(), ports, tools, &[])?;
        town.until_activated()?;
        let paired = town.terminal_folder();
        town.end_gently()?;
        pair(tools, &paired)?;
        Ok(template)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// An empty folder for one run.
    pub fn beside(&self) -> Result<tempfile::TempDir> {
        scratch()
    }

    /// A copy for one run.
    pub fn copy(&self) -> Result<tempfile::TempDir> {
        let to = scratch()?;
        copy_folder(self.folder.path(), to.path())?;
        Ok(to)
    }
}

/// Pairs a register with the terminal of this folder.
fn pair(tools: &Tools, folder: &Path) -> Result<()> {
    let mut command = Command::new(&tools.choba);
    command.args(["terminal", "pair", "--terminal", TERMINAL, "--folder"]).arg(folder);
    let done = command.stdout(Stdio::null()).status().context("no register can be paired")?;
    if done.success() { Ok(()) } else { bail!("no register can be paired") }
}

/// In memory where the system has it: what `kill -9` leaves is the same, and the disk is not worn.
fn scratch() -> Result<tempfile::TempDir> {
    let memory = Path::new("/dev/shm");
    let builder = || tempfile::Builder::new();
    let made = if memory.is_dir() {
        builder().prefix("choba-crash-").tempdir_in(memory)
    } else {
        builder().prefix("choba-crash-").tempdir()
    };
    made.context("no temporary folder")
}

/// Copies a folder of books.
pub fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

/// Companies, shops, terminals and the short timers, as `choba demo --timers test` has them.
pub fn load_cast(folder: &Path) -> Result<()> {
    load_cast_into(&center_program::Settings::unserved(folder))
}

/// The same for a database of any engine.
pub fn load_cast_into(settings: &center_program::Settings) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let cast = Cast::read(DEMO)?;
    runtime.block_on(async {
        let opened = center_program::open(settings)?;
        cast.load(&opened).await?;
        let timers = serde_json::json!({ "timers": { "network_s": 2, "center_s": 3, "terminal_s": 5 } });
        let level = tenancy::PolicyLevel::Tenant;
        let unit = move |tx: &mut store::Tx<'_>| tenancy::put_policy(tx, "crash", &level, &timers);
        opened.base.write(unit).await.map_err(|refusal| anyhow::anyhow!("{refusal}"))?;
        opened.base.db.clone().close();
        Ok(())
    })
}

struct Process {
    child: Child,
    // Held open: a program whose output nobody reads must not end for that.
    lines: BufReader<ChildStdout>,
}

impl Process {
    fn ready(&mut self) -> bool {
        let mut line = String::new();
        while self.lines.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
            if line.starts_with("ready ") {
                return true;
            }
            line.clear();
        }
        false
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The running town.
pub struct Town {
    /// Its folder.
    pub folder: PathBuf,
    /// Where everything listens.
    pub ports: Ports,
    controls: [Control; 3],
    tools: Tools,
    processes: [Option<Process>; 3],
    /// Programs that the library stands before when the town starts.
    watched: Vec<Party>,
    /// Seconds by which the programs' clocks are ahead.
    ahead_s: u64,
    /// Times that a dead program was started again.
    pub restarts: u32,
}

impl Town {
    /// Starts everything in a folder. The library stands before the `watched` programs.
    pub fn start(folder: PathBuf, tools: &Tools, watched: &[Party]) -> Result<Self> {
        Self::in_folder(folder, Ports::free()?, tools, watched)
    }

    fn in_folder(folder: PathBuf, ports: Ports, tools: &Tools, watched: &[Party]) -> Result<Self> {
        let [networks, center, terminal] = Party::ALL.map(|party| Control::new(&folder, party.word()));
        let mut town = Self {
            folder,
            ports,
            controls: [networks?, center?, terminal?],
            tools: tools.clone(),
            processes: [None, None, None],
            watched: watched.to_vec(),
            ahead_s: 0,
            restarts: 0,
        };
        town.open()?;
        Ok(town)
    }

    /// Starts every program.
    fn open(&mut self) -> Result<()> {
        for party in Party::ALL {
            let process = self.spawn(party, self.watched.contains(&party))?;
            self.put(party, Some(process));
        }
        for party in Party::ALL {
            if !self.process(party).is_some_and(Process::ready) {
                bail!("{} ended before it was ready:\n{}", party.word(), self.said(party));
            }
        }
        Ok(())
    }

    /// The town sleeps: every program is stopped and starts on the next day.
    pub fn sleep_until_tomorrow(&mut self) -> Result<()> {
        self.close()?;
        self.ahead_s += DAY_S;
        self.open()
    }

    /// The terminal's folder.
    pub fn terminal_folder(&self) -> PathBuf {
        self.folder.join(format!("terminal-{TERMINAL}"))
    }

    /// The fault of a program.
    pub fn control(&self, party: Party) -> &Control {
        let [networks, center, terminal] = &self.controls;
        match party {
            Party::Networks => networks,
            Party::Center => center,
            Party::Terminal => terminal,
        }
    }

    /// No program is struck any more.
    pub fn calm(&self) -> Result<()> {
        self.controls.iter().try_for_each(Control::disarm)
    }

    /// Whether a program was struck.
    pub fn was_struck(&self) -> Result<bool> {
        Ok(self.controls.iter().map(Control::fired).collect::<Result<Vec<_>>>()?.contains(&true))
    }

    fn process(&mut self, party: Party) -> Option<&mut Process> {
        self.processes.get_mut(party as usize).and_then(Option::as_mut)
    }

    fn put(&mut self, party: Party, process: Option<Process>) {
        if let Some(slot) = self.processes.get_mut(party as usize) {
            *slot = process;
        }
    }

    fn words(&self, party: Party) -> String {
        let Ports { desk, card, code, smtp, printer, center, terminal, nexo } = self.ports;
        let folder = self.folder.display();
        // A terminal without a pairing serves no registers.
        let registers = if terminal::nexo::is_paired(&self.terminal_folder()) {
            format!("--nexo {nexo} --nexo-plain")
        } else {
            String::new()
        };
        match party {
            Party::Networks => format!(
                "networks --data {folder}/networks --listen {desk} --card {card} --smtp {smtp} \
                 --code {code} --code-tls 127.0.0.1:0 \
                 --printer {TERMINAL}={printer} --timers test"
            ),
            Party::Center => format!(
                "center --data {folder}/center --listen {center} --card-network {card} \
                 --code-gateway http://{code} --code-key choba-test-key --code-secret choba-test-secret \
                 --smtp smtp://{smtp} --test-keys"
            ),
            Party::Terminal => format!(
                "terminal --data {folder}/terminal-{TERMINAL} --listen {terminal} \
                 --center http://{center} --bench ws://{desk}/desk/bench/{TERMINAL} \
                 --printer {printer} --reader {READER} --id {TERMINAL} --password 5282 {registers}"
            ),
        }
    }

    fn spawn(&self, party: Party, struck: bool) -> Result<Process> {
        let mut command = Command::new(&self.tools.choba);
        command.args(self.words(party).split_whitespace());
        command.env("CHOBA_LOG", &self.tools.log);
        command.env("TOKIO_WORKER_THREADS", "2");
        command.env("NO_COLOR", "1");
        if let Some(bug) = &self.tools.planted {
            command.env("CHOBA_PLANTED", bug);
        }
        command.env("LD_PRELOAD", &self.tools.preload);
        command.env("CHOBA_FAULT_LEASH", "1");
        command.env("CHOBA_FAULT_AHEAD_S", self.ahead_s.to_string());
        if struck {
            command.env("CHOBA_FAULT_CONTROL", &self.control(party).path);
            command.env("CHOBA_FAULT_LOG", &self.control(party).log);
            command.env("CHOBA_FAULT_OBSERVER", http::OBSERVER.to_string());
        }
        let log = File::options().create(true).append(true).open(self.log_of(party))?;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("{} cannot be started", self.tools.choba.display()))?;
        let lines = BufReader::new(child.stdout.take().context("no output")?);
        Ok(Process { child, lines })
    }

    fn log_of(&self, party: Party) -> PathBuf {
        self.folder.join(format!("{}.log", party.word()))
    }

    /// What a program wrote on its standard error.
    pub fn said(&self, party: Party) -> String {
        std::fs::read_to_string(self.log_of(party)).unwrap_or_default()
    }

    /// The process id of a program, for who wants to look into it.
    pub fn pid(&mut self, party: Party) -> Option<u32> {
        self.process(party).map(|process| process.child.id())
    }

    /// Whether the program has ended.
    pub fn is_dead(&mut self, party: Party) -> bool {
        match self.process(party) {
            Some(process) => !matches!(process.child.try_wait(), Ok(None)),
            None => true,
        }
    }

    /// kill -9
    pub fn kill(&mut self, party: Party) {
        self.put(party, None);
    }

    /// Starts whatever is dead again, as a service manager does, and without the library. True when
    /// something was dead.
    pub fn revive(&mut self) -> Result<bool> {
        let mut revived = false;
        for party in Party::ALL {
            if self.is_dead(party) {
                self.put(party, None);
                self.start_again(party)?;
                revived = true;
            }
        }
        Ok(revived)
    }

    fn start_again(&mut self, party: Party) -> Result<()> {
        self.restarts += 1;
        let mut process = self.spawn(party, false)?;
        if !process.ready() {
            drop(process);
            bail!("{} does not start again:\n{}", party.word(), tail(&self.said(party), 8));
        }
        self.put(party, Some(process));
        Ok(())
    }

    /// Waits until the programs have found each other.
    pub fn until_connected(&self) -> Result<()> {
        let begun = Instant::now();
        while !self.is_connected() {
            if begun.elapsed() > READY {
                bail!("the programs do not find each other");
            }
            crate::tools::pause(Duration::from_millis(3));
        }
        Ok(())
    }

    fn is_connected(&self) -> bool {
        let reader = http::get(self.ports.desk, "/desk/terminals").is_ok_and(|answer| {
            answer.json().as_array().is_some_and(|all| {
                all.iter()
                    .any(|shown| shown.get("connected").and_then(serde_json::Value::as_bool) == Some(true))
            })
        });
        reader
            && http::get(self.ports.center, "/readyz").is_ok_and(|answer| answer.status == 200)
            && http::get(self.ports.terminal, "/readyz").is_ok_and(|answer| answer.status == 200)
    }

    /// Waits until the terminal takes payments at all: until it is activated and has its configuration.
    fn until_activated(&self) -> Result<()> {
        self.until_connected()?;
        let begun = Instant::now();
        let asked = serde_json::json!({ "amount": 0, "method": "card" });
        loop {
            // Zero yen is refused for its amount once everything else would do.
            let answer = http::get(self.ports.terminal, "/")?;
            let refused = http::post(self.ports.terminal, "/local/payments", &asked)?;
            if refused.status == 400 && !answer.body.contains("activate") {
                return Ok(());
            }
            if begun.elapsed() > READY {
                bail!("the terminal is not activated:\n{}", self.said(Party::Terminal));
            }
            crate::tools::pause(Duration::from_millis(20));
        }
    }

    /// Asks every program to stop and waits, the terminal first.
    pub fn end_gently(mut self) -> Result<()> {
        self.close()
    }

    fn close(&mut self) -> Result<()> {
        for party in [Party::Terminal, Party::Center, Party::Networks] {
            if let Some(process) = self.process(party) {
                let pid = process.child.id().to_string();
                Command::new("kill").args(["-TERM", &pid]).status()?;
                process.child.wait()?;
            }
            self.put(party, None);
        }
        Ok(())
    }

    /// Ends everything at once. The folder stays.
    pub fn end(mut self) {
        for party in Party::ALL {
            self.kill(party);
        }
    }
}

/// The last lines of a text.
pub fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all.get(all.len().saturating_sub(lines)..).unwrap_or_default().join("\n")
}
