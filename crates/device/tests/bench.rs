//! The bench driver against a desk that speaks the bench wire over a real socket.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test's helpers fail by panicking, as the test does"
)]

use clock::Clock;
use device::bench_driver::BenchReader;
use device::hardware::{Arm, CardEvent, CardReader, DeviceFault, Exchanged, PadAnswer, PinPad};
use device::reading::EncryptedPin;
use emv::bench::{HexBytes, Interfaces, Pin, PinEntry, ToDesk, ToTerminal};
use futures_util::{SinkExt as _, StreamExt as _};
use money::Yen;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

struct Desk {
    listener: TcpListener,
    clock: Clock,
}

struct Wire(WebSocketStream<TcpStream>);

impl Desk {
    async fn open() -> (Self, BenchReader) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let clock = Clock::by_hand("2026-11-21T00:00:00Z".parse().expect("an instant"));
        let url = format!("ws://{}/desk/bench/000000358002", listener.local_addr().expect("an address"));
        let reader = BenchReader::connect(url, "MP200L-0085".into(), clock.clone());
        (Self { listener, clock }, reader)
    }

    /// Waits for the driver; time passes meanwhile, so that its pauses end.
    async fn accept(&self) -> Wire {
        let passing = async {
            loop {
                self.clock.advance(Duration::from_secs(1));
                tokio::task::yield_now().await;
            }
        };
        let (stream, _) = tokio::select! {
            accepted = self.listener.accept() => accepted.expect("a connection"),
            () = passing => unreachable!("time never ends"),
        };
        let mut wire = Wire(tokio_tungstenite::accept_async(stream).await.expect("a websocket"));
        let hello = ToDesk::Hello { reader: "MP200L-0085".into(), pinpad: true };
        assert_eq!(wire.hear().await, hello);
        wire
    }
}

impl Wire {
    async fn hear(&mut self) -> ToDesk {
        match self.0.next().await {
            Some(Ok(Message::Text(text))) => serde_json::from_str(text.as_str()).expect("a message"),
            other => panic!("the driver said {other:?}"),
        }
    }

    async fn say(&mut self, message: &ToTerminal) {
        let text = serde_json::to_string(message).expect("JSON");
        self.0.send(Message::text(text)).await.expect("sent");
    }
}

fn yen(amount: i64) -> Yen {
    Yen::new(amount).expect("an amount")
}

fn arm() -> Arm {
    Arm { interfaces: Interfaces::Three, amount: yen(880), language: "ja".into() }
}

async fn connected(reader: &BenchReader) {
    reader.connection().wait_for(|there| *there).await.expect("the driver runs");
}

fn answer(text: &str) -> ToTerminal {
    ToTerminal::Apdu { hex: HexBytes(hex::decode(text).expect("hexadecimal")) }
}

#[tokio::test]
async fn a_card_is_inserted_answers_and_its_pin_becomes_a_block() {
    let (desk, mut reader) = Desk::open().await;
    let mut wire = desk.accept().await;
    connected(&reader).await;
    reader.arm(arm()).await.expect("armed");
    let armed = ToDesk::Arm { interfaces: Interfaces::Three, amount_yen: yen(880), language: "ja".into() };
    assert_eq!(wire.hear().await, armed);

    wire.say(&ToTerminal::Inserted { atr: HexBytes(vec![0x3B]) }).await;
    assert_eq!(reader.next_event().await, Ok(CardEvent::Inserted { atr: vec![0x3B] }));

    // The answer to an earlier command is not taken for the answer to this one.
    wire.say(&answer("6F00")).await;
    wire.say(&ToTerminal::Tapped).await;
    assert_eq!(reader.next_event().await, Ok(CardEvent::Tapped));
    let (exchanged, ()) = tokio::join!(reader.exchange(&[0x00, 0xA4]), async {
        assert_eq!(wire.hear().await, ToDesk::Apdu { hex: HexBytes(vec![0x00, 0xA4]) });
        wire.say(&answer("9000")).await;
    });
    assert_eq!(exchanged, Ok(Exchanged::Answer(vec![0x90, 0x00])));

    let mut seal = |pin: &Pin| {
        assert_eq!(pin.unmask(), "1234");
        Ok(EncryptedPin { ksn: vec![1; 12], block: vec![2; 16] })
    };
    let (pad, ()) = tokio::join!(reader.ask_pin(yen(880), 1, &mut seal), async {
        assert_eq!(wire.hear().await, ToDesk::AskPin { amount_yen: yen(880), attempt: 1 });
        wire.say(&ToTerminal::PinDigitsCount { n: 4 }).await;
        let pin = Pin::new("1234").expect("a PIN");
        wire.say(&ToTerminal::Pin { entry: PinEntry::Entered { pin } }).await;
        assert_eq!(wire.hear().await, ToDesk::PinDone);
    });
    assert_eq!(pad, Ok(PadAnswer::Entered(EncryptedPin { ksn: vec![1; 12], block: vec![2; 16] })));
}

#[tokio::test]
async fn a_card_that_is_pulled_ends_command_and_pin_entry() {
    let (desk, mut reader) = Desk::open().await;
    let mut wire = desk.accept().await;
    connected(&reader).await;
    let (exchanged, ()) = tokio::join!(reader.exchange(&[0x00]), async {
        wire.hear().await;
        wire.say(&ToTerminal::Removed).await;
    });
    assert_eq!(exchanged, Ok(Exchanged::Removed));
    let mut seal = |_: &Pin| Err(DeviceFault::Malfunction("no PIN was entered".into()));
    let (pad, ()) = tokio::join!(reader.ask_pin(yen(880), 1, &mut seal), async {
        wire.hear().await;
        wire.say(&ToTerminal::Removed).await;
        assert_eq!(wire.hear().await, ToDesk::PinDone);
    });
    assert_eq!(pad, Ok(PadAnswer::CardRemoved));
}

#[tokio::test]
async fn a_lost_desk_is_connected_again_and_told_what_was_armed() {
    let (desk, mut reader) = Desk::open().await;
    assert_eq!(reader.arm(arm()).await, Err(DeviceFault::Disconnected), "nobody is there yet");
    let mut wire = desk.accept().await;
    connected(&reader).await;
    reader.arm(arm()).await.expect("armed");
    wire.hear().await;
    // Nonsense is no message and ends nothing.
    wire.0.send(Message::text("{\"say\":\"dance\"}")).await.expect("sent");
    drop(wire);

    let (event, _wire) = tokio::join!(reader.next_event(), async {
        let mut wire = desk.accept().await;
        assert!(matches!(wire.hear().await, ToDesk::Arm { .. }));
        wire.say(&ToTerminal::Tapped).await;
        wire
    });
    assert_eq!(event, Ok(CardEvent::Tapped));
}
