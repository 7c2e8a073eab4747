//! Voids and returns, each with its book: what is given back, what is refused, what rests.

use super::tests::{Bench, code};
use crate::export;
use crate::faults::FileTrouble;
use crate::host::tables;
use crate::testing::Try;
use expect_test::expect;
use iso8583::Message;
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

async fn sold(bench: &mut Bench, asked: Try<'_>) -> Message {
    let message = bench.terminal.request(&asked);
    assert_eq!(code(&bench.ask(&message).await), "00");
    message
}

#[tokio::test]
async fn a_void_gives_the_whole_back_once_and_says_so_again() {
    let mut bench = Bench::new();
    let sale = sold(&mut bench, Try::default()).await;
    for mti in ["0400", "0401", "0401"] {
        let void = bench.terminal.void(mti, &sale, None);
        let answer = bench.ask(&void).await;
        assert_eq!((code(&answer).as_str(), answer.text(15)), ("00", Some("1121")), "{mti}");
    }
    // Neither a reversal nor the late original changes what was voided.
    assert_eq!(bench.advise("0420", &sale).await, "00");
    assert_eq!(code(&bench.ask(&sale).await), "94");
    expect![[r"
        1 sale ¥880 411111******1111 voided 00 approval code: approved
    "]]
    .assert_eq(&bench.book().await);
}

#[tokio::test]
async fn a_void_is_refused_on_another_day_and_for_another_amount_or_nothing() {
    let mut bench = Bench::new();
    let sale = sold(&mut bench, Try::default()).await;
    let mut wrong = bench.terminal.void("0400", &sale, None);
    wrong.set_number(4, 879).unwrap();
    assert_eq!(code(&bench.ask(&wrong).await), "13");
    let never = bench.terminal.request(&Try { rrn: 9, ..Try::default() });
    let void = bench.terminal.void("0400", &never, None);
    assert_eq!(code(&bench.ask(&void).await), "12");
    bench.host.clock.advance(DAY);
    let void = bench.terminal.void("0400", &sale, None);
    assert_eq!(code(&bench.ask(&void).await), "12", "the day is over: a return");
    let back = bench.terminal.give_back(2, 880, &sale, None);
    assert_eq!(code(&bench.ask(&back).await), "00");
}

#[tokio::test]
async fn returns_never_add_up_to_more_than_was_paid() {
    let mut bench = Bench::new();
    let sale = sold(&mut bench, Try { amount: 1_000, ..Try::default() }).await;
    let mut said = Vec::new();
    for (rrn, amount) in [(2, 600), (3, 600), (4, 400), (5, 1)] {
        let back = bench.terminal.give_back(rrn, amount, &sale, None);
        said.push(code(&bench.ask(&back).await));
    }
    assert_eq!(said, ["00", "61", "00", "61"]);
    let void = bench.terminal.void("0400", &sale, None);
    assert_eq!(code(&bench.ask(&void).await), "12", "a part was given back before");
    assert_eq!(bench.advise("0420", &sale).await, "30");
    let book = export::charges(bench.host.db.read(tables::all).await.unwrap());
    assert_eq!((book.charged_yen, book.refunded_yen, book.net_yen), (1_000, 1_000, 0));
    assert_eq!((book.charges.len(), book.returns.len()), (1, 4));
    assert_eq!(book.charges[0].given_back.get(), 1_000);
}

#[tokio::test]
async fn the_days_file_has_a_line_for_each_return_and_says_which_payments_were_voided() {
    // docs/networks/network-file.md
    let mut bench = Bench::new();
    let sale = sold(&mut bench, Try { amount: 1_000, ..Try::default() }).await;
    let back = bench.terminal.give_back(2, 600, &sale, None);
    assert_eq!(code(&bench.ask(&back).await), "00");
    let other = sold(&mut bench, Try { amount: 500, rrn: 3, ..Try::default() }).await;
    let void = bench.terminal.void("0400", &other, None);
    assert_eq!(code(&bench.ask(&void).await), "00");
    let entries = bench.host.db.read(tables::all).await.unwrap();
    let day = clock::business_date(entries[0].first_at);
    let file = export::network_file(&entries, day, FileTrouble::default());
    let lines: Vec<&str> = file.lines().collect();
    assert_eq!(lines[0], format!("CHOBA-NETWORK-FILE\t2\tcard\t{day}"));
    assert_eq!(lines.last(), Some(&"E\t3\t1000\t600"));
    let has = |mark: char, end: &str| lines.iter().any(|line| line.starts_with(mark) && line.contains(end));
    assert!(has('P', "\t1000\tcharged\t") && has('P', "\t500\tvoided\t"), "{file}");
    assert!(has('R', "\t600\trefunded"), "{file}");
    // Ordered trouble: the count and the sums of the last line follow.
    for (trouble, end) in [
        (FileTrouble { missing: true, ..FileTrouble::default() }, "E\t2\t0\t600"),
        (FileTrouble { extra: true, ..FileTrouble::default() }, "E\t4\t1777\t600"),
        (FileTrouble { amount: true, ..FileTrouble::default() }, "E\t3\t1001\t600"),
        (FileTrouble { missing: true, extra: true, amount: true }, "E\t3\t777\t600"),
    ] {
        let file = export::network_file(&entries, day, trouble);
        assert_eq!(file.lines().last(), Some(end), "{trouble:?}\n{file}");
    }
}

#[tokio::test]
async fn a_return_in_doubt_is_undone_by_its_reversal_and_a_late_copy_stays_refused() {
    let mut bench = Bench::new();
    let sale = sold(&mut bench, Try::default()).await;
    let back = bench.terminal.give_back(2, 880, &sale, None);
    let first = bench.ask(&back).await;
    assert_eq!(bench.ask(&back).await, first, "the same return again");
    let other = bench.terminal.give_back(2, 1, &sale, None);
    assert_eq!(code(&bench.ask(&other).await), "94", "the same name with another amount");
    let mut reversal = bench.terminal.advice("0420", &back);
    reversal.set(3, "200000").unwrap();
    assert_eq!(code(&bench.ask(&reversal).await), "00");
    assert_eq!(code(&bench.ask(&back).await), "94");
    // One that is overtaken by its reversal gives nothing back.
    let late = bench.terminal.give_back(3, 880, &sale, None);
    let mut reversal = bench.terminal.advice("0420", &late);
    reversal.set(3, "200000").unwrap();
    assert_eq!(code(&bench.ask(&reversal).await), "00");
    assert_eq!(code(&bench.ask(&late).await), "94");
    let again = bench.terminal.give_back(4, 880, &sale, None);
    assert_eq!(code(&bench.ask(&again).await), "00", "nothing of the undone returns counts");
    expect![[r"
        1 sale ¥880 411111******1111 charged 00 approval code: approved
        2 return ¥880 411111******1111 reversed 00 -: given back
        3 unknown ¥880 - tombstone  -: reversed before it came, reason 68
        4 return ¥880 411111******1111 refunded 00 -: given back
    "]]
    .assert_eq(&bench.book().await);
}

#[tokio::test]
async fn a_unionpay_card_is_read_again_and_no_other_card_is_taken_for_it() {
    // 506
    let mut bench = Bench::new();
    let sale = sold(&mut bench, Try { card: "lump", ..Try::default() }).await;
    for (card, answer) in [(None, "14"), (Some("visa"), "14"), (Some("lump"), "00")] {
        let void = bench.terminal.void("0400", &sale, card);
        assert_eq!(code(&bench.ask(&void).await), answer, "{card:?}");
    }
    let visa = sold(&mut bench, Try { rrn: 2, ..Try::default() }).await;
    let back = bench.terminal.give_back(3, 880, &visa, Some("lump"));
    assert_eq!(code(&bench.ask(&back).await), "14", "a card that is read has to be the one that paid");
}

#[tokio::test]
async fn a_return_is_too_late_after_180_days_and_impossible_without_a_charge() {
    // X-022
    let mut bench = Bench::new();
    let sale = sold(&mut bench, Try::default()).await;
    let undone = sold(&mut bench, Try { rrn: 2, ..Try::default() }).await;
    bench.advise("0420", &undone).await;
    let back = bench.terminal.give_back(3, 880, &undone, None);
    assert_eq!(code(&bench.ask(&back).await), "12");
    let nothing = bench.terminal.give_back(4, 0, &sale, None);
    assert_eq!(code(&bench.ask(&nothing).await), "13");
    bench.host.clock.advance(DAY * 180);
    let back = bench.terminal.give_back(5, 80, &sale, None);
    assert_eq!(code(&bench.ask(&back).await), "00", "the last day");
    bench.host.clock.advance(DAY);
    let back = bench.terminal.give_back(6, 80, &sale, None);
    assert_eq!(code(&bench.ask(&back).await), "57");
}
