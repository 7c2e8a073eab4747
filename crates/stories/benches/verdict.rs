//! The verdict lines: each promise beside what was measured.

use crate::machine::{median, ratio};
use crate::pay::Round;
use serde_json::{Value, json};

/// A peer: its name, its rate in a round, how many times it must be beaten.
type Peer = (&'static str, fn(&Round) -> Option<u64>, u64);

/// The product beside its limit, in thousandths.
const LIMIT_PROMISE: u64 = 400;
/// Times the peers.
const PGBENCH_PROMISE: u64 = 4_000;
const CALA_PROMISE: u64 = 10_000;
/// One merchant beside many, in thousandths.
const HOT_PROMISE: u64 = 950;
/// One terminal alone beside the same number of raw commits, in thousandths.
const SINGLE_PROMISE: u64 = 2_000;
/// The rate at which latency is promised, for how long, and what.
const OPEN_RATE: usize = 2_000;
const OPEN_P99_US: u64 = 5_000;

fn kept(is_kept: bool) -> &'static str {
    if is_kept { "kept" } else { "BROKEN" }
}

fn thousandths(part: u64, whole: u64) -> u64 {
    part.saturating_mul(1000).checked_div(whole).unwrap_or(0)
}

/// The rounds that count; when none does, all of them, which is said.
fn counted(rounds: &[Round]) -> (Vec<&Round>, &'static str) {
    let quiet: Vec<&Round> = rounds.iter().filter(|round| round.counts).collect();
    if quiet.is_empty() {
        (rounds.iter().collect(), " (BUSY: no round was quiet enough to count)")
    } else {
        (quiet, "")
    }
}

/// Payments beside raw group commit and peers.
pub(crate) fn closed(conns: usize, rounds: &[Round]) {
    let (used, busy) = counted(rounds);
    let of = |figure: fn(&Round) -> u64| median(used.iter().map(|round| figure(round)).collect());
    let (product, limit, both) = (of(|r| r.product), of(|r| r.limit), of(|r| r.both));
    // The ratio of each round, since only that is of one moment.
    let each = of(|r| thousandths(r.product, r.both));
    println!(
        "verdict pay {conns} terminals: {product}/s, raw group commit of all its rows {both}/s, ratio {} (of the center's rows alone {limit}/s, {}); median of {} of {} rounds, promised 0.400: {}{busy}",
        ratio(each, 1000),
        ratio(of(|r| thousandths(r.product, r.limit)), 1000),
        used.len(),
        rounds.len(),
        kept(each >= LIMIT_PROMISE)
    );
    let peers: [Peer; 2] = [
        ("pgbench, the same SQL interactively", |r| r.reached.pgbench, PGBENCH_PROMISE),
        ("cala-ledger's post", |r| r.reached.cala, CALA_PROMISE),
    ];
    for (name, figure, promise) in peers {
        let all: Vec<u64> = rounds.iter().filter_map(figure).collect();
        if !all.is_empty() {
            let peer = median(all);
            println!(
                "verdict peer {name}: {peer}/s, product {} times it, promised {}: {}{busy}",
                ratio(product, peer),
                promise / 1000,
                kept(thousandths(product, peer) >= promise)
            );
        }
    }
}

/// One merchant beside many.
pub(crate) fn hot(rounds: &[(Round, Round)]) {
    let ratios = rounds.iter().map(|(hot, many)| thousandths(hot.product, many.product)).collect();
    let middle = median(ratios);
    let busy = if rounds.iter().any(|(hot, many)| hot.counts && many.counts) { "" } else { " (BUSY)" };
    println!(
        "verdict hot: one merchant {} of many, promised 0.950: {}{busy}",
        ratio(middle, 1000),
        kept(middle >= HOT_PROMISE)
    );
}

/// One terminal alone beside raw commits in sequence, microseconds.
pub(crate) fn single(product_us: u64, raw_us: u64) {
    println!(
        "verdict one terminal: p50 {product_us} us, the same number of raw commits in sequence {raw_us} us, {} times, promised 2: {}",
        ratio(product_us, raw_us),
        kept(thousandths(product_us, raw_us) <= SINGLE_PROMISE)
    );
}

/// Latency from the moment that a payment was due, microseconds, sorted.
pub(crate) fn open(rate: usize, secs: usize, sorted: &[u64]) {
    if rate != OPEN_RATE {
        return;
    }
    let at = sorted.len().saturating_mul(99).div_ceil(100).saturating_sub(1);
    let p99 = sorted.get(at).copied().unwrap_or(0);
    println!(
        "verdict open loop {rate}/s for {secs} s: p99 {p99} us, promised {OPEN_P99_US} over 300 s: {}",
        kept(p99 <= OPEN_P99_US)
    );
}

/// One figure that must not be above what was promised.
pub(crate) fn at_most(what: &str, measured: u64, promised: u64, unit: &str) {
    println!(
        "verdict {what}: {measured} {unit}, promised at most {promised}: {}",
        kept(measured <= promised)
    );
}

/// A ratio, in thousandths, that must not be above what was promised.
pub(crate) fn ratio_at_most(what: &str, measured: u64, promised: u64, is_quiet: bool) {
    println!(
        "verdict {what}: ratio {}, promised at most {}: {}{}",
        ratio(measured, 1000),
        ratio(promised, 1000),
        kept(measured <= promised),
        if is_quiet { "" } else { " (BUSY: no round was quiet enough to count)" }
    );
}

/// A line of figures.
pub(crate) fn line(value: &Value) {
    println!("{}", json!(value));
}
