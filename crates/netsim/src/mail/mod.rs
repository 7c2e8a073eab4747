//! The mail catcher: an SMTP server that keeps what it is given and shows it at `/mail`.

pub mod inbox;
pub mod server;
pub mod smtp;

pub use inbox::{Inbox, Mail};
