//! From an unknown device to a clerk at a shop's terminal: W-030, W-031, R-045.

use crate::context::Context;
use crate::event::{Done, Effect, Event, Moment, Press};
use crate::screen::{Activate, ConfirmShop, NewPassword, Screen, SignIn, Trouble};
use crate::step::{Step, home};

/// Digits of a terminal id (W-022).
const TERMINAL_ID_DIGITS: usize = 12;

pub(crate) fn activate(form: Activate, event: Event) -> Step {
    match event {
        Event::Press(Press::Activate { terminal_id, password }) if !form.busy => {
            let typed = terminal_id.trim().to_owned();
            let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
            if digits.len() != TERMINAL_ID_DIGITS || password.is_empty() {
                let trouble = Some(Trouble::ActivationIncomplete);
                return Step::to(Screen::Activate(Activate { terminal_id: typed, busy: false, trouble }));
            }
            Step::to(Screen::Activate(Activate { terminal_id: digits.clone(), busy: true, trouble: None }))
                .with(Effect::Activate { terminal_id: digits, password })
        }
        Event::Done(Done::Activated(activation)) => {
            Step::to(Screen::ConfirmShop(ConfirmShop { activation, busy: false, trouble: None }))
        }
        Event::Done(Done::Confirmed) => Step::to(Screen::SignIn(SignIn::default())),
        Event::Done(Done::NotActivated(trouble)) => {
            Step::to(Screen::Activate(Activate { busy: false, trouble: Some(trouble), ..form }))
        }
        _ => Step::deaf(Screen::Activate(form)),
    }
}

pub(crate) fn confirm(form: ConfirmShop, event: Event) -> Step {
    match event {
        Event::Press(Press::ConfirmShop) if !form.busy => {
            Step::to(Screen::ConfirmShop(ConfirmShop { busy: true, trouble: None, ..form }))
                .with(Effect::ConfirmShop)
        }
        Event::Press(Press::Back) if !form.busy => Step::to(Screen::Activate(Activate::default())),
        Event::Done(Done::Confirmed) => Step::to(Screen::SignIn(SignIn::default())),
        Event::Done(Done::NotConfirmed(trouble)) => {
            Step::to(Screen::ConfirmShop(ConfirmShop { busy: false, trouble: Some(trouble), ..form }))
        }
        _ => Step::deaf(Screen::ConfirmShop(form)),
    }
}

pub(crate) fn sign_in(ctx: &Context, form: SignIn, event: Event, at: Moment) -> Step {
    match event {
        Event::Press(Press::SignIn { login_id, password }) if !form.busy => {
            // M-006: stray spaces are forgiven, not punished.
            let login_id = login_id.trim().to_lowercase();
            if login_id.is_empty() || password.is_empty() {
                let trouble = Some(Trouble::Incomplete);
                return Step::to(Screen::SignIn(SignIn { login_id, busy: false, trouble }));
            }
            Step::to(Screen::SignIn(SignIn { login_id: login_id.clone(), busy: true, trouble: None }))
                .with(Effect::SignIn { login_id, password })
        }
        Event::Done(Done::SignedIn) => home(ctx, at),
        Event::Done(Done::PasswordDue(standing)) => {
            let login_id = form.login_id;
            Step::to(Screen::NewPassword(NewPassword { login_id, standing, ..NewPassword::default() }))
        }
        Event::Done(Done::NotSignedIn(trouble)) => {
            Step::to(Screen::SignIn(SignIn { busy: false, trouble: Some(trouble), ..form }))
        }
        _ => Step::deaf(Screen::SignIn(form)),
    }
}

/// The clerk at the terminal wants a new password.
pub(crate) fn open_new_password(ctx: &Context, at: Moment) -> Step {
    let Some(clerk) = ctx.clerk_at(at.now_us) else { return home(ctx, at) };
    let (login_id, standing) = (clerk.operator.id.clone(), clerk.password);
    Step::to(Screen::NewPassword(NewPassword { login_id, standing, ..NewPassword::default() }))
}

pub(crate) fn new_password(ctx: &Context, form: NewPassword, event: Event, at: Moment) -> Step {
    let told = |trouble| NewPassword { busy: false, lack: None, trouble: Some(trouble), ..form.clone() };
    match event {
        Event::Press(Press::NewPassword { current, new, again }) if !form.busy => {
            if current.is_empty() || new.is_empty() || again.is_empty() {
                return Step::to(Screen::NewPassword(told(Trouble::Incomplete)));
            }
            if new != again {
                return Step::to(Screen::NewPassword(told(Trouble::PasswordDiffers)));
            }
            let login_id = form.login_id.clone();
            let form = NewPassword { busy: true, lack: None, trouble: None, ..form };
            Step::to(Screen::NewPassword(form)).with(Effect::NewPassword { login_id, current, new })
        }
        // Whoever has a good password goes on with it; the others sign in anew.
        Event::Press(Press::Back) if !form.busy => home(ctx, at),
        Event::Done(Done::SignedIn) => home(ctx, at),
        Event::Done(Done::PasswordLacks(lack)) => {
            let form = NewPassword { busy: false, lack: Some(lack), trouble: None, ..form };
            Step::to(Screen::NewPassword(form))
        }
        Event::Done(Done::PasswordNotChanged(trouble)) => Step::to(Screen::NewPassword(told(trouble))),
        _ => Step::deaf(Screen::NewPassword(form)),
    }
}
