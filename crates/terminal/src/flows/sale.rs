//! From the keypad to the way of paying: M-020, 207, 208, 401.

use crate::context::{Context, seconds};
use crate::event::{Event, Moment, NewPayment, Press};
use crate::limits;
use crate::screen::{AmountEntry, AmountError, Draft, Screen};
use crate::step::{Step, begin, home};
use codes::pay;
use money::Yen;
use payment::{Method, PaymentClass};

/// Reads an amount as people type it, within what this terminal takes.
pub(crate) fn read_amount(ctx: &Context, typed: &str) -> Result<Yen, AmountError> {
    let digits = typed.chars().filter(char::is_ascii_digit).count();
    let amount = match Yen::parse_typed(typed) {
        Ok(amount) => amount,
        Err(_) if digits > 12 => return Err(AmountError::Code(pay::AMOUNT_TOO_LARGE)),
        Err(_) => return Err(AmountError::Missing),
    };
    check_amount(ctx, amount)
}

/// An amount within what this terminal takes: 208 beyond the digits, 207 beyond the shop's limit.
pub(crate) fn check_amount(ctx: &Context, amount: Yen) -> Result<Yen, AmountError> {
    if amount.is_zero() {
        Err(AmountError::Missing)
    } else if amount.get() > limits::AMOUNT_MAX_YEN {
        Err(AmountError::Code(pay::AMOUNT_TOO_LARGE))
    } else if amount > ctx.policy().amount_limit_yen {
        Err(AmountError::Code(pay::ABOVE_LIMIT))
    } else {
        Ok(amount)
    }
}

/// A note as it is kept: trimmed, on one line, not longer than the wire takes; nothing when empty.
pub(crate) fn read_note(typed: &str) -> Option<String> {
    let line: String = typed.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let note: String = line.trim().chars().take(limits::NOTE_CHARS).collect();
    (!note.is_empty()).then_some(note)
}

pub(crate) fn amount(ctx: &Context, entry: AmountEntry, event: Event, at: Moment) -> Step {
    match event {
        Event::Press(Press::Amount { typed, note }) => match read_amount(ctx, &typed) {
            Ok(amount) => {
                let draft = Draft { amount, note: read_note(&note), since_us: at.now_us };
                Step::to(Screen::Method(draft))
            }
            Err(error) => Step::to(Screen::Amount(AmountEntry { typed, note, error: Some(error) })),
        },
        Event::Press(Press::Back | Press::Cancel) => home(ctx, at),
        _ => Step::deaf(Screen::Amount(entry)),
    }
}

fn back_to_amount(draft: &Draft) -> Step {
    Step::to(Screen::Amount(AmountEntry {
        typed: draft.amount.get().to_string(),
        note: draft.note.clone().unwrap_or_default(),
        error: None,
    }))
}

/// 401: left too long; the amount is asked for again, so that nobody pays a stranger's sum.
fn expired(ctx: &Context, draft: &Draft, at: Moment) -> Option<Step> {
    let until = draft.since_us.saturating_add(seconds(ctx.policy().session_wait_s));
    (at.now_us >= until).then(|| {
        let error = Some(AmountError::Code(pay::SESSION_EXPIRED));
        Step::to(Screen::Amount(AmountEntry { typed: String::new(), note: String::new(), error }))
    })
}

fn pay_with(ctx: &Context, draft: Draft, class: PaymentClass, at: Moment) -> Step {
    let new =
        NewPayment { note: draft.note, ..NewPayment::sale(at.fresh, draft.amount, class, draft.since_us) };
    begin(ctx, new, at)
}

pub(crate) fn method(ctx: &Context, draft: Draft, event: Event, at: Moment) -> Step {
    if let (Event::Tick | Event::Press(_), Some(step)) = (&event, expired(ctx, &draft, at)) {
        return step;
    }
    match event {
        Event::Press(Press::Pay(class)) if ctx.classes(at.now_us).contains(&class) => {
            pay_with(ctx, draft, class, at)
        }
        Event::Press(Press::PayByCode) if !ctx.code_brands().is_empty() => {
            let sale = NewPayment::sale(at.fresh, draft.amount, PaymentClass::Lump, draft.since_us);
            begin(ctx, NewPayment { method: Method::Code, note: draft.note, ..sale }, at)
        }
        Event::Press(Press::OpenClasses) if ctx.classes(at.now_us).len() > 1 => {
            Step::to(Screen::Class(draft))
        }
        Event::Press(Press::Back) => back_to_amount(&draft),
        Event::Press(Press::Cancel) => home(ctx, at),
        _ => Step::deaf(Screen::Method(draft)),
    }
}

pub(crate) fn class(ctx: &Context, draft: Draft, event: Event, at: Moment) -> Step {
    if let (Event::Tick | Event::Press(_), Some(step)) = (&event, expired(ctx, &draft, at)) {
        return step;
    }
    match event {
        Event::Press(Press::Pay(class)) if ctx.classes(at.now_us).contains(&class) => {
            pay_with(ctx, draft, class, at)
        }
        Event::Press(Press::Back) => Step::to(Screen::Method(draft)),
        Event::Press(Press::Cancel) => home(ctx, at),
        _ => Step::deaf(Screen::Class(draft)),
    }
}
