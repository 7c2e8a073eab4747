//! The returned file: table tests of line and reason, round trip, damage (X-093).

use crate::samples::no;
use proptest::prelude::*;
use zengin::AccountType;
use zengin::returned::{Reason, Returned, ReturnedFile, read, write};

const GOOD: &str = "CHOBA-RETURNED-FILE\t1\t20260227-1\t2026-03-02\n\
    R\t0001\t001\t1\t1234567\t4416\t0270212122\t0020260227\t3\n\
    R\t0005\t010\t2\t0000002\t10\t\t\t9\n\
    E\t2\t4426\n";

#[test]
fn a_returned_file_is_read_as_it_is_documented() {
    let file = read(GOOD.as_bytes()).unwrap();
    assert_eq!((file.bank_file.as_str(), file.on), ("20260227-1", jiff::civil::date(2026, 3, 2)));
    assert_eq!(
        file.returned[0],
        Returned {
            bank: no(1),
            branch: no(1),
            account_type: AccountType::Ordinary,
            account: no(1_234_567),
            amount_yen: 4_416,
            first: Some(no(270_212_122)),
            second: Some(no(20_260_227)),
            reason: Reason::Closed,
        }
    );
    assert_eq!(write(&file), GOOD);
}

#[test]
fn the_example_of_the_paper_is_a_returned_file() {
    let paper = include_str!("../../../../docs/networks/returned-file.md");
    let example = paper.split("```\n").nth(1).unwrap();
    assert_eq!(write(&read(example.as_bytes()).unwrap()), example);
}

#[test]
fn a_bad_file_is_refused_whole_with_line_and_reason() {
    let one = "R\t0001\t001\t1\t1234567\t4416\t0270212122\t0020260227\t3\n";
    for (from, to, says) in [
        (
            "CHOBA-RETURNED-FILE\t1",
            "CHOBA-RETURNED-FILE\t2",
            "line 1: does not begin with CHOBA-RETURNED-FILE and version 1",
        ),
        ("CHOBA", "\u{FEFF}CHOBA", "line 1: does not begin with CHOBA-RETURNED-FILE and version 1"),
        ("\t2026-03-02", "", "line 1: has a wrong number of fields"),
        ("\t2026-03-02", "\t2026-02-30", "line 1: date is not written as it must be"),
        ("\t2026-03-02", "\t20260302", "line 1: date is not written as it must be"),
        ("20260227-1", "2026 02", "line 1: bank file number is not written as it must be"),
        ("R\t0001", "R\t1", "line 2: bank is not written as it must be"),
        ("\t001\t1", "\t01\t1", "line 2: branch is not written as it must be"),
        ("\t001\t1", "\t001\t3", "line 2: account type is not written as it must be"),
        ("1234567", "123456", "line 2: account is not written as it must be"),
        ("4416", "04416", "line 2: amount is not written as it must be"),
        ("4416", "0", "line 2: amount is not written as it must be"),
        ("4416", "10000000000", "line 2: amount is not written as it must be"),
        ("0270212122", "270212122", "line 2: customer code 1 is not written as it must be"),
        ("0020260227", "20260227  ", "line 2: customer code 2 is not written as it must be"),
        ("\t3\n", "\t4\n", "line 2: reason is not written as it must be"),
        ("\t3\n", "\n", "line 2: has a wrong number of fields"),
        ("\t3\n", "\t3\t\n", "line 2: has a wrong number of fields"),
        ("R\t0005", "P\t0005", "line 3: begins with neither R nor E"),
        ("\t3\n", "\t3\n\n", "line 3: begins with neither R nor E"),
        ("R\t0005\t010\t2\t0000002\t10\t\t\t9\n", one, "line 3: is the same transfer as line 2"),
        ("E\t2\t4426", "E\t3\t4426", "line 4: 2 lines were counted"),
        ("E\t2\t4426", "E\t2\t4427", "line 4: the amounts add up to 4426"),
        ("E\t2\t4426", "E\t02\t4426", "line 4: count is not written as it must be"),
        ("E\t2\t4426", "E\t2", "line 4: has a wrong number of fields"),
        ("E\t2\t4426\n", "", "line 4: the file ends without its last line"),
        ("E\t2\t4426\n", "E\t2\t4426", "line 4: does not end with a line feed"),
        ("E\t2\t4426\n", "E\t2\t4426\nE\t2\t4426\n", "line 5: stands behind the last line"),
        ("\t9\nE", "\t9\r\nE", "line 3: reason is not written as it must be"),
    ] {
        assert!(GOOD.contains(from), "{from:?}");
        let bad = GOOD.replacen(from, to, 1);
        assert_eq!(read(bad.as_bytes()).map_err(|bad| bad.to_string()), Err(says.to_owned()), "{to:?}");
    }
    let says = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
    assert_eq!(says(b""), "line 1: does not begin with CHOBA-RETURNED-FILE and version 1");
    assert_eq!(
        says(b"CHOBA-RETURNED-FILE\t1\t1\t2026-03-02\nE\t0\t0\n"),
        "line 2: there is no returned transfer"
    );
    assert_eq!(says(b"CHOBA-RETURNED-FILE\t1\t1\t2026-03-02\nR\t\xFF\n"), "line 2: is not UTF-8");
}

#[test]
fn every_byte_damaged_is_refused_or_means_what_it_says() {
    for offset in 0..GOOD.len() {
        for value in 0..=u8::MAX {
            let mut bytes = GOOD.as_bytes().to_vec();
            bytes[offset] = value;
            if let Ok(file) = read(&bytes) {
                assert_eq!(write(&file).as_bytes(), bytes);
            }
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_the_same(
        rows in proptest::collection::vec((0..10_000_u64, 0..1_000_u64, 0..4_usize, 1..10_000_000_000_u64, 0..4_usize), 1..20),
        number in "[A-Za-z0-9-]{1,40}",
    ) {
        let returned: Vec<Returned> = rows.iter().zip(1..).map(|((bank, branch, kind, amount_yen, reason), nth)| Returned {
            bank: no(*bank),
            branch: no(*branch),
            account_type: AccountType::ALL[*kind],
            account: no(nth),
            amount_yen: *amount_yen,
            first: (nth % 2 == 0).then(|| no(nth)),
            second: (nth % 3 == 0).then(|| no(nth)),
            reason: Reason::ALL[*reason],
        }).collect();
        let file = ReturnedFile { bank_file: number, on: jiff::civil::date(2026, 3, 2), returned };
        prop_assert_eq!(read(write(&file).as_bytes()), Ok(file));
    }

    #[test]
    fn any_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(read(&bytes).is_err());
    }
}
