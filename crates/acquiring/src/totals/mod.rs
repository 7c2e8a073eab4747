//! A day's totals with the card network: after the business date has changed, the center says what it counted
//! and the network answers whether its own book agrees (docs/networks/card-iso8583.md, 9).
//!
//! | module | holds |
//! |---|---|
//! | [`decide`](mod@decide) | what is said next about a day: pure |
//! | [`rows`] | the day's row and figures |
//! | `say` | the exchange, the job of every minute |
//!
//! A day is asked about once nothing of it is open any more: what is in doubt may still become money or not,
//! and is never guessed. Until then the network is told the totals as they stand, without the open ones, and
//! not asked. The network's word is written down once, with the case that it opens, before anybody is told.
//! No money moves by it.

pub mod decide;
pub mod rows;
mod say;

pub use decide::{Next, Standing, next};
pub use rows::{Day, MIGRATIONS, STATEMENTS};
pub use say::Report;

use crate::service::Acquiring;
use center_base::jobs::Job;
use std::time::Duration;

/// The network that totals are compared with, as its daily file calls it.
pub const NETWORK: &str = "card";
/// Days before today of which totals are still owed: a center that was off so long tells the rest by hand.
pub const LOOK_BACK_DAYS: i64 = 31;

/// Says what is owed, every minute until it is answered.
pub fn job(acquiring: Acquiring) -> Job {
    Job::new("acquiring/totals", Duration::from_mins(1), move |_| {
        let acquiring = acquiring.clone();
        async move { acquiring.say_totals().await.map(drop) }
    })
}
