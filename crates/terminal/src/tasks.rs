//! Effects carried out: each to its end, whatever the browser does, in the order of the seven rules:
//! written down first, then said.

pub(crate) mod counter;
pub(crate) mod line;
pub(crate) mod money;
pub(crate) mod offer;
pub(crate) mod paper;
pub(crate) mod report;
pub(crate) mod settling;

use crate::event::{Done, Effect, Event, NewPayment};
use crate::journal::{Fact, JournalError};
use crate::reader::{Job, Order};
use crate::shared::Shared;
use codes::{Code, api, pay};
use payment::PaymentId;
use std::sync::Arc;

/// The code of a journal that does not take an entry.
pub(crate) fn journal_code(error: &JournalError) -> Code {
    match error {
        JournalError::NoSpace => api::NO_SPACE,
        JournalError::Story(_) => api::WRONG_STATE,
        JournalError::Broken(_) => api::UNAVAILABLE,
    }
}

/// Writes a fact about a payment down and tells the screen; a fact that does not fit is logged.
pub(crate) async fn record(shared: &Shared, id: PaymentId, fact: Fact) -> Option<crate::attempt::Attempt> {
    let what = fact.word();
    match shared.journal.record(id, fact).await {
        Ok(attempt) => {
            shared.tell(Done::Changed(Box::new(attempt.clone()))).await;
            if let Some(of) = attempt.gives_back()
                && attempt.name().is_final()
                && let Ok(Some(original)) = shared.journal.load(of).await
            {
                shared.tell(Done::Changed(Box::new(original))).await;
            }
            Some(attempt)
        }
        Err(error) => {
            tracing::error!(payment.id = %id, what, %error, "the journal did not take an entry");
            None
        }
    }
}

/// Journals an intent. Nothing else is heard until it is on disk.
pub(crate) async fn start(shared: &Shared, new: NewPayment) -> Event {
    let operator = shared
        .with_shown(|shown| shown.ctx.clerk_at(shared.clock.now_us()).map(|clerk| clerk.operator.clone()));
    let id = new.id;
    // A card is not asked for while the center is certainly out of reach (901).
    if shared.space.is_short() {
        tracing::error!(payment.id = %id, "less than the reserve is left on the disk; nothing was started");
        return Event::Done(Done::NotStarted(id, api::NO_SPACE));
    }
    let down = shared.with_shown(|shown| !shown.ctx.center_up) && !line::probe(shared).await;
    let started = match shared.journal.start(new, operator).await {
        Ok(_) if down => shared.journal.record(id, Fact::Abandoned { code: pay::NO_CONNECTION }).await,
        other => other,
    };
    match started {
        Ok(attempt) => Event::Done(Done::Changed(Box::new(attempt))),
        Err(error) => {
            tracing::error!(payment.id = %id, %error, "a payment could not be journaled and was not started");
            Event::Done(Done::NotStarted(id, journal_code(&error)))
        }
    }
}

/// Writes a fact down, again and again while the journal takes nothing (a full disk): a payment must not
/// stay where it was because one entry did not fit at that moment. A fact that no longer fits the payment's
/// story is let go.
pub(crate) async fn insist(shared: &Shared, id: PaymentId, fact: Fact) {
    let mut pause = crate::limits::INQUIRE_PAUSE_FIRST;
    loop {
        match shared.journal.record(id, fact.clone()).await {
            Ok(attempt) => return shared.tell(Done::Changed(Box::new(attempt))).await,
            Err(error) => {
                tracing::error!(payment.id = %id, what = fact.word(), %error, "the journal did not take an entry");
                if matches!(error, JournalError::Story(_)) {
                    return;
                }
            }
        }
        shared.clock.sleep(pause).await;
        pause = pause.saturating_mul(2).min(crate::limits::INQUIRE_PAUSE_MAX);
    }
}

/// Carries an effect out. What must be on disk before anything else is heard (reliability rule 1) is waited for
/// and gives its event; everything else is set going.
pub(crate) async fn perform(shared: &Arc<Shared>, effect: Effect) -> Option<Event> {
    if matches!(effect, Effect::Start(_) | Effect::Save(_)) {
        return carry_out(shared, effect).await;
    }
    let shared = Arc::clone(shared);
    tokio::spawn(async move { carry_out(&shared, effect).await });
    None
}

async fn carry_out(shared: &Arc<Shared>, effect: Effect) -> Option<Event> {
    match effect {
        Effect::Start(new) => return Some(start(shared, new).await),
        Effect::Save(settings) => return Some(counter::save(shared, settings).await),
        Effect::Arm(attempt) => {
            let serial = &shared.reader_serial;
            let job = shared.with_shown(|shown| {
                Job::new(&shown.ctx, attempt.id, attempt.amount, attempt.slip_no, serial)
            });
            let _ = shared.orders.send(Order::Arm(Box::new(job))).await;
        }
        Effect::Disarm(id) => drop(shared.orders.send(Order::Stop(id)).await),
        Effect::Abandon(id, code) => {
            if record(shared, id, Fact::Abandoned { code }).await.is_none() {
                // No space for it: its tombstone gives it up once there is.
                settling::settle_soon(shared, id);
            }
        }
        Effect::Ask { id, class, card } => money::ask(shared, id, class, *card).await,
        Effect::AskCode(id, code) => money::ask_code(shared, id, code).await,
        Effect::AskRefund { id, card, signature } => {
            money::ask_refund(shared, id, card.map(|card| *card), signature).await;
        }
        Effect::CheckDuplicate { id, amount, brand, last4 } => {
            money::check_duplicate(shared, id, amount, brand, last4).await;
        }
        Effect::Offer(id) => offer::tell(shared, id).await,
        Effect::Complete(id, signature) => money::complete(shared, id, signature).await,
        Effect::GiveBack(id) => money::give_back(shared, id).await,
        Effect::Acknowledge(id) => {
            let operator =
                shared.with_shown(|shown| shown.ctx.clerk.as_ref().map(|clerk| clerk.operator.clone()));
            record(shared, id, Fact::Acknowledged { operator }).await;
        }
        Effect::Inquire(_) => shared.ask_again.notify_waiters(),
        Effect::Close(id) => drop(record(shared, id, Fact::Closed).await),
        Effect::Print { id, copy, from_history } => paper::print(shared, id, copy, from_history).await,
        Effect::Mail(id, address) => paper::mail(shared, id, address).await,
        Effect::Activate { terminal_id, password } => counter::activate(shared, terminal_id, &password).await,
        Effect::ConfirmShop => counter::confirm(shared).await,
        Effect::SignIn { login_id, password } => counter::sign_in(shared, login_id, &password).await,
        Effect::NewPassword { login_id, current, new } => {
            counter::new_password(shared, login_id, &current, &new).await;
        }
        Effect::SignOut => counter::sign_out(shared).await,
        Effect::List(filter) => {
            let rows = shared.journal.list(filter.clone(), shared.clock.today()).await;
            shared.tell(Done::Listed(filter, looked_up(rows).unwrap_or_default())).await;
        }
        Effect::Load(id) => {
            let found = looked_up(shared.journal.load(id).await).flatten();
            shared.tell(Done::Loaded(found.map(Box::new))).await;
        }
        Effect::Find(code) => {
            let found = looked_up(shared.journal.find(code).await).flatten();
            shared.tell(Done::Found(found.map(Box::new))).await;
        }
        Effect::Echo => line::echo(shared).await,
    }
    None
}

fn looked_up<T>(found: Result<T, JournalError>) -> Option<T> {
    found.inspect_err(|error| tracing::error!(%error, "the journal could not be read")).ok()
}
