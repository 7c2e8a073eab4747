//! Sorts what the desk says: card events, answers and PIN entries, each to whoever waits for it.

use crate::hardware::CardEvent;
use crate::limits::MAX_BENCH_QUEUE;
use emv::bench::{PinEntry, ToTerminal};
use std::collections::VecDeque;

/// Messages of the desk that nobody has looked at yet.
#[derive(Debug, Default)]
pub struct Inbox {
    events: VecDeque<CardEvent>,
    answers: VecDeque<Vec<u8>>,
    pins: VecDeque<PinEntry>,
    digits: u8,
}

impl Inbox {
    /// Takes a message in. Beyond the limit the oldest of its kind is forgotten.
    pub fn put(&mut self, message: ToTerminal) {
        match message {
            ToTerminal::Inserted { atr } => push(&mut self.events, CardEvent::Inserted { atr: atr.0 }),
            ToTerminal::Tapped => push(&mut self.events, CardEvent::Tapped),
            ToTerminal::Swiped { track2 } => push(&mut self.events, CardEvent::Swiped(track2)),
            ToTerminal::Removed => push(&mut self.events, CardEvent::Removed),
            ToTerminal::Apdu { hex } => push(&mut self.answers, hex.0),
            // A scanner is no part of the reader: its codes go their own way before they come here.
            ToTerminal::Scanned { .. } => {}
            ToTerminal::Pin { entry } => push(&mut self.pins, entry),
            ToTerminal::PinDigitsCount { n } => self.digits = n.min(12),
        }
    }

    /// The next card event.
    pub fn take_card_event(&mut self) -> Option<CardEvent> {
        self.events.pop_front()
    }

    /// Whether the card has gone. Whatever came before that is of the card that has gone, too.
    pub fn take_removal(&mut self) -> bool {
        match self.events.iter().position(|e| *e == CardEvent::Removed) {
            Some(at) => {
                self.events.drain(..=at);
                true
            }
            None => false,
        }
    }

    /// The card's answer.
    pub fn take_answer(&mut self) -> Option<Vec<u8>> {
        self.answers.pop_front()
    }

    /// The end of a PIN entry.
    pub fn take_pin(&mut self) -> Option<PinEntry> {
        self.pins.pop_front()
    }

    /// How many digits are on the pad.
    pub const fn digits_on_pad(&self) -> u8 {
        self.digits
    }

    /// Forgets answers to commands that nobody waits for any more.
    pub fn forget_answers(&mut self) {
        self.answers.clear();
    }

    /// Forgets PIN entries that nobody asked for.
    pub fn forget_pins(&mut self) {
        self.pins.clear();
        self.digits = 0;
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

fn push<T>(queue: &mut VecDeque<T>, item: T) {
    if queue.len() >= MAX_BENCH_QUEUE {
        queue.pop_front();
    }
    queue.push_back(item);
}

#[cfg(test)]
mod tests {
    use super::*;
    use emv::bench::{HexBytes, Pin};

    #[test]
    fn each_kind_of_message_waits_for_its_own_reader() {
        let mut inbox = Inbox::default();
        inbox.put(ToTerminal::Apdu { hex: HexBytes(vec![0x90, 0x00]) });
        inbox.put(ToTerminal::Tapped);
        inbox.put(ToTerminal::PinDigitsCount { n: 4 });
        inbox.put(ToTerminal::Pin { entry: PinEntry::Entered { pin: Pin::new("1234").unwrap() } });
        assert_eq!(inbox.digits_on_pad(), 4);
        assert_eq!(inbox.take_card_event(), Some(CardEvent::Tapped));
        assert_eq!(inbox.take_answer(), Some(vec![0x90, 0x00]));
        assert!(!inbox.take_removal());
        inbox.put(ToTerminal::Removed);
        inbox.put(ToTerminal::Tapped);
        assert!(inbox.take_removal());
        assert_eq!(inbox.take_card_event(), Some(CardEvent::Tapped), "what came later stays");
        inbox.forget_pins();
        assert_eq!(inbox.take_pin(), None);
    }

    #[test]
    fn a_desk_that_floods_is_forgotten_from_its_oldest_message_on() {
        let mut inbox = Inbox::default();
        for _ in 0..1_000 {
            inbox.put(ToTerminal::Tapped);
        }
        assert_eq!(std::iter::from_fn(|| inbox.take_card_event()).count(), MAX_BENCH_QUEUE);
    }
}
