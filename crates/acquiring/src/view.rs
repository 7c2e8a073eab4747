//! A payment as a terminal, a receipt and a console are shown it.

use crate::place::Place;
use crate::row::{Payment, Wire, WireKind};
use crate::token::ReceiptToken;
use center_api::{HostAnswer, PaymentView};
use codes::MoneyTaken;
use iso8583::{Message, Spec};
use money::Yen;
use payment::StateName;
use receipt::{Merchant, SlipFacts, Strokes};

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
    let token = ReceiptToken::new(payment.id, payment.receipt_secret);
    Some(SlipFacts {
        payment: payment.id,
        public_id: payment::public_id(payment.id),
        order_code: payment.order_code.clone(),
        merchant: merchant.clone(),
        taken_at_us: payment.sent_at_us,
        amount: payment.amount,
        method: payment.method,
        class: payment.class,
        card: Some(payment.card.clone()?),
        code: None,
        refund: None,
        approval_code: payment.standing.state.approval().and_then(|approval| approval.code.clone()),
        trace_no: payment.trace_no(),
        slip_no: payment.slip_no,
        terminal: payment.terminal.as_str().to_owned(),
        operator: payment.operator.clone(),
        note: payment.note.clone(),
        signature,
        link: Some(format!("{public_url}/r/{}", token.text())),
    })
}

/// The answer of the terminal API.
pub fn payment_view(
    payment: &Payment,
    place: &Place,
    public_url: &str,
    host: Option<HostAnswer>,
    signature: Option<Strokes>,
) -> PaymentView {
    let state = payment.shown_state();
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
        brand: payment.card.as_ref().map(|card| card.brand),
        waits_for_user: false,
        center_txn_id: None,
        given_back: Yen::ZERO,
        refunds: Vec::new(),
        refund_offer: None,
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
