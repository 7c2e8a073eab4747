//! The units of work of the money path: scope, load, decide (`step`), write, reply.
//!
//! Each is idempotent by the payment's id and may run again when the database asks for it.

use crate::ask::Ask;
use crate::limits;
use crate::place::{Place, Wanted};
use crate::row::{self, Change, Payment, PaymentEvent, Wire};
use crate::step::{Advice, Doubt, Effect, Happening, Standing, Times, step};
use center_base::{Refusal, SignedBy, outbox};
use clock::business_date;
use codes::{Code, api};
use jiff::Timestamp;
use ledger::{Kind, Transfer};
use payment::{Event, Method, PaymentClass, PaymentId, State, next};
use store::{Inconsistent, Tx};

/// The outbox topic of completions and reversals.
pub const ADVICE_TOPIC: &str = "card-advice";

/// What the first unit decided.
#[derive(Clone, Debug)]
pub enum Begun {
    /// Committed as sent: ask the network now.
    Ask(Payment),
    /// Nothing is to be asked: it is there already, or was refused before sending.
    Standing(Payment),
}

/// What a unit must not find out itself, since it may run twice: randomness, names, the room on the disk.
#[derive(Clone, Debug)]
pub struct Given {
    /// For the receipt's address.
    pub receipt_secret: [u8; 16],
    /// This process.
    pub instance: String,
    /// Less than the reserve is left: nothing new begins.
    pub no_room: bool,
}

/// Unit 1: the id looked up, the contract checked, the payment committed as sent.
pub fn begin(
    tx: &mut Tx<'_>,
    by: &SignedBy,
    place: &Place,
    ask: &Ask,
    given: &Given,
) -> Result<Begun, Refusal> {
    fleet::advance_counter(tx, by)?;
    let tenant = tx.tenant();
    if let Some(known) = row::load(tx, tenant, ask.id)? {
        same_content(&known, by, ask.amount, ask.method, ask.class)?;
        return Ok(Begun::Standing(known));
    }
    let wanted = Wanted {
        amount: ask.amount,
        brand: ask.card.brand,
        class: ask.class,
        reader_serial: &ask.reader_serial,
        by_test_key: ask.is_by_test_key(),
        today: business_date(Timestamp::from_microsecond(tx.now_us()).unwrap_or(Timestamp::UNIX_EPOCH)),
    };
    let mut payment = fresh(tx, place, given, ask.id, (ask.amount, ask.method, ask.class));
    payment.slip_no = ask.slip_no;
    payment.note.clone_from(&ask.note);
    payment.state_tax(ask.tax, place);
    payment.operator.clone_from(&ask.operator);
    payment.card = Some(ask.card.clone());
    payment.fingerprint = Some(ask.fingerprint);
    payment.standing.completion_follows = ask.completion_follows;
    if given.no_room {
        payment.standing.state = no_room(&payment.standing.state)?;
        row::insert(tx, &payment)?;
        return Ok(Begun::Standing(payment));
    }
    if let Some(code) = place.refusal(wanted) {
        payment.standing.state = refused_here(&payment.standing.state, code)?;
        row::insert(tx, &payment)?;
        return Ok(Begun::Standing(payment));
    }
    let wait_us =
        place.policy.timers.center_s.saturating_mul(1_000_000).saturating_add(limits::ORPHAN_GRACE_US);
    payment.standing.due_us = Some(payment.sent_at_us.saturating_add(wait_us));
    payment.order_code = payment::order_code(&place.shop_code, row::next_serial(tx, &place.shop)?);
    row::insert(tx, &payment)?;
    Ok(Begun::Ask(payment))
}

/// A payment that is sent now, without its card.
pub(crate) fn fresh(
    tx: &mut Tx<'_>,
    place: &Place,
    given: &Given,
    id: PaymentId,
    (amount, method, class): (money::Yen, Method, PaymentClass),
) -> Payment {
    let now_us = tx.now_us();
    let at = Timestamp::from_microsecond(now_us).unwrap_or(Timestamp::UNIX_EPOCH);
    Payment {
        id,
        seq: tx.seq(),
        company: place.company.clone(),
        shop: place.shop.clone(),
        terminal: place.terminal.clone(),
        business_date: business_date(at).to_string(),
        method,
        class,
        amount,
        standing: Standing {
            state: State::Sent,
            completion_follows: false,
            advice: None,
            voided: false,
            due_us: None,
            doubt: Doubt::Undo,
        },
        version: 0,
        sent_at_us: now_us,
        changed_at_us: now_us,
        instance: given.instance.clone(),
        merchant_no: place.merchant_no.clone(),
        slip_no: 0,
        order_code: String::new(),
        note: None,
        tax: None,
        invoice_reg_no: None,
        operator: None,
        card: None,
        code: None,
        fingerprint: None,
        refunded: money::Yen::ZERO,
        refunding: money::Yen::ZERO,
        receipt_secret: given.receipt_secret,
    }
}

/// ng-41, ng-91, U-086: an authorization is given back while it is fewer than 60 days old.
pub fn releasable(payment: &Payment, now_us: i64) -> Result<(), Refusal> {
    if now_us.saturating_sub(payment.sent_at_us) < limits::RELEASE_WITHIN_US {
        return Ok(());
    }
    Err(codes::pay::CANCEL_EXPIRED.into())
}

/// The center's own no: nobody else was asked.
pub(crate) fn refused_here(state: &State, code: Code) -> Result<State, Refusal> {
    next(state, Event::Decline(code)).map_err(|error| Refusal::internal(error.to_string()))
}

/// Nobody was asked for want of room. It is written into the reserve, so that a copy of the request that comes
/// when there is room again hears the same.
pub(crate) fn no_room(state: &State) -> Result<State, Refusal> {
    next(state, Event::Fail(api::NO_SPACE)).map_err(|error| Refusal::internal(error.to_string()))
}

/// The same id with another amount, method, class or terminal is another payment.
pub(crate) fn same_content(
    known: &Payment,
    by: &SignedBy,
    amount: money::Yen,
    method: Method,
    class: PaymentClass,
) -> Result<(), Refusal> {
    let differs = [
        ("amount", known.amount != amount),
        ("method", known.method != method),
        ("class", known.class != class),
        ("terminal", known.terminal != by.terminal),
    ];
    match differs.iter().find(|(_, differs)| *differs) {
        Some((field, _)) => Err(Refusal::from(api::ID_REUSED).detail(*field)),
        None => Ok(()),
    }
}

/// A reversal of an id never seen: remembered, so that a late original is refused (model 3.3 rule 9).
pub fn tombstone(
    tx: &mut Tx<'_>,
    by: &SignedBy,
    place: &Place,
    given: &Given,
    id: PaymentId,
    content: (money::Yen, Method, PaymentClass),
) -> Result<Payment, Refusal> {
    let mut payment = fresh(tx, place, given, id, content);
    payment.standing.state = State::Reversed;
    row::insert(tx, &payment)?;
    let who = format!("terminal {}", by.terminal);
    let event =
        PaymentEvent { at_us: payment.sent_at_us, what: "tombstone".into(), who, detail: String::new() };
    row::append_event(tx, id, &event)?;
    Ok(payment)
}

/// The terminal asks to undo a payment whatever it is.
pub fn reverse(
    tx: &mut Tx<'_>,
    by: &SignedBy,
    place: &Place,
    given: &Given,
    id: PaymentId,
    asked: &center_api::ReversalRequest,
) -> Result<Applied, Refusal> {
    fleet::advance_counter(tx, by)?;
    let (tenant, content) = (tx.tenant(), (asked.amount, asked.method, asked.class));
    let Some(known) = row::load(tx, tenant, id)? else {
        if asked.amount.is_zero() {
            return Err(Refusal::bad("amount must be above zero"));
        }
        let payment = tombstone(tx, by, place, given, id, content)?;
        return Ok(Applied { payment, advised: false });
    };
    same_content(&known, by, asked.amount, asked.method, asked.class)?;
    if !known.refunded.is_zero() || !known.refunding.is_zero() {
        // Undone twice would be given back twice.
        return Err(Refusal::from(api::WRONG_STATE).detail("being given back"));
    }
    let who = format!("terminal {}", by.terminal);
    apply(tx, &known, Happening::ReversalAsked(asked.reason), &Told { who: &who, times: place.times() }, None)
}

/// Who says what happened, and the times that its consequences run by.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// For the timeline.
    pub who: &'a str,
    /// Of the shop's policy.
    pub times: Times,
}

impl Place {
    /// The times that consequences run by.
    pub fn times(&self) -> Times {
        Times { release_after_us: self.policy.release_after_min.saturating_mul(60_000_000) }
    }
}

/// A payment after something happened.
#[derive(Clone, Debug)]
pub struct Applied {
    /// As it stands now.
    pub payment: Payment,
    /// An event for the network was written: wake the outbox after the commit.
    pub advised: bool,
}

/// Every later unit: the loaded payment, what happened, what follows, all in one commit.
pub fn apply(
    tx: &mut Tx<'_>,
    before: &Payment,
    happening: Happening,
    told: &Told<'_>,
    wire: Option<&Wire>,
) -> Result<Applied, Refusal> {
    let now_us = tx.now_us();
    let detail = detail_of(&happening);
    let (standing, effects) = step(&before.standing, happening, told.times, now_us)
        .map_err(|error| Refusal::from(api::WRONG_STATE).detail(error.to_string()))?;
    if let Some(wire) = wire {
        row::put_wire(tx, before.id, wire)?;
    }
    let mut after = before.clone();
    if standing != before.standing {
        match row::update(tx, before, &standing)? {
            Change::Done => {}
            Change::Stale => {
                return Err(
                    Inconsistent::new(format!("payment.version of {}", before.id), "as loaded").into()
                );
            }
        }
        if standing.state != before.standing.state {
            after.changed_at_us = now_us;
        }
        after.version = before.version.saturating_add(1);
        after.standing = standing;
        narrate(tx, before, &after, told.who, &detail)?;
    }
    let mut advised = false;
    for effect in effects {
        carry_out(tx, &after, effect, told.who, &detail)?;
        advised |= matches!(effect, Effect::Advise(_));
    }
    Ok(Applied { payment: after, advised })
}

/// The timeline says what the row alone does not: everything but a final answer to the first question.
fn narrate(
    tx: &mut Tx<'_>,
    before: &Payment,
    after: &Payment,
    who: &str,
    detail: &str,
) -> Result<(), Refusal> {
    let (was, is) = (before.standing.state.name(), after.standing.state.name());
    let at_us = tx.now_us();
    let mut line = |what: &str| {
        let event =
            PaymentEvent { at_us, what: what.to_owned(), who: who.to_owned(), detail: detail.to_owned() };
        row::append_event(tx, after.id, &event)
    };
    if was != is && !(was == payment::StateName::Sent && is.is_final()) {
        line(is.word())?;
    }
    if after.standing.voided && !before.standing.voided {
        line("voided")?;
    }
    if before.standing.advice.is_some() && after.standing.advice.is_none() {
        line("acknowledged")?;
    }
    Ok(())
}

fn carry_out(
    tx: &mut Tx<'_>,
    payment: &Payment,
    effect: Effect,
    who: &str,
    detail: &str,
) -> Result<(), Refusal> {
    let brand = payment.brand().map_or("", payment::Brand::word);
    let kind = match effect {
        #[cfg(feature = "planted")]
        Effect::Post if store::planted("split-commit") => return Ok(()),
        Effect::Hold => Kind::Pending,
        Effect::Post => Kind::Posted,
        Effect::PostHold => Kind::PostPending,
        Effect::ReleaseHold => Kind::ReleasePending,
        Effect::GiveBack => {
            // The opposite of the sale, under the void's own id.
            let sale = sale(payment, brand, Kind::Posted)?;
            let void =
                Transfer { payment: payment.void_id(), debit: sale.credit, credit: sale.debit, ..sale };
            return Ok(books::record(tx, &void)?);
        }
        #[cfg(feature = "planted")]
        Effect::Advise(_) if store::planted("drop-outbox") => return Ok(()),
        Effect::Advise(advice) => {
            return Ok(outbox::put(
                tx,
                ADVICE_TOPIC,
                &advice_key(payment.id, advice),
                &serde_json::json!({}),
            )?);
        }
        Effect::NoteLate => {
            let at_us = tx.now_us();
            let event = PaymentEvent {
                at_us,
                what: "late_answer".into(),
                who: who.to_owned(),
                detail: detail.to_owned(),
            };
            return Ok(row::append_event(tx, payment.id, &event)?);
        }
    };
    Ok(books::record(tx, &sale(payment, brand, kind)?)?)
}

/// The other half of a commit that was split on purpose.
#[cfg(feature = "planted")]
pub(crate) fn post_later(tx: &mut Tx<'_>, payment: &Payment) -> Result<(), Refusal> {
    let brand = payment.card.as_ref().map_or("", |card| card.brand.word());
    Ok(books::record(tx, &sale(payment, brand, Kind::Posted)?)?)
}

fn sale(payment: &Payment, brand: &str, kind: Kind) -> Result<Transfer, Refusal> {
    Transfer::sale(payment.id, kind, brand, payment.company.as_str(), payment.amount)
        .map_err(|error| Inconsistent::new(format!("payment {}", payment.id), error.to_string()).into())
}

/// `0192… reversal_no_answer`: names an advice in the outbox.
pub fn advice_key(id: PaymentId, advice: Advice) -> String {
    format!("{id} {}", advice.word())
}

/// Reads [`advice_key`].
pub fn read_advice_key(key: &str) -> Option<(PaymentId, Advice)> {
    let (id, word) = key.split_once(' ')?;
    Some((id.parse().ok()?, Advice::from_word(word)?))
}

/// The short reason that the timeline keeps beside an event.
fn detail_of(happening: &Happening) -> String {
    match happening {
        Happening::Approved(approval) | Happening::Found(approval) | Happening::CannotUndo(approval) => {
            approval.code.clone().unwrap_or_default()
        }
        Happening::Declined(code)
        | Happening::Failed(code)
        | Happening::Lost(code)
        | Happening::ReversalAsked(code)
        | Happening::FoundRefusal(code)
        | Happening::FoundNothing(code) => code.key(),
        Happening::Orphaned => codes::pay::INTERRUPTED.key(),
        Happening::Acknowledged(advice) => advice.word().to_owned(),
        Happening::Settled(_) => "case".to_owned(),
        Happening::Completed | Happening::GivenBack | Happening::ReleaseDue | Happening::InquiryOver => {
            String::new()
        }
    }
}
