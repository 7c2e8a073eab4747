//! What the center's word on a payment means here. Pure: a table of (what we know, what it says).

use crate::attempt::Attempt;
use crate::journal::Fact;
use center_api::{PaymentView, Problem};
use codes::{Code, api, pay};
use payment::{Approval, State, StateName};

/// What follows from the center's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Write this down; it may still be open afterwards.
    Write(Fact),
    /// Nothing new: ask again later.
    Wait,
    /// Ask for the reversal, whatever it is.
    Undo(Code),
}

fn approval(view: &PaymentView) -> Approval {
    Approval { code: view.slip.as_ref().and_then(|slip| slip.approval_code.clone()) }
}

/// What the center's view of a payment means for ours.
pub fn settle(attempt: &Attempt, view: &PaymentView) -> Settled {
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
        (State::Sent, S::Reversed | S::Released) => {
            Settled::Write(Fact::Failed { code: pay::REVERSED_BEFORE })
        }
        (State::InDoubt(_), S::Reversed | S::Released) => Settled::Write(Fact::Reversed),
        (State::Authorized(_), S::Reversed | S::Released | S::Declined | S::Failed) => {
            Settled::Write(Fact::Released)
        }
        (State::Sent, S::Sent | S::InDoubt | S::Started | S::Abandoned) => {
            Settled::Write(Fact::InDoubt { code: view.code.unwrap_or(pay::NO_ANSWER) })
        }
        _ => Settled::Wait,
    }
}

/// What a refusal of the request itself means for a payment that was sent: a definite failure only when
/// the center says that it asked nobody; everything else leaves the doubt.
pub fn settle_problem(problem: &Problem) -> Fact {
    let code = problem.code;
    let definite = code.row().family == "payment"
        || [
            api::BAD_REQUEST,
            api::NOT_SIGNED_IN,
            api::NOT_ALLOWED,
            api::NOT_FOUND,
            api::TOO_LARGE,
            api::NOT_JSON,
            api::TOO_MANY,
            api::COUNTER_REPLAYED,
            api::NO_SPACE,
            api::UNAVAILABLE,
        ]
        .contains(&code);
    if definite && code.row().money == codes::MoneyTaken::No && problem.money_taken == codes::MoneyTaken::No {
        Fact::Failed { code }
    } else {
        Fact::InDoubt { code: pay::UNCLEAR_ANSWER }
    }
}
