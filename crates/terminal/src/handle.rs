//! What programs ask of a running terminal, without its pages: `/local` and the register's protocol.
//!
//! Every wish carries an id that whoever asks may have made. The same wish with the same id is one wish and
//! gets the same answer; another wish with that id is refused.

use crate::agent::Message;
use crate::attempt::Attempt;
use crate::center::CenterFault;
use crate::event::{Event, Local, NewPayment, Offered};
use crate::flows::refund;
use crate::journal::JournalError;
use crate::screen::{AmountError, Screen};
use crate::shared::Shared;
use crate::tasks::{journal_code, offer};
use codes::{Code, api, pay};
use money::Yen;
use payment::{PaymentId, StateName, TaxParts};
use receipt::Strokes;
use std::sync::Arc;
use tokio::sync::oneshot;

/// A running terminal, for programs. Clones share it.
#[derive(Clone)]
pub struct TerminalHandle {
    pub(crate) shared: Arc<Shared>,
}

impl std::fmt::Debug for TerminalHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TerminalHandle")
    }
}

/// What the terminal is busy with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusyWith {
    /// In a few English words.
    pub what: &'static str,
    /// The payment, when it is one.
    pub payment: Option<PaymentId>,
    /// Since when, UTC microseconds, when it is a payment.
    pub since_us: Option<i64>,
}

/// Why a wish is not fulfilled. Nothing was sent and no money moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotNow {
    /// Something else runs.
    Busy(BusyWith),
    /// The terminal is not activated.
    NotActivated,
    /// This terminal has no such payment.
    Unknown,
    /// The id belongs to another wish.
    Conflict,
    /// The payment cannot be cancelled or given back as it stands.
    TooLate,
    /// A reason with its texts.
    Refused(Code),
}

impl From<JournalError> for NotNow {
    fn from(error: JournalError) -> Self {
        Self::Refused(journal_code(&error))
    }
}

/// A wish that was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The payment, or the refund, as it is now.
    pub attempt: Attempt,
    /// It was begun by this wish, not by the same one before.
    pub fresh: bool,
}

/// The wish to give something back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundWish {
    /// The refund's own id.
    pub id: PaymentId,
    /// The payment.
    pub of: PaymentId,
    /// How much, whole yen; `None` is everything that is left.
    pub amount: Option<Yen>,
    /// Why, at most 100 characters.
    pub reason: Option<String>,
    /// What of the amount was not taxed at the standard rate, where whoever asks says it.
    pub tax: Option<TaxParts>,
    /// Who asks.
    pub origin: crate::attempt::Origin,
    /// When whoever asks no longer wants an answer, UTC microseconds.
    pub deadline_us: Option<i64>,
}

impl TerminalHandle {
    /// An id that no payment has yet.
    pub fn fresh_id(&self) -> PaymentId {
        self.shared.fresh_id()
    }

    /// The language of the device, for texts.
    pub fn lang(&self) -> i18n::Lang {
        self.shared.with_shown(|shown| shown.ctx.lang())
    }

    /// What the center said about this terminal; `None` before activation.
    pub fn config(&self) -> Option<center_api::TerminalConfig> {
        self.shared.with_shown(|shown| shown.ctx.config.clone())
    }

    /// Starts a payment. It goes on by itself; see [`TerminalHandle::wait_final`].
    pub async fn start(&self, new: NewPayment) -> Result<Heard, NotNow> {
        let (reply, answer) = oneshot::channel();
        let gone = NotNow::Refused(api::UNAVAILABLE);
        self.shared.messages.send(Message::Start(Box::new(new), reply)).await.map_err(|_| gone.clone())?;
        answer.await.map_err(|_| gone.clone())?
    }

    /// Gives a payment back, in whole or in part, on the terms that the center offers now.
    pub async fn refund(&self, wish: RefundWish) -> Result<Heard, NotNow> {
        if let Some(before) = self.attempt(wish.id).await? {
            let same = before.gives_back() == Some(wish.of)
                && wish.amount.is_none_or(|amount| amount == before.amount);
            return if same { Ok(Heard { attempt: before, fresh: false }) } else { Err(NotNow::Conflict) };
        }
        let of = self.attempt(wish.of).await?.ok_or(NotNow::Unknown)?;
        if !refund::may_be_offered(&of) {
            return Err(NotNow::TooLate);
        }
        if let Some(busy) = self.busy() {
            return Err(NotNow::Busy(busy));
        }
        let offered = offer::ask(&self.shared, of.id).await.map_err(|fault| match fault {
            CenterFault::Refused(problem) => NotNow::Refused(problem.code),
            CenterFault::NotReached(_) | CenterFault::Unanswered(_) => NotNow::Refused(pay::NO_CONNECTION),
        })?;
        let Offered { offer: Some(offer), .. } = offered else { return Err(NotNow::TooLate) };
        let amount = match wish.amount {
            Some(amount) => refund::check_amount(&offer, amount),
            None => Ok(offer.most),
        };
        let amount = amount.map_err(|error| match error {
            AmountError::Code(code) => NotNow::Refused(code),
            AmountError::AboveRest(most) if wish.amount.is_some_and(|amount| amount < most) => {
                NotNow::Refused(pay::PARTIAL_NOT_ALLOWED)
            }
            AmountError::AboveRest(_) => NotNow::Refused(pay::ABOVE_REST),
            AmountError::Missing => NotNow::Refused(api::BAD_REQUEST),
        })?;
        let new = NewPayment {
            method: of.method,
            note: wish.reason.as_deref().and_then(crate::flows::sale::read_note),
            tax: wish.tax,
            origin: wish.origin,
            deadline_us: wish.deadline_us,
            refund: Some(Box::new(refund::terms(&of, &offer))),
            ..NewPayment::sale(wish.id, amount, of.class, self.shared.clock.now_us())
        };
        self.start(new).await
    }

    /// Stops a payment before a card is read, or undoes one that the customer has still to confirm; one
    /// that was given up already is answered as it is.
    pub async fn cancel(&self, id: PaymentId) -> Result<Attempt, NotNow> {
        let attempt = self.attempt(id).await?.ok_or(NotNow::Unknown)?;
        if matches!(attempt.name(), StateName::Abandoned | StateName::Reversed) {
            return Ok(attempt);
        }
        let possible = self.shared.with_shown(|shown| {
            shown.screen.may_cancel() && shown.screen.running().is_some_and(|running| running.id == id)
        });
        if !possible {
            return Err(NotNow::TooLate);
        }
        self.tell(Local::Cancel(id)).await;
        self.attempt(id).await?.ok_or(NotNow::Unknown)
    }

    /// Goes on after the warning that such a card has just paid the same sum: it is another sale.
    pub async fn go_on(&self, id: PaymentId) -> Result<Attempt, NotNow> {
        let warned = self.shared.with_shown(|shown| {
            matches!(&shown.screen, Screen::Duplicate(asked)
                if asked.attempt.id == id && asked.suspect.is_some())
        });
        if !warned {
            return Err(NotNow::TooLate);
        }
        self.tell(Local::GoOn(id)).await;
        self.attempt(id).await?.ok_or(NotNow::Unknown)
    }

    /// Hands a signature in for a payment that waits for one.
    pub async fn sign(&self, id: PaymentId, strokes: Strokes) -> Result<Attempt, NotNow> {
        let waits = self.shared.with_shown(
            |shown| matches!(&shown.screen, Screen::Sign(form) if form.attempt.id == id && !form.stopping),
        );
        if !waits {
            return Err(NotNow::TooLate);
        }
        self.tell(Local::Sign(id, strokes)).await;
        self.attempt(id).await?.ok_or(NotNow::Unknown)
    }

    async fn tell(&self, local: Local) {
        let _ = self.shared.messages.send(Message::Event(Event::Local(local))).await;
    }

    /// A payment or a refund of this terminal.
    pub async fn attempt(&self, id: PaymentId) -> Result<Option<Attempt>, JournalError> {
        self.shared.journal.load(id).await
    }

    /// Waits until a payment or a refund is final and gives it then; nothing when there is none, or the
    /// journal cannot be read. Never ends by itself while somebody has still to answer.
    pub async fn wait_final(&self, id: PaymentId) -> Option<Attempt> {
        let mut heard = self.shared.heard.subscribe();
        loop {
            heard.borrow_and_update();
            let attempt = self.attempt(id).await.ok().flatten()?;
            if attempt.name().is_final() {
                return Some(attempt);
            }
            heard.changed().await.ok()?;
        }
    }

    /// Why a payment cannot begin now.
    pub fn busy(&self) -> Option<BusyWith> {
        self.shared.with_shown(|shown| {
            let of = |what, attempt: &Attempt| BusyWith {
                what,
                payment: Some(attempt.id),
                since_us: Some(attempt.started_at_us),
            };
            if let Some(open) = shown.ctx.unacknowledged() {
                return Some(of("a payment whose result is not known yet", open));
            }
            let what = shown.screen.busy_with()?;
            let running = shown.screen.running();
            Some(match running {
                Some(attempt) => of(what, attempt),
                None => BusyWith { what, payment: None, since_us: None },
            })
        })
    }

    /// The receipt of a payment or the cancel slip of a refund as printed, and whether it is there.
    pub fn slip(&self, attempt: &Attempt, copy: receipt::Copy) -> Option<receipt::Document> {
        let slip = attempt.slip.as_deref().filter(|_| attempt.name() == StateName::Approved)?;
        let policy = self.shared.with_shown(|shown| shown.ctx.policy().receipt);
        Some(receipt::document(slip, &policy, copy, receipt::Printing::First))
    }
}
