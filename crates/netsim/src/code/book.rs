//! What a brand's book says: one entry a payment, one a refund.

use jiff::Timestamp;
use money::Yen;
use serde::Serialize;

/// What names a payment (or a refund) for ever: brand, merchant, and the merchant's own id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Key {
    /// The brand's word.
    pub brand: String,
    /// The merchant.
    pub merchant: String,
    /// `merchantPaymentId` or `merchantRefundId`.
    pub id: String,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant,)* }
        impl $name {
            /// The word on disk and in JSON.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
            /// Reads [`Self::word`].
            pub fn from_word(word: &str) -> Option<Self> {
                [$(Self::$variant),*].into_iter().find(|value| value.word() == word)
            }
        }
    };
}

words! {
    /// Where a payment stands; the words are the brand's own.
    Status {
        /// Waits for the customer.
        Created = "CREATED",
        /// Paid.
        Completed = "COMPLETED",
        /// Not paid; the failure says why.
        Failed = "FAILED",
        /// Cancelled, or cancelled before it came.
        Canceled = "CANCELED",
        /// The customer did not confirm in time.
        Expired = "EXPIRED",
        /// Given back whole by refunds.
        Refunded = "REFUNDED",
    }
}

/// A payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Charge {
    /// Its name.
    #[serde(flatten)]
    pub key: Key,
    /// The brand's own number, which the customer's app shows (M-044). Empty in a tombstone.
    pub payment_id: String,
    /// Whose wallet; empty when the code was nobody's.
    pub wallet: String,
    /// The code, first four and last two characters.
    pub code: String,
    /// SHA-256 of the code, to know it again.
    #[serde(skip)]
    pub code_hash: Vec<u8>,
    /// Whole yen.
    #[serde(rename = "amount_yen")]
    pub amount: Yen,
    /// Where it stands.
    pub status: Status,
    /// The result code of a payment that failed; empty otherwise.
    pub failure: String,
    /// What refunds gave back of it, whole yen.
    #[serde(rename = "given_back_yen")]
    pub given_back: Yen,
    /// How often the shop has asked while the customer had not answered.
    pub polls: u32,
    /// The shop's terminal, when it said so.
    pub terminal: String,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// `requestedAt` of the shop, seconds.
    #[serde(skip)]
    pub requested_at: i64,
}

impl Charge {
    /// What the customer has paid after all.
    pub fn net(&self) -> Yen {
        match self.status {
            Status::Completed | Status::Refunded => self.amount.minus(self.given_back).unwrap_or(Yen::ZERO),
            Status::Created | Status::Failed | Status::Canceled | Status::Expired => Yen::ZERO,
        }
    }
}

/// A refund that was carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refund {
    /// Its name.
    #[serde(flatten)]
    pub key: Key,
    /// The payment's `merchantPaymentId`.
    pub of: String,
    /// Whole yen.
    #[serde(rename = "amount_yen")]
    pub amount: Yen,
    /// Why, as the shop said.
    pub reason: String,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// `requestedAt` of the shop, seconds.
    #[serde(skip)]
    pub requested_at: i64,
}

/// What the book says that bears on one request about a payment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The payment of this name.
    pub charge: Option<Charge>,
    /// Its refunds, oldest first.
    pub refunds: Vec<Refund>,
    /// Of a payment that comes in: whether its code paid before.
    pub code_is_used: bool,
    /// Of a refund: the refund of this name.
    pub refund: Option<Refund>,
}

/// What a request changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A payment that was not there.
    Enter(Box<Charge>),
    /// A payment as it stands now.
    Turn(Box<Charge>),
    /// A refund that was not there.
    Refund(Box<Refund>),
}
