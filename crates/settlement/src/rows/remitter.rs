//! Who pays: the requester and its account as the head of a bank file has them, and how the bank wants its files.
//! By date; an account that one person enters in the console is used after another one has confirmed it.

use super::dated::{self, Entry, FactKind, FactState};
use super::{changed, from_today, today};
use center_base::Refusal;
use codes::{Code, settle};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::fmt;
use store::{DbError, ReadTx, TenantId, Tx};
use zengin::kana::FullStop;
use zengin::{
    Account, AccountNo, AccountType, BankNo, BranchNo, EndMark, Kana, LineEnd, Options, RequesterCode,
};

const KIND: FactKind = FactKind::Remitter;

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

/// A remitter that no bank file can begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadRemitter {
    /// The bank's number of the requester has not ten digits.
    Requester,
    /// The name is missing, too long, or has a character that banks do not have.
    Name(String),
    /// The bank has not four digits.
    Bank,
    /// The branch has not three digits.
    Branch,
    /// The name of bank or branch is too long, or has a character that banks do not have.
    Place(String),
    /// The kind is none that pays.
    Kind,
    /// The account has not seven digits.
    Account,
    /// Too few or too many transfers behind a header.
    GroupMost(usize),
}

impl fmt::Display for BadRemitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requester => f.write_str("the requester has not 10 digits"),
            Self::Name(why) => write!(f, "the name: {why}"),
            Self::Bank => f.write_str("the bank has not 4 digits"),
            Self::Branch => f.write_str("the branch has not 3 digits"),
            Self::Place(why) => f.write_str(why),
            Self::Kind => f.write_str("the account is of kind 1, 2 or 9"),
            Self::Account => f.write_str("the account has not 7 digits"),
            Self::GroupMost(most) => {
                write!(f, "{most} transfers behind a header are too few or too many")
            }
        }
    }
}

impl BadRemitter {
    const fn code(&self) -> Code {
        match self {
            Self::Requester => settle::REMITTER_REQUESTER,
            Self::Name(_) => settle::REMITTER_NAME,
            Self::Bank => settle::REMITTER_BANK,
            Self::Branch => settle::REMITTER_BRANCH,
            Self::Place(_) => settle::REMITTER_PLACE,
            Self::Kind | Self::Account => settle::REMITTER_ACCOUNT,
            Self::GroupMost(_) => settle::REMITTER_GROUP,
        }
    }
}

impl Remitter {
    /// As a file's head, or why it cannot be.
    pub(crate) fn head(&self) -> Result<Head, BadRemitter> {
        let stop = if self.layout.no_full_stop { FullStop::Space } else { FullStop::Kept };
        let place = |what: &str, text: &str| {
            let bad = |why: String| BadRemitter::Place(format!("{what}: {why}"));
            let kana = zengin::kana::bank_name(text).map_err(|why| bad(why.to_string()))?;
            let most = zengin::limits::BANK_NAME;
            if kana.width() > most { Err(bad(format!("more than {most} bytes"))) } else { Ok(kana) }
        };
        let bad_name = |why: String| Err(BadRemitter::Name(why));
        let most_bytes = zengin::limits::REQUESTER;
        let name = match zengin::kana::kana_by(&self.name, stop) {
            Ok(name) if name.is_empty() => return bad_name("it is empty".to_owned()),
            Ok(name) if name.width() > most_bytes => {
                return bad_name(format!("more than {most_bytes} bytes"));
            }
            Ok(name) => name,
            Err(why) => return bad_name(why.to_string()),
        };
        let most = self.layout.group_most;
        if !(1..=zengin::limits::GROUP_MOST).contains(&most) {
            return Err(BadRemitter::GroupMost(most));
        }
        let kind = account_type(&self.kind).filter(|kind| *kind != AccountType::Savings);
        Ok(Head {
            requester: RequesterCode::parse_whole(&self.requester).ok_or(BadRemitter::Requester)?,
            name,
            from: Account {
                bank: BankNo::parse_whole(&self.bank).ok_or(BadRemitter::Bank)?,
                bank_name: place("the bank's name", &self.bank_name)?,
                branch: BranchNo::parse_whole(&self.branch).ok_or(BadRemitter::Branch)?,
                branch_name: place("the branch's name", &self.branch_name)?,
                account_type: kind.ok_or(BadRemitter::Kind)?,
                number: AccountNo::parse_whole(&self.account).ok_or(BadRemitter::Account)?,
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

    fn checked(&self) -> Result<(), Refusal> {
        let bad = |bad: BadRemitter| Refusal::from(bad.code()).detail(format!("the paying account: {bad}"));
        self.head().map(drop).map_err(bad)
    }
}

/// The type of account of a stored digit.
pub(crate) fn account_type(kind: &str) -> Option<AccountType> {
    match kind.as_bytes() {
        [digit] => AccountType::of_digit(*digit),
        _ => None,
    }
}

/// Who pays on a day; `None` until somebody enters it.
pub fn remitter(tx: &mut ReadTx<'_>, tenant: TenantId, on: Date) -> Result<Option<Remitter>, DbError> {
    Ok(in_force(tx, tenant, on)?.map(|entry| entry.body))
}

/// The same, with who entered it when.
pub fn in_force(tx: &mut ReadTx<'_>, tenant: TenantId, on: Date) -> Result<Option<Entry<Remitter>>, DbError> {
    dated::in_force(tx, tenant, KIND, on)
}

/// Every entry, the latest day first.
pub fn entries(tx: &mut ReadTx<'_>, tenant: TenantId, limit: i64) -> Result<Vec<Entry<Remitter>>, DbError> {
    dated::list(tx, tenant, KIND, limit)
}

/// The entry that waits for a second person.
pub fn waiting(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Option<Entry<Remitter>>, DbError> {
    dated::waiting(tx, tenant, KIND)
}

fn note(
    tx: &mut Tx<'_>,
    who: &str,
    what: &str,
    remitter: &Remitter,
    (from, by): (Date, &str),
) -> Result<(), Refusal> {
    // The account's number stays out of the log.
    let detail = serde_json::json!({
        "requester": remitter.requester, "bank": remitter.bank, "valid_from": from, "entered_by": by,
    });
    changed(tx, who, what, "remitter", detail)
}

/// Says who pays from today on, as a file does; true when something changed. Files that are made stay as they are.
pub fn put_remitter(tx: &mut Tx<'_>, who: &str, wanted: &Remitter) -> Result<bool, Refusal> {
    wanted.checked()?;
    let (tenant, on) = (tx.tenant(), today(tx.now_us()));
    if remitter(tx, tenant, on)?.as_ref() == Some(wanted) {
        return Ok(false);
    }
    dated::add(tx, who, (KIND, FactState::Used), on, wanted)?;
    note(tx, who, "remitter_changed", wanted, (on, who))?;
    Ok(true)
}

/// Enters who pays from a day on; another person must confirm it before it is used. One that waited is withdrawn.
pub fn propose_remitter(
    tx: &mut Tx<'_>,
    who: &str,
    wanted: &Remitter,
    valid_from: Date,
) -> Result<(), Refusal> {
    wanted.checked()?;
    let tenant = tx.tenant();
    from_today(tx, valid_from)?;
    if remitter(tx, tenant, valid_from)?.as_ref() == Some(wanted) {
        return Err(settle::NOTHING_NEW.into());
    }
    if let Some(before) = waiting(tx, tenant)? {
        end(tx, who, &before)?;
    }
    dated::add(tx, who, (KIND, FactState::Waits), valid_from, wanted)?;
    note(tx, who, "remitter_entered", wanted, (valid_from, who))
}

/// Confirms what waits; refused to the person who entered it. It holds from its day on, and today at the earliest.
/// `number` is the account's as the second person has typed it.
pub fn confirm_remitter(tx: &mut Tx<'_>, who: &str, number: &str) -> Result<(), Refusal> {
    let (tenant, on) = (tx.tenant(), today(tx.now_us()));
    let entry = waiting(tx, tenant)?.ok_or(settle::NO_ACCOUNT_WAITS)?;
    // Who may not confirm learns that first, and cannot try numbers.
    if entry.entered_by == who {
        return Err(settle::OWN_ACCOUNT.into());
    }
    if entry.body.account != number {
        return Err(settle::ACCOUNT_DIFFERS.into());
    }
    let from = entry.valid_from.max(on);
    dated::decide(tx, who, (KIND, entry.no), FactState::Used, from)?;
    note(tx, who, "remitter_confirmed", &entry.body, (from, &entry.entered_by))
}

/// Withdraws what waits.
pub fn withdraw_remitter(tx: &mut Tx<'_>, who: &str) -> Result<(), Refusal> {
    let tenant = tx.tenant();
    let entry = waiting(tx, tenant)?.ok_or(settle::NO_ACCOUNT_WAITS)?;
    end(tx, who, &entry)
}

fn end(tx: &mut Tx<'_>, who: &str, entry: &Entry<Remitter>) -> Result<(), Refusal> {
    dated::decide(tx, who, (KIND, entry.no), FactState::Withdrawn, entry.valid_from)?;
    note(tx, who, "remitter_withdrawn", &entry.body, (entry.valid_from, &entry.entered_by))
}
