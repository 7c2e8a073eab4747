//! Transfers to test with: a few by hand, any number from a seed.

use proptest::prelude::*;
use zengin::holder::holder;
use zengin::kana::bank_name;
use zengin::{
    Account, AccountType, Digits, EndMark, File, LineEnd, MonthDay, NewCode, Reference, Transfer, Transfers,
};

pub(crate) fn no<const N: usize>(number: u64) -> Digits<N> {
    Digits::new(number).unwrap()
}

pub(crate) fn account(bank: u64, branch: u64, account_type: AccountType, number: u64) -> Account {
    Account {
        bank: no(bank),
        bank_name: bank_name("ミツビシUFJ").unwrap(),
        branch: no(branch),
        branch_name: bank_name("マルノウチ").unwrap(),
        account_type,
        number: no(number),
    }
}

pub(crate) fn transfer(name: &str, amount_yen: u64, company: u64) -> Transfer {
    Transfer {
        to: account(5, 10, AccountType::Ordinary, company % 10_000_000),
        payee: holder(name).unwrap().name,
        amount_yen,
        new_code: NewCode::Other,
        reference: Reference::Codes { first: Some(no(company)), second: Some(no(20_260_227)) },
    }
}

/// One requester who pays on 27 February.
pub(crate) fn head() -> Transfers {
    Transfers {
        requester: no(1_234_567_890),
        requester_name: holder("株式会社チョウバ").unwrap().name,
        pay_day: MonthDay::new(2, 27).unwrap(),
        from: account(1, 1, AccountType::Current, 7_654_321),
        transfers: Vec::new(),
    }
}

/// Three payouts: customer codes, none, and EDI information.
pub(crate) fn three() -> Transfers {
    let mut current = transfer("ギフショウテン合同会社", 9_999_999_999, 2);
    current.to.account_type = AccountType::Current;
    current.new_code = NewCode::First;
    current.reference = Reference::Codes { first: None, second: None };
    let mut edi = transfer("イワテ(イ)ドウ", 1, 3);
    edi.to.account_type = AccountType::Savings;
    edi.new_code = NewCode::Changed;
    edi.reference = Reference::Edi(zengin::kana::kana("セイキュウ-001").unwrap());
    Transfers {
        transfers: vec![transfer("株式会社アオモリ", 4_416, 270_212_122), current, edi], ..head()
    }
}

fn name(most: usize) -> impl Strategy<Value = zengin::Kana> {
    proptest::string::string_regex(&format!("[ｱ-ﾝﾞA-Z0-9().-][ｱ-ﾝﾞﾟA-Z0-9 ().-]{{0,{}}}", most - 1))
        .unwrap()
        .prop_map(|text| zengin::kana::kana(&text).unwrap())
}

fn place(account_type: impl Strategy<Value = AccountType>) -> impl Strategy<Value = Account> {
    let bank_names = "[ｱ-ﾝﾞA-Z0-9 -]{0,15}";
    (0..10_000_u64, bank_names, 0..1_000_u64, bank_names, account_type, 0..10_000_000_u64).prop_map(
        |(bank, bank_text, branch, branch_text, account_type, number)| Account {
            bank: no(bank),
            bank_name: bank_name(&bank_text).unwrap(),
            branch: no(branch),
            branch_name: bank_name(&branch_text).unwrap(),
            account_type,
            number: no(number),
        },
    )
}

fn any_reference() -> impl Strategy<Value = Reference> {
    let code = || proptest::option::of((0..10_000_000_000_u64).prop_map(no));
    prop_oneof![
        (code(), code()).prop_map(|(first, second)| Reference::Codes { first, second }),
        name(20).prop_map(Reference::Edi),
    ]
}

fn any_transfer() -> impl Strategy<Value = Transfer> {
    let new_code = prop_oneof![Just(NewCode::First), Just(NewCode::Changed), Just(NewCode::Other)];
    let to = place(proptest::sample::select(&AccountType::ALL[..]));
    (to, name(30), 1..10_000_000_000_u64, new_code, any_reference()).prop_map(
        |(to, payee, amount_yen, new_code, reference)| Transfer {
            to,
            payee,
            amount_yen,
            new_code,
            reference,
        },
    )
}

pub(crate) fn any_transfers() -> impl Strategy<Value = Transfers> {
    let from = place(proptest::sample::select(vec![
        AccountType::Ordinary,
        AccountType::Current,
        AccountType::Other,
    ]));
    let day = (1..=12_u8, 1..=31_u8).prop_filter_map("a day", |(month, day)| MonthDay::new(month, day));
    let transfers = proptest::collection::vec(any_transfer(), 1..12);
    (0..10_000_000_000_u64, name(40), day, from, transfers).prop_map(
        |(requester, requester_name, pay_day, from, transfers)| Transfers {
            requester: no(requester),
            requester_name,
            pay_day,
            from,
            transfers,
        },
    )
}

pub(crate) fn any_file() -> impl Strategy<Value = File> {
    let line_end = prop_oneof![Just(LineEnd::None), Just(LineEnd::CrLf)];
    let end_mark = prop_oneof![Just(EndMark::None), Just(EndMark::Sub)];
    (proptest::collection::vec(any_transfers(), 1..4), line_end, end_mark)
        .prop_map(|(groups, line_end, end_mark)| File { groups, line_end, end_mark })
}
