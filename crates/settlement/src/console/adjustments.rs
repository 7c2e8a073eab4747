//! `/settlement/adjustments`: sums that one person enters and another approves, or that are withdrawn before that.

use super::words::{company_field, date, net, person, refusal};
use super::{Choice, Console, again, answered, on_to, refused, said, shop};
use crate::limits;
use crate::rows::adjustments::{self as stored, Adjustment, AdjustmentState, Wanted, Which};
use axum::extract::{Form, Path, State};
use axum::response::Response;
use center_base::{Caller, Refusal};
use codes::{api, settle};
use i18n::{Lang, t, ta};
use maud::{Markup, html};
use pages::icon::Icon;
use pages::list::{Column, empty, panel, table};
use pages::ui::{Button, Field, Tone, confirm, form, select, tag};
use payment::PaymentId;
use serde::Deserialize;
use store::Tx;

/// The page's path.
pub(super) const PATH: &str = "/settlement/adjustments";
/// Adjustments on the page, the newest first.
const ROWS: i64 = 200;

/// The form as it comes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    company: String,
    sign: String,
    amount: String,
    reason: String,
    shown: String,
    /// Minted with the form, so that a second press enters nothing twice.
    id: String,
}

/// `GET /settlement/adjustments`.
pub(super) async fn page(State(console): State<Console>, caller: Caller) -> Result<Markup, Refusal> {
    draw(&console, &caller, &Typed::default(), None).await
}

async fn draw(
    console: &Console,
    caller: &Caller,
    typed: &Typed,
    wrong: Option<&Refusal>,
) -> Result<Markup, Refusal> {
    let tenant = console.base.tenant;
    let list = console.base.read(move |tx| Ok(stored::list(tx, tenant, Which::default(), ROWS)?)).await?;
    let choice = console.choice(caller, &typed.company).await?;
    let mint = stored::mint(console.base.clock.now_us())?;
    let who = caller.actor.label();
    let view = Page { lang: caller.lang, choice: &choice, list: &list, who: &who, mint };
    let body = view.body(typed, wrong);
    console.page(caller, (PATH, PATH), &t(caller.lang, "settlement-adjustments"), &body).await
}

/// `POST /settlement/adjustments`.
pub(super) async fn enter(
    State(console): State<Console>,
    caller: Caller,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    let wanted = read(&console, &caller, &typed).await;
    let done = match wanted {
        Ok(wanted) => {
            let who = caller.actor.label();
            console.base.write(move |tx: &mut Tx<'_>| stored::enter_once(tx, &who, &wanted)).await
        }
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(_) => Ok(on_to(PATH)),
        Err(refusal) => {
            let refusal = said(refusal)?;
            Ok(again(draw(&console, &caller, &typed, Some(&refusal)).await?))
        }
    }
}

async fn read(console: &Console, caller: &Caller, typed: &Typed) -> Result<Wanted, Refusal> {
    let choice = console.choice(caller, &typed.company).await?;
    let company = choice.company.ok_or_else(|| refused(settle::NO_COMPANY))?;
    let size = pages::typed::yen(&typed.amount).map_err(|_| refused(settle::ADJUSTMENT_YEN))?.get();
    let yen = if typed.sign == "minus" { size.saturating_neg() } else { size };
    let id = match typed.id.parse() {
        Ok(id) => id,
        Err(_) => stored::mint(console.base.clock.now_us())?,
    };
    let (reason, shown) = (pages::typed::text(&typed.reason), pages::typed::text(&typed.shown));
    Ok(Wanted { id, company: company.id, yen, reason, shown })
}

/// `POST /settlement/adjustments/{id}/approve`.
pub(super) async fn approve(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    decide(&console, &caller, &id, stored::approve).await
}

/// `POST /settlement/adjustments/{id}/withdraw`.
pub(super) async fn withdraw(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    decide(&console, &caller, &id, stored::withdraw).await
}

async fn decide(
    console: &Console,
    caller: &Caller,
    id: &str,
    what: fn(&mut Tx<'_>, &str, PaymentId) -> Result<(), Refusal>,
) -> Result<Response, Refusal> {
    let id: PaymentId = id.parse().map_err(|_| Refusal::from(api::NOT_FOUND))?;
    let who = caller.actor.label();
    let done = console.base.write(move |tx: &mut Tx<'_>| what(tx, &who, id)).await;
    let typed = Typed::default();
    answered(done.map(|()| PATH.to_owned()), async |wrong| draw(console, caller, &typed, Some(wrong)).await)
        .await
}

struct Page<'a> {
    lang: Lang,
    choice: &'a Choice,
    list: &'a [Adjustment],
    who: &'a str,
    mint: PaymentId,
}

impl Page<'_> {
    fn t(&self, key: &str) -> String {
        t(self.lang, key)
    }

    fn body(&self, typed: &Typed, wrong: Option<&Refusal>) -> Markup {
        let (open, over): (Vec<&Adjustment>, Vec<&Adjustment>) =
            self.list.iter().partition(|one| one.state == AdjustmentState::Entered);
        html! {
            div.page-head {
                div.stack-s {
                    h1 tabindex="-1" { (self.t("settlement-adjustments")) }
                    p.sub { (self.t("settlement-adjustments-about")) }
                }
            }
            @if let Some(wrong) = wrong { (refusal(self.lang, wrong)) }
            div.detail.one {
                div.stack-s {
                    h2 { (self.t("settlement-adjustments-open")) }
                    @if open.is_empty() {
                        div.panel { (empty(Icon::Check, &self.t("settlement-adjustments-none"), &html! { (self.t("settlement-adjustments-none-next")) })) }
                    } @else {
                        @for one in open { (self.waiting(one)) }
                    }
                }
                div.stack { (panel(&self.t("settlement-adjustment-enter"), &self.form(typed))) }
            }
            @if !over.is_empty() {
                div.stack-s {
                    h2 { (self.t("settlement-adjustments-over")) }
                    (self.table(&over))
                }
            }
        }
    }

    fn company(&self, one: &Adjustment) -> Markup {
        let href = format!("{}?company={}", shop::PATH, acquiring::console::encoded(one.company.as_str()));
        html! { a href=(href) { (self.choice.name(one.company.as_str())) } " " span.sub.mono { (one.company) } }
    }

    /// One that waits, with what may be done about it.
    fn waiting(&self, one: &Adjustment) -> Markup {
        let lang = self.lang;
        let is_own = one.entered_by == self.who;
        let [approve, question, yes, withdraw, withdraw_question, withdraw_yes, leave] = [
            "settlement-approve",
            "settlement-approve-question",
            "settlement-approve-yes",
            "settlement-withdraw",
            "settlement-withdraw-question",
            "settlement-withdraw-yes",
            "settlement-leave",
        ]
        .map(|key| self.t(key));
        let path = |what: &str| format!("{PATH}/{}/{what}", one.id);
        let what = html! {
            p.row.spread { span { (self.choice.name(one.company.as_str())) } b.num { (net(one.yen)) } }
            p { (one.reason) }
        };
        html! {
            article.panel.stack-s {
                h3.row.spread { span { (self.company(one)) } b.num { (net(one.yen)) } }
                p { (one.reason) }
                @if !one.shown.is_empty() { p.sub { (ta(lang, "settlement-shown-as", &[("text", &one.shown)])) } }
                p.sub {
                    (ta(lang, "settlement-entered-by", &[("who", &person(lang, &one.entered_by)), ("when", &acquiring::console::moment(one.entered_us))]))
                }
                @if is_own { ul.blockers { li { (Icon::Info) span { (self.t("settlement-approve-other")) } } } }
                div.row {
                    @if !is_own {
                        (confirm(&Button::primary(&approve).icon(Icon::Check).small(), &html! {
                            h2 { (question) } (what) p { (self.t("settlement-approve-about")) }
                            (form("", &path("approve"), &html! { (Button::primary(&yes).icon(Icon::Check).block()) }))
                        }, &leave))
                    }
                    (confirm(&Button::danger(&withdraw).icon(Icon::Undo).small(), &html! {
                        h2 { (withdraw_question) } (what)
                        (form("", &path("withdraw"), &html! { (Button::danger(&withdraw_yes).icon(Icon::Undo).block()) }))
                    }, &leave))
                }
            }
        }
    }

    fn form(&self, typed: &Typed) -> Markup {
        let most = |range: usize| u16::try_from(range).unwrap_or(u16::MAX);
        let [sign, plus, minus, amount, reason, reason_hint, shown, shown_hint, go] = [
            "settlement-sign",
            "settlement-sign-plus",
            "settlement-sign-minus",
            "settlement-amount",
            "settlement-reason",
            "settlement-reason-hint",
            "settlement-shown",
            "settlement-shown-hint",
            "settlement-adjustment-go",
        ]
        .map(|key| self.t(key));
        let signs = [("plus", plus.as_str()), ("minus", minus.as_str())];
        let chosen = if typed.sign == "minus" { "minus" } else { "plus" };
        form(
            "stack",
            PATH,
            &html! {
                input type="hidden" name="id" value=(self.mint);
                (company_field(self.lang, self.choice, None))
                (select("sign", &sign, &signs, chosen))
                (Field::text("amount", &amount).value(&typed.amount).inputmode("numeric").max_chars(16).required())
                (Field::text("reason", &reason).value(&typed.reason).hint(&reason_hint).max_chars(most(*limits::REASON_CHARS.end())).required())
                (Field::text("shown", &shown).value(&typed.shown).hint(&shown_hint).max_chars(most(limits::SHOWN_CHARS)))
                (Button::primary(&go).icon(Icon::Sign))
            },
        )
    }

    fn table(&self, over: &[&Adjustment]) -> Markup {
        let heads = [
            "settlement-company",
            "settlement-amount",
            "settlement-reason",
            "settlement-state",
            "settlement-document",
        ]
        .map(|key| self.t(key));
        let [company, amount, reason, state, document] = &heads;
        let columns = [
            Column::text(company),
            Column::number(amount),
            Column::wide_only(reason),
            Column::not_on_phones(state),
            Column::text(document),
        ];
        let rows: Vec<(&str, Vec<Markup>)> = over.iter().map(|one| self.row(one)).collect();
        table(&self.t("settlement-adjustments-over"), &columns, &rows)
    }

    fn row(&self, one: &Adjustment) -> (&'static str, Vec<Markup>) {
        let lang = self.lang;
        let state = if one.state == AdjustmentState::Approved {
            tag(Tone::Ok, Icon::Check, &self.t("settlement-adjustment-approved"))
        } else {
            tag(Tone::Quiet, Icon::Undo, &self.t("settlement-adjustment-withdrawn"))
        };
        let document = match (one.pay_on, one.state) {
            (Some(day), _) => {
                html! { a href=(format!("{}/documents/{day}.{}", shop::PATH, one.company)) { (date(lang, day)) } }
            }
            (None, AdjustmentState::Approved) => {
                html! { span.sub { (self.t("settlement-adjustment-next")) } }
            }
            (None, _) => html! { "–" },
        };
        let who = person(lang, &one.entered_by);
        let approver = person(lang, &one.approved_by);
        let cells = vec![
            html! { (self.company(one)) span.sub.only-narrow { (one.reason) } },
            html! { (net(one.yen)) span.only-phone { (state) } },
            html! { (one.reason) span.sub { (who) @if !approver.is_empty() { " → " (approver) } } },
            state,
            document,
        ];
        (if one.state == AdjustmentState::Withdrawn { "is-faded" } else { "" }, cells)
    }
}
