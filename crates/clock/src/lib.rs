//! The one clock that every program is handed: instants, waiting and deadlines.
//!
//! Three kinds share one type. [`Clock::real`] is the machine's time. The demo's clock is the real
//! one with a shift that [`Clock::advance`] grows (`POST /desk/clock`). [`Clock::by_hand`] stands
//! still until somebody moves it, so a test of a time-out neither sleeps nor races.
//!
//! Somebody may set the machine's clock back or forward under a running program: instants then follow it,
//! and whatever waits for a span ([`Clock::sleep`], [`Clock::timeout`]) goes on waiting for what was left.

pub use jiff::SignedDuration;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Time as the programs see it. Cheap to clone; all clones move together.
#[derive(Clone)]
pub struct Clock(Arc<Inner>);

struct Inner {
    base: Base,
    started: Instant,
    shift: Mutex<Shift>,
    moved: watch::Sender<u64>,
}

#[derive(Clone, Copy, Default)]
struct Shift {
    /// Time that was let pass.
    passed: Duration,
    /// How far the shown time was set forward or back.
    set: SignedDuration,
}

enum Base {
    Real,
    Hand(Timestamp),
}

/// The deadline passed before the work was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed;

impl std::fmt::Display for Elapsed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the deadline passed")
    }
}

impl std::error::Error for Elapsed {}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}

impl Clock {
    /// The machine's clock. [`Clock::advance`] shifts it forward.
    pub fn real() -> Self {
        Self::new(Base::Real)
    }

    /// A clock that stands at `start` until it is advanced.
    pub fn by_hand(start: Timestamp) -> Self {
        Self::new(Base::Hand(start))
    }

    fn new(base: Base) -> Self {
        let (started, shift) = (Instant::now(), Mutex::new(Shift::default()));
        Self(Arc::new(Inner { base, started, shift, moved: watch::Sender::new(0) }))
    }

    fn shift(&self) -> Shift {
        *self.0.shift.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Now, in UTC.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
    pub fn now(&self) -> Timestamp {
        let base = match self.0.base {
            Base::Real => Timestamp::now(),
            Base::Hand(at) => at,
        };
        let shift = self.shift();
        base.saturating_add(shift.passed).and_then(|at| at.saturating_add(shift.set)).unwrap_or(base)
    }

    /// What has passed since this clock was made, however its shown time was set meanwhile.
    fn passed(&self) -> Duration {
        let real = match self.0.base {
            Base::Real => self.0.started.elapsed(),
            Base::Hand(_) => Duration::ZERO,
        };
        real.saturating_add(self.shift().passed)
    }

    /// Now as microseconds since 1970, the form of every stored instant.
    pub fn now_us(&self) -> i64 {
        self.now().as_microsecond()
    }

    /// Today's date in Asia/Tokyo.
    pub fn today(&self) -> Date {
        business_date(self.now())
    }

    /// Moves time forward and wakes whoever waits for a moment that has now come.
    pub fn advance(&self, by: Duration) {
        {
            let mut shift = self.0.shift.lock().unwrap_or_else(PoisonError::into_inner);
            shift.passed = shift.passed.saturating_add(by);
        }
        self.0.moved.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Sets the shown time forward or back, as a person or a time server does. No time passes by it.
    pub fn set(&self, by: SignedDuration) {
        {
            let mut shift = self.0.shift.lock().unwrap_or_else(PoisonError::into_inner);
            shift.set = shift.set.saturating_add(by);
        }
        self.0.moved.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Waits until `by` has passed.
    pub async fn sleep(&self, by: Duration) {
        let mut moved = self.0.moved.subscribe();
        let begun = self.passed();
        loop {
            let left = by.saturating_sub(self.passed().saturating_sub(begun));
            if left.is_zero() {
                return;
            }
            self.wait(left, &mut moved).await;
        }
    }

    /// At most so long, and no longer than until the clock is moved.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that sleeps")]
    async fn wait(&self, left: Duration, moved: &mut watch::Receiver<u64>) {
        match self.0.base {
            Base::Real => tokio::select! {
                () = tokio::time::sleep(left) => {}
                _ = moved.changed() => {}
            },
            // The sender lives in self, so the wait ends only by a move.
            Base::Hand(_) => drop(moved.changed().await),
        }
    }

    /// Waits until this clock shows `at` or later.
    pub async fn sleep_until(&self, at: Timestamp) {
        let mut moved = self.0.moved.subscribe();
        loop {
            let left = match Duration::try_from(at.duration_since(self.now())) {
                Ok(left) if !left.is_zero() => left,
                _ => return,
            };
            self.wait(left, &mut moved).await;
        }
    }

    /// Runs `work` until it is done or `limit` has passed.
    pub async fn timeout<F: Future>(&self, limit: Duration, work: F) -> Result<F::Output, Elapsed> {
        tokio::select! {
            biased;
            done = work => Ok(done),
            () = self.sleep(limit) => Err(Elapsed),
        }
    }
}

/// The Asia/Tokyo date of an instant: the business date of model.md 3.7 with the day boundary at 00:00.
pub fn business_date(at: Timestamp) -> Date {
    at.to_zoned(tokyo()).date()
}

/// Asia/Tokyo, which has no daylight saving time.
pub fn tokyo() -> TimeZone {
    TimeZone::fixed(jiff::tz::offset(9))
}

/// `2026/11/21 10:15:30` in Asia/Tokyo, the form of every screen and slip (spec screens 1.2).
pub fn tokyo_text(at: Timestamp) -> String {
    at.to_zoned(tokyo()).strftime("%Y/%m/%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_business_date_turns_at_midnight_in_tokyo() {
        assert_eq!(business_date(at("2026-11-20T14:59:59Z")).to_string(), "2026-11-20");
        assert_eq!(business_date(at("2026-11-20T15:00:00Z")).to_string(), "2026-11-21");
        assert_eq!(tokyo_text(at("2026-11-21T01:15:30Z")), "2026/11/21 10:15:30");
    }

    #[tokio::test]
    async fn a_clock_moved_by_hand_wakes_the_waiter_and_only_then() {
        let clock = Clock::by_hand(at("2026-11-21T00:00:00Z"));
        let waiter = tokio::spawn({
            let clock = clock.clone();
            async move { clock.timeout(Duration::from_secs(20), std::future::pending::<()>()).await }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(19));
        tokio::task::yield_now().await;
        assert!(!waiter.is_finished());
        clock.advance(Duration::from_secs(1));
        assert_eq!(waiter.await.unwrap(), Err(Elapsed));
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_or_forward_lengthens_and_shortens_no_time_out() {
        for hours in [-5, 5] {
            let clock = Clock::by_hand(at("2026-11-21T00:00:00Z"));
            let waiter = tokio::spawn({
                let clock = clock.clone();
                async move { clock.timeout(Duration::from_secs(20), std::future::pending::<()>()).await }
            });
            tokio::task::yield_now().await;
            clock.set(SignedDuration::from_hours(hours));
            tokio::task::yield_now().await;
            assert!(!waiter.is_finished());
            assert_eq!(clock.now(), at("2026-11-21T00:00:00Z") + SignedDuration::from_hours(hours));
            clock.advance(Duration::from_secs(20));
            assert_eq!(waiter.await.unwrap(), Err(Elapsed));
        }
    }
}
