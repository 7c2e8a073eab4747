//! `/settlement/simulator`: what of one payment is paid, and when, by the rules and terms that settle it.

use super::words::{company_field, cycle, date, group, net, period, read_day, refusal};
use super::{Choice, Console};
use crate::quote::{Quote, quote};
use axum::extract::{Query, State};
use center_base::{Caller, Refusal};
use i18n::{Lang, t, ta};
use jiff::civil::Date;
use maud::{Markup, html};
use money::Yen;
use pages::icon::Icon;
use pages::list::{empty, key_values, panel};
use pages::ui::{Button, Field, Tone, notice, select};
use payment::Brand;
use serde::Deserialize;
use store::ReadTx;

/// The page's path.
pub(super) const PATH: &str = "/settlement/simulator";
/// The days that a calendar knows.
pub(super) const YEARS: std::ops::RangeInclusive<i16> = 2020..=crate::limits::LAST_YEAR;

/// The address as it comes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    company: String,
    brand: String,
    amount: String,
    on: String,
}

impl Asked {
    /// The same question.
    fn address(&self) -> String {
        let [company, brand, amount, on] = [&self.company, &self.brand, &self.amount, &self.on]
            .map(|typed| acquiring::console::encoded(typed));
        format!("{PATH}?company={company}&brand={brand}&amount={amount}&on={on}")
    }
}

/// What is asked, as far as it can be understood.
struct Question {
    brand: Option<Brand>,
    amount: Option<Yen>,
    is_bad_amount: bool,
    on: Option<Date>,
}

/// What comes of it.
enum Answer {
    Not,
    NoTerms(Brand),
    Settled(Quote),
}

/// `GET /settlement/simulator`.
pub(super) async fn page(
    State(console): State<Console>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Markup, Refusal> {
    let choice = console.choice(&caller, &asked.company).await?;
    let typed = pages::typed::text(&asked.amount);
    let amount = if typed.is_empty() { None } else { Some(pages::typed::yen(&typed)) };
    let question = Question {
        brand: Brand::from_word(&asked.brand),
        is_bad_amount: amount.as_ref().is_some_and(|yen| yen.as_ref().map_or(true, |yen| yen.is_zero())),
        amount: amount.and_then(Result::ok).filter(|yen| !yen.is_zero()),
        on: read_day(&asked.on).filter(|day| YEARS.contains(&day.year())),
    };
    let is_asked = !asked.on.is_empty();
    let on = question.on.unwrap_or(console.base.clock.today());
    let answer = match (&choice.company, question.brand, question.amount) {
        (Some(company), Some(brand), Some(amount)) => {
            let (tenant, id) = (console.base.tenant, company.id.clone());
            let asked = move |tx: &mut ReadTx<'_>| quote(tx, tenant, id.as_str(), brand, amount.into(), on);
            match console.base.read(asked).await {
                Ok(quote) => Answer::Settled(quote),
                Err(refusal) if refusal.code == codes::settle::NO_RATE => Answer::NoTerms(brand),
                Err(refusal) => return Err(refusal),
            }
        }
        _ => Answer::Not,
    };
    let bad_day = is_asked && question.on.is_none();
    let view = Page { lang: caller.lang, choice: &choice, question: &question, on, bad_day };
    let here = asked.address();
    console.page(&caller, (PATH, &here), &t(caller.lang, "settlement-simulator"), &view.body(&answer)).await
}

struct Page<'a> {
    lang: Lang,
    choice: &'a Choice,
    question: &'a Question,
    on: Date,
    bad_day: bool,
}

impl Page<'_> {
    fn t(&self, key: &str) -> String {
        t(self.lang, key)
    }

    fn body(&self, answer: &Answer) -> Markup {
        html! {
            div.page-head {
                div.stack-s {
                    h1 tabindex="-1" { (self.t("settlement-simulator")) }
                    p.sub { (self.t("settlement-simulator-about")) }
                }
            }
            @if self.bad_day { (refusal(self.lang, &super::refused(codes::settle::BAD_DAY))) }
            div.detail.one {
                div.stack { (panel(&self.t("settlement-simulator-ask"), &self.form())) }
                div.stack {
                    @match answer {
                        Answer::Not => div.panel {
                            (empty(Icon::Keypad, &self.t("settlement-simulator-none"), &html! { (self.t("settlement-simulator-none-next")) }))
                        },
                        Answer::NoTerms(brand) => (notice(Tone::Ask, &self.t("settlement-no-terms"), &html! {
                            p { (ta(self.lang, "settlement-no-terms-what", &[("brand", brand.name()), ("day", &acquiring::console::day(self.lang, self.on))])) }
                            p { (self.t("settlement-no-terms-next")) }
                        })),
                        Answer::Settled(quote) => (self.answer(quote)),
                    }
                }
            }
        }
    }

    fn form(&self) -> Markup {
        let question = self.question;
        let [brand_label, amount_label, day_label, hint, bad, choose] = [
            "settlement-brand",
            "settlement-amount",
            "settlement-day",
            "settlement-day-hint",
            "settlement-amount-bad",
            "settlement-brand-choose",
        ]
        .map(|key| self.t(key));
        let mut brands = vec![("", choose.as_str())];
        brands.extend(Brand::ALL.iter().map(|brand| (brand.word(), brand.name())));
        let chosen = question.brand.map(Brand::word).unwrap_or_default();
        let (amount, on) = (question.amount.map(Yen::grouped).unwrap_or_default(), self.on.to_string());
        let field =
            Field::text("amount", &amount_label).value(&amount).inputmode("numeric").max_chars(16).required();
        html! {
            form.stack method="get" action=(PATH) novalidate {
                (company_field(self.lang, self.choice, None))
                (select("brand", &brand_label, &brands, chosen))
                @if question.is_bad_amount { (field.error(&bad)) } @else { (field) }
                (Field::text("on", &day_label).kind("date").value(&on).hint(&hint))
                (Button::primary(&self.t("settlement-simulate")).icon(Icon::Keypad))
            }
        }
    }

    fn answer(&self, quote: &Quote) -> Markup {
        let lang = self.lang;
        let (terms, of, tax) = (&quote.terms, &quote.fee, quote.tax);
        if terms.direct {
            let about = html! { p { (self.t("settlement-direct-about")) } };
            return notice(Tone::Info, &self.t("settlement-direct"), &about);
        }
        let rest = quote.net.minus(tax).unwrap_or_default();
        let steps = [
            (self.t("settlement-amount"), net(quote.amount)),
            (self.t("settlement-fee-exempt"), net(of.exempt.opposite())),
            (self.t("settlement-fee-taxable"), net(of.taxable.opposite())),
            (ta(lang, "settlement-fee-tax", &[("rate", &quote.tax_ppm.percent())]), net(tax.opposite())),
        ];
        let mut rates = vec![
            (self.t("settlement-rate"), html! { (terms.rates.total().percent()) }),
            (self.t("settlement-rate-exempt"), html! { (terms.rates.exempt().percent()) }),
            (self.t("settlement-rate-taxable"), html! { (terms.rates.taxable().percent()) }),
            (self.t("settlement-line"), html! { (group(lang, &terms.group)) }),
            (self.t("settlement-cycle"), html! { (cycle(lang, &terms.cycle)) }),
        ];
        if let Some(window) = &quote.window {
            let days = html! { span.nowrap { (period(window.first, window.last)) } };
            rates.push((self.t("settlement-window"), days));
            rates.push((self.t("settlement-notice-day"), date(lang, window.notice)));
            rates.push((self.t("settlement-pay-day"), date(lang, window.pay)));
        }
        html! {
            (panel(&self.t("settlement-simulator-answer"), &html! {
                dl.sums {
                    @for (text, yen) in &steps { div { dt { (text) } dd.num { (yen) } } }
                    div.is-end { dt { (self.t("settlement-rest")) } dd.num { (net(rest)) } }
                }
                p.sub { (self.t("settlement-simulator-note")) }
            }))
            (panel(&self.t("settlement-terms"), &key_values(&rates)))
        }
    }
}
