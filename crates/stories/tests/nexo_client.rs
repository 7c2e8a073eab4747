//! Somebody else's client, unmodified, drives our terminals: `@adyen/api-library` in Node, over TLS, encrypted
//! and in clear. Every body that went over the line is held against the published schema below the client.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "a test's helpers fail by panicking, as the test does"
)]

use choba::cast::{Cast, DEMO};
use choba::demo::registers::{KEY, PASSPHRASE};
use choba::programs::registers::{Pairing, pair};
use choba::programs::terminal::ReaderScheme;
use clock::Clock;
use nexo::pairs::Pairs;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use stories::http;
use stories::run::{ANY, Center, Outside, Terminal, TerminalPlace};
use tokio::sync::{oneshot, watch};

// ---- the client ----------------------------------------------------------------------------------

type Waiting = Arc<Mutex<BTreeMap<u64, oneshot::Sender<Value>>>>;

/// The Node process with the client in it.
struct Stock {
    child: Child,
    input: Mutex<ChildStdin>,
    waiting: Waiting,
    next: AtomicU64,
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

impl Stock {
    fn start() -> Self {
        let modules = repository().join("tests/peers-npm/node_modules");
        assert!(
            modules.join("@adyen/api-library").exists(),
            "no npm peers: run `cargo xtask test`, which installs them into tests/peers-npm"
        );
        let mut child = Command::new("node")
            .arg(repository().join("crates/stories/tests/nexo_client.js"))
            .arg(modules)
            .arg(repository().join("crates/nexo/tests/schema/terminal-api-v1.json"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node starts");
        let waiting = Waiting::default();
        let (output, answers) = (child.stdout.take().unwrap(), Arc::clone(&waiting));
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let told: Value = serde_json::from_str(&line).unwrap();
                let waits = answers.lock().unwrap().remove(&told["id"].as_u64().unwrap());
                if let Some(waits) = waits {
                    drop(waits.send(told));
                }
            }
        });
        let input = Mutex::new(child.stdin.take().unwrap());
        Self { child, input, waiting, next: AtomicU64::new(1) }
    }

    /// Sends a command; the answer comes when the client has it.
    fn command(&self, mut command: Value) -> oneshot::Receiver<Value> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        command["id"] = json!(id);
        let (reply, answer) = oneshot::channel();
        self.waiting.lock().unwrap().insert(id, reply);
        writeln!(self.input.lock().unwrap(), "{command}").unwrap();
        answer
    }
}

impl Drop for Stock {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

// ---- the town ------------------------------------------------------------------------------------

struct Town {
    folder: tempfile::TempDir,
    clock: Clock,
    outside: Outside,
    _center: Center,
    terminals: Vec<(TerminalPlace, Terminal)>,
    screens: Vec<watch::Receiver<&'static str>>,
    stock: Stock,
    numbers: AtomicU64,
}

/// Waits until the terminal is activated.
async fn activated(mut screen: watch::Receiver<&'static str>) {
    screen.wait_for(|name| !matches!(*name, "" | "activate" | "confirm-shop")).await.unwrap();
}

impl Town {
    /// What `choba admin verify` says about terminal, center and networks.
    fn books(&self) -> Value {
        let places = choba::admin::Places::find(self.folder.path(), None).unwrap();
        choba::admin::verify(&places, &self.clock).unwrap()
    }

    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::real();
        let cast = Cast::read(DEMO).unwrap();
        let outside = Outside::start(folder.path(), &clock, &cast.terminal).await;
        let center = Center::start(folder.path(), &clock, &outside.at, &cast, ANY).await;
        let (mut terminals, mut screens) = (Vec::new(), Vec::new());
        for (device, (_, printer)) in cast.terminal.iter().zip(&outside.at.printers) {
            let place = TerminalPlace {
                data: folder.path().join(format!("terminal-{}", device.id)),
                center: center.at,
                desk: outside.at.desk,
                printer: *printer,
                reader: device.reader.clone(),
                reader_keys: ReaderScheme::Aes,
                device: device.clone(),
                registers: true,
            };
            let shown = watch::Sender::new("");
            let screen = shown.subscribe();
            let witness: terminal::Witness = Arc::new(move |name, _| {
                shown.send_replace(name);
            });
            let running = Terminal::start(&place, &clock, witness).await;
            activated(screen.clone()).await;
            screens.push(screen);
            terminals.push((place, running));
        }
        center.rooms.acquiring.line().up().await;
        let stock = Stock::start();
        let numbers = AtomicU64::new(1);
        let town = Self { folder, clock, outside, _center: center, terminals, screens, stock, numbers };
        for index in 0..town.terminals.len() {
            town.until_desk(index, |shown| shown["connected"] == true).await;
        }
        town
    }

    fn terminal_id(&self, index: usize) -> &str {
        &self.terminals[index].0.device.id
    }

    /// Waits until the desk says this of a terminal; looks again after everything that happens there.
    async fn until_desk(&self, index: usize, so: impl Fn(&Value) -> bool) {
        let id = self.terminal_id(index);
        let mut rev = self.outside.live.rev();
        loop {
            let all = http::get(self.outside.at.desk, "/desk/terminals").await.unwrap().json();
            if all.as_array().unwrap().iter().any(|shown| shown["id"] == id && so(shown)) {
                return;
            }
            rev = self.outside.live.newer_than(rev).await;
        }
    }

    async fn until_card(&self, index: usize) {
        self.until_desk(index, |shown| shown["waits_for"] == "card").await;
    }

    async fn present(&self, index: usize, card: &str, pin: &str) {
        let path = format!("/desk/terminals/{}/present", self.terminal_id(index));
        let body = json!({ "card": card, "how": "insert", "pin": pin });
        assert_eq!(http::post(self.outside.at.desk, &path, &body).await.unwrap().status, 202);
    }

    /// The customer shows the code of a wallet as soon as the terminal waits for one.
    async fn show_code(&self, index: usize, wallet: &str) {
        self.screens[index].clone().wait_for(|name| *name == "scan").await.unwrap();
        let wallets = http::get(self.outside.at.desk, "/desk/wallets").await.unwrap().json();
        let shown = wallets.as_array().unwrap().iter().find(|shown| shown["name"] == wallet).unwrap().clone();
        let path = format!("/desk/terminals/{}/scan", self.terminal_id(index));
        let body = json!({ "code": shown["qr"] });
        assert_eq!(http::post(self.outside.at.desk, &path, &body).await.unwrap().status, 202);
    }

    async fn charges(&self) -> usize {
        let charges = http::get(self.outside.at.desk, "/desk/charges").await.unwrap().json();
        charges.as_array().unwrap().len()
    }

    fn number(&self) -> String {
        format!("T{:09}", self.numbers.fetch_add(1, Ordering::Relaxed))
    }

    #[expect(clippy::needless_pass_by_value, reason = "a body is written where it is sent")]
    fn message(&self, index: usize, category: &str, number: &str, body: Value) -> Value {
        let class = if category == "Print" { "Device" } else { "Service" };
        json!({ "SaleToPOIRequest": {
            "MessageHeader": { "ProtocolVersion": "3.0", "MessageClass": class, "MessageCategory": category,
                "MessageType": "Request", "ServiceID": number, "SaleID": "REG1",
                "POIID": format!("CHOBA-{}", self.terminal_id(index)) },
            (format!("{category}Request")): body,
        } })
    }

    /// The stock client's own setting for any port: what follows `#` is cut off.
    fn command(&self, index: usize, message: &Value, more: &Value) -> Value {
        let (place, running) = &self.terminals[index];
        let mut command = json!({
            "endpoint": format!("https://{}/nexo/#", running.registers.unwrap()),
            "certificate": terminal::nexo::certificate_file(&place.data),
            "key": { "AdyenCryptoVersion": 1, "KeyIdentifier": KEY, "KeyVersion": 1, "Passphrase": PASSPHRASE },
            "message": message,
        });
        for (name, value) in more.as_object().unwrap() {
            command[name] = value.clone();
        }
        command
    }

    fn begin(&self, index: usize, message: &Value) -> oneshot::Receiver<Value> {
        self.stock.command(self.command(index, message, &json!({})))
    }

    async fn ask(&self, index: usize, message: &Value) -> Value {
        answered(self.begin(index, message)).await
    }

    async fn category(&self, index: usize, category: &str, body: Value) -> Value {
        let answer = self.ask(index, &self.message(index, category, &self.number(), body)).await;
        answer["SaleToPOIResponse"][format!("{category}Response")].clone()
    }

    fn payment(&self, index: usize, number: &str, amount: i64) -> Value {
        self.message(index, "Payment", number, payment_body(amount))
    }

    async fn status(&self, index: usize, number: &str) -> Value {
        let reference = json!({ "MessageCategory": "Payment", "SaleID": "REG1", "ServiceID": number });
        self.category(index, "TransactionStatus", json!({ "MessageReference": reference })).await
    }

    /// Asks for the status until it is no longer in progress.
    async fn settled(&self, index: usize, number: &str) -> Value {
        loop {
            let status = self.status(index, number).await;
            if condition(&status) != "InProgress" {
                return status;
            }
        }
    }
}

fn payment_body(amount: i64) -> Value {
    json!({
        "SaleData": {
            "SaleTransactionID": { "TransactionID": "TSU3-0003377", "TimeStamp": "2026-11-28T10:00:00+09:00" },
            "SaleToPOIData": "deadline=60&note=Blend",
        },
        "PaymentTransaction": { "AmountsReq": { "Currency": "JPY", "RequestedAmount": amount } },
    })
}

/// What the client has; no body on the line may differ from the schema.
async fn told(waits: oneshot::Receiver<Value>) -> Value {
    let told = waits.await.expect("the client answers");
    assert_eq!(told["invalid"], json!([]), "the published schema says no: {told}");
    told
}

async fn answered(waits: oneshot::Receiver<Value>) -> Value {
    let told = told(waits).await;
    assert!(told["error"].is_null(), "{told}");
    told["answer"].clone()
}

fn body_of(answer: &Value) -> &Value {
    &answer["SaleToPOIResponse"]["PaymentResponse"]
}

fn condition(body: &Value) -> &str {
    body["Response"]["ErrorCondition"].as_str().unwrap_or("")
}

fn pairs(body: &Value) -> Pairs {
    Pairs::read(body["Response"]["AdditionalResponse"].as_str().unwrap_or("")).unwrap()
}

fn within(tell: impl AsyncFnOnce(&Town)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async { tell(&Town::open().await).await });
}

// ---- the claims ----------------------------------------------------------------------------------

#[test]
fn the_stock_client_logs_in_pays_and_reads_state_and_totals() {
    // J-001, J-010, J-042
    within(async |town| {
        let software = json!({ "ManufacturerID": "Tests", "ApplicationName": "register",
            "SoftwareVersion": "1", "CertificationCode": "-" });
        let login = json!({ "DateTime": "2026-11-28T10:00:00+09:00", "SaleSoftware": software, "OperatorLanguage": "ja" });
        let logged = town.category(0, "Login", login.clone()).await;
        assert_eq!(logged["Response"]["Result"], "Success", "{logged}");

        let number = town.number();
        let waits = town.begin(0, &town.payment(0, &number, 880));
        town.until_card(0).await;
        let diagnosis = town.category(0, "Diagnosis", json!({ "HostDiagnosisFlag": true })).await;
        assert_eq!(diagnosis["POIStatus"]["GlobalStatus"], "Busy");
        assert_eq!(diagnosis["HostStatus"][0]["IsReachableFlag"], true);
        assert!(pairs(&diagnosis).get("busy_since").is_some(), "{diagnosis}");
        town.present(0, "visa", "1234").await;
        let paid = answered(waits).await;
        let paid = body_of(&paid);
        assert_eq!(paid["Response"]["Result"], "Success", "{paid}");
        assert_eq!(paid["PaymentResult"]["AmountsResp"]["AuthorizedAmount"], 880);
        assert_eq!(paid["PaymentResult"]["PaymentInstrumentData"]["CardData"]["PaymentBrand"], "visa");
        assert_eq!(pairs(paid).get("money"), Some("yes"));
        assert_eq!(paid["PaymentReceipt"].as_array().unwrap().len(), 2);
        assert!(!paid.to_string().contains("(再)"));

        let status = town.status(0, &number).await;
        let again = &status["RepeatedMessageResponse"]["RepeatedResponseMessageBody"]["PaymentResponse"];
        assert_eq!(again["POIData"], paid["POIData"], "{status}");
        let reprint = json!({ "ReceiptReprintFlag": true, "DocumentQualifier": ["CustomerReceipt"] });
        let last = town.category(0, "TransactionStatus", reprint).await;
        let slips = &last["RepeatedMessageResponse"]["RepeatedResponseMessageBody"]["PaymentResponse"]["PaymentReceipt"];
        assert!(slips.to_string().contains("(再)") && slips.as_array().unwrap().len() == 1, "{slips}");

        let totals = town.category(0, "GetTotals", json!({})).await;
        assert_eq!(totals["TransactionTotals"][0]["PaymentTotals"][0]["TransactionAmount"], 880, "{totals}");
        let text = json!({ "OutputFormat": "Text", "OutputText": [{ "Text": "またのお越しを" }] });
        let output =
            json!({ "DocumentQualifier": "Document", "ResponseMode": "PrintEnd", "OutputContent": text });
        let printed = town.category(0, "Print", json!({ "PrintOutput": output })).await;
        assert_eq!(printed["Response"]["Result"], "Success", "{printed}");

        // A second register is told who has the terminal.
        let mut other = town.message(0, "Login", &town.number(), login);
        other["SaleToPOIRequest"]["MessageHeader"]["SaleID"] = json!("REG2");
        let refused = town.ask(0, &other).await["SaleToPOIResponse"]["LoginResponse"].clone();
        assert_eq!((condition(&refused), pairs(&refused).get("logged")), ("NotAllowed", Some("REG1")));
        let out = town.category(0, "Logout", json!({})).await;
        assert_eq!(out["Response"]["Result"], "Success", "{out}");
        let balance = town.category(0, "BalanceInquiry", json!({})).await;
        assert_eq!(condition(&balance), "NotAllowed");
        let admin = town.category(0, "Admin", json!({})).await;
        assert_eq!(condition(&admin), "UnavailableService");
    });
}

#[test]
fn while_a_payment_waits_another_is_busy_and_an_abort_ends_it_without_money() {
    // J-011, rule 8
    within(async |town| {
        let number = town.number();
        let waits = town.begin(0, &town.payment(0, &number, 880));
        town.until_card(0).await;
        let second = town.ask(0, &town.payment(0, &town.number(), 990)).await;
        let second = body_of(&second);
        assert_eq!((condition(second), pairs(second).get("money")), ("Busy", Some("no")));
        assert!(pairs(second).get("busy_with").is_some() && pairs(second).get("busy_since").is_some());

        let reference = json!({ "MessageCategory": "Payment", "SaleID": "REG1", "ServiceID": number });
        let body = json!({ "AbortReason": "MerchantAbort", "MessageReference": reference });
        let abort = town.message(0, "Abort", &town.number(), body);
        assert_eq!(town.ask(0, &abort).await, json!({}), "accepted: HTTP 200 and nothing in it");
        let ended = answered(waits).await;
        let ended = body_of(&ended);
        assert_eq!((condition(ended), pairs(ended).get("money")), ("Aborted", Some("no")), "{ended}");

        // Too late changes nothing.
        assert_eq!(town.ask(0, &abort).await, json!({}));
        let status = town.status(0, &number).await;
        let again = &status["RepeatedMessageResponse"]["RepeatedResponseMessageBody"]["PaymentResponse"];
        assert_eq!(condition(again), "Aborted");
        assert_eq!(town.charges().await, 0);
        assert_eq!(condition(&town.status(0, "NEVERASKED").await), "NotFound");
    });
}

#[test]
fn an_answer_that_the_client_did_not_wait_for_is_recovered_and_never_charged_twice() {
    // R-078, J-002, J-070, rules 1, 2 and 5
    within(async |town| {
        let number = town.number();
        let message = town.payment(0, &number, 880);
        let lost = town.stock.command(town.command(0, &message, &json!({ "timeout_ms": 1500 })));
        town.until_card(0).await;
        let lost = told(lost).await;
        assert!(lost["error"].is_string(), "the client gave up: {lost}");
        assert_eq!(condition(&town.status(0, &number).await), "InProgress");
        town.present(0, "visa", "1234").await;
        let status = town.settled(0, &number).await;
        let found = &status["RepeatedMessageResponse"]["RepeatedResponseMessageBody"]["PaymentResponse"];
        assert_eq!(found["Response"]["Result"], "Success", "{status}");

        // The same message again is the same payment; another one under its number is refused.
        let again = town.ask(0, &message).await;
        assert_eq!(body_of(&again)["POIData"], found["POIData"]);
        let other = town.ask(0, &town.payment(0, &number, 990)).await;
        assert_eq!(pairs(body_of(&other)).get("reason"), Some("service_id_used"));
        assert_eq!(town.charges().await, 1);
    });
}

#[test]
fn only_the_right_passphrase_and_certificate_reach_a_terminal_and_each_terminal_its_own() {
    //
    within(async |town| {
        let diagnosis = |index: usize| town.message(index, "Diagnosis", &town.number(), json!({}));
        let key = |version: u32, passphrase: &str| {
            json!({ "key": { "AdyenCryptoVersion": 1,
            "KeyIdentifier": KEY, "KeyVersion": version, "Passphrase": passphrase } })
        };
        let wrong = town.stock.command(town.command(0, &diagnosis(0), &key(1, "not the passphrase")));
        let wrong = told(wrong).await;
        assert!(wrong["error"].as_str().unwrap().contains("crypto error"), "{wrong}");
        let plain = town.stock.command(town.command(0, &diagnosis(0), &json!({ "key": null })));
        assert_eq!(
            told(plain).await["answer"]["SaleToPOIResponse"]["DiagnosisResponse"]["Response"]["Result"],
            "Success"
        );

        // Another name in the certificate, taken up without a restart: the client turns away.
        let folder = town.terminals[1].0.data.clone();
        let named = |common_name: Option<&str>| Pairing {
            terminal: town.terminal_id(1).to_owned(),
            common_name: common_name.map(str::to_owned),
            key: None,
            passphrase: None,
        };
        let second = pair(folder.clone(), named(Some("counter.example")), &Clock::real()).await.unwrap();
        let answer = told(town.begin(1, &diagnosis(1))).await;
        assert!(answer["error"].as_str().unwrap().contains("verify certificate"), "{answer}");

        // The usual name again. The second version of the key and the third are good, the first is not.
        let third = pair(folder, named(None), &Clock::real()).await.unwrap();
        for paired in [&second, &third] {
            let command =
                town.command(1, &diagnosis(1), &key(paired.key_version, paired.passphrase.unmask()));
            answered(town.stock.command(command)).await;
        }
        let first = told(town.begin(1, &diagnosis(1))).await;
        assert!(first["error"].as_str().unwrap().contains("crypto error"), "{first}");

        // A message for the other terminal begins nothing here.
        let mut astray = town.payment(0, &town.number(), 880);
        astray["SaleToPOIRequest"]["MessageHeader"]["POIID"] =
            json!(format!("CHOBA-{}", town.terminal_id(1)));
        let refused = town.ask(0, &astray).await;
        assert_eq!(condition(body_of(&refused)), "MessageFormat");
    });
}

#[test]
fn two_terminals_take_payments_side_by_side() {
    //
    within(async |town| {
        let waits: Vec<_> = [(0, 880), (1, 990)]
            .map(|(index, amount)| (index, town.begin(index, &town.payment(index, &town.number(), amount))))
            .into();
        for (index, card, pin) in [(1, "mastercard", "5678"), (0, "visa", "1234")] {
            town.until_card(index).await;
            town.present(index, card, pin).await;
        }
        let mut amounts = Vec::new();
        for (index, waits) in waits {
            let paid = answered(waits).await;
            let paid = body_of(&paid);
            assert_eq!(paid["Response"]["Result"], "Success", "{paid}");
            assert_eq!(
                paid["PaymentResult"]["PaymentAcquirerData"]["AcquirerPOIID"],
                town.terminal_id(index)
            );
            amounts.push(paid["PaymentResult"]["AmountsResp"]["AuthorizedAmount"].as_i64().unwrap());
        }
        assert_eq!((amounts, town.charges().await), (vec![880, 990], 2));
    });
}

/// A reversal of what was paid: the whole, or so much of it.
fn reversal(paid: &Value, amount: Option<i64>) -> Value {
    let original = json!({ "POITransactionID": paid["POIData"]["POITransactionID"] });
    let mut body = json!({ "OriginalPOITransaction": original, "ReversalReason": "CustCancel" });
    if let Some(amount) = amount {
        body["ReversedAmount"] = json!(amount);
    }
    body
}

#[test]
fn a_code_payment_is_given_back_in_parts_and_never_beyond_what_was_paid() {
    // J-020, X-050
    within(async |town| {
        let mut asked = payment_body(1000);
        asked["PaymentTransaction"]["TransactionConditions"] = json!({ "ForceEntryMode": ["Scanned"] });
        let waits = town.begin(0, &town.message(0, "Payment", &town.number(), asked));
        town.show_code(0, "aoi-paypay").await;
        let paid = body_of(&answered(waits).await).clone();
        assert_eq!(paid["Response"]["Result"], "Success", "{paid}");
        assert_eq!(pairs(&paid).get("money"), Some("yes"));

        let part = town.category(0, "Reversal", reversal(&paid, Some(600))).await;
        assert_eq!((&part["Response"]["Result"], &part["ReversedAmount"]), (&json!("Success"), &json!(600)));
        let beyond = town.category(0, "Reversal", reversal(&paid, Some(600))).await;
        assert_eq!(beyond["Response"]["Result"], "Failure", "{beyond}");
        let told = pairs(&beyond);
        assert_eq!(
            (condition(&beyond), told.get("money"), told.get("code")),
            ("NotAllowed", Some("no"), Some("payment-E21")),
            "{beyond}"
        );
        let rest = town.category(0, "Reversal", reversal(&paid, Some(400))).await;
        assert_eq!((&rest["Response"]["Result"], &rest["ReversedAmount"]), (&json!("Success"), &json!(400)));
        let report = town.books();
        assert_eq!((&report["sound"], &report["differences"]), (&json!(true), &json!([])), "{report}");
        assert_eq!(report["center"]["tenants"][0]["taken_yen"], 0, "{report}");
    });
}

#[test]
fn a_payment_is_given_back_once_and_never_beyond_what_was_paid() {
    // J-020
    within(async |town| {
        let waits = town.begin(0, &town.payment(0, &town.number(), 880));
        town.until_card(0).await;
        town.present(0, "visa", "1234").await;
        let paid = body_of(&answered(waits).await).clone();
        let beyond = town.category(0, "Reversal", reversal(&paid, Some(881))).await;
        assert_eq!(
            (beyond["Response"]["Result"].as_str(), pairs(&beyond).get("money")),
            (Some("Failure"), Some("no"))
        );
        let unknown = json!({ "OriginalPOITransaction": { "POITransactionID": {
            "TransactionID": "0198c000-0000-7000-8000-000000000000", "TimeStamp": "2026-11-28T10:00:00Z" } },
            "ReversalReason": "CustCancel" });
        assert_eq!(condition(&town.category(0, "Reversal", unknown).await), "NotFound");
        let message = town.message(0, "Reversal", &town.number(), reversal(&paid, None));
        // In this shop's profile a card need not be shown again.
        let back = town.ask(0, &message).await["SaleToPOIResponse"]["ReversalResponse"].clone();
        assert_eq!(back["Response"]["Result"], "Success", "{back}");
        assert_eq!(back["ReversedAmount"], 880);
        let again = town.ask(0, &message).await["SaleToPOIResponse"]["ReversalResponse"].clone();
        assert_eq!(again["POIData"], back["POIData"], "the same message is the same giving back");
        let twice = town.category(0, "Reversal", reversal(&paid, None)).await;
        assert_eq!(condition(&twice), "NotAllowed", "{twice}");
        let report = town.books();
        assert_eq!((&report["sound"], &report["differences"]), (&json!(true), &json!([])), "{report}");
        assert_eq!(report["center"]["tenants"][0]["taken_yen"], 0, "{report}");
    });
}
