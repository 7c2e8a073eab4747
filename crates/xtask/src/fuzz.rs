//! `cargo xtask fuzz`: libFuzzer looks for bytes that break a target, as long as one wants. What it finds is
//! copied to `crates/fuzzing/corpus/`, where the test command replays it for ever.

use crate::run::{self, step};
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

/// Seconds that each target gets unless told.
const SECONDS: u64 = 60;

/// `[TARGET …] [--seconds N]`; without a name all targets, one after the other.
pub(crate) fn fuzz(rest: &[String]) -> Result<()> {
    let (mut names, mut seconds) = (Vec::new(), SECONDS);
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--seconds" => {
                let text = words.next().context("--seconds N")?;
                seconds = text.parse().with_context(|| format!("--seconds {text}: not a number"))?;
            }
            name => names.push(name.to_owned()),
        }
    }
    if !run::works("cargo", &["fuzz", "--version"]) {
        step("cargo-fuzz", || run::cargo(&["install", "--locked", "--quiet", "cargo-fuzz"]))?;
    }
    let all = targets()?;
    if let Some(unknown) = names.iter().find(|name| !all.contains(name)) {
        bail!("there is no target {unknown}; there are: {}", all.join(" "));
    }
    let chosen = if names.is_empty() { all } else { names };
    run::cargo(&["run", "--quiet", "--package", "fuzzing", "--example", "seeds", "--", "fuzz/corpus"])?;
    for name in &chosen {
        step(name, || one(name, seconds))?;
    }
    Ok(())
}

/// Names in `fuzz/fuzz_targets`.
fn targets() -> Result<Vec<String>> {
    let folder = run::root().join("fuzz/fuzz_targets");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
        .flatten()
        .filter_map(|entry| Some(entry.path().file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    Ok(names)
}

fn one(name: &str, seconds: u64) -> Result<()> {
    // Without a sanitizer the stable toolchain builds it, and it runs several times as fast; the product
    // has no unsafe code that a sanitizer would watch.
    let limit = format!("-max_total_time={seconds}");
    let fuzzed = run::shown(Command::new("cargo").args([
        "fuzz",
        "run",
        "--sanitizer",
        "none",
        name,
        "--",
        &limit,
        "-timeout=2",
        "-rss_limit_mb=1024",
        "-verbosity=0",
        "-print_final_stats=1",
    ]));
    keep(name)?;
    fuzzed
}

/// Copies what broke the target to where the test command replays it.
fn keep(name: &str) -> Result<()> {
    let found = run::root().join("fuzz/artifacts").join(name);
    let Ok(entries) = std::fs::read_dir(&found) else { return Ok(()) };
    let kept = run::root().join("crates/fuzzing/corpus").join(name);
    for entry in entries.flatten() {
        std::fs::create_dir_all(&kept)?;
        std::fs::copy(entry.path(), kept.join(entry.file_name()))?;
        println!("  kept {}", shorter(&kept.join(entry.file_name())));
    }
    Ok(())
}

fn shorter(path: &Path) -> String {
    path.strip_prefix(run::root()).unwrap_or(path).display().to_string()
}
