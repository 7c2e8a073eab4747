//! Holidays of the tenant: imported years of the Cabinet Office's file, and single days that an operator changed.

use super::{changed, date_at, today, windows};
use crate::rules::{Calendar, Window, read_csv};
use center_base::Refusal;
use jiff::ToSpan as _;
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};
use store::{DbError, Migration, ReadTx, TenantId, Tx, params};

pub(super) const MIGRATION: Migration = Migration {
    name: "settlement/0001_calendar",
    sql: "-- Imported holidays, and days that an operator changed by hand. closed: the banks are closed on that day.
        CREATE TABLE settle_holiday (
            tenant BIGINT NOT NULL,
            source TEXT NOT NULL CHECK (source IN ('csv', 'hand')),
            day TEXT NOT NULL,
            name TEXT NOT NULL,
            closed BIGINT NOT NULL CHECK (closed IN (0, 1)),
            PRIMARY KEY (tenant, source, day)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        CREATE TABLE settle_holiday_year (
            tenant BIGINT NOT NULL,
            year BIGINT NOT NULL,
            file_hash BYTEA NOT NULL,
            at_us BIGINT NOT NULL,
            PRIMARY KEY (tenant, year)
        ) /*sqlite: STRICT, WITHOUT ROWID */;",
};

const ALL: &str =
    "SELECT source, day, name, closed FROM settle_holiday WHERE tenant = $1 ORDER BY source, day";
const PUT: &str = "INSERT INTO settle_holiday (tenant, source, day, name, closed) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (tenant, source, day) DO UPDATE SET name = $4, closed = $5";
const DROP_YEAR: &str =
    "DELETE FROM settle_holiday WHERE tenant = $1 AND source = 'csv' AND day >= $2 AND day <= $3";
const PUT_YEAR: &str =
    "INSERT INTO settle_holiday_year (tenant, year, file_hash, at_us) VALUES ($1, $2, $3, $4)
     ON CONFLICT (tenant, year) DO UPDATE SET file_hash = $3, at_us = $4";

pub(super) const STATEMENTS: &[&str] = &[ALL, PUT, DROP_YEAR, PUT_YEAR];

/// The calendar of the tenant: a single change over an imported year over the embedded one over the rule.
pub fn calendar(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Calendar, DbError> {
    let (mut table, mut changes) = (Vec::new(), Vec::new());
    tx.query_each(ALL, params![tenant], |row| {
        let day = date_at(row, 1, "settle_holiday.day")?;
        if row.text(0)? == "csv" {
            table.push((day, row.text(2)?.to_owned()));
        } else {
            changes.push((day, row.bool(3)?));
        }
        Ok(())
    })?;
    let imported = Calendar::embedded().clone().with_table(&table);
    Ok(changes.into_iter().fold(imported, |calendar, (day, closed)| calendar.with_change(day, closed)))
}

/// A planned window whose days another calendar moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The window as it was planned.
    pub before: Window,
    /// As it is planned now.
    pub after: Window,
}

/// What an import of holidays did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HolidaysImported {
    /// Holidays of the file.
    pub days: usize,
    /// Windows that are not cut and end within two years, whose pay or notice day is another one now, by nominal pay
    /// day.
    pub moved: Vec<Moved>,
}

/// Takes the Cabinet Office's file whole, or refuses it with a line and a reason, and tells which planned days move by
/// it. Windows that are cut keep their days.
pub fn import_holidays(tx: &mut Tx<'_>, who: &str, bytes: &[u8]) -> Result<HolidaysImported, Refusal> {
    let (tenant, now_us) = (tx.tenant(), tx.now_us());
    let table = read_csv(bytes, today(now_us).year())
        .map_err(|bad| Refusal::bad(format!("line {}: {}", bad.line, bad.why)))?;
    let before = planned(tx, tenant, today(now_us))?;
    let hash: [u8; 32] = Sha256::digest(bytes).into();
    let mut years: Vec<i16> = table.iter().map(|(day, _)| day.year()).collect();
    years.dedup();
    for year in years {
        let (first, last) = (format!("{year:04}-01-01"), format!("{year:04}-12-31"));
        tx.execute(DROP_YEAR, params![tenant, &first, &last])?;
        tx.execute(PUT_YEAR, params![tenant, i64::from(year), &hash, now_us])?;
    }
    for (day, name) in &table {
        tx.execute(PUT, params![tenant, "csv", &day.to_string(), name, true])?;
    }
    let after = planned(tx, tenant, today(now_us))?;
    let moved = before.into_iter().zip(after).filter(|(before, after)| before != after);
    let moved: Vec<Moved> = moved.map(|(before, after)| Moved { before, after }).collect();
    let detail = serde_json::json!({ "days": table.len(), "moved": moved.len() });
    changed(tx, who, "holidays_imported", "holidays", detail)?;
    Ok(HolidaysImported { days: table.len(), moved })
}

/// Every window that is not cut and has a day from last month to in two years, by nominal pay day. Which windows these
/// are does not depend on the calendar.
fn planned(tx: &mut ReadTx<'_>, tenant: TenantId, today: Date) -> Result<Vec<Window>, DbError> {
    let (calendar, cycles) = (calendar(tx, tenant)?, super::terms::cycles(tx, tenant)?);
    let cut = windows::cuts(&windows::windows(tx, tenant)?);
    let (from, to) = (today.saturating_sub(1.months()), today.saturating_add(2.years()));
    let all = cycles.all().iter().flat_map(|cycle| cycle.windows(from, to, &calendar));
    let mut all: Vec<Window> = all.filter(|window| cut.of(&window.span()).is_none()).collect();
    all.sort_by(|one, other| {
        (one.nominal, &one.cycle, one.last).cmp(&(other.nominal, &other.cycle, other.last))
    });
    Ok(all)
}

/// Changes one day by hand: closed, or no holiday.
pub fn change_day(tx: &mut Tx<'_>, who: &str, day: Date, name: &str, closed: bool) -> Result<(), Refusal> {
    let (tenant, text) = (tx.tenant(), day.to_string());
    tx.execute(PUT, params![tenant, "hand", &text, name, closed])?;
    changed(tx, who, "holiday_changed", &text, serde_json::json!({ "name": name, "closed": closed }))
}
