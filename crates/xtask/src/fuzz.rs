//! `cargo xtask fuzz`: libFuzzer looks for bytes that break a target, as long as one wants. What it finds is
//! copied to `crates/fuzzing/corpus/`, where the test command replays it for ever; with `--keep` so are the
//! few inputs that reach places which nothing kept before has reached.

use crate::run::{self, step};
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Seconds that each target gets unless told.
const SECONDS: u64 = 60;
/// Bytes of an input that is kept because of the ground it covers: what is longer is damage repeated.
const LONGEST_KEPT: usize = 600;

/// What was asked for.
struct Asked {
    names: Vec<String>,
    seconds: u64,
    keep: bool,
}

/// `[TARGET …] [--seconds N] [--keep]`; without a name all targets, one after the other.
pub(crate) fn fuzz(rest: &[String]) -> Result<()> {
    let asked = read(rest)?;
    if !run::works("cargo", &["fuzz", "--version"]) {
        step("cargo-fuzz", || run::cargo(&["install", "--locked", "--quiet", "cargo-fuzz"]))?;
    }
    same_versions()?;
    seeds(Path::new("fuzz/corpus"))?;
    let mut done = Vec::new();
    for name in &asked.names {
        let executed = step(name, || one(name, asked.seconds))?;
        if asked.keep {
            keep_new_ground(name)?;
        }
        done.push((name, executed));
    }
    for (name, executed) in done {
        println!("{name:16} {executed:>12} executions");
    }
    Ok(())
}

fn read(rest: &[String]) -> Result<Asked> {
    let mut asked = Asked { names: Vec::new(), seconds: SECONDS, keep: false };
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--seconds" => {
                let text = words.next().context("--seconds N")?;
                asked.seconds = text.parse().with_context(|| format!("--seconds {text}: not a number"))?;
            }
            "--keep" => asked.keep = true,
            name => asked.names.push(name.to_owned()),
        }
    }
    let all = targets()?;
    if let Some(unknown) = asked.names.iter().find(|name| !all.contains(name)) {
        bail!("there is no target {unknown}; there are: {}", all.join(" "));
    }
    if asked.names.is_empty() {
        asked.names = all;
    }
    Ok(asked)
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

/// The fuzzers are a workspace of their own; they fuzz the versions that the product is built with.
fn same_versions() -> Result<()> {
    let (product, fuzzers) = (run::root().join("Cargo.lock"), run::root().join("fuzz/Cargo.lock"));
    let written = |path: &Path| path.metadata().and_then(|file| file.modified());
    if written(&fuzzers).is_ok_and(|fuzzers| written(&product).is_ok_and(|product| product < fuzzers)) {
        return Ok(());
    }
    std::fs::copy(&product, &fuzzers).with_context(|| format!("cannot write {}", fuzzers.display()))?;
    Ok(())
}

/// Writes what every target begins with.
fn seeds(folder: &Path) -> Result<()> {
    run::shown(
        Command::new("cargo")
            .args(["run", "--quiet", "--locked", "--package", "fuzzing", "--example", "seeds", "--"])
            .arg(folder),
    )
}

/// One fuzzer, built in a folder of its own: what it needs of the compiler would build everything else anew.
fn fuzzer(name: &str) -> Result<Command> {
    let mut command = Command::new("cargo");
    // Without a sanitizer the stable toolchain builds it, and it runs several times as fast; the product
    // has no unsafe code that a sanitizer would watch.
    command.args(["fuzz", "run", "--sanitizer", "none", "--target-dir"]);
    command.arg(run::target_dir()?.join("fuzz")).arg(name).current_dir(run::root());
    Ok(command)
}

/// Fuzzes, and says how many inputs the target has read.
fn one(name: &str, seconds: u64) -> Result<u64> {
    let mut command = fuzzer(name)?;
    command.args(["--", &format!("-max_total_time={seconds}"), "-timeout=5", "-rss_limit_mb=1024"]);
    command.args(["-verbosity=0", "-print_final_stats=1"]).stderr(Stdio::piped());
    let mut child = command.spawn().context("cannot run cargo fuzz")?;
    let mut executed = 0;
    for line in BufReader::new(child.stderr.take().context("no output of the fuzzer")?).lines() {
        let line = line?;
        if let Some(count) = line.strip_prefix("stat::number_of_executed_units:") {
            executed = count.trim().parse()?;
        }
        println!("{line}");
    }
    let status = child.wait()?;
    keep_faults(name)?;
    if !status.success() {
        bail!("the target {name} is broken, or its fuzzer cannot be built");
    }
    Ok(executed)
}

/// Copies what broke the target to where the test command replays it.
fn keep_faults(name: &str) -> Result<()> {
    keep(name, files(&run::root().join("fuzz/artifacts").join(name))?)
}

/// Keeps the smallest set of inputs that reaches what seeds and kept inputs do not.
fn keep_new_ground(name: &str) -> Result<()> {
    let place = run::target_dir()?.join("fuzz/ground");
    if place.exists() {
        std::fs::remove_dir_all(&place)?;
    }
    seeds(&place)?;
    let (known, found) = (place.join(name), run::root().join("fuzz/corpus").join(name));
    for path in files(&kept(name))? {
        std::fs::copy(&path, known.join(path.file_name().unwrap_or_default()))?;
    }
    let before = files(&known)?;
    let limit = format!("-max_len={LONGEST_KEPT}");
    let mut merge = fuzzer(name)?;
    // Places only: how often a loop runs would keep hundreds.
    merge.arg(&known).arg(&found).args(["--", "-merge=1", "-use_counters=0", "-verbosity=0", &limit]);
    run::shown(&mut merge)?;
    keep(name, files(&known)?.difference(&before).cloned().collect())
}

fn kept(name: &str) -> PathBuf {
    run::root().join("crates/fuzzing/corpus").join(name)
}

fn keep(name: &str, paths: BTreeSet<PathBuf>) -> Result<()> {
    let folder = kept(name);
    for path in paths {
        std::fs::create_dir_all(&folder)?;
        let to = folder.join(path.file_name().map(OsString::from).unwrap_or_default());
        std::fs::copy(&path, &to)?;
        println!("  kept {}", to.strip_prefix(run::root()).unwrap_or(&to).display());
    }
    Ok(())
}

/// The files of a folder; none when there is no folder.
fn files(folder: &Path) -> Result<BTreeSet<PathBuf>> {
    if !folder.exists() {
        return Ok(BTreeSet::new());
    }
    let entries = std::fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
    Ok(entries.into_iter().map(|entry| entry.path()).filter(|path| path.is_file()).collect())
}
