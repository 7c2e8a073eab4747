//! Running other programs: always from the root of the repository, always saying what failed.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Where cargo puts what it builds.
pub(crate) fn target_dir() -> Result<PathBuf> {
    let metadata = metadata()?;
    let dir = metadata.get("target_directory").and_then(|dir| dir.as_str());
    Ok(PathBuf::from(dir.context("cargo metadata names no target directory")?))
}

/// `cargo metadata` with every dependency resolved.
pub(crate) fn metadata() -> Result<serde_json::Value> {
    let out = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo metadata")?;
    if !out.status.success() {
        bail!("cargo metadata failed; is Cargo.lock up to date?");
    }
    serde_json::from_slice(&out.stdout).context("cargo metadata is not JSON")
}

/// Says what begins, does it, says how long it took.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("▶ {name}");
    let begun = Instant::now();
    let done = work().with_context(|| format!("failed: {name}"))?;
    println!("✓ {name} ({} s)", begun.elapsed().as_secs());
    Ok(done)
}

/// Runs cargo with its output shown.
pub(crate) fn cargo(args: &[&str]) -> Result<()> {
    shown(Command::new("cargo").args(args))
}

/// Runs a command from the root with its output shown; a failure is an error.
pub(crate) fn shown(command: &mut Command) -> Result<()> {
    let name = describe(command);
    let status = command.current_dir(root()).status().with_context(|| format!("cannot run {name}"))?;
    if !status.success() {
        bail!("{name} ended with {status}");
    }
    Ok(())
}

/// Whether a command runs and succeeds; its output is dropped.
pub(crate) fn works(program: &str, args: &[&str]) -> bool {
    Command::new(program)
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Replaces this process by the command, so that signals reach it.
#[cfg(unix)]
pub(crate) fn become_command(mut command: Command) -> Result<()> {
    use std::os::unix::process::CommandExt as _;
    let name = describe(&command);
    Err(command.exec()).with_context(|| format!("cannot run {name}"))
}

fn describe(command: &Command) -> String {
    let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect();
    format!("{} {}", command.get_program().to_string_lossy(), args.join(" "))
}
