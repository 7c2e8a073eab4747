//! Rows in: every column back into its word, or an [`Inconsistent`] that names it.

use super::{CodeRow, Payment, PaymentEvent, Wire, WireKind};
use crate::step::{Advice, Doubt, Standing};
use codes::Code;
use money::Yen;
use payment::{
    Approval, Brand, CodeEntry, Cvm, EntryMode, MaskedPan, Method, Operator, PaymentClass, PaymentId, State,
    StateName, TaxParts,
};
use receipt::{CardFacts, Strokes};
use store::{DbError, Inconsistent, ReadTx, Row, TenantId, params};

/// The columns of a payment in the order in which [`payment`] reads them.
#[macro_export]
#[doc(hidden)]
macro_rules! payment_columns {
    () => {
        "id, seq, company_id, shop_id, terminal_id, business_date, method, class, amount_yen,
        completion_follows, state, code, approval, advice, due_us, version, sent_at_us, changed_at_us,
        instance, merchant_no, slip_no, order_code, note, operator_id, operator_name, brand, entry_mode,
        cvm, first6, last4, fingerprint, pan_seq, aid, app_label, atc, receipt_secret, given_back_yen,
        refunded_yen, refunding_yen, code_entry, center_txn_id, waits, reduced_yen, exempt_yen,
        invoice_reg_no"
    };
}

pub(super) const LOAD: &str =
    concat!("SELECT ", payment_columns!(), " FROM payment WHERE tenant = $1 AND id = $2");
pub(super) const VERSION: &str = "SELECT version FROM payment WHERE tenant = $1 AND id = $2";
pub(super) const OVERDUE: &str = "SELECT id FROM payment
      WHERE tenant = $1 AND due_us <= $2 ORDER BY due_us LIMIT $3";
pub(super) const ORPHANS: &str = "SELECT id, instance FROM payment
      WHERE tenant = $1 AND due_us IS NOT NULL AND state = 'sent' ORDER BY due_us";
pub(super) const WIRES: &str = "SELECT kind, asked_us, answered_us, tries, request, answer
       FROM payment_wire WHERE tenant = $1 AND payment = $2 ORDER BY asked_us, kind";
pub(super) const EVENTS: &str = "SELECT at_us, what, who, detail
       FROM payment_event WHERE tenant = $1 AND payment = $2 ORDER BY seq, what";
pub(super) const SIGNATURE: &str = "SELECT strokes FROM payment_signature WHERE tenant = $1 AND payment = $2";

/// The payment, whoever asks: callers check the scope.
pub fn load(tx: &mut ReadTx<'_>, tenant: TenantId, id: PaymentId) -> Result<Option<Payment>, DbError> {
    tx.query_opt(LOAD, params![tenant, id.bytes()], payment)
}

/// The payment as it stands now: as it is in the caller's hand when nobody changed it since, which its
/// version tells, else loaded. Reading one number is cheaper than reading every column.
///
/// A code payment is always loaded: what its brand says is written without a new version.
pub fn current(tx: &mut ReadTx<'_>, tenant: TenantId, known: &Payment) -> Result<Option<Payment>, DbError> {
    if known.method != Method::Card {
        return load(tx, tenant, known.id);
    }
    let version = tx.query_opt(VERSION, params![tenant, known.id.bytes()], |row| row.i64(0))?;
    match version {
        Some(version) if version == known.version => Ok(Some(known.clone())),
        Some(_) => load(tx, tenant, known.id),
        None => Ok(None),
    }
}

/// Payments that are waited for no longer.
pub fn overdue(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    now_us: i64,
    limit: i64,
) -> Result<Vec<PaymentId>, DbError> {
    tx.query_all(OVERDUE, params![tenant, now_us, limit], |row| payment_id(row, 0))
}

/// Payments that are sent and not answered, with the process that asks.
pub fn orphans(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Vec<(PaymentId, String)>, DbError> {
    tx.query_all(ORPHANS, params![tenant], |row| Ok((payment_id(row, 0)?, row.text(1)?.to_owned())))
}

/// The exchanges with the network, in order.
pub fn wires(tx: &mut ReadTx<'_>, tenant: TenantId, id: PaymentId) -> Result<Vec<Wire>, DbError> {
    tx.query_all(WIRES, params![tenant, id.bytes()], |row| {
        let kind = WireKind::from_word(row.text(0)?)
            .ok_or_else(|| Inconsistent::new(format!("payment_wire.kind of {id}"), "a kind of exchange"))?;
        Ok(Wire {
            kind,
            asked_us: row.i64(1)?,
            answered_us: row.opt_i64(2)?,
            tries: row.i64(3)?,
            request: row.bytes(4)?.to_vec(),
            answer: row.opt_bytes(5)?.map(<[u8]>::to_vec),
        })
    })
}

/// The written part of the timeline.
pub fn event_list(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    id: PaymentId,
) -> Result<Vec<PaymentEvent>, DbError> {
    tx.query_all(EVENTS, params![tenant, id.bytes()], |row| {
        Ok(PaymentEvent {
            at_us: row.i64(0)?,
            what: row.text(1)?.to_owned(),
            who: row.text(2)?.to_owned(),
            detail: row.text(3)?.to_owned(),
        })
    })
}

/// The signature, when one was given.
pub fn signature(tx: &mut ReadTx<'_>, tenant: TenantId, id: PaymentId) -> Result<Option<Strokes>, DbError> {
    let text = tx.query_opt(SIGNATURE, params![tenant, id.bytes()], |row| Ok(row.text(0)?.to_owned()))?;
    text.map(|text| {
        serde_json::from_str(&text)
            .map_err(|_| Inconsistent::new(format!("payment_signature.strokes of {id}"), "strokes").into())
    })
    .transpose()
}

fn payment_id(row: &Row<'_>, column: usize) -> Result<PaymentId, DbError> {
    PaymentId::from_bytes(row.bytes(column)?)
        .map_err(|_| Inconsistent::new("payment.id", "sixteen bytes").into())
}

/// One row of [`payment_columns!`].
pub fn payment(row: &Row<'_>) -> Result<Payment, DbError> {
    let id = payment_id(row, 0)?;
    let odd = |column: &str, wanted: &str| Inconsistent::new(format!("payment.{column} of {id}"), wanted);
    let operator = match (row.opt_text(23)?, row.opt_text(24)?) {
        (Some(id), Some(name)) => Some(Operator { id: id.to_owned(), name: name.to_owned() }),
        _ => None,
    };
    Ok(Payment {
        id,
        seq: row.i64(1)?,
        company: row.text(2)?.into(),
        shop: row.text(3)?.into(),
        terminal: row.text(4)?.into(),
        business_date: row.text(5)?.to_owned(),
        method: Method::from_word(row.text(6)?).ok_or_else(|| odd("method", "a method"))?,
        class: row.text(7)?.parse::<PaymentClass>().map_err(|_| odd("class", "a payment class"))?,
        amount: Yen::new(row.i64(8)?).map_err(|_| odd("amount_yen", "an amount"))?,
        standing: standing(row, id)?,
        version: row.i64(15)?,
        sent_at_us: row.i64(16)?,
        changed_at_us: row.i64(17)?,
        instance: row.text(18)?.to_owned(),
        merchant_no: row.text(19)?.to_owned(),
        slip_no: row.i64(20)?,
        order_code: row.text(21)?.to_owned(),
        note: row.opt_text(22)?.map(str::to_owned),
        tax: tax_parts(row, 42)?,
        invoice_reg_no: row.opt_text(44)?.map(str::to_owned),
        operator,
        card: card(row, id)?,
        code: code(row, id)?,
        refunded: Yen::new(row.i64(37)?).map_err(|_| odd("refunded_yen", "an amount"))?,
        refunding: Yen::new(row.i64(38)?).map_err(|_| odd("refunding_yen", "an amount"))?,
        fingerprint: row.opt_array(30)?,
        receipt_secret: row.array(35)?,
    })
}

/// `reduced_yen` and `exempt_yen`, from this column on.
pub(crate) fn tax_parts(row: &Row<'_>, column: usize) -> Result<Option<TaxParts>, DbError> {
    let (reduced, exempt) = (row.opt_i64(column)?, row.opt_i64(column.saturating_add(1))?);
    let Some((reduced, exempt)) = reduced.zip(exempt) else { return Ok(None) };
    let amount = |yen| Yen::new(yen).map_err(|_| Inconsistent::new("reduced_yen, exempt_yen", "amounts"));
    Ok(Some(TaxParts { reduced: amount(reduced)?, exempt: amount(exempt)? }))
}

/// State, code and approval belong together; what cannot be is said, never guessed.
fn standing(row: &Row<'_>, id: PaymentId) -> Result<Standing, DbError> {
    let odd = |column: &str, wanted: &str| Inconsistent::new(format!("payment.{column} of {id}"), wanted);
    let name = StateName::from_word(row.text(10)?).ok_or_else(|| odd("state", "a state of model 3.3"))?;
    let code =
        row.opt_text(11)?.map(|key| Code::find(key).ok_or_else(|| odd("code", "a code"))).transpose()?;
    let needed = || code.ok_or_else(|| odd("code", "there in this state"));
    let approval = Approval { code: row.opt_text(12)?.map(str::to_owned) };
    let state = match name {
        StateName::Started => State::Started,
        StateName::Sent => State::Sent,
        StateName::Authorized => State::Authorized(approval),
        StateName::Approved => State::Approved(approval),
        StateName::Declined => State::Declined(needed()?),
        StateName::Failed => State::Failed(needed()?),
        StateName::InDoubt => State::InDoubt(needed()?),
        StateName::Reversed => State::Reversed,
        StateName::Released => State::Released,
        StateName::Abandoned => State::Abandoned(needed()?),
    };
    let advice = row
        .opt_text(13)?
        .map(|word| Advice::from_word(word).ok_or_else(|| odd("advice", "an advice")))
        .transpose()?;
    let voided = match (name, row.i64(36)?) {
        (_, 0) => false,
        // Only a void gives back so far: the whole amount of an approval.
        (StateName::Approved, yen) if yen == row.i64(8)? => true,
        _ => return Err(odd("given_back_yen", "nothing, or the amount of an approval").into()),
    };
    let doubt = match row.opt_text(39)? {
        // Only a payment by code has a way in of its own.
        Some(_) => Doubt::InquireThenUndo,
        None => Doubt::Undo,
    };
    let completion_follows = row.bool(9)?;
    Ok(Standing { state, completion_follows, advice, voided, due_us: row.opt_i64(14)?, doubt })
}

fn code(row: &Row<'_>, id: PaymentId) -> Result<Option<CodeRow>, DbError> {
    let odd = |column: &str, wanted: &str| Inconsistent::new(format!("payment.{column} of {id}"), wanted);
    let Some(entry) = row.opt_text(39)? else { return Ok(None) };
    let brand = row.opt_text(25)?.and_then(Brand::from_word).ok_or_else(|| odd("brand", "a brand"))?;
    Ok(Some(CodeRow {
        brand,
        entry: CodeEntry::from_word(entry).ok_or_else(|| odd("code_entry", "a way in"))?,
        center_txn_id: row.opt_text(40)?.map(str::to_owned),
        waits: row.bool(41)?,
    }))
}

fn card(row: &Row<'_>, id: PaymentId) -> Result<Option<CardFacts>, DbError> {
    let odd = |column: &str, wanted: &str| Inconsistent::new(format!("payment.{column} of {id}"), wanted);
    let (Some(brand), None) = (row.opt_text(25)?, row.opt_text(39)?) else { return Ok(None) };
    let text = |column: usize| row.opt_text(column).map(|text| text.map(str::to_owned));
    let pan = MaskedPan::new(row.text(28)?, row.text(29)?).ok_or_else(|| odd("first6", "a masked number"))?;
    Ok(Some(CardFacts {
        brand: Brand::from_word(brand).ok_or_else(|| odd("brand", "a brand"))?,
        pan,
        entry_mode: EntryMode::from_word(row.text(26)?).ok_or_else(|| odd("entry_mode", "an entry mode"))?,
        cvm: Cvm::from_word(row.text(27)?).ok_or_else(|| odd("cvm", "a verification"))?,
        aid: text(32)?,
        atc: text(34)?,
        pan_seq: text(31)?,
        app_label: text(33)?,
    }))
}
