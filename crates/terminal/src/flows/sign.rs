//! The signature on the screen: for a swipe, for taps above the limit, for a skipped PIN (R-033, R-034, M-026).

use super::card::{expired, give_up};
use crate::context::{Context, seconds};
use crate::event::{Done, Effect, Event, Local, Moment, Press, ReaderNews};
use crate::screen::{Before, Screen, Sign, Trouble};
use crate::step::{Step, follow};
use codes::pay;
use receipt::Strokes;

/// Until when a signature counts: then the center gives the hold back (M-028).
pub(crate) fn until_us(ctx: &Context, form: &Sign) -> i64 {
    form.attempt.changed_at_us.saturating_add(seconds(ctx.policy().release_after_min.saturating_mul(60)))
}

pub(crate) fn sign(ctx: &Context, form: Sign, event: Event, at: Moment) -> Step {
    let id = form.attempt.id;
    if let Some(before) = form.before.clone() {
        return unsent(ctx, form, &before, event, at);
    }
    match event {
        Event::Press(Press::Sign(strokes)) if !form.stopping => signed(form, strokes, at),
        Event::Local(Local::Sign(of, strokes)) if of == id && !form.stopping => signed(form, strokes, at),
        // The customer does not sign: the hold is given back (M-028 would leave it for 30 minutes).
        Event::Press(Press::GiveBack) if !form.stopping => give_back(form),
        Event::Tick if !form.stopping && at.now_us >= until_us(ctx, &form) => give_back(form),
        Event::Done(Done::Changed(attempt)) if attempt.id == id => {
            if attempt.wants_signature() {
                return Step::to(Screen::Sign(Sign { attempt, ..form }));
            }
            follow(*attempt, at)
        }
        _ => Step::deaf(Screen::Sign(form)),
    }
}

/// Money is given back and nothing was sent: without a signature nothing will be.
fn unsent(ctx: &Context, form: Sign, before: &Before, event: Event, at: Moment) -> Step {
    let id = form.attempt.id;
    let over = |form: Sign| give_up(form.attempt, before.since_us, pay::CANCELLED, true);
    match event {
        Event::Press(Press::Sign(strokes)) => sign_for_refund(form, before, strokes, at),
        Event::Local(Local::Sign(of, strokes)) if of == id => sign_for_refund(form, before, strokes, at),
        Event::Press(Press::GiveBack | Press::Cancel) => over(form),
        Event::Local(Local::Cancel(of)) if of == id => over(form),
        Event::Reader(of, ReaderNews::Failed(code)) if of == id => {
            give_up(form.attempt, before.since_us, code, false)
        }
        Event::Tick => match expired(ctx, &form.attempt, before.since_us, at) {
            Some((code, quietly)) => give_up(form.attempt, before.since_us, code, quietly),
            None => Step::deaf(Screen::Sign(form)),
        },
        _ => Step::deaf(Screen::Sign(form)),
    }
}

fn sign_for_refund(form: Sign, before: &Before, strokes: Strokes, at: Moment) -> Step {
    if !strokes.is_signature() {
        return Step::to(Screen::Sign(Sign { trouble: Some(Trouble::NoSignature), ..form }));
    }
    let effect =
        Effect::AskRefund { id: form.attempt.id, card: before.card.clone(), signature: Some(strokes) };
    super::card::asking(*form.attempt, at).with(effect)
}

fn give_back(form: Sign) -> Step {
    let id = form.attempt.id;
    Step::to(Screen::Sign(Sign { stopping: true, ..form })).with(Effect::GiveBack(id))
}

fn signed(form: Sign, strokes: Strokes, at: Moment) -> Step {
    if !strokes.is_signature() {
        return Step::to(Screen::Sign(Sign { trouble: Some(Trouble::NoSignature), ..form }));
    }
    let id = form.attempt.id;
    super::card::asking(*form.attempt, at).with(Effect::Complete(id, strokes))
}
