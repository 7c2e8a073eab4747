//! The payment terminal.
pub mod attempt;
pub mod context;
pub mod event;
mod flows;
pub mod journal;
mod limits;
pub mod screen;
pub mod secret;
pub mod step;
