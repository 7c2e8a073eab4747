//! The terminal's operations: ask for a mail, see how the mails went and with which address to begin.

use crate::Receipts;
use crate::address::MailAddress;
use crate::deliveries::{DeliveryKind, receipt_deliveries};
use crate::limits;
use crate::order::{self, Order};
use crate::sale::Sale;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use center_api::{MailReceiptRequest, ReceiptMails};
use center_base::{Base, Caller, JsonBody, Refusal, Scope};
use codes::api;
use http::{HeaderMap, StatusCode};
use payment::PaymentId;

/// `POST /api/v1/payments/{id}/receipt-mails`.
pub(crate) async fn ask(
    State(receipts): State<Receipts>,
    caller: Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
    JsonBody(request): JsonBody<MailReceiptRequest>,
) -> Result<Response, Refusal> {
    let by = caller.terminal()?.clone();
    let address = MailAddress::typed(&request.address)
        .ok_or_else(|| Refusal::bad("address is not a mail address like hanako@example.jp"))?;
    let order = Order {
        sale: sale(&receipts, &caller.scope()?, &id).await?,
        address,
        lang: request.lang,
        key: idempotency_key(&headers)?,
        asked_by: caller.actor.label(),
        ids: [mint(&receipts.base)?, mint(&receipts.base)?],
    };
    let advance = receipts.advance;
    let placed = receipts
        .base
        .write(move |tx| {
            advance(tx, &by)?;
            order::place(tx, &order)
        })
        .await?;
    receipts.base.wake_outbox();
    Ok((StatusCode::ACCEPTED, axum::Json(placed.wire())).into_response())
}

/// `GET /api/v1/payments/{id}/receipt-mails`.
pub(crate) async fn list(
    State(receipts): State<Receipts>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<axum::Json<ReceiptMails>, Refusal> {
    let scope = caller.scope()?;
    let sale = sale(&receipts, &scope, &id).await?;
    let (tenant, payment) = (receipts.base.tenant, sale.facts.payment);
    let found = receipts.base.read(move |tx| Ok(receipt_deliveries(tx, tenant, &scope, payment)?)).await?;
    let left = order::left(&sale, &found);
    let mails: Vec<_> = found.iter().filter(|delivery| delivery.kind == DeliveryKind::CustomerMail).collect();
    let last_address = mails.iter().find_map(|delivery| delivery.address.as_ref());
    Ok(axum::Json(ReceiptMails {
        last_address: last_address.map(|address| address.reveal().to_owned()),
        left,
        mails: mails.iter().map(|delivery| delivery.wire()).collect(),
    }))
}

async fn sale(receipts: &Receipts, scope: &Scope, id: &str) -> Result<Sale, Refusal> {
    let id: PaymentId = id.parse().map_err(|_| Refusal::from(api::NOT_FOUND))?;
    receipts.sales.by_id(scope, id).await?.ok_or_else(|| api::NOT_FOUND.into())
}

/// The asker's own name for the request; sending it again with the same name is asking once.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().unwrap_or_default();
    let fits =
        !key.is_empty() && key.len() <= limits::KEY_CHARS && key.bytes().all(|byte| byte.is_ascii_graphic());
    if fits {
        Ok(Some(key.to_owned()))
    } else {
        Err(Refusal::bad("Idempotency-Key: 1 to 64 visible ASCII characters"))
    }
}

/// A delivery's id: UUIDv7 on the center's clock.
fn mint(base: &Base) -> Result<[u8; 16], Refusal> {
    let random = center_base::random::<10>()?;
    let millis = u64::try_from(base.clock.now().as_millisecond()).unwrap_or(0);
    Ok(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().into_bytes())
}
