//! `choba networks`: the outside world.

use super::StartFault;
use clock::Clock;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// What the outside world is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Folder of the network's book.
    pub data: PathBuf,
    /// Time.
    pub clock: Clock,
    /// Whether the desk may move the clock.
    pub clock_moves: bool,
    /// Desk page and API.
    pub desk: SocketAddr,
    /// ISO 8583.
    pub card: SocketAddr,
    /// SMTP.
    pub smtp: SocketAddr,
    /// Code brands over HTTP; nothing: not served.
    pub code: Option<SocketAddr>,
    /// Code brands over HTTPS; nothing: not served.
    pub code_tls: Option<SocketAddr>,
    /// How long a center waits before it gives up, for the fault `late`.
    pub center_waits: Duration,
    /// Whether magic amounts do what their table says.
    pub magic: bool,
    /// Terminals on the desk, with their printers.
    pub terminals: Vec<netsim::Terminal>,
}

/// Opens the book and takes the addresses.
pub async fn open(settings: Settings) -> Result<netsim::Bound, StartFault> {
    super::folder(&settings.data)?;
    let settings = netsim::Settings {
        data: settings.data,
        clock: settings.clock,
        clock_moves: settings.clock_moves,
        keys: netsim::Keys::test(),
        center_waits: settings.center_waits,
        magic: settings.magic,
        listen: netsim::Listen {
            desk: settings.desk,
            card: settings.card,
            smtp: settings.smtp,
            code: settings.code,
            code_tls: settings.code_tls,
        },
        hosts: Vec::new(),
        terminals: settings.terminals,
    };
    netsim::Networks::open(settings).map_err(StartFault::new)?.bind().await.map_err(StartFault::new)
}
