//! Copies of the books, each made in one moment by SQLite itself, so that a running program is neither
//! disturbed nor read half-way.

use super::{Places, TERMINAL_FILE};
use crate::programs::StartFault;
use clock::Clock;
use serde_json::Value;
use std::path::{Path, PathBuf};
use store::Url;

/// Copies that live as long as this value.
pub(super) struct Snapshot {
    pub(super) center: Option<Url>,
    pub(super) terminals: Vec<(String, PathBuf)>,
    pub(super) networks: Option<PathBuf>,
    _folder: tempfile::TempDir,
}

impl Snapshot {
    pub(super) fn take(places: &Places) -> Result<Self, StartFault> {
        let folder = tempfile::tempdir().map_err(StartFault::new)?;
        let root = folder.path().to_owned();
        let center = match &places.center {
            // A server gives every reader a snapshot of its own.
            Some(Url::Sqlite(file)) => Some(Url::Sqlite(copy(file, &root.join("center"))?)),
            other => other.clone(),
        };
        let mut terminals = Vec::new();
        for place in &places.terminals {
            let name = place.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let to = root.join(&name);
            copy(&place.join(TERMINAL_FILE), &to)?;
            terminals.push((name, to));
        }
        let networks = match &places.networks {
            Some(place) => {
                let to = root.join("networks");
                copy(&place.join("networks.sqlite"), &to)?;
                Some(to)
            }
            None => None,
        };
        Ok(Self { center, terminals, networks, _folder: folder })
    }

    pub(super) fn center_export(&self, clock: &Clock) -> Result<Value, StartFault> {
        let url = self.center.as_ref().ok_or_else(|| StartFault::new("There is no center's book here."))?;
        let db = center::open_db(url, clock.clone()).map_err(StartFault::new)?;
        let mut bytes = Vec::new();
        let exported = center::export(&db, &mut bytes).map_err(StartFault::new);
        db.close();
        exported?;
        serde_json::from_slice(&bytes).map_err(StartFault::new)
    }

    pub(super) fn networks_export(&self, clock: &Clock) -> Result<Value, StartFault> {
        let folder =
            self.networks.as_ref().ok_or_else(|| StartFault::new("There is no card network's book here."))?;
        let charges = netsim::export::of_folder(folder, clock.clone()).map_err(StartFault::new);
        serde_json::to_value(charges?).map_err(StartFault::new)
    }
}

/// Copies one database file into a folder under its own name.
fn copy(file: &Path, to: &Path) -> Result<PathBuf, StartFault> {
    let fault = |why: String| StartFault::new(format!("The book {} cannot be read: {why}.", file.display()));
    std::fs::create_dir_all(to).map_err(|why| fault(why.to_string()))?;
    let target = to.join(file.file_name().unwrap_or_default());
    let connection = rusqlite::Connection::open_with_flags(
        file,
        rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(|why| fault(why.to_string()))?;
    connection.execute("VACUUM INTO ?1", [target.to_string_lossy()]).map_err(|why| fault(why.to_string()))?;
    Ok(target)
}
