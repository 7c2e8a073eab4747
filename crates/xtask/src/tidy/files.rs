//! Files: every Rust file says what it holds, none is too long, nothing large, nothing binary but
//! pictures and what fuzzers found.

use super::File;

const MAX_LINES: usize = 800;
const MAX_BYTES: u64 = 400_000;
/// Lists that nobody reads: of versions, and of functions by their long names.
const WRITTEN_BY_TOOLS: [&str; 2] = ["Cargo.lock", "crates/choba/start-order.txt"];

pub(super) fn check(files: &[File]) -> Vec<String> {
    files.iter().flat_map(check_one).collect()
}

fn check_one(file: &File) -> Vec<String> {
    let mut findings = Vec::new();
    let path = &file.path;
    if file.bytes > MAX_BYTES && !WRITTEN_BY_TOOLS.contains(&path.as_str()) {
        findings.push(format!("{path}: {} bytes, at most {MAX_BYTES}", file.bytes));
    }
    let Some(text) = &file.text else {
        if !["docs/pictures/", "crates/fuzzing/corpus/"].iter().any(|place| path.starts_with(place)) {
            findings.push(format!("{path}: only pictures and what fuzzers found are binary"));
        }
        return findings;
    };
    if file.is("rs") {
        let first = text.lines().find(|line| !line.starts_with("#!")).unwrap_or("");
        if !first.starts_with("//!") {
            findings.push(format!("{path}: the first line must say what the file holds (//! …)"));
        }
        let lines = text.lines().count();
        if lines > MAX_LINES {
            findings.push(format!("{path}: {lines} lines, at most {MAX_LINES}"));
        }
    }
    // Spelled in two halves, so that this file passes its own check.
    for word in [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("registry.npm", "js.org"),
        concat!("crates", ".io/api"),
    ] {
        if text.contains(word) {
            findings.push(format!("{path}: contains {word}"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.into(), text: Some(text.into()), bytes: 1 }
    }

    #[test]
    fn a_rust_file_without_a_first_sentence_is_found() {
        assert_eq!(check(&[file("a.rs", "//! Good.\n"), file("b.rs", "use x;\n")]).len(), 1);
    }

    #[test]
    fn a_file_of_more_than_800_lines_is_found() {
        assert_eq!(check(&[file("a.rs", &format!("//! Long.\n{}", "\n".repeat(801)))]).len(), 1);
    }
}
