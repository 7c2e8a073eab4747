//! After a power cut: what was under way is settled before anything else begins (T29, reliability rule 4).

use crate::context::Context;
use crate::event::{Done, Effect, Event, Moment, Press};
use crate::screen::{Finished, Recovering, Screen, Sign};
use crate::step::{Step, home};

pub(crate) fn recovering(ctx: &Context, mut recovering: Recovering, event: Event, at: Moment) -> Step {
    match event {
        Event::Done(Done::Changed(attempt)) => {
            let Some(row) = recovering.attempts.iter_mut().find(|row| row.id == attempt.id) else {
                return Step::deaf(Screen::Recovering(recovering));
            };
            *row = *attempt;
            settled(ctx, recovering, at)
        }
        Event::Press(Press::CheckNow) => {
            let ids: Vec<_> = recovering.attempts.iter().map(|attempt| attempt.id).collect();
            ids.into_iter()
                .fold(Step::to(Screen::Recovering(recovering)), |step, id| step.with(Effect::Inquire(id)))
        }
        Event::Press(Press::AnotherCustomer) => {
            let open = recovering.attempts.iter().filter(|attempt| !attempt.state.name().is_final());
            open.fold(home(ctx, at), |step, attempt| step.with(Effect::Acknowledge(attempt.id)))
        }
        _ => Step::deaf(Screen::Recovering(recovering)),
    }
}

/// Once all are settled, the newest one is shown as the result of the interrupted sale.
fn settled(ctx: &Context, recovering: Recovering, at: Moment) -> Step {
    let waits = |attempt: &crate::attempt::Attempt| !attempt.name().is_final() && !attempt.wants_signature();
    if recovering.attempts.iter().any(waits) {
        return Step::to(Screen::Recovering(recovering));
    }
    let Some(last) = recovering.attempts.into_iter().max_by_key(|attempt| attempt.started_at_us) else {
        return home(ctx, at);
    };
    let attempt = Box::new(last);
    if attempt.wants_signature() {
        return Step::to(Screen::Sign(Sign {
            attempt,
            interrupted: true,
            stopping: false,
            trouble: None,
            before: None,
        }));
    }
    Step::to(Screen::Result(Finished { interrupted: true, ..Finished::new(*attempt) }))
}
