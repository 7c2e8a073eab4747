//! Giving money back in pure words: what a void, a return and a refund are (model.md 3.4).

use crate::method::words;
use serde::{Deserialize, Serialize};

words! {
    /// What gives money back. Each is a record of its own with the states of a payment (model.md 3.3 rule 4).
    RefundKind {
        /// 取消: the deal is removed, on its own business date.
        Void = "void",
        /// 返品: a negative deal, later.
        Return = "return",
        /// 返金: money back on a code or a part of it.
        Refund = "refund",
    }
}

words! {
    /// What the customer must show to get money back (model.md 3.4, Medium needed).
    Medium {
        /// Nothing.
        None = "none",
        /// The card that paid (506, P1241): the reader's fingerprint of its number is compared.
        SameCard = "same_card",
    }
}
