//! Terms by date and the tenant's own cycles: read whole, written one entry at a time, never edited. An entry whose day is
//! still to come may be withdrawn.

use super::{changed, date_at, today};
use crate::rules::{BadTerm, CycleCode, Cycles, Level, Overlay, PayTerms, TermsBook};
use center_base::Refusal;
use codes::{api, settle};
use jiff::civil::Date;
use payment::Brand;
use std::collections::BTreeMap;
use store::{DbError, Inconsistent, Migration, ReadTx, Row, TenantId, Tx, params};

pub(super) const MIGRATION: Migration = Migration {
    name: "settlement/0002_terms",
    sql:
        "-- Terms from a day on: of the tenant, of a company, of a company's brand. An entry is never edited.
        CREATE TABLE settle_term (
            tenant BIGINT NOT NULL,
            level TEXT NOT NULL CHECK (level IN ('tenant', 'company', 'contract')),
            company_id TEXT NOT NULL,
            brand TEXT NOT NULL,
            valid_from TEXT NOT NULL,
            overlay TEXT NOT NULL,
            PRIMARY KEY (tenant, level, company_id, brand, valid_from)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        CREATE TABLE settle_cycle (
            tenant BIGINT NOT NULL,
            code TEXT NOT NULL,
            body TEXT NOT NULL,
            PRIMARY KEY (tenant, code)
        ) /*sqlite: STRICT, WITHOUT ROWID */;",
};

pub(super) const ENTERED: Migration = Migration {
    name: "settlement/0010_term_entered",
    sql: "-- Who entered terms, when and in which unit; before, the audit log alone kept it. Terms that never held lie apart.
        ALTER TABLE settle_term ADD COLUMN entered_by TEXT NOT NULL DEFAULT '';
        ALTER TABLE settle_term ADD COLUMN entered_us BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE settle_term ADD COLUMN entered_seq BIGINT NOT NULL DEFAULT 0;
        CREATE TABLE settle_term_withdrawn (
            tenant BIGINT NOT NULL,
            level TEXT NOT NULL,
            company_id TEXT NOT NULL,
            brand TEXT NOT NULL,
            valid_from TEXT NOT NULL,
            overlay TEXT NOT NULL,
            entered_seq BIGINT NOT NULL,
            withdrawn_seq BIGINT NOT NULL,
            PRIMARY KEY (tenant, level, company_id, brand, valid_from, withdrawn_seq)
        ) /*sqlite: STRICT, WITHOUT ROWID */;",
};

const ALL: &str = "SELECT level, company_id, brand, valid_from, overlay FROM settle_term
      WHERE tenant = $1 ORDER BY level, company_id, brand, valid_from";
const ONE: &str = "SELECT overlay FROM settle_term
      WHERE tenant = $1 AND level = $2 AND company_id = $3 AND brand = $4 AND valid_from = $5";
const ADD: &str = "INSERT INTO settle_term
        (tenant, level, company_id, brand, valid_from, overlay, entered_by, entered_us, entered_seq)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const LIST: &str = "SELECT level, company_id, brand, valid_from, overlay, entered_by, entered_us
       FROM settle_term WHERE tenant = $1 AND company_id = $2
      ORDER BY valid_from DESC, level, brand LIMIT $3";
const OWN: &str = "SELECT DISTINCT company_id FROM settle_term
      WHERE tenant = $1 AND company_id <> '' ORDER BY company_id LIMIT $2";
const KEEP: &str = "INSERT INTO settle_term_withdrawn
        (tenant, level, company_id, brand, valid_from, overlay, entered_seq, withdrawn_seq)
     SELECT tenant, level, company_id, brand, valid_from, overlay, entered_seq, $6 FROM settle_term
      WHERE tenant = $1 AND level = $2 AND company_id = $3 AND brand = $4 AND valid_from = $5";
const ONCE: &str = "SELECT level, company_id, valid_from, overlay, entered_seq, withdrawn_seq FROM (
        SELECT tenant, level, company_id, valid_from, overlay, entered_seq, 0 AS withdrawn_seq FROM settle_term
        UNION ALL
        SELECT tenant, level, company_id, valid_from, overlay, entered_seq, withdrawn_seq
          FROM settle_term_withdrawn) t
      WHERE tenant = $1 AND level <> 'contract'";
const NEWEST: &str = "SELECT (SELECT COALESCE(MAX(entered_seq), 0) FROM settle_term WHERE tenant = $1),
        (SELECT COALESCE(MAX(withdrawn_seq), 0) FROM settle_term_withdrawn WHERE tenant = $1)";
const WITHDRAW: &str = "DELETE FROM settle_term
      WHERE tenant = $1 AND level = $2 AND company_id = $3 AND brand = $4 AND valid_from = $5";
const OF_PAYMENT: &str = "SELECT level, company_id, valid_from, overlay FROM settle_term
      WHERE tenant = $1 AND (level = 'tenant' OR (level = 'company' AND company_id = $2))";
const CYCLES: &str = "SELECT code, body FROM settle_cycle WHERE tenant = $1 ORDER BY code";
const ADD_CYCLE: &str = "INSERT INTO settle_cycle (tenant, code, body) VALUES ($1, $2, $3)
     ON CONFLICT (tenant, code) DO NOTHING";

pub(super) const STATEMENTS: &[&str] =
    &[ALL, OF_PAYMENT, ONE, ADD, LIST, OWN, KEEP, ONCE, NEWEST, WITHDRAW, CYCLES, ADD_CYCLE];

/// All terms of a tenant.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// By level and day.
    pub book: TermsBook,
    /// Cycles that entries name, with the first day on which one does.
    pub named: BTreeMap<CycleCode, Date>,
}

const fn words(level: &Level) -> (&'static str, &str, &'static str) {
    match level {
        Level::Tenant => ("tenant", "", ""),
        Level::Company(company) => ("company", company.as_str(), ""),
        Level::Contract(company, brand) => ("contract", company.as_str(), brand.word()),
    }
}

fn level(word: &str, company: &str, brand: &str) -> Option<Level> {
    match word {
        "tenant" => Some(Level::Tenant),
        "company" => Some(Level::Company(company.to_owned())),
        "contract" => Some(Level::Contract(company.to_owned(), Brand::from_word(brand)?)),
        _ => None,
    }
}

fn overlay_at(row: &Row<'_>, column: usize) -> Result<Overlay, DbError> {
    let overlay = serde_json::from_str(row.text(column)?);
    overlay.map_err(|_| Inconsistent::new("settle_term", "an overlay that can be read").into())
}

/// Reads all terms of a tenant.
pub fn terms(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Known, DbError> {
    let mut known = Known::default();
    tx.query_each(ALL, params![tenant], |row| {
        let odd = |wanted: &str| Inconsistent::new("settle_term", wanted);
        let level =
            level(row.text(0)?, row.text(1)?, row.text(2)?).ok_or_else(|| odd("of a level and brand"))?;
        let from = date_at(row, 3, "settle_term.valid_from")?;
        let overlay = overlay_at(row, 4)?;
        if let Some(code) = &overlay.cycle {
            let first = known.named.entry(code.clone()).or_insert(from);
            *first = from.min(*first);
        }
        known.book.add(level, from, overlay).map_err(|bad| odd(&bad.to_string()))?;
        Ok(())
    })?;
    Ok(known)
}

/// An entry as its row has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whose terms.
    pub level: Level,
    /// The first day on which they hold.
    pub valid_from: Date,
    /// What they say.
    pub overlay: Overlay,
    /// Who entered them; empty where that is in the audit log alone.
    pub entered_by: String,
    /// When, microseconds since 1970, UTC.
    pub entered_us: i64,
}

/// The entries of a company and its brands, or of the tenant for an empty id; the latest day first.
pub fn entries(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    company: &str,
    limit: i64,
) -> Result<Vec<Entry>, DbError> {
    tx.query_all(LIST, params![tenant, company, limit], |row| {
        let odd = |wanted: &str| Inconsistent::new("settle_term", wanted);
        Ok(Entry {
            level: level(row.text(0)?, row.text(1)?, row.text(2)?)
                .ok_or_else(|| odd("of a level and brand"))?,
            valid_from: date_at(row, 3, "settle_term.valid_from")?,
            overlay: overlay_at(row, 4)?,
            entered_by: row.text(5)?.to_owned(),
            entered_us: row.i64(6)?,
        })
    })
}

/// The companies that have terms of their own.
pub fn companies(tx: &mut ReadTx<'_>, tenant: TenantId, limit: i64) -> Result<Vec<String>, DbError> {
    tx.query_all(OWN, params![tenant, limit], |row| Ok(row.text(0)?.to_owned()))
}

/// The terms of the tenant and of one company, without its contracts: what terms of payment come from.
pub fn of_payment(tx: &mut ReadTx<'_>, tenant: TenantId, company: &str) -> Result<TermsBook, DbError> {
    let mut book = TermsBook::default();
    tx.query_each(OF_PAYMENT, params![tenant, company], |row| {
        let odd = |wanted: &str| Inconsistent::new("settle_term", wanted);
        let level = level(row.text(0)?, row.text(1)?, "").ok_or_else(|| odd("of a level"))?;
        let overlay = overlay_at(row, 3)?;
        let from = date_at(row, 2, "settle_term.valid_from")?;
        book.add(level, from, overlay).map_err(|bad| odd(&bad.to_string()))?;
        Ok(())
    })?;
    Ok(book)
}

/// The newest unit that entered or withdrew terms.
pub(crate) fn newest(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<i64, DbError> {
    tx.query_one(NEWEST, params![tenant], |row| Ok(row.i64(0)?.max(row.i64(1)?)))
}

/// The terms of tenant and companies with the units between which they stood.
#[derive(Debug, Default)]
pub(crate) struct Once(BTreeMap<String, Vec<Stood>>);

#[derive(Debug)]
struct Stood {
    from: Date,
    overlay: Overlay,
    entered: i64,
    /// 0: it stands.
    withdrawn: i64,
}

impl Once {
    /// Reads them.
    pub(crate) fn load(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Self, DbError> {
        let mut once = Self::default();
        tx.query_each(ONCE, params![tenant], |row| {
            let stood = Stood {
                from: date_at(row, 2, "settle_term.valid_from")?,
                overlay: overlay_at(row, 3)?,
                entered: row.i64(4)?,
                withdrawn: row.i64(5)?,
            };
            // Those of the tenant have no company.
            once.0.entry(row.text(1)?.to_owned()).or_default().push(stood);
            Ok(())
        })?;
        Ok(once)
    }

    /// What a company's payouts of a day cost by what stood when a unit wrote.
    pub(crate) fn pay_terms(&self, company: &str, day: Date, seq: i64) -> PayTerms {
        let mut book = TermsBook::default();
        for (level, of) in [(Level::Tenant, ""), (Level::Company(company.to_owned()), company)] {
            let stood = self.0.get(of).into_iter().flatten();
            let then = stood.filter(|one| one.entered < seq && (one.withdrawn == 0 || one.withdrawn > seq));
            for one in then {
                // Two of one day never stood at once, and what was taken once is sound.
                drop(book.add(level.clone(), one.from, one.overlay.clone()));
            }
        }
        book.pay_terms(company, day)
    }
}

/// The embedded cycles and the tenant's own.
pub fn cycles(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Cycles, DbError> {
    let bodies = tx.query_all(CYCLES, params![tenant], |row| Ok(row.text(1)?.to_owned()))?;
    let all = bodies.iter().try_fold(Cycles::embedded().clone(), |cycles, body| cycles.with_text(body));
    all.map_err(|bad| Inconsistent::new("settle_cycle.body", bad.to_string()).into())
}

/// Adds cycles of the tenant as `[[cycle]]` blocks; a code may stand only once.
pub fn add_cycle(tx: &mut Tx<'_>, who: &str, code: &CycleCode, body: &str) -> Result<(), Refusal> {
    let tenant = tx.tenant();
    let all = cycles(tx, tenant)?.with_text(body).map_err(|bad| Refusal::bad(bad.to_string()))?;
    all.get(code).map_err(|bad| Refusal::bad(bad.to_string()))?;
    tx.execute(ADD_CYCLE, params![tenant, code.word(), body])?;
    changed(tx, who, "settlement_cycle_added", code.word(), serde_json::json!({}))
}

/// Writes terms from a day on; true when they are new. The same entry again changes nothing, another one on its day is
/// refused, and so is one that would change what is collected already. While the tenant has no payment there is nothing
/// to change, so a first load may say what has held since an earlier day.
pub fn put_term(
    tx: &mut Tx<'_>,
    who: &str,
    level: &Level,
    valid_from: Date,
    overlay: &Overlay,
) -> Result<bool, Refusal> {
    let tenant = tx.tenant();
    let (word, company, brand) = words(level);
    let day = valid_from.to_string();
    let text = serde_json::to_string(overlay).map_err(|error| Refusal::internal(error.to_string()))?;
    let standing =
        tx.query_opt(ONE, params![tenant, word, company, brand, &day], |row| Ok(row.text(0)? == text))?;
    match standing {
        Some(true) => return Ok(false),
        Some(false) => return Err(refused(&BadTerm::Taken)),
        None => {}
    }
    let known = terms(tx, tenant)?;
    let cycles = cycles(tx, tenant)?;
    let collected_until = acquiring::taken::first_day(tx, tenant)?.map(|_| today(tx.now_us()));
    known
        .book
        .check_new(level, valid_from, overlay, collected_until, &cycles)
        .map_err(|bad| refused(&bad))?;
    let (now_us, seq) = (tx.now_us(), tx.seq());
    tx.execute(ADD, params![tenant, word, company, brand, &day, &text, who, now_us, seq])?;
    let about = format!("{word} {company} {brand}");
    let detail = serde_json::json!({ "valid_from": day, "terms": overlay });
    changed(tx, who, "settlement_terms_added", about.trim_end(), detail)?;
    Ok(true)
}

/// Withdraws an entry whose day is still to come: nothing is collected under it.
pub fn withdraw_term(tx: &mut Tx<'_>, who: &str, level: &Level, valid_from: Date) -> Result<(), Refusal> {
    let (tenant, day) = (tx.tenant(), valid_from.to_string());
    let (word, company, brand) = words(level);
    let standing: Option<Overlay> =
        tx.query_opt(ONE, params![tenant, word, company, brand, &day], |row| {
            let odd = || Inconsistent::new("settle_term", "an overlay that can be read");
            serde_json::from_str(row.text(0)?).map_err(|_| odd().into())
        })?;
    let overlay = standing.ok_or(api::NOT_FOUND)?;
    if valid_from <= today(tx.now_us()) {
        return Err(settle::TERM_BEGUN.into());
    }
    let seq = tx.seq();
    tx.execute(KEEP, params![tenant, word, company, brand, &day, seq])?;
    tx.execute(WITHDRAW, params![tenant, word, company, brand, &day])?;
    let about = format!("{word} {company} {brand}");
    let detail = serde_json::json!({ "valid_from": day, "terms": overlay });
    changed(tx, who, "settlement_terms_withdrawn", about.trim_end(), detail)
}

fn refused(bad: &BadTerm) -> Refusal {
    let code = match bad {
        BadTerm::Rates => settle::TERM_RATES,
        BadTerm::NotInAContract => settle::TERM_LEVEL,
        BadTerm::TransferFee => settle::TERM_TRANSFER_FEE,
        BadTerm::Banks => settle::TERM_BANKS,
        BadTerm::Cycle(_) => settle::TERM_CYCLE,
        BadTerm::Taken => settle::TERM_TAKEN,
        BadTerm::NotAfterToday => settle::TERM_DAY,
    };
    Refusal::from(code).detail(bad.to_string())
}
