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
    /// What was paid out of our bank account; the networks' payments in are not booked here.
    Bank,
    /// The fees that we keep of the sales (model.md 3.5).
    FeeIncome {
        /// Whether consumption tax is due on them.
        taxed: bool,
    },
    /// Consumption tax that we owe on fees.
    ConsumptionTax,
    /// What companies pay for the transfer to their bank, without tax.
    TransferFeeIncome,
    /// Payouts that a batch has decided and the bank has not yet made.
    PayoutInTransit {
        /// Company id.
        company: String,
    },
    /// What was not paid and waits for the company's next batch (前期末精算金額).
    CarriedBalance {
        /// Company id.
        company: String,
    },
    /// The other side of adjustments that people approved.
    Adjustment,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NetworkReceivable { brand } => write!(f, "network_receivable:{brand}"),
            Self::MerchantPayable { company } => write!(f, "merchant_payable:{company}"),
            Self::Bank => f.write_str("bank"),
            Self::FeeIncome { taxed: false } => f.write_str("fee_income:exempt"),
            Self::FeeIncome { taxed: true } => f.write_str("fee_income:taxable"),
            Self::ConsumptionTax => f.write_str("consumption_tax"),
            Self::TransferFeeIncome => f.write_str("transfer_fee_income"),
            Self::PayoutInTransit { company } => write!(f, "payout_in_transit:{company}"),
            Self::CarriedBalance { company } => write!(f, "carried_balance:{company}"),
            Self::Adjustment => f.write_str("adjustment"),
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
        let whose = |rest: &str| rest.to_owned();
        match key.split_once(':') {
            Some((_, "")) => Err(NoSuchAccount(key)),
            Some(("network_receivable", brand)) => Ok(Self::NetworkReceivable { brand: whose(brand) }),
            Some(("merchant_payable", company)) => Ok(Self::MerchantPayable { company: whose(company) }),
            Some(("payout_in_transit", company)) => Ok(Self::PayoutInTransit { company: whose(company) }),
            Some(("carried_balance", company)) => Ok(Self::CarriedBalance { company: whose(company) }),
            Some(("fee_income", "exempt")) => Ok(Self::FeeIncome { taxed: false }),
            Some(("fee_income", "taxable")) => Ok(Self::FeeIncome { taxed: true }),
            Some(_) => Err(NoSuchAccount(key)),
            None => match key.as_str() {
                "bank" => Ok(Self::Bank),
                "consumption_tax" => Ok(Self::ConsumptionTax),
                "transfer_fee_income" => Ok(Self::TransferFeeIncome),
                "adjustment" => Ok(Self::Adjustment),
                _ => Err(NoSuchAccount(key)),
            },
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
    /// Settlement moved value; no payment, void or refund did.
    Moved,
}

impl Kind {
    /// The stored word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Posted => "posted",
            Self::PostPending => "post_pending",
            Self::ReleasePending => "release_pending",
            Self::Moved => "moved",
        }
    }

    /// Reads [`Kind::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Pending, Self::Posted, Self::PostPending, Self::ReleasePending, Self::Moved]
            .into_iter()
            .find(|kind| kind.word() == word)
    }

    /// Whether this row moves value between the two accounts.
    pub const fn moves_value(self) -> bool {
        matches!(self, Self::Posted | Self::PostPending | Self::Moved)
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

    /// A movement of settlement under an id of its own: `yen` signed whole yen; below zero the sides are swapped.
    pub fn movement(
        id: payment::PaymentId,
        debit: Account,
        credit: Account,
        yen: i64,
    ) -> Result<Self, NotATransfer> {
        let amount = yen.checked_abs().and_then(|yen| Yen::new(yen).ok()).ok_or(NotATransfer)?;
        if amount.is_zero() || debit == credit {
            return Err(NotATransfer);
        }
        let (debit, credit) = if yen < 0 { (credit, debit) } else { (debit, credit) };
        Ok(Self { payment: id, kind: Kind::Moved, debit, credit, amount })
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
            Account::Bank,
            Account::FeeIncome { taxed: false },
            Account::FeeIncome { taxed: true },
            Account::ConsumptionTax,
            Account::TransferFeeIncome,
            Account::PayoutInTransit { company: "00008".into() },
            Account::CarriedBalance { company: "a:b".into() },
            Account::Adjustment,
        ] {
            assert_eq!(Account::try_from(account.to_string()), Ok(account));
        }
        for key in ["merchant_payable:", "till:1", "till", "bank:1", "fee_income", "fee_income:both", ""] {
            assert_eq!(Account::try_from(key.to_owned()), Err(NoSuchAccount(key.to_owned())));
        }
    }

    #[test]
    fn a_kind_is_read_back_from_its_word() {
        for (kind, moves) in [
            (Kind::Pending, false),
            (Kind::Posted, true),
            (Kind::PostPending, true),
            (Kind::ReleasePending, false),
            (Kind::Moved, true),
        ] {
            assert_eq!(Kind::from_word(kind.word()), Some(kind));
            assert_eq!(kind.moves_value(), moves, "{kind:?}");
        }
    }

    #[test]
    fn a_movement_below_zero_swaps_its_sides() {
        let id = payment::PaymentId::from_u128(1);
        let payable = || Account::MerchantPayable { company: "00008".into() };
        let carried = || Account::CarriedBalance { company: "00008".into() };
        let there = Transfer::movement(id, payable(), carried(), 7_126).unwrap();
        let back = Transfer::movement(id, carried(), payable(), -7_126).unwrap();
        assert_eq!(there, back);
        assert_eq!((there.kind, there.amount.get()), (Kind::Moved, 7_126));
        for (debit, yen) in
            [(carried(), 0), (payable(), 1), (carried(), i64::MIN), (carried(), 1_000_000_000_000)]
        {
            assert_eq!(Transfer::movement(id, debit, payable(), yen), Err(NotATransfer), "{yen}");
        }
    }

    #[test]
    fn a_transfer_of_nothing_cannot_be_written() {
        let id = payment::PaymentId::from_u128(1);
        assert_eq!(Transfer::sale(id, Kind::Posted, "visa", "00008", Yen::ZERO), Err(NotATransfer));
    }
}
