//! History, one payment with its receipt exactly as printed, look-up, mail, code.

use super::refund::{kind_key, kind_of, offered};
use super::result::{printing, receipt_tiles};
use super::{Words, card_line, code_line, form, trouble};
use crate::attempt::Attempt;
use crate::context::{Context, instant};
use crate::screen::{Delivery, Detail, History, Kind, Lookup, MailForm, MailState, Period};
use maud::{Markup, html};
use pages::icon::Icon;
use pages::list::{empty, key_values};
use pages::paper::{PaperLine, PaperWidth, paper};
use pages::terminal::{HistoryRow, history as rows};
use pages::ui::{Button, Field, Status, Tone, amount_small, chip, confirm, minus_yen, notice, select, yen};
use pages::wait::elapsed;
use payment::{Icon as Sign, Method, StateName, label, public_id};
use receipt::{Copy, Document, Printing, Row, SlipFacts, Strokes};

/// The status of a payment in the manuals' words, and its sign.
fn status(w: Words, ctx: &Context, attempt: &Attempt, now_us: i64) -> (Status, String) {
    let day = |at_us| clock::business_date(instant(at_us));
    let same_day = day(attempt.started_at_us) == day(now_us);
    let shown = if attempt.is_open() { StateName::InDoubt } else { attempt.name() };
    if shown == StateName::Approved {
        // What was given back, and what gives back, is a fact beside the state (model 3.3).
        if let Some(kind) = kind_of(attempt) {
            return (Status::Voided, w.t(&kind_key(kind, "done")));
        }
        if attempt.given_back == attempt.amount {
            return (Status::Voided, w.t("terminal-status-given-back"));
        }
        if !attempt.given_back.is_zero() {
            return (Status::Voided, w.t("terminal-status-partly-back"));
        }
    }
    let label = label(ctx.policy().status_profile, shown, same_day);
    let status = match label.icon {
        Sign::Check => Status::Sale,
        Sign::Return => Status::Voided,
        Sign::Cross => Status::Failed,
        Sign::Clock => Status::Authorized,
        Sign::Slash => Status::Released,
        Sign::Question | Sign::Dots => Status::InDoubt,
    };
    (status, w.t(label.key))
}

pub(super) fn history(w: Words, ctx: &Context, screen: &History, now_us: i64) -> Markup {
    let filter = &screen.filter;
    let periods: Vec<(&str, String)> =
        Period::ALL.iter().map(|p| (p.word(), w.t(&format!("terminal-history-{}", p.word())))).collect();
    let kinds: Vec<(&str, String)> =
        Kind::ALL.iter().map(|k| (k.word(), w.t(&format!("terminal-history-kind-{}", k.word())))).collect();
    let (period, kind, amount, go) = (
        w.t("terminal-history-period"),
        w.t("terminal-history-kind"),
        w.t("terminal-history-amount"),
        w.t("terminal-history-go"),
    );
    let typed = filter.amount.map(money::Yen::grouped).unwrap_or_default();
    html! {
        h1 tabindex="-1" { (w.t("terminal-history-title")) }
        (form("row filters", "history", &html! {
            (select("period", &period, &pairs(&periods), filter.period.word()))
            (select("kind", &kind, &pairs(&kinds), filter.kind.word()))
            (Field::text("amount", &amount).value(&typed).inputmode("numeric").max_chars(15))
            (Button::second(&go).icon(Icon::Search).small())
        }))
        @match &screen.rows {
            None => p role="status" { (w.t("terminal-history-loading")) },
            Some(found) if found.is_empty() => (empty(Icon::Receipt, &w.t("terminal-history-empty"), &html! { p { (w.t("terminal-history-empty-next")) } })),
            Some(found) => (list(w, ctx, found, now_us)),
        }
    }
}

/// How it was paid, and that it goes back.
fn how(w: Words, attempt: &Attempt) -> String {
    if attempt.card.is_none() && attempt.code_paid.is_none() {
        let none = match attempt.method {
            Method::Card => "terminal-history-no-card",
            Method::Code => "terminal-history-no-code",
        };
        return w.t(none);
    }
    card_line(attempt)
}

fn pairs<'a>(options: &'a [(&'a str, String)]) -> Vec<(&'a str, &'a str)> {
    options.iter().map(|(value, text)| (*value, text.as_str())).collect()
}

fn list(w: Words, ctx: &Context, found: &[Attempt], now_us: i64) -> Markup {
    let texts: Vec<(String, String, String, (Status, String))> = found
        .iter()
        .map(|attempt| {
            (
                format!("/go/payment/{}", attempt.id),
                clock::tokyo_text(instant(attempt.started_at_us)),
                how(w, attempt),
                status(w, ctx, attempt, now_us),
            )
        })
        .collect();
    let shown: Vec<HistoryRow<'_>> = found
        .iter()
        .zip(&texts)
        .map(|(attempt, (href, when, how, (status, word)))| HistoryRow {
            href,
            when,
            how,
            amount: attempt.amount,
            gives_back: attempt.is_refund(),
            status: *status,
            word,
        })
        .collect();
    rows(&shown)
}

pub(super) fn detail(w: Words, ctx: &Context, screen: &Detail, now_us: i64) -> Markup {
    let attempt = &screen.attempt;
    let (status, word) = status(w, ctx, attempt, now_us);
    let (back, check, sign) = (w.t("terminal-back"), w.t("terminal-check-now"), w.t("terminal-detail-sign"));
    let policy = ctx.policy();
    html! {
        div.row.spread {
            h1 tabindex="-1" { (w.t("terminal-detail-title")) }
            (chip(status, &word))
        }
        div.stack.two-panes {
            (form("stack", "back", &html! {
                (printing(w, screen.printing))
                (facts(w, attempt))
                @if let Some(code) = attempt.code() {
                    @let text = i18n::code_text(w.0, code);
                    (notice(Tone::Ask, &text.title, &html! { p { (text.what) " " (text.next) } p.error-code { (code_line(w, code)) } }))
                }
                @if attempt.is_open() {
                    p.dim { (elapsed(w.tag(), instant(attempt.changed_at_us), &since(w, attempt))) }
                }
                (offered(w, attempt, &screen.offer))
                @if attempt.name() == StateName::Approved {
                    h2 { (w.t("terminal-detail-again")) }
                    (receipt_tiles(w, ctx, attempt, true))
                }
                div.actions {
                    (Button::second(&back).icon(Icon::Previous).name("press", "back"))
                    @if attempt.is_open() { (Button::primary(&check).name("press", "check-now")) }
                    @if attempt.wants_signature() { (Button::primary(&sign).icon(Icon::Sign).name("press", "resume")) }
                }
            }))
            @if attempt.wants_signature() { (release(w)) }
            @if let Some(slip) = &attempt.slip {
                (preview(w, &receipt::document(slip, &policy.receipt, Copy::Customer, Printing::Again), slip))
            }
        }
    }
}

/// Since when it has been open, as text.
fn since(w: Words, attempt: &Attempt) -> String {
    w.ta("terminal-since", &[("time", &clock::tokyo_text(instant(attempt.changed_at_us)))])
}

/// An authorization that nobody will sign for is given back.
fn release(w: Words) -> Markup {
    let (open, yes, no) =
        (w.t("terminal-sign-give-back"), w.t("terminal-sign-give-back-yes"), w.t("terminal-back"));
    let question = html! {
        h2 { (w.t("terminal-sign-give-back-title")) }
        p { (w.t("terminal-sign-give-back-what")) }
        (form("stack", "give-back", &html! { (Button::danger(&yes).block()) }))
    };
    html! { div.aside-action { (confirm(&Button::plain(&open), &question, &no)) } }
}

fn facts(w: Words, attempt: &Attempt) -> Markup {
    let t = |name: &str| w.t(&format!("terminal-detail-{name}"));
    let slip = attempt.slip.as_deref();
    let when = html! { (clock::tokyo_text(instant(attempt.started_at_us))) };
    let mut lines = vec![(w.t("terminal-amount"), yen(attempt.amount)), (t("time"), when)];
    match attempt.method {
        Method::Card => {
            lines.push((t("card"), html! { (card_line(attempt)) }));
            lines.push((t("class"), html! { (w.class(attempt.class)) }));
        }
        Method::Code => lines.push((t("code"), html! { (card_line(attempt)) })),
    }
    if !attempt.given_back.is_zero() {
        lines.push((t("given-back"), minus_yen(attempt.given_back)));
    }
    if let Some(code) = slip.and_then(|slip| slip.approval_code.as_deref()) {
        lines.push((t("approval"), html! { (code) }));
    }
    // M-044: what the customer's own app shows.
    if let Some(number) = attempt.code_paid.as_ref().and_then(|code| code.center_txn_id.as_deref()) {
        lines.push((t("center-id"), html! { code { (number) } }));
    }
    let public_id = slip.map_or_else(|| public_id(attempt.id), |slip| slip.public_id.clone());
    lines.push((t("public-id"), html! { code { (public_id) } }));
    lines.push((t("slip"), html! { (format!("{:04}", attempt.slip_no)) }));
    if let Some(clerk) = &attempt.operator {
        lines.push((t("operator"), html! { (clerk.name) }));
    }
    if let Some(text) = &attempt.note {
        lines.push((t(if attempt.is_refund() { "reason" } else { "note" }), html! { (text) }));
    }
    let lines: Vec<(&str, Markup)> =
        lines.iter().map(|(label, value)| (label.as_str(), value.clone())).collect();
    key_values(&lines)
}

/// The slip exactly as printed (spec screens 4).
fn preview(w: Words, document: &Document, slip: &SlipFacts) -> Markup {
    let rows = document.rows();
    let signature = w.t("terminal-signature");
    let lines: Vec<PaperLine<'_>> = rows
        .iter()
        .map(|row| match row {
            Row::Text { text, large: true, .. } => PaperLine::Big(text),
            Row::Text { text, bold: true, .. } => PaperLine::Bold(text),
            Row::Text { text, .. } => PaperLine::Text(text),
            Row::Qr(code) => PaperLine::Qr(code),
            Row::Signature(strokes) => PaperLine::Picture(signed(&signature, strokes)),
        })
        .collect();
    let width = match document.width {
        48 => PaperWidth::Cells48,
        42 => PaperWidth::Cells42,
        _ => PaperWidth::Cells32,
    };
    html! { section aria-label=(slip.public_id) { (paper(w.tag(), width, &lines)) } }
}

fn signed(label: &str, strokes: &Strokes) -> Markup {
    let point = |&(x, y): &(i32, i32)| (u16::try_from(x).unwrap_or(0), u16::try_from(y).unwrap_or(0));
    let strokes: Vec<Vec<(u16, u16)>> =
        strokes.0.iter().map(|stroke| stroke.iter().map(point).collect()).collect();
    pages::paper::signature(label, 1000, 400, &strokes)
}

pub(super) fn lookup(w: Words, screen: &Lookup) -> Markup {
    let (label, hint, go, back) = (
        w.t("terminal-lookup-code"),
        w.t("terminal-lookup-hint"),
        w.t("terminal-lookup-go"),
        w.t("terminal-back"),
    );
    let mut find = Button::primary(&go).icon(Icon::Search).large();
    if screen.busy {
        find = find.disabled();
    }
    html! {
        h1 tabindex="-1" { (w.t("terminal-lookup-title")) }
        (trouble(w, screen.trouble))
        (form("stack", "find", &html! {
            (Field::text("code", &label).value(&screen.typed).hint(&hint).max_chars(300).autofocus())
            div.actions {
                (Button::second(&back).icon(Icon::Previous).name("press", "back"))
                (find)
            }
        }))
    }
}

pub(super) fn mail(w: Words, screen: &MailForm) -> Markup {
    let (label, due, go, back) =
        (w.t("terminal-mail-address"), w.t("terminal-amount"), w.t("terminal-mail-go"), w.t("terminal-back"));
    let (sending, sent) = (screen.state == MailState::Sending, screen.state == MailState::Sent);
    let why = match screen.state {
        MailState::Editing(why) => why,
        MailState::Sending | MailState::Sent => None,
    };
    let mut send = Button::primary(&go).icon(Icon::Mail);
    if sending {
        send = send.disabled();
    }
    html! {
        h1 tabindex="-1" { (w.t("terminal-mail-title")) }
        (amount_small(&due, screen.delivery.attempt.amount))
        @if sent {
            (notice(Tone::Ok, &w.t("terminal-mailed"), &html! { p { (screen.address) } }))
            (form("", "back", &html! { div.actions { (Button::primary(&back).name("press", "back")) } }))
        } @else {
            (trouble(w, why))
            (form("stack", "mail", &html! {
                (Field::text("address", &label).kind("email").inputmode("email").value(&screen.address).max_chars(254).autofocus())
                p.dim { (w.t("terminal-mail-how")) }
                div.actions { (send) }
            }))
            (form("", "back", &html! { div.actions { (Button::second(&back).icon(Icon::Previous).name("press", "back")) } }))
        }
    }
}

pub(super) fn qr(w: Words, shown: &Delivery) -> Markup {
    let (due, label, back) = (w.t("terminal-amount"), w.t("terminal-qr-label"), w.t("terminal-back"));
    let link = shown.attempt.slip.as_ref().and_then(|slip| slip.link.clone()).unwrap_or_default();
    html! {
        (amount_small(&due, shown.attempt.amount))
        div.stage {
            h1 tabindex="-1" { (w.t("terminal-qr-title")) }
            (pages::paper::qr(&label, &link))
            p.dim { (link) }
        }
        (form("", "back", &html! { div.actions { (Button::primary(&back).name("press", "back")) } }))
    }
}
