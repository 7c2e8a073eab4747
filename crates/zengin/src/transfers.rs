//! What stands in a file: who pays, the transfers, and how the records are laid out.

use crate::digits::{AccountNo, BankNo, BranchNo, CustomerCode, RequesterCode};
use crate::kana::Kana;
use crate::limits::GROUP_MOST_USUAL;
use jiff::civil::Date;
use std::fmt;

/// The kind of an account (預金種目).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountType {
    /// 普通, `1`.
    Ordinary,
    /// 当座, `2`.
    Current,
    /// 貯蓄, `4`: pays nothing, only receives.
    Savings,
    /// その他, `9`.
    Other,
}

impl AccountType {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ordinary, Self::Current, Self::Savings, Self::Other];

    /// The digit in files.
    pub const fn digit(self) -> u8 {
        match self {
            Self::Ordinary => b'1',
            Self::Current => b'2',
            Self::Savings => b'4',
            Self::Other => b'9',
        }
    }

    /// The type of a digit.
    pub fn of_digit(digit: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.digit() == digit)
    }
}

/// An account at a branch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account {
    /// The bank.
    pub bank: BankNo,
    /// The bank's name, at most 15 bytes; may be empty.
    pub bank_name: Kana,
    /// The branch.
    pub branch: BranchNo,
    /// The branch's name, at most 15 bytes; may be empty.
    pub branch_name: Kana,
    /// The kind of account.
    pub account_type: AccountType,
    /// Its number.
    pub number: AccountNo,
}

/// Whether the bank has seen the payee before (新規コード).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NewCode {
    /// `1`: the first transfer to this payee.
    First,
    /// `2`: bank, branch, account or name have changed.
    Changed,
    /// `0`: neither.
    #[default]
    Other,
}

impl NewCode {
    pub(crate) const fn digit(self) -> u8 {
        match self {
            Self::First => b'1',
            Self::Changed => b'2',
            Self::Other => b'0',
        }
    }

    pub(crate) const fn of_digit(digit: u8) -> Self {
        match digit {
            b'1' => Self::First,
            b'2' => Self::Changed,
            _ => Self::Other,
        }
    }
}

/// What travels with a transfer for the two sides' own books.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reference {
    /// Two numbers of the requester's; they come back with a returned transfer.
    Codes {
        /// Customer code 1.
        first: Option<CustomerCode>,
        /// Customer code 2.
        second: Option<CustomerCode>,
    },
    /// EDI information for the payee, at most 20 bytes.
    Edi(Kana),
}

/// One transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Where the money goes.
    pub to: Account,
    /// The account's holder, at most 30 bytes, not empty.
    pub payee: Kana,
    /// Whole yen, from 1 to 9,999,999,999.
    pub amount_yen: u64,
    /// Whether the payee is new.
    pub new_code: NewCode,
    /// Customer codes or EDI information.
    pub reference: Reference,
}

impl Transfer {
    /// What no two transfers of a file may share: account, amount and reference. The plan of one payout a
    /// company and pay day puts both into the customer codes, so the same again is the same payout twice.
    pub(crate) fn key(&self) -> Key {
        let to = &self.to;
        (to.bank, to.branch, to.account_type, to.number, self.amount_yen, self.reference.clone())
    }
}

pub(crate) type Key = (BankNo, BranchNo, AccountType, AccountNo, u64, Reference);

/// A month and a day, as a header has them: it does not say the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonthDay {
    month: u8,
    day: u8,
}

impl MonthDay {
    /// A day of some year, 29 February included.
    pub fn new(month: u8, day: u8) -> Option<Self> {
        // 2000 was a leap year.
        let date = Date::new(2000, i8::try_from(month).ok()?, i8::try_from(day).ok()?);
        date.is_ok().then_some(Self { month, day })
    }

    /// From 1 to 12.
    pub const fn month(self) -> u8 {
        self.month
    }

    /// From 1 to 31.
    pub const fn day(self) -> u8 {
        self.day
    }
}

impl From<Date> for MonthDay {
    fn from(date: Date) -> Self {
        Self { month: date.month().unsigned_abs(), day: date.day().unsigned_abs() }
    }
}

impl fmt::Display for MonthDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}{:02}", self.month, self.day)
    }
}

/// Transfers of one requester on one day: a header, data, a trailer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfers {
    /// The number that the bank gave the requester.
    pub requester: RequesterCode,
    /// The requester's name, at most 40 bytes, not empty.
    pub requester_name: Kana,
    /// The day on which the bank pays.
    pub pay_day: MonthDay,
    /// The account that pays; not a savings account.
    pub from: Account,
    /// The transfers, at least one.
    pub transfers: Vec<Transfer>,
}

/// What stands behind each record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineEnd {
    /// Nothing.
    #[default]
    None,
    /// Carriage return and line feed.
    CrLf,
}

impl LineEnd {
    /// Its bytes.
    pub const fn bytes(self) -> &'static [u8] {
        match self {
            Self::None => b"",
            Self::CrLf => b"\r\n",
        }
    }
}

/// What stands behind the last record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EndMark {
    /// Nothing.
    #[default]
    None,
    /// The byte 0x1A.
    Sub,
}

impl EndMark {
    /// Its bytes.
    pub const fn bytes(self) -> &'static [u8] {
        match self {
            Self::None => b"",
            Self::Sub => b"\x1A",
        }
    }
}

/// How a bank wants its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Behind each record.
    pub line_end: LineEnd,
    /// Behind the last record.
    pub end_mark: EndMark,
    /// Data records of one group at most, from 1 to 999,999.
    pub group_most: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { line_end: LineEnd::None, end_mark: EndMark::None, group_most: GROUP_MOST_USUAL }
    }
}

/// A whole file: groups and one end record ("multi-file" when there are several groups).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The groups, at least one.
    pub groups: Vec<Transfers>,
    /// Behind each record.
    pub line_end: LineEnd,
    /// Behind the last record.
    pub end_mark: EndMark,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_one_of_some_year() {
        assert_eq!(MonthDay::new(2, 29).map(|day| day.to_string()).as_deref(), Some("0229"));
        for (month, day) in [(0, 1), (13, 1), (2, 30), (4, 31), (1, 0), (200, 1)] {
            assert_eq!(MonthDay::new(month, day), None);
        }
        assert_eq!(MonthDay::from(jiff::civil::date(2026, 12, 5)).to_string(), "1205");
    }
}
