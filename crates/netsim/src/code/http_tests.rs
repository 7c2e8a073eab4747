//! The brands over HTTP: authorization, addresses, trouble on order, and what an amount does to the line.

use super::auth::{self, Credentials, Signed};
use super::http::router;
use super::tests::Bench;
use crate::faults::Order;
use axum::body::{Body, to_bytes};
use http::{Request, StatusCode};
use pages::secure::SecureConfig;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt as _;

const HOST: &str = "127.0.0.1:8702";

fn request(
    bench: &Bench,
    method: &str,
    path: &str,
    body: &Value,
    credentials: &Credentials,
) -> Request<Body> {
    let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let content_type = if bytes.is_empty() { "" } else { "application/json" };
    let signed = Signed { method, path: path.split('?').next().unwrap(), content_type, body: &bytes };
    let header = auth::header(credentials, signed, "n", bench.brands.clock.now());
    let mut request =
        Request::builder().method(method).uri(path).header("host", HOST).header("authorization", header);
    if !bytes.is_empty() {
        request = request.header("content-type", content_type);
    }
    request.body(Body::from(bytes)).unwrap()
}

async fn send(bench: &Bench, request: Request<Body>) -> Option<(StatusCode, Value)> {
    let app = router(Arc::clone(&bench.brands), SecureConfig::loopback(8702));
    let response = app.oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), 65_536).await.ok()?;
    serde_json::from_slice(&body).ok().map(|body| (status, body))
}

async fn call(bench: &Bench, method: &str, path: &str, body: Value) -> Option<(u16, String, Value)> {
    let (status, body) = send(bench, request(bench, method, path, &body, &Credentials::test())).await?;
    Some((status.as_u16(), body["resultInfo"]["code"].as_str().unwrap().to_owned(), body["data"].clone()))
}

fn payment(bench: &mut Bench, wallet: &str, id: &str, amount: i64) -> Value {
    json!({
        "merchantPaymentId": id,
        "userAuthorizationCode": bench.code(wallet),
        "amount": { "amount": amount, "currency": "JPY" },
        "requestedAt": 1_763_000_000,
    })
}

#[tokio::test]
async fn a_payment_is_made_asked_for_refunded_and_cancelled() {
    let mut bench = Bench::new();
    let body = payment(&mut bench, "aoi-merpay", "m1", 880);
    let (status, code, data) = call(&bench, "POST", "/merpay/v2/payments", body).await.unwrap();
    assert_eq!((status, code.as_str(), &data["status"]), (200, "SUCCESS", &json!("COMPLETED")));
    let refund = json!({
        "merchantRefundId": "r1", "paymentId": data["paymentId"], "reason": "back",
        "amount": { "amount": 80, "currency": "JPY" }, "requestedAt": 1_763_000_000,
    });
    let (_, code, data) = call(&bench, "POST", "/merpay/v2/refunds", refund).await.unwrap();
    assert_eq!((code.as_str(), &data["status"]), ("SUCCESS", &json!("CREATED")));
    let (_, _, data) = call(&bench, "GET", "/merpay/v2/codes/payments/m1", Value::Null).await.unwrap();
    assert_eq!(data["refunds"]["data"][0]["amount"]["amount"], json!(80));
    let (_, code, _) = call(&bench, "GET", "/merpay/v2/refunds/r1", Value::Null).await.unwrap();
    assert_eq!(code, "SUCCESS");
    // PayPay is at the root, with and without its word.
    let body = payment(&mut bench, "aoi-paypay", "p1", 880);
    call(&bench, "POST", "/v2/payments?agreeSimilarTransaction=false", body).await.unwrap();
    let (status, code, _) = call(&bench, "DELETE", "/paypay/v2/payments/p1", Value::Null).await.unwrap();
    assert_eq!((status, code.as_str()), (200, "REQUEST_ACCEPTED"));
}

#[tokio::test]
async fn without_the_right_signature_nothing_is_done() {
    let mut bench = Bench::new();
    let foreign = Credentials { secret: "another".into(), ..Credentials::test() };
    let body = payment(&mut bench, "aoi-paypay", "p1", 880);
    let asked = request(&bench, "POST", "/v2/payments", &body, &foreign);
    let (status, said) = send(&bench, asked).await.unwrap();
    assert_eq!((status.as_u16(), &said["resultInfo"]["code"]), (401, &json!("UNAUTHORIZED")));
    let (status, ..) = call(&bench, "GET", "/v2/payments/p1", Value::Null).await.unwrap();
    assert_eq!(status, 404);
}

#[tokio::test]
async fn what_is_no_call_or_no_payment_is_said_so() {
    let mut bench = Bench::new();
    let whole = payment(&mut bench, "aoi-paypay", "p1", 880);
    let with = |name: &str, value: Value| {
        let mut body = whole.clone();
        body[name] = value;
        body
    };
    for (method, path, body, code) in [
        ("GET", "/v2/nothing", Value::Null, "NO_SUCH_CALL"),
        ("GET", "/nobody/v2/payments/1", Value::Null, "NO_SUCH_CALL"),
        ("POST", "/v2/payments", json!({}), "INVALID_PARAMS"),
        ("POST", "/v2/payments", with("merchantPaymentId", json!("")), "INVALID_MERCHANT_PAYMENT_ID"),
        (
            "POST",
            "/v2/payments",
            with("merchantPaymentId", json!("x".repeat(65))),
            "INVALID_MERCHANT_PAYMENT_ID",
        ),
        ("POST", "/v2/payments", with("amount", json!({"amount": 1, "currency": "USD"})), "INVALID_PARAMS"),
        ("POST", "/v2/payments", with("amount", json!({"amount": -1, "currency": "JPY"})), "INVALID_PARAMS"),
        ("POST", "/v2/payments", with("userAuthorizationCode", json!("💥")), "CODE_INVALID"),
        ("GET", "/v2/refunds/r1", Value::Null, "REFUND_NOT_FOUND"),
    ] {
        assert_eq!(call(&bench, method, path, body).await.unwrap().1, code, "{method} {path}");
    }
}

#[tokio::test]
async fn trouble_on_order_strikes_the_answer_and_an_inquiry_finds_the_truth() {
    let mut bench = Bench::new();
    let order =
        |json: Value| bench.brands.faults.order(serde_json::from_value::<Order>(json).unwrap()).unwrap();
    order(json!({"network": "code", "fault": "close", "times": 1}));
    let body = payment(&mut bench, "aoi-paypay", "p1", 880);
    assert_eq!(call(&bench, "POST", "/v2/payments", body).await, None, "the line is cut");
    let order =
        |json: Value| bench.brands.faults.order(serde_json::from_value::<Order>(json).unwrap()).unwrap();
    order(json!({"network": "code", "fault": "garbage", "times": 1}));
    assert_eq!(call(&bench, "GET", "/v2/payments/p1", Value::Null).await, None, "garbage");
    let (_, _, data) = call(&bench, "GET", "/v2/payments/p1", Value::Null).await.unwrap();
    assert_eq!(data["status"], json!("COMPLETED"));
    order(json!({"network": "code", "fault": "decline", "code": "LIMIT_EXCEEDED", "times": 1}));
    let body = payment(&mut bench, "aoi-paypay", "p2", 880);
    assert_eq!(call(&bench, "POST", "/v2/payments", body).await.unwrap().1, "LIMIT_EXCEEDED");
}

#[tokio::test]
async fn an_amount_answers_500_or_cuts_the_line_and_the_charge_stands() {
    let mut bench = Bench::new();
    let body = payment(&mut bench, "aoi-paypay", "p1", 4_242);
    assert_eq!(call(&bench, "POST", "/v2/payments", body.clone()).await.unwrap().0, 500);
    // The same again is answered as it stands.
    assert_eq!(call(&bench, "POST", "/v2/payments", body).await.unwrap().2["status"], json!("COMPLETED"));
    let body = payment(&mut bench, "aoi-paypay", "p2", 4_344);
    call(&bench, "POST", "/v2/payments", body).await.unwrap();
    assert_eq!(call(&bench, "DELETE", "/v2/payments/p2", Value::Null).await, None, "cut the first time");
    let (_, code, _) = call(&bench, "DELETE", "/v2/payments/p2", Value::Null).await.unwrap();
    assert_eq!(code, "REQUEST_ACCEPTED");
}

#[tokio::test]
async fn a_dropped_answer_is_silence_until_long_after_everybody_gave_up() {
    let mut bench = Bench::new();
    let body = payment(&mut bench, "aoi-paypay", "p1", 4_243);
    let clock = bench.brands.clock.clone();
    let (answer, ()) = tokio::join!(call(&bench, "POST", "/v2/payments", body), async {
        // The decision is on disk before the silence begins; only then does time pass.
        while call(&bench, "GET", "/v2/payments/p1", Value::Null).await.unwrap().0 != 200 {
            tokio::task::yield_now().await;
        }
        while clock.now() < "2026-11-21T04:00:00Z".parse().unwrap() {
            clock.advance(Duration::from_secs(61));
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(answer, None);
}
