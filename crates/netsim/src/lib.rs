//! The outside world over its real protocols.

pub mod cards;
