//! What an administrator does with terminals: register, issue a password again, block.

use crate::password::TerminalPassword;
use crate::rows::{bind_reader, terminal};
use crate::{Fleet, checked_serial, limits, terminal_id};
use center_base::{Refusal, ShopId, TerminalId, audit, configuration_changed};
use codes::api;
use serde_json::json;
use store::{Tx, params};

pub(crate) const INSERT: &str = "INSERT INTO terminal
        (tenant, id, company_id, shop_id, name, password_hash, password_used, failed_tries, revoked, last_counter)
     VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0, 0)
     ON CONFLICT (tenant, id) DO NOTHING";
pub(crate) const UPDATE: &str = "UPDATE terminal SET company_id = $3, shop_id = $4, name = $5
      WHERE tenant = $1 AND id = $2 AND (company_id <> $3 OR shop_id <> $4 OR name <> $5)";
pub(crate) const REISSUE: &str = "UPDATE terminal
        SET password_hash = $3, password_until_us = $4, password_used = 0, failed_tries = 0,
            pending_key = NULL, pending_key_id = NULL, pending_reader = NULL,
            confirmed_key = CASE WHEN revoked = 1 THEN NULL ELSE confirmed_key END,
            confirmed_key_id = CASE WHEN revoked = 1 THEN NULL ELSE confirmed_key_id END,
            revoked = 0
      WHERE tenant = $1 AND id = $2";
pub(crate) const REVOKE: &str =
    "UPDATE terminal SET revoked = 1, pending_key = NULL, pending_key_id = NULL, pending_reader = NULL
      WHERE tenant = $1 AND id = $2 AND revoked = 0";

/// A terminal as an administrator or the demo's cast names it.
#[derive(Clone, Debug)]
pub struct CastTerminal {
    /// Twelve digits (W-022).
    pub id: TerminalId,
    /// Its shop, whose company is the terminal's.
    pub shop: ShopId,
    /// Device name (W-022).
    pub name: String,
    /// For the first activation; a terminal that is there already keeps its own.
    pub password: TerminalPassword,
    /// Serial number of its reader (M-014); empty for none.
    pub reader_serial: String,
}

impl Fleet {
    /// Registers a terminal, or brings shop, name and reader up to date; true when something changed.
    /// Its first password does not expire; it is used once.
    pub async fn seed(&self, who: &str, row: &CastTerminal) -> Result<bool, Refusal> {
        if terminal_id(row.id.as_str()).is_none() {
            return Err(Refusal::bad("a terminal id has twelve digits"));
        }
        checked_serial(&row.reader_serial)?;
        let (tenant, id) = (self.base.tenant, row.id.clone());
        let is_there = self.base.read(move |tx| Ok(terminal(tx, tenant, &id)?.is_some())).await?;
        let hash =
            if is_there { None } else { Some(self.memory.hashing.hash(row.password.candidate()).await?) };
        let (who, row) = (who.to_owned(), row.clone());
        let changed = self.base.write(move |tx| put(tx, &who, &row, hash.as_deref())).await?;
        if changed {
            self.base.refresh().await?;
        }
        Ok(changed)
    }

    /// Issues a new terminal password: opens activation once more, for 15 minutes, also when it was locked
    /// or the terminal blocked. A blocked terminal's key stays dead; any other works until the new
    /// device is confirmed.
    pub async fn reissue(
        &self,
        who: &str,
        id: &TerminalId,
        password: &TerminalPassword,
    ) -> Result<(), Refusal> {
        let hash = self.memory.hashing.hash(password.candidate()).await?;
        let (who, id) = (who.to_owned(), id.clone());
        self.base
            .write(move |tx| {
                let tenant = tx.tenant();
                let until = tx.now_us().saturating_add(limits::REISSUED_LIVES_US);
                if tx.execute(REISSUE, params![tenant, &id, &hash, until])? == 0 {
                    return Err(api::NOT_FOUND.into());
                }
                record(tx, &who, "terminal_password_reissued", &id, json!({ "until_us": until }))
            })
            .await?;
        self.base.refresh().await
    }

    /// Blocks a terminal at once; true when it was not blocked before.
    pub async fn revoke(&self, who: &str, id: &TerminalId, reason: &str) -> Result<bool, Refusal> {
        let (who, id, reason) = (who.to_owned(), id.clone(), reason.to_owned());
        let changed = self
            .base
            .write(move |tx| {
                let tenant = tx.tenant();
                let changed = tx.execute(REVOKE, params![tenant, &id])? == 1;
                if changed {
                    record(tx, &who, "terminal_blocked", &id, json!({ "reason": reason }))?;
                } else if terminal(tx, tenant, &id)?.is_none() {
                    return Err(api::NOT_FOUND.into());
                }
                Ok(changed)
            })
            .await?;
        self.base.refresh().await?;
        Ok(changed)
    }

    /// Lets a terminal in again that is blocked for its journal ([`crate::let_in`]).
    pub async fn let_in(&self, who: &str, id: &TerminalId, reason: &str) -> Result<(), Refusal> {
        let (who, id, reason) = (who.to_owned(), id.clone(), reason.to_owned());
        self.base.write(move |tx| crate::let_in(tx, &who, &id, &reason)).await?;
        self.base.refresh().await
    }

    /// A copy of the terminal's data is in use (S9): neither the copy nor the original goes on.
    pub(crate) async fn block_copy(&self, id: &TerminalId, counter: i64) -> Result<(), Refusal> {
        tracing::warn!(terminal = %id, counter, "two requests under one counter: the terminal is blocked");
        let id = id.clone();
        let last = crate::Point { seq: counter, hash: [0; 32] };
        self.base
            .write(move |tx| crate::journal::block(tx, &id, center_api::JournalStanding::Copied, last))
            .await?;
        self.base.refresh().await
    }
}

fn put(tx: &mut Tx<'_>, who: &str, row: &CastTerminal, hash: Option<&str>) -> Result<bool, Refusal> {
    let (tenant, id) = (tx.tenant(), &row.id);
    let shop = tenancy::shop(tx, tenant, &row.shop)?;
    let company = shop.ok_or_else(|| Refusal::bad(format!("there is no shop {}", row.shop)))?.shop.company_id;
    let mut changed = false;
    if let Some(hash) = hash {
        changed = tx.execute(INSERT, params![tenant, id, &company, &row.shop, &row.name, hash])? == 1;
    }
    changed |= tx.execute(UPDATE, params![tenant, id, &company, &row.shop, &row.name])? == 1;
    changed |= bind_reader(tx, id, &row.reader_serial)?;
    if changed {
        let detail = json!({ "shop": row.shop.as_str(), "name": row.name, "reader": row.reader_serial });
        record(tx, who, "terminal_changed", id, detail)?;
    }
    Ok(changed)
}

/// Audits a change and tells the caches.
pub(crate) fn record(
    tx: &mut Tx<'_>,
    who: &str,
    what: &str,
    id: &TerminalId,
    detail: serde_json::Value,
) -> Result<(), Refusal> {
    let about = format!("terminal {id}");
    audit::record(tx, &audit::Act { who, what, about: &about, detail })?;
    Ok(configuration_changed(tx)?)
}
