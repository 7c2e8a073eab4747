//! A program in a runtime of its own: killing it drops every task of it where it stands.

use choba::cast::{Cast, CastDevice};
use choba::demo::registers::{KEY, PASSPHRASE};
use choba::programs::registers::{self as registers_program, Pairing};
use choba::programs::{
    center as center_program, listen, networks as networks_program, terminal as terminal_program,
};
use clock::Clock;
use netsim::log::Log;
use pages::live::Live;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// Any free port of this machine.
pub const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// How long a killed program's threads may take to be gone.
const GONE: Duration = Duration::from_secs(30);

/// A program that runs by itself.
pub struct Program {
    runtime: Option<Runtime>,
}

impl Program {
    fn new(name: &str) -> Self {
        let runtime =
            Builder::new_multi_thread().worker_threads(2).thread_name(name).enable_all().build().unwrap();
        Self { runtime: Some(runtime) }
    }

    /// Starts something in the program and waits for what it gives.
    async fn within<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        self.runtime.as_ref().expect("the program runs").spawn(work).await.unwrap()
    }

    /// Lets something run on in the program.
    fn leave(&self, work: impl Future<Output = ()> + Send + 'static) {
        drop(self.runtime.as_ref().expect("the program runs").spawn(work));
    }

    /// Drops every task where it stands; nothing is closed, nothing said.
    pub async fn kill(mut self) {
        let runtime = self.runtime.take().expect("the program runs");
        tokio::task::spawn_blocking(move || runtime.shutdown_timeout(GONE)).await.unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The outside world.
pub struct Outside {
    _program: Program,
    /// Where everything listens.
    pub at: netsim::Addresses,
    /// What went over the line to the card network, masked.
    pub log: Log,
    /// Grows with everything on the desk.
    pub live: Live,
}

impl Outside {
    /// Starts it for these terminals.
    pub async fn start(folder: &Path, clock: &Clock, terminals: &[CastDevice]) -> Self {
        let program = Program::new("networks");
        let settings = networks_program::Settings {
            data: folder.join("networks"),
            clock: clock.clone(),
            clock_moves: false,
            desk: ANY,
            card: ANY,
            smtp: ANY,
            code: Some(ANY),
            code_tls: None,
            center_waits: Duration::from_secs(25),
            magic: true,
            terminals: terminals
                .iter()
                .map(|device| netsim::Terminal {
                    id: device.id.clone(),
                    name: device.name.clone(),
                    printer: Some(ANY),
                })
                .collect(),
        };
        let bound = program.within(networks_program::open(settings)).await.unwrap();
        let (at, log, live) = (bound.addresses().unwrap(), bound.log(), bound.live());
        program.leave(async move { bound.serve(std::future::pending()).await.unwrap() });
        Self { _program: program, at, log, live }
    }
}

/// A center.
pub struct Center {
    program: Program,
    /// Where it listens.
    pub at: SocketAddr,
    /// Its rooms, for the books.
    pub rooms: Arc<center::Center>,
}

impl Center {
    /// Starts it where it listened before, or anywhere.
    pub async fn start(
        folder: &Path,
        clock: &Clock,
        outside: &netsim::Addresses,
        cast: &Cast,
        at: SocketAddr,
    ) -> Self {
        let program = Program::new("center");
        let (data, clock, cast) = (folder.join("center"), clock.clone(), cast.clone());
        let (card_network, smtp) = (outside.card.to_string(), format!("smtp://{}", outside.smtp));
        // The simulator's published key and secret (docs/networks/code-http.md, 2).
        let code_gateway = outside.code.map(|at| ::center::Gateway {
            url: format!("http://{at}"),
            key: "choba-test-key".to_owned(),
            secret: "choba-test-secret".to_owned(),
        });
        let (rooms, listener, at) = program
            .within(async move {
                let listener = listen("center", at).await.unwrap();
                let at = listener.local_addr().unwrap();
                let settings = center_program::Settings {
                    database: center_program::own_database(&data),
                    data,
                    clock,
                    listen: at,
                    public_url: format!("http://{at}"),
                    card_network,
                    code_gateway,
                    smtp,
                    smtp_ca: None,
                    mail_from: "no-reply@choba.example".to_owned(),
                    instance: "house".to_owned(),
                    hosts: Vec::new(),
                    tls: false,
                    test_keys: true,
                };
                let rooms = Arc::new(center_program::open(&settings).unwrap());
                cast.load(&rooms).await.unwrap();
                cast.confirm_payee(&rooms).await.unwrap();
                (rooms, listener, at)
            })
            .await;
        let serving = Arc::clone(&rooms);
        program.leave(async move { serving.serve(listener, std::future::pending()).await.unwrap() });
        Self { program, at, rooms }
    }

    /// Ends it as a power cut does.
    pub async fn kill(self) {
        drop(self.rooms);
        self.program.kill().await;
    }
}

/// What a terminal is started with, again and again.
#[derive(Clone)]
pub struct TerminalPlace {
    /// Folder of its journal.
    pub data: PathBuf,
    /// The center.
    pub center: SocketAddr,
    /// The desk.
    pub desk: SocketAddr,
    /// The printer.
    pub printer: SocketAddr,
    /// Serial number of the reader that is plugged in.
    pub reader: String,
    /// The keys that it is loaded with.
    pub reader_keys: terminal_program::ReaderScheme,
    /// Its row in the cast.
    pub device: CastDevice,
    /// Registers are served, with the demo's pairing.
    pub registers: bool,
}

/// A terminal.
pub struct Terminal {
    program: Program,
    /// Its screens and local API.
    pub at: SocketAddr,
    /// Where registers are served.
    pub registers: Option<SocketAddr>,
}

impl Terminal {
    /// Starts it; `witness` reads its screens.
    pub async fn start(place: &TerminalPlace, clock: &Clock, witness: terminal::Witness) -> Self {
        let program = Program::new("terminal");
        let settings = terminal_program::Settings {
            data: place.data.clone(),
            clock: clock.clone(),
            centers: vec![format!("http://{}", place.center)],
            bench: format!("ws://{}/desk/bench/{}", place.desk, place.device.id),
            printer: Some(place.printer.to_string()),
            reader_serial: place.reader.clone(),
            reader_keys: place.reader_keys,
            unattended: Some((place.device.id.clone(), place.device.password.clone())),
            witness: Some(witness),
        };
        let (running, listener, at) = program
            .within(async move {
                let listener = listen("terminal", ANY).await.unwrap();
                let at = listener.local_addr().unwrap();
                (Arc::new(terminal_program::start(settings).await.unwrap()), listener, at)
            })
            .await;
        let registers = if place.registers {
            Some(serve_registers(&program, place, clock, Arc::clone(&running)).await)
        } else {
            None
        };
        program.leave(async move { running.serve(listener).await.unwrap() });
        Self { program, at, registers }
    }

    /// Ends it as a power cut does.
    pub async fn kill(self) {
        self.program.kill().await;
    }
}

/// Serves registers, paired as in the demo.
async fn serve_registers(
    program: &Program,
    place: &TerminalPlace,
    clock: &Clock,
    running: Arc<terminal::Terminal>,
) -> SocketAddr {
    let (place, clock) = (place.clone(), clock.clone());
    let (opened, listener, at) = program
        .within(async move {
            if !terminal::nexo::is_paired(&place.data) {
                let told = Pairing {
                    terminal: place.device.id.clone(),
                    common_name: None,
                    key: Some(KEY.to_owned()),
                    passphrase: terminal::nexo::Passphrase::new(PASSPHRASE),
                };
                registers_program::pair(place.data.clone(), told, &clock).await.unwrap();
            }
            let opened = registers_program::open(&running, &place.data, true).unwrap();
            let listener = listen("terminal, for registers", ANY).await.unwrap();
            let at = listener.local_addr().unwrap();
            (opened, listener, at)
        })
        .await;
    program.leave(async move { opened.serve(listener).await.unwrap() });
    at
}
