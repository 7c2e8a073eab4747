//! What the center is asked about a payment, and what its word means here. Pure: tables of (what we know,
//! what it says), shared by the program and the seeded simulation.

use crate::attempt::{Attempt, Remedy};
use crate::center::CenterFault;
use crate::journal::Fact;
use center_api::{PaymentView, Problem, RefundView};
use codes::{Code, MoneyTaken, api, code, pay};
use money::Yen;
use payment::{Approval, Brand, PaymentId, State, StateName};
use receipt::SlipFacts;

/// What follows from the center's word.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "made and taken apart at once, never kept")]
pub enum Settled {
    /// Write this down; it may still be open afterwards.
    Write(Fact),
    /// Nothing new: ask again later.
    Wait,
    /// Ask for the reversal, whatever it is.
    Undo(Code),
}

/// What the center says about a payment, or about giving one back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// What it is about.
    pub id: PaymentId,
    /// Whole yen.
    pub amount: Yen,
    /// Where it stands.
    pub state: StateName,
    /// The code of a refusal, failure or doubt.
    pub code: Option<Code>,
    /// The slip.
    pub slip: Option<SlipFacts>,
    /// The brand, when it is known.
    pub brand: Option<Brand>,
    /// The number under which the code brand knows it (M-044).
    pub center_txn_id: Option<String>,
    /// The customer must still confirm on the phone.
    pub waits_for_user: bool,
}

impl From<&PaymentView> for Word {
    fn from(view: &PaymentView) -> Self {
        Self {
            id: view.id,
            amount: view.amount,
            state: view.state,
            code: view.code,
            slip: view.slip.clone(),
            brand: view.brand,
            center_txn_id: view.center_txn_id.clone(),
            waits_for_user: view.waits_for_user,
        }
    }
}

impl From<&RefundView> for Word {
    fn from(view: &RefundView) -> Self {
        Self {
            id: view.id,
            amount: view.amount,
            state: view.state,
            code: view.code,
            slip: view.slip.clone(),
            brand: None,
            center_txn_id: None,
            waits_for_user: false,
        }
    }
}

fn approval(view: &Word) -> Approval {
    Approval { code: view.slip.as_ref().and_then(|slip| slip.approval_code.clone()) }
}

/// What the center's view of a payment means for ours.
pub fn settle(attempt: &Attempt, view: &PaymentView) -> Settled {
    settle_word(attempt, &Word::from(view))
}

/// What the center's view of a void, return or refund means for ours. Of another payment it means nothing.
pub fn settle_refund(attempt: &Attempt, view: &RefundView) -> Settled {
    if attempt.gives_back() == Some(view.payment) {
        settle_word(attempt, &Word::from(view))
    } else {
        Settled::Wait
    }
}

/// What the center's word means for what we know.
pub fn settle_word(attempt: &Attempt, view: &Word) -> Settled {
    use StateName as S;
    // An answer about something else is no answer.
    if view.id != attempt.id || view.amount != attempt.amount {
        return match attempt.name() {
            S::Sent => Settled::Write(Fact::InDoubt { code: pay::UNCLEAR_ANSWER }),
            _ => Settled::Wait,
        };
    }
    let slip = view.slip.clone().map(Box::new);
    let refused = view.code.unwrap_or(pay::CARD_REFUSED);
    match (&attempt.state, view.state) {
        (State::Started, S::Reversed | S::Released) => {
            Settled::Write(Fact::Abandoned { code: pay::CANCELLED })
        }
        (State::Sent, S::Authorized) if attempt.signature_follows => {
            Settled::Write(Fact::Authorized { approval: approval(view), slip })
        }
        // A hold that nobody will sign for: the doubt, a time-out or a mistake lies between.
        (State::Sent | State::InDoubt(_), S::Authorized) => Settled::Undo(pay::INTERRUPTED),
        (State::Sent | State::InDoubt(_) | State::Authorized(_), S::Approved) => {
            Settled::Write(Fact::Approved { approval: approval(view), slip })
        }
        (State::Sent | State::InDoubt(_), S::Declined) => Settled::Write(Fact::Declined { code: refused }),
        (State::Sent | State::InDoubt(_), S::Failed) => {
            Settled::Write(Fact::Failed { code: view.code.unwrap_or(pay::CENTER_BUSY) })
        }
        // The center has cancelled what the customer did not confirm in time: here, too, a doubt comes first.
        (State::Sent, S::Reversed) if attempt.waits_for_user => {
            Settled::Write(Fact::InDoubt { code: code::CONFIRM_TIMEOUT })
        }
        (State::Sent, S::Reversed | S::Released) => {
            Settled::Write(Fact::Failed { code: pay::REVERSED_BEFORE })
        }
        (State::InDoubt(_), S::Reversed | S::Released) => Settled::Write(Fact::Reversed),
        (State::Authorized(_), S::Reversed | S::Released | S::Declined | S::Failed) => {
            Settled::Write(Fact::Released)
        }
        // Asked on the phone and not yet decided: no doubt, and nothing to undo.
        (State::Sent, S::Sent) if view.waits_for_user || attempt.waits_for_user => told(attempt, view),
        (State::Sent, S::Sent | S::InDoubt | S::Started | S::Abandoned) => {
            Settled::Write(Fact::InDoubt { code: view.code.unwrap_or(pay::NO_ANSWER) })
        }
        _ => Settled::Wait,
    }
}

/// What is new about a payment that the customer has still to confirm.
fn told(attempt: &Attempt, view: &Word) -> Settled {
    let known = attempt.code_paid.as_ref();
    let brand = view.brand.or(known.and_then(|code| code.brand));
    let number = view.center_txn_id.clone().or(known.and_then(|code| code.center_txn_id.clone()));
    let new = !attempt.waits_for_user
        || known.is_some_and(|code| code.brand != brand || code.center_txn_id != number);
    if new {
        Settled::Write(Fact::Told { brand, center_txn_id: number, waits_for_user: true })
    } else {
        Settled::Wait
    }
}

/// The codes with which the center says that it did nothing, and will do nothing with a copy of the request.
///
/// A center that cannot write (no room even in its reserve, no database, too much to do) is not among them: it
/// has not written down that it saw the request, so a copy that arrives later would be taken. The doubt ends
/// by a tombstone.
const DID_NOTHING: &[Code] =
    &[api::BAD_REQUEST, api::NOT_SIGNED_IN, api::NOT_ALLOWED, api::NOT_FOUND, api::TOO_LARGE, api::NOT_JSON];

/// What a refusal of the request itself means for a payment, or for giving one back, that was sent: a
/// definite failure only when the center says that it asked nobody; everything else leaves the doubt. (What
/// the center refuses by its rules is no such refusal: it is written down under the id and is a state.)
///
/// A replayed request number is no such refusal: whatever doubled the request on its way, or a copy of this
/// device's data, came first, and that one may have been taken.
pub fn settle_problem(problem: &Problem) -> Fact {
    let code = problem.code;
    let definite = ["payment", "code"].contains(&code.row().family) || DID_NOTHING.contains(&code);
    if definite && code.row().money == MoneyTaken::No && problem.money_taken == MoneyTaken::No {
        Fact::Failed { code }
    } else {
        Fact::InDoubt { code: pay::UNCLEAR_ANSWER }
    }
}

/// A question to the center about a payment that is not settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// How it stands. An id that the center never heard of is reversed next, with [`pay::NO_ANSWER`]: the
    /// tombstone refuses it should it still come (model 3.3, rule 9).
    Look,
    /// That it be undone, and why.
    Reverse(Code),
    /// That the hold be given back.
    Release,
    /// That the hold become a charge: the signature is there.
    Complete,
}

/// What is asked for a remedy. Where the center's state no longer allows it (`api::WRONG_STATE`), what the
/// center has is looked up and is the answer.
pub fn question(attempt: &Attempt, remedy: Remedy) -> Question {
    match remedy {
        Remedy::Tombstone | Remedy::None => Question::Reverse(pay::INTERRUPTED),
        Remedy::Undo(_) if attempt.name() == StateName::Authorized => Question::Release,
        Remedy::Undo(code) => Question::Reverse(code),
        Remedy::Inquire | Remedy::Await => Question::Look,
        Remedy::Complete => Question::Complete,
    }
}

/// What the request itself, to pay or to give back, came to without an answer; no fault = our own time is up.
pub fn unanswered(fault: Option<&CenterFault>) -> Fact {
    match fault {
        Some(CenterFault::NotReached(_)) => Fact::Failed { code: pay::NO_CONNECTION },
        Some(CenterFault::Refused(problem)) => settle_problem(problem),
        Some(CenterFault::Unanswered(_)) | None => Fact::InDoubt { code: pay::NO_ANSWER },
    }
}

/// What is written once the center answered the payment's own request and the card had its last word.
pub fn answered(settled: Settled, refused_by_card: Option<Code>) -> Vec<Fact> {
    match (settled, refused_by_card) {
        // The chip refused what its issuer approved, or was pulled out: it is undone (EMV Book 3, 10.11).
        (Settled::Write(Fact::Approved { .. } | Fact::Authorized { .. }), Some(code))
        | (Settled::Undo(code), _) => vec![Fact::UndoWanted { code }, Fact::InDoubt { code }],
        (Settled::Write(fact), _) => vec![fact],
        (Settled::Wait, _) => vec![Fact::InDoubt { code: pay::UNCLEAR_ANSWER }],
    }
}

/// What is written once the center answered the request to give back.
pub fn refund_answered(attempt: &Attempt, view: &RefundView) -> Fact {
    match settle_refund(attempt, view) {
        Settled::Write(fact) => fact,
        Settled::Undo(_) | Settled::Wait => Fact::InDoubt { code: pay::UNCLEAR_ANSWER },
    }
}

/// What is written when the center answered the question of a remedy; nothing: ask again later.
pub fn found(attempt: &Attempt, view: &PaymentView, remedy: Remedy) -> Option<Fact> {
    found_word(attempt, &Word::from(view), remedy)
}

/// The same for a payment or a refund.
pub fn found_word(attempt: &Attempt, word: &Word, remedy: Remedy) -> Option<Fact> {
    // What was sent and never answered becomes a doubt first, then what the center says. A customer who
    // has still to confirm on the phone is no doubt.
    if attempt.name() == StateName::Sent && remedy != Remedy::Await {
        return Some(Fact::InDoubt { code: attempt.undo.unwrap_or(pay::INTERRUPTED) });
    }
    match (settle_word(attempt, word), remedy) {
        // The card did not finish, so the charge must not stand: the reversal is asked for again. Any
        // other approval is final, whatever was wanted of it (rule 3).
        (Settled::Write(Fact::Approved { .. }), Remedy::Undo(code)) if card_did_not_finish(code) => None,
        (Settled::Write(fact), _) => Some(fact),
        (Settled::Undo(code), Remedy::Inquire | Remedy::Await) => Some(Fact::UndoWanted { code }),
        (Settled::Wait | Settled::Undo(_), _) => None,
    }
}

/// What the center voids although it was approved (`center-api`, reversal).
fn card_did_not_finish(code: Code) -> bool {
    [pay::CRYPTOGRAM_REFUSED, pay::CARD_REMOVED].contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use i18n::Lang;

    #[test]
    fn only_a_center_that_did_nothing_and_never_will_ends_what_was_sent() {
        // model 3.3 rule 9
        let said = |code| settle_problem(&Problem::new(Lang::En, code));
        for code in DID_NOTHING {
            assert_eq!(said(*code), Fact::Failed { code: *code }, "{code}");
        }
        let cannot_write = [api::NO_SPACE, api::UNAVAILABLE, api::INTERNAL];
        // A rule's reason passes; the center writes its refusals down and answers with the state.
        let passing = [pay::ABOVE_REST, pay::REFUND_UNDER_WAY, pay::REFUND_NOT_YET, pay::REFUNDED_TOO_OFTEN];
        for code in cannot_write.into_iter().chain(passing) {
            assert_eq!(said(code), Fact::InDoubt { code: pay::UNCLEAR_ANSWER }, "{code}");
        }
    }
}
