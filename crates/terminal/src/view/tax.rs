//! How an amount is taxed, where the clerk says it: the choice beside the keypad, the parts, and what
//! was said.

use super::{Words, form};
use crate::context::{Context, instant};
use crate::screen::{GiveBack, Split, TaxChoice, TypedParts};
use jiff::civil::Date;
use maud::{Markup, Render as _, html};
use money::Yen;
use pages::icon::Icon;
use pages::ui::{Button, Field, amount_small, select};
use payment::tax::{percent, tax_rates_at};
use payment::{SlipTax, TaxKind, TaxParts};

/// The day of an instant in Tokyo.
fn day(at_us: i64) -> Date {
    clock::business_date(instant(at_us))
}

/// The rates of a day in words: standard, reduced.
fn rates(day_us: i64) -> [String; 2] {
    let rates = tax_rates_at(day(day_us));
    [percent(rates.standard), percent(rates.reduced)]
}

/// Beside the note: how all of the amount is taxed. Nothing where the shop's slips do not ask.
pub(super) fn choice(w: Words, ctx: &Context, chosen: TaxChoice, now_us: i64) -> Markup {
    if ctx.policy().receipt.tax != SlipTax::Entered {
        return html! {};
    }
    let [standard, reduced] = rates(now_us);
    let named = [
        (TaxChoice::All(TaxKind::Standard), w.ta("terminal-tax-standard", &[("rate", &standard)])),
        (TaxChoice::All(TaxKind::Reduced), w.ta("terminal-tax-reduced", &[("rate", &reduced)])),
        (TaxChoice::All(TaxKind::Exempt), w.t("terminal-tax-exempt")),
        (TaxChoice::Several, w.t("terminal-tax-several")),
    ];
    let options: Vec<(&str, &str)> =
        named.iter().map(|(choice, text)| (choice.word(), text.as_str())).collect();
    select("tax", &w.t("terminal-tax"), &options, chosen.word())
}

/// What was said of the tax, in a line; nothing where it was not asked.
pub(super) fn parts_line(w: Words, amount: Yen, parts: Option<TaxParts>, sold_us: i64) -> Markup {
    let Some(parts) = parts else { return html! {} };
    let told: Vec<String> = parts
        .lines(amount, day(sold_us))
        .iter()
        .map(|line| {
            let of = [("rate", percent(line.ppm)), ("amount", line.amount.to_string())];
            let of = of.each_ref().map(|(name, value)| (*name, value.as_str()));
            w.ta(&format!("terminal-tax-line-{}", line.kind.word()), &of)
        })
        .collect();
    html! {
        p.dim.screen-title {
            @for (at, line) in told.iter().enumerate() {
                @if at > 0 { "　" }
                span.nowrap { (line) }
            }
        }
    }
}

pub(super) fn split(w: Words, screen: &Split, now_us: i64) -> Markup {
    let (label, amount) = (w.t("terminal-due"), screen.draft.amount);
    let why = screen.wrong.then(|| w.ta("terminal-tax-wrong", &[("amount", &amount.to_string())]));
    let asked = Asked { reduced: true, exempt: true, standard: true, left: None };
    page(w, now_us, (&label, amount), &screen.typed, why.as_deref(), asked)
}

pub(super) fn refund_split(w: Words, screen: &GiveBack) -> Markup {
    let label = w.t(&super::refund::kind_key(screen.offer.kind, "amount"));
    let (most, left) = (screen.offer.most, screen.offer.tax.unwrap_or_default());
    let asked = Asked {
        reduced: !left.reduced.is_zero(),
        exempt: !left.exempt.is_zero(),
        standard: left.standard(most).is_some_and(|standard| !standard.is_zero()),
        left: Some((most, left)),
    };
    let (amount, typed) = (screen.amount, &screen.parts);
    let why = screen.parts_wrong.then(|| w.ta("terminal-tax-wrong-back", &[("amount", &amount.to_string())]));
    page(w, screen.of.started_at_us, (&label, amount), typed, why.as_deref(), asked)
}

/// Which kinds there are, and what is left of them where something is given back.
#[derive(Clone, Copy)]
struct Asked {
    reduced: bool,
    exempt: bool,
    standard: bool,
    left: Option<(Yen, TaxParts)>,
}

/// The fields of the parts. `why`: they were not taken.
fn page(
    w: Words,
    sold_us: i64,
    (label, amount): (&str, Yen),
    typed: &TypedParts,
    why: Option<&str>,
    asked: Asked,
) -> Markup {
    let [standard, reduced_rate] = rates(sold_us);
    let rates = [("rate", reduced_rate.as_str()), ("standard", standard.as_str())];
    let (reduced, exempt) = (w.ta("terminal-tax-part-reduced", &rates), w.t("terminal-tax-part-exempt"));
    let (back, go) = (w.t("terminal-back"), w.t("terminal-tax-go"));
    let field = |name, label, typed: &str, first: bool| {
        let field = Field::text(name, label).value(typed).inputmode("numeric").max_chars(9);
        let field = if first { field.autofocus() } else { field };
        match why {
            Some(why) if first => field.error(why).render(),
            _ => field.render(),
        }
    };
    let about = if asked.standard { "terminal-tax-about" } else { "terminal-tax-about-sum" };
    form(
        "stack screen-fill split-page",
        "split",
        &html! {
            (amount_small(label, amount))
            div.stack {
                h1.screen-title tabindex="-1" { (w.t("terminal-tax-title")) }
                @if let Some((most, left)) = asked.left {
                    p.dim.screen-title { (w.t("terminal-tax-left")) }
                    (parts_line(w, most, Some(left), sold_us))
                }
                p.dim.screen-title { (w.ta(about, &rates)) }
                @if asked.reduced { (field("reduced", &reduced, &typed.reduced, true)) }
                @if asked.exempt { (field("exempt", &exempt, &typed.exempt, !asked.reduced)) }
            }
            div.actions {
                (Button::second(&back).icon(Icon::Previous).name("press", "back"))
                (Button::primary(&go))
            }
        },
    )
}
