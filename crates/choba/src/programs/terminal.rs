//! `choba terminal`: the device agent on its bench reader.

use super::StartFault;
use cardkeys::{dukpt, test_keys};
use clock::Clock;
use device::bench_driver::BenchReader;
use device::secure_reader::ReaderKeys;
use sha2::{Digest as _, Sha256};
use std::path::PathBuf;
use std::sync::Arc;
use store::Space;
use terminal::client::HttpCenter;
use terminal::printer::{AnyPrinter, NetworkPrinter};
use terminal::secret::Password;
use terminal::{Hardware, Opened, Settings as TerminalSettings, Terminal};

/// What a terminal is started with.
#[derive(Clone)]
pub struct Settings {
    /// Folder of the journal.
    pub data: PathBuf,
    /// Time.
    pub clock: Clock,
    /// Addresses of the center, tried in order.
    pub centers: Vec<String>,
    /// The bench, `ws://host:port/desk/bench/{id}`.
    pub bench: String,
    /// The printer, `host:port`.
    pub printer: Option<String>,
    /// Serial number of the reader.
    pub reader_serial: String,
    /// Terminal id and password of an activation without a person.
    pub unattended: Option<(String, String)>,
    /// Who reads the screens along, for stories.
    pub witness: Option<terminal::Witness>,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("data", &self.data)
            .field("centers", &self.centers)
            .finish_non_exhaustive()
    }
}

/// The test keys of a reader: each serial number has its own derivation id, so that no two readers
/// ever use the same key.
pub fn test_reader_keys(serial: &str) -> ReaderKeys {
    let mut initial_key_id = [0; 8];
    let (bdk, derivation) = initial_key_id.split_at_mut(4);
    bdk.copy_from_slice(&test_keys::BDK_ID);
    let digest = Sha256::digest(serial.as_bytes());
    derivation.copy_from_slice(digest.first_chunk::<4>().unwrap_or(&[0; 4]));
    ReaderKeys {
        initial_key_id,
        initial: dukpt::derive_initial_key(&test_keys::bdk(), initial_key_id),
        fingerprint: test_keys::fingerprint(),
    }
}

/// Sixteen bytes that nobody can foresee.
#[expect(clippy::expect_used, reason = "ids minted without chance could meet, so ending is all that is left")]
pub(super) fn chance() -> [u8; 16] {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

/// Opens the journal, settles what it left open, and starts the terminal. Serve it on a listener.
pub async fn start(settings: Settings) -> Result<Terminal, StartFault> {
    super::folder(&settings.data)?;
    let chance: terminal::Chance = Arc::new(chance);
    let told = TerminalSettings {
        space: Space::of(&settings.data),
        data: settings.data,
        center_url: settings.centers.first().cloned().unwrap_or_default(),
        reader_keys: test_reader_keys(&settings.reader_serial),
        reader_serial: settings.reader_serial.clone(),
        unattended: settings.unattended.map(|(id, password)| (id, Password::new(password))),
        clock: settings.clock.clone(),
        chance,
        witness: settings.witness,
    };
    let opened = Opened::open(&told).map_err(StartFault::new)?;
    let center =
        HttpCenter::new(&settings.centers, opened.journal().clone(), opened.seed(), settings.clock.clone())
            .map_err(StartFault::new)?;
    let public_key = center.public_key();
    let mut reader = BenchReader::connect(settings.bench, settings.reader_serial, settings.clock.clone());
    let (connected, digits, scans) = (reader.connection(), reader.digits_on_pad(), reader.take_scans());
    let printer = settings
        .printer
        .map(|address| Box::new(NetworkPrinter::new(address, settings.clock.clone())) as Box<dyn AnyPrinter>);
    let hardware = Hardware { reader, connected, digits, printer, scans };
    Terminal::start(told, opened, public_key, Arc::new(center), hardware).await.map_err(StartFault::new)
}
