//! Who pays: the requester and its account as the head of a bank file has them, and how the bank wants its files.

use super::changed;
use center_base::Refusal;
use serde::{Deserialize, Serialize};
use store::{DbError, Inconsistent, ReadTx, TenantId, Tx, params};
use zengin::kana::FullStop;
use zengin::{
    Account, AccountNo, AccountType, BankNo, BranchNo, EndMark, Kana, LineEnd, Options, RequesterCode,
};

pub(super) const LOAD: &str = "SELECT body FROM settle_remitter WHERE tenant = $1";
pub(super) const PUT: &str = "INSERT INTO settle_remitter (tenant, body) VALUES ($1, $2)
     ON CONFLICT (tenant) DO UPDATE SET body = $2 WHERE settle_remitter.body <> $2";

/// Who pays, as an operator enters it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remitter {
    /// The number that the bank has given to the requester, ten digits (依頼人コード).
    pub requester: String,
    /// Its name in kana, at most 40 bytes.
    pub name: String,
    /// Its bank, four digits.
    pub bank: String,
    /// The bank's name in kana, at most 15 bytes; may be empty.
    #[serde(default)]
    pub bank_name: String,
    /// Its branch, three digits.
    pub branch: String,
    /// The branch's name in kana, at most 15 bytes; may be empty.
    #[serde(default)]
    pub branch_name: String,
    /// `1` ordinary, `2` current, `9` other.
    pub kind: String,
    /// Seven digits.
    pub account: String,
    /// How the bank wants its files.
    #[serde(default)]
    pub layout: Layout,
}

/// How a bank wants its files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Layout {
    /// What stands behind every record.
    pub records: Records,
    /// The byte 0x1A at the end.
    pub end_mark: bool,
    /// Transfers behind one header at most.
    pub group_most: usize,
    /// A file for every header; else one file with several.
    pub one_group_a_file: bool,
    /// The bank takes no full stop in a name.
    pub no_full_stop: bool,
}

/// How records follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Records {
    /// One behind the other.
    Joined,
    /// Each with a carriage return and a line feed behind it.
    Lines,
}

impl Default for Layout {
    fn default() -> Self {
        let usual = Options::default();
        Self {
            records: Records::Joined,
            end_mark: false,
            group_most: usual.group_most,
            one_group_a_file: false,
            no_full_stop: false,
        }
    }
}

/// The head of a file, checked.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) requester: RequesterCode,
    pub(crate) name: Kana,
    pub(crate) from: Account,
    pub(crate) options: Options,
    pub(crate) stop: FullStop,
}

impl Remitter {
    /// As a file's head, or why it cannot be.
    pub(crate) fn head(&self) -> Result<Head, String> {
        let stop = if self.layout.no_full_stop { FullStop::Space } else { FullStop::Kept };
        let kana = |what: &str, text: &str, most: usize| {
            let kana = zengin::kana::kana_by(text, stop).map_err(|why| format!("{what}: {why}"))?;
            if kana.width() > most { Err(format!("{what}: more than {most} bytes")) } else { Ok(kana) }
        };
        let place = |what: &str, text: &str| {
            let kana = zengin::kana::bank_name(text).map_err(|why| format!("{what}: {why}"))?;
            let most = zengin::limits::BANK_NAME;
            if kana.width() > most { Err(format!("{what}: more than {most} bytes")) } else { Ok(kana) }
        };
        let name = kana("the name", &self.name, zengin::limits::REQUESTER)?;
        if name.is_empty() {
            return Err("the name is empty".to_owned());
        }
        let kind = account_type(&self.kind).filter(|kind| *kind != AccountType::Savings);
        let digits = |what: &str, count: usize| format!("{what} has not {count} digits");
        let most = self.layout.group_most;
        if !(1..=zengin::limits::GROUP_MOST).contains(&most) {
            return Err(format!("{most} transfers behind a header are too few or too many"));
        }
        Ok(Head {
            requester: RequesterCode::parse_whole(&self.requester)
                .ok_or_else(|| digits("the requester", 10))?,
            name,
            from: Account {
                bank: BankNo::parse_whole(&self.bank).ok_or_else(|| digits("the bank", 4))?,
                bank_name: place("the bank's name", &self.bank_name)?,
                branch: BranchNo::parse_whole(&self.branch).ok_or_else(|| digits("the branch", 3))?,
                branch_name: place("the branch's name", &self.branch_name)?,
                account_type: kind.ok_or("the account is of kind 1, 2 or 9")?,
                number: AccountNo::parse_whole(&self.account).ok_or_else(|| digits("the account", 7))?,
            },
            options: Options {
                line_end: match self.layout.records {
                    Records::Joined => LineEnd::None,
                    Records::Lines => LineEnd::CrLf,
                },
                end_mark: if self.layout.end_mark { EndMark::Sub } else { EndMark::None },
                group_most: most,
            },
            stop,
        })
    }
}

/// The type of account of a stored digit.
pub(crate) fn account_type(kind: &str) -> Option<AccountType> {
    match kind.as_bytes() {
        [digit] => AccountType::of_digit(*digit),
        _ => None,
    }
}

/// Who pays; `None` until somebody enters it.
pub fn remitter(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Option<Remitter>, DbError> {
    tx.query_opt(LOAD, params![tenant], |row| {
        serde_json::from_str(row.text(0)?)
            .map_err(|_| Inconsistent::new("settle_remitter.body", "a remitter as JSON").into())
    })
}

/// Enters who pays; true when something changed. Files that are made stay as they are.
pub fn put_remitter(tx: &mut Tx<'_>, who: &str, remitter: &Remitter) -> Result<bool, Refusal> {
    remitter.head().map_err(|why| Refusal::bad(format!("the paying account: {why}")))?;
    let tenant = tx.tenant();
    let body = serde_json::to_string(remitter).map_err(|error| Refusal::internal(error.to_string()))?;
    if tx.execute(PUT, params![tenant, &body])? == 0 {
        return Ok(false);
    }
    // The account's number stays out of the log.
    let detail = serde_json::json!({ "requester": remitter.requester, "bank": remitter.bank });
    changed(tx, who, "remitter_changed", "remitter", detail)?;
    Ok(true)
}
