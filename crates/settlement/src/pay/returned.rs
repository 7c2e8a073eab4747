//! Transfers that came back (組戻し, X-093): entered one by one or as a file, and then paid to another account or carried
//! into the next document.

use super::paid::has_come;
use super::{book, known, note, to_carry};
use crate::Settlement;
use crate::limits;
use crate::rows::payouts::{self, BankFile, Payout, PayoutKey};
use crate::rows::{checked, payees, today};
use crate::rules::{Movement, PayoutEvent, PayoutState};
use center_base::{Refusal, audit};
use codes::settle;
use sha2::{Digest as _, Sha256};
use store::{DbError, ReadTx, TenantId, Tx};
use zengin::returned::{Reason, Returned, ReturnedFile};

/// What a returned file brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TakenBack {
    /// Transfers that came back.
    pub transfers: usize,
    /// Their sum, whole yen.
    pub yen: u64,
    /// False: the same file was taken before, and nothing changed.
    pub is_new: bool,
}

impl Settlement {
    /// A transfer came back: its sum is on its way again until a person says where to.
    pub async fn returned(&self, who: &str, key: PayoutKey, reason: &str) -> Result<(), Refusal> {
        let (who, reason) = (who.to_owned(), checked(reason)?.to_owned());
        let back = move |tx: &mut Tx<'_>| {
            let payout = known(tx, &key)?;
            come_back(tx, &who, &payout, &reason)
        };
        self.base.write(back).await
    }

    /// Takes a returned file (docs/networks/returned-file.md) whole, or refuses it with line and reason.
    pub async fn take_returned_file(&self, who: &str, bytes: Vec<u8>) -> Result<TakenBack, Refusal> {
        let who = who.to_owned();
        self.base.write(move |tx| take_file(tx, &who, &bytes)).await
    }

    /// It had not come back after all: said by another person than said that it had.
    pub async fn undo_return(&self, who: &str, key: PayoutKey, reason: &str) -> Result<(), Refusal> {
        let (who, reason) = (who.to_owned(), checked(reason)?.to_owned());
        let undo = move |tx: &mut Tx<'_>| {
            let payout = known(tx, &key)?;
            not_alone(&payout, &who)?;
            undo(tx, &who, &payout, &reason)
        };
        self.base.write(undo).await
    }

    /// Pays a payout that came back, or that waits, to the account that its company has now: the next try. The account
    /// must be another one than before, unless the bank said nothing against it. What came back is decided by another
    /// person than said so.
    pub async fn readdress(&self, who: &str, key: PayoutKey) -> Result<PayoutKey, Refusal> {
        let who = who.to_owned();
        let next = move |tx: &mut Tx<'_>| {
            let (tenant, payout) = (tx.tenant(), known(tx, &key)?);
            let account = payees::payee(tx, tenant, &key.company)?.and_then(|payee| payee.account);
            let account = account.ok_or(settle::NO_ACCOUNT)?;
            let is_for_account =
                payout.state == PayoutState::Waiting || BY_ACCOUNT.contains(&&*payout.reason);
            if is_for_account && payout.to.as_ref() == Some(&account) {
                return Err(settle::SAME_ACCOUNT.into());
            }
            not_alone(&payout, &who)?;
            payouts::step(tx, &payout, PayoutEvent::Readdress, &payout.reason, &who)?;
            let try_no = key.try_no.saturating_add(1);
            if try_no > limits::TRIES {
                return Err(Refusal::from(settle::WRONG_STEP).detail("too many tries"));
            }
            let next = PayoutKey { try_no, ..key.clone() };
            payouts::add(tx, &next, payout.yen, &account, &who)?;
            crate::notices::readdressed(tx, &who, next.pay_on, &next.company, &account)?;
            note(tx, &who, "payout_readdressed", &payout, "")?;
            Ok(next)
        };
        self.base.write(next).await
    }

    /// The next document of the company takes the sum of a payout that came back, by another person than said so.
    pub async fn carry(&self, who: &str, key: PayoutKey) -> Result<(), Refusal> {
        let who = who.to_owned();
        let carry = move |tx: &mut Tx<'_>| {
            let payout = known(tx, &key)?;
            not_alone(&payout, &who)?;
            payouts::step(tx, &payout, PayoutEvent::Carry, &payout.reason, &who)?;
            to_carry(tx, &payout)?;
            note(tx, &who, "payout_carried", &payout, "")
        };
        self.base.write(carry).await
    }
}

fn come_back(tx: &mut Tx<'_>, who: &str, payout: &Payout, reason: &str) -> Result<(), Refusal> {
    let tenant = tx.tenant();
    if let Some(file) = payouts::file(tx, tenant, &payout.file)? {
        has_come(tx, &file)?;
    }
    payouts::step(tx, payout, PayoutEvent::Return, reason, who)?;
    if payout.paid_us.is_some() {
        book(tx, payout, payout.rounds, Movement::unpaid)?;
    }
    note(tx, who, "payout_returned", payout, reason)
}

/// What came back is decided by two: a slip of one must not pay twice.
fn not_alone(payout: &Payout, who: &str) -> Result<(), Refusal> {
    if payout.state == PayoutState::Returned && payout.changed_by == who {
        return Err(settle::OWN_RETURN.into());
    }
    Ok(())
}

fn undo(tx: &mut Tx<'_>, who: &str, payout: &Payout, reason: &str) -> Result<(), Refusal> {
    payouts::step(tx, payout, PayoutEvent::Undo, reason, who)?;
    let tenant = tx.tenant();
    if payout.paid_us.is_some() {
        book(tx, payout, payout.rounds.saturating_add(1), Movement::paid)?;
    } else if payouts::file(tx, tenant, &payout.file)?.is_some_and(|file| file.paid_us.is_some()) {
        // The file was transferred while this one counted as returned.
        let again = known(tx, &payout.key)?;
        payouts::step(tx, &again, PayoutEvent::Pay, reason, who)?;
        book(tx, &again, again.rounds, Movement::paid)?;
    }
    note(tx, who, "payout_not_returned", payout, reason)
}

fn take_file(tx: &mut Tx<'_>, who: &str, bytes: &[u8]) -> Result<TakenBack, Refusal> {
    let file =
        zengin::returned::read(bytes).map_err(|bad| Refusal::bad(format!("the returned file, {bad}")))?;
    let hash: [u8; 32] = Sha256::digest(bytes).into();
    let transfers = file.returned.len();
    let yen = file.returned.iter().map(|row| row.amount_yen).fold(0, u64::saturating_add);
    if !payouts::take_returned(tx, &hash, transfers)? {
        return Ok(TakenBack { transfers, yen, is_new: false });
    }
    let (tenant, of_file) = (tx.tenant(), in_file(tx, &file)?);
    // Line 1 is the head.
    for (line, row) in (2_usize..).zip(&file.returned) {
        let bad = |why: &str| Refusal::bad(format!("the returned file, line {line}: {why}"));
        let found = of_file.iter().find(|(_, transfer)| is_of(row, transfer));
        let (payout, _) = found.ok_or_else(|| bad("the bank file has no such transfer"))?;
        // Entered by hand before.
        if matches!(payout.state, PayoutState::Returned | PayoutState::Replaced | PayoutState::Carried) {
            continue;
        }
        come_back(tx, who, payout, word(row.reason)).map_err(|refusal| bad(&refusal.to_string()))?;
        let account = payees::payee(tx, tenant, &payout.key.company)?.and_then(|payee| payee.account);
        if row.reason == Reason::Closed && account == payout.to {
            payees::set_closed(tx, who, &payout.key.company.as_str().into(), true, "returned by the bank")?;
        }
    }
    let detail = serde_json::json!({ "transfers": transfers, "yen": yen, "on": file.on });
    let about = format!("bank file {}", file.bank_file);
    audit::record(tx, &audit::Act { who, what: "returned_file_taken", about: &about, detail })?;
    Ok(TakenBack { transfers, yen, is_new: true })
}

/// The payouts of the bank file that a returned file names, each with its transfer: they stand in the same order.
fn in_file(tx: &mut Tx<'_>, file: &ReturnedFile) -> Result<Vec<(Payout, zengin::Transfer)>, Refusal> {
    let (tenant, number) = (tx.tenant(), file.bank_file.as_str());
    let bad = |why: String| Refusal::bad(format!("the returned file, line 1: {why}"));
    let known =
        payouts::file(tx, tenant, number)?.ok_or_else(|| bad(format!("there is no bank file {number}")))?;
    if known.rejected_us.is_some() {
        return Err(bad(format!(
            "the bank has not taken the bank file {number}, so nothing of it came back"
        )));
    }
    if file.on < known.transfer_on || file.on > today(tx.now_us()) {
        return Err(bad(format!(
            "{} is before the transfer on {} or still to come",
            file.on, known.transfer_on
        )));
    }
    let pairs = pairs(tx, tenant, &known)?;
    pairs.ok_or_else(|| Refusal::internal(format!("bank file {number} has other transfers than payouts")))
}

/// The payouts of a bank file, each with the transfer that stands for it: they stand in the same order. `None`: the bytes
/// say something else than the payouts.
pub(crate) fn pairs(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    file: &BankFile,
) -> Result<Option<Vec<(Payout, zengin::Transfer)>>, DbError> {
    let bytes = payouts::bytes(tx, tenant, &file.number)?.unwrap_or_default();
    let Ok(read) = zengin::read(&bytes) else { return Ok(None) };
    let transfers: Vec<_> = read.groups.into_iter().flat_map(|group| group.transfers).collect();
    let mut all = payouts::of_day(tx, tenant, file.pay_on)?;
    all.retain(|payout| payout.file == file.number);
    let agree = all.len() == transfers.len()
        && all.iter().zip(&transfers).all(|(payout, transfer)| is_for(payout, transfer));
    Ok(agree.then(|| all.into_iter().zip(transfers).collect()))
}

fn is_for(payout: &Payout, transfer: &zengin::Transfer) -> bool {
    let (to, sent) = (payout.to.as_ref(), &transfer.to);
    let kind = char::from(sent.account_type.digit()).to_string();
    let account = [sent.bank.to_string(), sent.branch.to_string(), kind, sent.number.to_string()];
    u64::try_from(payout.yen) == Ok(transfer.amount_yen)
        && to.is_some_and(|to| [&to.bank, &to.branch, &to.kind, &to.account] == account.each_ref())
}

fn is_of(row: &Returned, transfer: &zengin::Transfer) -> bool {
    let to = &transfer.to;
    let reference = zengin::Reference::Codes { first: row.first, second: row.second };
    (to.bank, to.branch, to.account_type, to.number, transfer.amount_yen)
        == (row.bank, row.branch, row.account_type, row.account, row.amount_yen)
        && transfer.reference == reference
}

/// Reasons against the account itself.
const BY_ACCOUNT: &[&str] = &["no_account", "name", "closed"];

/// What is kept of the bank's reason.
const fn word(reason: Reason) -> &'static str {
    match reason {
        Reason::NoAccount => "no_account",
        Reason::Name => "name",
        Reason::Closed => "closed",
        Reason::Other => "other",
    }
}
