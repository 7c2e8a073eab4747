//! Transfers that came back (組戻し, X-093): the returned file of `docs/networks/returned-file.md`.
//!
//! No standard says what comes of a general transfer, so the format is ours. Pure text: whether a payout is
//! known, exported and of that amount is for the caller to say.

use crate::digits::{AccountNo, BankNo, BranchNo, CustomerCode};
use crate::limits::{AMOUNT_MOST_YEN, MAX_FILE_NUMBER, MAX_RETURNED, MAX_RETURNED_BYTES};
use crate::transfers::AccountType;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::fmt;

const NAME: &str = "CHOBA-RETURNED-FILE";
const VERSION: &str = "1";

/// Why the bank gave the money back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// `1`: no such account.
    NoAccount,
    /// `2`: the holder's name is another.
    Name,
    /// `3`: the account is closed.
    Closed,
    /// `9`: anything else.
    Other,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::NoAccount, Self::Name, Self::Closed, Self::Other];

    /// The digit in the file.
    pub const fn digit(self) -> &'static str {
        match self {
            Self::NoAccount => "1",
            Self::Name => "2",
            Self::Closed => "3",
            Self::Other => "9",
        }
    }
}

/// A transfer that came back, as the bank file named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// The payee's bank.
    pub bank: BankNo,
    /// The payee's branch.
    pub branch: BranchNo,
    /// The payee's kind of account.
    pub account_type: AccountType,
    /// The payee's account.
    pub account: AccountNo,
    /// Whole yen, from 1 to 9,999,999,999.
    pub amount_yen: u64,
    /// Customer code 1 of the transfer.
    pub first: Option<CustomerCode>,
    /// Customer code 2 of the transfer.
    pub second: Option<CustomerCode>,
    /// Why.
    pub reason: Reason,
}

/// A whole returned file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnedFile {
    /// The number of the bank file that the transfers stood in: 1 to 40 letters, digits and hyphens.
    pub bank_file: String,
    /// The day on which the money came back (Tokyo).
    pub on: Date,
    /// The transfers, at least one, none twice.
    pub returned: Vec<Returned>,
}

/// A file that is refused whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadReturned {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: WhyBad,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyBad {
    /// The file is longer than is read.
    TooLong,
    /// Not UTF-8.
    NotText,
    /// The line does not end with a line feed.
    NoLineEnd,
    /// Not the first line of a returned file of this version.
    NotFirst,
    /// Neither a returned transfer nor the last line.
    Unknown,
    /// Too few or too many fields.
    Fields,
    /// This field is not written as it must be.
    Field(&'static str),
    /// The same as an earlier line, from 1.
    Twice(usize),
    /// The count is not that of the lines.
    Count(u64),
    /// The sum is not that of the amounts.
    Sum(u64),
    /// No transfer came back.
    Nothing,
    /// The file has no last line.
    NoEnd,
    /// Something stands behind the last line.
    Surplus,
}

impl fmt::Display for BadReturned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match self.why {
            WhyBad::TooLong => f.write_str("the file is too long"),
            WhyBad::NotText => f.write_str("is not UTF-8"),
            WhyBad::NoLineEnd => f.write_str("does not end with a line feed"),
            WhyBad::NotFirst => write!(f, "does not begin with {NAME} and version {VERSION}"),
            WhyBad::Unknown => f.write_str("begins with neither R nor E"),
            WhyBad::Fields => f.write_str("has a wrong number of fields"),
            WhyBad::Field(name) => write!(f, "{name} is not written as it must be"),
            WhyBad::Twice(first) => write!(f, "is the same transfer as line {first}"),
            WhyBad::Count(counted) => write!(f, "{counted} lines were counted"),
            WhyBad::Sum(counted) => write!(f, "the amounts add up to {counted}"),
            WhyBad::Nothing => f.write_str("there is no returned transfer"),
            WhyBad::NoEnd => f.write_str("the file ends without its last line"),
            WhyBad::Surplus => f.write_str("stands behind the last line"),
        }
    }
}

impl std::error::Error for BadReturned {}

/// Reads a whole file; nothing of a file with a wrong line.
///
/// What is accepted means what it says: [`write()`] makes the same text of it.
pub fn read(bytes: &[u8]) -> Result<ReturnedFile, BadReturned> {
    if bytes.len() > MAX_RETURNED_BYTES {
        return Err(BadReturned { line: 1, why: WhyBad::TooLong });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = good.split(|byte| *byte == b'\n').count();
        BadReturned { line, why: WhyBad::NotText }
    })?;
    let mut lines = text.split_inclusive('\n').zip(1..).map(|(line, number)| match line.strip_suffix('\n') {
        Some(line) => Ok((number, line)),
        None => Err(BadReturned { line: number, why: WhyBad::NoLineEnd }),
    });
    let (_, first) = lines.next().unwrap_or(Ok((1, "")))?;
    let (bank_file, on) = head(first).map_err(|why| BadReturned { line: 1, why })?;
    let mut body = Body::default();
    for line in &mut lines {
        let (number, line) = line?;
        let bad = |why| BadReturned { line: number, why };
        if body.ended {
            return Err(bad(WhyBad::Surplus));
        }
        body.line(number, line).map_err(bad)?;
    }
    if !body.ended {
        let line = text.lines().count().saturating_add(1);
        return Err(BadReturned { line, why: WhyBad::NoEnd });
    }
    Ok(ReturnedFile { bank_file, on, returned: body.returned })
}

/// The text of a file, as [`read()`] takes it.
pub fn write(file: &ReturnedFile) -> String {
    let mut text = format!("{NAME}\t{VERSION}\t{}\t{}\n", file.bank_file, file.on);
    let code = |code: Option<CustomerCode>| code.map(|code| code.to_string()).unwrap_or_default();
    for row in &file.returned {
        text.push_str(&format!(
            "R\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n",
            row.bank,
            row.branch,
            char::from(row.account_type.digit()),
            row.account,
            row.amount_yen,
            code(row.first),
            code(row.second),
            row.reason.digit()
        ));
    }
    let sum = file.returned.iter().fold(0_u64, |sum, row| sum.saturating_add(row.amount_yen));
    text.push_str(&format!("E\t{}\t{sum}\n", file.returned.len()));
    text
}

fn head(line: &str) -> Result<(String, Date), WhyBad> {
    let mut fields = line.split('\t');
    if fields.next() != Some(NAME) || fields.next() != Some(VERSION) {
        return Err(WhyBad::NotFirst);
    }
    let (Some(number), Some(day), None) = (fields.next(), fields.next(), fields.next()) else {
        return Err(WhyBad::Fields);
    };
    let is_number = (1..=MAX_FILE_NUMBER).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_number {
        return Err(WhyBad::Field("bank file number"));
    }
    let on: Date = day.parse().map_err(|_| WhyBad::Field("date"))?;
    if on.to_string() != day {
        return Err(WhyBad::Field("date"));
    }
    Ok((number.to_owned(), on))
}

type Key = (BankNo, BranchNo, AccountType, AccountNo, u64, Option<CustomerCode>, Option<CustomerCode>);

#[derive(Default)]
struct Body {
    returned: Vec<Returned>,
    seen: BTreeMap<Key, usize>,
    sum_yen: u64,
    ended: bool,
}

impl Body {
    fn line(&mut self, number: usize, line: &str) -> Result<(), WhyBad> {
        let fields: Vec<&str> = line.split('\t').collect();
        match fields.as_slice() {
            ["R", rest @ ..] => self.row(number, rest),
            ["E", rest @ ..] => self.end(rest),
            _ => Err(WhyBad::Unknown),
        }
    }

    fn row(&mut self, number: usize, fields: &[&str]) -> Result<(), WhyBad> {
        let &[bank, branch, account_type, account, amount, first, second, reason] = fields else {
            return Err(WhyBad::Fields);
        };
        let row = Returned {
            bank: BankNo::parse_whole(bank).ok_or(WhyBad::Field("bank"))?,
            branch: BranchNo::parse_whole(branch).ok_or(WhyBad::Field("branch"))?,
            account_type: one_digit(account_type)
                .and_then(AccountType::of_digit)
                .ok_or(WhyBad::Field("account type"))?,
            account: AccountNo::parse_whole(account).ok_or(WhyBad::Field("account"))?,
            amount_yen: plain(amount)
                .filter(|yen| (1..=AMOUNT_MOST_YEN).contains(yen))
                .ok_or(WhyBad::Field("amount"))?,
            first: code(first, "customer code 1")?,
            second: code(second, "customer code 2")?,
            reason: Reason::ALL.into_iter().find(|it| it.digit() == reason).ok_or(WhyBad::Field("reason"))?,
        };
        let key =
            (row.bank, row.branch, row.account_type, row.account, row.amount_yen, row.first, row.second);
        if let Some(first) = self.seen.insert(key, number) {
            return Err(WhyBad::Twice(first));
        }
        if self.returned.len() >= MAX_RETURNED {
            return Err(WhyBad::TooLong);
        }
        self.sum_yen = self.sum_yen.saturating_add(row.amount_yen);
        self.returned.push(row);
        Ok(())
    }

    fn end(&mut self, fields: &[&str]) -> Result<(), WhyBad> {
        let &[count, sum] = fields else { return Err(WhyBad::Fields) };
        let counted = u64::try_from(self.returned.len()).unwrap_or(u64::MAX);
        if plain(count).ok_or(WhyBad::Field("count"))? != counted {
            return Err(WhyBad::Count(counted));
        }
        if plain(sum).ok_or(WhyBad::Field("sum"))? != self.sum_yen {
            return Err(WhyBad::Sum(self.sum_yen));
        }
        if self.returned.is_empty() {
            return Err(WhyBad::Nothing);
        }
        self.ended = true;
        Ok(())
    }
}

/// A number without zeros in front.
fn plain(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let zero_first = text.len() > 1 && text.starts_with('0');
    if digits && !zero_first { text.parse().ok() } else { None }
}

fn one_digit(text: &str) -> Option<u8> {
    match text.as_bytes() {
        [digit] => Some(*digit),
        _ => None,
    }
}

/// A customer code of ten digits, or nothing.
fn code(text: &str, field: &'static str) -> Result<Option<CustomerCode>, WhyBad> {
    if text.is_empty() {
        return Ok(None);
    }
    CustomerCode::parse_whole(text).map(Some).ok_or(WhyBad::Field(field))
}
