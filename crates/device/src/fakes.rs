//! Hardware from a script, for tests and stories: what happens is queued beforehand, what the program
//! does is kept to be looked at.

use crate::hardware::{
    Arm, CardEvent, CardReader, DeviceFault, Exchanged, PadAnswer, PinPad, Printer, PrinterStatus, SealPin,
    Sounder,
};
use crate::secure_reader::{CounterFault, CounterStore};
use emv::bench::{Hint, Pin, Sound};
use money::Yen;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// A card that answers commands; `None` when it is no longer there.
pub type FakeCard = Box<dyn FnMut(&[u8]) -> Option<Vec<u8>> + Send>;

/// What a scripted holder does at the pad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AtPad {
    /// Enters these digits.
    Pin(Pin),
    /// Presses green without digits.
    Green,
    /// Presses red.
    Red,
    /// Pulls the card out.
    Pull,
}

/// A reader with a pad.
#[derive(Default)]
pub struct FakeReader {
    /// What happens, in order; when it runs out the reader is disconnected.
    pub events: VecDeque<CardEvent>,
    /// The card that answers.
    pub card: Option<FakeCard>,
    /// What the holder does at the pad, in order; when it runs out, red.
    pub at_pad: VecDeque<AtPad>,
    /// What was armed last; `None` when disarmed.
    pub armed: Option<Arm>,
    /// What the display showed, in order.
    pub shown: Vec<Hint>,
    /// How often the PIN was asked, with the attempt.
    pub asked: Vec<u8>,
}

impl CardReader for FakeReader {
    async fn arm(&mut self, arm: Arm) -> Result<(), DeviceFault> {
        self.armed = Some(arm);
        Ok(())
    }

    async fn disarm(&mut self) -> Result<(), DeviceFault> {
        self.armed = None;
        Ok(())
    }

    async fn next_event(&mut self) -> Result<CardEvent, DeviceFault> {
        self.events.pop_front().ok_or(DeviceFault::Disconnected)
    }

    async fn exchange(&mut self, command: &[u8]) -> Result<Exchanged, DeviceFault> {
        let card = self.card.as_mut().ok_or(DeviceFault::Disconnected)?;
        Ok(card(command).map_or(Exchanged::Removed, Exchanged::Answer))
    }

    async fn show(&mut self, hint: Hint) -> Result<(), DeviceFault> {
        self.shown.push(hint);
        Ok(())
    }
}

impl PinPad for FakeReader {
    async fn ask_pin(
        &mut self,
        _amount: Yen,
        attempt: u8,
        seal: SealPin<'_>,
    ) -> Result<PadAnswer, DeviceFault> {
        self.asked.push(attempt);
        match self.at_pad.pop_front() {
            Some(AtPad::Pin(pin)) => seal(&pin).map(PadAnswer::Entered),
            Some(AtPad::Green) => Ok(PadAnswer::Bypassed),
            Some(AtPad::Pull) => Ok(PadAnswer::CardRemoved),
            Some(AtPad::Red) | None => Ok(PadAnswer::Cancelled),
        }
    }
}

/// A printer that keeps what it printed.
#[derive(Debug)]
pub struct FakePrinter {
    /// How it is; anything but ready refuses to print.
    pub status: PrinterStatus,
    /// Everything printed, one entry a call.
    pub printed: Vec<Vec<u8>>,
}

impl Default for FakePrinter {
    fn default() -> Self {
        Self { status: PrinterStatus::Ready, printed: Vec::new() }
    }
}

impl Printer for FakePrinter {
    async fn print(&mut self, bytes: &[u8]) -> Result<(), PrinterStatus> {
        if self.status == PrinterStatus::Ready {
            self.printed.push(bytes.to_vec());
            Ok(())
        } else {
            Err(self.status)
        }
    }

    async fn status(&mut self) -> PrinterStatus {
        self.status
    }
}

/// A sounder that keeps what it played.
#[derive(Debug, Default)]
pub struct FakeSounder {
    /// Everything played.
    pub played: Vec<Sound>,
}

impl Sounder for FakeSounder {
    async fn play(&mut self, sound: Sound) {
        self.played.push(sound);
    }
}

/// Counters in memory; clones share them, as a store outlives a program.
#[derive(Clone, Debug, Default)]
pub struct MemoryCounters {
    last: Arc<Mutex<u32>>,
    fails: bool,
}

impl MemoryCounters {
    /// A store whose last counter is this.
    pub fn at(last: u32) -> Self {
        Self { last: Arc::new(Mutex::new(last)), fails: false }
    }

    /// A store that cannot be written.
    pub fn failing() -> Self {
        Self { last: Arc::default(), fails: true }
    }
}

impl CounterStore for MemoryCounters {
    async fn last_reserved(&mut self, _initial_key_id: [u8; 8]) -> Result<u32, CounterFault> {
        Ok(*self.last.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn reserve_through(&mut self, _initial_key_id: [u8; 8], counter: u32) -> Result<(), CounterFault> {
        if self.fails {
            return Err(CounterFault("the disk is full".into()));
        }
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = counter;
        Ok(())
    }
}
