//! The card: waited for, read, checked against the contract, asked about (M-021 … M-033, R-030 … R-034).

use crate::attempt::Attempt;
use crate::context::{Context, Reader, seconds};
use crate::event::{Done, Effect, Event, Local, Moment, Press, ReaderNews};
use crate::screen::{ClassAgain, Finished, Present, Processing, Screen, Stage};
use crate::step::{Step, follow, home};
use center_api::CardData;
use codes::{Code, pay};
use payment::{EntryMode, State, StateName};

pub(crate) fn present(ctx: &Context, present: Present, event: Event, at: Moment) -> Step {
    let id = present.attempt.id;
    let stopping = matches!(present.stage, Stage::Stopping { .. });
    match event {
        Event::Done(Done::Changed(attempt)) if attempt.id == id => changed(ctx, present, *attempt, at),
        Event::Done(Done::NotStarted(of, code)) if of == id => {
            let attempt = Attempt { state: State::Abandoned(code), ..*present.attempt };
            Step::to(Screen::Result(Finished::new(attempt)))
        }
        // only before the card is read.
        Event::Press(Press::Cancel) if before_card(&present) => stop(present, pay::CANCELLED, true),
        Event::Local(Local::Cancel(of)) if of == id && before_card(&present) => {
            stop(present, pay::CANCELLED, true)
        }
        Event::Reader(of, news) if of == id && !stopping => heard(ctx, present, news, at),
        Event::Tick if !stopping => tick(ctx, present, at),
        _ => Step::deaf(Screen::Present(present)),
    }
}

fn before_card(present: &Present) -> bool {
    matches!(present.stage, Stage::Starting | Stage::Arming | Stage::Waiting(_))
}

fn changed(ctx: &Context, present: Present, attempt: Attempt, at: Moment) -> Step {
    if attempt.name() == StateName::Started {
        let fresh = present.stage == Stage::Starting;
        let present = Present { attempt: Box::new(attempt), ..present };
        return if fresh { arm(ctx, present, at) } else { Step::to(Screen::Present(present)) };
    }
    match present.stage {
        Stage::Stopping { quietly: true } if attempt.name() == StateName::Abandoned => {
            home(ctx, at).with(Effect::Close(attempt.id))
        }
        _ => follow(attempt, at),
    }
}

/// The intent is on disk: the reader may wait, if it is this shop's reader (M-014, 991).
fn arm(ctx: &Context, present: Present, at: Moment) -> Step {
    let bound = ctx.config.as_ref().map(|config| config.reader_serial.as_str());
    match &ctx.reader {
        Reader::Offline => stop(present, pay::READER_OFFLINE, false),
        Reader::Online { serial } if bound.is_some_and(|bound| bound != serial) => {
            stop(present, pay::READER_NOT_BOUND, false)
        }
        Reader::Online { .. } => {
            let effect = Effect::Arm(present.attempt.clone());
            let present = Present { stage: Stage::Arming, armed_us: at.now_us, ..present };
            Step::to(Screen::Present(present)).with(effect)
        }
    }
}

fn stop(present: Present, code: Code, quietly: bool) -> Step {
    let id = present.attempt.id;
    Step::to(Screen::Present(Present { stage: Stage::Stopping { quietly }, ..present }))
        .with(Effect::Disarm(id))
        .with(Effect::Abandon(id, code))
}

fn tick(ctx: &Context, present: Present, at: Moment) -> Step {
    let policy = ctx.policy();
    let session = present.since_us.saturating_add(seconds(policy.session_wait_s));
    let waited = present.armed_us.saturating_add(seconds(policy.present_wait_s));
    match present.stage {
        // M-033: 401 for the payment as a whole, 404 for the card.
        Stage::Arming | Stage::Waiting(_) | Stage::Reading | Stage::Pin { .. } if at.now_us >= session => {
            stop(present, pay::SESSION_EXPIRED, false)
        }
        Stage::Arming | Stage::Waiting(_) if at.now_us >= waited => stop(present, pay::WAIT_EXPIRED, false),
        _ => Step::deaf(Screen::Present(present)),
    }
}

fn heard(ctx: &Context, present: Present, news: ReaderNews, at: Moment) -> Step {
    let stage = match news {
        ReaderNews::Armed if present.stage == Stage::Arming => {
            let present = Present { stage: Stage::Waiting(None), armed_us: at.now_us, ..present };
            return Step::to(Screen::Present(present));
        }
        ReaderNews::Armed => return Step::deaf(Screen::Present(present)),
        ReaderNews::Hint(hint) => {
            let present = Present { stage: Stage::Waiting(Some(hint)), armed_us: at.now_us, ..present };
            return Step::to(Screen::Present(present));
        }
        ReaderNews::Reading => Stage::Reading,
        ReaderNews::PinAsked { attempt, needed } => Stage::Pin { digits: 0, attempt, needed },
        ReaderNews::PinDigits(digits) => match present.stage {
            Stage::Pin { attempt, needed, .. } => Stage::Pin { digits, attempt, needed },
            _ => return Step::deaf(Screen::Present(present)),
        },
        ReaderNews::Read(card) => return read(ctx, present, card, at),
        ReaderNews::Failed(code) => return stop(present, code, false),
    };
    Step::to(Screen::Present(Present { stage, ..present }))
}

/// The card is read and nothing was sent: is it one that this shop takes, for this sum, in this class?
fn read(ctx: &Context, present: Present, card: Box<CardData>, at: Moment) -> Step {
    let allowed = ctx.classes_of(card.brand, at.now_us);
    let limit = card.brand.row().map(|row| row.limit).unwrap_or_default();
    if allowed.is_empty() {
        return stop(present, pay::BRAND_NOT_ACCEPTED, false);
    }
    if present.attempt.amount > limit {
        return stop(present, pay::ABOVE_LIMIT, false);
    }
    if !allowed.contains(&present.attempt.class) {
        let Present { attempt, since_us, .. } = present;
        return Step::to(Screen::ClassAgain(ClassAgain {
            attempt,
            since_us,
            card,
            allowed,
            stopping: false,
        }));
    }
    let class = present.attempt.class;
    ask(present.attempt, class, card, at)
}

fn ask(attempt: Box<Attempt>, class: payment::PaymentClass, card: Box<CardData>, at: Moment) -> Step {
    let processing = Processing {
        brand: Some(card.brand),
        card_in: card.entry_mode == EntryMode::ContactIc,
        since_us: at.now_us,
        slow: false,
        attempt: attempt.clone(),
    };
    Step::to(Screen::Processing(processing)).with(Effect::Ask { id: attempt.id, class, card })
}

pub(crate) fn class_again(ctx: &Context, again: ClassAgain, event: Event, at: Moment) -> Step {
    let id = again.attempt.id;
    let expired = at.now_us >= again.since_us.saturating_add(seconds(ctx.policy().session_wait_s));
    match event {
        Event::Press(Press::ChooseClass(class)) if again.allowed.contains(&class) && !again.stopping => {
            ask(again.attempt, class, again.card, at)
        }
        Event::Press(Press::Cancel) if !again.stopping => give_up(again, pay::CANCELLED),
        Event::Local(Local::Cancel(of)) if of == id && !again.stopping => give_up(again, pay::CANCELLED),
        Event::Tick if expired && !again.stopping => give_up(again, pay::SESSION_EXPIRED),
        Event::Reader(of, ReaderNews::Failed(code)) if of == id && !again.stopping => give_up(again, code),
        Event::Done(Done::Changed(attempt)) if attempt.id == id => follow(*attempt, at),
        _ => Step::deaf(Screen::ClassAgain(again)),
    }
}

fn give_up(again: ClassAgain, code: Code) -> Step {
    let id = again.attempt.id;
    Step::to(Screen::ClassAgain(ClassAgain { stopping: true, ..again }))
        .with(Effect::Disarm(id))
        .with(Effect::Abandon(id, code))
}

/// A payment that is being asked about, found elsewhere than on its way from the reader.
pub(crate) fn asking(attempt: Attempt, at: Moment) -> Step {
    let card = attempt.card.as_ref();
    Step::to(Screen::Processing(Processing {
        brand: card.map(|card| card.brand),
        card_in: false,
        since_us: at.now_us,
        slow: false,
        attempt: Box::new(attempt),
    }))
}

pub(crate) fn processing(processing: Processing, event: Event, at: Moment) -> Step {
    let id = processing.attempt.id;
    match event {
        Event::Done(Done::Changed(attempt)) if attempt.id == id => {
            let going_on = match attempt.name() {
                StateName::Started | StateName::Sent => true,
                StateName::Authorized => !attempt.wants_signature(),
                _ => false,
            };
            if going_on {
                return Step::to(Screen::Processing(Processing { attempt, ..processing }));
            }
            follow(*attempt, at)
        }
        Event::Done(Done::Unanswered(of)) if of == id => {
            Step::to(Screen::Result(Finished::new(*processing.attempt)))
        }
        Event::Tick => {
            let slow = at.now_us >= processing.since_us.saturating_add(seconds(crate::limits::SLOW_AFTER_S));
            Step::to(Screen::Processing(Processing { slow, ..processing }))
        }
        _ => Step::deaf(Screen::Processing(processing)),
    }
}
