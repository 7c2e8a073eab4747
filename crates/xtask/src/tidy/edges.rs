//! Edges between crates: exactly those of the table in ARCHITECTURE.md.

use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// crate → the crates of ours that it uses.
pub(super) type Edges = BTreeMap<String, BTreeSet<String>>;

/// Normal and build dependencies inside the workspace (tests may reach further).
pub(super) fn actual(metadata: &Value) -> Result<Edges> {
    let packages = metadata.get("packages").and_then(Value::as_array).context("metadata without packages")?;
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let mut edges = Edges::new();
    for package in packages.iter().filter(|package| text(package, "source").is_none()) {
        let name = text(package, "name").context("a package without name")?;
        let deps = package.get("dependencies").and_then(Value::as_array).cloned().unwrap_or_default();
        let ours = deps
            .iter()
            .filter(|dep| dep.get("path").is_some_and(Value::is_string))
            .filter(|dep| dep.get("kind").is_none_or(|kind| kind.as_str() != Some("dev")))
            .filter_map(|dep| text(dep, "name"))
            .collect();
        edges.insert(name, ours);
    }
    Ok(edges)
}

/// The table as it stands in ARCHITECTURE.md.
pub(super) fn table(edges: &Edges) -> String {
    let mut out = String::from("| crate | may use |\n|---|---|\n");
    for (name, uses) in edges {
        let uses: Vec<String> = uses.iter().map(|used| format!("`{used}`")).collect();
        out.push_str(&format!("| `{name}` | {} |\n", uses.join(" ")));
    }
    out
}

/// Reads the table: rows "| `crate` | `a` `b` |" after the heading line.
fn drawn(text: &str) -> Edges {
    let rows = text.lines().skip_while(|line| !line.starts_with("| crate | may use |")).skip(2);
    let ticked =
        |cell: &str| -> BTreeSet<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    rows.take_while(|line| line.starts_with('|'))
        .filter_map(|line| {
            let mut cells = line.split('|').skip(1);
            let name = ticked(cells.next()?).into_iter().next()?;
            Some((name, ticked(cells.next()?)))
        })
        .collect()
}

pub(super) fn check(metadata: &Value) -> Result<Vec<String>> {
    let picture = std::fs::read_to_string(crate::run::root().join("ARCHITECTURE.md"))
        .context("ARCHITECTURE.md cannot be read")?;
    Ok(compare(&actual(metadata)?, &drawn(&picture)))
}

fn compare(actual: &Edges, drawn: &Edges) -> Vec<String> {
    let empty = BTreeSet::new();
    let names: BTreeSet<&String> = actual.keys().chain(drawn.keys()).collect();
    let mut findings = Vec::new();
    for name in names {
        let (is, may) = (actual.get(name).unwrap_or(&empty), drawn.get(name).unwrap_or(&empty));
        for edge in is.difference(may) {
            findings.push(format!("{name} uses {edge}, which ARCHITECTURE.md does not draw"));
        }
        for edge in may.difference(is) {
            findings.push(format!("ARCHITECTURE.md draws {name} → {edge}, which is not there"));
        }
        if !drawn.contains_key(name) {
            findings.push(format!("{name} has no row in the table of ARCHITECTURE.md"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_that_is_not_drawn_is_found_and_a_drawn_one_is_read_back() {
        let edges = Edges::from([
            ("money".to_owned(), BTreeSet::new()),
            ("payment".to_owned(), BTreeSet::from(["money".to_owned()])),
        ]);
        assert_eq!(drawn(&table(&edges)), edges);
        assert!(compare(&edges, &edges).is_empty());
        let without =
            Edges::from([("money".to_owned(), BTreeSet::new()), ("payment".to_owned(), BTreeSet::new())]);
        assert_eq!(compare(&edges, &without).len(), 1);
        assert_eq!(compare(&without, &edges).len(), 1);
    }
}
