//! The network over a real socket: signing on, trouble of every kind, and what the book says after it.

use super::line::{self, Host};
use super::tables;
use crate::faults::Order;
use crate::testing::{Bell, Terminal, Try, clock, host};
use bytes::BytesMut;
use clock::Clock;
use iso8583::frame::{deframe, frame};
use iso8583::{Message, Spec};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The network, and a center on a line to it.
struct Line {
    host: Arc<Host>,
    clock: Clock,
    bell: Bell,
    terminal: Terminal,
    center: Center,
    address: std::net::SocketAddr,
    _folder: tempfile::TempDir,
}

struct Center {
    stream: TcpStream,
    buffer: BytesMut,
}

impl Center {
    async fn connect(address: std::net::SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), buffer: BytesMut::new() }
    }

    async fn send(&mut self, message: &Message) {
        let framed = frame(&message.encode(&Spec::BINARY).unwrap()).unwrap();
        self.stream.write_all(&framed).await.unwrap();
    }

    /// The next frame; none when the line ended.
    async fn frame(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(bytes) = deframe(&mut self.buffer, 4096).unwrap() {
                return Some(bytes.to_vec());
            }
            if self.stream.read_buf(&mut self.buffer).await.unwrap_or(0) == 0 {
                return None;
            }
        }
    }

    async fn answer(&mut self) -> Message {
        Message::decode(&Spec::BINARY, &self.frame().await.unwrap()).unwrap()
    }

    async fn code(&mut self) -> String {
        self.answer().await.text(39).unwrap().to_owned()
    }
}

impl Line {
    async fn silent() -> Self {
        let (folder, clock, bell) = (tempfile::tempdir().unwrap(), clock(), Bell::new());
        let log = crate::log::Log::new(bell.ring());
        let host = Arc::new(Host { log, ..host(folder.path(), &clock) });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(line::serve(listener, Arc::clone(&host)));
        let center = Center::connect(address).await;
        Self { host, clock, bell, terminal: Terminal::default(), center, address, _folder: folder }
    }

    async fn signed_on() -> Self {
        let mut line = Self::silent().await;
        let sign_on = line.terminal.management("001");
        line.center.send(&sign_on).await;
        assert_eq!(line.center.code().await, "00");
        line
    }

    fn order(&self, json: &str) {
        self.host.faults.order(serde_json::from_str::<Order>(json).unwrap()).unwrap();
    }

    async fn pay(&mut self, amount: u64) -> Message {
        let message = self.terminal.request(&Try { amount, ..Try::default() });
        self.center.send(&message).await;
        message
    }

    /// Sends an echo and expects its answer to be the very next thing that comes.
    async fn nothing_but_an_echo(&mut self) {
        let echo = self.terminal.management("301");
        self.center.send(&echo).await;
        assert_eq!(self.center.answer().await.mti().to_string(), "0810");
    }

    async fn logged(&self, words: &str) {
        let log = self.host.log.clone();
        self.bell.until(|| log.newest(200).into_iter().find(|line| line.title.contains(words))).await;
    }

    async fn states(&self) -> Vec<&'static str> {
        let entries = self.host.db.read(tables::all).await.unwrap();
        entries.iter().map(|entry| entry.state.word()).collect()
    }

    async fn reverse(&mut self, original: &Message) -> String {
        let reversal = self.terminal.advice("0420", original);
        self.center.send(&reversal).await;
        self.center.code().await
    }
}

#[tokio::test]
async fn nothing_is_served_before_the_line_signs_on() {
    let mut line = Line::silent().await;
    line.pay(880).await;
    assert_eq!(line.center.code().await, "30");
    assert!(line.states().await.is_empty());
    for (code, answer) in [("001", "00"), ("301", "00"), ("161", "12")] {
        let message = line.terminal.management(code);
        line.center.send(&message).await;
        let said = line.center.answer().await;
        assert_eq!(
            (said.text(39), said.text(70), said.text(11)),
            (Some(answer), Some(code), message.text(11))
        );
    }
    line.pay(880).await;
    assert_eq!(line.center.code().await, "00");
}

#[tokio::test]
async fn an_answer_that_is_lost_leaves_a_charge_which_a_reversal_undoes() {
    for amount in [4_101, 880] {
        let mut line = Line::signed_on().await;
        if amount == 880 {
            line.order(r#"{"network":"card","fault":"drop_answer","times":1}"#);
        }
        let payment = line.pay(amount).await;
        line.logged("never sent").await;
        line.nothing_but_an_echo().await;
        assert_eq!(line.states().await, ["charged"]);
        assert_eq!(line.reverse(&payment).await, "00");
        assert_eq!(line.states().await, ["reversed"]);
    }
}

#[tokio::test]
async fn a_request_that_is_lost_leaves_nothing_and_its_reversal_a_tombstone() {
    for amount in [4_102, 880] {
        let mut line = Line::signed_on().await;
        if amount == 880 {
            line.order(r#"{"network":"card","fault":"drop_request","times":1}"#);
        }
        let payment = line.pay(amount).await;
        line.logged("lost on its way in").await;
        line.nothing_but_an_echo().await;
        assert!(line.states().await.is_empty());
        assert_eq!(line.reverse(&payment).await, "00");
        assert_eq!(line.states().await, ["tombstone"]);
    }
}

#[tokio::test]
async fn late_and_delayed_answers_come_when_the_clock_says() {
    for (amount, order, wait) in [
        (4_103, None, 30),
        (4_107, None, 3),
        (880, Some(r#"{"network":"card","fault":"late"}"#), 30),
        (880, Some(r#"{"network":"card","fault":"late","ms":26000}"#), 26),
        (880, Some(r#"{"network":"card","fault":"delay","ms":2000,"times":1}"#), 2),
    ] {
        let mut line = Line::signed_on().await;
        if let Some(order) = order {
            line.order(order);
        }
        line.pay(amount).await;
        let mut moved = 0;
        let code = loop {
            tokio::select! {
                biased;
                code = line.center.code() => break code,
                () = tokio::task::yield_now() => {
                    line.clock.advance(Duration::from_secs(1));
                    moved += 1;
                }
            }
        };
        assert!(code == "00" && moved >= wait, "{amount} {order:?}: {code} after {moved} s");
    }
}

#[tokio::test]
async fn a_late_answer_holds_up_nobody_and_loses_against_the_reversal() {
    let mut line = Line::signed_on().await;
    let payment = line.pay(4_103).await;
    line.logged("0200").await;
    line.nothing_but_an_echo().await;
    // The reversal may overtake the request on its way to the book: either way nothing stays charged.
    assert_eq!(line.reverse(&payment).await, "00");
    assert!(matches!(line.states().await[..], ["reversed" | "tombstone"]));
}

#[tokio::test]
async fn an_answer_may_come_twice() {
    for amount in [4_104, 880] {
        let mut line = Line::signed_on().await;
        if amount == 880 {
            line.order(r#"{"network":"card","fault":"duplicate","times":1}"#);
        }
        line.pay(amount).await;
        assert_eq!(line.center.answer().await, line.center.answer().await);
        line.nothing_but_an_echo().await;
        assert_eq!(line.states().await, ["charged"]);
    }
}

#[tokio::test]
async fn garbage_keeps_the_frame_and_says_nothing() {
    for amount in [4_105, 880] {
        let mut line = Line::signed_on().await;
        if amount == 880 {
            line.order(r#"{"network":"card","fault":"garbage","times":1}"#);
        }
        line.pay(amount).await;
        let garbage = line.center.frame().await.unwrap();
        assert!(Message::decode(&Spec::BINARY, &garbage).is_err());
        line.nothing_but_an_echo().await;
        assert_eq!(line.states().await, ["charged"]);
    }
}

#[tokio::test]
async fn a_cut_line_is_dialled_again_and_the_payment_reversed() {
    for amount in [4_106, 880] {
        let mut line = Line::signed_on().await;
        if amount == 880 {
            line.order(r#"{"network":"card","fault":"close","times":1}"#);
        }
        let payment = line.pay(amount).await;
        assert_eq!(line.center.frame().await, None);
        assert_eq!(line.states().await, ["charged"]);
        line.center = Center::connect(line.address).await;
        let sign_on = line.terminal.management("001");
        line.center.send(&sign_on).await;
        assert_eq!(line.center.code().await, "00");
        assert_eq!(line.reverse(&payment).await, "00");
        assert_eq!(line.states().await, ["reversed"]);
    }
}

#[tokio::test]
async fn a_refusal_can_be_ordered_and_every_magic_amount_does_what_its_row_says() {
    let mut line = Line::signed_on().await;
    line.order(r#"{"network":"card","fault":"decline","code":"51","times":1}"#);
    line.pay(880).await;
    assert_eq!(line.center.code().await, "51");
    for (row, rrn) in crate::magic::TABLE.iter().zip(2..) {
        let crate::magic::Outcome::Refuse(code) = row.outcome else { continue };
        let amount = u64::try_from(row.ending).unwrap() + 10_000;
        let message = line.terminal.request(&Try { rrn, amount, ..Try::default() });
        line.center.send(&message).await;
        assert_eq!(line.center.code().await, code, "{}", row.ending);
    }
    assert!(line.states().await.iter().all(|state| *state == "declined"));
}

#[tokio::test]
async fn magic_can_be_switched_off() {
    let mut line = Line::signed_on().await;
    let folder = tempfile::tempdir().unwrap();
    let host = Arc::new(Host { magic: false, ..host(folder.path(), &line.clock) });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(line::serve(listener, host));
    line.center = Center::connect(address).await;
    let sign_on = line.terminal.management("001");
    line.center.send(&sign_on).await;
    line.center.code().await;
    line.pay(4_051).await;
    assert_eq!(line.center.code().await, "00");
}

#[tokio::test]
async fn bytes_that_are_no_message_are_passed_over_and_a_broken_frame_ends_the_line() {
    let mut line = Line::signed_on().await;
    line.center.stream.write_all(&[0, 3, 1, 2, 3]).await.unwrap();
    line.logged("3 bytes that are no message").await;
    line.nothing_but_an_echo().await;
    line.center.stream.write_all(&[0xFF, 0xFF]).await.unwrap();
    assert_eq!(line.center.frame().await, None);
}

#[tokio::test]
async fn the_log_masks_what_it_shows() {
    let mut line = Line::signed_on().await;
    line.pay(880).await;
    line.center.code().await;
    let shown: String = line
        .host
        .log
        .newest(200)
        .iter()
        .flat_map(|line| line.fields.iter().chain([&line.title]).cloned().collect::<Vec<_>>())
        .collect();
    assert!(shown.contains("0200") && shown.contains("approved"), "{shown}");
    // Number and expiry never; of DE 63 only which keys and how much.
    assert!(!shown.contains("4111111111111111") && !shown.contains("3012"), "{shown}");
    assert!(shown.contains("PIN block ***"), "{shown}");
}

#[tokio::test]
async fn many_payments_on_one_line_are_all_answered_and_all_in_the_book() {
    let mut line = Line::signed_on().await;
    for rrn in 1..=40 {
        let message = line.terminal.request(&Try { rrn, ..Try::default() });
        line.center.send(&message).await;
        // One reader makes one payment after the other: its keys only grow.
        assert_eq!(line.center.code().await, "00");
    }
    assert_eq!(line.states().await, vec!["charged"; 40]);
}
