//! The text part (M-063, M-069): thanks with the shop's name, what follows, the block, a closing line.

use super::{Letter, words};
use i18n::ta;
use payment::{Method, PaymentClass};
use receipt::{Copy, Printing};
use std::fmt::Write as _;

/// The text.
pub(crate) fn text(letter: &Letter<'_>) -> String {
    let mut text = String::new();
    for paragraph in [opening(letter), block(letter), closing(letter)] {
        if !text.is_empty() {
            text.push('\n');
        }
        for line in paragraph {
            let _ = writeln!(text, "{line}");
        }
    }
    text
}

pub(super) fn opening(letter: &Letter<'_>) -> Vec<String> {
    let shop = words::one_line(&letter.sale.facts.merchant.name);
    let (thanks, announce) = match letter.copy {
        Copy::Customer => ("mail-thanks", "mail-announce"),
        Copy::Merchant => ("mail-merchant-opening", "mail-merchant-announce"),
    };
    let mut lines = vec![ta(letter.lang, thanks, &[("shop", &shop)])];
    if letter.printing == Printing::Again {
        lines.push(letter.t("mail-again"));
    }
    lines.push(letter.t(announce));
    lines
}

/// M-063: transaction ID, date and time, type, method with arrangement, order info, amount.
fn block(letter: &Letter<'_>) -> Vec<String> {
    let facts = &letter.sale.facts;
    let line = |key: &str, value: &str| ta(letter.lang, key, &[("value", value)]);
    let note = facts.note.as_deref().map(words::one_line).filter(|note| !note.is_empty());
    let mut lines = vec![
        line("mail-line-id", &facts.public_id),
        line("mail-line-date", &letter.date()),
        line("mail-line-type", &letter.t("mail-type-sale")),
        line("mail-line-method", &method(letter)),
        line("mail-line-order", &facts.order_code),
    ];
    lines.extend(note.map(|note| line("mail-line-note", &note)));
    lines.push(line("mail-line-amount", &facts.amount.to_string()));
    lines
}

/// M-069: the arrangement stands in brackets behind the method.
fn method(letter: &Letter<'_>) -> String {
    let facts = &letter.sale.facts;
    match (facts.method, facts.class) {
        (Method::Code, _) => {
            let brand = facts.brand().map_or("", payment::Brand::name);
            ta(letter.lang, "mail-method-code", &[("brand", brand)])
        }
        (Method::Card, PaymentClass::Lump) => letter.t("mail-method-card-lump"),
        (Method::Card, PaymentClass::Installments(count)) => {
            ta(letter.lang, "mail-method-card-installments", &[("count", &count.to_string())])
        }
        (Method::Card, PaymentClass::Revolving) => letter.t("mail-method-card-revolving"),
        (Method::Card, PaymentClass::BonusLump) => letter.t("mail-method-card-bonus"),
    }
}

fn closing(letter: &Letter<'_>) -> Vec<String> {
    let facts = &letter.sale.facts;
    let mut lines = Vec::new();
    match letter.copy {
        Copy::Customer => {
            if let Some(link) = facts.link.as_deref().and_then(words::link) {
                lines.push(ta(letter.lang, "mail-link", &[("until", &letter.until())]));
                lines.push(link.to_owned());
                lines.push(String::new());
            }
            lines.push(letter.t("mail-closing"));
            lines.push(String::new());
            lines.push(words::one_line(&facts.merchant.name));
            lines.push(ta(letter.lang, "mail-phone", &[("phone", &words::one_line(&facts.merchant.phone))]));
        }
        Copy::Merchant => lines.push(letter.t("mail-merchant-closing")),
    }
    lines.push(String::new());
    lines.push(letter.t("mail-send-only"));
    lines
}
