//! What the harness builds before it begins: the preloaded library, and the program.

use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The preloaded library's source.
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/preload/chobafault.c");

/// What runs and what is put before it.
#[derive(Clone, Debug)]
pub struct Tools {
    /// The program.
    pub choba: PathBuf,
    /// The library.
    pub preload: PathBuf,
    /// The bug that the program is told to have, by the name of its switch.
    pub planted: Option<String>,
}

/// The folder of this build: `target/debug` or `target/release`.
fn profile() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let profile = own
        .ancestors()
        .skip(1)
        .find(|folder| folder.file_name().is_some_and(|name| name == "debug" || name == "release"));
    Ok(profile.context("the harness does not run from cargo's target folder")?.to_owned())
}

impl Tools {
    /// A program that was built before, as it is.
    pub fn of(choba: PathBuf, planted: Option<&str>) -> Result<Self> {
        Ok(Self { choba, preload: preload(&profile()?)?, planted: planted.map(str::to_owned) })
    }

    /// Builds what is missing or not of today. With a planted bug the program is another one, built with
    /// the feature `planted` and kept under another name.
    pub fn build(planted: Option<&str>) -> Result<Self> {
        let profile = profile()?;
        let choba = match planted {
            None => build_choba(&profile, false)?,
            Some(_) => build_planted(&profile)?,
        };
        Ok(Self { choba, preload: preload(&profile)?, planted: planted.map(str::to_owned) })
    }
}

fn build_choba(profile: &Path, planted: bool) -> Result<PathBuf> {
    let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build.args(["build", "--quiet", "-p", "choba", "--bin", "choba", "--target-dir"]);
    build.arg(profile.parent().context("target folder")?);
    if profile.ends_with("release") {
        build.arg("--release");
    }
    if planted {
        build.args(["--features", "planted"]);
    }
    let done = build.current_dir(env!("CARGO_MANIFEST_DIR")).status().context("cargo cannot be run")?;
    if !done.success() {
        bail!("the program could not be built");
    }
    Ok(profile.join("choba"))
}

/// The program with the switches in it. The usual program is put back, so that nobody takes the one for
/// the other.
fn build_planted(profile: &Path) -> Result<PathBuf> {
    let built = build_choba(profile, true)?;
    let kept = profile.join("choba-planted");
    // A new file each time: the old one may be running.
    drop(std::fs::remove_file(&kept));
    std::fs::copy(&built, &kept).context("the planted program cannot be kept")?;
    build_choba(profile, false)?;
    Ok(kept)
}

fn preload(profile: &Path) -> Result<PathBuf> {
    let library = profile.join("libchobafault.so");
    let fresh = profile.join(format!("libchobafault.{}.so", std::process::id()));
    let done = Command::new("cc")
        .args(["-O2", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror", "-o"])
        .arg(&fresh)
        .args([SOURCE, "-ldl"])
        .status()
        .context("a C compiler is needed (on Debian: apt-get install gcc libc6-dev)")?;
    if !done.success() {
        bail!("{SOURCE} could not be built");
    }
    std::fs::rename(&fresh, &library)?;
    Ok(library)
}

/// The pause between two looks at programs that run on the machine's clock and call nobody back. Whoever
/// uses it looks again and again up to a deadline; nothing depends on its length.
#[expect(clippy::disallowed_methods, reason = "other processes are watched; there is no event to wait for")]
pub fn pause(time: Duration) {
    std::thread::sleep(time);
}
