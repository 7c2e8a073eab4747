//! Giving back in the console: what was given back of a payment, and the page that gives back.
//!
//! The page is asked first and mints the refund's id, so a second press of its button is the same refund.
//! After a refusal, which is written down under its id, the page comes again with a new one.
//! Who may not give back is told so (505); the rule says what may be given back (501, 504, 506).

use super::detail::{Shown, load};
use super::filter::LIST_PATH;
use super::words::{method_word, moment};
use super::{Console, live_main};
use crate::refund::path::{Giver, Wanted};
use crate::refund::{Refund, view};
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use center_base::{Access, Caller, Level, Refusal, Role, Routes};
use codes::{Code, MoneyTaken, api, pay};
use http::Method;
use i18n::{Lang, code_text, t, ta};
use maud::{Markup, Render as _, html};
use money::Yen;
use pages::icon::Icon;
use pages::list::{key_values, panel};
use pages::ui::{Button, Field, Tone, form, notice, tag, yen};
use payment::refund::{Offer, RefundBy};
use payment::tax::of_refund;
use payment::{PaymentId, RefundKind, StateName, TaxParts};
use serde::Deserialize;
use staff::{ConsolePage, Right};

/// The routes.
pub(super) fn add(routes: Routes<Console>) -> Routes<Console> {
    let people = Access::of(Role::PEOPLE, Level::Shop);
    routes
        .page(Method::GET, "/payments/{id}/give-back", people, ask_page)
        .page(Method::POST, "/payments/{id}/give-back", people, give_back)
        .page(Method::POST, "/payments/{id}/release", people, release)
}

fn may(caller: &Caller) -> bool {
    staff::has(caller.actor.role(), Right::GiveBack)
}

/// What may be given back of a payment from here, or why nothing may.
fn offer(console: &Console, caller: &Caller, shown: &Shown) -> Result<Offer, Code> {
    if !may(caller) {
        return Err(pay::NO_CANCEL_PERMISSION);
    }
    let today = console.base.clock.today().to_string();
    view::offer(&shown.payment, &shown.refunds, shown.policy(), RefundBy::Console, &today)
}

/// What was given back, and the way to give back.
pub(super) fn section(console: &Console, caller: &Caller, shown: &Shown) -> Markup {
    let lang = caller.lang;
    let state = shown.payment.shown_state();
    let authorized = state == StateName::Authorized && may(caller);
    if state != StateName::Approved && !authorized {
        return html! {};
    }
    let body = html! {
        @if !shown.refunds.is_empty() { (list(lang, &shown.refunds)) }
        @if authorized {
            p { (t(lang, "payments-release-about")) }
            (form("", &format!("{LIST_PATH}/{}/release", shown.payment.id), &html! {
                (Button::danger(&t(lang, "payments-release")).icon(Icon::Undo))
            }))
        } @else {
            @match offer(console, caller, shown) {
                Ok(offer) => {
                    p.sub { (ta(lang, "payments-back-most", &[("most", &offer.most.to_string())])) }
                    (Button::second(&t(lang, kind_key(offer.kind))).icon(Icon::Undo)
                        .link(&format!("{LIST_PATH}/{}/give-back", shown.payment.id)))
                }
                Err(code) => p.sub { (code_text(lang, code).what) },
            }
        }
    };
    panel(&t(lang, "payments-back"), &body)
}

const fn kind_key(kind: RefundKind) -> &'static str {
    match kind {
        RefundKind::Void => "payments-back-void",
        RefundKind::Return => "payments-back-return",
        RefundKind::Refund => "payments-back-refund",
    }
}

/// What was given back, oldest first.
fn list(lang: Lang, refunds: &[Refund]) -> Markup {
    html! {
        ol.book {
            @for refund in refunds {
                li.is-faded[!refund.counts()] {
                    div.spread { b { (t(lang, kind_key(refund.kind))) } b.num { (yen(refund.amount)) } }
                    p {
                        (state_of(lang, refund))
                        @if let Some(code) = refund.standing.state.code() { " " (code_text(lang, code).title) }
                    }
                    @if let Some(reason) = refund.reason.as_deref().filter(|reason| !reason.is_empty()) { p { (reason) } }
                    p.sub { (moment(refund.sent_at_us)) " · " (refund.who) }
                }
            }
        }
    }
}

/// Whether the money came back, in a word.
fn state_of(lang: Lang, refund: &Refund) -> Markup {
    let (tone, icon, key) = match refund.standing.state.name().money_taken() {
        MoneyTaken::Yes => (Tone::Ok, Icon::Check, "payments-back-done"),
        MoneyTaken::No => (Tone::Ng, Icon::Cross, "payments-back-not"),
        MoneyTaken::Unknown => (Tone::Ask, Icon::Question, "payments-back-unknown"),
    };
    tag(tone, icon, &t(lang, key))
}

async fn ask_page(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Markup, Refusal> {
    let id: PaymentId = id.parse().map_err(|_| Refusal::from(api::NOT_FOUND))?;
    let shown = load(&console, &caller, id).await?;
    let mint = mint(&console)?;
    draw(&console, &caller, &shown, mint, Typed::default(), None).await
}

/// The id of a refund to come.
fn mint(console: &Console) -> Result<PaymentId, Refusal> {
    Ok(PaymentId::mint(console.base.clock.now_us(), center_base::random()?))
}

/// What was typed, to be shown again.
#[derive(Clone, Debug, Default)]
struct Typed {
    amount: String,
    /// The parts of the amount, where they are asked for.
    reduced: String,
    exempt: String,
    reason: String,
}

async fn draw(
    console: &Console,
    caller: &Caller,
    shown: &Shown,
    mint: PaymentId,
    typed: Typed,
    refused: Option<Wrong>,
) -> Result<Markup, Refusal> {
    let lang = caller.lang;
    let here = format!("{LIST_PATH}/{}/give-back", shown.payment.id);
    let back = format!("{LIST_PATH}/{}", shown.payment.id);
    let offered = offer(console, caller, shown);
    let title = offered.map_or_else(|_| t(lang, "payments-back"), |offer| t(lang, kind_key(offer.kind)));
    let body = html! {
        div.page-head { h1 tabindex="-1" { (title) } }
        @if let Some(Wrong::Refused(code)) = refused { (refusal_notice(lang, code)) }
        @match offered {
            Err(code) => {
                @if refused != Some(Wrong::Refused(code)) { (refusal_notice(lang, code)) }
                (Button::second(&t(lang, "payments-back-leave")).link(&back))
            }
            Ok(offer) => (panel(&title, &html! {
                (facts(lang, shown))
                p { (t(lang, "payments-back-about")) }
                (form("stack", &here, &fields(lang, &title, &offer, &split(shown, &offer, refused), mint, &typed)))
                (Button::plain(&t(lang, "payments-back-leave")).link(&back))
            })),
        }
    };
    let main = live_main("give-back", console.live.rev(), &body);
    let page = ConsolePage { room: LIST_PATH, here: &here, title: &title, live: None, main };
    console.staff.console_page(caller, &page).await
}

fn refusal_notice(lang: Lang, code: Code) -> Markup {
    let said = code_text(lang, code);
    notice(Tone::Ng, &said.title, &html! { p { (said.what) } p { (said.next) } })
}

fn facts(lang: Lang, shown: &Shown) -> Markup {
    let payment = &shown.payment;
    let rows = [
        (t(lang, "payments-fact-id"), html! { span.mono { (payment::public_id(payment.id)) } }),
        (t(lang, "payments-fact-time"), html! { (moment(payment.sent_at_us)) }),
        (
            t(lang, "payments-fact-method"),
            html! {
                (method_word(lang, payment.method)) " " (payment.brand().map_or("", payment::Brand::name))
            },
        ),
        (t(lang, "payments-back-paid"), html! { (yen(payment.amount)) }),
        (t(lang, "payments-back-returned"), html! { (yen(payment.refunded)) }),
    ];
    key_values(&rows)
}

/// The parts of what is left, where giving back a part of it needs a statement; what is wrong with it.
struct Split {
    parts: Option<TaxParts>,
    wrong: bool,
}

fn split(shown: &Shown, offer: &Offer, refused: Option<Wrong>) -> Split {
    Split { parts: asks_parts(shown, offer.partial), wrong: refused == Some(Wrong::Parts) }
}

/// The rest of a payment of several kinds, of which a part may be given back.
fn asks_parts(shown: &Shown, partial: bool) -> Option<TaxParts> {
    let (left, parts) = crate::refund::rest(&shown.payment, &shown.refunds);
    parts.filter(|parts| partial && parts.only(left).is_none())
}

fn part_fields(lang: Lang, split: &Split, typed: &Typed) -> Markup {
    let Some(parts) = split.parts else { return html! {} };
    let (reduced, exempt) = (t(lang, "payments-back-reduced"), t(lang, "payments-back-exempt"));
    let wrong = t(lang, "payments-back-parts-wrong");
    let field = |name, label, left: Yen, typed: &str| {
        let hint = ta(lang, "payments-back-parts", &[("left", &left.to_string())]);
        let field = Field::text(name, label).value(typed).inputmode("numeric").max_chars(9).hint(&hint);
        if split.wrong { field.error(&wrong).render() } else { field.render() }
    };
    html! {
        @if !parts.reduced.is_zero() { (field("reduced", &reduced, parts.reduced, &typed.reduced)) }
        @if !parts.exempt.is_zero() { (field("exempt", &exempt, parts.exempt, &typed.exempt)) }
    }
}

fn fields(lang: Lang, title: &str, offer: &Offer, split: &Split, mint: PaymentId, typed: &Typed) -> Markup {
    let most = offer.most.get().to_string();
    let amount = if typed.amount.is_empty() { most.as_str() } else { typed.amount.as_str() };
    let hint = ta(lang, "payments-back-most", &[("most", &offer.most.to_string())]);
    let (amount_label, reason_label) = (t(lang, "payments-back-amount"), t(lang, "payments-back-reason"));
    html! {
        input type="hidden" name="id" value=(mint);
        @if offer.partial {
            (Field::text("amount", &amount_label).value(amount).hint(&hint).inputmode("numeric").max_chars(9).required())
            (part_fields(lang, split, typed))
        } @else {
            input type="hidden" name="amount" value=(most);
            (pages::ui::amount(&amount_label, offer.most))
        }
        (Field::text("reason", &reason_label).value(&typed.reason).max_chars(100))
        (Button::danger(title).icon(Icon::Undo))
    }
}

#[derive(Deserialize)]
struct Sent {
    id: String,
    amount: String,
    #[serde(default)]
    reduced: String,
    #[serde(default)]
    exempt: String,
    #[serde(default)]
    reason: String,
}

/// Why the page comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    /// It was refused, and nothing was given back.
    Refused(Code),
    /// The parts of the amount are no amounts, or do not fit the amount and what is left.
    Parts,
}

/// The parts as they were typed, at least one of them; nothing where they need not be said. `left`: what is left of the
/// payment.
fn read_parts(
    sent: &Sent,
    asked: Option<TaxParts>,
    amount: Yen,
    left: Yen,
) -> Result<Option<TaxParts>, Wrong> {
    let Some(rest) = asked.filter(|_| amount != left) else { return Ok(None) };
    let parts = TaxParts::parse_typed(&sent.reduced, &sent.exempt).ok_or(Wrong::Parts)?;
    of_refund(left, rest, amount, Some(parts)).map(Some).ok_or(Wrong::Parts)
}

async fn give_back(
    State(console): State<Console>,
    caller: Caller,
    Path(payment): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Refusal> {
    let payment: PaymentId = payment.parse().map_err(|_| Refusal::from(api::NOT_FOUND))?;
    let mint: PaymentId = sent.id.parse().map_err(|_| Refusal::bad("id"))?;
    let typed = Typed {
        amount: sent.amount.clone(),
        reduced: sent.reduced.clone(),
        exempt: sent.exempt.clone(),
        reason: sent.reason.clone(),
    };
    let again = |wrong: Wrong| again(&console, &caller, payment, typed.clone(), wrong);
    let refused = |code: Code| again(Wrong::Refused(code));
    if !may(&caller) {
        return refused(pay::NO_CANCEL_PERMISSION).await;
    }
    let Ok(amount) = Yen::parse_typed(&sent.amount) else { return refused(pay::ABOVE_REST).await };
    let shown = load(&console, &caller, payment).await?;
    let asked = asks_parts(&shown, true);
    let (left, _) = crate::refund::rest(&shown.payment, &shown.refunds);
    let tax = match read_parts(&sent, asked, amount, left) {
        Ok(tax) => tax,
        Err(wrong) => return again(wrong).await,
    };
    if sent.reason.chars().count() > 100 || sent.reason.contains('\0') {
        return Err(Refusal::bad("reason is too long"));
    }
    let person = caller.person()?;
    let giver = Giver::Person { who: caller.actor.label(), scope: caller.scope()? };
    let wanted = Wanted {
        id: mint,
        payment,
        amount,
        slip_no: 0,
        operator: Some(payment::Operator { id: person.login_id.to_string(), name: person.name.to_string() }),
        reason: Some(sent.reason.trim().to_owned()).filter(|reason| !reason.is_empty()),
        tax,
        card: None,
    };
    match console.acquiring.give_back(giver, wanted).await {
        Ok(view) if view.money_returned == MoneyTaken::No => {
            refused(view.code.unwrap_or(pay::REFUND_REFUSED)).await
        }
        Ok(_) => Ok(Redirect::to(&format!("{LIST_PATH}/{payment}")).into_response()),
        Err(refusal) => Err(refusal),
    }
}

/// The page again, with what was wrong.
async fn again(
    console: &Console,
    caller: &Caller,
    payment: PaymentId,
    typed: Typed,
    wrong: Wrong,
) -> Result<Response, Refusal> {
    let shown = load(console, caller, payment).await?;
    let mint = mint(console)?;
    let page = draw(console, caller, &shown, mint, typed, Some(wrong)).await?;
    Ok((http::StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// An authorization is given back (U-086).
async fn release(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let id: PaymentId = id.parse().map_err(|_| Refusal::from(api::NOT_FOUND))?;
    if !may(&caller) {
        return Err(api::NOT_ALLOWED.into());
    }
    console.acquiring.release_by_person(caller.actor.label(), caller.scope()?, id).await?;
    Ok(Redirect::to(&format!("{LIST_PATH}/{id}")).into_response())
}
