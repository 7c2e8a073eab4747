//! The book: one row a transfer, written in the unit that moves the payment, never changed.
//!
//! A row names two accounts and an amount above zero, so the sum of all accounts is zero whatever is
//! written. A payment opens its place in the book once (a hold, or value at once) and ends a hold once
//! (posted or released): the primary key says so. Every row is a link of the tenant's chain.

mod balance;
mod check;

pub use balance::{Balance, balances};
pub use check::{faults, value_moved};

use center_base::audit::{self, Canonical, Chained, ChainedRow};
use ledger::{Account, Kind, Transfer};
use money::Yen;
use payment::PaymentId;
use store::{DbError, Inconsistent, Migration, ReadTx, Row, TenantId, Tx, params};

/// The tables of this slice.
pub const MIGRATIONS: &[Migration] = &[Migration {
    name: "books/0001_transfer",
    sql: "-- The ledger: debit, credit, an amount above zero. opens = 1: a hold or value at once; 0: the end of a hold.
        CREATE TABLE transfer (
            tenant BIGINT NOT NULL,
            payment BYTEA NOT NULL,
            opens BIGINT NOT NULL CHECK (opens IN (0, 1)),
            kind TEXT NOT NULL,
            debit TEXT NOT NULL,
            credit TEXT NOT NULL,
            amount_yen BIGINT NOT NULL CHECK (amount_yen > 0),
            at_us BIGINT NOT NULL,
            seq BIGINT NOT NULL,
            link BYTEA NOT NULL,
            CHECK (debit <> credit),
            PRIMARY KEY (tenant, payment, opens)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        CREATE INDEX transfer_seq ON transfer (tenant, seq);",
}];

const INSERT: &str =
    "INSERT INTO transfer (tenant, payment, opens, kind, debit, credit, amount_yen, at_us, seq, link)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const OF_PAYMENT: &str = "SELECT payment, kind, debit, credit, amount_yen, at_us, seq, link
       FROM transfer WHERE tenant = $1 AND payment = $2 ORDER BY opens DESC";
const AFTER: &str = "SELECT payment, kind, debit, credit, amount_yen, at_us, seq, link
       FROM transfer WHERE tenant = $1 AND seq > $2 ORDER BY seq LIMIT $3";
const OF_UNIT: &str = "SELECT payment, kind, debit, credit, amount_yen, at_us, seq, link
       FROM transfer WHERE tenant = $1 AND seq = $2";
const MOVED: &str = "SELECT payment, kind, debit, credit, amount_yen, at_us, seq, link
       FROM transfer WHERE tenant = $1 AND kind = 'moved' ORDER BY payment";

/// Every statement of this slice.
pub const STATEMENTS: &[&str] =
    &[INSERT, OF_PAYMENT, AFTER, OF_UNIT, MOVED, balance::BALANCES, check::ENDS, check::SUMS];

/// A transfer as it stands in the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What moved.
    pub transfer: Transfer,
    /// When, UTC microseconds.
    pub at_us: i64,
    /// The unit that wrote it.
    pub seq: i64,
    link: [u8; 32],
}

/// Writes a transfer. A second one in the same place is [`DbError::Duplicate`], and the unit ends.
pub fn record(tx: &mut Tx<'_>, transfer: &Transfer) -> Result<(), DbError> {
    let (tenant, seq, at_us) = (tx.tenant(), tx.seq(), tx.now_us());
    let (debit, credit) = (transfer.debit.to_string(), transfer.credit.to_string());
    let row = canonical(transfer, &debit, &credit, at_us, seq);
    let link = audit::chain(tx, PLACE, &row);
    tx.execute(
        INSERT,
        params![
            tenant,
            transfer.payment.bytes(),
            opens(transfer.kind),
            transfer.kind.word(),
            &debit,
            &credit,
            transfer.amount.get(),
            at_us,
            seq,
            &link,
        ],
    )?;
    Ok(())
}

const fn opens(kind: Kind) -> bool {
    matches!(kind, Kind::Pending | Kind::Posted | Kind::Moved)
}

/// What a payment moved, in order.
pub fn of_payment(tx: &mut ReadTx<'_>, tenant: TenantId, payment: PaymentId) -> Result<Vec<Entry>, DbError> {
    tx.query_all(OF_PAYMENT, params![tenant, payment.bytes()], entry)
}

/// Transfers of units after `seq`, by `seq`, at most `limit`; the last unit may be cut.
pub fn after(tx: &mut ReadTx<'_>, tenant: TenantId, seq: i64, limit: i64) -> Result<Vec<Entry>, DbError> {
    tx.query_all(AFTER, params![tenant, seq, limit], entry)
}

/// Everything that settlement moved, by id: for its check.
pub fn moved(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Vec<Entry>, DbError> {
    tx.query_all(MOVED, params![tenant], entry)
}

fn entry(row: &Row<'_>) -> Result<Entry, DbError> {
    let payment = PaymentId::from_bytes(row.bytes(0)?)
        .map_err(|_| Inconsistent::new("transfer.payment", "sixteen bytes"))?;
    let odd =
        |column: &str, wanted: &str| Inconsistent::new(format!("transfer.{column} of {payment}"), wanted);
    let account = |column: usize, name: &str| -> Result<Account, DbError> {
        let key = row.text(column)?.to_owned();
        Account::try_from(key).map_err(|_| odd(name, "an account").into())
    };
    let kind = Kind::from_word(row.text(1)?).ok_or_else(|| odd("kind", "a kind of transfer"))?;
    let amount = Yen::new(row.i64(4)?).map_err(|_| odd("amount_yen", "an amount"))?;
    let (debit, credit) = (account(2, "debit")?, account(3, "credit")?);
    let transfer = Transfer { payment, kind, debit, credit, amount };
    Ok(Entry { transfer, at_us: row.i64(5)?, seq: row.i64(6)?, link: row.array(7)? })
}

const PLACE: &str = "transfer";

fn canonical(transfer: &Transfer, debit: &str, credit: &str, at_us: i64, seq: i64) -> Canonical {
    Canonical::new()
        .bytes(transfer.payment.bytes())
        .text(transfer.kind.word())
        .text(debit)
        .text(credit)
        .i64(transfer.amount.get())
        .i64(at_us)
        .i64(seq)
}

/// The book as a chained table.
#[derive(Clone, Copy, Debug)]
pub struct Book;

impl Chained for Book {
    fn place(&self) -> &'static str {
        PLACE
    }

    fn after(
        &self,
        tx: &mut ReadTx<'_>,
        tenant: TenantId,
        seq: i64,
        limit: i64,
    ) -> Result<Vec<ChainedRow>, DbError> {
        tx.query_all(AFTER, params![tenant, seq, limit], |row| entry(row).map(|entry| chained(&entry)))
    }

    fn of_unit(&self, tx: &mut ReadTx<'_>, tenant: TenantId, seq: i64) -> Result<Vec<ChainedRow>, DbError> {
        tx.query_all(OF_UNIT, params![tenant, seq], |row| entry(row).map(|entry| chained(&entry)))
    }
}

fn chained(entry: &Entry) -> ChainedRow {
    let transfer = &entry.transfer;
    let (debit, credit) = (transfer.debit.to_string(), transfer.credit.to_string());
    ChainedRow {
        seq: entry.seq,
        link: entry.link,
        row: canonical(transfer, &debit, &credit, entry.at_us, entry.seq),
        name: format!("transfer seq {} {} of {}", entry.seq, transfer.kind.word(), transfer.payment),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use center_base::audit::Verdict;

    const T: TenantId = TenantId(1);

    fn migrations() -> Vec<Migration> {
        [center_base::MIGRATIONS, MIGRATIONS].concat()
    }

    fn sale(id: u128, kind: Kind, yen: i64) -> Transfer {
        Transfer::sale(PaymentId::from_u128(id), kind, "visa", "00008", Yen::new(yen).unwrap()).unwrap()
    }

    fn write(db: &store::testing::TestDb, transfer: Transfer) -> bool {
        db.write_blocking(T, move |tx| record(tx, &transfer)).is_ok()
    }

    #[test]
    fn every_statement_is_prepared_on_both_engines() {
        store::testing::both(&migrations(), |db| store::prepare_all(db, STATEMENTS).unwrap());
    }

    #[test]
    fn a_payment_opens_once_and_a_hold_ends_once() {
        store::testing::both(&migrations(), |db| {
            assert!(write(db, sale(1, Kind::Posted, 880)));
            assert!(!write(db, sale(1, Kind::Posted, 880)), "posted twice");
            assert!(!write(db, sale(1, Kind::Pending, 880)), "held after it was posted");
            assert!(write(db, sale(2, Kind::Pending, 500)));
            assert!(write(db, sale(2, Kind::PostPending, 500)));
            assert!(!write(db, sale(2, Kind::ReleasePending, 500)), "released after it was posted");
            let entries = db.read_blocking(|tx| of_payment(tx, T, PaymentId::from_u128(2))).unwrap();
            let kinds: Vec<Kind> = entries.iter().map(|entry| entry.transfer.kind).collect();
            assert_eq!(kinds, [Kind::Pending, Kind::PostPending]);
        });
    }

    #[test]
    fn accounts_sum_to_zero_and_holds_are_no_value() {
        store::testing::both(&migrations(), |db| {
            for transfer in [
                sale(1, Kind::Posted, 880),
                sale(2, Kind::Pending, 500),
                sale(3, Kind::Pending, 70),
                sale(3, Kind::ReleasePending, 70),
                sale(4, Kind::Pending, 30),
                sale(4, Kind::PostPending, 30),
            ] {
                assert!(write(db, transfer));
            }
            let found = db.read_blocking(|tx| balances(tx, T)).unwrap();
            let of = |key: &str| found.iter().find(|b| b.account.to_string() == key).unwrap();
            let (receivable, payable) = (of("network_receivable:visa"), of("merchant_payable:00008"));
            assert_eq!((receivable.value_yen, receivable.held_yen), (910, 500));
            assert_eq!((payable.value_yen, payable.held_yen), (-910, -500));
            assert_eq!(found.iter().map(|b| b.value_yen).sum::<i64>(), 0);
            assert_eq!(db.read_blocking(|tx| faults(tx, T)).unwrap(), Vec::<String>::new());
        });
    }

    #[test]
    fn the_end_of_a_hold_that_never_was_is_a_fault() {
        store::testing::both(&migrations(), |db| {
            assert!(write(db, sale(1, Kind::PostPending, 880)));
            assert!(write(db, sale(2, Kind::Pending, 500)));
            assert!(write(db, sale(2, Kind::PostPending, 501)));
            assert!(write(db, sale(3, Kind::Posted, 1)));
            assert!(write(db, sale(3, Kind::ReleasePending, 1)));
            assert_eq!(db.read_blocking(|tx| faults(tx, T)).unwrap().len(), 3);
        });
    }

    #[test]
    fn a_changed_amount_breaks_the_chain() {
        store::testing::both(&migrations(), |db| {
            assert!(write(db, sale(1, Kind::Posted, 880)));
            assert!(write(db, sale(2, Kind::Posted, 500)));
            let verdict = || db.read_blocking(|tx| audit::verify(tx, T, &[&audit::AuditLog, &Book])).unwrap();
            assert_eq!(verdict(), Verdict::Sound { rows: 2 });
            db.write_blocking(T, |tx| {
                tx.execute("UPDATE transfer SET amount_yen = 881 WHERE tenant = $1 AND seq = 1", params![T])
            })
            .unwrap();
            assert!(matches!(verdict(), Verdict::Broken { at } if at.contains("seq 1")));
        });
    }
}
