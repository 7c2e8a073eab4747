//! `cargo xtask test`: every check, in an order that fails early.

use crate::run::{cargo, shown, step};
use crate::{assets, machine, run, tidy};
use anyhow::Result;
use std::process::Command;

pub(crate) fn everything() -> Result<()> {
    step("what the machine needs", machine::prepare)?;
    step("web bundle", assets::build)?;
    step("foreign implementations to compare with", machine::peers)?;
    step("tidy: files, edges, links, ids, licences", tidy::check)?;
    step("formatting", || cargo(&["fmt", "--all", "--check"]))?;
    step("clippy", || {
        cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])
    })?;
    step("documentation", || {
        shown(
            Command::new("cargo")
                .args(["doc", "--workspace", "--no-deps", "--locked", "--quiet"])
                .env("RUSTDOCFLAGS", "-D warnings -A rustdoc::private_intra_doc_links"),
        )
    })?;
    step("tests", || cargo(&["test", "--workspace", "--locked", "--quiet"]))?;
    step("browser", browser)?;
    println!("\nall checks passed");
    Ok(())
}

/// Chromium drives the running demo: terminal, desk, receipt page, console; axe looks at every page.
pub(crate) fn browser() -> Result<()> {
    assets::build()?;
    cargo(&["build", "--package", "choba", "--bin", "choba", "--locked"])?;
    cargo(&["build", "--package", "pages", "--example", "gallery", "--locked"])?;
    cargo(&["build", "--package", "acquiring", "--example", "console", "--locked"])?;
    cargo(&["build", "--package", "settlement", "--example", "settlement", "--locked"])?;
    let built = run::target_dir()?.join("debug");
    shown(
        Command::new("node")
            .arg("web/e2e/run.mjs")
            .arg(built.join("choba"))
            .arg(built.join("examples/gallery")),
    )
}
