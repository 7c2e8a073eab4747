//! What the harness builds before it begins: the preloaded library, and the program.

use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use stories::program;

/// The preloaded library's source.
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/preload/chobafault.c");

/// What the programs say unless told otherwise.
const LOG: &str = "info";

/// What runs and what is put before it.
#[derive(Clone, Debug)]
pub struct Tools {
    /// The program.
    pub choba: PathBuf,
    /// The library.
    pub preload: PathBuf,
    /// The bug that the program is told to have, by the name of its switch.
    pub planted: Option<String>,
    /// How talkative the programs are (`CHOBA_LOG`).
    pub log: String,
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
        Ok(Self {
            choba,
            preload: preload(&profile()?)?,
            planted: planted.map(str::to_owned),
            log: LOG.to_owned(),
        })
    }

    /// Builds what is missing or not of today. With a planted bug the program is another one, built with
    /// the feature `planted` and kept under another name.
    pub fn build(planted: Option<&str>) -> Result<Self> {
        let profile = profile()?;
        let choba = match planted {
            None => program::build(&profile, &[])?,
            Some(_) => build_planted(&profile)?,
        };
        Ok(Self {
            choba,
            preload: preload(&profile)?,
            planted: planted.map(str::to_owned),
            log: LOG.to_owned(),
        })
    }
}

/// The program with the switches in it. The usual program is put back, so that nobody takes the one for
/// the other.
fn build_planted(profile: &Path) -> Result<PathBuf> {
    let built = program::build(profile, &["planted"])?;
    let kept = profile.join("choba-planted");
    // A new file each time: the old one may be running.
    drop(std::fs::remove_file(&kept));
    std::fs::copy(&built, &kept).context("the planted program cannot be kept")?;
    program::build(profile, &[])?;
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

/// Fisher and Yates, by a small generator (SplitMix64): the same seed, the same sample.
pub fn shuffled<T>(list: &mut [T], seed: u64) {
    let mut state = seed;
    for last in (1..list.len()).rev() {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        let bound = u64::try_from(last).unwrap_or(0).saturating_add(1);
        list.swap(last, usize::try_from(z % bound).unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_sample() {
        let sample = |seed| {
            let mut list: Vec<u32> = (0..500).collect();
            shuffled(&mut list, seed);
            list
        };
        assert_eq!(sample(7), sample(7));
        assert_ne!(sample(7), sample(8));
        let mut back = sample(7);
        back.sort_unstable();
        assert_eq!(back, (0..500).collect::<Vec<u32>>());
    }
}
