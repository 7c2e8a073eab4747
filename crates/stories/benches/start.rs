//! From exec to the first 200, and what a program that waits needs of memory.

use crate::machine::{self, median, memory_kib};
use crate::options::Options;
use crate::programs::{Program, first_200, free_port};
use crate::verdict;
use anyhow::Result;
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};

/// The promise: at most so long from exec to the first 200.
const PROMISED_US: u64 = 50_000;
/// The promises for programs that wait.
const CENTER_KIB: u64 = 24 * 1024;
const TERMINAL_KIB: u64 = 16 * 1024;
const TIMES: usize = 10;

pub(crate) fn run(options: &Options) -> Result<()> {
    let (binary, folder) = (options.binary()?, options.folder()?);
    let idle = machine::idle();
    let first = (0..TIMES)
        .map(|number| started(&binary, &folder.path().join(format!("fresh-{number}"))))
        .collect::<Result<Vec<_>>>()?;
    let data = folder.path().join("fresh-0");
    let again = (0..TIMES).map(|_| started(&binary, &data)).collect::<Result<Vec<_>>>()?;
    let (center, terminal) = (resting_center(&binary, &data)?, resting_terminal(&binary, folder.path())?);
    let line = json!({
        "bench": "start", "idle_percent": idle,
        "fresh_folder_us": first, "again_us": again,
        "rss_kib": { "center": center, "terminal": terminal },
    });
    println!("{line}");
    for (what, all) in [("on a new folder, with every migration", first), ("again", again)] {
        let median = median(all);
        let kept = if median <= PROMISED_US { "kept" } else { "BROKEN" };
        println!("verdict start {what}: {median} us to the first 200, promised {PROMISED_US}: {kept}");
    }
    verdict::at_most("memory of a center at rest", center, CENTER_KIB, "KiB");
    verdict::at_most("memory of a terminal at rest", terminal, TERMINAL_KIB, "KiB");
    Ok(())
}

/// Microseconds from exec to the first 200 of a center.
fn started(binary: &Path, data: &Path) -> Result<u64> {
    let (port, network) = (free_port()?, free_port()?);
    let begun = Instant::now();
    let _center = Program::center(binary, data, port, network)?;
    Ok(u64::try_from(first_200(port, "/healthz", begun)?.as_micros())?)
}

fn resting_center(binary: &Path, data: &Path) -> Result<u64> {
    let (port, network) = (free_port()?, free_port()?);
    let center = Program::center(binary, data, port, network)?;
    first_200(port, "/healthz", Instant::now())?;
    machine::rest(Duration::from_secs(2));
    Ok(memory_kib(center.id(), "VmRSS"))
}

fn resting_terminal(binary: &Path, folder: &Path) -> Result<u64> {
    let port = free_port()?;
    let (data, listen) = (folder.join("terminal"), format!("127.0.0.1:{port}"));
    let words = ["terminal", "--data", &data.to_string_lossy(), "--listen", &listen];
    let terminal = Program::start(binary, &words)?;
    first_200(port, "/", Instant::now())?;
    machine::rest(Duration::from_secs(2));
    Ok(memory_kib(terminal.id(), "VmRSS"))
}
