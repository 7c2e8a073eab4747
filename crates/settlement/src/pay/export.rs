//! The bank file of a pay day: everything that cannot be transferred is listed before, and a payout stands
//! in one file only.

use super::pay_day;
use crate::Settlement;
use crate::limits;
use crate::rows::batches;
use crate::rows::payees::{self, Payee};
use crate::rows::payouts::{self, BankFile, Payout, PayoutKey};
use crate::rows::remitter::{Head, account_type, remitter};
use crate::rules::{PayDayEvent, PayoutState};
use center_base::{Refusal, audit};
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use store::Tx;
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
    /// Makes the bank file of everything of a pay day that waits and can be transferred. Refused to the person who
    /// approved it.
    pub async fn export(&self, who: &str, pay_on: Date) -> Result<Export, Refusal> {
        let who = who.to_owned();
        self.base.write(move |tx| export(tx, &who, pay_on)).await
    }
}

fn export(tx: &mut Tx<'_>, who: &str, pay_on: Date) -> Result<Export, Refusal> {
    let tenant = tx.tenant();
    let day = pay_day(tx, pay_on)?;
    day.state.next(PayDayEvent::Export).map_err(|no| Refusal::bad(format!("the pay day {no}")))?;
    if day.approved_by == who {
        return Err(Refusal::bad("the bank file must be made by another person than approved the pay day"));
    }
    let remitter = remitter(tx, tenant)?.ok_or_else(|| Refusal::bad("no paying account is entered"))?;
    let head = remitter.head().map_err(|why| Refusal::bad(format!("the paying account: {why}")))?;
    let (ready, left_out) = sort(tx, pay_on, &head)?;
    if ready.is_empty() {
        if left_out.is_empty() {
            return Err(Refusal::bad("no payout of this pay day waits"));
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

/// What can be transferred, with its payout, by company; and what cannot.
type Sorted = (Vec<(Payout, Transfer)>, Vec<LeftOut>);

/// A payout that had no account when its document was made takes the one that is confirmed now.
fn sort(tx: &mut Tx<'_>, pay_on: Date, head: &Head) -> Result<Sorted, Refusal> {
    let tenant = tx.tenant();
    let all = payees::payees(tx, tenant)?;
    let all: BTreeMap<&str, &Payee> = all.iter().map(|payee| (payee.company.as_str(), payee)).collect();
    let (mut ready, mut left_out) = (Vec::new(), Vec::new());
    let waits = |payout: &Payout| payout.state == PayoutState::Waiting;
    for mut payout in payouts::of_day(tx, tenant, pay_on)?.into_iter().filter(waits) {
        let payee = all.get(payout.key.company.as_str()).copied();
        if let (None, Some(account)) = (&payout.to, payee.and_then(|payee| payee.account.as_ref())) {
            payouts::address(tx, &payout.key, account)?;
            payout.to = Some(account.clone());
        }
        match transfer(&payout, payee, head) {
            Ok(transfer) => ready.push((payout, transfer)),
            Err(why) => left_out.push(LeftOut { yen: payout.yen, key: payout.key, why }),
        }
    }
    Ok((ready, left_out))
}

/// A payout as the bank file has it, or why it cannot be.
fn transfer(payout: &Payout, payee: Option<&Payee>, head: &Head) -> Result<Transfer, String> {
    let to = payout.to.as_ref().ok_or("no account is confirmed")?;
    let payee = payee.ok_or("the company has no settlement number")?;
    let amount_yen = u64::try_from(payout.yen).unwrap_or(0);
    if !(1..=zengin::limits::AMOUNT_MOST_YEN).contains(&amount_yen) {
        return Err("the amount has more than ten digits".to_owned());
    }
    let holder = zengin::holder::holder_by(&to.holder, head.stop).map_err(|why| why.to_string())?;
    let odd = "the account is not written as it must be";
    let code = |number: u64| CustomerCode::new(number);
    let day = payout.key.pay_on.strftime("%Y%m%d").to_string();
    Ok(Transfer {
        to: zengin::Account {
            bank: BankNo::parse_whole(&to.bank).ok_or(odd)?,
            bank_name: Kana::default(),
            branch: BranchNo::parse_whole(&to.branch).ok_or(odd)?,
            branch_name: Kana::default(),
            account_type: account_type(&to.kind).ok_or(odd)?,
            number: AccountNo::parse_whole(&to.account).ok_or(odd)?,
        },
        payee: holder.name,
        amount_yen,
        new_code: NewCode::Other,
        reference: Reference::Codes {
            first: u64::try_from(payee.number).ok().and_then(code),
            second: day.parse().ok().and_then(code),
        },
    })
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
    let all = Transfers {
        requester: head.requester,
        requester_name: head.name.clone(),
        pay_day: pay_on.into(),
        from: head.from.clone(),
        transfers: ready.iter().map(|(_, transfer)| transfer.clone()).collect(),
    };
    let made = if one_each {
        zengin::write_each(&all, &head.options)
    } else {
        zengin::write(&all, &head.options).map(|bytes| vec![bytes])
    };
    let made = made.map_err(|unfit| {
        let listed: Vec<String> = unfit.iter().take(limits::LISTED).map(ToString::to_string).collect();
        Refusal::bad(format!("the bank file cannot be made: {}", listed.join("; ")))
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
            items: i64::try_from(transfers.len()).unwrap_or(i64::MAX),
            yen: i64::try_from(yen).unwrap_or(i64::MAX),
            hash: Sha256::digest(&bytes).into(),
            made_by: who.to_owned(),
            made_us,
            paid_by: String::new(),
            paid_us: None,
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
