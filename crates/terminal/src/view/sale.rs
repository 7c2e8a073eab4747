//! Home, keypad, method, class.

use super::{Words, code_line, form, tax};
use crate::context::{Context, Reader, instant};
use crate::limits;
use crate::screen::{AmountEntry, AmountError, Draft};
use maud::{Markup, html};
use money::Yen;
use pages::icon::Icon;
use pages::pads::{AmountPad, Keypad};
use pages::terminal::Tile;
use pages::ui::{Button, Field, Tone, amount as big_amount, amount_small, choice, notice};
use pages::wait::elapsed;
use payment::{Brand, Method, PasswordStanding, PaymentClass};

/// Doubts first, then what hinders a payment, then what the clerk must do.
fn banners(w: Words, ctx: &Context) -> Markup {
    html! {
        @if let Some(open) = ctx.open.first() {
            @let count = ctx.open.len().to_string();
            (notice(Tone::Ask, &w.ta("terminal-home-open", &[("count", &count)]), &html! {
                p { (w.ta(if open.is_refund() { "terminal-home-open-refund" } else { "terminal-home-open-what" }, &[("amount", &open.amount.to_string())])) }
                p.dim { (elapsed(w.tag(), instant(open.changed_at_us), &w.ta("terminal-since", &[("time", &clock::tokyo_text(instant(open.changed_at_us)))]))) }
                a href=(format!("/go/payment/{}", open.id)) { (w.t("terminal-home-open-look")) }
            }))
        }
        (hindrances(w, ctx))
        @if let Some(PasswordStanding::EndsSoon { last_day }) = ctx.clerk.as_ref().map(|clerk| clerk.password) {
            @let (day, now) = (last_day.strftime("%Y/%m/%d").to_string(), w.t("password-change-now"));
            (notice(Tone::Info, &w.t("password-soon"), &html! {
                p { (w.ta("password-soon-next", &[("day", &day)])) }
                (form("", "change-password", &html! { (Button::second(&now).icon(Icon::Lock).small()) }))
            }))
        }
    }
}

/// The center lets this terminal take no payments.
pub(super) fn stopped(w: Words, ctx: &Context) -> Markup {
    html! {
        @if let Some(code) = ctx.blocked {
            @let said = i18n::code_text(w.0, code);
            (notice(Tone::Ng, &said.title, &html! { p { (said.what) } p { (said.next) } }))
        }
    }
}

fn hindrances(w: Words, ctx: &Context) -> Markup {
    html! {
        (stopped(w, ctx))
        @if let Some(off_s) = ctx.clock_off_s {
            @let minutes = (off_s.abs() / 60).to_string();
            (notice(Tone::Ask, &w.t("terminal-clock-off"), &html! {
                p { (w.ta("terminal-clock-off-next", &[("minutes", &minutes)])) }
            }))
        }
        @if ctx.reader == Reader::Offline {
            (notice(Tone::Ng, &w.t("terminal-reader-offline"), &html! { p { (w.t("terminal-reader-offline-next")) } }))
        }
        @if !ctx.center_up {
            (notice(Tone::Ng, &w.t("terminal-center-offline"), &html! { p { (w.t("terminal-center-offline-next")) } }))
        }
    }
}

/// The brands of a method, at most this many by name.
const BRANDS_NAMED: usize = 4;

fn brand_names(w: Words, ctx: &Context, method: Method) -> String {
    let brands = ctx.brands_of(method);
    let names: Vec<&str> = brands.iter().take(BRANDS_NAMED).map(|brand| Brand::name(*brand)).collect();
    let named = names.join(" / ");
    if brands.len() > BRANDS_NAMED {
        w.ta("terminal-method-brands-more", &[("brands", &named)])
    } else {
        named
    }
}

pub(super) fn home(w: Words, ctx: &Context) -> Markup {
    let [card, history, lookup, settings] =
        ["card", "history", "lookup", "settings"].map(|tile| w.t(&format!("terminal-home-{tile}")));
    let (card, brands) = if ctx.code_brands().is_empty() {
        (card, brand_names(w, ctx, Method::Card))
    } else {
        (w.t("terminal-home-sale"), w.t("terminal-home-sale-aside"))
    };
    let open = u32::try_from(ctx.open.len()).unwrap_or(u32::MAX);
    html! {
        h1.sr-only tabindex="-1" { (w.t("terminal-home-title")) }
        (banners(w, ctx))
        div.tiles {
            (Tile::link(Icon::Card, &card, "/go/sale").aside(&brands))
            (Tile::link(Icon::History, &history, "/go/history").count(open))
            (Tile::link(Icon::Search, &lookup, "/go/lookup"))
            (Tile::link(Icon::Settings, &settings, "/go/settings"))
        }
    }
}

pub(super) fn amount(w: Words, ctx: &Context, entry: &AmountEntry, now_us: i64) -> Markup {
    let (label, note, hint, go) = (
        w.t("terminal-amount-label"),
        w.t("terminal-amount-note"),
        w.t("terminal-amount-note-hint"),
        w.t("terminal-amount-go"),
    );
    let error = entry.error.map(|error| amount_error(w, ctx, error));
    let pad = AmountPad {
        lang: w.tag(),
        label: &label,
        value: Yen::parse_typed(&entry.typed).unwrap_or_default(),
        keypad: match ctx.keypad() {
            payment::Keypad::Phone => Keypad::Phone,
            payment::Keypad::Calculator => Keypad::Calculator,
        },
        digits: u8::try_from(limits::AMOUNT_DIGITS).unwrap_or(8),
        error: error.as_deref(),
    };
    let max = u16::try_from(limits::NOTE_CHARS).unwrap_or(100);
    form(
        "till",
        "amount",
        &html! {
            h1.sr-only tabindex="-1" { (w.t("terminal-amount-title")) }
            (pad)
            div.note-line {
                (Field::text("note", &note).value(&entry.note).max_chars(max).placeholder(&hint))
                (tax::choice(w, ctx, entry.tax, now_us))
            }
            div.actions { (Button::primary(&go).amount_echo().large()) }
        },
    )
}

fn amount_error(w: Words, ctx: &Context, error: AmountError) -> String {
    match error {
        AmountError::Missing | AmountError::AboveRest(_) => w.t("terminal-amount-missing"),
        AmountError::Code(code) => {
            let text = i18n::code_text(w.0, code);
            let limit = ctx.policy().amount_limit_yen.to_string();
            w.ta(
                "terminal-amount-refused",
                &[
                    ("what", &text.what),
                    ("next", &text.next),
                    ("limit", &limit),
                    ("code", &code_line(w, code)),
                ],
            )
        }
    }
}

pub(super) fn method(w: Words, ctx: &Context, draft: &Draft, now_us: i64) -> Markup {
    let (label, card, more, back) = (
        w.t("terminal-due"),
        w.t("terminal-method-card"),
        w.t("terminal-method-more"),
        w.t("terminal-method-back"),
    );
    let lump = w.ta("terminal-method-lump", &[("brands", &brand_names(w, ctx, Method::Card))]);
    let (code, code_brands) = (w.t("terminal-method-code"), brand_names(w, ctx, Method::Code));
    html! {
        (form("method", "pay", &html! {
            div.stack-s {
                (big_amount(&label, draft.amount))
                (tax::parts_line(w, draft.amount, draft.tax, now_us))
            }
            (hindrances(w, ctx))
            div.stack {
                h1.screen-title tabindex="-1" { (w.t("terminal-method-title")) }
                @if let Some(note) = &draft.note { p.dim.screen-title { (note) } }
                div.tiles {
                    (Tile::press(Icon::Card, &card, "class", "lump").aside(&lump))
                    @if !code_brands.is_empty() {
                        (Tile::press(Icon::Qr, &code, "press", "pay-by-code").aside(&code_brands))
                    }
                    @if ctx.classes(now_us).len() > 1 {
                        (Tile::press(Icon::Reserved, &more, "press", "classes").aside(&w.t("terminal-method-more-aside")))
                    }
                }
            }
            div.actions { (Button::second(&back).icon(Icon::Previous).name("press", "back")) }
        }))
    }
}

/// The classes as rows to choose from; the first is chosen beforehand.
pub(super) fn class_choices(w: Words, classes: &[PaymentClass]) -> Markup {
    html! {
        div.choices {
            @for (n, class) in classes.iter().enumerate() {
                (choice("class", &class.to_string(), &w.class(*class), "", n == 0))
            }
        }
    }
}

pub(super) fn class(w: Words, ctx: &Context, draft: &Draft, now_us: i64) -> Markup {
    let (label, go, back) = (w.t("terminal-due"), w.t("terminal-class-go"), w.t("terminal-class-back"));
    html! {
        (form("screen-fill stack", "pay", &html! {
            (amount_small(&label, draft.amount))
            fieldset.stack-s {
                legend { h1 tabindex="-1" { (w.t("terminal-class-title")) } }
                (class_choices(w, &ctx.classes(now_us)))
            }
            div.actions {
                (Button::second(&back).name("press", "back"))
                (Button::primary(&go))
            }
        }))
    }
}
