//! What a receipt is made of, and where it comes from: the payment as acquiring keeps it.

use center_base::{CompanyId, Refusal, Scope, ShopId, TerminalId};
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use payment::{PaymentId, ReceiptPolicy};
use receipt::{Copy, Document, Printing, SlipFacts};

/// An approved payment with all that its slips say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sale {
    /// Whose.
    pub company: CompanyId,
    /// Sold where.
    pub shop: ShopId,
    /// On which terminal.
    pub terminal: TerminalId,
    /// The slip's facts.
    pub facts: SlipFacts,
    /// The receipt rules of that terminal.
    pub policy: ReceiptPolicy,
}

impl Sale {
    /// A copy, laid out as printed.
    pub fn slip(&self, copy: Copy, printing: Printing) -> Document {
        receipt::document(&self.facts, &self.policy, copy, printing)
    }

    /// When the receipt's page closes (`receipt.link_days`).
    pub fn page_until(&self) -> Timestamp {
        let taken = Timestamp::from_microsecond(self.facts.taken_at_us).unwrap_or_default();
        let days = SignedDuration::from_hours(self.policy.link_days.saturating_mul(24));
        taken.saturating_add(days).unwrap_or(Timestamp::MAX)
    }
}

/// Approved payments, asked of acquiring. Nothing is kept here: a receipt is rendered from the payment.
pub trait Sales: Send + Sync {
    /// The sale behind a receipt's address. The token is at most 64 letters, digits, `-` or `_`; for one
    /// that nobody has, and for a payment without a slip, the answer is `None` after the same look-up.
    fn by_token<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Option<Sale>, Refusal>>;

    /// A sale inside a scope. `None`: not there, or not visible. A payment that is there but has no slip
    /// yet, or none any more, is `Err(WRONG_STATE)`.
    fn by_id<'a>(&'a self, scope: &'a Scope, id: PaymentId) -> BoxFuture<'a, Result<Option<Sale>, Refusal>>;
}
