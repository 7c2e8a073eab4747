//! Whether payments and book tell the same story, and what is still open: for `verify` and `export`.

use crate::payment_columns;
use crate::refund;
use crate::row::{Payment, payment_row};
use crate::step::Standing;
use codes::MoneyTaken;
use ledger::{Account, Kind, Transfer};
use payment::{PaymentId, StateName};
use serde::Serialize;
use std::collections::BTreeSet;
use store::{DbError, Inconsistent, ReadTx, TenantId, params};

pub(crate) const AFTER: &str = concat!(
    "SELECT ",
    payment_columns!(),
    " FROM payment WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3"
);
pub(crate) const STRAYS: &str = "SELECT transfer.payment FROM transfer
       LEFT JOIN payment ON payment.tenant = transfer.tenant AND payment.id = transfer.payment
       LEFT JOIN refund ON refund.tenant = transfer.tenant AND refund.id = transfer.payment
      WHERE transfer.tenant = $1 AND transfer.kind <> 'moved'
        AND payment.id IS NULL AND refund.id IS NULL ORDER BY transfer.payment";

/// Rows that are read at a time.
const ROWS: i64 = 500;

/// Hands over every payment in the order of ids.
pub fn each_payment(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    mut each: impl FnMut(&mut ReadTx<'_>, Payment) -> Result<(), DbError>,
) -> Result<(), DbError> {
    let mut last = [0; 16];
    loop {
        let page = tx.query_all(AFTER, params![tenant, &last, ROWS], payment_row)?;
        let Some(newest) = page.last() else { return Ok(()) };
        last = *newest.id.bytes();
        for payment in page {
            each(tx, payment)?;
        }
    }
}

/// A payment that somebody still waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Open {
    /// Which.
    pub payment: PaymentId,
    /// Its state.
    pub state: StateName,
    /// What the network must still acknowledge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<&'static str>,
    /// For how long it has stood so, whole seconds.
    pub age_s: i64,
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// How many payments were looked at.
    pub payments: u64,
    /// How many voids, returns and refunds.
    pub refunds: u64,
    /// Value taken by approvals, less what was given back, whole yen.
    pub taken_yen: i64,
    /// Every disagreement as a sentence.
    pub faults: Vec<String>,
    /// What is open, oldest id first.
    pub open: Vec<Open>,
}

/// Compares every payment with its transfers, and every transfer with its payment.
pub fn check(tx: &mut ReadTx<'_>, tenant: TenantId, now_us: i64) -> Result<Found, DbError> {
    let mut found = Found::default();
    let mut voids = BTreeSet::new();
    each_payment(tx, tenant, |tx, payment| {
        found.payments = found.payments.saturating_add(1);
        if payment.standing.state.name().money_taken() == MoneyTaken::Yes && !payment.standing.voided {
            let kept = payment.amount.get().saturating_sub(payment.refunded.get());
            found.taken_yen = found.taken_yen.saturating_add(kept);
        }
        refunds(tx, tenant, &payment, now_us, &mut found)?;
        if payment.standing.voided {
            voids.insert(payment.void_id());
        }
        postings(tx, tenant, &payment, &mut found.faults)?;
        waits((payment.id, &payment.standing, payment.changed_at_us), now_us, &mut found);
        Ok(())
    })?;
    let strays = tx.query_all(STRAYS, params![tenant], |row| {
        PaymentId::from_bytes(row.bytes(0)?)
            .map_err(|_| Inconsistent::new("transfer.payment", "sixteen bytes").into())
    })?;
    let strays = strays.into_iter().filter(|id| !voids.contains(id));
    found.faults.extend(strays.map(|id| format!("a transfer of {id} has no payment")));
    Ok(found)
}

/// Each refund with its transfer, and both with what the payment says was given back.
fn refunds(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    payment: &Payment,
    now_us: i64,
    found: &mut Found,
) -> Result<(), DbError> {
    let refunds = refund::of_payment(tx, tenant, payment.id)?;
    if !refund::sums_fit(payment, &refunds) {
        found
            .faults
            .push(format!("payment {} says that other sums were given back than its refunds", payment.id));
    }
    if payment.refunded.get().saturating_add(payment.refunding.get()) > payment.amount.get() {
        found.faults.push(format!("more is given back of payment {} than was paid", payment.id));
    }
    for refund in &refunds {
        found.refunds = found.refunds.saturating_add(1);
        let entries = books::of_payment(tx, tenant, refund.id)?;
        let brand = payment.brand().map_or("", payment::Brand::word);
        let wanted = Transfer::refund(refund.id, brand, payment.company.as_str(), refund.amount).ok();
        let booked: Vec<_> = entries.iter().map(|entry| Some(entry.transfer.clone())).collect();
        let sound = match refund.standing.state.name() {
            StateName::Approved => booked == [wanted],
            _ => booked.is_empty(),
        };
        if !sound {
            let state = refund.standing.state.name().word();
            found.faults.push(format!("refund {} is {state}, and its transfer is not that", refund.id));
        }
        waits((refund.id, &refund.standing, refund.changed_at_us), now_us, found);
    }
    Ok(())
}

fn postings(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    payment: &Payment,
    faults: &mut Vec<String>,
) -> Result<(), DbError> {
    let standing = &payment.standing;
    let wanted: &[Kind] = match (standing.state.name(), standing.completion_follows) {
        (StateName::Approved, false) => &[Kind::Posted],
        (StateName::Approved, true) => &[Kind::Pending, Kind::PostPending],
        (StateName::Authorized, _) => &[Kind::Pending],
        (StateName::Released, _) => &[Kind::Pending, Kind::ReleasePending],
        _ => &[],
    };
    let brand = payment.brand().map(|brand| brand.word().to_owned()).unwrap_or_default();
    let receivable = Account::NetworkReceivable { brand };
    let payable = Account::MerchantPayable { company: payment.company.as_str().to_owned() };
    let entries = books::of_payment(tx, tenant, payment.id)?;
    let kinds: Vec<Kind> = entries.iter().map(|entry| entry.transfer.kind).collect();
    let (id, state) = (payment.id, standing.state.name().word());
    if kinds != wanted {
        faults.push(format!("payment {id} is {state}, and its transfers are {kinds:?}"));
    }
    let fits = |transfer: &ledger::Transfer, debit: &Account, credit: &Account| {
        transfer.amount == payment.amount && transfer.debit == *debit && transfer.credit == *credit
    };
    if !entries.iter().all(|entry| fits(&entry.transfer, &receivable, &payable)) {
        faults.push(format!("payment {id} has a transfer of another amount or between other accounts"));
    }
    if standing.voided {
        let void = books::of_payment(tx, tenant, payment.void_id())?;
        let sound = matches!(void.as_slice(), [entry]
            if entry.transfer.kind == Kind::Posted && fits(&entry.transfer, &payable, &receivable));
        if !sound {
            faults.push(format!("payment {id} is voided, and no transfer gives its amount back"));
        }
    }
    Ok(())
}

/// What is open must be waited for or told until acknowledged; nothing stands still by itself.
fn waits((id, standing, changed_at_us): (PaymentId, &Standing, i64), now_us: i64, found: &mut Found) {
    let state = standing.state.name();
    let waited_for = matches!(state, StateName::Sent | StateName::Authorized);
    let told = standing.advice.is_some();
    if (waited_for && standing.due_us.is_none()) || (state == StateName::InDoubt && !told) {
        found.faults.push(format!("payment {} is {}, and nobody sees to it", id, state.word()));
    }
    if waited_for || told || state == StateName::InDoubt {
        found.open.push(Open {
            payment: id,
            state,
            advice: standing.advice.map(crate::step::Advice::word),
            age_s: now_us.saturating_sub(changed_at_us).max(0) / 1_000_000,
        });
    }
}
