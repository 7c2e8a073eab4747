//! The refund's row, and the two sums that it keeps at its payment.

use super::{Refund, doubt_of};
use crate::row::Payment;
use crate::step::{Advice, Standing};
use codes::Code;
use money::Yen;
use payment::{Approval, Method, Operator, PaymentId, RefundKind, State, StateName};
use store::{DbError, Inconsistent, Migration, ReadTx, Row, TenantId, Tx, params};

/// The table of this module, and what it adds to the payment's.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "acquiring/0004_refund",
        sql: "-- One row a void, return or refund. The payment keeps two sums: what came back, and what is being given back.
        CREATE TABLE refund (
            tenant BIGINT NOT NULL,
            id BYTEA NOT NULL,
            seq BIGINT NOT NULL,
            payment BYTEA NOT NULL,
            kind TEXT NOT NULL,
            method TEXT NOT NULL,
            amount_yen BIGINT NOT NULL CHECK (amount_yen > 0),
            state TEXT NOT NULL,
            code TEXT,
            approval TEXT,
            advice TEXT,
            due_us BIGINT,
            version BIGINT NOT NULL,
            sent_at_us BIGINT NOT NULL,
            changed_at_us BIGINT NOT NULL,
            business_date TEXT NOT NULL,
            instance TEXT NOT NULL,
            terminal_id TEXT,
            who TEXT NOT NULL,
            slip_no BIGINT NOT NULL,
            operator_id TEXT,
            operator_name TEXT,
            reason TEXT,
            fingerprint BYTEA,
            atc TEXT,
            center_txn_id TEXT,
            PRIMARY KEY (tenant, id)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        CREATE INDEX refund_payment ON refund (tenant, payment, seq);
        CREATE INDEX refund_due ON refund (tenant, due_us) WHERE due_us IS NOT NULL;
        ALTER TABLE payment ADD COLUMN refunded_yen BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE payment ADD COLUMN refunding_yen BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE payment ADD COLUMN code_entry TEXT;
        ALTER TABLE payment ADD COLUMN center_txn_id TEXT;
        ALTER TABLE payment ADD COLUMN waits BIGINT NOT NULL DEFAULT 0;",
    },
    Migration {
        name: "acquiring/0014_tax_parts",
        sql: "-- The parts of an amount that are not taxed at the standard rate, with tax; both, or neither where nobody stated it.
        -- The company's registration number on the day of the sale, where they were.
        ALTER TABLE payment ADD COLUMN reduced_yen BIGINT;
        ALTER TABLE payment ADD COLUMN exempt_yen BIGINT;
        ALTER TABLE payment ADD COLUMN invoice_reg_no TEXT;
        ALTER TABLE refund ADD COLUMN reduced_yen BIGINT;
        ALTER TABLE refund ADD COLUMN exempt_yen BIGINT;",
    },
];

macro_rules! columns {
    () => {
        "id, seq, payment, kind, method, amount_yen, state, code, approval, advice, due_us, version,
        sent_at_us, changed_at_us, business_date, instance, terminal_id, who, slip_no, operator_id,
        operator_name, reason, fingerprint, atc, center_txn_id, reduced_yen, exempt_yen"
    };
}

const LOAD: &str = concat!("SELECT ", columns!(), " FROM refund WHERE tenant = $1 AND id = $2");
const OF_PAYMENT: &str =
    concat!("SELECT ", columns!(), " FROM refund WHERE tenant = $1 AND payment = $2 ORDER BY seq, id");
const AFTER: &str =
    concat!("SELECT ", columns!(), " FROM refund WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3");
const OVERDUE: &str = "SELECT id FROM refund WHERE tenant = $1 AND due_us <= $2 ORDER BY due_us LIMIT $3";
const ORPHANS: &str = "SELECT id, instance FROM refund
      WHERE tenant = $1 AND due_us IS NOT NULL AND state = 'sent' ORDER BY due_us";
const INSERT: &str = "INSERT INTO refund (
        tenant, id, seq, payment, kind, method, amount_yen, state, code, approval, advice, due_us, version,
        sent_at_us, changed_at_us, business_date, instance, terminal_id, who, slip_no, operator_id,
        operator_name, reason, fingerprint, atc, center_txn_id, reduced_yen, exempt_yen)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
        $22, $23, $24, $25, $26, $27, $28)";
const UPDATE: &str = "UPDATE refund
        SET state = $4, code = $5, approval = $6, advice = $7, due_us = $8, changed_at_us = $9,
            posted_seq = CASE WHEN $4 = 'approved' AND state <> 'approved' THEN $11 ELSE posted_seq END,
            center_txn_id = $10, version = version + 1
      WHERE tenant = $1 AND id = $2 AND version = $3";
// Locks by writing: whoever else gives back of this payment waits here, and reads what stands afterwards.
const LOCK: &str = "UPDATE payment SET version = version + 1 WHERE tenant = $1 AND id = $2";
// The cap once more, in the words of the table.
const KEEP_SUMS: &str = "UPDATE payment
        SET refunding_yen = refunding_yen + $3, refunded_yen = refunded_yen + $4
      WHERE tenant = $1 AND id = $2 AND refunding_yen + $3 >= 0
        AND refunding_yen + $3 + refunded_yen + $4 <= amount_yen";

/// Every statement of this module.
pub const STATEMENTS: &[&str] = &[LOAD, OF_PAYMENT, AFTER, OVERDUE, ORPHANS, INSERT, UPDATE, LOCK, KEEP_SUMS];

/// The refund, whoever asks: callers check the scope by its payment.
pub fn load(tx: &mut ReadTx<'_>, tenant: TenantId, id: PaymentId) -> Result<Option<Refund>, DbError> {
    tx.query_opt(LOAD, params![tenant, id.bytes()], refund)
}

/// Every refund of a payment, oldest first.
pub fn of_payment(tx: &mut ReadTx<'_>, tenant: TenantId, payment: PaymentId) -> Result<Vec<Refund>, DbError> {
    tx.query_all(OF_PAYMENT, params![tenant, payment.bytes()], refund)
}

/// Refunds in the order of ids, at most `limit`.
pub fn after(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    last: &[u8; 16],
    limit: i64,
) -> Result<Vec<Refund>, DbError> {
    tx.query_all(AFTER, params![tenant, last, limit], refund)
}

/// Refunds that are waited for no longer.
pub(crate) fn overdue(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    now_us: i64,
    limit: i64,
) -> Result<Vec<PaymentId>, DbError> {
    tx.query_all(OVERDUE, params![tenant, now_us, limit], |row| id_at(row, 0))
}

/// Refunds that are sent and not answered, with the process that asks.
pub(crate) fn orphans(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Vec<(PaymentId, String)>, DbError> {
    tx.query_all(ORPHANS, params![tenant], |row| Ok((id_at(row, 0)?, row.text(1)?.to_owned())))
}

/// Takes the payment's row for this unit; the payment must be loaded afterwards.
pub(crate) fn lock(tx: &mut Tx<'_>, payment: PaymentId) -> Result<(), DbError> {
    let tenant = tx.tenant();
    tx.execute(LOCK, params![tenant, payment.bytes()]).map(drop)
}

/// Moves the payment's sums; what would give back more than was paid is refused by the table itself.
pub(crate) fn keep_sums(
    tx: &mut Tx<'_>,
    payment: PaymentId,
    refunding: i64,
    refunded: i64,
) -> Result<(), DbError> {
    let tenant = tx.tenant();
    if tx.execute(KEEP_SUMS, params![tenant, payment.bytes(), refunding, refunded])? == 1 {
        return Ok(());
    }
    Err(Inconsistent::new(format!("payment.refunded_yen of {payment}"), "at most what was paid").into())
}

/// Writes the row of a refund that begins.
pub(crate) fn insert(tx: &mut Tx<'_>, refund: &Refund) -> Result<(), DbError> {
    let (tenant, standing) = (tx.tenant(), &refund.standing);
    let code = standing.state.code().map(Code::key);
    tx.execute(
        INSERT,
        &[
            tenant.into(),
            refund.id.bytes().into(),
            refund.seq.into(),
            refund.payment.bytes().into(),
            refund.kind.word().into(),
            refund.method.word().into(),
            refund.amount.get().into(),
            standing.state.name().word().into(),
            code.as_ref().into(),
            approval(standing).into(),
            standing.advice.map(Advice::word).into(),
            standing.due_us.into(),
            refund.version.into(),
            refund.sent_at_us.into(),
            refund.changed_at_us.into(),
            (&refund.business_date).into(),
            (&refund.instance).into(),
            refund.terminal.as_ref().map(center_base::TerminalId::as_str).into(),
            (&refund.who).into(),
            refund.slip_no.into(),
            refund.operator.as_ref().map(|operator| &operator.id).into(),
            refund.operator.as_ref().map(|operator| &operator.name).into(),
            refund.reason.as_ref().into(),
            refund.fingerprint.as_ref().into(),
            refund.atc.as_ref().into(),
            refund.center_txn_id.as_ref().into(),
            refund.tax.map(|tax| tax.reduced.get()).into(),
            refund.tax.map(|tax| tax.exempt.get()).into(),
        ],
    )?;
    Ok(())
}

fn approval(standing: &Standing) -> Option<&str> {
    standing.state.approval().and_then(|approval| approval.code.as_deref())
}

/// Writes a new standing over the version that it was decided on; false: somebody else changed it.
pub(crate) fn update(tx: &mut Tx<'_>, before: &Refund, after: &Refund) -> Result<bool, DbError> {
    let (tenant, standing) = (tx.tenant(), &after.standing);
    let code = standing.state.code().map(Code::key);
    // Value moves in this unit, which has a number anyway; no other unit is made to take one.
    let posts = standing.state != before.standing.state && standing.state.name() == StateName::Approved;
    let posted_seq = if posts { tx.seq() } else { 0 };
    let changed = tx.execute(
        UPDATE,
        params![
            tenant,
            before.id.bytes(),
            before.version,
            standing.state.name().word(),
            code.as_ref(),
            approval(standing),
            standing.advice.map(Advice::word),
            standing.due_us,
            after.changed_at_us,
            after.center_txn_id.as_ref(),
            posted_seq,
        ],
    )?;
    Ok(changed == 1)
}

fn id_at(row: &Row<'_>, column: usize) -> Result<PaymentId, DbError> {
    PaymentId::from_bytes(row.bytes(column)?)
        .map_err(|_| Inconsistent::new("refund.id", "sixteen bytes").into())
}

fn refund(row: &Row<'_>) -> Result<Refund, DbError> {
    let id = id_at(row, 0)?;
    let odd = |column: &str, wanted: &str| Inconsistent::new(format!("refund.{column} of {id}"), wanted);
    let text = |column: usize| row.opt_text(column).map(|text| text.map(str::to_owned));
    let kind = RefundKind::from_word(row.text(3)?).ok_or_else(|| odd("kind", "a kind of refund"))?;
    let method = Method::from_word(row.text(4)?).ok_or_else(|| odd("method", "a method"))?;
    let operator = match (text(19)?, text(20)?) {
        (Some(id), Some(name)) => Some(Operator { id, name }),
        _ => None,
    };
    Ok(Refund {
        id,
        seq: row.i64(1)?,
        payment: id_at(row, 2)?,
        kind,
        method,
        amount: Yen::new(row.i64(5)?).map_err(|_| odd("amount_yen", "an amount"))?,
        standing: standing(row, id, method, kind)?,
        version: row.i64(11)?,
        sent_at_us: row.i64(12)?,
        changed_at_us: row.i64(13)?,
        business_date: row.text(14)?.to_owned(),
        instance: row.text(15)?.to_owned(),
        terminal: row.opt_text(16)?.map(Into::into),
        who: row.text(17)?.to_owned(),
        slip_no: row.i64(18)?,
        operator,
        reason: text(21)?,
        fingerprint: row.opt_array(22)?,
        atc: text(23)?,
        center_txn_id: text(24)?,
        tax: crate::row::tax_parts(row, 25)?,
    })
}

fn standing(row: &Row<'_>, id: PaymentId, method: Method, kind: RefundKind) -> Result<Standing, DbError> {
    let odd = |column: &str, wanted: &str| Inconsistent::new(format!("refund.{column} of {id}"), wanted);
    let name = StateName::from_word(row.text(6)?).ok_or_else(|| odd("state", "a state of model 3.3"))?;
    let code =
        row.opt_text(7)?.map(|key| Code::find(key).ok_or_else(|| odd("code", "a code"))).transpose()?;
    let needed = || code.ok_or_else(|| odd("code", "there in this state"));
    let state = match name {
        StateName::Sent => State::Sent,
        StateName::Approved => State::Approved(Approval { code: row.opt_text(8)?.map(str::to_owned) }),
        StateName::Declined => State::Declined(needed()?),
        StateName::Failed => State::Failed(needed()?),
        StateName::InDoubt => State::InDoubt(needed()?),
        StateName::Reversed => State::Reversed,
        StateName::Started | StateName::Authorized | StateName::Released | StateName::Abandoned => {
            return Err(odd("state", "a state that a refund has at the center").into());
        }
    };
    let advice = row
        .opt_text(9)?
        .map(|word| Advice::from_word(word).ok_or_else(|| odd("advice", "an advice")))
        .transpose()?;
    Ok(Standing {
        state,
        completion_follows: false,
        advice,
        voided: false,
        due_us: row.opt_i64(10)?,
        doubt: doubt_of(method, kind),
    })
}

/// Whether the sums at the payment are those of its refunds.
pub(crate) fn sums_fit(payment: &Payment, refunds: &[Refund]) -> bool {
    let facts = super::facts(payment, refunds, payment::refund::RefundBy::Console, 0);
    (payment.refunded, payment.refunding) == (facts.given_back, facts.under_way)
}
