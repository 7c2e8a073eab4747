//! The hardware of a terminal as traits. Nothing else in the terminal touches hardware.

use crate::reading::EncryptedPin;
use emv::bench::{Hint, Interfaces, Pin, Sound, SwipedTrack};
use money::Yen;
use std::fmt;
use std::future::Future;

/// The hardware does not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceFault {
    /// It is not connected, or the connection was lost.
    Disconnected,
    /// It answered something that cannot be.
    Malfunction(String),
    /// It has no key left, or the used ones cannot be written down: nothing may be encrypted.
    NoKey(String),
}

impl fmt::Display for DeviceFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disconnected => f.write_str("the device is not connected"),
            Self::Malfunction(what) => write!(f, "the device does not work: {what}"),
            Self::NoKey(why) => write!(f, "the reader has no usable key: {why}"),
        }
    }
}

impl std::error::Error for DeviceFault {}

/// What the reader is to wait for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arm {
    /// Which ways in are open (M-032).
    pub interfaces: Interfaces,
    /// The amount on the reader's display.
    pub amount: Yen,
    /// `ja` or `en`.
    pub language: String,
}

/// What happens at the reader while it waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardEvent {
    /// A card was inserted and reset; a mute chip has an empty answer.
    Inserted {
        /// The answer to reset.
        atr: Vec<u8>,
    },
    /// A card or phone lies in the field.
    Tapped,
    /// A card was swiped.
    Swiped(SwipedTrack),
    /// The card left slot or field.
    Removed,
}

/// What became of a command to the card.
#[derive(Clone, PartialEq, Eq)]
pub enum Exchanged {
    /// The card answered; empty when it is mute.
    Answer(Vec<u8>),
    /// The card is no longer there.
    Removed,
}

impl fmt::Debug for Exchanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(bytes) => write!(f, "Answer(<{} bytes>)", bytes.len()),
            Self::Removed => f.write_str("Removed"),
        }
    }
}

/// Slot, field and stripe head.
///
/// Every future may be dropped: what it waited for is then forgotten at the next [`CardReader::arm`] or
/// [`CardReader::disarm`].
pub trait CardReader: Send {
    /// Opens the ways in and forgets what was before.
    fn arm(&mut self, arm: Arm) -> impl Future<Output = Result<(), DeviceFault>> + Send;
    /// Closes the ways in and lets go of the card.
    fn disarm(&mut self) -> impl Future<Output = Result<(), DeviceFault>> + Send;
    /// The next thing that happens.
    fn next_event(&mut self) -> impl Future<Output = Result<CardEvent, DeviceFault>> + Send;
    /// A command to the card, and its answer.
    fn exchange(&mut self, command: &[u8]) -> impl Future<Output = Result<Exchanged, DeviceFault>> + Send;
    /// Shows something on the reader's display.
    fn show(&mut self, hint: Hint) -> impl Future<Output = Result<(), DeviceFault>> + Send;
}

/// How a PIN entry ended. There is no way to get digits out of a pad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PadAnswer {
    /// A PIN was entered; this is its block.
    Entered(EncryptedPin),
    /// The green key without digits (M-026).
    Bypassed,
    /// The red key.
    Cancelled,
    /// The card left the slot meanwhile.
    CardRemoved,
}

/// Turns digits into a PIN block. A pad whose hardware does that itself has no use for it.
pub type SealPin<'a> = &'a mut (dyn FnMut(&Pin) -> Result<EncryptedPin, DeviceFault> + Send);

/// The reader's own pad.
pub trait PinPad: Send {
    /// Asks for a PIN of four to twelve digits; `attempt` is 1, or more after a wrong one.
    fn ask_pin(
        &mut self,
        amount: Yen,
        attempt: u8,
        seal: SealPin<'_>,
    ) -> impl Future<Output = Result<PadAnswer, DeviceFault>> + Send;
}

/// How much is left in the device's battery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// 0 to 100 percent.
    pub percent: u8,
    /// It is being charged, or runs on mains.
    pub charging: bool,
}

/// The device's battery.
pub trait Battery: Send + Sync {
    /// How much is left; `None` when the device has no battery, or it does not say.
    fn charge(&self) -> Option<Charge>;
}

/// A device without a battery.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mains;

impl Battery for Mains {
    fn charge(&self) -> Option<Charge> {
        None
    }
}

/// How the printer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrinterStatus {
    /// It can print.
    Ready,
    /// No paper.
    PaperOut,
    /// The cover is open.
    CoverOpen,
    /// It does not answer.
    Offline,
}

/// A receipt printer that takes ESC/POS or another printer language as bytes.
pub trait Printer: Send {
    /// Prints all of it, or says what is in the way.
    fn print(&mut self, bytes: &[u8]) -> impl Future<Output = Result<(), PrinterStatus>> + Send;
    /// How it is now.
    fn status(&mut self) -> impl Future<Output = PrinterStatus> + Send;
}

/// What sounds.
pub trait Sounder: Send {
    /// Plays a sound; a terminal without a speaker does nothing.
    fn play(&mut self, sound: Sound) -> impl Future<Output = ()> + Send;
}
