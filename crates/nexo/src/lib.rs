//! nexo Retailer ("Sale to POI") as Terminal API JSON: the wire between a register and a terminal.
//!
//! - [`message`]: bytes to a request and an answer to bytes; what cannot be read says how to answer.
//! - [`header`], [`request`], [`response`]: the typed messages of the categories that Choba speaks.
//!   A category that it does not speak is known by name ([`unlisted`]).
//! - [`pairs`]: `k=v&k=v`, the form of `AdditionalResponse` and `SaleToPOIData`. The stock client drops
//!   every field that is not in the standard, so what is ours rides there.
//! - [`container`]: the encrypted form, with the register's passphrase.
//!
//! No IO and no clock. Amounts are whole yen (`JPY`, major unit); everything else is a format error.
//! Unknown fields of a request are tolerated, unknown values of a closed list are not.
//!
//! ```
//! use nexo::message::{Envelope, read_envelope, read_request};
//! let text = br#"{"SaleToPOIRequest":{"MessageHeader":{"MessageClass":"Service",
//!   "MessageCategory":"Diagnosis","MessageType":"Request","ProtocolVersion":"3.0","ServiceID":"a1",
//!   "SaleID":"REG1","POIID":"CHOBA-1"},"DiagnosisRequest":{"HostDiagnosisFlag":true}}}"#;
//! let Ok(Envelope::Clear(value)) = read_envelope(text) else { panic!() };
//! let request = read_request(&value).unwrap();
//! assert_eq!(request.header.category, nexo::header::Category::Diagnosis);
//! ```
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, clippy::as_conversions))]

pub mod amount;
pub mod container;
pub mod header;
pub mod limits;
pub mod message;
pub mod pairs;
pub mod request;
pub mod response;
pub mod unlisted;
