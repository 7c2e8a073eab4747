//! The mail catcher's pages: `/mail`, one mail, and its HTML part in a sandbox.

use super::Desk;
use super::page::lang;
use crate::mail::Mail;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, StatusCode, header};
use i18n::{Lang, t};
use maud::{Markup, html};
use pages::frame::{Frame, Surface, screen, still};
use pages::icon::Icon;
use pages::live::Rev;

pub(super) fn routes() -> Router<Desk> {
    Router::new()
        .route("/mail", get(inbox))
        .route("/mail/live", get(stream))
        .route("/mail/{id}", get(mail))
        .route("/mail/{id}/html", get(html_part))
}

async fn inbox(State(desk): State<Desk>, headers: HeaderMap) -> Markup {
    let lang = lang(&headers);
    let list = list(lang, desk.0.live.rev(), &desk.0.inbox.all());
    frame(lang, "desk-mail-title", &list, &desk, Some("/mail/live"), "/mail")
}

async fn stream(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    let lang = lang(&headers);
    let inbox = desk.0.inbox.clone();
    let stream = desk.0.live.stream(move |rev| {
        let mails = inbox.all();
        async move { list(lang, rev, &mails) }
    });
    stream.into_response()
}

fn list(lang: Lang, rev: Rev, mails: &[Mail]) -> Markup {
    screen(
        "mail",
        rev,
        &html! {
            div.stack {
                div.row.spread {
                    h1 { (t(lang, "desk-mail-title")) " " span.sim { "SIM" } }
                    (back(lang, "/", "desk-title"))
                }
                @if mails.is_empty() {
                    div.empty { (Icon::Mail) strong { (t(lang, "desk-mail-empty")) } p { (t(lang, "desk-mail-empty-next")) } }
                } @else {
                    div.mails {
                        @for mail in mails {
                            (pages::desk::mail_row(
                                &format!("/mail/{}", mail.id),
                                &mail.to.join(", "),
                                subject(lang, mail).as_str(),
                                &clock::tokyo_text(mail.received_at),
                            ))
                        }
                    }
                }
            }
        },
    )
}

fn subject(lang: Lang, mail: &Mail) -> String {
    if mail.subject.is_empty() { t(lang, "desk-mail-no-subject") } else { mail.subject.clone() }
}

fn back(lang: Lang, path: &str, key: &str) -> Markup {
    html! { a.btn.btn-s href=(path) { (Icon::Previous) (t(lang, key)) } }
}

async fn mail(State(desk): State<Desk>, Path(id): Path<u64>, headers: HeaderMap) -> Response {
    let Some(mail) = desk.0.inbox.get(id) else { return StatusCode::NOT_FOUND.into_response() };
    let lang = lang(&headers);
    let body = still(
        "",
        &html! {
            div.stack {
                div.row.spread { h1 { (subject(lang, &mail)) } (back(lang, "/mail", "desk-mail-title")) }
                dl.kv.panel {
                    div { dt { (t(lang, "desk-mail-from")) } dd { (mail.from) } }
                    div { dt { (t(lang, "desk-mail-to")) } dd { (mail.to.join(", ")) } }
                    div { dt { (t(lang, "desk-mail-at")) } dd { (clock::tokyo_text(mail.received_at)) } }
                    @if !mail.attachments.is_empty() {
                        div { dt { (t(lang, "desk-mail-attached")) } dd { (mail.attachments.join(", ")) } }
                    }
                }
                @if mail.html.is_some() {
                    section.panel {
                        h2 { (t(lang, "desk-mail-html")) }
                        iframe.mail-html src=(format!("/mail/{id}/html")) sandbox="" width="100%" height="640"
                            title=(t(lang, "desk-mail-html")) {}
                    }
                }
                @if let Some(text) = &mail.text {
                    section.panel {
                        h2 { (t(lang, "desk-mail-text")) }
                        pre.wraps { (text) }
                    }
                }
            }
        },
    );
    frame(lang, "desk-mail-title", &body, &desk, None, &format!("/mail/{id}")).into_response()
}

fn frame(lang: Lang, title: &str, body: &Markup, desk: &Desk, live: Option<&str>, here: &str) -> Markup {
    let (title, name) = (t(lang, title), t(lang, "desk-name"));
    let frame = Frame::new(Surface::Desk, lang.tag(), &title)
        .shop(&name)
        .clock(desk.0.clock.now())
        .language_switch(here);
    match live {
        Some(path) => frame.link(desk.0.live.link()).live(path).page(body),
        None => frame.page(body),
    }
}

/// The HTML part alone. Its policy is set outside of the guards: it may show itself and do nothing.
async fn html_part(State(desk): State<Desk>, Path(id): Path<u64>) -> Response {
    match desk.0.inbox.get(id).and_then(|mail| mail.html) {
        Some(part) => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], part).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
