//! One file a flow: which screens it has, which events they listen to, where they lead.

pub(crate) mod activation;
pub(crate) mod card;
pub(crate) mod delivery;
pub(crate) mod history;
pub(crate) mod recover;
pub(crate) mod result;
pub(crate) mod sale;
pub(crate) mod settings;
pub(crate) mod sign;
