//! Everything at once: requests and advices meet every trouble, a process dies, and in the end both books
//! tell the same story to the yen.

use super::network::{Act, Entry};
use super::*;
use crate::check;
use codes::pay;

/// A small generator: the same seed gives the same storm.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn request(&mut self) -> Act {
        match self.roll(12) {
            0 => Act::Silent,
            1 => Act::Ignore,
            2 => Act::Cut,
            3 => Act::Garbage,
            4 => Act::Twice,
            5 => Act::OtherAmount,
            6 => Act::Say("51"),
            7 => Act::Say("99"),
            8 => Act::Say("91"),
            _ => Act::Say("00"),
        }
    }

    fn advice(&mut self) -> Act {
        match self.roll(8) {
            0 => Act::Silent,
            1 => Act::Cut,
            2 => Act::Say("96"),
            3 => Act::Garbage,
            4 => Act::Twice,
            _ => Act::Say("00"),
        }
    }
}

/// Moves the clock until the work is done: slowly, because what is on the line takes real time.
async fn driven<R>(db: &TestDb, work: impl Future<Output = R>) -> R {
    tokio::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = tokio::task::yield_now() => db.clock.advance(Duration::from_millis(5)),
        }
    }
}

async fn storm(db: &TestDb, network: &Network, seed: u64) {
    let mut dice = Dice(seed);
    let mut center = Center::start(db, &network.address, "a-1");
    for number in 1..=14_u128 {
        network.requests([dice.request()]);
        network.advices([dice.advice()]);
        let id = id(u128::from(seed) * 100 + number);
        let signed = dice.roll(3) == 0;
        let asked = if signed { signed_ask(id, 100) } else { ask(id, 100) };
        let view = driven(db, center.pay(asked)).await.unwrap().unwrap();
        match dice.roll(6) {
            0 => drop(center.complete(id).await),
            1 => drop(center.reverse(id, 100).await),
            2 => drop(center.reverse_because(id, 100, pay::CRYPTOGRAM_REFUSED).await),
            3 if signed && view.state == StateName::Authorized => drop(center.complete(id).await),
            4 => {
                drop(center);
                center = Center::start(db, &network.address, "a-2");
                center.acquiring.recover().await.unwrap();
            }
            _ => {}
        }
    }
    db.clock.advance(seconds(31 * 60));
    loop {
        center.acquiring.sweep().await.unwrap();
        driven(db, center.worker.drain()).await.unwrap();
        let now_us = db.clock.now_us();
        let found = center.base.read(move |tx| Ok(check::check(tx, T, now_us)?)).await.unwrap();
        assert_eq!(found.faults, Vec::<String>::new(), "seed {seed}");
        if found.open.is_empty() {
            let charged: u64 = network.charged().iter().sum();
            assert_eq!(u64::try_from(found.taken_yen).unwrap(), charged, "seed {seed}");
            break;
        }
        db.clock.advance(seconds(60));
    }
    for number in 1..=14_u128 {
        let payment = center.row(id(u128::from(seed) * 100 + number)).await;
        let charged = matches!(network.entry(&payment.id.rrn()), Some(Entry::Charged(100)));
        assert_eq!(payment.shown_state() == StateName::Approved, charged, "seed {seed}: {payment:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_network_does_both_books_agree_in_the_end() {
    for (db, network) in each().await {
        for seed in 1..=8 {
            storm(&db, &network, seed).await;
        }
    }
}
