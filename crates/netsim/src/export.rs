//! The network's book as JSON, for proofs that compare it with the center's: `GET /desk/charges` and
//! `choba admin export networks`.

use crate::host::book::{Entry, State};
use crate::host::tables;
use serde::Serialize;
use store::{Db, DbError, ReadError};

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

/// The book of an open database.
pub fn read(db: &Db) -> Result<Charges, ReadError<DbError>> {
    db.read_blocking(tables::all).map(charges)
}
