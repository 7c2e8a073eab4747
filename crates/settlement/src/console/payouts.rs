//! `/settlement/payouts/{id}` and `/settlement/files/{id}`: one try to pay a document and what a person may say about it;
//! one bank file, its bytes, and that the bank has transferred it.

use super::document::account_rows;
use super::words::{crumbs, date, payout_chip, person, reason, refusal, yen};
use super::{Console, again, answered, board, name_of, on_to, paydays, said, shop};
use crate::limits;
use crate::rows::payouts::{self as stored, BankFile, Payout, PayoutKey};
use crate::rules::PayoutEvent;
use acquiring::console::{day, moment};
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse as _, Response};
use center_base::{Caller, Refusal, Scope};
use codes::{api, settle};
use http::header;
use i18n::{Lang, t, ta};
use maud::{Markup, html};
use pages::icon::Icon;
use pages::list::{key_values, panel};
use pages::ui::{Button, Field, Tone, confirm, form, tag};
use serde::Deserialize;

/// Where payouts are.
pub(super) const PATH: &str = "/settlement/payouts";
/// Where bank files are.
pub(super) const FILES: &str = "/settlement/files";

/// The forms as they come.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    reason: String,
}

fn read_key(id: &str) -> Result<PayoutKey, Refusal> {
    let key: Option<PayoutKey> = id.parse().ok();
    key.filter(|key: &PayoutKey| key.to_string() == id).ok_or_else(|| api::NOT_FOUND.into())
}

/// `GET /settlement/payouts/{id}`.
pub(super) async fn page(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Markup, Refusal> {
    draw(&console, &caller, &read_key(&id)?, &Typed::default(), None).await
}

async fn draw(
    console: &Console,
    caller: &Caller,
    key: &PayoutKey,
    typed: &Typed,
    wrong: Option<&Refusal>,
) -> Result<Markup, Refusal> {
    let (tenant, wanted) = (console.base.tenant, key.clone());
    let found = console.base.read(move |tx| Ok(stored::payout(tx, tenant, &wanted)?)).await?;
    let payout = found.ok_or(api::NOT_FOUND)?;
    let companies = console.companies(&Scope::Tenant).await?;
    let company = name_of(&companies, &key.company);
    let view = Page { lang: caller.lang, payout: &payout, company: &company };
    let here = format!("{PATH}/{key}");
    let body = view.body(typed, wrong);
    console.page(caller, (board::PATH, &here), &t(caller.lang, "settlement-payout"), &body).await
}

async fn answer(
    console: &Console,
    caller: &Caller,
    key: &PayoutKey,
    typed: &Typed,
    done: Result<PayoutKey, Refusal>,
) -> Result<Response, Refusal> {
    let to = done.map(|next| format!("{PATH}/{next}"));
    answered(to, async |wrong| draw(console, caller, key, typed, Some(wrong)).await).await
}

/// What a person decides about a payout.
async fn step(
    console: &Console,
    caller: &Caller,
    id: &str,
    typed: &Typed,
    event: PayoutEvent,
) -> Result<Response, Refusal> {
    let (key, who, why) = (read_key(id)?, caller.actor.label(), pages::typed::text(&typed.reason));
    let (settlement, of) = (&console.settlement, key.clone());
    let done = match event {
        PayoutEvent::Hold => settlement.hold(&who, of, &why).await,
        PayoutEvent::Return => settlement.returned(&who, of, &why).await,
        PayoutEvent::Undo => settlement.undo_return(&who, of, &why).await,
        PayoutEvent::Carry => settlement.carry(&who, of).await,
        PayoutEvent::Readdress => {
            let next = settlement.readdress(&who, of).await;
            return answer(console, caller, &key, typed, next).await;
        }
        // These are said of a whole bank file.
        PayoutEvent::Export | PayoutEvent::Pay | PayoutEvent::Reject => Err(settle::WRONG_STEP.into()),
    };
    answer(console, caller, &key, typed, done.map(|()| key.clone())).await
}

/// `POST /settlement/payouts/{id}/hold`.
pub(super) async fn hold(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    step(&console, &caller, &id, &typed, PayoutEvent::Hold).await
}

/// `POST /settlement/payouts/{id}/returned`.
pub(super) async fn returned(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    step(&console, &caller, &id, &typed, PayoutEvent::Return).await
}

/// `POST /settlement/payouts/{id}/readdress`: the next try, to the account that is confirmed now.
pub(super) async fn readdress(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    step(&console, &caller, &id, &typed, PayoutEvent::Readdress).await
}

/// `POST /settlement/payouts/{id}/carry`.
pub(super) async fn carry(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    step(&console, &caller, &id, &typed, PayoutEvent::Carry).await
}

/// `POST /settlement/payouts/{id}/undo`: it had not come back after all.
pub(super) async fn undo(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    step(&console, &caller, &id, &typed, PayoutEvent::Undo).await
}

struct Page<'a> {
    lang: Lang,
    payout: &'a Payout,
    company: &'a str,
}

impl Page<'_> {
    fn t(&self, key: &str) -> String {
        t(self.lang, key)
    }

    fn body(&self, typed: &Typed, wrong: Option<&Refusal>) -> Markup {
        let (lang, payout) = (self.lang, self.payout);
        let back = format!("{}/{}", paydays::PATH, payout.key.pay_on);
        html! {
            (crumbs(lang, (&back, &day(lang, payout.key.pay_on)), &html! { (self.company) }))
            div.page-head.one-head {
                h1.detail-head tabindex="-1" { (self.company) " " (payout_chip(lang, payout.state)) }
                p.sub.where { span.mono { (payout.key) } }
            }
            @if let Some(wrong) = wrong { (refusal(lang, wrong)) }
            div.detail.one {
                div.stack { (panel(&self.t("settlement-payout"), &self.facts())) }
                div.stack { (panel(&self.t("settlement-payout-next"), &self.steps(typed))) }
            }
        }
    }

    fn facts(&self) -> Markup {
        let (lang, payout) = (self.lang, self.payout);
        let document = format!("{}/documents/{}.{}", shop::PATH, payout.key.pay_on, payout.key.company);
        let mut rows = vec![
            (self.t("settlement-amount"), html! { (yen(payout.yen)) }),
            (self.t("settlement-pay-day"), date(lang, payout.key.pay_on)),
            (
                self.t("settlement-document"),
                html! { a href=(document) { (self.t("settlement-document-open")) } },
            ),
        ];
        rows.extend(account_rows(lang, &payout.to.clone().unwrap_or_default()));
        if !payout.file.is_empty() {
            let href = format!("{FILES}/{}", payout.file);
            rows.push((self.t("settlement-file"), html! { a.mono href=(href) { (payout.file) } }));
        }
        if let Some(at_us) = payout.paid_us {
            rows.push((self.t("settlement-state-paid"), html! { (moment(at_us)) }));
        }
        if !payout.reason.is_empty() {
            rows.push((self.t("settlement-reason"), html! { (reason(lang, &payout.reason)) }));
        }
        let who = person(lang, &payout.changed_by);
        if !who.is_empty() {
            rows.push((
                self.t("settlement-changed"),
                html! { (who) span.sub { (moment(payout.changed_us)) } },
            ));
        }
        key_values(&rows)
    }

    /// Every step that its state allows, each behind a question.
    fn steps(&self, typed: &Typed) -> Markup {
        let may = |event| self.payout.state.next(event).is_ok();
        let any = [
            PayoutEvent::Hold,
            PayoutEvent::Return,
            PayoutEvent::Readdress,
            PayoutEvent::Carry,
            PayoutEvent::Undo,
        ]
        .into_iter()
        .any(may);
        html! {
            @if !any { p.sub { (self.t("settlement-payout-nothing")) } }
            @if may(PayoutEvent::Readdress) { (self.step("readdress", None)) }
            @if may(PayoutEvent::Carry) { (self.step("carry", None)) }
            @if may(PayoutEvent::Hold) { (self.step("hold", Some(typed))) }
            @if may(PayoutEvent::Return) { (self.step("returned", Some(typed))) }
            @if may(PayoutEvent::Undo) { (self.step("undo", Some(typed))) }
        }
    }

    fn step(&self, what: &str, typed: Option<&Typed>) -> Markup {
        let text = |part: &str| t(self.lang, &format!("settlement-do-{what}{part}"));
        let (open, about, question) = (text(""), text("-about"), text("-question"));
        let (label, hint, leave) =
            (self.t("settlement-reason"), self.t("settlement-reason-hint"), self.t("settlement-leave"));
        let most = u16::try_from(*limits::REASON_CHARS.end()).unwrap_or(u16::MAX);
        let action = format!("{PATH}/{}/{what}", self.payout.key);
        html! {
            div.stack-s {
                p.sub { (about) }
                (form("stack", &action, &html! {
                    @if let Some(typed) = typed {
                        (Field::text("reason", &label).value(&typed.reason).hint(&hint).max_chars(most).required())
                    }
                    (confirm(&Button::second(&open), &html! {
                        h2 { (question) }
                        p.row.spread { span { (self.company) } b.num { (yen(self.payout.yen)) } }
                        p { (about) }
                        (Button::danger(&open).block())
                    }, &leave))
                }))
            }
        }
    }
}

/// Whether the bank has transferred a file.
pub(super) fn file_chip(lang: Lang, file: &BankFile) -> Markup {
    if file.paid_us.is_some() {
        tag(Tone::Ok, Icon::Check, &t(lang, "settlement-state-paid"))
    } else if file.rejected_us.is_some() {
        tag(Tone::Ng, Icon::Warning, &t(lang, "settlement-file-rejected"))
    } else {
        tag(Tone::Info, Icon::Send, &t(lang, "settlement-file-made"))
    }
}

async fn file(console: &Console, id: &str) -> Result<BankFile, Refusal> {
    let (tenant, number) = (console.base.tenant, id.to_owned());
    let found = console.base.read(move |tx| Ok(stored::file(tx, tenant, &number)?)).await?;
    found.ok_or_else(|| api::NOT_FOUND.into())
}

/// `GET /settlement/files/{id}`.
pub(super) async fn file_page(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Markup, Refusal> {
    let file = file(&console, &id).await?;
    draw_file(&console, &caller, &file, &Typed::default(), None).await
}

async fn draw_file(
    console: &Console,
    caller: &Caller,
    file: &BankFile,
    typed: &Typed,
    wrong: Option<&Refusal>,
) -> Result<Markup, Refusal> {
    let (lang, here) = (caller.lang, format!("{FILES}/{}", file.number));
    let back = format!("{}/{}", paydays::PATH, file.pay_on);
    let rows = [
        (t(lang, "settlement-payouts"), html! { (money::group(file.items)) }),
        (t(lang, "settlement-amount"), yen(file.yen)),
        (t(lang, "settlement-pay-day"), date(lang, file.pay_on)),
        (t(lang, "settlement-transfer-day"), date(lang, file.transfer_on)),
        (
            t(lang, "settlement-made-by"),
            html! { (person(lang, &file.made_by)) span.sub { (moment(file.made_us)) } },
        ),
        (
            t(lang, "settlement-paid-by"),
            html! { @if let Some(at_us) = file.paid_us { (person(lang, &file.paid_by)) span.sub { (moment(at_us)) } } @else { "–" } },
        ),
        (t(lang, "settlement-hash"), html! { span.mono.hash { (hex::encode(file.hash)) } }),
    ];
    let mut rows = rows.to_vec();
    if let Some(at_us) = file.rejected_us {
        rows.push((
            t(lang, "settlement-rejected-by"),
            html! { (person(lang, &file.rejected_by)) span.sub { (moment(at_us)) } },
        ));
        rows.push((t(lang, "settlement-reason"), html! { (file.reason) }));
    }
    let [download, paid, question, leave] = [
        "settlement-file-download",
        "settlement-file-paid",
        "settlement-file-paid-question",
        "settlement-leave",
    ]
    .map(|key| t(lang, key));
    let sum = ta(
        lang,
        "settlement-step-export-what",
        &[("payouts", &file.items.to_string()), ("yen", &money::group(file.yen))],
    );
    let body = html! {
        (crumbs(lang, (&back, &day(lang, file.pay_on)), &html! { span.mono { (file.number) } }))
        div.page-head.one-head {
            h1.detail-head tabindex="-1" { (t(lang, "settlement-file")) " " span.mono { (file.number) } " " (file_chip(lang, file)) }
        }
        @if let Some(wrong) = wrong { (refusal(lang, wrong)) }
        div.detail.one {
            div.stack { (panel(&t(lang, "settlement-file"), &key_values(&rows))) }
            div.stack {
                (panel(&t(lang, "settlement-payout-next"), &html! {
                    p.sub { (t(lang, "settlement-file-about")) }
                    (Button::primary(&download).icon(Icon::Download).link(&format!("{here}/bytes")))
                    @if file.is_open() {
                        p.sub { (t(lang, "settlement-file-paid-about")) }
                        (confirm(&Button::second(&paid).icon(Icon::Check), &html! {
                            h2 { (question) }
                            p { (sum) }
                            (form("", &format!("{here}/paid"), &html! { (Button::primary(&paid).icon(Icon::Check).block()) }))
                        }, &leave))
                        (reject_form(lang, &here, &sum, typed))
                    }
                }))
            }
        }
    };
    console.page(caller, (board::PATH, &here), &t(lang, "settlement-file"), &body).await
}

/// The bank has not taken the file: with a reason, behind a question.
fn reject_form(lang: Lang, here: &str, sum: &str, typed: &Typed) -> Markup {
    let [open, about, question, label, hint, leave] = [
        "settlement-file-reject",
        "settlement-file-reject-about",
        "settlement-file-reject-question",
        "settlement-reason",
        "settlement-reason-hint",
        "settlement-leave",
    ]
    .map(|key| t(lang, key));
    let most = u16::try_from(*limits::REASON_CHARS.end()).unwrap_or(u16::MAX);
    html! {
        p.sub { (about) }
        (form("stack", &format!("{here}/rejected"), &html! {
            (Field::text("reason", &label).value(&typed.reason).hint(&hint).max_chars(most).required())
            (confirm(&Button::second(&open), &html! {
                h2 { (question) }
                p { (sum) }
                p { (about) }
                (Button::danger(&open).block())
            }, &leave))
        }))
    }
}

/// `POST /settlement/files/{id}/rejected`.
pub(super) async fn file_rejected(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    let (file, why) = (file(&console, &id).await?, pages::typed::text(&typed.reason));
    match console.settlement.reject(&caller.actor.label(), &file.number, &why).await {
        Ok(()) => Ok(on_to(&format!("{}/{}", paydays::PATH, file.pay_on))),
        Err(refusal) => {
            let refusal = said(refusal)?;
            Ok(again(draw_file(&console, &caller, &file, &typed, Some(&refusal)).await?))
        }
    }
}

/// `GET /settlement/files/{id}/bytes`: the file as the bank takes it; who took it is in the audit log.
pub(super) async fn file_bytes(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let file = file(&console, &id).await?;
    let (tenant, number, actor) = (console.base.tenant, file.number.clone(), caller.actor.clone());
    let bytes = console.base.read(move |tx| Ok(stored::bytes(tx, tenant, &number)?)).await?;
    let about = format!("bank file {}", file.number);
    console
        .base
        .write(move |tx| {
            let detail = serde_json::json!({});
            Ok(center_base::audit::record_by(tx, &actor, "bank_file_taken", &about, detail)?)
        })
        .await?;
    let attachment = format!("attachment; filename=\"{}.txt\"", file.number);
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, attachment),
    ];
    Ok((headers, bytes.ok_or(api::NOT_FOUND)?).into_response())
}

/// `POST /settlement/files/{id}/paid`.
pub(super) async fn file_paid(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let file = file(&console, &id).await?;
    match console.settlement.mark_paid(&caller.actor.label(), &file.number).await {
        Ok(()) => Ok(on_to(&format!("{FILES}/{}", file.number))),
        Err(refusal) => {
            let refusal = said(refusal)?;
            Ok(again(draw_file(&console, &caller, &file, &Typed::default(), Some(&refusal)).await?))
        }
    }
}
