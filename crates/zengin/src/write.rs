//! From transfers to bytes: everything unfit is listed before a byte is written.

use crate::kana::{Kana, in_bank_names};
use crate::limits::{
    AMOUNT_MOST_YEN, BANK_NAME, EDI, GROUP_MOST, MAX_FILE_BYTES, PAYEE, RECORD, REQUESTER, SUM_MOST_YEN,
};
use crate::record::{self, Field, Form};
use crate::transfers::{Account, AccountType, File, Key, Options, Reference, Transfer, Transfers};
use std::collections::BTreeMap;
use std::fmt;

/// Something that cannot stand in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// The transfer, counted from 0 over all groups; nothing when it is the requester or the whole.
    pub transfer: Option<usize>,
    /// Why.
    pub why: WhyUnfit,
}

/// Why something cannot stand in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyUnfit {
    /// The amount is not from 1 to 9,999,999,999 yen.
    Amount(u64),
    /// The field must not be empty.
    Empty(&'static str),
    /// The field has more bytes than its width.
    Wide(&'static str),
    /// The name of a bank or branch has a character that only other names may have.
    Character(&'static str, char),
    /// A savings account cannot pay.
    SavingsPays,
    /// The same account, amount and reference as the transfer of this number.
    Twice(usize),
    /// There is no transfer in a group.
    NoTransfer,
    /// A group may have from 1 to 999,999 data records.
    GroupMost(usize),
    /// The transfers of a group are more than its trailer can say.
    GroupFull,
    /// The file would be longer than is read.
    FileFull,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(transfer) = self.transfer {
            write!(f, "transfer {}: ", transfer.saturating_add(1))?;
        }
        match self.why {
            WhyUnfit::Amount(yen) => write!(f, "{yen} yen is not from 1 to {AMOUNT_MOST_YEN}"),
            WhyUnfit::Empty(field) => write!(f, "{field} is empty"),
            WhyUnfit::Wide(field) => write!(f, "{field} has too many bytes"),
            WhyUnfit::Character(field, c) => write!(f, "{c:?} may not stand in {field}"),
            WhyUnfit::SavingsPays => f.write_str("a savings account cannot pay"),
            WhyUnfit::Twice(first) => write!(f, "the same as transfer {}", first.saturating_add(1)),
            WhyUnfit::NoTransfer => f.write_str("no transfer"),
            WhyUnfit::GroupMost(most) => write!(f, "{most} transfers a group is not from 1 to {GROUP_MOST}"),
            WhyUnfit::GroupFull => f.write_str("more transfers or yen than a trailer can say"),
            WhyUnfit::FileFull => write!(f, "more than {MAX_FILE_BYTES} bytes"),
        }
    }
}

impl std::error::Error for Unfit {}

/// One file: as many groups as the bank's limit makes, one end record.
pub fn write(transfers: &Transfers, options: &Options) -> Result<Vec<u8>, Vec<Unfit>> {
    write_file(&File {
        groups: groups(transfers, options)?,
        line_end: options.line_end,
        end_mark: options.end_mark,
    })
}

/// A file for every group, for a bank that takes one header a file.
pub fn write_each(transfers: &Transfers, options: &Options) -> Result<Vec<Vec<u8>>, Vec<Unfit>> {
    let groups = groups(transfers, options)?;
    // What stands twice may stand in two of the files.
    let found = unfit(&groups);
    if !found.is_empty() {
        return Err(found);
    }
    let file = |group| File { groups: vec![group], line_end: options.line_end, end_mark: options.end_mark };
    groups.into_iter().map(|group| write_file(&file(group))).collect()
}

/// A file as it is, groups and all: what [`crate::read`] gave comes out as the same bytes.
pub fn write_file(file: &File) -> Result<Vec<u8>, Vec<Unfit>> {
    let found = unfit(&file.groups);
    if !found.is_empty() {
        return Err(found);
    }
    let mut out = Out { bytes: Vec::new(), line_end: file.line_end.bytes() };
    for group in &file.groups {
        out.group(group);
    }
    out.record(&Line::of(record::END));
    out.bytes.extend_from_slice(file.end_mark.bytes());
    if out.bytes.len() > MAX_FILE_BYTES {
        return Err(vec![Unfit { transfer: None, why: WhyUnfit::FileFull }]);
    }
    Ok(out.bytes)
}

/// Cuts the transfers into groups that a trailer can count and add up.
fn groups(all: &Transfers, options: &Options) -> Result<Vec<Transfers>, Vec<Unfit>> {
    let most = options.group_most;
    if !(1..=GROUP_MOST).contains(&most) {
        return Err(vec![Unfit { transfer: None, why: WhyUnfit::GroupMost(most) }]);
    }
    let empty = || Transfers { transfers: Vec::new(), ..all.clone_head() };
    let (mut groups, mut open, mut sum_yen) = (Vec::new(), empty(), 0_u64);
    for transfer in &all.transfers {
        let sum = sum_yen.saturating_add(transfer.amount_yen);
        if !open.transfers.is_empty() && (open.transfers.len() >= most || sum > SUM_MOST_YEN) {
            groups.push(std::mem::replace(&mut open, empty()));
            sum_yen = 0;
        }
        sum_yen = sum_yen.saturating_add(transfer.amount_yen);
        open.transfers.push(transfer.clone());
    }
    groups.push(open);
    Ok(groups)
}

impl Transfers {
    fn clone_head(&self) -> Self {
        Self {
            requester: self.requester,
            requester_name: self.requester_name.clone(),
            pay_day: self.pay_day,
            from: self.from.clone(),
            transfers: Vec::new(),
        }
    }
}

/// Everything that cannot stand in a file.
fn unfit(groups: &[Transfers]) -> Vec<Unfit> {
    let mut found = Vec::new();
    let mut seen: BTreeMap<Key, usize> = BTreeMap::new();
    let mut number = 0_usize;
    if groups.is_empty() {
        found.push(Unfit { transfer: None, why: WhyUnfit::NoTransfer });
    }
    for group in groups {
        let head = head_unfit(group).into_iter().map(|why| Unfit { transfer: None, why });
        // The groups of one requester share their head: once is enough.
        for unfit in head {
            if !found.contains(&unfit) {
                found.push(unfit);
            }
        }
        for transfer in &group.transfers {
            let at = Some(number);
            found.extend(transfer_unfit(transfer).into_iter().map(|why| Unfit { transfer: at, why }));
            if let Some(first) = seen.get(&transfer.key()) {
                found.push(Unfit { transfer: at, why: WhyUnfit::Twice(*first) });
            } else {
                seen.insert(transfer.key(), number);
            }
            number = number.saturating_add(1);
        }
    }
    found
}

fn head_unfit(group: &Transfers) -> Vec<WhyUnfit> {
    let mut found = Vec::new();
    if group.transfers.is_empty() {
        found.push(WhyUnfit::NoTransfer);
    }
    if group.transfers.len() > GROUP_MOST || sum_yen(group) > SUM_MOST_YEN {
        found.push(WhyUnfit::GroupFull);
    }
    if group.from.account_type == AccountType::Savings {
        found.push(WhyUnfit::SavingsPays);
    }
    found.extend(name_unfit(&group.requester_name, record::REQUESTER_NAME.name, REQUESTER));
    let names = [record::FROM_BANK_NAME.name, record::FROM_BRANCH_NAME.name];
    found.extend(account_unfit(&group.from, names));
    found
}

fn transfer_unfit(transfer: &Transfer) -> Vec<WhyUnfit> {
    let mut found = Vec::new();
    if !(1..=AMOUNT_MOST_YEN).contains(&transfer.amount_yen) {
        found.push(WhyUnfit::Amount(transfer.amount_yen));
    }
    found.extend(name_unfit(&transfer.payee, record::PAYEE_NAME.name, PAYEE));
    found.extend(account_unfit(&transfer.to, [record::BANK_KANA.name, record::BRANCH_KANA.name]));
    if let Reference::Edi(text) = &transfer.reference {
        found.extend((text.width() > EDI).then_some(WhyUnfit::Wide(record::EDI_TEXT.name)));
    }
    found
}

fn name_unfit(name: &Kana, field: &'static str, width: usize) -> Option<WhyUnfit> {
    if name.is_empty() {
        return Some(WhyUnfit::Empty(field));
    }
    (name.width() > width).then_some(WhyUnfit::Wide(field))
}

fn account_unfit(account: &Account, fields: [&'static str; 2]) -> Vec<WhyUnfit> {
    let names = fields.into_iter().zip([&account.bank_name, &account.branch_name]);
    names
        .filter_map(|(field, name)| {
            if name.width() > BANK_NAME {
                return Some(WhyUnfit::Wide(field));
            }
            name.as_str().chars().find(|c| !in_bank_names(*c)).map(|c| WhyUnfit::Character(field, c))
        })
        .collect()
}

fn sum_yen(group: &Transfers) -> u64 {
    group.transfers.iter().fold(0, |sum, transfer| sum.saturating_add(transfer.amount_yen))
}

/// A record of spaces and of what its table fixes, to be filled.
struct Line([u8; RECORD]);

impl Line {
    fn of(fields: &[Field]) -> Self {
        let mut line = Self([b' '; RECORD]);
        for field in fields {
            if let Form::Fixed(bytes) = field.form {
                line.put(field, bytes.iter().copied());
            }
        }
        line
    }

    /// Puts bytes at the beginning of a field.
    fn put(&mut self, field: &Field, bytes: impl Iterator<Item = u8>) {
        for (place, byte) in self.0.iter_mut().skip(field.from).take(field.width).zip(bytes) {
            *place = byte;
        }
    }

    fn text(&mut self, field: &Field, text: &Kana) {
        self.put(field, text.bytes());
    }

    /// Digits, zeros in front.
    fn number(&mut self, field: &Field, number: u64) {
        self.put(field, format!("{number:0width$}", width = field.width).bytes());
    }
}

struct Out {
    bytes: Vec<u8>,
    line_end: &'static [u8],
}

impl Out {
    fn record(&mut self, line: &Line) {
        self.bytes.extend_from_slice(&line.0);
        self.bytes.extend_from_slice(self.line_end);
    }

    fn group(&mut self, group: &Transfers) {
        let mut header = Line::of(record::HEADER);
        header.number(&record::REQUESTER_CODE, group.requester.get());
        header.text(&record::REQUESTER_NAME, &group.requester_name);
        header.put(&record::PAY_DAY, group.pay_day.to_string().bytes());
        header.number(&record::FROM_BANK, group.from.bank.get());
        header.text(&record::FROM_BANK_NAME, &group.from.bank_name);
        header.number(&record::FROM_BRANCH, group.from.branch.get());
        header.text(&record::FROM_BRANCH_NAME, &group.from.branch_name);
        header.put(&record::FROM_TYPE, [group.from.account_type.digit()].into_iter());
        header.number(&record::FROM_ACCOUNT, group.from.number.get());
        self.record(&header);
        for transfer in &group.transfers {
            self.record(&data(transfer));
        }
        let mut trailer = Line::of(record::TRAILER);
        trailer.number(&record::COUNT, u64::try_from(group.transfers.len()).unwrap_or(u64::MAX));
        trailer.number(&record::SUM, sum_yen(group));
        self.record(&trailer);
    }
}

fn data(transfer: &Transfer) -> Line {
    let mut line = match transfer.reference {
        Reference::Codes { .. } => Line::of(record::DATA),
        Reference::Edi(_) => Line::of(record::DATA_EDI),
    };
    line.number(&record::BANK, transfer.to.bank.get());
    line.text(&record::BANK_KANA, &transfer.to.bank_name);
    line.number(&record::BRANCH, transfer.to.branch.get());
    line.text(&record::BRANCH_KANA, &transfer.to.branch_name);
    line.put(&record::ACCOUNT_TYPE, [transfer.to.account_type.digit()].into_iter());
    line.number(&record::ACCOUNT, transfer.to.number.get());
    line.text(&record::PAYEE_NAME, &transfer.payee);
    line.number(&record::AMOUNT, transfer.amount_yen);
    line.put(&record::NEW_CODE, [transfer.new_code.digit()].into_iter());
    match &transfer.reference {
        Reference::Codes { first, second } => {
            for (field, code) in [(&record::CUSTOMER_1, first), (&record::CUSTOMER_2, second)] {
                if let Some(code) = code {
                    line.number(field, code.get());
                }
            }
        }
        Reference::Edi(text) => line.text(&record::EDI_TEXT, text),
    }
    line
}
