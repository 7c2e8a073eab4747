//! ISO 8583:1987 as Choba speaks it: one table of fields, in ASCII or with packed digits.
//!
//! | module | holds |
//! |---|---|
//! | [`fields`] | the table: one row per field with name, format, length, mask and source |
//! | [`Message`] | a message as type indicator and fields; every value is checked by the table |
//! | [`Spec`] | a dialect: how digits, bitmaps and binary fields are written |
//! | [`Dialect`] | what the two ends of a line agree on |
//! | [`frame`] | the length before each message on TCP: two bytes binary, two bytes BCD, four digits |
//! | [`describe`] | the printer for logs and console, masked unless asked by name |
//! | [`codes`] | what processing codes, entry modes and answer codes mean |
//! | [`private`] | our own contents of DE 48, DE 63 and DE 90 |
//! | [`totals`] | the figures of the 0500 family |
//!
//! Pure bytes and types: no IO, no clock. Nothing that arrives makes it panic, and decoding is one pass.
//!
//! ```
//! use iso8583::{Message, Mti, Spec};
//! let mut request = Message::new(Mti::FINANCIAL_REQUEST);
//! request.set(3, "000000")?.set_number(4, 880)?.set(41, "T0000001")?;
//! let bytes = request.encode(&Spec::BINARY)?;
//! assert_eq!(Message::decode(&Spec::BINARY, &bytes)?, request);
//! # Ok::<(), iso8583::Error>(())
//! ```
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, clippy::as_conversions))]

pub mod codes;
mod decode;
pub mod describe;
mod encode;
mod error;
pub mod fields;
pub mod frame;
pub mod limits;
mod message;
mod mti;
pub mod private;
mod spec;
pub mod totals;

pub use error::{Error, Fault};
pub use message::{ECHOED, Message};
pub use mti::{Class, Mti, NotAnMti};
pub use spec::{Dialect, Digits, Form, Spec, Unwritable};
