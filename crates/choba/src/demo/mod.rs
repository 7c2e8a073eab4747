//! `choba demo`: the outside world, a center and two terminals in one process, with a named cast.

mod ports;
pub mod registers;
mod table;

pub use ports::{BASE, Ports};
pub use table::table;

use crate::cast::{Cast, DEMO};
use crate::programs::{self, StartFault, center, networks, terminal};
use ::center::Center;
use ::terminal::Terminal;
use clock::Clock;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use store::Url;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What the demo is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Folder of everything.
    pub data: PathBuf,
    /// Time; the desk moves it.
    pub clock: Clock,
    /// Where it listens.
    pub ports: Ports,
    /// The center's database; its own SQLite file when none is named.
    pub database: Option<Url>,
    /// Short time-outs, for tests and for the impatient.
    pub short_timers: bool,
}

/// The running demo.
pub struct Demo {
    /// The center, for stories that look into its books.
    pub center: Arc<Center>,
    /// The terminals, in the order of the cast.
    pub terminals: Vec<Arc<Terminal>>,
    /// Their servers for registers.
    pub registers: Vec<registers::Row>,
    /// Its cast.
    pub cast: Cast,
    stop: watch::Sender<bool>,
    tasks: JoinSet<Result<(), StartFault>>,
}

impl Demo {
    /// Starts everything; `progress` hears what is being done.
    pub async fn start(settings: &Settings, mut progress: impl FnMut(&str)) -> Result<Self, StartFault> {
        programs::folder(&settings.data)?;
        let cast = Cast::read(DEMO)?;
        let (stop, _) = watch::channel(false);
        let mut tasks = JoinSet::new();

        progress("card network, desk, printers, mail catcher");
        let outside = networks::open(networks_settings(settings, &cast)).await?;
        let until = stopped(&stop);
        tasks.spawn(async move { outside.serve(until).await.map_err(StartFault::new) });

        progress("center");
        let told = center_settings(settings);
        let listener = programs::listen("center", told.listen).await?;
        let center = Arc::new(center::open(&told)?);
        cast.load(&center).await?;
        cast.confirm_payee(&center).await?;
        if settings.short_timers {
            shorten_timers(&center).await?;
        }
        let (serving, until) = (Arc::clone(&center), stopped(&stop));
        tasks.spawn(async move { serving.serve(listener, until).await.map_err(StartFault::new) });

        let (mut terminals, mut for_registers) = (Vec::new(), Vec::new());
        for (index, device) in (0_u16..).zip(&cast.terminal) {
            progress(&format!("terminal {}", device.id));
            let address = settings.ports.terminal(index);
            let listener = programs::listen("terminal", address).await?;
            let running = Arc::new(terminal::start(terminal_settings(settings, index, device)).await?);
            let (serving, until) = (Arc::clone(&running), stopped(&stop));
            tasks.spawn(async move {
                tokio::select! {
                    ended = serving.serve(listener) => ended.map_err(StartFault::new),
                    () = until => Ok(()),
                }
            });
            for_registers.push(registers::serve(settings, index, device, &running, &stop, &mut tasks).await?);
            terminals.push(running);
        }
        let demo = Self { center, terminals, registers: for_registers, cast, stop, tasks };
        progress("waiting until the line to the card network is up and the terminals are activated");
        demo.settle(&settings.clock).await;
        Ok(demo)
    }

    /// Waits, but not for ever, until a payment could be taken.
    async fn settle(&self, clock: &Clock) {
        let usable = || {
            self.center.acquiring.line().is_up()
                && self.terminals.iter().all(|terminal| terminal.screen_name() != "activate")
        };
        for _ in 0..500 {
            if usable() {
                return;
            }
            clock.sleep(Duration::from_millis(20)).await;
        }
    }

    /// Runs until `until` is done or a program fails.
    pub async fn run(mut self, until: impl Future<Output = ()>) -> Result<(), StartFault> {
        let ended = tokio::select! {
            () = until => Ok(()),
            Some(ended) = self.tasks.join_next() => match ended {
                Ok(ended) => ended,
                Err(error) => Err(StartFault::new(format!("A program of the demo ended: {error}."))),
            },
        };
        self.stop.send_replace(true);
        drop(self.terminals);
        self.tasks.shutdown().await;
        self.center.base.db.clone().close();
        ended
    }
}

fn stopped(stop: &watch::Sender<bool>) -> impl Future<Output = ()> + Send + 'static {
    let mut stop = stop.subscribe();
    async move {
        // An error means that nobody can stop it any more: then it is stopped.
        drop(stop.wait_for(|stop| *stop).await);
    }
}

fn networks_settings(settings: &Settings, cast: &Cast) -> networks::Settings {
    let terminals = (0_u16..).zip(&cast.terminal).map(|(index, device)| netsim::Terminal {
        id: device.id.clone(),
        name: device.name.clone(),
        printer: Some(settings.ports.printer(index)),
    });
    networks::Settings {
        data: settings.data.join("networks"),
        clock: settings.clock.clone(),
        clock_moves: true,
        desk: settings.ports.desk(),
        card: settings.ports.card(),
        smtp: settings.ports.smtp(),
        code: Some(settings.ports.code()),
        code_tls: Some(settings.ports.code_tls()),
        center_waits: if settings.short_timers { Duration::from_secs(3) } else { Duration::from_secs(25) },
        magic: true,
        terminals: terminals.collect(),
    }
}

fn center_settings(settings: &Settings) -> center::Settings {
    let data = settings.data.join("center");
    let listen = settings.ports.center();
    center::Settings {
        database: settings.database.clone().unwrap_or_else(|| center::own_database(&data)),
        data,
        clock: settings.clock.clone(),
        listen,
        public_url: format!("http://{listen}"),
        card_network: settings.ports.card().to_string(),
        // The simulator's published key and secret (docs/networks/code-http.md, 2).
        code_gateway: Some(::center::Gateway {
            url: format!("http://{}", settings.ports.code()),
            key: "choba-test-key".to_owned(),
            secret: "choba-test-secret".to_owned(),
        }),
        smtp: format!("smtp://{}", settings.ports.smtp()),
        smtp_ca: None,
        mail_from: "no-reply@choba.example".to_owned(),
        instance: "demo".to_owned(),
        hosts: Vec::new(),
        tls: false,
        test_keys: true,
    }
}

fn terminal_settings(
    settings: &Settings,
    index: u16,
    device: &crate::cast::CastDevice,
) -> terminal::Settings {
    terminal::Settings {
        data: settings.data.join(format!("terminal-{}", device.id)),
        clock: settings.clock.clone(),
        centers: vec![format!("http://{}", settings.ports.center())],
        bench: format!("ws://{}/desk/bench/{}", settings.ports.desk(), device.id),
        printer: Some(settings.ports.printer(index).to_string()),
        reader_serial: device.reader.clone(),
        reader_keys: terminal::ReaderScheme::Aes,
        unattended: Some((device.id.clone(), device.password.clone())),
        witness: None,
    }
}

/// `--timers test`: the same nesting, a tenth of the waiting.
async fn shorten_timers(center: &Center) -> Result<(), StartFault> {
    let overlay = serde_json::json!({
        "timers": { "network_s": 2, "center_s": 3, "terminal_s": 5 },
    });
    let level = tenancy::PolicyLevel::Tenant;
    let put = move |tx: &mut store::Tx<'_>| tenancy::put_policy(tx, "demo", &level, &overlay);
    center.base.write(put).await.map_err(StartFault::new)?;
    center.base.refresh().await.map_err(StartFault::new)
}
