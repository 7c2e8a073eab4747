//! `/local/payments`: programs on this device (a register, a script) take a payment without the pages.
//!
//! JSON in and out, refusals as RFC 9457 problems. It works with no browser open and with nobody signed
//! in: whoever may open a connection to loopback stands at the counter, and the slip then carries no
//! clerk. One payment at a time: while another runs, or one is in doubt, the answer is 409 and says what
//! runs. Cancelling works until a card is read.

use super::press::strokes;
use crate::agent::{Busy, Message};
use crate::attempt::{Attempt, Origin};
use crate::event::{Event, Local, NewPayment};
use crate::flows::sale::{check_amount, read_note};
use crate::screen::{AmountError, Present, Screen, Stage};
use crate::shared::Shared;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use center_api::Problem;
use codes::{Code, api, pay};
use http::{StatusCode, header};
use money::Yen;
use payment::{PaymentClass, PaymentId, StateName};
use receipt::{Copy, Printing, Strokes};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::sync::oneshot;

type Terminal = State<Arc<Shared>>;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/local/payments", post(create))
        .route("/local/payments/{id}", get(look))
        .route("/local/payments/{id}/cancel", post(cancel))
        .route("/local/payments/{id}/signature", post(sign))
        .layer(middleware::from_fn(pages::secure::json_only))
}

/// `POST /local/payments`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewLocal {
    /// Whole yen.
    amount: i64,
    /// `card`.
    method: String,
    /// `lump` unless told: `installments-3`.
    #[serde(default)]
    class: Option<String>,
    /// Product note.
    #[serde(default)]
    note: Option<String>,
}

/// A signature: bare strokes in a box of 1000 × 400, or points of a sheet of `width` × `height`.
#[derive(Deserialize)]
#[serde(untagged)]
enum LocalSignature {
    Bare(Strokes),
    Boxed { strokes: serde_json::Value, width: Option<i64>, height: Option<i64> },
}

/// A payment for programs.
#[derive(Serialize)]
struct LocalPayment {
    id: PaymentId,
    state: StateName,
    /// `yes`, `no`, `unknown`.
    money_taken: &'static str,
    /// Whether nothing changes any more.
    is_final: bool,
    /// What the terminal waits for: `card`, `pin`, `class`, `signature`, `center`.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for: Option<&'static str>,
    amount: Yen,
    method: &'static str,
    class: PaymentClass,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    slip_no: i64,
    public_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Code>,
    /// What a person should be told: title, what happened, what to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<LocalMessage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<LocalCard>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval_code: Option<String>,
    /// The customer's copy, a row a line, exactly as printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<String>,
    /// The merchant's copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    merchant_receipt: Option<String>,
    /// The receipt's page.
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt_url: Option<String>,
}

#[derive(Serialize)]
struct LocalMessage {
    title: String,
    what: String,
    next: String,
}

#[derive(Serialize)]
struct LocalCard {
    brand: &'static str,
    last4: String,
    entry_mode: &'static str,
    cvm: &'static str,
}

struct Refused(Problem);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::BAD_REQUEST);
        (status, [(header::CONTENT_TYPE, "application/problem+json")], Json(self.0)).into_response()
    }
}

fn refuse(shared: &Shared, code: Code) -> Problem {
    Problem::new(shared.with_shown(|shown| shown.ctx.lang()), code)
}

/// The body, or a problem that says what is wrong with it.
fn body<T>(shared: &Shared, parsed: Result<Json<T>, JsonRejection>) -> Result<T, Refused> {
    parsed.map(|Json(value)| value).map_err(|rejection| {
        let code = match rejection.status() {
            StatusCode::UNSUPPORTED_MEDIA_TYPE => api::NOT_JSON,
            StatusCode::PAYLOAD_TOO_LARGE => api::TOO_LARGE,
            _ => api::BAD_REQUEST,
        };
        Refused(refuse(shared, code).detail(rejection.body_text()))
    })
}

fn checked(shared: &Shared, new: &NewLocal) -> Result<NewPayment, Refused> {
    let bad = |detail: &str| Refused(refuse(shared, api::BAD_REQUEST).detail(detail));
    if new.method != "card" {
        return Err(bad("method: this terminal takes \"card\""));
    }
    let amount = Yen::new(new.amount).map_err(|_| match new.amount {
        1.. => Refused(refuse(shared, pay::AMOUNT_TOO_LARGE)),
        _ => bad("amount: whole yen above zero"),
    })?;
    shared.with_shown(|shown| check_amount(&shown.ctx, amount)).map_err(|error| match error {
        AmountError::Missing => bad("amount: whole yen above zero"),
        AmountError::Code(code) => Refused(refuse(shared, code)),
    })?;
    let class =
        new.class.as_deref().unwrap_or("lump").parse::<PaymentClass>().map_err(|e| bad(&e.to_string()))?;
    let now_us = shared.clock.now_us();
    let offered = shared.with_shown(|shown| shown.ctx.classes(now_us));
    if !offered.is_empty() && !offered.contains(&class) {
        return Err(Refused(refuse(shared, pay::CLASS_NOT_ALLOWED)));
    }
    Ok(NewPayment {
        id: shared.fresh_id(),
        amount,
        class,
        note: new.note.as_deref().and_then(|note| read_note(&pages::typed::text(note))),
        origin: Origin::Local,
        since_us: shared.clock.now_us(),
    })
}

async fn create(
    State(shared): Terminal,
    parsed: Result<Json<NewLocal>, JsonRejection>,
) -> Result<Response, Refused> {
    let new = checked(&shared, &body(&shared, parsed)?)?;
    let id = new.id;
    let (reply, answer) = oneshot::channel();
    let closed = || Refused(refuse(&shared, api::UNAVAILABLE));
    shared.messages.send(Message::Start(new, reply)).await.map_err(|_| closed())?;
    match answer.await.map_err(|_| closed())? {
        Ok(attempt) => {
            let location = [(header::LOCATION, format!("/local/payments/{id}"))];
            Ok((StatusCode::CREATED, location, Json(view(&shared, &attempt))).into_response())
        }
        Err(Busy::NotActivated) => {
            Err(Refused(refuse(&shared, api::WRONG_STATE).detail("the terminal is not activated")))
        }
        Err(Busy::With(what, running)) => {
            let which = running.map(|id| format!(": {id}")).unwrap_or_default();
            Err(Refused(refuse(&shared, api::WRONG_STATE).detail(format!("busy with {what}{which}"))))
        }
        Err(Busy::Refused(code)) => Err(Refused(refuse(&shared, code))),
    }
}

async fn load(shared: &Shared, id: &str) -> Result<Attempt, Refused> {
    let missing =
        || Refused(refuse(shared, api::NOT_FOUND).detail("no payment with this id on this terminal"));
    let id: PaymentId = id.parse().map_err(|_| missing())?;
    match shared.journal.load(id).await {
        Ok(found) => found.ok_or_else(missing),
        Err(_) => Err(Refused(refuse(shared, api::UNAVAILABLE))),
    }
}

async fn look(State(shared): Terminal, Path(id): Path<String>) -> Result<Response, Refused> {
    let attempt = load(&shared, &id).await?;
    Ok(Json(view(&shared, &attempt)).into_response())
}

/// Cancels before the card is read; a payment that is already given up is answered as it is.
async fn cancel(State(shared): Terminal, Path(id): Path<String>) -> Result<Response, Refused> {
    let attempt = load(&shared, &id).await?;
    let id = attempt.id;
    if attempt.name() == StateName::Abandoned {
        return Ok(Json(view(&shared, &attempt)).into_response());
    }
    let possible = shared.with_shown(|shown| {
        let waits = shown.screen.may_cancel() || matches!(shown.screen, Screen::ClassAgain(_));
        waits && shown.screen.running().is_some_and(|running| running.id == id)
    });
    if !possible {
        let late = refuse(&shared, api::WRONG_STATE)
            .detail("a card was read: the payment can no longer be cancelled here");
        return Err(Refused(late));
    }
    let _ = shared.messages.send(Message::Event(Event::Local(Local::Cancel(id)))).await;
    let attempt = load(&shared, &id.to_string()).await?;
    Ok((StatusCode::ACCEPTED, Json(view(&shared, &attempt))).into_response())
}

async fn sign(
    State(shared): Terminal,
    Path(id): Path<String>,
    parsed: Result<Json<LocalSignature>, JsonRejection>,
) -> Result<Response, Refused> {
    let attempt = load(&shared, &id).await?;
    let signature = match body(&shared, parsed)? {
        LocalSignature::Bare(strokes) => strokes,
        LocalSignature::Boxed { strokes: drawn, width, height } => {
            let sheet = serde_json::json!({
                "width": width.unwrap_or(1000), "height": height.unwrap_or(400), "strokes": drawn
            });
            strokes(&sheet.to_string())
        }
    };
    if !signature.is_signature() {
        let how = "strokes: a list of strokes, each a list of [x, y]; at least one stroke of two points";
        return Err(Refused(refuse(&shared, api::BAD_REQUEST).detail(how)));
    }
    let id = attempt.id;
    let waits = shared.with_shown(
        |shown| matches!(&shown.screen, Screen::Sign(form) if form.attempt.id == id && !form.stopping),
    );
    if !waits {
        return Err(Refused(
            refuse(&shared, api::WRONG_STATE).detail("this payment does not wait for a signature"),
        ));
    }
    let _ = shared.messages.send(Message::Event(Event::Local(Local::Sign(id, signature)))).await;
    let attempt = load(&shared, &id.to_string()).await?;
    Ok((StatusCode::ACCEPTED, Json(view(&shared, &attempt))).into_response())
}

fn waits_for(screen: &Screen, id: PaymentId) -> Option<&'static str> {
    if screen.running().is_none_or(|running| running.id != id) {
        return None;
    }
    match screen {
        Screen::Present(Present { stage: Stage::Waiting(_), .. }) => Some("card"),
        Screen::Present(Present { stage: Stage::Pin { .. }, .. }) => Some("pin"),
        Screen::ClassAgain(_) => Some("class"),
        Screen::Sign(_) => Some("signature"),
        Screen::Processing(_) | Screen::Result(_) => Some("center"),
        _ => None,
    }
}

fn view(shared: &Shared, attempt: &Attempt) -> LocalPayment {
    let (lang, policy, waits_for) = shared.with_shown(|shown| {
        (shown.ctx.lang(), shown.ctx.policy().receipt, waits_for(&shown.screen, attempt.id))
    });
    let slip = attempt.slip.as_deref().filter(|_| attempt.name() == StateName::Approved);
    let copy = |copy| slip.map(|slip| receipt::document(slip, &policy, copy, Printing::First).text());
    LocalPayment {
        id: attempt.id,
        state: attempt.name(),
        money_taken: attempt.money_taken().word(),
        is_final: attempt.name().is_final(),
        waits_for,
        amount: attempt.amount,
        method: attempt.method.word(),
        class: attempt.class,
        note: attempt.note.clone(),
        slip_no: attempt.slip_no,
        public_id: payment::public_id(attempt.id),
        code: attempt.code(),
        message: attempt.code().map(|code| {
            let text = i18n::code_text(lang, code);
            LocalMessage { title: text.title, what: text.what, next: text.next }
        }),
        card: attempt.card.as_ref().map(|card| LocalCard {
            brand: card.brand.word(),
            last4: card.pan.last4.clone(),
            entry_mode: card.entry_mode.word(),
            cvm: card.cvm.word(),
        }),
        approval_code: slip.and_then(|slip| slip.approval_code.clone()),
        receipt: copy(Copy::Customer),
        merchant_receipt: copy(Copy::Merchant),
        receipt_url: slip.and_then(|slip| slip.link.clone()),
    }
}
