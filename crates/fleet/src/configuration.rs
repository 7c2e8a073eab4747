//! What governs a terminal's day, and the online test.

use crate::{Fleet, rows};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use center_api::{Contract, Echo, Shop, TerminalConfig};
use center_base::{Caller, Refusal, SignedBy};
use codes::api;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use tenancy::Place;

/// A configuration as it is sent, kept until any configuration changes.
pub(crate) struct Kept {
    tag: HeaderValue,
    json: Bytes,
}

/// `POST /api/v1/echo`.
pub(crate) async fn echo(State(fleet): State<Fleet>, caller: Caller) -> Result<Json<Echo>, Refusal> {
    let terminal_id = caller.terminal()?.terminal.to_string();
    Ok(Json(Echo { terminal_id, now_us: fleet.base.clock.now_us() }))
}

/// `GET /api/v1/terminal`.
pub(crate) async fn show(
    State(fleet): State<Fleet>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let by = caller.terminal()?;
    let memory = &fleet.memory.configurations;
    let kept = memory.get_or_load(&fleet.base, &by.terminal, || load(&fleet, by)).await?;
    let meta = [
        (header::ETAG, kept.tag.clone()),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    ];
    if headers.get_all(header::IF_NONE_MATCH).iter().any(|asked| names(asked, &kept.tag)) {
        return Ok((StatusCode::NOT_MODIFIED, meta).into_response());
    }
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    Ok((meta, kind, kept.json.clone()).into_response())
}

/// Whether an If-None-Match names this tag (RFC 9110, 13.1.2: compared weakly).
fn names(asked: &HeaderValue, tag: &HeaderValue) -> bool {
    let (Ok(asked), Ok(tag)) = (asked.to_str(), tag.to_str()) else { return false };
    asked.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag)
}

async fn load(fleet: &Fleet, by: &SignedBy) -> Result<Arc<Kept>, Refusal> {
    let policy = fleet.tenancy.policy(&Place::terminal(&by.company, &by.shop, &by.terminal)).await?;
    let contracts = fleet.tenancy.contracts(&by.company).await?;
    let (tenant, id, shop) = (fleet.base.tenant, by.terminal.clone(), by.shop.clone());
    let (terminal, shop) = fleet
        .base
        .read(move |tx| Ok((rows::terminal(tx, tenant, &id)?, tenancy::shop(tx, tenant, &shop)?)))
        .await?;
    let (Some(terminal), Some(shop)) = (terminal, shop) else { return Err(api::NOT_FOUND.into()) };
    let contract = |row: &tenancy::Contract| Contract { brand: row.brand, classes: row.classes.clone() };
    let config = TerminalConfig {
        terminal_id: by.terminal.to_string(),
        shop: Shop { id: shop.shop.id.to_string(), code: shop.shop.code, merchant: shop.shop.merchant },
        contracts: contracts.iter().map(contract).collect(),
        policy: policy.as_ref().clone(),
        reader_serial: terminal.reader.unwrap_or_default(),
        support_phone: shop.support_phone,
    };
    let broken = |error: &dyn std::error::Error| Refusal::internal(format!("configuration: {error}"));
    let json = serde_json::to_vec(&config).map_err(|error| broken(&error))?;
    let digest = Sha256::digest(&json);
    let tag = digest.first_chunk::<8>().map(hex::encode).unwrap_or_default();
    let tag = HeaderValue::from_str(&format!("\"{tag}\"")).map_err(|error| broken(&error))?;
    Ok(Arc::new(Kept { tag, json: json.into() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_among_several_and_weakly() {
        let tag = HeaderValue::from_static("\"ab\"");
        for asked in ["\"ab\"", "\"cd\", \"ab\"", "W/\"ab\"", "*"] {
            assert!(names(&HeaderValue::from_static(asked), &tag), "{asked}");
        }
        assert!(!names(&HeaderValue::from_static("\"abc\""), &tag));
    }
}
