//! `choba admin import-holidays` and `import-banks`: what comes as files too large for a page, or before one is open.

use super::BY;
use crate::programs::{StartFault, center as center_program};
use serde_json::{Value, json};
use settlement::rows::banks::import_banks;
use settlement::rows::calendar::{Moved, import_holidays};
use settlement::rules::Window;
use std::path::{Path, PathBuf};
use zengin::limits::{MAX_BRANCH_FILES, MAX_MASTER_BYTES};
use zengin::master::{self, Master};

/// Bytes of a holiday file that are read; the official one has 21,000.
const HOLIDAY_BYTES: usize = 1_000_000;

/// Takes the Cabinet Office's file of holidays whole, and tells which planned pay and notice days move by it
/// (docs/admin-json.md).
pub async fn holidays(settings: &center_program::Settings, file: &Path) -> Result<Value, StartFault> {
    let bytes = bytes_of(file, HOLIDAY_BYTES)?;
    let center = center_program::open(settings)?;
    let done = center.base.write(move |tx| import_holidays(tx, BY, &bytes)).await;
    center.base.db.clone().close();
    let done = done.map_err(|refusal| refused(file, &refusal))?;
    let moved: Vec<Value> = done.moved.iter().map(moved_json).collect();
    Ok(json!({ "days": done.days, "moved": moved }))
}

fn moved_json(moved: &Moved) -> Value {
    let Moved { before, after } = moved;
    let days = |window: &Window| json!({ "notice": window.notice, "pay": window.pay });
    json!({
        "cycle": before.cycle.word(), "first": before.first, "cut_off": before.last, "nominal": before.nominal,
        "before": days(before), "after": days(after),
    })
}

/// Takes the folder of a bank master whole: `banks.json` and `branches`, or a folder of the package that has them.
pub async fn banks(settings: &center_program::Settings, folder: &Path) -> Result<Value, StartFault> {
    let (folder, master) = read_master(folder)?;
    let passed_over = master.passed_over.len();
    let center = center_program::open(settings)?;
    let done = import_banks(&center.base, BY, master).await;
    center.base.db.clone().close();
    let done = done.map_err(|refusal| refused(&folder, &refusal))?;
    Ok(json!({
        "banks": done.banks, "branches": done.branches, "before": done.before,
        "passed_over": passed_over, "unchanged": done.unchanged,
    }))
}

/// Where a package keeps its files, from the folder that a person may name.
const WITHIN: [&str; 3] = ["", "data", "source-data/data"];

/// Reads the files of a master; a wrong one is refused with file, line and reason before anything is written.
fn read_master(given: &Path) -> Result<(PathBuf, Master), StartFault> {
    let folders = WITHIN.iter().map(|within| given.join(within).components().collect::<PathBuf>());
    let folder = folders.into_iter().find(|it| it.join("banks.json").is_file());
    let folder = folder.ok_or_else(|| {
        StartFault::new(format!(
            "{}: there is no banks.json; name the folder with banks.json and branches of the package zengin-code.",
            given.display()
        ))
    })?;
    let list = bytes_of(&folder.join("banks.json"), MAX_MASTER_BYTES)?;
    let branches = folder.join("branches");
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for entry in std::fs::read_dir(&branches).map_err(|why| fault(&branches, &why))? {
        let path = entry.map_err(|why| fault(&branches, &why))?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if files.len() >= MAX_BRANCH_FILES {
            return Err(fault(&branches, &format!("more than {MAX_BRANCH_FILES} files")));
        }
        files.push((name, bytes_of(&path, MAX_MASTER_BYTES)?));
    }
    // The first wrong file is the same on every machine.
    files.sort();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
    let master = master::read(&list, &files).map_err(|bad| fault(&folder, &bad))?;
    Ok((folder, master))
}

/// The bytes of a file of a bounded size.
fn bytes_of(file: &Path, most: usize) -> Result<Vec<u8>, StartFault> {
    let size = std::fs::metadata(file).map_err(|why| fault(file, &why))?.len();
    if usize::try_from(size).is_ok_and(|size| size <= most) {
        return std::fs::read(file).map_err(|why| fault(file, &why));
    }
    Err(fault(file, &format!("more than {most} bytes")))
}

fn fault(file: &Path, why: &dyn std::fmt::Display) -> StartFault {
    StartFault::new(format!("{}: {why}. Nothing was changed.", file.display()))
}

fn refused(file: &Path, refusal: &center_base::Refusal) -> StartFault {
    match &refusal.detail {
        Some(detail) => fault(file, detail),
        None => StartFault::new(format!("{}: {refusal}", file.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BANKS: &str =
        r#"{"0001":{"code":"0001","name":"みずほ","kana":"ミズホ","hira":"みずほ","roma":"mizuho"}}"#;
    const BRANCHES: &str = r#"{"001":{"code":"001","name":"東京","kana":"トウキヨウ","hira":"","roma":""}}"#;

    fn package(branches: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("source-data/data");
        std::fs::create_dir_all(data.join("branches")).unwrap();
        std::fs::write(data.join("banks.json"), BANKS).unwrap();
        for (name, text) in branches {
            std::fs::write(data.join("branches").join(name), text).unwrap();
        }
        folder
    }

    #[test]
    fn a_package_is_found_by_any_of_its_folders_and_a_bad_one_names_file_and_line() {
        // X-090
        let good = package(&[("0001.json", BRANCHES)]);
        for within in ["", "source-data", "source-data/data"] {
            let (_, master) = read_master(&good.path().join(within)).unwrap();
            assert_eq!(master.banks.len(), 1);
        }
        let says = |files: &[(&str, &str)]| read_master(package(files).path()).unwrap_err().to_string();
        let kanji = BRANCHES.replace("トウキヨウ", "東京");
        assert!(says(&[("0001.json", &kanji)]).contains("0001.json, line 1: '東'"));
        assert!(says(&[]).ends_with("banks.json: no file 0001.json. Nothing was changed."));
        assert!(says(&[("0001.json", BRANCHES), ("notes.txt", "")]).contains("notes.txt: is not named"));
        assert!(read_master(Path::new("/nowhere")).unwrap_err().to_string().contains("no banks.json"));
    }
}
