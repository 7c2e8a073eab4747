//! What comes from a bank or goes into its files: bank files, returned files, holders' names (X-091 … X-093).

use crate::Word;
use zengin::holder::holder;
use zengin::limits::PAYEE;
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
