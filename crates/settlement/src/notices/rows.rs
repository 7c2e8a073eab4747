//! Rows of notices: what was issued with everything that it prints beside the document's own rows, and how its mail
//! goes. A row is never deleted; what it printed never changes.

use super::facts::Printed;
use crate::rows::{date, date_at, today};
use center_base::{CompanyId, Refusal, Scope, audit};
use codes::api;
use jiff::civil::Date;
use notice::Number;
use payment::words;
use serde::{Deserialize, Serialize};
use store::{DbError, Inconsistent, Migration, ReadTx, Row, TenantId, Tx, Value, params};

pub(crate) const MIGRATION: Migration = Migration {
    name: "settlement/0008_notice",
    sql: "-- Who issues notices; the notices; the pay days that have all of theirs.
        -- printed: names, account and days as they were when it was issued. due_us: when its mail is tried (again).
        CREATE TABLE settle_issuer (
            tenant BIGINT NOT NULL,
            name TEXT NOT NULL,
            address TEXT NOT NULL,
            phone TEXT NOT NULL,
            invoice_reg_no TEXT NOT NULL,
            silence_days BIGINT NOT NULL,
            sender TEXT NOT NULL,
            reply_to TEXT NOT NULL,
            PRIMARY KEY (tenant)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        CREATE TABLE settle_notice (
            tenant BIGINT NOT NULL,
            number TEXT NOT NULL,
            pay_on TEXT NOT NULL,
            company_id TEXT NOT NULL,
            part BIGINT NOT NULL,
            issued_on TEXT NOT NULL,
            printed TEXT NOT NULL,
            facts_hash BYTEA NOT NULL,
            pdf_hash BYTEA,
            mail_state TEXT NOT NULL CHECK (mail_state IN ('waiting', 'mailed', 'failed', 'no_address')),
            mail_asks BIGINT NOT NULL,
            mail_tries BIGINT NOT NULL,
            due_us BIGINT NOT NULL,
            mailed_us BIGINT,
            trouble TEXT NOT NULL,
            resent_on TEXT NOT NULL,
            resent BIGINT NOT NULL,
            PRIMARY KEY (tenant, number)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        CREATE UNIQUE INDEX settle_notice_day ON settle_notice (tenant, pay_on, company_id, part);
        CREATE INDEX settle_notice_company ON settle_notice (tenant, company_id, pay_on);
        CREATE INDEX settle_notice_due ON settle_notice (tenant, due_us, number) WHERE mail_state = 'waiting';
        CREATE TABLE settle_issued (
            tenant BIGINT NOT NULL,
            pay_on TEXT NOT NULL,
            notices BIGINT NOT NULL,
            at_us BIGINT NOT NULL,
            PRIMARY KEY (tenant, pay_on)
        ) /*sqlite: STRICT, WITHOUT ROWID */;",
};

macro_rules! columns {
    () => {
        "n.number, n.pay_on, n.company_id, n.part, n.issued_on, n.printed, n.facts_hash, n.pdf_hash, n.mail_state,
         n.mail_asks, n.mail_tries, n.due_us, n.mailed_us, n.trouble, b.paid_yen, b.carried_out_yen
         FROM settle_notice n JOIN settle_batch b
           ON b.tenant = n.tenant AND b.pay_on = n.pay_on AND b.company_id = n.company_id"
    };
}

const ONE: &str = concat!(
    "SELECT ",
    columns!(),
    " WHERE n.tenant = $1 AND n.number = $2 AND (n.company_id = $3 OR $3 IS NULL)"
);
const FIND: &str = concat!(
    "SELECT ",
    columns!(),
    " WHERE n.tenant = $1 AND (n.company_id = $2 OR $2 IS NULL) AND (n.company_id = $3 OR $3 IS NULL)
        AND n.pay_on >= $4 AND n.pay_on <= $5 AND b.paid_yen >= $6 AND b.paid_yen <= $7
      ORDER BY n.pay_on DESC, n.company_id, n.part LIMIT $8 OFFSET $9"
);
const NEWEST: &str = concat!(
    "SELECT ",
    columns!(),
    " WHERE n.tenant = $1 AND n.pay_on = $2 AND n.company_id = $3 ORDER BY n.part DESC LIMIT 1"
);
const DUE: &str = concat!(
    "SELECT ",
    columns!(),
    " WHERE n.tenant = $1 AND n.mail_state = 'waiting' AND n.due_us <= $2 ORDER BY n.due_us, n.number LIMIT 1"
);
const OF_DAY: &str =
    concat!("SELECT ", columns!(), " WHERE n.tenant = $1 AND n.pay_on = $2 ORDER BY n.company_id, n.part");
const READY: &str = "SELECT d.pay_on, d.notice_on FROM settle_payday d
      WHERE d.tenant = $1 AND d.state IN ('approved', 'exported', 'paid')
        AND NOT EXISTS (SELECT 1 FROM settle_issued i WHERE i.tenant = d.tenant AND i.pay_on = d.pay_on)
      ORDER BY d.pay_on";
const MISSING: &str = "SELECT b.company_id FROM settle_batch b WHERE b.tenant = $1 AND b.pay_on = $2
        AND NOT EXISTS (SELECT 1 FROM settle_notice n
              WHERE n.tenant = b.tenant AND n.company_id = b.company_id AND n.pay_on = b.pay_on)
        AND b.company_id > $4
      ORDER BY b.company_id LIMIT $3";
const REOPEN: &str = "DELETE FROM settle_issued WHERE tenant = $1 AND pay_on = $2";
const FORGET_OLDER: &str = "UPDATE settle_notice SET mail_state = 'failed', trouble = 'replaced'
      WHERE tenant = $1 AND pay_on = $2 AND company_id = $3 AND part < $4 AND mail_state = 'waiting'";
const ALL_ISSUED: &str = "INSERT INTO settle_issued (tenant, pay_on, notices, at_us)
     SELECT $1, $2, (SELECT COUNT(*) FROM settle_notice WHERE tenant = $1 AND pay_on = $2), $3
     ON CONFLICT (tenant, pay_on) DO NOTHING";
const ISSUED: &str = "SELECT pay_on FROM settle_issued WHERE tenant = $1 ORDER BY pay_on";
const TAKEN: &str = "SELECT 1 FROM settle_notice WHERE tenant = $1 AND number = $2";
const ADD: &str =
    "INSERT INTO settle_notice (tenant, number, pay_on, company_id, part, issued_on, printed, facts_hash, pdf_hash,
        mail_state, mail_asks, mail_tries, due_us, mailed_us, trouble, resent_on, resent)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL, 'waiting', 1, 0, $9, NULL, '', '', 0)";
const MAILED: &str = "UPDATE settle_notice
        SET mail_state = CASE WHEN mail_asks = $3 THEN 'mailed' ELSE mail_state END, trouble = '', mailed_us = $4,
            pdf_hash = COALESCE(pdf_hash, $5)
      WHERE tenant = $1 AND number = $2";
const NOT_MAILED: &str = "UPDATE settle_notice
        SET mail_state = $4, trouble = $5, due_us = $6, mail_tries = mail_tries + 1
      WHERE tenant = $1 AND number = $2 AND mail_asks = $3";
// Only the newest part of a pay day's notice: the earlier ones say what holds no more.
const ADDRESSED: &str = "UPDATE settle_notice SET mail_state = 'waiting', mail_tries = 0, trouble = '',
            due_us = CASE WHEN due_us > $3 THEN due_us ELSE $3 END
      WHERE tenant = $1 AND company_id = $2 AND mail_state = 'no_address' AND mailed_us IS NULL
        AND NOT EXISTS (SELECT 1 FROM settle_notice n
              WHERE n.tenant = settle_notice.tenant AND n.company_id = settle_notice.company_id
                AND n.pay_on = settle_notice.pay_on AND n.part > settle_notice.part)";
const RESENT: &str = "SELECT resent_on, resent FROM settle_notice WHERE tenant = $1 AND number = $2";
const RESEND: &str = "UPDATE settle_notice
        SET mail_state = 'waiting', mail_asks = mail_asks + 1, mail_tries = 0, due_us = $3, trouble = '',
            resent_on = $4, resent = $5
      WHERE tenant = $1 AND number = $2";

pub(super) const STATEMENTS: &[&str] = &[
    ONE,
    FIND,
    NEWEST,
    DUE,
    OF_DAY,
    READY,
    MISSING,
    REOPEN,
    FORGET_OLDER,
    ALL_ISSUED,
    ISSUED,
    TAKEN,
    ADD,
    MAILED,
    NOT_MAILED,
    ADDRESSED,
    RESENT,
    RESEND,
];

words! {
    /// Where a notice's mail stands.
    MailState {
        /// To be mailed, or to be tried again.
        Waiting = "waiting",
        /// The mail server took it.
        Mailed = "mailed",
        /// It will not be tried again by itself.
        Failed = "failed",
        /// The company has no mail address.
        NoAddress = "no_address",
    }
}

/// A notice as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Its number (U-068).
    pub number: Number,
    /// The pay day.
    pub pay_on: Date,
    /// Whose.
    pub company: String,
    /// 1, and one more for each time that it was issued again.
    pub part: u16,
    /// The day on the paper.
    pub issued_on: Date,
    /// What is transferred, whole yen.
    pub paid_yen: i64,
    /// What is carried to the next document instead, either sign.
    pub carried_yen: i64,
    /// SHA-256 of everything that it says.
    pub facts_hash: [u8; 32],
    /// SHA-256 of the PDF that was mailed first.
    pub pdf_hash: Option<[u8; 32]>,
    /// Where its mail stands.
    pub mail: MailState,
    /// How often it was asked to be mailed; the first time by being issued.
    pub asks: i64,
    /// Tries since it was last asked.
    pub tries: i64,
    /// When a waiting mail is tried, microseconds.
    pub due_us: i64,
    /// When the mail server last took it.
    pub mailed_us: Option<i64>,
    /// What went wrong at the last try: `later 451`, `refused 550`, `unreachable`, `tls`, `unmade`; `held`
    /// where its payout is held.
    pub trouble: String,
    pub(super) printed: Printed,
}

impl Issued {
    /// The company's name as it is printed.
    pub fn company_name(&self) -> &str {
        &self.printed.company
    }
}

fn issued(row: &Row<'_>) -> Result<Issued, DbError> {
    let odd = |wanted: &str| Inconsistent::new("settle_notice", wanted);
    let hash = row.opt_bytes(7)?.map(<[u8; 32]>::try_from).transpose();
    Ok(Issued {
        number: Number::parse(row.text(0)?).ok_or_else(|| odd("of a notice's number"))?,
        pay_on: date_at(row, 1, "settle_notice.pay_on")?,
        company: row.text(2)?.to_owned(),
        part: u16::try_from(row.i64(3)?).map_err(|_| odd("of a part"))?,
        issued_on: date_at(row, 4, "settle_notice.issued_on")?,
        printed: serde_json::from_str(row.text(5)?).map_err(|_| odd("of what is printed, as JSON"))?,
        facts_hash: row.array(6)?,
        pdf_hash: hash.map_err(|_| odd("of a SHA-256"))?,
        mail: MailState::from_word(row.text(8)?).ok_or_else(|| odd("of a mail's state"))?,
        asks: row.i64(9)?,
        tries: row.i64(10)?,
        due_us: row.i64(11)?,
        mailed_us: row.opt_i64(12)?,
        trouble: row.text(13)?.to_owned(),
        paid_yen: row.i64(14)?,
        carried_yen: row.i64(15)?,
    })
}

/// The company of a scope; nothing for a shop's or a terminal's, which see no notices.
fn company_of(scope: &Scope) -> Option<Value<'_>> {
    match scope.sql() {
        [company, Value::Null, Value::Null] => Some(company),
        _ => None,
    }
}

/// A notice by its number; what the scope may not see is not found.
pub fn notice(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    scope: &Scope,
    number: &str,
) -> Result<Option<Issued>, DbError> {
    let Some(company) = company_of(scope) else { return Ok(None) };
    tx.query_opt(ONE, &[tenant.into(), number.into(), company], issued)
}

/// Which notices are looked for: every field narrows.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Of one company.
    pub company: Option<String>,
    /// The first pay day.
    pub from: Date,
    /// The last pay day.
    pub to: Date,
    /// The least sum paid, whole yen; a carried document pays nothing.
    pub least_yen: i64,
    /// The largest sum paid.
    pub most_yen: i64,
    /// How many at most.
    pub limit: i64,
    /// How many before them are left out.
    pub skip: i64,
}

impl Wanted {
    /// Every notice, a page at a time.
    pub fn page(limit: i64, skip: i64) -> Self {
        Self { company: None, from: Date::ZERO, to: Date::MAX, least_yen: 0, most_yen: i64::MAX, limit, skip }
    }

    /// Those of a pay day.
    pub fn of_pay_day(pay_on: Date, limit: i64, skip: i64) -> Self {
        Self { from: pay_on, to: pay_on, ..Self::page(limit, skip) }
    }

    /// Those of a company.
    pub fn of_company(company: &str, limit: i64, skip: i64) -> Self {
        Self { company: Some(company.to_owned()), ..Self::page(limit, skip) }
    }
}

/// The notices that are looked for within a scope, the newest pay day first, then by company and part.
pub fn find(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    scope: &Scope,
    wanted: &Wanted,
) -> Result<Vec<Issued>, DbError> {
    let Some(own) = company_of(scope) else { return Ok(Vec::new()) };
    let (from, to) = (wanted.from.to_string(), wanted.to.to_string());
    let values = [
        tenant.into(),
        own,
        Value::from(wanted.company.as_deref()),
        Value::from(&from),
        Value::from(&to),
        wanted.least_yen.into(),
        wanted.most_yen.into(),
        wanted.limit.into(),
        wanted.skip.into(),
    ];
    tx.query_all(FIND, &values, issued)
}

/// The newest part of a company's notice of a pay day.
pub(super) fn newest(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    pay_on: Date,
    company: &str,
) -> Result<Option<Issued>, DbError> {
    let pay = pay_on.to_string();
    tx.query_opt(NEWEST, params![tenant, &pay, company], issued)
}

/// Every notice of a pay day, by company and part.
pub(super) fn of_day(tx: &mut ReadTx<'_>, tenant: TenantId, pay_on: Date) -> Result<Vec<Issued>, DbError> {
    let pay = pay_on.to_string();
    tx.query_all(OF_DAY, params![tenant, &pay], issued)
}

/// The notice whose mail has waited longest.
pub(super) fn due(tx: &mut ReadTx<'_>, tenant: TenantId, now_us: i64) -> Result<Option<Issued>, DbError> {
    tx.query_opt(DUE, params![tenant, now_us], issued)
}

/// Approved pay days that have not all of their notices, with their notice days.
pub(super) fn ready(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Vec<(Date, Date)>, DbError> {
    tx.query_all(READY, params![tenant], |row| {
        Ok((date_at(row, 0, "settle_payday.pay_on")?, date_at(row, 1, "settle_payday.notice_on")?))
    })
}

/// Some companies behind one with a document and without a notice.
pub(super) fn missing(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    pay_on: Date,
    after: &str,
    limit: i64,
) -> Result<Vec<String>, DbError> {
    let pay = pay_on.to_string();
    tx.query_all(MISSING, params![tenant, &pay, limit, after], |row| Ok(row.text(0)?.to_owned()))
}

/// Every document of the pay day has its notice now.
pub(super) fn all_issued(tx: &mut Tx<'_>, pay_on: Date) -> Result<(), DbError> {
    let (tenant, now_us, pay) = (tx.tenant(), tx.now_us(), pay_on.to_string());
    tx.execute(ALL_ISSUED, params![tenant, &pay, now_us]).map(drop)
}

/// A pay day has a document more.
pub(crate) fn reopen(tx: &mut Tx<'_>, pay_on: Date) -> Result<(), DbError> {
    let (tenant, pay) = (tx.tenant(), pay_on.to_string());
    tx.execute(REOPEN, params![tenant, &pay]).map(drop)
}

/// Earlier parts that were not mailed yet are not mailed any more.
pub(super) fn forget_older(tx: &mut Tx<'_>, pay_on: Date, company: &str, part: u16) -> Result<(), DbError> {
    let (tenant, pay) = (tx.tenant(), pay_on.to_string());
    tx.execute(FORGET_OLDER, params![tenant, &pay, company, i64::from(part)]).map(drop)
}

/// The pay days whose documents all have their notices.
pub(super) fn issued_days(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Vec<Date>, DbError> {
    tx.query_all(ISSUED, params![tenant], |row| date(row.text(0)?, "settle_issued.pay_on"))
}

/// Whether a number is used.
pub(super) fn is_taken(tx: &mut ReadTx<'_>, tenant: TenantId, number: Number) -> Result<bool, DbError> {
    let number = number.to_string();
    Ok(tx.query_opt(TAKEN, params![tenant, &number], |_| Ok(()))?.is_some())
}

/// A notice that is about to be issued.
pub(super) struct New<'a> {
    pub(super) number: Number,
    pub(super) pay_on: Date,
    pub(super) company: &'a str,
    pub(super) part: u16,
    pub(super) issued_on: Date,
    pub(super) printed: &'a Printed,
    pub(super) facts_hash: [u8; 32],
    pub(super) due_us: i64,
}

/// Writes a notice whose mail waits.
pub(super) fn add(tx: &mut Tx<'_>, new: &New<'_>) -> Result<(), Refusal> {
    let printed = serde_json::to_string(new.printed).map_err(|error| Refusal::internal(error.to_string()))?;
    let (tenant, number, pay) = (tx.tenant(), new.number.to_string(), new.pay_on.to_string());
    let issued_on = new.issued_on.to_string();
    let values = params![
        tenant,
        &number,
        &pay,
        new.company,
        i64::from(new.part),
        &issued_on,
        &printed,
        &new.facts_hash,
        new.due_us
    ];
    tx.execute(ADD, values)?;
    Ok(())
}

/// The mail server took the mail that was asked for as the `asks`th; what was asked since then still waits.
pub(super) fn mailed(tx: &mut Tx<'_>, number: &str, asks: i64, pdf_hash: &[u8; 32]) -> Result<(), DbError> {
    let (tenant, now_us) = (tx.tenant(), tx.now_us());
    tx.execute(MAILED, params![tenant, number, asks, now_us, pdf_hash]).map(drop)
}

/// The mail did not go; it waits until `due_us`, or does not go at all.
pub(super) fn not_mailed(
    tx: &mut Tx<'_>,
    number: &str,
    asks: i64,
    state: MailState,
    trouble: &str,
    due_us: i64,
) -> Result<(), DbError> {
    let tenant = tx.tenant();
    tx.execute(NOT_MAILED, params![tenant, number, asks, state.word(), trouble, due_us]).map(drop)
}

/// A company has a mail address now: its notices that waited for one are mailed, those that were mailed before are not.
pub(crate) fn addressed(tx: &mut Tx<'_>, company: &CompanyId) -> Result<(), DbError> {
    let (tenant, now_us) = (tx.tenant(), tx.now_us());
    tx.execute(ADDRESSED, params![tenant, company, now_us]).map(drop)
}

/// Mails a notice once more, now, to the address that the company has now: ten times a notice and day at most.
pub fn resend(tx: &mut Tx<'_>, who: &str, scope: &Scope, number: &str) -> Result<(), Refusal> {
    let tenant = tx.tenant();
    let issued = notice(tx, tenant, scope, number)?.ok_or_else(|| Refusal::from(api::NOT_FOUND))?;
    let (now_us, on) = (tx.now_us(), today(tx.now_us()).to_string());
    let (last, count) =
        tx.query_one(RESENT, params![tenant, number], |row| Ok((row.text(0)?.to_owned(), row.i64(1)?)))?;
    let count = if last == on { count } else { 0 }.saturating_add(1);
    if count > crate::limits::RESENT_A_DAY {
        return Err(Refusal::from(api::TOO_MANY).detail("a notice is mailed again ten times a day at most"));
    }
    tx.execute(RESEND, params![tenant, number, now_us, &on, count])?;
    let about = format!("notice {number}");
    let detail = serde_json::json!({ "company": issued.company, "times_today": count });
    Ok(audit::record(tx, &audit::Act { who, what: "notice_resent", about: &about, detail })?)
}
