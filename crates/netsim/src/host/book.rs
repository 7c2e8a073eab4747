//! What the network's book says: one entry a payment, one counter a reader, one PIN counter a card.

use jiff::Timestamp;
use money::Yen;
use serde::Serialize;
use std::fmt;

/// What names a payment for ever: DE 42 and DE 37 (contract, section 1).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PaymentKey {
    /// DE 42 without its padding.
    pub shop: String,
    /// DE 37.
    pub rrn: String,
}

impl fmt::Display for PaymentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.shop, self.rrn)
    }
}

/// What became of a payment at the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The cardholder is charged.
    Charged,
    /// The amount is held for a completion.
    Held,
    /// It was charged or held and was undone.
    Reversed,
    /// It was refused; nothing was ever taken.
    Declined,
    /// A reversal came before its original, which is refused should it still come.
    Tombstone,
    /// It was charged or held and was given back whole on its day (0400).
    Voided,
    /// A return: the cardholder got this amount back.
    Refunded,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Charged,
        Self::Held,
        Self::Reversed,
        Self::Declined,
        Self::Tombstone,
        Self::Voided,
        Self::Refunded,
    ];

    /// The word on disk and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Charged => "charged",
            Self::Held => "held",
            Self::Reversed => "reversed",
            Self::Declined => "declined",
            Self::Tombstone => "tombstone",
            Self::Voided => "voided",
            Self::Refunded => "refunded",
        }
    }

    /// Reads [`State::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// Whether the amount was taken at once or held first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 0200.
    Sale,
    /// 0100, completed by a 0220.
    Hold,
    /// Nothing but a reversal came so far.
    Unknown,
    /// 0200 with processing code 200000: money back.
    Return,
}

impl Kind {
    /// The word on disk and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Hold => "hold",
            Self::Unknown => "unknown",
            Self::Return => "return",
        }
    }

    /// Reads [`Kind::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Sale, Self::Hold, Self::Unknown, Self::Return].into_iter().find(|kind| kind.word() == word)
    }
}

/// A payment in the book. Nothing in it identifies a card beyond first six and last four.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its name.
    #[serde(flatten)]
    pub key: PaymentKey,
    /// DE 41.
    pub terminal: String,
    /// The day in Tokyo in whose totals it counts, `YYYY-MM-DD` (DE 13; contract, section 9).
    pub local_on: String,
    /// Taken at once, held, or given back.
    pub kind: Kind,
    /// Of a return: the RRN of the payment that it gives back; empty otherwise.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub of: String,
    /// Whole yen.
    #[serde(rename = "amount_yen")]
    pub amount: Yen,
    /// DE 48 as it came; empty in a tombstone.
    pub class: String,
    /// What returns gave back of it, where somebody added it up ([`crate::export::charges`]).
    #[serde(rename = "given_back_yen")]
    pub given_back: Yen,
    /// What became of it.
    pub state: State,
    /// First six and last four; empty when no card could be read.
    pub card: String,
    /// DE 22.
    pub entry_mode: String,
    /// DE 39 of the first answer.
    pub answer_code: String,
    /// DE 38 of the first answer; empty without one.
    pub approval: String,
    /// Why, in a few words of English for the person at the desk.
    pub note: String,
    /// When it was first heard of.
    pub first_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// The first answer as sent, for the same request again.
    #[serde(skip)]
    pub answer: Vec<u8>,
}

/// What the book says that bears on one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The payment (or return) of this name.
    pub entry: Option<Entry>,
    /// Of a return: the payment that it gives back.
    pub original: Option<Entry>,
    /// What standing returns gave back of the payment (of a return: of its original).
    pub given_back: Yen,
    /// The highest key counter seen from this reader.
    pub counter: u32,
    /// Wrong PINs of this card in a row.
    pub wrong_pins: u8,
}

/// What a request changes in the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A payment that was not there.
    Enter(Box<Entry>),
    /// A payment goes into another state.
    Turn(PaymentKey, State),
    /// A reader used keys up to this counter.
    Counter([u8; 8], u32),
    /// A card's wrong PINs in a row.
    WrongPins(String, u8),
}
