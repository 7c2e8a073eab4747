//! Settlement: what a company is paid, when, and why. This crate begins with the pure rules.
//!
//! The rules take no clock and do no IO: dates, commit sequences, terms and cuts are handed in, so the same input
//! gives the same figures for ever. Whole yen, parts per million, everything toward zero (model.md 3.5).
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, clippy::as_conversions))]

pub mod limits;
pub mod rules;
