//! The terminal from outside: every screen in both languages, tables of steps, whole payments on fakes,
//! a crash after every journal entry.

mod crash;
mod fakes;
mod flows;
mod golden;
mod local_api;
mod samples;
mod steps;
mod text;
