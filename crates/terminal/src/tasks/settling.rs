//! Settling what nobody could answer for: asked again until it is final, sooner when the line comes back.

use super::money::terminal_wait;
use super::record;
use crate::attempt::{Attempt, Remedy, remedy};
use crate::center::CenterFault;
use crate::journal::Fact;
use crate::limits;
use crate::settle::{self, Question, Word};
use crate::shared::Shared;
use center_api::{CompletionRequest, RefundReversal, ReversalRequest};
use codes::pay;
use payment::PaymentId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Payments that a task is settling, and whether it was asked for again since the task last began.
#[derive(Debug, Default)]
pub(crate) struct Settling(Mutex<BTreeMap<PaymentId, bool>>);

impl Settling {
    /// Whether a task is to be set going. One that is at it already will look once more: it may have read the
    /// payment before what is to be settled now was written down.
    fn begins(&self, id: PaymentId) -> bool {
        let mut settling = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = settling.get(&id).copied();
        settling.insert(id, before.is_some());
        before.is_none()
    }

    /// Whether the task of this payment is over; else it begins again.
    fn is_over(&self, id: PaymentId) -> bool {
        let mut settling = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let again = settling.insert(id, false) == Some(true);
        if !again {
            settling.remove(&id);
        }
        !again
    }
}

/// Sees to it that a task asks about a payment until it is final. One task a payment.
pub(crate) fn settle_soon(shared: &Arc<Shared>, id: PaymentId) {
    if shared.settling.begins(id) {
        let shared = Arc::clone(shared);
        tokio::spawn(async move {
            loop {
                settle_all_the_way(&shared, id).await;
                if shared.settling.is_over(id) {
                    return;
                }
            }
        });
    }
}

async fn settle_all_the_way(shared: &Arc<Shared>, id: PaymentId) {
    let mut pause = limits::INQUIRE_PAUSE_FIRST;
    // Since when the center has not answered about a customer who confirms on the phone.
    let mut silent_since_us = None;
    loop {
        // Made before the question is asked: a line that comes back in the meantime wakes it, too.
        let woken = shared.ask_again.notified();
        tokio::pin!(woken);
        woken.as_mut().enable();
        let attempt = match shared.journal.load(id).await {
            Ok(Some(attempt)) => attempt,
            Ok(None) => return,
            Err(error) => {
                tracing::error!(payment.id = %id, %error, "a payment in doubt could not be read");
                shared.clock.sleep(limits::INQUIRE_PAUSE_MAX).await;
                continue;
            }
        };
        let remedy = remedy(&attempt);
        if remedy == Remedy::None {
            return;
        }
        let tried = once(shared, &attempt, remedy).await;
        if remedy == Remedy::Await {
            silent_since_us = match tried {
                Tried::Silent => silent_since_us.or(Some(shared.clock.now_us())),
                Tried::Moved | Tried::Same | Tried::Overtaken => None,
            };
            if silent_since_us.is_some_and(|since| has_passed(shared, since)) {
                record(shared, id, Fact::InDoubt { code: pay::NO_ANSWER }).await;
                continue;
            }
        }
        if matches!(tried, Tried::Moved | Tried::Overtaken) {
            pause = limits::INQUIRE_PAUSE_FIRST;
            continue;
        }
        let longest = match tried {
            Tried::Same => limits::INQUIRE_PAUSE_ANSWERED,
            Tried::Silent | Tried::Moved | Tried::Overtaken => limits::INQUIRE_PAUSE_MAX,
        };
        let wait = if remedy == Remedy::Await { limits::CUSTOMER_POLL } else { pause.min(longest) };
        tokio::select! {
            () = shared.clock.sleep(wait) => {}
            () = woken => {}
        }
        pause = pause.saturating_mul(2).min(longest);
    }
}

/// Whether the terminal's own timer has run out since then.
fn has_passed(shared: &Shared, since_us: i64) -> bool {
    let wait = i64::try_from(terminal_wait(shared).as_micros()).unwrap_or(i64::MAX);
    shared.clock.now_us() >= since_us.saturating_add(wait)
}

/// What a try came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tried {
    /// Something new was written down.
    Moved,
    /// The center had nothing new.
    Same,
    /// The center did not answer.
    Silent,
    /// The line came back while the question was under way, which it may have swallowed before.
    Overtaken,
}

/// One try.
async fn once(shared: &Arc<Shared>, attempt: &Attempt, remedy: Remedy) -> Tried {
    let wait = limits::FOLLOW_UP_WAIT.min(terminal_wait(shared));
    let asking = shared.clock.timeout(wait, one_question(shared, attempt, remedy));
    // Only the waiting is given up, never what follows from an answer. Its late answer is not heard any more;
    // the next question brings the same.
    let asked = tokio::select! {
        biased;
        asked = asking => asked,
        () = shared.line_is_back.notified() => return Tried::Overtaken,
    };
    let answer = match asked {
        Ok(answer) => answer,
        Err(clock::Elapsed) => Err(CenterFault::Unanswered("no answer in time".to_owned())),
    };
    shared.heard_from_center(&answer).await;
    let word = match answer {
        Ok(word) => word,
        Err(fault) => {
            tracing::info!(payment.id = %attempt.id, %fault, "a payment could not be settled yet");
            return Tried::Silent;
        }
    };
    let Some(fact) = settle::found_word(attempt, &word, remedy) else { return Tried::Same };
    match record(shared, attempt.id, fact).await {
        Some(_) => Tried::Moved,
        None => Tried::Same,
    }
}

/// Asks for a remedy. Where the center's state no longer allows it, what the center has is the answer: a
/// hold that was released before the signature came, or an approval that cannot be taken back.
async fn one_question(shared: &Shared, attempt: &Attempt, remedy: Remedy) -> Result<Word, CenterFault> {
    let refund = attempt.gives_back();
    let answer = match refund {
        Some(of) => wanted_of_refund(shared, attempt, of, remedy).await,
        None => wanted(shared, attempt, remedy).await,
    };
    match answer {
        Err(CenterFault::Refused(problem)) if problem.code == codes::api::WRONG_STATE => {
            let found = match refund {
                Some(_) => shared.center.look_refund(attempt.id).await?.as_ref().map(Word::from),
                None => shared.center.look(attempt.id).await?.as_ref().map(Word::from),
            };
            found.ok_or(CenterFault::Refused(problem))
        }
        answer => answer,
    }
}

async fn wanted(shared: &Shared, attempt: &Attempt, remedy: Remedy) -> Result<Word, CenterFault> {
    let id = attempt.id;
    let reversal = |reason| ReversalRequest {
        amount: attempt.amount,
        method: attempt.method,
        class: attempt.class,
        reason,
    };
    let view = match settle::question(attempt, remedy) {
        Question::Release => shared.center.release(id).await,
        Question::Reverse(reason) => shared.center.reverse(id, reversal(reason)).await,
        Question::Look => match shared.center.look(id).await? {
            Some(view) => Ok(view),
            // Never arrived: the tombstone refuses it should it still come (rule 9).
            None => shared.center.reverse(id, reversal(pay::NO_ANSWER)).await,
        },
        Question::Complete => {
            let signature = attempt.signature.clone().unwrap_or_default();
            shared.center.complete(id, CompletionRequest { signature }).await
        }
    };
    Ok(Word::from(&view?))
}

/// The same for giving back: asked for by its own id, undone by its own reversal.
async fn wanted_of_refund(
    shared: &Shared,
    attempt: &Attempt,
    of: PaymentId,
    remedy: Remedy,
) -> Result<Word, CenterFault> {
    let id = attempt.id;
    let reversal = |reason| RefundReversal { payment: of, amount: attempt.amount, reason };
    let view = match settle::question(attempt, remedy) {
        Question::Reverse(reason) => shared.center.reverse_refund(id, reversal(reason)).await,
        Question::Look | Question::Release | Question::Complete => {
            match shared.center.look_refund(id).await? {
                Some(view) => Ok(view),
                None => shared.center.reverse_refund(id, reversal(pay::NO_ANSWER)).await,
            }
        }
    };
    Ok(Word::from(&view?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_while_a_task_is_about_to_end_is_not_forgotten() {
        // A signature that comes between the task's look at the payment and its end must still be sent on.
        let (settling, id) = (Settling::default(), PaymentId::mint(1_795_000_000_000_000, [7; 10]));
        assert!(settling.begins(id), "nobody is at it");
        assert!(!settling.begins(id) && !settling.begins(id), "one task a payment");
        assert!(!settling.is_over(id), "asked for since it began: it looks once more");
        assert!(settling.is_over(id));
        assert!(settling.begins(id), "the next time it is another task");
        assert!(settling.is_over(id));
    }
}
