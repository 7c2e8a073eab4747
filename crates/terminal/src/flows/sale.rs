//! From the keypad to the way of paying: M-020, 207, 208, 401.

use crate::context::{Context, seconds};
use crate::event::{Event, Moment, NewPayment, Press};
use crate::limits;
use crate::screen::{AmountEntry, AmountError, Draft, Screen, Split, TaxChoice, TypedParts};
use crate::step::{Step, begin, home};
use codes::pay;
use money::Yen;
use payment::{Method, PaymentClass, SlipTax, TaxParts};

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
        Event::Press(Press::Amount { typed, note, tax }) => match read_amount(ctx, &typed) {
            Ok(amount) => {
                let draft = Draft { amount, note: read_note(&note), tax: None, since_us: at.now_us };
                taxed(ctx, draft, tax, entry.parts)
            }
            Err(error) => {
                Step::to(Screen::Amount(AmountEntry { typed, note, tax, error: Some(error), ..entry }))
            }
        },
        Event::Press(Press::Back | Press::Cancel) => home(ctx, at),
        _ => Step::deaf(Screen::Amount(entry)),
    }
}

/// On with the payment, once it is said how it is taxed; asked only where the shop's slips state it.
fn taxed(ctx: &Context, draft: Draft, choice: TaxChoice, typed: TypedParts) -> Step {
    if ctx.policy().receipt.tax != SlipTax::Entered {
        return Step::to(Screen::Method(draft));
    }
    match choice {
        TaxChoice::All(kind) => {
            let tax = Some(TaxParts::all(kind, draft.amount));
            Step::to(Screen::Method(Draft { tax, ..draft }))
        }
        TaxChoice::Several => Step::to(Screen::Split(Split { draft, typed, wrong: false })),
    }
}

/// The parts of an amount as people type them: at least one of the two fields, and together not above the amount.
pub(crate) fn read_parts(typed: &TypedParts, amount: Yen) -> Option<TaxParts> {
    let parts = TaxParts::parse_typed(&typed.reduced, &typed.exempt)?;
    parts.standard(amount).map(|_| parts)
}

pub(crate) fn split(ctx: &Context, split: Split, event: Event, at: Moment) -> Step {
    if let (Event::Tick | Event::Press(_), Some(step)) = (&event, expired(ctx, &split.draft, at)) {
        return step;
    }
    match event {
        Event::Press(Press::Split(typed)) => match read_parts(&typed, split.draft.amount) {
            Some(parts) => Step::to(Screen::Method(Draft { tax: Some(parts), ..split.draft })),
            None => Step::to(Screen::Split(Split { typed, wrong: true, ..split })),
        },
        Event::Press(Press::Back) => back_to_amount(&split.draft, TaxChoice::Several, split.typed),
        Event::Press(Press::Cancel) => home(ctx, at),
        _ => Step::deaf(Screen::Split(split)),
    }
}

fn back_to_amount(draft: &Draft, tax: TaxChoice, parts: TypedParts) -> Step {
    Step::to(Screen::Amount(AmountEntry {
        typed: draft.amount.get().to_string(),
        note: draft.note.clone().unwrap_or_default(),
        tax,
        parts,
        error: None,
    }))
}

/// What the clerk said of the tax, to begin with.
fn said_of(draft: &Draft) -> (TaxChoice, TypedParts) {
    let Some(parts) = draft.tax else { return Default::default() };
    match parts.only(draft.amount) {
        Some(kind) => (TaxChoice::All(kind), TypedParts::default()),
        None => (TaxChoice::Several, TypedParts::of(parts)),
    }
}

/// 401: left too long; the amount is asked for again, so that nobody pays a stranger's sum.
fn expired(ctx: &Context, draft: &Draft, at: Moment) -> Option<Step> {
    let until = draft.since_us.saturating_add(seconds(ctx.policy().session_wait_s));
    (at.now_us >= until).then(|| {
        let error = Some(AmountError::Code(pay::SESSION_EXPIRED));
        Step::to(Screen::Amount(AmountEntry { error, ..AmountEntry::default() }))
    })
}

/// The payment that a draft becomes.
fn drafted(draft: Draft, class: PaymentClass, at: Moment) -> NewPayment {
    let Draft { amount, note, tax, since_us } = draft;
    NewPayment { note, tax, ..NewPayment::sale(at.fresh, amount, class, since_us) }
}

fn pay_with(ctx: &Context, draft: Draft, class: PaymentClass, at: Moment) -> Step {
    begin(ctx, drafted(draft, class, at), at)
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
            let sale = drafted(draft, PaymentClass::Lump, at);
            begin(ctx, NewPayment { method: Method::Code, ..sale }, at)
        }
        Event::Press(Press::OpenClasses) if ctx.classes(at.now_us).len() > 1 => {
            Step::to(Screen::Class(draft))
        }
        Event::Press(Press::Back) => {
            let (tax, parts) = said_of(&draft);
            back_to_amount(&draft, tax, parts)
        }
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
