//! Crash points on the real processes: `choba networks`, `choba center` and `choba terminal` as their
//! users start them, one of them struck at its n-th call that writes, syncs, sends or connects.
//!
//! The library in `preload/` counts and strikes; a [`town::Town`] runs the three programs in a copy of a
//! prepared folder; a [`flow::Flow`] says what clerk and customer do; [`books`] compares what everybody
//! wrote down. docs/crash-points.md has the method and the figures.

pub mod books;
pub mod fault;
pub mod flow;
pub mod hammer;
pub mod http;
pub mod hunt;
pub mod needles;
pub mod nexo;
pub mod planted;
pub mod point;
pub mod powercut;
pub mod settle;
pub mod sweep;
pub mod tools;
pub mod town;
