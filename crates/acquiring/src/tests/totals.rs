//! A day's totals on real databases, over a real line to a network that answers as it is told.

use super::network::Act;
use super::*;
use crate::cases::rows::{self as case_rows, Case, CaseState};
use crate::cases::{Action, Kind as Case_};
use crate::refund::path::Giver;
use crate::totals::{Standing, rows};
use center_base::Scope;
use iso8583::totals::{Count, Totals};
use iso8583::{Message, Mti};
use jiff::civil::Date;

fn count(number: u64, yen: u64) -> Count {
    Count { number, yen }
}

impl Center {
    async fn gives_back(&self, refund: PaymentId, of: PaymentId, yen: i64) -> StateName {
        let wanted = super::refunds::wanted(refund, of, yen);
        self.acquiring.give_back(Giver::Terminal(by()), wanted).await.unwrap().state
    }

    async fn day(&self, on: &str) -> Option<rows::Day> {
        let on: Date = on.parse().unwrap();
        self.acquiring.totals_by_hand(on).await.unwrap().day
    }

    async fn totals_cases(&self) -> Vec<Case> {
        let all = self.base.read(|tx| Ok(case_rows::list(tx, T, &Scope::Tenant, (None, None), 100)?)).await;
        all.unwrap().into_iter().filter(|case| case.kind == Case_::TotalsDiffer).collect()
    }
}

/// The messages of the 0500 family that came, in order.
async fn asked(network: &Network) -> Vec<Message> {
    let all = network.seen(0).await;
    all.into_iter().filter(|message| message.mti().class() == iso8583::Class::Reconciliation).collect()
}

async fn mtis(network: &Network) -> Vec<String> {
    asked(network).await.iter().map(|message| message.mti().to_string()).collect()
}

/// ¥880 that stays, ¥1,000 that is voided, ¥500 that is refused, ¥700 that nobody answered for and that was
/// reversed.
async fn a_day(center: &Center, network: &Network) -> Totals {
    assert_eq!(center.paid(ask(id(1), 880)).await.state, StateName::Approved);
    assert_eq!(center.paid(ask(id(2), 1_000)).await.state, StateName::Approved);
    assert_eq!(center.gives_back(id(12), id(2), 1_000).await, StateName::Approved);
    network.requests([Act::Say("05")]);
    assert_eq!(center.paid(ask(id(3), 500)).await.state, StateName::Declined);
    network.requests([Act::Garbage]);
    let paying = center.pay(ask(id(4), 700));
    network.seen(5).await;
    center.base.clock.advance(seconds(25));
    assert_eq!(paying.await.unwrap().unwrap().state, StateName::InDoubt);
    while center.worker.drain().await.unwrap() > 0 {}
    assert_eq!(center.state(id(4)).await, StateName::Reversed);
    Totals { debits: count(2, 1_880), debit_reversals: count(1, 1_000), ..Totals::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_agrees_is_asked_about_once_and_never_again() {
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        let totals = a_day(&center, &network).await;
        assert_eq!(center.acquiring.say_totals().await.unwrap(), 0, "the day is not over");
        assert!(center.acquiring.totals_by_hand("2026-11-21".parse().unwrap()).await.is_err());
        db.clock.advance(Duration::from_hours(24));
        for owed in [1, 0, 0] {
            assert_eq!(center.acquiring.say_totals().await.unwrap(), owed);
        }
        let said = asked(&network).await;
        assert_eq!((said.len(), said[0].mti()), (1, Mti::RECONCILIATION_REQUEST));
        assert_eq!((said[0].text(15), said[0].totals()), (Some("1121"), Ok(totals)));
        let day = center.day("2026-11-21").await.unwrap();
        assert_eq!((day.standing, day.ours, day.theirs), (Standing::InBalance, totals, None));
        assert_eq!(mtis(&network).await, ["0500"], "not even by hand");
        assert_eq!(center.totals_cases().await, []);
        // A return counts on its own day, and a day without anything is told as well.
        assert_eq!(center.gives_back(id(11), id(1), 880).await, StateName::Approved);
        db.clock.advance(Duration::from_hours(48));
        assert_eq!(center.acquiring.say_totals().await.unwrap(), 2);
        let said = asked(&network).await;
        let day = |message: &Message| (message.text(15).unwrap().to_owned(), message.totals().unwrap());
        let back = Totals { credits: count(1, 880), ..Totals::default() };
        assert_eq!(day(&said[1]), ("1122".to_owned(), back));
        assert_eq!(day(&said[2]), ("1123".to_owned(), Totals::default()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_does_not_answer_is_asked_the_same_again_until_it_does() {
    // Silence, an answer that cannot be read, a network that is out of order; then a new process.
    for (db, network) in each().await {
        let mut center = Center::start(&db, &network.address, "a-1");
        let totals = a_day(&center, &network).await;
        db.clock.advance(Duration::from_hours(24));
        for act in [Act::Silent, Act::Garbage, Act::Say("96")] {
            let before = network.mtis().len();
            network.requests([act]);
            let acquiring = center.acquiring.clone();
            let saying = tokio::spawn(async move { acquiring.say_totals().await });
            network.seen(before + 1).await;
            db.clock.advance(seconds(20));
            assert_eq!(saying.await.unwrap().unwrap(), 1);
            let day = center.base.read(|tx| Ok(rows::load(tx, T, ("card", "2026-11-21"))?)).await.unwrap();
            assert_eq!(day.map(|day| day.standing), Some(Standing::Asking));
        }
        drop(center);
        center = Center::start(&db, &network.address, "b-1");
        assert_eq!(center.acquiring.say_totals().await.unwrap(), 1);
        let said = asked(&network).await;
        assert_eq!(mtis(&network).await, ["0500", "0501", "0501", "0501"]);
        assert!(
            said.iter().all(|message| message.totals() == Ok(totals) && message.text(11) == said[0].text(11))
        );
        assert_eq!(center.day("2026-11-21").await.unwrap().standing, Standing::InBalance);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_difference_is_one_case_that_a_person_or_a_later_agreement_ends_and_moves_no_money() {
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        let totals = a_day(&center, &network).await;
        let others = Totals { debits: count(3, 2_580), ..totals };
        db.clock.advance(Duration::from_hours(24));
        network.totals([others, others]);
        assert_eq!(center.acquiring.say_totals().await.unwrap(), 1);
        let cases = center.totals_cases().await;
        assert_eq!(cases.len(), 1);
        let case = &cases[0];
        assert_eq!(
            (case.subject.as_str(), case.state, case.yen),
            ("card@2026-11-21", CaseState::Open, Some(700))
        );
        assert_eq!(case.kind.action(), Action::ReadFile);
        assert_eq!(case.evidence["center"]["totals"]["sales"]["yen"], 1_880);
        assert_eq!(case.evidence["network"]["totals"]["sales"]["count"], 3);
        let transfers = [center.transfers(id(1)).await.len(), center.transfers(id(4)).await.len()];
        assert_eq!(center.acquiring.say_totals().await.unwrap(), 0, "by itself it asks once");
        assert_eq!(center.day("2026-11-21").await.unwrap().standing, Standing::OutOfBalance);
        assert_eq!(center.totals_cases().await.len(), 1, "the same case");
        assert_eq!(center.day("2026-11-21").await.unwrap().standing, Standing::InBalance);
        assert_eq!(center.totals_cases().await[0].state, CaseState::Cleared);
        let said = asked(&network).await;
        assert_eq!(mtis(&network).await, ["0500", "0500", "0500"]);
        assert_ne!(said[0].text(11), said[1].text(11), "a new question has a new name");
        assert_eq!([center.transfers(id(1)).await.len(), center.transfers(id(4)).await.len()], transfers);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_doubt_at_midnight_is_told_without_and_asked_about_when_it_is_known() {
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        assert_eq!(center.paid(ask(id(1), 880)).await.state, StateName::Approved);
        assert_eq!(center.paid(signed_ask(id(2), 1_200)).await.state, StateName::Authorized);
        network.requests([Act::Silent]);
        let paying = center.pay(ask(id(3), 700));
        network.seen(3).await;
        db.clock.advance(Duration::from_hours(24));
        assert_eq!(paying.await.unwrap().unwrap().state, StateName::InDoubt);
        network.advices([Act::Silent]);
        let acquiring = center.acquiring.clone();
        let saying = tokio::spawn(async move { acquiring.say_totals().await });
        network.seen(4).await;
        db.clock.advance(seconds(20));
        assert_eq!(saying.await.unwrap().unwrap(), 1);
        assert_eq!(center.acquiring.say_totals().await.unwrap(), 1, "0521 until 0530");
        assert_eq!(center.acquiring.say_totals().await.unwrap(), 0, "the day waits");
        let known = Totals { debits: count(1, 880), ..Totals::default() };
        let said = asked(&network).await;
        assert_eq!(mtis(&network).await, ["0520", "0521"]);
        assert!(said.iter().all(|message| message.totals() == Ok(known)));
        while center.worker.drain().await.unwrap() > 0 {}
        assert_eq!(center.state(id(3)).await, StateName::Reversed);
        assert_eq!(center.acquiring.say_totals().await.unwrap(), 0, "the hold is still open");
        center.complete(id(2)).await.unwrap();
        assert_eq!(center.acquiring.say_totals().await.unwrap(), 0, "its completion is not acknowledged");
        while center.worker.drain().await.unwrap() > 0 {}
        assert_eq!(center.acquiring.say_totals().await.unwrap(), 1);
        let last = asked(&network).await.pop().unwrap();
        let all = Totals { debits: count(2, 2_080), ..Totals::default() };
        assert_eq!((last.mti(), last.totals()), (Mti::RECONCILIATION_REQUEST, Ok(all)));
        assert_eq!(center.day("2026-11-21").await.unwrap().standing, Standing::InBalance);
    }
}

#[test]
fn a_day_is_counted_by_its_index() {
    let db = store::testing::sqlite(&migrations());
    for sql in [rows::PAYMENTS, rows::REFUNDS] {
        let plan = db.read_blocking(move |tx| {
            let explained = format!("EXPLAIN QUERY PLAN {sql}");
            tx.query_all(&explained, store::params![T, "2026-11-21"], |row| Ok(row.text(3)?.to_owned()))
        });
        let plan: Vec<String> = plan.unwrap();
        assert!(plan[0].contains("(tenant=? AND business_date=? AND "), "{plan:?}");
    }
}
