//! The card: waited for, read, checked against the contract, asked about (M-021 … M-033, R-030 … R-034).

use super::{duplicate, refund};
use crate::attempt::Attempt;
use crate::context::{Context, Reader, seconds};
use crate::event::{Done, Effect, Event, Local, Moment, Press, ReaderNews};
use crate::screen::{ClassAgain, Finished, Present, Processing, Screen, Stage};
use crate::step::{Step, follow, home};
use center_api::CardData;
use codes::{Code, pay};
use payment::{EntryMode, Medium, State, StateName};

pub(crate) fn present(ctx: &Context, present: Present, event: Event, at: Moment) -> Step {
    let id = present.attempt.id;
    let stopping = matches!(present.stage, Stage::Stopping { .. });
    match event {
        Event::Done(Done::Changed(attempt)) if attempt.id == id => changed(ctx, present, *attempt, at),
        Event::Done(Done::NotStarted(of, code)) if of == id => not_started(*present.attempt, code),
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

/// The journal did not take it: nothing was sent, and nothing will be.
pub(crate) fn not_started(attempt: Attempt, code: Code) -> Step {
    Step::to(Screen::Result(Finished::new(Attempt { state: State::Abandoned(code), ..attempt })))
}

fn before_card(present: &Present) -> bool {
    matches!(present.stage, Stage::Starting | Stage::Arming | Stage::Waiting(_))
}

fn changed(ctx: &Context, present: Present, attempt: Attempt, at: Moment) -> Step {
    if attempt.name() == StateName::Started {
        let fresh = present.stage == Stage::Starting;
        let present = Present { attempt: Box::new(attempt), ..present };
        return if fresh { started(ctx, present, at) } else { Step::to(Screen::Present(present)) };
    }
    match present.stage {
        Stage::Stopping { quietly: true } if attempt.name() == StateName::Abandoned => {
            home(ctx, at).with(Effect::Close(attempt.id))
        }
        _ => follow(attempt, at),
    }
}

/// The intent is on disk: the card is waited for, unless money is given back without one.
fn started(ctx: &Context, present: Present, at: Moment) -> Step {
    match present.terms.as_ref().map(|terms| terms.medium) {
        Some(Medium::None) => refund::ready(present, None, at),
        Some(Medium::SameCard) | None => arm(ctx, present, at),
    }
}

/// The reader may wait, if it is this shop's reader (M-014, 991).
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

pub(crate) fn stop(present: Present, code: Code, quietly: bool) -> Step {
    let id = present.attempt.id;
    Step::to(Screen::Present(Present { stage: Stage::Stopping { quietly }, ..present }))
        .with(Effect::Disarm(id))
        .with(Effect::Abandon(id, code))
}

/// Gives a payment up from any screen before something was sent; a quiet end shows no result.
pub(crate) fn give_up(attempt: Box<Attempt>, since_us: i64, code: Code, quietly: bool) -> Step {
    let stage = Stage::Stopping { quietly };
    stop(Present { attempt, since_us, armed_us: since_us, stage, terms: None }, code, quietly)
}

/// When a payment as a whole is given up before anything is sent: the session (401), or earlier when
/// whoever asked no longer wants an answer.
pub(crate) fn until_us(ctx: &Context, attempt: &Attempt, since_us: i64) -> i64 {
    let session = since_us.saturating_add(seconds(ctx.policy().session_wait_s));
    attempt.deadline_us.map_or(session, |deadline| deadline.min(session))
}

/// Why a payment is given up now, and whether without a result screen: nobody waits for one after the
/// register's own deadline.
pub(crate) fn expired(ctx: &Context, attempt: &Attempt, since_us: i64, at: Moment) -> Option<(Code, bool)> {
    let late = attempt.deadline_us.is_some_and(|deadline| at.now_us >= deadline);
    match at.now_us >= until_us(ctx, attempt, since_us) {
        true if late => Some((pay::WAIT_EXPIRED, true)),
        true => Some((pay::SESSION_EXPIRED, false)),
        false => None,
    }
}

fn tick(ctx: &Context, present: Present, at: Moment) -> Step {
    let waited = present.armed_us.saturating_add(seconds(ctx.policy().present_wait_s));
    match (present.stage, expired(ctx, &present.attempt, present.since_us, at)) {
        // M-033: 401 for the payment as a whole, 404 for the card.
        (Stage::Arming | Stage::Waiting(_) | Stage::Reading | Stage::Pin { .. }, Some((code, quietly))) => {
            stop(present, code, quietly)
        }
        (Stage::Arming | Stage::Waiting(_), None) if at.now_us >= waited => {
            stop(present, pay::WAIT_EXPIRED, false)
        }
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
        ReaderNews::Read(card) if present.terms.is_some() => return refund::read(present, card, at),
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
    let Present { attempt, since_us, .. } = present;
    if !allowed.contains(&attempt.class) {
        return Step::to(Screen::ClassAgain(ClassAgain { attempt, since_us, card, allowed }));
    }
    let class = attempt.class;
    duplicate::check(attempt, since_us, class, card)
}

pub(crate) fn ask(
    attempt: Box<Attempt>,
    class: payment::PaymentClass,
    card: Box<CardData>,
    at: Moment,
) -> Step {
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
    let over = |again: ClassAgain, code, quietly| give_up(again.attempt, again.since_us, code, quietly);
    match event {
        Event::Press(Press::ChooseClass(class)) if again.allowed.contains(&class) => {
            duplicate::check(again.attempt, again.since_us, class, again.card)
        }
        Event::Press(Press::Cancel) => over(again, pay::CANCELLED, true),
        Event::Local(Local::Cancel(of)) if of == id => over(again, pay::CANCELLED, true),
        Event::Tick => match expired(ctx, &again.attempt, again.since_us, at) {
            Some((code, quietly)) => over(again, code, quietly),
            None => Step::deaf(Screen::ClassAgain(again)),
        },
        Event::Reader(of, ReaderNews::Failed(code)) if of == id => over(again, code, false),
        Event::Done(Done::Changed(attempt)) if attempt.id == id => follow(*attempt, at),
        _ => Step::deaf(Screen::ClassAgain(again)),
    }
}

/// A payment that is being asked about, found elsewhere than on its way from the reader.
pub(crate) fn asking(attempt: Attempt, at: Moment) -> Step {
    Step::to(Screen::Processing(Processing {
        brand: attempt.brand(),
        card_in: false,
        since_us: at.now_us,
        slow: false,
        attempt: Box::new(attempt),
    }))
}

/// Whether the screen stays: nobody has decided, or a cancelled payment is being undone.
fn goes_on(processing: &Processing) -> bool {
    match processing.attempt.name() {
        StateName::Started | StateName::Sent => true,
        StateName::Authorized => !processing.attempt.wants_signature(),
        StateName::InDoubt => processing.is_undoing(),
        _ => false,
    }
}

pub(crate) fn processing(processing: Processing, event: Event, at: Moment) -> Step {
    let id = processing.attempt.id;
    match event {
        Event::Done(Done::Changed(attempt)) if attempt.id == id => {
            let brand = attempt.brand().or(processing.brand);
            let next = Processing { attempt, brand, ..processing };
            if goes_on(&next) {
                return Step::to(Screen::Processing(next));
            }
            follow(*next.attempt, at)
        }
        Event::Done(Done::NotStarted(of, code)) if of == id => not_started(*processing.attempt, code),
        // Too late to stop, early enough to undo: somebody asks first whether the customer has confirmed.
        Event::Press(Press::Cancel) if Screen::Processing(processing.clone()).may_cancel() => {
            Step::to(Screen::Processing(processing)).with(Effect::GiveBack(id))
        }
        Event::Local(Local::Cancel(of))
            if of == id && Screen::Processing(processing.clone()).may_cancel() =>
        {
            Step::to(Screen::Processing(processing)).with(Effect::GiveBack(id))
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
