//! Whether payments and book tell the same story, and what is still open: for `verify` and `export`.

use crate::payment_columns;
use crate::row::{Payment, payment_row};
use codes::MoneyTaken;
use ledger::{Account, Kind};
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
      WHERE transfer.tenant = $1 AND payment.id IS NULL ORDER BY transfer.payment";

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
            found.taken_yen = found.taken_yen.saturating_add(payment.amount.get());
        }
        if payment.standing.voided {
            voids.insert(payment.void_id());
        }
        postings(tx, tenant, &payment, &mut found.faults)?;
        open(&payment, now_us, &mut found);
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
    let brand = payment.card.as_ref().map(|card| card.brand.word().to_owned()).unwrap_or_default();
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
fn open(payment: &Payment, now_us: i64, found: &mut Found) {
    let standing = &payment.standing;
    let state = standing.state.name();
    let waits = matches!(state, StateName::Sent | StateName::Authorized);
    let told = standing.advice.is_some();
    if (waits && standing.due_us.is_none()) || (state == StateName::InDoubt && !told) {
        found.faults.push(format!("payment {} is {}, and nobody sees to it", payment.id, state.word()));
    }
    if waits || told || state == StateName::InDoubt {
        found.open.push(Open {
            payment: payment.id,
            state,
            advice: standing.advice.map(crate::step::Advice::word),
            age_s: now_us.saturating_sub(payment.changed_at_us).max(0) / 1_000_000,
        });
    }
}
