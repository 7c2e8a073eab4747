//! Inventory ids: every id that a source cites stands in `docs/manuals/index.tsv`, and every id that
//! is marked `yes` there is cited by a source.

use super::File;
use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};

const INDEX: &str = "docs/manuals/index.tsv";
const STATES: [&str; 4] = ["yes", "partial", "no", "not ours"];

pub(super) fn check(files: &[File]) -> Result<Vec<String>> {
    let index =
        std::fs::read_to_string(crate::run::root().join(INDEX)).context("no docs/manuals/index.tsv")?;
    let sources = files.iter().filter(|file| is_source(file));
    let cited = sources
        .filter_map(|file| file.text.as_deref().map(|text| (file.path.clone(), cited(text))))
        .collect();
    Ok(compare(&index, &cited))
}

fn is_source(file: &File) -> bool {
    let folder = |name: &str| file.path.starts_with(name);
    folder("crates/") && (file.is("rs") || file.is("toml"))
        || folder("web/") && (file.is("ts") || file.is("mjs") || file.is("css"))
}

/// Ids in a text: a letter of the manuals, a hyphen, three digits, not inside a longer word.
fn cited(text: &str) -> BTreeSet<String> {
    let bytes = text.as_bytes();
    let word =
        |at: usize| bytes.get(at).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'-' || *b == b'_');
    (0..bytes.len().saturating_sub(4))
        .filter(|&at| {
            matches!(bytes.get(at), Some(b'M' | b'A' | b'U' | b'J' | b'W' | b'R' | b'X'))
                && bytes.get(at + 1) == Some(&b'-')
                && (2..5).all(|n| bytes.get(at + n).is_some_and(u8::is_ascii_digit))
                && !word(at + 5)
                && (at == 0 || !word(at - 1))
        })
        .filter_map(|at| text.get(at..at + 5).map(str::to_owned))
        .collect()
}

fn compare(index: &str, cited: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut findings = Vec::new();
    let mut known = BTreeMap::new();
    for (number, line) in index.lines().enumerate().skip(1) {
        let mut cells = line.split('\t');
        let (id, state) = (cells.next().unwrap_or(""), cells.next().unwrap_or(""));
        if !STATES.contains(&state) {
            findings.push(format!("{INDEX}:{}: state {state:?} is none of {STATES:?}", number + 1));
        }
        if known.insert(id.to_owned(), state.to_owned()).is_some() {
            findings.push(format!("{INDEX}:{}: {id} twice", number + 1));
        }
    }
    for (path, ids) in cited {
        for id in ids.iter().filter(|id| !known.contains_key(*id)) {
            findings.push(format!("{path}: cites {id}, which {INDEX} does not have"));
        }
    }
    let all: BTreeSet<&String> = cited.values().flatten().collect();
    for (id, _) in known.iter().filter(|(id, state)| *state == "yes" && !all.contains(id)) {
        findings.push(format!("{INDEX}: {id} is marked yes and no source cites it"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_only_where_they_stand_alone() {
        let found = cited("// M-058, X-013.\n// JIS X-0201 no, AM-0581 no, M-05 no; (R-044)");
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["M-058", "R-044", "X-013"]);
    }

    #[test]
    fn a_dangling_id_and_an_unproved_yes_are_found() {
        let cited =
            BTreeMap::from([("a.rs".to_owned(), BTreeSet::from(["M-001".to_owned(), "M-009".to_owned()]))]);
        let index = "id\tstate\tcrate\tnote\nM-001\tyes\t\t\nM-002\tyes\t\t\nM-003\tno\t\t";
        assert_eq!(compare(index, &cited).len(), 2);
    }
}
