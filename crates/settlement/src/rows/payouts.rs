//! Payouts: each try to pay a document's sum, the bank files that hold them, and the returned files that were taken.

use super::{date_at, payees};
use crate::rules::{PayoutEvent, PayoutState};
use center_base::Refusal;
use codes::settle;
use jiff::civil::Date;
use store::{DbError, Inconsistent, Migration, ReadTx, Row, TenantId, Tx, params};

pub(super) const MIGRATION: Migration = Migration {
    name: "settlement/0007_payout",
    sql: "-- Payouts, the bank files that they stand in (file: its number, empty before), who pays, returned files that were taken.
        CREATE TABLE settle_payout (
            tenant BIGINT NOT NULL,
            pay_on TEXT NOT NULL,
            company_id TEXT NOT NULL,
            try BIGINT NOT NULL,
            state TEXT NOT NULL,
            yen BIGINT NOT NULL CHECK (yen > 0),
            bank TEXT NOT NULL,
            branch TEXT NOT NULL,
            kind TEXT NOT NULL,
            account TEXT NOT NULL,
            holder TEXT NOT NULL,
            file TEXT NOT NULL,
            paid_us BIGINT,
            rounds BIGINT NOT NULL,
            reason TEXT NOT NULL,
            changed_by TEXT NOT NULL,
            changed_us BIGINT NOT NULL,
            PRIMARY KEY (tenant, pay_on, company_id, try)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        CREATE TABLE settle_file (
            tenant BIGINT NOT NULL,
            number TEXT NOT NULL,
            pay_on TEXT NOT NULL,
            transfer_on TEXT NOT NULL,
            items BIGINT NOT NULL,
            yen BIGINT NOT NULL,
            hash BYTEA NOT NULL,
            bytes BYTEA NOT NULL,
            made_by TEXT NOT NULL,
            made_us BIGINT NOT NULL,
            paid_by TEXT NOT NULL,
            paid_us BIGINT,
            rejected_by TEXT NOT NULL,
            rejected_us BIGINT,
            reason TEXT NOT NULL,
            PRIMARY KEY (tenant, number)
        ) /*sqlite: STRICT */;
        CREATE INDEX settle_file_day ON settle_file (tenant, pay_on, made_us);
        CREATE TABLE settle_returned (
            tenant BIGINT NOT NULL,
            hash BYTEA NOT NULL,
            at_us BIGINT NOT NULL,
            items BIGINT NOT NULL,
            PRIMARY KEY (tenant, hash)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        CREATE TABLE settle_remitter (
            tenant BIGINT NOT NULL,
            body TEXT NOT NULL,
            PRIMARY KEY (tenant)
        ) /*sqlite: STRICT, WITHOUT ROWID */;",
};

macro_rules! columns {
    () => {
        "pay_on, company_id, try, state, yen, bank, branch, kind, account, holder, file, paid_us, reason,
         changed_by, changed_us, rounds"
    };
}

const ADD: &str =
    "INSERT INTO settle_payout (tenant, pay_on, company_id, try, state, yen, bank, branch, kind,
        account, holder, file, paid_us, rounds, reason, changed_by, changed_us)
     VALUES ($1, $2, $3, $4, 'waiting', $5, $6, $7, $8, $9, $10, '', NULL, 0, '', $11, $12)";
const ONE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM settle_payout WHERE tenant = $1 AND pay_on = $2 AND company_id = $3 AND try = $4"
);
const OF_DAY: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM settle_payout WHERE tenant = $1 AND pay_on = $2 ORDER BY company_id, try"
);
const OPEN: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM settle_payout WHERE tenant = $1 AND state IN ('waiting', 'exported', 'returned')
      ORDER BY pay_on, company_id, try"
);
const WAITING: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM settle_payout WHERE tenant = $1 AND state IN ('waiting', 'returned')
      ORDER BY pay_on, company_id, try LIMIT $2"
);
const OF_COMPANY: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM settle_payout WHERE tenant = $1 AND pay_on = $2 AND company_id = $3 ORDER BY try"
);
const TO_PAY: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM settle_payout
      WHERE tenant = $1 AND pay_on = $2 AND company_id > $3 AND file = $4 AND state = 'exported'
      ORDER BY company_id, try LIMIT $5"
);
const MOVE: &str = "UPDATE settle_payout
        SET state = $5, reason = $6, paid_us = $7, changed_by = $8, changed_us = $9, rounds = $10
      WHERE tenant = $1 AND pay_on = $2 AND company_id = $3 AND try = $4";
const EXPORT_ALL: &str = "UPDATE settle_payout
        SET state = 'exported', file = $3, changed_by = $4, changed_us = $5
      WHERE tenant = $1 AND pay_on = $2 AND state = 'waiting' AND bank <> ''";
const UNEXPORT: &str = "UPDATE settle_payout SET state = 'waiting', file = ''
      WHERE tenant = $1 AND pay_on = $2 AND company_id = $3 AND try = $4 AND file = $5";
const MOVE_FILE: &str = "UPDATE settle_payout SET file = $4
      WHERE tenant = $1 AND pay_on = $2 AND file = $3 AND company_id >= $5";
const REJECT: &str = "UPDATE settle_payout
        SET state = 'waiting', file = '', changed_by = $4, changed_us = $5
      WHERE tenant = $1 AND pay_on = $2 AND file = $3 AND state = 'exported'";
const ADDRESS: &str = "UPDATE settle_payout
        SET bank = $5, branch = $6, kind = $7, account = $8, holder = $9
      WHERE tenant = $1 AND pay_on = $2 AND company_id = $3 AND try = $4 AND state = 'waiting'";
const ADD_FILE: &str =
    "INSERT INTO settle_file (tenant, number, pay_on, transfer_on, items, yen, hash, bytes,
        made_by, made_us, paid_by, paid_us, rejected_by, rejected_us, reason)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', NULL, '', NULL, '')";
macro_rules! file_columns {
    () => {
        "SELECT number, pay_on, items, yen, hash, made_by, made_us, paid_by, paid_us, transfer_on, rejected_by,
                rejected_us, reason
           FROM settle_file "
    };
}
const FILE: &str = concat!(file_columns!(), "WHERE tenant = $1 AND number = $2");
const FILES_OF_DAY: &str =
    concat!(file_columns!(), "WHERE tenant = $1 AND pay_on = $2 ORDER BY made_us, number");
const FILES: &str = concat!(file_columns!(), "WHERE tenant = $1 ORDER BY pay_on, made_us, number");
const BYTES: &str = "SELECT bytes FROM settle_file WHERE tenant = $1 AND number = $2";
const PAY_FILE: &str = "UPDATE settle_file SET paid_by = $3, paid_us = $4
      WHERE tenant = $1 AND number = $2 AND paid_us IS NULL AND rejected_us IS NULL";
const REJECT_FILE: &str = "UPDATE settle_file SET rejected_by = $3, rejected_us = $4, reason = $5
      WHERE tenant = $1 AND number = $2 AND paid_us IS NULL AND rejected_us IS NULL";
const TAKE_RETURNED: &str = "INSERT INTO settle_returned (tenant, hash, at_us, items) VALUES ($1, $2, $3, $4)
     ON CONFLICT (tenant, hash) DO NOTHING";

pub(super) const STATEMENTS: &[&str] = &[
    ADD,
    ONE,
    OF_DAY,
    OPEN,
    WAITING,
    OF_COMPANY,
    TO_PAY,
    MOVE,
    EXPORT_ALL,
    UNEXPORT,
    MOVE_FILE,
    REJECT,
    ADDRESS,
    ADD_FILE,
    FILE,
    FILES_OF_DAY,
    FILES,
    BYTES,
    PAY_FILE,
    REJECT_FILE,
    TAKE_RETURNED,
];

/// Which payout: pay day, company, and which try it is, from 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PayoutKey {
    /// The pay day of its document.
    pub pay_on: Date,
    /// Whose.
    pub company: String,
    /// The first try is 1.
    pub try_no: u16,
}

impl std::fmt::Display for PayoutKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.pay_on, self.company, self.try_no)
    }
}

impl std::str::FromStr for PayoutKey {
    type Err = ();
    /// Reads `2026-02-27.00008.1`; a company's id may have full stops.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (pay_on, rest) = text.split_once('.').ok_or(())?;
        let (company, try_no) = rest.rsplit_once('.').ok_or(())?;
        let pay_on = pay_on.parse().map_err(drop)?;
        Ok(Self { pay_on, company: company.to_owned(), try_no: try_no.parse().map_err(drop)? })
    }
}

/// One try to pay a document's sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payout {
    /// Which.
    pub key: PayoutKey,
    /// Where it stands.
    pub state: PayoutState,
    /// Whole yen, more than zero.
    pub yen: i64,
    /// Where it goes; `None`: the company had no confirmed account.
    pub to: Option<payees::Account>,
    /// The bank file that it stands in; empty before the export.
    pub file: String,
    /// When the bank had transferred it, also if it came back afterwards.
    pub paid_us: Option<i64>,
    /// Why it is held, came back or was replaced.
    pub reason: String,
    /// Who moved it last.
    pub changed_by: String,
    /// When.
    pub changed_us: i64,
    /// How often it had not come back after all, once the bank had transferred it.
    pub rounds: u8,
}

fn payout_at(row: &Row<'_>) -> Result<Payout, DbError> {
    let text = |column| row.text(column).map(str::to_owned);
    let odd = |wanted: &str| Inconsistent::new("settle_payout", wanted);
    let to = payees::Account {
        bank: text(5)?,
        branch: text(6)?,
        kind: text(7)?,
        account: text(8)?,
        holder: text(9)?,
    };
    Ok(Payout {
        key: PayoutKey {
            pay_on: date_at(row, 0, "settle_payout.pay_on")?,
            company: text(1)?,
            try_no: u16::try_from(row.i64(2)?).map_err(|_| odd("of a try"))?,
        },
        state: PayoutState::from_word(row.text(3)?).ok_or_else(|| odd("of a state"))?,
        yen: row.i64(4)?,
        to: (!to.bank.is_empty()).then_some(to),
        file: text(10)?,
        paid_us: row.opt_i64(11)?,
        reason: text(12)?,
        changed_by: text(13)?,
        changed_us: row.i64(14)?,
        rounds: u8::try_from(row.i64(15)?).map_err(|_| odd("of rounds"))?,
    })
}

/// A try to pay a document; it waits without an account when none is confirmed.
pub(crate) fn add(
    tx: &mut Tx<'_>,
    key: &PayoutKey,
    yen: i64,
    to: &payees::Account,
    by: &str,
) -> Result<(), DbError> {
    let (tenant, now_us, pay) = (tx.tenant(), tx.now_us(), key.pay_on.to_string());
    let values = params![
        tenant,
        &pay,
        &key.company,
        i64::from(key.try_no),
        yen,
        &to.bank,
        &to.branch,
        &to.kind,
        &to.account,
        &to.holder,
        by,
        now_us
    ];
    tx.execute(ADD, values).map(drop)
}

/// One payout.
pub fn payout(tx: &mut ReadTx<'_>, tenant: TenantId, key: &PayoutKey) -> Result<Option<Payout>, DbError> {
    let pay = key.pay_on.to_string();
    tx.query_opt(ONE, params![tenant, &pay, &key.company, i64::from(key.try_no)], payout_at)
}

/// The payouts of a pay day, by company and try.
pub fn of_day(tx: &mut ReadTx<'_>, tenant: TenantId, pay_on: Date) -> Result<Vec<Payout>, DbError> {
    tx.query_all(OF_DAY, params![tenant, &pay_on.to_string()], payout_at)
}

/// The payouts of a company's document, the first try first.
pub fn of_company(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    pay_on: Date,
    company: &str,
) -> Result<Vec<Payout>, DbError> {
    tx.query_all(OF_COMPANY, params![tenant, &pay_on.to_string(), company], payout_at)
}

/// Payouts that wait for a bank file, or came back: the oldest first, at most `most`.
pub fn waiting(tx: &mut ReadTx<'_>, tenant: TenantId, most: i64) -> Result<Vec<Payout>, DbError> {
    tx.query_all(WAITING, params![tenant, most], payout_at)
}

/// Every payout whose sum is neither with the payee nor in the next document, the oldest first.
pub fn open(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Vec<Payout>, DbError> {
    tx.query_all(OPEN, params![tenant], payout_at)
}

/// Exported payouts of a file behind a company, at most `most`.
pub(crate) fn to_pay(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    file: &BankFile,
    after: &str,
    most: i64,
) -> Result<Vec<Payout>, DbError> {
    let pay = file.pay_on.to_string();
    tx.query_all(TO_PAY, params![tenant, &pay, after, &file.number, most], payout_at)
}

/// Moves a payout by an event, with a reason; `paid_us` stays what it was but for the payment itself. What had not come
/// back after all, once the bank had transferred it, is paid again, in a round of its own.
pub(crate) fn step(
    tx: &mut Tx<'_>,
    payout: &Payout,
    event: PayoutEvent,
    reason: &str,
    by: &str,
) -> Result<(), Refusal> {
    let next = payout
        .state
        .next(event)
        .map_err(|no| Refusal::from(settle::WRONG_STEP).detail(format!("the payout {no}")))?;
    let is_paid_again = event == PayoutEvent::Undo && payout.paid_us.is_some();
    let next = if is_paid_again { PayoutState::Paid } else { next };
    let rounds = payout.rounds.checked_add(u8::from(is_paid_again)).ok_or(settle::WRONG_STEP)?;
    let (tenant, now_us, pay) = (tx.tenant(), tx.now_us(), payout.key.pay_on.to_string());
    let paid_us = if event == PayoutEvent::Pay { Some(now_us) } else { payout.paid_us };
    let try_no = i64::from(payout.key.try_no);
    let values = params![
        tenant,
        &pay,
        &payout.key.company,
        try_no,
        next.word(),
        reason,
        paid_us,
        by,
        now_us,
        i64::from(rounds)
    ];
    tx.execute(MOVE, values)?;
    Ok(())
}

/// Gives a waiting payout the account that its company has now.
pub(crate) fn address(tx: &mut Tx<'_>, key: &PayoutKey, to: &payees::Account) -> Result<(), DbError> {
    let (tenant, pay, try_no) = (tx.tenant(), key.pay_on.to_string(), i64::from(key.try_no));
    let values =
        params![tenant, &pay, &key.company, try_no, &to.bank, &to.branch, &to.kind, &to.account, &to.holder];
    tx.execute(ADDRESS, values).map(drop)
}

/// Every waiting payout of a pay day with an account goes into a file, but for those that are left out.
pub(crate) fn export(
    tx: &mut Tx<'_>,
    pay_on: Date,
    file: &str,
    left_out: &[PayoutKey],
    by: &str,
) -> Result<(), DbError> {
    let (tenant, now_us, pay) = (tx.tenant(), tx.now_us(), pay_on.to_string());
    tx.execute(EXPORT_ALL, params![tenant, &pay, file, by, now_us])?;
    for key in left_out {
        let try_no = i64::from(key.try_no);
        tx.execute(UNEXPORT, params![tenant, &pay, &key.company, try_no, file])?;
    }
    Ok(())
}

/// The payouts of a file from a company on stand in another file.
pub(crate) fn move_file(
    tx: &mut Tx<'_>,
    pay_on: Date,
    from: &str,
    to: &str,
    company: &str,
) -> Result<(), DbError> {
    let (tenant, pay) = (tx.tenant(), pay_on.to_string());
    tx.execute(MOVE_FILE, params![tenant, &pay, from, to, company]).map(drop)
}

/// A bank file as its row has it, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankFile {
    /// `20260227-1`: pay day and a count.
    pub number: String,
    /// The pay day of the documents.
    pub pay_on: Date,
    /// The day on which the bank is to transfer it: the pay day, or for a later file the next bank business day.
    pub transfer_on: Date,
    /// Transfers.
    pub items: i64,
    /// Their sum, whole yen.
    pub yen: i64,
    /// SHA-256 of its bytes.
    pub hash: [u8; 32],
    /// Who made it.
    pub made_by: String,
    /// When.
    pub made_us: i64,
    /// Who said that the bank has transferred it; empty before.
    pub paid_by: String,
    /// When.
    pub paid_us: Option<i64>,
    /// Who said that the bank has not taken it; empty before.
    pub rejected_by: String,
    /// When.
    pub rejected_us: Option<i64>,
    /// Why.
    pub reason: String,
}

impl BankFile {
    /// Neither transferred nor refused by the bank.
    pub const fn is_open(&self) -> bool {
        self.paid_us.is_none() && self.rejected_us.is_none()
    }
}

fn file_at(row: &Row<'_>) -> Result<BankFile, DbError> {
    Ok(BankFile {
        number: row.text(0)?.to_owned(),
        pay_on: date_at(row, 1, "settle_file.pay_on")?,
        items: row.i64(2)?,
        yen: row.i64(3)?,
        hash: row.array(4)?,
        made_by: row.text(5)?.to_owned(),
        made_us: row.i64(6)?,
        paid_by: row.text(7)?.to_owned(),
        paid_us: row.opt_i64(8)?,
        transfer_on: date_at(row, 9, "settle_file.transfer_on")?,
        rejected_by: row.text(10)?.to_owned(),
        rejected_us: row.opt_i64(11)?,
        reason: row.text(12)?.to_owned(),
    })
}

/// A bank file of this number.
pub fn file(tx: &mut ReadTx<'_>, tenant: TenantId, number: &str) -> Result<Option<BankFile>, DbError> {
    tx.query_opt(FILE, params![tenant, number], file_at)
}

/// The bank files of a pay day, in the order in which they were made.
pub fn files_of_day(tx: &mut ReadTx<'_>, tenant: TenantId, pay_on: Date) -> Result<Vec<BankFile>, DbError> {
    tx.query_all(FILES_OF_DAY, params![tenant, &pay_on.to_string()], file_at)
}

/// Every bank file, by pay day.
pub fn files(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Vec<BankFile>, DbError> {
    tx.query_all(FILES, params![tenant], file_at)
}

/// The bytes of a bank file.
pub fn bytes(tx: &mut ReadTx<'_>, tenant: TenantId, number: &str) -> Result<Option<Vec<u8>>, DbError> {
    tx.query_opt(BYTES, params![tenant, number], |row| Ok(row.bytes(0)?.to_vec()))
}

/// Keeps a bank file.
pub(crate) fn add_file(tx: &mut Tx<'_>, file: &BankFile, bytes: &[u8]) -> Result<(), DbError> {
    let (tenant, pay, transfer) = (tx.tenant(), file.pay_on.to_string(), file.transfer_on.to_string());
    let values = params![
        tenant,
        &file.number,
        &pay,
        &transfer,
        file.items,
        file.yen,
        &file.hash,
        bytes,
        &file.made_by,
        file.made_us
    ];
    tx.execute(ADD_FILE, values).map(drop)
}

/// The bank has transferred a file; false: that was said before.
pub(crate) fn pay_file(tx: &mut Tx<'_>, number: &str, by: &str) -> Result<bool, DbError> {
    let (tenant, now_us) = (tx.tenant(), tx.now_us());
    Ok(tx.execute(PAY_FILE, params![tenant, number, by, now_us])? > 0)
}

/// The bank has not taken a file: its payouts wait again. False: it was paid or rejected before.
pub(crate) fn reject_file(tx: &mut Tx<'_>, file: &BankFile, by: &str, reason: &str) -> Result<bool, DbError> {
    let (tenant, now_us, pay) = (tx.tenant(), tx.now_us(), file.pay_on.to_string());
    if tx.execute(REJECT_FILE, params![tenant, &file.number, by, now_us, reason])? == 0 {
        return Ok(false);
    }
    tx.execute(REJECT, params![tenant, &pay, &file.number, by, now_us])?;
    Ok(true)
}

/// Notes a returned file; false: it was taken before.
pub(crate) fn take_returned(tx: &mut Tx<'_>, hash: &[u8; 32], items: usize) -> Result<bool, DbError> {
    let (tenant, now_us) = (tx.tenant(), tx.now_us());
    let items = i64::try_from(items).unwrap_or(i64::MAX);
    Ok(tx.execute(TAKE_RETURNED, params![tenant, hash, now_us, items])? > 0)
}
