//! Issuing: a pay day's notices once it is approved, and a notice again after its payout has another account.

use super::facts::{Account, Printed, Source, gives_tax_back, group_name};
use super::originals::Originals;
use super::rows::{self, Issued, New};
use super::{bank_names, issuer};
use crate::close::Settlement;
use crate::limits;
use crate::pay::transfer_day;
use crate::rows::{batches, payees, payouts, today};
use crate::rules::{Line, PayDayState};
use center_base::{CompanyId, Refusal, Scope, audit};
use i18n::Lang;
use jiff::civil::Date;
use notice::Number;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{DbError, ReadTx, TenantId, Tx};

/// The part of the first notice of a document.
const FIRST: u16 = 1;

/// Nine o'clock in Tokyo, when a day's mails begin.
fn mail_from_us(day: Date) -> i64 {
    let at = day.at(limits::NOTICE_FROM_HOUR, 0, 0, 0).to_zoned(clock::tokyo());
    at.map_or(i64::MAX, |at| at.timestamp().as_microsecond())
}

/// A name that fits a notice.
fn fitting(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(notice::limits::LONGEST_TEXT).collect()
}

/// The account as it is printed; `None`: no account is known.
fn masked(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    account: Option<&payees::Account>,
) -> Result<Option<Account>, DbError> {
    let Some(account) = account.filter(|account| !account.bank.is_empty()) else { return Ok(None) };
    let (bank, branch) = bank_names(tx, tenant, &account.bank, &account.branch)?;
    let hidden = account.account.chars().count().saturating_sub(3);
    Ok(Some(Account {
        bank,
        branch,
        // 1 ordinary, 2 current, 4 savings.
        kind: match account.kind.as_str() {
            "1" => "普通",
            "2" => "当座",
            "4" => "貯蓄",
            _ => "その他",
        }
        .to_owned(),
        last_digits: account.account.chars().skip(hidden).collect(),
        holder: account.holder.clone(),
    }))
}

/// What a company's notice prints beside its document, as it is now.
fn printed_now(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    (pay_on, issued_on): (Date, Date),
    payee: &payees::Payee,
    lines: &[Line],
    originals: &Originals,
) -> Result<Printed, DbError> {
    let company = payee.company.as_str();
    let issuer = issuer::issuer(tx, tenant, issued_on)?;
    let known = tenancy::companies(tx, tenant, &Scope::Company(payee.company.clone()))?;
    let name = known.into_iter().next().map_or_else(|| company.to_owned(), |known| known.name);
    let payout = payouts::of_company(tx, tenant, pay_on, company)?.pop();
    let account = payout.and_then(|payout| payout.to).or_else(|| payee.account.clone());
    let name_of = |line: &Line| {
        let code = line.key.group.word();
        (code.to_owned(), group_name(Lang::Ja, code))
    };
    let red = (0_u32..).zip(lines).filter(|(_, line)| gives_tax_back(line));
    Ok(Printed {
        company: fitting(&name),
        contact: fitting(&payee.facts.contact),
        issuer: issuer.name,
        address: issuer.address,
        phone: issuer.phone,
        invoice_reg_no: issuer.invoice_reg_no,
        silence_days: issuer.silence_days,
        groups: lines.iter().map(name_of).collect::<BTreeMap<_, _>>(),
        account: masked(tx, tenant, account.as_ref())?,
        transfer_on: pay_on,
        originals: red.filter_map(|(at, line)| Some((at, originals.of(company, &line.key)?))).collect(),
    })
}

/// The payee; a company without one gets its settlement number now, so that no notice is missing.
fn payee_of(tx: &mut Tx<'_>, company: &str) -> Result<payees::Payee, Refusal> {
    let tenant = tx.tenant();
    if let Some(payee) = payees::payee(tx, tenant, company)? {
        return Ok(payee);
    }
    payees::write_payee(tx, crate::BY_ITSELF, &company.into(), &payees::PayeeFacts::default())?;
    let payee = payees::payee(tx, tenant, company)?;
    payee.ok_or_else(|| Refusal::internal("a payee that was just written is not there"))
}

/// The first number of a company and pay day that nobody uses: a settlement number may have changed hands.
fn free_number(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    wanted: Number,
    part: u16,
) -> Result<(Number, u16), Refusal> {
    let mut part = part;
    while let Some(number) = wanted.with_issue(part) {
        if !rows::is_taken(tx, tenant, number)? {
            return Ok((number, part));
        }
        part = part.saturating_add(1);
    }
    Err(Refusal::bad("there are 999 notices of this settlement number and pay day, and no more"))
}

fn issue_one(
    tx: &mut Tx<'_>,
    pay_on: Date,
    notice_on: Date,
    company: &str,
    originals: &Originals,
) -> Result<(), Refusal> {
    let tenant = tx.tenant();
    let payee = payee_of(tx, company)?;
    let source = Source::load(tx, tenant, pay_on, company)?;
    let issued_on = notice_on.max(today(tx.now_us()));
    let printed = printed_now(tx, tenant, (pay_on, issued_on), &payee, &source.lines, originals)?;
    let wanted = u32::try_from(payee.number).ok().and_then(|number| Number::new(number, FIRST, pay_on));
    let wanted = wanted.ok_or_else(|| Refusal::internal("a settlement number that has not nine digits"))?;
    let number = free_number(tx, tenant, wanted, FIRST)?;
    let day = Day { pay_on, issued_on, due_us: mail_from_us(notice_on) };
    write(tx, company, number, day, source, &printed)
}

/// The days of a notice.
#[derive(Clone, Copy)]
struct Day {
    pay_on: Date,
    issued_on: Date,
    due_us: i64,
}

/// Writes a notice whose figures agree.
fn write(
    tx: &mut Tx<'_>,
    company: &str,
    (number, part): (Number, u16),
    day: Day,
    source: Source,
    printed: &Printed,
) -> Result<(), Refusal> {
    let Day { pay_on, issued_on, due_us } = day;
    let notice = source.notice(number, pay_on, issued_on, printed.clone())?;
    notice.check().map_err(|error| Refusal::internal(format!("notice {number}: {error}")))?;
    let facts_hash = notice.hash();
    rows::add(tx, &New { number, pay_on, company, part, issued_on, printed, facts_hash, due_us })
}

fn is_approved(tx: &mut ReadTx<'_>, tenant: TenantId, pay_on: Date) -> Result<bool, DbError> {
    let state = batches::state(tx, tenant, pay_on)?;
    Ok(matches!(state, PayDayState::Approved | PayDayState::Exported | PayDayState::Paid))
}

/// Issues some of a pay day's notices that are not there yet, of companies behind one. A company whose notice cannot be
/// made is told in the log and keeps nobody else from theirs.
fn issue_some(
    tx: &mut Tx<'_>,
    (pay_on, notice_on): (Date, Date),
    originals: &Originals,
    after: &str,
) -> Result<Run, Refusal> {
    let tenant = tx.tenant();
    if !is_approved(tx, tenant, pay_on)? {
        return Err(Refusal::bad("the pay day is not approved"));
    }
    let companies = rows::missing(tx, tenant, pay_on, after, limits::NOTICES_IN_A_UNIT)?;
    let mut run = Run { last: companies.last().cloned(), ..Run::default() };
    for company in &companies {
        match issue_one(tx, pay_on, notice_on, company, originals) {
            Ok(()) => run.issued = run.issued.saturating_add(1),
            Err(refusal) => {
                tracing::error!(company, %pay_on, %refusal, "a payment notice cannot be issued");
                run.failed = run.failed.saturating_add(1);
            }
        }
    }
    Ok(run)
}

/// What a unit has issued.
#[derive(Default)]
struct Run {
    issued: usize,
    failed: usize,
    /// The last company that was looked at.
    last: Option<String>,
}

/// Issues a notice again after its payout was re-addressed: the same figures with the newest payout's account and the
/// day on which a file that is made now is transferred. Gives its number. Its mail goes out on the notice day, or at
/// once when that has come; that of an earlier part does not go any more.
pub fn reissue(tx: &mut Tx<'_>, who: &str, pay_on: Date, company: &CompanyId) -> Result<Number, Refusal> {
    let tenant = tx.tenant();
    let before: Option<Issued> = rows::newest(tx, tenant, pay_on, company.as_str())?;
    let before = before.ok_or_else(|| Refusal::bad("the document has no notice yet"))?;
    let payout = payouts::of_company(tx, tenant, pay_on, company.as_str())?.pop();
    let payout = payout.ok_or_else(|| Refusal::bad("nothing is transferred for this document"))?;
    let (on, transfer_on) = (today(tx.now_us()), transfer_day(tx, pay_on)?);
    let account = masked(tx, tenant, payout.to.as_ref())?;
    let printed = Printed { account, transfer_on, ..before.printed.clone() };
    let (number, part) = free_number(tx, tenant, before.number, before.part.saturating_add(1))?;
    let source = Source::load(tx, tenant, pay_on, company.as_str())?;
    let notice_on = batches::pay_day(tx, tenant, pay_on)?.map_or(on, |day| day.notice_on);
    let due_us = mail_from_us(notice_on).max(tx.now_us());
    let day = Day { pay_on, issued_on: on.max(notice_on), due_us };
    write(tx, company.as_str(), (number, part), day, source, &printed)?;
    rows::forget_older(tx, pay_on, company.as_str(), part)?;
    let detail = serde_json::json!({ "company": company, "before": before.number.to_string() });
    let about = format!("notice {number}");
    audit::record(tx, &audit::Act { who, what: "notice_reissued", about: &about, detail })?;
    Ok(number)
}

/// A payout got another account: its notice, where there is one that prints another, is issued again.
pub(crate) fn readdressed(
    tx: &mut Tx<'_>,
    who: &str,
    pay_on: Date,
    company: &str,
    to: &payees::Account,
) -> Result<(), Refusal> {
    let tenant = tx.tenant();
    let Some(before) = rows::newest(tx, tenant, pay_on, company)? else { return Ok(()) };
    if masked(tx, tenant, Some(to))? != before.printed.account {
        reissue(tx, who, pay_on, &company.into())?;
    }
    Ok(())
}

impl Settlement {
    /// Issues the notices of every approved pay day that has not all of them, and tells how many are new.
    pub async fn issue_notices(&self) -> Result<usize, Refusal> {
        let tenant = self.base.tenant;
        let mut new = 0_usize;
        for (pay_on, notice_on) in self.base.read(move |tx| Ok(rows::ready(tx, tenant)?)).await? {
            let originals = Arc::new(self.originals(pay_on).await?);
            let (mut after, mut failed) = (String::new(), 0_usize);
            loop {
                let (originals, from) = (Arc::clone(&originals), after.clone());
                let some = move |tx: &mut Tx<'_>| issue_some(tx, (pay_on, notice_on), &originals, &from);
                let run = self.base.write(some).await?;
                new = new.saturating_add(run.issued);
                failed = failed.saturating_add(run.failed);
                let Some(last) = run.last else { break };
                after = last;
            }
            if failed == 0 {
                self.base.write(move |tx| Ok(rows::all_issued(tx, pay_on)?)).await?;
            }
        }
        Ok(new)
    }
}
