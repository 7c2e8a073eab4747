//! Stories of the whole product: a house with everything in it, somebody at the counter, and a text of
//! what was to be seen. The stories themselves stand under `tests/`.
//!
//! Networks, center and terminals run as they do for anybody, over their real protocols on free ports,
//! each in a runtime of its own so that it can be killed alone. Only the clock is moved by hand: a story
//! waits for events, never for time.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this is a test's harness: it fails by panicking, as the test does"
)]

pub mod house;
pub mod http;
pub mod page;
pub mod program;
pub mod register;
pub mod run;
pub mod stall;
pub mod tell;
mod watchdog;

pub use house::{House, story};
