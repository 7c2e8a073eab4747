//! The bank master: numbers and names of banks and branches. An import writes an edition of its own in small units and
//! switches to it in one; until then readers have the edition before, so nobody ever sees half a master.

use super::changed;
use crate::limits;
use center_base::{Base, Refusal};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use store::{DbError, Migration, ReadTx, TenantId, Tx, params};
use zengin::master::{Bank, Branch, Master};

pub(super) const MIGRATION: Migration = Migration {
    name: "settlement/0009_bank",
    sql: "-- Banks and branches by edition; bank_master names the one in force. holder_reason: why a holder differs.
        CREATE TABLE bank_master (
            tenant BIGINT NOT NULL,
            edition BIGINT NOT NULL,
            banks BIGINT NOT NULL,
            branches BIGINT NOT NULL,
            hash BYTEA NOT NULL,
            at_us BIGINT NOT NULL,
            PRIMARY KEY (tenant)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        CREATE TABLE bank (
            tenant BIGINT NOT NULL,
            edition BIGINT NOT NULL,
            code TEXT NOT NULL,
            name TEXT NOT NULL,
            kana TEXT NOT NULL,
            PRIMARY KEY (tenant, edition, code)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        CREATE TABLE bank_branch (
            tenant BIGINT NOT NULL,
            edition BIGINT NOT NULL,
            bank TEXT NOT NULL,
            code TEXT NOT NULL,
            name TEXT NOT NULL,
            kana TEXT NOT NULL,
            PRIMARY KEY (tenant, edition, bank, code)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        ALTER TABLE settle_payee ADD COLUMN holder_reason TEXT NOT NULL DEFAULT '';",
};

const IN_FORCE: &str = "SELECT edition, banks, branches, hash, at_us FROM bank_master WHERE tenant = $1";
const SWITCH: &str = "INSERT INTO bank_master (tenant, edition, banks, branches, hash, at_us)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (tenant) DO UPDATE SET edition = $2, banks = $3, branches = $4, hash = $5, at_us = $6";
const ADD_BANK: &str = "INSERT INTO bank (tenant, edition, code, name, kana) VALUES ($1, $2, $3, $4, $5)";
const ADD_BRANCH: &str = "INSERT INTO bank_branch (tenant, edition, bank, code, name, kana)
     VALUES ($1, $2, $3, $4, $5, $6)";
const COUNT_BANKS: &str = "SELECT COUNT(*) FROM bank WHERE tenant = $1 AND edition = $2";
const COUNT_BRANCHES: &str = "SELECT COUNT(*) FROM bank_branch WHERE tenant = $1 AND edition = $2";
const BANK: &str = "SELECT b.code, b.name, b.kana FROM bank_master m
       JOIN bank b ON b.tenant = m.tenant AND b.edition = m.edition
      WHERE m.tenant = $1 AND b.code = $2";
const BRANCH: &str = "SELECT b.code, b.name, b.kana FROM bank_master m
       JOIN bank_branch b ON b.tenant = m.tenant AND b.edition = m.edition
      WHERE m.tenant = $1 AND b.bank = $2 AND b.code = $3";
const OLD: &str = "SELECT edition, code FROM bank WHERE tenant = $1 AND edition < $2
      ORDER BY edition, code LIMIT 8";
const DROP_BRANCHES: &str = "DELETE FROM bank_branch WHERE tenant = $1 AND edition = $2 AND bank = $3";
const DROP_BANK: &str = "DELETE FROM bank WHERE tenant = $1 AND edition = $2 AND code = $3";

pub(super) const STATEMENTS: &[&str] = &[
    IN_FORCE,
    SWITCH,
    ADD_BANK,
    ADD_BRANCH,
    COUNT_BANKS,
    COUNT_BRANCHES,
    BANK,
    BRANCH,
    OLD,
    DROP_BRANCHES,
    DROP_BANK,
];

/// The master that is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InForce {
    /// The unit that began its import.
    pub edition: i64,
    /// Banks.
    pub banks: i64,
    /// Branches.
    pub branches: i64,
    /// SHA-256 over its rows.
    pub hash: [u8; 32],
    /// When it came into force, UTC microseconds.
    pub at_us: i64,
}

/// A bank or a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its number: a bank's has four digits, a branch's three.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its name in bank files, half width, at most 15 bytes.
    pub kana: String,
}

/// What an import did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BanksImported {
    /// Banks of the master.
    pub banks: usize,
    /// Branches of the master.
    pub branches: usize,
    /// Banks that were there before; zero at the first import.
    pub before: i64,
    /// The same master was in force already: nothing was written.
    pub unchanged: bool,
}

/// The master that is in force; `None`: none was ever imported.
pub fn in_force(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Option<InForce>, DbError> {
    tx.query_opt(IN_FORCE, params![tenant], |row| {
        Ok(InForce {
            edition: row.i64(0)?,
            banks: row.i64(1)?,
            branches: row.i64(2)?,
            hash: row.array(3)?,
            at_us: row.i64(4)?,
        })
    })
}

/// The bank of a number.
pub fn bank(tx: &mut ReadTx<'_>, tenant: TenantId, code: &str) -> Result<Option<Named>, DbError> {
    tx.query_opt(BANK, params![tenant, code], named)
}

/// The branch of a bank's number and its own.
pub fn branch(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    bank: &str,
    code: &str,
) -> Result<Option<Named>, DbError> {
    tx.query_opt(BRANCH, params![tenant, bank, code], named)
}

fn named(row: &store::Row<'_>) -> Result<Named, DbError> {
    Ok(Named { code: row.text(0)?.to_owned(), name: row.text(1)?.to_owned(), kana: row.text(2)?.to_owned() })
}

/// Takes a whole master in units that let payments come in between, the last of which brings it into force. Killed
/// before that, it has changed nothing that anybody reads, and may be begun again. The same master again writes nothing.
pub async fn import_banks(base: &Base, who: &str, master: Master) -> Result<BanksImported, Refusal> {
    let new = Arc::new(New::of(master));
    let told = |before: Option<InForce>, unchanged| BanksImported {
        banks: new.master.banks.len(),
        branches: new.branches,
        before: before.map_or(0, |known| known.banks),
        unchanged,
    };
    let first = Arc::clone(&new);
    let (before, edition) = base.write(move |tx| first.begin(tx)).await?;
    let Some(edition) = edition else { return Ok(told(before, true)) };
    for from in (0..new.rows()).step_by(limits::BANK_ROWS_IN_A_UNIT).skip(1) {
        let next = Arc::clone(&new);
        base.write(move |tx| next.put(tx, edition, from)).await?;
    }
    let (last, by) = (Arc::clone(&new), who.to_owned());
    base.write(move |tx| last.switch(tx, &by, edition)).await?;
    while base.write(move |tx| forget(tx, edition)).await? {}
    Ok(told(before, false))
}

/// One row of a master.
enum Entry<'a> {
    Bank(&'a Bank),
    Branch(&'a Bank, &'a Branch),
}

/// A master on its way in.
struct New {
    master: Master,
    branches: usize,
    hash: [u8; 32],
}

impl New {
    fn of(master: Master) -> Self {
        let branches = master.banks.iter().map(|bank| bank.branches.len()).fold(0, usize::saturating_add);
        let mut new = Self { master, branches, hash: [0; 32] };
        let mut hash = Sha256::new();
        for entry in new.entries() {
            let line = match entry {
                Entry::Bank(bank) => format!("{}\t{}\t{}\n", bank.no, bank.name, bank.kana),
                Entry::Branch(bank, it) => format!("{}\t{}\t{}\t{}\n", bank.no, it.no, it.name, it.kana),
            };
            hash.update(line);
        }
        new.hash = hash.finalize().into();
        new
    }

    /// Every bank, each followed by its branches.
    fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.master.banks.iter().flat_map(|bank| {
            std::iter::once(Entry::Bank(bank))
                .chain(bank.branches.iter().map(move |branch| Entry::Branch(bank, branch)))
        })
    }

    fn rows(&self) -> usize {
        self.master.banks.len().saturating_add(self.branches)
    }

    /// The first unit: what is in force, and the edition, unless the same master is. Its number is the unit's, so that
    /// two imports never share one.
    fn begin(&self, tx: &mut Tx<'_>) -> Result<(Option<InForce>, Option<i64>), Refusal> {
        let tenant = tx.tenant();
        let known = in_force(tx, tenant)?;
        if known.is_some_and(|known| known.hash == self.hash) {
            return Ok((known, None));
        }
        self.fits(known)?;
        let edition = tx.seq();
        self.put(tx, edition, 0)?;
        Ok((known, Some(edition)))
    }

    /// A master that lost half of its banks is a broken download, not news.
    fn fits(&self, known: Option<InForce>) -> Result<(), Refusal> {
        let (banks, before) = (self.master.banks.len(), known.map_or(0, |known| known.banks));
        if i64::try_from(banks).unwrap_or(i64::MAX).saturating_mul(2) < before {
            let why =
                format!("banks.json: has {banks} banks, and {before} are known: fewer than half are refused");
            return Err(Refusal::bad(why));
        }
        Ok(())
    }

    /// Writes the rows of one unit; refused when a newer edition came into force, which forgets this one.
    fn put(&self, tx: &mut Tx<'_>, edition: i64, from: usize) -> Result<(), Refusal> {
        let tenant = tx.tenant();
        not_passed(in_force(tx, tenant)?, edition)?;
        for entry in self.entries().skip(from).take(limits::BANK_ROWS_IN_A_UNIT) {
            match entry {
                Entry::Bank(it) => {
                    let (code, kana) = (it.no.to_string(), it.kana.as_str());
                    tx.execute(ADD_BANK, params![tenant, edition, &code, &it.name, kana])?;
                }
                Entry::Branch(bank, it) => {
                    let (bank, code, kana) = (bank.no.to_string(), it.no.to_string(), it.kana.as_str());
                    tx.execute(ADD_BRANCH, params![tenant, edition, &bank, &code, &it.name, kana])?;
                }
            }
        }
        Ok(())
    }

    /// The unit that brings the edition into force, if all of it is there and no newer one came first.
    fn switch(&self, tx: &mut Tx<'_>, who: &str, edition: i64) -> Result<(), Refusal> {
        let (tenant, now_us) = (tx.tenant(), tx.now_us());
        let known = in_force(tx, tenant)?;
        not_passed(known, edition)?;
        self.fits(known)?;
        let mut count = |sql| tx.query_one(sql, params![tenant, edition], |row| row.i64(0));
        let (banks, branches) = (count(COUNT_BANKS)?, count(COUNT_BRANCHES)?);
        let whole = usize::try_from(banks) == Ok(self.master.banks.len())
            && usize::try_from(branches) == Ok(self.branches);
        if !whole {
            return Err(Refusal::internal(format!(
                "edition {edition} has {banks} banks, {branches} branches"
            )));
        }
        tx.execute(SWITCH, params![tenant, edition, banks, branches, &self.hash, now_us])?;
        let detail = serde_json::json!({ "banks": banks, "branches": branches });
        changed(tx, who, "banks_imported", "bank master", detail)
    }
}

/// Two imports at once: the one that came into force last is the one that began last.
fn not_passed(known: Option<InForce>, edition: i64) -> Result<(), Refusal> {
    if known.is_some_and(|known| known.edition > edition) {
        return Err(Refusal::bad(
            "another import came between and is in force; look at it, then import again",
        ));
    }
    Ok(())
}

/// Forgets some banks of older editions; true while there may be more.
fn forget(tx: &mut Tx<'_>, edition: i64) -> Result<bool, Refusal> {
    let tenant = tx.tenant();
    let old =
        tx.query_all(OLD, params![tenant, edition], |row| Ok((row.i64(0)?, row.text(1)?.to_owned())))?;
    for (of, code) in &old {
        tx.execute(DROP_BRANCHES, params![tenant, *of, code])?;
        tx.execute(DROP_BANK, params![tenant, *of, code])?;
    }
    Ok(!old.is_empty())
}
