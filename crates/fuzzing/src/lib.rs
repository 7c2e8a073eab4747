//! Every place where bytes come in from outside, as a function that any bytes may be thrown at.
//!
//! A target reads the bytes as the product does, and asserts what must hold of whatever it accepts: what was
//! read is written and read as the same, nothing is longer than its limit. It never fails for bytes that are
//! refused. The test `replay` throws the seeds, what fuzzers found before (`corpus/`), and mutations from a
//! fixed seed at every target; `cargo xtask fuzz` lets a coverage-guided fuzzer look for more.

mod mutate;
mod targets;

pub use mutate::{Dice, mutate};

/// What became of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// They say something.
    Taken,
    /// They are refused.
    Refused,
}

impl Word {
    fn of<T, E>(read: &Result<T, E>) -> Self {
        if read.is_ok() { Self::Taken } else { Self::Refused }
    }
}

/// One place where bytes come in.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, also that of its fuzzer and of its folder in `corpus/`.
    pub name: &'static str,
    /// Reads the bytes; panics only when the product has a fault.
    pub run: fn(&[u8]) -> Word,
    /// Bytes that mean something, to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Every target.
pub const TARGETS: &[Target] = targets::ALL;

/// Runs a target by its name; a name that is none is refused.
pub fn run(name: &str, bytes: &[u8]) -> Word {
    TARGETS.iter().find(|target| target.name == name).map_or(Word::Refused, |target| (target.run)(bytes))
}
