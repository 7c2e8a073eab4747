//! `choba admin …`: proofs, exports, and what an operator does before anybody can log in.

mod books;
mod close;
mod compare;
mod fee;
mod imports;
mod notice;
mod pay;
mod people;
mod settle;
mod snapshot;
mod totals;

pub use books::Books;
pub use close::close;
pub use compare::{Difference, compare};
pub use fee::fee;
pub use imports::{banks as import_banks, holidays as import_holidays};
pub use notice::notice;
pub use pay::{bank_file, bank_file_again, import_returned};
pub use people::{
    block_terminal, first_operator, let_in_terminal, load_cast, reset_password, terminal_password, unlock,
};

pub use settle::{calendar, calendar_text, check_bank_file};
pub use totals::totals;

use crate::programs::{StartFault, center as center_program};
use clock::Clock;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use store::Url;

/// Who acts, in the audit log.
const BY: &str = "admin command";

/// Where the pieces of an installation lie: a demo's folder has one for each program, a program's own
/// folder has its file.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The center's database.
    pub center: Option<Url>,
    /// Folders of terminal journals.
    pub terminals: Vec<PathBuf>,
    /// Folder of the networks' book.
    pub networks: Option<PathBuf>,
}

impl Places {
    /// What lies in `data`; `database` names the center's when it is not a file there.
    pub fn find(data: &Path, database: Option<Url>) -> Result<Self, StartFault> {
        let there = |folder: &Path, file: &str| folder.join(file).exists().then(|| folder.to_owned());
        let sub = |name: &str, file: &str| there(&data.join(name), file).or_else(|| there(data, file));
        let mut terminals: Vec<PathBuf> = there(data, TERMINAL_FILE).into_iter().collect();
        if let Ok(entries) = std::fs::read_dir(data) {
            terminals.extend(entries.flatten().filter_map(|entry| there(&entry.path(), TERMINAL_FILE)));
        }
        terminals.sort();
        let own = sub("center", "center.sqlite").map(|folder| center_program::own_database(&folder));
        let places =
            Self { center: database.or(own), terminals, networks: sub("networks", "networks.sqlite") };
        if places.center.is_none() && places.terminals.is_empty() && places.networks.is_none() {
            return Err(StartFault::new(format!("There are no books in {}.", data.display())));
        }
        Ok(places)
    }
}

/// The terminal's journal in its folder.
const TERMINAL_FILE: &str = "terminal.sqlite";

/// Which program's payments are exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Which {
    /// Payments and transfers of the center.
    Center,
    /// Entries and payments of the terminals' journals.
    Terminal,
    /// Charges of the card network.
    Networks,
}

/// Reads every book that is there, proves each, and compares them. Works on copies made in one moment
/// each, so programs may run meanwhile; a payment under way is then listed as open, not as a difference.
pub fn verify(places: &Places, clock: &Clock) -> Result<Value, StartFault> {
    let snapshot = snapshot::Snapshot::take(places)?;
    let mut whole = json!({});
    let mut sound = true;
    if let Some(url) = &snapshot.center {
        let db = center::open_db(url, clock.clone()).map_err(StartFault::new)?;
        let report =
            center::verify(&db, clock.now_us()).map_err(|why| StartFault::new(format!("{why:?}")))?;
        db.close();
        sound &= report.sound;
        put(&mut whole, "center", serde_json::to_value(&report).unwrap_or_default());
    }
    let mut journals = serde_json::Map::new();
    for (name, folder) in &snapshot.terminals {
        let report = terminal::verify(folder, clock.clone()).map_err(StartFault::new)?;
        sound &= report.ok;
        journals.insert(name.clone(), serde_json::to_value(&report).unwrap_or_default());
    }
    put(&mut whole, "terminals", Value::Object(journals));
    let books = Books::read(&snapshot, clock)?;
    let differences = compare(&books);
    sound &= differences.is_empty();
    put(&mut whole, "differences", serde_json::to_value(&differences).unwrap_or_default());
    put(&mut whole, "sound", Value::Bool(sound));
    Ok(whole)
}

fn put(object: &mut Value, key: &str, value: Value) {
    if let Some(map) = object.as_object_mut() {
        map.insert(key.to_owned(), value);
    }
}

/// Exports one program's payments as JSON.
pub fn export(which: Which, places: &Places, clock: &Clock) -> Result<Value, StartFault> {
    let snapshot = snapshot::Snapshot::take(places)?;
    match which {
        Which::Center => snapshot.center_export(clock),
        Which::Networks => snapshot.networks_export(clock),
        Which::Terminal => {
            let mut whole = serde_json::Map::new();
            for (name, folder) in &snapshot.terminals {
                let exported = terminal::export(folder, clock.clone()).map_err(StartFault::new)?;
                whole.insert(name.clone(), exported);
            }
            Ok(json!({ "program": "terminal", "journals": whole }))
        }
    }
}
