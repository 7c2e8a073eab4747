//! Error pages in the design: what happened, what to do, a code. A program that did not ask for HTML
//! gets the bare status.

use crate::frame::{Frame, Surface, still};
use crate::icon::{Icon, mark};
use crate::lang;
use crate::text::texts;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use maud::{Markup, html};

/// What the guards remember of a request to dress its answer.
pub(crate) struct Asked {
    html: bool,
    fragment: bool,
    lang: &'static str,
}

impl Asked {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self {
            html: accept.contains("text/html"),
            fragment: crate::live::wants_fragment(headers),
            lang: lang::of(headers),
        }
    }
}

/// Replaces an error without a page of its own by ours.
pub(crate) fn dressed(response: Response, asked: &Asked) -> Response {
    let status = response.status();
    let plain = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let wrong = status.is_client_error() || status.is_server_error();
    // htmx shows the frame's own sentence for an error; a whole page would not fit into the screen.
    if !wrong || !plain || !asked.html || asked.fragment {
        return response;
    }
    let allow = response.headers().get(header::ALLOW).cloned();
    let mut page = (status, error_page(asked.lang, status)).into_response();
    if let Some(allow) = allow {
        page.headers_mut().insert(header::ALLOW, allow);
    }
    page
}

/// The page for a status, for handlers that want it with their own frame of mind (404 for what the
/// actor may not see).
pub fn error_page(lang: &str, status: StatusCode) -> Markup {
    let (title, advice) = sentence(lang, status);
    let body = html! {
        div.sheet-page {
            div.sheet {
                div.crest { (mark()) h1 { (title) } p { (advice) } }
                div.buttons-even { a.btn.btn-primary href="/" { (Icon::Home) (texts(lang).back_home) } }
                p.error-code { "WEB-" (status.as_u16()) }
            }
        }
    };
    Frame::new(Surface::Receipt, lang, title).page(&still("", &body))
}

fn sentence(lang: &str, status: StatusCode) -> (&'static str, &'static str) {
    let english = lang.starts_with("en");
    match (status.as_u16(), english) {
        (401 | 403, false) => (
            "この操作は受け付けられません",
            "別のサイトからの操作か、権限がありません。この画面を開き直してから、もう一度お試しください。",
        ),
        (401 | 403, true) => (
            "This is not allowed here",
            "It came from another site, or you may not do it. Open the page again and try once more.",
        ),
        (404 | 410, false) => ("ページが見つかりません", "アドレスが違うか、表示できる期間が過ぎています。"),
        (404 | 410, true) => {
            ("Page not found", "The address is wrong, or the time to show this page is over.")
        }
        (405, false) => ("このページはその操作に対応していません", "最初の画面からやり直してください。"),
        (405, true) => ("This page cannot do that", "Please start again from the first page."),
        (413, false) => ("送られた内容が大きすぎます", "署名や入力を短くして、もう一度お試しください。"),
        (413, true) => ("That was too large", "Make the signature or the text shorter and try again."),
        (421, false) => ("このアドレスでは開けません", "案内されたアドレスをそのまま入力してください。"),
        (421, true) => ("Not at this address", "Please use the address exactly as you were given it."),
        (429, false) => {
            ("しばらくお待ちください", "短い時間に操作が続きました。少し待ってからお試しください。")
        }
        (429, true) => {
            ("Please wait a moment", "There were many attempts in a short time. Try again a little later.")
        }
        (500.., false) => (
            "処理できませんでした",
            "こちらの不具合です。お支払いの結果は、履歴で確かめてからやり直してください。",
        ),
        (500.., true) => (
            "Something broke on our side",
            "Check the history for the result of a payment before you try again.",
        ),
        (_, false) => ("受け付けられませんでした", "入力を確かめて、もう一度お試しください。"),
        (_, true) => ("That was not accepted", "Check what you entered and try again."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_says_what_to_do_in_both_languages() {
        for status in 400..=599 {
            let status = StatusCode::from_u16(status).unwrap();
            for lang in ["ja", "en"] {
                let (title, advice) = sentence(lang, status);
                assert!(!title.is_empty() && !advice.is_empty());
                assert_eq!(title.is_ascii(), lang == "en", "{status} {title}");
                assert_eq!(advice.is_ascii(), lang == "en", "{status} {advice}");
            }
        }
    }
}
