//! One payment attempt as this terminal's journal tells it: what was asked, where it stands, what was
//! shown and printed. Folded from journal entries by [`Attempt::apply`], which knows only legal moves.

use crate::event::NewPayment;
use crate::journal::Fact;
use codes::{Code, MoneyTaken};
use money::Yen;
use payment::{Event, IllegalTransition, Method, Operator, PaymentClass, PaymentId, State, StateName};
use receipt::{CardFacts, Copy, SlipFacts, Strokes};
use serde::{Deserialize, Serialize};

/// Who asked for the payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The terminal's own keypad.
    Keypad,
    /// A program on this device, by `POST /local/payments`.
    Local,
}

/// How often each copy went to the printer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prints {
    /// Customer copies that the printer was given.
    pub customer_begun: u32,
    /// Customer copies that the printer took.
    pub customer_done: u32,
    /// Merchant copies that the printer was given.
    pub merchant_begun: u32,
    /// Merchant copies that the printer took.
    pub merchant_done: u32,
}

/// A payment attempt of this terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The id, minted here before anything else happened.
    pub id: PaymentId,
    /// Whole yen.
    pub amount: Yen,
    /// Method.
    pub method: Method,
    /// Lump sum or instalments.
    pub class: PaymentClass,
    /// Slip number, 1 to 9999.
    pub slip_no: i64,
    /// Product note (M-020).
    pub note: Option<String>,
    /// The clerk at that time.
    pub operator: Option<Operator>,
    /// Who asked.
    pub origin: Origin,
    /// When it started, UTC microseconds.
    pub started_at_us: i64,
    /// When its state last changed, UTC microseconds.
    pub changed_at_us: i64,
    /// Where it stands.
    pub state: State,
    /// The card, once it was read and sent.
    pub card: Option<CardFacts>,
    /// A signature follows the authorization (0100 → 0220).
    pub signature_follows: bool,
    /// The signature, once it was given.
    pub signature: Option<Strokes>,
    /// The slip, once the center has approved or authorized.
    pub slip: Option<Box<SlipFacts>>,
    /// The payment must be undone whatever the center says, and why: the chip refused the approval.
    pub undo: Option<Code>,
    /// The clerk has seen the doubt and goes on with another customer.
    pub acknowledged: bool,
    /// The clerk has left the result screen.
    pub closed: bool,
    /// What was printed.
    pub prints: Prints,
}

/// The journal tells a story that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadStory {
    /// A move that the state machine does not have.
    #[error("{0}")]
    Illegal(String),
    /// Something happened to a payment that was never started.
    #[error("payment {0} has an entry before it was started")]
    NotStarted(PaymentId),
    /// A payment was started twice.
    #[error("payment {0} was started twice")]
    StartedTwice(PaymentId),
}

impl From<IllegalTransition> for BadStory {
    fn from(illegal: IllegalTransition) -> Self {
        Self::Illegal(illegal.to_string())
    }
}

impl Attempt {
    /// Adds one journal entry to a payment's story.
    pub fn apply(before: Option<Self>, id: PaymentId, at_us: i64, fact: &Fact) -> Result<Self, BadStory> {
        match (before, fact) {
            (None, Fact::Started(started)) => {
                let new = NewPayment {
                    id,
                    amount: started.amount,
                    class: started.class,
                    note: started.note.clone(),
                    origin: started.origin,
                    since_us: at_us,
                };
                let planned = Self::planned(&new, started.operator.clone(), at_us);
                Ok(Self { method: started.method, slip_no: started.slip_no, ..planned })
            }
            (Some(_), Fact::Started(_)) => Err(BadStory::StartedTwice(id)),
            (None, _) => Err(BadStory::NotStarted(id)),
            (Some(mut attempt), fact) => {
                if let Some(event) = fact.event(&attempt.state) {
                    attempt.state = payment::next(&attempt.state, event)?;
                    attempt.changed_at_us = at_us;
                }
                attempt.note_down(fact);
                Ok(attempt)
            }
        }
    }

    fn note_down(&mut self, fact: &Fact) {
        match fact {
            Fact::Sent(sent) => {
                self.class = sent.class;
                self.card = Some(sent.card.clone());
                self.signature_follows = sent.signature_follows;
            }
            Fact::Authorized { slip, .. } | Fact::Approved { slip, .. } => {
                if slip.is_some() {
                    self.slip.clone_from(slip);
                }
            }
            Fact::Signed { signature } => self.signature = Some(signature.clone()),
            Fact::UndoWanted { code } => self.undo = Some(*code),
            Fact::Acknowledged { .. } => self.acknowledged = true,
            Fact::Closed => self.closed = true,
            Fact::Printing { copy: Copy::Customer, .. } => {
                self.prints.customer_begun = self.prints.customer_begun.saturating_add(1);
            }
            Fact::Printing { copy: Copy::Merchant, .. } => {
                self.prints.merchant_begun = self.prints.merchant_begun.saturating_add(1);
            }
            Fact::Printed { copy: Copy::Customer } => {
                self.prints.customer_done = self.prints.customer_done.saturating_add(1);
            }
            Fact::Printed { copy: Copy::Merchant } => {
                self.prints.merchant_done = self.prints.merchant_done.saturating_add(1);
            }
            Fact::Opened { .. }
            | Fact::Activated { .. }
            | Fact::SignedIn { .. }
            | Fact::SignedOut
            | Fact::Started(_)
            | Fact::InDoubt { .. }
            | Fact::Declined { .. }
            | Fact::Failed { .. }
            | Fact::Reversed
            | Fact::Released
            | Fact::Abandoned { .. }
            | Fact::Mailed => {}
        }
    }

    /// A payment before its intent is journaled, for the screen.
    pub fn planned(new: &NewPayment, operator: Option<Operator>, now_us: i64) -> Self {
        Self {
            id: new.id,
            amount: new.amount,
            method: Method::Card,
            class: new.class,
            slip_no: 0,
            note: new.note.clone(),
            operator,
            origin: new.origin,
            started_at_us: now_us,
            changed_at_us: now_us,
            state: State::Started,
            card: None,
            signature_follows: false,
            signature: None,
            slip: None,
            undo: None,
            acknowledged: false,
            closed: false,
            prints: Prints::default(),
        }
    }

    /// The bare state.
    pub fn name(&self) -> StateName {
        self.state.name()
    }

    /// Whether money was taken, as far as this terminal knows. A completion that was asked for and not
    /// yet answered may have been posted.
    pub fn money_taken(&self) -> MoneyTaken {
        if self.is_completing() { MoneyTaken::Unknown } else { self.name().money_taken() }
    }

    /// The code of a refusal, failure or doubt.
    pub fn code(&self) -> Option<Code> {
        match &self.state {
            State::Declined(code) | State::Failed(code) | State::InDoubt(code) | State::Abandoned(code) => {
                Some(*code)
            }
            State::Authorized(_) if self.is_completing() => Some(codes::pay::NO_ANSWER),
            // Undone because the chip refused or the card was gone: that is what to tell the customer.
            State::Reversed => {
                self.undo.filter(|code| code.row().money == MoneyTaken::No && *code != codes::pay::CANCELLED)
            }
            State::Started | State::Sent | State::Authorized(_) | State::Approved(_) | State::Released => {
                None
            }
        }
    }

    /// Whether the signature was given and its completion is not yet answered.
    pub fn is_completing(&self) -> bool {
        self.name() == StateName::Authorized && self.signature.is_some()
    }

    /// Whether nobody knows yet what became of it.
    pub fn is_open(&self) -> bool {
        self.name() == StateName::InDoubt || self.is_completing()
    }

    /// Whether it waits for a signature.
    pub fn wants_signature(&self) -> bool {
        self.name() == StateName::Authorized && self.signature.is_none() && self.undo.is_none()
    }

    /// Whether a copy printed now is one more: the printer was given it before, whatever it made of it.
    pub fn printed_before(&self, copy: Copy) -> bool {
        match copy {
            Copy::Customer => self.prints.customer_begun > 0,
            Copy::Merchant => self.prints.merchant_begun > 0,
        }
    }

    /// Whether a copy was given to the printer and never came out as far as we know.
    pub fn print_broke_off(&self) -> bool {
        self.prints.customer_begun > self.prints.customer_done
            || self.prints.merchant_begun > self.prints.merchant_done
    }
}

/// What the terminal does about a payment when it finds it in its journal at start-up, or when the
/// answer stayed away (reliability.md, crash points).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Nothing: it is final, or waits for the signature that the screen asks for.
    None,
    /// Nothing was sent: the id is reversed, so that the center refuses it for ever; then abandoned.
    Tombstone,
    /// Somebody was asked: ask for the result by id; an unknown id is reversed.
    Inquire,
    /// The signature was given: ask for the completion again.
    Complete,
    /// It must be undone whatever it is.
    Undo(Code),
}

/// The remedy of a payment.
pub fn remedy(attempt: &Attempt) -> Remedy {
    match (&attempt.state, attempt.undo) {
        (State::Started, _) => Remedy::Tombstone,
        (State::Sent | State::InDoubt(_) | State::Authorized(_), Some(code)) => Remedy::Undo(code),
        (State::Sent | State::InDoubt(_), None) => Remedy::Inquire,
        (State::Authorized(_), None) if attempt.signature.is_some() => Remedy::Complete,
        (State::Authorized(_), None) => Remedy::None,
        (
            State::Approved(_)
            | State::Declined(_)
            | State::Failed(_)
            | State::Reversed
            | State::Released
            | State::Abandoned(_),
            _,
        ) => Remedy::None,
    }
}

/// The events of the payment's state machine that a fact stands for.
impl Fact {
    fn event(&self, state: &State) -> Option<Event> {
        let in_doubt = matches!(state, State::InDoubt(_));
        match self {
            Self::Sent(_) => Some(Event::Send),
            Self::Authorized { approval, .. } => Some(Event::Authorize(approval.clone())),
            Self::Approved { approval, .. } => Some(match state {
                State::InDoubt(_) => Event::FindApproval(approval.clone()),
                State::Authorized(_) => Event::Complete,
                _ => Event::Approve(approval.clone()),
            }),
            Self::Declined { code } if in_doubt => Some(Event::FindRefusal(*code)),
            Self::Declined { code } => Some(Event::Decline(*code)),
            Self::Failed { code } => Some(Event::Fail(*code)),
            Self::InDoubt { code } => Some(Event::LoseSight(*code)),
            Self::Reversed => Some(Event::AcknowledgeReversal),
            Self::Released => Some(Event::Release),
            Self::Abandoned { code } => Some(Event::GiveUp(*code)),
            Self::Opened { .. }
            | Self::Activated { .. }
            | Self::SignedIn { .. }
            | Self::SignedOut
            | Self::Started(_)
            | Self::Signed { .. }
            | Self::UndoWanted { .. }
            | Self::Acknowledged { .. }
            | Self::Closed
            | Self::Printing { .. }
            | Self::Printed { .. }
            | Self::Mailed => None,
        }
    }
}
