//! `choba terminal`: the device agent on its bench reader.

use super::StartFault;
use cardkeys::{dukpt, dukpt_tdes, test_keys};
use clock::Clock;
use device::bench_driver::BenchReader;
use device::secure_reader::{KeyScheme, ReaderKeys};
use sha2::{Digest as _, Sha256};
use std::path::PathBuf;
use std::sync::Arc;
use store::Space;
use terminal::battery::SystemBattery;
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
    /// The keys that the reader is loaded with.
    pub reader_keys: ReaderScheme,
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

/// Which sort of keys a reader is loaded with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ReaderScheme {
    /// AES DUKPT (ANSI X9.24-3), PIN blocks of ISO 9564 format 4.
    #[default]
    Aes,
    /// Triple DES DUKPT (ANSI X9.24-1), PIN blocks of ISO 9564 format 0: readers that came before AES.
    Tdes,
}

/// The test keys of a reader: each serial number has its own key, so that no two readers ever use the same.
pub fn test_reader_keys(serial: &str, scheme: ReaderScheme) -> ReaderKeys {
    let digest = Sha256::digest(serial.as_bytes());
    let own = digest.first_chunk::<4>().copied().unwrap_or_default();
    let scheme = match scheme {
        ReaderScheme::Aes => {
            let mut initial_key_id = [0; 8];
            let (bdk, derivation) = initial_key_id.split_at_mut(4);
            bdk.copy_from_slice(&test_keys::BDK_ID);
            derivation.copy_from_slice(&own);
            let initial = dukpt::derive_initial_key(&test_keys::bdk(), initial_key_id);
            KeyScheme::Aes { initial_key_id, initial }
        }
        ReaderScheme::Tdes => {
            // 19 bits name the reader under the base key; the counter's bits begin below them.
            let mut serial = [0; 10];
            let (bdk, device) = serial.split_at_mut(5);
            bdk.copy_from_slice(&test_keys::TDES_BDK_ID);
            let [a, b, c, _] = own;
            device.copy_from_slice(&[a, b, c & 0xE0, 0, 0]);
            let serial = dukpt_tdes::Ksn::from_bytes(serial);
            let initial = dukpt_tdes::ReaderKey::derive(&test_keys::tdes_bdk(), serial);
            KeyScheme::Tdes { serial, initial }
        }
    };
    ReaderKeys { scheme, fingerprint: test_keys::fingerprint() }
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
        reader_keys: test_reader_keys(&settings.reader_serial, settings.reader_keys),
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
    let hardware = Hardware {
        reader,
        connected,
        digits,
        printer,
        scans,
        battery: Box::new(SystemBattery::of_this_machine()),
    };
    Terminal::start(told, opened, public_key, Arc::new(center), hardware).await.map_err(StartFault::new)
}
