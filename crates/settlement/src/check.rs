//! Whether documents, items and ledger tell the same story: for `verify`.
//!
//! Every document is made again from its lines, every line again from payments and refunds, every movement again from
//! the documents; what is stored must be that, to the byte.

mod late;
mod payable;
mod payouts;

use crate::close::{Gathering, Plan, booked, days, scan_day, scan_odd, spans};
use crate::rows::terms::Once;
use crate::rows::{adjustments, batches};
use crate::rules::{Gathered, Line, Movement, Net, PayDayState, batch_hash, payday_hash};
use jiff::civil::Date;
use ledger::{Account, Transfer};
use money::Yen;
use payment::PaymentId;
use std::collections::{BTreeMap, BTreeSet};
use store::{DbError, ReadTx, TenantId};

/// What is found on the way.
#[derive(Default)]
struct Found {
    /// The terms of payment as they stood when a document was made.
    once: Once,
    faults: Vec<String>,
    expected: BTreeMap<PaymentId, Transfer>,
}

/// The items of windows, by company, whole yen.
#[derive(Default)]
struct Recounted {
    items: BTreeMap<String, i64>,
    /// Companies with items that cannot be placed.
    blocked: BTreeSet<String>,
}

impl Recounted {
    fn add(&mut self, company: &str, gathered: &Gathered) {
        let sum = self.items.entry(company.to_owned()).or_default();
        *sum = sum.saturating_add(payable::items(gathered));
    }

    fn take(&mut self, all: Gathering) {
        self.blocked.extend(all.blocked.into_keys());
        for (company, sheet) in all.sheets {
            match sheet.finish() {
                Ok(gathered) => self.add(&company, &gathered),
                Err(_) => drop(self.blocked.insert(company)),
            }
        }
    }
}

/// Every disagreement as a sentence; none when all is sound. A row that nothing can be made of is one, and what comes
/// behind it is not looked at.
pub fn check(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Vec<String>, DbError> {
    let mut found = Found::default();
    match check_all(tx, tenant, &mut found) {
        Ok(()) => {}
        Err(DbError::Inconsistent(row)) => found.faults.push(row.to_string()),
        Err(other) => return Err(other),
    }
    Ok(found.faults)
}

fn check_all(tx: &mut ReadTx<'_>, tenant: TenantId, found: &mut Found) -> Result<(), DbError> {
    let plan = Plan::load(tx, tenant)?;
    found.once = Once::load(tx, tenant)?;
    let mut recounted = Recounted::default();
    let begun = batches::pay_days(tx, tenant)?;
    for pay_day in &begun {
        check_pay_day(tx, tenant, &plan, pay_day, &mut recounted, found)?;
    }
    let mut cut: BTreeSet<Date> = plan.windows.iter().map(|window| window.pay_on).collect();
    cut.retain(|pay_on| !begun.iter().any(|day| day.pay_on == *pay_on));
    for pay_on in cut {
        let all = gathered_again(tx, tenant, &plan, pay_on)?;
        recounted.take(all);
    }
    for (id, company, yen) in adjustments::approved(tx, tenant)? {
        if let Ok(transfer) = Movement::adjust(&company, yen).transfer(id) {
            found.expected.insert(id, transfer);
        }
    }
    found.faults.extend(crate::notices::check(tx, tenant, begun.iter().map(|day| day.pay_on))?);
    check_movements(tx, tenant, found)?;
    check_carries(tx, tenant, found)?;
    payouts::check_in_transit(tx, tenant, found)?;
    late::check(tx, tenant, &plan, found)?;
    payable::check(tx, tenant, &plan, recounted, found)
}

/// The items of a pay day once more.
fn gathered_again(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    plan: &Plan,
    pay_on: Date,
) -> Result<Gathering, DbError> {
    let windows = plan.of_pay_day(pay_on);
    let wanted = spans(&windows);
    let mut all = Gathering::default();
    for day in days(&windows) {
        all.take(scan_day(tx, tenant, plan, &wanted, day)?);
    }
    all.take(scan_odd(tx, tenant, plan, &wanted, &[])?);
    Ok(all)
}

/// The same by company, and the companies with items that cannot be placed.
fn recount(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    plan: &Plan,
    pay_on: Date,
) -> Result<(BTreeMap<String, Gathered>, BTreeSet<String>), DbError> {
    let all = gathered_again(tx, tenant, plan, pay_on)?;
    let blocked = all.blocked.into_keys().collect();
    let sheets = all.sheets.into_iter();
    Ok((sheets.filter_map(|(company, sheet)| Some((company, sheet.finish().ok()?))).collect(), blocked))
}

fn check_pay_day(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    plan: &Plan,
    pay_day: &batches::PayDay,
    recounted: &mut Recounted,
    found: &mut Found,
) -> Result<(), DbError> {
    let pay_on = pay_day.pay_on;
    let mut lines = batches::lines(tx, tenant, pay_on)?;
    let (mut counted, blocked) = recount(tx, tenant, plan, pay_on)?;
    for (company, gathered) in &counted {
        recounted.add(company, gathered);
    }
    recounted.blocked.extend(blocked.iter().cloned());
    let (mut hashes, mut payable, mut paid_yen) = (Vec::new(), BTreeMap::new(), 0_i64);
    for stored in batches::batches(tx, tenant, pay_on)? {
        let company = stored.company.clone();
        let of_document = lines.remove(&company).unwrap_or_default();
        let again = counted.remove(&company).unwrap_or_default();
        hashes.push(stored.hash);
        let named = format!("the document of company {company} on {pay_on}");
        if of_document != again.lines {
            found.faults.push(format!("{named} has other lines than its payments and refunds make"));
        }
        check_document(tx, tenant, pay_on, &stored, &of_document, found)?;
        payable.insert(stored.company.clone(), stored.batch.paid.get());
        paid_yen = paid_yen.saturating_add(stored.batch.paid.get());
        expect(pay_on, &stored.company, &stored.batch, &again, found);
    }
    payouts::check_day(tx, tenant, pay_on, payable, found)?;
    for company in lines.keys() {
        found.faults.push(format!("lines of company {company} on {pay_on} have no document"));
    }
    let is_open = matches!(pay_day.state, PayDayState::Open | PayDayState::Closing);
    let is_under_way = is_open || pay_day.left_out > 0;
    for (company, again) in counted.iter().filter(|(company, _)| !blocked.contains(*company)) {
        match again.lines.is_empty() {
            true if is_under_way && !is_booked_out(tx, tenant, pay_on, company, again)? => {}
            true => expect(pay_on, company, &empty_batch(), again, found),
            false if is_under_way => {}
            false => found.faults.push(format!("company {company} has items on {pay_on} and no document")),
        }
    }
    if is_open {
        return Ok(());
    }
    let documents = i64::try_from(hashes.len()).unwrap_or(i64::MAX);
    if pay_day.hash != payday_hash(pay_on, hashes)
        || pay_day.documents != documents
        || pay_day.paid_yen != paid_yen
    {
        found.faults.push(format!("the pay day {pay_on} has other documents than were closed"));
    }
    Ok(())
}

/// Whether a company without a document had its direct contracts booked out already.
fn is_booked_out(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    pay_on: Date,
    company: &str,
    again: &Gathered,
) -> Result<bool, DbError> {
    let direct = booked(pay_on, company, &empty_batch(), &again.direct).unwrap_or_default();
    let Some(first) = direct.first() else { return Ok(false) };
    Ok(!books::of_payment(tx, tenant, first.payment)?.is_empty())
}

/// The sums of a document that there is none of.
fn empty_batch() -> crate::rules::Batch {
    let transfer = crate::rules::TransferTerms { fee: Yen::ZERO, tax: Yen::ZERO, minimum: Yen::ZERO };
    crate::rules::batch(&[], &[], Net::ZERO, &transfer)
        .unwrap_or_else(|_| unreachable!("the sum of nothing has no digits"))
}

/// The document once more from its lines, adjustments and what its transfer costs.
fn check_document(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    pay_on: Date,
    stored: &batches::Stored,
    lines: &[Line],
    found: &mut Found,
) -> Result<(), DbError> {
    let adjusted = adjustments::of_company(tx, tenant, &stored.company, &pay_on.to_string())?;
    let adjusted: Vec<Net> = adjusted.into_iter().map(|(_, yen)| yen).collect();
    let b = &stored.batch;
    // By what stood then: terms from before the pay day may have been entered since.
    let transfer = found.once.pay_terms(&stored.company, pay_on, stored.seq).to_bank(&stored.bank, pay_on);
    let named = format!("the document of company {} on {pay_on}", stored.company);
    let Ok(again) = crate::rules::batch(lines, &adjusted, b.carried_in, &transfer) else {
        found.faults.push(format!("{named} has sums beyond twelve digits"));
        return Ok(());
    };
    let same = crate::rules::Batch { tax_rows: again.tax_rows.clone(), ..b.clone() };
    if b.transfer_fee != again.transfer_fee || b.transfer_tax != again.transfer_tax {
        found.faults.push(format!("{named} has another transfer fee than the terms of its day"));
    }
    if same != again {
        found.faults.push(format!("{named} has other sums than its lines make"));
    }
    if batch_hash(pay_on, &stored.company, &stored.bank, lines, &adjusted, &again) != stored.hash {
        found.faults.push(format!("{named} is not what was closed"));
    }
    Ok(())
}

/// What the ledger must have of a document.
fn expect(pay_on: Date, company: &str, batch: &crate::rules::Batch, gathered: &Gathered, found: &mut Found) {
    match booked(pay_on, company, batch, &gathered.direct) {
        Ok(all) => found.expected.extend(all.into_iter().map(|transfer| (transfer.payment, transfer))),
        Err(refusal) => found.faults.push(format!("company {company} on {pay_on}: {refusal}")),
    }
}

fn check_movements(tx: &mut ReadTx<'_>, tenant: TenantId, found: &mut Found) -> Result<(), DbError> {
    for entry in books::moved(tx, tenant)? {
        let id = entry.transfer.payment;
        match found.expected.remove(&id) {
            Some(wanted) if wanted == entry.transfer => {}
            Some(_) => found.faults.push(format!("the movement {id} is not what its document says")),
            None => found.faults.push(format!("the movement {id} has no document and no adjustment")),
        }
    }
    for (id, wanted) in std::mem::take(&mut found.expected) {
        let (debit, credit) = (wanted.debit, wanted.credit);
        found.faults.push(format!("the movement {id} from {debit} to {credit} is not in the ledger"));
    }
    Ok(())
}

/// The balance that is carried is that of its account, seen from the company.
fn check_carries(tx: &mut ReadTx<'_>, tenant: TenantId, found: &mut Found) -> Result<(), DbError> {
    let mut carries = batches::carries(tx, tenant)?;
    for balance in books::balances(tx, tenant)? {
        let Account::CarriedBalance { company } = balance.account else { continue };
        let carried = carries.remove(&company).unwrap_or_default().get();
        if carried != balance.value_yen.saturating_neg() {
            found.faults.push(format!(
                "company {company} carries {carried} yen, and its account stands at {} yen",
                balance.value_yen
            ));
        }
    }
    for (company, yen) in carries {
        found.faults.push(format!("company {company} carries {} yen, and its account is empty", yen.get()));
    }
    Ok(())
}
