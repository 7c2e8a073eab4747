//! The duplicate warning, on both engines.

use super::*;
use crate::duplicates::{Wanted, suspect};
use crate::refund::path::Giver;
use center_api::Suspect;
use payment::Brand;

fn same(yen: i64) -> Wanted {
    Wanted { amount: Yen::new(yen).unwrap(), brand: Brand::Visa, last4: "1111".into() }
}

impl Center {
    async fn suspect(&self, wanted: Wanted) -> Option<Suspect> {
        let now_us = self.base.clock.now_us();
        self.base.read(move |tx| Ok(suspect(tx, T, &place().shop, &wanted, now_us)?)).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_card_and_amount_within_five_minutes_is_suspected() {
    //
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        assert_eq!(center.suspect(same(880)).await, None);
        center.paid(ask(id(1), 880)).await;
        let found = center.suspect(same(880)).await.unwrap();
        assert_eq!((found.terminal_id.as_str(), found.order_code.as_str()), ("000000358002", "TSU3-0000001"));
        assert_eq!(center.suspect(same(881)).await, None, "another amount");
        assert_eq!(center.suspect(Wanted { last4: "1112".into(), ..same(880) }).await, None);
        assert_eq!(center.suspect(Wanted { brand: Brand::Jcb, ..same(880) }).await, None);
        db.clock.advance(seconds(300));
        assert!(center.suspect(same(880)).await.is_some(), "five minutes");
        db.clock.advance(seconds(1));
        assert_eq!(center.suspect(same(880)).await, None, "and no longer");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_shop_has_no_hole() {
    // the manual's alert gave up at fifty payments.
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        center.paid(ask(id(1), 880)).await;
        for number in 2..=220 {
            center.paid(ask(id(number), 500)).await;
        }
        assert!(center.suspect(same(880)).await.is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_or_given_back_is_no_duplicate() {
    // only 売上予定 and 売上済み
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        network.requests([network::Act::Say("51")]);
        center.paid(ask(id(1), 880)).await;
        assert_eq!(center.suspect(same(880)).await, None);
        center.paid(ask(id(2), 880)).await;
        let wanted = refunds::wanted(id(9), id(2), 880);
        center.acquiring.give_back(Giver::Terminal(by()), wanted).await.unwrap();
        assert_eq!(center.suspect(same(880)).await, None);
    }
}
