//! Slips: facts in, a document of lines out, rendered the same on paper, page and mail.
//!
//! ```
//! # fn show(facts: &receipt::SlipFacts, policy: &payment::ReceiptPolicy) {
//! let document = receipt::document(facts, policy, receipt::Copy::Customer, receipt::Printing::First);
//! for row in document.rows() { /* draw it: paper, `<pre>`, mail */ }
//! # }
//! ```
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, clippy::as_conversions))]

mod document;
mod facts;
mod kinds;
pub mod samples;
mod width;

pub use document::{Document, Line, Row};
pub use facts::{CardFacts, CodeFacts, Copy, Merchant, Printing, RefundFacts, SlipFacts, Strokes};
pub use kinds::document;
pub use width::{cells, cells_of, padding, wrap};
