//! What was done by whom, append-only, and the hash chain that shows every change to it.
//!
//! The chain: link = SHA-256(previous link ‖ place ‖ canonical row), in commit order, one chain for
//! all chained tables of a tenant, its last link in the store's head row. A chained table keeps `seq`
//! and `link` of every row. [`verify`] walks all of them together and names the first bad row.

use crate::actor::Actor;
use crate::limits;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use store::{DbError, Inconsistent, Migration, ReadTx, TenantId, Tx, params};

pub(crate) const MIGRATION: Migration = Migration {
    name: "center-base/0002_audit",
    sql: "-- Who did what, in commit order; never changed, never deleted.
        CREATE TABLE audit (
            tenant BIGINT NOT NULL,
            seq BIGINT NOT NULL,
            link BYTEA NOT NULL,
            at_us BIGINT NOT NULL,
            who TEXT NOT NULL,
            what TEXT NOT NULL,
            about TEXT NOT NULL,
            detail TEXT NOT NULL,
            PRIMARY KEY (tenant, seq, link)
        ) /*sqlite: STRICT, WITHOUT ROWID */;",
};

pub(crate) const INSERT: &str = "INSERT INTO audit (tenant, seq, link, at_us, who, what, about, detail)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
pub(crate) const AFTER: &str = "SELECT seq, link, at_us, who, what, about, detail
       FROM audit WHERE tenant = $1 AND seq > $2 ORDER BY seq LIMIT $3";
pub(crate) const OF_UNIT: &str = "SELECT seq, link, at_us, who, what, about, detail
       FROM audit WHERE tenant = $1 AND seq = $2";
pub(crate) const HEAD_LINK: &str = "SELECT chain FROM head WHERE tenant = $1";

/// A row in a form that has one spelling only: every value with its kind and length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Canonical(Vec<u8>);

impl Canonical {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A whole number.
    pub fn i64(mut self, number: i64) -> Self {
        self.0.push(b'i');
        self.0.extend(number.to_be_bytes());
        self
    }

    /// A text.
    pub fn text(self, text: &str) -> Self {
        self.long(b't', text.as_bytes())
    }

    /// Bytes.
    pub fn bytes(self, bytes: &[u8]) -> Self {
        self.long(b'b', bytes)
    }

    /// A text or nothing.
    pub fn opt_text(mut self, text: Option<&str>) -> Self {
        if let Some(text) = text {
            return self.text(text);
        }
        self.0.push(b'0');
        self
    }

    fn long(mut self, kind: u8, bytes: &[u8]) -> Self {
        self.0.push(kind);
        self.0.extend(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.0.extend(bytes);
        self
    }
}

/// Adds a row to the chain; the caller stores `tx.seq()` and the link with it, in the same unit.
pub fn chain(tx: &mut Tx<'_>, place: &str, row: &Canonical) -> [u8; 32] {
    let link = link(&tx.chain(), place, row);
    tx.set_chain(link);
    link
}

fn link(previous: &[u8; 32], place: &str, row: &Canonical) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(Canonical::new().text(place).0);
    hash.update(&row.0);
    hash.finalize().into()
}

/// An act worth remembering.
#[derive(Clone, Debug)]
pub struct Act<'a> {
    /// Who: [`Actor::label`], `center`, `admin`.
    pub who: &'a str,
    /// What, a stable word: `signed_in`, `policy_changed`.
    pub what: &'a str,
    /// About whom or what: `person tanaka`, `terminal 000000358002`.
    pub about: &'a str,
    /// Before and after, without secrets.
    pub detail: Value,
}

/// Writes an entry, in the unit that does the act.
pub fn record(tx: &mut Tx<'_>, act: &Act<'_>) -> Result<(), DbError> {
    let (tenant, seq, at_us) = (tx.tenant(), tx.seq(), tx.now_us());
    let detail = act.detail.to_string();
    let row = canonical(seq, at_us, act.who, act.what, act.about, &detail);
    let link = chain(tx, "audit", &row);
    tx.execute(INSERT, params![tenant, seq, &link, at_us, act.who, act.what, act.about, &detail])?;
    Ok(())
}

/// [`record`] for an actor's act.
pub fn record_by(
    tx: &mut Tx<'_>,
    actor: &Actor,
    what: &str,
    about: &str,
    detail: Value,
) -> Result<(), DbError> {
    record(tx, &Act { who: &actor.label(), what, about, detail })
}

fn canonical(seq: i64, at_us: i64, who: &str, what: &str, about: &str, detail: &str) -> Canonical {
    Canonical::new().i64(seq).i64(at_us).text(who).text(what).text(about).text(detail)
}

/// A chained row as a verification reads it.
#[derive(Clone, Debug)]
pub struct ChainedRow {
    /// The unit that wrote it.
    pub seq: i64,
    /// The stored link.
    pub link: [u8; 32],
    /// What the link was computed from.
    pub row: Canonical,
    /// How a person finds it: `audit seq 12 signed_in person tanaka`.
    pub name: String,
}

/// A chained table.
pub trait Chained {
    /// The place that its rows were chained under.
    fn place(&self) -> &'static str;
    /// Rows of units after `seq`, by `seq`, at most `limit`; the last unit may be cut.
    fn after(
        &self,
        tx: &mut ReadTx<'_>,
        tenant: TenantId,
        seq: i64,
        limit: i64,
    ) -> Result<Vec<ChainedRow>, DbError>;
    /// Every row of one unit.
    fn of_unit(&self, tx: &mut ReadTx<'_>, tenant: TenantId, seq: i64) -> Result<Vec<ChainedRow>, DbError>;
}

/// The audit log as a chained table.
#[derive(Clone, Copy, Debug)]
pub struct AuditLog;

impl Chained for AuditLog {
    fn place(&self) -> &'static str {
        "audit"
    }

    fn after(
        &self,
        tx: &mut ReadTx<'_>,
        tenant: TenantId,
        seq: i64,
        limit: i64,
    ) -> Result<Vec<ChainedRow>, DbError> {
        tx.query_all(AFTER, params![tenant, seq, limit], chained_row)
    }

    fn of_unit(&self, tx: &mut ReadTx<'_>, tenant: TenantId, seq: i64) -> Result<Vec<ChainedRow>, DbError> {
        tx.query_all(OF_UNIT, params![tenant, seq], chained_row)
    }
}

fn chained_row(row: &store::Row<'_>) -> Result<ChainedRow, DbError> {
    let (seq, who, what, about) = (row.i64(0)?, row.text(3)?, row.text(4)?, row.text(5)?);
    Ok(ChainedRow {
        seq,
        link: row.array(1)?,
        row: canonical(seq, row.i64(2)?, who, what, about, row.text(6)?),
        name: format!("audit seq {seq} {what} {about}"),
    })
}

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every row is as it was written; so many.
    Sound {
        /// Rows walked.
        rows: u64,
    },
    /// The first row that does not fit; rows after it were not looked at.
    Broken {
        /// The row, or what is missing.
        at: String,
    },
}

/// Walks the chained tables of a tenant from the first row to the head.
///
/// Rows of one unit may have been chained in any order among the tables, so within a unit the row that
/// continues the chain is looked for.
pub fn verify(tx: &mut ReadTx<'_>, tenant: TenantId, tables: &[&dyn Chained]) -> Result<Verdict, DbError> {
    let mut last = [0; 32];
    let (mut rows, mut seq) = (0u64, 0);
    loop {
        let units = whole_units(tx, tenant, tables, seq)?;
        if units.is_empty() {
            break;
        }
        for (unit, mut left) in units {
            while !left.is_empty() {
                let fits = left.iter().position(|(place, row)| link(&last, place, &row.row) == row.link);
                let Some(index) = fits else {
                    let names: Vec<&str> = left.iter().map(|(_, row)| row.name.as_str()).collect();
                    return Ok(Verdict::Broken { at: names.join(", ") });
                };
                last = left.swap_remove(index).1.link;
                rows = rows.saturating_add(1);
            }
            seq = unit;
        }
    }
    let head: Option<[u8; 32]> = tx.query_opt(HEAD_LINK, params![tenant], |row| row.array(0))?;
    if head.unwrap_or_default() == last {
        return Ok(Verdict::Sound { rows });
    }
    Ok(Verdict::Broken { at: format!("rows after seq {seq} are missing") })
}

type Units = BTreeMap<i64, Vec<(&'static str, ChainedRow)>>;

/// The next units with all their rows from all tables.
fn whole_units(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    tables: &[&dyn Chained],
    after: i64,
) -> Result<Units, DbError> {
    let full = usize::try_from(limits::VERIFY_ROWS).unwrap_or(usize::MAX);
    let (mut units, mut cut) = (Units::new(), i64::MAX);
    for table in tables {
        let rows = table.after(tx, tenant, after, limits::VERIFY_ROWS)?;
        // A full answer may end in the middle of a unit.
        if let Some(row) = rows.last().filter(|_| rows.len() >= full) {
            cut = cut.min(row.seq);
        }
        for row in rows {
            units.entry(row.seq).or_default().push((table.place(), row));
        }
    }
    match units.keys().next().copied() {
        Some(first) if first <= after => Err(Inconsistent::new("seq of a chained table", "growing").into()),
        Some(first) if first >= cut => {
            let mut rows = Vec::new();
            for table in tables {
                rows.extend(table.of_unit(tx, tenant, first)?.into_iter().map(|row| (table.place(), row)));
            }
            Ok(Units::from([(first, rows)]))
        }
        Some(_) => {
            units.retain(|seq, _| *seq < cut);
            Ok(units)
        }
        None => Ok(units),
    }
}

/// One entry for people, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryView {
    /// When.
    pub at_us: i64,
    /// Who.
    pub who: String,
    /// What.
    pub what: String,
    /// About.
    pub about: String,
    /// Detail as JSON text.
    pub detail: String,
}

pub(crate) const NEWEST: &str = "SELECT at_us, who, what, about, detail
       FROM audit WHERE tenant = $1 ORDER BY seq DESC, link LIMIT $2";

/// The newest entries.
pub fn newest(tx: &mut ReadTx<'_>, tenant: TenantId, limit: i64) -> Result<Vec<EntryView>, DbError> {
    tx.query_all(NEWEST, params![tenant, limit.min(limits::VERIFY_ROWS)], |row| {
        Ok(EntryView {
            at_us: row.i64(0)?,
            who: row.text(1)?.to_owned(),
            what: row.text(2)?.to_owned(),
            about: row.text(3)?.to_owned(),
            detail: row.text(4)?.to_owned(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::base;
    use serde_json::json;

    const T: TenantId = TenantId(1);

    fn three_acts(db: &store::testing::TestDb) {
        let base = base(db);
        for about in ["a", "b", "c"] {
            base.db
                .write_blocking(T, move |tx| {
                    record(tx, &Act { who: "admin", what: "did", about, detail: json!({"n": 1}) })?;
                    record(tx, &Act { who: "admin", what: "did again", about, detail: json!({}) })
                })
                .unwrap();
        }
    }

    fn verdict(db: &store::testing::TestDb) -> Verdict {
        db.read_blocking(|tx| verify(tx, T, &[&AuditLog])).unwrap()
    }

    fn tamper(db: &store::testing::TestDb, sql: &'static str) {
        db.write_blocking(T, move |tx| tx.execute(sql, params![T])).unwrap();
    }

    #[test]
    fn an_untouched_log_is_sound() {
        store::testing::both(crate::MIGRATIONS, |db| {
            assert_eq!(verdict(db), Verdict::Sound { rows: 0 });
            three_acts(db);
            assert_eq!(verdict(db), Verdict::Sound { rows: 6 });
            let newest = db.read_blocking(|tx| newest(tx, T, 1)).unwrap();
            assert_eq!(newest[0].about, "c");
        });
    }

    #[test]
    fn every_kind_of_change_is_found_and_named() {
        // S5: edit, delete, cut the tail, move.
        for (sql, named) in [
            (
                "UPDATE audit SET detail = '{}' WHERE tenant = $1 AND about = 'b' AND what = 'did'",
                "audit seq 2 did b",
            ),
            (
                "UPDATE audit SET who = 'me' WHERE tenant = $1 AND about = 'c' AND what = 'did'",
                "audit seq 3 did c",
            ),
            (
                "DELETE FROM audit WHERE tenant = $1 AND about = 'a' AND what = 'did'",
                "audit seq 1 did again a",
            ),
            ("DELETE FROM audit WHERE tenant = $1 AND seq = 3", "rows after seq 2 are missing"),
            ("UPDATE audit SET seq = 9 WHERE tenant = $1 AND seq = 1", "audit seq 2 did"),
        ] {
            store::testing::both(crate::MIGRATIONS, |db| {
                three_acts(db);
                tamper(db, sql);
                match verdict(db) {
                    Verdict::Broken { at } => assert!(at.contains(named), "{sql}: {at}"),
                    Verdict::Sound { .. } => panic!("not found: {sql}"),
                }
            });
        }
    }
}
