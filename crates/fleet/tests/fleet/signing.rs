//! Signed requests: what holds, what does not, and what was seen before.

use crate::bench::{Device, FIRST, SECOND, UNKNOWN};
use crate::on_both;
use center_api::signature::{COUNTER_HEADER, DIGEST_HEADER, INPUT_HEADER, SIGNATURE_HEADER, TERMINAL_HEADER};
use center_base::TerminalId;
use store::params;

const ECHO: &str = "/api/v1/echo";
const WRITE: &str = "/api/v1/writes";

on_both! {
    async fn only_the_whole_signed_request_is_believed(world) {
        let device = world.activated(1).await;
        let good = device.sign("POST", ECHO);
        for (what, bad) in [
            ("another body", { let mut bad = good.clone(); bad.body = "{ }".to_owned(); bad }),
            ("another path", { let mut bad = good.clone(); bad.path = WRITE; bad }),
            ("a query", { let mut bad = good.clone(); bad.path = "/api/v1/echo?a=b"; bad }),
            ("another counter", good.with(COUNTER_HEADER, "900")),
            ("no counter", good.with(COUNTER_HEADER, "")),
            ("counter zero", device.sign_as(0, "POST", ECHO, "{}")),
            ("counter below zero", device.sign_as(-1, "POST", ECHO, "{}")),
            ("counter no number", good.with(COUNTER_HEADER, "9223372036854775808")),
            ("another terminal", good.with(TERMINAL_HEADER, SECOND)),
            ("an unknown terminal", good.with(TERMINAL_HEADER, UNKNOWN)),
            ("no terminal", good.with(TERMINAL_HEADER, "")),
            ("no digest", good.with(DIGEST_HEADER, "")),
            ("no input", good.with(INPUT_HEADER, "")),
            ("no signature", good.with(SIGNATURE_HEADER, "")),
            ("another key", Device::new(FIRST, 9).sign_as(900, "POST", ECHO, "{}")),
            ("a header twice", {
                let mut bad = good.clone();
                bad.headers.push((COUNTER_HEADER, "901".to_owned()));
                bad
            }),
        ] {
            let answer = bad.send(&world.center).await;
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "center-401"), "{what}");
        }
        assert_eq!(good.send(&world.center).await.status, 200, "none of them used up the counter");
    }
}

on_both! {
    async fn requests_may_overtake_each_other_and_none_counts_twice(world) {
        let device = world.activated(1).await;
        let (early, late) = (device.sign("POST", ECHO), device.sign("POST", ECHO));
        assert_eq!(late.send(&world.center).await.status, 200);
        assert_eq!(early.send(&world.center).await.status, 200);
        for again in [&early, &late] {
            assert_eq!(again.send(&world.center).await.code(), "center-430");
        }
    }
}

on_both! {
    async fn of_writes_that_overtook_each_other_the_earlier_asks_again(world) {
        let device = world.activated(1).await;
        let (early, late) = (device.sign("POST", WRITE), device.sign("POST", WRITE));
        assert_eq!(late.send(&world.center).await.status, 200);
        assert_eq!(early.send(&world.center).await.code(), "center-430");
        assert_eq!(device.write(&world.center).await.status, 200);
    }
}

on_both! {
    async fn a_captured_write_is_refused_by_a_restarted_center_and_by_another_one(world) {
        let device = world.activated(1).await;
        let captured = device.sign("POST", WRITE);
        let (_, _, other) = world.another_center();
        assert_eq!(device.echo(&other).await.status, 200, "the other center has this terminal in memory");
        let captured_late = device.sign("POST", WRITE);
        assert_eq!(captured.send(&world.center).await.status, 200);
        assert_eq!(captured_late.send(&world.center).await.status, 200);
        assert_eq!(captured_late.send(&other).await.code(), "center-430", "another center: the stored counter");
        let (_, _, restarted) = world.another_center();
        assert_eq!(captured.send(&restarted).await.code(), "center-430", "restarted: memory begins there");
        assert_eq!(device.write(&restarted).await.status, 200);
        assert_eq!(device.write(&other).await.status, 200);
        assert_eq!(device.write(&world.center).await.status, 200);
    }
}

on_both! {
    async fn a_key_that_one_center_confirmed_is_known_to_the_other_at_once(world) {
        let old = world.activated(1).await;
        let (_, _, other) = world.another_center();
        assert_eq!(old.echo(&other).await.status, 200);
        world.reissue("7001").await;
        let new = Device::new(FIRST, 2);
        assert_eq!(world.offer(&new, "7001", "READER-100").await.status, 200);
        assert_eq!(new.confirm(&world.center).await.status, 200);
        assert_eq!(new.write(&other).await.status, 200);
        assert_eq!(old.write(&other).await.code(), "center-401");
    }
}

on_both! {
    async fn a_blocked_terminal_is_refused_at_once_and_writes_nothing_through_another_center(world) {
        // S9
        let device = world.activated(1).await;
        let (base, _, other) = world.another_center();
        assert_eq!(device.echo(&other).await.status, 200);
        assert!(world.fleet.revoke("person tanaka", &TerminalId::from(FIRST), "lost").await.unwrap());
        assert!(!world.fleet.revoke("person tanaka", &TerminalId::from(FIRST), "lost").await.unwrap());
        assert_eq!(device.echo(&world.center).await.code(), "center-403");
        assert_eq!(device.write(&other).await.code(), "center-403", "before it has looked at the configuration");
        base.refresh().await.unwrap();
        assert_eq!(device.echo(&other).await.code(), "center-403");
        // A new password opens the terminal for a new device, never for the lost one.
        world.reissue("7001").await;
        assert_eq!(device.echo(&world.center).await.code(), "center-401");
        let found = Device::new(FIRST, 2);
        assert_eq!(world.offer(&found, "7001", "READER-100").await.status, 200);
        assert_eq!(found.confirm(&world.center).await.status, 200);
    }
}

on_both! {
    async fn a_copy_of_a_device_stops_both(world) {
        // S9: the same key and counter under two different requests.
        let device = world.activated(1).await;
        let (mine, copy) = (device.sign_as(50, "POST", ECHO, "{}"), device.sign_as(50, "POST", ECHO, "{ }"));
        assert_eq!(mine.send(&world.center).await.status, 200);
        assert_eq!(copy.send(&world.center).await.code(), "center-431");
        assert_eq!(device.echo(&world.center).await.code(), "center-431");
        let (tenant, id) = (world.base.tenant, TerminalId::from(FIRST));
        let terminal = world.base.read(move |tx| Ok(fleet::terminal(tx, tenant, &id)?)).await.unwrap();
        assert_eq!(terminal.unwrap().standing, fleet::Standing::Revoked);
    }
}

on_both! {
    async fn a_known_terminal_costs_no_look_into_the_database(world) {
        // A row changed behind the product's back is not seen, because nobody looks.
        let device = world.activated(1).await;
        assert_eq!(device.echo(&world.center).await.status, 200);
        let blocked = "UPDATE terminal SET revoked = 1 WHERE tenant = $1 AND id = $2";
        let tenant = world.base.tenant;
        let changed = world.base.write(move |tx| Ok(tx.execute(blocked, params![tenant, FIRST])?));
        assert_eq!(changed.await.unwrap(), 1);
        assert_eq!(device.echo(&world.center).await.status, 200);
        assert_eq!(device.write(&world.center).await.code(), "center-403", "a write looks all the same");
    }
}

on_both! {
    async fn many_requests_at_once_are_each_taken_once(world) {
        let device = world.activated(1).await;
        let requests: Vec<_> = (0..40).map(|_| device.sign("POST", ECHO)).collect();
        let twice = requests.iter().chain(requests.iter().rev()).map(|request| request.send(&world.center));
        let answers = futures_util::future::join_all(twice).await;
        let taken = answers.iter().filter(|answer| answer.status == 200).count();
        let replayed = answers.iter().filter(|answer| answer.code() == "center-430").count();
        assert_eq!((taken, replayed), (40, 40));
    }
}
