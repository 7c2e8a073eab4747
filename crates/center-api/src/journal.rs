//! The terminal's journal at the center: numbers and hashes, so that a gap, a copy or an old backup shows;
//! and what became of each payment, so that the books can be compared.

use codes::Code;
use money::Yen;
use payment::{PaymentId, StateName};
use serde::{Deserialize, Serialize};

/// The most entries in one upload.
pub const JOURNAL_LINKS_MAX: usize = 500;

/// A place in a journal: its number, and the hash that covers everything up to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct JournalPoint {
    /// From 1; 0 is the beginning.
    pub seq: i64,
    /// SHA-256, 64 hex digits; zeros at the beginning.
    pub hash: String,
}

/// `POST /api/v1/journal`: the entries since the last acknowledged one, at most [`JOURNAL_LINKS_MAX`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct JournalUpload {
    /// What the center acknowledged last, as the terminal remembers it.
    pub after: JournalPoint,
    /// Every entry after it, in order.
    pub links: Vec<JournalPoint>,
    /// The payments that those entries are about, as they stand now.
    pub attempts: Vec<AttemptSummary>,
    /// The terminal's clock, a claim only.
    pub now_us: i64,
}

/// What a terminal's journal says of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AttemptSummary {
    /// The payment, or the void or refund.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub id: PaymentId,
    /// The payment that this gives back; nothing for a sale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub refund_of: Option<PaymentId>,
    /// Where it stands for the terminal.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub state: StateName,
    /// Whole yen.
    #[cfg_attr(feature = "schema", schema(value_type = i64))]
    pub amount: Yen,
    /// Slip number.
    pub slip_no: i64,
    /// The code of a refusal, failure or doubt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub code: Option<Code>,
}

/// Whether a terminal's journal goes on from what the center has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum JournalStanding {
    /// It does.
    Fine,
    /// It goes on in two ways: its data was copied, and two devices use it.
    Copied,
    /// It ends before what the center has seen: an old backup was restored on the terminal.
    TerminalBehind,
    /// The terminal knows more than the center: the center runs on an old backup.
    CenterBehind,
}

impl JournalStanding {
    /// Every standing.
    pub const ALL: [Self; 4] = [Self::Fine, Self::Copied, Self::TerminalBehind, Self::CenterBehind];

    /// The stored word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Copied => "copied",
            Self::TerminalBehind => "terminal_behind",
            Self::CenterBehind => "center_behind",
        }
    }

    /// Reads [`JournalStanding::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.word() == word)
    }

    /// Why the terminal takes no payments; nothing when it may.
    pub const fn code(self) -> Option<Code> {
        match self {
            Self::Fine => None,
            Self::Copied => Some(codes::api::TERMINAL_COPIED),
            Self::TerminalBehind => Some(codes::api::TERMINAL_BEHIND),
            Self::CenterBehind => Some(codes::api::CENTER_BEHIND),
        }
    }
}

/// What the center says to an upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct JournalAnswer {
    /// Whether the journal goes on. Anything but `fine` blocks the terminal until an operator lets it in.
    pub standing: JournalStanding,
    /// The center's clock.
    pub now_us: i64,
}
