//! A bounded line of work between callers and threads: takes everything that waits at once.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Work that waits. Closing refuses newcomers; what waits is still handed out.
pub(crate) struct Queue<J> {
    line: Mutex<Line<J>>,
    came: Condvar,
    closed: Condvar,
    limit: usize,
}

struct Line<J> {
    waiting: VecDeque<J>,
    open: bool,
    /// Threads that sleep until work comes.
    idle: usize,
}

impl<J> Line<J> {
    fn out(&mut self, most: usize) -> Vec<J> {
        let count = self.waiting.len().min(most);
        self.waiting.drain(..count).collect()
    }
}

/// Why work was not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    TooMany,
    Closed,
}

impl<J> Queue<J> {
    pub(crate) fn new(limit: usize) -> Self {
        let line = Line { waiting: VecDeque::new(), open: true, idle: 0 };
        Self { line: Mutex::new(line), came: Condvar::new(), closed: Condvar::new(), limit }
    }

    fn line(&self) -> MutexGuard<'_, Line<J>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn push(&self, job: J) -> Result<(), Full> {
        let mut line = self.line();
        if !line.open {
            return Err(Full::Closed);
        }
        if line.waiting.len() >= self.limit {
            return Err(Full::TooMany);
        }
        line.waiting.push_back(job);
        // Waking is a call of the kernel: under load nobody sleeps, and none is made.
        let wake = line.idle > 0;
        drop(line);
        if wake {
            self.came.notify_one();
        }
        Ok(())
    }

    /// Waits for work and takes up to `most` of it; `None` when the queue is closed and empty.
    pub(crate) fn take(&self, most: usize) -> Option<Vec<J>> {
        let mut line = self.line();
        while line.waiting.is_empty() && line.open {
            line.idle = line.idle.saturating_add(1);
            line = self.came.wait(line).unwrap_or_else(PoisonError::into_inner);
            line.idle = line.idle.saturating_sub(1);
        }
        self.given(line, most)
    }

    /// The same, but comes back with nothing in its hands when no work has come for this long (real time).
    pub(crate) fn take_within(&self, most: usize, longest: Duration) -> Option<Vec<J>> {
        let mut line = self.line();
        if line.waiting.is_empty() && line.open {
            line.idle = line.idle.saturating_add(1);
            let rests = |line: &mut Line<J>| line.waiting.is_empty() && line.open;
            (line, _) =
                self.came.wait_timeout_while(line, longest, rests).unwrap_or_else(PoisonError::into_inner);
            line.idle = line.idle.saturating_sub(1);
        }
        self.given(line, most)
    }

    fn given(&self, mut line: MutexGuard<'_, Line<J>>, most: usize) -> Option<Vec<J>> {
        if line.waiting.is_empty() {
            return line.open.then(Vec::new);
        }
        let taken = line.out(most);
        if !line.waiting.is_empty() && line.idle > 0 {
            self.came.notify_one();
        }
        Some(taken)
    }

    /// Takes up to `most` of what waits now.
    pub(crate) fn take_now(&self, most: usize) -> Vec<J> {
        self.line().out(most)
    }

    /// Waits until `pause` has passed or the queue is closed; tells whether it is still open.
    ///
    /// Real time and not the handed-in clock: the pause is for another machine that must come back.
    pub(crate) fn rest(&self, pause: Duration) -> bool {
        let (line, _) = self
            .closed
            .wait_timeout_while(self.line(), pause, |line| line.open)
            .unwrap_or_else(PoisonError::into_inner);
        line.open
    }

    pub(crate) fn close(&self) {
        self.line().open = false;
        self.came.notify_all();
        self.closed.notify_all();
    }

    /// Closes and takes out what waits, so that it can be refused.
    pub(crate) fn close_and_empty(&self) -> Vec<J> {
        let left = {
            let mut line = self.line();
            line.open = false;
            line.waiting.drain(..).collect()
        };
        self.came.notify_all();
        self.closed.notify_all();
        left
    }

    pub(crate) fn len(&self) -> usize {
        self.line().waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_queue_hands_out_what_waits_and_refuses_newcomers() {
        let queue = Queue::new(3);
        assert_eq!(
            (1..=4).map(|n| queue.push(n)).collect::<Vec<_>>(),
            [Ok(()), Ok(()), Ok(()), Err(Full::TooMany)]
        );
        queue.close();
        assert_eq!(queue.push(5), Err(Full::Closed));
        assert_eq!(queue.take(2), Some(vec![1, 2]));
        assert_eq!(queue.take(2), Some(vec![3]));
        assert_eq!(queue.take(2), None);
        assert_eq!(queue.take_within(2, Duration::MAX), None);
        assert!(!queue.rest(Duration::MAX), "a closed queue lets nobody rest");
    }

    #[test]
    fn who_waits_for_a_while_comes_back_with_what_there_is() {
        let queue = Queue::new(3);
        assert_eq!(queue.take_within(2, Duration::ZERO), Some(Vec::<i32>::new()));
        assert_eq!((1..=3).map(|n| queue.push(n)).collect::<Vec<_>>(), [Ok(()); 3]);
        assert_eq!(queue.take_within(2, Duration::ZERO), Some(vec![1, 2]));
    }

    #[test]
    fn what_waits_now_is_taken_without_waiting() {
        let queue = Queue::new(3);
        assert_eq!(queue.take_now(2), Vec::<i32>::new());
        assert_eq!((1..=3).map(|n| queue.push(n)).collect::<Vec<_>>(), [Ok(()); 3]);
        assert_eq!((queue.take_now(0), queue.take_now(2), queue.take_now(2)), (vec![], vec![1, 2], vec![3]));
    }
}
