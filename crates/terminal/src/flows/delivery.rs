//! The receipt by mail and as a code to scan (M-050, M-053, M-055, M-057).

use crate::context::Context;
use crate::event::{Done, Effect, Event, Press};
use crate::screen::{Delivery, MailForm, MailState, Screen, Trouble};
use crate::step::Step;

fn delivery(back: Screen) -> Option<Delivery> {
    let attempt = match &back {
        Screen::Result(finished) => finished.attempt.clone(),
        Screen::Detail(detail) => detail.attempt.clone(),
        _ => return None,
    };
    Some(Delivery { attempt, back: Box::new(back) })
}

pub(crate) fn open_mail(ctx: &Context, back: Screen) -> Step {
    let Some(delivery) = delivery(back.clone()) else { return Step::deaf(back) };
    let last = ctx.last_mail.as_ref().filter(|(id, _)| *id == delivery.attempt.id);
    let address = last.map(|(_, address)| address.clone()).unwrap_or_default();
    Step::to(Screen::Mail(MailForm { delivery, address, state: MailState::Editing(None) }))
}

pub(crate) fn open_qr(back: Screen) -> Step {
    match delivery(back.clone()) {
        Some(delivery) if delivery.attempt.slip.as_ref().is_some_and(|slip| slip.link.is_some()) => {
            Step::to(Screen::Qr(delivery))
        }
        _ => Step::deaf(back),
    }
}

/// A mail address as far as a form can tell: one `@` with something on both sides and no space.
pub(crate) fn is_address(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else { return false };
    let clean =
        |part: &str| !part.is_empty() && !part.contains(['@', ' ', ',', ';', '<', '>', '"', '\r', '\n']);
    text.len() <= 254
        && text.is_ascii()
        && clean(name)
        && clean(host)
        && host.contains('.')
        && !host.ends_with('.')
}

pub(crate) fn mail(form: MailForm, event: Event) -> Step {
    let id = form.delivery.attempt.id;
    let idle = matches!(form.state, MailState::Editing(_) | MailState::Sent);
    match event {
        Event::Press(Press::Mail { address }) if idle => {
            let address = address.trim().to_lowercase();
            if !is_address(&address) {
                let state = MailState::Editing(Some(Trouble::BadAddress));
                return Step::to(Screen::Mail(MailForm { address, state, ..form }));
            }
            let form = MailForm { address: address.clone(), state: MailState::Sending, ..form };
            Step::to(Screen::Mail(form)).with(Effect::Mail(id, address))
        }
        Event::Press(Press::Back) if idle => Step::to(back(form.delivery, form.state == MailState::Sent)),
        Event::Done(Done::Mailed(of)) if of == id => {
            Step::to(Screen::Mail(MailForm { state: MailState::Sent, ..form }))
        }
        Event::Done(Done::NotMailed(of, trouble)) if of == id => {
            Step::to(Screen::Mail(MailForm { state: MailState::Editing(Some(trouble)), ..form }))
        }
        Event::Done(Done::Changed(attempt)) if attempt.id == id => {
            let delivery = Delivery { attempt, ..form.delivery };
            Step::to(Screen::Mail(MailForm { delivery, ..form }))
        }
        _ => Step::deaf(Screen::Mail(form)),
    }
}

pub(crate) fn qr(shown: Delivery, event: Event) -> Step {
    match event {
        Event::Press(Press::Back) => Step::to(back(shown, false)),
        Event::Done(Done::Changed(attempt)) if attempt.id == shown.attempt.id => {
            Step::to(Screen::Qr(Delivery { attempt, ..shown }))
        }
        _ => Step::deaf(Screen::Qr(shown)),
    }
}

/// The screen behind, with what the journal has learned in the meantime.
fn back(delivery: Delivery, mailed: bool) -> Screen {
    match *delivery.back {
        Screen::Result(mut finished) => {
            finished.attempt = delivery.attempt;
            finished.mailed |= mailed;
            Screen::Result(finished)
        }
        Screen::Detail(mut detail) => {
            detail.attempt = delivery.attempt;
            Screen::Detail(detail)
        }
        other => other,
    }
}
