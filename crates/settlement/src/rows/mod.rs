//! The rows of settlement and what is read and written of them.

pub mod adjustments;
pub mod banks;
pub mod batches;
pub mod calendar;
pub mod dated;
pub(crate) mod left_out;
pub mod payees;
pub mod payouts;
pub mod remitter;
pub mod terms;
pub mod windows;

use crate::rules::Net;
use center_base::{CompanyId, Refusal, Scope, audit, configuration_changed};
use codes::settle;
use jiff::Timestamp;
use jiff::civil::Date;
use store::{DbError, Inconsistent, Migration, Row, Tx};

/// The tables.
pub const MIGRATIONS: &[Migration] = &[
    calendar::MIGRATION,
    terms::MIGRATION,
    payees::MIGRATION,
    windows::MIGRATION,
    adjustments::MIGRATION,
    batches::MIGRATION,
    payouts::MIGRATION,
    crate::notices::MIGRATION,
    banks::MIGRATION,
    terms::ENTERED,
    dated::MIGRATION,
    left_out::MIGRATION,
];

/// Every statement.
pub fn statements() -> Vec<&'static str> {
    [
        calendar::STATEMENTS,
        terms::STATEMENTS,
        payees::STATEMENTS,
        windows::STATEMENTS,
        adjustments::STATEMENTS,
        batches::STATEMENTS,
        payouts::STATEMENTS,
        crate::notices::statements().as_slice(),
        banks::STATEMENTS,
        dated::STATEMENTS,
        left_out::STATEMENTS,
    ]
    .concat()
}

/// Today in Tokyo, by the unit's clock.
pub(crate) fn today(now_us: i64) -> Date {
    clock::business_date(Timestamp::from_microsecond(now_us).unwrap_or(Timestamp::UNIX_EPOCH))
}

/// Reads a stored date.
pub(crate) fn date(text: &str, place: &str) -> Result<Date, DbError> {
    text.parse().map_err(|_| Inconsistent::new(place, "a date YYYY-MM-DD").into())
}

/// A column's date.
pub(crate) fn date_at(row: &Row<'_>, column: usize, place: &str) -> Result<Date, DbError> {
    date(row.text(column)?, place)
}

/// A column's signed whole yen.
pub(crate) fn net_at(row: &Row<'_>, column: usize, place: &str) -> Result<Net, DbError> {
    Net::new(row.i64(column)?).map_err(|_| Inconsistent::new(place, "whole yen").into())
}

/// A reason of 4 to 200 characters.
pub(crate) fn checked(reason: &str) -> Result<&str, Refusal> {
    let reason = reason.trim();
    if crate::limits::REASON_CHARS.contains(&reason.chars().count()) {
        Ok(reason)
    } else {
        Err(settle::REASON.into())
    }
}

/// The company is there: what is entered for nobody would be found by nobody.
pub(crate) fn known_company(tx: &mut Tx<'_>, company: &CompanyId) -> Result<(), Refusal> {
    let (tenant, scope) = (tx.tenant(), Scope::Company(company.clone()));
    if tenancy::companies(tx, tenant, &scope)?.is_empty() { Err(settle::NO_COMPANY.into()) } else { Ok(()) }
}

/// A day from which something new may hold: today at the earliest, and in the years that a calendar knows.
pub(crate) fn from_today(tx: &Tx<'_>, day: Date) -> Result<(), Refusal> {
    if day < today(tx.now_us()) || day.year() > crate::limits::LAST_YEAR {
        return Err(settle::FROM_DAY.into());
    }
    Ok(())
}

/// Configuration changed: audits it and tells every center's caches.
pub(crate) fn changed(
    tx: &mut Tx<'_>,
    who: &str,
    what: &str,
    about: &str,
    detail: serde_json::Value,
) -> Result<(), Refusal> {
    audit::record(tx, &audit::Act { who, what, about, detail })?;
    configuration_changed(tx)?;
    Ok(())
}
