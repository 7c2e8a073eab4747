//! The database server goes away under payments and comes back; the clock steps back (issue item 6).

use super::network::Act;
use super::*;
use clock::Clock;
use codes::{MoneyTaken, api};
use store::testing::Server;

/// Lets time pass on the hand-moved clock until something holds. The watchdog only keeps a broken test from
/// hanging.
async fn until(db: &TestDb, what: &str, holds: impl AsyncFn() -> bool) {
    let waiting = async {
        while !holds().await {
            db.clock.advance(Duration::from_millis(200));
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
        }
    };
    assert!(Clock::real().timeout(Duration::from_mins(2), waiting).await.is_ok(), "never: {what}");
}

/// How a payment stands, where the database says so now.
async fn stands(center: &Center, id: PaymentId) -> Option<StateName> {
    let found = center.base.read(move |tx| Ok(row::load(tx, T, id)?)).await.ok().flatten();
    found.map(|payment| payment.standing.state.name())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_server_that_crashes_loses_nothing_acknowledged_and_service_comes_back_by_itself() {
    let server = Arc::new(tokio::task::spawn_blocking(Server::start).await.unwrap());
    let own = Arc::clone(&server);
    let open = move || with_terminal(store::testing::on_server(&own, &migrations()));
    let db = tokio::task::spawn_blocking(open).await.unwrap();
    let network = Network::start().await;
    let center = Center::start(&db, &network.address, "a-1");
    let (acquiring, worker) = (center.acquiring.clone(), center.worker.clone());
    let running = tokio::spawn(async move { tokio::join!(acquiring.run(), worker.run()) });
    for number in 1..=5 {
        assert_eq!(center.paid(ask(id(number), 880)).await.state, StateName::Approved);
    }
    network.requests([Act::Hold]);
    let in_flight = center.pay(ask(id(6), 880));
    network.seen(6).await;
    let crashing = Arc::clone(&server);
    tokio::task::spawn_blocking(move || crashing.crash()).await.unwrap();
    network.let_go();

    let refused = center.pay(ask(id(7), 880));
    until(&db, "a payment is refused while the server is down", async || refused.is_finished()).await;
    let refusal = refused.await.unwrap().unwrap_err();
    assert_eq!((refusal.code, refusal.code.row().money), (api::UNAVAILABLE, MoneyTaken::No));
    assert_eq!(network.mtis().iter().filter(|mti| *mti == "0200").count(), 6, "nobody was asked");

    let starting = Arc::clone(&server);
    tokio::task::spawn_blocking(move || starting.start_again()).await.unwrap();
    until(&db, "payments are taken again", async || {
        center.pay(ask(id(8), 880)).await.unwrap().is_ok_and(|view| view.state == StateName::Approved)
    })
    .await;
    until(&db, "the payment in flight has ended", async || {
        stands(&center, id(6)).await.is_some_and(StateName::is_final) && in_flight.is_finished()
    })
    .await;
    running.abort();
    for number in 1..=5 {
        assert_eq!(center.state(id(number)).await, StateName::Approved, "acknowledged before the crash");
    }
    assert_eq!(stands(&center, id(7)).await, None, "what was refused was not kept");
    let approved = if center.state(id(6)).await == StateName::Approved { 7 } else { 6 };
    assert_eq!(network.charged().len(), approved, "network and center agree");
    let now_us = db.clock.now_us();
    let faults = center.base.read(move |tx| Ok(crate::check::check(tx, T, now_us)?.faults)).await;
    assert_eq!(faults.unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_back_refuses_no_payment_in_flight_and_lengthens_no_time_out() {
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        let set_by = jiff::SignedDuration::from_hours;
        network.requests([Act::Hold]);
        let paying = center.pay(ask(id(1), 880));
        network.seen(1).await;
        db.clock.set(set_by(-26));
        network.let_go();
        assert_eq!(paying.await.unwrap().unwrap().state, StateName::Approved);
        // The business date is that of the center's clock when it was sent; one that lies ahead is today's.
        assert_eq!(center.row(id(1)).await.business_date, "2026-11-21");
        assert_eq!(db.clock.today().to_string(), "2026-11-20");
        let back = super::refunds::wanted(id(9), id(1), 880);
        let view =
            center.acquiring.give_back(crate::refund::path::Giver::Terminal(by()), back).await.unwrap();
        assert_eq!((view.kind, view.state), (payment::RefundKind::Void, StateName::Approved));

        network.requests([Act::Ignore]);
        let paying = center.pay(ask(id(2), 880));
        network.seen(3).await;
        for hours in [-3, 5] {
            db.clock.set(set_by(hours));
            tokio::task::yield_now().await;
            assert!(!paying.is_finished(), "no time has passed");
        }
        db.clock.advance(seconds(25));
        assert_eq!(paying.await.unwrap().unwrap().state, StateName::InDoubt);
        while center.worker.drain().await.unwrap() > 0 {}
        assert_eq!(center.state(id(2)).await, StateName::Reversed);
        let now_us = db.clock.now_us();
        let faults = center.base.read(move |tx| Ok(crate::check::check(tx, T, now_us)?.faults)).await;
        assert_eq!(faults.unwrap(), Vec::<String>::new());
    }
}
