//! When the payments were taken that red lines give back: an invoice of returned fees names their days. The
//! lines do not keep them, so they are read once more from the refunds when a pay day's notices are issued.

use super::facts::gives_tax_back;
use crate::close::{Plan, Settlement, days, entry_of, give_of, spans};
use crate::rows::{batches, windows};
use crate::rules::{Entry, LineKey, LineKind, Span, Target, entry_of_give};
use acquiring::taken::{self, Subject};
use center_base::Refusal;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{DbError, Inconsistent, ReadTx, TenantId};

/// First and last day of the payments behind each red line, by company.
#[derive(Clone, Debug, Default)]
pub(super) struct Originals(BTreeMap<String, BTreeMap<LineKey, (Date, Date)>>);

impl Originals {
    fn add(&mut self, company: &str, entry: &Entry, sold: Date) {
        let Target::Line { key, .. } = &entry.target else { return };
        if key.kind == LineKind::Red {
            let days =
                self.0.entry(company.to_owned()).or_default().entry(key.clone()).or_insert((sold, sold));
            *days = (days.0.min(sold), days.1.max(sold));
        }
    }

    fn join(&mut self, other: Self) {
        for (company, lines) in other.0 {
            let own = self.0.entry(company).or_default();
            for (key, (first, last)) in lines {
                let days = own.entry(key).or_insert((first, last));
                *days = (days.0.min(first), days.1.max(last));
            }
        }
    }

    /// The days of a line's payments.
    pub(super) fn of(&self, company: &str, key: &LineKey) -> Option<(Date, Date)> {
        self.0.get(company)?.get(key).copied()
    }
}

/// Refunds of a day that are in their own window.
fn of_day(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    plan: &Plan,
    wanted: &BTreeSet<Span>,
    day: Date,
) -> Result<Originals, DbError> {
    let mut found = Originals::default();
    taken::backs_of_day(tx, tenant, &day.to_string(), |row| {
        let give = give_of(&row)?;
        if let Ok(Some(entry)) = entry_of_give(&give, plan.ground())
            && !entry.place.late
            && wanted.contains(&entry.place.span)
        {
            found.add(give.sale.company, &entry, give.sale.day);
        }
        Ok(())
    })?;
    Ok(found)
}

/// Refunds that came after their window's cut, and voids after their payment's.
fn odd(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    plan: &Plan,
    wanted: &BTreeSet<Span>,
) -> Result<Originals, DbError> {
    let mut found = Originals::default();
    for span in wanted {
        for odd in windows::odd_of(tx, tenant, span)? {
            let Ok(Some(entry)) = entry_of(tx, tenant, plan, &odd)? else { continue };
            let sold = match taken::subject(tx, tenant, odd.payment)? {
                Some(Subject::Sale(sale)) => sale.business_date,
                _ => return Err(Inconsistent::new("settle_late.payment", "a payment").into()),
            };
            found.add(&odd.company, &entry, sold);
        }
    }
    Ok(found)
}

impl Settlement {
    /// The days behind a pay day's red lines; nothing is read where no line gives taxable fees back.
    pub(super) async fn originals(&self, pay_on: Date) -> Result<Originals, Refusal> {
        let tenant = self.base.tenant;
        let is_needed = move |tx: &mut ReadTx<'_>| {
            Ok(batches::lines(tx, tenant, pay_on)?.values().flatten().any(gives_tax_back))
        };
        let mut all = Originals::default();
        if !self.base.read(is_needed).await? {
            return Ok(all);
        }
        let plan = self.plan().await?;
        let windows = plan.of_pay_day(pay_on);
        let wanted = Arc::new(spans(&windows));
        for day in days(&windows) {
            let (plan, wanted) = (Arc::clone(&plan), Arc::clone(&wanted));
            all.join(self.base.read(move |tx| Ok(of_day(tx, tenant, &plan, &wanted, day)?)).await?);
        }
        all.join(self.base.read(move |tx| Ok(odd(tx, tenant, &plan, &wanted)?)).await?);
        Ok(all)
    }
}
