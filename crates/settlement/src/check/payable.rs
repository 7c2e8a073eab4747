//! What is owed to a company before its documents: the value that its payments and refunds moved in the ledger is the sum
//! of the items of every window, closed or not. An item in no window would be owed for ever, and nobody would be told.

use super::{Found, Recounted};
use crate::close::{Gathering, Plan, days_of, not_noted, scan_day, scan_odd};
use crate::rows::windows;
use crate::rules::{Gathered, Span};
use jiff::civil::Date;
use ledger::Account;
use std::collections::BTreeSet;
use store::{DbError, Inconsistent, ReadTx, TenantId};

/// The items of a company's sheet, direct contracts included, signed whole yen.
pub(super) fn items(gathered: &Gathered) -> i64 {
    let lines = gathered.lines.iter().map(|line| line.sales.get());
    lines.chain(gathered.direct.iter().map(|(_, yen)| yen.get())).fold(0, i64::saturating_add)
}

/// The windows that are not cut, up to the last one that has an item.
fn open_windows(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    plan: &Plan,
    recounted: &mut Recounted,
) -> Result<(), DbError> {
    let Some(mut last) = acquiring::taken::last_day(tx, tenant)? else { return Ok(()) };
    // What came late belongs to a window that may have no day with a payment yet.
    windows::each_odd(tx, tenant, |noted| last = last.max(noted.last))?;
    let odd = not_noted(tx, tenant, plan)
        .map_err(|why| DbError::from(Inconsistent::new("the book", why.to_string())))?;
    last = odd.iter().map(|late| late.last).fold(last, Date::max);
    let wanted: BTreeSet<Span> = plan.begun(last).iter().map(crate::rules::Window::span).collect();
    let mut all = Gathering::default();
    for day in days_of(&wanted) {
        all.take(scan_day(tx, tenant, plan, &wanted, day)?);
    }
    all.take(scan_odd(tx, tenant, plan, &wanted, &odd)?);
    recounted.take(all);
    Ok(())
}

/// Compares; companies whose items cannot be placed are left out.
pub(super) fn check(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    plan: &Plan,
    mut recounted: Recounted,
    found: &mut Found,
) -> Result<(), DbError> {
    open_windows(tx, tenant, plan, &mut recounted)?;
    for balance in books::balances(tx, tenant)? {
        let Account::MerchantPayable { company } = balance.account else { continue };
        let booked = balance.moved_yen.saturating_sub(balance.value_yen);
        let counted = recounted.items.get(&company).copied().unwrap_or(0);
        if booked != counted && !recounted.blocked.contains(&company) {
            found.faults.push(format!(
                "payments and refunds of company {company} moved {booked} yen in the ledger, and the items of its \
                 windows are {counted} yen"
            ));
        }
    }
    Ok(())
}
