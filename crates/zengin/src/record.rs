//! The field table of the general transfer file (総合振込, kind 21): 120 bytes a record, one row a field.
//!
//! Positions count from 0 here and from 1 in what is shown to people, as banks print them. Layout: expydoc
//! 11700435 (Gunma bank), happylibus 455113 (SMBC), chushin.co.jp bsl3002; they agree.

use crate::limits::{BANK_NAME, EDI, PAYEE, RECORD, REQUESTER};

/// How the bytes of a field are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Exactly these bytes.
    Fixed(&'static [u8]),
    /// One of these bytes.
    OneOf(&'static [u8]),
    /// Digits, zeros in front.
    Number,
    /// Digits, not all of them zero.
    Amount,
    /// Digits, or nothing but spaces.
    NumberOrBlank,
    /// Month and day, four digits.
    MonthDay,
    /// Text of a name, spaces behind, not empty.
    Name,
    /// Text of a name, spaces behind, or nothing but spaces.
    NameOrBlank,
    /// Text of a bank's or branch's name, spaces behind, or nothing but spaces.
    BankName,
    /// Nothing but spaces.
    Blank,
    /// Anything: a later field says what it is, and that field is wrong.
    Free,
}

/// One field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// What it holds, as shown to people.
    pub name: &'static str,
    /// Where it begins in its record, from 0.
    pub from: usize,
    /// Its bytes.
    pub width: usize,
    /// How they are written.
    pub form: Form,
}

impl Field {
    /// Its bytes in a record; none when the record is too short.
    pub fn of<'a>(&self, record: &'a [u8]) -> &'a [u8] {
        let end = self.from.saturating_add(self.width);
        record.get(self.from..end).unwrap_or_default()
    }
}

use Form::{Amount, BankName, Blank, Fixed, Free, MonthDay, Name, NameOrBlank, Number, NumberOrBlank, OneOf};

const fn f(from: usize, width: usize, name: &'static str, form: Form) -> Field {
    Field { name, from, width, form }
}

const TYPE: &str = "record type";

pub(crate) const REQUESTER_CODE: Field = f(4, 10, "requester code", Number);
pub(crate) const REQUESTER_NAME: Field = f(14, REQUESTER, "requester", Name);
pub(crate) const PAY_DAY: Field = f(54, 4, "pay day", MonthDay);
pub(crate) const FROM_BANK: Field = f(58, 4, "requester's bank", Number);
pub(crate) const FROM_BANK_NAME: Field = f(62, BANK_NAME, "requester's bank name", BankName);
pub(crate) const FROM_BRANCH: Field = f(77, 3, "requester's branch", Number);
pub(crate) const FROM_BRANCH_NAME: Field = f(80, BANK_NAME, "requester's branch name", BankName);
pub(crate) const FROM_TYPE: Field = f(95, 1, "requester's account type", OneOf(b"129"));
pub(crate) const FROM_ACCOUNT: Field = f(96, 7, "requester's account", Number);

/// Record 1: who pays, from which account, on which day.
pub const HEADER: &[Field] = &[
    f(0, 1, TYPE, Fixed(b"1")),
    f(1, 2, "kind", Fixed(b"21")),
    f(3, 1, "character code", Fixed(b"0")),
    REQUESTER_CODE,
    REQUESTER_NAME,
    PAY_DAY,
    FROM_BANK,
    FROM_BANK_NAME,
    FROM_BRANCH,
    FROM_BRANCH_NAME,
    FROM_TYPE,
    FROM_ACCOUNT,
    f(103, 17, "dummy", Blank),
];

pub(crate) const BANK: Field = f(1, 4, "bank", Number);
pub(crate) const BANK_KANA: Field = f(5, BANK_NAME, "bank name", BankName);
pub(crate) const BRANCH: Field = f(20, 3, "branch", Number);
pub(crate) const BRANCH_KANA: Field = f(23, BANK_NAME, "branch name", BankName);
pub(crate) const ACCOUNT_TYPE: Field = f(42, 1, "account type", OneOf(b"1249"));
pub(crate) const ACCOUNT: Field = f(43, 7, "account", Number);
pub(crate) const PAYEE_NAME: Field = f(50, PAYEE, "payee", Name);
pub(crate) const AMOUNT: Field = f(80, 10, "amount", Amount);
pub(crate) const NEW_CODE: Field = f(90, 1, "new code", OneOf(b"012"));
pub(crate) const CUSTOMER_1: Field = f(91, 10, "customer code 1", NumberOrBlank);
pub(crate) const CUSTOMER_2: Field = f(101, 10, "customer code 2", NumberOrBlank);
pub(crate) const EDI_TEXT: Field = f(91, EDI, "EDI information", NameOrBlank);
/// `Y`: the field before holds EDI information and no customer codes.
pub(crate) const EDI_MARK: Field = f(112, 1, "EDI mark", Fixed(b" "));

const DATA_TYPE: Field = f(0, 1, TYPE, Fixed(b"2"));
const CLEARING_HOUSE: Field = f(38, 4, "clearing house", Fixed(b"0000"));
const BY_WIRE: Field = f(111, 1, "designation", Fixed(b"7"));
const DATA_DUMMY: Field = f(113, 7, "dummy", Blank);

/// Record 2: one transfer, with customer codes.
pub const DATA: &[Field] = &[
    DATA_TYPE,
    BANK,
    BANK_KANA,
    BRANCH,
    BRANCH_KANA,
    CLEARING_HOUSE,
    ACCOUNT_TYPE,
    ACCOUNT,
    PAYEE_NAME,
    AMOUNT,
    NEW_CODE,
    CUSTOMER_1,
    CUSTOMER_2,
    BY_WIRE,
    EDI_MARK,
    DATA_DUMMY,
];

/// Record 2 with `Y` at byte 113: one transfer, with EDI information.
pub const DATA_EDI: &[Field] = &[
    DATA_TYPE,
    BANK,
    BANK_KANA,
    BRANCH,
    BRANCH_KANA,
    CLEARING_HOUSE,
    ACCOUNT_TYPE,
    ACCOUNT,
    PAYEE_NAME,
    AMOUNT,
    NEW_CODE,
    EDI_TEXT,
    BY_WIRE,
    f(112, 1, "EDI mark", Fixed(b"Y")),
    DATA_DUMMY,
];

/// Record 2 with neither at byte 113, or cut off before it: what can be said of it.
pub(crate) const DATA_UNMARKED: &[Field] = &[
    DATA_TYPE,
    BANK,
    BANK_KANA,
    BRANCH,
    BRANCH_KANA,
    CLEARING_HOUSE,
    ACCOUNT_TYPE,
    ACCOUNT,
    PAYEE_NAME,
    AMOUNT,
    NEW_CODE,
    f(91, EDI, "customer codes or EDI information", Free),
    BY_WIRE,
    f(112, 1, "EDI mark", OneOf(b" Y")),
];

pub(crate) const COUNT: Field = f(1, 6, "count", Number);
pub(crate) const SUM: Field = f(7, 12, "sum", Number);

/// Record 8: count and sum of the group's transfers.
pub const TRAILER: &[Field] = &[f(0, 1, TYPE, Fixed(b"8")), COUNT, SUM, f(19, 101, "dummy", Blank)];

/// Record 9: the end of the file.
pub const END: &[Field] = &[f(0, 1, TYPE, Fixed(b"9")), f(1, RECORD - 1, "dummy", Blank)];

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    const ALL: [(&str, &[Field]); 5] =
        [("header", HEADER), ("data", DATA), ("data with EDI", DATA_EDI), ("trailer", TRAILER), ("end", END)];

    #[test]
    fn the_fields_of_every_record_fill_120_bytes_without_a_gap() {
        for (record, fields) in ALL {
            let end = fields.iter().fold(0, |at, field| {
                assert_eq!(field.from, at, "{record}: {}", field.name);
                at + field.width
            });
            assert_eq!(end, RECORD, "{record}");
        }
    }

    #[test]
    fn the_table_is_that_of_the_banks() {
        // X-090: positions as banks print them, from 1.
        let rows: Vec<String> = ALL
            .iter()
            .flat_map(|(record, fields)| fields.iter().map(move |field| (record, field)))
            .filter(|(_, field)| !matches!(field.form, Blank))
            .map(|(record, field)| {
                format!("{record} {}-{} {}", field.from + 1, field.from + field.width, field.name)
            })
            .collect();
        expect![[r"
            header 1-1 record type
            header 2-3 kind
            header 4-4 character code
            header 5-14 requester code
            header 15-54 requester
            header 55-58 pay day
            header 59-62 requester's bank
            header 63-77 requester's bank name
            header 78-80 requester's branch
            header 81-95 requester's branch name
            header 96-96 requester's account type
            header 97-103 requester's account
            data 1-1 record type
            data 2-5 bank
            data 6-20 bank name
            data 21-23 branch
            data 24-38 branch name
            data 39-42 clearing house
            data 43-43 account type
            data 44-50 account
            data 51-80 payee
            data 81-90 amount
            data 91-91 new code
            data 92-101 customer code 1
            data 102-111 customer code 2
            data 112-112 designation
            data 113-113 EDI mark
            data with EDI 1-1 record type
            data with EDI 2-5 bank
            data with EDI 6-20 bank name
            data with EDI 21-23 branch
            data with EDI 24-38 branch name
            data with EDI 39-42 clearing house
            data with EDI 43-43 account type
            data with EDI 44-50 account
            data with EDI 51-80 payee
            data with EDI 81-90 amount
            data with EDI 91-91 new code
            data with EDI 92-111 EDI information
            data with EDI 112-112 designation
            data with EDI 113-113 EDI mark
            trailer 1-1 record type
            trailer 2-7 count
            trailer 8-19 sum
            end 1-1 record type"]]
        .assert_eq(&rows.join("\n"));
    }
}
