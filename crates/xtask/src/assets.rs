//! The web bundle: npm packages by lock file, then esbuild.

use crate::{machine, run};
use anyhow::Result;
use std::process::Command;

/// Builds `web/dist` and copies the font of the papers to `web/fonts`.
pub(crate) fn build() -> Result<()> {
    machine::need_node()?;
    install("web")?;
    run::shown(Command::new("node").arg("web/build.mjs"))
}

/// `npm ci` in a folder, when its lock file is newer than what is installed.
pub(crate) fn install(folder: &str) -> Result<()> {
    let dir = run::root().join(folder);
    let modified = |name: &str| dir.join(name).metadata().and_then(|meta| meta.modified()).ok();
    let installed = modified("node_modules/.package-lock.json");
    if installed.is_some() && installed >= modified("package-lock.json") {
        return Ok(());
    }
    run::shown(Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--prefix", folder]))
}
