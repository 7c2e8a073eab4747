//! The terminal API of payments: `/api/v1/payments…`.

use crate::ask::Ask;
use crate::code_pay::CodeAsk;
use crate::path::{self, Told};
use crate::row::{self, Payment};
use crate::service::Acquiring;
use crate::step::Happening;
use axum::extract::{Path, State};
use axum::response::Response;
use center_api::{CompletionRequest, PaymentRequest, PaymentView, ReversalRequest};
use center_base::{Access, Caller, Doc, JsonBody, Refusal, Routes, SignedBy};
use codes::api;
use http::{Method, StatusCode};
use payment::{PaymentId, StateName};
use store::{ReadTx, TenantId};

/// The operations of this slice's API.
pub(crate) fn add(routes: Routes<Acquiring>) -> Routes<Acquiring> {
    let answered = |doc: Doc| {
        doc.answer::<PaymentView>(200, "As it stands: final, or authorized")
            .answer::<PaymentView>(202, "Still under way, or in doubt and being reversed: ask again")
            .problem(404, "Not there, or of another shop")
    };
    let pay = Doc::new("pay", "payments", "Take a payment")
        .description(
            "Idempotent by `id` for ever: the same id is answered with the same outcome. With another \
             amount, method, class or terminal it is refused with 409. A refusal by the issuer is a 200 \
             whose state is `declined`.",
        )
        .body::<PaymentRequest>()
        .problem(409, "The id is taken by a payment with other content")
        .problem(507, "No space even to refuse it; nothing was sent");
    let look = Doc::new("payment", "payments", "Ask how a payment stands");
    let complete =
        Doc::new("completePayment", "payments", "Complete an authorization: the signature is done")
            .body::<CompletionRequest>()
            .problem(409, "Not an authorization, or given back before");
    let reverse = Doc::new("reversePayment", "payments", "Undo a payment whatever it is")
        .description(
            "An id never seen is remembered, so that a late original is refused. An approved payment is \
             final: 409, ask how it stands and adopt it; only when the card itself did not finish \
             (payment-E03, payment-E04) is it voided at once and shown as reversed.",
        )
        .body::<ReversalRequest>()
        .problem(409, "Approved, or the id is taken by a payment with other content");
    let release = Doc::new("releasePayment", "payments", "Give an authorization back")
        .problem(409, "Not an authorization, or completed before");
    routes
        .api(Method::POST, "/api/v1/payments", Access::TERMINAL, answered(pay), pay_now)
        .api(Method::GET, "/api/v1/payments/{id}", Access::TERMINAL, answered(look), look_up)
        .api(
            Method::POST,
            "/api/v1/payments/{id}/completion",
            Access::TERMINAL,
            answered(complete),
            complete_now,
        )
        .api(Method::POST, "/api/v1/payments/{id}/reversal", Access::TERMINAL, answered(reverse), reverse_now)
        .api(Method::POST, "/api/v1/payments/{id}/release", Access::TERMINAL, answered(release), release_now)
}

async fn pay_now(
    State(acquiring): State<Acquiring>,
    caller: Caller,
    JsonBody(request): JsonBody<PaymentRequest>,
) -> Result<Response, Refusal> {
    let by = caller.terminal()?.clone();
    Ok(answer(&match request.method {
        payment::Method::Card => acquiring.pay(by, Ask::read(request)?).await?,
        payment::Method::Code => acquiring.pay_by_code(by, CodeAsk::read(request)?).await?,
    }))
}

async fn look_up(
    State(acquiring): State<Acquiring>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let by = caller.terminal()?.clone();
    let id = read_id(&id)?;
    let tenant = acquiring.base.tenant;
    let shop = by.clone();
    let payment = acquiring.base.read(move |tx| visible(tx, tenant, &shop, id)).await?;
    finish(&acquiring, &by, payment).await
}

async fn complete_now(
    State(acquiring): State<Acquiring>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody(request): JsonBody<CompletionRequest>,
) -> Result<Response, Refusal> {
    if !request.signature.is_signature() {
        return Err(Refusal::bad("signature"));
    }
    let by = caller.terminal()?.clone();
    let (id, place) = (read_id(&id)?, acquiring.places.of(&by).await?);
    let who = caller.actor.label();
    let unit_by = by.clone();
    let payment = acquiring
        .happen(move |tx| {
            fleet::advance_counter(tx, &unit_by)?;
            let tenant = tx.tenant();
            let before = visible(tx, tenant, &unit_by, id)?;
            let told = Told { who: &who, times: place.times() };
            let applied = path::apply(tx, &before, Happening::Completed, &told, None)?;
            row::put_signature(tx, id, &request.signature)?;
            Ok(applied)
        })
        .await?;
    finish(&acquiring, &by, payment).await
}

async fn reverse_now(
    State(acquiring): State<Acquiring>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody(request): JsonBody<ReversalRequest>,
) -> Result<Response, Refusal> {
    let by = caller.terminal()?.clone();
    let (id, place) = (read_id(&id)?, acquiring.places.of(&by).await?);
    let given = acquiring.given()?;
    let unit_by = by.clone();
    let payment =
        acquiring.happen(move |tx| path::reverse(tx, &unit_by, &place, &given, id, &request)).await?;
    finish(&acquiring, &by, payment).await
}

async fn release_now(
    State(acquiring): State<Acquiring>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let by = caller.terminal()?.clone();
    let (id, place) = (read_id(&id)?, acquiring.places.of(&by).await?);
    let who = caller.actor.label();
    let unit_by = by.clone();
    let payment = acquiring
        .happen(move |tx| {
            fleet::advance_counter(tx, &unit_by)?;
            let tenant = tx.tenant();
            let before = visible(tx, tenant, &unit_by, id)?;
            path::releasable(&before, tx.now_us())?;
            path::apply(tx, &before, Happening::GivenBack, &Told { who: &who, times: place.times() }, None)
        })
        .await?;
    finish(&acquiring, &by, payment).await
}

/// What is not an id names nothing.
fn read_id(text: &str) -> Result<PaymentId, Refusal> {
    text.parse().map_err(|_| api::NOT_FOUND.into())
}

/// A payment of the terminal's own shop; any other is not found.
fn visible(tx: &mut ReadTx<'_>, tenant: TenantId, by: &SignedBy, id: PaymentId) -> Result<Payment, Refusal> {
    row::load(tx, tenant, id)?
        .filter(|payment| payment.shop == by.shop)
        .ok_or_else(|| Refusal::from(api::NOT_FOUND))
}

async fn finish(acquiring: &Acquiring, by: &SignedBy, payment: Payment) -> Result<Response, Refusal> {
    let place = acquiring.places.of(by).await?;
    Ok(answer(&acquiring.view_of(payment, &place).await?))
}

/// 200 when there is nothing to wait for.
fn answer(view: &PaymentView) -> Response {
    let waits = matches!(view.state, StateName::Started | StateName::Sent | StateName::InDoubt);
    let status = if waits { StatusCode::ACCEPTED } else { StatusCode::OK };
    center_base::json(status, view)
}
