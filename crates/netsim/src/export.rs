//! The network's book as JSON, for proofs that compare it with the center's: `GET /desk/charges` and
//! `choba admin export networks`.

use crate::host::book::{Entry, State};
use crate::host::tables;
use clock::Clock;
use serde::Serialize;
use std::path::Path;
use store::{Db, DbError, OpenError, ReadError};

/// The book: what cardholders were charged, and what was refused before it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Charges {
    /// Payments that were asked for, oldest first.
    pub charges: Vec<Entry>,
    /// Reversals whose original never came, oldest first.
    pub tombstones: Vec<Entry>,
    /// The sum of what is charged, whole yen.
    pub charged_yen: i64,
    /// The sum of what is held, whole yen.
    pub held_yen: i64,
}

/// Sorts the entries of the book.
pub fn charges(entries: Vec<Entry>) -> Charges {
    let (tombstones, charges): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|entry| entry.state == State::Tombstone);
    let sum = |state: State| {
        let amounts = charges.iter().filter(|entry| entry.state == state).map(|entry| entry.amount.get());
        amounts.fold(0_i64, i64::saturating_add)
    };
    Charges { charged_yen: sum(State::Charged), held_yen: sum(State::Held), charges, tombstones }
}

/// The network's file of a day in Tokyo: what was first heard of on it, as it stands now
/// (docs/networks/network-file.md).
pub fn network_file(entries: &[Entry], on: jiff::civil::Date) -> String {
    use std::fmt::Write as _;
    let of_day = || entries.iter().filter(|entry| clock::business_date(entry.first_at) == on);
    let mut text = format!("CHOBA-NETWORK-FILE\t1\tcard\t{on}\n");
    let mut charged = 0_i64;
    for entry in of_day() {
        let (yen, state) = (entry.amount.get(), entry.state);
        if state == State::Charged {
            charged = charged.saturating_add(yen);
        }
        let name = format!("{}\t{}\t{}", entry.key.shop, entry.key.rrn, entry.terminal);
        // Writing into a text cannot fail.
        let _ = writeln!(text, "P\t{name}\t{yen}\t{}\t{}", state.word(), entry.approval);
    }
    let _ = writeln!(text, "E\t{}\t{charged}", of_day().count());
    text
}

/// Why there is no export: one sentence for the person who asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// The book could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The book could not be read.
    #[error("The network's book cannot be read: {0}.")]
    Read(#[from] ReadError<DbError>),
}

/// The book in a folder whose simulators do not run. Blocks.
pub fn of_folder(data: &Path, clock: Clock) -> Result<Charges, ExportError> {
    let db = Db::open(&crate::book_url(data), tables::MIGRATIONS, clock)?;
    let read = db.read_blocking(tables::all);
    db.close();
    Ok(charges(read?))
}
