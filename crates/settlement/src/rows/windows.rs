//! Windows that are cut, items that came after the cut of their own window, and how far the book was followed.

use super::{date_at, net_at};
use crate::rules::{Cuts, CycleCode, Item, Span, Window};
use jiff::civil::Date;
use payment::{Brand, PaymentId};
use store::{DbError, Inconsistent, Migration, ReadTx, Row, TenantId, Tx, params};

pub(super) const MIGRATION: Migration = Migration {
    name: "settlement/0004_window",
    sql: "-- A window's row is its cut, with the days that it keeps. settle_late: items that are not in their own window.
        CREATE TABLE settle_window (
            tenant BIGINT NOT NULL,
            cycle TEXT NOT NULL,
            last_day TEXT NOT NULL,
            first_day TEXT NOT NULL,
            pay_on TEXT NOT NULL,
            notice_on TEXT NOT NULL,
            cut_seq BIGINT NOT NULL,
            cut_us BIGINT NOT NULL,
            cut_by TEXT NOT NULL,
            PRIMARY KEY (tenant, cycle, last_day)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        CREATE TABLE settle_late (
            tenant BIGINT NOT NULL,
            id BYTEA NOT NULL,
            seq BIGINT NOT NULL,
            cycle TEXT NOT NULL,
            last_day TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('sale', 'back', 'void')),
            company_id TEXT NOT NULL,
            shop_id TEXT NOT NULL,
            brand TEXT NOT NULL,
            day TEXT NOT NULL,
            yen BIGINT NOT NULL,
            payment BYTEA NOT NULL,
            PRIMARY KEY (tenant, id)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        CREATE INDEX settle_late_window ON settle_late (tenant, cycle, last_day, seq);
        CREATE TABLE settle_waiting (
            tenant BIGINT NOT NULL,
            cycle TEXT NOT NULL,
            last_day TEXT NOT NULL,
            id BYTEA NOT NULL,
            company_id TEXT NOT NULL,
            state TEXT NOT NULL,
            yen BIGINT NOT NULL,
            PRIMARY KEY (tenant, cycle, last_day, id)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        CREATE TABLE settle_mark (
            tenant BIGINT NOT NULL,
            name TEXT NOT NULL,
            value BIGINT NOT NULL,
            PRIMARY KEY (tenant, name)
        ) /*sqlite: STRICT, WITHOUT ROWID */;",
};

const ALL: &str = "SELECT cycle, first_day, last_day, pay_on, notice_on, cut_seq FROM settle_window
      WHERE tenant = $1 ORDER BY last_day, cycle";
const CUT: &str = "INSERT INTO settle_window
        (tenant, cycle, last_day, first_day, pay_on, notice_on, cut_seq, cut_us, cut_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (tenant, cycle, last_day) DO NOTHING";
const ADD_LATE: &str = "INSERT INTO settle_late
        (tenant, id, seq, cycle, last_day, kind, company_id, shop_id, brand, day, yen, payment)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (tenant, id) DO NOTHING";
const LATE_OF: &str = "SELECT id, seq, cycle, last_day, kind, company_id, shop_id, brand, day, yen, payment
       FROM settle_late WHERE tenant = $1 AND cycle = $2 AND last_day = $3 ORDER BY seq, id";
const LATE: &str = "SELECT id, seq, cycle, last_day, kind, company_id, shop_id, brand, day, yen, payment
       FROM settle_late WHERE tenant = $1 ORDER BY id";
const MARK: &str = "SELECT value FROM settle_mark WHERE tenant = $1 AND name = 'follow'";
const PUT_MARK: &str = "INSERT INTO settle_mark (tenant, name, value) VALUES ($1, 'follow', $2)
     ON CONFLICT (tenant, name) DO UPDATE SET value = $2 WHERE settle_mark.value < $2";
const FORGET_WAITING: &str = "DELETE FROM settle_waiting WHERE tenant = $1 AND cycle = $2 AND last_day = $3";
const ADD_WAITING: &str = "INSERT INTO settle_waiting (tenant, cycle, last_day, id, company_id, state, yen)
     VALUES ($1, $2, $3, $4, $5, $6, $7)";
const WAITING: &str = "SELECT cycle, last_day, id, company_id, state, yen FROM settle_waiting
      WHERE tenant = $1 ORDER BY last_day, cycle, id";

pub(super) const STATEMENTS: &[&str] =
    &[ALL, CUT, ADD_LATE, LATE_OF, LATE, MARK, PUT_MARK, FORGET_WAITING, ADD_WAITING, WAITING];

/// A window that is cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutWindow {
    /// The days.
    pub span: Span,
    /// When it is paid.
    pub pay_on: Date,
    /// When that is told.
    pub notice_on: Date,
    /// The unit that cut it.
    pub seq: i64,
}

/// Every window that is cut, by last day.
pub fn windows(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Vec<CutWindow>, DbError> {
    tx.query_all(ALL, params![tenant], |row| {
        let day = |column| date_at(row, column, "settle_window day");
        let span = Span { cycle: cycle_at(row, 0)?, first: day(1)?, last: day(2)? };
        Ok(CutWindow { span, pay_on: day(3)?, notice_on: day(4)?, seq: row.i64(5)? })
    })
}

/// The cuts as the rules take them.
pub fn cuts(windows: &[CutWindow]) -> Cuts {
    let mut cuts = Cuts::default();
    for window in windows {
        cuts.add(window.span.cycle.clone(), window.span.last, window.seq);
    }
    cuts
}

fn cycle_at(row: &Row<'_>, column: usize) -> Result<CycleCode, DbError> {
    CycleCode::new(row.text(column)?).map_err(|bad| Inconsistent::new("a cycle", bad.to_string()).into())
}

/// Cuts a window at this unit; false: it is cut already.
pub(crate) fn cut(tx: &mut Tx<'_>, window: &Window, by: &str) -> Result<bool, DbError> {
    let (tenant, seq, now_us) = (tx.tenant(), tx.seq(), tx.now_us());
    let [first, last, pay, notice] =
        [window.first, window.last, window.pay, window.notice].map(|day| day.to_string());
    let values = params![tenant, window.cycle.word(), &last, &first, &pay, &notice, seq, now_us, by];
    Ok(tx.execute(CUT, values)? > 0)
}

/// What an item outside its own window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OddKind {
    /// A payment.
    Sale,
    /// A refund with a row of its own.
    Back,
    /// A void at once that came after its payment's window was cut.
    Void,
}

impl OddKind {
    const fn word(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Back => "back",
            Self::Void => "void",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Sale, Self::Back, Self::Void].into_iter().find(|kind| kind.word() == word)
    }
}

/// An item that a scan of the days does not find in its window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Odd {
    /// The item.
    pub item: Item,
    /// The unit that posted it.
    pub seq: i64,
    /// The window that it belongs to.
    pub cycle: CycleCode,
    /// That window's last day.
    pub last: Date,
    /// What it is.
    pub kind: OddKind,
    /// Whose.
    pub company: String,
    /// In which shop.
    pub shop: String,
    /// Of which brand.
    pub brand: Brand,
    /// Its payment: itself, or what was given back of.
    pub payment: PaymentId,
}

/// Keeps odd items; one that is kept already stays as it is.
pub(crate) fn add_odd(tx: &mut Tx<'_>, odd: &[Odd]) -> Result<(), DbError> {
    let tenant = tx.tenant();
    for odd in odd {
        let (last, day) = (odd.last.to_string(), odd.item.day.to_string());
        tx.execute(
            ADD_LATE,
            params![
                tenant,
                odd.item.id.bytes(),
                odd.seq,
                odd.cycle.word(),
                &last,
                odd.kind.word(),
                &odd.company,
                &odd.shop,
                odd.brand.word(),
                &day,
                odd.item.yen.get(),
                odd.payment.bytes(),
            ],
        )?;
    }
    Ok(())
}

/// The odd items of a window, by sequence.
pub fn odd_of(tx: &mut ReadTx<'_>, tenant: TenantId, span: &Span) -> Result<Vec<Odd>, DbError> {
    let last = span.last.to_string();
    tx.query_all(LATE_OF, params![tenant, span.cycle.word(), &last], odd_at)
}

/// Every odd item.
pub(crate) fn each_odd(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    mut each: impl FnMut(Odd),
) -> Result<(), DbError> {
    tx.query_each(LATE, params![tenant], |row| {
        each(odd_at(row)?);
        Ok(())
    })
}

fn odd_at(row: &Row<'_>) -> Result<Odd, DbError> {
    let odd = |wanted: &str| Inconsistent::new("settle_late", wanted);
    let id = |column| -> Result<PaymentId, DbError> {
        PaymentId::from_bytes(row.bytes(column)?).map_err(|_| odd("of sixteen bytes").into())
    };
    Ok(Odd {
        item: Item {
            id: id(0)?,
            yen: net_at(row, 9, "settle_late.yen")?,
            day: date_at(row, 8, "settle_late.day")?,
        },
        seq: row.i64(1)?,
        cycle: cycle_at(row, 2)?,
        last: date_at(row, 3, "settle_late.last_day")?,
        kind: OddKind::from_word(row.text(4)?).ok_or_else(|| odd("of a kind"))?,
        company: row.text(5)?.to_owned(),
        shop: row.text(6)?.to_owned(),
        brand: Brand::from_word(row.text(7)?).ok_or_else(|| odd("of a brand"))?,
        payment: id(10)?,
    })
}

/// Up to which unit the book was followed; 0 before the first time.
pub fn mark(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<i64, DbError> {
    Ok(tx.query_opt(MARK, params![tenant], |row| row.i64(0))?.unwrap_or(0))
}

/// Moves the mark forward, never back.
pub(crate) fn put_mark(tx: &mut Tx<'_>, seq: i64) -> Result<(), DbError> {
    let tenant = tx.tenant();
    tx.execute(PUT_MARK, params![tenant, seq]).map(drop)
}

/// A payment that is neither taken nor not: it waits, and no figure has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The window of its day.
    pub cycle: CycleCode,
    /// That window's last day.
    pub last: Date,
    /// Which.
    pub id: PaymentId,
    /// Whose.
    pub company: String,
    /// Its state's word.
    pub state: String,
    /// Whole yen.
    pub yen: i64,
}

/// Keeps what waited when these windows were closed.
pub(crate) fn put_waiting(
    tx: &mut Tx<'_>,
    windows: &[CutWindow],
    waiting: &[Waiting],
) -> Result<(), DbError> {
    let tenant = tx.tenant();
    for window in windows {
        let last = window.span.last.to_string();
        tx.execute(FORGET_WAITING, params![tenant, window.span.cycle.word(), &last])?;
    }
    for row in waiting {
        let last = row.last.to_string();
        let values =
            params![tenant, row.cycle.word(), &last, row.id.bytes(), &row.company, &row.state, row.yen];
        tx.execute(ADD_WAITING, values)?;
    }
    Ok(())
}

/// What waited when its window was closed.
pub fn waiting(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Vec<Waiting>, DbError> {
    tx.query_all(WAITING, params![tenant], |row| {
        Ok(Waiting {
            cycle: cycle_at(row, 0)?,
            last: date_at(row, 1, "settle_waiting.last_day")?,
            id: PaymentId::from_bytes(row.bytes(2)?)
                .map_err(|_| Inconsistent::new("settle_waiting.id", "sixteen bytes"))?,
            company: row.text(3)?.to_owned(),
            state: row.text(4)?.to_owned(),
            yen: row.i64(5)?,
        })
    })
}
