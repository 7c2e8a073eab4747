//! Payees: a company's settlement number and the bank account that it is paid to. An account that one person enters is
//! used after another person has confirmed it.

use super::{changed, checked, known_company};
use crate::limits;
use center_base::{CompanyId, Refusal};
use codes::settle;
use delivery::MailAddress;
use serde::{Deserialize, Serialize};
use std::fmt;
use store::{DbError, Inconsistent, Migration, ReadTx, Row, TenantId, Tx, params};

pub(super) const MIGRATION: Migration = Migration {
    name: "settlement/0003_payee",
    sql: "-- Who is paid: the company's settlement number and its account. proposed: an account that waits for a second person.
        CREATE TABLE settle_payee (
            tenant BIGINT NOT NULL,
            company_id TEXT NOT NULL,
            number BIGINT NOT NULL,
            kana_name TEXT NOT NULL,
            contact TEXT NOT NULL,
            mail TEXT NOT NULL,
            bank TEXT NOT NULL,
            branch TEXT NOT NULL,
            kind TEXT NOT NULL,
            account TEXT NOT NULL,
            holder TEXT NOT NULL,
            closed BIGINT NOT NULL CHECK (closed IN (0, 1)),
            password_version BIGINT NOT NULL,
            proposed TEXT NOT NULL,
            proposed_by TEXT NOT NULL,
            PRIMARY KEY (tenant, company_id),
            UNIQUE (tenant, number)
        ) /*sqlite: STRICT, WITHOUT ROWID */;",
};

macro_rules! columns {
    () => {
        "company_id, number, kana_name, contact, mail, bank, branch, kind, account, holder, proposed, proposed_by,
            closed, holder_reason"
    };
}

const ONE: &str = concat!("SELECT ", columns!(), " FROM settle_payee WHERE tenant = $1 AND company_id = $2");
const ALL: &str = concat!("SELECT ", columns!(), " FROM settle_payee WHERE tenant = $1 ORDER BY company_id");
// Numbers from 900000000 on are for people to choose.
const NEXT: &str = "SELECT COALESCE(MAX(number), 100000000) + 1 FROM settle_payee
      WHERE tenant = $1 AND number >= 100000000 AND number < 900000000";
const TAKEN: &str =
    "SELECT company_id FROM settle_payee WHERE tenant = $1 AND number = $2 AND company_id <> $3";
const PUT: &str =
    "INSERT INTO settle_payee (tenant, company_id, number, kana_name, contact, mail, bank, branch, kind,
        account, holder, closed, password_version, proposed, proposed_by)
     VALUES ($1, $2, $3, $4, $5, $6, '', '', '', '', '', 0, 1, '', '')
     ON CONFLICT (tenant, company_id) DO UPDATE SET number = $3, kana_name = $4, contact = $5, mail = $6,
            holder_reason = CASE WHEN settle_payee.kana_name = $4 THEN settle_payee.holder_reason ELSE '' END
       WHERE settle_payee.number <> $3 OR settle_payee.kana_name <> $4 OR settle_payee.contact <> $5
          OR settle_payee.mail <> $6";
const PROPOSE: &str = "UPDATE settle_payee SET proposed = $3, proposed_by = $4
      WHERE tenant = $1 AND company_id = $2";
const CONFIRM: &str = "UPDATE settle_payee
        SET bank = $3, branch = $4, kind = $5, account = $6, holder = $7, holder_reason = $8, proposed = '',
            proposed_by = '',
            closed = CASE WHEN bank = $3 AND branch = $4 AND kind = $5 AND account = $6 THEN closed ELSE 0 END
      WHERE tenant = $1 AND company_id = $2";
const CLOSE: &str = "UPDATE settle_payee SET closed = $3
      WHERE tenant = $1 AND company_id = $2 AND bank <> '' AND closed <> $3";

pub(super) const STATEMENTS: &[&str] = &[ONE, ALL, NEXT, TAKEN, PUT, PROPOSE, CONFIRM, CLOSE];

/// A settlement number has nine digits.
const NUMBERS: std::ops::RangeInclusive<i64> = 1..=999_999_999;

/// What is entered of a payee beside its account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PayeeFacts {
    /// Nine digits; `None` keeps the one it has, or takes the next free one.
    pub number: Option<i64>,
    /// The company's name in kana.
    pub kana_name: String,
    /// Who is addressed.
    pub contact: String,
    /// Where the notice goes.
    pub mail: String,
}

/// A bank account. Its `Debug` shows three digits of the number and no holder.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Bank code, four digits.
    pub bank: String,
    /// Branch code, three digits.
    pub branch: String,
    /// `1` ordinary, `2` current, `4` savings.
    pub kind: String,
    /// Seven digits.
    pub account: String,
    /// The holder in kana.
    pub holder: String,
}

impl Account {
    /// The number as it may be shown: its last three digits behind `***` (U-073).
    pub fn masked(&self) -> String {
        let digits = self.account.as_str();
        let hidden = digits.len().saturating_sub(3);
        format!("***{}", digits.get(hidden..).unwrap_or_default())
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account({} {} {} {})", self.bank, self.branch, self.kind, self.masked())
    }
}

/// A payee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payee {
    /// The company.
    pub company: CompanyId,
    /// Settlement number.
    pub number: i64,
    /// Facts.
    pub facts: PayeeFacts,
    /// The account that is used; `None`: none is confirmed.
    pub account: Option<Account>,
    /// An account that waits for a second person, and who entered it.
    pub proposed: Option<(Account, String)>,
    /// The account is said to be closed: nothing is paid to it.
    pub closed: bool,
    /// Why the second person took a holder who differs from the company's name; empty when none was needed.
    pub holder_reason: String,
}

/// The payee of a company.
pub fn payee(tx: &mut ReadTx<'_>, tenant: TenantId, company: &str) -> Result<Option<Payee>, DbError> {
    tx.query_opt(ONE, params![tenant, company], payee_at)
}

/// Every payee, by company.
pub fn payees(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Vec<Payee>, DbError> {
    tx.query_all(ALL, params![tenant], payee_at)
}

fn payee_at(row: &Row<'_>) -> Result<Payee, DbError> {
    let text = |column| row.text(column).map(str::to_owned);
    let account =
        Account { bank: text(5)?, branch: text(6)?, kind: text(7)?, account: text(8)?, holder: text(9)? };
    let proposed = row.text(10)?;
    let proposed = if proposed.is_empty() {
        None
    } else {
        let account = serde_json::from_str(proposed);
        let account =
            account.map_err(|_| Inconsistent::new("settle_payee.proposed", "an account as JSON"))?;
        Some((account, text(11)?))
    };
    let number = row.i64(1)?;
    Ok(Payee {
        company: row.text(0)?.into(),
        number,
        facts: PayeeFacts { number: Some(number), kana_name: text(2)?, contact: text(3)?, mail: text(4)? },
        account: (!account.bank.is_empty()).then_some(account),
        proposed,
        closed: row.bool(12)?,
        holder_reason: text(13)?,
    })
}

/// Writes the payee of a company that is there; true when something changed. Notices that waited for an address are mailed
/// once there is one.
pub fn put_payee(
    tx: &mut Tx<'_>,
    who: &str,
    company: &CompanyId,
    facts: &PayeeFacts,
) -> Result<bool, Refusal> {
    known_company(tx, company)?;
    if !write_payee(tx, who, company, facts)? {
        return Ok(false);
    }
    if MailAddress::typed(&facts.mail).is_some() {
        crate::notices::addressed(tx, company)?;
    }
    Ok(true)
}

/// The same of a company that has a document, by which it is known.
pub(crate) fn write_payee(
    tx: &mut Tx<'_>,
    who: &str,
    company: &CompanyId,
    facts: &PayeeFacts,
) -> Result<bool, Refusal> {
    let tenant = tx.tenant();
    let known = payee(tx, tenant, company.as_str())?.map(|known| known.number);
    let number = match facts.number.or(known) {
        Some(number) => number,
        None => tx.query_one(NEXT, params![tenant], |row| row.i64(0))?,
    };
    if !NUMBERS.contains(&number) {
        return Err(settle::NUMBER_DIGITS.into());
    }
    let taken = tx.query_opt(TAKEN, params![tenant, number, company], |row| Ok(row.text(0)?.to_owned()))?;
    if let Some(other) = taken {
        return Err(
            Refusal::from(settle::NUMBER_TAKEN).detail(format!("{number} is that of company {other}"))
        );
    }
    let values = params![tenant, company, number, &facts.kana_name, &facts.contact, &facts.mail];
    if tx.execute(PUT, values)? == 0 {
        return Ok(false);
    }
    let detail = serde_json::json!({ "number": number, "contact": facts.contact });
    changed(tx, who, "payee_changed", &format!("company {company}"), detail)?;
    Ok(true)
}

fn digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Enters an account; another person must confirm it before it is used.
pub fn propose_account(
    tx: &mut Tx<'_>,
    who: &str,
    company: &CompanyId,
    account: &Account,
) -> Result<(), Refusal> {
    let sound = digits(&account.bank, 4)
        && digits(&account.branch, 3)
        && digits(&account.account, 7)
        && matches!(account.kind.as_str(), "1" | "2" | "4");
    if !sound {
        return Err(settle::ACCOUNT_DIGITS.into());
    }
    holder_fits(&account.holder)?;
    let tenant = tx.tenant();
    let text = serde_json::to_string(account).map_err(|error| Refusal::internal(error.to_string()))?;
    if tx.execute(PROPOSE, params![tenant, company, &text, who])? == 0 {
        return Err(settle::NO_PAYEE.into());
    }
    // The account's number stays out of the log.
    let detail = serde_json::json!({ "bank": account.bank, "branch": account.branch });
    changed(tx, who, "payee_account_entered", &format!("company {company}"), detail)
}

/// A holder stands there; whether its kana fit the bank file is said before the export.
fn holder_fits(holder: &str) -> Result<(), Refusal> {
    if holder.trim().is_empty() || holder.chars().count() > limits::HOLDER_CHARS {
        return Err(settle::ACCOUNT_HOLDER.into());
    }
    Ok(())
}

/// Confirms the account that waits; refused to the person who entered it. A holder who is not the company by its kana
/// name needs a reason, which is kept and shown; for another it may be empty and is not kept. An account that is not
/// the one before is not closed.
pub fn confirm_account(tx: &mut Tx<'_>, who: &str, company: &CompanyId, reason: &str) -> Result<(), Refusal> {
    let tenant = tx.tenant();
    let known = payee(tx, tenant, company.as_str())?;
    let found = known.and_then(|payee| payee.proposed.map(|proposed| (payee.facts, proposed)));
    let (facts, (account, by)) = found.ok_or(settle::NO_ACCOUNT_WAITS)?;
    if by == who {
        return Err(settle::OWN_ACCOUNT.into());
    }
    let reason = if is_the_company(&facts, &account) { "" } else { reason.trim() };
    if !is_the_company(&facts, &account) {
        checked(reason).map_err(|_| {
            let why =
                "the holder is not the company by its kana name: say in 4 to 200 characters why it is right";
            Refusal::from(settle::HOLDER_REASON).detail(why)
        })?;
    }
    let values = params![
        tenant,
        company,
        &account.bank,
        &account.branch,
        &account.kind,
        &account.account,
        &account.holder,
        reason
    ];
    tx.execute(CONFIRM, values)?;
    let detail = serde_json::json!({
        "bank": account.bank, "branch": account.branch, "entered_by": by, "reason": reason,
    });
    changed(tx, who, "payee_account_confirmed", &format!("company {company}"), detail)
}

/// Whether the account's holder is the company: both in the bank's letters, without the form of a company.
pub fn is_the_company(facts: &PayeeFacts, account: &Account) -> bool {
    let (ours, theirs) = (zengin::holder::holder(&facts.kana_name), zengin::holder::holder(&account.holder));
    matches!((ours, theirs), (Ok(ours), Ok(theirs)) if ours.is_like(&theirs))
}

/// Says that the confirmed account is closed, or open after all; true when that is new. Nothing is paid to a closed one.
pub fn set_closed(
    tx: &mut Tx<'_>,
    who: &str,
    company: &CompanyId,
    closed: bool,
    reason: &str,
) -> Result<bool, Refusal> {
    checked(reason)?;
    let tenant = tx.tenant();
    if payee(tx, tenant, company.as_str())?.and_then(|payee| payee.account).is_none() {
        return Err(Refusal::bad("the company has no confirmed account"));
    }
    if tx.execute(CLOSE, params![tenant, company, closed])? == 0 {
        return Ok(false);
    }
    let what = if closed { "payee_account_closed" } else { "payee_account_opened" };
    let detail = serde_json::json!({ "reason": reason.trim() });
    changed(tx, who, what, &format!("company {company}"), detail)?;
    Ok(true)
}
