//! One payment attempt as this terminal's journal tells it: what was asked, where it stands, what was
//! shown and printed. Folded from journal entries by [`Attempt::apply`], which knows only legal moves.

use crate::event::NewPayment;
use crate::journal::Fact;
use codes::{Code, MoneyTaken};
use money::Yen;
use payment::{
    Brand, CodeEntry, Event, IllegalTransition, Method, Operator, PaymentClass, PaymentId, RefundKind, State,
    StateName, TaxParts,
};
use receipt::{CardFacts, Copy, SlipFacts, Strokes};
use serde::{Deserialize, Serialize};

/// Who asked for the payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The terminal's own keypad.
    Keypad,
    /// A program on this device, by `POST /local/payments`.
    Local,
    /// A register, over its protocol (nexo).
    Register {
        /// The register's own id (`SaleID`).
        sale_id: String,
        /// The id of the register's request (`ServiceID`): at most ten characters, remembered for 48 hours.
        service_id: String,
        /// The register's number of the sale (`SaleTransactionID`).
        transaction: String,
    },
}

impl Origin {
    /// The stable word of who asked.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Keypad => "keypad",
            Self::Local => "local",
            Self::Register { .. } => "register",
        }
    }
}

/// Whether money is taken, or given back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Money is taken.
    #[default]
    Sale,
    /// Money that was taken is given back; a record of its own with the same states (model 3.3 rule 4).
    Refund {
        /// The payment.
        of: PaymentId,
        /// Void, return or refund.
        kind: RefundKind,
    },
}

/// What may be kept of a code payment: the code itself pays once and is never written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeFacts {
    /// The brand, once it is known (M-041).
    pub brand: Option<Brand>,
    /// The code without its middle.
    pub masked: String,
    /// How it came in.
    pub entry: CodeEntry,
    /// The number under which the brand's center knows the payment (M-044).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub center_txn_id: Option<String>,
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
#[expect(clippy::struct_excessive_bools, reason = "facts of a journal that do not exclude each other")]
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
    /// What of the amount is not taxed at the standard rate, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<TaxParts>,
    /// The clerk at that time.
    pub operator: Option<Operator>,
    /// Who asked.
    pub origin: Origin,
    /// Taken, or given back.
    #[serde(default)]
    pub purpose: Purpose,
    /// When whoever asked no longer wants an answer: the screen is cleared then if no card or code was
    /// read, UTC microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_us: Option<i64>,
    /// When it started, UTC microseconds.
    pub started_at_us: i64,
    /// When its state last changed, UTC microseconds.
    pub changed_at_us: i64,
    /// Where it stands.
    pub state: State,
    /// The card, once it was read and sent.
    pub card: Option<CardFacts>,
    /// The code of a code payment, once it was read and sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_paid: Option<CodeFacts>,
    /// The customer must still confirm on the phone; somebody was asked and nobody has decided.
    #[serde(default)]
    pub waits_for_user: bool,
    /// What was given back of it so far, whole yen, as far as this terminal knows.
    #[serde(default)]
    pub given_back: Yen,
    /// Of it by others: other terminals, the console.
    #[serde(default)]
    pub given_back_elsewhere: Yen,
    /// The refunds that were begun of it here, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refunds: Vec<PaymentId>,
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
    /// A payment that took no money, or less than this, is to be given back.
    #[error("payment {0} has not that much to give back")]
    NothingToGiveBack(PaymentId),
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
                    method: started.method,
                    note: started.note.clone(),
                    tax: started.tax,
                    origin: started.origin.clone(),
                    deadline_us: started.deadline_us,
                    ..NewPayment::sale(id, started.amount, started.class, at_us)
                };
                Ok(Self {
                    slip_no: started.slip_no,
                    purpose: started.purpose,
                    card: started.card.clone(),
                    code_paid: started.code_paid.clone(),
                    ..Self::planned(&new, started.operator.clone(), at_us)
                })
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

    /// What the slip says about the code.
    fn take_code(&mut self, slip: &SlipFacts) {
        if let (Some(known), Some(said)) = (&mut self.code_paid, &slip.code) {
            known.brand = Some(said.brand);
            if said.center_txn_id.is_some() {
                known.center_txn_id.clone_from(&said.center_txn_id);
            }
        }
    }

    fn note_down(&mut self, fact: &Fact) {
        match fact {
            Fact::Sent(sent) => {
                self.class = sent.class;
                if sent.card.is_some() {
                    self.card.clone_from(&sent.card);
                }
                if sent.code_paid.is_some() {
                    self.code_paid.clone_from(&sent.code_paid);
                }
                self.signature_follows = sent.signature_follows;
            }
            Fact::Authorized { slip, .. } | Fact::Approved { slip, .. } => {
                if let Some(said) = slip {
                    self.take_code(said);
                    self.slip.clone_from(slip);
                    // the signature for giving back was given here, before anybody was asked.
                    let refund = self.is_refund();
                    if let Some(slip) = self.slip.as_mut().filter(|slip| refund && slip.signature.is_none()) {
                        slip.signature.clone_from(&self.signature);
                    }
                }
            }
            Fact::Signed { signature } => self.signature = Some(signature.clone()),
            Fact::Told { brand, center_txn_id, waits_for_user } => {
                self.waits_for_user = *waits_for_user;
                if let Some(code) = &mut self.code_paid {
                    code.brand = brand.or(code.brand);
                    if center_txn_id.is_some() {
                        code.center_txn_id.clone_from(center_txn_id);
                    }
                }
            }
            Fact::GivingBack { refund } => self.refunds.push(*refund),
            Fact::GivenBack { total, elsewhere } => {
                (self.given_back, self.given_back_elsewhere) = (*total, *elsewhere);
            }
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
            method: new.method,
            class: new.class,
            slip_no: 0,
            note: new.note.clone(),
            tax: new.tax,
            operator,
            origin: new.origin.clone(),
            purpose: new.purpose(),
            deadline_us: new.deadline_us,
            started_at_us: now_us,
            changed_at_us: now_us,
            state: State::Started,
            card: new.refund.as_ref().and_then(|terms| terms.card.clone()),
            code_paid: new.refund.as_ref().and_then(|terms| terms.code_paid.clone()),
            waits_for_user: false,
            given_back: Yen::ZERO,
            given_back_elsewhere: Yen::ZERO,
            refunds: Vec::new(),
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

    /// Whether this gives money back.
    pub fn is_refund(&self) -> bool {
        matches!(self.purpose, Purpose::Refund { .. })
    }

    /// The payment that this gives back.
    pub fn gives_back(&self) -> Option<PaymentId> {
        match self.purpose {
            Purpose::Refund { of, .. } => Some(of),
            Purpose::Sale => None,
        }
    }

    /// The brand, once a card or a code has told it.
    pub fn brand(&self) -> Option<Brand> {
        let card = self.card.as_ref().map(|card| card.brand);
        card.or_else(|| self.code_paid.as_ref().and_then(|code| code.brand))
    }

    /// Whether money was moved, as far as this terminal knows: taken by a sale, returned by a refund. A
    /// completion that was asked for and not
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

    /// Whether nobody knows yet what became of it. A customer who still has to confirm is no doubt.
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
    /// The customer confirms on the phone: ask again every few seconds, without end and without doubt.
    Await,
}

/// The remedy of a payment.
pub fn remedy(attempt: &Attempt) -> Remedy {
    match (&attempt.state, attempt.undo) {
        (State::Started, _) => Remedy::Tombstone,
        (State::Sent | State::InDoubt(_) | State::Authorized(_), Some(code)) => Remedy::Undo(code),
        (State::Sent, None) if attempt.waits_for_user => Remedy::Await,
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
            | Self::Told { .. }
            | Self::GivingBack { .. }
            | Self::GivenBack { .. }
            | Self::UndoWanted { .. }
            | Self::Acknowledged { .. }
            | Self::Closed
            | Self::Printing { .. }
            | Self::Printed { .. }
            | Self::Mailed => None,
        }
    }
}
