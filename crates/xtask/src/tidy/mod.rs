//! Cheap checks that are never wrong: files, edges between crates, links, cited ids, licences.

mod edges;
mod files;
mod ids;
mod licences;
mod links;

use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::Command;

/// Runs every check and reports all findings at once.
pub(crate) fn check() -> Result<()> {
    let metadata = crate::run::metadata()?;
    let files = tracked()?;
    let mut findings = Vec::new();
    findings.extend(files::check(&files));
    findings.extend(edges::check(&metadata)?);
    findings.extend(links::check(&files));
    findings.extend(ids::check(&files)?);
    findings.extend(licences::check(&metadata));
    if findings.is_empty() {
        return Ok(());
    }
    bail!("{} finding(s):\n  {}", findings.len(), findings.join("\n  "))
}

pub(crate) fn print_edges() -> Result<()> {
    println!("{}", edges::table(&edges::actual(&crate::run::metadata()?)?));
    Ok(())
}

/// A file of the repository: path from the root, and its text when it is text.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: Option<String>,
    pub(crate) bytes: u64,
}

impl File {
    /// Whether the file's name ends in `.ending`.
    pub(crate) fn is(&self, ending: &str) -> bool {
        std::path::Path::new(&self.path).extension().is_some_and(|found| found == ending)
    }
}

/// Every file that git tracks or would track.
fn tracked() -> Result<Vec<File>> {
    let root = crate::run::root();
    let out = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(&root)
        .output()
        .context("cannot run git ls-files")?;
    let names = String::from_utf8(out.stdout).context("a file name is not UTF-8")?;
    let file = |path: &str| {
        let full: PathBuf = root.join(path);
        let bytes = full.metadata().ok()?.len();
        Some(File { path: path.to_owned(), text: std::fs::read_to_string(&full).ok(), bytes })
    };
    Ok(names.lines().filter_map(file).collect())
}
