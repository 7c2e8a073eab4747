//! The server for registers: what a register may ask, and what nobody may do to it.

use crate::fakes::{Bench, FakeCenter, Next};
use clock::Clock;
use device::hardware::Charge;
use nexo::pairs::Pairs;
use payment::StateName;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use terminal::nexo::{NewPairing, Passphrase, Registers, Settings, certificate_file, pair};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A register's line to a bench.
#[derive(Clone)]
struct Line {
    at: SocketAddr,
    tls: TlsConnector,
}

/// Pairs the bench and serves registers on any port.
async fn line(bench: &Bench, folder: &Path) -> Line {
    let told = NewPairing {
        terminal_id: "000000358002".into(),
        common_name: None,
        key_identifier: None,
        passphrase: Passphrase::new("a passphrase of the test"),
        year: 2026,
    };
    let chance: terminal::Chance = Arc::new(|| [7; 16]);
    pair(folder, &told, &chance).unwrap();
    let settings = Settings { folder: folder.to_owned(), plain: true };
    let registers = Registers::open(bench.terminal.handle(), settings).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move { registers.serve(listener).await });
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate_file(folder)).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Line { at, tls: TlsConnector::from(Arc::new(config)) }
}

impl Line {
    async fn connect(&self) -> TlsStream<TcpStream> {
        let stream = TcpStream::connect(self.at).await.unwrap();
        self.tls.connect(ServerName::from(self.at.ip()), stream).await.unwrap()
    }

    /// Sends bytes as they are and gives status and body.
    async fn raw(&self, text: &str) -> (u16, String) {
        let mut stream = self.connect().await;
        // A server that has heard enough may close before all is written.
        let _ = stream.write_all(text.as_bytes()).await;
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes).await;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        (status, text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
    }

    async fn post(&self, path: &str, kind: &str, body: &str) -> (u16, String) {
        let length = body.len();
        self.raw(&format!(
            "POST {path} HTTP/1.1\r\nhost: t\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}"
        ))
        .await
    }

    async fn ask(&self, message: &Value) -> Value {
        let (status, body) = self.post("/nexo/", "application/json", &message.to_string()).await;
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap_or_default()
    }
}

#[expect(clippy::needless_pass_by_value, reason = "a body is written where it is sent")]
fn message(category: &str, number: &str, body: Value) -> Value {
    json!({ "SaleToPOIRequest": {
        "MessageHeader": { "ProtocolVersion": "3.0", "MessageClass": "Service", "MessageCategory": category,
            "MessageType": "Request", "ServiceID": number, "SaleID": "REG1", "POIID": "CHOBA-000000358002" },
        (format!("{category}Request")): body,
    } })
}

fn payment(number: &str, yen: i64, told: &str) -> Value {
    let id = json!({ "TransactionID": "slip-1", "TimeStamp": "2026-11-21T10:15:30+09:00" });
    message(
        "Payment",
        number,
        json!({
            "SaleData": { "SaleTransactionID": id, "SaleToPOIData": told },
            "PaymentTransaction": { "AmountsReq": { "Currency": "JPY", "RequestedAmount": yen } },
        }),
    )
}

fn status(number: &str, of: &str) -> Value {
    let reference = json!({ "MessageCategory": "Payment", "SaleID": "REG1", "ServiceID": of });
    message("TransactionStatus", number, json!({ "MessageReference": reference }))
}

/// The condition and what stands beside it, of a payment or of one inside a status.
fn outcome(answer: &Value) -> (String, Pairs) {
    let response = &answer["SaleToPOIResponse"];
    let status = &response["TransactionStatusResponse"];
    let repeated = &status["RepeatedMessageResponse"]["RepeatedResponseMessageBody"]["PaymentResponse"];
    let found = [repeated, &response["PaymentResponse"], status].into_iter().find(|body| body.is_object());
    let body = &found.unwrap()["Response"];
    let condition = body["ErrorCondition"].as_str().or_else(|| body["Result"].as_str()).unwrap();
    (condition.to_owned(), Pairs::read(body["AdditionalResponse"].as_str().unwrap_or("")).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_of_the_register_clears_the_screen_and_takes_no_money() {
    // nexo.md rule 8, R-031
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    let line = line(&bench, folder.path()).await;
    let (register, asked) = (line.clone(), payment("1", 880, "deadline=20"));
    let waits = tokio::spawn(async move { register.ask(&asked).await });
    bench.reach("present").await;
    bench.pass(Duration::from_secs(20)).await;
    let (condition, pairs) = outcome(&waits.await.unwrap());
    assert_eq!((condition.as_str(), pairs.get("money")), ("Cancel", Some("no")), "{pairs:?}");
    bench.reach("sign-in").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_deadline_the_policy_of_the_shop_clears_the_screen() {
    // nexo.md rule 8: the samples' policy says 30 seconds.
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    let line = line(&bench, folder.path()).await;
    let (register, asked) = (line.clone(), payment("1", 880, ""));
    let waits = tokio::spawn(async move { register.ask(&asked).await });
    bench.reach("present").await;
    bench.pass(Duration::from_secs(29)).await;
    assert_eq!(bench.terminal.screen_name(), "present");
    bench.pass(Duration::from_secs(1)).await;
    let (condition, pairs) = outcome(&waits.await.unwrap());
    assert_eq!((condition.as_str(), pairs.get("money")), ("Cancel", Some("no")), "{pairs:?}");
    bench.reach("sign-in").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_doubt_that_staff_leave_behind_is_unknown_and_its_end_is_told_later() {
    // nexo.md gap (a), R-078
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    let line = line(&bench, folder.path()).await;
    bench.center.plan(Next::Silent(StateName::InDoubt));
    let (register, asked) = (line.clone(), payment("1", 880, "deadline=60"));
    let waits = tokio::spawn(async move { register.ask(&asked).await });
    bench.reach("present").await;
    bench.swipe().await;
    bench.reach("processing").await;
    assert_eq!(outcome(&line.ask(&status("2", "1")).await).0, "InProgress");
    bench.pass_until_screen(Duration::from_secs(40), "unknown").await;
    // Held open while it is being settled.
    let (condition, in_progress) = outcome(&line.ask(&status("3", "1")).await);
    assert_eq!(condition, "InProgress");
    assert_eq!(outcome(&line.ask(&payment("4", 990, "deadline=60")).await).0, "Busy");
    bench.press("another-customer", "").await;
    let (condition, pairs) = outcome(&waits.await.unwrap());
    assert_eq!(condition, "UnavailableService");
    assert_eq!((pairs.get("outcome"), pairs.get("money")), (Some("unknown"), Some("unknown")));
    let id = in_progress.get("busy_payment").unwrap().parse().unwrap();
    bench.center.decides(id, StateName::Approved);
    bench
        .until("the payment is settled", async || {
            bench.clock.advance(Duration::from_secs(8));
            bench.look(id).await["state"] == "approved"
        })
        .await;
    let (condition, pairs) = outcome(&line.ask(&status("5", "1")).await);
    assert_eq!((condition.as_str(), pairs.get("money")), ("Success", Some("yes")));
}

#[test]
fn what_a_register_asked_before_the_power_cut_is_known_after_it() {
    // nexo.md rule 1, J-070, model 3.3 rule 2
    let folder = tempfile::tempdir().unwrap();
    let center = FakeCenter::default();
    let clock = Clock::by_hand("2026-11-21T01:15:30Z".parse().unwrap());
    let asked = payment("1", 880, "deadline=60");
    let run = || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let first = run();
    first.block_on(async {
        let bench = Bench::open(folder.path(), center.clone(), clock.clone()).await;
        bench.reach("sign-in").await;
        let line = line(&bench, folder.path()).await;
        let asked = asked.to_string();
        tokio::spawn(async move { line.post("/nexo/", "application/json", &asked).await });
        bench.reach("present").await;
    });
    // The power cut: every task ends where it stands.
    first.shutdown_timeout(Duration::from_secs(30));
    run().block_on(async {
        let bench = Bench::open(folder.path(), center.clone(), clock.clone()).await;
        let line = line(&bench, folder.path()).await;
        let found = line.ask(&asked).await;
        let (condition, pairs) = outcome(&found);
        assert_eq!((condition.as_str(), pairs.get("money")), ("Cancel", Some("no")), "{found}");
        assert_eq!(outcome(&line.ask(&status("2", "1")).await).0, condition);
        assert_eq!(center.charged_yen(), 0);
        assert_eq!(outcome(&line.ask(&status("3", "9")).await).0, "NotFound");
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_battery_is_told_and_one_that_is_nearly_empty_lets_no_register_in() {
    // nexo.md 3a (Login, Diagnosis), R-003
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    let line = line(&bench, folder.path()).await;
    let login = |number: &str| {
        let software = json!({ "ManufacturerID": "A", "ApplicationName": "B", "SoftwareVersion": "1", "CertificationCode": "-" });
        let body = json!({ "DateTime": "2026-11-21T10:15:30+09:00", "SaleSoftware": software, "OperatorLanguage": "ja" });
        message("Login", number, body)
    };
    let said = |answer: &Value, category: &str| {
        let response = &answer["SaleToPOIResponse"][format!("{category}Response")]["Response"];
        let pairs = Pairs::read(response["AdditionalResponse"].as_str().unwrap_or("")).unwrap();
        let word = response["ErrorCondition"].as_str().or_else(|| response["Result"].as_str()).unwrap();
        let of = |key: &str| pairs.get(key).unwrap_or("-").to_owned();
        format!("{word} {} {} {} {}", of("battery"), of("charging"), of("reason"), of("money"))
    };
    let answer = line.ask(&message("Diagnosis", "1", json!({}))).await;
    assert_eq!(said(&answer, "Diagnosis"), "Success - - - -", "no battery, no word about one");
    for (number, percent, charging, told) in [
        ("2", 10, false, "UnavailableDevice 10 - battery_low no"),
        ("3", 10, true, "Success 10 true - -"),
        ("4", 11, false, "Success 11 false - -"),
    ] {
        *bench.battery.0.lock().unwrap() = Some(Charge { percent, charging });
        assert_eq!(said(&line.ask(&login(number)).await, "Login"), told, "{percent}");
    }
    let answer = line.ask(&message("Diagnosis", "5", json!({}))).await;
    assert_eq!(said(&answer, "Diagnosis"), "Success 11 false - -");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_message_is_refused_with_a_sentence_and_begins_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    let line = line(&bench, folder.path()).await;
    let good = message("Diagnosis", "1", json!({})).to_string();
    for (path, kind, body, wanted) in [
        ("/", "application/json", good.as_str(), 404),
        ("/nexo/", "text/plain", good.as_str(), 415),
        ("/nexo/", "application/json", "x", 200),
        ("/nexo/", "application/json", &"[".repeat(1000), 200),
    ] {
        let (status, text) = line.post(path, kind, body).await;
        assert_eq!(status, wanted, "{text}");
        let told: Value = serde_json::from_str(&text).unwrap();
        let rejected = &told["SaleToPOIRequest"]["EventNotification"]["EventToNotify"];
        assert!(told["errors"].is_array() || rejected == "Reject", "{text}");
    }
    // Too large: said where the line lets it through, cut in any case.
    let (status, _) = line.post("/nexo/", "application/json", &"x".repeat(200_000)).await;
    assert!([0, 413].contains(&status), "{status}");
    assert_eq!(line.raw("GET /nexo/ HTTP/1.1\r\nhost: t\r\n\r\n").await.0, 405);
    let mut bad = payment("1", 880, "deadline=1");
    bad["SaleToPOIRequest"]["PaymentRequest"]["PaymentTransaction"]["AmountsReq"]["Currency"] = json!("EUR");
    for asked in [bad, payment("2", 880, "deadline=soon"), payment("3", 880, "deadline=99999")] {
        assert_eq!(outcome(&line.ask(&asked).await).0, "MessageFormat");
    }
    assert_eq!(outcome(&line.ask(&payment("4", 10_000_000, "deadline=9")).await).0, "PaymentRestriction");
    assert_eq!(bench.terminal.screen_name(), "sign-in");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_connections_take_no_place_for_long_and_one_too_many_is_turned_away() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::fresh(folder.path()).await;
    let line = line(&bench, folder.path()).await;
    let mut silent = Vec::new();
    for _ in 0..16 {
        silent.push(TcpStream::connect(line.at).await.unwrap());
    }
    // All places are taken: one more is closed at once.
    let mut turned_away = TcpStream::connect(line.at).await.unwrap();
    assert_eq!(turned_away.read(&mut [0; 1]).await.unwrap_or(0), 0);
    // The terminal itself goes on.
    let id = bench.start(880).await;
    bench.reach("present").await;
    bench.json("POST", &format!("/local/payments/{id}/cancel"), "").await;
    bench.reach("sign-in").await;
    // The greeting does not come in time, and the places are free again.
    bench.pass(Duration::from_secs(6)).await;
    for mut stream in silent {
        assert_eq!(stream.read(&mut [0; 1]).await.unwrap_or(0), 0);
    }
    let answer = line.ask(&message("Diagnosis", "1", json!({}))).await;
    assert_eq!(answer["SaleToPOIResponse"]["DiagnosisResponse"]["Response"]["Result"], "Success");
}
