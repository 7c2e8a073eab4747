//! Codes, giving back and the duplicate warning: whole flows on fakes, by pages and by programs.

use crate::fakes::{Bench, Next, SIGNATURE};
use crate::samples::{offer, suspect};
use codes::pay;
use payment::{Medium, StateName};
use std::time::Duration;

const PAYPAY: &str = "900081818801234567890123";

async fn paid_by_swipe(bench: &Bench) -> payment::PaymentId {
    let id = bench.start(880).await;
    bench.reach("present").await;
    bench.swipe().await;
    bench.reach("sign").await;
    assert_eq!(bench.json("POST", &format!("/local/payments/{id}/signature"), SIGNATURE).await.0, 202);
    bench.reach("approved").await;
    id
}

async fn start_code(bench: &Bench, code: Option<&str>) -> payment::PaymentId {
    let body = serde_json::json!({ "amount": 880, "method": "code", "code": code });
    let (status, json) = bench.json("POST", "/local/payments", &body.to_string()).await;
    assert_eq!(status, 201, "{json}");
    json["id"].as_str().unwrap().parse().unwrap()
}

async fn signed_in(bench: &Bench) {
    assert_eq!(bench.press("sign-in", "login_id=Hanako+&password=Komorebi7").await, 303);
    bench.reach("home").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_scanned_and_paid_and_its_text_is_written_nowhere() {
    // M-040, M-041, M-043, M-044
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    let id = start_code(&bench, None).await;
    bench.reach("scan").await;
    assert_eq!(bench.look(id).await["waits_for"], "code");
    bench.scans.send("https://example.jp/".into()).await.unwrap();
    bench.says("お店のコードやリンク").await;
    bench.scans.send(PAYPAY.into()).await.unwrap();
    bench.reach("approved").await;
    let view = bench.look(id).await;
    assert_eq!((&view["state"], &view["money_taken"]), (&"approved".into(), &"yes".into()));
    assert_eq!(view["code_payment"]["brand"], "paypay");
    assert_eq!(view["code_payment"]["masked"], "9000****0123");
    assert!(bench.center.heard().contains(&"pay ¥880 lump scanner sign=false".to_owned()));
    assert!(
        !bench.center.heard().iter().any(|what| what.starts_with("duplicates")),
        "R-071: never for codes"
    );
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(
            !bytes.windows(PAYPAY.len()).any(|window| window == PAYPAY.as_bytes()),
            "the code rests on disk"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_comes_with_the_wish_needs_no_scan() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    bench.center.plan(Next::Decline(pay::ABOVE_LIMIT));
    let id = start_code(&bench, Some(PAYPAY)).await;
    bench.reach("refused").await;
    let view = bench.look(id).await;
    assert_eq!((&view["state"], &view["money_taken"]), (&"declined".into(), &"no".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_who_confirms_on_the_phone_is_waited_for_without_doubt() {
    // X-046: asked every few seconds
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    bench.center.plan(Next::Customer);
    let id = start_code(&bench, Some(PAYPAY)).await;
    bench.reach("customer").await;
    let view = bench.look(id).await;
    assert_eq!((&view["state"], &view["waits_for"]), (&"sent".into(), &"customer".into()));
    bench.center.customer_confirms(id);
    bench.pass_until_screen(Duration::from_secs(3), "approved").await;
    assert_eq!(bench.look(id).await["money_taken"], "yes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_who_does_not_confirm_in_time_is_told_so() {
    // J-008 group C, X-046: nothing failed and nothing is in doubt any more, the time was over.
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    bench.center.plan(Next::Customer);
    let id = start_code(&bench, Some(PAYPAY)).await;
    bench.reach("customer").await;
    bench.center.customer_is_too_late(id);
    bench.pass_until_screen(Duration::from_secs(3), "undone").await;
    bench.says("お客様の確認が時間内にありませんでした").await;
    let view = bench.look(id).await;
    assert_eq!((&view["state"], &view["money_taken"]), (&"reversed".into(), &"no".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_the_wait_asks_first_and_undoes_only_what_is_not_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    bench.center.plan(Next::Customer);
    let id = start_code(&bench, Some(PAYPAY)).await;
    bench.reach("customer").await;
    assert_eq!(bench.json("POST", &format!("/local/payments/{id}/cancel"), "").await.0, 202);
    bench.reach("undone").await;
    assert_eq!(bench.center.state(id), Some(StateName::Reversed));
    assert_eq!(bench.look(id).await["money_taken"], "no");

    // The customer was faster than the cancel: the payment stands, and the screen says so.
    bench.center.plan(Next::Customer);
    let id = start_code(&bench, Some(PAYPAY)).await;
    bench.reach("customer").await;
    bench.center.confirms_at_the_last_moment();
    bench.json("POST", &format!("/local/payments/{id}/cancel"), "").await;
    bench.reach("approved").await;
    bench.says("取りやめる前に、お客様が確定していました").await;
    assert_eq!(bench.look(id).await["money_taken"], "yes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_of_the_camera_is_looked_at_only_while_a_code_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    let white = "\u{7f}".repeat(64 * 48);
    let frame = async |query: &str| {
        bench.ask("POST", &format!("/scan/frame?{query}"), "application/octet-stream", &white).await.0
    };
    assert_eq!(frame("w=64&h=48").await, 409);
    start_code(&bench, None).await;
    bench.reach("scan").await;
    assert_eq!(frame("w=64&h=48").await, 204);
    assert_eq!(frame("w=64&h=48").await, 429, "too soon");
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(frame("w=640&h=48").await, 400, "not its size");
    assert_eq!(frame("w=64").await, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_is_given_back_from_its_page_with_card_and_signature() {
    // R-052, R-058, R-061, M-059
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    signed_in(&bench).await;
    let id = paid_by_swipe(&bench).await;
    bench.center.offers(offer(Medium::SameCard, false));
    bench.press("finish", "").await;
    bench.reach("amount").await;
    bench.ask("GET", &format!("/go/payment/{id}"), "text/plain", "").await;
    bench.ask("GET", "/go/history", "text/plain", "").await;
    bench.reach("history").await;
    bench.ask("GET", &format!("/go/payment/{id}"), "text/plain", "").await;
    bench.says("取り消す").await;
    bench.press("refund-open", "").await;
    bench.reach("refund").await;
    bench.press("refund", "reason=返品").await;
    bench.reach("refund-confirm").await;
    bench.press("refund-go", "").await;
    bench.reach("present").await;
    bench.says("お支払いに使ったカード").await;
    bench.swipe().await;
    bench.reach("sign").await;
    assert_eq!(bench.center.returned_yen(), 0, "nothing is sent before the signature");
    let strokes = "strokes=%7B%22width%22%3A300%2C%22height%22%3A120%2C%22strokes%22%3A%5B%5B%5B10%2C10%5D%2C%5B200%2C80%5D%5D%5D%7D";
    bench.press("sign", strokes).await;
    bench.reach("approved").await;
    bench.says("返金しました").await;
    assert_eq!(bench.center.returned_yen(), 880);
    assert!(bench.center.heard().contains(&"refund ¥880 card".to_owned()));
    let original = bench.look(id).await;
    assert_eq!(original["given_back"], 880);
    bench.press("print-customer", "").await;
    bench.until("the cancel slip", async || bench.printer.0.lock().unwrap().1.len() == 1).await;
    bench.says("印刷しました").await;
    bench.press("original", "").await;
    bench.says("全額を返金済みです").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_gives_back_in_parts_with_its_own_ids_and_never_twice() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    let sale = "019aa000-0000-7000-8000-0000000000aa";
    let body = format!(r#"{{"id":"{sale}","amount":880,"method":"code","code":"{PAYPAY}"}}"#);
    assert_eq!(bench.json("POST", "/local/payments", &body).await.0, 201);
    bench.reach("approved").await;
    // Same id, same answer; other content, 409.
    assert_eq!(bench.json("POST", "/local/payments", &body).await.0, 200);
    let other = body.replace("880", "881");
    assert_eq!(bench.json("POST", "/local/payments", &other).await.0, 409);

    let path = format!("/local/payments/{sale}/refunds");
    assert_eq!(bench.json("POST", &path, "{}").await.0, 409, "nothing is offered");
    bench.center.offers(offer(Medium::None, true));
    let part = r#"{"id":"019aa000-0000-7000-8000-0000000000bb","amount":300,"reason":"割れ"}"#;
    assert_eq!(bench.json("POST", &path, part).await.0, 201);
    bench.reach("approved").await;
    let (status, again) = bench.json("POST", &path, part).await;
    assert_eq!((status, &again["money_returned"]), (200, &"yes".into()));
    assert_eq!((&again["purpose"], &again["refund_of"]), (&"refund".into(), &sale.into()));
    let changed = part.replace("300", "301");
    assert_eq!(bench.json("POST", &path, &changed).await.0, 409);
    assert_eq!(bench.json("POST", &path, r#"{"amount":0}"#).await.0, 400);
    assert_eq!(bench.json("POST", &path, r#"{"amount":881}"#).await.0, 422);
    assert_eq!(bench.center.returned_yen(), 300);
    assert_eq!(bench.json("GET", &format!("/local/payments/{sale}"), "").await.1["given_back"], 300);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_after_the_approval_gives_the_whole_back_once() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    bench.center.offers(offer(Medium::None, false));
    let id = start_code(&bench, Some(PAYPAY)).await;
    bench.reach("approved").await;
    let path = format!("/local/payments/{id}/cancel");
    let (status, refund) = bench.json("POST", &path, "").await;
    assert_eq!(status, 201, "{refund}");
    let refund_id = refund["id"].as_str().unwrap().to_owned();
    bench.until("returned", async || bench.center.returned_yen() == 880).await;
    let (status, again) = bench.json("POST", &path, "").await;
    assert_eq!((status, again["id"].as_str()), (200, Some(refund_id.as_str())));
    assert_eq!(bench.center.returned_yen(), 880);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_that_nobody_answers_for_is_a_doubt_and_ends_like_a_payment() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    bench.center.offers(offer(Medium::None, false));
    let id = start_code(&bench, Some(PAYPAY)).await;
    bench.reach("approved").await;
    bench.center.plan(Next::Silent(StateName::InDoubt));
    let (_, refund) = bench.json("POST", &format!("/local/payments/{id}/refunds"), "{}").await;
    let refund: payment::PaymentId = refund["id"].as_str().unwrap().parse().unwrap();
    bench.reach("unknown").await;
    bench.says("現金でお返ししないでください").await;
    let view = bench.look(refund).await;
    assert_eq!((&view["state"], &view["money_returned"]), (&"in_doubt".into(), &"unknown".into()));
    assert_eq!(bench.json("POST", "/local/payments", r#"{"amount":1,"method":"card"}"#).await.0, 409);
    bench.center.decides_refund(refund, StateName::Approved);
    bench.pass_until_screen(Duration::from_secs(10), "approved").await;
    assert_eq!(bench.look(refund).await["money_returned"], "yes");
    assert_eq!(bench.look(id).await["given_back"], 880);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_refund_leaves_a_tombstone_and_the_payment_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    bench.center.offers(offer(Medium::None, false));
    let id = start_code(&bench, Some(PAYPAY)).await;
    bench.reach("approved").await;
    bench.center.plan(Next::Lost);
    let (_, refund) = bench.json("POST", &format!("/local/payments/{id}/refunds"), "{}").await;
    let refund: payment::PaymentId = refund["id"].as_str().unwrap().parse().unwrap();
    bench.reach("undone").await;
    assert_eq!(bench.center.refund_state(refund), Some(StateName::Reversed));
    assert_eq!((bench.center.returned_yen(), bench.center.charged_yen()), (0, 880));
    assert_eq!(bench.look(refund).await["money_returned"], "no");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_sale_twice_is_warned_of_before_anything_is_sent() {
    // R-071 … R-075
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    bench.center.suspects(Some(suspect()));
    let id = bench.start(880).await;
    bench.reach("present").await;
    bench.swipe().await;
    bench.reach("duplicate").await;
    bench.says("CHB1-0000041").await;
    assert_eq!(bench.look(id).await["waits_for"], "clerk");
    assert!(!bench.center.heard().iter().any(|what| what.starts_with("pay")));
    bench.press("cancel", "").await;
    bench.reach("refused").await;
    let view = bench.look(id).await;
    assert_eq!((&view["state"], &view["code"]), (&"abandoned".into(), &"payment-E31".into()));

    let id = bench.start(880).await;
    bench.reach("present").await;
    bench.swipe().await;
    bench.reach("duplicate").await;
    bench.press("go-on", "").await;
    bench.reach("sign").await;
    assert_eq!(bench.look(id).await["state"], "authorized");
    let path = format!("/local/payments/{id}/continue");
    assert_eq!(bench.json("POST", &path, "").await.0, 409, "no warning stands");
    bench.json("POST", &format!("/local/payments/{id}/signature"), SIGNATURE).await;
    bench.reach("approved").await;
    // A program that knows better says so without a page.
    let id = bench.start(880).await;
    bench.reach("present").await;
    bench.swipe().await;
    bench.reach("duplicate").await;
    assert_eq!(bench.json("POST", &format!("/local/payments/{id}/continue"), "").await.0, 202);
    bench.reach("sign").await;
}
