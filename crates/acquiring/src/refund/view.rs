//! A refund as a terminal, a slip and a console are shown it, and what may be given back of a payment.

use super::{Refund, days_between, facts};
use crate::row::Payment;
use crate::view::tax_lines;
use center_api::{RefundOffer, RefundView};
use codes::Code;
use payment::refund::{Offer, RefundBy, decide, refund_rule};
use payment::{Policy, Returned, StateName, TaxParts};
use receipt::{Merchant, RefundFacts, SlipFacts};

/// The cancel slip (M-059, R-046); nothing while the refund is not approved. The order code and the
/// transaction id are those of the sale, the slip number too; the date is the refund's own.
pub fn slip_facts(
    refund: &Refund,
    payment: &Payment,
    merchant: &Merchant,
    public_url: &str,
) -> Option<SlipFacts> {
    if refund.standing.state.name() != StateName::Approved {
        return None;
    }
    let mut facts = crate::view::slip_facts(payment, merchant, public_url, None)?;
    let approval = refund.standing.state.approval().and_then(|approval| approval.code.clone());
    facts.taken_at_us = refund.sent_at_us;
    facts.amount = refund.amount;
    facts.approval_code = approval.or(facts.approval_code);
    facts.trace_no = refund.trace_no();
    facts.operator.clone_from(&refund.operator);
    facts.note.clone_from(&refund.reason);
    // What is taken back was taxed as on the day of its sale.
    facts.tax = tax_lines(refund.tax, refund.amount, &payment.business_date);
    facts.link = None;
    if let Some(terminal) = &refund.terminal {
        terminal.as_str().clone_into(&mut facts.terminal);
    }
    if let Some(card) = &mut facts.card {
        card.atc.clone_from(&refund.atc);
    }
    let (kind, id, sold_at_us) = (refund.kind, refund.id, payment.sent_at_us);
    facts.refund = Some(RefundFacts { kind, id, sold_at_us, item: payment.note.clone() });
    Some(facts)
}

/// The answer of the terminal API.
pub fn refund_view(refund: &Refund, payment: &Payment, merchant: &Merchant, public_url: &str) -> RefundView {
    let state = refund.standing.state.name();
    RefundView {
        id: refund.id,
        payment: refund.payment,
        kind: refund.kind,
        amount: refund.amount,
        state,
        money_returned: state.money_taken(),
        code: refund.standing.state.code(),
        slip: slip_facts(refund, payment, merchant, public_url),
        in_doubt_since_us: (state == StateName::InDoubt).then_some(refund.changed_at_us),
        business_date: refund.business_date.clone(),
    }
}

/// What may be given back of a payment today, or why nothing may.
pub fn offer(
    payment: &Payment,
    refunds: &[Refund],
    policy: &Policy,
    by: RefundBy,
    today: &str,
) -> Result<Offer, Code> {
    let days = days_between(&payment.business_date, today);
    let rule = payment.brand().and_then(|brand| refund_rule(payment.method, brand, policy.receipt.profile));
    decide(rule, &facts(payment, refunds, by, days))
}

/// The same for the terminal's API. `tax`: the parts of what is left of the payment.
pub fn offer_view(offer: Offer, tax: Option<TaxParts>, today: &str) -> RefundOffer {
    let last = today.parse::<jiff::civil::Date>().ok().and_then(|today| {
        let span = jiff::Span::new().try_days(offer.days_left).ok()?;
        today.checked_add(span).ok()
    });
    RefundOffer {
        kind: offer.kind,
        medium: offer.medium,
        most: offer.most,
        partial: offer.partial,
        until: last.map_or_else(|| today.to_owned(), |last| last.to_string()),
        signature: offer.signature,
        tax,
    }
}

/// What was given back, for the label (取消・返品済 …).
pub fn returned(payment: &Payment) -> Returned {
    match () {
        () if !payment.refunding.is_zero() => Returned::Waiting,
        () if payment.refunded.is_zero() => Returned::Nothing,
        () if payment.refunded == payment.amount => Returned::Whole,
        () => Returned::Part,
    }
}
