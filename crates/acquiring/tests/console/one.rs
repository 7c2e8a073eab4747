//! One payment: its facts, its story, its messages, its slips, for those who may see them.

use crate::readable::readable;
use crate::world::{Fate, Sale, World, clerk, migrations, operator};
use expect_test::expect_file;
use store::testing::TestDb;

async fn sqlite() -> TestDb {
    tokio::task::spawn_blocking(|| store::testing::sqlite(&migrations())).await.unwrap()
}

async fn world(db: &TestDb) -> World {
    World::open(&db.db, db.clock.clone(), "http://127.0.0.1:8700").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_of_every_kind_reads_as_it_was_read() {
    // C4
    let both = tokio::task::spawn_blocking(|| store::testing::each(&migrations())).await.unwrap();
    for db in both {
        let mut world = world(&db).await;
        for (name, fate) in [
            ("approved", Fate::Approved),
            ("declined", Fate::Refused("51")),
            ("refused-here", Fate::RefusedHere),
            ("not-sent", Fate::NotSent),
            ("in-doubt", Fate::InDoubt),
            ("reversed", Fate::Reversed),
            ("authorized", Fate::Authorized),
            ("signed", Fate::Signed),
            ("released", Fate::Released),
            ("voided", Fate::Voided),
            ("sent", Fate::Sent),
        ] {
            let id = world.sell(Sale::of(48_880, fate)).await;
            let page = world.seen_by(operator()).get(&format!("/payments/{id}")).await;
            assert_eq!(page.status, 200);
            expect_file![format!("golden/one-{name}-ja.txt")].assert_eq(&readable(&page.text()));
            if fate == Fate::Signed {
                let path = format!("/payments/{id}");
                let english = world.seen_by(operator()).ask("GET", &path, &[("accept-language", "en")], "").await;
                expect_file!["golden/one-signed-en.txt"].assert_eq(&readable(&english.text()));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn shop_staff_see_the_payment_without_the_network_messages() {
    // C4
    let db = sqlite().await;
    let mut world = world(&db).await;
    let id = world.sell(Sale::of(880, Fate::Approved)).await;
    let path = format!("/payments/{id}");
    let clerks = world.seen_by(clerk()).get(&path).await.text();
    let operators = world.seen_by(operator()).get(&path).await.text();
    assert!(operators.contains("id=\"wire-request-1-request\""));
    assert!(clerks.contains("¥880") && !clerks.contains("wire-request"), "{clerks}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_id_and_what_nobody_has_are_not_found() {
    let db = sqlite().await;
    let world = world(&db).await;
    for path in ["/payments/x", "/payments/00000000-0000-0000-0000-000000000000", "/payments/x/live"] {
        assert_eq!(world.seen_by(operator()).get(path).await.status, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_moves_as_long_as_its_payment_does() {
    let db = sqlite().await;
    let mut world = world(&db).await;
    for (fate, moves) in [
        (Fate::Approved, false),
        (Fate::Refused("51"), false),
        (Fate::Reversed, false),
        (Fate::InDoubt, true),
        (Fate::Authorized, true),
        (Fate::Sent, true),
    ] {
        let id = world.sell(Sale::of(880, fate)).await;
        let page = world.seen_by(operator()).get(&format!("/payments/{id}")).await.text();
        assert_eq!(page.contains("hx-sse:connect"), moves, "{fate:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_without_a_slip_shows_none() {
    let db = sqlite().await;
    let mut world = world(&db).await;
    for (fate, has) in [(Fate::Approved, true), (Fate::Refused("51"), false), (Fate::Voided, false)] {
        let id = world.sell(Sale::of(880, fate)).await;
        let page = world.seen_by(operator()).get(&format!("/payments/{id}")).await.text();
        assert_eq!(page.contains("加盟店控え") && page.contains("/receipt-mails\""), has, "{fate:?}");
    }
}
