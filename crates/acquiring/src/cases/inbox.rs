//! The folder into which a network's daily files come: each is compared once, and again when it changes.

use super::file::{self, FILE_BYTES};
use super::{reconcile_file, rows};
use center_base::jobs::Job;
use center_base::{Base, Refusal};
use sha2::{Digest as _, Sha256};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The most files that one round reads.
const FILES: usize = 400;

/// Looks into the folder every minute.
pub fn network_files(folder: PathBuf) -> Job {
    Job::new("acquiring/network-files", Duration::from_mins(1), move |base| {
        let folder = folder.clone();
        async move { read_folder(&base, folder).await.map(drop) }
    })
}

/// Compares what is new in the folder and tells how many files that were. A file that cannot be read is
/// logged and tried again once it has changed.
pub async fn read_folder(base: &Base, folder: PathBuf) -> Result<usize, Refusal> {
    let found = tokio::task::spawn_blocking(move || files(&folder)).await;
    let found = found.map_err(|error| Refusal::internal(format!("network files: {error}")))?;
    let mut compared = 0;
    for (name, bytes) in found {
        let (mark, tenant) = (format!("file {name}"), base.tenant);
        let hash = hex::encode(Sha256::digest(&bytes));
        let wanted = mark.clone();
        if base.read(move |tx| Ok(rows::mark(tx, tenant, &wanted)?)).await?.as_deref() == Some(&hash) {
            continue;
        }
        let compared_now = match file::text(&bytes) {
            Ok(text) => reconcile_file(base, text).await.map(drop),
            Err(bad) => Err(Refusal::bad(bad.to_string())),
        };
        match compared_now {
            Ok(()) => compared += 1,
            Err(refusal) if refusal.code == codes::api::BAD_REQUEST => {
                tracing::error!(file = name, %refusal, "a network's file cannot be read");
            }
            Err(refusal) => return Err(refusal),
        }
        base.write(move |tx| Ok(rows::set_mark(tx, &mark, &hash)?)).await?;
    }
    Ok(compared)
}

/// Names and bytes of the folder's files, the newest name last; a folder that is not there has none. Of a file that is
/// too large only so much is read that it is seen.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "tsv"))
        .collect();
    names.sort();
    let most = u64::try_from(FILE_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let read = |path: &Path| {
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(most).read_to_end(&mut bytes)?;
        Ok::<_, std::io::Error>(bytes)
    };
    let newest = names.len().saturating_sub(FILES);
    names
        .into_iter()
        .skip(newest)
        .filter_map(|path| {
            let name = path.file_name()?.to_string_lossy().into_owned();
            match read(&path) {
                Ok(bytes) => Some((name, bytes)),
                Err(error) => {
                    tracing::error!(file = name, %error, "a network's file cannot be opened");
                    None
                }
            }
        })
        .collect()
}
