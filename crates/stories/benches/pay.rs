//! Card payments per second over HTTP beside the raw group commit of the same rows, and their latency.
//!
//! The whole path is taken: signature and digest verified, intent committed, ISO 8583 over TCP to the
//! network, which opens the DUKPT ciphertexts, verifies PIN and cryptogram and commits its own book, then
//! outcome, ledger and receipt facts committed, and the slip answered. Center and networks are processes
//! of the release binary.

use crate::cast::{self, Terminal};
use crate::limit::{self, Writes};
use crate::load::{self, Outcome};
use crate::machine::{self, Usage, per_second, percentiles, ratio};
use crate::options::Options;
use crate::peers::{Peers, Reached};
use crate::programs::{Program, first_200, free_port};
use crate::reader::{Till, prepare};
use crate::record::{Recorded, record};
use crate::verdict;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use store::Url;

/// Raw commits in sequence beside one terminal alone.
const SINGLE_COMMITS: usize = 600;
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

/// One round of one number of connections, payments a second.
pub(crate) struct Round {
    pub(crate) product: u64,
    /// Raw group commit of the center's rows.
    pub(crate) limit: u64,
    /// The same with the network's rows after them.
    pub(crate) both: u64,
    /// The machine was quiet enough.
    pub(crate) counts: bool,
    pub(crate) reached: Reached,
}

/// Raw group commits, payments a second.
struct Limit {
    per_second: u64,
    both_per_second: u64,
    cost: Usage,
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
    cast::seed(&Url::Sqlite(before.clone()), &cast)?;
    let recorded = record(options, folder.path(), &before, &cast).await?;
    let of = |writes: &Writes| {
        let (statements, units) = writes.shape();
        json!({ "writes_per_100": statements, "units_per_100": units })
    };
    println!(
        "{}",
        json!({ "recorded": { "payments": recorded.payments, "center": of(&recorded.center), "network": of(&recorded.book) } })
    );
    let mut peers = Peers::start(options, &cast, &recorded)?;
    let mut bench = Bench::start(options, &folder.path().join("product"), &before, &cast)?;
    bench.hold(options)?;
    for number in 1..=options.number("single", 1)? {
        bench.single(&recorded, number).await?;
    }
    for conns in conns {
        let mut all = Vec::new();
        for number in 1..=rounds {
            let round = bench.round(&recorded, conns, payments, number).await?;
            // The peers only beside the largest number of terminals.
            let reached = if conns == most { peers.round()? } else { Reached::default() };
            all.push(Round { reached, ..round });
        }
        verdict::closed(conns, &all);
    }
    if options.number("hot", 1)? > 0 {
        hot(options, folder.path(), &mut bench, &recorded, (most, rounds, payments)).await?;
    }
    for rate in options.numbers("rates", &[500, 2000])? {
        bench.open(&recorded, rate, options.number("secs", 10)?).await?;
    }
    Ok(())
}

/// One merchant beside many, in turn: a second center whose terminals all stand in one shop.
async fn hot(
    options: &Options,
    root: &Path,
    spread: &mut Bench,
    recorded: &Recorded,
    (conns, rounds, payments): (usize, usize, usize),
) -> Result<()> {
    let cast = cast::terminals_in(conns, conns);
    let before = root.join("hot.sqlite");
    cast::seed(&Url::Sqlite(before.clone()), &cast)?;
    let mut one = Bench::start(options, &root.join("hot"), &before, &cast)?;
    let mut all = Vec::new();
    for number in 1..=rounds {
        let many = spread.round(recorded, conns, payments, number).await?;
        let hot = one.round(recorded, conns, payments, number).await?;
        println!(
            "{}",
            json!({ "bench": "hot", "round": number, "one_merchant_per_s": hot.product, "many_per_s": many.product })
        );
        all.push((hot, many));
    }
    verdict::hot(&all);
    Ok(())
}

impl Bench {
    fn start(options: &Options, root: &Path, before: &Path, cast: &[Terminal]) -> Result<Self> {
        let (binary, root) = (options.binary()?, root.to_owned());
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

    /// One terminal alone, which is what a person waits for when nobody else pays, beside the same number of
    /// raw commits in sequence: the center's two units of work and the network's one.
    async fn single(&mut self, recorded: &Recorded, number: usize) -> Result<()> {
        let idle = machine::idle();
        let tills = self.tills.get_mut(..1).context("no terminal")?;
        let work = prepare(tills, 300, self.port).await?;
        let outcome = load::closed(self.port, work).await?;
        self.add(&outcome)?;
        let middle = |sorted: &[u64]| sorted.get(sorted.len() / 2).copied().unwrap_or(0);
        let center = middle(&recorded.center.one_by_one(&self.root, SINGLE_COMMITS)?);
        let network = middle(&recorded.book.one_by_one(&self.root, SINGLE_COMMITS)?);
        let each = |writes: &Writes| u64::try_from(writes.units_each()).unwrap_or(0);
        let raw = center * each(&recorded.center) + network * each(&recorded.book);
        println!(
            "{}",
            json!({
                "bench": "pay", "loop": "closed", "terminals": 1, "round": number, "idle_percent": idle,
                "latency_us": percentiles(&outcome.latencies_us),
                "raw_commit_us": { "center": center, "network": network, "payment": raw },
            })
        );
        verdict::single(middle(&outcome.latencies_us), raw);
        Ok(())
    }

    async fn round(
        &mut self,
        recorded: &Recorded,
        conns: usize,
        payments: usize,
        number: usize,
    ) -> Result<Round> {
        let tills = self.tills.get_mut(..conns).context("fewer terminals")?;
        let work = prepare(tills, payments.div_ceil(conns), self.port).await?;
        let idle = machine::idle();
        let first = self.limit(recorded)?;
        let costs = [self.center.id(), self.networks.id(), std::process::id()].map(Usage::of);
        let outcome = load::closed(self.port, work).await?;
        let count = outcome.acknowledged;
        let now = [self.center.id(), self.networks.id(), std::process::id()].map(Usage::of);
        let spent: Vec<Usage> = now.iter().zip(costs).map(|(now, then)| now.since(then, count)).collect();
        let second = self.limit(recorded)?;
        self.add(&outcome)?;
        let product = per_second(count, outcome.time);
        let limit = u64::midpoint(first.per_second, second.per_second);
        let both = u64::midpoint(first.both_per_second, second.both_per_second);
        let differ = first.per_second.abs_diff(second.per_second).saturating_mul(100) / limit.max(1);
        let counts = idle >= IDLE_PERCENT && differ <= LIMITS_DIFFER_PERCENT;
        let line = json!({
            "bench": "pay", "loop": "closed", "terminals": conns, "round": number, "payments": count,
            "idle_percent": idle, "counts": counts,
            "product_per_s": product,
            "limit_per_s": [first.per_second, second.per_second],
            "ratio": ratio(product, limit),
            "limit_with_network_per_s": both, "ratio_with_network": ratio(product, both),
            "latency_us": percentiles(&outcome.latencies_us),
            "product": costs_of(&spent),
            "limit": { "cpu_us": first.cost.cpu_us, "disk_bytes": first.cost.written },
            "cpu_us_all": spent.iter().map(|usage| usage.cpu_us).sum::<u64>(),
            "memory_kib": {
                "center": machine::memory_kib(self.center.id(), "VmHWM"),
                "networks": machine::memory_kib(self.networks.id(), "VmHWM"),
            },
        });
        println!("{line}");
        self.verify()?;
        Ok(Round { product, limit, both, counts, reached: Reached::default() })
    }

    /// The middle of three replays, each shorter than a round: of the center's rows, and of the network's
    /// book after them.
    fn limit(&self, recorded: &Recorded) -> Result<Limit> {
        let middle = |writes: &Writes| {
            let mut all = (0..3).map(|_| writes.replay(&self.root)).collect::<Result<Vec<_>>>()?;
            all.sort_by_key(|replayed| replayed.per_second);
            all.into_iter().nth(1).context("three replays")
        };
        let (center, book) = (middle(&recorded.center)?, middle(&recorded.book)?);
        Ok(Limit {
            per_second: center.per_second,
            both_per_second: per_second(recorded.payments, center.time + book.time),
            cost: center.cost,
        })
    }

    /// So many payments a second for so long, beside their rows alone at the same rate. A payment waits for two commits
    /// of the center and one of the network, one after the other.
    async fn open(&mut self, recorded: &Recorded, rate: usize, secs: usize) -> Result<()> {
        let each = (rate * secs).div_ceil(self.tills.len());
        let work = prepare(&mut self.tills, each, self.port).await?;
        let idle = machine::idle();
        let outcome = load::open(self.port, work, rate).await?;
        self.add(&outcome)?;
        let raw = |writes: &Writes| Ok::<_, anyhow::Error>(percentiles(&writes.open_loop(&self.root, rate)?));
        let line = json!({
            "raw_commit_us": { "center": raw(&recorded.center)?, "network": raw(&recorded.book)? },
            "bench": "pay", "loop": "open", "terminals": self.tills.len(), "rate": rate,
            "idle_percent": idle, "payments": outcome.acknowledged,
            "achieved_per_s": per_second(outcome.acknowledged, outcome.time),
            "latency_us": percentiles(&outcome.latencies_us),
        });
        println!("{line}");
        verdict::open(rate, secs, &outcome.latencies_us);
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
