//! The statements on payments and counters.

use super::{JournalError, TENANT};
use crate::attempt::{Attempt, Remedy, remedy};
use crate::limits;
use payment::{PaymentId, StateName};
use store::{DbError, Inconsistent, ReadTx, Row, Tx, params};

/// A payment from the first column of a row, `doc`.
pub(crate) fn read(row: &Row<'_>) -> Result<Attempt, DbError> {
    let bad = |_| DbError::from(Inconsistent::new("attempt.doc", "a payment of this version"));
    serde_json::from_str(row.text(0)?).map_err(bad)
}

pub(super) fn load(tx: &mut ReadTx<'_>, id: PaymentId) -> Result<Option<Attempt>, JournalError> {
    let sql = "SELECT doc FROM attempt WHERE tenant = $1 AND id = $2";
    Ok(tx.query_opt(sql, params![TENANT, id.bytes()], read)?)
}

/// Whether start-up has to look at it.
pub(super) fn is_unsettled(attempt: &Attempt) -> bool {
    remedy(attempt) != Remedy::None || attempt.wants_signature()
}

pub(super) fn save(tx: &mut Tx<'_>, attempt: &Attempt, public_id: &str) -> Result<(), JournalError> {
    let doc = serde_json::to_string(attempt).map_err(|e| JournalError::Broken(e.to_string()))?;
    tx.execute(
        "INSERT INTO attempt (tenant, id, started_at_us, state, unsettled, amount_yen, public_id, doc)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (tenant, id) DO UPDATE SET state = $4, unsettled = $5, doc = $8",
        params![
            TENANT,
            attempt.id.bytes(),
            attempt.started_at_us,
            attempt.name().word(),
            is_unsettled(attempt),
            attempt.amount.get(),
            public_id,
            &doc
        ],
    )?;
    Ok(())
}

pub(super) fn unsettled(tx: &mut ReadTx<'_>) -> Result<Vec<Attempt>, JournalError> {
    let sql = "SELECT doc FROM attempt WHERE tenant = $1 AND unsettled = 1 ORDER BY started_at_us, id";
    Ok(tx.query_all(sql, params![TENANT], read)?)
}

pub(super) fn newest(tx: &mut ReadTx<'_>) -> Result<Option<Attempt>, JournalError> {
    let sql = "SELECT doc FROM attempt WHERE tenant = $1 ORDER BY started_at_us DESC, id DESC LIMIT 1";
    Ok(tx.query_opt(sql, params![TENANT], read)?)
}

/// The payment that the last entry of the journal is about.
pub(super) fn last_told(tx: &mut ReadTx<'_>) -> Result<Option<Attempt>, JournalError> {
    let sql = "SELECT payment FROM entry WHERE tenant = $1 ORDER BY seq DESC LIMIT 1";
    let last = tx.query_opt(sql, params![TENANT], |row| Ok(row.opt_bytes(0)?.map(<[u8]>::to_vec)))?;
    match last.flatten().and_then(|bytes| PaymentId::from_bytes(&bytes).ok()) {
        Some(id) => load(tx, id),
        None => Ok(None),
    }
}

pub(super) fn list(
    tx: &mut ReadTx<'_>,
    since_us: i64,
    states: &'static [StateName],
    amount_yen: i64,
) -> Result<Vec<Attempt>, JournalError> {
    let sql = "SELECT doc, state FROM attempt
        WHERE tenant = $1 AND started_at_us >= $2 AND ($3 < 0 OR amount_yen = $3)
        ORDER BY started_at_us DESC, id DESC";
    let mut found = Vec::new();
    let most = usize::try_from(limits::HISTORY_ROWS).unwrap_or(0);
    tx.query_each(sql, params![TENANT, since_us, amount_yen], |row| {
        let wanted = StateName::from_word(row.text(1)?).is_some_and(|state| states.contains(&state));
        if wanted && found.len() < most {
            found.push(read(row)?);
        }
        Ok(())
    })?;
    Ok(found)
}

/// By transaction id first; an order code or an address is looked for in the slips.
pub(super) fn find(tx: &mut ReadTx<'_>, code: &str) -> Result<Option<Attempt>, JournalError> {
    let sql = "SELECT doc FROM attempt WHERE tenant = $1 AND public_id = $2
        ORDER BY started_at_us DESC, id DESC LIMIT 1";
    if let Some(attempt) = tx.query_opt(sql, params![TENANT, code], read)? {
        return Ok(Some(attempt));
    }
    let token = code.rsplit('/').next().filter(|token| !token.is_empty()).unwrap_or(code);
    let mut found = None;
    let sql = "SELECT doc FROM attempt WHERE tenant = $1 AND state = $2 ORDER BY started_at_us DESC, id DESC";
    tx.query_each(sql, params![TENANT, StateName::Approved.word()], |row| {
        if found.is_none() {
            found = Some(read(row)?).filter(|attempt| carries(attempt, code, token));
        }
        Ok(())
    })?;
    Ok(found)
}

fn carries(attempt: &Attempt, code: &str, token: &str) -> bool {
    attempt.slip.as_ref().is_some_and(|slip| {
        let page = slip.link.as_deref().and_then(|link| link.rsplit('/').next());
        slip.order_code.eq_ignore_ascii_case(code) || slip.public_id == code || page == Some(token)
    })
}

/// Counts a counter on from 1 to `most` and around.
pub(super) fn next_in_circle(tx: &mut Tx<'_>, name: &str, most: i64) -> Result<i64, JournalError> {
    let last = counter(tx, name)?;
    let next = if last >= most { 1 } else { last.saturating_add(1) };
    set_counter(tx, name, next)?;
    Ok(next)
}

pub(super) fn counter(tx: &mut ReadTx<'_>, name: &str) -> Result<i64, JournalError> {
    let sql = "SELECT value FROM counter WHERE tenant = $1 AND name = $2";
    Ok(tx.query_opt(sql, params![TENANT, name], |row| row.i64(0))?.unwrap_or(0))
}

pub(super) fn set_counter(tx: &mut Tx<'_>, name: &str, value: i64) -> Result<(), JournalError> {
    tx.execute(
        "INSERT INTO counter (tenant, name, value) VALUES ($1, $2, $3)
         ON CONFLICT (tenant, name) DO UPDATE SET value = $3",
        params![TENANT, name, value],
    )?;
    Ok(())
}
