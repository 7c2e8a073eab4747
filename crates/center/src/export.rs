//! `choba admin export center`: payments and ledger as JSON, one row a line, in one order that does not
//! depend on the engine. Shape: docs/admin-json.md.

use acquiring::row::Payment;
use serde_json::{Value, json};
use std::io::{self, Write};
use store::{Db, DbError, ReadError, ReadTx, TenantId};

const TENANTS: &str = "SELECT tenant FROM head ORDER BY tenant";

/// Ledger rows that are read at a time.
const ROWS: i64 = 1_000;

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The database could not be read.
    #[error("the database could not be read: {0}")]
    Database(#[from] ReadError<DbError>),
    /// The output could not be written.
    #[error("the export could not be written: {0}")]
    Output(#[from] io::Error),
}

/// Writes every tenant's payments and refunds (by id) and transfers (by sequence). Blocks.
///
/// The document is made in one snapshot and then written, so a slow reader holds nothing.
pub fn export(db: &Db, out: &mut impl Write) -> Result<(), ExportError> {
    let tenants = db.read_blocking(|tx| {
        let ids = tx.query_all(TENANTS, &[], |row| Ok(TenantId(row.i64(0)?)))?;
        ids.into_iter()
            .map(|id| Ok((id, payments(tx, id)?, refunds(tx, id)?, transfers(tx, id)?)))
            .collect::<Result<Vec<_>, DbError>>()
    })?;
    writeln!(out, "{{\"program\": \"center\", \"tenants\": [")?;
    for (index, (id, payments, refunds, transfers)) in tenants.iter().enumerate() {
        let comma = if index > 0 { ", " } else { "" };
        writeln!(out, "{comma}{{\"tenant\": {}, \"payments\": [", id.0)?;
        lines(out, payments)?;
        writeln!(out, "], \"refunds\": [")?;
        lines(out, refunds)?;
        writeln!(out, "], \"transfers\": [")?;
        lines(out, transfers)?;
        writeln!(out, "]}}")?;
    }
    writeln!(out, "]}}")?;
    Ok(())
}

fn lines(out: &mut impl Write, rows: &[Value]) -> io::Result<()> {
    for (index, row) in rows.iter().enumerate() {
        let comma = if index + 1 < rows.len() { "," } else { "" };
        writeln!(out, "{row}{comma}")?;
    }
    Ok(())
}

fn payments(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Vec<Value>, DbError> {
    let mut rows = Vec::new();
    acquiring::check::each_payment(tx, tenant, |_, payment| {
        rows.push(payment_row(&payment));
        Ok(())
    })?;
    Ok(rows)
}

fn payment_row(payment: &Payment) -> Value {
    let standing = &payment.standing;
    let card = payment.card.as_ref().map(|card| {
        json!({
            "brand": card.brand.word(),
            "first6": card.pan.first6,
            "last4": card.pan.last4,
            "entry_mode": card.entry_mode.word(),
            "cvm": card.cvm.word(),
        })
    });
    json!({
        "id": payment.id,
        "rrn": payment.id.rrn(),
        "seq": payment.seq,
        "company": payment.company,
        "shop": payment.shop,
        "terminal": payment.terminal,
        "business_date": payment.business_date,
        "method": payment.method.word(),
        "class": payment.class,
        "amount_yen": payment.amount.get(),
        "state": standing.state.name(),
        "money_taken": acquiring::view::money_taken(payment).word(),
        "voided": standing.voided,
        "refunded_yen": payment.refunded.get(),
        "code": standing.state.code(),
        "approval": standing.state.approval().and_then(|approval| approval.code.as_deref()),
        "advice": standing.advice.map(acquiring::step::Advice::word),
        "completion_follows": standing.completion_follows,
        "sent_at_us": payment.sent_at_us,
        "changed_at_us": payment.changed_at_us,
        "slip_no": payment.slip_no,
        "order_code": payment.order_code,
        "card": card,
        "code_brand": payment.code.as_ref().map(|code| code.brand.word()),
        "center_txn_id": payment.code.as_ref().and_then(|code| code.center_txn_id.as_deref()),
    })
}

fn refunds(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Vec<Value>, DbError> {
    let (mut rows, mut last) = (Vec::new(), [0; 16]);
    loop {
        let page = acquiring::refund::after(tx, tenant, &last, ROWS)?;
        let Some(newest) = page.last() else { return Ok(rows) };
        last = *newest.id.bytes();
        rows.extend(page.iter().map(|refund| {
            let standing = &refund.standing;
            json!({
                "id": refund.id,
                "rrn": refund.id.rrn(),
                "seq": refund.seq,
                "payment": refund.payment,
                "kind": refund.kind.word(),
                "method": refund.method.word(),
                "amount_yen": refund.amount.get(),
                "state": standing.state.name(),
                "money_returned": standing.state.name().money_taken().word(),
                "code": standing.state.code(),
                "approval": standing.state.approval().and_then(|approval| approval.code.as_deref()),
                "advice": standing.advice.map(acquiring::step::Advice::word),
                "who": refund.who,
                "business_date": refund.business_date,
                "sent_at_us": refund.sent_at_us,
                "changed_at_us": refund.changed_at_us,
                "center_txn_id": refund.center_txn_id,
            })
        }));
    }
}

fn transfers(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Vec<Value>, DbError> {
    let mut rows = Vec::new();
    let mut seq = 0;
    loop {
        let mut page = books::after(tx, tenant, seq, ROWS)?;
        // A full page may end inside a unit: its last unit is read again whole.
        let full = i64::try_from(page.len()).unwrap_or(i64::MAX) >= ROWS;
        let Some(last) = page.last().map(|entry| entry.seq) else { return Ok(rows) };
        let whole = page.iter().any(|entry| entry.seq < last);
        if full && whole {
            page.retain(|entry| entry.seq < last);
        }
        seq = page.last().map_or(last, |entry| entry.seq);
        page.sort_by_key(|entry| (entry.seq, entry.transfer.payment, entry.transfer.kind));
        rows.extend(page.iter().map(|entry| {
            let transfer = &entry.transfer;
            json!({
                "seq": entry.seq,
                "payment": transfer.payment,
                "kind": transfer.kind.word(),
                "debit": transfer.debit,
                "credit": transfer.credit,
                "amount_yen": transfer.amount.get(),
                "at_us": entry.at_us,
            })
        }));
    }
}
