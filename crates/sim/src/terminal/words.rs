//! What the terminal's parts say to each other in the words of the product.

use crate::message::{Question, Told, View};
use center_api::{Problem, RefundView};
use codes::{Code, MoneyTaken, api};
use money::Yen;
use payment::{
    Brand, CodeEntry, Cvm, EntryMode, MaskedPan, Medium, Method, PaymentClass, PaymentId, RefundKind,
    StateName,
};
use receipt::CardFacts;
use terminal::attempt::{Attempt, CodeFacts, Origin};
use terminal::event::{NewPayment, RefundTerms};
use terminal::journal::{Fact, Sent};
use terminal::settle::Word;

/// What the register wants, as the screen is told.
pub(super) fn wish(
    id: PaymentId,
    amount: Yen,
    method: Method,
    at_us: i64,
    back: Option<(PaymentId, RefundKind)>,
) -> NewPayment {
    let terms = |(of, kind)| RefundTerms {
        of,
        kind,
        medium: Medium::SameCard,
        signature: false,
        card: None,
        code_paid: None,
    };
    NewPayment {
        method,
        origin: Origin::Local,
        refund: back.map(|back| Box::new(terms(back))),
        ..NewPayment::sale(id, amount, PaymentClass::Lump, at_us)
    }
}

pub(super) fn told(attempt: &Attempt) -> Told {
    match attempt.name() {
        StateName::Approved => Told::Paid(attempt.id),
        name if name.is_final() => Told::NotPaid,
        _ => Told::Underway,
    }
}

/// Whether a customer has still to confirm and nobody has given it up.
pub(super) fn thinks(attempt: &Attempt) -> bool {
    attempt.name() == StateName::Sent && attempt.waits_for_user && attempt.undo.is_none()
}

pub(super) fn sent(signature_follows: bool, by_code: bool) -> Fact {
    if by_code {
        let code = CodeFacts {
            brand: Some(Brand::PayPay),
            masked: String::new(),
            entry: CodeEntry::Scanner,
            center_txn_id: None,
        };
        return Fact::Sent(Box::new(Sent {
            class: PaymentClass::Lump,
            card: None,
            code_paid: Some(code),
            signature_follows: false,
        }));
    }
    let pan = MaskedPan { first6: String::new(), last4: String::new() };
    let card = CardFacts {
        brand: Brand::Visa,
        pan,
        entry_mode: EntryMode::Magstripe,
        cvm: if signature_follows { Cvm::Signature } else { Cvm::NoCvm },
        aid: None,
        atc: None,
        pan_seq: None,
        app_label: None,
    };
    Fact::Sent(Box::new(Sent {
        class: PaymentClass::Lump,
        card: Some(card),
        code_paid: None,
        signature_follows,
    }))
}

pub(super) fn undoes(attempt: &Attempt, reason: Code) -> Question {
    let amount = attempt.amount;
    match attempt.gives_back() {
        Some(of) => Question::ReverseRefund { of, amount },
        None => Question::Reverse { amount, reason },
    }
}

pub(super) fn word(view: &View) -> Word {
    Word {
        id: view.id,
        amount: view.amount,
        state: view.state,
        code: view.code,
        slip: None,
        brand: None,
        center_txn_id: None,
        waits_for_user: view.waits_for_user,
    }
}

pub(super) fn refund_view(view: &View) -> RefundView {
    RefundView {
        id: view.id,
        payment: view.of.unwrap_or(view.id),
        kind: RefundKind::Refund,
        amount: view.amount,
        state: view.state,
        money_returned: view.state.money_taken(),
        code: view.code,
        slip: None,
        in_doubt_since_us: None,
        business_date: String::new(),
    }
}

pub(super) fn problem(code: Code) -> Problem {
    let money_taken = if code == api::INTERNAL { MoneyTaken::Unknown } else { code.row().money };
    Problem {
        kind: String::new(),
        title: String::new(),
        status: code.row().status,
        code,
        money_taken,
        next: String::new(),
        detail: None,
    }
}
