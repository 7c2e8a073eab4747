//! A payment's network messages, masked, field by field; chip data by tag.

use super::words::time_ms;
use crate::networks::answer_codes::{Verdict, verdict};
use crate::networks::code_http::Reply;
use crate::row::{Wire, WireKind};
use emv::tag::Tag;
use emv::{describe, dictionary, tlv};
use i18n::{Lang, code_text, t, ta};
use iso8583::{Message, Spec};
use maud::{Markup, html};
use money::Yen;

/// The fields that have a name in the catalogue; any other is shown with its name in the standard.
const NAMED: [u8; 24] =
    [2, 3, 4, 7, 11, 12, 13, 14, 18, 22, 23, 25, 37, 38, 39, 41, 42, 48, 49, 52, 55, 63, 70, 90];

/// A stored message; `None` for what is not one.
pub(crate) fn read(bytes: Option<&[u8]>) -> Option<Message> {
    Message::decode(&Spec::BINARY, bytes.filter(|bytes| !bytes.is_empty())?).ok()
}

/// What an answer code says: the catalogue's word for a yes, the title of our code for a no.
pub(crate) fn answer_word(lang: Lang, code: &str) -> String {
    match verdict(code) {
        Verdict::Approved => t(lang, "payments-answer-approved"),
        Verdict::Declined(code) | Verdict::Failed(code) => code_text(lang, code).title,
        Verdict::Unknown => t(lang, "payments-answer-unknown"),
    }
}

/// Why a reversal was sent (docs/networks/card-iso8583.md).
fn reason_word(lang: Lang, code: &str) -> Option<String> {
    let key = match code {
        "68" => "payments-reason-no-answer",
        "22" => "payments-reason-unclear",
        "17" => "payments-reason-given-back",
        _ => return None,
    };
    Some(t(lang, key))
}

/// The value of a chip tag in a message, in hexadecimal digits.
pub(crate) fn chip_value(message: &Message, tag: Tag) -> Option<String> {
    let objects = tlv::parse(message.bytes(55)?).ok()?;
    tlv::find_bytes(&objects, tag).map(|bytes| describe::masked_value(tag, bytes))
}

/// The messages of a payment, oldest first, each folded away until it is wanted.
pub(crate) fn messages(lang: Lang, wires: &[Wire]) -> Markup {
    html! {
        div.messages {
            @for wire in wires {
                (one(lang, wire, "request", Some(&wire.request), Some(wire.asked_us)))
                (one(lang, wire, "answer", wire.answer.as_deref(), wire.answered_us))
            }
        }
    }
}

fn one(lang: Lang, wire: &Wire, side: &str, bytes: Option<&[u8]>, at_us: Option<i64>) -> Markup {
    let bytes = bytes.unwrap_or_default();
    let (mti, body) = match read(Some(bytes)) {
        Some(message) => (message.mti().to_string(), fields(lang, &message)),
        None => match brands_message(bytes) {
            Some((head, text)) => (head, html! { pre.wraps lang="en" { (text) } }),
            None => return html! {},
        },
    };
    let id = format!("wire-{}-{}-{side}", wire.kind.word(), wire.tries);
    let key = match (side, wire.kind) {
        ("request", WireKind::Request) => "payments-wire-request",
        ("request", WireKind::Completion) => "payments-wire-completion",
        ("request", WireKind::Reversal) => "payments-wire-reversal",
        ("request", WireKind::Inquiry) => "payments-wire-inquiry",
        _ => "payments-wire-answer",
    };
    html! {
        // Left alone by a redraw, so that what was opened stays open.
        details id=(id) hx-morph-skip {
            summary {
                span.mti { (mti) }
                span.grow { (t(lang, key)) }
                @if let Some(at_us) = at_us { span.sub.mono { (time_ms(at_us)) } }
            }
            (body)
        }
    }
}

/// A request to a code brand or its answer: the verb or the HTTP status, and the text without what pays.
fn brands_message(bytes: &[u8]) -> Option<(String, String)> {
    let pretty = |value: &serde_json::Value| serde_json::to_string_pretty(value).unwrap_or_default();
    if let Some(reply) = Reply::from_rest(bytes) {
        return Some((reply.status.to_string(), format!("{}\n{}", reply.code, pretty(&reply.data))));
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let (verb, rest) = text.split_once(' ')?;
    let (path, body) = rest.split_once(' ').unwrap_or((rest, ""));
    let body = serde_json::from_str(body).ok().filter(|body: &serde_json::Value| !body.is_null());
    let text = body.map_or_else(|| path.to_owned(), |body| format!("{path}\n{}", pretty(&body)));
    Some((verb.to_owned(), text))
}

/// A message as a table of its fields.
fn fields(lang: Lang, message: &Message) -> Markup {
    let description = message.describe();
    let label = ta(lang, "payments-fields-of", &[("mti", &message.mti().to_string())]);
    html! {
        div.table-scroll role="region" tabindex="0" aria-label=(label) {
            table.fields {
                caption.sr-only { (label) }
                thead { tr {
                    th scope="col" { (t(lang, "payments-field-number")) }
                    th scope="col" { (t(lang, "payments-field-name")) }
                    th scope="col" { (t(lang, "payments-field-value")) }
                } }
                tbody {
                    @for line in &description.lines {
                        tr {
                            th.mono scope="row" { (line.field) }
                            td { (name(lang, line.field, line.name)) }
                            td { @if line.field == 55 { (chip(message)) } @else {
                                span.mono { (line.shown) }
                                @if let Some(meaning) = meaning(lang, &description.mti.to_string(), line.field, &line.shown) { span.sub { (meaning) } }
                            } }
                        }
                    }
                }
            }
        }
    }
}

fn name(lang: Lang, field: u8, standard: &str) -> String {
    if NAMED.contains(&field) { t(lang, &format!("payments-de-{field}")) } else { standard.to_owned() }
}

/// What a coded value means. DE 39 is a reason in a reversal, and an acknowledgement in its answer.
fn meaning(lang: Lang, mti: &str, field: u8, shown: &str) -> Option<String> {
    match field {
        39 if mti == "0420" || mti == "0421" => reason_word(lang, shown),
        39 if shown == "00" && (mti == "0230" || mti == "0430") => Some(t(lang, "payments-answer-accepted")),
        4 => shown.parse().ok().and_then(|yen| Yen::new(yen).ok()).map(|yen| format!("¥{}", yen.grouped())),
        39 => Some(answer_word(lang, shown)),
        49 if shown == "392" => Some("JPY".to_owned()),
        _ => None,
    }
}

/// DE 55 by tag (EMV Book 3, annex A), with the names of the standard.
fn chip(message: &Message) -> Markup {
    let objects = message.bytes(55).and_then(|bytes| tlv::parse(bytes).ok()).unwrap_or_default();
    html! {
        dl.tags {
            @for object in &objects {
                div {
                    dt { span.mono { (object.tag) } " " span.sub { (dictionary::lookup(object.tag).map_or("", |row| row.name)) } }
                    dd.mono { (describe::masked_value(object.tag, object.primitive().unwrap_or_default())) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use iso8583::Mti;

    #[test]
    fn every_named_field_has_its_texts() {
        for lang in Lang::ALL {
            for field in NAMED {
                assert_ne!(name(lang, field, "no text"), "no text");
                assert!(!name(lang, field, "").contains("payments-de"), "{lang:?} {field}");
            }
        }
    }

    #[test]
    fn a_message_shows_nothing_that_opens_a_card() {
        let mut message = Message::new(Mti::FINANCIAL_REQUEST);
        message.set(2, "4111111111111111").unwrap();
        message.set(35, "4111111111111111=30122011234567").unwrap();
        message.set_number(4, 880).unwrap();
        message.set_bytes(52, &[0xAB; 8]).unwrap();
        let chip = "9F260811223344556677885A084111111111111111570841111111111111119F360200019F1F04DEADBEEF";
        message.set_bytes(55, &hex::decode(chip).unwrap()).unwrap();
        let html = fields(Lang::Ja, &message).into_string();
        assert!(html.contains("¥880") && html.contains("1122334455667788"), "{html}");
        for secret in ["4111111111111111", "ABABAB", "301220112", "DEADBEEF"] {
            assert!(!html.contains(secret), "{secret} in {html}");
        }
    }

    #[test]
    fn a_brands_messages_are_shown_as_text() {
        let (head, text) = brands_message(br#"POST /v2/payments {"amount":{"amount":880}}"#).unwrap();
        assert!(head == "POST" && text.starts_with("/v2/payments\n{") && text.contains("880"), "{text}");
        assert_eq!(brands_message(b"GET /v2/codes/payments/1").unwrap().1, "/v2/codes/payments/1");
        let answer = br#"{"status":200,"code":"SUCCESS","data":{"status":"CREATED"}}"#;
        let (head, text) = brands_message(answer).unwrap();
        assert!(head == "200" && text.starts_with("SUCCESS\n{"), "{text}");
        assert_eq!(brands_message(&[0x02, 0x10]), None);
    }

    #[test]
    fn the_code_of_a_reversal_is_a_reason_and_no_refusal() {
        assert_eq!(meaning(Lang::En, "0420", 39, "68").unwrap(), "no answer in time");
        assert_eq!(meaning(Lang::En, "0430", 39, "00").unwrap(), "acknowledged");
        assert_eq!(meaning(Lang::En, "0210", 39, "00").unwrap(), "Approved");
    }

    #[test]
    fn an_unknown_answer_code_is_never_called_a_refusal() {
        assert_eq!(answer_word(Lang::Ja, "00"), "承認");
        assert_eq!(answer_word(Lang::En, "ZZ"), "Not in the table: result unknown");
    }
}
