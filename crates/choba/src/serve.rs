//! Serving: a program from its flags until the process is asked to stop.

use crate::cli::{CenterArgs, DemoArgs, NetworksArgs, TerminalArgs, TerminalCommand, Timers};
use choba::demo::{self, Demo, Ports};
use choba::programs::{self, StartFault, center, networks, registers, terminal};
use clock::Clock;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use store::Url;
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer, registry};

/// Logs to standard error; `CHOBA_LOG` filters, `CHOBA_LOG_FORMAT=json` writes JSON.
pub(crate) fn log() {
    let filter = EnvFilter::try_from_env("CHOBA_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let json = std::env::var("CHOBA_LOG_FORMAT").is_ok_and(|format| format == "json");
    registry().with(lines(filter, json, std::io::stderr)).init();
}

/// Libraries that show, below `info`, every message they carry: the bench's have APDUs, tracks and PINs
/// in them (S3, invariant 4).
const CARRIERS: [&str; 2] = ["tungstenite", "tokio_tungstenite"];

fn may_be_logged(what: &tracing::Metadata<'_>) -> bool {
    let source = what.target().split("::").next().unwrap_or_default();
    !CARRIERS.contains(&source) || *what.level() <= tracing::Level::INFO
}

/// What is written, whatever the filter lets through.
fn lines<S, W>(filter: EnvFilter, json: bool, to: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = filter.and(filter_fn(may_be_logged));
    let layer = tracing_subscriber::fmt::layer().with_writer(to);
    if json { layer.json().with_filter(filter).boxed() } else { layer.with_filter(filter).boxed() }
}

/// Resolves when the process is asked to stop.
async fn asked_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        else {
            return drop(interrupt.await);
        };
        tokio::select! {
            _ = interrupt => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    drop(interrupt.await);
}

pub(crate) fn center_settings(args: CenterArgs, clock: Clock) -> center::Settings {
    center::Settings {
        database: args.database.unwrap_or_else(|| center::own_database(&args.data)),
        data: args.data,
        clock,
        listen: args.listen,
        public_url: args.public_url.unwrap_or_else(|| format!("http://{}", args.listen)),
        card_network: args.card_network,
        code_gateway: args.code_gateway.map(|url| ::center::Gateway {
            url,
            key: args.code_key,
            secret: args.code_secret,
        }),
        smtp: args.smtp,
        smtp_ca: args.smtp_ca,
        mail_from: args.mail_from,
        instance: args.instance,
        hosts: args.host,
        tls: args.tls,
        test_keys: args.test_keys,
    }
}

/// A line to whoever started the program. That nobody reads any more (`| head -1`) is no reason to end.
pub(crate) fn say(line: std::fmt::Arguments<'_>) {
    drop(writeln!(std::io::stdout(), "{line}"));
}

pub(crate) async fn center(args: CenterArgs) -> Result<(), StartFault> {
    let settings = center_settings(args, Clock::real());
    let listener = programs::listen("center", settings.listen).await?;
    let opened = center::open(&settings)?;
    say(format_args!("ready http://{}", settings.listen));
    let served = opened.serve(listener, asked_to_stop()).await.map_err(StartFault::new);
    opened.base.db.clone().close();
    served
}

pub(crate) async fn terminal(args: TerminalArgs) -> Result<(), StartFault> {
    let listener = programs::listen("terminal", args.listen).await?;
    // Taken before anything starts, so that a taken port is one clear sentence.
    let for_registers = match args.nexo {
        Some(address) => Some(programs::listen("terminal, for registers", address).await?),
        None => None,
    };
    let folder = args.data.clone();
    let running = terminal::start(terminal::Settings {
        data: args.data,
        clock: Clock::real(),
        centers: args.center,
        bench: args.bench,
        printer: args.printer,
        reader_serial: args.reader,
        reader_keys: args.reader_keys,
        unattended: args.id.zip(args.password),
        witness: None,
    })
    .await?;
    let registers = for_registers
        .map(|listener| {
            let opened = registers::open(&running, &folder, args.nexo_plain)?;
            Ok::<_, StartFault>(async move { opened.serve(listener).await.map_err(StartFault::new) })
        })
        .transpose()?;
    say(format_args!("ready http://{}", args.listen));
    if let Some(address) = args.nexo {
        say(format_args!("registers https://{address}/nexo/"));
    }
    let serving = async move {
        match registers {
            Some(serving) => serving.await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        ended = running.serve(listener) => ended.map_err(StartFault::new),
        ended = serving => ended,
        () = asked_to_stop() => Ok(()),
    }
}

/// `choba terminal pair`: what the register must be told, once.
pub(crate) async fn pair(command: TerminalCommand) -> Result<(), StartFault> {
    let TerminalCommand::Pair { folder, terminal, common_name, key } = command;
    if terminal.len() != 12 || !terminal.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(StartFault::new("A terminal's id has twelve digits."));
    }
    let told = registers::Pairing { terminal, common_name, key, passphrase: None };
    let paired = registers::pair(folder, told, &Clock::real()).await?;
    say(format_args!(
        "POIID           {}\nkey identifier  {}\nkey version     {}\npassphrase      {}   (shown once)\n\
         certificate     {}\ncommon name     {}",
        paired.poi_id,
        paired.key_identifier,
        paired.key_version,
        paired.passphrase.unmask(),
        paired.certificate.display(),
        paired.common_name,
    ));
    Ok(())
}

pub(crate) async fn networks(args: NetworksArgs) -> Result<(), StartFault> {
    let terminals = args.printer.iter().map(|pair| desk_terminal(pair)).collect::<Result<Vec<_>, _>>()?;
    let bound = networks::open(networks::Settings {
        data: args.data,
        clock: Clock::real(),
        clock_moves: false,
        desk: args.listen,
        card: args.card,
        smtp: args.smtp,
        code: Some(args.code),
        code_tls: Some(args.code_tls),
        center_waits: center_waits(args.timers),
        magic: !args.no_magic,
        terminals,
    })
    .await?;
    say(format_args!("ready http://{}", args.listen));
    bound.serve(asked_to_stop()).await.map_err(StartFault::new)
}

fn center_waits(timers: Timers) -> Duration {
    match timers {
        Timers::Normal => Duration::from_secs(25),
        Timers::Test => Duration::from_secs(3),
    }
}

/// `ID=ADDRESS`.
fn desk_terminal(pair: &str) -> Result<netsim::Terminal, StartFault> {
    let parsed = pair.split_once('=').and_then(|(id, address)| Some((id, address.parse().ok()?)));
    let (id, address) = parsed.ok_or_else(|| {
        StartFault::new(format!("{pair:?} is not a terminal and its printer (ID=ADDRESS)."))
    })?;
    Ok(netsim::Terminal { id: id.to_owned(), name: id.to_owned(), printer: Some(address) })
}

pub(crate) async fn demo(args: DemoArgs) -> Result<(), StartFault> {
    let ports = Ports::around(args.port_base).ok_or_else(|| {
        StartFault::new(format!("Around port {} there is no room for the demo.", args.port_base))
    })?;
    let data = args.data.map_or_else(usual_folder, Ok)?;
    if args.fresh {
        start_over(&data, args.database.as_ref()).await?;
    }
    let settings = demo::Settings {
        data: data.clone(),
        clock: Clock::real(),
        ports,
        database: args.database,
        short_timers: args.timers == Timers::Test,
    };
    let running = Demo::start(&settings, |what| say(format_args!("… {what}"))).await?;
    say(format_args!("ready http://{}", ports.center()));
    say(format_args!("{}", demo::table(ports, &running.cast, &running.registers, &data)));
    running.run(asked_to_stop()).await
}

/// `$XDG_DATA_HOME/choba/demo`, usually `~/.local/share/choba/demo`.
fn usual_folder() -> Result<PathBuf, StartFault> {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    let base = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).or_else(home);
    base.map(|base| base.join("choba/demo"))
        .ok_or_else(|| StartFault::new("There is no home folder; name one with --data."))
}

/// Forgets a demo: its own files, and the tables of its database when that is a server's.
async fn start_over(data: &Path, database: Option<&Url>) -> Result<(), StartFault> {
    let fault =
        |why: std::io::Error| StartFault::new(format!("{} cannot be emptied: {why}.", data.display()));
    // Only what a demo makes, so that a folder named by mistake keeps everything else.
    let ours = |name: &str| matches!(name, "center" | "networks") || name.starts_with("terminal-");
    if data.exists() {
        for entry in std::fs::read_dir(data).map_err(fault)? {
            let entry = entry.map_err(fault)?;
            if ours(&entry.file_name().to_string_lossy()) {
                std::fs::remove_dir_all(entry.path()).map_err(fault)?;
            }
        }
    }
    match database {
        Some(Url::Sqlite(file)) => {
            for ending in ["", "-wal", "-shm"] {
                let mut name = file.clone().into_os_string();
                name.push(ending);
                match std::fs::remove_file(&name) {
                    Err(why) if why.kind() != std::io::ErrorKind::NotFound => return Err(fault(why)),
                    _ => {}
                }
            }
            Ok(())
        }
        Some(Url::Postgres(url)) => drop_tables(url).await,
        None => Ok(()),
    }
}

/// Drops the tables of a Choba database; any other is left alone.
async fn drop_tables(url: &str) -> Result<(), StartFault> {
    let fault =
        |why: tokio_postgres::Error| StartFault::new(format!("The database cannot be emptied: {why}."));
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.map_err(fault)?;
    let line = tokio::spawn(connection);
    let list = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename";
    let names: Vec<String> =
        client.query(list, &[]).await.map_err(fault)?.iter().map(|row| row.get(0)).collect();
    if names.iter().any(|name| name == "store_migration") {
        for name in names {
            let statement = format!("DROP TABLE IF EXISTS \"{}\" CASCADE", name.replace('"', ""));
            client.execute(&statement, &[]).await.map_err(fault)?;
        }
    }
    drop(client);
    drop(line.await);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[test]
    fn not_even_trace_shows_what_the_bench_carries() {
        // S3: seen with CHOBA_LOG=trace, whole tracks and PINs in a terminal's log.
        for (asked, json) in [("trace", false), ("tungstenite::protocol=trace,info", true)] {
            let written = Arc::new(Mutex::new(Vec::new()));
            let to = Arc::clone(&written);
            let writer = move || Lines(Arc::clone(&to));
            let subscriber = registry().with(lines(EnvFilter::new(asked), json, writer));
            tracing::subscriber::with_default(subscriber, || {
                tracing::trace!(target: "tungstenite::protocol", "Received message 4111111111111111");
                tracing::debug!(target: "tokio_tungstenite", "4111111111111111");
                tracing::info!(target: "tungstenite::protocol", "closed");
                tracing::info!("ready");
            });
            let text = String::from_utf8(written.lock().unwrap().clone()).unwrap();
            assert!(text.contains("closed") && text.contains("ready") && !text.contains("4111"), "{text}");
        }
    }

    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
}
