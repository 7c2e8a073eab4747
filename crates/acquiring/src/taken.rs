//! What took and gave back value, by day and by transfer: what settlement reads of payments and refunds.
//!
//! `posted_seq` is the unit that moved the value, and `voided_seq` the one that gave it back at once. Rows from before
//! these columns have 0, which is before every unit.

use crate::row::void_id;
use center_base::{CompanyId, ShopId};
use jiff::civil::Date;
use money::Yen;
use payment::{Brand, PaymentId, StateName};
use smol_str::SmolStr;
use store::{DbError, Inconsistent, Migration, ReadTx, Row, TenantId, params};

/// What this module adds to the tables of payments and refunds.
pub const MIGRATIONS: &[Migration] = &[Migration {
    name: "acquiring/0013_posted_seq",
    sql: "-- The units that moved value: settlement decides by them what came before a window was cut.
        ALTER TABLE payment ADD COLUMN posted_seq BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE payment ADD COLUMN voided_seq BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE refund ADD COLUMN posted_seq BIGINT NOT NULL DEFAULT 0;
        CREATE INDEX payment_voided ON payment (tenant, sent_at_us) WHERE given_back_yen > 0;",
}];

macro_rules! columns {
    () => {
        "p.id, p.company_id, p.shop_id, p.brand, p.business_date, p.amount_yen, p.state, p.posted_seq,
            p.given_back_yen, p.voided_seq, p.sent_at_us"
    };
}
// Three columns, read by `told`: behind the eleven of a payment, whose last is when it was sent, or the fifteen of what
// went back, which has its own instant.
macro_rules! told_columns {
    () => {
        ", p.terminal_id, p.slip_no, p.order_code"
    };
}
macro_rules! told_back_columns {
    () => {
        ", COALESCE(r.terminal_id, ''), r.slip_no, p.order_code, r.sent_at_us"
    };
}
macro_rules! back_columns {
    () => {
        ", r.id, r.business_date, r.amount_yen, r.posted_seq"
    };
}

// The bounds on shop_id and seq exclude nothing: they make the day's index cheaper than the primary key to a
// planner that has no statistics.
const OF_DAY: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM payment p
      WHERE p.tenant = $1 AND p.business_date = $2 AND p.shop_id >= ''
        AND p.state IN ('approved', 'sent', 'authorized', 'in_doubt')
      ORDER BY p.shop_id, p.seq, p.id"
);
const OF_SHOP: &str = concat!(
    "SELECT ",
    columns!(),
    told_columns!(),
    ", p.seq FROM payment p
      WHERE p.tenant = $1 AND p.business_date = $2 AND p.shop_id = $3 AND (p.seq, p.id) > ($4, $5)
        AND p.state IN ('approved', 'sent', 'authorized', 'in_doubt')
      ORDER BY p.seq, p.id LIMIT $6"
);
const BACKS_OF_COMPANY: &str = concat!(
    "SELECT ",
    columns!(),
    back_columns!(),
    told_back_columns!(),
    ", r.seq FROM refund r JOIN payment p ON p.tenant = r.tenant AND p.id = r.payment
      WHERE r.tenant = $1 AND r.business_date = $2 AND p.company_id = $3 AND (r.seq, r.id) > ($4, $5)
        AND r.state = 'approved'
      ORDER BY r.seq, r.id LIMIT $6"
);
const TOLD: &str = "SELECT p.terminal_id, p.slip_no, p.order_code, p.sent_at_us FROM payment p WHERE p.tenant = $1 AND p.id = $2";
const TOLD_BACK: &str = "SELECT COALESCE(r.terminal_id, ''), r.slip_no, p.order_code, r.sent_at_us
       FROM refund r JOIN payment p ON p.tenant = r.tenant AND p.id = r.payment
      WHERE r.tenant = $1 AND r.id = $2";
const BACKS_OF_DAY: &str = concat!(
    "SELECT ",
    columns!(),
    back_columns!(),
    " FROM refund r JOIN payment p ON p.tenant = r.tenant AND p.id = r.payment
      WHERE r.tenant = $1 AND r.business_date = $2 AND r.seq >= 0 AND r.state = 'approved'
      ORDER BY r.seq, r.id"
);
const PAYMENT: &str = concat!("SELECT ", columns!(), " FROM payment p WHERE p.tenant = $1 AND p.id = $2");
const BACK: &str = concat!(
    "SELECT ",
    columns!(),
    back_columns!(),
    " FROM refund r JOIN payment p ON p.tenant = r.tenant AND p.id = r.payment
      WHERE r.tenant = $1 AND r.id = $2"
);
const VOIDED: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM payment p
      WHERE p.tenant = $1 AND p.given_back_yen > 0 AND p.sent_at_us >= $2 AND p.sent_at_us < $3"
);
const FIRST_DAY: &str = "SELECT MIN(day) FROM (
        SELECT MIN(business_date) AS day FROM payment WHERE tenant = $1
        UNION ALL SELECT MIN(business_date) AS day FROM refund WHERE tenant = $1
     ) AS days";

const LAST_DAY: &str = "SELECT MAX(day) FROM (
        SELECT MAX(business_date) AS day FROM payment WHERE tenant = $1
        UNION ALL SELECT MAX(business_date) AS day FROM refund WHERE tenant = $1
     ) AS days";

/// Every statement of this module.
pub const STATEMENTS: &[&str] = &[
    OF_DAY,
    BACKS_OF_DAY,
    OF_SHOP,
    BACKS_OF_COMPANY,
    TOLD,
    TOLD_BACK,
    PAYMENT,
    BACK,
    VOIDED,
    FIRST_DAY,
    LAST_DAY,
];

/// A payment as settlement sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its id.
    pub id: PaymentId,
    /// Whose.
    pub company: CompanyId,
    /// In which shop.
    pub shop: ShopId,
    /// The brand, when it is known.
    pub brand: Option<Brand>,
    /// In Tokyo.
    pub business_date: Date,
    /// Amount.
    pub amount: Yen,
    /// Approved, or not known yet: sent, authorized, in doubt.
    pub state: StateName,
    /// The unit that posted it.
    pub posted_seq: i64,
    /// The unit that posted its void, when it was voided at once.
    pub voided_seq: Option<i64>,
}

/// An approved void, return or refund with a row of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Back {
    /// Its id.
    pub id: PaymentId,
    /// In Tokyo.
    pub business_date: Date,
    /// Amount.
    pub amount: Yen,
    /// The unit that posted it.
    pub posted_seq: i64,
    /// The payment.
    pub of: Taken,
}

/// What a list of items tells beside the figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Which terminal, twelve digits; empty when none was there.
    pub terminal: SmolStr,
    /// Its slip number.
    pub slip_no: i64,
    /// The payment's order code.
    pub order_code: SmolStr,
    /// When it was sent, microseconds since 1970, UTC.
    pub sent_at_us: i64,
}

/// Where a list of a day goes on: behind this unit and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct After {
    /// The unit that wrote the row first.
    pub seq: i64,
    /// Its id.
    pub id: [u8; 16],
}

impl After {
    /// From the top.
    pub const START: Self = Self { seq: -1, id: [0; 16] };
}

/// What caused a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A payment.
    Sale(Taken),
    /// A refund.
    Back(Back),
    /// The void at once of this payment.
    Void(Taken),
}

/// Hands over the payments of a business date, by shop and sequence: approved, or not known yet.
pub fn rows_of_day(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    on: &str,
    mut each: impl FnMut(Taken) -> Result<(), DbError>,
) -> Result<(), DbError> {
    tx.query_each(OF_DAY, params![tenant, on], |row| each(taken(row)?))
}

/// Hands over what was given back on a business date, by sequence.
pub fn backs_of_day(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    on: &str,
    mut each: impl FnMut(Back) -> Result<(), DbError>,
) -> Result<(), DbError> {
    tx.query_each(BACKS_OF_DAY, params![tenant, on], |row| each(back(row)?))
}

/// Hands over the payments of a business date in one shop, by sequence: approved, or not known yet; at most `limit`
/// behind a place. A shop stays with its company, so a company's day is that of its shops, in the order of their ids.
pub fn rows_of_shop(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    (on, shop): (&str, &ShopId),
    after: After,
    limit: i64,
    mut each: impl FnMut(After, Taken, Told) -> Result<(), DbError>,
) -> Result<(), DbError> {
    tx.query_each(OF_SHOP, params![tenant, on, shop, after.seq, &after.id, limit], |row| {
        let taken = taken(row)?;
        let place = After { seq: row.i64(14)?, id: *taken.id.bytes() };
        each(place, taken, told(row, 11, 10)?)
    })
}

/// Hands over what was given back of a company's payments on a business date, by sequence; at most `limit` behind a
/// place.
pub fn backs_of_company(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    (on, company): (&str, &CompanyId),
    after: After,
    limit: i64,
    mut each: impl FnMut(After, Back, Told) -> Result<(), DbError>,
) -> Result<(), DbError> {
    tx.query_each(BACKS_OF_COMPANY, params![tenant, on, company, after.seq, &after.id, limit], |row| {
        let back = back(row)?;
        let place = After { seq: row.i64(19)?, id: *back.id.bytes() };
        each(place, back, told(row, 15, 18)?)
    })
}

/// What a list tells of the payment or refund with this id.
pub fn told_of(tx: &mut ReadTx<'_>, tenant: TenantId, id: PaymentId) -> Result<Option<Told>, DbError> {
    if let Some(found) = tx.query_opt(TOLD, params![tenant, id.bytes()], |row| told(row, 0, 3))? {
        return Ok(Some(found));
    }
    tx.query_opt(TOLD_BACK, params![tenant, id.bytes()], |row| told(row, 0, 3))
}

fn told(row: &Row<'_>, from: usize, sent_at: usize) -> Result<Told, DbError> {
    Ok(Told {
        terminal: SmolStr::new(row.text(from)?),
        slip_no: row.i64(from.saturating_add(1))?,
        order_code: SmolStr::new(row.text(from.saturating_add(2))?),
        sent_at_us: row.i64(sent_at)?,
    })
}

/// The payment, refund or void that a transfer has its id from.
pub fn subject(tx: &mut ReadTx<'_>, tenant: TenantId, id: PaymentId) -> Result<Option<Subject>, DbError> {
    if let Some(found) = tx.query_opt(PAYMENT, params![tenant, id.bytes()], taken)? {
        return Ok(Some(Subject::Sale(found)));
    }
    if let Some(found) = tx.query_opt(BACK, params![tenant, id.bytes()], back)? {
        return Ok(Some(Subject::Back(found)));
    }
    // A void's id carries the millisecond in which its payment was written first.
    let from_us = millisecond(id).saturating_mul(1_000);
    let within = params![tenant, from_us, from_us.saturating_add(1_000)];
    let voided = tx.query_all(VOIDED, within, |row| Ok((taken(row)?, row.i64(10)?)))?;
    let its = voided.into_iter().find(|(found, sent_at_us)| void_id(found.id, *sent_at_us) == id);
    Ok(its.map(|(found, _)| Subject::Void(found)))
}

/// The first business date on which anything was paid or given back.
pub fn first_day(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Option<Date>, DbError> {
    tx.query_one(FIRST_DAY, params![tenant], opt_day)
}

/// The last business date on which anything was paid or given back.
pub fn last_day(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Option<Date>, DbError> {
    tx.query_one(LAST_DAY, params![tenant], opt_day)
}

fn opt_day(row: &Row<'_>) -> Result<Option<Date>, DbError> {
    row.opt_text(0)?.map(|_| day_at(row, 0, "payment.business_date")).transpose()
}

/// The milliseconds since 1970 that a UUIDv7 begins with.
fn millisecond(id: PaymentId) -> i64 {
    let of = |sum: i64, byte: &u8| sum.wrapping_mul(256).wrapping_add(i64::from(*byte));
    id.bytes().iter().take(6).fold(0, of)
}

fn taken(row: &Row<'_>) -> Result<Taken, DbError> {
    let id = id_at(row, 0, "payment.id")?;
    let odd = |column: &str, wanted: &str| Inconsistent::new(format!("payment.{column} of {id}"), wanted);
    let brand = row.opt_text(3)?.map(|word| Brand::from_word(word).ok_or_else(|| odd("brand", "a brand")));
    let voided = row.i64(8)? > 0;
    let voided_seq = row.i64(9)?;
    Ok(Taken {
        id,
        company: row.text(1)?.into(),
        shop: row.text(2)?.into(),
        brand: brand.transpose()?,
        business_date: day_at(row, 4, "payment.business_date")?,
        amount: Yen::new(row.i64(5)?).map_err(|_| odd("amount_yen", "an amount"))?,
        state: StateName::from_word(row.text(6)?).ok_or_else(|| odd("state", "a state of model 3.3"))?,
        posted_seq: row.i64(7)?,
        voided_seq: voided.then_some(voided_seq),
    })
}

fn back(row: &Row<'_>) -> Result<Back, DbError> {
    let id = id_at(row, 11, "refund.id")?;
    let amount = Yen::new(row.i64(13)?);
    Ok(Back {
        id,
        business_date: day_at(row, 12, "refund.business_date")?,
        amount: amount.map_err(|_| Inconsistent::new(format!("refund.amount_yen of {id}"), "an amount"))?,
        posted_seq: row.i64(14)?,
        of: taken(row)?,
    })
}

fn day_at(row: &Row<'_>, column: usize, place: &str) -> Result<Date, DbError> {
    row.text(column)?.parse().map_err(|_| Inconsistent::new(place, "a date YYYY-MM-DD").into())
}

fn id_at(row: &Row<'_>, column: usize, place: &str) -> Result<PaymentId, DbError> {
    PaymentId::from_bytes(row.bytes(column)?).map_err(|_| Inconsistent::new(place, "sixteen bytes").into())
}
