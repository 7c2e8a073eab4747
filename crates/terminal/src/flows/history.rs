//! What was: the list, one payment, the look-up by a receipt's code (M-070, M-071, M-078, M-080, R-044).

use super::refund::{detail_of, may_be_offered};
use super::{delivery, refund};
use crate::context::Context;
use crate::event::{Done, Effect, Event, Moment, Press};
use crate::screen::{Detail, Finished, History, Lookup, Offering, Place, PrintState, Screen, Sign, Trouble};
use crate::step::Step;
use payment::StateName;

pub(crate) fn home_detail(loaded: Option<Box<crate::attempt::Attempt>>) -> Step {
    loaded.map_or_else(|| Step::to(Screen::Home), |attempt| detail_of(attempt, Place::Home))
}

/// The first screen: only the banner of a doubt leads to one payment.
pub(crate) fn home(event: Event) -> Step {
    match event {
        Event::Press(Press::Open(id)) => Step::to(Screen::Home).with(Effect::Load(id)),
        Event::Done(Done::Loaded(loaded)) => home_detail(loaded),
        _ => Step::deaf(Screen::Home),
    }
}

pub(crate) fn list(list: History, event: Event) -> Step {
    match event {
        Event::Done(Done::Listed(filter, rows)) if filter == list.filter => {
            Step::to(Screen::History(History { filter, rows: Some(rows) }))
        }
        Event::Press(Press::Open(id)) => Step::to(Screen::History(list)).with(Effect::Load(id)),
        Event::Done(Done::Loaded(Some(attempt))) => detail_of(attempt, Place::History(list.filter)),
        // A payment changed while the list is open: look again.
        Event::Done(Done::Changed(_)) => {
            let filter = list.filter.clone();
            Step::to(Screen::History(list)).with(Effect::List(filter))
        }
        Event::Press(Press::Back) => Step::to(Screen::Home),
        _ => Step::deaf(Screen::History(list)),
    }
}

pub(crate) fn detail(ctx: &Context, detail: Detail, event: Event, at: Moment) -> Step {
    let id = detail.attempt.id;
    let approved = detail.attempt.name() == StateName::Approved;
    match event {
        // It ended while it was looked at: now something may be given back.
        Event::Done(Done::Changed(attempt)) if attempt.id == id => {
            let ask = may_be_offered(&attempt) && detail.offer == Offering::Nothing;
            let offer = if ask { Offering::Asking } else { detail.offer };
            let step = Step::to(Screen::Detail(Detail { attempt, offer, ..detail }));
            if ask { step.with(Effect::Offer(id)) } else { step }
        }
        Event::Done(Done::Offered(of, offered)) if of == id => {
            let offer = match offered {
                Ok(known) => Offering::Known(known),
                Err(trouble) => Offering::Unasked(trouble),
            };
            Step::to(Screen::Detail(Detail { offer, ..detail }))
        }
        Event::Press(Press::OpenRefund) => match detail.offer {
            // The center could not be asked: asked once more.
            Offering::Unasked(_) => detail_of(detail.attempt, detail.back),
            _ => refund::open(detail),
        },
        // The hold of an authorization is given back instead of signed for.
        Event::Press(Press::GiveBack) if detail.attempt.wants_signature() => {
            let attempt = detail.attempt;
            let form = Sign { attempt, interrupted: true, stopping: true, trouble: None, before: None };
            Step::to(Screen::Sign(form)).with(Effect::GiveBack(id))
        }
        Event::Press(Press::Print(copy))
            if approved && !matches!(detail.printing, PrintState::Printing(_)) =>
        {
            Step::to(Screen::Detail(Detail { printing: PrintState::Printing(copy), ..detail }))
                .with(Effect::Print { id, copy, from_history: true })
        }
        Event::Done(Done::Printed(of, copy)) if of == id => {
            Step::to(Screen::Detail(Detail { printing: PrintState::Done(copy), ..detail }))
        }
        Event::Done(Done::NotPrinted(of, copy, trouble)) if of == id => {
            Step::to(Screen::Detail(Detail { printing: PrintState::Failed(copy, trouble), ..detail }))
        }
        Event::Press(Press::OpenMail) if approved => delivery::open_mail(ctx, Screen::Detail(detail)),
        Event::Press(Press::ShowQr) if approved => delivery::open_qr(Screen::Detail(detail)),
        Event::Press(Press::CheckNow) if detail.attempt.is_open() => {
            Step::to(Screen::Result(Finished::new(*detail.attempt))).with(Effect::Inquire(id))
        }
        // M-028: the authorization waits for its signature.
        Event::Press(Press::Resume) if detail.attempt.wants_signature() => {
            let attempt = detail.attempt;
            Step::to(Screen::Sign(Sign {
                attempt,
                interrupted: true,
                stopping: false,
                trouble: None,
                before: None,
            }))
        }
        Event::Press(Press::Back) => match detail.back {
            Place::Home => crate::step::home(ctx, at),
            Place::Lookup => Step::to(Screen::Lookup(Lookup::default())),
            Place::History(filter) => {
                let effect = Effect::List(filter.clone());
                Step::to(Screen::History(History { filter, rows: None })).with(effect)
            }
        },
        _ => Step::deaf(Screen::Detail(detail)),
    }
}

pub(crate) fn lookup(form: Lookup, event: Event) -> Step {
    match event {
        Event::Press(Press::Find { code }) if !form.busy => {
            let typed = code.trim().to_owned();
            if typed.is_empty() {
                let trouble = Some(Trouble::Incomplete);
                return Step::to(Screen::Lookup(Lookup { typed, busy: false, trouble }));
            }
            Step::to(Screen::Lookup(Lookup { typed: typed.clone(), busy: true, trouble: None }))
                .with(Effect::Find(typed))
        }
        Event::Done(Done::Found(Some(attempt))) => detail_of(attempt, Place::Lookup),
        Event::Done(Done::Found(None)) => {
            Step::to(Screen::Lookup(Lookup { busy: false, trouble: Some(Trouble::NotFound), ..form }))
        }
        Event::Press(Press::Back) => Step::to(Screen::Home),
        _ => Step::deaf(Screen::Lookup(form)),
    }
}
