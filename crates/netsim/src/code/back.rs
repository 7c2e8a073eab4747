//! A brand's decision about cancels and refunds: pure like [`super::step`].

use super::book::{Change, Charge, Key, Known, Refund, Status};
use super::reply::{self, Reply, ResultCode};
use super::rules::takes_cancel;
use super::step::{Done, World};
use crate::magic::CodeOutcome;
use money::Yen;

/// A refund that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedRefund {
    /// Its name.
    pub key: Key,
    /// Whole yen.
    pub amount: Yen,
    /// Why, as the shop says.
    pub reason: String,
    /// The shop's time, seconds.
    pub requested_at: i64,
}

/// `DELETE /v2/payments/{id}`.
pub fn cancel(key: &Key, known: &Known, world: World<'_>) -> Done {
    let Some(charge) = &known.charge else {
        // Should the payment still come, it is refused.
        let tombstone = tombstone(key, world);
        let changes = vec![Change::Enter(Box::new(tombstone))];
        return Done { reply: Reply::of(reply::PAYMENT_NOT_FOUND), changes };
    };
    let turn = Charge { status: Status::Canceled, changed_at: world.now, ..charge.clone() };
    let cancelled =
        Done { reply: Reply::of(reply::REQUEST_ACCEPTED), changes: vec![Change::Turn(Box::new(turn))] };
    match charge.status {
        _ if charge.payment_id.is_empty() => Done::says(reply::PAYMENT_NOT_FOUND),
        Status::Canceled => Done::says(reply::REQUEST_ACCEPTED),
        // What did not pay needs no cancel; that it cannot pay any more is all that is asked.
        Status::Failed | Status::Expired => Done::says(reply::REQUEST_ACCEPTED),
        Status::Created => cancelled,
        Status::Refunded => Done::says(reply::ALREADY_REFUNDED),
        Status::Completed if !known.refunds.is_empty() => Done::says(reply::ALREADY_REFUNDED),
        Status::Completed => match refusal(charge, world) {
            Some(result) => Done::says(result),
            None if !takes_cancel(charge.accepted_at, world.now) => Done::says(reply::CANCEL_PERIOD_EXPIRED),
            None => cancelled,
        },
    }
}

/// What the amount of a payment makes its brand say to every cancel and refund.
fn refusal(charge: &Charge, world: World<'_>) -> Option<ResultCode> {
    match world.magic(charge.amount) {
        Some(CodeOutcome::RefuseBack(result)) => Some(result),
        _ => None,
    }
}

fn tombstone(key: &Key, world: World<'_>) -> Charge {
    Charge {
        key: key.clone(),
        payment_id: String::new(),
        wallet: String::new(),
        code: String::new(),
        code_hash: Vec::new(),
        amount: Yen::ZERO,
        status: Status::Canceled,
        failure: String::new(),
        given_back: Yen::ZERO,
        polls: 0,
        terminal: String::new(),
        accepted_at: world.now,
        changed_at: world.now,
        requested_at: 0,
    }
}

/// `POST /v2/refunds`.
pub fn refund(asked: &AskedRefund, known: &Known, world: World<'_>) -> Done {
    let Some(charge) = known.charge.as_ref().filter(|charge| !charge.payment_id.is_empty()) else {
        return Done::says(reply::PAYMENT_NOT_FOUND);
    };
    if let Some(given) = &known.refund {
        let same = given.amount == asked.amount && given.of == charge.key.id;
        return if same {
            Done { reply: reply::refund(given, charge), changes: Vec::new() }
        } else {
            Done::says(reply::DUPLICATE_REFUND_REQUEST)
        };
    }
    if let Some(result) = refund_refusal(asked, charge, known, world) {
        return Done::says(result);
    }
    // Checked in the unit of work that writes it: two refunds at once cannot both win.
    let Ok(sum) = charge.given_back.plus(asked.amount) else {
        return Done::says(reply::INVALID_REFUND_AMOUNT);
    };
    if sum > charge.amount {
        return Done::says(reply::REFUND_EXCEEDS_PAYMENT);
    }
    let status = if sum == charge.amount { Status::Refunded } else { Status::Completed };
    let turned = Charge { given_back: sum, status, changed_at: world.now, ..charge.clone() };
    let given = Refund {
        key: asked.key.clone(),
        of: charge.key.id.clone(),
        amount: asked.amount,
        reason: asked.reason.clone(),
        accepted_at: world.now,
        requested_at: asked.requested_at,
    };
    Done {
        reply: reply::refund(&given, &turned),
        changes: vec![Change::Turn(Box::new(turned)), Change::Refund(Box::new(given))],
    }
}

fn refund_refusal(
    asked: &AskedRefund,
    charge: &Charge,
    known: &Known,
    world: World<'_>,
) -> Option<ResultCode> {
    if let Some(result) = refusal(charge, world) {
        // The word for the time that is over differs between cancel and refund.
        let is_period = result == reply::CANCEL_PERIOD_EXPIRED;
        return Some(if is_period { reply::REFUND_PERIOD_EXPIRED } else { result });
    }
    match charge.status {
        Status::Refunded | Status::Canceled => return Some(reply::ALREADY_REFUNDED),
        Status::Created | Status::Failed | Status::Expired => return Some(reply::PAYMENT_NOT_FOUND),
        Status::Completed => {}
    }
    if asked.amount.is_zero() {
        return Some(reply::INVALID_REFUND_AMOUNT);
    }
    if !world.brand.takes_refund(charge.accepted_at, world.now) {
        return Some(reply::REFUND_PERIOD_EXPIRED);
    }
    let count = u32::try_from(known.refunds.len()).unwrap_or(u32::MAX);
    (count >= world.brand.refunds).then_some(reply::TOO_MANY_REFUNDS)
}

/// `GET /v2/refunds/{id}`.
pub fn inquire(known: &Known) -> Done {
    match (&known.refund, &known.charge) {
        (Some(given), Some(charge)) => Done { reply: reply::refund(given, charge), changes: Vec::new() },
        _ => Done::says(reply::REFUND_NOT_FOUND),
    }
}
