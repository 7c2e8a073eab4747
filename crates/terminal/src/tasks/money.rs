//! Where money moves: asking, completing, giving back, and settling what nobody could answer for.

use super::{record, report};
use crate::attempt::{Attempt, Remedy, remedy};
use crate::center::CenterFault;
use crate::event::Done;
use crate::journal::{Fact, Sent};
use crate::limits;
use crate::reader::{LastWord, Order};
use crate::settle::{self, Question, Settled, settle};
use crate::shared::Shared;
use center_api::{CardData, CompletionRequest, PaymentRequest, PaymentView, ReversalRequest};
use codes::pay;
use device::{HostAnswer, HostDecision};
use payment::{Cvm, EntryMode, PaymentClass, PaymentId, SignaturePolicy};
use receipt::{CardFacts, Strokes};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// Whether a signature is taken: for every swipe, and where card, amount or a skipped PIN ask for it
/// (R-033, R-034, M-025, M-026, X-011).
fn wants_signature(shared: &Shared, card: &CardData) -> bool {
    let required = shared.with_shown(|shown| shown.ctx.policy().signature) == SignaturePolicy::Required;
    let asked =
        matches!(card.cvm, Cvm::Signature | Cvm::PinBypassed) || card.entry_mode == EntryMode::Magstripe;
    required && asked
}

fn facts_of(card: &CardData) -> CardFacts {
    CardFacts {
        brand: card.brand,
        pan: card.pan.clone(),
        entry_mode: card.entry_mode,
        cvm: card.cvm,
        aid: card.aid.clone(),
        atc: card.atc.clone(),
        pan_seq: card.pan_seq.clone(),
        app_label: card.app_label.clone(),
    }
}

fn terminal_wait(shared: &Shared) -> Duration {
    let timer_s = shared.with_shown(|shown| shown.ctx.policy().timers.terminal_s);
    Duration::from_secs(u64::try_from(timer_s).unwrap_or(1))
}

/// Journals *sent*, asks the center, lets the chip finish, journals the outcome.
pub(crate) async fn ask(shared: &Arc<Shared>, id: PaymentId, class: PaymentClass, card: CardData) {
    if let Some(code) = report::refusal(shared).await {
        // Nothing has left: this device's data is a copy or an old one.
        let _ = shared.orders.send(Order::Stop(id)).await;
        record(shared, id, Fact::Abandoned { code }).await;
        return;
    }
    let signature_follows = wants_signature(shared, &card);
    let sent = Sent { class, card: facts_of(&card), signature_follows };
    let Some(attempt) = record(shared, id, Fact::Sent(Box::new(sent))).await else {
        // Not written, so not sent.
        let _ = shared.orders.send(Order::Stop(id)).await;
        shared.tell(Done::NotStarted(id, codes::api::NO_SPACE)).await;
        return;
    };
    let request = PaymentRequest {
        id,
        amount: attempt.amount,
        method: attempt.method,
        class: attempt.class,
        slip_no: attempt.slip_no,
        note: attempt.note.clone(),
        operator: attempt.operator.clone(),
        started_at_us: attempt.started_at_us,
        signature_follows,
        card: Some(card),
        code: None,
    };
    let asked = shared.clock.timeout(terminal_wait(shared), shared.center.pay(request)).await;
    let fact = match asked {
        Ok(Ok(view)) => return answered(shared, &attempt, &view).await,
        Ok(Err(fault)) => {
            let answer = Err::<(), _>(fault.clone());
            shared.heard_from_center(&answer).await;
            settle::unanswered(Some(&fault))
        }
        Err(clock::Elapsed) => settle::unanswered(None),
    };
    card_hears(shared, id, no_answer(&fact)).await;
    record(shared, id, fact).await;
    settle_soon(shared, id);
}

fn no_answer(fact: &Fact) -> HostAnswer {
    match fact {
        Fact::InDoubt { .. } => HostAnswer::none(),
        _ => HostAnswer { decision: HostDecision::Declined, ..HostAnswer::none() },
    }
}

/// The center answered: first the chip, then the journal, then the screen.
async fn answered(shared: &Arc<Shared>, attempt: &Attempt, view: &PaymentView) {
    let id = attempt.id;
    let settled = settle(attempt, view);
    let decision = match &settled {
        Settled::Write(Fact::Approved { .. } | Fact::Authorized { .. }) => HostDecision::Approved,
        Settled::Write(Fact::Declined { .. } | Fact::Failed { .. }) => HostDecision::Declined,
        _ => HostDecision::NoAnswer,
    };
    let refused_by_card = match card_hears(shared, id, host_answer(view, decision)).await {
        LastWord::Refused(code) => Some(code),
        LastWord::Fine => None,
    };
    for fact in settle::answered(settled, refused_by_card) {
        record(shared, id, fact).await;
    }
    settle_soon(shared, id);
}

/// The issuer's answer for the chip: tag 91 and the scripts of DE 55.
fn host_answer(view: &PaymentView, decision: HostDecision) -> HostAnswer {
    // EMV Book 4, annex A6: 00 approved, 05 declined, Z3 unable to go online.
    let usual = match decision {
        HostDecision::Approved => *b"00",
        HostDecision::Declined | HostDecision::WrongPin => *b"05",
        HostDecision::NoAnswer => *b"Z3",
    };
    let Some(host) = &view.host else {
        return HostAnswer { decision, response_code: usual, ..HostAnswer::none() };
    };
    let response_code = host.arc.as_bytes().first_chunk::<2>().copied().unwrap_or(usual);
    let emv = hex::decode(&host.emv).unwrap_or_default();
    let (mut issuer_authentication, mut scripts) = (Vec::new(), Vec::new());
    for object in emv::tlv::parse(&emv).unwrap_or_default() {
        match object.tag.to_string().as_str() {
            "91" => issuer_authentication = object.primitive().unwrap_or_default().to_vec(),
            "71" | "72" => scripts.extend(emv::tlv::write(std::slice::from_ref(&object))),
            _ => {}
        }
    }
    HostAnswer { decision, response_code, issuer_authentication, scripts }
}

async fn card_hears(shared: &Shared, id: PaymentId, answer: HostAnswer) -> LastWord {
    let (reply, word) = oneshot::channel();
    if shared.orders.send(Order::Answer(id, answer, reply)).await.is_err() {
        return LastWord::Fine;
    }
    word.await.unwrap_or(LastWord::Fine)
}

/// Journals the signature, asks for the completion until it is answered.
pub(crate) async fn complete(shared: &Arc<Shared>, id: PaymentId, signature: Strokes) {
    record(shared, id, Fact::Signed { signature }).await;
    settle_soon(shared, id);
    say_if_unanswered(shared, id).await;
}

/// Journals that the authorization is given back, asks for it until it is acknowledged.
pub(crate) async fn give_back(shared: &Arc<Shared>, id: PaymentId) {
    record(shared, id, Fact::UndoWanted { code: pay::CANCELLED }).await;
    settle_soon(shared, id);
    say_if_unanswered(shared, id).await;
}

async fn say_if_unanswered(shared: &Shared, id: PaymentId) {
    shared.clock.sleep(terminal_wait(shared)).await;
    if let Ok(Some(attempt)) = shared.journal.load(id).await
        && !attempt.name().is_final()
    {
        shared.tell(Done::Unanswered(id)).await;
    }
}

/// Sets a task going that asks about a payment until it is final. One task a payment.
pub(crate) fn settle_soon(shared: &Arc<Shared>, id: PaymentId) {
    let fresh = shared.settling.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
    if fresh {
        let shared = Arc::clone(shared);
        tokio::spawn(async move {
            settle_all_the_way(&shared, id).await;
            shared.settling.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        });
    }
}

async fn settle_all_the_way(shared: &Arc<Shared>, id: PaymentId) {
    let mut pause = limits::INQUIRE_PAUSE_FIRST;
    loop {
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
        let moved = once(shared, &attempt, remedy).await;
        if moved {
            pause = limits::INQUIRE_PAUSE_FIRST;
        } else {
            tokio::select! {
                () = shared.clock.sleep(pause) => {}
                () = shared.ask_again.notified() => {}
            }
            pause = pause.saturating_mul(2).min(limits::INQUIRE_PAUSE_MAX);
        }
    }
}

/// One try. True when something new was written down.
async fn once(shared: &Arc<Shared>, attempt: &Attempt, remedy: Remedy) -> bool {
    let wait = terminal_wait(shared);
    let asked = shared.clock.timeout(wait, one_question(shared, attempt, remedy)).await;
    let answer = match asked {
        Ok(answer) => answer,
        Err(clock::Elapsed) => Err(CenterFault::Unanswered("no answer in time".to_owned())),
    };
    shared.heard_from_center(&answer).await;
    let view = match answer {
        Ok(view) => view,
        Err(fault) => {
            tracing::info!(payment.id = %attempt.id, %fault, "a payment could not be settled yet");
            return false;
        }
    };
    match settle::found(attempt, &view, remedy) {
        Some(fact) => record(shared, attempt.id, fact).await.is_some(),
        None => false,
    }
}

/// Asks for a remedy. Where the center's state no longer allows it, what the center has is the answer: a
/// hold that was released before the signature came, or an approval that cannot be taken back.
async fn one_question(
    shared: &Shared,
    attempt: &Attempt,
    remedy: Remedy,
) -> Result<PaymentView, CenterFault> {
    match wanted(shared, attempt, remedy).await {
        Err(CenterFault::Refused(problem)) if problem.code == codes::api::WRONG_STATE => {
            let found = shared.center.look(attempt.id).await?;
            found.ok_or(CenterFault::Refused(problem))
        }
        answer => answer,
    }
}

async fn wanted(shared: &Shared, attempt: &Attempt, remedy: Remedy) -> Result<PaymentView, CenterFault> {
    let id = attempt.id;
    let reversal = |reason| ReversalRequest {
        amount: attempt.amount,
        method: attempt.method,
        class: attempt.class,
        reason,
    };
    match settle::question(attempt, remedy) {
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
    }
}
