//! Payment notices (支払通知書, U-066 … U-069, U-071 … U-073, U-075): issued when a pay day is approved, mailed on the
//! notice day as a PDF in a locked ZIP, shown and sent again on request.
//!
//! | module | holds |
//! |---|---|
//! | `issuer` | who they come from |
//! | `rows` | the notices and how their mails go |
//! | `facts` | what a notice says, from the document's rows and what was true when it was issued |
//! | `issue`, `originals` | issuing a pay day's notices, and one again |
//! | `password` | the nine digits of a company |
//! | `mail` | the job that mails them |

mod facts;
mod issue;
mod issuer;
mod mail;
mod originals;
mod password;
mod rows;

pub use facts::group_name;
pub(crate) use issue::readdressed;
pub use issue::reissue;
pub(crate) use issuer::in_force as issuer_in_force;
pub use issuer::{Issuer, enter_issuer, entries as issuers, issuer, put_issuer};
pub use mail::{Letter, letter};
pub use password::{new_password, password, show_password};
pub use rows::{Issued, MailState, Wanted, find, notice, resend};
pub(crate) use rows::{MIGRATION, addressed, reopen};

use crate::close::Settlement;
use crate::rows::{banks, batches, today};
use center_base::{Refusal, Scope};
use jiff::civil::Date;
use notice::Notice;
use std::collections::BTreeSet;
use store::{DbError, ReadTx, TenantId};

pub(crate) fn statements() -> Vec<&'static str> {
    [rows::STATEMENTS, password::STATEMENTS].concat()
}

/// Names of a bank and its branch, or their codes where no master names them.
fn bank_names(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    bank: &str,
    branch: &str,
) -> Result<(String, String), DbError> {
    let name =
        |named: Option<banks::Named>, code: &str| named.map_or_else(|| code.to_owned(), |named| named.name);
    let bank_name = name(banks::bank(tx, tenant, bank)?, bank);
    Ok((bank_name, name(banks::branch(tx, tenant, bank, branch)?, branch)))
}

/// What a notice says, by its number; what the scope may not see is not found.
pub fn facts(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    scope: &Scope,
    number: &str,
) -> Result<Option<(Issued, Notice)>, DbError> {
    match rows::notice(tx, tenant, scope, number)? {
        Some(issued) => facts::of(tx, tenant, &issued).map(|notice| Some((issued, notice))),
        None => Ok(None),
    }
}

/// A notice with its files.
#[derive(Clone, Debug)]
pub struct Files {
    /// Its row.
    pub issued: Issued,
    /// What it says.
    pub notice: Notice,
    /// The PDF; its name is [`notice::Number::pdf_name`].
    pub pdf: Vec<u8>,
    /// The ZIP that opens with the company's password of today; its name is [`notice::Number::zip_name`].
    pub zip: Vec<u8>,
}

impl Settlement {
    /// A notice's PDF and ZIP, for a page or a command; what the scope may not see is not found.
    pub async fn notice_files(&self, scope: &Scope, number: &str) -> Result<Option<Files>, Refusal> {
        let (tenant, secrets, on) =
            (self.base.tenant, self.base.secrets.clone(), today(self.base.clock.now_us()));
        let (scope, number) = (scope.clone(), number.to_owned());
        let found = self
            .base
            .read(move |tx| {
                let Some((issued, notice)) = facts(tx, tenant, &scope, &number)? else { return Ok(None) };
                let password = password::current(tx, tenant, &secrets, &issued.company)?
                    .ok_or_else(|| Refusal::internal(format!("notice {number} has no payee")))?;
                let mode = mail::mode(tx, tenant, &issued.company, on)?;
                Ok(Some((issued, notice, password, mode)))
            })
            .await?;
        let Some((issued, notice, password, mode)) = found else { return Ok(None) };
        let unmade = |error: notice::Fault| Refusal::internal(format!("notice {}: {error}", issued.number));
        let pdf = notice::pdf(&notice).map_err(unmade)?;
        let name = notice.number.pdf_name();
        let zip = notice::zip(&pdf, &name, notice.issued_on, &password, mode).map_err(unmade)?;
        Ok(Some(Files { issued, notice, pdf, zip }))
    }
}

/// Whether every notice still says what was issued, and every document of an issued pay day has one: for `verify`.
pub(crate) fn check(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    pay_days: impl Iterator<Item = Date>,
) -> Result<Vec<String>, DbError> {
    let mut faults = Vec::new();
    let complete: BTreeSet<Date> = rows::issued_days(tx, tenant)?.into_iter().collect();
    for pay_on in pay_days {
        let mut noticed = BTreeSet::new();
        for issued in rows::of_day(tx, tenant, pay_on)? {
            if facts::of(tx, tenant, &issued)?.hash() != issued.facts_hash {
                faults.push(format!("notice {} does not say any more what was issued", issued.number));
            }
            noticed.insert(issued.company);
        }
        if !complete.contains(&pay_on) {
            continue;
        }
        let documents = batches::batches(tx, tenant, pay_on)?.into_iter().map(|stored| stored.company);
        let missing = documents.filter(|company| !noticed.contains(company));
        faults.extend(missing.map(|company| format!("company {company} has no notice of {pay_on}")));
    }
    Ok(faults)
}
