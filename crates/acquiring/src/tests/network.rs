//! A card network in the test's own process: keeps a book as the contract says, and misbehaves on order.

use iso8583::frame::{deframe, frame};
use iso8583::totals::{Settlement, Totals};
use iso8583::{Class, ECHOED, Message, Spec};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the network does with one message.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Carries it out, answers with this code.
    Say(&'static str),
    /// Carries it out, answers nothing.
    Silent,
    /// Never received it.
    Ignore,
    /// Carries it out and answers twice.
    Twice,
    /// Carries it out and keeps the answer until [`Network::let_go`].
    Hold,
    /// Carries it out, answers bytes that are no message.
    Garbage,
    /// Carries it out and cuts the line.
    Cut,
    /// Approves another amount.
    OtherAmount,
}

/// What stands in the book under one RRN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Held(u64),
    Charged(u64),
    Refused,
    Undone,
}

#[derive(Default)]
struct State {
    requests: VecDeque<Act>,
    advices: VecDeque<Act>,
    seen: Vec<Message>,
    book: BTreeMap<String, Entry>,
    held: Vec<Vec<u8>>,
    /// Voids by DE 37 and DE 11, with their answers.
    voids: Vec<((String, String), String)>,
    /// Returns by their own DE 37: of which payment, and how much.
    returns: BTreeMap<String, (String, u64)>,
    /// The totals of its own that it tells next; afterwards it agrees.
    totals: VecDeque<Totals>,
}

/// The network; listens on a port of its own.
#[derive(Clone)]
pub(crate) struct Network {
    pub(crate) address: String,
    state: Arc<Mutex<State>>,
    count: watch::Sender<usize>,
    letting_go: watch::Sender<bool>,
}

impl Network {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let network = Self {
            address: listener.local_addr().unwrap().to_string(),
            state: Arc::default(),
            count: watch::Sender::new(0),
            letting_go: watch::Sender::new(false),
        };
        let serving = network.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        network
    }

    /// What to do with the next requests; afterwards it says 00.
    pub(crate) fn requests(&self, acts: impl IntoIterator<Item = Act>) {
        self.state.lock().unwrap().requests.extend(acts);
    }

    /// What to do with the next advices; afterwards it says 00.
    pub(crate) fn advices(&self, acts: impl IntoIterator<Item = Act>) {
        self.state.lock().unwrap().advices.extend(acts);
    }

    /// The network's own totals for the next questions; afterwards it agrees.
    pub(crate) fn totals(&self, own: impl IntoIterator<Item = Totals>) {
        self.state.lock().unwrap().totals.extend(own);
    }

    /// Waits until so many payment messages have come in all.
    pub(crate) async fn seen(&self, count: usize) -> Vec<Message> {
        self.count.subscribe().wait_for(|now| *now >= count).await.unwrap();
        self.state.lock().unwrap().seen.clone()
    }

    /// MTIs that came, in order.
    pub(crate) fn mtis(&self) -> Vec<String> {
        self.state.lock().unwrap().seen.iter().map(|message| message.mti().to_string()).collect()
    }

    /// Charges that stand, in yen.
    pub(crate) fn charged(&self) -> Vec<u64> {
        let state = self.state.lock().unwrap();
        state
            .book
            .values()
            .filter_map(|entry| if let Entry::Charged(yen) = entry { Some(*yen) } else { None })
            .collect()
    }

    /// What was given back by returns that stand, in yen.
    pub(crate) fn returned(&self) -> Vec<u64> {
        let state = self.state.lock().unwrap();
        state.returns.values().filter(|(of, _)| !of.is_empty()).map(|(_, yen)| *yen).collect()
    }

    pub(crate) fn entry(&self, rrn: &str) -> Option<Entry> {
        self.state.lock().unwrap().book.get(rrn).copied()
    }

    /// Sends the answers that were held.
    pub(crate) fn let_go(&self) {
        self.letting_go.send_replace(true);
    }

    async fn serve(self, mut stream: TcpStream) {
        let mut buffer = bytes::BytesMut::new();
        let mut letting_go = self.letting_go.subscribe();
        loop {
            while let Some(bytes) = deframe(&mut buffer, 4096).unwrap() {
                let message = Message::decode(&Spec::BINARY, &bytes).unwrap();
                for answer in self.act(&message) {
                    if answer.is_empty() {
                        return;
                    }
                    drop(stream.write_all(&answer).await);
                }
            }
            tokio::select! {
                read = stream.read_buf(&mut buffer) => if read.unwrap_or(0) == 0 { return },
                _ = letting_go.changed() => {
                    let held = std::mem::take(&mut self.state.lock().unwrap().held);
                    for answer in held {
                        drop(stream.write_all(&answer).await);
                    }
                }
            }
        }
    }

    /// The frames to send; an empty one cuts the line.
    fn act(&self, message: &Message) -> Vec<Vec<u8>> {
        let mut state = self.state.lock().unwrap();
        if message.mti().class() == Class::NetworkManagement {
            return vec![answer(message, "00", None)];
        }
        let queue = if message.mti().is_advice() { &mut state.advices } else { &mut state.requests };
        let act = queue.pop_front().unwrap_or(Act::Say("00"));
        state.seen.push(message.clone());
        let count = state.seen.len();
        if message.mti().class() == Class::Reconciliation {
            let answers = state.compare(message, &act);
            drop(state);
            self.count.send_replace(count);
            return answers;
        }
        let code = match &act {
            Act::Ignore => None,
            Act::Say(code) => Some(state.carry_out(message, code)),
            _ => Some(state.carry_out(message, "00")),
        };
        let answers = match (act, code) {
            (Act::Say(_), Some(code)) => vec![answer(message, &code, None)],
            (Act::Twice, Some(code)) => vec![answer(message, &code, None), answer(message, &code, None)],
            (Act::OtherAmount, Some(code)) => vec![answer(message, &code, Some(1))],
            (Act::Hold, Some(code)) => {
                state.held.push(answer(message, &code, None));
                vec![]
            }
            (Act::Garbage, _) => vec![frame(b"this is no message").unwrap()],
            (Act::Cut, _) => vec![vec![]],
            _ => vec![],
        };
        drop(state);
        self.count.send_replace(count);
        answers
    }
}

impl State {
    /// The 0500 family (9).
    fn compare(&mut self, message: &Message, act: &Act) -> Vec<Vec<u8>> {
        let code = match act {
            Act::Say(code) => code,
            Act::Garbage => return vec![frame(b"this is no message").unwrap()],
            _ => return vec![],
        };
        let mut answer = message.answer(ECHOED).unwrap();
        answer.set(15, message.text(15).unwrap()).unwrap().set(39, code).unwrap();
        if !message.mti().is_advice() {
            match self.totals.pop_front() {
                Some(own) => {
                    answer.set_settlement(Settlement::OutOfBalance).unwrap().set_totals(&own).unwrap();
                }
                None => drop(answer.set_settlement(Settlement::InBalance).unwrap()),
            }
        }
        vec![frame(&answer.encode(&Spec::BINARY).unwrap()).unwrap()]
    }

    /// Returns and their reversals (3a).
    fn give_back(&mut self, message: &Message, wanted: &str) -> String {
        let (rrn, yen) = (message.text(37).unwrap().to_owned(), message.number(4).unwrap());
        if message.mti().is_advice() {
            if wanted == "00" {
                self.returns.insert(rrn, (String::new(), 0));
            }
            return wanted.to_owned();
        }
        let of = message.text(48).unwrap().to_owned();
        let left = match self.book.get(&of) {
            Some(Entry::Charged(paid)) => {
                paid - self.returns.values().filter(|(to, _)| *to == of).map(|(_, yen)| yen).sum::<u64>()
            }
            _ => return "12".to_owned(),
        };
        if yen > left {
            return "61".to_owned();
        }
        if self.returns.contains_key(&rrn) {
            return "94".to_owned();
        }
        if wanted == "00" {
            self.returns.insert(rrn, (of, yen));
        }
        wanted.to_owned()
    }

    /// The book's rules, docs/networks/card-iso8583.md 5 and 6.
    fn carry_out(&mut self, message: &Message, wanted: &str) -> String {
        let rrn = message.text(37).unwrap().to_owned();
        let yen = message.number(4).unwrap();
        if message.text(3) == Some("200000") {
            return self.give_back(message, wanted);
        }
        let known = self.book.get(&rrn).copied();
        if matches!(message.mti().to_string().as_str(), "0400" | "0401") {
            let stan = message.text(11).unwrap().to_owned();
            if let Some((_, code)) = self.voids.iter().find(|(of, _)| *of == (rrn.clone(), stan.clone())) {
                return code.clone();
            }
            let code = match known {
                Some(Entry::Charged(_)) if wanted == "00" => "00",
                Some(Entry::Charged(_)) => wanted,
                _ => "12",
            };
            if code == "00" {
                self.book.insert(rrn.clone(), Entry::Undone);
            }
            self.voids.push(((rrn, stan), code.to_owned()));
            return code.to_owned();
        }
        let (entry, code) = match (message.mti().to_string().as_str(), known) {
            ("0100" | "0200", Some(_)) => return "94".to_owned(),
            ("0100", None) if wanted == "00" => (Entry::Held(yen), "00"),
            ("0200", None) if wanted == "00" => (Entry::Charged(yen), "00"),
            ("0100" | "0200", None) => (Entry::Refused, wanted),
            (_, _) if wanted != "00" => return wanted.to_owned(),
            ("0220" | "0221", Some(Entry::Held(yen) | Entry::Charged(yen))) => (Entry::Charged(yen), "00"),
            ("0220" | "0221", _) => return "25".to_owned(),
            (_, Some(Entry::Refused)) => (Entry::Refused, "00"),
            _ => (Entry::Undone, "00"),
        };
        self.book.insert(rrn, entry);
        code.to_owned()
    }
}

fn answer(message: &Message, code: &str, other_amount: Option<u64>) -> Vec<u8> {
    let mut answer = message.answer(ECHOED).unwrap();
    answer.set(39, code).unwrap();
    if code == "00" && !message.mti().is_advice() && message.has(4) {
        answer.set(15, "1121").unwrap().set(38, "A12345").unwrap();
    }
    if let Some(yen) = other_amount {
        answer.set_number(4, yen).unwrap();
    }
    frame(&answer.encode(&Spec::BINARY).unwrap()).unwrap()
}
