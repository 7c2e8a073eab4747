//! Whether a network answers, and when it does again: whoever waits in doubt is woken then.

use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;

/// What a line remembers of the answers that came and did not come.
#[derive(Default)]
pub(super) struct Hearing {
    /// Somebody was asked and did not answer, and nobody has since.
    silent: AtomicBool,
    /// Grows whenever there is a reason to think that the network answers again.
    revivals: watch::Sender<u64>,
}

impl Hearing {
    /// Changes whenever the network is there again.
    pub(super) fn revivals(&self) -> watch::Receiver<u64> {
        self.revivals.subscribe()
    }

    /// The network is there.
    pub(super) fn revived(&self) {
        self.revivals.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Whether a question is unanswered, and none was answered since.
    pub(super) fn is_silent(&self) -> bool {
        self.silent.load(Ordering::Relaxed)
    }

    /// A question was answered, or was not. Nothing is written while nothing changes.
    pub(super) fn heard(&self, answered: bool) {
        if self.is_silent() == answered {
            self.silent.store(!answered, Ordering::Relaxed);
            if answered {
                self.revived();
            }
        }
    }
}
