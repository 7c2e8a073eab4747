//! States of a pay day and of a payout, and their legal moves (model.md 3.5 step 7).

use payment::words;
use serde::{Deserialize, Serialize};
use std::fmt;

words! {
    /// A pay day of a tenant.
    PayDayState {
        /// Not every window with this pay day is cut, or no document is made yet.
        Open = "open",
        /// Some documents are made; some companies may be blocked.
        Closing = "closing",
        /// Every document is made and immutable.
        Closed = "closed",
        /// A second person has approved it.
        Approved = "approved",
        /// The bank file is made.
        Exported = "exported",
        /// The bank has transferred it, but for what came back; nothing waits.
        Paid = "paid",
    }
}

words! {
    /// What happens to a pay day.
    PayDayEvent {
        /// The first document is made.
        Assemble = "assemble",
        /// The last document is made.
        Close = "close",
        /// A person approves.
        Approve = "approve",
        /// A person makes the bank file.
        Export = "export",
        /// A person says that the bank has transferred it.
        Pay = "pay",
    }
}

words! {
    /// One try to pay a document's sum.
    PayoutState {
        /// Not in a bank file yet.
        Waiting = "waiting",
        /// In a bank file.
        Exported = "exported",
        /// Transferred.
        Paid = "paid",
        /// The transfer came back, and a person must say what becomes of the sum.
        Returned = "returned",
        /// Held before the export; the carried balance has taken the sum.
        Held = "held",
        /// It came back, or its account was wrong before the export; the next try has taken the sum.
        Replaced = "replaced",
        /// The transfer came back; the carried balance has taken the sum.
        Carried = "carried",
    }
}

words! {
    /// What happens to a payout.
    PayoutEvent {
        /// It is written into a bank file.
        Export = "export",
        /// An operator holds it.
        Hold = "hold",
        /// The bank has transferred it.
        Pay = "pay",
        /// The transfer came back.
        Return = "return",
        /// Another account is to be paid.
        Readdress = "readdress",
        /// The next document is to take the sum.
        Carry = "carry",
        /// The bank has not taken its file.
        Reject = "reject",
        /// It had not come back after all.
        Undo = "undo",
    }
}

/// A move that no state allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSuchMove {
    /// The state's word.
    pub state: &'static str,
    /// The event's word.
    pub event: &'static str,
}

impl fmt::Display for NoSuchMove {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} does not take {}", self.state, self.event)
    }
}

impl std::error::Error for NoSuchMove {}

impl PayDayState {
    /// Every legal move of a pay day.
    pub fn next(self, event: PayDayEvent) -> Result<Self, NoSuchMove> {
        use PayDayEvent as E;
        match (self, event) {
            // A company that was left out gets its document later: the day is approved and exported anew.
            (_, E::Assemble) => Ok(Self::Closing),
            // A pay day without any document is closed at once.
            (Self::Open | Self::Closing, E::Close) => Ok(Self::Closed),
            (Self::Closed, E::Approve) => Ok(Self::Approved),
            // A new try after a return, and an account that came late, have a bank file of their own.
            (Self::Approved | Self::Exported | Self::Paid, E::Export) => Ok(Self::Exported),
            (Self::Exported, E::Pay) => Ok(Self::Paid),
            _ => Err(NoSuchMove { state: self.word(), event: event.word() }),
        }
    }
}

impl PayoutState {
    /// Its sum is on its way: neither with the payee nor in the next document.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Exported | Self::Returned)
    }

    /// Every legal move of a payout.
    pub fn next(self, event: PayoutEvent) -> Result<Self, NoSuchMove> {
        use PayoutEvent as E;
        match (self, event) {
            (Self::Waiting, E::Export) => Ok(Self::Exported),
            (Self::Waiting, E::Hold) => Ok(Self::Held),
            (Self::Exported, E::Pay) => Ok(Self::Paid),
            (Self::Exported | Self::Paid, E::Return) => Ok(Self::Returned),
            (Self::Waiting | Self::Returned, E::Readdress) => Ok(Self::Replaced),
            (Self::Returned, E::Carry) => Ok(Self::Carried),
            (Self::Exported, E::Reject) => Ok(Self::Waiting),
            // Where the bank had transferred it already it is paid again: see `rows::payouts::step`.
            (Self::Returned, E::Undo) => Ok(Self::Exported),
            _ => Err(NoSuchMove { state: self.word(), event: event.word() }),
        }
    }
}
