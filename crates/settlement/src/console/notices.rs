//! The notices of a document: its PDF, its locked ZIP, and the button that mails it once more.

use super::document::Shown;
use super::words::counted;
use super::{Console, on_to, shop};
use crate::notices::{Files, Issued, MailState, resend};
use acquiring::console::moment;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use center_base::{Caller, Refusal};
use codes::api;
use http::header;
use i18n::{Lang, t};
use maud::{Markup, html};
use pages::icon::Icon;
use pages::ui::{Button, Tone, confirm, form, tag};
use store::Tx;

/// Where notices are.
const PATH: &str = "/settlement/notices";

/// The part of a document's page.
pub(super) fn section(lang: Lang, shown: &Shown) -> Markup {
    if shown.notices.is_empty() {
        return html! { p.sub { (t(lang, "settlement-notice-none")) } };
    }
    html! { @for one in &shown.notices { (notice(lang, one)) } }
}

fn notice(lang: Lang, one: &Issued) -> Markup {
    let path = format!("{PATH}/{}", one.number);
    let [pdf, zip, again, question, about, leave] = [
        "settlement-notice-pdf",
        "settlement-notice-zip",
        "settlement-notice-resend",
        "settlement-notice-resend-question",
        "settlement-notice-resend-about",
        "settlement-leave",
    ]
    .map(|key| t(lang, key));
    html! {
        div.stack-s {
            p.row.spread { span.mono { (one.number) } (mail_chip(lang, one)) }
            @if let Some(at_us) = one.mailed_us { p.sub { (t(lang, "settlement-notice-mailed-at")) " " (moment(at_us)) } }
            @if one.asks > 1 { p.sub { (counted(lang, "settlement-notice-asks", one.asks)) } }
            div.row {
                (Button::second(&pdf).icon(Icon::Download).link(&format!("{path}/pdf")).small())
                (Button::plain(&zip).icon(Icon::Lock).link(&format!("{path}/zip")).small())
                (confirm(&Button::plain(&again).icon(Icon::Mail).small(), &html! {
                    h2 { (question) }
                    p { (about) }
                    (form("", &format!("{path}/resend"), &html! { (Button::primary(&again).icon(Icon::Mail).block()) }))
                }, &leave))
            }
        }
    }
}

fn mail_chip(lang: Lang, one: &Issued) -> Markup {
    let (tone, icon, key) = match one.mail {
        MailState::Waiting => (Tone::Info, Icon::Clock, "settlement-mail-waiting"),
        MailState::Mailed => (Tone::Ok, Icon::Mail, "settlement-mail-mailed"),
        MailState::Failed => (Tone::Ng, Icon::Warning, "settlement-mail-failed"),
        MailState::NoAddress => (Tone::Ask, Icon::Question, "settlement-mail-no-address"),
    };
    tag(tone, icon, &t(lang, key))
}

async fn files(console: &Console, caller: &Caller, id: &str) -> Result<Files, Refusal> {
    let found = console.settlement.notice_files(&caller.scope()?, id).await?;
    found.ok_or_else(|| api::NOT_FOUND.into())
}

fn attached(kind: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let attachment = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, attachment)], bytes)
        .into_response()
}

/// `GET /settlement/notices/{id}/pdf`.
pub(super) async fn pdf(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let files = files(&console, &caller, &id).await?;
    Ok(attached("application/pdf", &files.notice.number.pdf_name(), files.pdf))
}

/// `GET /settlement/notices/{id}/zip`.
pub(super) async fn zip(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let files = files(&console, &caller, &id).await?;
    Ok(attached("application/zip", &files.notice.number.zip_name(), files.zip))
}

/// `POST /settlement/notices/{id}/resend`.
pub(super) async fn resend_now(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let (who, scope, tenant, number) =
        (caller.actor.label(), caller.scope()?, console.base.tenant, id.clone());
    let asked = scope.clone();
    console.base.write(move |tx: &mut Tx<'_>| resend(tx, &who, &asked, &id)).await?;
    let issued =
        console.base.read(move |tx| Ok(crate::notices::notice(tx, tenant, &scope, &number)?)).await?;
    let issued = issued.ok_or(api::NOT_FOUND)?;
    Ok(on_to(&format!("{}/documents/{}.{}", shop::PATH, issued.pay_on, issued.company)))
}
