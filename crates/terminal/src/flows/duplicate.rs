//! The same sale twice? Asked after the card is read and before anything is sent (R-071 … R-075, T13w);
//! never for codes and e-money.

use super::card::{ask, expired, give_up};
use crate::attempt::Attempt;
use crate::context::Context;
use crate::event::{Done, Effect, Event, Local, Moment, Press, ReaderNews};
use crate::screen::{Duplicate, Screen};
use crate::step::{Step, follow};
use center_api::CardData;
use codes::pay;
use payment::PaymentClass;

/// The card is read: the center is asked first. It only warns, so no answer is no warning.
pub(crate) fn check(attempt: Box<Attempt>, since_us: i64, class: PaymentClass, card: Box<CardData>) -> Step {
    let effect = Effect::CheckDuplicate {
        id: attempt.id,
        amount: attempt.amount,
        brand: card.brand,
        last4: card.pan.last4.clone(),
    };
    Step::to(Screen::Duplicate(Duplicate { attempt, since_us, class, card, suspect: None })).with(effect)
}

pub(crate) fn duplicate(ctx: &Context, duplicate: Duplicate, event: Event, at: Moment) -> Step {
    let id = duplicate.attempt.id;
    let warned = duplicate.suspect.is_some();
    let over = |of: Duplicate, code, quietly| give_up(of.attempt, of.since_us, code, quietly);
    match event {
        Event::Done(Done::Checked(of, Some(suspect))) if of == id && !warned => {
            Step::to(Screen::Duplicate(Duplicate { suspect: Some(suspect), ..duplicate }))
        }
        Event::Done(Done::Checked(of, None)) if of == id && !warned => go_on(duplicate, at),
        //
        Event::Press(Press::GoOn) if warned => go_on(duplicate, at),
        Event::Local(Local::GoOn(of)) if of == id && warned => go_on(duplicate, at),
        Event::Press(Press::Cancel) if warned => over(duplicate, pay::DUPLICATE_STOPPED, false),
        Event::Local(Local::Cancel(of)) if of == id && warned => {
            over(duplicate, pay::DUPLICATE_STOPPED, false)
        }
        Event::Tick => match expired(ctx, &duplicate.attempt, duplicate.since_us, at) {
            Some((code, quietly)) => over(duplicate, code, quietly),
            None => Step::deaf(Screen::Duplicate(duplicate)),
        },
        Event::Reader(of, ReaderNews::Failed(code)) if of == id => over(duplicate, code, false),
        Event::Done(Done::Changed(attempt)) if attempt.id == id => follow(*attempt, at),
        _ => Step::deaf(Screen::Duplicate(duplicate)),
    }
}

fn go_on(duplicate: Duplicate, at: Moment) -> Step {
    let Duplicate { attempt, class, card, .. } = duplicate;
    ask(attempt, class, card, at)
}
