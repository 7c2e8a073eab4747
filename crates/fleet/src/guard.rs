//! Which request counters of a terminal were already used: in memory, the last 64 of each key.
//!
//! Concurrent requests may overtake each other, but none is accepted twice. Two different requests
//! under one counter cannot come from one device: its data was copied (S9).

use center_base::TerminalId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// How far a request may be overtaken.
const WIDTH: i64 = 64;
const SLOTS: usize = 64;
const NEVER: u64 = 0;
const BEFORE_START: u64 = u64::MAX;

/// What a counter says of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Not used before; it is now.
    Fresh,
    /// Used before, or too old to know.
    Replayed,
    /// Used before by another request under the same key.
    Forked,
}

/// The last counters of one key, each with a mark of the request that used it.
#[derive(Debug)]
struct Window {
    highest: i64,
    marks: [u64; SLOTS],
}

fn slot(counter: i64) -> usize {
    usize::try_from(counter.rem_euclid(WIDTH)).unwrap_or(0)
}

impl Window {
    /// Everything up to `stored` was used, by whom is not known.
    fn after(stored: i64) -> Self {
        Self { highest: stored, marks: [BEFORE_START; SLOTS] }
    }

    fn mark(&mut self, counter: i64) -> &mut u64 {
        // `slot` is below 64; the first slot is never the wrong answer because the array has it.
        let [first, rest @ ..] = &mut self.marks;
        match slot(counter).checked_sub(1) {
            Some(at) => rest.get_mut(at).unwrap_or(first),
            None => first,
        }
    }

    fn take(&mut self, counter: i64, mark: u64) -> Verdict {
        if counter <= self.highest.saturating_sub(WIDTH) {
            return Verdict::Replayed;
        }
        if counter > self.highest {
            let skipped = counter.saturating_sub(self.highest);
            if skipped >= WIDTH {
                self.marks = [NEVER; SLOTS];
            } else {
                for back in 0..skipped {
                    *self.mark(counter.saturating_sub(back)) = NEVER;
                }
            }
            self.highest = counter;
        }
        let kept = self.mark(counter);
        match *kept {
            NEVER => {
                *kept = mark;
                Verdict::Fresh
            }
            BEFORE_START => Verdict::Replayed,
            same if same == mark => Verdict::Replayed,
            _ => Verdict::Forked,
        }
    }
}

type Name = (TerminalId, Arc<str>);

/// The windows of all terminals that this process has heard of.
#[derive(Default)]
pub(crate) struct Guards(RwLock<BTreeMap<Name, Arc<Mutex<Window>>>>);

impl Guards {
    /// Uses `counter` of a terminal's key for the request with this signature. A window that is not in
    /// memory begins after `stored`.
    pub(crate) fn take(
        &self,
        terminal: &TerminalId,
        key_id: &Arc<str>,
        stored: i64,
        counter: i64,
        signature: &str,
    ) -> Verdict {
        let name = (terminal.clone(), Arc::clone(key_id));
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&name).map(Arc::clone);
        let window = known.unwrap_or_else(|| {
            let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(name).or_insert_with(|| Arc::new(Mutex::new(Window::after(stored)))))
        });
        let mut window = window.lock().unwrap_or_else(PoisonError::into_inner);
        window.take(counter, mark_of(signature))
    }
}

/// Eight bytes of the signature's hash, never one of the two marks with a meaning.
fn mark_of(signature: &str) -> u64 {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(signature.as_bytes());
    let mark = digest.first_chunk::<8>().map_or(1, |head| u64::from_be_bytes(*head));
    mark.clamp(NEVER.saturating_add(1), BEFORE_START.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_may_overtake_each_other_but_none_is_taken_twice() {
        let mut window = Window::after(100);
        assert_eq!(window.take(100, 7), Verdict::Replayed);
        assert_eq!(window.take(103, 3), Verdict::Fresh);
        assert_eq!(window.take(101, 1), Verdict::Fresh);
        assert_eq!(window.take(102, 2), Verdict::Fresh);
        for counter in 101..=103 {
            assert_eq!(window.take(counter, u64::try_from(counter - 100).unwrap()), Verdict::Replayed);
        }
    }

    #[test]
    fn what_is_older_than_the_window_is_a_replay() {
        let mut window = Window::after(0);
        assert_eq!(window.take(200, 1), Verdict::Fresh);
        assert_eq!(window.take(136, 1), Verdict::Replayed);
        assert_eq!(window.take(137, 1), Verdict::Fresh);
        assert_eq!(window.take(i64::MAX, 1), Verdict::Fresh);
        assert_eq!(window.take(200, 1), Verdict::Replayed);
        assert_eq!(window.take(i64::MIN, 1), Verdict::Replayed);
    }

    #[test]
    fn two_requests_under_one_counter_show_a_copy_of_the_device() {
        // S9
        let mut window = Window::after(5);
        assert_eq!(window.take(6, 11), Verdict::Fresh);
        assert_eq!(window.take(6, 11), Verdict::Replayed);
        assert_eq!(window.take(6, 12), Verdict::Forked);
        // What came before this process started is not known well enough for that.
        assert_eq!(window.take(5, 12), Verdict::Replayed);
    }

    #[test]
    fn every_order_of_a_window_is_taken_once() {
        let mut window = Window::after(1_000);
        for round in 0..50_i64 {
            for step in 0..WIDTH {
                let counter = 1_001 + round * WIDTH + (step * 37) % WIDTH;
                let mark = u64::try_from(counter).unwrap();
                // A jump ahead may leave some behind the window: those are refused, never taken twice.
                if window.take(counter, mark) == Verdict::Fresh {
                    assert_eq!(window.take(counter, mark), Verdict::Replayed);
                }
            }
        }
    }
}
