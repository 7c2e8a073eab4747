//! What became of it: approved, refused, undone, not known yet; and what is being settled at start-up.

use super::refund::{kind_key, kind_of};
use super::{Words, card_line, code_line, form, sentences, trouble};
use crate::attempt::Attempt;
use crate::context::Context;
use crate::screen::{Finished, PrintState, Recovering};
use codes::{Code, Retry, pay};
use maud::{Markup, html};
use pages::icon::Icon;
use pages::terminal::{MoneyTaken, Outcome, Tile, next_steps};
use pages::ui::{Button, Tone, notice};
use pages::wait::{Picture, Sound, elapsed};
use payment::{Method, RefundKind, StateName};
use receipt::Copy;

pub(super) fn result(w: Words, ctx: &Context, finished: &Finished) -> Markup {
    match finished.money() {
        codes::MoneyTaken::Yes => approved(w, ctx, finished),
        codes::MoneyTaken::No if finished.is_undone() => undone(w, finished),
        codes::MoneyTaken::No => refused(w, finished),
        codes::MoneyTaken::Unknown => unknown(w, ctx, &finished.attempt),
    }
}

fn interrupted(w: Words, finished: &Finished) -> Markup {
    html! {
        @if finished.interrupted {
            (notice(Tone::Info, &w.t("terminal-interrupted"), &html! { p { (w.t("terminal-interrupted-what")) } }))
        }
    }
}

/// What the printer does, and what to do about it.
pub(super) fn printing(w: Words, state: PrintState) -> Markup {
    match state {
        PrintState::Idle => html! {},
        PrintState::Printing(_) => html! {
            div.row { (Picture::Print) p role="status" { (w.t("terminal-printing")) } }
        },
        PrintState::Done(copy) => {
            let key = match copy {
                Copy::Customer => "terminal-printed-customer",
                Copy::Merchant => "terminal-printed-merchant",
            };
            notice(Tone::Ok, &w.t(key), &html! {})
        }
        PrintState::Failed(_, why) => trouble(w, Some(why)),
    }
}

/// The tiles of the receipt: paper for both, code, mail (M-027, M-051, M-053).
pub(super) fn receipt_tiles(w: Words, ctx: &Context, attempt: &Attempt, again: bool) -> Markup {
    let word = |key: &str| w.t(&format!("terminal-receipt-{key}"));
    let mark = |copy| if again || attempt.printed_before(copy) { word("again") } else { String::new() };
    let (customer, merchant, qr, mail) = (word("customer"), word("merchant"), word("qr"), word("mail"));
    let (customer_mark, merchant_mark) = (mark(Copy::Customer), mark(Copy::Merchant));
    let has_page = attempt.slip.as_ref().is_some_and(|slip| slip.link.is_some());
    html! {
        div.deliver {
            @if ctx.printer {
                (Tile::press(Icon::Printer, &customer, "press", "print-customer").aside(&customer_mark))
                (Tile::press(Icon::Receipt, &merchant, "press", "print-merchant").aside(&merchant_mark))
            }
            @if has_page { (Tile::press(Icon::Qr, &qr, "press", "qr")) }
            (Tile::press(Icon::Mail, &mail, "press", "open-mail"))
        }
    }
}

fn approved(w: Words, ctx: &Context, finished: &Finished) -> Markup {
    let attempt = &finished.attempt;
    if let Some(kind) = kind_of(attempt) {
        return given_back(w, ctx, finished, kind);
    }
    let approval = attempt.slip.as_ref().and_then(|slip| slip.approval_code.clone());
    let aside = match attempt.method {
        Method::Card => w.ta(
            "terminal-approved-aside",
            &[
                ("card", &card_line(attempt)),
                ("class", &w.class(attempt.class)),
                ("approval", approval.as_deref().unwrap_or("–")),
            ],
        ),
        Method::Code => {
            let number = attempt.code_paid.as_ref().and_then(|code| code.center_txn_id.as_deref());
            let args = [("card", card_line(attempt)), ("number", number.unwrap_or("–").to_owned())];
            w.ta("terminal-approved-code-aside", &args.each_ref().map(|(key, text)| (*key, text.as_str())))
        }
    };
    let title = w.t("terminal-approved-title");
    let delivered = attempt.prints.customer_done > 0 || finished.mailed;
    let next = w.t(if delivered { "terminal-approved-next" } else { "terminal-approved-next-without" });
    html! {
        (Sound::Ok.once(format!("{}-ok", attempt.id)))
        (interrupted(w, finished))
        // The clerk wanted to stop, and the customer had confirmed before.
        @if attempt.undo == Some(pay::CANCELLED) {
            (notice(Tone::Ask, &w.t("terminal-confirmed-before"), &html! { p { (w.t("terminal-confirmed-before-next")) } }))
        }
        // While it prints the copy is begun and not done, and after that the clerk has seen how it went.
        @if finished.interrupted && finished.printing == PrintState::Idle && attempt.print_broke_off() {
            (notice(Tone::Ask, &w.t("terminal-print-broke-off"), &html! { p { (w.t("terminal-print-broke-off-next")) } }))
        }
        (form("stack two-panes", "finish", &html! {
            (Outcome::new(w.tag(), Tone::Ok, &title).amount(attempt.amount).money(MoneyTaken::Yes).aside(&aside))
            div.stack {
                (printing(w, finished.printing))
                @if finished.mailed { (notice(Tone::Ok, &w.t("terminal-mailed"), &html! {})) }
                div.stack-s {
                    h2.screen-title { (w.t("terminal-receipt-title")) }
                    (receipt_tiles(w, ctx, attempt, false))
                }
                div.actions { (Button::primary(&next).large().name("press", "finish")) }
            }
        }))
    }
}

/// Something was given back: how much, and the cancel slip (M-059, R-046).
fn given_back(w: Words, ctx: &Context, finished: &Finished, kind: RefundKind) -> Markup {
    let attempt = &finished.attempt;
    let (title, aside) = (w.t(&kind_key(kind, "approved")), card_line(attempt));
    let (original, next) = (w.t("terminal-refund-original"), w.t("terminal-end"));
    html! {
        (Sound::Ok.once(format!("{}-ok", attempt.id)))
        (interrupted(w, finished))
        (form("stack two-panes", "finish", &html! {
            (Outcome::new(w.tag(), Tone::Ok, &title).amount(attempt.amount).money(MoneyTaken::Yes).gives_back(true).aside(&aside))
            div.stack {
                (printing(w, finished.printing))
                div.stack-s {
                    h2.screen-title { (w.t("terminal-refund-slip-title")) }
                    (receipt_tiles(w, ctx, attempt, false))
                }
                div.actions {
                    (Button::second(&original).name("press", "original"))
                    (Button::primary(&next).large().name("press", "finish"))
                }
            }
        }))
    }
}

/// The words of a code as a panel and steps.
fn refusal(
    w: Words,
    tone: Tone,
    attempt: &Attempt,
    code: Code,
    money: MoneyTaken,
    actions: &Markup,
) -> Markup {
    let text = i18n::code_text(w.0, code);
    let steps = sentences(&text.next);
    let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
    let line = code_line(w, code);
    // A refund that was refused: the reason in the code's words, the advice in those of giving back.
    if attempt.is_refund() && money == MoneyTaken::No && code != pay::DIFFERENT_CARD {
        let (title, what) =
            (w.t("terminal-refund-refused"), w.ta("terminal-refund-refused-what", &[("why", &text.title)]));
        let steps = sentences(&w.t("terminal-refund-refused-next"));
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        return html! {
            (Outcome::new(w.tag(), tone, &title).amount(attempt.amount).money(money).gives_back(true).aside(&what))
            div.stack {
                (next_steps(&steps, &line))
                (actions)
            }
        };
    }
    html! {
        (Outcome::new(w.tag(), tone, &text.title).amount(attempt.amount).money(money).gives_back(attempt.is_refund()).aside(&text.what))
        div.stack {
            (next_steps(&steps, &line))
            (actions)
        }
    }
}

fn refused(w: Words, finished: &Finished) -> Markup {
    let attempt = &finished.attempt;
    let code = attempt.code().unwrap_or(pay::CARD_REFUSED);
    let (again, other, end) = (w.t("terminal-again"), w.t("terminal-other"), w.t("terminal-end"));
    let original = w.t("terminal-refund-original");
    let actions = html! {
        div.actions {
            (Button::second(&end).name("press", "finish"))
            @if attempt.is_refund() {
                (Button::primary(&original).name("press", "original"))
            } @else { @match code.row().retry {
                Retry::Same => (Button::primary(&again).name("press", "again")),
                Retry::Different | Retry::Never | Retry::OnceSettled => (Button::primary(&other).name("press", "other-method")),
            } }
        }
    };
    html! {
        (Sound::Ng.once(format!("{}-ng", attempt.id)))
        (interrupted(w, finished))
        (form("stack two-panes", "finish", &refusal(w, Tone::Ng, attempt, code, MoneyTaken::No, &actions)))
    }
}

fn undone(w: Words, finished: &Finished) -> Markup {
    let attempt = &finished.attempt;
    if attempt.code().is_some() {
        return refused(w, finished);
    }
    let key = match (attempt.name(), attempt.is_refund()) {
        (_, true) => "terminal-refund-undone",
        (StateName::Released, false) => "terminal-released",
        _ if attempt.undo == Some(pay::CANCELLED) => "terminal-undone-by-clerk",
        // Nobody wanted it undone here: the customer's time ran out at the center.
        _ if attempt.waits_for_user => "terminal-not-confirmed",
        _ => "terminal-reversed",
    };
    let (title, what) = (w.t(key), w.t(&format!("{key}-what")));
    let steps = sentences(&w.t(&format!("{key}-next")));
    let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
    let (again, end) = (w.t("terminal-again"), w.t("terminal-end"));
    let original = w.t("terminal-refund-original");
    html! {
        (Sound::Ng.once(format!("{}-undone", attempt.id)))
        (interrupted(w, finished))
        (form("stack two-panes", "finish", &html! {
            (Outcome::new(w.tag(), Tone::Quiet, &title).amount(attempt.amount).money(MoneyTaken::No).gives_back(attempt.is_refund()).aside(&what))
            div.stack {
                (next_steps(&steps, ""))
                div.actions {
                    (Button::second(&end).name("press", "finish"))
                    @if attempt.is_refund() {
                        (Button::primary(&original).name("press", "original"))
                    } @else {
                        (Button::primary(&again).name("press", "again"))
                    }
                }
            }
        }))
    }
}

/// Nobody knows yet. The screen turns by itself as soon as somebody does.
fn unknown(w: Words, ctx: &Context, attempt: &Attempt) -> Markup {
    let code = attempt.code().unwrap_or(pay::NO_ANSWER);
    let (check, other, keep, yes) = (
        w.t("terminal-check-now"),
        w.t("terminal-another-customer"),
        w.t("terminal-another-customer-no"),
        w.t("terminal-another-customer-yes"),
    );
    let since = clock::tokyo_text(crate::context::instant(attempt.changed_at_us));
    let what = if attempt.is_refund() {
        "terminal-another-customer-refund"
    } else {
        "terminal-another-customer-what"
    };
    let question = html! {
        h2 { (w.t("terminal-another-customer-title")) }
        p { (w.t(what)) }
        (form("stack", "another-customer", &html! { (Button::danger(&yes).block()) }))
    };
    let actions = html! {
        p.dim role="status" { (elapsed(w.tag(), crate::context::instant(attempt.changed_at_us), &w.ta("terminal-unknown-since", &[("time", &since)]))) }
        div.actions { (Button::primary(&check).large().icon(Icon::Search)) }
    };
    // A doubt of any cause asks the same of the clerk: wait, hand nothing over, charge nothing twice.
    let code = if code.row().money == codes::MoneyTaken::Unknown { code } else { pay::UNCLEAR_ANSWER };
    let panel = if attempt.is_refund() {
        refund_unknown(w, attempt, code, &actions)
    } else {
        refusal(w, Tone::Ask, attempt, code, MoneyTaken::Unknown, &actions)
    };
    html! {
        (Sound::Unknown.once(format!("{}-unknown", attempt.id)))
        (stopped(w, ctx))
        (form("stack two-panes", "check-now", &panel))
        div.aside-action { (pages::ui::confirm(&Button::plain(&other), &question, &keep)) }
    }
}

/// Why the doubt does not end by itself: the center lets this terminal ask nothing. Whether money was taken is
/// not said here, since the code says it of a payment that never began.
fn stopped(w: Words, ctx: &Context) -> Markup {
    html! {
        @if let Some(code) = ctx.blocked {
            @let said = i18n::code_text(w.0, code);
            (notice(Tone::Ng, &said.title, &html! { p { (said.next) } }))
        }
    }
}

/// Nobody knows whether the customer has the money back: give no cash, begin no second refund.
fn refund_unknown(w: Words, attempt: &Attempt, code: Code, actions: &Markup) -> Markup {
    let (title, what) = (w.t("terminal-refund-unknown"), w.t("terminal-refund-unknown-what"));
    let steps = sentences(&w.t("terminal-refund-unknown-next"));
    let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
    html! {
        (Outcome::new(w.tag(), Tone::Ask, &title).amount(attempt.amount).money(MoneyTaken::Unknown).gives_back(true).aside(&what))
        div.stack {
            (next_steps(&steps, &code_line(w, code)))
            (actions)
        }
    }
}

pub(super) fn recovering(w: Words, screen: &Recovering) -> Markup {
    let (check, other, keep, yes) = (
        w.t("terminal-check-now"),
        w.t("terminal-another-customer"),
        w.t("terminal-another-customer-no"),
        w.t("terminal-another-customer-yes"),
    );
    let question = html! {
        h2 { (w.t("terminal-another-customer-title")) }
        p { (w.t("terminal-another-customer-what")) }
        (form("stack", "another-customer", &html! { (Button::danger(&yes).block()) }))
    };
    html! {
        div.stage {
            (Picture::Work)
            h1 tabindex="-1" { (w.t("terminal-recovering-title")) }
            p { (w.t("terminal-recovering-what")) }
        }
        ul.history {
            @for attempt in &screen.attempts {
                li { div {
                    span { (card_line(attempt)) @if let Some(kind) = kind_of(attempt) { " " (w.t(&kind_key(kind, "done"))) } } " "
                    span.yen { (attempt.amount.to_string()) } " "
                    span.sub { (elapsed(w.tag(), crate::context::instant(attempt.started_at_us), &clock::tokyo_text(crate::context::instant(attempt.started_at_us)))) }
                } }
            }
        }
        (form("", "check-now", &html! { div.actions { (Button::primary(&check).icon(Icon::Search)) } }))
        div.aside-action { (pages::ui::confirm(&Button::plain(&other), &question, &keep)) }
    }
}
