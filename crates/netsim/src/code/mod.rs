//! The code brands: docs/networks/code-http.md, the right-hand side.
//!
//! | module | holds |
//! |---|---|
//! | [`rules`] | brands and customers' wallets as data |
//! | [`shown`] | the codes that wallets show: made, and read again |
//! | [`book`] | what a brand knows of a payment and its refunds |
//! | [`step`] | the decisions: pure, from what is known and what is asked to a reply and changes |
//! | [`back`] | the same for cancels and refunds |
//! | [`barcode`] | the bars of a bar code |
//! | [`reply`] | result codes and the JSON of answers |
//! | [`auth`] | the authorization header |
//! | [`tables`] | the book on disk |
//! | [`http`] | the HTTP side, where faults strike |
//! | [`tls`] | HTTPS with a certificate of its own |

pub mod auth;
pub mod back;
pub mod barcode;
pub mod book;
pub mod http;
pub mod reply;
pub mod rules;
pub mod shown;
pub mod step;
pub mod tables;
pub mod tls;

#[cfg(test)]
mod http_tests;
#[cfg(test)]
mod tests;
