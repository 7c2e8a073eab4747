//! What became of it: approved, refused, undone, or not known yet; and the receipt (M-027, M-051 … M-053).

use super::delivery;
use crate::attempt::Attempt;
use crate::context::Context;
use crate::event::{Done, Effect, Event, Moment, NewPayment, Press};
use crate::screen::{Draft, Filter, Finished, Place, PrintState, Screen};
use crate::step::{Step, begin, home};
use codes::MoneyTaken;
use payment::StateName;

pub(crate) fn result(ctx: &Context, finished: Finished, event: Event, at: Moment) -> Step {
    if finished.money() == MoneyTaken::Unknown {
        return unknown(ctx, finished, event, at);
    }
    let id = finished.id();
    let approved = finished.attempt.name() == StateName::Approved;
    match event {
        Event::Done(Done::Changed(attempt)) if attempt.id == id => {
            Step::to(Screen::Result(Finished { attempt, ..finished }))
        }
        Event::Press(Press::Print(copy))
            if approved && !matches!(finished.printing, PrintState::Printing(_)) =>
        {
            let printing = PrintState::Printing(copy);
            Step::to(Screen::Result(Finished { printing, ..finished })).with(Effect::Print {
                id,
                copy,
                from_history: false,
            })
        }
        Event::Done(Done::Printed(of, copy)) if of == id => {
            Step::to(Screen::Result(Finished { printing: PrintState::Done(copy), ..finished }))
        }
        Event::Done(Done::NotPrinted(of, copy, trouble)) if of == id => {
            Step::to(Screen::Result(Finished { printing: PrintState::Failed(copy, trouble), ..finished }))
        }
        Event::Press(Press::OpenMail) if approved => delivery::open_mail(ctx, Screen::Result(finished)),
        Event::Press(Press::ShowQr) if approved => delivery::open_qr(Screen::Result(finished)),
        // A refund that came to nothing is begun again from its payment, where the offer is asked for anew.
        Event::Press(Press::Original) => match finished.attempt.gives_back() {
            Some(of) => Step::to(Screen::Result(finished)).with(Effect::Load(of)),
            None => Step::deaf(Screen::Result(finished)),
        },
        Event::Done(Done::Loaded(Some(original))) if finished.attempt.gives_back() == Some(original.id) => {
            let step = super::refund::detail_of(original, Place::History(Filter::default()));
            if finished.attempt.closed { step } else { step.with(Effect::Close(id)) }
        }
        Event::Press(Press::Again) if !approved && !finished.attempt.is_refund() => again(ctx, &finished, at),
        Event::Press(Press::OtherMethod) if !approved && !finished.attempt.is_refund() => {
            Step::to(Screen::Method(draft(&finished, at))).with(Effect::Close(id))
        }
        _ => Step::deaf(Screen::Result(finished)),
    }
}

fn draft(finished: &Finished, at: Moment) -> Draft {
    let Attempt { amount, note, tax, .. } = &*finished.attempt;
    Draft { amount: *amount, note: note.clone(), tax: *tax, since_us: at.now_us }
}

/// The same sale once more: a new payment with an id of its own.
fn again(ctx: &Context, finished: &Finished, at: Moment) -> Step {
    let attempt = &finished.attempt;
    let new = NewPayment {
        method: attempt.method,
        note: attempt.note.clone(),
        tax: attempt.tax,
        ..NewPayment::sale(at.fresh, attempt.amount, attempt.class, at.now_us)
    };
    let mut step = begin(ctx, new, at);
    step.effects.insert(0, Effect::Close(finished.id()));
    step
}

/// Nobody knows yet. The screen changes by itself; a second charge of the same sale cannot start here.
fn unknown(ctx: &Context, finished: Finished, event: Event, at: Moment) -> Step {
    let id = finished.id();
    match event {
        Event::Done(Done::Changed(attempt)) if attempt.id == id => {
            Step::to(Screen::Result(Finished { attempt, interrupted: finished.interrupted, ..finished }))
        }
        Event::Press(Press::CheckNow) => Step::to(Screen::Result(finished)).with(Effect::Inquire(id)),
        Event::Press(Press::AnotherCustomer) => home(ctx, at).with(Effect::Acknowledge(id)),
        _ => Step::deaf(Screen::Result(finished)),
    }
}
