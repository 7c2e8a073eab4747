//! The units of work of giving back: lock the payment, load, decide, write. Idempotent by the refund's id.

use super::{Refund, days_between, doubt_of, facts, rows};
use crate::networks::card_refund::ReadAgain;
use crate::path::{Given, no_room, refused_here};
use crate::row::{self, Payment, PaymentEvent, Wire};
use crate::step::{Effect, Happening, Standing, Times, step};
use center_base::{Refusal, Scope, SignedBy, TerminalId, outbox};
use clock::business_date;
use codes::{api, pay};
use jiff::Timestamp;
use ledger::Transfer;
use money::Yen;
use payment::refund::{RefundBy, Shown, decide, refund_rule};
use payment::tax::of_refund;
use payment::{Operator, PaymentId, Policy, RefundKind, State, StateName, TaxParts};
use store::{Inconsistent, ReadTx, TenantId, Tx};

/// The outbox topic of what the network must still be told or asked about a refund.
pub const ADVICE_TOPIC: &str = "refund-advice";

/// Who gives back.
#[derive(Clone, Debug)]
pub enum Giver {
    /// A terminal, which signed.
    Terminal(SignedBy),
    /// A person in the console, with what the person may see.
    Person {
        /// `person tanaka`.
        who: String,
        /// The person's scope.
        scope: Scope,
    },
}

impl Giver {
    fn by(&self) -> RefundBy {
        match self {
            Self::Terminal(_) => RefundBy::Terminal,
            Self::Person { .. } => RefundBy::Console,
        }
    }

    /// For the timeline.
    pub fn who(&self) -> String {
        match self {
            Self::Terminal(by) => format!("terminal {}", by.terminal),
            Self::Person { who, .. } => who.clone(),
        }
    }

    fn terminal(&self) -> Option<TerminalId> {
        match self {
            Self::Terminal(by) => Some(by.terminal.clone()),
            Self::Person { .. } => None,
        }
    }

    /// The payment, when the giver may see it; any other is not found.
    pub fn visible(&self, tx: &mut ReadTx<'_>, tenant: TenantId, id: PaymentId) -> Result<Payment, Refusal> {
        let found = match self {
            Self::Terminal(by) => row::load(tx, tenant, id)?.filter(|payment| payment.shop == by.shop),
            Self::Person { scope, .. } => crate::console::visible(tx, tenant, scope, id)?,
        };
        found.ok_or_else(|| Refusal::from(api::NOT_FOUND))
    }
}

/// What is to be given back.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The refund's own id.
    pub id: PaymentId,
    /// The payment.
    pub payment: PaymentId,
    /// How much.
    pub amount: Yen,
    /// Slip number of the terminal, 0 in the console.
    pub slip_no: i64,
    /// The clerk.
    pub operator: Option<Operator>,
    /// Why.
    pub reason: Option<String>,
    /// What of it was not taxed at the standard rate, where the giver says it.
    pub tax: Option<TaxParts>,
    /// The card that was shown.
    pub card: Option<ShownCard>,
}

/// What a refund keeps of a card that was shown, and what the network is shown of it.
#[derive(Clone)]
pub struct ShownCard {
    /// The reader's fingerprint of the number.
    pub fingerprint: [u8; 16],
    /// ATC (M-059).
    pub atc: Option<String>,
    /// For the network. Never stored.
    pub read: ReadAgain,
}

impl std::fmt::Debug for ShownCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShownCard").finish_non_exhaustive()
    }
}

/// What the first unit decided.
#[derive(Clone, Debug)]
pub enum Begun {
    /// Committed as sent: ask the network now.
    Ask(Refund, Payment),
    /// Nothing is to be asked: it is there already, or was refused here.
    Standing(Refund, Payment),
}

/// Unit 1: the id looked up, the rule decided under the payment's lock, the refund committed as sent and
/// its amount reserved. A refusal is committed too, so that a late copy of the request hears the same no.
pub fn begin(
    tx: &mut Tx<'_>,
    giver: &Giver,
    policy: &Policy,
    wanted: &Wanted,
    given: &Given,
) -> Result<Begun, Refusal> {
    if let Giver::Terminal(by) = giver {
        fleet::advance_counter(tx, by)?;
    }
    let tenant = tx.tenant();
    if let Some(known) = rows::load(tx, tenant, wanted.id)? {
        same_content(&known, wanted.payment, wanted.amount)?;
        let payment = giver.visible(tx, tenant, known.payment)?;
        return Ok(Begun::Standing(known, payment));
    }
    rows::lock(tx, wanted.payment)?;
    let payment = giver.visible(tx, tenant, wanted.payment)?;
    let refunds = rows::of_payment(tx, tenant, payment.id)?;
    let mut refund = fresh(tx, giver, &payment, wanted, &given.instance);
    let days = days_between(&payment.business_date, &refund.business_date);
    let rule = payment.brand().and_then(|brand| refund_rule(payment.method, brand, policy.receipt.profile));
    if let Some(kind) = rule.and_then(|rule| rule.kind(days)) {
        refund.kind = kind;
        refund.standing.doubt = doubt_of(refund.method, kind);
    }
    let allowed = decide(rule, &facts(&payment, &refunds, giver.by(), days))
        .and_then(|offer| offer.take(wanted.amount, shown(&payment, wanted)))
        .and_then(|()| parts(&payment, &refunds, wanted));
    refund.tax = allowed.unwrap_or_default();
    let refused = match allowed {
        Ok(_) if given.no_room => Some(no_room(&refund.standing.state)?),
        Ok(_) => None,
        Err(code) => Some(refused_here(&refund.standing.state, code)?),
    };
    if let Some(state) = refused {
        let code = state.code().map(codes::Code::key).unwrap_or_default();
        refund.standing.state = state;
        rows::insert(tx, &refund)?;
        narrate(tx, &refund, refund.standing.state.name().word(), &giver.who(), &code)?;
        return Ok(Begun::Standing(refund, payment));
    }
    let wait_us =
        policy.timers.center_s.saturating_mul(1_000_000).saturating_add(crate::limits::ORPHAN_GRACE_US);
    refund.standing.due_us = Some(refund.sent_at_us.saturating_add(wait_us));
    rows::insert(tx, &refund)?;
    rows::keep_sums(tx, payment.id, refund.amount.get(), 0)?;
    Ok(Begun::Ask(refund, payment))
}

/// What the refund's slip says of the tax. More of a kind than is left of it is refused.
fn parts(payment: &Payment, refunds: &[Refund], wanted: &Wanted) -> Result<Option<TaxParts>, codes::Code> {
    let (left, Some(rest)) = super::rest(payment, refunds) else { return Ok(None) };
    match (of_refund(left, rest, wanted.amount, wanted.tax), wanted.tax) {
        (None, Some(_)) => Err(pay::PARTS_ABOVE_REST),
        (parts, _) => Ok(parts),
    }
}

/// The fingerprint is keyed by the readers, so equal means the same number.
fn shown(payment: &Payment, wanted: &Wanted) -> Shown {
    match (&wanted.card, &payment.fingerprint) {
        (None, _) => Shown::Nothing,
        (Some(card), Some(paid)) if card.fingerprint == *paid => Shown::SameCard,
        (Some(_), _) => Shown::OtherCard,
    }
}

fn fresh(tx: &mut Tx<'_>, giver: &Giver, payment: &Payment, wanted: &Wanted, instance: &str) -> Refund {
    let now_us = tx.now_us();
    let at = Timestamp::from_microsecond(now_us).unwrap_or(Timestamp::UNIX_EPOCH);
    Refund {
        id: wanted.id,
        seq: tx.seq(),
        payment: payment.id,
        kind: RefundKind::Refund,
        method: payment.method,
        amount: wanted.amount,
        standing: Standing {
            state: State::Sent,
            completion_follows: false,
            advice: None,
            voided: false,
            due_us: None,
            doubt: doubt_of(payment.method, RefundKind::Refund),
        },
        version: 0,
        sent_at_us: now_us,
        changed_at_us: now_us,
        business_date: business_date(at).to_string(),
        instance: instance.to_owned(),
        terminal: giver.terminal(),
        who: giver.who(),
        slip_no: wanted.slip_no,
        operator: wanted.operator.clone(),
        reason: wanted.reason.clone(),
        tax: None,
        fingerprint: wanted.card.as_ref().map(|card| card.fingerprint),
        atc: wanted.card.as_ref().and_then(|card| card.atc.clone()),
        center_txn_id: None,
    }
}

/// The same id for another payment or amount is another refund.
fn same_content(known: &Refund, payment: PaymentId, amount: Yen) -> Result<(), Refusal> {
    if known.payment != payment {
        return Err(Refusal::from(api::ID_REUSED).detail("payment"));
    }
    if known.amount != amount {
        return Err(Refusal::from(api::ID_REUSED).detail("amount"));
    }
    Ok(())
}

/// The terminal asks to undo a refund whatever it is; an id never seen is remembered, so that a late
/// original is refused (model 3.3 rule 9).
pub fn reverse(
    tx: &mut Tx<'_>,
    by: &SignedBy,
    id: PaymentId,
    asked: &center_api::RefundReversal,
    instance: &str,
) -> Result<Applied, Refusal> {
    fleet::advance_counter(tx, by)?;
    let (tenant, giver) = (tx.tenant(), Giver::Terminal(by.clone()));
    if let Some(known) = rows::load(tx, tenant, id)? {
        same_content(&known, asked.payment, asked.amount)?;
        giver.visible(tx, tenant, known.payment)?;
        let happening = Happening::ReversalAsked(pay::REFUND_UNKNOWN);
        return apply(tx, id, happening, &giver.who(), None, None);
    }
    if asked.amount.is_zero() {
        return Err(Refusal::bad("amount must be above zero"));
    }
    let payment = giver.visible(tx, tenant, asked.payment)?;
    let wanted = Wanted {
        id,
        payment: asked.payment,
        amount: asked.amount,
        slip_no: 0,
        operator: None,
        reason: None,
        tax: None,
        card: None,
    };
    let mut refund = fresh(tx, &giver, &payment, &wanted, instance);
    refund.standing.state = State::Reversed;
    rows::insert(tx, &refund)?;
    narrate(tx, &refund, "tombstone", &giver.who(), "")?;
    Ok(Applied { refund, payment, advised: false })
}

/// A refund after something happened.
#[derive(Clone, Debug)]
pub struct Applied {
    /// As it stands now.
    pub refund: Refund,
    /// Its payment.
    pub payment: Payment,
    /// An event for the network was written: wake the outbox after the commit.
    pub advised: bool,
}

/// Every later unit: what happened and what follows, in one commit, under the payment's lock.
/// `center_txn_id`: the brand's number, once it is known.
pub fn apply(
    tx: &mut Tx<'_>,
    id: PaymentId,
    happening: Happening,
    who: &str,
    wire: Option<&Wire>,
    center_txn_id: Option<&str>,
) -> Result<Applied, Refusal> {
    let (tenant, now_us) = (tx.tenant(), tx.now_us());
    let gone = || Refusal::internal(format!("refund {id} is not in its table"));
    let of = rows::load(tx, tenant, id)?.ok_or_else(gone)?.payment;
    rows::lock(tx, of)?;
    let before = rows::load(tx, tenant, id)?.ok_or_else(gone)?;
    let payment = row::load(tx, tenant, of)?.ok_or_else(gone)?;
    let happening = match happening {
        // What stopped in between says nothing about the card here.
        Happening::Orphaned => Happening::Lost(pay::REFUND_UNKNOWN),
        other => other,
    };
    let (standing, effects) = step(&before.standing, happening, NO_TIMES, now_us)
        .map_err(|error| Refusal::from(api::WRONG_STATE).detail(error.to_string()))?;
    if let Some(wire) = wire {
        row::put_wire(tx, id, wire)?;
    }
    let mut after = before.clone();
    if let Some(number) = center_txn_id {
        after.center_txn_id = Some(number.to_owned());
    }
    if standing != before.standing || after.center_txn_id != before.center_txn_id {
        if standing.state != before.standing.state {
            after.changed_at_us = now_us;
        }
        after.standing = standing;
        if !rows::update(tx, &before, &after)? {
            return Err(Inconsistent::new(format!("refund.version of {id}"), "as loaded").into());
        }
        after.version = before.version.saturating_add(1);
        settle_sums(tx, &before, &after)?;
        tell(tx, &before, &after, who)?;
    }
    let mut advised = false;
    for effect in effects {
        carry_out(tx, &payment, &after, effect, who)?;
        advised |= matches!(effect, Effect::Advise(_));
    }
    let payment = row::load(tx, tenant, of)?.ok_or_else(gone)?;
    Ok(Applied { refund: after, payment, advised })
}

/// Where no hold begins, no time runs.
const NO_TIMES: Times = Times { release_after_us: 0 };

/// What is no longer open is no longer reserved; what is approved came back.
fn settle_sums(tx: &mut Tx<'_>, before: &Refund, after: &Refund) -> Result<(), Refusal> {
    if !before.is_open() || after.is_open() {
        return Ok(());
    }
    let yen = after.amount.get();
    let refunded = if after.standing.state.name() == StateName::Approved { yen } else { 0 };
    Ok(rows::keep_sums(tx, after.payment, yen.saturating_neg(), refunded)?)
}

fn tell(tx: &mut Tx<'_>, before: &Refund, after: &Refund, who: &str) -> Result<(), Refusal> {
    let (was, is) = (before.standing.state.name(), after.standing.state.name());
    if was != is {
        let code = after.standing.state.code().map(codes::Code::key).unwrap_or_default();
        narrate(tx, after, is.word(), who, &code)?;
    }
    Ok(())
}

fn narrate(tx: &mut Tx<'_>, refund: &Refund, what: &str, who: &str, detail: &str) -> Result<(), Refusal> {
    let at_us = tx.now_us();
    let event = PaymentEvent { at_us, what: what.into(), who: who.into(), detail: detail.into() };
    Ok(row::append_event(tx, refund.id, &event)?)
}

fn carry_out(
    tx: &mut Tx<'_>,
    payment: &Payment,
    refund: &Refund,
    effect: Effect,
    who: &str,
) -> Result<(), Refusal> {
    match effect {
        Effect::Post => {
            let brand = payment.brand().map_or("", payment::Brand::word);
            let company = payment.company.as_str();
            let transfer = Transfer::refund(refund.id, brand, company, refund.amount)
                .map_err(|error| Inconsistent::new(format!("refund {}", refund.id), error.to_string()))?;
            Ok(books::record(tx, &transfer)?)
        }
        Effect::Advise(advice) => {
            let key = crate::path::advice_key(refund.id, advice);
            Ok(outbox::put(tx, ADVICE_TOPIC, &key, &serde_json::json!({}))?)
        }
        Effect::NoteLate => narrate(tx, refund, "late_answer", who, ""),
        Effect::Hold | Effect::PostHold | Effect::ReleaseHold | Effect::GiveBack => {
            Err(Refusal::internal(format!("a refund cannot {effect:?}")))
        }
    }
}
