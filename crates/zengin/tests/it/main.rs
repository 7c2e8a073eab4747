//! The bank file, the returned file and the bank master from outside: tables, damage, foreign implementations.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot begin has failed"
)]

mod damage;
mod file;
mod master;
mod peers;
mod returned;
mod samples;
