//! The card network: docs/networks/card-iso8583.md, the right-hand side.
//!
//! | module | holds |
//! |---|---|
//! | [`request`] | a message read as what it asks for, checked against the contract's table |
//! | [`opened`] | the encrypted part, opened with the base derivation key |
//! | [`chip`] | the chip's cryptogram checked, the issuer's answer to it |
//! | [`book`] | what the network knows of a payment, a reader and a card |
//! | [`back`] | the same for money that is to be given back |
//! | [`totals`] | a day's totals: what the network counts and says to the acquirer's |
//! | [`step`] | the decision: pure, from what is known and what is asked to an answer and changes |
//! | [`tables`] | the book on disk |
//! | [`mod@line`] | the TCP side, where faults strike |

pub mod back;
pub mod book;
pub mod chip;
pub mod issuer;
pub mod line;
pub mod opened;
pub mod request;
pub mod step;
pub mod tables;
pub mod totals;

#[cfg(test)]
mod back_tests;
#[cfg(test)]
mod day_tests;
#[cfg(test)]
mod line_tests;
#[cfg(test)]
mod tests;
