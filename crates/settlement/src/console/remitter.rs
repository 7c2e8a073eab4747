//! `/settlement/remitter`: the account that companies are paid from, and how its bank wants files. As a
//! payee's account it is used when a second person has typed the number once more.

use super::dated::{Parts, body, history};
use super::document::masked;
use super::remitter_form::{Typed, account_kind, form, layout_rows};
use super::words::{date, entered, person};
use super::{Console, answered};
use crate::limits;
use crate::rows::dated::Entry;
use crate::rows::remitter::{self as stored, Remitter};
use axum::extract::{Form, State};
use axum::response::Response;
use center_base::{Caller, Refusal};
use i18n::{Lang, t, ta};
use maud::{Markup, html};
use pages::icon::Icon;
use pages::list::{empty, key_values};
use pages::ui::{Button, Tone, confirm, notice};
use store::Tx;

/// The page's path.
pub(super) const PATH: &str = "/settlement/remitter";

/// `GET /settlement/remitter`.
pub(super) async fn page(State(console): State<Console>, caller: Caller) -> Result<Markup, Refusal> {
    draw(&console, &caller, None, None).await
}

async fn draw(
    console: &Console,
    caller: &Caller,
    typed: Option<&Typed>,
    wrong: Option<&Refusal>,
) -> Result<Markup, Refusal> {
    let (tenant, today) = (console.base.tenant, console.base.clock.today());
    let (entry, waiting, entries) = console
        .base
        .read(move |tx| {
            Ok((
                stored::in_force(tx, tenant, today)?,
                stored::waiting(tx, tenant)?,
                stored::entries(tx, tenant, limits::ENTRIES_LISTED)?,
            ))
        })
        .await?;
    let lang = caller.lang;
    let known = entry.as_ref().map(|entry| Typed::of(&entry.body)).unwrap_or_default();
    let known = known.from(today);
    let parts = Parts {
        waits: waiting.as_ref().map(|entry| self::waiting(lang, entry, &caller.actor.label())),
        now: &in_force(lang, entry.as_ref()),
        history: &history(lang, &entries, today, |remitter| short(lang, remitter)),
        form: &form(lang, typed.unwrap_or(&known), wrong),
    };
    let body = body(lang, today, "remitter", wrong, &parts);
    console.page(caller, (PATH, PATH), &t(lang, "settlement-remitter"), &body).await
}

/// `POST /settlement/remitter`: an account that waits for a second person.
pub(super) async fn propose(
    State(console): State<Console>,
    caller: Caller,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    let done = match typed.read() {
        Ok((from, remitter)) => {
            let who = caller.actor.label();
            let propose = move |tx: &mut Tx<'_>| stored::propose_remitter(tx, &who, &remitter, from);
            console.base.write(propose).await
        }
        Err(refusal) => Err(refusal),
    };
    // The number is not shown again, also when it was refused: it is typed anew.
    answer(&console, &caller, Some(&typed.without_number()), done).await
}

/// `POST /settlement/remitter/confirm`: the second person types the number from the papers.
pub(super) async fn confirm_it(
    State(console): State<Console>,
    caller: Caller,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    let (who, number) = (caller.actor.label(), typed.number());
    let confirm = move |tx: &mut Tx<'_>| stored::confirm_remitter(tx, &who, &number);
    let done = console.base.write(confirm).await;
    answer(&console, &caller, None, done).await
}

/// `POST /settlement/remitter/withdraw`.
pub(super) async fn withdraw(State(console): State<Console>, caller: Caller) -> Result<Response, Refusal> {
    let who = caller.actor.label();
    let done = console.base.write(move |tx: &mut Tx<'_>| stored::withdraw_remitter(tx, &who)).await;
    answer(&console, &caller, None, done).await
}

async fn answer(
    console: &Console,
    caller: &Caller,
    typed: Option<&Typed>,
    done: Result<(), Refusal>,
) -> Result<Response, Refusal> {
    if done.is_ok() {
        console.base.refresh().await?;
    }
    let to = done.map(|()| PATH.to_owned());
    answered(to, async |wrong| draw(console, caller, typed, Some(wrong)).await).await
}

/// Bank and branch with their names where they were entered.
fn account_rows(lang: Lang, remitter: &Remitter) -> Vec<(String, Markup)> {
    let text = |key: &str| t(lang, &format!("settlement-{key}"));
    let place = |code: &str, name: &str| html! { span.mono { (code) } " " (name) };
    vec![
        (text("remitter-requester"), html! { span.mono { (remitter.requester) } }),
        (text("remitter-name"), html! { (remitter.name) }),
        (text("bank"), place(&remitter.bank, &remitter.bank_name)),
        (text("branch"), place(&remitter.branch, &remitter.branch_name)),
        (text("account-kind"), html! { (account_kind(lang, &remitter.kind)) }),
        (text("account"), html! { span.mono { (masked(&remitter.account)) } }),
    ]
}

/// What bank files begin with today.
fn in_force(lang: Lang, entry: Option<&Entry<Remitter>>) -> Markup {
    let Some(entry) = entry else {
        let next = html! { (t(lang, "settlement-remitter-none-next")) };
        return empty(Icon::Question, &t(lang, "settlement-remitter-none"), &next);
    };
    html! {
        (key_values(&account_rows(lang, &entry.body)))
        p.sub { (t(lang, "settlement-account-masked")) }
        h3 { (t(lang, "settlement-remitter-layout")) }
        (key_values(&layout_rows(lang, &entry.body.layout)))
        p.sub { (entered(lang, &entry.entered_by, entry.entered_us)) }
    }
}

/// An entry in the list.
fn short(lang: Lang, remitter: &Remitter) -> Markup {
    html! {
        span.mono { (remitter.bank) "-" (remitter.branch) " " (masked(&remitter.account)) }
        span.sub { (account_kind(lang, &remitter.kind)) " " (remitter.name) }
        span.sub { (t(lang, "settlement-remitter-requester")) " " (remitter.requester) }
    }
}

/// An account that waits for a second person.
fn waiting(lang: Lang, entry: &Entry<Remitter>, who: &str) -> Markup {
    let text = |key: &str| t(lang, &format!("settlement-{key}"));
    let is_own = entry.entered_by == who;
    let [open, question, about, number, hint, yes, leave] = [
        "confirm",
        "remitter-question",
        "remitter-question-about",
        "account-again",
        "remitter-again-hint",
        "confirm-yes",
        "leave",
    ]
    .map(text);
    let [withdraw, withdraw_question] = ["terms-withdraw", "remitter-withdraw-question"].map(text);
    let by = ta(lang, "settlement-account-entered-by", &[("who", &person(lang, &entry.entered_by))]);
    let starts =
        ta(lang, "settlement-remitter-starts", &[("day", &acquiring::console::day(lang, entry.valid_from))]);
    let mut all = account_rows(lang, &entry.body);
    all.push((text("from-day"), date(lang, entry.valid_from)));
    all.extend(layout_rows(lang, &entry.body.layout));
    notice(
        Tone::Ask,
        &text("remitter-waits"),
        &html! {
            p { (by) " " (starts) }
            (key_values(&all))
            @if is_own { p { (text("confirm-other")) } }
            div.row {
                @if !is_own {
                    (confirm(&Button::primary(&open).icon(Icon::Check), &html! {
                        h2 { (question) }
                        p { (about) }
                        (pages::ui::form("stack", &format!("{PATH}/confirm"), &html! {
                            div.field {
                                label for="account-again" { (number) }
                                input.input #account-again name="account" type="text" inputmode="numeric" autocomplete="off"
                                    maxlength="16" required aria-describedby="account-again-hint";
                                p.hint #account-again-hint { (hint) }
                            }
                            (Button::primary(&yes).icon(Icon::Check).block())
                        }))
                    }, &leave))
                }
                (confirm(&Button::danger(&withdraw).icon(Icon::Undo), &html! {
                    h2 { (withdraw_question) }
                    (pages::ui::form("", &format!("{PATH}/withdraw"), &html! { (Button::danger(&withdraw).icon(Icon::Undo).block()) }))
                }, &leave))
            }
        },
    )
}
