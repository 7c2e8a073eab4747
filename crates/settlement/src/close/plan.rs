//! What closing is decided from: terms, cycles, calendar, cuts, and which windows and pay days follow.

use crate::rows::windows::{self, CutWindow};
use crate::rows::{batches, calendar, terms};
use crate::rules::{Calendar, Cuts, Cycle, CycleCode, Cycles, Ground, PayDayState, TermsBook, Window};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use store::{DbError, Inconsistent, ReadTx, TenantId};

/// Everything of one tenant that closing is decided from.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Terms by date.
    pub book: TermsBook,
    /// Cycles.
    pub cycles: Cycles,
    /// Bank business days.
    pub calendar: Calendar,
    /// Cuts.
    pub cuts: Cuts,
    /// The windows that are cut.
    pub windows: Vec<CutWindow>,
    /// The newest unit that entered or withdrew terms.
    pub(crate) terms_seq: i64,
    /// The cycles that some company uses, and the first day on which one does.
    starts: BTreeMap<CycleCode, Date>,
    /// Pay days whose documents are all made, nobody left out.
    closed: BTreeSet<Date>,
    /// The last pay day of which documents may have been made.
    begun: Option<Date>,
}

impl Plan {
    /// Reads it, in one snapshot.
    pub fn load(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Self, DbError> {
        let known = terms::terms(tx, tenant)?;
        let windows = windows::windows(tx, tenant)?;
        let first = acquiring::taken::first_day(tx, tenant)?;
        let pay_days = batches::pay_days(tx, tenant)?;
        let begun = pay_days.iter().filter(|day| day.state != PayDayState::Open).map(|day| day.pay_on).max();
        let closed = pay_days
            .into_iter()
            .filter(|day| !matches!(day.state, PayDayState::Open | PayDayState::Closing) && day.left_out == 0)
            .map(|day| day.pay_on)
            .collect();
        Ok(Self {
            book: known.book,
            terms_seq: terms::newest(tx, tenant)?,
            cycles: terms::cycles(tx, tenant)?,
            calendar: calendar::calendar(tx, tenant)?,
            cuts: windows::cuts(&windows),
            starts: starts(known.named, first)?,
            windows,
            closed,
            begun,
        })
    }

    /// What membership is decided from.
    pub fn ground(&self) -> Ground<'_> {
        Ground { book: &self.book, cycles: &self.cycles, cuts: &self.cuts }
    }

    /// The windows of used cycles that are not cut and ended before `on`, by last day.
    pub fn due(&self, on: Date) -> Vec<Window> {
        let mut due = self.begun(on);
        due.retain(|window| window.last < on);
        due
    }

    /// The windows of used cycles that are not cut and have a day up to `on`, by last day.
    pub fn begun(&self, on: Date) -> Vec<Window> {
        let mut begun = Vec::new();
        for (code, &start) in &self.starts {
            let Ok(cycle) = self.cycles.get(code) else { continue };
            let all = cycle.windows(start, on, &self.calendar).into_iter();
            for window in all.filter(|window| self.cuts.of(&window.span()).is_none()) {
                begun.push(self.payable(cycle, window));
            }
        }
        begun.sort_by(|one, other| (one.last, &one.cycle).cmp(&(other.last, &other.cycle)));
        begun
    }

    /// The pay days of windows that are cut, and not closed, in order.
    pub fn open_pay_days(&self) -> BTreeSet<Date> {
        let days = self.windows.iter().map(|window| window.pay_on);
        days.filter(|day| !self.closed.contains(day)).collect()
    }

    /// A document is immutable, and they are made in the order of pay days: a window that is cut after the first
    /// document of its own pay day, or of a later one, is paid with the cycle's next window that is not.
    pub(crate) fn payable(&self, cycle: &Cycle, window: Window) -> Window {
        let Some(begun) = self.begun else { return window };
        let mut next = window.clone();
        while next.pay <= begun {
            let Ok(day) = next.last.tomorrow() else { break };
            next = cycle.window_of(day, &self.calendar);
        }
        Window { pay: next.pay, notice: next.notice, ..window }
    }

    /// The pay days that are not closed and whose windows are all cut, in order.
    pub fn ready(&self) -> Vec<Date> {
        let first_uncut = self.starts.iter().filter_map(|(code, &start)| {
            let cycle = self.cycles.get(code).ok()?;
            let mut window = cycle.window_of(start, &self.calendar);
            // Every turn passes one cut, so there are no more turns than cuts.
            while self.cuts.of(&window.span()).is_some() {
                window = cycle.window_of(window.last.tomorrow().ok()?, &self.calendar);
            }
            Some(window.pay)
        });
        let Some(not_yet) = first_uncut.min() else { return Vec::new() };
        self.open_pay_days().into_iter().filter(|day| *day < not_yet).collect()
    }

    /// The windows that are paid on a day.
    pub fn of_pay_day(&self, pay_on: Date) -> Vec<CutWindow> {
        self.windows.iter().filter(|window| window.pay_on == pay_on).cloned().collect()
    }

    /// As if these windows were cut at a unit: for a dry run.
    pub(crate) fn as_if_cut(&mut self, due: &[Window], seq: i64) {
        for window in due {
            self.cuts.add(window.cycle.clone(), window.last, seq);
            self.windows.push(CutWindow {
                span: window.span(),
                pay_on: window.pay,
                notice_on: window.notice,
                seq,
            });
        }
    }
}

/// The brands' own cycles begin with the first payment, another with the first terms that name it.
fn starts(
    named: BTreeMap<CycleCode, Date>,
    first: Option<Date>,
) -> Result<BTreeMap<CycleCode, Date>, DbError> {
    let Some(first) = first else { return Ok(BTreeMap::new()) };
    let mut starts: BTreeMap<CycleCode, Date> =
        named.into_iter().map(|(code, from)| (code, from.max(first))).collect();
    for row in payment::brands() {
        let code = CycleCode::new(&row.settle_cycle)
            .map_err(|bad| Inconsistent::new("brands.toml settle_cycle", bad.to_string()))?;
        starts.insert(code, first);
    }
    Ok(starts)
}
