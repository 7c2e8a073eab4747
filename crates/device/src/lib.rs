//! The hardware of a terminal, behind traits, and what runs inside a card reader.
//!
//! - [`hardware`]: the traits: card reader, PIN pad, printer, sounder. Application code reaches hardware
//!   through nothing else; [`fakes`] implements them from a script.
//! - [`kernel`]: the EMV flow as a machine without IO: an event in, effects out.
//! - [`secure_reader`]: what leaves the reader is encrypted here, under AES DUKPT.
//! - [`session`]: one card payment: hardware, kernel and encryption together.
//! - [`bench_driver`]: the hardware traits over a websocket to the networks desk.
//!
//! A real reader replaces the bench driver, or, when kernel and keys are in its firmware, everything
//! below [`reading::Reading`].

pub mod bench_driver;
pub mod fakes;
pub mod hardware;
pub mod kernel;
pub mod limits;
pub mod policy;
pub mod reading;
pub mod secure_reader;
pub mod session;
pub mod verdict;

pub use kernel::{Effect, Event, Kernel};
pub use policy::{Deal, ReaderPolicy, TerminalData};
pub use reading::{Cvm, EncryptedCard, EncryptedPin, EntryMode, Reading};
pub use secure_reader::{CounterStore, SecureReader};
pub use session::{Session, Turn};
pub use verdict::{CardVerdict, HostAnswer, HostDecision, Refusal};
