//! Configuration, registration, lists by scope.

use crate::bench::{FIRST, SECOND, UNKNOWN, cast_terminal};
use crate::on_both;
use center_base::{Scope, TerminalId};
use fleet::{Standing, TerminalPassword};
use serde_json::json;
use tenancy::{Place, PolicyLevel};

on_both! {
    async fn a_terminal_gets_its_shop_contracts_and_policy_and_asks_again_for_nothing(world) {
        let device = world.activated(1).await;
        let answer = device.sign("GET", "/api/v1/terminal").send(&world.center).await;
        let config: center_api::TerminalConfig = serde_json::from_slice(&answer.body).unwrap();
        let place = Place::terminal(&"00008".into(), &"9000009".into(), &FIRST.into());
        assert_eq!(config.policy, *world.tenancy.policy(&place).await.unwrap());
        assert_eq!((config.terminal_id.as_str(), config.shop.id.as_str()), (FIRST, "9000009"));
        assert_eq!((config.shop.code.as_str(), config.support_phone.as_str()), ("TSU3", "0120-000-000"));
        assert_eq!(config.reader_serial, "READER-100");
        assert_eq!(config.contracts.len(), 1);

        let tag = answer.header("etag").to_owned();
        let again = device.sign("GET", "/api/v1/terminal").with("if-none-match", &tag);
        let again = again.send(&world.center).await;
        assert_eq!((again.status.as_u16(), again.body.len(), again.header("etag")), (304, 0, tag.as_str()));

        let overlay = json!({"receipt": {"width": 48}});
        let level = PolicyLevel::Terminal(FIRST.into());
        world.base.write(move |tx| tenancy::put_policy(tx, "person tanaka", &level, &overlay)).await.unwrap();
        world.base.refresh().await.unwrap();
        let changed = device.sign("GET", "/api/v1/terminal").with("if-none-match", &tag);
        let changed = changed.send(&world.center).await;
        assert_eq!(changed.status, 200);
        assert_ne!(changed.header("etag"), tag);
        let config: center_api::TerminalConfig = serde_json::from_slice(&changed.body).unwrap();
        assert_eq!(config.policy.receipt.width, 48);
    }
}

on_both! {
    async fn the_online_test_says_the_time_of_the_center(world) {
        let device = world.activated(1).await;
        let answer = device.echo(&world.center).await.json();
        assert_eq!(answer, json!({"terminal_id": FIRST, "now_us": store::testing::START}));
        assert_eq!(world.center.post_json("/api/v1/echo", &json!({})).await.code(), "center-401");
    }
}

on_both! {
    async fn a_cast_is_loaded_again_without_a_change_and_keeps_the_activation(world) {
        let device = world.activated(1).await;
        let row = cast_terminal(FIRST, "9000009", "READER-100");
        assert!(!world.fleet.seed("cast", &row).await.unwrap());
        let renamed = fleet::CastTerminal { name: "レジ2".to_owned(), ..row };
        assert!(world.fleet.seed("cast", &renamed).await.unwrap());
        assert_eq!(device.write(&world.center).await.status, 200);
        let stray = cast_terminal(UNKNOWN, "1234567", "");
        assert_eq!(world.fleet.seed("cast", &stray).await.unwrap_err().code, codes::api::BAD_REQUEST);
        let taken = cast_terminal(UNKNOWN, "9000009", "READER-200");
        assert_eq!(world.fleet.seed("cast", &taken).await.unwrap_err().code, codes::pay::READER_NOT_BOUND);
    }
}

on_both! {
    async fn a_list_holds_the_terminals_of_the_scope_only(world) {
        // W-022, W-024
        world.activated(1).await;
        let tenant = world.base.tenant;
        let ids = async |scope: Scope| {
            let rows = world.base.read(move |tx| Ok(fleet::terminals(tx, tenant, &scope)?)).await.unwrap();
            rows.into_iter().map(|row| row.id.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(ids(Scope::Tenant).await, [FIRST, SECOND]);
        assert_eq!(ids(Scope::Company("00009".into())).await, [SECOND]);
        assert_eq!(ids(Scope::Shop("9000009".into())).await, [FIRST]);
        assert_eq!(ids(Scope::Terminal(SECOND.into())).await, [SECOND]);
        assert!(ids(Scope::Shop("9000010".into())).await.is_empty());
        let all = world.base.read(move |tx| Ok(fleet::terminals(tx, tenant, &Scope::Tenant)?)).await.unwrap();
        let standing: Vec<_> = all.iter().map(|row| (row.standing, row.reader.as_deref())).collect();
        assert_eq!(standing, [(Standing::Active, Some("READER-100")), (Standing::New, Some("READER-200"))]);
        assert_eq!(all.first().unwrap().activated_at_us, Some(store::testing::START));
    }
}

on_both! {
    async fn what_is_not_there_cannot_be_administered(world) {
        let (id, password) = (TerminalId::from(UNKNOWN), TerminalPassword::new("1234").unwrap());
        let refused = world.fleet.reissue("person tanaka", &id, &password).await.unwrap_err();
        assert_eq!(refused.code, codes::api::NOT_FOUND);
        assert_eq!(world.fleet.revoke("person tanaka", &id, "").await.unwrap_err().code, codes::api::NOT_FOUND);
    }
}
