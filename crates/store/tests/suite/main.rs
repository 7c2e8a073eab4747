//! The suite of the storage module: every claim holds on SQLite and on PostgreSQL.

// Marked as tests so that the lints allow their helpers what they allow tests.
#[cfg(test)]
mod basics;
#[cfg(test)]
mod failover;
#[cfg(test)]
mod opening;
#[cfg(test)]
mod postgres_only;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod sqlite_only;
#[cfg(test)]
mod together;

use store::{DbError, Migration, ReadTx, TenantId, Tx, params};

const T1: TenantId = TenantId(1);
const T2: TenantId = TenantId(2);

/// A purse with money, a journal of what happened, and a table with every kind of constraint.
const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "suite/0001_money",
        sql: "-- Money that two centers can fight over.
            CREATE TABLE purse (
                tenant BIGINT NOT NULL,
                name TEXT NOT NULL,
                yen BIGINT NOT NULL CHECK (yen >= 0),
                PRIMARY KEY (tenant, name)
            ) /*sqlite: STRICT, WITHOUT ROWID */;
            CREATE TABLE journal (
                tenant BIGINT NOT NULL,
                seq BIGINT NOT NULL,
                note TEXT NOT NULL,
                at_us BIGINT NOT NULL,
                PRIMARY KEY (tenant, seq)
            ) /*sqlite: STRICT, WITHOUT ROWID */;",
    },
    Migration {
        name: "suite/0002_cells",
        sql: "-- Every type, with and without a value.
            CREATE TABLE cells (
                tenant BIGINT NOT NULL,
                id BIGINT NOT NULL,
                number BIGINT,
                words TEXT,
                raw BYTEA,
                PRIMARY KEY (tenant, id)
            ) /*sqlite: STRICT, WITHOUT ROWID */;
            CREATE TABLE line (
                tenant BIGINT NOT NULL,
                id BIGINT NOT NULL,
                purse TEXT NOT NULL,
                PRIMARY KEY (tenant, id),
                FOREIGN KEY (tenant, purse) REFERENCES purse (tenant, name)
            ) /*sqlite: STRICT, WITHOUT ROWID */;",
    },
];

const ADD_JOURNAL: &str = "INSERT INTO journal (tenant, seq, note, at_us) VALUES ($1, $2, $3, $4)";
const ADD_PURSE: &str = "INSERT INTO purse (tenant, name, yen) VALUES ($1, $2, $3)";
const ADD_YEN: &str = "UPDATE purse SET yen = yen + $3 WHERE tenant = $1 AND name = $2";

/// Writes one line of the journal under the unit's own number.
fn note(tx: &mut Tx<'_>, text: &str) -> Result<i64, DbError> {
    let seq = tx.seq();
    tx.execute(ADD_JOURNAL, params![tx.tenant(), seq, text, tx.now_us()])?;
    Ok(seq)
}

/// The journal of a tenant as `1 first, 2 second`.
fn journal(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<String, DbError> {
    let lines = tx.query_all(
        "SELECT seq, note FROM journal WHERE tenant = $1 ORDER BY seq",
        params![tenant],
        |row| Ok(format!("{} {}", row.i64(0)?, row.text(1)?)),
    )?;
    Ok(lines.join(", "))
}

fn purse(tx: &mut ReadTx<'_>, tenant: TenantId, name: &str) -> Result<i64, DbError> {
    tx.query_one("SELECT yen FROM purse WHERE tenant = $1 AND name = $2", params![tenant, name], |row| {
        row.i64(0)
    })
}
