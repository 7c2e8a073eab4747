//! The card: waiting, reading, PIN, asking, signing.

use super::sale::class_choices;
use super::{Words, due_label, form, trouble};
use crate::context::{Context, instant, seconds};
use crate::screen::{CardHint, ClassAgain, Present, Processing, Sign, Stage};
use maud::{Markup, html};
use pages::icon::Icon;
use pages::pads::{pin_mirror, sign_pad};
use pages::ui::{Button, Tone, amount as big_amount, amount_small, confirm, notice};
use pages::wait::{Picture, Sound, count_down, wake_lock, ways};
use payment::{Interfaces, Method};

/// Dots of the PIN mirror; longer PINs fill them all.
const PIN_DOTS: u8 = 4;

pub(super) fn present(w: Words, ctx: &Context, present: &Present, now_us: i64) -> Markup {
    let label = due_label(w, &present.attempt);
    let amount = present.attempt.amount;
    match present.stage {
        Stage::Starting | Stage::Arming | Stage::Stopping { .. } => {
            let key = if matches!(present.stage, Stage::Stopping { .. }) {
                "terminal-present-stopping"
            } else {
                "terminal-present-starting"
            };
            html! {
                (big_amount(&label, amount))
                div.stage { (Picture::Work) h1 tabindex="-1" { (w.t(key)) } }
            }
        }
        Stage::Waiting(hint) => waiting(w, ctx, present, hint, now_us),
        Stage::Reading => html! {
            (big_amount(&label, amount))
            (Sound::Click.once(present.attempt.id))
            div.stage {
                (Picture::Insert)
                h1 tabindex="-1" { (w.t("terminal-reading-title")) }
                p.dim { (w.t("terminal-reading-how")) }
            }
            (wake_lock())
        },
        Stage::Pin { digits, attempt, needed } => html! {
            (big_amount(&label, amount))
            div.stage {
                (Picture::PinPad)
                h1 tabindex="-1" { (w.t("terminal-pin-title")) }
                @if attempt > 1 { (notice(Tone::Ask, &w.t("terminal-pin-wrong"), &html! {})) }
                @if needed { (notice(Tone::Ask, &w.t("terminal-pin-needed"), &html! {})) }
                (pin_mirror(w.tag(), digits, PIN_DOTS.max(digits)))
                p.dim { (w.t("terminal-pin-how")) }
                @if ctx.policy().pin_bypass { p.dim { (w.t("terminal-pin-bypass")) } }
            }
            (wake_lock())
        },
    }
}

fn waiting(w: Words, ctx: &Context, present: &Present, hint: Option<CardHint>, now_us: i64) -> Markup {
    let policy = ctx.policy();
    let until_us = present
        .armed_us
        .saturating_add(seconds(policy.present_wait_s))
        .min(present.since_us.saturating_add(seconds(policy.session_wait_s)));
    let left_s = until_us.saturating_sub(now_us).max(0).checked_div(seconds(1)).unwrap_or(0);
    let total_s = u32::try_from(policy.present_wait_s).unwrap_or(60);
    let [tap, insert, swipe] = ["tap", "insert", "swipe"].map(|way| w.t(&format!("terminal-present-{way}")));
    let mut open = vec![(Picture::Insert, insert.as_str()), (Picture::Swipe, swipe.as_str())];
    if ctx.interfaces() == Interfaces::Three {
        open.insert(0, (Picture::Touch, tap.as_str()));
    }
    let (label, cancel) = (due_label(w, &present.attempt), w.t("terminal-cancel"));
    let class = w.class(present.attempt.class);
    // Giving back: which card must come again is said by its last digits.
    let paid = present.terms.as_ref().map(|_| super::card_line(&present.attempt));
    let title = w.t(if paid.is_some() { "terminal-present-same-card" } else { "terminal-present-title" });
    form(
        "wait",
        "cancel",
        &html! {
            div {
                (big_amount(&label, present.attempt.amount))
                p.dim.screen-title { @if let Some(card) = &paid { (card) } @else { (class) } "　" @if let Some(note) = &present.attempt.note { (note) } }
            }
            div.stack-s {
                h1.screen-title tabindex="-1" { (title) }
                @if let Some(hint) = hint { (notice(Tone::Ask, &w.t(hint_key(hint)), &html! {})) }
            }
            (ways(&open))
            (count_down(w.tag(), instant(until_us), total_s, u32::try_from(left_s).unwrap_or(0)))
            div.actions { (Button::second(&cancel).name("press", "cancel")) }
            (wake_lock())
        },
    )
}

fn hint_key(hint: CardHint) -> &'static str {
    match hint {
        CardHint::SwipeInstead => "terminal-hint-swipe-instead",
        CardHint::SwipeAgain => "terminal-hint-swipe-again",
        CardHint::TapNotOffered => "terminal-hint-tap-not-offered",
        CardHint::InsertInstead => "terminal-hint-insert-instead",
    }
}

pub(super) fn class_again(w: Words, again: &ClassAgain) -> Markup {
    let (label, go, cancel) = (w.t("terminal-due"), w.t("terminal-class-go"), w.t("terminal-cancel"));
    let card = format!("{} {}", again.card.brand.name(), again.card.pan.last4_only());
    let why = w.ta("terminal-class-again", &[("card", &card), ("class", &w.class(again.attempt.class))]);
    html! {
        (form("screen-fill stack", "choose-class", &html! {
            (amount_small(&label, again.attempt.amount))
            fieldset.stack-s {
                legend { h1 tabindex="-1" { (w.t("terminal-class-title")) } }
                (notice(Tone::Ask, &why, &html! { p { (w.t("terminal-class-again-next")) } }))
                (class_choices(w, &again.allowed))
            }
            div.actions {
                (Button::second(&cancel).name("press", "cancel"))
                (Button::primary(&go))
            }
        }))
    }
}

pub(super) fn processing(w: Words, processing: &Processing) -> Markup {
    let attempt = &processing.attempt;
    let label = due_label(w, attempt);
    let title = match (processing.slow, attempt.is_refund(), attempt.method) {
        (true, _, _) => "terminal-processing-slow",
        (false, true, _) => "terminal-processing-refund",
        (false, false, Method::Code) => "terminal-processing-code",
        (false, false, Method::Card) => "terminal-processing-title",
    };
    html! {
        (big_amount(&label, attempt.amount))
        div.stage {
            (Picture::Work)
            h1 tabindex="-1" { (w.t(title)) }
            p { (w.t(if processing.card_in { "terminal-processing-card" } else { "terminal-processing-how" })) }
            @if processing.slow { p.dim role="status" { (w.t("terminal-processing-wait")) } }
        }
        (wake_lock())
    }
}

pub(super) fn sign(w: Words, screen: &Sign) -> Markup {
    let before = screen.before.is_some();
    let (label, clear, done, open, keep, give) = (
        due_label(w, &screen.attempt),
        w.t("terminal-sign-clear"),
        w.t("terminal-sign-done"),
        w.t("terminal-sign-give-back"),
        w.t("terminal-sign-keep"),
        w.t("terminal-sign-give-back-yes"),
    );
    if screen.stopping {
        return html! {
            (big_amount(&label, screen.attempt.amount))
            div.stage { (Picture::Work) h1 tabindex="-1" { (w.t("terminal-sign-stopping")) } }
        };
    }
    let question = html! {
        h2 { (w.t(if before { "terminal-sign-refund-stop-title" } else { "terminal-sign-give-back-title" })) }
        p { (w.t(if before { "terminal-sign-refund-stop-what" } else { "terminal-sign-give-back-what" })) }
        (form("stack", "give-back", &html! { (Button::danger(&give).block()) }))
    };
    html! {
        (amount_small(&label, screen.attempt.amount))
        @if screen.interrupted {
            (notice(Tone::Info, &w.t("terminal-sign-interrupted"), &html! { p { (w.t("terminal-sign-interrupted-next")) } }))
        }
        (trouble(w, screen.trouble))
        (form("sign", "sign", &html! {
            div.stack-s {
                h1.screen-title tabindex="-1" { (w.t("terminal-sign-title")) }
                p.dim.screen-title { (super::card_line(&screen.attempt)) "　" (w.class(screen.attempt.class)) }
                p.dim.screen-title { (w.t("terminal-sign-compare")) }
            }
            (sign_pad(w.tag(), &clear))
            div.actions { (Button::primary(&done).icon(Icon::Check)) }
        }))
        div.aside-action { (confirm(&Button::plain(&open), &question, &keep)) }
    }
}
