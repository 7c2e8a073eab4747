//! The terminal's own journal: what was shown to whom, in order, chained, never changed.

mod fact;

pub use fact::{Fact, Sent, Started};
