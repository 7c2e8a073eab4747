//! Card payments per second over HTTP beside the raw group commit of the same rows, and their latency.
//!
//! The whole path is taken: signature and digest verified, intent committed, ISO 8583 over TCP to the
//! network, which opens the DUKPT ciphertexts, verifies PIN and cryptogram and commits its own book, then
//! outcome, ledger and receipt facts committed, and the slip answered. Center and networks are processes
//! of the release binary.

use crate::cast::{self, Terminal};
use crate::limit::{self, Replayed, Writes};
use crate::load::{self, Outcome};
use crate::machine::{self, Usage, median, per_second, percentiles, ratio};
use crate::options::Options;
use crate::programs::{Program, first_200, free_port};
use crate::reader::{Till, prepare};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;
use store::Url;

/// Payments whose statements are recorded.
const RECORDED: usize = 6_000;
/// A round beside which the machine did other things says little.
const IDLE_PERCENT: u64 = 90;
/// Two limits of one round that differ by more than this say that the machine changed between them.
const LIMITS_DIFFER_PERCENT: u64 = 20;

/// A center and its network at work, with terminals that pay.
struct Bench {
    binary: PathBuf,
    root: PathBuf,
    center: Program,
    networks: Program,
    port: u16,
    tills: Vec<Till>,
    acknowledged: usize,
    yen: i64,
}

/// One round of one number of connections.
struct Round {
    product: u64,
    limit: u64,
    counts: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(all(options))
}

async fn all(options: &Options) -> Result<()> {
    let conns = options.numbers("terminals", &[64, 256])?;
    let (rounds, payments) = (options.number("rounds", 5)?, options.number("payments", 12_000)?);
    let most = conns.iter().copied().max().context("no terminals")?;
    let cast = cast::terminals(most);
    let folder = options.folder()?;
    let before = folder.path().join("before.sqlite");
    cast::seed(&before, &cast)?;
    let writes = record(options, folder.path(), &before, &cast).await?;
    let (statements, units) = writes.shape();
    println!(
        "{}",
        json!({ "recorded": { "payments": RECORDED, "writes_per_100": statements, "units_per_100": units } })
    );
    let mut bench = Bench::start(options, folder.path(), &before, &cast)?;
    bench.hold(options)?;
    bench.single().await?;
    for conns in conns {
        let mut all = Vec::new();
        for number in 1..=rounds {
            all.push(bench.round(&writes, &before, conns, payments, number).await?);
        }
        verdict(conns, &all);
    }
    for rate in options.numbers("rates", &[200, 500, 1000])? {
        bench.open(rate, options.number("secs", 8)?).await?;
    }
    Ok(())
}

/// A recording pass: the same center inside this process, on a database of its own.
async fn record(options: &Options, root: &Path, before: &Path, cast: &[Terminal]) -> Result<Writes> {
    let (center_data, networks_data) = (root.join("record/center"), root.join("record/networks"));
    std::fs::create_dir_all(&center_data)?;
    let file = center_data.join("center.sqlite");
    limit::copy(before, &file)?;
    let card = free_port()?;
    let _networks = Program::networks(&options.binary()?, &networks_data, card)?;
    let clock = clock::Clock::real();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let settings = center::Settings {
        tenant: store::TenantId(1),
        instance: "bench-1".to_owned(),
        public_url: format!("http://127.0.0.1:{port}"),
        card_network: format!("127.0.0.1:{card}"),
        code_brands: Vec::new(),
        connections: 2,
        mail: delivery::MailSettings { url: "smtp://127.0.0.1:1".into(), from: "bench@choba.example".into() },
        port,
        tls: false,
        hosts: Vec::new(),
        test_keys: true,
        root_key: [7; 32],
    };
    let db = center::open_db(&Url::Sqlite(file), clock.clone())?;
    let center = Arc::new(center::Center::open(db.clone(), clock, &settings)?);
    let served = Arc::clone(&center);
    let task = tokio::spawn(async move { served.serve(listener, std::future::pending()).await });
    let mut tills = cast.iter().map(Till::new).collect::<Result<Vec<_>>>()?;
    let each = RECORDED.div_ceil(tills.len());
    let work = prepare(&mut tills, each, port).await?;
    let count = work.iter().map(Vec::len).sum();
    db.record();
    let outcome = load::closed(port, work).await?;
    let units = db.recorded();
    task.abort();
    if outcome.acknowledged != count {
        bail!("while recording, {} of {count} were approved: {:?}", outcome.acknowledged, outcome.example);
    }
    Ok(Writes::of(&units, count))
}

impl Bench {
    fn start(options: &Options, root: &Path, before: &Path, cast: &[Terminal]) -> Result<Self> {
        let (binary, root) = (options.binary()?, root.join("product"));
        let (center_data, networks_data) = (root.join("center"), root.join("networks"));
        std::fs::create_dir_all(&center_data)?;
        limit::copy(before, &center_data.join("center.sqlite"))?;
        let (port, card) = (free_port()?, free_port()?);
        let networks = Program::networks(&binary, &networks_data, card)?;
        let center = Program::center(&binary, &center_data, port, card)?;
        first_200(port, "/readyz", Instant::now())?;
        let tills = cast.iter().map(Till::new).collect::<Result<Vec<_>>>()?;
        Ok(Self { binary, root, center, networks, port, tills, acknowledged: 0, yen: 0 })
    }

    /// `--hold 1` says where the processes are and goes on when Enter is pressed, for a profiler.
    fn hold(&self, options: &Options) -> Result<()> {
        if options.number("hold", 0)? > 0 {
            println!("center {} networks {}; press Enter", self.center.id(), self.networks.id());
            std::io::stdin().read_line(&mut String::new())?;
        }
        Ok(())
    }

    /// One terminal alone: what a person waits for when nobody else pays.
    async fn single(&mut self) -> Result<()> {
        let idle = machine::idle();
        let tills = self.tills.get_mut(..1).context("no terminal")?;
        let work = prepare(tills, 300, self.port).await?;
        let outcome = load::closed(self.port, work).await?;
        self.add(&outcome)?;
        let latency = percentiles(&outcome.latencies_us);
        println!(
            "{}",
            json!({ "bench": "pay", "loop": "closed", "terminals": 1, "idle_percent": idle, "latency_us": latency })
        );
        Ok(())
    }

    async fn round(
        &mut self,
        writes: &Writes,
        before: &Path,
        conns: usize,
        payments: usize,
        number: usize,
    ) -> Result<Round> {
        let tills = self.tills.get_mut(..conns).context("fewer terminals")?;
        let work = prepare(tills, payments.div_ceil(conns), self.port).await?;
        let idle = machine::idle();
        let first = self.limit(writes, before)?;
        let costs = [self.center.id(), self.networks.id(), std::process::id()].map(Usage::of);
        let outcome = load::closed(self.port, work).await?;
        let count = outcome.acknowledged;
        let now = [self.center.id(), self.networks.id(), std::process::id()].map(Usage::of);
        let spent: Vec<Usage> = now.iter().zip(costs).map(|(now, then)| now.since(then, count)).collect();
        let second = self.limit(writes, before)?;
        self.add(&outcome)?;
        let product = per_second(count, outcome.time);
        let limit = u64::midpoint(first.per_second, second.per_second);
        let differ = first.per_second.abs_diff(second.per_second).saturating_mul(100) / limit.max(1);
        let counts = idle >= IDLE_PERCENT && differ <= LIMITS_DIFFER_PERCENT;
        let line = json!({
            "bench": "pay", "loop": "closed", "terminals": conns, "round": number, "payments": count,
            "idle_percent": idle, "counts": counts,
            "product_per_s": product,
            "limit_per_s": [first.per_second, second.per_second],
            "ratio": ratio(product, limit),
            "latency_us": percentiles(&outcome.latencies_us),
            "product": costs_of(&spent),
            "limit": { "cpu_us": first.cost.cpu_us, "disk_bytes": first.cost.written },
            "memory_kib": {
                "center": machine::memory_kib(self.center.id(), "VmHWM"),
                "networks": machine::memory_kib(self.networks.id(), "VmHWM"),
            },
        });
        println!("{line}");
        self.verify()?;
        Ok(Round { product, limit, counts })
    }

    /// The middle of three replays, each shorter than a round.
    fn limit(&self, writes: &Writes, before: &Path) -> Result<Replayed> {
        let mut all = (0..3).map(|_| writes.replay(before, &self.root)).collect::<Result<Vec<_>>>()?;
        all.sort_by_key(|replayed| replayed.per_second);
        all.into_iter().nth(1).context("three replays")
    }

    /// So many payments a second for so long.
    async fn open(&mut self, rate: usize, secs: usize) -> Result<()> {
        let each = (rate * secs).div_ceil(self.tills.len());
        let work = prepare(&mut self.tills, each, self.port).await?;
        let idle = machine::idle();
        let outcome = load::open(self.port, work, rate).await?;
        self.add(&outcome)?;
        let line = json!({
            "bench": "pay", "loop": "open", "terminals": self.tills.len(), "rate": rate,
            "idle_percent": idle, "payments": outcome.acknowledged,
            "achieved_per_s": per_second(outcome.acknowledged, outcome.time),
            "latency_us": percentiles(&outcome.latencies_us),
        });
        println!("{line}");
        self.verify()
    }

    fn add(&mut self, outcome: &Outcome) -> Result<()> {
        if outcome.other > 0 {
            bail!("{} payments were not approved: {:?}", outcome.other, outcome.example);
        }
        self.acknowledged += outcome.acknowledged;
        self.yen += outcome.yen;
        Ok(())
    }

    /// Acknowledged is stored, stored is balanced, and the network has charged the same.
    fn verify(&self) -> Result<()> {
        let out = Command::new(&self.binary)
            .args(["admin", "verify", "--json", "--data"])
            .arg(&self.root)
            .output()
            .context("choba admin verify cannot be run")?;
        let report: Value = serde_json::from_slice(&out.stdout)
            .with_context(|| format!("verify said nothing: {}", String::from_utf8_lossy(&out.stderr)))?;
        let tenant = report.pointer("/center/tenants/0").context("no tenant in the report")?;
        let number = |key: &str| tenant.get(key).and_then(Value::as_i64).unwrap_or(-1);
        let acknowledged = i64::try_from(self.acknowledged)?;
        let (charges, charged_yen) = self.charged()?;
        let whole = report.get("sound").and_then(Value::as_bool) == Some(true)
            && (number("payments"), number("taken_yen"), number("sum_yen")) == (acknowledged, self.yen, 0)
            && (charges, charged_yen) == (acknowledged, self.yen);
        if !whole {
            bail!(
                "the books do not agree: acknowledged {acknowledged} of {} yen, charged {charges} of {charged_yen} yen, {report}",
                self.yen
            );
        }
        println!(
            "{}",
            json!({ "verified": { "acknowledged": acknowledged, "stored": number("payments"), "charged": charges, "yen": self.yen, "sum_yen": 0, "sound": true } })
        );
        Ok(())
    }

    /// Charges in the network's book.
    fn charged(&self) -> Result<(i64, i64)> {
        let book = rusqlite::Connection::open(self.root.join("networks/networks.sqlite"))?;
        let sql = "SELECT COUNT(*), COALESCE(SUM(amount_yen), 0) FROM charge WHERE state = 'charged'";
        Ok(book.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }
}

fn costs_of(spent: &[Usage]) -> Value {
    let of = |at: usize| {
        let usage = spent.get(at).copied().unwrap_or_default();
        json!({ "cpu_us": usage.cpu_us, "disk_bytes": usage.written })
    };
    json!({ "center": of(0), "networks": of(1), "load": { "cpu_us": spent.get(2).map(|usage| usage.cpu_us) } })
}

fn verdict(conns: usize, rounds: &[Round]) {
    let kept = rounds.iter().filter(|round| round.counts).count();
    // A busy machine gives a figure all the same, and the line says so.
    let used: Vec<&Round> = rounds.iter().filter(|round| round.counts || kept == 0).collect();
    let product = median(used.iter().map(|round| round.product).collect());
    let limit = median(used.iter().map(|round| round.limit).collect());
    println!(
        "verdict pay {conns} terminals: {product}/s, raw group commit {limit}/s, ratio {}; median of {} of {} rounds{}",
        ratio(product, limit),
        used.len(),
        rounds.len(),
        if kept == 0 { " (BUSY: no round was quiet enough to count)" } else { "" }
    );
}
