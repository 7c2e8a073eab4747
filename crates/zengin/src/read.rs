//! From bytes to transfers (X-091): record by record, field by field, up to the first wrong byte.

use crate::digits::Digits;
use crate::kana::Kana;
use crate::limits::{MAX_FILE_BYTES, RECORD};
use crate::record::{self, Field};
use crate::transfers::{
    Account, AccountType, EndMark, File, Key, LineEnd, MonthDay, NewCode, Reference, Transfer, Transfers,
};
use crate::wrong::{self, Why, WrongByte};
use std::collections::BTreeMap;

/// Reads a whole file; nothing of a file with a wrong byte.
///
/// What is accepted means what it says: [`crate::write_file`] makes the same bytes of it.
pub fn read(bytes: &[u8]) -> Result<File, WrongByte> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(WrongByte { offset: MAX_FILE_BYTES, ..wrong::at(1, 0, &RECORD_TYPE, 0, Why::TooLong) });
    }
    // Two records say whether there are line ends, so that damage of one is found as damage.
    let behind = [RECORD, RECORD.saturating_mul(2).saturating_add(2)].map(|at| bytes.get(at..));
    let has_line_ends = behind.into_iter().flatten().any(|rest| rest.starts_with(LineEnd::CrLf.bytes()));
    let line_end = if has_line_ends { LineEnd::CrLf } else { LineEnd::None };
    let mut reader = Reader {
        bytes,
        line_end,
        record: 0,
        begin: 0,
        due: Due::Header,
        groups: Vec::new(),
        group_yen: 0,
        seen: BTreeMap::new(),
    };
    while reader.due != Due::Nothing {
        reader.next()?;
    }
    let end_mark = reader.end_mark()?;
    Ok(File { groups: reader.groups, line_end, end_mark })
}

/// The field that says which record it is.
const RECORD_TYPE: Field =
    Field { name: "record type", from: 0, width: 1, form: record::Form::OneOf(b"1289") };

/// Which records may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Header,
    Data,
    DataOrTrailer,
    HeaderOrEnd,
    Nothing,
}

impl Due {
    const fn types(self) -> &'static [u8] {
        match self {
            Self::Header => b"1",
            Self::Data => b"2",
            Self::DataOrTrailer => b"28",
            Self::HeaderOrEnd => b"19",
            Self::Nothing => b"",
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    line_end: LineEnd,
    /// The record being read, from 1.
    record: usize,
    /// Where it begins.
    begin: usize,
    due: Due,
    groups: Vec<Transfers>,
    group_yen: u64,
    /// The record in which each transfer stands.
    seen: BTreeMap<Key, usize>,
}

impl Reader<'_> {
    fn next(&mut self) -> Result<(), WrongByte> {
        self.record = self.record.saturating_add(1);
        let rest = self.bytes.get(self.begin..).unwrap_or_default();
        let line = rest.get(..RECORD).unwrap_or(rest);
        let kind = line.first().copied();
        match kind {
            Some(kind) if self.due.types().contains(&kind) => {}
            Some(kind) => {
                return Err(self.at(&RECORD_TYPE, 0, Why::NotOneOf(kind, self.due.types())));
            }
            None => return Err(self.at(&RECORD_TYPE, 0, Why::Ends)),
        }
        self.due = match kind {
            Some(b'1') => self.header(line)?,
            Some(b'2') => self.data(line)?,
            Some(b'8') => self.trailer(line)?,
            _ => {
                self.check(line, record::END)?;
                Due::Nothing
            }
        };
        self.line_end()
    }

    fn at(&self, field: &Field, field_byte: usize, why: Why) -> WrongByte {
        wrong::at(self.record, self.begin, field, field_byte, why)
    }

    /// The first wrong byte of a record, or the place where it ends too early.
    fn check(&self, line: &[u8], fields: &[Field]) -> Result<(), WrongByte> {
        for field in fields {
            let bytes = field.of(line);
            if bytes.len() < field.width {
                let there = line.len().saturating_sub(field.from);
                return Err(self.at(field, there, Why::Ends));
            }
            if let Some((at, why)) = wrong::in_field(field, bytes) {
                return Err(self.at(field, at, why));
            }
        }
        Ok(())
    }

    fn header(&mut self, line: &[u8]) -> Result<Due, WrongByte> {
        self.check(line, record::HEADER)?;
        let from = Account {
            bank: self.digits(&record::FROM_BANK, line)?,
            bank_name: text(&record::FROM_BANK_NAME, line),
            branch: self.digits(&record::FROM_BRANCH, line)?,
            branch_name: text(&record::FROM_BRANCH_NAME, line),
            account_type: self.account_type(&record::FROM_TYPE, line)?,
            number: self.digits(&record::FROM_ACCOUNT, line)?,
        };
        let pay_day = match record::PAY_DAY.of(line) {
            [month @ .., _, _] => {
                let day = record::PAY_DAY.of(line).get(2..).unwrap_or_default();
                MonthDay::new(small(month), small(day))
            }
            _ => None,
        };
        self.groups.push(Transfers {
            requester: self.digits(&record::REQUESTER_CODE, line)?,
            requester_name: text(&record::REQUESTER_NAME, line),
            pay_day: pay_day.ok_or_else(|| self.at(&record::PAY_DAY, 0, Why::NoDay))?,
            from,
            transfers: Vec::new(),
        });
        self.group_yen = 0;
        Ok(Due::Data)
    }

    fn data(&mut self, line: &[u8]) -> Result<Due, WrongByte> {
        let mark = record::EDI_MARK.of(line);
        self.check(
            line,
            match mark {
                b" " => record::DATA,
                b"Y" => record::DATA_EDI,
                _ => record::DATA_UNMARKED,
            },
        )?;
        let to = Account {
            bank: self.digits(&record::BANK, line)?,
            bank_name: text(&record::BANK_KANA, line),
            branch: self.digits(&record::BRANCH, line)?,
            branch_name: text(&record::BRANCH_KANA, line),
            account_type: self.account_type(&record::ACCOUNT_TYPE, line)?,
            number: self.digits(&record::ACCOUNT, line)?,
        };
        let reference = if mark == b"Y" {
            Reference::Edi(text(&record::EDI_TEXT, line))
        } else {
            Reference::Codes {
                first: self.code(&record::CUSTOMER_1, line)?,
                second: self.code(&record::CUSTOMER_2, line)?,
            }
        };
        let transfer = Transfer {
            to,
            payee: text(&record::PAYEE_NAME, line),
            amount_yen: number(record::AMOUNT.of(line)),
            new_code: NewCode::of_digit(record::NEW_CODE.of(line).first().copied().unwrap_or(b'0')),
            reference,
        };
        if let Some(first) = self.seen.insert(transfer.key(), self.record) {
            return Err(self.at(&record::BANK, 0, Why::Twice { first }));
        }
        self.group_yen = self.group_yen.saturating_add(transfer.amount_yen);
        if let Some(group) = self.groups.last_mut() {
            group.transfers.push(transfer);
        }
        Ok(Due::DataOrTrailer)
    }

    fn trailer(&self, line: &[u8]) -> Result<Due, WrongByte> {
        self.check(line, record::TRAILER)?;
        let count = self.groups.last().map_or(0, |group| group.transfers.len());
        let counted = u64::try_from(count).unwrap_or(u64::MAX);
        self.agrees(&record::COUNT, line, counted, Why::Count { counted })?;
        let counted = self.group_yen;
        self.agrees(&record::SUM, line, counted, Why::Sum { counted })?;
        Ok(Due::HeaderOrEnd)
    }

    /// A trailer's number is what was counted; else its first digit that differs.
    fn agrees(&self, field: &Field, line: &[u8], counted: u64, why: Why) -> Result<(), WrongByte> {
        let (said, right) = (field.of(line), format!("{counted:0width$}", width = field.width));
        if said == right.as_bytes() {
            return Ok(());
        }
        let differs = said.iter().zip(right.as_bytes()).position(|(said, right)| said != right);
        Err(self.at(field, differs.unwrap_or(0), why))
    }

    /// Behind a record stands what stood behind the first.
    fn line_end(&mut self) -> Result<(), WrongByte> {
        let behind = self.begin.saturating_add(RECORD);
        for (nth, right) in self.line_end.bytes().iter().enumerate() {
            match self.bytes.get(behind.saturating_add(nth)) {
                Some(byte) if byte == right => {}
                Some(byte) => {
                    let only: &'static [u8] = if nth == 0 { b"\r" } else { b"\n" };
                    return Err(self.at(&wrong::LINE_END, nth, Why::NotOneOf(*byte, only)));
                }
                None => return Err(self.at(&wrong::LINE_END, nth, Why::Ends)),
            }
        }
        self.begin = behind.saturating_add(self.line_end.bytes().len());
        Ok(())
    }

    /// What stands behind the last record.
    fn end_mark(&mut self) -> Result<EndMark, WrongByte> {
        self.record = self.record.saturating_add(1);
        match self.bytes.get(self.begin..).unwrap_or_default() {
            [] => Ok(EndMark::None),
            [0x1A] => Ok(EndMark::Sub),
            [0x1A, surplus, ..] => Err(self.at(&wrong::END_MARK, 1, Why::Surplus(*surplus))),
            [surplus, ..] => Err(self.at(&wrong::END_MARK, 0, Why::Surplus(*surplus))),
        }
    }

    fn digits<const N: usize>(&self, field: &Field, line: &[u8]) -> Result<Digits<N>, WrongByte> {
        let bytes = field.of(line);
        let wrong = || self.at(field, 0, Why::NotADigit(bytes.first().copied().unwrap_or(0)));
        Digits::new(number(bytes)).ok_or_else(wrong)
    }

    fn code<const N: usize>(&self, field: &Field, line: &[u8]) -> Result<Option<Digits<N>>, WrongByte> {
        if field.of(line).first() == Some(&b' ') {
            return Ok(None);
        }
        self.digits(field, line).map(Some)
    }

    fn account_type(&self, field: &Field, line: &[u8]) -> Result<AccountType, WrongByte> {
        let digit = field.of(line).first().copied().unwrap_or(0);
        AccountType::of_digit(digit).ok_or_else(|| self.at(field, 0, Why::NotOneOf(digit, b"1249")))
    }
}

fn text(field: &Field, line: &[u8]) -> Kana {
    Kana::of_jis(field.of(line))
}

/// The number of bytes that were checked to be digits.
fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |number, digit| {
        number.saturating_mul(10).saturating_add(u64::from(digit.saturating_sub(b'0')))
    })
}

fn small(digits: &[u8]) -> u8 {
    u8::try_from(number(digits)).unwrap_or(0)
}
