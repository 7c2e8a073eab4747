//! The websocket to the desk: kept open, and opened again after a pause that grows.

use crate::hardware::DeviceFault;
use crate::limits::{MAX_BENCH_MESSAGE, MAX_BENCH_QUEUE, MAX_SCANS};
use clock::Clock;
use emv::bench::{ToDesk, ToTerminal};
use futures_util::{SinkExt as _, StreamExt as _};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The first pause before connecting again; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// What comes from the desk, or of it.
#[derive(Debug)]
pub(super) enum Incoming {
    Connected,
    Message(ToTerminal),
    Lost,
}

/// The driver's end of the line.
#[derive(Debug)]
pub(super) struct Line {
    out: mpsc::Sender<ToDesk>,
    incoming: mpsc::Receiver<Incoming>,
    connected: watch::Receiver<bool>,
}

impl Line {
    pub(super) fn is_connected(&self) -> bool {
        *self.connected.borrow()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.out.is_closed()
    }

    pub(super) fn connection(&self) -> watch::Receiver<bool> {
        self.connected.clone()
    }

    pub(super) async fn send(&self, message: ToDesk) -> Result<(), DeviceFault> {
        if !self.is_connected() {
            return Err(DeviceFault::Disconnected);
        }
        self.out.send(message).await.map_err(|_| DeviceFault::Disconnected)
    }

    pub(super) async fn receive(&mut self) -> Result<Incoming, DeviceFault> {
        self.incoming.recv().await.ok_or(DeviceFault::Disconnected)
    }

    pub(super) fn try_receive(&mut self) -> Option<Incoming> {
        self.incoming.try_recv().ok()
    }
}

/// Opens the line. The task behind it ends when the line is dropped.
/// The second value gives what the scanner reads, whether anybody waits for a card or not.
pub(super) fn open(url: String, hello: ToDesk, clock: Clock) -> (Line, mpsc::Receiver<String>) {
    let (scanned, scans) = mpsc::channel(MAX_SCANS);
    let (out, to_send) = mpsc::channel(MAX_BENCH_QUEUE);
    let (received, incoming) = mpsc::channel(MAX_BENCH_QUEUE);
    let (tell, connected) = watch::channel(false);
    tokio::spawn(keep(url, hello, clock, End { to_send, received, scanned, connected: tell }));
    (Line { out, incoming, connected }, scans)
}

struct End {
    to_send: mpsc::Receiver<ToDesk>,
    received: mpsc::Sender<Incoming>,
    scanned: mpsc::Sender<String>,
    connected: watch::Sender<bool>,
}

async fn keep(url: String, hello: ToDesk, clock: Clock, mut end: End) {
    let mut pause = FIRST_PAUSE;
    while !end.received.is_closed() {
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_BENCH_MESSAGE))
            .max_frame_size(Some(MAX_BENCH_MESSAGE));
        match tokio_tungstenite::connect_async_with_config(url.as_str(), Some(config), true).await {
            Ok((socket, _)) => {
                pause = FIRST_PAUSE;
                tracing::info!(url, "the bench reader is connected to the desk");
                carry(socket, &hello, &mut end).await;
                let _ = end.connected.send(false);
                let _ = end.received.send(Incoming::Lost).await;
                tracing::info!(url, "the bench reader has lost the desk");
            }
            Err(fault) => tracing::debug!(url, %fault, "the desk is not there yet"),
        }
        tokio::select! {
            () = clock.sleep(pause) => {}
            () = end.received.closed() => return,
        }
        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
    }
}

/// Carries messages both ways until one side ends it.
async fn carry(mut socket: Socket, hello: &ToDesk, end: &mut End) {
    if say(&mut socket, hello).await.is_none() {
        return;
    }
    // What was meant for the connection before is not for this one.
    while end.to_send.try_recv().is_ok() {}
    let _ = end.connected.send(true);
    if end.received.send(Incoming::Connected).await.is_err() {
        return;
    }
    loop {
        tokio::select! {
            message = end.to_send.recv() => {
                let Some(message) = message else {
                    let _ = socket.close(None).await;
                    return;
                };
                if say(&mut socket, &message).await.is_none() {
                    return;
                }
            }
            frame = socket.next() => match frame {
                Some(Ok(Message::Text(text))) => {
                    let Some(message) = read(text.as_str()) else { continue };
                    if let ToTerminal::Scanned { code } = &message {
                        // A code that nobody takes is a gesture that nobody waits for.
                        let _ = end.scanned.try_send(code.unmask().to_owned());
                        continue;
                    }
                    if end.received.send(Incoming::Message(message)).await.is_err() {
                        return;
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                // Pings are answered inside the library.
                Some(Ok(_)) => {}
            },
        }
    }
}

/// A message of the desk. Of what is none only the length is told: it may hold a PIN or a track.
fn read(text: &str) -> Option<ToTerminal> {
    let message = serde_json::from_str(text).ok();
    if message.is_none() {
        tracing::warn!(length = text.len(), "the desk said something that is no message");
    }
    message
}

async fn say(socket: &mut Socket, message: &ToDesk) -> Option<()> {
    let text = serde_json::to_string(message).ok()?;
    socket.send(Message::text(text)).await.ok()
}
