//! The brands' book on disk, beside the card network's. Every change is durable before its answer leaves.

use super::book::{Change, Charge, Key, Known, Refund, Status};
use crate::host::tables::TENANT;
use jiff::Timestamp;
use money::Yen;
use store::{DbError, Inconsistent, Migration, ReadTx, Row, Tx, params};

/// The steps of the schema, after those of the card network.
pub const MIGRATIONS: [Migration; 2] = [
    Migration {
        name: "netsim/0005_code_charge",
        sql: "-- What became of each payment at a code brand; brand, merchant and id name it for ever.
            CREATE TABLE code_charge (
                tenant BIGINT NOT NULL,
                brand TEXT NOT NULL,
                merchant TEXT NOT NULL,
                id TEXT NOT NULL,
                payment_id TEXT NOT NULL,
                wallet TEXT NOT NULL,
                code TEXT NOT NULL,
                code_hash BYTEA NOT NULL,
                amount_yen BIGINT NOT NULL CHECK (amount_yen >= 0),
                status TEXT NOT NULL CHECK (status IN
                    ('CREATED', 'COMPLETED', 'FAILED', 'CANCELED', 'EXPIRED', 'REFUNDED')),
                failure TEXT NOT NULL,
                given_back_yen BIGINT NOT NULL CHECK (given_back_yen >= 0 AND given_back_yen <= amount_yen),
                polls BIGINT NOT NULL,
                terminal TEXT NOT NULL,
                accepted_us BIGINT NOT NULL,
                changed_us BIGINT NOT NULL,
                requested_s BIGINT NOT NULL,
                PRIMARY KEY (tenant, brand, merchant, id)
            ) /*sqlite: STRICT, WITHOUT ROWID */;
            CREATE INDEX code_charge_by_time ON code_charge (tenant, accepted_us);
            CREATE INDEX code_charge_by_code ON code_charge (tenant, brand, code_hash);
            CREATE INDEX code_charge_by_number ON code_charge (tenant, brand, merchant, payment_id);",
    },
    Migration {
        name: "netsim/0006_code_refund",
        sql:
            "-- Refunds of code payments; a payment's own row has their sum.
            CREATE TABLE code_refund (
                tenant BIGINT NOT NULL,
                brand TEXT NOT NULL,
                merchant TEXT NOT NULL,
                id TEXT NOT NULL,
                of_id TEXT NOT NULL,
                amount_yen BIGINT NOT NULL CHECK (amount_yen > 0),
                reason TEXT NOT NULL,
                accepted_us BIGINT NOT NULL,
                requested_s BIGINT NOT NULL,
                PRIMARY KEY (tenant, brand, merchant, id)
            ) /*sqlite: STRICT, WITHOUT ROWID */;
            CREATE INDEX code_refund_by_payment ON code_refund (tenant, brand, merchant, of_id, accepted_us);",
    },
];

macro_rules! columns {
    () => {
        "brand, merchant, id, payment_id, wallet, code, code_hash, amount_yen, status, failure, \
         given_back_yen, polls, terminal, accepted_us, changed_us, requested_s"
    };
}
macro_rules! refund_columns {
    () => {
        "brand, merchant, id, of_id, amount_yen, reason, accepted_us, requested_s"
    };
}

const BY_KEY: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM code_charge WHERE tenant = $1 AND brand = $2 AND merchant = $3 AND id = $4"
);
const BY_NUMBER: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM code_charge WHERE tenant = $1 AND brand = $2 AND merchant = $3 AND payment_id = $4"
);
const ALL: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM code_charge WHERE tenant = $1 ORDER BY accepted_us, brand, merchant, id"
);
const NEWEST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM code_charge WHERE tenant = $1 ORDER BY accepted_us DESC, brand, merchant, id LIMIT $2"
);
const CODE_USED: &str = "SELECT 1 FROM code_charge
    WHERE tenant = $1 AND brand = $2 AND code_hash = $3 AND status IN ('CREATED', 'COMPLETED', 'REFUNDED')";
const ENTER: &str = concat!(
    "INSERT INTO code_charge (tenant, ",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
);
const TURN: &str = "UPDATE code_charge
      SET status = $5, failure = $6, given_back_yen = $7, polls = $8, changed_us = $9
    WHERE tenant = $1 AND brand = $2 AND merchant = $3 AND id = $4";
const REFUND: &str = concat!(
    "SELECT ",
    refund_columns!(),
    " FROM code_refund WHERE tenant = $1 AND brand = $2 AND merchant = $3 AND id = $4"
);
const REFUNDS_OF: &str = concat!(
    "SELECT ",
    refund_columns!(),
    " FROM code_refund WHERE tenant = $1 AND brand = $2 AND merchant = $3 AND of_id = $4 ORDER BY accepted_us, id"
);
const ALL_REFUNDS: &str = concat!(
    "SELECT ",
    refund_columns!(),
    " FROM code_refund WHERE tenant = $1 ORDER BY accepted_us, brand, merchant, id"
);
const ENTER_REFUND: &str = concat!(
    "INSERT INTO code_refund (tenant, ",
    refund_columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
);

/// How a request names a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// By the merchant's own id.
    Id(Key),
    /// By the brand's number; the id of the key is that number.
    Number(Key),
}

fn charge_by(tx: &mut ReadTx<'_>, by: &By) -> Result<Option<Charge>, DbError> {
    let (sql, key) = match by {
        By::Id(key) => (BY_KEY, key),
        By::Number(key) => (BY_NUMBER, key),
    };
    tx.query_opt(sql, params![TENANT, &key.brand, &key.merchant, &key.id], charge)
}

fn refunds_of(tx: &mut ReadTx<'_>, charge: Option<&Charge>) -> Result<Vec<Refund>, DbError> {
    let Some(Charge { key, .. }) = charge else { return Ok(Vec::new()) };
    tx.query_all(REFUNDS_OF, params![TENANT, &key.brand, &key.merchant, &key.id], refund)
}

/// What the book says that bears on a payment; `code_hash` of one that comes in.
pub fn known(tx: &mut ReadTx<'_>, key: &Key, code_hash: Option<&[u8]>) -> Result<Known, DbError> {
    let charge = charge_by(tx, &By::Id(key.clone()))?;
    let code_is_used = match code_hash {
        Some(hash) => tx.query_opt(CODE_USED, params![TENANT, &key.brand, hash], |row| row.i64(0))?.is_some(),
        None => false,
    };
    Ok(Known { refunds: refunds_of(tx, charge.as_ref())?, charge, code_is_used, refund: None })
}

/// What the book says that bears on a refund of the payment that `of` names.
pub fn known_refund(tx: &mut ReadTx<'_>, key: &Key, of: &By) -> Result<Known, DbError> {
    let charge = charge_by(tx, of)?;
    let refund = tx.query_opt(REFUND, params![TENANT, &key.brand, &key.merchant, &key.id], refund)?;
    Ok(Known { refunds: refunds_of(tx, charge.as_ref())?, charge, code_is_used: false, refund })
}

/// A refund by its own name, with its payment.
pub fn refund_alone(tx: &mut ReadTx<'_>, key: &Key) -> Result<Known, DbError> {
    let found = tx.query_opt(REFUND, params![TENANT, &key.brand, &key.merchant, &key.id], refund)?;
    match found {
        Some(given) => known_refund(tx, key, &By::Id(Key { id: given.of, ..key.clone() })),
        None => Ok(Known::default()),
    }
}

/// Writes what a decision changes.
pub fn save(tx: &mut Tx<'_>, changes: &[Change]) -> Result<(), DbError> {
    for change in changes {
        match change {
            Change::Enter(charge) => enter(tx, charge)?,
            Change::Turn(charge) => turn(tx, charge)?,
            Change::Refund(given) => enter_refund(tx, given)?,
        }
    }
    Ok(())
}

fn enter(tx: &mut Tx<'_>, charge: &Charge) -> Result<(), DbError> {
    let Key { brand, merchant, id } = &charge.key;
    let values = params![
        TENANT,
        brand,
        merchant,
        id,
        &charge.payment_id,
        &charge.wallet,
        &charge.code,
        charge.code_hash.as_slice(),
        charge.amount.get(),
        charge.status.word(),
        &charge.failure,
        charge.given_back.get(),
        i64::from(charge.polls),
        &charge.terminal,
        charge.accepted_at.as_microsecond(),
        charge.changed_at.as_microsecond(),
        charge.requested_at,
    ];
    tx.execute(ENTER, values).map(|_| ())
}

fn turn(tx: &mut Tx<'_>, charge: &Charge) -> Result<(), DbError> {
    let Key { brand, merchant, id } = &charge.key;
    let values = params![
        TENANT,
        brand,
        merchant,
        id,
        charge.status.word(),
        &charge.failure,
        charge.given_back.get(),
        i64::from(charge.polls),
        charge.changed_at.as_microsecond(),
    ];
    if tx.execute(TURN, values)? == 1 { Ok(()) } else { Err(DbError::NoRow) }
}

fn enter_refund(tx: &mut Tx<'_>, given: &Refund) -> Result<(), DbError> {
    let Key { brand, merchant, id } = &given.key;
    let values = params![
        TENANT,
        brand,
        merchant,
        id,
        &given.of,
        given.amount.get(),
        &given.reason,
        given.accepted_at.as_microsecond(),
        given.requested_at,
    ];
    tx.execute(ENTER_REFUND, values).map(|_| ())
}

/// Every payment, oldest first.
pub fn all(tx: &mut ReadTx<'_>) -> Result<Vec<Charge>, DbError> {
    tx.query_all(ALL, params![TENANT], charge)
}

/// Every refund, oldest first.
pub fn all_refunds(tx: &mut ReadTx<'_>) -> Result<Vec<Refund>, DbError> {
    tx.query_all(ALL_REFUNDS, params![TENANT], refund)
}

/// The newest payments, newest first.
pub fn newest(tx: &mut ReadTx<'_>, most: u32) -> Result<Vec<Charge>, DbError> {
    tx.query_all(NEWEST, params![TENANT, i64::from(most)], charge)
}

fn at(micros: i64) -> Result<Timestamp, DbError> {
    Timestamp::from_microsecond(micros).map_err(|_| Inconsistent::new("code_charge.at", "an instant").into())
}

fn yen(amount: i64) -> Result<Yen, DbError> {
    Yen::new(amount).map_err(|_| Inconsistent::new("code_charge.yen", "an amount").into())
}

fn key(row: &Row<'_>) -> Result<Key, DbError> {
    Ok(Key { brand: row.text(0)?.to_owned(), merchant: row.text(1)?.to_owned(), id: row.text(2)?.to_owned() })
}

fn charge(row: &Row<'_>) -> Result<Charge, DbError> {
    let status = row.text(8)?;
    Ok(Charge {
        key: key(row)?,
        payment_id: row.text(3)?.to_owned(),
        wallet: row.text(4)?.to_owned(),
        code: row.text(5)?.to_owned(),
        code_hash: row.bytes(6)?.to_vec(),
        amount: yen(row.i64(7)?)?,
        status: Status::from_word(status)
            .ok_or_else(|| Inconsistent::new("code_charge.status", "a status"))?,
        failure: row.text(9)?.to_owned(),
        given_back: yen(row.i64(10)?)?,
        polls: u32::try_from(row.i64(11)?).unwrap_or(u32::MAX),
        terminal: row.text(12)?.to_owned(),
        accepted_at: at(row.i64(13)?)?,
        changed_at: at(row.i64(14)?)?,
        requested_at: row.i64(15)?,
    })
}

fn refund(row: &Row<'_>) -> Result<Refund, DbError> {
    Ok(Refund {
        key: key(row)?,
        of: row.text(3)?.to_owned(),
        amount: yen(row.i64(4)?)?,
        reason: row.text(5)?.to_owned(),
        accepted_at: at(row.i64(6)?)?,
        requested_at: row.i64(7)?,
    })
}

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] =
    &[BY_KEY, BY_NUMBER, ALL, NEWEST, CODE_USED, ENTER, TURN, REFUND, REFUNDS_OF, ALL_REFUNDS, ENTER_REFUND];
