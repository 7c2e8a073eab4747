//! The one wire between devices and the center: `/api/v1` in types.
//!
//! Ids are minted by the device; asking twice with the same id is asking once. Amounts are whole
//! yen, instants are UTC microseconds since 1970, dates are `YYYY-MM-DD` in Asia/Tokyo, binary
//! values are lower-case hex.

mod activation;
pub mod client;
mod config;
mod duplicates;
pub mod fast_key;
mod journal;
mod mails;
mod payments;
mod problem;
mod refunds;
pub mod signature;

pub use activation::{
    Activation, ActivationRequest, ClerkNewPassword, ClerkPasswordAnswer, ClerkSession, ClerkSignIn, Echo,
};
pub use client::{CenterClient, Counter, Fault, Signer};
pub use config::{Contract, Shop, TerminalConfig};
pub use duplicates::{DuplicateAnswer, DuplicateCheck, Suspect};
pub use journal::{
    AttemptSummary, JOURNAL_LINKS_MAX, JournalAnswer, JournalPoint, JournalStanding, JournalUpload,
};
pub use mails::{MailStatus, ReceiptMail, ReceiptMails};
pub use payments::{
    CardData, CodeData, CodeToken, CompletionRequest, EncryptedPin, HostAnswer, MailReceiptRequest,
    PaymentRequest, PaymentView, ReversalRequest, TimelineEntry,
};
pub use problem::Problem;
pub use refunds::{RefundOffer, RefundRequest, RefundReversal, RefundView};
