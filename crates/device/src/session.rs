//! One card payment: the hardware, the kernel and the encryption together.
//!
//! ```text
//! let mut session = Session::start(&mut reader, &mut secure, policy, terminal, deal, "ja", on_hint).await?;
//! match session.next().await? {
//!     Turn::Online(reading) => { /* journal, ask the center */ session.answer(host_answer).await? }
//!     Turn::Done(verdict) => ..,
//!     Turn::Choose(names) => session.choose(0).await?,
//! }
//! ```
//!
//! After a wrong PIN [`Session::answer`] gives another [`Turn::Online`]: a new authorisation with a new
//! cryptogram. A future of this type may be dropped (a time-out, a cancel button); after that only
//! [`Session::cancel`] is of use.

use crate::hardware::{Arm, CardEvent, CardReader, DeviceFault, Exchanged, PadAnswer, PinPad};
use crate::kernel::{Effect, Event, Kernel};
use crate::policy::{Deal, ReaderPolicy, TerminalData};
use crate::reading::{EncryptedPin, Reading};
use crate::secure_reader::{CounterStore, SecureReader};
use crate::verdict::{CardVerdict, HostAnswer};
use emv::bench::Hint;
use money::Yen;
use std::collections::VecDeque;

/// What the terminal has to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Ask the host with this, then call [`Session::answer`].
    Online(Box<Reading>),
    /// Let the holder choose, then call [`Session::choose`].
    Choose(Vec<String>),
    /// The end; the reader is disarmed.
    Done(CardVerdict),
}

/// Told of everything the reader's display shows, so that the terminal's screen can say it too.
pub type OnHint = Box<dyn FnMut(Hint) + Send>;

/// One payment at one reader.
pub struct Session<'a, H, S> {
    hardware: &'a mut H,
    secure: &'a mut SecureReader<S>,
    kernel: Kernel,
    amount: Yen,
    pin: Option<EncryptedPin>,
    host_spoke: bool,
    on_hint: OnHint,
}

impl<'a, H: CardReader + PinPad, S: CounterStore> Session<'a, H, S> {
    /// Reserves key counters and arms the reader.
    pub async fn start(
        hardware: &'a mut H,
        secure: &'a mut SecureReader<S>,
        policy: ReaderPolicy,
        terminal: TerminalData,
        deal: Deal,
        language: &str,
        on_hint: OnHint,
    ) -> Result<Self, DeviceFault> {
        secure.top_up().await?;
        let (interfaces, amount) = (policy.interfaces, deal.amount);
        hardware.arm(Arm { interfaces, amount, language: language.to_owned() }).await?;
        let kernel = Kernel::new(policy, terminal, deal);
        Ok(Self { hardware, secure, kernel, amount, pin: None, host_spoke: false, on_hint })
    }

    /// Waits for a card and reads it.
    pub async fn next(&mut self) -> Result<Turn, DeviceFault> {
        self.run(vec![Effect::Show(Hint::Present)]).await
    }

    /// The host has answered, or it is certain that it will not ([`HostAnswer::none`]).
    pub async fn answer(&mut self, answer: HostAnswer) -> Result<Turn, DeviceFault> {
        self.host_spoke = true;
        let effects = self.kernel.step(Event::Host(answer));
        self.run(effects).await
    }

    /// The holder chose an application.
    pub async fn choose(&mut self, n: usize) -> Result<Turn, DeviceFault> {
        let effects = self.kernel.step(Event::ApplicationChosen(n));
        self.run(effects).await
    }

    /// Whether a card was noticed already.
    pub fn has_card(&self) -> bool {
        self.kernel.has_card()
    }

    /// Stops the payment if that is still possible and disarms the reader. `None`: the host was asked and
    /// its answer, or its absence, must end this.
    pub async fn cancel(&mut self) -> Option<CardVerdict> {
        let verdict = self.kernel.step(Event::Cancel).into_iter().find_map(|effect| match effect {
            Effect::Done(verdict) => Some(verdict),
            Effect::Send(_)
            | Effect::Show(_)
            | Effect::ChooseApplication(_)
            | Effect::AskPin { .. }
            | Effect::GoOnline(_) => None,
        });
        if verdict.is_some() {
            self.disarm().await;
        }
        verdict
    }

    async fn run(&mut self, effects: Vec<Effect>) -> Result<Turn, DeviceFault> {
        let mut waiting = VecDeque::from(effects);
        loop {
            let event = match waiting.pop_front() {
                None => self.hardware.next_event().await?.into(),
                Some(Effect::Show(hint)) => {
                    (self.on_hint)(hint);
                    // A display that fails stops no payment.
                    let _ = self.hardware.show(hint).await;
                    continue;
                }
                Some(Effect::Send(command)) => self.exchange(&command).await?,
                Some(Effect::AskPin { attempt }) => self.ask_pin(attempt).await?,
                Some(Effect::ChooseApplication(names)) => return Ok(Turn::Choose(names)),
                Some(Effect::GoOnline(read)) => {
                    self.host_spoke = false;
                    let reading = self.secure.seal(&read, self.pin.take())?;
                    return Ok(Turn::Online(Box::new(reading)));
                }
                Some(Effect::Done(verdict)) => {
                    self.disarm().await;
                    return Ok(Turn::Done(verdict));
                }
            };
            waiting.extend(self.kernel.step(event));
        }
    }

    async fn exchange(&mut self, command: &[u8]) -> Result<Event, DeviceFault> {
        match self.hardware.exchange(command).await {
            Ok(Exchanged::Answer(bytes)) => Ok(Event::Answer(bytes)),
            Ok(Exchanged::Removed) => Ok(Event::Removed),
            // The host has decided: a lost reader must still become a verdict.
            Err(fault) if self.host_spoke => {
                tracing::warn!(%fault, "the reader was lost while the card was being closed");
                Ok(Event::Answer(Vec::new()))
            }
            Err(fault) => Err(fault),
        }
    }

    async fn ask_pin(&mut self, attempt: u8) -> Result<Event, DeviceFault> {
        let pan = self.kernel.pan().cloned();
        let secure = &mut *self.secure;
        let mut seal = move |pin: &emv::bench::Pin| match &pan {
            Some(pan) => secure.pin_block(pin, pan),
            None => Err(DeviceFault::Malfunction("a PIN without a card".into())),
        };
        match self.hardware.ask_pin(self.amount, attempt, &mut seal).await? {
            PadAnswer::Entered(block) => {
                self.pin = Some(block);
                Ok(Event::PinEntered)
            }
            PadAnswer::Bypassed => Ok(Event::PinBypassed),
            PadAnswer::Cancelled => Ok(Event::PinCancelled),
            PadAnswer::CardRemoved => Ok(Event::Removed),
        }
    }

    async fn disarm(&mut self) {
        if let Err(fault) = self.hardware.disarm().await {
            tracing::warn!(%fault, "the reader could not be disarmed");
        }
    }
}

impl From<CardEvent> for Event {
    fn from(event: CardEvent) -> Self {
        match event {
            CardEvent::Inserted { atr } => Self::Inserted { atr },
            CardEvent::Tapped => Self::Tapped,
            CardEvent::Swiped(track) => Self::Swiped(track),
            CardEvent::Removed => Self::Removed,
        }
    }
}
