//! A card on the desk, read by the terminal's own reader driver over the bench, asked for by the center's
//! own line over TCP, decided by the network: the product's parts against a world that shares no code of
//! theirs. Then the network's book is read.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test's helpers fail by panicking, as the test does"
)]

use acquiring::networks::card_iso8583::{Answered, Presented, Subject, Told, acknowledges, read_answer};
use acquiring::networks::line::Line;
use acquiring::step::Advice;
use cardkeys::{dukpt, test_keys};
use clock::Clock;
use device::bench_driver::BenchReader;
use device::fakes::MemoryCounters;
use device::secure_reader::{KeyScheme, ReaderKeys};
use device::{
    Deal, HostAnswer, HostDecision, ReaderPolicy, Reading, SecureReader, Session, TerminalData, Turn,
};
use emv::dictionary::tags;
use emv::tlv;
use expect_test::{Expect, expect};
use iso8583::Message;
use iso8583::private::{EncryptedCard, EncryptedPin, KeySerial, SecureData};
use money::Yen;
use netsim::{Addresses, Keys, Listen, Networks, Settings, Terminal};
use payment::{EntryMode, PaymentClass, PaymentId};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const TERMINAL: &str = "100000358002";

/// The world, a terminal's reader and a center's line.
struct Street {
    addresses: Addresses,
    clock: Clock,
    line: Line,
    reader: BenchReader,
    secure: SecureReader<MemoryCounters>,
    payments: u8,
    told: String,
    _folder: tempfile::TempDir,
}

impl Street {
    async fn open() -> Self {
        Self::speaking("").await
    }

    /// A street whose line to the network has this in front of its address.
    async fn speaking(dialect: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::by_hand("2026-11-21T01:15:30Z".parse().unwrap());
        let free = "127.0.0.1:0".parse().unwrap();
        let settings = Settings {
            data: folder.path().to_owned(),
            clock: clock.clone(),
            clock_moves: true,
            keys: Keys::test(),
            center_waits: Duration::from_secs(25),
            magic: true,
            listen: Listen { desk: free, card: free, smtp: free, code: None, code_tls: None },
            hosts: Vec::new(),
            terminals: vec![Terminal { id: TERMINAL.into(), name: "レジ前".into(), printer: None }],
        };
        let bound = Networks::open(settings).unwrap().bind().await.unwrap();
        let addresses = bound.addresses().unwrap();
        tokio::spawn(bound.serve(std::future::pending()));
        let line = Line::new(&format!("{dialect}{}", addresses.card), 1, clock.clone());
        let running = line.clone();
        tokio::spawn(async move { running.run().await });
        let url = format!("ws://{}/desk/bench/{TERMINAL}", addresses.desk);
        let reader = BenchReader::connect(url, "BENCH-1".into(), clock.clone());
        reader.connection().wait_for(|up| *up).await.unwrap();
        let keys = ReaderKeys {
            scheme: KeyScheme::Aes {
                initial_key_id: test_keys::INITIAL_KEY_ID,
                initial: dukpt::derive_initial_key(&test_keys::bdk(), test_keys::INITIAL_KEY_ID),
            },
            fingerprint: test_keys::fingerprint(),
        };
        let secure = SecureReader::new(keys, MemoryCounters::default(), Box::new(|| [9; 8]));
        Self { addresses, clock, line, reader, secure, payments: 0, told: String::new(), _folder: folder }
    }

    /// A person pays: `hands` are the bodies of the desk's calls, one after the other.
    async fn pay(&mut self, yen: i64, class: PaymentClass, hands: &[&str]) {
        let amount = Yen::new(yen).unwrap();
        let deal = Deal::new(amount, self.clock.now(), 42, || [1, 2, 3, 4]);
        let terminal = TerminalData {
            terminal_id: "00358002".into(),
            merchant_id: "9000009".into(),
            merchant_name: "CHOBA".into(),
            merchant_category: 5812,
            reader_serial: "BENCH-1".into(),
        };
        let desk = self.addresses.desk;
        let gestures = hands.iter().map(|hand| (*hand).to_owned()).collect();
        let person = tokio::spawn(present(desk, gestures));
        let policy = ReaderPolicy::default();
        let mut session = Session::start(
            &mut self.reader,
            &mut self.secure,
            policy,
            terminal,
            deal,
            "ja",
            Box::new(|_| ()),
        )
        .await
        .unwrap();
        let mut turn = session.next().await.unwrap();
        let verdict = loop {
            match turn {
                Turn::Online(reading) => {
                    self.payments += 1;
                    let id = PaymentId::mint(self.clock.now_us(), [self.payments; 10]);
                    let answer =
                        ask(&self.line, &self.clock, id, amount, class, &reading, &mut self.told).await;
                    turn = session.answer(answer).await.unwrap();
                }
                Turn::Choose(_) => turn = session.choose(0).await.unwrap(),
                Turn::Done(verdict) => break verdict,
            }
        };
        person.await.unwrap();
        let name = format!("{verdict:?}");
        let name = name.split(['(', ' ']).next().unwrap().to_owned();
        self.told += &format!("{}: {name}\n", hands.join(" "));
    }

    async fn book(&self) -> String {
        let charges = http(self.addresses.desk, "GET", "/desk/charges", "").await.1;
        let charges: serde_json::Value = serde_json::from_str(&charges).unwrap();
        let line = |c: &serde_json::Value| {
            let text = |name: &str| c[name].as_str().unwrap().to_owned();
            let state = text("state");
            format!(
                "book {} {} {} {}: {}\n",
                text("card"),
                text("kind"),
                c["amount_yen"],
                state,
                text("note")
            )
        };
        charges.as_array().unwrap().iter().map(line).collect()
    }

    async fn check(self, expected: &Expect) {
        let book = self.book().await;
        expected.assert_eq(&format!("{}{book}", self.told));
    }
}

/// Does each thing as soon as the reader waits for it.
async fn present(desk: std::net::SocketAddr, hands: Vec<String>) {
    let path = format!("/desk/terminals/{TERMINAL}/present");
    for hand in hands {
        loop {
            match http(desk, "POST", &path, &hand).await.0 {
                202 => break,
                409 => tokio::task::yield_now().await,
                other => panic!("{other}"),
            }
        }
    }
}

async fn http(desk: std::net::SocketAddr, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(desk).await.unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {desk}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), body.to_owned())
}

/// What the center does between terminal and network, without its books.
async fn ask(
    line: &Line,
    clock: &Clock,
    id: PaymentId,
    amount: Yen,
    class: PaymentClass,
    reading: &Reading,
    told: &mut String,
) -> HostAnswer {
    let subject = Subject {
        id,
        amount,
        sent_at_us: clock.now_us(),
        stan: 1,
        completion_follows: reading.cvm.wants_signature(),
        terminal: TERMINAL.into(),
        merchant_no: "9000009".into(),
    };
    let request = subject.request(&presented(reading, class)).unwrap();
    let answer = line.ask(&request, Duration::from_secs(25)).await.unwrap();
    let decided = read_answer(&request, &answer);
    told.push_str(&format!("{} {} -> {}", request.mti(), amount, answer.text(39).unwrap()));
    if subject.completion_follows && matches!(decided, Answered::Approved(_)) {
        let approval = answer.text(38).map(str::to_owned);
        let advice = Told { what: Advice::Completion, stan: 2, repeated: false, approval };
        let said = line.ask(&subject.advice(&advice, clock.now_us()).unwrap(), Duration::from_secs(25)).await;
        told.push_str(if acknowledges(&said.unwrap()) { ", 0220 acknowledged" } else { ", 0220 refused" });
    }
    told.push('\n');
    host_answer(&decided, &answer)
}

fn presented(reading: &Reading, class: PaymentClass) -> Presented {
    Presented {
        entry_mode: match reading.entry_mode {
            device::EntryMode::ContactIc => EntryMode::ContactIc,
            device::EntryMode::Magstripe => EntryMode::Magstripe,
            device::EntryMode::Contactless => EntryMode::Contactless,
        },
        fallback: reading.fallback,
        pan_seq: reading.pan_sequence.map(|n| format!("{n:02}")),
        mcc: "5812".into(),
        class,
        emv: reading.emv_data.clone(),
        secure: SecureData {
            card: Some(EncryptedCard {
                ksn: KeySerial::from_bytes(&reading.card.ksn).unwrap(),
                ciphertext: reading.card.ciphertext.clone(),
            }),
            pin: reading.pin.as_ref().map(|pin| EncryptedPin::from_bytes(&pin.ksn, &pin.block).unwrap()),
            fingerprint: None,
            device_model: None,
        },
    }
}

fn host_answer(decided: &Answered, answer: &Message) -> HostAnswer {
    let chip = answer.bytes(55).map(|bytes| tlv::parse(bytes).unwrap()).unwrap_or_default();
    let proof = tlv::find_bytes(&chip, tags::ISSUER_AUTH).unwrap_or_default().to_vec();
    let response_code: [u8; 2] = answer.text(39).unwrap().as_bytes().try_into().unwrap();
    let decision = match decided {
        Answered::Approved(_) => HostDecision::Approved,
        Answered::Declined(_) if response_code == *b"55" => HostDecision::WrongPin,
        Answered::Declined(_) | Answered::Failed(_) => HostDecision::Declined,
        Answered::Unclear(_) => HostDecision::NoAnswer,
    };
    HostAnswer { decision, response_code, issuer_authentication: proof, scripts: Vec::new() }
}

#[tokio::test]
async fn every_brand_pays_by_chip_and_pin() {
    let mut street = Street::open().await;
    for (card, pin) in [
        ("visa", "1234"),
        ("mastercard", "5678"),
        ("jcb", "2468"),
        ("amex", "1357"),
        ("diners", "9753"),
        ("unionpay", "123456"),
        ("unionpay-19", "654321"),
    ] {
        let hand = format!(r#"{{"card":"{card}","how":"insert","pin":"{pin}"}}"#);
        street.pay(880, PaymentClass::Lump, &[&hand]).await;
    }
    street
        .check(&expect![[r#"
        0200 ¥880 -> 00
        {"card":"visa","how":"insert","pin":"1234"}: Approved
        0200 ¥880 -> 00
        {"card":"mastercard","how":"insert","pin":"5678"}: Approved
        0200 ¥880 -> 00
        {"card":"jcb","how":"insert","pin":"2468"}: Approved
        0200 ¥880 -> 00
        {"card":"amex","how":"insert","pin":"1357"}: Approved
        0200 ¥880 -> 00
        {"card":"diners","how":"insert","pin":"9753"}: Approved
        0200 ¥880 -> 00
        {"card":"unionpay","how":"insert","pin":"123456"}: Approved
        0200 ¥880 -> 00
        {"card":"unionpay-19","how":"insert","pin":"654321"}: Approved
        book 411111******1111 sale 880 charged: approved
        book 555555******4444 sale 880 charged: approved
        book 353011******0000 sale 880 charged: approved
        book 378282*****0005 sale 880 charged: approved
        book 305693****5904 sale 880 charged: approved
        book 620000******0005 sale 880 charged: approved
        book 620550*********0004 sale 880 charged: approved
    "#]])
        .await;
}

#[tokio::test]
async fn taps_swipes_and_instalments() {
    let mut street = Street::open().await;
    for (yen, class, hand) in [
        (880, PaymentClass::Lump, r#"{"card":"visa","how":"tap"}"#),
        (15_001, PaymentClass::Lump, r#"{"card":"mastercard","how":"tap"}"#),
        (15_001, PaymentClass::Lump, r#"{"card":"visa-phone","how":"tap"}"#),
        (3_000, PaymentClass::Lump, r#"{"card":"visa-stripe","how":"swipe"}"#),
        (30_000, PaymentClass::Installments(3), r#"{"card":"jcb","how":"insert","pin":"2468"}"#),
    ] {
        street.pay(yen, class, &[hand]).await;
    }
    street
        .check(&expect![[r#"
        0200 ¥880 -> 00
        {"card":"visa","how":"tap"}: Approved
        0100 ¥15,001 -> 00, 0220 acknowledged
        {"card":"mastercard","how":"tap"}: Approved
        0200 ¥15,001 -> 00
        {"card":"visa-phone","how":"tap"}: Approved
        0100 ¥3,000 -> 00, 0220 acknowledged
        {"card":"visa-stripe","how":"swipe"}: Approved
        0200 ¥30,000 -> 00
        {"card":"jcb","how":"insert","pin":"2468"}: Approved
        book 411111******1111 sale 880 charged: approved
        book 555555******4444 hold 15001 charged: approved
        book 424242******4242 sale 15001 charged: approved
        book 401288******1881 hold 3000 charged: approved
        book 353011******0000 sale 30000 charged: approved
    "#]])
        .await;
}

#[tokio::test]
async fn a_line_with_packed_digits_carries_the_same_payments() {
    let mut street = Street::speaking("packed://").await;
    for (yen, class, hand) in [
        (15_001, PaymentClass::Lump, r#"{"card":"mastercard","how":"tap"}"#),
        (30_000, PaymentClass::Revolving, r#"{"card":"jcb","how":"insert","pin":"2468"}"#),
        // X-020: on the day of this test no card company takes a bonus lump sum.
        (30_000, PaymentClass::BonusLump, r#"{"card":"jcb","how":"insert","pin":"2468"}"#),
    ] {
        street.pay(yen, class, &[hand]).await;
    }
    street
        .check(&expect![[r#"
        0100 ¥15,001 -> 00, 0220 acknowledged
        {"card":"mastercard","how":"tap"}: Approved
        0200 ¥30,000 -> 00
        {"card":"jcb","how":"insert","pin":"2468"}: Approved
        0200 ¥30,000 -> 57
        {"card":"jcb","how":"insert","pin":"2468"}: Declined
        book 555555******4444 hold 15001 charged: approved
        book 353011******0000 sale 30000 charged: approved
        book 353011******0000 sale 30000 declined: payment class not allowed for this card
    "#]])
        .await;
}

#[tokio::test]
async fn cards_that_are_refused() {
    let mut street = Street::open().await;
    for card in ["refused", "lost", "stolen", "expired", "pin-blocked", "forged", "chip-refuses"] {
        let hand = format!(r#"{{"card":"{card}","how":"insert","pin":"1234"}}"#);
        street.pay(880, PaymentClass::Lump, &[&hand]).await;
    }
    street.pay(1_001, PaymentClass::Lump, &[r#"{"card":"over-limit","how":"insert","pin":"1234"}"#]).await;
    street
        .check(&expect![[r#"
        0200 ¥880 -> 05
        {"card":"refused","how":"insert","pin":"1234"}: Declined
        0200 ¥880 -> 41
        {"card":"lost","how":"insert","pin":"1234"}: Declined
        0200 ¥880 -> 43
        {"card":"stolen","how":"insert","pin":"1234"}: Declined
        0200 ¥880 -> 54
        {"card":"expired","how":"insert","pin":"1234"}: Declined
        0200 ¥880 -> 75
        {"card":"pin-blocked","how":"insert","pin":"1234"}: Declined
        0200 ¥880 -> 88
        {"card":"forged","how":"insert","pin":"1234"}: Declined
        {"card":"chip-refuses","how":"insert","pin":"1234"}: Refused
        0200 ¥1,001 -> 51
        {"card":"over-limit","how":"insert","pin":"1234"}: Declined
        book 400000******0002 sale 880 declined: refused by the issuer
        book 400000******9987 sale 880 declined: lost card
        book 400000******9979 sale 880 declined: stolen card
        book 400000******0069 sale 880 declined: expired card
        book 520082******8210 sale 880 declined: PIN tries used up
        book 222300******3222 sale 880 declined: wrong cryptogram
        book 400000******9995 sale 1001 declined: over the card's limit
    "#]])
        .await;
}

#[tokio::test]
async fn a_wrong_pin_and_a_broken_chip_get_a_second_way() {
    let mut street = Street::open().await;
    let wrong = r#"{"card":"visa","how":"insert","pin":"9999"}"#;
    let right = r#"{"card":"visa","how":"insert","pin":"1234"}"#;
    street.pay(880, PaymentClass::Lump, &[wrong, right]).await;
    let chip = r#"{"card":"broken-chip","how":"insert"}"#;
    let stripe = r#"{"card":"broken-chip","how":"swipe"}"#;
    street.pay(880, PaymentClass::Lump, &[chip, stripe]).await;
    street
        .check(&expect![[r#"
        0200 ¥880 -> 55
        0200 ¥880 -> 00
        {"card":"visa","how":"insert","pin":"9999"} {"card":"visa","how":"insert","pin":"1234"}: Approved
        0100 ¥880 -> 00, 0220 acknowledged
        {"card":"broken-chip","how":"insert"} {"card":"broken-chip","how":"swipe"}: Approved
        book 411111******1111 sale 880 declined: wrong PIN
        book 411111******1111 sale 880 charged: approved
        book 491761******0000 hold 880 charged: approved
    "#]])
        .await;
}
