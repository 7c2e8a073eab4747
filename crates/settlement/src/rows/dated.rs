//! Facts of the tenant that hold from a day on: who issues notices, and from which account is paid. Entries are added and
//! never changed; one that waits for a second person is used or withdrawn.

use super::date_at;
use center_base::Refusal;
use jiff::civil::Date;
use payment::words;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::{DbError, Inconsistent, Migration, ReadTx, Row, TenantId, Tx, params};

pub(super) const MIGRATION: Migration = Migration {
    name: "settlement/0011_fact",
    sql: r#"-- The issuer and the paying account by date, each entry a row: what stood before holds since 2000.
        CREATE TABLE settle_fact (
            tenant BIGINT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('issuer', 'remitter')),
            entry BIGINT NOT NULL,
            valid_from TEXT NOT NULL,
            body TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('waits', 'used', 'withdrawn')),
            entered_by TEXT NOT NULL,
            entered_us BIGINT NOT NULL,
            decided_by TEXT NOT NULL,
            decided_us BIGINT,
            PRIMARY KEY (tenant, kind, entry)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        INSERT INTO settle_fact (tenant, kind, entry, valid_from, body, state, entered_by, entered_us, decided_by)
        SELECT tenant, 'remitter', 1, '2000-01-01', body, 'used', '', 0, '' FROM settle_remitter;
        INSERT INTO settle_fact (tenant, kind, entry, valid_from, body, state, entered_by, entered_us, decided_by)
        SELECT tenant, 'issuer', 1, '2000-01-01',
               '{"name":"' || REPLACE(REPLACE(name, '\', '\\'), '"', '\"')
                 || '","address":' || CASE WHEN address = '' THEN '[]'
                      ELSE '["' || REPLACE(REPLACE(REPLACE(address, '\', '\\'), '"', '\"'), '
', '","') || '"]' END
                 || ',"phone":"' || REPLACE(REPLACE(phone, '\', '\\'), '"', '\"')
                 || '","invoice_reg_no":"' || invoice_reg_no || '","silence_days":' || silence_days
                 || ',"sender":"' || REPLACE(REPLACE(sender, '\', '\\'), '"', '\"')
                 || '","reply_to":"' || REPLACE(REPLACE(reply_to, '\', '\\'), '"', '\"') || '"}',
               'used', '', 0, '' FROM settle_issuer;
        DROP TABLE settle_remitter;
        DROP TABLE settle_issuer;"#,
};

macro_rules! columns {
    () => {
        "entry, valid_from, body, state, entered_by, entered_us, decided_by, decided_us FROM settle_fact
          WHERE tenant = $1 AND kind = $2"
    };
}

const IN_FORCE: &str = concat!(
    "SELECT ",
    columns!(),
    " AND state = 'used' AND valid_from <= $3 ORDER BY valid_from DESC, entry DESC LIMIT 1"
);
const LIST: &str = concat!("SELECT ", columns!(), " ORDER BY valid_from DESC, entry DESC LIMIT $3");
const WAITS: &str = concat!("SELECT ", columns!(), " AND state = 'waits' ORDER BY entry DESC LIMIT 1");
const ADD: &str =
    "INSERT INTO settle_fact (tenant, kind, entry, valid_from, body, state, entered_by, entered_us, decided_by)
     SELECT $1, $2, COALESCE(MAX(entry), 0) + 1, $3, $4, $5, $6, $7, '' FROM settle_fact
      WHERE tenant = $1 AND kind = $2";
const DECIDE: &str = "UPDATE settle_fact
        SET state = $4, valid_from = $5, decided_by = $6, decided_us = $7
      WHERE tenant = $1 AND kind = $2 AND entry = $3 AND state = 'waits'";

pub(super) const STATEMENTS: &[&str] = &[IN_FORCE, LIST, WAITS, ADD, DECIDE];

words! {
    /// What an entry says.
    FactKind {
        /// Who issues notices.
        Issuer = "issuer",
        /// From which account is paid.
        Remitter = "remitter",
    }
}

words! {
    /// Where an entry stands.
    FactState {
        /// A second person must confirm it.
        Waits = "waits",
        /// It holds from its day on.
        Used = "used",
        /// It never held.
        Withdrawn = "withdrawn",
    }
}

/// An entry as its row has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<T> {
    /// 1, 2, … in the order in which they were entered. Of two from the same day the later one holds.
    pub no: i64,
    /// The first day on which it holds.
    pub valid_from: Date,
    /// What it says.
    pub body: T,
    /// Where it stands.
    pub state: FactState,
    /// Who entered it; empty where that was not kept.
    pub entered_by: String,
    /// When, microseconds since 1970, UTC.
    pub entered_us: i64,
    /// Who confirmed or withdrew it; empty where nobody had to.
    pub decided_by: String,
    /// When that was.
    pub decided_us: Option<i64>,
}

fn entry<T: DeserializeOwned>(row: &Row<'_>) -> Result<Entry<T>, DbError> {
    let odd = |wanted: &str| Inconsistent::new("settle_fact", wanted);
    Ok(Entry {
        no: row.i64(0)?,
        valid_from: date_at(row, 1, "settle_fact.valid_from")?,
        body: serde_json::from_str(row.text(2)?).map_err(|_| odd("a body that can be read"))?,
        state: FactState::from_word(row.text(3)?).ok_or_else(|| odd("a state of an entry"))?,
        entered_by: row.text(4)?.to_owned(),
        entered_us: row.i64(5)?,
        decided_by: row.text(6)?.to_owned(),
        decided_us: row.opt_i64(7)?,
    })
}

/// The entry that holds on a day.
pub(crate) fn in_force<T: DeserializeOwned>(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    kind: FactKind,
    on: Date,
) -> Result<Option<Entry<T>>, DbError> {
    let on = on.to_string();
    tx.query_opt(IN_FORCE, params![tenant, kind.word(), &on], entry)
}

/// Entries, the latest day first.
pub(crate) fn list<T: DeserializeOwned>(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    kind: FactKind,
    limit: i64,
) -> Result<Vec<Entry<T>>, DbError> {
    tx.query_all(LIST, params![tenant, kind.word(), limit], entry)
}

/// The entry that waits for a second person.
pub(crate) fn waiting<T: DeserializeOwned>(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    kind: FactKind,
) -> Result<Option<Entry<T>>, DbError> {
    tx.query_opt(WAITS, params![tenant, kind.word()], entry)
}

/// Adds an entry.
pub(crate) fn add<T: Serialize>(
    tx: &mut Tx<'_>,
    who: &str,
    (kind, state): (FactKind, FactState),
    valid_from: Date,
    body: &T,
) -> Result<(), Refusal> {
    let (tenant, now_us, from) = (tx.tenant(), tx.now_us(), valid_from.to_string());
    let body = serde_json::to_string(body).map_err(|error| Refusal::internal(error.to_string()))?;
    tx.execute(ADD, params![tenant, kind.word(), &from, &body, state.word(), who, now_us])?;
    Ok(())
}

/// An entry that waits is used from a day on, or withdrawn.
pub(super) fn decide(
    tx: &mut Tx<'_>,
    who: &str,
    (kind, no): (FactKind, i64),
    state: FactState,
    valid_from: Date,
) -> Result<(), DbError> {
    let (tenant, now_us, from) = (tx.tenant(), tx.now_us(), valid_from.to_string());
    tx.execute(DECIDE, params![tenant, kind.word(), no, state.word(), &from, who, now_us]).map(drop)
}
