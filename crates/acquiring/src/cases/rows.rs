//! The rows of cases, and what terminals reported of payments.

use super::differences::Kind;
use center_api::AttemptSummary;
use center_base::{CompanyId, Scope, ShopId, TerminalId};
use payment::{PaymentId, StateName};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use store::{DbError, Inconsistent, Migration, ReadTx, Row, TenantId, Tx, Value, params};

/// The tables of cases.
pub const MIGRATIONS: &[Migration] = &[Migration {
    name: "acquiring/0010_cases",
    sql: "-- Cases, what terminals reported of payments, how far the minute's comparison went, files read.
        CREATE TABLE reconcile_case (
            tenant BIGINT NOT NULL,
            id BYTEA NOT NULL,
            seq BIGINT NOT NULL,
            kind TEXT NOT NULL,
            subject TEXT NOT NULL,
            payment BYTEA,
            company_id TEXT NOT NULL,
            shop_id TEXT NOT NULL,
            terminal_id TEXT NOT NULL,
            amount_yen BIGINT,
            state TEXT NOT NULL,
            opened_us BIGINT NOT NULL,
            changed_us BIGINT NOT NULL,
            evidence TEXT NOT NULL,
            outcome TEXT NOT NULL,
            settled_by TEXT NOT NULL,
            reason TEXT NOT NULL,
            proof TEXT NOT NULL,
            PRIMARY KEY (tenant, id)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        CREATE INDEX reconcile_case_by_state ON reconcile_case (tenant, state, opened_us);
        CREATE INDEX reconcile_case_by_payment ON reconcile_case (tenant, payment);
        CREATE TABLE terminal_attempt (
            tenant BIGINT NOT NULL,
            id BYTEA NOT NULL,
            terminal_id TEXT NOT NULL,
            state TEXT NOT NULL,
            amount_yen BIGINT NOT NULL,
            slip_no BIGINT NOT NULL,
            code TEXT NOT NULL,
            reported_us BIGINT NOT NULL,
            checked BIGINT NOT NULL,
            PRIMARY KEY (tenant, id)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        CREATE INDEX terminal_attempt_unchecked ON terminal_attempt (tenant, reported_us) WHERE checked = 0;
        CREATE TABLE reconcile_mark (
            tenant BIGINT NOT NULL,
            name TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (tenant, name)
        ) /*sqlite: STRICT, WITHOUT ROWID */;",
}];

/// What the comparison of refunds adds; after [`crate::refund::MIGRATIONS`].
pub const REFUND_MIGRATIONS: &[Migration] = &[Migration {
    name: "acquiring/0011_refund_cases",
    sql: "-- Terminals report refunds too; a network's file is compared with the refunds of its day.
        ALTER TABLE terminal_attempt ADD COLUMN refund_of BYTEA;
        CREATE INDEX refund_by_day ON refund (tenant, business_date, seq);",
}];

macro_rules! columns {
    () => {
        "id, kind, subject, payment, company_id, shop_id, terminal_id, amount_yen, state, opened_us,
        changed_us, evidence, outcome, settled_by, reason, proof"
    };
}

// What a person settled stays; what was cleared opens again.
const OPEN: &str = "INSERT INTO reconcile_case (tenant, id, seq, kind, subject, payment, company_id, shop_id,
        terminal_id, amount_yen, state, opened_us, changed_us, evidence, outcome, settled_by, reason, proof)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'open', $11, $11, $12, '', '', '', '')
     ON CONFLICT (tenant, id) DO UPDATE SET state = 'open', changed_us = $11, evidence = $12
      WHERE reconcile_case.state = 'cleared'
         OR (reconcile_case.state = 'open' AND reconcile_case.evidence <> $12)";
const CLEAR: &str = "UPDATE reconcile_case SET state = 'cleared', changed_us = $3
      WHERE tenant = $1 AND id = $2 AND state = 'open'";
const SETTLE: &str = "UPDATE reconcile_case SET state = 'settled', changed_us = $3, outcome = $4,
        settled_by = $5, reason = $6, proof = $7
      WHERE tenant = $1 AND id = $2 AND state = 'open'";
const BY_ID: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM reconcile_case WHERE tenant = $1 AND (company_id = $2 OR $2 IS NULL)
        AND (shop_id = $3 OR $3 IS NULL) AND (terminal_id = $4 OR $4 IS NULL) AND id = $5"
);
const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM reconcile_case WHERE tenant = $1 AND (company_id = $2 OR $2 IS NULL)
        AND (shop_id = $3 OR $3 IS NULL) AND (terminal_id = $4 OR $4 IS NULL)
        AND (state = $5 OR $5 IS NULL) AND (kind = $6 OR $6 IS NULL)
      ORDER BY opened_us, id LIMIT $7"
);
const COUNT: &str = "SELECT COUNT(*) FROM reconcile_case WHERE tenant = $1
        AND (company_id = $2 OR $2 IS NULL) AND (shop_id = $3 OR $3 IS NULL)
        AND (terminal_id = $4 OR $4 IS NULL) AND state = 'open'";
const OF_PAYMENT: &str =
    concat!("SELECT ", columns!(), " FROM reconcile_case WHERE tenant = $1 AND payment = $2 ORDER BY kind");
const OPEN_SUBJECTS: &str = "SELECT DISTINCT subject FROM reconcile_case
      WHERE tenant = $1 AND state = 'open' LIMIT $2";
const OF_SUBJECT: &str =
    concat!("SELECT ", columns!(), " FROM reconcile_case WHERE tenant = $1 AND subject = $2 ORDER BY kind");
const REPORT: &str = "INSERT INTO terminal_attempt
        (tenant, id, terminal_id, state, amount_yen, slip_no, code, reported_us, checked, refund_of)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9)
     ON CONFLICT (tenant, id) DO UPDATE SET state = $4, amount_yen = $5, code = $7, reported_us = $8, checked = 0
      WHERE terminal_attempt.terminal_id = $3";
const REPORTED: &str = "SELECT id, terminal_id, state, amount_yen, slip_no, code, reported_us, refund_of
       FROM terminal_attempt WHERE tenant = $1 AND id = $2";
const UNCHECKED: &str = "SELECT id FROM terminal_attempt
      WHERE tenant = $1 AND checked = 0 ORDER BY reported_us LIMIT $2";
const CHECKED: &str = "UPDATE terminal_attempt SET checked = 1 WHERE tenant = $1 AND id = $2";
const DOUBTS: &str = "SELECT id FROM payment
      WHERE tenant = $1 AND state = 'in_doubt' AND changed_at_us <= $2 ORDER BY changed_at_us LIMIT $3";
const REFUND_DOUBTS: &str = "SELECT id FROM refund
      WHERE tenant = $1 AND state = 'in_doubt' AND changed_at_us <= $2 ORDER BY changed_at_us LIMIT $3";
const GIVEN_BACK: &str = "SELECT id, seq, sent_at_us FROM refund
      WHERE tenant = $1 AND business_date = $2 AND seq > $3 ORDER BY seq LIMIT $4";
const TAKEN: &str = "SELECT id, seq, sent_at_us FROM payment
      WHERE tenant = $1 AND business_date = $2 AND seq > $3 ORDER BY seq LIMIT $4";
const MARK: &str = "SELECT value FROM reconcile_mark WHERE tenant = $1 AND name = $2";
const SET_MARK: &str = "INSERT INTO reconcile_mark (tenant, name, value) VALUES ($1, $2, $3)
     ON CONFLICT (tenant, name) DO UPDATE SET value = $3";
const MARKS: &str =
    "SELECT name FROM reconcile_mark WHERE tenant = $1 AND name >= $2 AND name < $3 ORDER BY name";
const OPEN_BY_DAY: &str = "SELECT COALESCE(p.business_date, ''), COUNT(*)
       FROM reconcile_case c LEFT JOIN payment p ON p.tenant = c.tenant AND p.id = c.payment
      WHERE c.tenant = $1 AND c.state = 'open' GROUP BY COALESCE(p.business_date, '')";

/// Every statement of cases.
pub const STATEMENTS: &[&str] = &[
    OPEN,
    CLEAR,
    SETTLE,
    BY_ID,
    LIST,
    COUNT,
    OF_PAYMENT,
    OPEN_SUBJECTS,
    OF_SUBJECT,
    REPORT,
    REPORTED,
    UNCHECKED,
    CHECKED,
    DOUBTS,
    REFUND_DOUBTS,
    TAKEN,
    GIVEN_BACK,
    MARK,
    SET_MARK,
    MARKS,
    OPEN_BY_DAY,
];

/// Where a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CaseState {
    /// Waits for a person.
    Open,
    /// A person has settled it.
    Settled,
    /// The books agree again by themselves.
    Cleared,
}

impl CaseState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Open, Self::Settled, Self::Cleared];

    /// The stored word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Settled => "settled",
            Self::Cleared => "cleared",
        }
    }

    /// Reads [`CaseState::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// A case as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Made from kind and subject.
    pub id: [u8; 16],
    /// What is the matter.
    pub kind: Kind,
    /// What it is about: a payment's id, `merchant/rrn`, or `terminal@number`.
    pub subject: String,
    /// The payment, when it is about one that has an id.
    pub payment: Option<PaymentId>,
    /// Whose; empty when nobody's shop is known.
    pub company: CompanyId,
    /// Which shop; may be empty.
    pub shop: ShopId,
    /// Which terminal; may be empty.
    pub terminal: TerminalId,
    /// Whole yen.
    pub yen: Option<i64>,
    /// Where it stands.
    pub state: CaseState,
    /// When it was opened first (UTC microseconds).
    pub opened_us: i64,
    /// When it last changed.
    pub changed_us: i64,
    /// What each book says.
    pub evidence: Json,
    /// How it was settled.
    pub outcome: String,
    /// By whom.
    pub settled_by: String,
    /// Why.
    pub reason: String,
    /// What the person had in hand.
    pub proof: String,
}

/// What is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) kind: Kind,
    pub(crate) subject: String,
    pub(crate) payment: Option<PaymentId>,
    pub(crate) place: (CompanyId, ShopId, TerminalId),
    pub(crate) yen: Option<i64>,
    pub(crate) evidence: Json,
}

/// The id of a case: its kind and what it is about.
pub fn case_id(kind: Kind, subject: &str) -> [u8; 16] {
    let hash: [u8; 32] = Sha256::new()
        .chain_update("case\0")
        .chain_update(kind.word())
        .chain_update([0])
        .chain_update(subject)
        .finalize()
        .into();
    let mut id = [0; 16];
    for (to, from) in id.iter_mut().zip(hash) {
        *to = from;
    }
    id
}

/// Opens a case, unless it is open or settled. True when there is something new to see.
pub(crate) fn open(tx: &mut Tx<'_>, found: &Finding) -> Result<bool, DbError> {
    let (tenant, seq, now_us) = (tx.tenant(), tx.seq(), tx.now_us());
    let (company, shop, terminal) = &found.place;
    let (id, evidence) = (case_id(found.kind, &found.subject), found.evidence.to_string());
    let values: &[Value<'_>] = &[
        tenant.into(),
        (&id).into(),
        seq.into(),
        found.kind.word().into(),
        (&found.subject).into(),
        found.payment.as_ref().map(PaymentId::bytes).into(),
        company.into(),
        shop.into(),
        terminal.into(),
        found.yen.into(),
        now_us.into(),
        (&evidence).into(),
    ];
    Ok(tx.execute(OPEN, values)? > 0)
}

/// The books agree again.
pub(crate) fn clear(tx: &mut Tx<'_>, id: &[u8; 16]) -> Result<(), DbError> {
    let (tenant, now_us) = (tx.tenant(), tx.now_us());
    tx.execute(CLEAR, params![tenant, id, now_us])?;
    Ok(())
}

/// A person's word. False: it is not open any more.
pub(crate) fn settle(
    tx: &mut Tx<'_>,
    id: &[u8; 16],
    outcome: &str,
    who: &str,
    (reason, proof): (&str, &str),
) -> Result<bool, DbError> {
    let (tenant, now_us) = (tx.tenant(), tx.now_us());
    Ok(tx.execute(SETTLE, params![tenant, id, now_us, outcome, who, reason, proof])? > 0)
}

/// One case in a scope.
pub fn case(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    scope: &Scope,
    id: &[u8; 16],
) -> Result<Option<Case>, DbError> {
    let [company, shop, terminal] = scope.sql();
    tx.query_opt(BY_ID, &[tenant.into(), company, shop, terminal, id.into()], read)
}

/// The cases in a scope, the oldest first.
pub fn list(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    scope: &Scope,
    (state, kind): (Option<CaseState>, Option<Kind>),
    limit: i64,
) -> Result<Vec<Case>, DbError> {
    let [company, shop, terminal] = scope.sql();
    let (state, kind) = (state.map(CaseState::word), kind.map(Kind::word));
    let values = &[tenant.into(), company, shop, terminal, state.into(), kind.into(), limit.into()];
    tx.query_all(LIST, values, read)
}

/// How many cases wait in a scope.
pub fn count_open(tx: &mut ReadTx<'_>, tenant: TenantId, scope: &Scope) -> Result<i64, DbError> {
    let [company, shop, terminal] = scope.sql();
    tx.query_one(COUNT, &[tenant.into(), company, shop, terminal], |row| row.i64(0))
}

/// The cases about a payment.
pub fn of_payment(tx: &mut ReadTx<'_>, tenant: TenantId, id: PaymentId) -> Result<Vec<Case>, DbError> {
    tx.query_all(OF_PAYMENT, params![tenant, id.bytes()], read)
}

fn read(row: &Row<'_>) -> Result<Case, DbError> {
    let odd = |column: &str, wanted: &str| Inconsistent::new(format!("reconcile_case.{column}"), wanted);
    Ok(Case {
        id: row.array(0)?,
        kind: Kind::from_word(row.text(1)?).ok_or_else(|| odd("kind", "a kind"))?,
        subject: row.text(2)?.to_owned(),
        payment: row.opt_bytes(3)?.map(payment_id).transpose()?,
        company: row.text(4)?.into(),
        shop: row.text(5)?.into(),
        terminal: row.text(6)?.into(),
        yen: row.opt_i64(7)?,
        state: CaseState::from_word(row.text(8)?).ok_or_else(|| odd("state", "a state"))?,
        opened_us: row.i64(9)?,
        changed_us: row.i64(10)?,
        evidence: serde_json::from_str(row.text(11)?).map_err(|_| odd("evidence", "JSON"))?,
        outcome: row.text(12)?.to_owned(),
        settled_by: row.text(13)?.to_owned(),
        reason: row.text(14)?.to_owned(),
        proof: row.text(15)?.to_owned(),
    })
}

fn payment_id(bytes: &[u8]) -> Result<PaymentId, DbError> {
    PaymentId::from_bytes(bytes).map_err(|_| Inconsistent::new("a payment's id", "sixteen bytes").into())
}

/// What a terminal reported of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// Which payment.
    pub id: PaymentId,
    /// By which terminal.
    pub terminal: TerminalId,
    /// Where it stands there.
    pub state: StateName,
    /// Whole yen.
    pub yen: i64,
    /// Slip number.
    pub slip_no: i64,
    /// Code, may be empty.
    pub code: String,
    /// When it was reported (UTC microseconds).
    pub reported_us: i64,
    /// The payment that it gives back; nothing of a sale.
    pub refund_of: Option<PaymentId>,
}

impl Reported {
    /// The terminal's side of a case's evidence.
    pub(super) fn evidence(&self) -> Json {
        json!({
            "state": self.state.word(), "yen": self.yen, "slip_no": self.slip_no, "code": self.code,
            "at_us": self.reported_us,
        })
    }
}

/// Remembers what a terminal says of a payment.
pub(crate) fn report(
    tx: &mut Tx<'_>,
    terminal: &TerminalId,
    attempt: &AttemptSummary,
) -> Result<(), DbError> {
    let (tenant, now_us) = (tx.tenant(), tx.now_us());
    let code = attempt.code.map(codes::Code::key).unwrap_or_default();
    let (id, state, yen) = (attempt.id.bytes(), attempt.state.word(), attempt.amount.get());
    let of = attempt.refund_of.as_ref().map(PaymentId::bytes);
    tx.execute(REPORT, params![tenant, id, terminal, state, yen, attempt.slip_no, &code, now_us, of])?;
    Ok(())
}

pub(crate) fn reported(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    id: PaymentId,
) -> Result<Option<Reported>, DbError> {
    tx.query_opt(REPORTED, params![tenant, id.bytes()], |row| {
        Ok(Reported {
            id: payment_id(row.bytes(0)?)?,
            terminal: row.text(1)?.into(),
            state: StateName::from_word(row.text(2)?)
                .ok_or_else(|| Inconsistent::new("terminal_attempt.state", "a state"))?,
            yen: row.i64(3)?,
            slip_no: row.i64(4)?,
            code: row.text(5)?.to_owned(),
            reported_us: row.i64(6)?,
            refund_of: row.opt_bytes(7)?.map(payment_id).transpose()?,
        })
    })
}

pub(crate) fn unchecked(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    limit: i64,
) -> Result<Vec<PaymentId>, DbError> {
    tx.query_all(UNCHECKED, params![tenant, limit], |row| payment_id(row.bytes(0)?))
}

pub(crate) fn set_checked(tx: &mut Tx<'_>, id: PaymentId) -> Result<(), DbError> {
    let tenant = tx.tenant();
    tx.execute(CHECKED, params![tenant, id.bytes()])?;
    Ok(())
}

pub(crate) fn old_doubts(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    before_us: i64,
    limit: i64,
) -> Result<Vec<PaymentId>, DbError> {
    let mut ids = tx.query_all(DOUBTS, params![tenant, before_us, limit], |row| payment_id(row.bytes(0)?))?;
    ids.extend(
        tx.query_all(REFUND_DOUBTS, params![tenant, before_us, limit], |row| payment_id(row.bytes(0)?))?,
    );
    Ok(ids)
}

/// The cases with exactly this subject.
pub(crate) fn of_subject(tx: &mut ReadTx<'_>, tenant: TenantId, subject: &str) -> Result<Vec<Case>, DbError> {
    tx.query_all(OF_SUBJECT, params![tenant, subject], read)
}

/// Refunds of a business date after a sequence: id, sequence.
pub(crate) fn refunds_of_day(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    on: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<(PaymentId, i64)>, DbError> {
    let values = params![tenant, on, after, limit];
    tx.query_all(GIVEN_BACK, values, |row| Ok((payment_id(row.bytes(0)?)?, row.i64(1)?)))
}

pub(crate) fn with_open_cases(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    limit: i64,
) -> Result<Vec<PaymentId>, DbError> {
    let subjects = tx.query_all(OPEN_SUBJECTS, params![tenant, limit], |row| Ok(row.text(0)?.to_owned()))?;
    // A subject that is no id is a terminal, or something that only a network knows.
    Ok(subjects.iter().filter_map(|subject| subject.parse().ok()).collect())
}

/// Payments of a business date after a sequence: id, sequence, when sent.
pub(crate) fn of_day(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    on: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<(PaymentId, i64, i64)>, DbError> {
    let values = params![tenant, on, after, limit];
    tx.query_all(TAKEN, values, |row| Ok((payment_id(row.bytes(0)?)?, row.i64(1)?, row.i64(2)?)))
}

pub(crate) fn mark(tx: &mut ReadTx<'_>, tenant: TenantId, name: &str) -> Result<Option<String>, DbError> {
    tx.query_opt(MARK, params![tenant, name], |row| Ok(row.text(0)?.to_owned()))
}

/// A network's file of a day was compared.
pub(crate) fn set_compared(tx: &mut Tx<'_>, on: &str, network: &str) -> Result<(), DbError> {
    set_mark(tx, &format!("{COMPARED}{on} {network}"), "yes")
}

/// Before the day and the network in a mark's name.
const COMPARED: &str = "compared ";

/// The networks whose file of a day was compared, as (day, network), for the days `from` to `to` (`YYYY-MM-DD`, both
/// inclusive).
pub fn compared(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    (from, to): (&str, &str),
) -> Result<Vec<(String, String)>, DbError> {
    // `!` follows the space before the network's name.
    let (first, end) = (format!("{COMPARED}{from} "), format!("{COMPARED}{to}!"));
    let names = tx.query_all(MARKS, params![tenant, &first, &end], |row| Ok(row.text(0)?.to_owned()))?;
    let of = |name: &String| {
        let (on, network) = name.strip_prefix(COMPARED)?.split_once(' ')?;
        Some((on.to_owned(), network.to_owned()))
    };
    Ok(names.iter().filter_map(of).collect())
}

/// How many cases are open, by the business date of their payment; under an empty text those that have none.
pub fn open_by_day(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Vec<(String, i64)>, DbError> {
    tx.query_all(OPEN_BY_DAY, params![tenant], |row| Ok((row.text(0)?.to_owned(), row.i64(1)?)))
}

pub(crate) fn set_mark(tx: &mut Tx<'_>, name: &str, value: &str) -> Result<(), DbError> {
    let tenant = tx.tenant();
    tx.execute(SET_MARK, params![tenant, name, value])?;
    Ok(())
}
