//! One file a flow: which screens it has, which events they listen to, where they lead.
#![expect(
    clippy::needless_pass_by_value,
    reason = "every flow takes its screen and the event, and gives a screen back"
)]

pub(crate) mod activation;
pub(crate) mod card;
pub(crate) mod code;
pub(crate) mod delivery;
pub(crate) mod duplicate;
pub(crate) mod history;
pub(crate) mod recover;
pub(crate) mod refund;
pub(crate) mod result;
pub(crate) mod sale;
pub(crate) mod settings;
pub(crate) mod sign;
