//! `--name value` pairs.

use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The options of a run.
pub(crate) struct Options(BTreeMap<String, String>);

const KNOWN: &[&str] = &[
    "binary",
    "rounds",
    "terminals",
    "payments",
    "recorded",
    "rates",
    "secs",
    "hold",
    "hot",
    "peer",
    "peer-secs",
    "rows",
    "companies",
    "kills",
    "part",
    "single",
];

impl Options {
    pub(crate) fn read(words: &[&String]) -> Result<Self> {
        let mut read = BTreeMap::new();
        for pair in words.chunks(2) {
            let [name, value] = pair else { bail!("every option has a value: {pair:?}") };
            let name = name.trim_start_matches('-');
            if !KNOWN.contains(&name) {
                bail!("there is no option --{name}; there are {KNOWN:?}");
            }
            read.insert(name.to_owned(), (*value).clone());
        }
        Ok(Self(read))
    }

    /// A number.
    pub(crate) fn number(&self, name: &str, usual: usize) -> Result<usize> {
        match self.0.get(name) {
            Some(text) => text.parse().with_context(|| format!("--{name} {text} is not a number")),
            None => Ok(usual),
        }
    }

    /// Numbers with commas between them.
    pub(crate) fn numbers(&self, name: &str, usual: &[usize]) -> Result<Vec<usize>> {
        let Some(text) = self.0.get(name) else { return Ok(usual.to_vec()) };
        text.split(',').map(|word| word.parse().with_context(|| format!("--{name} {text}"))).collect()
    }

    /// Whether this part of a bench is to run: all do unless `--part` names some.
    pub(crate) fn part(&self, name: &str) -> bool {
        let named = self.words("part");
        named.is_empty() || named.iter().any(|part| part == name)
    }

    /// Words with commas between them; none when the option is not there.
    pub(crate) fn words(&self, name: &str) -> Vec<String> {
        let text = self.0.get(name).map(String::as_str).unwrap_or_default();
        text.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    /// The release binary: `--binary`, else the one beside this bench.
    pub(crate) fn binary(&self) -> Result<PathBuf> {
        if let Some(path) = self.0.get("binary") {
            return Ok(PathBuf::from(path));
        }
        // target/release/deps/promises-… → target/release/choba
        let here = std::env::current_exe()?;
        let path = here.ancestors().nth(2).unwrap_or(Path::new(".")).join("choba");
        if !path.exists() {
            bail!("{} is missing: cargo build --release -p choba --bin choba", path.display());
        }
        Ok(path)
    }

    /// A folder on the file system of the build: the same for the product and for its limit.
    pub(crate) fn folder(&self) -> Result<tempfile::TempDir> {
        let binary = self.binary()?;
        Ok(tempfile::tempdir_in(binary.parent().unwrap_or(Path::new(".")))?)
    }
}
