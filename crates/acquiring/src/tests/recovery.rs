//! Processes that die, and a second center on the same database.

use super::network::Act;
use super::*;

/// Runs `begin` in a process that is then killed: its runtime ends without another step.
async fn killed(begin: impl FnOnce() -> Center + Send + 'static, ask: Ask, network: &Network, seen: usize) {
    let network = network.clone();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let entered = runtime.spawn(async move {
        let center = begin();
        let paying = center.pay(ask);
        drop(paying.await);
        drop(center);
    });
    network.seen(seen).await;
    runtime.shutdown_background();
    drop(entered.await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_center_killed_between_its_two_commits_reverses_when_it_starts_again() {
    for (db, network) in each().await {
        let db = Arc::new(db);
        network.requests([Act::Hold]);
        let (first, address) = (Arc::clone(&db), network.address.clone());
        killed(move || Center::start(&first, &address, "a-1"), ask(id(1), 880), &network, 1).await;
        assert_eq!(network.charged(), [880]);

        let center = Center::start(&db, &network.address, "a-2");
        assert_eq!(center.state(id(1)).await, StateName::Sent);
        assert_eq!(center.acquiring.recover().await.unwrap(), 1);
        assert_eq!(center.state(id(1)).await, StateName::InDoubt);
        while center.worker.drain().await.unwrap() > 0 {}
        assert_eq!(center.state(id(1)).await, StateName::Reversed);
        assert!(network.charged().is_empty());
        assert_eq!(center.paid(ask(id(1), 880)).await.state, StateName::Reversed, "the terminal asks again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_center_had_asked_is_settled_by_any_other_after_the_time_out() {
    let db = Arc::new(
        tokio::task::spawn_blocking(|| with_terminal(store::testing::postgres(&migrations()))).await.unwrap(),
    );
    let network = Network::start().await;
    network.requests([Act::Hold]);
    let (first, address) = (Arc::clone(&db), network.address.clone());
    killed(move || Center::start(&first, &address, "a-1"), ask(id(1), 880), &network, 1).await;

    let other = Center::start(&db, &network.address, "b-1");
    assert_eq!(other.acquiring.recover().await.unwrap(), 0, "a may still wait for its answer");
    db.clock.advance(seconds(34));
    assert_eq!(other.acquiring.sweep().await.unwrap(), 0);
    db.clock.advance(seconds(1));
    assert_eq!(other.acquiring.sweep().await.unwrap(), 1);
    while other.worker.drain().await.unwrap() > 0 {}
    assert_eq!(other.state(id(1)).await, StateName::Reversed);
    assert!(network.charged().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_silent_center_had_asked_is_settled_by_another_within_ten_seconds() {
    // R4
    let db = Arc::new(
        tokio::task::spawn_blocking(|| with_terminal(store::testing::postgres(&migrations()))).await.unwrap(),
    );
    let network = Network::start().await;
    network.requests([Act::Hold]);
    let (first, address) = (Arc::clone(&db), network.address.clone());
    let begin = move || {
        let center = Center::start(&first, &address, "a-1");
        let base = center.base.clone();
        tokio::spawn(async move { center_base::peers::round(&base).await });
        center
    };
    killed(begin, ask(id(1), 880), &network, 1).await;
    let other = Center::start(&db, &network.address, "b-1");
    let mut rounds = 0;
    while other.acquiring.take_over().await.unwrap() == 0 {
        center_base::peers::round(&other.base).await.unwrap();
        rounds += 1;
        assert!(rounds <= 6, "a round is two seconds");
    }
    while other.worker.drain().await.unwrap() > 0 {}
    assert_eq!(other.state(id(1)).await, StateName::Reversed);
    assert!(network.charged().is_empty());
}

/// Half a second on the clock, and some reads in between for what is on the line to arrive.
pub(super) async fn little_later(center: &Center) {
    later(center, Duration::from_millis(500)).await;
}

/// So little on the clock that what is on the line arrives before anybody has waited long for it, however busy the
/// machine is: what takes seconds here takes them by the product's own waits.
pub(super) async fn moment_later(center: &Center) {
    later(center, Duration::from_millis(20)).await;
}

async fn later(center: &Center, step: Duration) {
    for _ in 0..60 {
        center.events(id(1)).await;
    }
    center.base.clock.advance(step);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doubt_is_final_soon_after_the_network_answers_again_however_long_it_was_silent() {
    // R4: soon after links return, however long the pauses have grown.
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        let running = tokio::spawn({
            let (acquiring, worker) = (center.acquiring.clone(), center.worker.clone());
            async move { tokio::join!(acquiring.run(), worker.run()) }
        });
        network.requests([Act::Ignore]);
        network.advices(std::iter::repeat_n(Act::Ignore, 9));
        let paying = center.pay(ask(id(1), 880));
        while !paying.is_finished() || network.mtis().len() < 10 {
            little_later(&center).await;
        }
        // From here on it answers.
        let since = db.clock.now_us();
        while center.state(id(1)).await == StateName::InDoubt {
            moment_later(&center).await;
        }
        let after_s = (db.clock.now_us() - since) / 1_000_000;
        assert_eq!(center.state(id(1)).await, StateName::Reversed);
        // The try that was never answered is given up at the next echo, and repeated at once.
        assert!(after_s <= 10, "{after_s} s");
        let seen = network.seen(11).await;
        let advices: Vec<_> =
            seen.iter().skip(1).map(|advice| (advice.bytes(11), advice.bytes(37))).collect();
        assert!(advices.windows(2).all(|two| two[0] == two[1]), "every repetition is of the same advice");
        assert_eq!(network.mtis()[1..3], ["0420", "0421"]);
        running.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_centers_that_are_asked_the_same_id_ask_the_network_once() {
    let db =
        tokio::task::spawn_blocking(|| with_terminal(store::testing::postgres(&migrations()))).await.unwrap();
    let network = Network::start().await;
    let centers = [Center::start(&db, &network.address, "a-1"), Center::start(&db, &network.address, "b-1")];
    for number in 1..=10 {
        let asked: Vec<_> = centers.iter().map(|center| center.pay(ask(id(number), 880))).collect();
        for answer in asked {
            match answer.await.unwrap() {
                Ok(view) => {
                    assert!(matches!(view.state, StateName::Sent | StateName::Approved), "{:?}", view.state);
                }
                // The other request of this terminal was stored first: it asks again.
                Err(refusal) => assert_eq!(refusal.code, codes::api::COUNTER_REPLAYED),
            }
        }
    }
    assert_eq!(network.charged().len(), 10);
    assert_eq!(network.mtis().len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_cancels_nothing() {
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        network.requests([Act::Hold]);
        let paying = center.pay(ask(id(1), 880));
        network.seen(1).await;
        paying.abort();
        drop(paying.await);
        let mut commits = db.db.commits();
        network.let_go();
        while center.state(id(1)).await == StateName::Sent {
            commits.changed().await.unwrap();
        }
        assert_eq!(center.state(id(1)).await, StateName::Approved);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_that_comes_twice_is_counted_once() {
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        network.requests([Act::Cut]);
        network.advices([Act::Twice]);
        center.paid(ask(id(1), 880)).await;
        while center.worker.drain().await.unwrap() > 0 {}
        assert_eq!(center.state(id(1)).await, StateName::Reversed);
        assert_eq!(center.events(id(1)).await.iter().filter(|what| *what == "reversed").count(), 1);
    }
}
