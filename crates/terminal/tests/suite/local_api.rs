//! `POST /local/payments` and its neighbours, as design.md has them.

use crate::fakes::{Bench, Next, SIGNATURE};
use codes::pay;
use payment::StateName;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_swipe_is_signed_and_paid_without_any_page() {
    // M-022, R-033, R-045
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    let id = bench.start(880).await;
    bench.reach("present").await;
    assert_eq!(bench.look(id).await["waits_for"], "card");
    bench.swipe().await;
    bench.reach("sign").await;
    let view = bench.look(id).await;
    assert_eq!(
        (&view["state"], &view["money_taken"], &view["waits_for"]),
        (&"authorized".into(), &"no".into(), &"signature".into())
    );
    let path = format!("/local/payments/{id}/signature");
    assert_eq!(bench.json("POST", &path, r#"{"strokes":[]}"#).await.0, 400);
    assert_eq!(bench.json("POST", &path, SIGNATURE).await.0, 202);
    bench.reach("approved").await;
    let view = bench.look(id).await;
    assert_eq!((&view["state"], &view["money_taken"]), (&"approved".into(), &"yes".into()));
    assert!(view["receipt"].as_str().unwrap().contains("¥880"), "{view}");
    assert_eq!(view["card"]["last4"], "0010");
    assert_eq!(view["slip_no"], 1);
    let heard = bench.center.heard().join(", ");
    assert!(heard.contains("pay ¥880 lump signature sign=true"), "{heard}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_terminal_says_what_runs_and_a_cancel_works_until_the_card() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    let id = bench.start(880).await;
    bench.reach("present").await;
    let (status, problem) = bench.json("POST", "/local/payments", r#"{"amount":1,"method":"card"}"#).await;
    assert_eq!(status, 409);
    assert!(problem["detail"].as_str().unwrap().contains(&id.to_string()), "{problem}");
    assert_eq!(problem["money_taken"], "no");
    assert_eq!(bench.json("POST", &format!("/local/payments/{id}/cancel"), "").await.0, 202);
    bench.reach("sign-in").await;
    let view = bench.look(id).await;
    assert_eq!((&view["state"], &view["code"]), (&"abandoned".into(), &"payment-E13".into()));
    // Cancelling twice is cancelling once.
    assert_eq!(bench.json("POST", &format!("/local/payments/{id}/cancel"), "").await.0, 200);

    let id = bench.start(880).await;
    bench.reach("present").await;
    bench.swipe().await;
    bench.reach("sign").await;
    assert_eq!(bench.json("POST", &format!("/local/payments/{id}/cancel"), "").await.0, 409);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_paid_is_refused_with_its_code_before_anything_begins() {
    // 207, 208, X-019
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    for (body, status, code) in [
        (r#"{"amount":0,"method":"card"}"#, 400, "center-400"),
        (r#"{"amount":-5,"method":"card"}"#, 400, "center-400"),
        (r#"{"amount":1.5,"method":"card"}"#, 400, "center-400"),
        (r#"{"amount":880,"method":"emoney"}"#, 400, "center-400"),
        (r#"{"amount":880,"method":"card","colour":"red"}"#, 400, "center-400"),
        (r#"{"amount":3000001,"method":"card"}"#, 422, "payment-207"),
        (r#"{"amount":10000000,"method":"card"}"#, 422, "payment-208"),
        (r#"{"amount":9999999999999,"method":"card"}"#, 422, "payment-208"),
        (r#"{"amount":880,"method":"card","class":"installments-24"}"#, 422, "payment-E02"),
        (r#"{"amount":880,"method":"card","class":"weekly"}"#, 400, "center-400"),
        ("{", 400, "center-400"),
    ] {
        let (got, problem) = bench.json("POST", "/local/payments", body).await;
        assert_eq!((got, problem["code"].as_str()), (status, Some(code)), "{body}");
        assert_eq!(problem["money_taken"], "no");
    }
    assert_eq!(bench.ask("POST", "/local/payments", "text/plain", "{}").await.0, 415);
    assert_eq!(bench.json("GET", "/local/payments/nothing", "").await.0, 404);
    assert_eq!(bench.json("GET", "/local/payments/019aa000-0000-7000-8000-000000000099", "").await.0, 404);
    bench.reach("sign-in").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_center_is_a_doubt_that_blocks_and_ends_in_a_reversal() {
    // model 3.3 rule 1 and 9; reliability P3-P4
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    bench.center.plan(Next::Silent(StateName::InDoubt));
    let id = bench.start(880).await;
    bench.reach("present").await;
    bench.swipe().await;
    bench.reach("unknown").await;
    let view = bench.look(id).await;
    assert_eq!((&view["state"], &view["money_taken"]), (&"in_doubt".into(), &"unknown".into()));
    let (status, problem) = bench.json("POST", "/local/payments", r#"{"amount":880,"method":"card"}"#).await;
    assert_eq!(status, 409, "{problem}");
    bench.center.put(
        &{
            let mut attempt = crate::samples::planned();
            attempt.id = id;
            attempt
        },
        StateName::Reversed,
    );
    bench.pass_until_screen(Duration::from_secs(10), "undone").await;
    assert_eq!(bench.look(id).await["money_taken"], "no");
    bench.start(880).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_doubt_of_a_terminal_that_the_center_stopped_says_why_it_does_not_end() {
    // S9: the payment's own request is the first that hears of it.
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    bench.center.is_ahead(0);
    let id = bench.start(880).await;
    bench.reach("present").await;
    bench.center.stops(Some(codes::api::TERMINAL_COPIED));
    bench.swipe().await;
    bench.reach("unknown").await;
    bench.says("端末データが複製されています").await;
    assert_eq!(bench.look(id).await["money_taken"], "unknown");
    bench.center.stops(None);
    bench.pass_until_screen(Duration::from_secs(10), "undone").await;
    assert_eq!(bench.look(id).await["money_taken"], "no");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_never_arrived_leaves_a_tombstone() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    bench.center.plan(Next::Lost);
    let id = bench.start(880).await;
    bench.reach("present").await;
    bench.swipe().await;
    bench.reach("undone").await;
    assert_eq!(bench.center.state(id), Some(StateName::Reversed));
    assert_eq!(bench.center.heard().iter().filter(|what| *what == "reverse").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_center_out_of_reach_takes_no_money_and_says_so_before_the_card() {
    // 901
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    bench.center.away(true);
    let id = bench.start(880).await;
    bench.reach("present").await;
    bench.swipe().await;
    bench.reach("refused").await;
    let view = bench.look(id).await;
    assert_eq!((&view["state"], &view["code"]), (&"failed".into(), &"payment-901".into()));
    // The lamp is known to be red now: the next one is refused before a card is asked for.
    let id = bench.start(880).await;
    bench.reach("refused").await;
    let view = bench.look(id).await;
    assert_eq!((&view["state"], &view["code"]), (&"abandoned".into(), &"payment-901".into()));
    bench.center.away(false);
    bench.start(880).await;
    bench.reach("present").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_that_a_dead_line_swallowed_is_asked_again_at_once_when_the_line_is_back() {
    // R4
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    bench.center.plan(Next::Silent(StateName::Approved));
    bench.center.swallows(true);
    let id = bench.start(880).await;
    bench.reach("present").await;
    bench.swipe().await;
    let looks = || bench.center.heard().iter().filter(|what| *what == "look").count();
    bench.pass_until(Duration::from_millis(1), "it is asked about", async || looks() == 1).await;
    bench.center.swallows(false);
    let since = bench.clock.now();
    let paid = async || bench.look(id).await["state"] == "approved";
    bench.pass_until(Duration::from_secs(1), "paid", paid).await;
    // The line is tried every two seconds while it is down; the question alone would wait longer.
    let waited = bench.clock.now().duration_since(since);
    assert!(waited.as_secs() < terminal::limits::FOLLOW_UP_WAIT.as_secs().cast_signed(), "{waited}");
    assert_eq!((looks(), bench.center.charged_yen()), (2, 880));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_whose_answer_was_swallowed_is_found_before_the_terminal_s_own_time_is_over() {
    // R4
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    bench.center.plan(Next::Swallowed);
    let id = bench.start(880).await;
    bench.reach("present").await;
    bench.swipe().await;
    let since = bench.clock.now();
    bench.pass_until_screen(Duration::from_secs(1), "sign").await;
    let waited = bench.clock.now().duration_since(since);
    assert!(waited.as_secs() < 10, "{waited}");
    assert_eq!(bench.center.state(id), Some(StateName::Authorized));
    let pays = bench.center.heard().iter().filter(|what| what.starts_with("pay")).count();
    assert_eq!(pays, 1, "the request itself is sent once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_end_with_their_own_code_and_no_money() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    for code in [pay::CARD_REFUSED, pay::OVER_CREDIT_LIMIT, pay::LOST_CARD, pay::EXPIRED_CARD] {
        bench.center.plan(Next::Decline(code));
        let id = bench.start(880).await;
        bench.reach("present").await;
        bench.swipe().await;
        bench.reach("refused").await;
        let view = bench.look(id).await;
        assert_eq!((&view["state"], &view["code"]), (&"declined".into(), &code.key().into()));
        assert_eq!(view["money_taken"], "no");
        assert!(view["message"]["next"].as_str().is_some_and(|next| !next.is_empty()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_center_without_room_leaves_a_doubt_that_a_tombstone_ends() {
    // R8: it wrote nothing down, so a copy of the request that arrives later must still be refused.
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    bench.center.plan(Next::Problem(codes::api::NO_SPACE));
    let id = bench.start(880).await;
    bench.reach("present").await;
    bench.swipe().await;
    bench.reach("undone").await;
    let view = bench.look(id).await;
    assert_eq!((&view["state"], &view["money_taken"]), (&"reversed".into(), &"no".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn below_the_reserve_of_the_disk_no_payment_starts_and_the_one_under_way_ends() {
    // Issue item 6: refused before an authorization with a clear sentence.
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    let id = bench.start(880).await;
    bench.reach("present").await;
    bench.free_bytes.store(store::RESERVE_BYTES - 1, std::sync::atomic::Ordering::Relaxed);
    bench.swipe().await;
    bench.reach("sign").await;
    assert_eq!(bench.json("POST", &format!("/local/payments/{id}/signature"), SIGNATURE).await.0, 202);
    bench.reach("approved").await;
    bench.press("finish", "").await;
    bench.reach("sign-in").await;
    let body = r#"{"amount":1200,"method":"card"}"#;
    let (status, problem) = bench.json("POST", "/local/payments", body).await;
    assert_eq!((status, &problem["code"]), (507, &codes::api::NO_SPACE.key().into()), "{problem}");
    assert_eq!(problem["money_taken"], "no");
    assert_eq!(bench.center.heard().iter().filter(|what| what.starts_with("pay")).count(), 1);
    bench.free_bytes.store(store::RESERVE_BYTES, std::sync::atomic::Ordering::Relaxed);
    bench.start(1200).await;
    bench.reach("present").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chip_card_refuses_the_swipe() {
    // R-032, 103
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    let id = bench.start(880).await;
    bench.reach("present").await;
    bench.swipe_chip_card().await;
    bench.reach("refused").await;
    assert_eq!(bench.look(id).await["code"], "payment-103");
    assert!(!bench.center.heard().iter().any(|what| what.starts_with("pay")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_with_a_card_ends_in_404_on_the_handed_in_clock() {
    // M-033
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    let id = bench.start(880).await;
    bench.reach("present").await;
    bench.pass_until_screen(Duration::from_secs(61), "refused").await;
    assert_eq!(bench.look(id).await["code"], "payment-404");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_hosts_and_origins_are_not_served() {
    use axum::body::Body;
    use tower::ServiceExt as _;
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    let send = |host: &'static str, origin: &'static str| {
        let router = bench.terminal.router(pages::secure::SecureConfig::loopback(8710));
        let request = http::Request::post("/local/payments")
            .header("host", host)
            .header("origin", origin)
            .header("content-type", "application/json")
            .body(Body::from(r#"{"amount":1,"method":"card"}"#))
            .unwrap();
        async move { router.oneshot(request).await.unwrap().status().as_u16() }
    };
    assert_eq!(send("evil.example", "http://evil.example").await, 421);
    assert_eq!(send("127.0.0.1:8710", "http://evil.example").await, 403);
    assert_eq!(send("127.0.0.1:8710", "http://127.0.0.1:8710").await, 201);
}
