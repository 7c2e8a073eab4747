//! Links in the papers: every relative link leads to a file that is there.

use super::File;
use std::path::Path;

pub(super) fn check(files: &[File]) -> Vec<String> {
    let root = crate::run::root();
    let papers = files.iter().filter(|file| file.is("md"));
    papers
        .flat_map(|file| {
            let text = file.text.as_deref().unwrap_or("");
            targets(text)
                .into_iter()
                .filter_map(|target| {
                    let folder = Path::new(&file.path).parent().unwrap_or(Path::new(""));
                    let path = root.join(folder).join(&target);
                    (!path.exists()).then(|| format!("{}: broken link to {target}", file.path))
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

/// The relative targets of `[text](target)` links, without their anchors.
fn targets(text: &str) -> Vec<String> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|target| {
            !target.contains("://") && !target.starts_with('#') && !target.starts_with("mailto:")
        })
        .filter_map(|target| target.split(['#', ' ']).next())
        .filter(|target| !target.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_relative_links_are_looked_up() {
        assert_eq!(targets("[a](b.md#c) [d](https://e) [f](#g) ![h](i/j.png)"), ["b.md", "i/j.png"]);
    }
}
