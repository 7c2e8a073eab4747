//! The program: opened from its settings, served on a listener, stopped by dropping it.

use crate::agent::{self, Message};
use crate::attempt::{Remedy, remedy};
use crate::center::Center;
use crate::context::{Context, Reader};
use crate::event::{Event, Moment, ReadCode};
use crate::journal::{Fact, Journal, JournalError, KeyCounters};
use crate::limits;
use crate::printer::AnyPrinter;
use crate::reader;
use crate::secret::Password;
use crate::shared::{Chance, Parts, Shared, Witness};
use crate::step::opening;
use crate::tasks::{counter, line, settling};
use crate::web;
use clock::Clock;
use device::SecureReader;
use device::hardware::Battery;
use device::hardware::{CardReader, PinPad};
use device::secure_reader::ReaderKeys;
use pages::secure::SecureConfig;
use payment::{PaymentId, StateName};
use std::path::PathBuf;
use std::sync::Arc;
use store::Space;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use zeroize::Zeroizing;

/// What a terminal is started with.
pub struct Settings {
    /// The folder of its journal.
    pub data: PathBuf,
    /// The center's address, shown in the settings screen.
    pub center_url: String,
    /// The reader's serial number (M-014).
    pub reader_serial: String,
    /// The keys that the reader is loaded with.
    pub reader_keys: ReaderKeys,
    /// Terminal id and password of an unattended activation (demo, stories): used once, when the
    /// terminal is not yet activated.
    pub unattended: Option<(String, Password)>,
    /// The clock.
    pub clock: Clock,
    /// The room that the journal has.
    pub space: Space,
    /// Chance.
    pub chance: Chance,
    /// Who reads the screens along, for stories.
    pub witness: Option<Witness>,
}

/// The reader as the terminal drives it.
pub struct Hardware<H> {
    /// Slot, field, stripe head and pad.
    pub reader: H,
    /// Whether it is there.
    pub connected: watch::Receiver<bool>,
    /// How many digits stand on its pad.
    pub digits: watch::Receiver<u8>,
    /// The printer, when there is one.
    pub printer: Option<Box<dyn AnyPrinter>>,
    /// What a scanner reads, when one is connected to the device.
    pub scans: Option<mpsc::Receiver<String>>,
    /// The battery that the device runs on.
    pub battery: Box<dyn Battery>,
}

/// Why a terminal was not opened, or ended: one sentence.
#[derive(Debug, thiserror::Error)]
pub enum OpenFault {
    /// The journal's file.
    #[error(transparent)]
    Store(#[from] store::OpenError),
    /// What is in it.
    #[error("The terminal's journal cannot be used: {0}.")]
    Journal(#[from] JournalError),
    /// A write or fsync failed while it ran; start again, start-up proves the end of the journal.
    #[error("The terminal's journal failed and the program must end: {0}.")]
    Fatal(String),
    /// The listener.
    #[error("The terminal's pages cannot be served: {0}.")]
    Listen(#[from] std::io::Error),
}

/// A running terminal. Its tasks end when it is dropped.
pub struct Terminal {
    shared: Arc<Shared>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.shared.live.close();
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// The journal with the key that signs for this device: what the client of the center is made from.
pub struct Opened {
    journal: Journal,
    seed: Zeroizing<[u8; 32]>,
}

impl Opened {
    /// Opens the journal of a terminal; makes the device key at the first time. Blocks.
    pub fn open(settings: &Settings) -> Result<Self, OpenFault> {
        let journal = Journal::open(&settings.data, settings.clock.clone())?;
        let mut fresh = Zeroizing::new([0; 32]);
        for half in fresh.chunks_mut(16) {
            half.copy_from_slice((settings.chance)().get(..half.len()).unwrap_or_default());
        }
        let seed = journal.device_key(&fresh)?;
        Ok(Self { journal, seed })
    }

    /// The journal.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The seed of the device's Ed25519 key.
    pub fn seed(&self) -> &[u8; 32] {
        &self.seed
    }
}

impl Terminal {
    /// Starts a terminal on given hardware and a given center. Must run inside a tokio runtime.
    ///
    /// What the journal left open is settled first; see [`crate::attempt::remedy`].
    pub async fn start<H>(
        settings: Settings,
        opened: Opened,
        public_key: String,
        center: Arc<dyn Center>,
        hardware: Hardware<H>,
    ) -> Result<Self, OpenFault>
    where
        H: CardReader + PinPad + 'static,
    {
        let journal = opened.journal;
        journal.mend()?;
        journal.note(Fact::Opened { version: env!("CARGO_PKG_VERSION").to_owned() }).await?;
        let kept = journal.kept()?;
        if let Some(terminal_id) = &kept.terminal_id {
            center.resume(terminal_id);
        }
        let left = name_the_doubts(&journal).await?;
        let last =
            journal.newest()?.filter(|attempt| attempt.name() == StateName::Approved && !attempt.closed);
        let now_us = settings.clock.now_us();
        let ctx = Context {
            config: kept.config,
            clerk: kept.clerk.map(|clerk| crate::context::Clerk { seen_us: now_us, ..clerk }),
            settings: kept.settings,
            reader: reader_state(*hardware.connected.borrow(), &settings.reader_serial),
            center_up: true,
            blocked: None,
            clock_off_s: None,
            open: left.iter().filter(|attempt| attempt.is_open()).cloned().collect(),
            printer: hardware.printer.is_some(),
            last_mail: None,
            version: env!("CARGO_PKG_VERSION"),
            center_url: settings.center_url.clone(),
        };
        let screen = opening(&ctx, &left, last, Moment { now_us, fresh: PaymentId::from_u128(0) });
        let (messages, inbox) = mpsc::channel(limits::EVENTS_WAITING);
        let (orders, order_box) = mpsc::channel(8);
        let (news, mut news_box) = mpsc::channel::<Event>(limits::EVENTS_WAITING);
        let chance = eight_of(Arc::clone(&settings.chance));
        let secure = SecureReader::new(settings.reader_keys, KeyCounters(journal.clone()), chance);
        let shared = Arc::new(Shared::new(Parts {
            journal,
            center,
            orders,
            printer: hardware.printer,
            battery: hardware.battery,
            clock: settings.clock.clone(),
            space: settings.space,
            chance: settings.chance,
            public_key,
            reader_serial: settings.reader_serial.clone(),
            messages: messages.clone(),
            ctx,
            screen,
            witness: settings.witness,
        }));
        let reading =
            reader::serve(hardware.reader, secure, hardware.digits, order_box, news, settings.clock);
        let forward = async move {
            while let Some(event) = news_box.recv().await {
                let _ = messages.send(Message::Event(event)).await;
            }
        };
        let tasks = vec![
            tokio::spawn(agent::run(Arc::clone(&shared), inbox)),
            tokio::spawn(reading),
            tokio::spawn(forward),
            tokio::spawn(watch_reader(Arc::clone(&shared), hardware.connected)),
            tokio::spawn(first_of_all(Arc::clone(&shared), settings.unattended)),
            tokio::spawn(hear_scanner(Arc::clone(&shared), hardware.scans)),
        ];
        for attempt in left.iter().filter(|attempt| remedy(attempt) != Remedy::None) {
            settling::settle_soon(&shared, attempt.id);
        }
        Ok(Self { shared, tasks })
    }

    /// Serves the pages and the local API until the listener or the journal fails.
    pub async fn serve(&self, listener: TcpListener) -> Result<(), OpenFault> {
        let port = listener.local_addr()?.port();
        let router = web::router(Arc::clone(&self.shared), SecureConfig::loopback(port));
        let served = async move { axum::serve(listener, router).await };
        tokio::select! {
            ended = served => Ok(ended?),
            why = self.shared.journal.fatal() => Err(OpenFault::Fatal(why)),
        }
    }

    /// The routes without a listener, for a program that serves them itself, and for tests.
    pub fn router(&self, hosts: SecureConfig) -> axum::Router {
        web::router(Arc::clone(&self.shared), hosts)
    }

    /// The terminal for programs: what `/local` and the register's protocol go through.
    pub fn handle(&self) -> crate::handle::TerminalHandle {
        crate::handle::TerminalHandle { shared: Arc::clone(&self.shared) }
    }

    /// Grows with everything that the screen's task has heard, so that stories can wait without polling.
    pub fn heard(&self) -> watch::Receiver<u64> {
        self.shared.heard.subscribe()
    }

    /// The name of the screen that is shown, for stories and logs.
    pub fn screen_name(&self) -> &'static str {
        self.shared.with_shown(|shown| shown.screen.name())
    }
}

/// Chance for the reader, eight bytes at a time.
fn eight_of(chance: Chance) -> device::secure_reader::Chance {
    Box::new(move || {
        let mut eight = [0; 8];
        eight.copy_from_slice(chance().first_chunk::<8>().unwrap_or(&[0; 8]));
        eight
    })
}

/// What was sent and never answered is a doubt from now on (model 3.3 rule 3).
async fn name_the_doubts(journal: &Journal) -> Result<Vec<crate::attempt::Attempt>, JournalError> {
    let mut left = journal.unsettled()?;
    for attempt in &mut left {
        if attempt.name() == StateName::Sent {
            let code = attempt.undo.unwrap_or(codes::pay::INTERRUPTED);
            *attempt = journal.record(attempt.id, Fact::InDoubt { code }).await?;
        }
    }
    Ok(left)
}

fn reader_state(connected: bool, serial: &str) -> Reader {
    if connected { Reader::Online { serial: serial.to_owned() } } else { Reader::Offline }
}

async fn watch_reader(shared: Arc<Shared>, mut connected: watch::Receiver<bool>) {
    loop {
        let now = *connected.borrow_and_update();
        let state = reader_state(now, &shared.reader_serial);
        if shared.with_shown(|shown| shown.ctx.reader != state) {
            shared.around(agent::Around::Reader(state)).await;
        }
        if connected.changed().await.is_err() {
            return;
        }
    }
}

/// What the device's scanner reads goes to whatever screen waits for a code.
async fn hear_scanner(shared: Arc<Shared>, scans: Option<mpsc::Receiver<String>>) {
    let Some(mut scans) = scans else { return };
    while let Some(text) = scans.recv().await {
        let code = ReadCode {
            token: center_api::CodeToken::new(text.trim()),
            entry: payment::CodeEntry::Scanner,
            brand: None,
        };
        let _ = shared.messages.send(Message::Event(Event::Scanned(code))).await;
    }
}

/// The unattended activation, then the watch over the line.
async fn first_of_all(shared: Arc<Shared>, unattended: Option<(String, Password)>) {
    if let Some((terminal_id, password)) = unattended {
        while shared.with_shown(|shown| shown.ctx.config.is_none()) {
            let tried = async {
                counter::try_activate(&shared, terminal_id.clone(), &password).await?;
                counter::try_confirm(&shared).await
            };
            match tried.await {
                Ok(()) => {
                    shared.tell(crate::event::Done::Confirmed).await;
                    break;
                }
                Err(fault) => {
                    tracing::warn!(%fault, "the terminal could not be activated yet");
                    shared.clock.sleep(limits::PROBE_EVERY_DOWN).await;
                }
            }
        }
    }
    line::watch(shared).await;
}
