//! The real program beside a test's own, built if it is not there or not of today.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where it is.
pub fn built() -> io::Result<PathBuf> {
    // target/<profile>/deps/<test>
    let test = std::env::current_exe()?;
    build(test.ancestors().nth(2).ok_or(io::ErrorKind::NotFound)?, &[])
}

/// Builds it with these features into `target/<profile>`, and gives where it is.
pub fn build(profile: &Path, features: &[&str]) -> io::Result<PathBuf> {
    let target = profile.parent().ok_or(io::ErrorKind::NotFound)?;
    let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Of this package: build scripts that look at them would run again, and all that stands on them.
    for name in [
        "CARGO_MANIFEST_DIR",
        "CARGO_MANIFEST_LINKS",
        "CARGO_PKG_NAME",
        "CARGO_PKG_VERSION_MAJOR",
        "CARGO_PKG_VERSION_MINOR",
        "CARGO_PKG_VERSION_PATCH",
        "CARGO_PKG_VERSION_PRE",
    ] {
        build.env_remove(name);
    }
    build.args(["build", "--quiet", "-p", "choba", "--bin", "choba", "--target-dir"]).arg(target);
    if profile.ends_with("release") {
        build.arg("--release");
    }
    for feature in features {
        build.args(["--features", feature]);
    }
    if build.current_dir(env!("CARGO_MANIFEST_DIR")).status()?.success() {
        Ok(profile.join("choba"))
    } else {
        Err(io::Error::other("the program could not be built"))
    }
}
