//! The network's book on disk. Every change is durable before the answer that rests on it leaves.

use super::book::{Change, Entry, Kind, Known, PaymentKey, State};
use super::totals;
use iso8583::totals::{Count, Totals};
use jiff::Timestamp;
use money::Yen;
use store::{DbError, Inconsistent, Migration, ReadTx, Row, TenantId, Tx, params};

/// The simulators serve one scheme.
pub const TENANT: TenantId = TenantId(1);

/// The steps of the whole book: the card network's, then the code brands'.
pub fn migrations() -> Vec<Migration> {
    MIGRATIONS.iter().chain(&crate::code::tables::MIGRATIONS).copied().collect()
}

/// The card network's steps of the schema.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "netsim/0001_charge",
        sql: "-- What became of each payment at the card network; shop and rrn name it for ever.
            CREATE TABLE charge (
                tenant BIGINT NOT NULL,
                shop TEXT NOT NULL,
                rrn TEXT NOT NULL,
                terminal TEXT NOT NULL,
                kind TEXT NOT NULL CHECK (kind IN ('sale', 'hold', 'unknown')),
                amount_yen BIGINT NOT NULL CHECK (amount_yen >= 0),
                class TEXT NOT NULL,
                state TEXT NOT NULL
                    CHECK (state IN ('charged', 'held', 'reversed', 'declined', 'tombstone')),
                card TEXT NOT NULL,
                entry_mode TEXT NOT NULL,
                answer_code TEXT NOT NULL,
                approval TEXT NOT NULL,
                note TEXT NOT NULL,
                first_us BIGINT NOT NULL,
                changed_us BIGINT NOT NULL,
                answer BYTEA NOT NULL,
                PRIMARY KEY (tenant, shop, rrn)
            ) /*sqlite: STRICT, WITHOUT ROWID */;
            CREATE INDEX charge_by_time ON charge (tenant, first_us);",
    },
    Migration {
        name: "netsim/0002_reader",
        sql: "-- The highest key counter of each reader: a serial that was used is refused.
            CREATE TABLE reader (
                tenant BIGINT NOT NULL,
                reader BYTEA NOT NULL,
                counter BIGINT NOT NULL CHECK (counter > 0),
                PRIMARY KEY (tenant, reader)
            ) /*sqlite: STRICT, WITHOUT ROWID */;",
    },
    Migration {
        name: "netsim/0003_card",
        sql: "-- Wrong PINs in a row of each card, by its name on the shelf.
            CREATE TABLE card (
                tenant BIGINT NOT NULL,
                name TEXT NOT NULL,
                wrong_pins BIGINT NOT NULL CHECK (wrong_pins >= 0),
                PRIMARY KEY (tenant, name)
            ) /*sqlite: STRICT, WITHOUT ROWID */;",
    },
    Migration {
        name: "netsim/0004_giving_back",
        sql: "-- Voided payments, and returns beside the payment that they give back.
            CREATE TABLE charge_with_returns (
                tenant BIGINT NOT NULL,
                shop TEXT NOT NULL,
                rrn TEXT NOT NULL,
                terminal TEXT NOT NULL,
                kind TEXT NOT NULL CHECK (kind IN ('sale', 'hold', 'unknown', 'return')),
                amount_yen BIGINT NOT NULL CHECK (amount_yen >= 0),
                class TEXT NOT NULL,
                state TEXT NOT NULL CHECK (state IN
                    ('charged', 'held', 'reversed', 'declined', 'tombstone', 'voided', 'refunded')),
                card TEXT NOT NULL,
                entry_mode TEXT NOT NULL,
                answer_code TEXT NOT NULL,
                approval TEXT NOT NULL,
                note TEXT NOT NULL,
                first_us BIGINT NOT NULL,
                changed_us BIGINT NOT NULL,
                answer BYTEA NOT NULL,
                of_rrn TEXT NOT NULL,
                PRIMARY KEY (tenant, shop, rrn)
            ) /*sqlite: STRICT, WITHOUT ROWID */;
            INSERT INTO charge_with_returns (tenant, shop, rrn, terminal, kind, amount_yen, class, state,
                card, entry_mode, answer_code, approval, note, first_us, changed_us, answer, of_rrn)
            SELECT tenant, shop, rrn, terminal, kind, amount_yen, class, state,
                card, entry_mode, answer_code, approval, note, first_us, changed_us, answer, ''
              FROM charge;
            DROP TABLE charge;
            ALTER TABLE charge_with_returns RENAME TO charge;
            CREATE INDEX charge_by_time ON charge (tenant, first_us);
            CREATE INDEX return_by_payment ON charge (tenant, shop, of_rrn) WHERE of_rrn <> '';",
    },
    Migration {
        name: "netsim/0005_day",
        sql: "-- The day in whose totals an entry counts. 32,400 s: Tokyo is nine hours ahead. The index grows at its end: the time stands before what differs from entry to entry.
            ALTER TABLE charge ADD COLUMN local_on TEXT NOT NULL DEFAULT '';
            /*sqlite: UPDATE charge SET local_on = date(first_us / 1000000 + 32400, 'unixepoch'); */
            CREATE INDEX charge_by_day ON charge (tenant, local_on, first_us, kind, state, amount_yen);",
    },
];

/// The columns of an entry, in the order of [`entry`].
macro_rules! columns {
    () => {
        "shop, rrn, terminal, kind, amount_yen, class, state, card, entry_mode, answer_code, approval, \
         note, first_us, changed_us, answer, of_rrn, local_on"
    };
}

const BY_KEY: &str =
    concat!("SELECT ", columns!(), " FROM charge WHERE tenant = $1 AND shop = $2 AND rrn = $3");
const ALL: &str =
    concat!("SELECT ", columns!(), " FROM charge WHERE tenant = $1 ORDER BY first_us, shop, rrn");
const NEWEST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM charge WHERE tenant = $1 ORDER BY first_us DESC, shop, rrn LIMIT $2"
);
const ENTER: &str = concat!(
    "INSERT INTO charge (tenant, ",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)"
);
const TURN: &str =
    "UPDATE charge SET state = $4, changed_us = $5 WHERE tenant = $1 AND shop = $2 AND rrn = $3";
const GIVEN_BACK: &str = "SELECT CAST(COALESCE(SUM(amount_yen), 0) AS BIGINT)
     FROM charge
    WHERE tenant = $1 AND shop = $2 AND of_rrn = $3 AND of_rrn <> '' AND state = 'refunded'";
pub(super) const DAY: &str = "SELECT kind, state, COUNT(*), CAST(SUM(amount_yen) AS BIGINT)
     FROM charge
    WHERE tenant = $1 AND local_on = $2
    GROUP BY kind, state";
const COUNTER: &str = "SELECT counter FROM reader WHERE tenant = $1 AND reader = $2";
const SET_COUNTER: &str = "INSERT INTO reader (tenant, reader, counter) VALUES ($1, $2, $3)
    ON CONFLICT (tenant, reader) DO UPDATE SET counter = excluded.counter";
const WRONG_PINS: &str = "SELECT wrong_pins FROM card WHERE tenant = $1 AND name = $2";
const ALL_WRONG_PINS: &str = "SELECT name, wrong_pins FROM card WHERE tenant = $1 ORDER BY name";
const SET_WRONG_PINS: &str = "INSERT INTO card (tenant, name, wrong_pins) VALUES ($1, $2, $3)
    ON CONFLICT (tenant, name) DO UPDATE SET wrong_pins = excluded.wrong_pins";

/// What the book says that bears on a request about `key`, from `reader` and with `card`.
pub fn known(
    tx: &mut ReadTx<'_>,
    key: &PaymentKey,
    reader: Option<[u8; 8]>,
    card: Option<&str>,
) -> Result<Known, DbError> {
    let found = tx.query_opt(BY_KEY, params![TENANT, &key.shop, &key.rrn], entry)?;
    let counter = match reader {
        Some(reader) => tx.query_opt(COUNTER, params![TENANT, &reader], |row| row.i64(0))?.unwrap_or(0),
        None => 0,
    };
    let wrong_pins = match card {
        Some(card) => tx.query_opt(WRONG_PINS, params![TENANT, card], |row| row.i64(0))?.unwrap_or(0),
        None => 0,
    };
    Ok(Known {
        entry: found,
        original: None,
        given_back: Yen::ZERO,
        counter: u32::try_from(counter).unwrap_or(u32::MAX),
        wrong_pins: u8::try_from(wrong_pins).unwrap_or(u8::MAX),
    })
}

/// What the book says that bears on giving `original` back under the name `key`, or on undoing `key`.
pub fn known_back(
    tx: &mut ReadTx<'_>,
    key: &PaymentKey,
    original: &PaymentKey,
    reader: Option<[u8; 8]>,
) -> Result<Known, DbError> {
    let mut found = known(tx, key, reader, None)?;
    if original != key {
        found.original = tx.query_opt(BY_KEY, params![TENANT, &original.shop, &original.rrn], entry)?;
    }
    let sum = tx.query_opt(GIVEN_BACK, params![TENANT, &original.shop, &original.rrn], |row| row.i64(0))?;
    found.given_back =
        Yen::new(sum.unwrap_or(0)).map_err(|_| Inconsistent::new("charge.amount_yen", "a sum"))?;
    Ok(found)
}

/// What the network counts for a day, `YYYY-MM-DD` (contract, section 9).
pub fn day(tx: &mut ReadTx<'_>, on: &str) -> Result<Totals, DbError> {
    let wrong = |column: &str| Inconsistent::new(format!("charge.{column}"), "another value");
    let lines = tx.query_all(DAY, params![TENANT, on], |row| {
        let kind = Kind::from_word(row.text(0)?).ok_or_else(|| wrong("kind"))?;
        let state = State::from_word(row.text(1)?).ok_or_else(|| wrong("state"))?;
        let number = u64::try_from(row.i64(2)?).map_err(|_| wrong("kind"))?;
        let yen = u64::try_from(row.i64(3)?).map_err(|_| wrong("amount_yen"))?;
        Ok((kind, state, Count { number, yen }))
    })?;
    Ok(totals::count(lines))
}

/// Writes what a decision changes.
pub fn save(tx: &mut Tx<'_>, changes: &[Change]) -> Result<(), DbError> {
    for change in changes {
        match change {
            Change::Enter(entry) => enter(tx, entry)?,
            Change::Turn(key, state) => {
                let now = tx.now_us();
                let turned = tx.execute(TURN, params![TENANT, &key.shop, &key.rrn, state.word(), now])?;
                if turned != 1 {
                    return Err(DbError::NoRow);
                }
            }
            Change::Counter(reader, counter) => {
                tx.execute(SET_COUNTER, params![TENANT, reader, i64::from(*counter)])?;
            }
            Change::WrongPins(card, count) => {
                tx.execute(SET_WRONG_PINS, params![TENANT, card, i64::from(*count)])?;
            }
        }
    }
    Ok(())
}

fn enter(tx: &mut Tx<'_>, entry: &Entry) -> Result<(), DbError> {
    let values = params![
        TENANT,
        &entry.key.shop,
        &entry.key.rrn,
        &entry.terminal,
        entry.kind.word(),
        entry.amount.get(),
        &entry.class,
        entry.state.word(),
        &entry.card,
        &entry.entry_mode,
        &entry.answer_code,
        &entry.approval,
        &entry.note,
        entry.first_at.as_microsecond(),
        entry.changed_at.as_microsecond(),
        entry.answer.as_slice(),
        &entry.of,
        &entry.local_on,
    ];
    tx.execute(ENTER, values).map(|_| ())
}

/// Every entry, oldest first.
pub fn all(tx: &mut ReadTx<'_>) -> Result<Vec<Entry>, DbError> {
    tx.query_all(ALL, params![TENANT], entry)
}

/// The newest entries, newest first.
pub fn newest(tx: &mut ReadTx<'_>, most: u32) -> Result<Vec<Entry>, DbError> {
    tx.query_all(NEWEST, params![TENANT, i64::from(most)], entry)
}

/// Wrong PINs in a row, by card.
pub fn wrong_pins(tx: &mut ReadTx<'_>) -> Result<Vec<(String, u8)>, DbError> {
    tx.query_all(ALL_WRONG_PINS, params![TENANT], |row| {
        Ok((row.text(0)?.to_owned(), u8::try_from(row.i64(1)?).unwrap_or(u8::MAX)))
    })
}

fn entry(row: &Row<'_>) -> Result<Entry, DbError> {
    let wrong = |column: &str| Inconsistent::new(format!("charge.{column}"), "another value");
    Ok(Entry {
        key: PaymentKey { shop: row.text(0)?.to_owned(), rrn: row.text(1)?.to_owned() },
        terminal: row.text(2)?.to_owned(),
        kind: Kind::from_word(row.text(3)?).ok_or_else(|| wrong("kind"))?,
        amount: Yen::new(row.i64(4)?).map_err(|_| wrong("amount_yen"))?,
        class: row.text(5)?.to_owned(),
        state: State::from_word(row.text(6)?).ok_or_else(|| wrong("state"))?,
        card: row.text(7)?.to_owned(),
        entry_mode: row.text(8)?.to_owned(),
        answer_code: row.text(9)?.to_owned(),
        approval: row.text(10)?.to_owned(),
        note: row.text(11)?.to_owned(),
        first_at: Timestamp::from_microsecond(row.i64(12)?).map_err(|_| wrong("first_us"))?,
        changed_at: Timestamp::from_microsecond(row.i64(13)?).map_err(|_| wrong("changed_us"))?,
        answer: row.bytes(14)?.to_vec(),
        of: row.text(15)?.to_owned(),
        local_on: row.text(16)?.to_owned(),
        given_back: Yen::ZERO,
    })
}

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    BY_KEY,
    ALL,
    NEWEST,
    ENTER,
    TURN,
    GIVEN_BACK,
    DAY,
    COUNTER,
    SET_COUNTER,
    WRONG_PINS,
    ALL_WRONG_PINS,
    SET_WRONG_PINS,
];
