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
    lines: Mutex<VecDeque<Logged>>,
    written: Box<dyn Fn() + Send + Sync>,
}

impl Log {
    /// An empty log; `written` is called after every line.
    pub fn new(written: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(Roll { lines: Mutex::default(), written: Box::new(written) }))
    }

    /// Writes a message down, masked.
    pub fn message(&self, at: Timestamp, way: Way, message: &Message, note: &str) {
        let described = message.describe();
        let title = format!("{} {}", described.mti, described.mti.name());
        let title = if note.is_empty() { title } else { format!("{title} – {note}") };
        let fields =
            described.lines.iter().map(|line| format!("{:>3} {}: {}", line.field, line.name, line.shown));
        self.push(Logged { number: 0, at, way, title, fields: fields.collect() });
    }

    /// Writes down what happened instead of a message.
    pub fn note(&self, at: Timestamp, note: impl Into<String>) {
        self.push(Logged { number: 0, at, way: Way::Note, title: note.into(), fields: Vec::new() });
    }

    fn push(&self, mut line: Logged) {
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
        lines.iter().take(most).cloned().collect()
    }
}
