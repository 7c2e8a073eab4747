//! The command line: every program and its flags.

use choba::admin::Which;
use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;
use store::Url;

/// Choba (帳場): take cashless payments, self-hosted.
#[derive(Parser)]
#[command(name = "choba", version, about)]
pub(crate) struct Cli {
    /// Settings as TOML: a table for each program, keys as the flags; flags and variables are stronger.
    #[arg(long, global = true, env = "CHOBA_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print the effective settings without secrets, and stop.
    #[arg(long, global = true)]
    pub(crate) show_config: bool,
    #[command(subcommand)]
    pub(crate) program: Program,
}

#[derive(Subcommand)]
pub(crate) enum Program {
    /// The operator's server: API, console, receipts.
    Center(CenterArgs),
    /// A payment terminal: screens on loopback, reader, printer, journal.
    Terminal(TerminalArgs),
    /// The outside world, simulated: card network, cards, desk, printers, mail catcher.
    Networks(NetworksArgs),
    /// Everything together on this machine, with a named cast.
    Demo(DemoArgs),
    /// Proofs, exports, first steps.
    #[command(subcommand)]
    Admin(AdminCommand),
}

#[derive(Args)]
pub(crate) struct CenterArgs {
    /// Folder of secrets and, with SQLite, of the database.
    #[arg(long, env = "CHOBA_CENTER_DATA", default_value = "choba-center")]
    pub(crate) data: PathBuf,
    /// `sqlite:FILE` or `postgres://…`; the folder's own SQLite file when not given.
    #[arg(long, env = "CHOBA_CENTER_DATABASE")]
    pub(crate) database: Option<Url>,
    #[arg(long, env = "CHOBA_CENTER_LISTEN", default_value = "127.0.0.1:8700")]
    pub(crate) listen: SocketAddr,
    /// Where browsers and phones reach it; `http://` and the listening address when not given.
    #[arg(long, env = "CHOBA_CENTER_PUBLIC_URL")]
    pub(crate) public_url: Option<String>,
    /// The card network's `host:port`; `packed://host:port` when it writes digits and lengths in BCD.
    #[arg(long, env = "CHOBA_CENTER_CARD_NETWORK", default_value = "127.0.0.1:8583")]
    pub(crate) card_network: String,
    /// The code brands, `https://host[/path]` in front of `/{brand}/v2/…`; no code is taken without it.
    #[arg(long, env = "CHOBA_CENTER_CODE_GATEWAY")]
    pub(crate) code_gateway: Option<String>,
    /// The key that names this center to the code brands.
    #[arg(long, env = "CHOBA_CENTER_CODE_KEY", default_value = "")]
    pub(crate) code_key: String,
    /// The secret that signs; better given by the environment than on the command line.
    #[arg(long, env = "CHOBA_CENTER_CODE_SECRET", default_value = "", hide_env_values = true)]
    pub(crate) code_secret: String,
    /// `smtp://host:port` or `smtps://user:password@host`.
    #[arg(long, env = "CHOBA_CENTER_SMTP", default_value = "smtp://127.0.0.1:8725")]
    pub(crate) smtp: String,
    /// A PEM file of root certificates that sign the mail server's own, beside the public ones.
    #[arg(long, env = "CHOBA_CENTER_SMTP_CA")]
    pub(crate) smtp_ca: Option<PathBuf>,
    #[arg(long, env = "CHOBA_CENTER_MAIL_FROM", default_value = "no-reply@choba.example")]
    pub(crate) mail_from: String,
    /// This machine's name among several centers on one database.
    #[arg(long, env = "CHOBA_CENTER_INSTANCE", default_value = "a")]
    pub(crate) instance: String,
    /// A host name beyond loopback that browsers may use; may be repeated.
    #[arg(long, env = "CHOBA_CENTER_HOST", value_delimiter = ',')]
    pub(crate) host: Vec<String>,
    /// A proxy in front speaks TLS: cookies become `__Host-`.
    #[arg(long, env = "CHOBA_CENTER_TLS")]
    pub(crate) tls: bool,
    /// Accept readers with the published test keys. Never with real cards.
    #[arg(long, env = "CHOBA_CENTER_TEST_KEYS")]
    pub(crate) test_keys: bool,
}

#[derive(Args)]
pub(crate) struct TerminalArgs {
    /// Folder of the journal.
    #[arg(long, env = "CHOBA_TERMINAL_DATA", default_value = "choba-terminal")]
    pub(crate) data: PathBuf,
    #[arg(long, env = "CHOBA_TERMINAL_LISTEN", default_value = "127.0.0.1:8710")]
    pub(crate) listen: SocketAddr,
    /// An address of the center; may be repeated, tried in order.
    #[arg(
        long,
        env = "CHOBA_TERMINAL_CENTER",
        value_delimiter = ',',
        default_value = "http://127.0.0.1:8700"
    )]
    pub(crate) center: Vec<String>,
    /// The bench that stands for the reader.
    #[arg(long, env = "CHOBA_TERMINAL_BENCH", default_value = "ws://127.0.0.1:8701/desk/bench/000000358002")]
    pub(crate) bench: String,
    /// The printer's host and port; none when not given.
    #[arg(long, env = "CHOBA_TERMINAL_PRINTER")]
    pub(crate) printer: Option<String>,
    /// Serial number of the reader.
    #[arg(long, env = "CHOBA_TERMINAL_READER", default_value = "MP200L-0085")]
    pub(crate) reader: String,
    /// The keys that the reader is loaded with: `aes`, or `tdes` for readers that came before AES.
    #[arg(long, env = "CHOBA_TERMINAL_READER_KEYS", value_enum, default_value = "aes")]
    pub(crate) reader_keys: choba::programs::terminal::ReaderScheme,
    /// With a password: activates this terminal id without a person.
    #[arg(long, env = "CHOBA_TERMINAL_ID", requires = "password")]
    pub(crate) id: Option<String>,
    #[arg(long, env = "CHOBA_TERMINAL_PASSWORD", requires = "id", hide_env_values = true)]
    pub(crate) password: Option<String>,
    /// Where registers are served (nexo over TLS, usually port 8443); not at all when not given. Needs a
    /// pairing: `choba terminal pair`.
    #[arg(long, env = "CHOBA_TERMINAL_NEXO")]
    pub(crate) nexo: Option<SocketAddr>,
    /// Take messages of registers that are not encrypted too.
    #[arg(long, env = "CHOBA_TERMINAL_NEXO_PLAIN")]
    pub(crate) nexo_plain: bool,
    #[command(subcommand)]
    pub(crate) command: Option<TerminalCommand>,
}

#[derive(Subcommand)]
pub(crate) enum TerminalCommand {
    /// Pair a register: makes a passphrase, shown once, and a certificate. Pairing again makes the next
    /// version of the key; the one before stays good. A running terminal takes it up by itself.
    Pair {
        /// Folder of the terminal.
        #[arg(long = "folder", env = "CHOBA_TERMINAL_DATA", default_value = "choba-terminal")]
        folder: PathBuf,
        /// The terminal's id, twelve digits.
        #[arg(long = "terminal")]
        terminal: String,
        /// Common name of the certificate; `CHOBA-<id>.test.terminal.adyen.com` when not given, which is
        /// what the stock client wants.
        #[arg(long)]
        common_name: Option<String>,
        /// Name of the key, as the messages carry it.
        #[arg(long)]
        key: Option<String>,
    },
}

#[derive(Args)]
pub(crate) struct NetworksArgs {
    /// Folder of the network's book.
    #[arg(long, env = "CHOBA_NETWORKS_DATA", default_value = "choba-networks")]
    pub(crate) data: PathBuf,
    /// Desk page and API.
    #[arg(long, env = "CHOBA_NETWORKS_LISTEN", default_value = "127.0.0.1:8701")]
    pub(crate) listen: SocketAddr,
    /// The card network, ISO 8583.
    #[arg(long, env = "CHOBA_NETWORKS_CARD", default_value = "127.0.0.1:8583")]
    pub(crate) card: SocketAddr,
    /// The code brands, HTTP.
    #[arg(long, env = "CHOBA_NETWORKS_CODE", default_value = "127.0.0.1:8702")]
    pub(crate) code: SocketAddr,
    /// The code brands, HTTPS with a certificate of their own (code-ca.pem in the folder).
    #[arg(long, env = "CHOBA_NETWORKS_CODE_TLS", default_value = "127.0.0.1:8703")]
    pub(crate) code_tls: SocketAddr,
    /// The mail catcher.
    #[arg(long, env = "CHOBA_NETWORKS_SMTP", default_value = "127.0.0.1:8725")]
    pub(crate) smtp: SocketAddr,
    /// A terminal on the desk and its printer, `ID=ADDRESS`; may be repeated.
    #[arg(
        long,
        env = "CHOBA_NETWORKS_PRINTER",
        value_delimiter = ',',
        default_value = "000000358002=127.0.0.1:8791"
    )]
    pub(crate) printer: Vec<String>,
    /// Decide every amount by its card alone.
    #[arg(long, env = "CHOBA_NETWORKS_NO_MAGIC")]
    pub(crate) no_magic: bool,
    /// The center's time-out is short too.
    #[arg(long, env = "CHOBA_TIMERS", value_enum, default_value = "normal")]
    pub(crate) timers: Timers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Timers {
    /// 20 s, 25 s, 35 s.
    Normal,
    /// 2 s, 3 s, 5 s.
    Test,
}

#[derive(Args)]
pub(crate) struct DemoArgs {
    /// Folder of everything; survives restarts.
    #[arg(long, env = "CHOBA_DEMO_DATA")]
    pub(crate) data: Option<PathBuf>,
    /// The center's port; every other port moves with it.
    #[arg(long, env = "CHOBA_DEMO_PORT_BASE", default_value_t = choba::demo::BASE)]
    pub(crate) port_base: u16,
    /// The center's database, `sqlite:FILE` or `postgres://…`.
    #[arg(long, env = "CHOBA_DEMO_DATABASE")]
    pub(crate) database: Option<Url>,
    /// Start over: forget all data first.
    #[arg(long, env = "CHOBA_DEMO_FRESH")]
    pub(crate) fresh: bool,
    #[arg(long, env = "CHOBA_TIMERS", value_enum, default_value = "normal")]
    pub(crate) timers: Timers,
}

#[derive(Subcommand)]
pub(crate) enum AdminCommand {
    /// Prove every book in a folder and compare them; exit code 2 when something is not sound.
    Verify {
        #[command(flatten)]
        books: BooksArgs,
        /// The whole report as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Export one program's payments.
    Export {
        /// Whose.
        which: Which,
        #[command(flatten)]
        books: BooksArgs,
        /// Accepted for symmetry; the export is always JSON.
        #[arg(long)]
        json: bool,
    },
    /// Apply what the center's database lacks.
    Migrate(CenterArgs),
    /// Who may log in to the console and at terminals.
    #[command(flatten)]
    People(crate::people::PeopleCommand),
    /// Load companies, shops, terminals, people, contracts, settlement terms and payees from a TOML file; loading again
    /// changes nothing.
    Load {
        #[command(flatten)]
        center: CenterArgs,
        /// The file.
        file: PathBuf,
    },
    /// Block a terminal that was lost or copied; its key is refused from then on.
    BlockTerminal(TerminalAct),
    /// Let a terminal in again that is blocked because its data was copied or is old. Look at both devices, or
    /// at the backup, and erase all but one first.
    LetInTerminal(TerminalAct),
    /// Issue a new terminal password: four digits, good once and for 15 minutes.
    TerminalPassword {
        #[command(flatten)]
        center: CenterArgs,
        /// Twelve digits.
        #[arg(long)]
        terminal: String,
    },
    /// Write a payment notice into a folder, as a PDF and as the locked ZIP that is mailed.
    Notice {
        #[command(flatten)]
        center: CenterArgs,
        /// Its number, like `100000001-001-20270226`.
        number: String,
        /// The folder.
        #[arg(long)]
        out: PathBuf,
        /// What it is, as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Say a day's totals to the card network and show what it answers; exit code 2 while it has not agreed. A
    /// running center does so by itself after the day is over.
    Totals {
        #[command(flatten)]
        center: CenterArgs,
        /// The business date, `YYYY-MM-DD`.
        #[arg(long)]
        on: jiff::civil::Date,
        /// The whole report as JSON.
        #[arg(long)]
        json: bool,
    },
    /// What settlement is fed with, what it does and costs.
    #[command(flatten)]
    Settle(crate::settle::SettleCommand),
}

/// What an operator does about one terminal.
#[derive(Args)]
pub(crate) struct TerminalAct {
    #[command(flatten)]
    pub(crate) center: CenterArgs,
    /// Twelve digits.
    #[arg(long)]
    pub(crate) terminal: String,
    /// Why, for the audit.
    #[arg(long)]
    pub(crate) reason: String,
}

#[derive(Args)]
pub(crate) struct BooksArgs {
    /// A program's folder, or a demo's.
    #[arg(long)]
    pub(crate) data: PathBuf,
    /// The center's database when it is not in the folder.
    #[arg(long)]
    pub(crate) database: Option<Url>,
}
