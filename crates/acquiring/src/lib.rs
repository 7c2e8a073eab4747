//! Payments at the center: the money path, the card network, recovery, the terminal API, the console's
//! payments.
//!
//! | module | holds |
//! |---|---|
//! | [`step`] | what happens to a payment: a pure function |
//! | [`row`] | the payment's row, its messages, timeline and signature |
//! | [`path`] | the units of work: scope, load, decide, write, reply |
//! | [`refund`] | voids, returns and refunds |
//! | [`service`] | the money step in its own task, advices, recovery, the sweep |
//! | [`code_pay`] | code payments: the brand, the waiting customer, inquiry and cancel |
//! | [`cases`] | what the books disagree on, and how a person settles it |
//! | [`console`] | the pages: a day's payments, one payment |
//! | [`totals`] | a day's totals with the card network |
//! | [`taken`] | what took and gave back value, by day and by transfer, for settlement |
//! | [`duplicates`] | the warning before a second payment of the same |
//! | [`networks`] | the card network: messages, answer codes, the line |
//!
//! A payment costs two commits. The first writes it as sent, before one byte leaves; the second writes
//! outcome, ledger, outbox and timeline together. Between them only the network knows, and whatever is
//! not known for certain is reversed.

pub mod api;
pub mod ask;
pub mod cases;
pub mod check;
pub mod code_pay;
pub mod console;
pub mod duplicates;
pub mod limits;
pub mod networks;
pub mod path;
pub mod place;
pub mod places;
pub mod refund;
pub mod row;
pub mod service;
pub mod step;
pub mod taken;
pub mod token;
pub mod totals;
pub mod view;
use center_base::{Routes, Table};
use service::Acquiring;

/// Every route of this slice.
pub fn routes(acquiring: Acquiring) -> Table {
    let payments = refund::api::add(api::add(Routes::new(acquiring)));
    cases::api::add(duplicates::add(payments)).table()
}

#[cfg(test)]
mod tests;
