//! Adjustments: signed sums that one person enters and another approves; the next document takes them (U-065).

use super::{checked, date, known_company, net_at};
use crate::limits;
use crate::rules::{Movement, Net, adjustment};
use center_base::{CompanyId, Refusal, audit};
use codes::{api, settle};
use jiff::civil::Date;
use payment::{PaymentId, words};
use serde::{Deserialize, Serialize};
use store::{DbError, Inconsistent, Migration, ReadTx, TenantId, Tx, params};

pub(super) const MIGRATION: Migration = Migration {
    name: "settlement/0005_adjustment",
    sql: "-- Adjustments. pay_on: the pay day of the document that took it, empty before.
        CREATE TABLE settle_adjustment (
            tenant BIGINT NOT NULL,
            id BYTEA NOT NULL,
            company_id TEXT NOT NULL,
            yen BIGINT NOT NULL CHECK (yen <> 0),
            reason TEXT NOT NULL,
            shown TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('entered', 'approved', 'withdrawn')),
            entered_by TEXT NOT NULL,
            entered_us BIGINT NOT NULL,
            approved_by TEXT NOT NULL,
            approved_us BIGINT,
            pay_on TEXT NOT NULL,
            PRIMARY KEY (tenant, id)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        CREATE INDEX settle_adjustment_company ON settle_adjustment (tenant, company_id, pay_on);",
};

const ADD: &str =
    "INSERT INTO settle_adjustment (tenant, id, company_id, yen, reason, shown, state, entered_by,
        entered_us, approved_by, approved_us, pay_on)
     VALUES ($1, $2, $3, $4, $5, $6, 'entered', $7, $8, '', NULL, '')";
const LOAD: &str =
    "SELECT company_id, yen, state, entered_by FROM settle_adjustment WHERE tenant = $1 AND id = $2";
const APPROVE: &str = "UPDATE settle_adjustment SET state = 'approved', approved_by = $3, approved_us = $4
      WHERE tenant = $1 AND id = $2 AND state = 'entered'";
const WITHDRAW: &str =
    "UPDATE settle_adjustment SET state = 'withdrawn' WHERE tenant = $1 AND id = $2 AND state = 'entered'";
const OF: &str = "SELECT id, yen FROM settle_adjustment
      WHERE tenant = $1 AND company_id = $2 AND pay_on = $3 AND state = 'approved' ORDER BY id";
const SHOWN: &str = "SELECT shown, yen FROM settle_adjustment
      WHERE tenant = $1 AND company_id = $2 AND pay_on = $3 AND state = 'approved' ORDER BY id";
const COMPANIES: &str = "SELECT DISTINCT company_id FROM settle_adjustment
      WHERE tenant = $1 AND pay_on = '' AND state = 'approved' ORDER BY company_id";
const TAKE: &str = "UPDATE settle_adjustment SET pay_on = $3 WHERE tenant = $1 AND id = $2 AND pay_on = ''";
const APPROVED: &str = "SELECT id, company_id, yen FROM settle_adjustment
      WHERE tenant = $1 AND state = 'approved' ORDER BY id";
const LIST: &str =
    "SELECT id, company_id, yen, reason, shown, state, entered_by, entered_us, approved_by, approved_us, pay_on
       FROM settle_adjustment
      WHERE tenant = $1 AND (state = $2 OR $2 IS NULL) AND (company_id = $3 OR $3 IS NULL)
        AND (pay_on = $4 OR $4 IS NULL)
      ORDER BY entered_us DESC, id DESC LIMIT $5";

pub(super) const STATEMENTS: &[&str] =
    &[ADD, LOAD, APPROVE, WITHDRAW, OF, SHOWN, COMPANIES, TAKE, APPROVED, LIST];

words! {
    /// Where an adjustment stands.
    AdjustmentState {
        /// One person has entered it.
        Entered = "entered",
        /// Another person has approved it.
        Approved = "approved",
        /// It was withdrawn before that.
        Withdrawn = "withdrawn",
    }
}

/// An adjustment as its row has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjustment {
    /// Its id.
    pub id: PaymentId,
    /// Whose document.
    pub company: CompanyId,
    /// Signed whole yen.
    pub yen: Net,
    /// Why.
    pub reason: String,
    /// What the notice says; may be empty.
    pub shown: String,
    /// Where it stands.
    pub state: AdjustmentState,
    /// Who entered it.
    pub entered_by: String,
    /// When, microseconds since 1970, UTC.
    pub entered_us: i64,
    /// Who approved it; empty before.
    pub approved_by: String,
    /// When it was approved.
    pub approved_us: Option<i64>,
    /// The pay day of the document that took it.
    pub pay_on: Option<Date>,
}

/// Which adjustments are wanted; what is `None` does not narrow.
#[derive(Clone, Copy, Debug, Default)]
pub struct Which<'a> {
    /// In this state.
    pub state: Option<AdjustmentState>,
    /// Of this company.
    pub company: Option<&'a str>,
    /// In the document of this pay day.
    pub pay_on: Option<Date>,
}

/// Adjustments, the newest first.
pub fn list(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    which: Which<'_>,
    limit: i64,
) -> Result<Vec<Adjustment>, DbError> {
    let state = which.state.map(AdjustmentState::word);
    let pay_on = which.pay_on.map(|day| day.to_string());
    let values = params![tenant, state, which.company, pay_on.as_deref(), limit];
    tx.query_all(LIST, values, |row| {
        let pay_on = row.text(10)?;
        let odd = || Inconsistent::new("settle_adjustment.state", "a state of an adjustment");
        Ok(Adjustment {
            id: id_of(row.bytes(0)?)?,
            company: row.text(1)?.into(),
            yen: net_at(row, 2, "settle_adjustment.yen")?,
            reason: row.text(3)?.to_owned(),
            shown: row.text(4)?.to_owned(),
            state: AdjustmentState::from_word(row.text(5)?).ok_or_else(odd)?,
            entered_by: row.text(6)?.to_owned(),
            entered_us: row.i64(7)?,
            approved_by: row.text(8)?.to_owned(),
            approved_us: row.opt_i64(9)?,
            pay_on: if pay_on.is_empty() { None } else { Some(date(pay_on, "settle_adjustment.pay_on")?) },
        })
    })
}

/// An adjustment that is entered.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Minted by who enters it.
    pub id: PaymentId,
    /// Whose document.
    pub company: CompanyId,
    /// Signed whole yen, not zero.
    pub yen: i64,
    /// Why; 4 to 200 characters.
    pub reason: String,
    /// What the notice says; may be empty.
    pub shown: String,
}

/// Enters an adjustment of a company that is there. It counts when another person has approved it.
pub fn enter(tx: &mut Tx<'_>, who: &str, wanted: &Wanted) -> Result<(), Refusal> {
    let yen = adjustment(wanted.yen).ok_or(settle::ADJUSTMENT_YEN)?;
    if checked(&wanted.reason).is_err() || wanted.shown.chars().count() > limits::SHOWN_CHARS {
        return Err(settle::ADJUSTMENT_REASON.into());
    }
    known_company(tx, &wanted.company)?;
    let (tenant, now_us) = (tx.tenant(), tx.now_us());
    let values = params![
        tenant,
        wanted.id.bytes(),
        &wanted.company,
        yen.get(),
        &wanted.reason,
        &wanted.shown,
        who,
        now_us
    ];
    tx.execute(ADD, values)?;
    note(tx, who, "adjustment_entered", &wanted.company, wanted.id, yen, &wanted.reason)
}

/// Enters an adjustment that may have been entered under its id already: the same again is nothing, and false.
pub fn enter_once(tx: &mut Tx<'_>, who: &str, wanted: &Wanted) -> Result<bool, Refusal> {
    let tenant = tx.tenant();
    if tx.query_opt(LOAD, params![tenant, wanted.id.bytes()], |_| Ok(()))?.is_some() {
        return Ok(false);
    }
    enter(tx, who, wanted).map(|()| true)
}

fn note(
    tx: &mut Tx<'_>,
    who: &str,
    what: &str,
    company: &CompanyId,
    id: PaymentId,
    yen: Net,
    reason: &str,
) -> Result<(), Refusal> {
    let detail = serde_json::json!({ "adjustment": id, "yen": yen.get(), "reason": reason });
    Ok(audit::record(tx, &audit::Act { who, what, about: &format!("company {company}"), detail })?)
}

struct Standing {
    company: CompanyId,
    yen: Net,
    by: String,
}

/// The adjustment while it may still be approved or withdrawn.
fn entered(tx: &mut Tx<'_>, id: PaymentId) -> Result<Standing, Refusal> {
    let tenant = tx.tenant();
    let found = tx.query_opt(LOAD, params![tenant, id.bytes()], |row| {
        let standing = Standing {
            company: row.text(0)?.into(),
            yen: net_at(row, 1, "settle_adjustment.yen")?,
            by: row.text(3)?.to_owned(),
        };
        Ok((standing, row.text(2)? == "entered"))
    })?;
    match found {
        Some((standing, true)) => Ok(standing),
        Some((_, false)) => Err(settle::ADJUSTMENT_OVER.into()),
        None => Err(api::NOT_FOUND.into()),
    }
}

/// Approves an adjustment and books it; refused to the person who entered it.
pub fn approve(tx: &mut Tx<'_>, who: &str, id: PaymentId) -> Result<(), Refusal> {
    let standing = entered(tx, id)?;
    if standing.by == who {
        return Err(settle::OWN_ADJUSTMENT.into());
    }
    let (tenant, now_us) = (tx.tenant(), tx.now_us());
    tx.execute(APPROVE, params![tenant, id.bytes(), who, now_us])?;
    let transfer = Movement::adjust(standing.company.as_str(), standing.yen)
        .transfer(id)
        .map_err(|error| Refusal::internal(error.to_string()))?;
    books::record(tx, &transfer)?;
    note(tx, who, "adjustment_approved", &standing.company, id, standing.yen, "")
}

/// Withdraws an adjustment that nobody has approved.
pub fn withdraw(tx: &mut Tx<'_>, who: &str, id: PaymentId) -> Result<(), Refusal> {
    let standing = entered(tx, id)?;
    let tenant = tx.tenant();
    tx.execute(WITHDRAW, params![tenant, id.bytes()])?;
    note(tx, who, "adjustment_withdrawn", &standing.company, id, standing.yen, "")
}

/// The approved adjustments of a company that stand in the document of a pay day; in none for an empty text.
pub(crate) fn of_company(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    company: &str,
    pay_on: &str,
) -> Result<Vec<(PaymentId, Net)>, DbError> {
    tx.query_all(OF, params![tenant, company, pay_on], |row| {
        Ok((id_of(row.bytes(0)?)?, net_at(row, 1, "settle_adjustment.yen")?))
    })
}

/// What the notice of a pay day says about the adjustments in its document, in their order.
pub(crate) fn shown_of(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    company: &str,
    pay_on: Date,
) -> Result<Vec<(String, Net)>, DbError> {
    let pay = pay_on.to_string();
    tx.query_all(SHOWN, params![tenant, company, &pay], |row| {
        Ok((row.text(0)?.to_owned(), net_at(row, 1, "settle_adjustment.yen")?))
    })
}

/// The companies with approved adjustments in no document.
pub(crate) fn companies(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Vec<String>, DbError> {
    tx.query_all(COMPANIES, params![tenant], |row| Ok(row.text(0)?.to_owned()))
}

/// A document takes an adjustment.
pub(crate) fn take(tx: &mut Tx<'_>, id: PaymentId, pay_on: Date) -> Result<(), DbError> {
    let (tenant, pay_on) = (tx.tenant(), pay_on.to_string());
    tx.execute(TAKE, params![tenant, id.bytes(), &pay_on]).map(drop)
}

/// Every approved adjustment.
pub(crate) fn approved(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
) -> Result<Vec<(PaymentId, String, Net)>, DbError> {
    tx.query_all(APPROVED, params![tenant], |row| {
        Ok((id_of(row.bytes(0)?)?, row.text(1)?.to_owned(), net_at(row, 2, "settle_adjustment.yen")?))
    })
}

fn id_of(bytes: &[u8]) -> Result<PaymentId, DbError> {
    PaymentId::from_bytes(bytes)
        .map_err(|_| Inconsistent::new("settle_adjustment.id", "sixteen bytes").into())
}

/// An id for an adjustment that is entered now.
pub fn mint(now_us: i64) -> Result<PaymentId, Refusal> {
    Ok(PaymentId::mint(now_us, center_base::random()?))
}
