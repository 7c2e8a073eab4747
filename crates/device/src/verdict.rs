//! How a payment with a card ends at the reader, and what the host said before.

use std::fmt;

/// The host's answer, as the card needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostAnswer {
    /// What the host decided.
    pub decision: HostDecision,
    /// Authorisation response code (tag 8A, ISO 8583 DE 39): two letters or digits.
    pub response_code: [u8; 2],
    /// Issuer authentication data (the value of tag 91 from DE 55); empty when there is none.
    pub issuer_authentication: Vec<u8>,
    /// Issuer scripts (templates 71 and 72 from DE 55); empty when there are none.
    pub scripts: Vec<u8>,
}

/// What the host decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostDecision {
    /// Approved.
    Approved,
    /// Refused, for good.
    Declined,
    /// Refused because the PIN was wrong: it may be entered again (106).
    WrongPin,
    /// No answer came: nobody knows. The card is closed, the terminal's journal decides the rest.
    NoAnswer,
}

impl HostAnswer {
    /// No answer came (response code Z3: unable to go online, EMV 4.4 Book 4, annex A6).
    pub fn none() -> Self {
        Self {
            decision: HostDecision::NoAnswer,
            response_code: *b"Z3",
            issuer_authentication: Vec::new(),
            scripts: Vec::new(),
        }
    }
}

/// The end of the conversation with a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardVerdict {
    /// The host approved and the card agreed, or was not to be asked.
    Approved(Closing),
    /// The host refused.
    Declined(Closing),
    /// The host did not answer.
    Unanswered(Closing),
    /// The host approved but the card did not: what was taken must be reversed.
    NotHonoured(Dissent, Closing),
    /// Nothing was sent: the card was refused here.
    Refused(Refusal),
    /// Nothing was sent: somebody pressed cancel.
    Cancelled,
}

/// What the card said at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closing {
    /// The last cryptogram and its data, for DE 55 of an advice; empty where no chip was asked again.
    pub emv_data: Vec<u8>,
    /// The card checked that the answer came from its issuer.
    pub issuer_authenticated: bool,
}

/// Why a card did not honour the host's approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dissent {
    /// It answered with a refusal (AAC), for example because the issuer's proof was wrong.
    CardRefused,
    /// It was pulled out before the end.
    CardRemoved,
    /// It stopped answering or answered nonsense.
    CardBroken,
}

/// Why a card was refused before anything was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// The card itself refused (AAC at the first GENERATE AC), or its issuer's rules did.
    ByCard,
    /// A card with a chip was swiped: it must be inserted.
    MustInsert,
    /// The chip could not be read and swiping instead is not allowed, or its applications cannot be used.
    ChipUnusable,
    /// The card takes no taps.
    TapNotAllowed,
    /// The tap failed: the chip should be inserted.
    TapFailed,
    /// The card is blocked by its issuer.
    Blocked,
    /// The shop does not take this scheme, or nobody here knows it.
    BrandNotAccepted,
    /// The stripe could not be read.
    BadStripe,
    /// The card was pulled out while it was read.
    Removed,
}

impl Refusal {
    /// The payment error code (inventory 1.1.9).
    pub const fn code(self) -> u16 {
        match self {
            Self::ByCard | Self::Blocked => 101,
            Self::MustInsert => 103,
            Self::ChipUnusable => 104,
            Self::TapNotAllowed => 107,
            Self::TapFailed => 108,
            Self::BrandNotAccepted => 201,
            Self::BadStripe => 203,
            Self::Removed => 401,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused at the reader: {self:?} ({})", self.code())
    }
}
