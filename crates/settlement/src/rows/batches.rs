//! Documents: pay days, a company's batch with its lines, the carried balance. A batch is immutable; only the state of
//! its pay day moves.

use super::{date_at, net_at};
use crate::rules::{
    Batch, CycleCode, Fee, GroupCode, Line, LineKey, LineKind, Net, PayDayEvent, PayDayState, Ppm, Rates,
    Span,
};
use center_base::Refusal;
use codes::settle;
use jiff::civil::Date;
use std::collections::BTreeMap;
use store::{DbError, Inconsistent, Migration, ReadTx, Row, TenantId, Tx, params};

pub(super) const MIGRATION: Migration = Migration {
    name: "settlement/0006_batch",
    sql: "-- One row a pay day (left_out: companies that it was closed without, without: why that may be); one a company's document on it, its lines, the balance that is carried on.
        CREATE TABLE settle_payday (
            tenant BIGINT NOT NULL,
            pay_on TEXT NOT NULL,
            notice_on TEXT NOT NULL,
            state TEXT NOT NULL,
            documents BIGINT NOT NULL,
            paid_yen BIGINT NOT NULL,
            hash BYTEA NOT NULL,
            closed_us BIGINT,
            closed_by TEXT NOT NULL,
            approved_us BIGINT,
            approved_by TEXT NOT NULL,
            left_out BIGINT NOT NULL,
            without TEXT NOT NULL,
            PRIMARY KEY (tenant, pay_on)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        CREATE TABLE settle_batch (
            tenant BIGINT NOT NULL,
            pay_on TEXT NOT NULL,
            company_id TEXT NOT NULL,
            sales_yen BIGINT NOT NULL,
            fee_yen BIGINT NOT NULL,
            taxable_yen BIGINT NOT NULL,
            fee_tax_yen BIGINT NOT NULL,
            adjusted_yen BIGINT NOT NULL,
            carried_in_yen BIGINT NOT NULL,
            sum_yen BIGINT NOT NULL,
            transfer_fee_yen BIGINT NOT NULL,
            transfer_tax_yen BIGINT NOT NULL,
            paid_yen BIGINT NOT NULL,
            carried_out_yen BIGINT NOT NULL,
            bank TEXT NOT NULL,
            hash BYTEA NOT NULL,
            seq BIGINT NOT NULL,
            PRIMARY KEY (tenant, pay_on, company_id)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        CREATE INDEX settle_batch_company ON settle_batch (tenant, company_id, pay_on);
        CREATE TABLE settle_line (
            tenant BIGINT NOT NULL,
            pay_on TEXT NOT NULL,
            company_id TEXT NOT NULL,
            line BIGINT NOT NULL,
            cycle TEXT NOT NULL,
            first_day TEXT NOT NULL,
            last_day TEXT NOT NULL,
            kind TEXT NOT NULL,
            group_code TEXT NOT NULL,
            exempt_ppm BIGINT NOT NULL,
            taxable_ppm BIGINT NOT NULL,
            tax_ppm BIGINT NOT NULL,
            from_day TEXT NOT NULL,
            to_day TEXT NOT NULL,
            count BIGINT NOT NULL,
            backs BIGINT NOT NULL,
            sales_yen BIGINT NOT NULL,
            fee_yen BIGINT NOT NULL,
            taxable_yen BIGINT NOT NULL,
            items_hash BYTEA NOT NULL,
            PRIMARY KEY (tenant, pay_on, company_id, line)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        CREATE TABLE settle_carry (
            tenant BIGINT NOT NULL,
            company_id TEXT NOT NULL,
            yen BIGINT NOT NULL,
            PRIMARY KEY (tenant, company_id)
        ) /*sqlite: STRICT, WITHOUT ROWID */;",
};

const BEGIN: &str =
    "INSERT INTO settle_payday (tenant, pay_on, notice_on, state, documents, paid_yen, hash, closed_us,
        closed_by, approved_us, approved_by, left_out, without)
     VALUES ($1, $2, $3, 'closing', 0, 0, $4, NULL, '', NULL, '', 0, '') ON CONFLICT (tenant, pay_on) DO NOTHING";
const STATE: &str = "SELECT state FROM settle_payday WHERE tenant = $1 AND pay_on = $2";
const CLOSE: &str = "UPDATE settle_payday
        SET state = 'closed', documents = $3, paid_yen = $4, hash = $5, closed_us = $6, closed_by = $7,
            left_out = $8
      WHERE tenant = $1 AND pay_on = $2 AND state = 'closing'";
macro_rules! pay_days {
    () => {
        "SELECT pay_on, state, documents, paid_yen, hash, closed_by, notice_on, closed_us, approved_by,
                approved_us, left_out, without
           FROM settle_payday "
    };
}
const PAYDAYS: &str = concat!(pay_days!(), "WHERE tenant = $1 ORDER BY pay_on");
const PAYDAY: &str = concat!(pay_days!(), "WHERE tenant = $1 AND pay_on = $2");
const APPROVE: &str = "UPDATE settle_payday SET state = 'approved', approved_by = $3, approved_us = $4
      WHERE tenant = $1 AND pay_on = $2";
const MOVE: &str = "UPDATE settle_payday SET state = $3 WHERE tenant = $1 AND pay_on = $2";
const REOPEN: &str = "UPDATE settle_payday SET state = 'closing', approved_by = '', approved_us = NULL
      WHERE tenant = $1 AND pay_on = $2";
const COMPLETE: &str = "UPDATE settle_payday SET left_out = 0 WHERE tenant = $1 AND pay_on = $2";
const WITHOUT: &str = "UPDATE settle_payday SET without = $3 WHERE tenant = $1 AND pay_on = $2";
const LATER: &str =
    "SELECT 1 FROM settle_batch WHERE tenant = $1 AND company_id = $2 AND pay_on > $3 LIMIT 1";
const HAS: &str = "SELECT 1 FROM settle_batch WHERE tenant = $1 AND pay_on = $2 AND company_id = $3";
const INSERT: &str = "INSERT INTO settle_batch (tenant, pay_on, company_id, sales_yen, fee_yen, taxable_yen,
        fee_tax_yen, adjusted_yen, carried_in_yen, sum_yen, transfer_fee_yen, transfer_tax_yen, paid_yen,
        carried_out_yen, bank, hash, seq)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
const BATCHES: &str =
    "SELECT company_id, sales_yen, fee_yen, taxable_yen, fee_tax_yen, adjusted_yen, carried_in_yen,
        sum_yen, transfer_fee_yen, transfer_tax_yen, paid_yen, carried_out_yen, bank, hash, seq
       FROM settle_batch WHERE tenant = $1 AND pay_on = $2 ORDER BY company_id";
const SUMS: &str =
    "SELECT paid_yen, hash FROM settle_batch WHERE tenant = $1 AND pay_on = $2 ORDER BY company_id";
const BATCH: &str =
    "SELECT company_id, sales_yen, fee_yen, taxable_yen, fee_tax_yen, adjusted_yen, carried_in_yen,
        sum_yen, transfer_fee_yen, transfer_tax_yen, paid_yen, carried_out_yen, bank, hash, seq
       FROM settle_batch WHERE tenant = $1 AND pay_on = $2 AND company_id = $3";
const ADD_LINE: &str =
    "INSERT INTO settle_line (tenant, pay_on, company_id, line, cycle, first_day, last_day, kind,
        group_code, exempt_ppm, taxable_ppm, tax_ppm, from_day, to_day, count, backs, sales_yen, fee_yen,
        taxable_yen, items_hash)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)";
const LINES: &str =
    "SELECT company_id, cycle, first_day, last_day, kind, group_code, exempt_ppm, taxable_ppm, tax_ppm,
        from_day, to_day, count, backs, sales_yen, fee_yen, taxable_yen, items_hash
       FROM settle_line WHERE tenant = $1 AND pay_on = $2 ORDER BY company_id, line";
const LINES_OF: &str =
    "SELECT company_id, cycle, first_day, last_day, kind, group_code, exempt_ppm, taxable_ppm, tax_ppm,
        from_day, to_day, count, backs, sales_yen, fee_yen, taxable_yen, items_hash
       FROM settle_line WHERE tenant = $1 AND pay_on = $2 AND company_id = $3 ORDER BY line";
const CARRY: &str = "SELECT yen FROM settle_carry WHERE tenant = $1 AND company_id = $2";
const CARRIES: &str =
    "SELECT company_id, yen FROM settle_carry WHERE tenant = $1 AND yen <> 0 ORDER BY company_id";
const PUT_CARRY: &str = "INSERT INTO settle_carry (tenant, company_id, yen) VALUES ($1, $2, $3)
     ON CONFLICT (tenant, company_id) DO UPDATE SET yen = $3";

pub(super) const STATEMENTS: &[&str] = &[
    BEGIN, STATE, CLOSE, PAYDAYS, PAYDAY, APPROVE, MOVE, REOPEN, COMPLETE, WITHOUT, LATER, HAS, INSERT,
    BATCHES, SUMS, BATCH, ADD_LINE, LINES, LINES_OF, CARRY, CARRIES, PUT_CARRY,
];

/// A pay day as its row has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayDay {
    /// The day.
    pub pay_on: Date,
    /// Where it stands.
    pub state: PayDayState,
    /// How many documents; counted when it is closed.
    pub documents: i64,
    /// What they pay, whole yen.
    pub paid_yen: i64,
    /// Over the documents' hashes.
    pub hash: [u8; 32],
    /// Who closed it; empty before.
    pub closed_by: String,
    /// The day of its payment notices.
    pub notice_on: Date,
    /// When it was closed.
    pub closed_us: Option<i64>,
    /// Who approved it; empty before.
    pub approved_by: String,
    /// When.
    pub approved_us: Option<i64>,
    /// Companies that it was closed without; they get their documents when they can be made.
    pub left_out: i64,
    /// Why it may be closed without them; empty: it may not.
    pub without: String,
}

/// A document as its row has it, without its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Whose.
    pub company: String,
    /// Its totals; tax rows follow from the lines.
    pub batch: Batch,
    /// The payee's bank when it was made; empty: none was known.
    pub bank: String,
    /// Over everything in it.
    pub hash: [u8; 32],
    /// The unit that wrote it.
    pub seq: i64,
}

/// A document that is made.
#[derive(Clone, Debug)]
pub struct Document {
    /// Whose.
    pub company: String,
    /// Its lines.
    pub lines: Vec<Line>,
    /// Its totals.
    pub batch: Batch,
    /// The payee's bank.
    pub bank: String,
    /// Over everything in it.
    pub hash: [u8; 32],
}

/// A pay day begins: the first document is about to be made.
pub(crate) fn begin(tx: &mut Tx<'_>, pay_on: Date, notice_on: Date) -> Result<(), DbError> {
    let (tenant, pay, notice) = (tx.tenant(), pay_on.to_string(), notice_on.to_string());
    tx.execute(BEGIN, params![tenant, &pay, &notice, &[0; 32]]).map(drop)
}

/// Where a pay day stands; open without a row.
pub fn state(tx: &mut ReadTx<'_>, tenant: TenantId, pay_on: Date) -> Result<PayDayState, DbError> {
    let pay = pay_on.to_string();
    let found = tx.query_opt(STATE, params![tenant, &pay], |row| state_at(row, 0))?;
    Ok(found.unwrap_or(PayDayState::Open))
}

fn state_at(row: &Row<'_>, column: usize) -> Result<PayDayState, DbError> {
    PayDayState::from_word(row.text(column)?)
        .ok_or_else(|| Inconsistent::new("settle_payday.state", "a state of a pay day").into())
}

/// Every document is made.
pub(crate) fn close(
    tx: &mut Tx<'_>,
    pay_on: Date,
    (documents, paid_yen, left_out): (i64, i64, i64),
    hash: &[u8; 32],
    by: &str,
) -> Result<(), DbError> {
    let (tenant, now_us, pay) = (tx.tenant(), tx.now_us(), pay_on.to_string());
    tx.execute(CLOSE, params![tenant, &pay, documents, paid_yen, hash, now_us, by, left_out]).map(drop)
}

/// A company that was left out has its document now: the pay day is closed and approved anew.
pub(crate) fn reopen(tx: &mut Tx<'_>, pay_on: Date) -> Result<(), DbError> {
    let (tenant, pay) = (tx.tenant(), pay_on.to_string());
    tx.execute(REOPEN, params![tenant, &pay]).map(drop)
}

/// Nobody is left out any more, and there was nothing to tell them.
pub(crate) fn complete(tx: &mut Tx<'_>, pay_on: Date) -> Result<(), DbError> {
    let (tenant, pay) = (tx.tenant(), pay_on.to_string());
    tx.execute(COMPLETE, params![tenant, &pay]).map(drop)
}

/// The pay day may be closed without the companies that are left out.
pub(crate) fn allow_without(tx: &mut Tx<'_>, pay_on: Date, why: &str) -> Result<(), DbError> {
    let (tenant, pay) = (tx.tenant(), pay_on.to_string());
    tx.execute(WITHOUT, params![tenant, &pay, why]).map(drop)
}

/// Whether a company has a document of a later pay day.
pub(crate) fn has_later(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    pay_on: Date,
    company: &str,
) -> Result<bool, DbError> {
    let found = tx.query_opt(LATER, params![tenant, company, &pay_on.to_string()], |_| Ok(()))?;
    Ok(found.is_some())
}

/// Every pay day, in order.
pub fn pay_days(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Vec<PayDay>, DbError> {
    tx.query_all(PAYDAYS, params![tenant], pay_day_at)
}

/// A pay day that has begun.
pub fn pay_day(tx: &mut ReadTx<'_>, tenant: TenantId, pay_on: Date) -> Result<Option<PayDay>, DbError> {
    tx.query_opt(PAYDAY, params![tenant, &pay_on.to_string()], pay_day_at)
}

fn pay_day_at(row: &Row<'_>) -> Result<PayDay, DbError> {
    Ok(PayDay {
        pay_on: date_at(row, 0, "settle_payday.pay_on")?,
        state: state_at(row, 1)?,
        documents: row.i64(2)?,
        paid_yen: row.i64(3)?,
        hash: row.array(4)?,
        closed_by: row.text(5)?.to_owned(),
        notice_on: date_at(row, 6, "settle_payday.notice_on")?,
        closed_us: row.opt_i64(7)?,
        approved_by: row.text(8)?.to_owned(),
        approved_us: row.opt_i64(9)?,
        left_out: row.i64(10)?,
        without: row.text(11)?.to_owned(),
    })
}

/// Moves a pay day by an event, and tells where it stands then.
pub(crate) fn step(
    tx: &mut Tx<'_>,
    pay_day: &PayDay,
    event: PayDayEvent,
    by: &str,
) -> Result<PayDayState, Refusal> {
    let next = pay_day
        .state
        .next(event)
        .map_err(|no| Refusal::from(settle::WRONG_STEP).detail(format!("the pay day {no}")))?;
    let (tenant, now_us, pay) = (tx.tenant(), tx.now_us(), pay_day.pay_on.to_string());
    if event == PayDayEvent::Approve {
        tx.execute(APPROVE, params![tenant, &pay, by, now_us])?;
    } else {
        tx.execute(MOVE, params![tenant, &pay, next.word()])?;
    }
    Ok(next)
}

/// Whether a company's document of a pay day is made.
pub(crate) fn is_made(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    pay_on: Date,
    company: &str,
) -> Result<bool, DbError> {
    let pay = pay_on.to_string();
    Ok(tx.query_opt(HAS, params![tenant, &pay, company], |_| Ok(()))?.is_some())
}

/// Writes a document with its lines.
pub(crate) fn insert(tx: &mut Tx<'_>, pay_on: Date, document: &Document) -> Result<(), DbError> {
    let (tenant, seq, pay) = (tx.tenant(), tx.seq(), pay_on.to_string());
    let b = &document.batch;
    tx.execute(
        INSERT,
        params![
            tenant,
            &pay,
            &document.company,
            b.sales.get(),
            b.fee.total.get(),
            b.fee.taxable.get(),
            b.fee_tax.get(),
            b.adjusted.get(),
            b.carried_in.get(),
            b.sum.get(),
            b.transfer_fee.get(),
            b.transfer_tax.get(),
            b.paid.get(),
            b.carried_out.get(),
            &document.bank,
            &document.hash,
            seq,
        ],
    )?;
    for (number, line) in (1_i64..).zip(&document.lines) {
        insert_line(tx, &pay, &document.company, number, line)?;
    }
    Ok(())
}

fn insert_line(tx: &mut Tx<'_>, pay: &str, company: &str, number: i64, line: &Line) -> Result<(), DbError> {
    let (tenant, key) = (tx.tenant(), &line.key);
    let [first, last, from, to] =
        [key.span.first, key.span.last, line.from, line.to].map(|day| day.to_string());
    tx.execute(
        ADD_LINE,
        params![
            tenant,
            pay,
            company,
            number,
            key.span.cycle.word(),
            &first,
            &last,
            key.kind.word(),
            key.group.word(),
            i64::from(key.rates.exempt().get()),
            i64::from(key.rates.taxable().get()),
            i64::from(key.tax.get()),
            &from,
            &to,
            i64::from(line.count),
            i64::from(line.backs),
            line.sales.get(),
            line.fee.total.get(),
            line.fee.taxable.get(),
            &line.items_hash,
        ],
    )?;
    Ok(())
}

/// The documents of a pay day, by company.
pub fn batches(tx: &mut ReadTx<'_>, tenant: TenantId, pay_on: Date) -> Result<Vec<Stored>, DbError> {
    let pay = pay_on.to_string();
    tx.query_all(BATCHES, params![tenant, &pay], stored)
}

/// What each document of a pay day pays, and its hash, by company: all that its end needs, while payments wait.
pub(crate) fn sums(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    pay_on: Date,
) -> Result<Vec<(Net, [u8; 32])>, DbError> {
    let pay = pay_on.to_string();
    tx.query_all(SUMS, params![tenant, &pay], |row| {
        Ok((net_at(row, 0, "settle_batch.paid_yen")?, row.array(1)?))
    })
}

/// A company's document of a pay day.
pub fn of_company(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    pay_on: Date,
    company: &str,
) -> Result<Option<Stored>, DbError> {
    let pay = pay_on.to_string();
    tx.query_opt(BATCH, params![tenant, &pay, company], stored)
}

fn stored(row: &Row<'_>) -> Result<Stored, DbError> {
    let yen = |column| net_at(row, column, "a sum of settle_batch");
    let (total, taxable) = (yen(2)?, yen(3)?);
    let exempt = total.minus(taxable).unwrap_or_default();
    Ok(Stored {
        company: row.text(0)?.to_owned(),
        batch: Batch {
            sales: yen(1)?,
            fee: Fee { total, taxable, exempt },
            tax_rows: Vec::new(),
            fee_tax: yen(4)?,
            adjusted: yen(5)?,
            carried_in: yen(6)?,
            sum: yen(7)?,
            transfer_fee: yen(8)?,
            transfer_tax: yen(9)?,
            paid: yen(10)?,
            carried_out: yen(11)?,
        },
        bank: row.text(12)?.to_owned(),
        hash: row.array(13)?,
        seq: row.i64(14)?,
    })
}

/// The lines of a pay day's documents, by company.
pub fn lines(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    pay_on: Date,
) -> Result<BTreeMap<String, Vec<Line>>, DbError> {
    let pay = pay_on.to_string();
    let mut all: BTreeMap<String, Vec<Line>> = BTreeMap::new();
    tx.query_each(LINES, params![tenant, &pay], |row| {
        all.entry(row.text(0)?.to_owned()).or_default().push(line(row)?);
        Ok(())
    })?;
    Ok(all)
}

/// The lines of a company's document, in their order.
pub fn lines_of(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    pay_on: Date,
    company: &str,
) -> Result<Vec<Line>, DbError> {
    let pay = pay_on.to_string();
    tx.query_all(LINES_OF, params![tenant, &pay, company], line)
}

fn line(row: &Row<'_>) -> Result<Line, DbError> {
    let odd = |wanted: &str| DbError::from(Inconsistent::new("settle_line", wanted));
    let day = |column| date_at(row, column, "a day of settle_line");
    let yen = |column| net_at(row, column, "a sum of settle_line");
    let ppm = |column| -> Result<Ppm, DbError> {
        let number = u32::try_from(row.i64(column)?).ok();
        number.and_then(|number| Ppm::new(number).ok()).ok_or_else(|| odd("of a rate"))
    };
    let count =
        |column| -> Result<u32, DbError> { u32::try_from(row.i64(column)?).map_err(|_| odd("of a count")) };
    let cycle = CycleCode::new(row.text(1)?).map_err(|_| odd("of a cycle"))?;
    let (total, taxable, sales) = (yen(14)?, yen(15)?, yen(13)?);
    let sound = |net: Result<Net, crate::rules::TooLarge>| net.map_err(|_| odd("of sums that fit"));
    Ok(Line {
        key: LineKey {
            kind: LineKind::from_word(row.text(4)?).ok_or_else(|| odd("of a kind"))?,
            span: Span { cycle, first: day(2)?, last: day(3)? },
            group: GroupCode::new(row.text(5)?).map_err(|_| odd("of a group"))?,
            rates: Rates::new(ppm(6)?, ppm(7)?).map_err(|_| odd("of rates"))?,
            tax: ppm(8)?,
        },
        from: day(9)?,
        to: day(10)?,
        count: count(11)?,
        backs: count(12)?,
        sales,
        fee: Fee { total, taxable, exempt: sound(total.minus(taxable))? },
        net: sound(sales.minus(total))?,
        items_hash: row.array(16)?,
    })
}

/// The balance that a company's next document begins with.
pub fn carry(tx: &mut ReadTx<'_>, tenant: TenantId, company: &str) -> Result<Net, DbError> {
    let found = tx.query_opt(CARRY, params![tenant, company], |row| net_at(row, 0, "settle_carry.yen"))?;
    Ok(found.unwrap_or_default())
}

/// Every balance that is carried, by company.
pub fn carries(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<BTreeMap<String, Net>, DbError> {
    let rows = tx.query_all(CARRIES, params![tenant], |row| {
        Ok((row.text(0)?.to_owned(), net_at(row, 1, "settle_carry.yen")?))
    })?;
    Ok(rows.into_iter().collect())
}

/// The balance after a document.
pub(crate) fn put_carry(tx: &mut Tx<'_>, company: &str, yen: Net) -> Result<(), DbError> {
    let tenant = tx.tenant();
    tx.execute(PUT_CARRY, params![tenant, company, yen.get()]).map(drop)
}
