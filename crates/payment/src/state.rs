//! The payment's states and every legal move between them (model.md 3.3).

use codes::{Code, MoneyTaken};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What an approval carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The issuer's approval number (ISO 8583 DE 38, an 6); `None` when the issuer gave none.
    pub code: Option<String>,
}

/// Where a payment, a void or a refund stands. A state holds only what is true in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", content = "with", rename_all = "snake_case")]
pub enum State {
    /// Journaled, nothing sent.
    Started,
    /// Somebody was asked.
    Sent,
    /// Approved, waiting for signature or completion; the hold is a pending transfer.
    Authorized(Approval),
    /// Money taken, posted in the ledger.
    Approved(Approval),
    /// An answer said no.
    Declined(Code),
    /// Definitely nothing taken, for a technical reason.
    Failed(Code),
    /// Nobody knows yet.
    InDoubt(Code),
    /// Undone before it was final.
    Reversed,
    /// An authorization given back.
    Released,
    /// Given up before anything was sent.
    Abandoned(Code),
}

/// The bare name of a [`State`]: the stored word, the API's word, the key of labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are documented at State")]
pub enum StateName {
    Started,
    Sent,
    Authorized,
    Approved,
    Declined,
    Failed,
    InDoubt,
    Reversed,
    Released,
    Abandoned,
}

impl StateName {
    /// Every name, in the order of model.md 3.3.
    pub const ALL: [Self; 10] = [
        Self::Started,
        Self::Sent,
        Self::Authorized,
        Self::Approved,
        Self::Declined,
        Self::Failed,
        Self::InDoubt,
        Self::Reversed,
        Self::Released,
        Self::Abandoned,
    ];

    /// The stored word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Sent => "sent",
            Self::Authorized => "authorized",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Failed => "failed",
            Self::InDoubt => "in_doubt",
            Self::Reversed => "reversed",
            Self::Released => "released",
            Self::Abandoned => "abandoned",
        }
    }

    /// Reads [`StateName::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.word() == word)
    }

    /// Whether nothing can change this any more.
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Approved
                | Self::Declined
                | Self::Failed
                | Self::Reversed
                | Self::Released
                | Self::Abandoned
        )
    }

    /// Whether the customer's money is taken in this state. A hold is not yet money taken.
    pub const fn money_taken(self) -> MoneyTaken {
        match self {
            Self::Approved => MoneyTaken::Yes,
            Self::Sent | Self::InDoubt => MoneyTaken::Unknown,
            Self::Started
            | Self::Authorized
            | Self::Declined
            | Self::Failed
            | Self::Reversed
            | Self::Released
            | Self::Abandoned => MoneyTaken::No,
        }
    }
}

impl State {
    /// The bare name.
    pub const fn name(&self) -> StateName {
        match self {
            Self::Started => StateName::Started,
            Self::Sent => StateName::Sent,
            Self::Authorized(_) => StateName::Authorized,
            Self::Approved(_) => StateName::Approved,
            Self::Declined(_) => StateName::Declined,
            Self::Failed(_) => StateName::Failed,
            Self::InDoubt(_) => StateName::InDoubt,
            Self::Reversed => StateName::Reversed,
            Self::Released => StateName::Released,
            Self::Abandoned(_) => StateName::Abandoned,
        }
    }

    /// The code that goes with a refusal, a failure or a doubt.
    pub const fn code(&self) -> Option<Code> {
        match self {
            Self::Declined(code) | Self::Failed(code) | Self::InDoubt(code) | Self::Abandoned(code) => {
                Some(*code)
            }
            Self::Started
            | Self::Sent
            | Self::Authorized(_)
            | Self::Approved(_)
            | Self::Reversed
            | Self::Released => None,
        }
    }

    /// The approval that goes with a hold or a charge.
    pub const fn approval(&self) -> Option<&Approval> {
        match self {
            Self::Authorized(approval) | Self::Approved(approval) => Some(approval),
            _ => None,
        }
    }
}

/// What can happen to a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody is asked now (written before the request leaves).
    Send,
    /// Given up before sending: cancel, reset, disconnect, time-outs 401 and 404.
    GiveUp(Code),
    /// The answer approves; nothing more to do.
    Approve(Approval),
    /// The answer approves; a signature or completion follows (0100).
    Authorize(Approval),
    /// The answer says no.
    Decline(Code),
    /// A definite technical refusal, or already cancelled by the other side.
    Fail(Code),
    /// Time-out, cut line, 5xx, unknown code, restart with it open.
    LoseSight(Code),
    /// The signature or completion is done (0220).
    Complete,
    /// Not completed in time, or given back.
    Release,
    /// An inquiry found the approval.
    FindApproval(Approval),
    /// An inquiry found a refusal.
    FindRefusal(Code),
    /// The network acknowledged the reversal (0430).
    AcknowledgeReversal,
    /// A person ends the doubt, with reason and evidence.
    Settle(Settlement),
}

/// What a person may say of a doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// Money was taken.
    Approved(Approval),
    /// It was refused.
    Declined(Code),
    /// It was undone.
    Reversed,
}

impl Event {
    /// The event's name in the matrix and in the audit.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::GiveUp(_) => "give_up",
            Self::Approve(_) => "approve",
            Self::Authorize(_) => "authorize",
            Self::Decline(_) => "decline",
            Self::Fail(_) => "fail",
            Self::LoseSight(_) => "lose_sight",
            Self::Complete => "complete",
            Self::Release => "release",
            Self::FindApproval(_) => "find_approval",
            Self::FindRefusal(_) => "find_refusal",
            Self::AcknowledgeReversal => "acknowledge_reversal",
            Self::Settle(Settlement::Approved(_)) => "settle_approved",
            Self::Settle(Settlement::Declined(_)) => "settle_declined",
            Self::Settle(Settlement::Reversed) => "settle_reversed",
        }
    }
}

/// A move that model.md 3.3 does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IllegalTransition {
    /// Where the payment stands.
    pub state: StateName,
    /// What was tried.
    pub event: &'static str,
}

impl fmt::Display for IllegalTransition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a payment that is {} cannot {}", self.state.word(), self.event)
    }
}

impl std::error::Error for IllegalTransition {}

/// The one function of legal moves. What is not listed is refused; final is final.
pub fn next(state: &State, event: Event) -> Result<State, IllegalTransition> {
    use Event as E;
    use State as S;
    let refused = IllegalTransition { state: state.name(), event: event.name() };
    match (state, event) {
        (S::Started, E::Send) => Ok(S::Sent),
        (S::Started, E::GiveUp(code)) => Ok(S::Abandoned(code)),
        (S::Sent, E::Approve(approval)) => Ok(S::Approved(approval)),
        (S::Sent, E::Authorize(approval)) => Ok(S::Authorized(approval)),
        (S::Sent, E::Decline(code)) => Ok(S::Declined(code)),
        (S::Sent, E::Fail(code)) => Ok(S::Failed(code)),
        // A time-out is never a decline.
        (S::Sent, E::LoseSight(code)) => Ok(S::InDoubt(code)),
        (S::Authorized(approval), E::Complete) => Ok(S::Approved(approval.clone())),
        (S::Authorized(_), E::Release) => Ok(S::Released),
        (S::InDoubt(_), E::FindApproval(approval)) => Ok(S::Approved(approval)),
        (S::InDoubt(_), E::FindRefusal(code)) => Ok(S::Declined(code)),
        (S::InDoubt(_), E::Fail(code)) => Ok(S::Failed(code)),
        (S::InDoubt(_), E::AcknowledgeReversal | E::Settle(Settlement::Reversed)) => Ok(S::Reversed),
        (S::InDoubt(_), E::Settle(Settlement::Approved(approval))) => Ok(S::Approved(approval)),
        (S::InDoubt(_), E::Settle(Settlement::Declined(code))) => Ok(S::Declined(code)),
        _ => Err(refused),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect_file;

    fn states() -> [State; 10] {
        let approval = Approval { code: Some("123456".into()) };
        let code = codes::pay::CARD_REFUSED;
        [
            State::Started,
            State::Sent,
            State::Authorized(approval.clone()),
            State::Approved(approval),
            State::Declined(code),
            State::Failed(code),
            State::InDoubt(code),
            State::Reversed,
            State::Released,
            State::Abandoned(code),
        ]
    }

    fn events() -> [Event; 15] {
        let approval = Approval { code: None };
        let code = codes::pay::NO_ANSWER;
        let settle = Event::Settle;
        [
            Event::Send,
            Event::GiveUp(code),
            Event::Approve(approval.clone()),
            Event::Authorize(approval.clone()),
            Event::Decline(code),
            Event::Fail(code),
            Event::LoseSight(code),
            Event::Complete,
            Event::Release,
            Event::FindApproval(approval),
            Event::FindRefusal(code),
            Event::AcknowledgeReversal,
            settle(Settlement::Approved(Approval { code: None })),
            settle(Settlement::Declined(code)),
            settle(Settlement::Reversed),
        ]
    }

    #[test]
    fn the_matrix_of_states_and_events_is_the_one_that_was_read() {
        let mut text = String::new();
        for state in states() {
            for event in events() {
                let to = match next(&state, event.clone()) {
                    Ok(to) => to.name().word(),
                    Err(_) => "-",
                };
                text.push_str(&format!("{:<11} {:<21} {to}\n", state.name().word(), event.name()));
            }
        }
        expect_file!["../tests/golden/matrix.txt"].assert_eq(&text);
    }

    #[test]
    fn final_is_final() {
        for state in states().iter().filter(|state| state.name().is_final()) {
            for event in events() {
                assert!(next(state, event).is_err(), "{state:?}");
            }
        }
    }

    #[test]
    fn every_name_is_read_back_from_its_word() {
        for name in StateName::ALL {
            assert_eq!(StateName::from_word(name.word()), Some(name));
        }
    }
}
