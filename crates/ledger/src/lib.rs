//! The ledger's words: accounts, transfers, postings. A transfer names two accounts and an amount
//! above zero, so a book that does not balance cannot be written down.
//!
//! Chart of accounts and postings: model.md 3.2.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, clippy::as_conversions))]

use money::Yen;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An account of one tenant. Its text form is the stored key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Account {
    /// What the network of a brand owes us.
    NetworkReceivable {
        /// Brand code, for example `visa`.
        brand: String,
    },
    /// What we owe a company for its sales.
    MerchantPayable {
        /// Company id.
        company: String,
    },
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NetworkReceivable { brand } => write!(f, "network_receivable:{brand}"),
            Self::MerchantPayable { company } => write!(f, "merchant_payable:{company}"),
        }
    }
}

impl From<Account> for String {
    fn from(account: Account) -> Self {
        account.to_string()
    }
}

/// A stored account key that names no account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoSuchAccount(pub String);

impl fmt::Display for NoSuchAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no such account: {}", self.0)
    }
}

impl std::error::Error for NoSuchAccount {}

impl TryFrom<String> for Account {
    type Error = NoSuchAccount;
    fn try_from(key: String) -> Result<Self, NoSuchAccount> {
        match key.split_once(':') {
            Some(("network_receivable", brand)) if !brand.is_empty() => {
                Ok(Self::NetworkReceivable { brand: brand.to_owned() })
            }
            Some(("merchant_payable", company)) if !company.is_empty() => {
                Ok(Self::MerchantPayable { company: company.to_owned() })
            }
            _ => Err(NoSuchAccount(key)),
        }
    }
}

/// What a transfer is: a hold, or value that moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A hold for an authorization; ended once, by [`Kind::PostPending`] or [`Kind::ReleasePending`].
    Pending,
    /// Value moved at once (an approval that needs no completion).
    Posted,
    /// The hold became value (0220).
    PostPending,
    /// The hold was given back; no value moved.
    ReleasePending,
}

impl Kind {
    /// The stored word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Posted => "posted",
            Self::PostPending => "post_pending",
            Self::ReleasePending => "release_pending",
        }
    }

    /// Reads [`Kind::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Pending, Self::Posted, Self::PostPending, Self::ReleasePending]
            .into_iter()
            .find(|kind| kind.word() == word)
    }

    /// Whether this row moves value between the two accounts.
    pub const fn moves_value(self) -> bool {
        matches!(self, Self::Posted | Self::PostPending)
    }
}

/// One row of the book: `amount` yen from the credit account's side to the debit account's side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// The payment (or void, or refund) that moved it.
    pub payment: payment::PaymentId,
    /// Hold or value.
    pub kind: Kind,
    /// The account that is debited.
    pub debit: Account,
    /// The account that is credited.
    pub credit: Account,
    /// Whole yen, above zero.
    pub amount: Yen,
}

/// A transfer of nothing, or from an account to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotATransfer;

impl fmt::Display for NotATransfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a transfer needs two different accounts and an amount above zero")
    }
}

impl std::error::Error for NotATransfer {}

impl Transfer {
    /// The sale of `payment`: network receivable to merchant payable (model.md 3.2, Postings).
    pub fn sale(
        payment: payment::PaymentId,
        kind: Kind,
        brand: &str,
        company: &str,
        amount: Yen,
    ) -> Result<Self, NotATransfer> {
        if amount.is_zero() || brand.is_empty() || company.is_empty() {
            return Err(NotATransfer);
        }
        Ok(Self {
            payment,
            kind,
            debit: Account::NetworkReceivable { brand: brand.to_owned() },
            credit: Account::MerchantPayable { company: company.to_owned() },
            amount,
        })
    }
}

impl Transfer {
    /// The opposite of a sale, whole or in part, under the refund's own id (model.md 3.2, Postings).
    pub fn refund(
        refund: payment::PaymentId,
        brand: &str,
        company: &str,
        amount: Yen,
    ) -> Result<Self, NotATransfer> {
        let sale = Self::sale(refund, Kind::Posted, brand, company, amount)?;
        Ok(Self { debit: sale.credit, credit: sale.debit, ..sale })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_read_back_from_its_key() {
        for account in [
            Account::NetworkReceivable { brand: "visa".into() },
            Account::MerchantPayable { company: "00008".into() },
        ] {
            assert_eq!(Account::try_from(account.to_string()), Ok(account));
        }
        assert!(Account::try_from("merchant_payable:".to_owned()).is_err());
        assert!(Account::try_from("till:1".to_owned()).is_err());
    }

    #[test]
    fn a_transfer_of_nothing_cannot_be_written() {
        let id = payment::PaymentId::from_u128(1);
        assert_eq!(Transfer::sale(id, Kind::Posted, "visa", "00008", Yen::ZERO), Err(NotATransfer));
    }
}
