//! Activation (W-030) and the confirmation of the shop (W-031).
//!
//! A try is counted before the password is looked at, so that tries at the same time count too. Only
//! who knows the right password learns that a terminal exists, is locked, or was activated before.

use crate::password::Candidate;
use crate::rows::{bind_reader, reader_holder};
use crate::signed::advance_counter;
use crate::{Fleet, checked_serial, limits, rows, terminal_id};
use axum::Json;
use axum::extract::State;
use center_api::signature::key_id;
use center_api::{Activation, ActivationRequest};
use center_base::{Caller, JsonBody, Refusal, SignedBy, TerminalId, audit, configuration_changed};
use codes::api;
use ed25519_dalek::VerifyingKey;
use serde_json::json;
use std::sync::Arc;
use store::{DbError, ReadTx, Tx, params};

pub(crate) const TRY: &str = "UPDATE terminal SET failed_tries = failed_tries + 1
      WHERE tenant = $1 AND id = $2 AND failed_tries <= $3";
pub(crate) const SECRETS: &str = "SELECT password_hash, password_until_us, password_used, failed_tries,
            revoked, confirmed_key_id, pending_key_id, pending_reader
       FROM terminal WHERE tenant = $1 AND id = $2";
pub(crate) const PREPARE: &str =
    "UPDATE terminal SET pending_key = $3, pending_key_id = $4, pending_reader = $5, failed_tries = 0
      WHERE tenant = $1 AND id = $2";
pub(crate) const CONFIRM: &str = "UPDATE terminal
        SET confirmed_key = pending_key, confirmed_key_id = pending_key_id, pending_key = NULL,
            pending_key_id = NULL, pending_reader = NULL, password_used = 1, failed_tries = 0,
            activated_at_us = $4, last_counter = $5
      WHERE tenant = $1 AND id = $2 AND pending_key_id = $3 AND revoked = 0";

/// The row as activation sees it.
struct Secrets {
    password_hash: String,
    password_until_us: Option<i64>,
    is_used: bool,
    tries: i64,
    is_revoked: bool,
    confirmed: Option<String>,
    pending: Option<String>,
    pending_reader: String,
}

fn secrets(
    tx: &mut ReadTx<'_>,
    tenant: store::TenantId,
    id: &TerminalId,
) -> Result<Option<Secrets>, DbError> {
    tx.query_opt(SECRETS, params![tenant, id], |row| {
        Ok(Secrets {
            password_hash: row.text(0)?.to_owned(),
            password_until_us: row.opt_i64(1)?,
            is_used: row.bool(2)?,
            tries: row.i64(3)?,
            is_revoked: row.bool(4)?,
            confirmed: row.opt_text(5)?.map(str::to_owned),
            pending: row.opt_text(6)?.map(str::to_owned),
            pending_reader: row.opt_text(7)?.unwrap_or_default().to_owned(),
        })
    })
}

/// What a device offers, checked.
#[derive(Clone)]
struct Offer {
    terminal: TerminalId,
    key: [u8; 32],
    key_id: Arc<str>,
    reader: String,
}

impl Offer {
    fn read(request: &ActivationRequest) -> Result<Self, Refusal> {
        let terminal = terminal_id(&request.terminal_id);
        let terminal = terminal.ok_or_else(|| Refusal::bad("terminal_id must have twelve digits"))?;
        let bad_key = || Refusal::bad("public_key must be an Ed25519 key in 64 hex digits");
        let mut key = [0; 32];
        hex::decode_to_slice(&request.public_key, &mut key).map_err(|_| bad_key())?;
        let parsed = VerifyingKey::from_bytes(&key).ok().filter(|key| !key.is_weak()).ok_or_else(bad_key)?;
        checked_serial(&request.reader_serial)?;
        Ok(Self { terminal, key, key_id: key_id(&parsed).into(), reader: request.reader_serial.clone() })
    }
}

/// `POST /api/v1/activations`.
pub(crate) async fn activate(
    State(fleet): State<Fleet>,
    JsonBody(request): JsonBody<ActivationRequest>,
) -> Result<Json<Activation>, Refusal> {
    let offer = Offer::read(&request)?;
    let (now_us, memory) = (fleet.base.clock.now_us(), &fleet.memory);
    if !memory.of_terminal.take(offer.terminal.as_str(), now_us) || !memory.of_all.take("", now_us) {
        return Err(api::TOO_MANY.into());
    }
    let terminal = offer.terminal.clone();
    let stored = fleet.base.write(move |tx| count_try(tx, &terminal)).await?;
    if !memory.hashing.is_right(Candidate::new(request.password), stored.clone()).await? {
        return Err(wrong());
    }
    // Only a known terminal has a right password.
    let seen = stored.ok_or_else(wrong)?;
    let activation = fleet.base.write(move |tx| prepare(tx, &offer, &seen)).await?;
    Ok(Json(activation))
}

/// One answer to a wrong password and to an unknown terminal.
fn wrong() -> Refusal {
    Refusal::from(api::NOT_SIGNED_IN).detail("terminal id or password is wrong")
}

/// Counts the try, and returns the hash to compare with. Both kinds of terminal cost one commit.
fn count_try(tx: &mut Tx<'_>, id: &TerminalId) -> Result<Option<String>, Refusal> {
    let tenant = tx.tenant();
    tx.execute(TRY, params![tenant, id, limits::PASSWORD_TRIES])?;
    let about = format!("terminal {id}");
    audit::record(
        tx,
        &audit::Act { who: "anonymous", what: "activation_tried", about: &about, detail: json!({}) },
    )?;
    Ok(secrets(tx, tenant, id)?.map(|row| row.password_hash))
}

/// The password was right: keeps the device's key until the shop is confirmed.
fn prepare(tx: &mut Tx<'_>, offer: &Offer, seen: &str) -> Result<Activation, Refusal> {
    let (tenant, id) = (tx.tenant(), &offer.terminal);
    let row = secrets(tx, tenant, id)?.filter(|row| row.password_hash == seen).ok_or_else(wrong)?;
    let no = |why: &str| Err(Refusal::from(api::NOT_ALLOWED).detail(why));
    // This try is counted already.
    if row.tries > limits::PASSWORD_TRIES {
        return Err(api::LOCKED.into());
    }
    if row.is_revoked {
        return no("this terminal is blocked; ask the administrator");
    }
    if row.is_used {
        return no("this terminal is activated already; ask for a new terminal password");
    }
    if row.password_until_us.is_some_and(|until| until < tx.now_us()) {
        return no("the terminal password has expired; ask for a new one");
    }
    if reader_holder(tx, tenant, &offer.reader)?.is_some_and(|holder| holder != *id) {
        return Err(codes::pay::READER_NOT_BOUND.into());
    }
    tx.execute(PREPARE, params![tenant, id, &offer.key, &*offer.key_id, &offer.reader])?;
    let about = format!("terminal {id}");
    let detail = json!({ "key": &*offer.key_id, "reader": offer.reader });
    audit::record(tx, &audit::Act { who: "anonymous", what: "activation_prepared", about: &about, detail })?;
    shown(tx, tenant, id)
}

/// What the clerk sees (W-031).
fn shown(tx: &mut ReadTx<'_>, tenant: store::TenantId, id: &TerminalId) -> Result<Activation, Refusal> {
    let terminal = rows::terminal(tx, tenant, id)?.ok_or_else(wrong)?;
    let shop = tenancy::shop(tx, tenant, &terminal.shop)?
        .ok_or_else(|| Refusal::internal(format!("shop {} of terminal {id} is missing", terminal.shop)))?;
    Ok(Activation {
        terminal_id: id.to_string(),
        shop_id: terminal.shop.to_string(),
        shop_name: shop.shop.merchant.name,
        phone: shop.shop.merchant.phone,
    })
}

/// `POST /api/v1/activations/confirm`, signed with the key that was offered; asked again by the same key
/// it answers the same.
pub(crate) async fn confirm(State(fleet): State<Fleet>, caller: Caller) -> Result<Json<Activation>, Refusal> {
    let by = caller.terminal()?.clone();
    let activation = fleet.base.write(move |tx| take_key(tx, &by)).await?;
    fleet.base.refresh().await?;
    Ok(Json(activation))
}

fn take_key(tx: &mut Tx<'_>, by: &SignedBy) -> Result<Activation, Refusal> {
    let (tenant, now_us, id) = (tx.tenant(), tx.now_us(), &by.terminal);
    let row = secrets(tx, tenant, id)?.ok_or_else(wrong)?;
    if row.pending.as_deref() != Some(&*by.key_id) {
        advance_counter(tx, by)?;
        return shown(tx, tenant, id);
    }
    if tx.execute(CONFIRM, params![tenant, id, &*by.key_id, now_us, by.counter])? == 0 {
        return Err(Refusal::from(api::NOT_ALLOWED).detail("this terminal is blocked; ask the administrator"));
    }
    // A new key is a new device with a journal of its own.
    if row.confirmed.as_deref() != Some(&*by.key_id) {
        tx.execute(crate::journal::FORGET, params![tenant, id])?;
    }
    bind_reader(tx, id, &row.pending_reader)?;
    let (who, about) = (format!("terminal {id}"), format!("terminal {id}"));
    let detail = json!({ "key": &*by.key_id, "key_before": row.confirmed, "reader": row.pending_reader });
    audit::record(tx, &audit::Act { who: &who, what: "activated", about: &about, detail })?;
    configuration_changed(tx)?;
    shown(tx, tenant, id)
}
