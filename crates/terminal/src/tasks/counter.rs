//! At the counter: activation, the clerk, the settings of the device.

use super::line;
use crate::agent::Around;
use crate::center::CenterFault;
use crate::context::{Clerk, LocalSettings};
use crate::event::{Done, Event};
use crate::journal::Fact;
use crate::limits;
use crate::screen::Trouble;
use crate::secret::Password;
use crate::shared::Shared;
use center_api::{
    Activation, ActivationRequest, ClerkNewPassword, ClerkPasswordAnswer, ClerkSession, ClerkSignIn,
};
use codes::api;
use std::sync::PoisonError;

fn trouble(fault: &CenterFault, wrong: Trouble) -> Trouble {
    match fault {
        CenterFault::NotReached(_) | CenterFault::Unanswered(_) => Trouble::NoCenter,
        CenterFault::Refused(problem) if problem.code == api::LOCKED => Trouble::Locked,
        CenterFault::Refused(problem)
            if [api::NOT_SIGNED_IN, api::NOT_FOUND, api::BAD_REQUEST].contains(&problem.code) =>
        {
            wrong
        }
        CenterFault::Refused(problem) => Trouble::Code(problem.code),
    }
}

async fn asked<T: Sync>(shared: &Shared, asking: crate::center::Asking<'_, T>) -> Result<T, CenterFault> {
    let answer = match shared.clock.timeout(limits::PRINT_WAIT, asking).await {
        Ok(answer) => answer,
        Err(clock::Elapsed) => Err(CenterFault::Unanswered("no answer in time".to_owned())),
    };
    shared.heard_from_center(&answer).await;
    answer.inspect_err(|fault| tracing::warn!(%fault, "the center did not do what the counter asked"))
}

/// W-030: terminal id and password for a shop.
pub(crate) async fn activate(shared: &Shared, terminal_id: String, password: &Password) {
    let done = match try_activate(shared, terminal_id, password).await {
        Ok(activation) => Done::Activated(activation),
        Err(fault) => Done::NotActivated(trouble(&fault, Trouble::ActivationRefused)),
    };
    shared.tell(done).await;
}

pub(crate) async fn try_activate(
    shared: &Shared,
    terminal_id: String,
    password: &Password,
) -> Result<Activation, CenterFault> {
    let request = ActivationRequest {
        terminal_id,
        password: password.unmask().to_owned(),
        public_key: shared.public_key.clone(),
        reader_serial: shared.reader_serial.clone(),
    };
    let activation = asked(shared, shared.center.activate(request)).await?;
    *shared.activation.lock().unwrap_or_else(PoisonError::into_inner) = Some(activation.clone());
    Ok(activation)
}

/// W-031: the shop is the right one.
pub(crate) async fn confirm(shared: &Shared) {
    let done = match try_confirm(shared).await {
        Ok(()) => Done::Confirmed,
        Err(fault) => Done::NotConfirmed(trouble(&fault, Trouble::ActivationRefused)),
    };
    shared.tell(done).await;
}

pub(crate) async fn try_confirm(shared: &Shared) -> Result<(), CenterFault> {
    let known = shared.activation.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let Some(activation) = known else {
        return Err(CenterFault::Unanswered("the activation was not answered".to_owned()));
    };
    asked(shared, shared.center.confirm(activation.terminal_id.clone())).await?;
    let Activation { terminal_id, shop_id, .. } = activation;
    let kept = async {
        shared.journal.keep_terminal(terminal_id.clone()).await?;
        shared.journal.note(Fact::Activated { terminal_id: terminal_id.clone(), shop_id }).await
    };
    if let Err(error) = kept.await {
        tracing::error!(%error, "the activation could not be kept");
        return Err(CenterFault::Unanswered(error.to_string()));
    }
    let config = asked(shared, shared.center.config()).await?;
    line::take(shared, config).await;
    Ok(())
}

/// who stands at the terminal. A password that must be changed first lets nobody serve (D-07).
pub(crate) async fn sign_in(shared: &Shared, login_id: String, password: &Password) {
    let request = ClerkSignIn { login_id, password: password.unmask().to_owned() };
    let done = match asked(shared, shared.center.sign_in(request)).await {
        Err(fault) => Done::NotSignedIn(trouble(&fault, Trouble::SignInRefused)),
        Ok(session) if session.password.must_change() => Done::PasswordDue(session.password),
        Ok(session) => begin_session(shared, session).await,
    };
    shared.tell(done).await;
}

/// W-033: the clerk's new password; taken, the clerk is signed in.
pub(crate) async fn new_password(shared: &Shared, login_id: String, current: &Password, new: &Password) {
    let (current, new) = (current.unmask().to_owned(), new.unmask().to_owned());
    let request = ClerkNewPassword { login_id, current, new };
    let done = match asked(shared, shared.center.new_password(request)).await {
        Err(CenterFault::Unanswered(_)) => Done::PasswordNotChanged(Trouble::PasswordUnanswered),
        Err(fault) => Done::PasswordNotChanged(trouble(&fault, Trouble::PasswordWrong)),
        Ok(ClerkPasswordAnswer::Lacks(lack)) => Done::PasswordLacks(lack),
        Ok(ClerkPasswordAnswer::Changed(session)) => begin_session(shared, session).await,
    };
    shared.tell(done).await;
}

async fn begin_session(shared: &Shared, session: ClerkSession) -> Done {
    let ClerkSession { operator, password } = session;
    let now_us = shared.clock.now_us();
    let clerk = Clerk { operator: operator.clone(), since_us: now_us, seen_us: now_us, password };
    keep_clerk(shared, Some(clerk), Fact::SignedIn { operator }).await;
    Done::SignedIn
}

/// The session ends.
pub(crate) async fn sign_out(shared: &Shared) {
    keep_clerk(shared, None, Fact::SignedOut).await;
}

async fn keep_clerk(shared: &Shared, clerk: Option<Clerk>, fact: Fact) {
    let kept = async {
        shared.journal.keep_clerk(clerk.as_ref()).await?;
        shared.journal.note(fact).await
    };
    if let Err(error) = kept.await {
        tracing::error!(%error, "who is signed in could not be kept");
    }
    shared.around(Around::Clerk(clerk)).await;
}

/// Keeps the settings of the device. They hold from now on even where the disk takes nothing; only what
/// is kept is called saved.
pub(crate) async fn save(shared: &Shared, settings: LocalSettings) -> Event {
    let kept = shared.journal.keep_settings(&settings).await;
    shared.change_context(|ctx| ctx.settings = settings);
    match kept {
        Ok(()) => Event::Done(Done::Saved),
        Err(error) => {
            tracing::error!(%error, "the settings could not be kept");
            Event::Done(Done::Context)
        }
    }
}
