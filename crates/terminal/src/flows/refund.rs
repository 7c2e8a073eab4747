//! Giving back: what is offered, how much, the last question, the same card, the signature (T20, R-052 … R-058).

use super::card::{asking, stop};
use super::sale::{read_note, read_parts};
use crate::attempt::{Attempt, Origin};
use crate::context::Context;
use crate::event::{Done, Effect, Event, Moment, NewPayment, Offered, Press, RefundTerms};
use crate::screen::{
    AmountError, BackPage, Before, Detail, GiveBack, Offering, Place, Present, PrintState, Screen, Sign,
    Stage, TypedParts,
};
use crate::step::{Step, begin};
use center_api::{CardData, RefundOffer};
use codes::pay;
use money::Yen;
use payment::tax::of_refund;
use payment::{StateName, TaxParts};

/// Whether anything could be given back of a payment at all, so that the center is worth asking.
pub(crate) fn may_be_offered(attempt: &Attempt) -> bool {
    attempt.name() == StateName::Approved && !attempt.is_refund()
}

/// From the detail of a payment to what is given back of it.
pub(crate) fn open(detail: Detail) -> Step {
    let Offering::Known(known) = &detail.offer else { return Step::deaf(Screen::Detail(detail)) };
    let Offered { offer: Some(offer), .. } = known.as_ref() else {
        return Step::deaf(Screen::Detail(detail));
    };
    let (offer, amount) = (offer.clone(), offer.most);
    let Detail { attempt, back, .. } = detail;
    Step::to(Screen::GiveBack(GiveBack {
        of: attempt,
        offer,
        amount,
        reason: String::new(),
        error: None,
        parts: TypedParts::default(),
        parts_wrong: false,
        tax: None,
        page: BackPage::Amount,
        back,
    }))
}

/// The amount of a refund as people type it; empty is the whole.
pub(crate) fn read_amount(offer: &RefundOffer, typed: &str) -> Result<Yen, AmountError> {
    if typed.trim().is_empty() {
        return Ok(offer.most);
    }
    check_amount(offer, Yen::parse_typed(typed).map_err(|_| AmountError::Missing)?)
}

/// An amount within what is offered.
pub(crate) fn check_amount(offer: &RefundOffer, amount: Yen) -> Result<Yen, AmountError> {
    if amount.is_zero() {
        Err(AmountError::Missing)
    } else if amount > offer.most || (!offer.partial && amount != offer.most) {
        Err(AmountError::AboveRest(offer.most))
    } else {
        Ok(amount)
    }
}

/// Whether the parts of an amount must be said: what is left is of several kinds, and not all of it comes back.
fn asks_parts(offer: &RefundOffer, amount: Yen) -> bool {
    offer.tax.is_some_and(|parts| of_refund(offer.most, parts, amount, None).is_none())
}

/// Whether these parts are there to be given back.
fn is_left(offer: &RefundOffer, amount: Yen, tax: TaxParts) -> bool {
    offer.tax.is_some_and(|parts| of_refund(offer.most, parts, amount, Some(tax)).is_some())
}

/// On which terms the offer gives a payment back.
pub(crate) fn terms(of: &Attempt, offer: &RefundOffer) -> RefundTerms {
    RefundTerms {
        of: of.id,
        kind: offer.kind,
        medium: offer.medium,
        signature: offer.signature,
        card: of.card.clone(),
        code_paid: of.code_paid.clone(),
    }
}

pub(crate) fn give_back(ctx: &Context, form: GiveBack, event: Event, at: Moment) -> Step {
    match event {
        Event::Press(Press::Refund { typed, reason }) if form.page == BackPage::Amount => {
            let reason = read_note(&reason).unwrap_or_default();
            match read_amount(&form.offer, &typed) {
                Ok(amount) => {
                    let asks = asks_parts(&form.offer, amount);
                    let page = if asks { BackPage::Split } else { BackPage::Confirm };
                    let form = GiveBack { amount, reason, error: None, tax: None, page, ..form };
                    Step::to(Screen::GiveBack(form))
                }
                Err(error) => Step::to(Screen::GiveBack(GiveBack { reason, error: Some(error), ..form })),
            }
        }
        Event::Press(Press::Split(parts)) if form.page == BackPage::Split => {
            let tax = read_parts(&parts, form.amount).filter(|tax| is_left(&form.offer, form.amount, *tax));
            let page = if tax.is_some() { BackPage::Confirm } else { BackPage::Split };
            let parts_wrong = tax.is_none();
            Step::to(Screen::GiveBack(GiveBack { parts, parts_wrong, tax, page, ..form }))
        }
        Event::Press(Press::ConfirmRefund) if form.page == BackPage::Confirm => {
            let new = NewPayment {
                method: form.of.method,
                note: read_note(&form.reason),
                tax: form.tax,
                origin: Origin::Keypad,
                refund: Some(Box::new(terms(&form.of, &form.offer))),
                ..NewPayment::sale(at.fresh, form.amount, form.of.class, at.now_us)
            };
            begin(ctx, new, at)
        }
        Event::Press(Press::Back) if form.page != BackPage::Amount => {
            Step::to(Screen::GiveBack(GiveBack { page: BackPage::Amount, ..form }))
        }
        Event::Press(Press::Back | Press::Cancel) => detail_of(form.of, form.back),
        // What was offered is no longer true: it is asked for anew.
        Event::Done(Done::Changed(attempt)) if attempt.id == form.of.id => detail_of(attempt, form.back),
        _ => Step::deaf(Screen::GiveBack(form)),
    }
}

/// One payment, and the question what may be given back of it.
pub(crate) fn detail_of(attempt: Box<Attempt>, back: Place) -> Step {
    let id = attempt.id;
    let offered = may_be_offered(&attempt);
    let offer = if offered { Offering::Asking } else { Offering::Nothing };
    let step = Step::to(Screen::Detail(Detail { attempt, printing: PrintState::Idle, back, offer }));
    if offered { step.with(Effect::Offer(id)) } else { step }
}

/// The card that was shown again: is it the one that paid? (506, P1245.) The center compares fingerprints.
pub(crate) fn read(present: Present, card: Box<CardData>, at: Moment) -> Step {
    let paid = present.terms.as_ref().and_then(|terms| terms.card.as_ref());
    if paid.is_some_and(|paid| paid.brand != card.brand || paid.pan != card.pan) {
        return stop(present, pay::DIFFERENT_CARD, false);
    }
    ready(present, Some(card), at)
}

/// Everything is there but, where the rule says so, the signature.
pub(crate) fn ready(present: Present, card: Option<Box<CardData>>, at: Moment) -> Step {
    let Present { attempt, since_us, terms, .. } = present;
    if terms.is_some_and(|terms| terms.signature) {
        let before = Some(Before { card, since_us });
        return Step::to(Screen::Sign(Sign {
            attempt,
            interrupted: false,
            stopping: false,
            trouble: None,
            before,
        }));
    }
    let id = attempt.id;
    asking(*attempt, at).with(Effect::AskRefund { id, card, signature: None })
}

/// A card's sale or a refund as it begins: the intent goes to the journal before the reader hears of it.
pub(crate) fn first_screen(attempt: Box<Attempt>, new: &NewPayment, at: Moment) -> Screen {
    Screen::Present(Present {
        attempt,
        since_us: new.since_us,
        armed_us: at.now_us,
        stage: Stage::Starting,
        terms: new.refund.clone(),
    })
}
