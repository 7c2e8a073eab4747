//! History, one payment with its receipt exactly as printed, look-up, mail, code.

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
use pages::ui::{Button, Field, Status, Tone, amount_small, chip, notice, select, yen};
use payment::{Icon as Sign, StateName, label, public_id};
use receipt::{Copy, Document, Printing, Row, SlipFacts, Strokes};

/// The status of a payment in the manuals' words, and its sign.
fn status(w: Words, ctx: &Context, attempt: &Attempt, now_us: i64) -> (Status, String) {
    let day = |at_us| clock::business_date(instant(at_us));
    let same_day = day(attempt.started_at_us) == day(now_us);
    let shown = if attempt.is_open() { StateName::InDoubt } else { attempt.name() };
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
                attempt.card.as_ref().map_or_else(|| w.t("terminal-history-no-card"), |_| card_line(attempt)),
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
            @if let Some(slip) = &attempt.slip {
                (preview(w, &receipt::document(slip, &policy.receipt, Copy::Customer, Printing::Again), slip))
            }
        }
    }
}

fn facts(w: Words, attempt: &Attempt) -> Markup {
    let labels = ["amount", "time", "card", "class", "approval", "public-id", "slip", "operator", "note"]
        .map(|name| w.t(&format!("terminal-detail-{name}")));
    let [amount, time, card, class, approval, public, slip_no, operator, note] = &labels;
    let slip = attempt.slip.as_deref();
    let mut lines = vec![
        (amount.as_str(), yen(attempt.amount)),
        (time, html! { (clock::tokyo_text(instant(attempt.started_at_us))) }),
        (card, html! { (card_line(attempt)) }),
        (class, html! { (w.class(attempt.class)) }),
    ];
    if let Some(code) = slip.and_then(|slip| slip.approval_code.as_deref()) {
        lines.push((approval, html! { (code) }));
    }
    lines.push((public, html! { code { (public_id(attempt.id)) } }));
    lines.push((slip_no, html! { (format!("{:04}", attempt.slip_no)) }));
    if let Some(clerk) = &attempt.operator {
        lines.push((operator, html! { (clerk.name) }));
    }
    if let Some(text) = &attempt.note {
        lines.push((note, html! { (text) }));
    }
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
        (w.t("terminal-mail-address"), w.t("terminal-due"), w.t("terminal-mail-go"), w.t("terminal-back"));
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
    let (due, label, back) = (w.t("terminal-due"), w.t("terminal-qr-label"), w.t("terminal-back"));
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
