//! The rules of settlement: dates against two foreign libraries, worked examples, bad files, and 100,000 worlds.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking, as the test does"
)]

mod bad_holidays;
mod banks;
mod calendar;
mod cast;
mod closing;
mod dice;
mod entries;
mod examples;
mod fees;
mod mails;
mod membership;
mod movements;
mod notices;
mod page_entries;
mod page_items;
mod page_terms;
mod pages;
mod payee_checks;
mod paying;
mod quotes;
#[path = "../../../acquiring/tests/console/readable.rs"]
mod readable;
mod smtp;
mod states;
mod terms;
mod till;
mod world;
