//! All simulators together: opened on a folder, bound to addresses, served until told to stop.

use crate::cards::{self, Card};
use crate::code;
use crate::code::auth::Credentials;
use crate::code::http::Brands;
use crate::code::rules::Rules;
use crate::code::tls::{Identity, Tls};
use crate::desk::{Benches, Desk, Parts, TerminalName};
use crate::faults::Faults;
use crate::host::issuer::{Account, Accounts};
use crate::host::line::{self, Host};
use crate::host::opened::BaseKeys;
use crate::host::tables;
use crate::log::Log;
use crate::mail::{self, Inbox};
use crate::printer::{self, Printers};
use axum::Router;
use axum::serve::Listener as _;
use cardkeys::{TdesKey, test_keys};
use clock::Clock;
use pages::live::Live;
use pages::secure::SecureConfig;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use store::{Db, OpenError, Url};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// What the simulators are started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder of the network's book; it must exist.
    pub data: PathBuf,
    /// The time.
    pub clock: Clock,
    /// Whether the desk may move the clock (`choba demo`).
    pub clock_moves: bool,
    /// The keys of network and issuers.
    pub keys: Keys,
    /// How long the center waits for an answer; `late` answers come after it.
    pub center_waits: Duration,
    /// Whether magic amounts do what their table says.
    pub magic: bool,
    /// Where to listen.
    pub listen: Listen,
    /// `host:port` names under which the desk is reached beside those of loopback.
    pub hosts: Vec<String>,
    /// The terminals that the desk knows from the start.
    pub terminals: Vec<Terminal>,
}

/// The keys of network and issuers.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The base derivation keys of the readers.
    pub bdk: BaseKeys,
    /// The issuers' key for cryptograms.
    pub issuer: TdesKey,
}

impl Keys {
    /// The published test keys.
    pub fn test() -> Self {
        Self {
            bdk: BaseKeys { aes: test_keys::bdk(), tdes: test_keys::tdes_bdk() },
            issuer: test_keys::issuer(),
        }
    }
}

/// Where to listen. Port 0 takes any free one.
#[derive(Clone, Copy, Debug)]
pub struct Listen {
    /// Desk page and API.
    pub desk: SocketAddr,
    /// The card network.
    pub card: SocketAddr,
    /// The mail catcher.
    pub smtp: SocketAddr,
    /// The code brands over HTTP; nothing: not served.
    pub code: Option<SocketAddr>,
    /// The code brands over HTTPS; nothing: not served.
    pub code_tls: Option<SocketAddr>,
}

/// A terminal on the desk.
#[derive(Clone, Debug)]
pub struct Terminal {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Where its printer listens, if it has one.
    pub printer: Option<SocketAddr>,
}

/// Why the simulators did not start: one sentence for the person who started them.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The book could not be opened.
    #[error(transparent)]
    Book(#[from] OpenError),
    /// The cards could not be read.
    #[error(transparent)]
    Cards(#[from] cards::BadShelf),
    /// The code brands could not be read.
    #[error("The code brands cannot be read: {0}.")]
    Brands(#[from] toml::de::Error),
    /// The certificate of the code brands could not be made or written.
    #[error("The certificate of the code brands cannot be made: {0}.")]
    Certificate(io::Error),
    /// An address could not be taken.
    #[error("The {what} cannot listen on {address}: {why}.")]
    Address {
        /// Which of the simulators.
        what: &'static str,
        /// Where.
        address: SocketAddr,
        /// What the system said.
        why: io::Error,
    },
}

/// The simulators, opened and not yet listening.
pub struct Networks {
    host: Arc<Host>,
    brands: Arc<Brands>,
    desk: Desk,
    inbox: Inbox,
    printers: Printers,
    live: Live,
    settings: Settings,
}

impl std::fmt::Debug for Networks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Networks").field("data", &self.settings.data).finish_non_exhaustive()
    }
}

/// What an answer of `late` waits beyond the center's patience.
const LATER: Duration = Duration::from_secs(5);

/// Where the book lies in the folder of the data.
pub fn book_url(data: &std::path::Path) -> Url {
    Url::Sqlite(data.join("networks.sqlite"))
}

impl Networks {
    /// Opens the book and lays out the desk. Blocks; for start-up.
    pub fn open(settings: Settings) -> Result<Self, StartError> {
        let shelf = cards::shelf()?;
        let db = Db::open(&book_url(&settings.data), &tables::migrations(), settings.clock.clone())?;
        let live = Live::new(&settings.clock);
        let changed = || {
            let live = live.clone();
            move || {
                live.changed();
            }
        };
        let host = Arc::new(Host {
            db,
            clock: settings.clock.clone(),
            accounts: Accounts::new(shelf.iter().filter_map(Account::of).collect()),
            bdk: settings.keys.bdk.clone(),
            issuer_key: settings.keys.issuer.clone(),
            magic: settings.magic,
            late: settings.center_waits.saturating_add(LATER),
            faults: Faults::default(),
            log: Log::new(changed()),
        });
        let brands = Arc::new(Brands {
            db: host.db.clone(),
            clock: settings.clock.clone(),
            rules: Rules::built_in()?,
            credentials: Credentials::test(),
            magic: settings.magic,
            late: host.late,
            faults: host.faults.clone(),
            log: host.log.clone(),
        });
        let wallet = shelf
            .iter()
            .map(|profile| (profile.name.clone(), Card::new(profile.clone(), &settings.keys.issuer)))
            .collect();
        let terminals = settings.terminals.iter();
        let named = terminals
            .clone()
            .map(|terminal| TerminalName { id: terminal.id.clone(), name: terminal.name.clone() });
        let printing = terminals.filter(|terminal| terminal.printer.is_some()).map(|t| t.id.clone());
        let printers = Printers::new(printing, changed());
        let inbox = Inbox::new(changed());
        let desk = Desk::new(Parts {
            cards: shelf,
            host: Arc::clone(&host),
            brands: Arc::clone(&brands),
            benches: Benches::new(wallet, named.collect(), changed()),
            printers: printers.clone(),
            inbox: inbox.clone(),
            live: live.clone(),
            clock: settings.clock.clone(),
            clock_moves: settings.clock_moves,
        });
        Ok(Self { host, brands, desk, inbox, printers, live, settings })
    }

    /// Takes every address. Nothing is served before [`Bound::serve`].
    pub async fn bind(self) -> Result<Bound, StartError> {
        let listen = self.settings.listen;
        let desk = take("desk", listen.desk).await?;
        let card = take("card network", listen.card).await?;
        let smtp = take("mail catcher", listen.smtp).await?;
        let code = take_if("code brands", listen.code).await?;
        let code_tls = match take_if("code brands", listen.code_tls).await? {
            Some(listener) => {
                let identity = Identity::make().map_err(StartError::Certificate)?;
                identity.write(&self.settings.data).map_err(StartError::Certificate)?;
                let clock = self.settings.clock.clone();
                Some(identity.listen(listener, clock).map_err(StartError::Certificate)?)
            }
            None => None,
        };
        let mut printers = Vec::new();
        for terminal in &self.settings.terminals {
            if let Some(address) = terminal.printer {
                printers.push((terminal.id.clone(), take("printer", address).await?));
            }
        }
        Ok(Bound { networks: self, desk, card, smtp, code, code_tls, printers })
    }

    /// The desk's page and API for tests that need no socket.
    pub fn router(&self, hosts: SecureConfig) -> Router {
        self.desk.router(hosts)
    }
}

fn ended(served: io::Result<()>) {
    if let Err(error) = served {
        tracing::error!(%error, "the code brands stopped serving");
    }
}

async fn take(what: &'static str, address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|why| StartError::Address { what, address, why })
}

async fn take_if(what: &'static str, address: Option<SocketAddr>) -> Result<Option<TcpListener>, StartError> {
    match address {
        Some(address) => take(what, address).await.map(Some),
        None => Ok(None),
    }
}

/// The simulators with their addresses taken.
#[derive(Debug)]
pub struct Bound {
    networks: Networks,
    desk: TcpListener,
    card: TcpListener,
    smtp: TcpListener,
    code: Option<TcpListener>,
    code_tls: Option<Tls>,
    printers: Vec<(String, TcpListener)>,
}

/// The addresses that were taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// Desk page and API.
    pub desk: SocketAddr,
    /// The card network.
    pub card: SocketAddr,
    /// The mail catcher.
    pub smtp: SocketAddr,
    /// The code brands over HTTP.
    pub code: Option<SocketAddr>,
    /// The code brands over HTTPS.
    pub code_tls: Option<SocketAddr>,
    /// Printers by terminal.
    pub printers: Vec<(String, SocketAddr)>,
}

impl Bound {
    /// The live log of the card network, masked: what stories print.
    pub fn log(&self) -> Log {
        self.networks.host.log.clone()
    }

    /// The network's book, for a bench that records what is written to it.
    pub fn book(&self) -> Db {
        self.networks.host.db.clone()
    }

    /// Grows with everything that happens on the desk: a reader, a message, a paper, a mail.
    pub fn live(&self) -> Live {
        self.networks.live.clone()
    }

    /// The addresses that were taken.
    pub fn addresses(&self) -> io::Result<Addresses> {
        let mut printers = Vec::new();
        for (terminal, listener) in &self.printers {
            printers.push((terminal.clone(), listener.local_addr()?));
        }
        Ok(Addresses {
            desk: self.desk.local_addr()?,
            card: self.card.local_addr()?,
            smtp: self.smtp.local_addr()?,
            code: self.code.as_ref().map(TcpListener::local_addr).transpose()?,
            code_tls: self.code_tls.as_ref().map(Tls::local_addr).transpose()?,
            printers,
        })
    }

    /// Serves until `stop` resolves or the book fails for good; then closes the book.
    pub async fn serve(self, stop: impl Future<Output = ()> + Send) -> io::Result<()> {
        let Self { networks, desk, card, smtp, code, code_tls, printers } = self;
        let clock = networks.settings.clock.clone();
        let loopback = SecureConfig::loopback(desk.local_addr()?.port());
        let names = networks.settings.hosts.iter().fold(loopback, |names, host| names.host(host));
        let app = networks.desk.router(names);
        let mut tasks = JoinSet::new();
        tasks.spawn(line::serve(card, Arc::clone(&networks.host)));
        tasks.spawn(mail::server::serve(smtp, networks.inbox.clone(), clock.clone()));
        for (terminal, listener) in printers {
            tasks.spawn(printer::serve(listener, networks.printers.clone(), terminal, clock.clone()));
        }
        if let Some(listener) = code {
            let hosts = SecureConfig::loopback(listener.local_addr()?.port());
            let app = code::http::router(Arc::clone(&networks.brands), hosts);
            tasks.spawn(async move { ended(axum::serve(listener, app).await) });
        }
        if let Some(listener) = code_tls {
            let hosts = SecureConfig::loopback(listener.local_addr()?.port());
            let app = code::http::router(Arc::clone(&networks.brands), hosts);
            tasks.spawn(async move { ended(axum::serve(listener, app).await) });
        }
        tasks.spawn(async move {
            if let Err(error) = axum::serve(desk, app).await {
                tracing::error!(%error, "the desk stopped serving");
            }
        });
        let db = networks.host.db.clone();
        let ended = tokio::select! {
            () = stop => Ok(()),
            why = db.fatal() => Err(io::Error::other(why)),
        };
        networks.live.close();
        tasks.shutdown().await;
        db.close();
        ended
    }
}
