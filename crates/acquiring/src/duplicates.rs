//! The duplicate check (R-071 … R-075): the same amount from a card with the same brand and last four
//! digits, taken in this shop within the last five minutes, at whichever of its terminals.
//!
//! It warns; hard idempotency by the payment's id stands beside it. It reads the shop's newest payments
//! page by page until one is older than five minutes, so a busy shop has no hole (the manual's alert gave
//! up at fifty payments, R-072), and a quiet one costs one short look at an index that is there anyway.

use crate::service::Acquiring;
use axum::extract::State;
use center_api::{DuplicateAnswer, DuplicateCheck, Suspect};
use center_base::{Access, Caller, Doc, JsonBody, Refusal, Routes, ShopId};
use http::Method;
use jiff::Timestamp;
use money::Yen;
use payment::Brand;
use store::{DbError, Inconsistent, ReadTx, TenantId, params};

/// How far back is looked.
pub const WINDOW_US: i64 = 300_000_000;
/// Rows that are read at a time.
const PAGE: i64 = 200;
/// Pages at most: a shop that takes more than this in five minutes is no shop.
const PAGES: usize = 100;

/// Every statement of this module.
pub const STATEMENTS: &[&str] = &[NEWEST];

// The index payment_day serves it backwards. Approved and not given back: 売上予定 or 売上済み.
const NEWEST: &str = "SELECT seq, sent_at_us, terminal_id, order_code,
        CASE WHEN state = 'approved' AND method = 'card' AND given_back_yen = 0 AND refunded_yen < amount_yen
              AND brand = $5 AND last4 = $6 AND amount_yen = $7 THEN 1 ELSE 0 END
   FROM payment
  WHERE tenant = $1 AND business_date = $2 AND shop_id = $3 AND seq < $4
  ORDER BY seq DESC LIMIT $8";

/// The operation.
pub(crate) fn add(routes: Routes<Acquiring>) -> Routes<Acquiring> {
    let doc = Doc::new("checkDuplicate", "payments", "Was the same taken from such a card just now?")
        .description(
            "Asked after the card is read and before anything is sent; never for code payments (R-085). The \
             answer warns and refuses nothing.",
        )
        .body::<DuplicateCheck>()
        .answer::<DuplicateAnswer>(200, "With the newest suspect, when there is one");
    routes.api(Method::POST, "/api/v1/duplicate-checks", Access::TERMINAL, doc, check_now)
}

async fn check_now(
    State(acquiring): State<Acquiring>,
    caller: Caller,
    JsonBody(asked): JsonBody<DuplicateCheck>,
) -> Result<axum::Json<DuplicateAnswer>, Refusal> {
    if asked.last4.len() != 4 || !asked.last4.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::bad("last4 must be four digits"));
    }
    let shop = caller.terminal()?.shop.clone();
    let (tenant, now_us) = (acquiring.base.tenant, acquiring.base.clock.now_us());
    let wanted = Wanted { amount: asked.amount, brand: asked.brand, last4: asked.last4 };
    let suspect = acquiring.base.read(move |tx| Ok(suspect(tx, tenant, &shop, &wanted, now_us)?)).await?;
    Ok(axum::Json(DuplicateAnswer { suspect }))
}

/// What two payments have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Amount.
    pub amount: Yen,
    /// Brand.
    pub brand: Brand,
    /// Last four digits.
    pub last4: String,
}

/// The newest payment of the shop that looks the same and is not older than five minutes.
pub fn suspect(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    shop: &ShopId,
    wanted: &Wanted,
    now_us: i64,
) -> Result<Option<Suspect>, DbError> {
    let since_us = now_us.saturating_sub(WINDOW_US);
    let day = |at_us: i64| {
        let at = Timestamp::from_microsecond(at_us).unwrap_or(Timestamp::UNIX_EPOCH);
        clock::business_date(at).to_string()
    };
    let (today, earlier) = (day(now_us), day(since_us));
    let mut days = vec![today];
    // Just after midnight five minutes lie in two days.
    if !days.contains(&earlier) {
        days.push(earlier);
    }
    for day in days {
        if let Some(found) = of_day(tx, tenant, shop, wanted, (&day, since_us))? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

struct Seen {
    seq: i64,
    at_us: i64,
    terminal_id: String,
    order_code: String,
    same: bool,
}

fn of_day(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    shop: &ShopId,
    wanted: &Wanted,
    (day, since_us): (&str, i64),
) -> Result<Option<Suspect>, DbError> {
    let mut before = i64::MAX;
    for _ in 0..PAGES {
        let (brand, amount) = (wanted.brand.word(), wanted.amount.get());
        let values = params![tenant, day, shop, before, brand, &wanted.last4, amount, PAGE];
        let page = tx.query_all(NEWEST, values, |row| {
            Ok(Seen {
                seq: row.i64(0)?,
                at_us: row.i64(1)?,
                terminal_id: row.text(2)?.to_owned(),
                order_code: row.text(3)?.to_owned(),
                same: row.i64(4)? == 1,
            })
        })?;
        let over = i64::try_from(page.len()).unwrap_or(i64::MAX) < PAGE;
        for seen in page {
            if seen.at_us < since_us {
                return Ok(None);
            }
            if seen.same {
                return Ok(Some(Suspect {
                    at_us: seen.at_us,
                    terminal_id: seen.terminal_id,
                    order_code: seen.order_code,
                    amount: wanted.amount,
                }));
            }
            before = seen.seq;
        }
        if over {
            return Ok(None);
        }
    }
    Err(Inconsistent::new(format!("payments of shop {shop} in five minutes"), "fewer than 20,000").into())
}
