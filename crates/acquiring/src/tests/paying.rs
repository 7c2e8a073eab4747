//! One payment, with a network that answers in every way.

use super::network::{Act, Entry};
use super::*;
use codes::{MoneyTaken, api, pay};
use payment::PaymentClass;

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_is_prepared_on_both_engines() {
    for (db, _) in each().await {
        tokio::task::spawn_blocking(move || {
            store::prepare_all(&db, &[row::STATEMENTS, crate::cases::STATEMENTS].concat()).unwrap();
        })
        .await
        .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_is_posted_and_asking_again_is_asking_once() {
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        let view = center.paid(ask(id(1), 880)).await;
        assert_eq!((view.state, view.money_taken), (StateName::Approved, MoneyTaken::Yes));
        let slip = view.slip.unwrap();
        assert_eq!(
            (slip.order_code.as_str(), slip.approval_code.as_deref()),
            ("TSU3-0000001", Some("A12345"))
        );
        assert_eq!(view.host.unwrap().arc, "00");
        assert_eq!(center.transfers(id(1)).await, [Kind::Posted]);

        let again = center.paid(ask(id(1), 880)).await;
        assert_eq!(again.slip.unwrap().link, slip.link);
        assert_eq!(again.host.unwrap().arc, "00");
        assert_eq!(network.mtis(), ["0200"], "the network is asked once");
        assert_eq!(network.charged(), [880]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_id_with_other_content_is_refused() {
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        center.paid(ask(id(1), 880)).await;
        let mut other_class = ask(id(1), 880);
        other_class.class = PaymentClass::Installments(3);
        for other in [ask(id(1), 881), other_class] {
            assert_eq!(center.pay(other).await.unwrap().unwrap_err().code, api::ID_REUSED);
        }
        assert_eq!(network.mtis(), ["0200"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_id_in_flight_is_told_that_it_is_under_way() {
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        network.requests([Act::Hold]);
        let first = center.pay(ask(id(1), 880));
        network.seen(1).await;
        assert_eq!(center.paid(ask(id(1), 880)).await.state, StateName::Sent);
        network.let_go();
        assert_eq!(first.await.unwrap().unwrap().state, StateName::Approved);
        assert_eq!(network.charged(), [880]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_the_issuer_are_answers_and_take_no_money() {
    // 1.1.9; DE 39
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        let cases = [
            ("51", StateName::Declined, pay::OVER_CREDIT_LIMIT),
            ("55", StateName::Declined, pay::WRONG_PIN),
            ("43", StateName::Declined, pay::LOST_CARD),
            ("54", StateName::Declined, pay::EXPIRED_CARD),
            ("91", StateName::Failed, pay::CENTER_BUSY),
        ];
        network.requests(cases.map(|(code, _, _)| Act::Say(code)));
        for (number, (code, state, ours)) in (1..).zip(cases) {
            let view = center.paid(ask(id(number), 880)).await;
            assert_eq!((view.state, view.code), (state, Some(ours)), "{code}");
            assert_eq!(view.money_taken, MoneyTaken::No);
            assert_eq!(center.transfers(id(number)).await, []);
        }
        assert!(network.charged().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_contract_does_not_allow_is_refused_before_the_network_is_asked() {
    // 201, 207, E02, 991
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        let view = center.paid(ask(id(1), 500_001)).await;
        assert_eq!((view.state, view.code), (StateName::Declined, Some(pay::ABOVE_LIMIT)));
        let again = center.paid(ask(id(1), 500_001)).await;
        assert_eq!(again.code, Some(pay::ABOVE_LIMIT), "the same id is answered the same");
        assert!(network.mtis().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_network_ends_in_a_reversal() {
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        network.requests([Act::Silent]);
        let paying = center.pay(ask(id(1), 880));
        network.seen(1).await;
        db.clock.advance(seconds(25));
        let view = paying.await.unwrap().unwrap();
        assert_eq!((view.state, view.code), (StateName::InDoubt, Some(pay::NO_ANSWER)));
        assert_eq!(view.money_taken, MoneyTaken::Unknown);
        assert_eq!(network.charged(), [880], "the cardholder was charged");
        assert_eq!(center.worker.drain().await.unwrap(), 1);
        assert_eq!(center.state(id(1)).await, StateName::Reversed);
        assert_eq!(network.mtis(), ["0200", "0420"]);
        assert!(network.charged().is_empty(), "and is not any more");
        assert_eq!(center.events(id(1)).await, ["in_doubt", "acknowledged", "reversed"]);
        assert_eq!(center.transfers(id(1)).await, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_never_arrived_is_a_tombstone_at_the_network() {
    // docs/networks/card-iso8583.md 6.3
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        network.requests([Act::Ignore]);
        let paying = center.pay(ask(id(1), 880));
        network.seen(1).await;
        db.clock.advance(seconds(25));
        assert_eq!(paying.await.unwrap().unwrap().state, StateName::InDoubt);
        while center.worker.drain().await.unwrap() > 0 {}
        assert_eq!(center.state(id(1)).await, StateName::Reversed);
        assert_eq!(network.entry(&id(1).rrn()), Some(Entry::Undone), "a late original would be refused");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reversal_is_repeated_until_it_is_acknowledged() {
    // R4; 0421
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        network.requests([Act::Cut]);
        network.advices([Act::Say("96"), Act::Say("30"), Act::Garbage, Act::Say("00")]);
        assert_eq!(center.paid(ask(id(1), 880)).await.state, StateName::InDoubt);
        assert_eq!(center.worker.drain().await.unwrap(), 1);
        db.clock.advance(seconds(1));
        assert_eq!(center.worker.drain().await.unwrap(), 1);
        db.clock.advance(seconds(2));
        let silent = tokio::spawn({
            let worker = center.worker.clone();
            async move { worker.drain().await }
        });
        network.seen(4).await;
        assert_eq!(center.state(id(1)).await, StateName::InDoubt, "garbage acknowledges nothing");
        // The network still echoes, so what it did not acknowledge may be repeated without a pause.
        db.clock.advance(seconds(20));
        silent.await.unwrap().unwrap();
        db.clock.advance(seconds(4));
        center.worker.drain().await.unwrap();
        assert_eq!(center.state(id(1)).await, StateName::Reversed);
        assert_eq!(network.mtis(), ["0200", "0420", "0421", "0421", "0421"]);
        let wires = center.base.read(|tx| Ok(row::wires(tx, T, id(1))?)).await.unwrap();
        assert_eq!(wires.iter().map(|wire| wire.tries).collect::<Vec<_>>(), [1, 4]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_cannot_be_understood_is_a_doubt_and_never_a_refusal() {
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        network.requests([Act::Say("99"), Act::OtherAmount, Act::Cut]);
        for number in 1..=3 {
            let view = center.paid(ask(id(number), 880)).await;
            assert_eq!((view.state, view.money_taken), (StateName::InDoubt, MoneyTaken::Unknown), "{number}");
        }
        while center.worker.drain().await.unwrap() > 0 {}
        for number in 1..=3 {
            assert_eq!(center.state(id(number)).await, StateName::Reversed);
        }
        assert!(network.charged().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_or_repeated_answer_changes_nothing() {
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        network.requests([Act::Hold, Act::Twice]);
        let paying = center.pay(ask(id(1), 880));
        network.seen(1).await;
        db.clock.advance(seconds(25));
        assert_eq!(paying.await.unwrap().unwrap().state, StateName::InDoubt);
        while center.worker.drain().await.unwrap() > 0 {}
        network.let_go();
        assert_eq!(center.paid(ask(id(2), 500)).await.state, StateName::Approved, "the line lives on");
        assert_eq!(center.state(id(1)).await, StateName::Reversed);
        assert_eq!(network.charged(), [500]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_line_nothing_is_sent_and_nothing_is_taken() {
    // 901
    for (db, _) in each().await {
        let center = Center::start(&db, "127.0.0.1:1", "a-1");
        let paying = center.pay(ask(id(1), 880));
        while !paying.is_finished() {
            db.clock.advance(seconds(1));
            tokio::task::yield_now().await;
        }
        let view = paying.await.unwrap().unwrap();
        assert_eq!((view.state, view.code), (StateName::Failed, Some(pay::NO_CONNECTION)));
        assert_eq!(view.money_taken, MoneyTaken::No);
        assert_eq!(center.worker.drain().await.unwrap(), 0, "nothing to reverse");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_turns_the_hold_into_a_charge() {
    // 0100, 0220, 0221
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        let view = center.paid(signed_ask(id(1), 880)).await;
        assert_eq!((view.state, view.money_taken), (StateName::Authorized, MoneyTaken::No));
        assert_eq!(center.transfers(id(1)).await, [Kind::Pending]);
        network.advices([Act::Say("96")]);
        for _ in 0..2 {
            center.complete(id(1)).await.unwrap();
        }
        assert_eq!(center.state(id(1)).await, StateName::Approved);
        assert_eq!(center.transfers(id(1)).await, [Kind::Pending, Kind::PostPending]);
        assert_eq!(center.worker.drain().await.unwrap(), 1);
        assert!(center.row(id(1)).await.standing.advice.is_some(), "not yet acknowledged");
        db.clock.advance(seconds(1));
        assert_eq!(center.worker.drain().await.unwrap(), 1);
        assert_eq!(center.row(id(1)).await.standing.advice, None);
        assert_eq!(network.mtis(), ["0100", "0220", "0221"]);
        assert_eq!(network.charged(), [880]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorization_that_nobody_completes_is_given_back_after_thirty_minutes() {
    // M-028
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        center.paid(signed_ask(id(1), 880)).await;
        db.clock.advance(seconds(30 * 60 - 1));
        assert_eq!(center.acquiring.sweep().await.unwrap(), 0);
        db.clock.advance(seconds(1));
        assert_eq!(center.acquiring.sweep().await.unwrap(), 1);
        assert_eq!(center.state(id(1)).await, StateName::Released);
        assert_eq!(center.complete(id(1)).await.unwrap_err().code, api::WRONG_STATE);
        while center.worker.drain().await.unwrap() > 0 {}
        assert_eq!(center.transfers(id(1)).await, [Kind::Pending, Kind::ReleasePending]);
        assert_eq!(network.entry(&id(1).rrn()), Some(Entry::Undone));
        assert!(network.seen(2).await[1].text(39) == Some("17"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reversal_of_an_id_never_seen_refuses_the_late_original() {
    // model 3.3 rule 9
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        let payment = center.reverse(id(1), 880).await.unwrap();
        assert_eq!(payment.standing.state.name(), StateName::Reversed);
        let late = center.paid(ask(id(1), 880)).await;
        assert_eq!((late.state, late.money_taken), (StateName::Reversed, MoneyTaken::No));
        assert!(network.mtis().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reversal_in_flight_wins_over_the_approval_that_follows() {
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        network.requests([Act::Hold]);
        let paying = center.pay(ask(id(1), 880));
        network.seen(1).await;
        assert_eq!(center.reverse(id(1), 880).await.unwrap().standing.state.name(), StateName::InDoubt);
        network.let_go();
        assert_eq!(paying.await.unwrap().unwrap().state, StateName::InDoubt, "late, and not believed");
        while center.worker.drain().await.unwrap() > 0 {}
        assert_eq!(center.state(id(1)).await, StateName::Reversed);
        assert!(network.charged().is_empty());
        assert!(center.events(id(1)).await.contains(&"late_answer".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_that_the_card_refuses_is_voided_once_and_the_charge_undone() {
    // EMV Book 3, second GENERATE AC; E03
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        center.paid(ask(id(1), 880)).await;
        for _ in 0..2 {
            let payment = center.reverse_because(id(1), 880, pay::CRYPTOGRAM_REFUSED).await.unwrap();
            assert_eq!(
                (payment.shown_state(), payment.standing.state.name()),
                (StateName::Reversed, StateName::Approved)
            );
        }
        let view = center.paid(ask(id(1), 880)).await;
        assert_eq!((view.state, view.money_taken, view.slip), (StateName::Reversed, MoneyTaken::No, None));
        while center.worker.drain().await.unwrap() > 0 {}
        assert_eq!(network.mtis(), ["0200", "0420"]);
        assert!(network.charged().is_empty());
        let balances = center.base.read(|tx| Ok(books::balances(tx, T)?)).await.unwrap();
        assert!(balances.iter().all(|balance| balance.value_yen == 0), "{balances:?}");
        assert_eq!(center.events(id(1)).await, ["voided", "acknowledged"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_payment_is_final_for_a_reversal() {
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        center.paid(ask(id(1), 880)).await;
        assert_eq!(center.reverse(id(1), 880).await.unwrap_err().code, api::WRONG_STATE);
        assert_eq!(center.reverse(id(1), 881).await.unwrap_err().code, api::ID_REUSED);
        assert_eq!(network.charged(), [880]);
    }
}
