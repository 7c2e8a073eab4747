//! The live log of the desk: the last messages of the card network, masked.

use crate::limits;
use iso8583::Message;
use jiff::Timestamp;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the center.
    In,
    /// To the center.
    Out,
    /// Nowhere: something happened instead of a message.
    Note,
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// 1 for the first line since the program started.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Which way.
    pub way: Way,
    /// Message type and what became of it, or what happened.
    pub title: String,
    /// The fields, masked, one a line.
    pub fields: Vec<String>,
}

/// The log. Cheap to clone; all clones are the same log.
#[derive(Clone)]
pub struct Log(Arc<Roll>);

struct Roll {
    lines: Mutex<VecDeque<Kept>>,
    written: Box<dyn Fn() + Send + Sync>,
}

/// A line before anybody looks at it. Messages are put into words only then: the network writes far more
/// of them down than people read.
struct Kept {
    number: u64,
    at: Timestamp,
    way: Way,
    note: String,
    message: Option<Message>,
}

impl Kept {
    /// In words, masked.
    fn told(&self) -> Logged {
        let (number, at, way) = (self.number, self.at, self.way);
        let Some(message) = &self.message else {
            return Logged { number, at, way, title: self.note.clone(), fields: Vec::new() };
        };
        let described = message.describe();
        let title = format!("{} {}", described.mti, described.mti.name());
        let title = if self.note.is_empty() { title } else { format!("{title} – {}", self.note) };
        let fields =
            described.lines.iter().map(|line| format!("{:>3} {}: {}", line.field, line.name, line.shown));
        Logged { number, at, way, title, fields: fields.collect() }
    }
}

impl Log {
    /// An empty log; `written` is called after every line.
    pub fn new(written: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(Roll { lines: Mutex::default(), written: Box::new(written) }))
    }

    /// Writes a message down; it is masked when it is read.
    pub fn message(&self, at: Timestamp, way: Way, message: &Message, note: &str) {
        self.push(Kept { number: 0, at, way, note: note.to_owned(), message: Some(message.clone()) });
    }

    /// Writes down what happened instead of a message.
    pub fn note(&self, at: Timestamp, note: impl Into<String>) {
        self.push(Kept { number: 0, at, way: Way::Note, note: note.into(), message: None });
    }

    fn push(&self, mut line: Kept) {
        {
            let mut lines = self.0.lines.lock().unwrap_or_else(PoisonError::into_inner);
            line.number = lines.front().map_or(1, |newest| newest.number.saturating_add(1));
            lines.push_front(line);
            lines.truncate(limits::LOG_KEPT);
        }
        (self.0.written)();
    }

    /// The newest lines, newest first.
    pub fn newest(&self, most: usize) -> Vec<Logged> {
        let lines = self.0.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().take(most).map(Kept::told).collect()
    }
}
