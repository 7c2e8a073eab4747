//! What a journal entry may say. Written in the terminal's own words; read back for ever, so a fact
//! is only ever added.

use crate::attempt::{CodeFacts, Origin, Purpose};
use codes::Code;
use money::Yen;
use payment::{Approval, Brand, Method, Operator, PaymentClass, PaymentId, TaxParts};
use receipt::{CardFacts, Copy, SlipFacts, Strokes};
use serde::{Deserialize, Serialize};

/// One thing that happened. Nothing here is secret: card numbers are masked, passwords never come here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "one at a time, on its way to the journal or from it")]
pub enum Fact {
    /// The program started.
    Opened {
        /// Its version.
        version: String,
    },
    /// The shop was confirmed (W-031).
    Activated {
        /// Twelve digits.
        terminal_id: String,
        /// The shop.
        shop_id: String,
    },
    /// A clerk signed in.
    SignedIn {
        /// The clerk.
        operator: Operator,
    },
    /// The clerk signed out, or the session ended.
    SignedOut,
    /// A payment was asked for; nothing was sent yet.
    Started(Started),
    /// The card is read; the request goes out after this entry is on disk.
    Sent(Box<Sent>),
    /// The center holds the amount; the signature follows.
    Authorized {
        /// The approval.
        approval: Approval,
        /// The slip.
        slip: Option<Box<SlipFacts>>,
    },
    /// The customer signed; the completion, or the request to give back, goes out after this entry is on disk.
    Signed {
        /// The strokes.
        signature: Strokes,
    },
    /// The center said more about a payment that it goes on asking about.
    Told {
        /// The brand of the code (M-041).
        brand: Option<Brand>,
        /// The number under which the brand's center knows it (M-044).
        center_txn_id: Option<String>,
        /// The customer must confirm on the phone.
        waits_for_user: bool,
    },
    /// Something is to be given back of this payment: the refund is a record of its own.
    GivingBack {
        /// The refund.
        refund: PaymentId,
    },
    /// So much of this payment was given back, here or elsewhere.
    GivenBack {
        /// Altogether, whole yen.
        total: Yen,
        /// Of it not by a refund that was begun here, whole yen.
        #[serde(default, skip_serializing_if = "is_nothing")]
        elsewhere: Yen,
    },
    /// Money was taken.
    Approved {
        /// The approval.
        approval: Approval,
        /// The slip.
        slip: Option<Box<SlipFacts>>,
    },
    /// An answer said no.
    Declined {
        /// Why.
        code: Code,
    },
    /// Nothing was taken, for a technical reason.
    Failed {
        /// Why.
        code: Code,
    },
    /// Nobody knows.
    InDoubt {
        /// Why.
        code: Code,
    },
    /// The chip refused the approval, or the clerk gives an authorization back: it must be undone.
    UndoWanted {
        /// Why.
        code: Code,
    },
    /// The center acknowledged that it is undone.
    Reversed,
    /// The center gave the authorization back.
    Released,
    /// Given up before anything was sent.
    Abandoned {
        /// Why.
        code: Code,
    },
    /// The clerk saw the doubt and goes on with another customer.
    Acknowledged {
        /// Who.
        operator: Option<Operator>,
    },
    /// The clerk left the result screen.
    Closed,
    /// A copy goes to the printer after this entry is on disk.
    Printing {
        /// Which copy.
        copy: Copy,
        /// Marked (再), R-044.
        again: bool,
    },
    /// The printer took it.
    Printed {
        /// Which copy.
        copy: Copy,
    },
    /// The center took the request for a receipt mail. The address is not kept here.
    Mailed,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// Whole yen.
    pub amount: Yen,
    /// Method.
    pub method: Method,
    /// Class.
    pub class: PaymentClass,
    /// Slip number.
    pub slip_no: i64,
    /// Product note.
    pub note: Option<String>,
    /// What of the amount is not taxed at the standard rate, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<TaxParts>,
    /// The clerk.
    pub operator: Option<Operator>,
    /// Who asked.
    pub origin: Origin,
    /// Taken, or given back.
    #[serde(default, skip_serializing_if = "is_sale")]
    pub purpose: Purpose,
    /// When whoever asked no longer wants an answer, UTC microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_us: Option<i64>,
    /// The card of the payment that is given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<CardFacts>,
    /// The code of the payment that is given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_paid: Option<CodeFacts>,
}

/// For amounts that are left out where they are nothing.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
pub(crate) fn is_nothing(yen: &Yen) -> bool {
    yen.is_zero()
}

fn is_sale(purpose: &Purpose) -> bool {
    *purpose == Purpose::Sale
}

/// What goes to the center, without what only the network may read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The class that goes out: the customer may have chosen again for this card.
    pub class: PaymentClass,
    /// The card; none for a code, and for giving back without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<CardFacts>,
    /// The code, without what pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_paid: Option<CodeFacts>,
    /// Asked as 0100, a signature follows.
    pub signature_follows: bool,
}

impl Fact {
    /// The stored word of the kind.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "opened",
            Self::Activated { .. } => "activated",
            Self::SignedIn { .. } => "signed_in",
            Self::SignedOut => "signed_out",
            Self::Started(_) => "started",
            Self::Sent(_) => "sent",
            Self::Authorized { .. } => "authorized",
            Self::Signed { .. } => "signed",
            Self::Told { .. } => "told",
            Self::GivingBack { .. } => "giving_back",
            Self::GivenBack { .. } => "given_back",
            Self::Approved { .. } => "approved",
            Self::Declined { .. } => "declined",
            Self::Failed { .. } => "failed",
            Self::InDoubt { .. } => "in_doubt",
            Self::UndoWanted { .. } => "undo_wanted",
            Self::Reversed => "reversed",
            Self::Released => "released",
            Self::Abandoned { .. } => "abandoned",
            Self::Acknowledged { .. } => "acknowledged",
            Self::Closed => "closed",
            Self::Printing { .. } => "printing",
            Self::Printed { .. } => "printed",
            Self::Mailed => "mailed",
        }
    }
}
