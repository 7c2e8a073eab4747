//! Rows out. Every change of a payment names the version that it was decided on.

use super::{CodeRow, Payment, PaymentEvent, Wire};
use crate::step::Standing;
use center_base::ShopId;
use payment::{PaymentId, StateName};
use receipt::Strokes;
use store::{DbError, Tx, Value, params};

pub(super) const INSERT: &str = "INSERT INTO payment (
        tenant, id, seq, company_id, shop_id, terminal_id, business_date, method, class, amount_yen,
        completion_follows, state, code, approval, advice, due_us, version, sent_at_us, changed_at_us,
        instance, merchant_no, slip_no, order_code, note, operator_id, operator_name, brand, entry_mode,
        cvm, first6, last4, fingerprint, pan_seq, aid, app_label, atc, receipt_secret, public_id, given_back_yen,
        reduced_yen, exempt_yen, invoice_reg_no)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
        $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, 0,
        $39, $40, $41)";
pub(super) const UPDATE: &str = "UPDATE payment
        SET state = $4, code = $5, approval = $6, advice = $7, due_us = $8, changed_at_us = $9,
            posted_seq = CASE WHEN $4 = 'approved' AND state <> 'approved' THEN $11 ELSE posted_seq END,
            voided_seq = CASE WHEN $10 > 0 AND given_back_yen = 0 THEN $11 ELSE voided_seq END,
            given_back_yen = $10, version = version + 1
      WHERE tenant = $1 AND id = $2 AND version = $3";
pub(super) const CODE: &str = "UPDATE payment SET code_entry = $3, center_txn_id = $4, waits = $5
      WHERE tenant = $1 AND id = $2";
pub(super) const SERIAL: &str = "INSERT INTO order_serial (tenant, shop_id, serial) VALUES ($1, $2, 1)
     ON CONFLICT (tenant, shop_id) DO UPDATE SET serial = order_serial.serial + 1
     RETURNING serial";
pub(super) const WIRE: &str = "INSERT INTO payment_wire
        (tenant, payment, kind, asked_us, answered_us, tries, request, answer)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (tenant, payment, kind) DO UPDATE
        SET asked_us = $4, answered_us = $5, tries = $6, request = $7, answer = $8";
pub(super) const EVENT: &str = "INSERT INTO payment_event (tenant, payment, seq, what, at_us, who, detail)
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant, payment, seq, what) DO NOTHING";
pub(super) const SIGN: &str = "INSERT INTO payment_signature (tenant, payment, strokes)
     VALUES ($1, $2, $3) ON CONFLICT (tenant, payment) DO NOTHING";

/// Somebody else changed the row since it was loaded; the unit must not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Change {
    /// The row is changed.
    Done,
    /// The version is another one now.
    Stale,
}

/// Writes the row of a payment that begins.
pub fn insert(tx: &mut Tx<'_>, payment: &Payment) -> Result<(), DbError> {
    let tenant = tx.tenant();
    let standing = &payment.standing;
    let (class, card) = (payment.class.to_string(), payment.card.as_ref());
    let code = standing.state.code().map(codes::Code::key);
    let public_id = payment::public_id(payment.id);
    let text = |of: fn(&receipt::CardFacts) -> Option<&str>| Value::from(card.and_then(of));
    tx.execute(
        INSERT,
        &[
            tenant.into(),
            payment.id.bytes().into(),
            payment.seq.into(),
            (&payment.company).into(),
            (&payment.shop).into(),
            (&payment.terminal).into(),
            (&payment.business_date).into(),
            payment.method.word().into(),
            (&class).into(),
            payment.amount.get().into(),
            standing.completion_follows.into(),
            standing.state.name().word().into(),
            code.as_ref().into(),
            approval(standing).into(),
            standing.advice.map(crate::step::Advice::word).into(),
            standing.due_us.into(),
            payment.version.into(),
            payment.sent_at_us.into(),
            payment.changed_at_us.into(),
            (&payment.instance).into(),
            (&payment.merchant_no).into(),
            payment.slip_no.into(),
            (&payment.order_code).into(),
            payment.note.as_ref().into(),
            payment.operator.as_ref().map(|operator| &operator.id).into(),
            payment.operator.as_ref().map(|operator| &operator.name).into(),
            payment.brand().map(payment::Brand::word).into(),
            text(|card| Some(card.entry_mode.word())),
            text(|card| Some(card.cvm.word())),
            text(|card| Some(&card.pan.first6)),
            text(|card| Some(&card.pan.last4)),
            payment.fingerprint.as_ref().into(),
            text(|card| card.pan_seq.as_deref()),
            text(|card| card.aid.as_deref()),
            text(|card| card.app_label.as_deref()),
            text(|card| card.atc.as_deref()),
            (&payment.receipt_secret).into(),
            (&public_id).into(),
            payment.tax.map(|tax| tax.reduced.get()).into(),
            payment.tax.map(|tax| tax.exempt.get()).into(),
            payment.invoice_reg_no.as_ref().into(),
        ],
    )?;
    Ok(())
}

/// Marks a payment as one by code; in the unit that inserts it.
pub fn put_code(tx: &mut Tx<'_>, id: PaymentId, code: &CodeRow) -> Result<(), DbError> {
    let tenant = tx.tenant();
    let values = params![tenant, id.bytes(), code.entry.word(), code.center_txn_id.as_ref(), code.waits];
    tx.execute(CODE, values).map(drop)
}

fn approval(standing: &Standing) -> Option<&str> {
    standing.state.approval().and_then(|approval| approval.code.as_deref())
}

/// Writes a new standing over the version that it was decided on.
pub fn update(tx: &mut Tx<'_>, before: &Payment, after: &Standing) -> Result<Change, DbError> {
    let (tenant, now_us) = (tx.tenant(), tx.now_us());
    let moved = before.standing.state != after.state;
    let changed_at_us = if moved { now_us } else { before.changed_at_us };
    let code = after.state.code().map(codes::Code::key);
    let given_back_yen = if after.voided { before.amount.get() } else { 0 };
    // Value moves in this unit, which has a number anyway; no other unit is made to take one.
    let posts =
        (moved && after.state.name() == StateName::Approved) || after.voided != before.standing.voided;
    let posted_seq = if posts { tx.seq() } else { 0 };
    let changed = tx.execute(
        UPDATE,
        params![
            tenant,
            before.id.bytes(),
            before.version,
            after.state.name().word(),
            code.as_ref(),
            approval(after),
            after.advice.map(crate::step::Advice::word),
            after.due_us,
            changed_at_us,
            given_back_yen,
            posted_seq,
        ],
    )?;
    Ok(if changed == 1 { Change::Done } else { Change::Stale })
}

/// The next serial of a shop's order codes.
pub fn next_serial(tx: &mut Tx<'_>, shop: &ShopId) -> Result<i64, DbError> {
    let tenant = tx.tenant();
    tx.query_one(SERIAL, params![tenant, shop], |row| row.i64(0))
}

/// Writes an exchange, or its newest repetition over the one before.
pub fn put_wire(tx: &mut Tx<'_>, id: PaymentId, wire: &Wire) -> Result<(), DbError> {
    let tenant = tx.tenant();
    tx.execute(
        WIRE,
        params![
            tenant,
            id.bytes(),
            wire.kind.word(),
            wire.asked_us,
            wire.answered_us,
            wire.tries,
            &wire.request,
            wire.answer.as_ref(),
        ],
    )?;
    Ok(())
}

/// Adds a line to the timeline.
pub fn append_event(tx: &mut Tx<'_>, id: PaymentId, event: &PaymentEvent) -> Result<(), DbError> {
    let (tenant, seq) = (tx.tenant(), tx.seq());
    let values = params![tenant, id.bytes(), seq, &event.what, event.at_us, &event.who, &event.detail];
    tx.execute(EVENT, values)?;
    Ok(())
}

/// Keeps the signature; the first one stays.
pub fn put_signature(tx: &mut Tx<'_>, id: PaymentId, strokes: &Strokes) -> Result<(), DbError> {
    let tenant = tx.tenant();
    let text = serde_json::to_string(strokes).unwrap_or_default();
    tx.execute(SIGN, params![tenant, id.bytes(), &text])?;
    Ok(())
}
