//! A day's totals at the network: what counts, on which day, and what is answered (contract, section 9).

use super::tables;
use super::tests::{Bench, code};
use crate::testing::Try;
use iso8583::totals::{Count, Settlement, Totals};
use iso8583::{Message, Mti};
use store::params;

/// The totals of the day of these tests, 11/21.
fn asked(mti: &str, totals: &Totals) -> Message {
    let mut message = Message::new(Mti::parse(mti).unwrap());
    message.set(7, "1121150000").unwrap().set_number(11, 900).unwrap().set(15, "1121").unwrap();
    message.set(50, "392").unwrap().set_totals(totals).unwrap();
    message
}

fn count(number: u64, yen: u64) -> Count {
    Count { number, yen }
}

/// A charge, a charge that was voided, one that was reversed, one that was refused, and a return.
async fn day(bench: &mut Bench) -> Totals {
    let request = |rrn, amount| Try { rrn, amount, ..Try::default() };
    let [stays, voided, reversed] =
        [request(1, 880), request(2, 1_000), request(3, 500)].map(|asked| bench.terminal.request(&asked));
    for message in [&stays, &voided, &reversed] {
        assert_eq!(code(&bench.ask(message).await), "00");
    }
    assert_eq!(bench.pay(Try { card: "lost", rrn: 4, ..Try::default() }).await, "41");
    let void = bench.terminal.void("0400", &voided, None);
    assert_eq!(code(&bench.ask(&void).await), "00");
    assert_eq!(bench.advise("0420", &reversed).await, "00");
    let back = bench.terminal.give_back(5, 80, &stays, None);
    assert_eq!(code(&bench.ask(&back).await), "00");
    Totals {
        credits: count(1, 80),
        debits: count(2, 1_880),
        debit_reversals: count(1, 1_000),
        ..Totals::default()
    }
}

#[tokio::test]
async fn totals_that_are_those_of_the_book_are_in_balance_however_often_they_are_said() {
    let mut bench = Bench::new();
    let totals = day(&mut bench).await;
    for mti in ["0500", "0501", "0501"] {
        let answer = bench.ask(&asked(mti, &totals)).await;
        assert_eq!(answer.mti().to_string(), "0510");
        assert_eq!((code(&answer).as_str(), answer.settlement()), ("00", Ok(Settlement::InBalance)));
        assert_eq!((answer.text(11), answer.text(15)), (Some("000900"), Some("1121")));
        assert!(!answer.has(97), "only what differs is told");
    }
}

#[tokio::test]
async fn totals_that_differ_are_answered_with_the_networks_own() {
    let mut bench = Bench::new();
    let own = day(&mut bench).await;
    let others = [
        Totals::default(),
        Totals { debits: count(3, 2_380), ..own },
        Totals { credit_reversals: count(1, 80), ..own },
        Totals { debits: count(2, 1_881), ..own },
    ];
    for totals in others {
        let answer = bench.ask(&asked("0500", &totals)).await;
        assert_eq!(answer.settlement(), Ok(Settlement::OutOfBalance));
        assert_eq!(answer.totals(), Ok(own));
    }
}

#[tokio::test]
async fn totals_as_they_stand_are_only_acknowledged() {
    let mut bench = Bench::new();
    day(&mut bench).await;
    for mti in ["0520", "0521"] {
        let answer = bench.ask(&asked(mti, &Totals::default())).await;
        assert_eq!((answer.mti().to_string().as_str(), code(&answer).as_str()), ("0530", "00"));
        assert!(!answer.has(66) && !answer.has(97));
    }
}

#[tokio::test]
async fn an_ordered_difference_is_one_yen() {
    let mut bench = Bench::new();
    let own = day(&mut bench).await;
    let forced = Some(super::step::Forced::OtherTotals);
    let answer = bench.ask_forced(&asked("0500", &own), forced).await;
    assert_eq!(answer.settlement(), Ok(Settlement::OutOfBalance));
    assert_eq!(answer.totals().unwrap().debits, count(2, 1_881));
}

#[tokio::test]
async fn what_was_asked_for_on_the_day_before_counts_there_even_when_it_comes_after_midnight() {
    let mut bench = Bench::new();
    let mut late = bench.terminal.request(&Try::default());
    late.set(12, "235959").unwrap().set(13, "1120").unwrap();
    assert_eq!(code(&bench.ask(&late).await), "00");
    let today = bench.ask(&asked("0500", &Totals::default())).await;
    assert_eq!(today.settlement(), Ok(Settlement::InBalance));
    let mut before = asked("0500", &Totals { debits: count(1, 880), ..Totals::default() });
    before.set(15, "1120").unwrap();
    assert_eq!(bench.ask(&before).await.settlement(), Ok(Settlement::InBalance));
}

#[tokio::test]
async fn a_day_is_counted_by_its_index() {
    let bench = Bench::new();
    let plan = bench.host.db.read(|tx| {
        let explained = format!("EXPLAIN QUERY PLAN {}", tables::DAY);
        tx.query_all(&explained, params![tables::TENANT, "2026-11-21"], |row| Ok(row.text(3)?.to_owned()))
    });
    let plan: Vec<String> = plan.await.unwrap();
    assert!(
        plan[0].contains("SEARCH charge USING COVERING INDEX charge_by_day (tenant=? AND local_on=?)"),
        "{plan:?}"
    );
}
