//! A payment as a terminal, a receipt and a console are shown it.

use crate::place::Place;
use crate::refund::{self, Refund};
use crate::row::{Payment, Wire, WireKind};
use crate::token::ReceiptToken;
use center_api::{HostAnswer, PaymentView};
use codes::MoneyTaken;
use iso8583::{Message, Spec};
use money::Yen;
use payment::refund::RefundBy;
use payment::{StateName, TaxLine, TaxParts};
use receipt::{CodeFacts, Merchant, SlipFacts, Strokes};

/// What the slip of a payment says; `None` while there is nothing to give one for.
pub fn slip_facts(
    payment: &Payment,
    merchant: &Merchant,
    public_url: &str,
    signature: Option<Strokes>,
) -> Option<SlipFacts> {
    let state = payment.shown_state();
    if !matches!(state, StateName::Approved | StateName::Authorized) {
        return None;
    }
    payment.brand()?;
    let token = ReceiptToken::new(payment.id, payment.receipt_secret);
    Some(SlipFacts {
        payment: payment.id,
        public_id: payment::public_id(payment.id),
        order_code: payment.order_code.clone(),
        merchant: Merchant { invoice_reg_no: payment.invoice_reg_no.clone(), ..merchant.clone() },
        taken_at_us: payment.sent_at_us,
        amount: payment.amount,
        method: payment.method,
        class: payment.class,
        card: payment.card.clone(),
        code: payment
            .code
            .as_ref()
            .map(|code| CodeFacts { brand: code.brand, center_txn_id: code.center_txn_id.clone() }),
        refund: None,
        approval_code: payment.standing.state.approval().and_then(|approval| approval.code.clone()),
        trace_no: payment.trace_no(),
        slip_no: payment.slip_no,
        terminal: payment.terminal.as_str().to_owned(),
        operator: payment.operator.clone(),
        note: payment.note.clone(),
        tax: tax_lines(payment.tax, payment.amount, &payment.business_date),
        signature,
        link: Some(format!("{public_url}/r/{}", token.text())),
    })
}

/// The tax inside an amount that was sold on this business date; nothing where nobody stated it.
pub(crate) fn tax_lines(parts: Option<TaxParts>, amount: Yen, sold_on: &str) -> Vec<TaxLine> {
    let Some((parts, day)) = parts.zip(sold_on.parse().ok()) else { return Vec::new() };
    parts.lines(amount, day)
}

/// What stands beside a payment's row.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// What the issuer sent for the chip.
    pub host: Option<HostAnswer>,
    /// The signature, when one was given.
    pub signature: Option<Strokes>,
    /// Its refunds, oldest first.
    pub refunds: Vec<Refund>,
}

/// The answer of the terminal API. `today`: the business date, for what may be given back.
pub fn payment_view(
    payment: &Payment,
    place: &Place,
    public_url: &str,
    beside: Beside,
    today: &str,
) -> PaymentView {
    let state = payment.shown_state();
    let Beside { host, signature, refunds } = beside;
    let offer = refund::view::offer(payment, &refunds, &place.policy, RefundBy::Terminal, today);
    let (_, rest) = refund::rest(payment, &refunds);
    let refund_views =
        refunds.iter().map(|refund| refund::view::refund_view(refund, payment, &place.merchant, public_url));
    PaymentView {
        id: payment.id,
        state,
        money_taken: money_taken(payment),
        code: payment.standing.state.code(),
        amount: payment.amount,
        method: payment.method,
        class: payment.class,
        host,
        slip: slip_facts(payment, &place.merchant, public_url, signature),
        in_doubt_since_us: (state == StateName::InDoubt).then_some(payment.changed_at_us),
        business_date: payment.business_date.clone(),
        brand: payment.brand(),
        waits_for_user: state == StateName::Sent && payment.code.as_ref().is_some_and(|code| code.waits),
        center_txn_id: payment.code.as_ref().and_then(|code| code.center_txn_id.clone()),
        given_back: payment.refunded,
        refunds: refund_views.collect(),
        refund_offer: offer.ok().map(|offer| refund::view::offer_view(offer, rest, today)),
    }
}

/// Whether the customer's money is taken.
pub fn money_taken(payment: &Payment) -> MoneyTaken {
    payment.shown_state().money_taken()
}

/// What the issuer sent for the chip, from the stored answer.
pub fn host_answer(wires: &[Wire]) -> Option<HostAnswer> {
    let wire = wires.iter().find(|wire| wire.kind == WireKind::Request)?;
    let answer = Message::decode(&Spec::BINARY, wire.answer.as_deref()?).ok()?;
    Some(host_of(&answer))
}

/// What the issuer sent for the chip.
pub fn host_of(answer: &Message) -> HostAnswer {
    HostAnswer {
        arc: answer.text(39).unwrap_or_default().to_owned(),
        emv: hex::encode(answer.bytes(55).unwrap_or_default()),
    }
}
