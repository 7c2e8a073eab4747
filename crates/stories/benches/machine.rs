//! What the machine says of itself and of a process: idle time, CPU, bytes written, memory (Linux `/proc`).

use serde_json::{Value, json};
use std::fs::read_to_string;
use std::time::Duration;

/// Linux counts CPU time for user space in hundredths of a second.
const TICK_US: u64 = 10_000;

/// Cores, kind and how busy it is.
pub(crate) fn describe() -> Value {
    let info = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    json!({ "machine": model.trim_start_matches(['\t', ' ', ':']), "cores": cores, "idle_percent": idle() })
}

/// How much of the machine was idle during half a second, in percent.
pub(crate) fn idle() -> u64 {
    let (idle, all) = ticks();
    rest(Duration::from_millis(500));
    let (idle_after, all_after) = ticks();
    (idle_after.saturating_sub(idle) * 100).checked_div(all_after.saturating_sub(all)).unwrap_or(0)
}

/// Idle and all ticks of the machine.
fn ticks() -> (u64, u64) {
    let text = read_to_string("/proc/stat").unwrap_or_default();
    let first = text.lines().next().unwrap_or_default();
    let numbers: Vec<u64> = first.split_whitespace().skip(1).filter_map(|word| word.parse().ok()).collect();
    (numbers.iter().skip(3).take(2).sum(), numbers.iter().take(8).sum())
}

/// Waits in real time, which is what a bench measures.
#[expect(clippy::disallowed_methods, reason = "a bench measures the machine's own time")]
pub(crate) fn rest(time: Duration) {
    std::thread::sleep(time);
}

/// What a process has used since it began.
#[derive(Clone, Copy, Default)]
pub(crate) struct Usage {
    /// User and system time.
    pub(crate) cpu_us: u64,
    /// Bytes handed to the disk.
    pub(crate) written: u64,
}

impl Usage {
    /// Of a process, now.
    pub(crate) fn of(process: u32) -> Self {
        let stat = read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        // The name in parentheses may hold spaces; fields 14 and 15 are user and system time (proc(5)).
        let after = stat.rsplit(')').next().unwrap_or_default();
        let ticks: u64 =
            after.split_whitespace().skip(11).take(2).filter_map(|w| w.parse::<u64>().ok()).sum();
        let io = read_to_string(format!("/proc/{process}/io")).unwrap_or_default();
        let written = io.lines().find_map(|line| line.strip_prefix("write_bytes: "));
        Self {
            cpu_us: ticks.saturating_mul(TICK_US),
            written: written.and_then(|text| text.parse().ok()).unwrap_or(0),
        }
    }

    /// Of this process, now.
    pub(crate) fn own() -> Self {
        Self::of(std::process::id())
    }

    /// What was used since `earlier`, for each of `count`.
    pub(crate) fn since(self, earlier: Self, count: usize) -> Self {
        let count = u64::try_from(count).unwrap_or(1).max(1);
        Self {
            cpu_us: self.cpu_us.saturating_sub(earlier.cpu_us) / count,
            written: self.written.saturating_sub(earlier.written) / count,
        }
    }
}

/// A number of KiB from `/proc/PID/status`: `VmRSS` is what rests in memory now, `VmHWM` the most so far.
pub(crate) fn memory_kib(process: u32, line: &str) -> u64 {
    let status = read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let found = status.lines().find_map(|text| text.strip_prefix(line)?.strip_prefix(':'));
    found.and_then(|text| text.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// How many of `count` there are in a second.
pub(crate) fn per_second(count: usize, time: Duration) -> u64 {
    let micros = time.as_micros().max(1);
    let count = u128::try_from(count).unwrap_or(0);
    u64::try_from(count.saturating_mul(1_000_000) / micros).unwrap_or(0)
}

/// `part / whole` with three digits behind the point.
pub(crate) fn ratio(part: u64, whole: u64) -> String {
    let thousandths = part.saturating_mul(1000).checked_div(whole).unwrap_or(0);
    format!("{}.{:03}", thousandths / 1000, thousandths % 1000)
}

/// The middle one; of an even number the higher of the two in the middle.
pub(crate) fn median(mut all: Vec<u64>) -> u64 {
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or(0)
}

/// Percentiles of latencies in microseconds, which must be sorted.
pub(crate) fn percentiles(sorted: &[u64]) -> Value {
    let at = |permille: usize| {
        let index = sorted.len().saturating_mul(permille).div_ceil(1000).saturating_sub(1);
        sorted.get(index).copied().unwrap_or(0)
    };
    json!({ "p50": at(500), "p90": at(900), "p99": at(990), "p999": at(999), "max": at(1000) })
}
