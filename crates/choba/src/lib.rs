//! What the commands of `choba` are made of: the programs, the demo, the admin commands, the cast.
//!
//! No business lives here: a program is its rooms put together.

pub mod admin;
pub mod cast;
pub mod demo;
pub mod programs;
