//! The outside world over its real protocols: the card network, the cards in people's hands, the reader's
//! hardware, the receipt printer, the mailbox; and a desk to act on them and to break things.
//!
//! It shares words, wires and ground with the product and nothing else, so that it can disagree with it.

pub mod cards;
pub mod faults;
pub mod host;
mod limits;
mod log;
pub mod magic;
pub mod mail;
pub mod printer;
mod tcp;
#[cfg(test)]
mod testing;
