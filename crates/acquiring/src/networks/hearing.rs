//! Whether a network answers, and when it does again: whoever waits in doubt is woken then.

use crate::limits;
use clock::Clock;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{Notify, watch};

/// What a line remembers of the answers that came and did not come.
#[derive(Default)]
pub(crate) struct Hearing {
    /// Somebody was asked and did not answer, and nobody has since.
    silent: AtomicBool,
    /// Grows whenever there is a reason to think that the network answers again.
    revivals: watch::Sender<u64>,
    /// Wakes whoever looks after a silent network.
    fell_silent: Notify,
}

/// How long a question waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// So long: it is asked once.
    Once(std::time::Duration),
    /// As an advice or an inquiry, which is repeated: given up when the network was silent meanwhile and is
    /// there again, because it may have swallowed this one.
    Repeated,
}

impl Waiting {
    /// The longest wait.
    pub(super) const fn limit(self) -> std::time::Duration {
        match self {
            Self::Once(limit) => limit,
            Self::Repeated => limits::ADVICE_WAIT,
        }
    }
}

impl Hearing {
    /// One that wakes the same sleepers.
    pub(super) fn beside(&self) -> Self {
        Self { revivals: self.revivals.clone(), ..Self::default() }
    }

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
            } else {
                self.fell_silent.notify_one();
            }
        }
    }

    /// Wakes whoever looks after a silent network.
    pub(super) fn look_again(&self) {
        if self.is_silent() {
            self.fell_silent.notify_one();
        }
    }

    /// Resolves when the network fell silent; at once when it did since this was last awaited.
    pub(super) async fn fell_silent(&self) {
        self.fell_silent.notified().await;
    }

    /// Resolves when a question that is repeated has waited long enough: never for one that is asked once.
    /// `since` was taken before it was sent.
    pub(super) async fn given_up(&self, waiting: Waiting, mut since: watch::Receiver<u64>, clock: &Clock) {
        match waiting {
            Waiting::Once(_) => std::future::pending().await,
            Waiting::Repeated => {
                clock.sleep(limits::ADVICE_PATIENCE).await;
                self.heard(false);
                // The sender lives in self.
                let _ = since.changed().await;
            }
        }
    }
}
