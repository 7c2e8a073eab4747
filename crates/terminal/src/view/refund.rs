//! Giving back, and the question whether the same sale is paid twice (T13w, T20).

use super::{Words, card_line, form, tax};
use crate::attempt::{Attempt, Purpose};
use crate::context::{Context, instant};
use crate::limits;
use crate::screen::{AmountError, BackPage, Duplicate, GiveBack, Offering};
use center_api::{RefundOffer, Suspect};
use maud::{Markup, html};
use pages::icon::Icon;
use pages::list::key_values;
use pages::pads::{AmountPad, Keypad};
use pages::ui::{Button, Field, Tone, amount as big_amount, amount_small, notice};
use pages::wait::{Picture, Sound, wake_lock};
use payment::{EntryMode, Medium, RefundKind};

/// The words of a kind: `terminal-void-…`, `terminal-return-…`, `terminal-refund-…`.
pub(super) fn kind_key(kind: RefundKind, name: &str) -> String {
    format!("terminal-{}-{name}", kind.word())
}

/// The kind of what an attempt gives back.
pub(super) fn kind_of(attempt: &Attempt) -> Option<RefundKind> {
    match attempt.purpose {
        Purpose::Refund { kind, .. } => Some(kind),
        Purpose::Sale => None,
    }
}

/// `YYYY-MM-DD` as people read it.
fn day(until: &str) -> String {
    until.replace('-', "/")
}

/// What may be given back of the payment shown: the button, or why there is none.
pub(super) fn offered(w: Words, attempt: &Attempt, offering: &Offering) -> Markup {
    let known = match offering {
        Offering::Nothing => return html! {},
        Offering::Asking => return html! { p.dim role="status" { (w.t("terminal-offer-asking")) } },
        Offering::Unasked(why) => {
            let again = w.t("terminal-offer-again");
            return html! {
                (super::trouble(w, Some(*why)))
                div { (Button::second(&again).icon(Icon::Undo).name("press", "refund-open")) }
            };
        }
        Offering::Known(known) => known,
    };
    let Some(offer) = &known.offer else {
        let key = if known.given_back == attempt.amount {
            "terminal-offer-all-back"
        } else {
            "terminal-offer-none"
        };
        return notice(Tone::Info, &w.t(key), &html! { p { (w.t(&format!("{key}-next"))) } });
    };
    let open = w.t(&kind_key(offer.kind, "open"));
    html! {
        section.stack-s {
            h2 { (w.t("terminal-offer-title")) }
            p.dim { (terms_line(w, offer)) }
            div { (Button::second(&open).icon(Icon::Undo).name("press", "refund-open")) }
        }
    }
}

fn terms_line(w: Words, offer: &RefundOffer) -> String {
    let key = match offer.medium {
        Medium::None => "terminal-offer-terms",
        Medium::SameCard => "terminal-offer-terms-card",
    };
    w.ta(key, &[("until", &day(&offer.until)), ("most", &offer.most.to_string())])
}

pub(super) fn give_back(w: Words, ctx: &Context, screen: &GiveBack) -> Markup {
    match screen.page {
        BackPage::Amount => how_much(w, ctx, screen),
        BackPage::Split => tax::refund_split(w, screen),
        BackPage::Confirm => last_question(w, screen),
    }
}

fn error_text(w: Words, error: AmountError) -> String {
    match error {
        AmountError::AboveRest(most) => w.ta("terminal-refund-above", &[("most", &most.to_string())]),
        AmountError::Missing | AmountError::Code(_) => w.t("terminal-amount-missing"),
    }
}

fn how_much(w: Words, ctx: &Context, screen: &GiveBack) -> Markup {
    let offer = &screen.offer;
    let (title, go, back, reason, hint) = (
        w.t(&kind_key(offer.kind, "title")),
        w.t("terminal-refund-check"),
        w.t("terminal-back"),
        w.t("terminal-refund-reason"),
        w.t("terminal-refund-reason-hint"),
    );
    let max = u16::try_from(limits::NOTE_CHARS).unwrap_or(100);
    let (paid, amount) = (w.t("terminal-refund-paid"), w.t(&kind_key(offer.kind, "amount")));
    let error = screen.error.map(|error| error_text(w, error));
    let keypad = match ctx.keypad() {
        payment::Keypad::Phone => Keypad::Phone,
        payment::Keypad::Calculator => Keypad::Calculator,
    };
    // Where the keys need the room, the terms are said in short.
    let terms = if offer.partial {
        w.ta("terminal-offer-terms-part", &[("until", &day(&offer.until)), ("most", &offer.most.to_string())])
    } else {
        terms_line(w, offer)
    };
    let head = html! {
        h1.screen-title tabindex="-1" { (title) }
        p.dim.screen-title { (card_line(&screen.of)) "　" (paid) " " (screen.of.amount.to_string()) }
        p.dim.screen-title { (terms) }
    };
    let reason = Field::text("reason", &reason).value(&screen.reason).max_chars(max).placeholder(&hint);
    let actions = html! {
        div.actions {
            (Button::second(&back).icon(Icon::Previous).name("press", "back"))
            (Button::primary(&go))
        }
    };
    if !offer.partial {
        return form(
            "stack screen-fill",
            "refund",
            &html! {
                div.stack-s { (head) }
                (big_amount(&amount, offer.most))
                (reason)
                (actions)
            },
        );
    }
    let pad = AmountPad {
        lang: w.tag(),
        label: &amount,
        value: screen.amount,
        keypad,
        digits: u8::try_from(limits::AMOUNT_DIGITS).unwrap_or(8),
        error: error.as_deref(),
    };
    form(
        "till",
        "refund",
        &html! {
            div.stack-s { (head) }
            (pad)
            div.note-line { (reason) }
            (actions)
        },
    )
}

fn last_question(w: Words, screen: &GiveBack) -> Markup {
    let offer = &screen.offer;
    let (amount, go, back) =
        (w.t(&kind_key(offer.kind, "amount")), w.t(&kind_key(offer.kind, "go")), w.t("terminal-back"));
    let what = match offer.medium {
        Medium::SameCard => w.ta("terminal-refund-confirm-card", &[("card", &card_line(&screen.of))]),
        Medium::None => w.ta("terminal-refund-confirm-none", &[("card", &card_line(&screen.of))]),
    };
    html! {
        (form("stack screen-fill confirm-page", "refund-go", &html! {
            h1.screen-title tabindex="-1" { (w.t(&kind_key(offer.kind, "confirm"))) }
            (big_amount(&amount, screen.amount))
            (tax::parts_line(w, screen.amount, screen.tax, screen.of.started_at_us))
            div.stack-s {
                p { (what) }
                @if offer.signature { p { (w.t("terminal-refund-confirm-sign")) } }
                @if !screen.reason.is_empty() { p.dim { (screen.reason) } }
            }
            div.actions {
                (Button::second(&back).icon(Icon::Previous).name("press", "back"))
                (Button::danger(&go))
            }
        }))
    }
}

pub(super) fn duplicate(w: Words, screen: &Duplicate) -> Markup {
    let label = w.t("terminal-due");
    let chip = screen.card.entry_mode == EntryMode::ContactIc;
    match &screen.suspect {
        None => html! {
            (big_amount(&label, screen.attempt.amount))
            div.stage {
                (Picture::Work)
                h1 tabindex="-1" { (w.t("terminal-processing-title")) }
                // Drawn like the question that follows, so that nothing jumps.
                p { (w.t(if chip { "terminal-processing-card" } else { "terminal-processing-how" })) }
            }
            (wake_lock())
        },
        Some(suspect) => suspected(w, screen, suspect),
    }
}

fn suspected(w: Words, screen: &Duplicate, suspect: &Suspect) -> Markup {
    let label = w.t("terminal-due");
    let (stop, go, title) =
        (w.t("terminal-duplicate-stop"), w.t("terminal-duplicate-go"), w.t("terminal-duplicate-title"));
    let card = format!("{} {}", screen.card.brand.name(), screen.card.pan.last4_only());
    let labels = ["when", "where", "order", "card"].map(|name| w.t(&format!("terminal-duplicate-{name}")));
    let [when, place, order, with] = &labels;
    html! {
        (Sound::Unknown.once(format!("{}-duplicate", screen.attempt.id)))
        (form("stack screen-fill", "go-on", &html! {
            (amount_small(&label, screen.attempt.amount))
            h1.screen-title tabindex="-1" { (title) }
            (notice(Tone::Ask, &w.t("terminal-duplicate-what"), &html! { p { (w.t("terminal-duplicate-next")) } }))
            (key_values(&[
                (when.as_str(), html! { (clock::tokyo_text(instant(suspect.at_us))) }),
                (with, html! { (card) }),
                (place, html! { (suspect.terminal_id) }),
                (order, html! { (suspect.order_code) }),
            ]))
            div.actions {
                (Button::second(&go).name("press", "go-on"))
                (Button::primary(&stop).name("press", "cancel"))
            }
        }))
    }
}
