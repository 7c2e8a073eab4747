//! The desk over real HTTP: the API as scripts use it, the bench as a terminal uses it, the pages.

use crate::networks::{Addresses, Keys, Listen, Networks, Settings, Terminal};
use crate::testing::clock;
use axum::body::{Body, to_bytes};
use axum::response::Response;
use clock::Clock;
use emv::bench::ToTerminal;
use expect_test::{Expect, expect};
use futures_util::{SinkExt as _, StreamExt as _};
use http::Request;
use pages::secure::SecureConfig;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::tungstenite::Message;
use tower::ServiceExt as _;

const HOST: &str = "127.0.0.1:8701";

struct Desk {
    app: axum::Router,
    clock: Clock,
    addresses: Option<Addresses>,
    _folder: tempfile::TempDir,
}

fn settings(folder: &std::path::Path, clock: &Clock, clock_moves: bool) -> Settings {
    let free = "127.0.0.1:0".parse().unwrap();
    Settings {
        data: folder.to_owned(),
        clock: clock.clone(),
        clock_moves,
        keys: Keys::test(),
        center_waits: Duration::from_secs(25),
        magic: true,
        listen: Listen { desk: free, card: free, smtp: free, code: Some(free), code_tls: Some(free) },
        hosts: Vec::new(),
        terminals: vec![Terminal {
            id: "100000000001".into(), name: "レジ前".into(), printer: Some(free)
        }],
    }
}

impl Desk {
    fn with(clock_moves: bool) -> Self {
        let (folder, clock) = (tempfile::tempdir().unwrap(), clock());
        let networks = Networks::open(settings(folder.path(), &clock, clock_moves)).unwrap();
        let app = networks.router(SecureConfig::loopback(8701));
        Self { app, clock, addresses: None, _folder: folder }
    }

    /// Listening, too. The router shares everything with what listens.
    async fn listening() -> Self {
        let (folder, clock) = (tempfile::tempdir().unwrap(), clock());
        let networks = Networks::open(settings(folder.path(), &clock, true)).unwrap();
        let app = networks.router(SecureConfig::loopback(8701));
        let bound = networks.bind().await.unwrap();
        let addresses = Some(bound.addresses().unwrap());
        tokio::spawn(bound.serve(std::future::pending()));
        Self { app, clock, addresses, _folder: folder }
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
        let mut request = Request::builder().method(method).uri(path).header("host", HOST);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.header("content-length", body.len()).body(Body::from(body.to_owned()));
        self.app.clone().oneshot(request.unwrap()).await.unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        let response = self.send("GET", path, &[], "").await;
        assert_eq!(response.status(), 200, "{path}");
        serde_json::from_str(&text(response).await).unwrap()
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let json = [("content-type", "application/json")];
        let response = self.send("POST", path, &json, &body.to_string()).await;
        let status = response.status().as_u16();
        (status, serde_json::from_str(&text(response).await).unwrap_or(Value::Null))
    }

    /// Waits until a list of the API satisfies a condition, without a clock.
    async fn until(&self, path: &str, met: impl Fn(&Value) -> bool) -> Value {
        loop {
            let value = self.get(path).await;
            if met(&value) {
                return value;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn html(&self, path: &str, language: &str) -> String {
        let headers = [("accept", "text/html"), ("accept-language", language)];
        let response = self.send("GET", path, &headers, "").await;
        assert_eq!(response.status(), 200, "{path}");
        text(response).await
    }
}

async fn text(response: Response) -> String {
    String::from_utf8(to_bytes(response.into_body(), 10_000_000).await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn the_shelf_says_what_each_card_is_and_does() {
    let cards = Desk::with(true).get("/desk/cards").await;
    expect![[r#"
        {
          "does_en": "Approved: insert it and enter 1234, or tap it",
          "does_ja": "差し込んで暗証番号1234、またはタッチで承認されます",
          "en": "Visa (chip and PIN)",
          "expires": "12/30",
          "ja": "VISA（ICカード・暗証番号）",
          "name": "visa",
          "number": "4111111111111111",
          "pin": "1234",
          "ways": [
            "insert",
            "tap",
            "swipe"
          ],
          "wrong_pins": 0
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&cards[0]).unwrap());
    assert!(cards.as_array().unwrap().len() >= 16);
}

#[tokio::test]
async fn what_does_not_exist_is_404_and_what_nobody_waits_for_409() {
    let desk = Desk::with(true);
    let visa = json!({"card": "visa", "how": "insert"});
    for (path, body, status, code) in [
        ("/desk/terminals/1/present", visa.clone(), 404, "no-such-terminal"),
        ("/desk/terminals/100000000001/present", json!({"card": "x", "how": "tap"}), 404, "no-such-card"),
        ("/desk/terminals/100000000001/present", visa, 409, "not-connected"),
        ("/desk/terminals/100000000001/pin", json!({"key": "bypassed"}), 409, "not-connected"),
        ("/desk/terminals/100000000001/remove", json!({}), 409, "not-connected"),
        ("/desk/terminals/100000000001/present", json!({"card": "visa", "how": "throw"}), 422, "bad-body"),
        (
            "/desk/terminals/100000000001/present",
            json!({"card": "visa", "how": "tap", "pin": "1"}),
            422,
            "bad-body",
        ),
        ("/desk/terminals/1/scan", json!({"code": "9000"}), 404, "no-such-terminal"),
        ("/desk/terminals/100000000001/scan", json!({"code": "9000"}), 409, "not-connected"),
        ("/desk/terminals/100000000001/scan", json!({}), 422, "bad-body"),
        ("/desk/code-charges/paypay/1/answer", json!({"confirms": true}), 404, "no-such-payment"),
        ("/desk/cards/x/unblock", json!({}), 404, "no-such-card"),
        ("/desk/faults", json!({"network": "emoney", "fault": "close"}), 404, "no-such-network"),
        ("/desk/faults", json!({"network": "card", "fault": "decline", "code": "00"}), 422, "bad-code"),
    ] {
        let (got, answer) = desk.post(path, body.clone()).await;
        assert_eq!((got, answer["code"].as_str()), (status, Some(code)), "{path} {body}");
    }
    for path in ["/desk/paper/1", "/desk/terminals/1/emoney", "/mail/1"] {
        assert_eq!(desk.send("GET", path, &[], "").await.status(), 404, "{path}");
    }
    assert_eq!(desk.get("/desk/paper/100000000001").await, json!([]));
    assert_eq!(desk.get("/desk/mails").await, json!([]));
    assert_eq!(desk.get("/desk/charges").await, json!([]));
}

#[tokio::test]
async fn a_write_must_be_json_and_from_here() {
    let desk = Desk::with(true);
    let body = r#"{"network":"card","fault":"close"}"#;
    let json = ("content-type", "application/json");
    let form = [("content-type", "text/plain")];
    assert_eq!(desk.send("POST", "/desk/faults", &form, body).await.status(), 415);
    let elsewhere = [json, ("origin", "http://evil.example")];
    assert_eq!(desk.send("POST", "/desk/faults", &elsewhere, body).await.status(), 403);
    let other_name = Request::get("/desk/cards").header("host", "evil.example").body(Body::empty()).unwrap();
    assert_eq!(desk.app.clone().oneshot(other_name).await.unwrap().status(), 421);
}

#[tokio::test]
async fn faults_are_ordered_listed_and_cleared() {
    let desk = Desk::with(true);
    let order = json!({"network": "card", "fault": "drop_answer", "times": 2});
    assert_eq!(desk.post("/desk/faults", order.clone()).await, (200, json!([order])));
    assert_eq!(desk.get("/desk/faults").await, json!([order]));
    let response = desk.send("DELETE", "/desk/faults", &[], "").await;
    assert_eq!((response.status().as_u16(), text(response).await.as_str()), (200, "[]"));
}

#[tokio::test]
async fn the_clock_moves_forward_only_and_only_where_it_may() {
    let desk = Desk::with(true);
    assert_eq!(
        desk.post("/desk/clock", json!({"by_s": 20})).await,
        (200, json!({"now": "2026-11-21T03:00:20Z"}))
    );
    let to = json!({"to": "2026-11-22T12:00:00+09:00"});
    assert_eq!(desk.post("/desk/clock", to.clone()).await, (200, json!({"now": "2026-11-22T03:00:00Z"})));
    assert_eq!(desk.clock.now().to_string(), "2026-11-22T03:00:00Z");
    assert_eq!(desk.post("/desk/clock", json!({"to": "2026-11-21T12:00:00Z"})).await.0, 409);
    assert_eq!(desk.post("/desk/clock", json!({"by_s": 99_999_999})).await.0, 422);
    assert_eq!(desk.post("/desk/clock", json!({"by_s": -1})).await.0, 422);
    let fixed = Desk::with(false);
    assert_eq!(fixed.post("/desk/clock", json!({"by_s": 20})).await.0, 404);
    assert!(!fixed.html("/", "en").await.contains("+30 min"));
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// A scripted terminal on the bench.
struct Driver(Socket);

impl Driver {
    async fn connect(desk: &Desk, id: &str) -> Self {
        let address = desk.addresses.as_ref().unwrap().desk;
        let url = format!("ws://{address}/desk/bench/{id}");
        let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        let mut driver = Self(socket);
        driver.say(&json!({"say": "hello", "reader": "BENCH-1", "pinpad": true})).await;
        driver
    }

    async fn say(&mut self, message: &Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    async fn hear(&mut self) -> Option<ToTerminal> {
        loop {
            match self.0.next().await?.ok()? {
                Message::Text(text) => return Some(serde_json::from_str(text.as_str()).unwrap()),
                Message::Close(_) => return None,
                _ => {}
            }
        }
    }
}

const VISA_APPLICATION: &str = "00A4040007A000000003101000";

#[tokio::test]
async fn a_terminal_on_the_bench_reads_a_card_and_gets_its_pin() {
    let desk = Desk::listening().await;
    let mut driver = Driver::connect(&desk, "100000000001").await;
    let present = "/desk/terminals/100000000001/present";
    desk.until("/desk/terminals", |list| list[0]["reader"] == "BENCH-1").await;
    let visa = json!({"card": "visa", "how": "insert", "pin": "9999"});
    let (status, why) = desk.post(present, visa.clone()).await;
    assert_eq!((status, why["code"].as_str()), (409, Some("nothing-waits")));
    driver.say(&json!({"say": "arm", "interfaces": "three", "amount_yen": 880, "language": "ja"})).await;
    let list = desk.until("/desk/terminals", |list| list[0]["waits_for"] == "card").await;
    assert_eq!((list[0]["amount_yen"].as_i64(), list[0]["shows"].as_str()), (Some(880), Some("present")));
    assert_eq!(desk.post(present, visa.clone()).await.0, 202);
    assert!(matches!(driver.hear().await, Some(ToTerminal::Inserted { .. })));
    assert_eq!(desk.post(present, visa).await.1["code"], "card-inside");
    driver.say(&json!({"say": "apdu", "hex": VISA_APPLICATION})).await;
    let Some(ToTerminal::Apdu { hex }) = driver.hear().await else { panic!("no answer") };
    assert_eq!(hex.0[hex.0.len() - 2..], [0x90, 0x00]);
    driver.say(&json!({"say": "ask_pin", "amount_yen": 880, "attempt": 1})).await;
    for n in 1..=4 {
        assert_eq!(driver.hear().await, Some(ToTerminal::PinDigitsCount { n }));
    }
    assert!(matches!(driver.hear().await, Some(ToTerminal::Pin { .. })));
    driver.say(&json!({"say": "pin_done"})).await;
    driver.say(&json!({"say": "ask_pin", "amount_yen": 880, "attempt": 2})).await;
    desk.until("/desk/terminals", |list| list[0]["waits_for"] == "pin").await;
    // The same card again, with the right PIN: the person types it.
    assert_eq!(desk.post(present, json!({"card": "visa", "how": "insert", "pin": "1234"})).await.0, 202);
    for _ in 1..=4 {
        driver.hear().await;
    }
    assert!(matches!(driver.hear().await, Some(ToTerminal::Pin { .. })));
    driver.say(&json!({"say": "show", "hint": "remove_card"})).await;
    assert_eq!(driver.hear().await, Some(ToTerminal::Removed));
}

#[tokio::test]
async fn a_newer_connection_replaces_the_older_and_a_lost_one_is_seen() {
    let desk = Desk::listening().await;
    let mut first = Driver::connect(&desk, "100000000001").await;
    let second = Driver::connect(&desk, "100000000001").await;
    assert_eq!(first.hear().await, None);
    drop(second);
    desk.until("/desk/terminals", |list| list[0]["connected"] == false).await;
    Driver::connect(&desk, "100000000009").await;
    desk.until("/desk/terminals", |list| list[1]["id"] == "100000000009").await;
}

#[tokio::test]
async fn a_page_of_a_browser_cannot_play_a_terminal() {
    let desk = Desk::listening().await;
    let address = desk.addresses.as_ref().unwrap().desk;
    let mut request = tokio_tungstenite::tungstenite::client::IntoClientRequest::into_client_request(
        format!("ws://{address}/desk/bench/100000000001"),
    )
    .unwrap();
    request.headers_mut().insert("origin", "http://evil.example".parse().unwrap());
    assert!(tokio_tungstenite::connect_async(request).await.is_err());
}

#[tokio::test]
async fn paper_and_mail_are_seen_by_scripts_and_people() {
    use lettre::AsyncTransport as _;
    let desk = Desk::listening().await;
    let addresses = desk.addresses.clone().unwrap();
    let mut printer = tokio::net::TcpStream::connect(addresses.printers[0].1).await.unwrap();
    printer.write_all(b"\x1b@TOTAL 880\n\x1dV\x00").await.unwrap();
    let papers = desk.until("/desk/paper/100000000001", |list| list[0]["number"] == 1).await;
    assert_eq!(papers[0]["text"], "TOTAL 880\n");
    assert!(desk.html("/", "en").await.contains("TOTAL 880"));

    let mail = lettre::Message::builder()
        .from("Choba <receipt@choba.test>".parse().unwrap())
        .to("hana@example.test".parse().unwrap())
        .subject("ご利用控え")
        .multipart(lettre::message::MultiPart::alternative_plain_html(
            "金額 880円\n.\n終わり".to_owned(),
            "<b>880円</b><script>alert(1)</script>".to_owned(),
        ))
        .unwrap();
    let mailer = lettre::AsyncSmtpTransport::<lettre::Tokio1Executor>::builder_dangerous("127.0.0.1")
        .port(addresses.smtp.port())
        .build();
    mailer.send(mail).await.unwrap();
    let mails = desk.get("/desk/mails").await;
    assert_eq!(
        (&mails[0]["subject"], &mails[0]["to"]),
        (&json!("ご利用控え"), &json!(["hana@example.test"]))
    );
    assert_eq!(mails[0]["text"].as_str().unwrap().replace("\r\n", "\n").trim_end(), "金額 880円\n.\n終わり");
    assert!(desk.html("/mail", "ja").await.contains("ご利用控え"));
    let page = desk.html("/mail/1", "ja").await;
    assert!(page.contains("sandbox=\"\"") && !page.contains("<script>alert"), "{page}");
    let part = desk.send("GET", "/mail/1/html", &[], "").await;
    let policy = part.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("sandbox;") && policy.contains("default-src 'none'"), "{policy}");
    for busy in ["busy@example.test", "bounce@example.test"] {
        let mail = lettre::Message::builder()
            .from("a@choba.test".parse().unwrap())
            .to(busy.parse().unwrap())
            .body("x".to_owned())
            .unwrap();
        let error = mailer.send(mail).await.unwrap_err();
        assert_eq!(
            (error.is_transient(), error.is_permanent()),
            (busy.starts_with("busy"), busy.starts_with("bounce"))
        );
    }
}

#[tokio::test]
async fn a_taken_port_is_one_clear_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings = settings(folder.path(), &clock(), true);
    settings.listen.smtp = taken.local_addr().unwrap();
    let error = Networks::open(settings).unwrap().bind().await.unwrap_err().to_string();
    assert!(error.starts_with("The mail catcher cannot listen on 127.0.0.1:"), "{error}");
}

fn words(html: &str) -> String {
    let mut out = String::new();
    let mut in_tag = false;
    for c in html.chars() {
        match c {
            '<' => in_tag = true,
            '>' => {
                in_tag = false;
                if !out.ends_with('\n') {
                    out.push('\n');
                }
            }
            _ if !in_tag => out.push(c),
            _ => {}
        }
    }
    out.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

async fn check_words(path: &str, language: &str, from: &str, to: &str, expected: Expect) {
    let page = words(&Desk::with(true).html(path, language).await);
    let start = page.find(from).unwrap();
    let end = page[start..].find(to).unwrap();
    expected.assert_eq(&page[start..start + end]);
}

#[tokio::test]
async fn the_desk_reads_well_in_both_languages() {
    check_words(
        "/",
        "ja",
        "読取機は未接続",
        "お客様のスマホ",
        expect![[r"
            読取機は未接続です
            端末を起動してください。
            差し込む
            タッチ
            スライド
            時計を進める
            2026/11/21 12:00:00
            ＋20秒
            ＋30分
            ＋1日
        "]],
    )
    .await;
    check_words(
        "/",
        "en",
        "The reader is not",
        "The customer's phone",
        expect![[r"
            The reader is not connected
            Please start the terminal.
            Insert
            Tap
            Swipe
            Move the clock
            2026/11/21 12:00:00
            +20 s
            +30 min
            +1 day
        "]],
    )
    .await;
}

#[tokio::test]
async fn presses_work_without_script_and_with_it() {
    let desk = Desk::listening().await;
    let mut driver = Driver::connect(&desk, "100000000001").await;
    driver.say(&json!({"say": "arm", "interfaces": "three", "amount_yen": 880, "language": "en"})).await;
    desk.until("/desk/terminals", |list| list[0]["waits_for"] == "card").await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    let plain = desk.send("POST", "/present?t=100000000001", &[form], "card=jcb&how=insert").await;
    assert_eq!(
        (plain.status().as_u16(), plain.headers()["location"].to_str().unwrap()),
        (303, "/?t=100000000001")
    );
    assert!(matches!(driver.hear().await, Some(ToTerminal::Inserted { .. })));
    driver.say(&json!({"say": "ask_pin", "amount_yen": 880, "attempt": 1})).await;
    desk.until("/desk/terminals", |list| list[0]["waits_for"] == "pin").await;
    let page = desk.html("/?t=100000000001", "en").await;
    assert!(
        page.contains("name=\"pin\" type=\"password\"")
            && page.contains("The right PIN of this card is 2468"),
        "{page}"
    );
    let htmx = [form, ("hx-request", "true")];
    let short = desk.send("POST", "/pin?t=100000000001", &htmx, "pin=24&key=entered").await;
    assert_eq!(short.status(), 200);
    let entered = desk.send("POST", "/pin?t=100000000001", &htmx, "pin=2468&key=entered").await;
    assert!(text(entered).await.starts_with("<main id=\"screen\""));
    for _ in 1..=4 {
        assert!(matches!(driver.hear().await, Some(ToTerminal::PinDigitsCount { .. })));
    }
    let switch = "fault=decline&times=1&code=54";
    assert_eq!(desk.send("POST", "/trouble", &htmx, switch).await.status(), 200);
    let order = json!([{"network": "card", "fault": "decline", "code": "54", "times": 1}]);
    assert_eq!(desk.get("/desk/faults").await, order);
    assert_eq!(desk.send("POST", "/trouble", &htmx, switch).await.status(), 200);
    assert_eq!(desk.get("/desk/faults").await, json!([]));
    let stale = desk.send("POST", "/clock", &htmx, "by_s=20&rev=1.1").await;
    assert_eq!(stale.status(), 200);
    assert_eq!(desk.clock.now().to_string(), "2026-11-21T03:00:00Z", "a stale press moves nothing");
}
