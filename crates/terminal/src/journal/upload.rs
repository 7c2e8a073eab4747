//! What the center is told of the journal: numbers and hashes since what it acknowledged last, and how the
//! payments stand that those entries are about.

use super::{Journal, JournalError, TENANT, keep, rows};
use crate::attempt::Purpose;
use center_api::{AttemptSummary, JOURNAL_LINKS_MAX, JournalPoint};
use payment::PaymentId;
use std::collections::BTreeSet;
use store::{ReadTx, Tx, params};

const ACKNOWLEDGED: &str = "acknowledged";

/// What has not been told yet.
#[derive(Clone, Debug)]
pub(crate) struct Untold {
    pub(crate) after: JournalPoint,
    pub(crate) links: Vec<JournalPoint>,
    pub(crate) attempts: Vec<AttemptSummary>,
}

fn beginning() -> JournalPoint {
    JournalPoint { seq: 0, hash: hex::encode([0; 32]) }
}

fn untold(tx: &mut ReadTx<'_>) -> Result<Untold, JournalError> {
    let after = keep::get(tx, ACKNOWLEDGED)?.and_then(|text| serde_json::from_str(&text).ok());
    let after: JournalPoint = after.unwrap_or_else(beginning);
    let most = i64::try_from(JOURNAL_LINKS_MAX).unwrap_or(0);
    let sql = "SELECT seq, hash, payment FROM entry WHERE tenant = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    let mut links = Vec::new();
    let mut ids = BTreeSet::new();
    tx.query_each(sql, params![TENANT, after.seq, most], |row| {
        links.push(JournalPoint { seq: row.i64(0)?, hash: hex::encode(row.array::<32>(1)?) });
        ids.extend(row.opt_bytes(2)?.and_then(|bytes| PaymentId::from_bytes(bytes).ok()));
        Ok(())
    })?;
    let mut attempts = Vec::new();
    for id in ids {
        attempts.extend(rows::load(tx, id)?.map(|attempt| AttemptSummary {
            id,
            refund_of: match attempt.purpose {
                Purpose::Sale => None,
                Purpose::Refund { of, .. } => Some(of),
            },
            state: attempt.name(),
            amount: attempt.amount,
            slip_no: attempt.slip_no,
            code: attempt.code(),
        }));
    }
    Ok(Untold { after, links, attempts })
}

impl Journal {
    /// The next part to tell the center.
    pub(crate) async fn untold(&self) -> Result<Untold, JournalError> {
        Ok(self.db.read(untold).await?)
    }

    /// The center knows everything up to here; `None` begins anew, for a center that has forgotten.
    pub(crate) async fn keep_told(&self, point: Option<JournalPoint>) -> Result<(), JournalError> {
        let text = serde_json::to_string(&point.unwrap_or_else(beginning))
            .map_err(|error| JournalError::Broken(error.to_string()))?;
        Ok(self.db.write(TENANT, move |tx: &mut Tx<'_>| keep::put(tx, ACKNOWLEDGED, &text)).await?)
    }
}
