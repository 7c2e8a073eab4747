//! `GET /r/{token}`: the customer's copy for whoever holds its address. No login, no cache, no index,
//! no referrer; gone after `receipt.link_days`.

use crate::Receipts;
use crate::mail::words::{day, one_line};
use crate::sale::Sale;
use crate::token::Token;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use center_base::Refusal;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use i18n::{Lang, t, ta};
use maud::{Markup, html};
use pages::frame::{Frame, Surface, still};
use pages::paper::{PaperLine, PaperWidth, paper, signature};
use pages::wait::print_button;
use receipt::{Copy, Document, Printing, Row, Strokes};

pub(crate) async fn show(
    State(receipts): State<Receipts>,
    headers: HeaderMap,
    Path(token): Path<String>,
) -> Result<Response, Refusal> {
    let token = Token::from_path(&token);
    let found = receipts.sales.by_token(token.reveal()).await?;
    let lang = Lang::from_tag(pages::lang::of(&headers)).unwrap_or_default();
    let now = receipts.base.clock.now();
    let here = format!("/r/{}", token.reveal());
    Ok(match found {
        Some(sale) if now < sale.page_until() => answer(StatusCode::OK, &open(lang, &sale, &here)),
        Some(sale) => answer(StatusCode::GONE, &expired(lang, &sale, &here)),
        None => answer(StatusCode::NOT_FOUND, &unknown(lang, &here)),
    })
}

fn answer(status: StatusCode, page: &Markup) -> Response {
    let mut response = (status, page.clone()).into_response();
    let fixed = [
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("x-robots-tag"), "noindex, nofollow, noarchive"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in fixed {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The customer's copy with its frame.
fn open(lang: Lang, sale: &Sale, here: &str) -> Markup {
    let merchant = &sale.facts.merchant;
    let (shop, title) = (one_line(&merchant.name), t(lang, "receipt-title"));
    let until = day(sale.page_until());
    let body = html! {
        div.intro.no-print {
            h1 { (t(lang, "receipt-thanks")) }
            p.dim { (ta(lang, "receipt-intro", &[("shop", &shop), ("until", &until)])) }
        }
        (slip(lang, &sale.slip(Copy::Customer, Printing::First)))
        div.buttons.no-print { (print_button(&t(lang, "receipt-print"))) }
    };
    Frame::new(Surface::Receipt, lang.tag(), &title)
        .shop(&shop)
        .home(here)
        .language_switch(here)
        .help(&shop, &merchant.phone)
        .page(&still("receipt-page", &body))
}

/// Its time is over: says whom to ask, and nothing of the payment.
fn expired(lang: Lang, sale: &Sale, here: &str) -> Markup {
    let merchant = &sale.facts.merchant;
    let (shop, title) = (one_line(&merchant.name), t(lang, "receipt-expired-title"));
    let days = sale.policy.link_days.to_string();
    let body = html! {
        div.intro {
            h1 { (title) }
            p { (ta(lang, "receipt-expired-text", &[("days", &days)])) }
            p { (ta(lang, "receipt-expired-next", &[("shop", &shop), ("phone", &one_line(&merchant.phone))])) }
        }
    };
    Frame::new(Surface::Receipt, lang.tag(), &title)
        .shop(&shop)
        .home(here)
        .language_switch(here)
        .help(&shop, &merchant.phone)
        .page(&still("receipt-page", &body))
}

/// Nobody has this token, or its payment has no slip: both look the same.
fn unknown(lang: Lang, here: &str) -> Markup {
    let title = t(lang, "receipt-none-title");
    let body = html! {
        div.intro {
            h1 { (title) }
            p { (t(lang, "receipt-none-text")) }
            p { (t(lang, "receipt-none-next")) }
        }
    };
    Frame::new(Surface::Receipt, lang.tag(), &title)
        .home(here)
        .language_switch(here)
        .page(&still("receipt-page", &body))
}

/// A slip as paper: the rows of the document, cell by cell.
pub fn slip(lang: Lang, document: &Document) -> Markup {
    let width = match document.width {
        ..=32 => PaperWidth::Cells32,
        33..=42 => PaperWidth::Cells42,
        _ => PaperWidth::Cells48,
    };
    let rows = document.rows();
    let lines: Vec<PaperLine<'_>> = rows.iter().map(|row| line(lang, row)).collect();
    paper(lang.tag(), width, &lines)
}

fn line(lang: Lang, row: &Row) -> PaperLine<'_> {
    match row {
        Row::Text { text, large: true, .. } => PaperLine::Big(text),
        Row::Text { text, bold: true, .. } => PaperLine::Bold(text),
        Row::Text { text, .. } => PaperLine::Text(text),
        Row::Qr(code) => PaperLine::Qr(code),
        Row::Signature(strokes) => PaperLine::Picture(drawn(lang, strokes)),
    }
}

/// The box of a signature on the page; with the component's pen it looks as thick as on paper.
const BOX: (u16, u16) = (300, 120);

/// M-062. What lies outside the pad's box of 1000 × 400 is moved to its edge.
fn drawn(lang: Lang, strokes: &Strokes) -> Markup {
    let within = |units: i32, pad: i32, most: u16| {
        let scaled = units.clamp(0, pad).saturating_mul(i32::from(most)) / pad;
        u16::try_from(scaled).unwrap_or(most)
    };
    let point = |&(x, y): &(i32, i32)| (within(x, 1000, BOX.0), within(y, 400, BOX.1));
    let drawn: Vec<Vec<(u16, u16)>> =
        strokes.0.iter().map(|stroke| stroke.iter().map(point).collect()).collect();
    signature(&t(lang, "receipt-signature"), BOX.0, BOX.1, &drawn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_drawn_to_scale_and_never_leaves_its_box() {
        // M-062
        let strokes = Strokes(vec![vec![(0, 0), (1000, 400), (-5, i32::MAX)], vec![(500, 200)]]);
        let svg = drawn(Lang::En, &strokes).into_string();
        assert!(svg.contains("viewBox=\"0 0 300 120\""), "{svg}");
        assert!(svg.contains("d=\"M0 0L300 120L0 120M150 60L150 60\""), "{svg}");
    }
}
