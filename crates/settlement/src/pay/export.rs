//! The bank file of a pay day: everything that cannot be transferred is listed before, and a payout stands
//! in one file only.

use super::pay_day;
use crate::limits;
use crate::payee_check::{PayeeTrouble, troubles_of};
use crate::rows::payees::{self, Payee};
use crate::rows::payouts::{self, BankFile, Payout, PayoutKey};
use crate::rows::remitter::{Head, account_type, remitter};
use crate::rows::{banks, batches, calendar, today};
use crate::rules::{Net, PayDayEvent, PayoutState, Roll};
use crate::{BY_ITSELF, Settlement};
use center_base::{Refusal, audit};
use codes::settle;
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use store::{DbError, ReadTx, TenantId, Tx};
use zengin::{AccountNo, BankNo, BranchNo, CustomerCode, Kana, NewCode, Reference, Transfer, Transfers};

/// What an export did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// The files that were made now; none when nothing could be transferred.
    pub files: Vec<BankFile>,
    /// What still waits, and why.
    pub left_out: Vec<LeftOut>,
}

/// A payout that is in no file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Which.
    pub key: PayoutKey,
    /// Whole yen.
    pub yen: i64,
    /// Why, as a sentence.
    pub why: String,
}

impl Settlement {
    /// Makes the bank file of everything of a pay day that waits and can be transferred. Refused to who approved or
    /// closed it, and to who said that the bank has not taken a file of it.
    pub async fn export(&self, who: &str, pay_on: Date) -> Result<Export, Refusal> {
        let (who, tenant) = (who.to_owned(), self.base.tenant);
        let known = self.base.read(move |tx| Ok(look(tx, tenant, pay_on)?)).await?;
        self.base.write(move |tx| export(tx, &who, pay_on, &known)).await
    }
}

fn export(tx: &mut Tx<'_>, who: &str, pay_on: Date, known: &Known) -> Result<Export, Refusal> {
    let tenant = tx.tenant();
    let day = pay_day(tx, pay_on)?;
    day.state
        .next(PayDayEvent::Export)
        .map_err(|no| Refusal::from(settle::WRONG_STEP).detail(format!("the pay day {no}")))?;
    // What the center closed by itself nobody closed.
    let is_closer = day.closed_by == who && who != BY_ITSELF;
    if day.approved_by == who || is_closer {
        return Err(settle::OWN_APPROVAL.into());
    }
    if payouts::files_of_day(tx, tenant, pay_on)?.iter().any(|file| file.rejected_by == who) {
        return Err(settle::OWN_RETURN.into());
    }
    let on = today(tx.now_us());
    let remitter = remitter(tx, tenant, on)?.ok_or(settle::NO_REMITTER)?;
    let head = remitter
        .head()
        .map_err(|why| Refusal::from(settle::NO_REMITTER).detail(format!("the paying account: {why}")))?;
    let (ready, left_out) = sort(tx, who, pay_on, &head, known)?;
    if ready.is_empty() {
        if left_out.is_empty() {
            return Err(settle::NOTHING_WAITS.into());
        }
        return Ok(Export { files: Vec::new(), left_out });
    }
    let one_each = remitter.layout.one_group_a_file;
    let files = write(tx, who, pay_on, &head, &ready, one_each)?;
    let out: Vec<PayoutKey> = left_out.iter().map(|left| left.key.clone()).collect();
    keep(tx, who, &ready, &out, &files)?;
    batches::step(tx, &day, PayDayEvent::Export, who)?;
    let about = format!("pay day {pay_on}");
    let numbers: Vec<&str> = files.iter().map(|(file, _)| file.number.as_str()).collect();
    let detail =
        serde_json::json!({ "files": numbers, "transfers": ready.len(), "left_out": left_out.len() });
    audit::record(tx, &audit::Act { who, what: "bank_file_made", about: &about, detail })?;
    Ok(Export { files: files.into_iter().map(|(file, _)| file).collect(), left_out })
}

/// Each company that waits: its payee, and the names of its bank and branch or why it cannot be paid.
type Known = BTreeMap<String, (Payee, Result<[Kana; 2], String>)>;

/// Looks everything up before the unit that writes, which must be short: payments wait for it.
fn look(tx: &mut ReadTx<'_>, tenant: TenantId, pay_on: Date) -> Result<Known, DbError> {
    let mut known = Known::new();
    for payout in payouts::of_day(tx, tenant, pay_on)?.into_iter().filter(waits) {
        let company = payout.key.company;
        let Some(payee) = payees::payee(tx, tenant, &company)? else { continue };
        let troubles = troubles_of(tx, tenant, &payee, Net::new(payout.yen).ok())?;
        let mut troubles = troubles.iter().filter(|trouble| !trouble.is_warning()).map(ToString::to_string);
        let found = match troubles.next() {
            Some(first) => Err(troubles.fold(first, |all, next| format!("{all}; {next}"))),
            None => Ok(names(tx, tenant, &payee)?),
        };
        known.insert(company, (payee, found));
    }
    Ok(known)
}

/// The kana of bank and branch; empty without a bank master.
fn names(tx: &mut ReadTx<'_>, tenant: TenantId, payee: &Payee) -> Result<[Kana; 2], DbError> {
    let Some(account) = &payee.account else { return Ok([Kana::default(), Kana::default()]) };
    let bank = banks::bank(tx, tenant, &account.bank)?;
    let branch = banks::branch(tx, tenant, &account.bank, &account.branch)?;
    Ok([bank, branch]
        .map(|named| named.and_then(|named| zengin::kana::bank_name(&named.kana).ok()).unwrap_or_default()))
}

fn waits(payout: &Payout) -> bool {
    payout.state == PayoutState::Waiting
}

/// What can be transferred, with its payout, by company; and what cannot.
type Sorted = (Vec<(Payout, Transfer)>, Vec<LeftOut>);

/// A payout that had no account when its document was made takes the one that is confirmed now.
fn sort(tx: &mut Tx<'_>, who: &str, pay_on: Date, head: &Head, known: &Known) -> Result<Sorted, Refusal> {
    let tenant = tx.tenant();
    let all = payees::payees(tx, tenant)?;
    let now: BTreeMap<&str, &Payee> = all.iter().map(|payee| (payee.company.as_str(), payee)).collect();
    let (mut ready, mut left_out) = (Vec::new(), Vec::new());
    for mut payout in payouts::of_day(tx, tenant, pay_on)?.into_iter().filter(waits) {
        let payee = now.get(payout.key.company.as_str()).copied();
        if let (None, Some(account)) = (&payout.to, payee.and_then(|payee| payee.account.as_ref())) {
            payouts::address(tx, &payout.key, account)?;
            crate::notices::readdressed(tx, who, pay_on, &payout.key.company, account)?;
            payout.to = Some(account.clone());
        }
        let looked_up = known.get(&payout.key.company);
        // Who sent it to another account does not make the file as well.
        let is_own = payout.key.try_no > 1 && payout.changed_by == who;
        let made = match (payee, looked_up) {
            _ if is_own => {
                Err("it was given another account by who makes this file: another person must".to_owned())
            }
            (None, _) => Err(PayeeTrouble::NoPayee.to_string()),
            (Some(payee), Some((before, found))) if payee == before => match found {
                Ok(names) => transfer(&payout, payee, head, names),
                Err(why) => Err(why.clone()),
            },
            _ => Err("the payee was changed in this moment; make the file again".to_owned()),
        };
        match made {
            Ok(transfer) => ready.push((payout, transfer)),
            Err(why) => left_out.push(LeftOut { yen: payout.yen, key: payout.key, why }),
        }
    }
    Ok((ready, left_out))
}

/// A payout as the bank file has it, or why it cannot be.
fn transfer(
    payout: &Payout,
    payee: &Payee,
    head: &Head,
    [bank, branch]: &[Kana; 2],
) -> Result<Transfer, String> {
    let to = payout.to.as_ref().ok_or_else(|| PayeeTrouble::NoAccount.to_string())?;
    if payee.account.as_ref() != Some(to) {
        return Err("another account is confirmed since: pay to that one".to_owned());
    }
    let holder = zengin::holder::holder_by(&to.holder, head.stop).map_err(|why| why.to_string())?;
    let odd = "the account is not written as it must be";
    let code = |number: u64| CustomerCode::new(number);
    let day = payout.key.pay_on.strftime("%Y%m%d").to_string();
    Ok(Transfer {
        to: zengin::Account {
            bank: BankNo::parse_whole(&to.bank).ok_or(odd)?,
            bank_name: bank.clone(),
            branch: BranchNo::parse_whole(&to.branch).ok_or(odd)?,
            branch_name: branch.clone(),
            account_type: account_type(&to.kind).ok_or(odd)?,
            number: AccountNo::parse_whole(&to.account).ok_or(odd)?,
        },
        payee: holder.name,
        amount_yen: u64::try_from(payout.yen).unwrap_or(0),
        new_code: NewCode::Other,
        reference: Reference::Codes {
            first: u64::try_from(payee.number).ok().and_then(code),
            second: day.parse().ok().and_then(code),
        },
    })
}

/// The pay day, on which the banks may be closed since; for what is decided on it or later, the next bank business day.
pub(crate) fn transfer_day(tx: &mut Tx<'_>, pay_on: Date) -> Result<Date, Refusal> {
    let (tenant, now) = (tx.tenant(), today(tx.now_us()));
    let first = if now < pay_on { pay_on } else { now.tomorrow().unwrap_or(now) };
    Ok(calendar::calendar(tx, tenant)?.roll(first, Roll::Next))
}

/// The files with their rows. Each is read back: what the bank will read is what is booked.
fn write(
    tx: &mut Tx<'_>,
    who: &str,
    pay_on: Date,
    head: &Head,
    ready: &[(Payout, Transfer)],
    one_each: bool,
) -> Result<Vec<(BankFile, Vec<u8>)>, Refusal> {
    let (tenant, made_us) = (tx.tenant(), tx.now_us());
    let transfer_on = transfer_day(tx, pay_on)?;
    let all = Transfers {
        requester: head.requester,
        requester_name: head.name.clone(),
        pay_day: transfer_on.into(),
        from: head.from.clone(),
        transfers: ready.iter().map(|(_, transfer)| transfer.clone()).collect(),
    };
    let made = if one_each {
        zengin::write_each(&all, &head.options)
    } else {
        zengin::write(&all, &head.options).map(|bytes| vec![bytes])
    };
    let made = made.map_err(|unfit| {
        let of = |one: &zengin::Unfit| {
            let payout = one.transfer.and_then(|at| ready.get(at)).map(|(payout, _)| payout.key.to_string());
            let why = zengin::Unfit { transfer: None, why: one.why };
            format!("{}: {why}", payout.unwrap_or_else(|| "the file".to_owned()))
        };
        let listed: Vec<String> = unfit.iter().take(limits::LISTED).map(of).collect();
        Refusal::from(settle::UNFIT).detail(listed.join("; "))
    })?;
    let before = payouts::files_of_day(tx, tenant, pay_on)?.len();
    let (mut files, mut seen) = (Vec::new(), Vec::new());
    for (n, bytes) in (1_usize..).zip(made) {
        let read = zengin::read(&bytes)
            .map_err(|wrong| Refusal::internal(format!("the bank file that was made: {wrong}")))?;
        let transfers: Vec<Transfer> = read.groups.into_iter().flat_map(|group| group.transfers).collect();
        let yen: u64 = transfers.iter().map(|transfer| transfer.amount_yen).fold(0, u64::saturating_add);
        let file = BankFile {
            number: format!("{}-{}", pay_on.strftime("%Y%m%d"), before.saturating_add(n)),
            pay_on,
            transfer_on,
            items: i64::try_from(transfers.len()).unwrap_or(i64::MAX),
            yen: i64::try_from(yen).unwrap_or(i64::MAX),
            hash: Sha256::digest(&bytes).into(),
            made_by: who.to_owned(),
            made_us,
            paid_by: String::new(),
            paid_us: None,
            rejected_by: String::new(),
            rejected_us: None,
            reason: String::new(),
        };
        seen.extend(transfers);
        files.push((file, bytes));
    }
    if seen != all.transfers {
        return Err(Refusal::internal("the bank file that was made has other transfers than payouts"));
    }
    Ok(files)
}

/// Writes the files' rows, and into each payout the file in which it stands.
fn keep(
    tx: &mut Tx<'_>,
    who: &str,
    ready: &[(Payout, Transfer)],
    left_out: &[PayoutKey],
    files: &[(BankFile, Vec<u8>)],
) -> Result<(), Refusal> {
    let (mut from, mut before) = (0_usize, None::<&BankFile>);
    for (file, bytes) in files {
        payouts::add_file(tx, file, bytes)?;
        match (before, ready.get(from)) {
            (Some(before), Some((first, _))) => {
                let company = &first.key.company;
                payouts::move_file(tx, file.pay_on, &before.number, &file.number, company)?;
            }
            _ => payouts::export(tx, file.pay_on, &file.number, left_out, who)?,
        }
        from = from.saturating_add(usize::try_from(file.items).unwrap_or(usize::MAX));
        before = Some(file);
    }
    Ok(())
}
