//! W-030 and W-031: once, by password, confirmed with the device's own key.

use crate::bench::{Device, FIRST, PASSWORD, SECOND, UNKNOWN};
use crate::on_both;
use std::time::Duration;

on_both! {
    async fn a_terminal_shows_its_shop_and_is_active_once_that_is_confirmed(world) {
        // W-030, W-031
        let device = Device::new(FIRST, 1);
        let shown = world.offer(&device, PASSWORD, "READER-100").await;
        assert_eq!(shown.status, 200, "{}", shown.text());
        let wanted = serde_json::json!({
            "terminal_id": FIRST, "shop_id": "9000009", "shop_name": "帳場カフェ 9000009",
            "phone": "03-0000-0000",
        });
        assert_eq!(shown.json(), wanted);
        assert_eq!(device.echo(&world.center).await.code(), "center-401", "an unconfirmed key signs nothing else");
        let confirmed = device.confirm(&world.center).await;
        assert_eq!((confirmed.status.as_u16(), confirmed.json()), (200, wanted.clone()));
        assert_eq!(device.echo(&world.center).await.status, 200);
        assert_eq!(device.write(&world.center).await.status, 200);
        // The answer to the confirmation was lost: the device asks again.
        assert_eq!(device.confirm(&world.center).await.json(), wanted);
    }
}

on_both! {
    async fn an_activated_terminal_is_not_activated_again_until_a_password_is_issued(world) {
        // D-30
        let old = world.activated(1).await;
        let new = Device::new(FIRST, 2);
        assert_eq!(world.offer(&new, PASSWORD, "READER-100").await.code(), "center-403");
        assert_eq!(new.confirm(&world.center).await.code(), "center-401");
        world.reissue("7001").await;
        assert_eq!(world.offer(&new, PASSWORD, "READER-100").await.code(), "center-401", "the old password is gone");
        assert_eq!(world.offer(&new, "7001", "READER-100").await.status, 200);
        assert_eq!(old.write(&world.center).await.status, 200, "the shop goes on until the new device is there");
        assert_eq!(new.confirm(&world.center).await.status, 200);
        assert_eq!(new.write(&world.center).await.status, 200);
        assert_eq!(old.echo(&world.center).await.code(), "center-401");
        assert_eq!(world.offer(&old, "7001", "READER-100").await.code(), "center-403", "used once");
    }
}

on_both! {
    async fn five_wrong_passwords_lock_until_a_password_is_issued(world) {
        // D-30
        let device = Device::new(FIRST, 1);
        for _ in 0..5 {
            assert_eq!(world.offer(&device, "0000", "READER-100").await.code(), "center-401");
        }
        assert_eq!(world.offer(&device, PASSWORD, "READER-100").await.code(), "center-423");
        assert_eq!(world.offer(&device, "0000", "READER-100").await.code(), "center-401");
        world.reissue("7001").await;
        assert_eq!(world.offer(&device, "7001", "READER-100").await.status, 200);
        assert_eq!(device.confirm(&world.center).await.status, 200);
    }
}

on_both! {
    async fn four_wrong_passwords_are_forgotten_after_the_right_one(world) {
        let device = Device::new(FIRST, 1);
        for _ in 0..2 {
            for _ in 0..4 {
                assert_eq!(world.offer(&device, "0000", "READER-100").await.code(), "center-401");
            }
            assert_eq!(world.offer(&device, PASSWORD, "READER-100").await.status, 200);
            world.db.clock.advance(Duration::from_mins(1));
        }
    }
}

on_both! {
    async fn an_unknown_terminal_looks_like_a_wrong_password_however_often_it_is_tried(world) {
        let (known, unknown) = (Device::new(FIRST, 1), Device::new(UNKNOWN, 1));
        for _ in 0..12 {
            let one = world.offer(&known, "0000", "READER-100").await;
            let other = world.offer(&unknown, "0000", "READER-100").await;
            assert_eq!((one.status, one.body), (other.status, other.body));
        }
    }
}

on_both! {
    async fn tries_are_slowed_down_terminal_by_terminal(world) {
        let (first, second) = (Device::new(FIRST, 1), Device::new(SECOND, 2));
        for _ in 0..10 {
            assert_eq!(world.offer(&first, "0000", "READER-100").await.code(), "center-401");
        }
        assert_eq!(world.offer(&first, "0000", "READER-100").await.code(), "center-429");
        assert_eq!(world.offer(&second, PASSWORD, "READER-200").await.status, 200);
        world.db.clock.advance(Duration::from_secs(6));
        assert_eq!(world.offer(&first, "0000", "READER-100").await.code(), "center-401");
    }
}

on_both! {
    async fn an_issued_password_lives_a_quarter_of_an_hour(world) {
        // S9
        world.reissue("7001").await;
        let device = Device::new(FIRST, 1);
        world.db.clock.advance(Duration::from_mins(15));
        assert_eq!(world.offer(&device, "7001", "READER-100").await.status, 200);
        world.db.clock.advance(Duration::from_secs(1));
        let late = world.offer(&device, "7001", "READER-100").await;
        assert_eq!(late.code(), "center-403");
        assert!(late.text().contains("expired"), "{}", late.text());
    }
}

on_both! {
    async fn of_two_devices_the_last_that_knew_the_password_may_confirm(world) {
        let (one, two) = (Device::new(FIRST, 1), Device::new(FIRST, 2));
        assert_eq!(world.offer(&one, PASSWORD, "READER-100").await.status, 200);
        assert_eq!(world.offer(&two, PASSWORD, "READER-100").await.status, 200);
        assert_eq!(one.confirm(&world.center).await.code(), "center-401");
        assert_eq!(two.confirm(&world.center).await.status, 200);
    }
}

on_both! {
    async fn a_reader_of_another_terminal_is_refused_and_a_new_one_is_bound(world) {
        // M-014
        let device = Device::new(FIRST, 1);
        let taken = world.offer(&device, PASSWORD, "READER-200").await;
        assert_eq!(taken.code(), "payment-991");
        assert_eq!(world.offer(&device, PASSWORD, "READER-101").await.status, 200);
        assert_eq!(device.confirm(&world.center).await.status, 200);
        let tenant = world.base.tenant;
        let bound = async |terminal: &'static str, serial: &'static str| {
            let read = world.base.read(move |tx| Ok(fleet::reader_is_bound(tx, tenant, &terminal.into(), serial)?));
            read.await.unwrap()
        };
        assert!(bound(FIRST, "READER-101").await);
        assert!(!bound(FIRST, "READER-100").await, "a terminal has one reader");
        assert!(!bound(FIRST, "READER-200").await);
        assert!(bound(SECOND, "READER-200").await);
    }
}

on_both! {
    async fn what_is_no_activation_is_refused_with_its_field(world) {
        let key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        let small_order = "0100000000000000000000000000000000000000000000000000000000000000";
        for (id, key, serial, field) in [
            ("358002", key, "R-1", "terminal_id"),
            ("00000035800２", key, "R-1", "terminal_id"),
            (FIRST, "zz", "R-1", "public_key"),
            (FIRST, small_order, "R-1", "public_key"),
            (FIRST, key, "R 1", "reader_serial"),
        ] {
            let body = serde_json::json!({
                "terminal_id": id, "password": PASSWORD, "public_key": key, "reader_serial": serial,
            });
            let answer = world.center.post_json("/api/v1/activations", &body).await;
            assert_eq!(answer.code(), "center-400", "{id} {key} {serial}");
            assert!(answer.text().contains(field), "{}", answer.text());
        }
    }
}
