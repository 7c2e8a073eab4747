//! Proof and export of a journal: the chain, the fold, every payment, as JSON.

use super::{FILE, Fact, JournalError, MIGRATIONS, TENANT, link, rows};
use crate::attempt::Attempt;
use clock::Clock;
use payment::{PaymentId, public_id};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use store::{Db, DbError, ReadTx, Url, params};

/// What the proof found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether nothing is wrong.
    pub ok: bool,
    /// Entries in the journal.
    pub entries: i64,
    /// Payments.
    pub payments: i64,
    /// Payments that are not final.
    pub unsettled: i64,
    /// Whole yen of the approved sales.
    pub approved_yen: i64,
    /// Whole yen of the approved voids, returns and refunds.
    pub returned_yen: i64,
    /// The last hash, hex: compare it with a copy kept elsewhere.
    pub head: String,
    /// What is wrong, one sentence each.
    pub problems: Vec<String>,
}

#[derive(Serialize)]
struct EntryOut {
    seq: i64,
    at_us: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<PaymentId>,
    fact: serde_json::Value,
    hash: String,
}

#[derive(Serialize)]
struct PaymentOut {
    id: PaymentId,
    public_id: String,
    state: &'static str,
    /// Taken by a payment, returned by a refund: `yes`, `no`, `unknown`.
    money_taken: &'static str,
    /// The payment that a refund gives back.
    #[serde(skip_serializing_if = "Option::is_none")]
    refund_of: Option<PaymentId>,
    amount: i64,
    class: String,
    slip_no: i64,
    started_at_us: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    customer_prints: u32,
    merchant_prints: u32,
}

struct RawEntry {
    seq: i64,
    at_us: i64,
    payment: Option<Vec<u8>>,
    body: String,
    hash: [u8; 32],
}

fn open(folder: &Path, clock: Clock) -> Result<Db, JournalError> {
    let path = folder.join(FILE);
    if !path.exists() {
        return Err(JournalError::Broken(format!("there is no journal at {}", path.display())));
    }
    Db::open(&Url::Sqlite(path), MIGRATIONS, clock).map_err(|e| JournalError::Broken(e.to_string()))
}

/// Proves a journal: numbers without gap, hashes, the fold of the entries equal to the stored payments.
/// The program that writes it must be stopped. Blocks.
pub fn verify(folder: &Path, clock: Clock) -> Result<Report, JournalError> {
    Ok(open(folder, clock)?.read_blocking(prove)?)
}

/// A journal as JSON: `{"report", "entries", "payments", "refunds"}`. The program must be stopped. Blocks.
pub fn export(folder: &Path, clock: Clock) -> Result<serde_json::Value, JournalError> {
    let db = open(folder, clock)?;
    let (report, entries, payments) = db.read_blocking(|tx| {
        let report = prove(tx)?;
        let mut entries = Vec::new();
        each_entry(tx, |raw| {
            entries.push(EntryOut {
                seq: raw.seq,
                at_us: raw.at_us,
                payment: raw.payment.as_deref().and_then(|bytes| PaymentId::from_bytes(bytes).ok()),
                fact: serde_json::from_str(&raw.body).unwrap_or(serde_json::Value::Null),
                hash: hex::encode(raw.hash),
            });
        })?;
        let payments: Vec<PaymentOut> = attempts(tx)?.values().map(out).collect();
        Ok::<_, JournalError>((report, entries, payments))
    })?;
    let (refunds, payments): (Vec<_>, Vec<_>) =
        payments.into_iter().partition(|payment| payment.refund_of.is_some());
    Ok(serde_json::json!({ "report": report, "entries": entries, "payments": payments, "refunds": refunds }))
}

fn out(attempt: &Attempt) -> PaymentOut {
    let slip = attempt.slip.as_deref();
    PaymentOut {
        id: attempt.id,
        public_id: public_id(attempt.id),
        state: attempt.name().word(),
        money_taken: attempt.money_taken().word(),
        refund_of: attempt.gives_back(),
        amount: attempt.amount.get(),
        class: attempt.class.to_string(),
        slip_no: attempt.slip_no,
        started_at_us: attempt.started_at_us,
        approval_code: slip.and_then(|slip| slip.approval_code.clone()),
        card: attempt.card.as_ref().map(|card| card.pan.last4_only()),
        code: attempt.code().map(codes::Code::key),
        customer_prints: attempt.prints.customer_done,
        merchant_prints: attempt.prints.merchant_done,
    }
}

fn each_entry(tx: &mut ReadTx<'_>, mut each: impl FnMut(RawEntry)) -> Result<(), DbError> {
    let sql = "SELECT seq, at_us, payment, body, hash FROM entry WHERE tenant = $1 ORDER BY seq";
    tx.query_each(sql, params![TENANT], |row| {
        each(RawEntry {
            seq: row.i64(0)?,
            at_us: row.i64(1)?,
            payment: row.opt_bytes(2)?.map(<[u8]>::to_vec),
            body: row.text(3)?.to_owned(),
            hash: row.array(4)?,
        });
        Ok(())
    })
}

fn attempts(tx: &mut ReadTx<'_>) -> Result<BTreeMap<PaymentId, Attempt>, JournalError> {
    let sql = "SELECT doc, id FROM attempt WHERE tenant = $1";
    let rows = tx.query_all(sql, params![TENANT], |row| {
        let id = row.array::<16>(1)?;
        Ok((id, row.text(0)?.to_owned()))
    })?;
    let mut found = BTreeMap::new();
    for (id, doc) in rows {
        let id = PaymentId::from_bytes(&id).map_err(|e| JournalError::Broken(e.to_string()))?;
        let attempt = serde_json::from_str(&doc)
            .map_err(|_| JournalError::Broken(format!("the stored payment {id} cannot be read")))?;
        found.insert(id, attempt);
    }
    Ok(found)
}

fn prove(tx: &mut ReadTx<'_>) -> Result<Report, JournalError> {
    let mut problems = Vec::new();
    let (mut seq, mut hash) = (0i64, [0u8; 32]);
    let mut folded: BTreeMap<PaymentId, Attempt> = BTreeMap::new();
    each_entry(tx, |raw| {
        let expected = seq.saturating_add(1);
        if raw.seq != expected {
            problems.push(format!("entry {expected} is missing: the next one is {}", raw.seq));
        }
        let payment = raw.payment.as_deref().and_then(|bytes| PaymentId::from_bytes(bytes).ok());
        if link(&hash, raw.seq, raw.at_us, payment, &raw.body) != raw.hash {
            problems
                .push(format!("the hash of entry {} does not fit: it or one before was changed", raw.seq));
        }
        (seq, hash) = (raw.seq, raw.hash);
        match serde_json::from_str::<Fact>(&raw.body) {
            Err(_) => problems.push(format!("entry {} cannot be read", raw.seq)),
            Ok(fact) => {
                let Some(id) = payment else { return };
                match Attempt::apply(folded.remove(&id), id, raw.at_us, &fact) {
                    Ok(attempt) => drop(folded.insert(id, attempt)),
                    Err(story) => problems.push(format!("entry {}: {story}", raw.seq)),
                }
            }
        }
    })?;
    let (head_seq, head_chain) = tx
        .query_opt("SELECT seq, chain FROM head WHERE tenant = $1", params![TENANT], |row| {
            Ok((row.i64(0)?, row.array::<32>(1)?))
        })?
        .unwrap_or((0, [0; 32]));
    if (head_seq, head_chain) != (seq, hash) {
        problems
            .push(format!("the journal ends at entry {seq}, its head says {head_seq}: the end was cut off"));
    }
    let stored = attempts(tx)?;
    for (id, attempt) in &folded {
        if stored.get(id) != Some(attempt) {
            problems.push(format!("the stored payment {id} is not what the journal tells"));
        }
    }
    problems.extend(
        stored
            .keys()
            .filter(|id| !folded.contains_key(*id))
            .map(|id| format!("payment {id} has no journal entry")),
    );
    let approved = |refund: bool| {
        let all = folded.values().filter(|attempt| attempt.name() == payment::StateName::Approved);
        let these = all.filter(|attempt| attempt.is_refund() == refund);
        these.map(|attempt| attempt.amount.get()).fold(0, i64::saturating_add)
    };
    Ok(Report {
        ok: problems.is_empty(),
        entries: seq,
        payments: i64::try_from(folded.len()).unwrap_or(i64::MAX),
        unsettled: i64::try_from(folded.values().filter(|a| rows::is_unsettled(a)).count())
            .unwrap_or(i64::MAX),
        approved_yen: approved(false),
        returned_yen: approved(true),
        head: hex::encode(hash),
        problems,
    })
}
