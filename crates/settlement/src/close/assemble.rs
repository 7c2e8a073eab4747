//! Assembling: a pay day's documents, some companies in a unit, each with its movements, its carried balance and its
//! payout; then the pay day's end. A document that is there stays as it is.

use super::report::{Blocked, PayDayReport, Why};
use super::scan::Gathering;
use super::{Plan, Settlement, aside};
use crate::limits;
use crate::rows::batches::{self, Document};
use crate::rows::payouts::{self, PayoutKey};
use crate::rows::windows::CutWindow;
use crate::rows::{adjustments, left_out, payees, terms, windows};
use crate::rules::{
    Gathered, Net, PayDayState, TooLarge, What, batch, batch_hash, is_needed, movement_id, movements,
    payday_hash,
};
use center_base::{Refusal, audit};
use codes::settle;
use jiff::civil::Date;
use payment::{Brand, PaymentId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{DbError, ReadTx, TenantId, Tx};

/// What the documents of a pay day are made of.
pub(super) struct Sheets {
    pub(super) companies: Vec<(String, Gathered)>,
    pub(super) blocked: BTreeMap<String, Why>,
}

/// The sheets with their fees, and companies that only have a balance or an adjustment.
pub(super) fn sheets(
    all: Gathering,
    others: impl IntoIterator<Item = String>,
    blocked_before: &BTreeSet<String>,
) -> Sheets {
    let Gathering { sheets, mut blocked, .. } = all;
    let mut companies = BTreeMap::new();
    for (company, sheet) in sheets {
        match sheet.finish() {
            Ok(gathered) => drop(companies.insert(company, gathered)),
            Err(error) => drop(blocked.entry(company).or_insert_with(|| error.into())),
        }
    }
    for company in others {
        companies.entry(company).or_default();
    }
    for company in companies.keys().filter(|company| blocked_before.contains(*company)) {
        blocked.entry(company.clone()).or_insert(Why::Earlier);
    }
    companies.retain(|company, _| !blocked.contains_key(company));
    Sheets { companies: companies.into_iter().collect(), blocked }
}

/// A company's document by the rules alone; `None`: there is nothing to tell.
pub(super) fn document(
    plan: &Plan,
    pay_on: Date,
    company: &str,
    gathered: &Gathered,
    adjusted: &[Net],
    carried_in: Net,
    bank: &str,
) -> Result<Option<Document>, TooLarge> {
    if !is_needed(&gathered.lines, adjusted, carried_in) {
        return Ok(None);
    }
    let transfer = plan.book.pay_terms(company, pay_on).to_bank(bank, pay_on);
    let batch = batch(&gathered.lines, adjusted, carried_in, &transfer)?;
    let hash = batch_hash(pay_on, company, bank, &gathered.lines, adjusted, &batch);
    let (company, lines, bank) = (company.to_owned(), gathered.lines.clone(), bank.to_owned());
    Ok(Some(Document { company, lines, batch, bank, hash }))
}

/// The ledger's ids of a document's movements; direct brands are counted from zero.
pub(crate) fn booked(
    pay_on: Date,
    company: &str,
    batch: &crate::rules::Batch,
    direct: &[(Brand, Net)],
) -> Result<Vec<ledger::Transfer>, Refusal> {
    let mut directs: u16 = 0;
    let mut all = Vec::new();
    for movement in movements(company, batch, direct) {
        let n = if movement.what == What::Direct { directs } else { 0 };
        directs = directs.saturating_add(u16::from(movement.what == What::Direct));
        let id = movement_id(pay_on, company, movement.what, n);
        all.push(movement.transfer(id).map_err(|error| Refusal::internal(error.to_string()))?);
    }
    Ok(all)
}

/// What became of a company's document.
enum Made {
    /// It is written.
    New,
    /// It was there, or nothing is to be told.
    Nothing,
    /// It cannot be made.
    Blocked(Why),
}

/// Writes one company's document with everything that follows from it.
fn write_one(
    tx: &mut Tx<'_>,
    plan: &Plan,
    pay_on: Date,
    company: &str,
    gathered: &Gathered,
) -> Result<Made, Refusal> {
    let tenant = tx.tenant();
    if batches::is_made(tx, tenant, pay_on, company)? {
        return Ok(Made::Nothing);
    }
    // A balance or an adjustment of now belongs to the next document, not to one in front of the last.
    if batches::has_later(tx, tenant, pay_on, company)? {
        if !gathered.lines.is_empty() {
            return Ok(Made::Blocked(Why::Later));
        }
        return book_direct(tx, plan, pay_on, company, gathered).map(|()| Made::Nothing);
    }
    let approved = adjustments::of_company(tx, tenant, company, "")?;
    let adjusted: Vec<Net> = approved.iter().map(|&(_, yen)| yen).collect();
    let carried_in = batches::carry(tx, tenant, company)?;
    let account = payees::payee(tx, tenant, company)?.and_then(|payee| payee.account).unwrap_or_default();
    let document = match document(plan, pay_on, company, gathered, &adjusted, carried_in, &account.bank) {
        Ok(Some(document)) => document,
        Ok(None) => return book_direct(tx, plan, pay_on, company, gathered).map(|()| Made::Nothing),
        Err(error) => return Ok(Made::Blocked(error.into())),
    };
    batches::insert(tx, pay_on, &document)?;
    // An earlier run may have had no document for it, and have booked this alone.
    book_direct(tx, plan, pay_on, company, gathered)?;
    for transfer in booked(pay_on, company, &document.batch, &[])? {
        books::record(tx, &transfer)?;
    }
    for (id, _) in approved {
        adjustments::take(tx, id, pay_on)?;
    }
    batches::put_carry(tx, company, document.batch.carried_out)?;
    if !document.batch.paid.is_zero() {
        let key = PayoutKey { pay_on, company: company.to_owned(), try_no: 1 };
        payouts::add(tx, &key, document.batch.paid.get(), &account, "")?;
    }
    Ok(Made::New)
}

/// What the brands owe a company directly is booked out, once, with its document or without one.
fn book_direct(
    tx: &mut Tx<'_>,
    plan: &Plan,
    pay_on: Date,
    company: &str,
    gathered: &Gathered,
) -> Result<(), Refusal> {
    let transfer = plan.book.pay_terms(company, pay_on).to_bank("", pay_on);
    let empty =
        batch(&[], &[], Net::ZERO, &transfer).map_err(|error| Refusal::internal(error.to_string()))?;
    let tenant = tx.tenant();
    for transfer in booked(pay_on, company, &empty, &gathered.direct)? {
        if books::of_payment(tx, tenant, transfer.payment)?.is_empty() {
            books::record(tx, &transfer)?;
        }
    }
    Ok(())
}

/// The companies without items that may have a document nevertheless.
pub(super) fn others(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Vec<String>, DbError> {
    let mut all = adjustments::companies(tx, tenant)?;
    all.extend(batches::carries(tx, tenant)?.into_keys());
    Ok(all)
}

/// The windows of a pay day are those that were scanned: another center may have cut one more since.
fn check_windows(tx: &mut Tx<'_>, pay_on: Date, scanned: &[CutWindow]) -> Result<(), Refusal> {
    let tenant = tx.tenant();
    let now = windows::windows(tx, tenant)?;
    if now.iter().filter(|window| window.pay_on == pay_on).eq(scanned) {
        Ok(())
    } else {
        Err(Refusal::internal(format!(
            "a window was cut for {pay_on} while it was closed; it is closed anew"
        )))
    }
}

/// The end of a pay day: counted, summed, hashed; what waits is kept. With companies left out it ends only where a
/// person has said that it may.
fn end(
    tx: &mut Tx<'_>,
    pay_on: Date,
    windows: &[CutWindow],
    waiting: &[windows::Waiting],
    left_out: usize,
    by: &str,
) -> Result<(), Refusal> {
    let tenant = tx.tenant();
    check_windows(tx, pay_on, windows)?;
    let Some(day) = batches::pay_day(tx, tenant, pay_on)? else { return Ok(()) };
    if day.state != PayDayState::Closing {
        return if left_out == 0 { Ok(batches::complete(tx, pay_on)?) } else { Ok(()) };
    }
    windows::put_waiting(tx, windows, waiting)?;
    if left_out > 0 && day.without.is_empty() {
        return Ok(());
    }
    let made = batches::sums(tx, tenant, pay_on)?;
    // A tenant's sum may have more digits than a company's.
    let paid_yen = made.iter().fold(0_i64, |sum, (paid, _)| sum.saturating_add(paid.get()));
    let hash = payday_hash(pay_on, made.iter().map(|&(_, hash)| hash));
    let documents = i64::try_from(made.len()).unwrap_or(i64::MAX);
    let left = i64::try_from(left_out).unwrap_or(i64::MAX);
    batches::close(tx, pay_on, (documents, paid_yen, left), &hash, by)?;
    let about = format!("pay day {pay_on}");
    let detail = serde_json::json!({
        "documents": documents, "paid_yen": paid_yen, "waiting": waiting.len(), "left_out": left_out,
    });
    Ok(audit::record(tx, &audit::Act { who: by, what: "pay_day_closed", about: &about, detail })?)
}

/// Some companies' documents in one unit: how many are new, and who cannot have one.
fn write_some<'a>(
    tx: &mut Tx<'_>,
    plan: &Plan,
    (pay_on, notice_on): (Date, Date),
    companies: impl Iterator<Item = &'a (String, Gathered)>,
) -> Result<(usize, BTreeMap<String, Why>), Refusal> {
    let (tenant, mut new, mut blocked) = (tx.tenant(), 0_usize, BTreeMap::new());
    // A document is made by what stands in its own unit, so that it can be made again.
    if terms::newest(tx, tenant)? != plan.terms_seq {
        return Err(Refusal::internal(format!(
            "terms were entered while {pay_on} was closed; it is closed anew"
        )));
    }
    batches::begin(tx, pay_on, notice_on)?;
    let Some(day) = batches::pay_day(tx, tenant, pay_on)? else { return Ok((0, blocked)) };
    // Another center may have ended it since.
    if day.state != PayDayState::Closing && day.left_out == 0 {
        return Ok((0, blocked));
    }
    for (company, gathered) in companies {
        match write_one(tx, plan, pay_on, company, gathered)? {
            Made::New => new = new.saturating_add(1),
            Made::Nothing => {}
            Made::Blocked(why) => drop(blocked.insert(company.clone(), why)),
        }
    }
    if new > 0 && day.state != PayDayState::Closing {
        batches::reopen(tx, pay_on)?;
        crate::notices::reopen(tx, pay_on)?;
    }
    Ok((new, blocked))
}

impl Settlement {
    /// A person lets a pay day be closed without the companies that are left out; they get their documents when they
    /// can be made, and then the day is approved anew. The next closing ends it.
    pub async fn close_without(&self, who: &str, pay_on: Date, reason: &str) -> Result<(), Refusal> {
        let (who, reason) = (who.to_owned(), crate::rows::checked(reason)?.to_owned());
        let allow = move |tx: &mut Tx<'_>| {
            let tenant = tx.tenant();
            let day = batches::pay_day(tx, tenant, pay_on)?;
            if day.is_none_or(|day| day.state != PayDayState::Closing) {
                return Err(settle::WRONG_STEP.into());
            }
            batches::allow_without(tx, pay_on, &reason)?;
            let detail = serde_json::json!({ "reason": reason });
            let about = format!("pay day {pay_on}");
            Ok(audit::record(tx, &audit::Act { who: &who, what: "pay_day_without", about: &about, detail })?)
        };
        self.base.write(allow).await
    }

    /// Makes what is missing of a pay day's documents, and ends the pay day when no company is left out, or when a
    /// person has said that it may be closed without them.
    pub(super) async fn assemble(
        &self,
        plan: &Arc<Plan>,
        pay_on: Date,
        by: &str,
        blocked_before: &BTreeSet<String>,
    ) -> Result<PayDayReport, Refusal> {
        let tenant = self.base.tenant;
        let windows = plan.of_pay_day(pay_on);
        let notice_on = windows.iter().map(|window| window.notice_on).min().unwrap_or(pay_on);
        let mut all = self.gather(plan, &windows, Vec::new()).await?;
        let waiting = std::mem::take(&mut all.waiting);
        let others = self.base.read(move |tx| Ok(others(tx, tenant)?)).await?;
        let before = blocked_before.clone();
        let Sheets { companies, mut blocked } = aside(move || sheets(all, others, &before)).await?;
        let (companies, mut made, mut from) = (Arc::new(companies), 0_usize, 0_usize);
        while from < companies.len() {
            let (plan, companies, windows) = (Arc::clone(plan), Arc::clone(&companies), windows.clone());
            let write = move |tx: &mut Tx<'_>| {
                if from == 0 {
                    check_windows(tx, pay_on, &windows)?;
                }
                let some = companies.iter().skip(from).take(limits::DOCUMENTS_IN_A_UNIT);
                write_some(tx, &plan, (pay_on, notice_on), some)
            };
            let (new, cannot) = self.base.write(write).await?;
            made = made.saturating_add(new);
            blocked.extend(cannot);
            from = from.saturating_add(limits::DOCUMENTS_IN_A_UNIT);
        }
        let (of_day, still, by, left_out) =
            (windows.clone(), waiting.clone(), by.to_owned(), blocked.clone());
        self.base
            .write(move |tx| {
                // With companies left out the day begins with its first document, which may still be missing.
                if left_out.is_empty() {
                    batches::begin(tx, pay_on, notice_on)?;
                }
                left_out::put(tx, pay_on, &left_out)?;
                end(tx, pay_on, &of_day, &still, left_out.len(), &by)
            })
            .await?;
        let blocked = blocked.into_iter().map(|(company, why)| Blocked { company, why }).collect();
        self.tell(pay_on, made, blocked, waiting.len()).await
    }

    async fn tell(
        &self,
        pay_on: Date,
        made: usize,
        blocked: Vec<Blocked>,
        waiting: usize,
    ) -> Result<PayDayReport, Refusal> {
        let tenant = self.base.tenant;
        let (state, stored) = self
            .base
            .read(move |tx| Ok((batches::state(tx, tenant, pay_on)?, batches::batches(tx, tenant, pay_on)?)))
            .await?;
        let of = |part: fn(&batches::Stored) -> Net| -> i64 {
            stored.iter().fold(0_i64, |sum, stored| sum.saturating_add(part(stored).get()))
        };
        let unpaid_account =
            |stored: &&batches::Stored| !stored.batch.paid.is_zero() && stored.bank.is_empty();
        Ok(PayDayReport {
            pay_on,
            state,
            documents: stored.len(),
            made,
            paid_yen: of(|stored| stored.batch.paid),
            carried_yen: of(|stored| stored.batch.carried_out),
            hash: payday_hash(pay_on, stored.iter().map(|stored| stored.hash)),
            blocked,
            waiting,
            without_account: stored
                .iter()
                .filter(unpaid_account)
                .map(|stored| stored.company.clone())
                .collect(),
        })
    }
}

/// Adjustments by company, for a dry run.
pub(super) type Adjusted = BTreeMap<String, Vec<(PaymentId, Net)>>;
