//! What the machine must have: installed with apt when allowed, otherwise named exactly.

use crate::run;
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

/// A Debian package and how to see that it is there.
struct Need {
    package: &'static str,
    there: fn() -> bool,
}

const NEEDS: &[Need] = &[
    // The tests open payment notices with these four.
    Need { package: "qpdf", there: || on_path("qpdf") },
    Need { package: "poppler-utils", there: || on_path("pdftotext") && on_path("pdfinfo") },
    Need { package: "7zip", there: || on_path("7zz") || on_path("7z") },
    Need { package: "unzip", there: || on_path("unzip") },
    Need { package: "chromium", there: || Path::new("/usr/bin/chromium").exists() },
    Need { package: "postgresql", there: || postgres_bin().is_some() },
    Need { package: "python3-venv", there: || run::works("python3", &["-m", "ensurepip", "--version"]) },
    Need {
        package: "fonts-morisawa-bizud-gothic",
        there: || {
            Path::new("/usr/share/fonts/truetype/morisawa-bizud-gothic").exists()
                || run::works("sh", &["-c", "fc-list | grep -qi 'BIZ UD'"])
        },
    },
];

/// Whether a program of this name can be started.
fn on_path(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// The folder of `initdb` and `postgres`.
fn postgres_bin() -> Option<std::path::PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    versions.flatten().map(|entry| entry.path().join("bin")).find(|bin| bin.join("initdb").exists())
}

/// Node and npm, which no package of ours can bring.
pub(crate) fn need_node() -> Result<()> {
    if run::works("node", &["--version"]) && run::works("npm", &["--version"]) {
        return Ok(());
    }
    bail!(
        "Node.js 20 with npm is needed for the web bundle: install it (on Debian: apt-get install nodejs npm)"
    )
}

/// Installs what the tests need and the machine lacks.
pub(crate) fn prepare() -> Result<()> {
    need_node()?;
    let missing: Vec<&str> = NEEDS.iter().filter(|need| !(need.there)()).map(|need| need.package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let wanted = missing.join(" ");
    let root = run::works("sh", &["-c", "test \"$(id -u)\" = 0"]);
    if !root || !run::works("apt-get", &["--version"]) {
        bail!("please install with your package manager, then run this again (Debian names): {wanted}");
    }
    println!("  installing with apt: {wanted}");
    let apt = |args: &[&str]| {
        run::shown(Command::new("apt-get").args(args).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    apt(&["update", "-qq"])?;
    let mut args = vec!["install", "-y", "-qq", "--no-install-recommends"];
    args.extend(&missing);
    apt(&args).with_context(|| format!("apt could not install: {wanted}"))
}

/// The foreign implementations that our wire formats are compared with: Python in a venv, npm in a folder.
pub(crate) fn peers() -> Result<()> {
    let root = run::root();
    let python = root.join(".venv/bin/python");
    if !python.exists() {
        run::shown(Command::new("python3").args(["-m", "venv", ".venv"]))?;
    }
    run::shown(Command::new(&python).args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "-r",
        "tests/requirements.txt",
    ]))?;
    crate::assets::install("tests/peers-npm")
}
