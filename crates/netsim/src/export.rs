//! The network's book as JSON, for proofs that compare it with the center's: `GET /desk/charges` and
//! `choba admin export networks`.

use crate::code::book::{Charge, Refund, Status};
use crate::code::tables as code_tables;
use crate::faults::FileTrouble;
use crate::host::book::{Entry, Kind, State};
use crate::host::tables;
use clock::Clock;
use serde::Serialize;
use std::path::Path;
use store::{Db, DbError, OpenError, ReadError};

/// The book: what cardholders were charged, and what was refused before it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Charges {
    /// Payments that were asked for, oldest first, each with what was given back of it.
    pub charges: Vec<Entry>,
    /// Returns that were asked for, oldest first.
    pub returns: Vec<Entry>,
    /// Reversals whose original never came, oldest first.
    pub tombstones: Vec<Entry>,
    /// The sum of what is charged, whole yen.
    pub charged_yen: i64,
    /// The sum of what returns gave back, whole yen.
    pub refunded_yen: i64,
    /// What cardholders have paid after all: charged less refunded, whole yen.
    pub net_yen: i64,
    /// The sum of what is held, whole yen.
    pub held_yen: i64,
    /// The books of the code brands.
    pub code: CodeCharges,
}

/// The books of the code brands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CodeCharges {
    /// Payments that were asked for, oldest first.
    pub charges: Vec<Charge>,
    /// Refunds that were carried out, oldest first.
    pub refunds: Vec<Refund>,
    /// Cancels whose payment never came, oldest first.
    pub tombstones: Vec<Charge>,
    /// The sum of what was paid and not cancelled, whole yen.
    pub charged_yen: i64,
    /// The sum of refunds, whole yen.
    pub refunded_yen: i64,
    /// What customers have paid after all, whole yen.
    pub net_yen: i64,
}

/// Sorts the payments and refunds of the code brands.
pub fn code_charges(entries: Vec<Charge>, refunds: Vec<Refund>) -> CodeCharges {
    let (tombstones, charges): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|charge| charge.payment_id.is_empty());
    let stands = |charge: &&Charge| matches!(charge.status, Status::Completed | Status::Refunded);
    let sum = |amounts: &mut dyn Iterator<Item = i64>| amounts.fold(0_i64, i64::saturating_add);
    CodeCharges {
        charged_yen: sum(&mut charges.iter().filter(stands).map(|charge| charge.amount.get())),
        refunded_yen: sum(&mut refunds.iter().map(|given| given.amount.get())),
        net_yen: sum(&mut charges.iter().map(|charge| charge.net().get())),
        charges,
        refunds,
        tombstones,
    }
}

/// Sorts the entries of the book.
pub fn charges(entries: Vec<Entry>) -> Charges {
    let (tombstones, entries): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|entry| entry.state == State::Tombstone);
    let (returns, mut charges): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|entry| entry.kind == Kind::Return);
    for given in returns.iter().filter(|entry| entry.state == State::Refunded) {
        let original =
            charges.iter_mut().find(|entry| entry.key.shop == given.key.shop && entry.key.rrn == given.of);
        if let Some(original) = original {
            original.given_back = original.given_back.plus(given.amount).unwrap_or(original.given_back);
        }
    }
    let sum = |entries: &[Entry], state: State| {
        let amounts = entries.iter().filter(|entry| entry.state == state).map(|entry| entry.amount.get());
        amounts.fold(0_i64, i64::saturating_add)
    };
    let (charged_yen, refunded_yen) = (sum(&charges, State::Charged), sum(&returns, State::Refunded));
    Charges {
        charged_yen,
        refunded_yen,
        net_yen: charged_yen.saturating_sub(refunded_yen),
        held_yen: sum(&charges, State::Held),
        charges,
        returns,
        tombstones,
        code: CodeCharges::default(),
    }
}

/// The card network's file of a day in Tokyo: what was first heard of on it, as it stands now
/// (docs/networks/network-file.md), with the trouble that was ordered.
pub fn network_file(entries: &[Entry], on: jiff::civil::Date, trouble: FileTrouble) -> String {
    let of_day = entries.iter().filter(|entry| clock::business_date(entry.first_at) == on);
    let mut file = DayFile::new("card", on, trouble);
    for entry in of_day {
        let name = format!("{}\t{}\t{}", entry.key.shop, entry.key.rrn, entry.terminal);
        match entry.kind {
            Kind::Return => file.refund(&name, entry.amount.get(), entry.state.word()),
            Kind::Sale | Kind::Hold | Kind::Unknown => {
                file.payment(&name, entry.amount.get(), entry.state.word(), &entry.approval);
            }
        }
    }
    file.end()
}

/// A code brand's file of a day in Tokyo, in the same words.
pub fn code_file(
    charges: &[Charge],
    refunds: &[Refund],
    brand: &str,
    on: jiff::civil::Date,
    trouble: FileTrouble,
) -> String {
    let mut file = DayFile::new(brand, on, trouble);
    let is_of_day = |accepted_at| clock::business_date(accepted_at) == on;
    for charge in charges.iter().filter(|charge| charge.key.brand == brand && is_of_day(charge.accepted_at)) {
        let name = format!("{}\t{}\t{}", charge.key.merchant, charge.key.id, charge.terminal);
        let state = match charge.status {
            Status::Completed | Status::Refunded => "charged",
            Status::Created => "held",
            Status::Failed | Status::Expired => "declined",
            Status::Canceled if charge.payment_id.is_empty() => "tombstone",
            Status::Canceled => "voided",
        };
        file.payment(&name, charge.amount.get(), state, &charge.payment_id);
    }
    for given in refunds.iter().filter(|given| given.key.brand == brand && is_of_day(given.accepted_at)) {
        file.refund(&format!("{}\t{}\t", given.key.merchant, given.key.id), given.amount.get(), "refunded");
    }
    file.end()
}

/// A day's file as it is written, with its count and sums.
struct DayFile {
    text: String,
    lines: usize,
    charged_yen: i64,
    refunded_yen: i64,
    /// What is still to go wrong.
    trouble: FileTrouble,
    /// The line of a charge that nobody asked for, once a charge has shown for which shop one can be.
    extra: Option<String>,
}

/// The reference number and the sum of a charge that nobody asked for.
const EXTRA: (&str, i64) = ("EXTRA0000001", 777);

impl DayFile {
    fn new(network: &str, on: jiff::civil::Date, trouble: FileTrouble) -> Self {
        let text = format!("CHOBA-NETWORK-FILE\t2\t{network}\t{on}\n");
        Self { text, lines: 0, charged_yen: 0, refunded_yen: 0, trouble, extra: None }
    }

    fn line(&mut self, line: &str) {
        self.lines = self.lines.saturating_add(1);
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// `name` is shop, reference number and terminal. The first charge is the one that is left out, or that has
    /// another amount.
    fn payment(&mut self, name: &str, yen: i64, state: &str, approval: &str) {
        let mut yen = yen;
        if state == "charged" {
            if let (true, [shop, _, terminal]) = (self.trouble.extra, &*name.split('\t').collect::<Vec<_>>())
            {
                self.extra.get_or_insert_with(|| format!("{shop}\t{}\t{terminal}", EXTRA.0));
            }
            if std::mem::take(&mut self.trouble.missing) {
                return;
            }
            if std::mem::take(&mut self.trouble.amount) {
                yen = yen.saturating_add(1);
            }
            self.charged_yen = self.charged_yen.saturating_add(yen);
        }
        self.line(&format!("P\t{name}\t{yen}\t{state}\t{approval}"));
    }

    fn refund(&mut self, name: &str, yen: i64, state: &str) {
        if state == "refunded" {
            self.refunded_yen = self.refunded_yen.saturating_add(yen);
        }
        self.line(&format!("R\t{name}\t{yen}\t{state}"));
    }

    fn end(mut self) -> String {
        self.trouble = FileTrouble::default();
        if let Some(name) = self.extra.take() {
            self.payment(&name, EXTRA.1, "charged", "000000");
        }
        let (lines, charged, refunded) = (self.lines, self.charged_yen, self.refunded_yen);
        self.text.push_str(&format!("E\t{lines}\t{charged}\t{refunded}\n"));
        self.text
    }
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
    let db = Db::open(&crate::book_url(data), &tables::migrations(), clock)?;
    let read = db.read_blocking(|tx| {
        Ok::<_, DbError>((tables::all(tx)?, code_tables::all(tx)?, code_tables::all_refunds(tx)?))
    });
    db.close();
    let (card, code, refunds) = read?;
    Ok(Charges { code: code_charges(code, refunds), ..charges(card) })
}
