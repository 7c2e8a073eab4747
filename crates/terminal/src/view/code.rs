//! Codes: the scan screen, the brands to choose from, the customer who confirms on the phone (T11, T12).

use super::{Words, form};
use crate::context::{Context, instant, seconds};
use crate::flows::code::deadline_us;
use crate::screen::{Brands, Processing, Scan, ScanHint};
use maud::{Markup, html};
use pages::icon::Icon;
use pages::pads::scan_pad;
use pages::terminal::Tile;
use pages::ui::{Button, Tone, amount as big_amount, amount_small, confirm, notice};
use pages::wait::{Picture, Sound, count_down, elapsed, wake_lock};

pub(super) fn scan(w: Words, ctx: &Context, screen: &Scan, now_us: i64) -> Markup {
    let label = w.t("terminal-due");
    if !screen.ready {
        return html! {
            (big_amount(&label, screen.attempt.amount))
            div.stage { (Picture::Work) h1 tabindex="-1" { (w.t("terminal-present-starting")) } }
        };
    }
    let until_us = deadline_us(ctx, screen);
    let left_s = until_us.saturating_sub(now_us).max(0).checked_div(seconds(1)).unwrap_or(0);
    let total_s = u32::try_from(ctx.policy().present_wait_s).unwrap_or(60);
    let brand = screen.brand.map_or_else(|| w.t("terminal-scan-brand-auto"), |brand| brand.name().to_owned());
    let (cancel, typed, hint, go) = (
        w.t("terminal-cancel"),
        w.t("terminal-scan-typed"),
        w.t("terminal-scan-typed-hint"),
        w.t("terminal-scan-typed-go"),
    );
    form(
        "scan",
        "code",
        &html! {
            (amount_small(&label, screen.attempt.amount))
            div.stack-s {
                h1.screen-title tabindex="-1" { (w.t("terminal-scan-title")) }
                @if let Some(hint) = screen.hint { (scan_hint(w, hint)) }
            }
            (scan_pad(w.tag(), "/scan/frame", &typed, &hint, &go))
            div.row.spread.brand-line {
                span { (w.ta("terminal-scan-brand", &[("brand", &brand)])) }
                (Button::plain(&w.t("terminal-scan-brand-choose")).name("press", "brands"))
            }
            (count_down(w.tag(), instant(until_us), total_s, u32::try_from(left_s).unwrap_or(0)))
            div.actions { (Button::second(&cancel).name("press", "cancel")) }
            (wake_lock())
        },
    )
}

fn scan_hint(w: Words, hint: ScanHint) -> Markup {
    let (key, brand) = match hint {
        ScanHint::NotACode => ("terminal-hint-not-a-code", ""),
        ScanHint::ShopsCode => ("terminal-hint-shops-code", ""),
        ScanHint::NotTaken(service) => ("terminal-hint-not-accepted", service),
        ScanHint::NotAccepted(brand) => ("terminal-hint-not-accepted", brand.name()),
        ScanHint::OtherBrand(brand) => ("terminal-hint-other-brand", brand.name()),
    };
    let next = w.t(&format!("{key}-next"));
    html! { div role="alert" { (notice(Tone::Ask, &w.ta(key, &[("brand", brand)]), &html! { p { (next) } })) } }
}

pub(super) fn brands(w: Words, screen: &Brands) -> Markup {
    let (label, cancel, auto) = (w.t("terminal-due"), w.t("terminal-cancel"), w.t("terminal-brands-auto"));
    html! {
        (form("stack screen-fill", "choose-brand", &html! {
            (amount_small(&label, screen.scan.attempt.amount))
            h1.screen-title tabindex="-1" { (w.t("terminal-brands-title")) }
            @if screen.read.is_some() {
                (notice(Tone::Ask, &w.t("terminal-brands-unknown"), &html! { p { (w.t("terminal-brands-unknown-next")) } }))
            }
            div.tiles.tiles-s {
                @for brand in &screen.offered {
                    (Tile::press(Icon::Qr, brand.name(), "brand", brand.word()))
                }
            }
            div.actions {
                (Button::second(&cancel).name("press", "cancel"))
                (Button::second(&auto).icon(Icon::Previous).name("press", "brand-auto"))
            }
        }))
    }
}

/// Asked, and not yet decided: the customer confirms on the phone. Or the clerk has cancelled, and what
/// stands is being undone.
pub(super) fn customer(w: Words, processing: &Processing) -> Markup {
    let attempt = &processing.attempt;
    let label = w.t("terminal-due");
    if processing.is_undoing() {
        return html! {
            (big_amount(&label, attempt.amount))
            div.stage {
                (Picture::Work)
                h1 tabindex="-1" { (w.t("terminal-undoing-title")) }
                p { (w.t("terminal-undoing-how")) }
            }
            (wake_lock())
        };
    }
    let brand = attempt.brand().map_or_else(|| w.t("terminal-customer-app"), |brand| brand.name().to_owned());
    let (cancel, title, what, yes, keep) = (
        w.t("terminal-cancel"),
        w.t("terminal-customer-cancel-title"),
        w.t("terminal-customer-cancel-what"),
        w.t("terminal-customer-cancel-yes"),
        w.t("terminal-customer-cancel-no"),
    );
    let question = html! {
        h2 { (title) }
        p { (what) }
        (form("stack", "cancel", &html! { (Button::danger(&yes).block()) }))
    };
    html! {
        (big_amount(&label, attempt.amount))
        (Sound::Click.once(attempt.id))
        div.stage {
            (Picture::ConfirmPhone)
            h1 tabindex="-1" { (w.t("terminal-customer-title")) }
            p { (w.ta("terminal-customer-how", &[("brand", &brand)])) }
            p.dim { (elapsed(w.tag(), instant(attempt.changed_at_us), &w.t("terminal-customer-since"))) }
        }
        div.aside-action { (confirm(&Button::plain(&cancel), &question, &keep)) }
        (wake_lock())
    }
}
