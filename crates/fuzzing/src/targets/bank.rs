//! What comes from a bank or goes into its files: bank files, returned files, holders' names, the bank master, and the
//! Cabinet Office's holidays (X-090 … X-094).

use crate::Word;
use zengin::holder::holder;
use zengin::limits::{BANK_NAME, PAYEE};
use zengin::{
    Account, AccountType, Digits, EndMark, File, LineEnd, MonthDay, NewCode, Reference, Transfer, Transfers,
};

pub(super) fn file(bytes: &[u8]) -> Word {
    let read = zengin::read(bytes);
    match &read {
        Ok(file) => {
            let written = zengin::write_file(file);
            assert_eq!(written.as_deref(), Ok(bytes), "what was read is written as the same bytes");
        }
        Err(wrong) => {
            assert!(wrong.offset <= bytes.len(), "the wrong byte is one of the file: {wrong}");
        }
    }
    Word::of(&read)
}

pub(super) fn returned(bytes: &[u8]) -> Word {
    let read = zengin::returned::read(bytes);
    if let Ok(file) = &read {
        assert_eq!(
            zengin::returned::write(file).as_bytes(),
            bytes,
            "what was read is written as the same text"
        );
    }
    Word::of(&read)
}

pub(super) fn name(bytes: &[u8]) -> Word {
    let text = String::from_utf8_lossy(bytes);
    let made = holder(&text);
    if let Ok(made) = &made {
        assert!((1..=PAYEE).contains(&made.name.width()), "a name fits its field");
        assert_eq!(made.name.bytes().count(), made.name.width(), "one byte a character");
    }
    Word::of(&made)
}

/// The bytes stand for both files of a master: its list of banks, and the branches of bank 0001.
pub(super) fn master(bytes: &[u8]) -> Word {
    let (banks, branches) = (master_banks(), master_branches());
    let as_list = zengin::master::read(bytes, &[("0001.json", &branches)]);
    let as_branches = zengin::master::read(&banks, &[("0001.json", bytes)]);
    for read in [&as_list, &as_branches] {
        match read {
            Ok(master) => {
                assert!(!master.banks.is_empty(), "a master has a bank");
                for bank in &master.banks {
                    assert!(!bank.branches.is_empty(), "a bank has a branch");
                    let mut kana = bank.branches.iter().map(|branch| &branch.kana).chain([&bank.kana]);
                    assert!(
                        kana.all(|kana| (1..=BANK_NAME).contains(&kana.width())),
                        "a name fits its field"
                    );
                    assert!(bank.branches.is_sorted_by(|one, other| one.no < other.no), "no branch twice");
                }
            }
            Err(bad) => {
                let lines = bytes.split(|byte| *byte == b'\n').count();
                assert!(bad.line <= lines, "the line is one of the file: {bad}");
            }
        }
    }
    if as_list.is_ok() { Word::Taken } else { Word::of(&as_branches) }
}

/// The year of the seeds: a file that ends before it is refused.
const THIS_YEAR: i16 = 2021;

pub(super) fn holidays(bytes: &[u8]) -> Word {
    let read = settlement::rules::read_csv(bytes, THIS_YEAR);
    match &read {
        Ok(days) => {
            assert!(days.is_sorted_by(|one, other| one.0 < other.0), "in order and no day twice");
            assert!(days.last().is_some_and(|(day, _)| day.year() >= THIS_YEAR), "it reaches this year");
        }
        Err(bad) => {
            let lines = bytes.split(|byte| *byte == b'\n').count();
            assert!((1..=lines).contains(&bad.line), "the line is one of the file: {bad}");
        }
    }
    Word::of(&read)
}

fn master_banks() -> Vec<u8> {
    r#"{"0001":{"code":"0001","name":"みずほ","kana":"ミズホ","hira":"","roma":""}}"#.into()
}

fn master_branches() -> Vec<u8> {
    let row =
        |no| format!(r#""{no}":{{"code":"{no}","name":"東京","kana":"トウキヨウ","hira":"","roma":""}}"#);
    format!("{{\n{},\n{}\n}}", row("001"), row("004")).into_bytes()
}

pub(super) fn masters() -> Vec<Vec<u8>> {
    vec![master_banks(), master_branches()]
}

/// Two years, in UTF-8 and as the office publishes them: CP932 and CRLF.
pub(super) fn holiday_files() -> Vec<Vec<u8>> {
    let days = "1/1 1/13 2/11 2/23 2/24 3/20 4/29 5/3 5/4 5/5 5/6 7/23 7/24 8/10 9/21 9/22 11/3 11/23";
    let rows = |year: i16, name: &'static str| {
        days.split(' ').map(move |day| format!("{year}/{day},{name}")).collect::<Vec<_>>()
    };
    let utf8 = ["国民の祝日・休日月日,国民の祝日・休日名称".to_owned()];
    let text = |head: &[String], name, end: &str| {
        let lines = head.iter().cloned().chain(rows(2020, name)).chain(rows(2021, name));
        lines.map(|line| line + end).collect::<String>().into_bytes()
    };
    let cp932 = encoding_rs::SHIFT_JIS.encode(utf8.first().map_or("", String::as_str)).0.into_owned();
    let body = text(&[], "x", "\r\n");
    vec![text(&utf8, "休日", "\n"), [cp932, b"\r\n".to_vec(), body].concat()]
}

/// Two transfers, one with customer codes and one with EDI information, in both layouts.
pub(super) fn files() -> Vec<Vec<u8>> {
    let Some(transfers) = transfers() else { return Vec::new() };
    let layouts = [(LineEnd::None, EndMark::None), (LineEnd::CrLf, EndMark::Sub)];
    let file = |(line_end, end_mark)| File { groups: vec![transfers.clone()], line_end, end_mark };
    layouts.into_iter().filter_map(|layout| zengin::write_file(&file(layout)).ok()).collect()
}

fn transfers() -> Option<Transfers> {
    let account = |number| {
        Some(Account {
            bank: Digits::new(1)?,
            bank_name: zengin::kana::bank_name("ミズホ").ok()?,
            branch: Digits::new(1)?,
            branch_name: zengin::kana::bank_name("トウキヨウ").ok()?,
            account_type: AccountType::Ordinary,
            number: Digits::new(number)?,
        })
    };
    let transfer = |number, reference| {
        let payee = holder("株式会社アオモリ").ok()?.name;
        Some(Transfer { to: account(number)?, payee, amount_yen: 4_416, new_code: NewCode::Other, reference })
    };
    let codes = Reference::Codes { first: Digits::new(270_212_122), second: Digits::new(20_260_227) };
    let edi = Reference::Edi(zengin::kana::kana("INVOICE-1").ok()?);
    Some(Transfers {
        requester: Digits::new(1_234_567_890)?,
        requester_name: holder("チョウバ").ok()?.name,
        pay_day: MonthDay::new(2, 27)?,
        from: account(7_654_321)?,
        transfers: vec![transfer(1_234_567, codes)?, transfer(2, edi)?],
    })
}

pub(super) fn returned_files() -> Vec<Vec<u8>> {
    let one = "R\t0001\t001\t1\t1234567\t4416\t0270212122\t0020260227\t3\n";
    let two = "R\t0005\t010\t2\t0000002\t10\t\t\t9\n";
    let head = "CHOBA-RETURNED-FILE\t1\t20260227-1\t2026-03-02\n";
    let files = [[head, one, "", "E\t1\t4416\n"], [head, one, two, "E\t2\t4426\n"]];
    files.map(|lines| lines.concat().into_bytes()).to_vec()
}

pub(super) fn names() -> Vec<Vec<u8>> {
    ["株式会社ケイヨウギンコウ", "ｹｲﾖｳｷﾞﾝｺｳ(ｶ)ﾁﾊﾞｼﾃﾝ", "けいよう たろう", "㈱ヴァンクール・ＡＢＣ－１"]
        .map(|name| name.as_bytes().to_vec())
        .to_vec()
}
