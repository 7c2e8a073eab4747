//! What a document, a payout and an adjustment do to the ledger. After "paid" every clearing account of a company is
//! at zero but for its open windows.

use super::batch::Batch;
use super::net::Net;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use ledger::{Account, NotATransfer, Transfer};
use payment::{Brand, PaymentId};
use sha2::{Digest as _, Sha256};

/// What a movement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// The fee's part without tax.
    FeeExempt,
    /// The fee's part with tax.
    FeeTaxable,
    /// Consumption tax on fees.
    FeeTax,
    /// What a brand pays the company itself.
    Direct,
    /// The balance of the document before.
    CarryIn,
    /// Transfer fee.
    TransferFee,
    /// Consumption tax on the transfer fee.
    TransferTax,
    /// To the payout.
    Payout,
    /// To the next document.
    CarryOut,
    /// An approved adjustment.
    Adjust,
    /// The bank has transferred it.
    Paid,
    /// The transfer came back.
    Unpaid,
    /// A payout that is held or came back goes to the next document.
    ToCarry,
}

impl What {
    /// The stored word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::FeeExempt => "fee_exempt",
            Self::FeeTaxable => "fee_taxable",
            Self::FeeTax => "fee_tax",
            Self::Direct => "direct",
            Self::CarryIn => "carry_in",
            Self::TransferFee => "transfer_fee",
            Self::TransferTax => "transfer_tax",
            Self::Payout => "payout",
            Self::CarryOut => "carry_out",
            Self::Adjust => "adjust",
            Self::Paid => "paid",
            Self::Unpaid => "unpaid",
            Self::ToCarry => "to_carry",
        }
    }
}

/// A movement of value between two accounts; below zero the sides are swapped when it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// What it is.
    pub what: What,
    /// The account that is debited.
    pub debit: Account,
    /// The account that is credited.
    pub credit: Account,
    /// Signed whole yen, not zero.
    pub amount: Net,
}

impl Movement {
    /// The ledger's row under this id.
    pub fn transfer(self, id: PaymentId) -> Result<Transfer, NotATransfer> {
        Transfer::movement(id, self.debit, self.credit, self.amount.get())
    }

    /// The company's approved adjustment enters what we owe it.
    pub fn adjust(company: &str, yen: Net) -> Self {
        Self { what: What::Adjust, debit: Account::Adjustment, credit: payable(company), amount: yen }
    }

    /// The bank has transferred a payout.
    pub fn paid(company: &str, yen: Net) -> Self {
        Self { what: What::Paid, debit: in_transit(company), credit: Account::Bank, amount: yen }
    }

    /// A transfer that counted as paid came back.
    pub fn unpaid(company: &str, yen: Net) -> Self {
        Self { what: What::Unpaid, debit: Account::Bank, credit: in_transit(company), amount: yen }
    }

    /// A payout that is held or came back goes to the next document.
    pub fn to_carry(company: &str, yen: Net) -> Self {
        Self { what: What::ToCarry, debit: in_transit(company), credit: carried(company), amount: yen }
    }
}

fn payable(company: &str) -> Account {
    Account::MerchantPayable { company: company.to_owned() }
}

fn in_transit(company: &str) -> Account {
    Account::PayoutInTransit { company: company.to_owned() }
}

fn carried(company: &str) -> Account {
    Account::CarriedBalance { company: company.to_owned() }
}

/// The movements of assembling a document; `direct` are the sums of direct brands by brand and window. What is zero
/// is left out. Adjustments were moved when they were approved.
pub fn movements(company: &str, batch: &Batch, direct: &[(Brand, Net)]) -> Vec<Movement> {
    let fixed = [
        (What::FeeExempt, Account::FeeIncome { taxed: false }, batch.fee.exempt),
        (What::FeeTaxable, Account::FeeIncome { taxed: true }, batch.fee.taxable),
        (What::FeeTax, Account::ConsumptionTax, batch.fee_tax),
        (What::CarryIn, carried(company), batch.carried_in.opposite()),
        (What::TransferFee, Account::TransferFeeIncome, batch.transfer_fee),
        (What::TransferTax, Account::ConsumptionTax, batch.transfer_tax),
        (What::Payout, in_transit(company), batch.paid),
        (What::CarryOut, carried(company), batch.carried_out),
    ];
    let brands = direct.iter().map(|&(brand, yen)| {
        let network = Account::NetworkReceivable { brand: brand.word().to_owned() };
        (What::Direct, network, yen)
    });
    fixed
        .into_iter()
        .chain(brands)
        .filter(|(_, _, amount)| !amount.is_zero())
        .map(|(what, credit, amount)| Movement { what, debit: payable(company), credit, amount })
        .collect()
}

/// The id of a movement, the same on every repetition: the pay day's first instant in Tokyo and a hash of what it
/// is. `n` tells apart movements of one kind: the payout's try, or the place among the direct sums.
pub fn movement_id(pay_on: Date, company: &str, what: What, n: u16) -> PaymentId {
    let tokyo = TimeZone::fixed(Offset::constant(9));
    let at_us = pay_on.to_zoned(tokyo).map_or(0, |start| start.timestamp().as_microsecond());
    let mut hash = Sha256::new();
    for part in ["choba settle", &pay_on.to_string(), company, what.word()] {
        hash.update(part);
        hash.update([0]);
    }
    hash.update(n.to_be_bytes());
    let hash: [u8; 32] = hash.finalize().into();
    PaymentId::mint(at_us, hash.first_chunk().copied().unwrap_or_default())
}
