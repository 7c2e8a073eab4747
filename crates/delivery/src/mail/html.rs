//! The HTML part: the same frame, and the lines of the slip as a table, since few mail programs have a
//! font whose kanji are exactly two letters wide. Styles stand in attributes; many clients drop sheets.

use super::{Letter, plain, words};
use i18n::ta;
use maud::{DOCTYPE, Markup, html};
use receipt::{Copy, Line};

const SANS: &str =
    "font-family:'Hiragino Sans','BIZ UDPGothic','Yu Gothic',Meiryo,'Noto Sans JP',sans-serif;";

/// The whole document.
pub(crate) fn page(letter: &Letter<'_>) -> String {
    let body = format!(
        "margin:0;padding:16px 8px;background:#f3f1ec;color:#1c1b19;font-size:15px;line-height:1.7;{SANS}"
    );
    html! {
        (DOCTYPE)
        html lang=(letter.lang.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light";
                title { (letter.subject()) }
            }
            body style=(body) {
                table role="presentation" width="100%" cellpadding="0" cellspacing="0" {
                    tr {
                        td align="center" {
                            div style="max-width:440px;text-align:left" {
                                (opening(letter))
                                (slip(letter))
                                (closing(letter))
                            }
                        }
                    }
                }
            }
        }
    }
    .into_string()
}

fn opening(letter: &Letter<'_>) -> Markup {
    html! {
        @for (n, line) in plain::opening(letter).iter().enumerate() {
            p style=(if n == 0 { "margin:0 0 8px;font-size:18px;font-weight:bold" } else { "margin:0 0 8px" }) { (line) }
        }
    }
}

fn slip(letter: &Letter<'_>) -> Markup {
    let sheet = "margin:16px 0;padding:8px 16px 16px;background:#ffffff;border:1px solid #d9d4c8;border-radius:6px;\
                 color:#1c1b19;font-size:14px;line-height:1.5";
    html! {
        // The slip's own words are Japanese in every language (spec screens 2.7).
        table lang="ja" width="100%" cellpadding="0" cellspacing="0" style=(sheet) {
            @for line in letter.slip().lines { (row(letter, &line)) }
        }
    }
}

fn row(letter: &Letter<'_>, line: &Line) -> Markup {
    match line {
        Line::Title(text) => {
            wide("padding:12px 0 4px;text-align:center;font-size:22px;font-weight:bold", text)
        }
        Line::Center(text) => wide("padding:3px 0;text-align:center", text),
        Line::Text(text) => wide("padding:3px 0", text),
        Line::Pair(label, value) => pair("padding:3px 0;vertical-align:top", label, value),
        Line::Total(label, value) => {
            pair("padding:6px 0;vertical-align:baseline;font-weight:bold;font-size:20px", label, value)
        }
        Line::Rule => html! {
            tr { td colspan="2" style="padding:6px 0" { div style="border-top:1px dashed #8a857a;font-size:0" {} } }
        },
        Line::Blank => wide("padding:0;font-size:8px", "\u{a0}"),
        Line::Signature(_) => picture("signature", &letter.t("receipt-signature"), 280),
        Line::Qr(code, caption) => match words::link(code) {
            // Nobody can scan the screen that they read the mail on.
            Some(link) => button(link, caption),
            None => {
                html! { (picture("qr", caption, 132)) (wide("padding:3px 0;text-align:center", caption)) }
            }
        },
    }
}

fn wide(style: &str, text: &str) -> Markup {
    html! { tr { td colspan="2" style=(style) { (text) } } }
}

fn pair(style: &str, label: &str, value: &str) -> Markup {
    html! {
        tr {
            td style=(style) { (label) }
            td align="right" style=(format!("{style};padding-left:12px;text-align:right")) { (value) }
        }
    }
}

fn picture(name: &str, words: &str, width: u32) -> Markup {
    html! {
        tr {
            td colspan="2" align="center" style="padding:8px 0" {
                img src=(format!("cid:{name}")) alt=(words) width=(width)
                    style="max-width:100%;height:auto;background:#ffffff;border:0";
            }
        }
    }
}

fn button(link: &str, caption: &str) -> Markup {
    let look = "display:inline-block;padding:10px 20px;background:#23407a;color:#ffffff;border-radius:6px;\
                text-decoration:none;font-weight:bold";
    html! {
        tr { td colspan="2" align="center" style="padding:14px 0" { a href=(link) style=(look) { (caption) } } }
    }
}

fn closing(letter: &Letter<'_>) -> Markup {
    let merchant = &letter.sale.facts.merchant;
    let small = "margin:0 0 6px;font-size:13px;color:#56524a";
    html! {
        @match letter.copy {
            Copy::Customer => {
                @if letter.sale.facts.link.as_deref().and_then(words::link).is_some() {
                    p style="margin:0 0 6px" { (ta(letter.lang, "mail-link-until", &[("until", &letter.until())])) }
                }
                p style="margin:0 0 6px" { (letter.t("mail-closing")) }
                p style="margin:12px 0 6px" {
                    (words::one_line(&merchant.name)) br;
                    (ta(letter.lang, "mail-phone", &[("phone", &words::one_line(&merchant.phone))]))
                }
            }
            Copy::Merchant => p style="margin:0 0 6px" { (letter.t("mail-merchant-closing")) }
        }
        p style=(small) { (letter.t("mail-send-only")) }
    }
}
