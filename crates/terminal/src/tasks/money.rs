//! Where money moves: asking by card and by code, completing, undoing, giving back.

use super::settling::settle_soon;
use super::{insist, record, report};
use crate::attempt::{Attempt, CodeFacts};
use crate::center::{Asking, CenterFault};
use crate::event::{Done, ReadCode};
use crate::flows::code::masked;
use crate::journal::{Fact, Sent};
use crate::limits;
use crate::reader::{LastWord, Order};
use crate::settle::{self, Settled};
use crate::shared::Shared;
use center_api::{
    CardData, CodeData, DuplicateCheck, PaymentRequest, PaymentView, RefundRequest, RefundView, Suspect,
};
use codes::pay;
use device::{HostAnswer, HostDecision};
use payment::{Brand, Cvm, EntryMode, PaymentClass, PaymentId, SignaturePolicy, StateName};
use receipt::{CardFacts, Strokes};
use std::sync::Arc;
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

pub(super) fn terminal_wait(shared: &Shared) -> Duration {
    let timer_s = shared.with_shown(|shown| shown.ctx.policy().timers.terminal_s);
    Duration::from_secs(u64::try_from(timer_s).unwrap_or(1))
}

/// Journals *sent*, asks the center, lets the chip finish, journals the outcome.
pub(crate) async fn ask(shared: &Arc<Shared>, id: PaymentId, class: PaymentClass, card: CardData) {
    let signature_follows = wants_signature(shared, &card);
    #[cfg(feature = "planted")]
    if store::planted("send-before-journal") {
        said_too_early(shared, id, (class, signature_follows), card.clone()).await;
    }
    let sent = Sent { class, card: Some(facts_of(&card)), code_paid: None, signature_follows };
    let Some(attempt) = sending(shared, id, sent).await else { return };
    let request = PaymentRequest { signature_follows, card: Some(card), code: None, ..request_of(&attempt) };
    let asked = paid(shared, id, request).await;
    let fact = match asked {
        Ok(Ok(view)) => return answered(shared, &attempt, &view).await,
        Ok(Err(fault)) => {
            shared.heard_from_center(&Err::<(), _>(fault.clone())).await;
            settle::unanswered(Some(&fault))
        }
        Err(clock::Elapsed) => settle::unanswered(None),
    };
    #[cfg(feature = "planted")]
    let fact =
        if store::planted("silence-means-no") { Fact::Failed { code: pay::NO_CONNECTION } } else { fact };
    card_hears(shared, id, no_answer(&fact)).await;
    record(shared, id, fact).await;
    settle_soon(shared, id);
}

/// Asks to pay, and waits for the center's word as long as the terminal waits.
async fn paid(
    shared: &Shared,
    id: PaymentId,
    request: PaymentRequest,
) -> Result<Result<PaymentView, CenterFault>, clock::Elapsed> {
    // A customer who has to confirm on the phone is an answer, too.
    let is_word = |view: &PaymentView| view.state != StateName::Sent || view.waits_for_user;
    let asking = word_or_answer(shared, shared.center.pay(request), || shared.center.look(id), is_word);
    shared.clock.timeout(terminal_wait(shared), asking).await
}

/// The answer to a request; when it stays away, what the center says when it is asked how the payment stands: the
/// answer may have been swallowed by a line that is back already (R4). The request itself is sent once.
async fn word_or_answer<'a, T: Sync>(
    shared: &Shared,
    mut asking: Asking<'a, T>,
    look: impl Fn() -> Asking<'a, Option<T>>,
    is_word: impl Fn(&T) -> bool,
) -> Result<T, CenterFault> {
    let mut pause = limits::FOLLOW_UP_WAIT;
    loop {
        tokio::select! {
            biased;
            answer = &mut asking => return answer,
            () = shared.clock.sleep(pause) => {}
        }
        let looked = tokio::select! {
            biased;
            answer = &mut asking => return answer,
            looked = shared.clock.timeout(limits::FOLLOW_UP_WAIT, look()) => looked,
        };
        let looked = looked.unwrap_or_else(|elapsed| Err(CenterFault::Unanswered(elapsed.to_string())));
        shared.heard_from_center(&looked).await;
        match looked {
            Ok(Some(word)) if is_word(&word) => return Ok(word),
            // Not there yet, or not known yet: its own answer may still come.
            Ok(_) | Err(_) => pause = limits::INQUIRE_PAUSE_ANSWERED,
        }
    }
}

/// The request as the journal has it, without what pays.
fn request_of(attempt: &Attempt) -> PaymentRequest {
    PaymentRequest {
        id: attempt.id,
        amount: attempt.amount,
        method: attempt.method,
        class: attempt.class,
        slip_no: attempt.slip_no,
        note: attempt.note.clone(),
        tax: attempt.tax,
        operator: attempt.operator.clone(),
        started_at_us: attempt.started_at_us,
        signature_follows: false,
        card: None,
        code: None,
    }
}

/// Speaks before it writes, on purpose.
#[cfg(feature = "planted")]
async fn said_too_early(
    shared: &Arc<Shared>,
    id: PaymentId,
    (class, signature_follows): (PaymentClass, bool),
    card: CardData,
) {
    if let Ok(Some(attempt)) = shared.journal.load(id).await {
        let request = request_of(&Attempt { class, ..attempt });
        let request = PaymentRequest { signature_follows, card: Some(card), ..request };
        drop(shared.center.pay(request).await);
    }
}

/// Writes down that something goes out, or says that nothing will.
async fn sending(shared: &Arc<Shared>, id: PaymentId, sent: Sent) -> Option<Attempt> {
    if let Some(code) = report::refusal(shared).await {
        // Nothing has left: this device's data is a copy or an old one.
        let _ = shared.orders.send(Order::Stop(id)).await;
        record(shared, id, Fact::Abandoned { code }).await;
        return None;
    }
    let written = record(shared, id, Fact::Sent(Box::new(sent))).await;
    if written.is_none() {
        let _ = shared.orders.send(Order::Stop(id)).await;
        shared.tell(Done::NotStarted(id, codes::api::NO_SPACE)).await;
        // What stays started is given up by its tombstone once there is space again.
        settle_soon(shared, id);
    }
    written
}

/// Journals *sent*, asks the center with the code, journals the outcome. Where the customer must confirm,
/// the payment stays *sent* and is asked about until somebody has decided.
pub(crate) async fn ask_code(shared: &Arc<Shared>, id: PaymentId, read: ReadCode) {
    let facts = CodeFacts {
        brand: read.brand,
        masked: masked(read.token.unmask()),
        entry: read.entry,
        center_txn_id: None,
    };
    let sent =
        Sent { class: PaymentClass::Lump, card: None, code_paid: Some(facts), signature_follows: false };
    let Some(attempt) = sending(shared, id, sent).await else { return };
    let code = CodeData { token: read.token, brand: read.brand, entry: read.entry };
    let request = PaymentRequest { code: Some(code), ..request_of(&attempt) };
    let asked = paid(shared, id, request).await;
    let facts = match asked {
        Ok(Ok(view)) => settle::answered(settle::settle(&attempt, &view), None),
        Ok(Err(fault)) => {
            shared.heard_from_center(&Err::<(), _>(fault.clone())).await;
            vec![settle::unanswered(Some(&fault))]
        }
        Err(clock::Elapsed) => vec![settle::unanswered(None)],
    };
    for fact in facts {
        record(shared, id, fact).await;
    }
    settle_soon(shared, id);
}

/// Journals the signature and *sent*, asks for the money to be given back, journals the outcome.
pub(crate) async fn ask_refund(
    shared: &Arc<Shared>,
    id: PaymentId,
    card: Option<CardData>,
    signature: Option<Strokes>,
) {
    if let Some(signature) = signature
        && record(shared, id, Fact::Signed { signature }).await.is_none()
    {
        let _ = shared.orders.send(Order::Stop(id)).await;
        shared.tell(Done::NotStarted(id, codes::api::NO_SPACE)).await;
        return settle_soon(shared, id);
    }
    let class = shared.journal.load(id).await.ok().flatten().map_or(PaymentClass::Lump, |a| a.class);
    let facts = card.as_ref().map(facts_of);
    let sent = Sent { class, card: facts, code_paid: None, signature_follows: false };
    let Some(attempt) = sending(shared, id, sent).await else { return };
    let Some(of) = attempt.gives_back() else { return };
    let has_card = card.is_some();
    let request = RefundRequest {
        id,
        amount: attempt.amount,
        slip_no: attempt.slip_no,
        operator: attempt.operator.clone(),
        reason: attempt.note.clone(),
        tax: attempt.tax,
        started_at_us: attempt.started_at_us,
        card,
    };
    let is_word = |view: &RefundView| view.state != StateName::Sent;
    let asking =
        word_or_answer(shared, shared.center.refund(of, request), || shared.center.look_refund(id), is_word);
    let asked = shared.clock.timeout(terminal_wait(shared), asking).await;
    let fact = match asked {
        Ok(Ok(view)) => settle::refund_answered(&attempt, &view),
        Ok(Err(fault)) => {
            shared.heard_from_center(&Err::<(), _>(fault.clone())).await;
            settle::unanswered(Some(&fault))
        }
        Err(clock::Elapsed) => settle::unanswered(None),
    };
    if has_card {
        // Giving back is not a deal that the chip has to agree to: it is told that nothing follows.
        card_hears(shared, id, HostAnswer::none()).await;
    }
    record(shared, id, fact).await;
    settle_soon(shared, id);
}

/// Asks whether such a card has just paid the same sum. No answer is no warning.
pub(crate) async fn check_duplicate(
    shared: &Shared,
    id: PaymentId,
    amount: money::Yen,
    brand: Brand,
    last4: String,
) {
    let request = DuplicateCheck { amount, brand, last4 };
    let asked = shared.clock.timeout(limits::DUPLICATE_WAIT, shared.center.duplicates(request)).await;
    let suspect: Option<Suspect> = match asked {
        Ok(Ok(answer)) => answer.suspect,
        Ok(Err(fault)) => {
            tracing::warn!(payment.id = %id, %fault, "the duplicate check was not answered");
            None
        }
        Err(clock::Elapsed) => {
            tracing::warn!(payment.id = %id, "the duplicate check was not answered in time");
            None
        }
    };
    shared.tell(Done::Checked(id, suspect)).await;
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
    let settled = settle::settle(attempt, view);
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
    insist(shared, id, Fact::Signed { signature }).await;
    settle_soon(shared, id);
    say_if_unanswered(shared, id).await;
}

/// Journals that the authorization is given back, asks for it until it is acknowledged.
pub(crate) async fn give_back(shared: &Arc<Shared>, id: PaymentId) {
    insist(shared, id, Fact::UndoWanted { code: pay::CANCELLED }).await;
    settle_soon(shared, id);
    // Where the customer has still to confirm, somebody is already asking and waits for the next turn.
    shared.ask_again.notify_waiters();
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
