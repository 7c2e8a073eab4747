//! The hardware traits over a websocket to the networks desk, which stands for reader and pad.
//!
//! [`Inbox`] sorts messages without IO; [`socket`] keeps the connection and reconnects on the handed-in
//! clock; [`BenchReader`] puts the two behind the traits.

mod inbox;
mod socket;

pub use inbox::Inbox;

use crate::hardware::{
    Arm, CardEvent, CardReader, DeviceFault, Exchanged, PadAnswer, PinPad, SealPin, Sounder,
};
use clock::Clock;
use emv::bench::{HexBytes, Hint, PinEntry, Sound, ToDesk};
use money::Yen;
use socket::{Incoming, Line};

/// A reader with pad on the networks desk.
#[derive(Debug)]
pub struct BenchReader {
    line: Line,
    inbox: Inbox,
    armed: Option<ToDesk>,
    digits: tokio::sync::watch::Sender<u8>,
    scans: Option<tokio::sync::mpsc::Receiver<String>>,
}

impl BenchReader {
    /// A reader at `ws://…/desk/bench/{terminal}`. Connects, and reconnects, in the background for as long
    /// as this value lives. Must be called inside a tokio runtime.
    pub fn connect(url: String, serial: String, clock: Clock) -> Self {
        let hello = ToDesk::Hello { reader: serial, pinpad: true };
        let (line, scans) = socket::open(url, hello, clock);
        Self {
            line,
            scans: Some(scans),
            inbox: Inbox::default(),
            armed: None,
            digits: tokio::sync::watch::Sender::new(0),
        }
    }

    /// Whether the desk is there now.
    pub fn is_connected(&self) -> bool {
        self.line.is_connected()
    }

    /// Becomes true when the desk is there, false when it is lost.
    pub fn connection(&self) -> tokio::sync::watch::Receiver<bool> {
        self.line.connection()
    }

    /// What the desk's scanner reads, as text; the first caller has it.
    pub const fn take_scans(&mut self) -> Option<tokio::sync::mpsc::Receiver<String>> {
        self.scans.take()
    }

    /// How many digits stand on the pad, for the dots on the terminal's screen.
    pub fn digits_on_pad(&self) -> tokio::sync::watch::Receiver<u8> {
        self.digits.subscribe()
    }

    fn take_in(&mut self, message: emv::bench::ToTerminal) {
        self.inbox.put(message);
        let now = self.inbox.digits_on_pad();
        self.digits.send_if_modified(|digits| std::mem::replace(digits, now) != now);
    }

    async fn say(&mut self, message: ToDesk) -> Result<(), DeviceFault> {
        self.line.send(message).await
    }

    /// Takes the next message in, waiting for it. A new connection is told again what was armed.
    async fn receive(&mut self) -> Result<(), DeviceFault> {
        match self.line.receive().await? {
            Incoming::Message(message) => self.take_in(message),
            Incoming::Lost => {
                self.inbox.clear();
                return Err(DeviceFault::Disconnected);
            }
            Incoming::Connected => {
                if let Some(arm) = self.armed.clone() {
                    self.say(arm).await?;
                }
            }
        }
        Ok(())
    }

    /// Takes in what has already come.
    fn drain(&mut self) {
        while let Some(incoming) = self.line.try_receive() {
            match incoming {
                Incoming::Message(message) => self.take_in(message),
                Incoming::Lost => self.inbox.clear(),
                Incoming::Connected => {}
            }
        }
    }
}

impl CardReader for BenchReader {
    async fn arm(&mut self, arm: Arm) -> Result<(), DeviceFault> {
        let Arm { interfaces, amount, language } = arm;
        self.drain();
        self.inbox.clear();
        let message = ToDesk::Arm { interfaces, amount_yen: amount, language };
        self.armed = Some(message.clone());
        if self.is_connected() { self.say(message).await } else { Err(DeviceFault::Disconnected) }
    }

    async fn disarm(&mut self) -> Result<(), DeviceFault> {
        self.armed = None;
        self.say(ToDesk::Disarm).await
    }

    async fn next_event(&mut self) -> Result<CardEvent, DeviceFault> {
        loop {
            if let Some(event) = self.inbox.take_card_event() {
                return Ok(event);
            }
            match self.receive().await {
                // While nothing is in the slot a lost desk may come back.
                Err(DeviceFault::Disconnected) if !self.line.is_closed() => {}
                other => other?,
            }
        }
    }

    async fn exchange(&mut self, command: &[u8]) -> Result<Exchanged, DeviceFault> {
        self.drain();
        self.inbox.forget_answers();
        if self.inbox.take_removal() {
            return Ok(Exchanged::Removed);
        }
        self.say(ToDesk::Apdu { hex: HexBytes(command.to_vec()) }).await?;
        loop {
            if let Some(answer) = self.inbox.take_answer() {
                return Ok(Exchanged::Answer(answer));
            }
            if self.inbox.take_removal() {
                return Ok(Exchanged::Removed);
            }
            self.receive().await?;
        }
    }

    async fn show(&mut self, hint: Hint) -> Result<(), DeviceFault> {
        self.say(ToDesk::Show { hint }).await
    }
}

impl PinPad for BenchReader {
    async fn ask_pin(
        &mut self,
        amount: Yen,
        attempt: u8,
        seal: SealPin<'_>,
    ) -> Result<PadAnswer, DeviceFault> {
        self.drain();
        self.inbox.forget_pins();
        self.say(ToDesk::AskPin { amount_yen: amount, attempt }).await?;
        let answer = loop {
            if let Some(entry) = self.inbox.take_pin() {
                break match entry {
                    // The digits end here: what goes on is the block.
                    PinEntry::Entered { pin } => seal(&pin).map(PadAnswer::Entered),
                    PinEntry::Bypassed => Ok(PadAnswer::Bypassed),
                    PinEntry::Cancelled => Ok(PadAnswer::Cancelled),
                };
            }
            if self.inbox.take_removal() {
                break Ok(PadAnswer::CardRemoved);
            }
            self.receive().await?;
        };
        self.say(ToDesk::PinDone).await?;
        answer
    }
}

impl Sounder for BenchReader {
    async fn play(&mut self, sound: Sound) {
        if let Err(fault) = self.say(ToDesk::Beep { sound }).await {
            tracing::debug!(%fault, "the bench reader could not sound");
        }
    }
}
