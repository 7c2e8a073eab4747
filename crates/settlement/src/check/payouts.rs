//! Payouts: a document's sum is in one try at a time, a bank file has what its payouts say, and what is in transit in the
//! ledger is what the open payouts say.

use super::Found;
use crate::pay::{of_try, pairs};
use crate::rows::payouts::{self, Payout};
use crate::rules::{Movement, Net, PayoutState};
use jiff::civil::Date;
use ledger::Account;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use store::{DbError, ReadTx, TenantId};

/// The payouts and bank files of a pay day; `payable` has what each company's document pays.
pub(super) fn check_day(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    pay_on: Date,
    mut payable: BTreeMap<String, i64>,
    found: &mut Found,
) -> Result<(), DbError> {
    let mut tries: BTreeMap<String, Vec<Payout>> = BTreeMap::new();
    let mut files: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for payout in payouts::of_day(tx, tenant, pay_on)? {
        expect(&payout, found);
        if !payout.file.is_empty() {
            let sum = files.entry(payout.file.clone()).or_default();
            *sum = (sum.0.saturating_add(1), sum.1.saturating_add(payout.yen));
        }
        tries.entry(payout.key.company.clone()).or_default().push(payout);
    }
    for (company, tries) in &tries {
        let yen = payable.remove(company).unwrap_or(0);
        if !is_chain(tries, yen) {
            let what = format!("the payouts of company {company} on {pay_on} are not what its document says");
            found.faults.push(what);
        }
    }
    payable.retain(|_, yen| *yen != 0);
    for company in payable.keys() {
        found.faults.push(format!("the document of company {company} on {pay_on} has no payout"));
    }
    check_files(tx, tenant, pay_on, files, found)
}

/// One try after the other, each of the whole sum, and all but the last replaced.
fn is_chain(tries: &[Payout], yen: i64) -> bool {
    let last = tries.len().saturating_sub(1);
    (0_usize..).zip(tries).all(|(place, payout)| {
        usize::from(payout.key.try_no) == place.saturating_add(1)
            && payout.yen == yen
            && (payout.state == PayoutState::Replaced) == (place != last)
            && is_filed(payout)
    })
}

/// What went to the bank stands in a file, and what did not does not.
fn is_filed(payout: &Payout) -> bool {
    match payout.state {
        PayoutState::Waiting | PayoutState::Held => payout.file.is_empty() && payout.paid_us.is_none(),
        PayoutState::Exported => !payout.file.is_empty() && payout.paid_us.is_none(),
        PayoutState::Paid => !payout.file.is_empty() && payout.paid_us.is_some(),
        PayoutState::Returned | PayoutState::Carried => !payout.file.is_empty(),
        // Before the export, or after a return.
        PayoutState::Replaced => !payout.file.is_empty() || payout.paid_us.is_none(),
    }
}

/// What the ledger must have of a payout beside its document's movements.
fn expect(payout: &Payout, found: &mut Found) {
    let company = &payout.key.company;
    let Ok(yen) = Net::new(payout.yen) else {
        found.faults.push(format!("the payout {} has more than twelve digits", payout.key));
        return;
    };
    let is_with_payee = payout.state == PayoutState::Paid;
    let is_carried = matches!(payout.state, PayoutState::Held | PayoutState::Carried);
    let mut movements = Vec::new();
    for round in (0..=payout.rounds).take_while(|_| payout.paid_us.is_some()) {
        movements.push((round, Movement::paid(company, yen)));
        if round < payout.rounds || !is_with_payee {
            movements.push((round, Movement::unpaid(company, yen)));
        }
    }
    movements.extend(is_carried.then(|| (payout.rounds, Movement::to_carry(company, yen))));
    for (round, movement) in movements {
        let id = of_try(&payout.key, round, movement.what);
        if let Ok(transfer) = movement.transfer(id) {
            found.expected.insert(id, transfer);
        }
    }
}

fn check_files(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    pay_on: Date,
    mut sums: BTreeMap<String, (i64, i64)>,
    found: &mut Found,
) -> Result<(), DbError> {
    for file in payouts::files_of_day(tx, tenant, pay_on)? {
        let bytes = payouts::bytes(tx, tenant, &file.number)?.unwrap_or_default();
        let hash: [u8; 32] = Sha256::digest(&bytes).into();
        if hash != file.hash {
            found.faults.push(format!("the bank file {} is not what was made", file.number));
        }
        // The payouts of a rejected file wait again, or stand in another one.
        let sum = sums.remove(&file.number);
        let expected = file.rejected_us.is_none().then_some((file.items, file.yen));
        let agrees = file.rejected_us.is_some() || pairs(tx, tenant, &file)?.is_some();
        if sum != expected || !agrees {
            found.faults.push(format!("the bank file {} has other transfers than payouts", file.number));
        }
    }
    for number in sums.keys() {
        found.faults.push(format!("payouts stand in a bank file {number} that there is none of"));
    }
    Ok(())
}

/// What is in transit is what the open payouts say.
pub(super) fn check_in_transit(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    found: &mut Found,
) -> Result<(), DbError> {
    let mut open: BTreeMap<String, i64> = BTreeMap::new();
    for payout in payouts::open(tx, tenant)? {
        let sum = open.entry(payout.key.company).or_default();
        *sum = sum.saturating_add(payout.yen);
    }
    for balance in books::balances(tx, tenant)? {
        let Account::PayoutInTransit { company } = balance.account else { continue };
        let on_its_way = open.remove(&company).unwrap_or(0);
        if on_its_way != balance.value_yen.saturating_neg() {
            found.faults.push(format!(
                "company {company} has payouts of {on_its_way} yen on their way, and its account in transit \
                 stands at {} yen",
                balance.value_yen
            ));
        }
    }
    for (company, yen) in open {
        found.faults.push(format!("company {company} has payouts of {yen} yen that the ledger has not"));
    }
    Ok(())
}
