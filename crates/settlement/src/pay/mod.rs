//! Paying what is closed: a second person approves, another makes the bank file, the bank transfers it, and some of it
//! comes back. Every step is one unit, or units that may be repeated; a sum on its way is always in exactly one open
//! payout, and the ledger's account of what is in transit is their sum.

mod approve;
mod export;
mod paid;
mod returned;

pub(crate) use export::transfer_day;
pub use export::{Export, LeftOut};
pub use returned::TakenBack;
pub(crate) use returned::pairs;

use crate::rows::batches;
use crate::rows::payouts::{Payout, PayoutKey, payout};
use crate::rules::{Movement, Net, What, movement_id};
use center_base::{Refusal, audit};
use codes::api;
use jiff::civil::Date;
use store::Tx;

/// The pay day, or that there is none.
fn pay_day(tx: &mut Tx<'_>, pay_on: Date) -> Result<batches::PayDay, Refusal> {
    let tenant = tx.tenant();
    batches::pay_day(tx, tenant, pay_on)?.ok_or_else(|| {
        Refusal::from(api::NOT_FOUND).detail(format!("there is no pay day {pay_on} with documents"))
    })
}

/// The payout, or that there is none.
fn known(tx: &mut Tx<'_>, key: &PayoutKey) -> Result<Payout, Refusal> {
    let tenant = tx.tenant();
    payout(tx, tenant, key)?
        .ok_or_else(|| Refusal::from(api::NOT_FOUND).detail(format!("there is no payout {key}")))
}

/// Whether a person acts, and neither the center by itself nor a command.
pub(crate) fn is_person(who: &str) -> bool {
    who.starts_with("person ")
}

/// Books what a payout does to the ledger, in a round.
fn book(
    tx: &mut Tx<'_>,
    payout: &Payout,
    round: u8,
    movement: fn(&str, Net) -> Movement,
) -> Result<(), Refusal> {
    let key = &payout.key;
    let internal = |error: &dyn std::fmt::Display| Refusal::internal(format!("payout {key}: {error}"));
    let movement = movement(&key.company, Net::new(payout.yen).map_err(|error| internal(&error))?);
    let id = of_try(key, round, movement.what);
    let transfer = movement.transfer(id).map_err(|error| internal(&error))?;
    Ok(books::record(tx, &transfer)?)
}

/// The id of a movement of a payout in a round; there are fewer than a thousand tries.
pub(crate) fn of_try(key: &PayoutKey, round: u8, what: What) -> payment::PaymentId {
    let n = u16::from(round).saturating_mul(1_000).saturating_add(key.try_no);
    movement_id(key.pay_on, &key.company, what, n)
}

/// The company's next document begins with this sum too.
fn to_carry(tx: &mut Tx<'_>, payout: &Payout) -> Result<(), Refusal> {
    book(tx, payout, payout.rounds, Movement::to_carry)?;
    let tenant = tx.tenant();
    let carried = batches::carry(tx, tenant, &payout.key.company)?;
    let too_large = |error: crate::rules::TooLarge| Refusal::internal(error.to_string());
    let sum = Net::new(payout.yen).and_then(|yen| carried.plus(yen)).map_err(too_large)?;
    Ok(batches::put_carry(tx, &payout.key.company, sum)?)
}

/// Tells the audit log what became of a payout.
fn note(tx: &mut Tx<'_>, who: &str, what: &str, payout: &Payout, reason: &str) -> Result<(), Refusal> {
    let about = format!("payout {}", payout.key);
    let detail = serde_json::json!({ "yen": payout.yen, "reason": reason });
    Ok(audit::record(tx, &audit::Act { who, what, about: &about, detail })?)
}
