//! The rules of settlement: dates against two foreign libraries, worked examples, bad files, and 100,000 worlds.

mod bad_holidays;
mod calendar;
mod dice;
mod examples;
mod fees;
mod membership;
mod terms;
mod world;
