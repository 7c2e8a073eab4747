//! `/local/payments`: programs on this device (a register, a script) take a payment without the pages.
//!
//! JSON in and out, refusals as RFC 9457 problems. It works with no browser open and with nobody signed
//! in: whoever may open a connection to loopback stands at the counter, and the slip then carries no
//! clerk. One payment at a time: while another runs, or one is in doubt, the answer is 409 and says what
//! runs. Cancelling works until a card is read, and after the approval it gives the whole back. Written
//! down for integrators in `docs/integrators/local-api.md`.

use super::press::strokes;
use crate::attempt::{Attempt, Origin, Purpose};
use crate::event::{NewPayment, ReadCode};
use crate::flows::sale::{check_amount, read_note};
use crate::handle::{Heard, NotNow, RefundWish, TerminalHandle};
use crate::journal::is_nothing;
use crate::screen::{AmountError, Present, Screen, Stage};
use crate::shared::Shared;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use center_api::{CodeToken, Problem};
use codes::{Code, api, pay};
use http::{StatusCode, header};
use money::Yen;
use payment::{CodeEntry, Method, PaymentClass, PaymentId, RefundKind, StateName, TaxParts};
use receipt::{Copy, Strokes};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

type Terminal = State<Arc<Shared>>;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/local/payments", post(create))
        .route("/local/payments/{id}", get(look))
        .route("/local/payments/{id}/cancel", post(cancel))
        .route("/local/payments/{id}/continue", post(go_on))
        .route("/local/payments/{id}/refunds", post(refund))
        .route("/local/payments/{id}/signature", post(sign))
        .layer(middleware::from_fn(pages::secure::json_only))
}

/// `POST /local/payments`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewLocal {
    /// The caller's own id (UUID): the same payment again is answered as it is, another one is refused.
    #[serde(default)]
    id: Option<PaymentId>,
    /// Whole yen.
    amount: i64,
    /// `card` or `code`.
    method: String,
    /// The customer's code, when it was scanned already.
    #[serde(default)]
    code: Option<String>,
    /// `lump` unless told: `installments-3`.
    #[serde(default)]
    class: Option<String>,
    /// Product note.
    #[serde(default)]
    note: Option<String>,
    /// What of the amount is not taxed at the standard rate, whole yen with tax: `reduced`, `exempt`.
    #[serde(default)]
    tax: Option<TaxParts>,
}

/// `POST /local/payments/{id}/refunds`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewLocalRefund {
    /// The caller's own id for the refund.
    #[serde(default)]
    id: Option<PaymentId>,
    /// Whole yen; everything that is left unless told.
    #[serde(default)]
    amount: Option<i64>,
    /// Why.
    #[serde(default)]
    reason: Option<String>,
    /// As for a payment; needed where less than the rest is given back and the rest is of several kinds.
    #[serde(default)]
    tax: Option<TaxParts>,
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
    /// `sale` or `refund`.
    purpose: &'static str,
    /// `yes`, `no`, `unknown`; of a sale.
    #[serde(skip_serializing_if = "Option::is_none")]
    money_taken: Option<&'static str>,
    /// `yes`, `no`, `unknown`; of a refund.
    #[serde(skip_serializing_if = "Option::is_none")]
    money_returned: Option<&'static str>,
    /// The payment that a refund gives back.
    #[serde(skip_serializing_if = "Option::is_none")]
    refund_of: Option<PaymentId>,
    /// `void`, `return`, `refund`.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    /// What was given back of a sale so far, whole yen.
    #[serde(skip_serializing_if = "is_nothing")]
    given_back: Yen,
    /// The refunds that were begun of a sale on this terminal.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refunds: Vec<PaymentId>,
    /// Whether nothing changes any more.
    is_final: bool,
    /// What the terminal waits for: `card`, `code`, `brand`, `pin`, `class`, `clerk` (a duplicate warning),
    /// `customer` (confirms on the phone), `signature`, `center`.
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
    code_payment: Option<LocalCode>,
    /// When it was asked for, UTC microseconds.
    started_at_us: i64,
    /// When its state last changed, UTC microseconds.
    changed_at_us: i64,
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

#[derive(Serialize)]
struct LocalCode {
    #[serde(skip_serializing_if = "Option::is_none")]
    brand: Option<&'static str>,
    masked: String,
    entry: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    center_txn_id: Option<String>,
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
    let method = Method::from_word(&new.method).ok_or_else(|| bad("method: \"card\" or \"code\""))?;
    if new.code.is_some() && method != Method::Code {
        return Err(bad("code: only with the method \"code\""));
    }
    let amount = Yen::new(new.amount).map_err(|_| match new.amount {
        1.. => Refused(refuse(shared, pay::AMOUNT_TOO_LARGE)),
        _ => bad("amount: whole yen above zero"),
    })?;
    shared.with_shown(|shown| check_amount(&shown.ctx, amount)).map_err(|error| match error {
        AmountError::Missing | AmountError::AboveRest(_) => bad("amount: whole yen above zero"),
        AmountError::Code(code) => Refused(refuse(shared, code)),
    })?;
    let class =
        new.class.as_deref().unwrap_or("lump").parse::<PaymentClass>().map_err(|e| bad(&e.to_string()))?;
    let now_us = shared.clock.now_us();
    let offered = shared.with_shown(|shown| match method {
        Method::Card => shown.ctx.classes(now_us),
        Method::Code => vec![PaymentClass::Lump],
    });
    if !offered.is_empty() && !offered.contains(&class) {
        return Err(Refused(refuse(shared, pay::CLASS_NOT_ALLOWED)));
    }
    if method == Method::Code && shared.with_shown(|shown| shown.ctx.code_brands().is_empty()) {
        return Err(Refused(refuse(shared, pay::BRAND_NOT_ACCEPTED)));
    }
    let read = |text: &String| ReadCode {
        token: CodeToken::new(pages::typed::text(text)),
        entry: CodeEntry::Scanner,
        brand: None,
    };
    let id = new.id.unwrap_or_else(|| shared.fresh_id());
    check_parts(shared, new.tax, Some(amount))?;
    Ok(NewPayment {
        method,
        tax: new.tax,
        note: new.note.as_deref().and_then(|note| read_note(&pages::typed::text(note))),
        origin: Origin::Local,
        code: new.code.as_ref().map(read),
        ..NewPayment::sale(id, amount, class, shared.clock.now_us())
    })
}

fn handle(shared: &Arc<Shared>) -> TerminalHandle {
    TerminalHandle { shared: Arc::clone(shared) }
}

/// Why a wish was not fulfilled, as a problem.
fn not_now(shared: &Shared, why: NotNow) -> Refused {
    let wrong = |detail: &str| refuse(shared, api::WRONG_STATE).detail(detail);
    Refused(match why {
        NotNow::NotActivated => wrong("the terminal is not activated"),
        NotNow::Busy(busy) => {
            let which = busy.payment.map(|id| format!(": {id}")).unwrap_or_default();
            wrong(&format!("busy with {}{which}", busy.what))
        }
        NotNow::Unknown => refuse(shared, api::NOT_FOUND).detail("no payment with this id on this terminal"),
        NotNow::Conflict => refuse(shared, api::ID_REUSED).detail("the id belongs to another payment"),
        NotNow::TooLate => wrong("the payment cannot be cancelled or given back as it stands"),
        NotNow::Refused(code) => refuse(shared, code),
    })
}

fn heard(shared: &Shared, heard: &Heard) -> Response {
    let location = [(header::LOCATION, format!("/local/payments/{}", heard.attempt.id))];
    let status = if heard.fresh { StatusCode::CREATED } else { StatusCode::OK };
    (status, location, Json(view(shared, &heard.attempt))).into_response()
}

async fn create(
    State(shared): Terminal,
    parsed: Result<Json<NewLocal>, JsonRejection>,
) -> Result<Response, Refused> {
    let new = checked(&shared, &body(&shared, parsed)?)?;
    match handle(&shared).start(new).await {
        Ok(done) => Ok(heard(&shared, &done)),
        Err(why) => Err(not_now(&shared, why)),
    }
}

/// Gives a payment back, in whole or in part.
async fn refund(
    State(shared): Terminal,
    Path(id): Path<String>,
    parsed: Result<Json<NewLocalRefund>, JsonRejection>,
) -> Result<Response, Refused> {
    let of = load(&shared, &id).await?;
    let new = body(&shared, parsed)?;
    let amount = new.amount.map(Yen::new).transpose().ok().filter(|amount| *amount != Some(Yen::ZERO));
    let amount = amount
        .ok_or_else(|| Refused(refuse(&shared, api::BAD_REQUEST).detail("amount: whole yen above zero")))?;
    check_parts(&shared, new.tax, amount)?;
    let id = new.id.unwrap_or_else(|| shared.fresh_id());
    let reason = new.reason.map(|reason| pages::typed::text(&reason));
    give_back(&shared, RefundWish { amount, reason, tax: new.tax, ..wish(id, &of) }).await
}

/// Parts that are more than the amount are refused before anything begins.
fn check_parts(shared: &Shared, tax: Option<TaxParts>, amount: Option<Yen>) -> Result<(), Refused> {
    if tax.zip(amount).is_some_and(|(tax, amount)| tax.standard(amount).is_none()) {
        return Err(Refused(refuse(shared, api::BAD_REQUEST).detail("tax: more than the amount")));
    }
    Ok(())
}

/// The wish to give all that is left of a payment back.
fn wish(id: PaymentId, of: &Attempt) -> RefundWish {
    let (amount, reason, tax, deadline_us) = (None, None, None, None);
    RefundWish { id, of: of.id, amount, reason, tax, origin: Origin::Local, deadline_us }
}

async fn give_back(shared: &Arc<Shared>, wish: RefundWish) -> Result<Response, Refused> {
    match handle(shared).refund(wish).await {
        Ok(done) => Ok(heard(shared, &done)),
        Err(why) => Err(not_now(shared, why)),
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

/// Cancels before the card is read; what was approved is given back as a whole, once. A payment that is
/// already given up is answered as it is.
async fn cancel(State(shared): Terminal, Path(id): Path<String>) -> Result<Response, Refused> {
    let attempt = load(&shared, &id).await?;
    if attempt.name() == StateName::Approved && !attempt.is_refund() {
        for begun in attempt.refunds.iter().rev() {
            if let Ok(Some(before)) = handle(&shared).attempt(*begun).await
                && (!before.name().is_final() || before.name() == StateName::Approved)
            {
                return Ok(heard(&shared, &Heard { attempt: before, fresh: false }));
            }
        }
        return give_back(&shared, wish(shared.fresh_id(), &attempt)).await;
    }
    let given_up = attempt.name() == StateName::Abandoned;
    match handle(&shared).cancel(attempt.id).await {
        Ok(now) if given_up => Ok(Json(view(&shared, &now)).into_response()),
        Ok(now) => Ok((StatusCode::ACCEPTED, Json(view(&shared, &now))).into_response()),
        Err(NotNow::TooLate) => Err(Refused(
            refuse(&shared, api::WRONG_STATE)
                .detail("a card was read: the payment can no longer be cancelled here"),
        )),
        Err(why) => Err(not_now(&shared, why)),
    }
}

/// Goes on after a duplicate warning: whoever asks knows that it is another sale.
async fn go_on(State(shared): Terminal, Path(id): Path<String>) -> Result<Response, Refused> {
    let attempt = load(&shared, &id).await?;
    match handle(&shared).go_on(attempt.id).await {
        Ok(now) => Ok((StatusCode::ACCEPTED, Json(view(&shared, &now))).into_response()),
        Err(_) => {
            Err(Refused(refuse(&shared, api::WRONG_STATE).detail("this payment does not wait for a clerk")))
        }
    }
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
    match handle(&shared).sign(attempt.id, signature).await {
        Ok(now) => Ok((StatusCode::ACCEPTED, Json(view(&shared, &now))).into_response()),
        Err(_) => Err(Refused(
            refuse(&shared, api::WRONG_STATE).detail("this payment does not wait for a signature"),
        )),
    }
}

fn waits_for(screen: &Screen, id: PaymentId) -> Option<&'static str> {
    if screen.running().is_none_or(|running| running.id != id) {
        return None;
    }
    match screen {
        Screen::Present(Present { stage: Stage::Waiting(_), .. }) => Some("card"),
        Screen::Present(Present { stage: Stage::Pin { .. }, .. }) => Some("pin"),
        Screen::ClassAgain(_) => Some("class"),
        Screen::Scan(scan) if scan.ready => Some("code"),
        Screen::Brands(_) => Some("brand"),
        Screen::Duplicate(asked) if asked.suspect.is_some() => Some("clerk"),
        Screen::Processing(processing) if processing.attempt.waits_for_user => Some("customer"),
        Screen::Duplicate(_) => Some("center"),
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
    let copy =
        |copy| slip.map(|slip| receipt::document(slip, &policy, copy, receipt::Printing::First).text());
    let moved = attempt.money_taken().word();
    let (refund_of, kind) = match attempt.purpose {
        Purpose::Sale => (None, None),
        Purpose::Refund { of, kind } => (Some(of), Some(RefundKind::word(kind))),
    };
    LocalPayment {
        id: attempt.id,
        state: attempt.name(),
        purpose: if attempt.is_refund() { "refund" } else { "sale" },
        money_taken: (!attempt.is_refund()).then_some(moved),
        money_returned: attempt.is_refund().then_some(moved),
        refund_of,
        kind,
        given_back: attempt.given_back,
        refunds: attempt.refunds.clone(),
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
        code_payment: attempt.code_paid.as_ref().map(|code| LocalCode {
            brand: code.brand.map(payment::Brand::word),
            masked: code.masked.clone(),
            entry: code.entry.word(),
            center_txn_id: code.center_txn_id.clone(),
        }),
        started_at_us: attempt.started_at_us,
        changed_at_us: attempt.changed_at_us,
        approval_code: slip.and_then(|slip| slip.approval_code.clone()),
        receipt: copy(Copy::Customer),
        merchant_receipt: copy(Copy::Merchant),
        receipt_url: slip.and_then(|slip| slip.link.clone()),
    }
}
