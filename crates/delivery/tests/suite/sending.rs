//! The way to the mail server: success, not now, never, silence, and a center that stops in between.

use crate::smtp::Does;
use crate::world::{World, chip_sale, each};
use mail_parser::MessageParser;
use payment::Profile;
use std::time::Duration;

#[tokio::test]
async fn a_mail_that_is_deferred_is_tried_again_with_growing_pauses() {
    // R4
    for db in each() {
        let world = World::new(&db, chip_sale(Profile::Mpos)).await;
        world.server.will(&[Does::Recipient("451 4.7.1 later"), Does::Data("452 4.2.2 full"), Does::HangsUp]);
        assert_eq!(world.ask("hanako@example.jp", None).await.status, 202);
        assert_eq!(world.standing().await, ["queued -"]);
        for (wait_s, standing) in
            [(0, "queued later 451"), (1, "queued later 452"), (2, "queued unreachable")]
        {
            world.base.clock.advance(Duration::from_secs(wait_s));
            assert_eq!(world.send().await, 1, "{standing}");
            assert_eq!(world.standing().await, [standing]);
            assert_eq!(world.send().await, 0, "not before the pause is over");
        }
        world.base.clock.advance(Duration::from_secs(4));
        assert_eq!(world.send().await, 1);
        assert_eq!(world.standing().await, ["sent -"]);
        let taken = world.server.taken();
        assert_eq!(taken.len(), 1);
        assert_eq!(
            (taken[0].from.as_str(), taken[0].to.as_str()),
            ("no-reply@choba.example", "hanako@example.jp")
        );
    }
}

#[tokio::test]
async fn a_mail_that_is_refused_has_failed_and_does_not_count() {
    for db in each() {
        let mut sale = chip_sale(Profile::Mpos);
        sale.policy.mail_limit = 1;
        let world = World::new(&db, sale).await;
        world.server.will(&[Does::Recipient("550 5.1.1 <nobody@example.jp>: no such user")]);
        assert_eq!(world.ask("nobody@example.jp", None).await.status, 202);
        assert_eq!(world.send().await, 1);
        assert_eq!(world.standing().await, ["failed refused 550"]);
        assert_eq!(world.mails().await["left"], 1);
        world.base.clock.advance(Duration::from_mins(2));
        assert_eq!(world.send().await, 0, "never again by itself");
        // The clerk corrects the address, or says that it is right.
        assert_eq!(world.ask("nobody@example.jp", None).await.status, 202);
        assert_eq!(world.send().await, 1);
        assert_eq!(world.standing().await, ["sent -", "failed refused 550"]);
    }
}

#[tokio::test]
async fn a_login_that_the_server_refuses_is_our_trouble_and_tried_again() {
    let db = store::testing::sqlite(&crate::world::migrations());
    let world = World::new(&db, chip_sale(Profile::Mpos)).await;
    world.server.will(&[Does::Recipient("530 5.7.0 authentication required")]);
    world.ask("hanako@example.jp", None).await;
    world.send().await;
    assert_eq!(world.standing().await, ["queued later 530"]);
}

#[tokio::test]
async fn after_a_day_of_trouble_a_mail_has_failed() {
    for db in each() {
        let world = World::new(&db, chip_sale(Profile::Mpos)).await;
        world.server.will(&[Does::Recipient("451 later"), Does::Recipient("451 later")]);
        world.ask("hanako@example.jp", None).await;
        world.send().await;
        world.base.clock.advance(Duration::from_hours(24));
        assert_eq!(world.send().await, 1);
        assert_eq!(world.standing().await, ["failed later 451"]);
        assert!(world.server.taken().is_empty());
    }
}

#[tokio::test]
async fn a_second_mail_says_that_it_is_another_copy() {
    // R-044, M-055
    for db in each() {
        let world = World::new(&db, chip_sale(Profile::Mpos)).await.with_shop_mail().await;
        for key in ["a", "b"] {
            world.ask("hanako@example.jp", Some(key)).await;
            world.send().await;
        }
        let marked: Vec<bool> = world
            .server
            .taken()
            .iter()
            .map(|taken| {
                let mail = MessageParser::default().parse(&taken.raw).unwrap();
                let (html, text) = (mail.body_html(0).unwrap(), mail.body_text(0).unwrap());
                assert_eq!(html.contains("(再)"), text.contains("再発行した控え"), "{text}");
                html.contains("(再)")
            })
            .collect();
        assert_eq!(marked, [false, false, true, true], "the shop's copy too");
    }
}

#[tokio::test]
async fn the_same_mail_has_the_same_message_id_when_a_center_dies_after_sending() {
    let db = store::testing::sqlite(&crate::world::migrations());
    let world = World::new(&db, chip_sale(Profile::Mpos)).await;
    // Taken by the server, but the answer is lost: it will be sent again.
    world.ask("hanako@example.jp", None).await;
    world.server.will(&[Does::Data("421 4.3.0 going down")]);
    world.send().await;
    world.base.clock.advance(Duration::from_secs(1));
    world.send().await;
    let id = world.mails().await["mails"][0]["id"].as_str().unwrap().to_owned();
    let taken = world.server.taken();
    let mail = MessageParser::default().parse(&taken[0].raw).unwrap();
    assert_eq!(mail.message_id(), Some(format!("{id}@choba.example").as_str()));
}

#[tokio::test]
async fn a_payment_that_lost_its_slip_is_not_mailed() {
    for db in each() {
        let world = World::new(&db, chip_sale(Profile::Mpos)).await;
        world.ask("hanako@example.jp", None).await;
        let sale = world.shelf.sale.lock().unwrap().take();
        world.send().await;
        *world.shelf.sale.lock().unwrap() = sale;
        assert_eq!(world.standing().await, ["failed no-slip"]);
        assert!(world.server.taken().is_empty());
    }
}

#[tokio::test]
async fn nothing_that_waits_or_is_noted_names_the_address_outside_its_own_column() {
    for db in each() {
        let world = World::new(&db, chip_sale(Profile::Mpos)).await;
        world.server.will(&[Does::Recipient("451 4.2.1 <hanako@example.jp>: busy")]);
        world.ask("hanako@example.jp", None).await;
        world.send().await;
        let rows = world
            .base
            .read(|tx| {
                let outbox = "SELECT body, error, key, topic FROM outbox";
                let mut rows = tx.query_all(outbox, &[], |row| {
                    Ok([row.text(0)?, row.text(1)?, row.text(2)?, row.text(3)?].concat())
                })?;
                let own = "SELECT masked, trouble, request_key, asked_by FROM receipt_delivery";
                rows.extend(tx.query_all(own, &[], |row| {
                    Ok([row.text(0)?, row.text(1)?, row.text(2)?, row.text(3)?].concat())
                })?);
                Ok(rows)
            })
            .await
            .unwrap();
        assert_eq!(rows.len(), 2);
        assert!(rows.iter().all(|row| !row.contains("hanako")), "{rows:?}");
    }
}

#[tokio::test]
async fn a_login_in_the_settings_is_used_and_a_wrong_one_waits_for_a_better_one() {
    let db = store::testing::sqlite(&crate::world::migrations());
    let sale = || chip_sale(Profile::Mpos);
    let world = World::reaching(&db, sale(), |server| server.url_with("user:p%40ss@", "")).await;
    world.ask("hanako@example.jp", None).await;
    world.send().await;
    assert_eq!((world.standing().await, world.server.taken().len()), (vec!["sent -".to_owned()], 1));
    let world = World::reaching(&db, sale(), |server| server.url_with("user:other@", "")).await;
    world.base.clock.advance(Duration::from_secs(1));
    world.ask("taro@example.jp", None).await;
    world.send().await;
    assert_eq!(world.standing().await, ["queued later 535", "sent -"]);
    assert!(world.server.taken().is_empty());
}

#[tokio::test]
async fn nothing_leaves_in_clear_when_the_settings_ask_for_encryption() {
    let db = store::testing::sqlite(&crate::world::migrations());
    let sale = chip_sale(Profile::Mpos);
    let world = World::reaching(&db, sale, |server| server.url_with("user:p%40ss@", "?tls=required")).await;
    world.ask("hanako@example.jp", None).await;
    world.send().await;
    assert!(world.standing().await[0].starts_with("queued "), "{:?}", world.standing().await);
    let said = world.server.said();
    assert!(said.iter().all(|line| !line.starts_with("AUTH") && !line.starts_with("MAIL")), "{said:?}");
}
