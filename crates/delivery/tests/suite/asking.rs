//! Asking for a mail: who may, how often, once for one request; and the address to begin with.

use crate::world::{OTHER, OWN, World, chip_sale, each};
use payment::{PaymentId, Profile};
use serde_json::json;
use std::time::Duration;

#[test]
fn every_statement_is_understood_by_both_engines() {
    store::testing::both(&crate::world::migrations(), |db| {
        store::prepare_all(&db.db, delivery::STATEMENTS).unwrap();
    });
}

#[tokio::test]
async fn the_same_key_is_the_same_mail_and_never_another() {
    for db in each() {
        let world = World::new(&db, chip_sale(Profile::Mpos)).await;
        let first = world.ask("hanako@example.jp", Some("01-a")).await;
        let again = world.ask("ＨＡＮＡＫＯ＠example.jp ", Some("01-a")).await;
        assert_eq!((first.status.as_u16(), again.status.as_u16()), (202, 202));
        assert_eq!(first.json(), again.json());
        let other = world.ask("taro@example.jp", Some("01-a")).await;
        assert_eq!((other.status.as_u16(), other.code().as_str()), (409, "center-409"));
        assert_eq!(world.send().await, 1);
        assert_eq!(world.ask("hanako@example.jp", Some("01-a")).await.json()["id"], first.json()["id"]);
        assert_eq!(world.send().await, 0);
        assert_eq!(world.ask("hanako@example.jp", Some("01-b")).await.status, 202);
        assert_eq!(world.send().await, 1, "another key is another mail");
    }
}

#[tokio::test]
async fn without_a_key_a_second_press_is_the_same_mail_and_a_later_one_is_not() {
    for db in each() {
        let world = World::new(&db, chip_sale(Profile::Mpos)).await;
        let first = world.ask("hanako@example.jp", None).await.json();
        assert_eq!(world.ask("hanako@example.jp", None).await.json(), first);
        assert_eq!(world.send().await, 1);
        assert_eq!(
            world.ask("hanako@example.jp", None).await.json()["id"],
            first["id"],
            "still the same minute"
        );
        assert_eq!(world.ask("taro@example.jp", None).await.status, 202);
        world.base.clock.advance(Duration::from_mins(1));
        assert_ne!(world.ask("hanako@example.jp", None).await.json()["id"], first["id"]);
        assert_eq!(world.send().await, 2);
    }
}

#[tokio::test]
async fn a_receipt_is_mailed_as_often_as_the_policy_allows() {
    // D-20, P1511
    for db in each() {
        let mut sale = chip_sale(Profile::Mpos);
        sale.policy.mail_limit = 1;
        let world = World::new(&db, sale).await;
        assert_eq!(world.mails().await["left"], 1);
        assert_eq!(world.ask("hanako@example.jp", Some("a")).await.status, 202);
        let refused = world.ask("taro@example.jp", Some("b")).await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (403, "center-403"));
        assert_eq!(refused.json()["detail"], "receipt.mail_limit");
        assert_eq!(refused.json()["money_taken"], "no");
        assert_eq!(world.mails().await["left"], 0);
        world.change(|sale| sale.policy.mail_limit = 2);
        assert_eq!(world.ask("taro@example.jp", Some("c")).await.status, 202);
    }
}

#[tokio::test]
async fn even_without_a_limit_nobodys_mailbox_is_filled() {
    let db = store::testing::sqlite(&crate::world::migrations());
    let world = World::new(&db, chip_sale(Profile::Mpos)).await;
    let mut taken = 0;
    while world.ask("hanako@example.jp", Some(&format!("k{taken}"))).await.status == 202 {
        taken += 1;
        assert!(taken <= 30);
    }
    assert_eq!(taken, 30);
}

#[tokio::test]
async fn only_the_payments_own_terminal_asks_and_only_for_a_real_address() {
    for db in each() {
        let world = World::new(&db, chip_sale(Profile::Mpos)).await;
        let post = async |path: String, terminal: &str, body: serde_json::Value| {
            let headers = [("content-type", "application/json"), ("x-terminal", terminal)];
            world.program.ask("POST", &path, &headers, body.to_string()).await
        };
        let good = json!({"address": "hanako@example.jp", "lang": "ja"});
        assert_eq!(
            post(World::mails_path(), OTHER, good.clone()).await.status,
            404,
            "rule: not found, not forbidden"
        );
        let unknown = format!("/api/v1/payments/{}/receipt-mails", PaymentId::from_u128(7));
        assert_eq!(post(unknown, OWN, good.clone()).await.status, 404);
        assert_eq!(post("/api/v1/payments/x/receipt-mails".into(), OWN, good.clone()).await.status, 404);
        for body in [
            json!({"address": "hanako", "lang": "ja"}),
            json!({"address": "a@b.jp\r\nBcc: c@d.jp", "lang": "ja"}),
            json!({"address": "hanako@example.jp", "lang": "fr"}),
            json!({"address": "hanako@example.jp", "lang": "ja", "bcc": "x@y.jp"}),
        ] {
            let refused = post(World::mails_path(), OWN, body).await;
            assert_eq!((refused.status.as_u16(), refused.code().as_str()), (400, "center-400"));
            assert!(!refused.text().contains("c@d.jp"), "{}", refused.text());
        }
        let nobody = world.program.post_json(&World::mails_path(), &good).await;
        assert_eq!(nobody.status, 401);
        for key in ["", "a b", "あ", &"k".repeat(65)] {
            assert_eq!(world.ask("hanako@example.jp", Some(key)).await.status, 400, "{key}");
        }
        let replayed = world
            .program
            .ask(
                "POST",
                &World::mails_path(),
                &[("content-type", "application/json"), ("x-terminal", OWN), ("x-counter", "0")],
                good.to_string(),
            )
            .await;
        assert_eq!(replayed.code(), "center-430");
        assert_eq!(world.mails().await["mails"], json!([]));
    }
}

#[tokio::test]
async fn a_reissue_begins_with_the_last_address_until_the_page_closes() {
    // M-055
    for db in each() {
        let mut sale = chip_sale(Profile::Mpos);
        sale.facts.taken_at_us = store::testing::START;
        let world = World::new(&db, sale).await;
        assert_eq!(world.mails().await, json!({"left": 30, "mails": []}));
        for (n, address) in ["hanako@example.jp", "taro@example.jp"].iter().enumerate() {
            assert_eq!(world.ask(address, Some(&n.to_string())).await.status, 202);
            world.base.clock.advance(Duration::from_secs(1));
        }
        world.send().await;
        let mails = world.mails().await;
        assert_eq!(mails["last_address"], "taro@example.jp");
        assert_eq!(mails["mails"][1]["address"], "h*****@example.jp");
        let other = world.program.ask("GET", &World::mails_path(), &[("x-terminal", OTHER)], "").await;
        assert_eq!(other.status, 404);
        center_base::jobs::run_due(&world.base, &delivery::jobs()).await.unwrap();
        assert_eq!(world.mails().await["last_address"], "taro@example.jp");
        world.base.clock.advance(Duration::from_hours(90 * 24));
        center_base::jobs::run_due(&world.base, &delivery::jobs()).await.unwrap();
        let mails = world.mails().await;
        assert_eq!(mails.get("last_address"), None);
        assert_eq!(mails["mails"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn the_console_shows_the_deliveries_of_ones_own_shop() {
    for db in each() {
        let world = World::new(&db, chip_sale(Profile::Mpos)).await.with_shop_mail().await;
        assert_eq!(world.ask("hanako@example.jp", None).await.status, 202);
        world.send().await;
        let path = format!("/payments/{}/receipt-mails", receipt::samples::chip_sale().payment);
        let own = world.program.ask("GET", &path, &[("x-person", "9000009")], "").await.text();
        for words in
            ["h*****@example.jp", "b*****@kissa-choba.example", "お客様控え", "加盟店控え", "送信済み"]
        {
            assert!(own.contains(words), "{words}: {own}");
        }
        assert!(!own.contains("hanako@"));
        let other = world.program.ask("GET", &path, &[("x-person", "9000010")], "").await.text();
        assert!(other.contains("メールは送っていません"), "{other}");
        assert_eq!(world.program.get(&path).await.status, 303, "nobody is sent to the login");
    }
}
