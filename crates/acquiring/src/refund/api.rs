//! The terminal API of giving back.

use super::path::{Giver, Wanted};
use crate::limits;
use crate::service::Acquiring;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use center_api::{RefundRequest, RefundReversal, RefundView};
use center_base::{Access, Caller, Doc, JsonBody, Refusal, Routes};
use codes::api;
use http::{Method, StatusCode};
use payment::{PaymentId, StateName};

/// The operations.
pub(crate) fn add(routes: Routes<Acquiring>) -> Routes<Acquiring> {
    let answered = |doc: Doc| {
        doc.answer::<RefundView>(200, "As it stands: final")
            .answer::<RefundView>(202, "Still under way, or in doubt and being settled: ask again")
            .problem(404, "Not there, or of another shop")
    };
    let give = Doc::new("refundPayment", "payments", "Give a payment back, whole or in part")
        .description(
            "A void on the payment's own day, a return or refund afterwards: the payment's `refund_offer` \
             says what it would be. Idempotent by `id` for ever. Never more is given back than was paid: \
             what is under way counts as given back. A refusal by the rules (too late, too much, another \
             card, not in part) or by the network is a 200 whose state is `declined`, and stands for ever.",
        )
        .body::<RefundRequest>()
        .problem(409, "The id is taken by a refund with other content");
    let look = Doc::new("refund", "payments", "Ask how a refund stands");
    let reverse = Doc::new("reverseRefund", "payments", "Undo a refund whatever it is")
        .description(
            "An id never seen is remembered, so that a late original is refused. An approved refund is \
             final: 409. A void that nobody answered is not undone but asked again until it is answered.",
        )
        .body::<RefundReversal>()
        .problem(409, "Approved, or the id is taken by a refund with other content");
    routes
        .api(Method::POST, "/api/v1/payments/{id}/refunds", Access::TERMINAL, answered(give), give_now)
        .api(Method::GET, "/api/v1/refunds/{id}", Access::TERMINAL, answered(look), look_up)
        .api(Method::POST, "/api/v1/refunds/{id}/reversal", Access::TERMINAL, answered(reverse), reverse_now)
}

async fn give_now(
    State(acquiring): State<Acquiring>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody(request): JsonBody<RefundRequest>,
) -> Result<Response, Refusal> {
    let by = caller.terminal()?.clone();
    let wanted = wanted(read_id(&id)?, request)?;
    Ok(answer(acquiring.give_back(Giver::Terminal(by), wanted).await?))
}

/// Checks everything that is not a matter of rules.
fn wanted(payment: PaymentId, request: RefundRequest) -> Result<Wanted, Refusal> {
    if request.amount.is_zero() {
        return Err(Refusal::bad("amount must be above zero"));
    }
    if !(1..=9999).contains(&request.slip_no) {
        return Err(Refusal::bad("slip_no must be 1 to 9999"));
    }
    if request.tax.is_some_and(|tax| tax.standard(request.amount).is_none()) {
        return Err(Refusal::bad("tax: more than the amount"));
    }
    let fits = |text: &str, most: usize| !text.contains('\0') && text.chars().count() <= most;
    if request.reason.as_ref().is_some_and(|reason| !fits(reason, limits::NOTE_CHARS)) {
        return Err(Refusal::bad("reason is too long"));
    }
    let long = |name: &str| !fits(name, limits::OPERATOR_CHARS);
    if request.operator.as_ref().is_some_and(|operator| long(&operator.id) || long(&operator.name)) {
        return Err(Refusal::bad("operator is too long"));
    }
    let card = request.card.as_ref().map(crate::ask::shown_card).transpose()?;
    Ok(Wanted {
        id: request.id,
        payment,
        amount: request.amount,
        slip_no: request.slip_no,
        operator: request.operator,
        reason: request.reason.filter(|reason| !reason.is_empty()),
        tax: request.tax,
        card,
    })
}

async fn look_up(
    State(acquiring): State<Acquiring>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let by = caller.terminal()?.clone();
    Ok(answer(acquiring.refund_of(Giver::Terminal(by), read_id(&id)?).await?))
}

async fn reverse_now(
    State(acquiring): State<Acquiring>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody(request): JsonBody<RefundReversal>,
) -> Result<Response, Refusal> {
    let by = caller.terminal()?.clone();
    Ok(answer(acquiring.reverse_refund(by, read_id(&id)?, request).await?))
}

/// What is not an id names nothing.
fn read_id(text: &str) -> Result<PaymentId, Refusal> {
    text.parse().map_err(|_| api::NOT_FOUND.into())
}

/// 200 when there is nothing to wait for.
fn answer(view: RefundView) -> Response {
    let waits = matches!(view.state, StateName::Started | StateName::Sent | StateName::InDoubt);
    let status = if waits { StatusCode::ACCEPTED } else { StatusCode::OK };
    (status, axum::Json(view)).into_response()
}
