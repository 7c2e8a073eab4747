//! Slips: facts in, a document of lines out, rendered the same on paper, page and mail.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, clippy::as_conversions))]

mod facts;

pub use facts::{CardFacts, Copy, Merchant, Printing, SlipFacts, Strokes};
