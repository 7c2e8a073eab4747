//! What is wrong with a payee: said before a bank file is made, never after (X-092, U-065).

use crate::rows::banks;
use crate::rows::payees::{self, Account, Payee, PayeeFacts, is_the_company};
use crate::rules::Net;
use std::fmt;
use store::{DbError, ReadTx, TenantId};
use zengin::holder::{self, NoHolder};
use zengin::kana::Unfit;
use zengin::limits::{AMOUNT_MOST_YEN, PAYEE};

/// One thing that is wrong with a payee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayeeTrouble {
    /// The company has no settlement number.
    NoPayee,
    /// No account is confirmed.
    NoAccount,
    /// The account is said to be closed.
    AccountClosed,
    /// No bank master was imported, so bank and branch cannot be checked, and have no name in a file.
    NoBankMaster,
    /// The master has no such bank.
    UnknownBank {
        /// Four digits.
        bank: String,
    },
    /// The bank has no such branch.
    UnknownBranch {
        /// Four digits.
        bank: String,
        /// Three digits.
        branch: String,
    },
    /// The holder's name has a character that banks do not have.
    HolderCharacter {
        /// The first one.
        character: char,
    },
    /// The holder's name is none for another reason.
    HolderUnfit {
        /// In a few words.
        why: String,
    },
    /// The holder is not the company by its kana name, and nobody said why.
    HolderDiffers,
    /// The holder is not the company by its kana name; the second person said why.
    HolderDiffersByReason {
        /// Why.
        reason: String,
    },
    /// The name is cut in the file.
    HolderCut,
    /// The amount has more digits than a record of the file.
    AmountTooLarge {
        /// Whole yen.
        yen: i64,
    },
}

impl PayeeTrouble {
    /// The word, for texts and answers.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::NoPayee => "no_payee",
            Self::NoAccount => "no_account",
            Self::AccountClosed => "account_closed",
            Self::NoBankMaster => "no_bank_master",
            Self::UnknownBank { .. } => "unknown_bank",
            Self::UnknownBranch { .. } => "unknown_branch",
            Self::HolderCharacter { .. } => "holder_character",
            Self::HolderUnfit { .. } => "holder_unfit",
            Self::HolderDiffers => "holder_differs",
            Self::HolderDiffersByReason { .. } => "holder_differs_by_reason",
            Self::HolderCut => "holder_cut",
            Self::AmountTooLarge { .. } => "amount_too_large",
        }
    }

    /// Whether it is to be looked at but does not keep the payee from being paid.
    pub const fn is_warning(&self) -> bool {
        match self {
            Self::NoBankMaster | Self::HolderDiffersByReason { .. } | Self::HolderCut => true,
            Self::NoPayee
            | Self::NoAccount
            | Self::AccountClosed
            | Self::UnknownBank { .. }
            | Self::UnknownBranch { .. }
            | Self::HolderCharacter { .. }
            | Self::HolderUnfit { .. }
            | Self::HolderDiffers
            | Self::AmountTooLarge { .. } => false,
        }
    }
}

impl fmt::Display for PayeeTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPayee => f.write_str("the company has no settlement number: enter it as a payee"),
            Self::NoAccount => {
                f.write_str("no account is confirmed: enter one and let a second person confirm it")
            }
            Self::AccountClosed => f.write_str("the account is closed: enter another one"),
            Self::NoBankMaster => f.write_str("no bank master: import one, bank and branch are not checked"),
            Self::UnknownBank { bank } => write!(f, "the bank master has no bank {bank}"),
            Self::UnknownBranch { bank, branch } => write!(f, "bank {bank} has no branch {branch}"),
            Self::HolderCharacter { character } => {
                write!(f, "{character:?} in the holder's name is none of the bank's characters")
            }
            Self::HolderUnfit { why } => write!(f, "the holder's name does not fit: {why}"),
            Self::HolderDiffers => f.write_str(
                "the holder is not the company by its kana name: confirm the account anew with a reason",
            ),
            Self::HolderDiffersByReason { reason } => {
                write!(
                    f,
                    "the holder is not the company by its kana name, confirmed with the reason: {reason}"
                )
            }
            Self::HolderCut => write!(f, "the holder's name is cut to {PAYEE} bytes in the file"),
            Self::AmountTooLarge { yen } => write!(
                f,
                "{yen} yen are more than the ten digits of a record: hold the payout, and enter what is paid in \
                     another way as an adjustment below zero"
            ),
        }
    }
}

/// Everything that is wrong with a company's payee, and with an amount that is to be paid to it.
pub fn payee_check(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    company: &str,
    amount: Option<Net>,
) -> Result<Vec<PayeeTrouble>, DbError> {
    match payees::payee(tx, tenant, company)? {
        Some(payee) => troubles_of(tx, tenant, &payee, amount),
        None => Ok(vec![PayeeTrouble::NoPayee]),
    }
}

/// The same of a payee that was read already.
pub fn troubles_of(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    payee: &Payee,
    amount: Option<Net>,
) -> Result<Vec<PayeeTrouble>, DbError> {
    let mut troubles = match &payee.account {
        None => vec![PayeeTrouble::NoAccount],
        Some(account) => account_check(tx, tenant, &payee.facts, account, &payee.holder_reason)?,
    };
    if payee.closed {
        troubles.insert(0, PayeeTrouble::AccountClosed);
    }
    if let Some(yen) =
        amount.map(Net::get).filter(|yen| u64::try_from(*yen).is_ok_and(|yen| yen > AMOUNT_MOST_YEN))
    {
        troubles.push(PayeeTrouble::AmountTooLarge { yen });
    }
    Ok(troubles)
}

/// What is wrong with an account of a payee, confirmed or not; `reason` is the second person's for a holder who differs.
pub fn account_check(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    facts: &PayeeFacts,
    account: &Account,
    reason: &str,
) -> Result<Vec<PayeeTrouble>, DbError> {
    let mut troubles = Vec::new();
    let Account { bank, branch, .. } = account.clone();
    if banks::in_force(tx, tenant)?.is_none() {
        troubles.push(PayeeTrouble::NoBankMaster);
    } else if banks::bank(tx, tenant, &bank)?.is_none() {
        troubles.push(PayeeTrouble::UnknownBank { bank });
    } else if banks::branch(tx, tenant, &bank, &branch)?.is_none() {
        troubles.push(PayeeTrouble::UnknownBranch { bank, branch });
    }
    troubles.extend(holder_troubles(facts, account, reason));
    Ok(troubles)
}

fn holder_troubles(facts: &PayeeFacts, account: &Account, reason: &str) -> Vec<PayeeTrouble> {
    let made = match holder::holder(&account.holder) {
        Ok(made) => made,
        Err(NoHolder::Unfit(Unfit::Character(character))) => {
            return vec![PayeeTrouble::HolderCharacter { character }];
        }
        Err(no @ (NoHolder::Unfit(Unfit::TooLong) | NoHolder::Empty | NoHolder::TwoForms(..))) => {
            return vec![PayeeTrouble::HolderUnfit { why: no.to_string() }];
        }
    };
    let differs = (!is_the_company(facts, account)).then(|| match reason {
        "" => PayeeTrouble::HolderDiffers,
        reason => PayeeTrouble::HolderDiffersByReason { reason: reason.to_owned() },
    });
    differs.into_iter().chain(made.cut.then_some(PayeeTrouble::HolderCut)).collect()
}
