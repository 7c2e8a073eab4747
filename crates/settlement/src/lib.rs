//! Settlement: what a company is paid, when, and why.
//!
//! | module | holds |
//! |---|---|
//! | [`rules`] | the figures: pure, without clock and IO (model.md 3.5) |
//! | [`rows`] | calendar, terms, payees, banks, adjustments, windows, documents |
//! | [`mod@payee_check`] | what is wrong with a payee, said before a bank file is made |
//! | [`mod@quote`] | what a contract costs on a day, and when it is paid |
//! | [`mod@check`] | whether documents, items and ledger tell the same story |
//! | [`notices`] | payment notices: issued, mailed, shown (U-066) |
//! | [`close`] | cut the windows that ended, follow what came late, scan, assemble |
//! | [`console`] | the pages of companies and operators |
//! | [`pay`] | approve, bank file, paid, came back |
//!
//! Items are not copied: which window a payment belongs to follows from its date, the commit sequence that posted it and
//! the sequence at which its window was cut. Only what came after its window's cut has rows of its own.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, clippy::as_conversions))]

pub mod check;
pub mod close;
pub mod console;
pub mod limits;
pub mod notices;
pub mod pay;
pub mod payee_check;
pub mod quote;
pub mod rows;
pub mod rules;

pub use check::check;
pub use close::{CloseReport, PayDayReport, Settlement};
pub use payee_check::{PayeeTrouble, payee_check};
pub use quote::{Quote, quote};

use store::Migration;

/// Who acts, in the audit log and in rows, when the center does so by the clock.
pub(crate) const BY_ITSELF: &str = "center";

/// The tables of this slice.
pub const MIGRATIONS: &[Migration] = rows::MIGRATIONS;

/// Every statement of this slice.
pub fn statements() -> Vec<&'static str> {
    [rows::statements(), console::rows::STATEMENTS.to_vec()].concat()
}
