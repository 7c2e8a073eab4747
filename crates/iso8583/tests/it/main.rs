//! The codec against the outside: vectors of others, implementations of others, and bytes that are broken.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking, as the test does"
)]

mod broken;
mod dice;
mod peers;
mod round_trip;
mod shapes;
mod vectors;
