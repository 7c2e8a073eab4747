//! Licences of everything that is linked: an allow-list, checked offline over `cargo metadata`.

use serde_json::Value;

/// Licences that may be in the product.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Sources that crates may come from.
const REGISTRY: &str = "registry+";

pub(super) fn check(metadata: &Value) -> Vec<String> {
    let packages = metadata.get("packages").and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
    let mut findings = Vec::new();
    for package in &packages {
        let (name, version) = (text(package, "name"), text(package, "version"));
        let source = text(package, "source");
        if !source.is_empty() && !source.starts_with(REGISTRY) {
            findings.push(format!("{name} {version} does not come from the registry"));
        }
        let licence = text(package, "license");
        if !allowed(&licence) {
            findings.push(format!("{name} {version}: licence {licence:?} is not on the list"));
        }
    }
    findings
}

/// Whether an SPDX expression can be met by allowed licences: `OR` needs one side, `AND` all.
fn allowed(expression: &str) -> bool {
    let flat = expression.replace('/', " OR ");
    let trimmed = flat.trim();
    if let Some(sides) = split(trimmed, " AND ") {
        return sides.iter().all(|side| allowed(side));
    }
    if let Some(sides) = split(trimmed, " OR ") {
        return sides.iter().any(|side| allowed(side));
    }
    match trimmed.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => allowed(inner),
        None => ALLOWED.contains(&trimmed),
    }
}

/// Splits at an operator outside brackets; nothing when it does not occur.
fn split<'a>(text: &'a str, operator: &str) -> Option<Vec<&'a str>> {
    let mut depth = 0usize;
    let mut sides = Vec::new();
    let mut begin = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && text.get(at..).is_some_and(|rest| rest.starts_with(operator)) {
            sides.push(text.get(begin..at)?);
            begin = at + operator.len();
        }
    }
    if sides.is_empty() {
        return None;
    }
    sides.push(text.get(begin..)?);
    Some(sides)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_met_by_the_list_or_found() {
        for good in
            ["MIT", "MIT/Apache-2.0", "Apache-2.0 OR GPL-2.0-only", "(MIT OR Apache-2.0) AND Unicode-3.0"]
        {
            assert!(allowed(good), "{good}");
        }
        for bad in ["", "GPL-3.0", "MIT AND MPL-2.0", "(MIT OR Apache-2.0) AND GPL-3.0"] {
            assert!(!allowed(bad), "{bad}");
        }
    }
}
