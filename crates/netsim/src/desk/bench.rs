//! All readers of the desk and the websocket that each terminal's driver connects to.

use super::reader::{Armed, Held, Nothing, Pad, Reader, Wallet};
use crate::cards::Way;
use crate::limits;
use axum::extract::ws::{Message, WebSocket};
use emv::bench::{Hint, Pin, PinEntry, ScannedCode, Sound, ToDesk, ToTerminal};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;

/// A terminal that the desk knows from the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalName {
    /// Its id, as in the driver's address and in the API.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// The readers. Cheap to clone; all clones are the same readers.
#[derive(Clone)]
pub struct Benches(Arc<Room>);

struct Room {
    state: Mutex<State>,
    changed: Box<dyn Fn() + Send + Sync>,
}

struct State {
    wallet: Wallet,
    places: BTreeMap<String, Place>,
    connections: u64,
}

struct Place {
    name: String,
    reader: Reader,
    line: Option<(u64, mpsc::Sender<ToTerminal>)>,
}

/// A reader as the desk shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The terminal's id.
    pub id: String,
    /// What people call the terminal.
    pub name: String,
    /// Whether the terminal's driver is connected.
    pub connected: bool,
    /// The reader's serial number.
    pub serial: String,
    /// What it waits for.
    pub armed: Option<Armed>,
    /// The card that is being read.
    pub card: Option<Held>,
    /// The pad, while it asks.
    pub pad: Option<Pad>,
    /// What the display says.
    pub hint: Option<Hint>,
    /// The last sound.
    pub sound: Option<Sound>,
    /// Whether a card can be presented now.
    pub waits_for_card: bool,
}

/// Why a gesture came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoGesture {
    /// There is no such terminal.
    NoSuchTerminal,
    /// The terminal's driver is not connected.
    NotConnected,
    /// The reader has nothing to do with it.
    Nothing(Nothing),
}

impl Benches {
    /// The desk with these cards and terminals; `changed` is called after every change.
    pub fn new(
        wallet: Wallet,
        terminals: Vec<TerminalName>,
        changed: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let places = terminals
            .into_iter()
            .map(|known| (known.id, Place { name: known.name, reader: Reader::default(), line: None }));
        let state = State { wallet, places: places.collect(), connections: 0 };
        Self(Arc::new(Room { state: Mutex::new(state), changed: Box::new(changed) }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every reader, in the order of the terminals' ids.
    pub fn all(&self) -> Vec<Shown> {
        self.lock().places.iter().map(|(id, place)| shown(id, place)).collect()
    }

    /// Presents a card at a terminal. While the pad of that same card asks, types the PIN instead.
    pub fn present(&self, id: &str, card: &str, way: Way, pin: Option<Pin>) -> Result<(), NoGesture> {
        self.gesture(id, |reader, wallet| match (reader.card(), pin) {
            (Some(held), Some(pin)) if reader.pad().is_some() && held.card == card => {
                reader.enter(PinEntry::Entered { pin })
            }
            (_, pin) => reader.present(wallet, card, way, pin),
        })
    }

    /// Holds a phone with a code in front of the scanner.
    pub fn scan(&self, id: &str, code: &str) -> Result<(), NoGesture> {
        self.gesture(id, |_, _| Ok(vec![ToTerminal::Scanned { code: ScannedCode::new(code) }]))
    }

    /// Takes the card away.
    pub fn remove(&self, id: &str) -> Result<(), NoGesture> {
        self.gesture(id, |reader, _| reader.remove())
    }

    /// Ends the entry on the pad.
    pub fn enter(&self, id: &str, entry: PinEntry) -> Result<(), NoGesture> {
        self.gesture(id, |reader, _| reader.enter(entry))
    }

    fn gesture(
        &self,
        id: &str,
        hand: impl FnOnce(&mut Reader, &mut Wallet) -> Result<Vec<ToTerminal>, Nothing>,
    ) -> Result<(), NoGesture> {
        {
            let mut state = self.lock();
            let State { wallet, places, .. } = &mut *state;
            let place = places.get_mut(id).ok_or(NoGesture::NoSuchTerminal)?;
            if place.line.is_none() {
                return Err(NoGesture::NotConnected);
            }
            let said = hand(&mut place.reader, wallet).map_err(NoGesture::Nothing)?;
            place.say(said);
        }
        (self.0.changed)();
        Ok(())
    }

    /// A terminal's driver connected. The newer connection of a terminal replaces the older.
    fn connect(&self, id: &str) -> Option<(u64, mpsc::Receiver<ToTerminal>)> {
        let (line, said) = mpsc::channel(limits::BENCH_WAITING);
        let number = {
            let mut state = self.lock();
            let is_new = !state.places.contains_key(id);
            if is_new && (state.places.len() >= limits::BENCHES || !is_id(id)) {
                return None;
            }
            state.connections = state.connections.saturating_add(1);
            let number = state.connections;
            let place = state.places.entry(id.to_owned()).or_insert_with(|| Place {
                name: id.to_owned(),
                reader: Reader::default(),
                line: None,
            });
            place.reader = Reader::connected();
            place.line = Some((number, line));
            number
        };
        (self.0.changed)();
        Some((number, said))
    }

    fn hear(&self, id: &str, number: u64, said: ToDesk) {
        {
            let mut state = self.lock();
            let State { wallet, places, .. } = &mut *state;
            let Some(place) = places.get_mut(id).filter(|place| place.is(number)) else { return };
            let answers = place.reader.hear(wallet, said);
            place.say(answers);
        }
        (self.0.changed)();
    }

    fn disconnect(&self, id: &str, number: u64) {
        {
            let mut state = self.lock();
            let Some(place) = state.places.get_mut(id).filter(|place| place.is(number)) else { return };
            place.line = None;
            place.reader = Reader::default();
        }
        (self.0.changed)();
    }
}

impl Place {
    fn is(&self, number: u64) -> bool {
        self.line.as_ref().is_some_and(|(own, _)| *own == number)
    }

    /// A driver that does not read loses its connection rather than a message.
    fn say(&mut self, said: Vec<ToTerminal>) {
        let Some((_, line)) = &self.line else { return };
        let lost = said.into_iter().any(|message| line.try_send(message).is_err());
        if lost {
            self.line = None;
            self.reader = Reader::default();
        }
    }
}

fn shown(id: &str, place: &Place) -> Shown {
    let reader = &place.reader;
    Shown {
        id: id.to_owned(),
        name: place.name.clone(),
        connected: place.line.is_some(),
        serial: reader.serial().to_owned(),
        armed: reader.armed().cloned(),
        card: reader.card().cloned(),
        pad: reader.pad(),
        hint: reader.hint(),
        sound: reader.sound(),
        waits_for_card: reader.waits_for_card(),
    }
}

/// A terminal id as it may stand in an address.
fn is_id(id: &str) -> bool {
    (1..=32).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Carries messages between a terminal's driver and its reader until one side ends it.
pub(super) async fn carry(mut socket: WebSocket, benches: Benches, id: String) {
    let Some((number, mut waiting)) = benches.connect(&id) else { return };
    loop {
        tokio::select! {
                   message = waiting.recv() => {
                       // Without a sender this connection was replaced.
                       let Some(message) = message else { break };
                       let Ok(text) = serde_json::to_string(&message) else { break };
                       if socket.send(Message::text(text)).await.is_err() {
                           break;
                       }
                   }
                   frame = socket.recv() => match frame {
                       Some(Ok(Message::Text(text))) => {
                           // What cannot be read is passed over: it may be a newer driver's.
                           if let Ok(said) = serde_json::from_str(text.as_str()) {
        benches.hear(&id, number, said);
        } else {
        tracing::warn!(length = text.len(), "a bench driver said no message");
        }
                       }
                       Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                       Some(Ok(_)) => {}
                   },
               }
    }
    benches.disconnect(&id, number);
}
