//! Closing: cut the windows that ended, follow what came late, scan the days, write the documents. Every step may be
//! killed and repeated: what is there already is left as it is.

mod assemble;
mod dry;
mod follow;
mod outlook;
mod plan;
mod report;
mod scan;

pub(crate) use assemble::booked;
pub(crate) use follow::{entry_of, not_noted, page};
pub use outlook::{Coming, ComingWindow, Would};
pub use plan::Plan;
pub use report::{Blocked, CloseReport, PayDayReport, Why};
pub use scan::{DayScan, Gathering, Own, scan_day, scan_day_of, scan_odd};
pub(crate) use scan::{Likes, days, days_of, give_of, sale_of};

use crate::limits;
use crate::rows::windows::{self, CutWindow};
use crate::rows::{batches, today};
use crate::rules::{PayDayState, Span, Window};
use center_base::jobs::Job;
use center_base::{Base, Refusal, audit};
use delivery::Mailer;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::Tx;

/// Settlement as the other slices and the center hold it. Clones share it.
#[derive(Clone, Debug)]
pub struct Settlement {
    pub(crate) base: Base,
    pub(crate) mailer: Option<Mailer>,
    /// For which day, and by which configuration, the scheduler last closed: until one of them changes there is
    /// nothing more to do, and a company that is left out is not scanned for again every minute.
    done: Arc<Mutex<Option<Done>>>,
}

/// What the scheduler did last.
#[derive(Clone, Copy, Debug)]
struct Done {
    day: Date,
    generation: i64,
    /// When, and whether companies were left out then.
    at: Timestamp,
    blocked: bool,
}

impl Done {
    /// Whether nothing can have changed since, or it was a moment ago: a closing that leaves companies out scans its
    /// pay days whole each time.
    fn is_enough(self, day: Date, generation: i64, now: Timestamp) -> bool {
        let waited = now.duration_since(self.at) >= limits::CLOSE_AGAIN;
        self.day == day && (self.generation == generation || (self.blocked && !waited))
    }
}

impl Settlement {
    /// Nothing runs before [`Settlement::jobs`] are.
    pub fn new(base: &Base) -> Self {
        Self { base: base.clone(), mailer: None, done: Arc::default() }
    }

    /// Mails payment notices by this mailer; without one they are issued and wait.
    pub fn with_mailer(mut self, mailer: Mailer) -> Self {
        self.mailer = Some(mailer);
        self
    }

    /// The work that recurs, for a task of its own: a long closing must not stop other jobs.
    pub fn jobs(&self) -> Vec<Job> {
        let (follower, closer) = (self.clone(), self.clone());
        let (mailer, payer) = (self.clone(), self.clone());
        vec![
            Job::new("settlement/follow", Duration::from_mins(1), move |_| {
                let settlement = follower.clone();
                async move { settlement.follow_all().await }
            }),
            Job::new("settlement/close", Duration::from_mins(1), move |base| {
                let settlement = closer.clone();
                async move { settlement.close_by_clock(&base).await }
            }),
            Job::new("settlement/notices", Duration::from_mins(1), move |_| {
                let settlement = mailer.clone();
                async move { settlement.notices_by_clock().await }
            }),
            Job::new("settlement/paid", Duration::from_mins(1), move |_| {
                let settlement = payer.clone();
                async move { settlement.go_on_paying().await }
            }),
        ]
    }

    /// What the scheduler does: from three o'clock on it closes what ended before today (U-060).
    async fn close_by_clock(&self, base: &Base) -> Result<(), Refusal> {
        let now = base.clock.now().to_zoned(clock::tokyo());
        let day = if now.hour() < limits::CLOSE_FROM_HOUR {
            now.date().saturating_sub(1.days())
        } else {
            now.date()
        };
        let (generation, at) = (base.generation(), base.clock.now());
        let before = *self.done.lock().unwrap_or_else(PoisonError::into_inner);
        if before.is_some_and(|done| done.is_enough(day, generation, at)) {
            return Ok(());
        }
        let report = self.close(day, crate::BY_ITSELF).await?;
        let done = Done { day, generation, at, blocked: report.is_blocked() };
        *self.done.lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
        for pay_day in report.pay_days.iter().filter(|pay_day| !pay_day.blocked.is_empty()) {
            tracing_blocked(pay_day);
        }
        Ok(())
    }

    /// Cuts every window that ended before `on`, which is today at the latest, then makes the documents of every pay
    /// day whose windows are all cut. What is closed stays as it is.
    pub async fn close(&self, on: Date, by: &str) -> Result<CloseReport, Refusal> {
        let cut = self.cut_due(on, by).await?;
        let plan = self.plan().await?;
        let ready = plan.ready();
        let mut report = CloseReport { on, cut, pay_days: Vec::new() };
        if ready.is_empty() {
            return Ok(report);
        }
        let newest = plan.windows.iter().map(|window| window.seq).max().unwrap_or(0);
        self.follow(newest).await?;
        let mut blocked_before = BTreeSet::new();
        for pay_on in ready {
            let made = self.assemble(&plan, pay_on, by, &blocked_before).await?;
            blocked_before.extend(made.blocked.iter().map(|blocked| blocked.company.clone()));
            report.pay_days.push(made);
        }
        Ok(report)
    }

    /// Cuts every window that ended before `on`, each in a unit of its own, and tells which are new.
    pub async fn cut_due(&self, on: Date, by: &str) -> Result<Vec<Window>, Refusal> {
        let plan = self.plan().await?;
        let mut cut = Vec::new();
        for window in plan.due(on) {
            let (by, wanted) = (by.to_owned(), window.clone());
            if self.base.write(move |tx| cut_one(tx, &wanted, &by)).await? {
                cut.push(window);
            }
        }
        Ok(cut)
    }

    /// What closing is decided from, in one snapshot.
    pub(crate) async fn plan(&self) -> Result<Arc<Plan>, Refusal> {
        let tenant = self.base.tenant;
        self.base.read(move |tx| Ok(Arc::new(Plan::load(tx, tenant)?))).await
    }
}

/// A company that is left out is said once a run; the board shows it too.
fn tracing_blocked(pay_day: &PayDayReport) {
    let companies = pay_day.blocked.len();
    tracing::warn!(pay_on = %pay_day.pay_on, companies, "companies are left out of a pay day");
}

fn cut_one(tx: &mut Tx<'_>, window: &Window, by: &str) -> Result<bool, Refusal> {
    if window.last >= today(tx.now_us()) {
        return Err(Refusal::bad(format!("the window that ends on {} is not over", window.last)));
    }
    // Somebody began its pay day since this was planned: the next run plans anew.
    let tenant = tx.tenant();
    if batches::state(tx, tenant, window.pay)? != PayDayState::Open || !windows::cut(tx, window, by)? {
        return Ok(false);
    }
    let about = format!("window {} {}", window.cycle, window.last);
    let detail = serde_json::json!({ "pay_on": window.pay, "first": window.first });
    audit::record(tx, &audit::Act { who: by, what: "window_cut", about: &about, detail })?;
    Ok(true)
}

/// Reckoning that takes milliseconds, on a thread where nobody's payment waits for it.
pub(crate) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(work).await.map_err(|gone| Refusal::internal(gone.to_string()))
}

/// The spans of windows.
pub(crate) fn spans(windows: &[CutWindow]) -> BTreeSet<Span> {
    windows.iter().map(|window| window.span.clone()).collect()
}
