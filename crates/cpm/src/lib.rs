//! Codes that a customer shows at the till (consumer-presented mode): from scanned text to token,
//! format and brand.
//!
//! | module | holds |
//! |---|---|
//! | [`scan`] | what a text is: digits, an EMV payload (`CPV01`), a JPQR payload (`JPQR1`), or why it is none |
//! | [`payload`] | the data objects inside the two Base64 formats |
//! | [`prefix`] | whose code it is: a dated table of prefixes, longest match first |
//! | [`CodeToken`] | the text itself, masked wherever it is printed |
//! | [`limits`] | how long a code may be |
//!
//! Pure bytes and types: no IO, no clock (the day is handed in). Nothing that a scanner sends makes it panic.
//!
//! ```
//! let scan = cpm::scan::read("9000 8181 8801 2345 6789 0123")?;
//! let day = jiff::civil::date(2026, 11, 28);
//! assert_eq!(cpm::prefix::recognise(&scan, day).first(), Some(payment::Brand::PayPay));
//! # Ok::<(), cpm::scan::NotACode>(())
//! ```
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, clippy::as_conversions))]

pub mod limits;
pub mod payload;
pub mod prefix;
pub mod scan;
mod token;

pub use token::{CodeToken, NotAToken};
