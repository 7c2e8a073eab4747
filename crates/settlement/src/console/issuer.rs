//! `/settlement/issuer`: who stands on payment notices and their mails, and from which day (U-068, X-080, X-085).

use super::dated::{Parts, body, history};
use super::words::{entered, field, read_day, wrong_with};
use super::{Console, answered, refused};
use crate::limits;
use crate::notices::{self, Issuer};
use crate::rows::dated::Entry;
use axum::extract::{Form, State};
use axum::response::Response;
use center_base::{Caller, Refusal};
use codes::{Code, settle};
use i18n::{Lang, t, ta};
use jiff::civil::Date;
use maud::{Markup, html};
use pages::icon::Icon;
use pages::list::{empty, key_values};
use pages::ui::{Button, Field};
use serde::Deserialize;
use store::Tx;

/// The page's path.
pub(super) const PATH: &str = "/settlement/issuer";
/// Lines of the address in sight, and characters at most.
const ADDRESS_LINES: u8 = 4;
const ADDRESS_CHARS: u16 = 600;

/// The form as it comes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    from: String,
    name: String,
    /// A line each.
    address: String,
    phone: String,
    reg_no: String,
    silence: String,
    sender: String,
    reply_to: String,
}

impl Typed {
    fn of(issuer: &Issuer) -> Self {
        Self {
            from: String::new(),
            name: issuer.name.clone(),
            address: issuer.address.join("\n"),
            phone: issuer.phone.clone(),
            reg_no: issuer.invoice_reg_no.clone(),
            silence: issuer.silence_days.to_string(),
            sender: issuer.sender.clone(),
            reply_to: issuer.reply_to.clone(),
        }
    }

    fn read(&self) -> Result<(Date, Issuer), Refusal> {
        let from = read_day(&self.from).ok_or_else(|| refused(settle::FROM_DAY))?;
        let silence = pages::typed::text(&self.silence);
        let days = if silence.is_empty() { Ok(0) } else { silence.parse() };
        let issuer = Issuer {
            name: pages::typed::text(&self.name),
            address: self.address.lines().map(pages::typed::text).filter(|line| !line.is_empty()).collect(),
            phone: pages::typed::text(&self.phone),
            invoice_reg_no: pages::typed::id(&self.reg_no).to_uppercase().replace('-', ""),
            silence_days: days.map_err(|_| refused(settle::ISSUER_SILENCE))?,
            sender: pages::typed::text(&self.sender),
            reply_to: pages::typed::id(&self.reply_to),
        };
        Ok((from, issuer))
    }
}

/// `GET /settlement/issuer`.
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
    let (entry, issuer, entries) = console
        .base
        .read(move |tx| {
            Ok((
                notices::issuer_in_force(tx, tenant, today)?,
                notices::issuer(tx, tenant, today)?,
                notices::issuers(tx, tenant, limits::ENTRIES_LISTED)?,
            ))
        })
        .await?;
    let lang = caller.lang;
    let known = Typed { from: today.to_string(), ..Typed::of(&issuer) };
    let parts = Parts {
        waits: None,
        now: &in_force(lang, entry.as_ref()),
        history: &history(lang, &entries, today, |issuer| short(lang, issuer)),
        form: &form(lang, typed.unwrap_or(&known), wrong),
    };
    let body = body(lang, today, "issuer", wrong, &parts);
    console.page(caller, (PATH, PATH), &t(lang, "settlement-issuer"), &body).await
}

/// `POST /settlement/issuer`.
pub(super) async fn enter(
    State(console): State<Console>,
    caller: Caller,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    let done = match typed.read() {
        Ok((from, issuer)) => {
            let who = caller.actor.label();
            let enter = move |tx: &mut Tx<'_>| notices::enter_issuer(tx, &who, &issuer, from);
            console.base.write(enter).await
        }
        Err(refusal) => Err(refusal),
    };
    if done.is_ok() {
        console.base.refresh().await?;
    }
    let to = done.map(|()| PATH.to_owned());
    answered(to, async |wrong| draw(&console, &caller, Some(&typed), Some(wrong)).await).await
}

fn reg_no(lang: Lang, issuer: &Issuer) -> String {
    if issuer.invoice_reg_no.is_empty() {
        t(lang, "settlement-issuer-not-registered")
    } else {
        issuer.invoice_reg_no.clone()
    }
}

/// What the notices of today bear.
fn in_force(lang: Lang, entry: Option<&Entry<Issuer>>) -> Markup {
    let Some(entry) = entry else {
        let next = html! { (t(lang, "settlement-issuer-none-next")) };
        return empty(Icon::Question, &t(lang, "settlement-issuer-none"), &next);
    };
    let issuer = &entry.body;
    let text = |key: &str| t(lang, &format!("settlement-issuer-{key}"));
    let or = |value: &String, key: &str| if value.is_empty() { text(key) } else { value.clone() };
    let silence = match issuer.silence_days {
        0 => text("silence-none"),
        days => ta(lang, "settlement-issuer-silence-days", &[("days", &days.to_string())]),
    };
    let sender = if issuer.sender.is_empty() { &issuer.name } else { &issuer.sender };
    let rows = [
        (text("name"), html! { (issuer.name) }),
        (
            text("address"),
            html! { @for line in &issuer.address { (line) br; } @if issuer.address.is_empty() { "–" } },
        ),
        (text("phone"), html! { @if issuer.phone.is_empty() { "–" } @else { (issuer.phone) } }),
        (text("reg-no"), html! { span.mono { (reg_no(lang, issuer)) } }),
        (text("silence"), html! { (silence) }),
        (text("sender"), html! { (sender) }),
        (text("reply-to"), html! { (or(&issuer.reply_to, "send-only")) }),
    ];
    html! {
        (key_values(&rows))
        p.sub { (entered(lang, &entry.entered_by, entry.entered_us)) }
    }
}

/// An entry in the list.
fn short(lang: Lang, issuer: &Issuer) -> Markup {
    let address = issuer.address.join(" ");
    html! {
        (issuer.name)
        span.sub { (reg_no(lang, issuer)) }
        @if !address.is_empty() { span.sub { (address) } }
        @if !issuer.phone.is_empty() { span.sub { (issuer.phone) } }
    }
}

fn form(lang: Lang, typed: &Typed, wrong: Option<&Refusal>) -> Markup {
    let text = |key: &str| t(lang, &format!("settlement-{key}"));
    let at = |codes: &[Code]| wrong_with(lang, wrong, codes);
    let [from, from_hint, go] = ["from-day", "from-today-hint", "terms-go"].map(text);
    let [bad_day, bad_name, bad_address] =
        [settle::FROM_DAY, settle::ISSUER_NAME, settle::ISSUER_ADDRESS].map(|code| at(&[code]));
    let [name, address, address_hint] = ["issuer-name", "issuer-address", "issuer-address-hint"].map(text);
    let address = Field::text("address", &address).value(&typed.address).hint(&address_hint);
    html! {
        p.sub { (text("issuer-enter-about")) }
        (pages::ui::form("stack", PATH, &html! {
            (field(Field::text("from", &from).kind("date").value(&typed.from).hint(&from_hint).required(), bad_day.as_ref()))
            (field(Field::text("name", &name).value(&typed.name).required(), bad_name.as_ref()))
            (field(address.lines(ADDRESS_LINES).max_chars(ADDRESS_CHARS), bad_address.as_ref()))
            (further(lang, typed, wrong))
            (Button::primary(&go).icon(Icon::Check))
        }))
    }
}

/// Phone, registration, silence and mails.
fn further(lang: Lang, typed: &Typed, wrong: Option<&Refusal>) -> Markup {
    let text = |key: &str| t(lang, &format!("settlement-issuer-{key}"));
    let [bad_reg_no, bad_silence, bad_reply] =
        [settle::ISSUER_REG_NO, settle::ISSUER_SILENCE, settle::ISSUER_REPLY_TO]
            .map(|code| wrong_with(lang, wrong, &[code]));
    let [phone, phone_hint, reg_no, reg_no_hint, silence, silence_hint] =
        ["phone", "phone-hint", "reg-no", "reg-no-hint", "silence", "silence-hint"].map(text);
    let [sender, sender_hint, reply_to, reply_to_hint] =
        ["sender", "sender-hint", "reply-to", "reply-to-hint"].map(text);
    let line = |name, label, value, hint| Field::text(name, label).value(value).hint(hint);
    html! {
        (line("phone", &phone, &typed.phone, &phone_hint).kind("tel").inputmode("tel"))
        (field(line("reg_no", &reg_no, &typed.reg_no, &reg_no_hint).max_chars(20), bad_reg_no.as_ref()))
        (field(line("silence", &silence, &typed.silence, &silence_hint).inputmode("numeric").max_chars(4), bad_silence.as_ref()))
        (line("sender", &sender, &typed.sender, &sender_hint))
        (field(line("reply_to", &reply_to, &typed.reply_to, &reply_to_hint).kind("email").inputmode("email"), bad_reply.as_ref()))
    }
}
