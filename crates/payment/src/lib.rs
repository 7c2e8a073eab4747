//! The payment in pure words: ids, states and their legal moves, brands, classes, policies, labels.
//!
//! Knows nothing of networks, storage or screens and takes no clock. States and events are those
//! of model.md 3.3 and no others.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, clippy::as_conversions))]

pub mod bonus;
mod brand;
mod class;
mod id;
mod label;
mod method;
pub mod password;
mod policy;
pub mod refund;
mod state;
pub mod tax;

pub use brand::{Brand, BrandRow, UnknownBrand, brands};
pub use class::{BadClass, PaymentClass};
pub use id::{BadId, PaymentId, order_code, public_id};
pub use label::{Icon, KEYS as LABEL_KEYS, Label, Returned, StatusProfile, label, label_of};
pub use method::{CodeEntry, Cvm, EntryMode, MaskedPan, Method, Operator};
pub use password::{CharClass, PasswordLack, PasswordPolicy, PasswordStanding};
pub use policy::{
    BadPolicy, Interfaces, Keypad, PanMask, Policy, Profile, ReceiptPolicy, SessionPolicy, SignaturePolicy,
    SlipTax, Timers,
};
pub use refund::{Medium, RefundKind};
pub use state::{Approval, Event, IllegalTransition, Settlement, State, StateName, next};
pub use tax::{TaxKind, TaxLine, TaxParts};
