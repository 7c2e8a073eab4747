//! Cases: what the books disagree on, until a person settles it or it is no more.
//!
//! | module | holds |
//! |---|---|
//! | [`differences`] | what is a difference, and what is proposed: pure |
//! | [`mod@file`] | the network's daily file |
//! | [`rows`] | the case's row, and what terminals reported |
//! | [`reconcile`] | the comparison: open payments every minute, a file when it comes |
//! | `inbox` | the folder into which the files come |
//! | [`settle`] | a person's word |
//!
//! A case is named by its kind and what it is about, so a second run opens nothing twice. What a person
//! has settled stays settled; what is no more is cleared by itself. By itself the center moves no money
//! for a case: it only inquires and reverses, as it does for every doubt.

pub(crate) mod api;
pub mod differences;
pub mod file;
mod inbox;
pub mod reconcile;
mod refunds;
pub mod rows;
pub mod settle;

pub use differences::{Action, AtNetwork, Kind};
pub use inbox::{network_files, read_folder};
pub use reconcile::{FileReport, reconcile_file, sweep};
pub use rows::{Case, CaseState, MIGRATIONS, REFUND_MIGRATIONS, STATEMENTS};

use center_base::jobs::Job;
use std::time::Duration;

/// The comparison of every minute.
pub fn job() -> Job {
    Job::new(
        "acquiring/reconcile",
        Duration::from_mins(1),
        |base| async move { sweep(&base).await.map(drop) },
    )
}
