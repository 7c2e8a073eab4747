//! Writing and reading: layout, options, groups, and everything that is refused.

use crate::samples::{any_file, any_transfers, head, no, three, transfer};
use expect_test::expect;
use proptest::prelude::*;
use zengin::kana::{bank_name, kana};
use zengin::{
    AccountType, EndMark, LineEnd, Options, Reference, Transfers, read, write, write_each, write_file,
};

/// The bytes as text, one record a line.
fn shown(bytes: &[u8]) -> String {
    let text: String = bytes
        .iter()
        .map(|byte| match byte {
            0xA1..=0xDF => char::from_u32(0xFF61 + u32::from(*byte) - 0xA1).unwrap(),
            _ => char::from(*byte),
        })
        .collect();
    let records: Vec<char> = text.chars().collect();
    let lines = records.chunks(120).map(|record| record.iter().collect::<String>().trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn three_payouts_are_written_as_banks_want_them() {
    // X-090
    let bytes = write(&three(), &Options::default()).unwrap();
    expect![[r"
        12101234567890ｶ)ﾁﾖｳﾊﾞ                                 02270001ﾐﾂﾋﾞｼUFJ       001ﾏﾙﾉｳﾁ          27654321
        20005ﾐﾂﾋﾞｼUFJ       010ﾏﾙﾉｳﾁ          000010212122ｶ)ｱｵﾓﾘ                        00000044160027021212200202602277
        20005ﾐﾂﾋﾞｼUFJ       010ﾏﾙﾉｳﾁ          000020000002ｷﾞﾌｼﾖｳﾃﾝ(ﾄﾞ                   99999999991                    7
        20005ﾐﾂﾋﾞｼUFJ       010ﾏﾙﾉｳﾁ          000040000003ｲﾜﾃ(ｲ)ﾄﾞｳ                     00000000012ｾｲｷﾕｳ-001           7Y
        8000003010000004416
        9"]].assert_eq(&shown(&bytes));
    assert_eq!(bytes.len(), 6 * 120);
}

#[test]
fn line_ends_and_end_mark_are_as_the_bank_wants_them() {
    // X-090
    let plain = write(&three(), &Options::default()).unwrap();
    let options = Options { line_end: LineEnd::CrLf, end_mark: EndMark::Sub, ..Options::default() };
    let whole = write(&three(), &options).unwrap();
    let lines: Vec<u8> =
        plain.chunks(120).flat_map(|record| [record, b"\r\n"].concat()).chain([0x1A]).collect();
    assert_eq!(whole, lines);
    let back = read(&whole).unwrap();
    assert_eq!((back.line_end, back.end_mark), (LineEnd::CrLf, EndMark::Sub));
    assert_eq!(back.groups, read(&plain).unwrap().groups);
}

#[test]
fn groups_hold_no_more_than_the_bank_takes_and_no_more_than_a_trailer_can_say() {
    // X-090
    let many = |count: u64, yen| Transfers {
        transfers: (1..=count).map(|company| transfer("アイ", yen, company)).collect(),
        ..head()
    };
    let sizes = |transfers: &Transfers, group_most| {
        let bytes = write(transfers, &Options { group_most, ..Options::default() }).unwrap();
        let groups = read(&bytes).unwrap().groups;
        groups.iter().map(|group| group.transfers.len()).collect::<Vec<_>>()
    };
    assert_eq!(sizes(&many(10, 1), 4), [4, 4, 2]);
    assert_eq!(sizes(&many(8, 1), 4), [4, 4]);
    assert_eq!(sizes(&many(1, 1), 1), [1]);
    assert_eq!(sizes(&many(10_000, 1), 9_999), [9_999, 1]);
    // A hundred times the largest amount is the last sum of twelve digits.
    assert_eq!(sizes(&many(101, 9_999_999_999), 9_999), [100, 1]);

    let options = Options { group_most: 4, ..Options::default() };
    let each = write_each(&many(10, 1), &options).unwrap();
    let lengths: Vec<usize> = each.iter().map(|file| read(file).unwrap().groups[0].transfers.len()).collect();
    assert_eq!(lengths, [4, 4, 2]);
    assert!(each.iter().all(|file| read(file).unwrap().groups.len() == 1));
}

#[test]
fn everything_unfit_is_listed_before_a_byte_is_written() {
    let mut bad = Transfers {
        transfers: vec![
            transfer("アイ", 0, 1),
            transfer("アイ", 10_000_000_000, 2),
            transfer("アイ", 1, 3),
            transfer("アイウ", 1, 3),
            transfer("アイ", 1, 4),
            transfer("アイ", 1, 5),
        ],
        ..head()
    };
    bad.from.account_type = AccountType::Savings;
    bad.requester_name = kana("").unwrap();
    bad.from.bank_name = kana("ア.イ").unwrap();
    bad.transfers[4].payee = kana(&"ア".repeat(31)).unwrap();
    bad.transfers[4].to.branch_name = bank_name(&"ア".repeat(16)).unwrap();
    bad.transfers[5].reference = Reference::Edi(kana(&"ア".repeat(21)).unwrap());
    let list =
        |found: Vec<zengin::Unfit>| found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    expect![[r"
        a savings account cannot pay
        requester is empty
        '.' may not stand in requester's bank name
        transfer 1: 0 yen is not from 1 to 9999999999
        transfer 2: 10000000000 yen is not from 1 to 9999999999
        transfer 4: the same as transfer 3
        transfer 5: payee has too many bytes
        transfer 5: branch name has too many bytes
        transfer 6: EDI information has too many bytes"]]
    .assert_eq(&list(write(&bad, &Options::default()).unwrap_err()));
    expect!["no transfer"].assert_eq(&list(write(&head(), &Options::default()).unwrap_err()));
    for group_most in [0, 1_000_000] {
        assert!(write(&three(), &Options { group_most, ..Options::default() }).is_err());
    }
    // What stands twice does so across files as well.
    let twice = Transfers { transfers: vec![transfer("アイ", 1, 3), transfer("アイ", 1, 3)], ..head() };
    let one_each = Options { group_most: 1, ..Options::default() };
    expect!["transfer 2: the same as transfer 1"]
        .assert_eq(&list(write_each(&twice, &one_each).unwrap_err()));
}

#[test]
fn one_company_may_be_paid_twice_when_its_codes_differ() {
    let mut other = transfer("アイ", 1, 3);
    other.reference = Reference::Codes { first: Some(no(4)), second: Some(no(20_260_227)) };
    let both = Transfers { transfers: vec![transfer("アイ", 1, 3), other], ..head() };
    assert!(write(&both, &Options::default()).is_ok());
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_the_same(file in any_file()) {
        // X-091: two transfers from a seed may be the same; that is refused and not written.
        if let Ok(bytes) = write_file(&file) {
            prop_assert_eq!(read(&bytes), Ok(file));
        }
    }

    #[test]
    fn no_transfer_is_lost_between_groups(transfers in any_transfers(), group_most in 1..5_usize) {
        if let Ok(bytes) = write(&transfers, &Options { group_most, ..Options::default() }) {
            let groups = read(&bytes).unwrap().groups;
            let all: Vec<_> = groups.into_iter().flat_map(|group| group.transfers).collect();
            prop_assert_eq!(all, transfers.transfers);
        }
    }

    #[test]
    fn any_bytes_are_refused_or_are_a_file(bytes in proptest::collection::vec(any::<u8>(), 0..800)) {
        prop_assert!(read(&bytes).is_err());
    }
}
