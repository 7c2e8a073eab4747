//! The EMV flow of one payment, without IO: events in, effects out.
//!
//! Contact (EMV 4.4 Books 1 to 4): directory or list of applications, selection, processing options,
//! records, restrictions, holder verification, risk, first GENERATE AC, host, issuer authentication,
//! scripts, second GENERATE AC. Contactless: entry point, then either a cryptogram straight from GET
//! PROCESSING OPTIONS (Visa-like) or records and one GENERATE AC (Mastercard-like). Stripe: track 2 and
//! its service code. Online only; offline data authentication is not performed, and says so in the TVR.
//!
//! The kernel never sees a PIN. It asks for one and is told that the secure reader has it.

mod application;
mod card;
mod complete;
mod contactless;
mod first_ac;
mod restrictions;
mod selection;
mod stripe;
mod verification;

use crate::limits::MAX_FOLLOW_UPS;
use crate::policy::{Deal, ReaderPolicy, TerminalData};
use crate::reading::CardRead;
use crate::verdict::{CardVerdict, HostAnswer, Refusal};
use card::{Awaiting, Card, Interface};
use emv::Pan;
use emv::apdu::{Command, Response};
use emv::bench::{Hint, SwipedTrack};
use std::fmt;

/// What happened. Debug shows of a card's answer only its length: it may carry a track.
#[derive(Clone)]
pub enum Event {
    /// A card was inserted and reset; a mute chip has an empty answer to reset.
    Inserted {
        /// The answer to reset.
        atr: Vec<u8>,
    },
    /// A card or phone lies in the field.
    Tapped,
    /// A card was swiped.
    Swiped(SwipedTrack),
    /// The card answered; empty when it did not.
    Answer(Vec<u8>),
    /// The holder chose the n-th of the offered applications, from 0.
    ApplicationChosen(usize),
    /// A PIN was entered; the secure reader has its block.
    PinEntered,
    /// The pad's red key.
    PinCancelled,
    /// The pad's green key without digits.
    PinBypassed,
    /// The host answered, or it is certain that it will not.
    Host(HostAnswer),
    /// The card left slot or field.
    Removed,
    /// The terminal stops the payment.
    Cancel,
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inserted { atr } => write!(f, "Inserted({})", hex::encode_upper(atr)),
            Self::Tapped => f.write_str("Tapped"),
            Self::Swiped(track) => write!(f, "Swiped({track:?})"),
            Self::Answer(bytes) => write!(f, "Answer(<{} bytes>)", bytes.len()),
            Self::ApplicationChosen(n) => write!(f, "ApplicationChosen({n})"),
            Self::PinEntered => f.write_str("PinEntered"),
            Self::PinCancelled => f.write_str("PinCancelled"),
            Self::PinBypassed => f.write_str("PinBypassed"),
            Self::Host(answer) => write!(f, "Host({answer:?})"),
            Self::Removed => f.write_str("Removed"),
            Self::Cancel => f.write_str("Cancel"),
        }
    }
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Send this command to the card and come back with [`Event::Answer`].
    Send(Vec<u8>),
    /// Show this to the holder.
    Show(Hint),
    /// Let the holder choose an application and come back with [`Event::ApplicationChosen`].
    ChooseApplication(Vec<String>),
    /// Ask for the PIN; the card number for the block is [`Kernel::pan`].
    AskPin {
        /// 1 for the first time.
        attempt: u8,
    },
    /// Encrypt this, ask the host, and come back with [`Event::Host`].
    GoOnline(Box<CardRead>),
    /// The end.
    Done(CardVerdict),
}

/// Why the conversation with a card cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// The card does not answer, or not as a card should.
    Broken,
    /// The card is fine but not for this payment.
    Refuse(Refusal),
}

type Step = Result<Vec<Effect>, Stop>;

/// One payment at one reader.
#[derive(Debug)]
pub struct Kernel {
    policy: ReaderPolicy,
    terminal: TerminalData,
    deal: Deal,
    phase: Phase,
    card: Card,
    bad_swipes: u8,
}

#[derive(Debug)]
enum Phase {
    /// For a card.
    Waiting,
    /// For a swipe, because the chip could not be read; inserting again is fine too.
    WaitingForFallback,
    /// For the card's answer.
    Talking { awaiting: Awaiting, sent: Command, follow_ups: u8 },
    /// For the holder's choice.
    Choosing,
    /// For the PIN.
    Pin,
    /// For the host.
    Online,
    /// For nothing.
    Over,
}

impl Kernel {
    /// A payment that waits for a card.
    pub fn new(policy: ReaderPolicy, terminal: TerminalData, deal: Deal) -> Self {
        Self {
            policy,
            terminal,
            deal,
            phase: Phase::Waiting,
            card: Card::new(Interface::Contact),
            bad_swipes: 0,
        }
    }

    /// The number of the card that is being read, as soon as it is known: for the PIN block.
    pub fn pan(&self) -> Option<&Pan> {
        self.card.track2.as_ref().map(emv::Track2::pan)
    }

    /// Whether a card was noticed: before that the payment can be stopped without a trace.
    pub fn has_card(&self) -> bool {
        !matches!(self.phase, Phase::Waiting | Phase::WaitingForFallback)
    }

    /// Whether the payment is over at this reader.
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over)
    }

    /// Takes an event and says what is to be done. An event that nobody waits for changes nothing.
    pub fn step(&mut self, event: Event) -> Vec<Effect> {
        let step = match event {
            Event::Inserted { atr } => self.on_inserted(&atr),
            Event::Tapped => self.on_tapped(),
            Event::Swiped(track) => Ok(self.on_swiped(&track)),
            Event::Answer(bytes) => self.on_answer(&bytes),
            Event::ApplicationChosen(n) => self.on_application_chosen(n),
            Event::PinEntered => self.on_pin(verification::PinResult::Entered),
            Event::PinBypassed => self.on_pin(verification::PinResult::Bypassed),
            Event::PinCancelled => Ok(self.on_pin_cancelled()),
            Event::Host(answer) => Ok(self.on_host(answer)),
            Event::Removed => Ok(self.on_removed()),
            Event::Cancel => Ok(self.on_cancel()),
        };
        step.unwrap_or_else(|stop| self.stop(stop))
    }

    fn on_inserted(&mut self, atr: &[u8]) -> Step {
        if self.has_card() {
            return Ok(Vec::new());
        }
        self.card = Card::new(Interface::Contact);
        self.card.inserted = true;
        if atr.is_empty() {
            return Err(Stop::Broken);
        }
        let mut effects = vec![Effect::Show(Hint::Reading)];
        effects.extend(self.start_contact_selection()?);
        Ok(effects)
    }

    fn on_tapped(&mut self) -> Step {
        if self.has_card() {
            return Ok(Vec::new());
        }
        match (self.policy.interfaces, &self.phase) {
            // M-032: taps are taken only with the three-way wait, and never instead of a failed chip.
            (emv::bench::Interfaces::Three, Phase::Waiting) => {
                self.card = Card::new(Interface::Contactless);
                let mut effects = vec![Effect::Show(Hint::Reading)];
                effects.extend(self.start_entry_point()?);
                Ok(effects)
            }
            _ => Ok(vec![Effect::Show(Hint::TapNotOffered)]),
        }
    }

    fn on_answer(&mut self, bytes: &[u8]) -> Step {
        let Phase::Talking { awaiting, sent, follow_ups } = &mut self.phase else { return Ok(Vec::new()) };
        let mut response = Response::parse(bytes).ok_or(Stop::Broken);
        let (awaiting, follow_ups) = (*awaiting, *follow_ups);
        if let Ok(Response { status, .. }) = response {
            // EMV 4.4 Book 1, 9.3.1: T=0 cards announce (61) or correct (6C) the length.
            let again = match (status.more_waits(), status.right_length()) {
                (Some(le), _) => Some(Command::get_response(le)),
                (None, Some(le)) => Some(sent.with_le(le)),
                (None, None) => None,
            };
            match again {
                Some(command) if follow_ups < MAX_FOLLOW_UPS => {
                    return Ok(vec![self.send_follow_up(command, awaiting, follow_ups.saturating_add(1))]);
                }
                Some(_) => response = Err(Stop::Broken),
                None => {}
            }
        }
        self.phase = Phase::Over;
        self.dispatch(awaiting, response)
    }

    fn dispatch(&mut self, awaiting: Awaiting, response: Result<Response, Stop>) -> Step {
        match awaiting {
            Awaiting::Directory(step) => self.on_directory(step, &response?),
            Awaiting::ListedApplication { row, occurrence } => self.on_listed(row, occurrence, &response?),
            Awaiting::EntryPoint => self.on_entry_point(&response?),
            Awaiting::Selection => self.on_selected(&response?),
            Awaiting::ProcessingOptions => self.on_processing_options(&response?),
            Awaiting::Record => self.on_record(&response?),
            Awaiting::FirstAc { refuse } => self.on_first_ac(&response?, refuse),
            // After the host has spoken the answer must become a verdict, whatever the card does.
            Awaiting::ExternalAuthenticate => Ok(self.on_external_authenticate(response.ok().as_ref())),
            Awaiting::Script => Ok(self.on_script(response.ok().as_ref())),
            Awaiting::SecondAc => Ok(self.on_second_ac(response.ok().as_ref())),
        }
    }

    fn send(&mut self, command: Command, awaiting: Awaiting) -> Effect {
        self.send_follow_up(command, awaiting, 0)
    }

    fn send_follow_up(&mut self, command: Command, awaiting: Awaiting, follow_ups: u8) -> Effect {
        let bytes = command.to_bytes();
        self.phase = Phase::Talking { awaiting, sent: command, follow_ups };
        Effect::Send(bytes)
    }

    fn done(&mut self, verdict: CardVerdict) -> Vec<Effect> {
        self.phase = Phase::Over;
        let hint = match &verdict {
            CardVerdict::Approved(_) => Some(Hint::Approved),
            CardVerdict::Declined(_) | CardVerdict::Refused(_) | CardVerdict::NotHonoured(..) => {
                Some(Hint::Refused)
            }
            CardVerdict::Unanswered(_) | CardVerdict::Cancelled => None,
        };
        let take_card = self.card.inserted.then_some(Hint::RemoveCard);
        hint.into_iter().chain(take_card).map(Effect::Show).chain([Effect::Done(verdict)]).collect()
    }

    /// Before the host was asked a broken conversation has a place to go: the stripe, or the slot.
    fn stop(&mut self, stop: Stop) -> Vec<Effect> {
        if let Some(verdict) = self.card.after_wrong_pin() {
            // The host has already refused once; that stands.
            return self.done(verdict);
        }
        match (stop, self.card.interface) {
            (Stop::Refuse(refusal), _) => self.done(CardVerdict::Refused(refusal)),
            (Stop::Broken, Interface::Contactless) => self.done(CardVerdict::Refused(Refusal::TapFailed)),
            (Stop::Broken, Interface::Contact) if self.policy.magstripe_fallback => {
                self.phase = Phase::WaitingForFallback;
                vec![Effect::Show(Hint::SwipeInstead)]
            }
            (Stop::Broken, Interface::Contact) => self.done(CardVerdict::Refused(Refusal::ChipUnusable)),
        }
    }

    fn on_removed(&mut self) -> Vec<Effect> {
        self.card.inserted = false;
        match (&self.phase, self.card.interface) {
            // A tapped card may go as soon as it has answered; a pulled chip shows when it is asked again.
            (Phase::Waiting | Phase::WaitingForFallback | Phase::Online | Phase::Over, _) => Vec::new(),
            (Phase::Talking { awaiting, .. }, Interface::Contact) if awaiting.is_after_host() => {
                self.card_gone_after_host()
            }
            (Phase::Talking { .. } | Phase::Choosing | Phase::Pin, Interface::Contact) => {
                match self.card.after_wrong_pin() {
                    Some(verdict) => self.done(verdict),
                    None => self.done(CardVerdict::Refused(Refusal::Removed)),
                }
            }
            (Phase::Talking { .. } | Phase::Choosing | Phase::Pin, Interface::Contactless) => {
                self.done(CardVerdict::Refused(Refusal::TapFailed))
            }
        }
    }

    fn on_cancel(&mut self) -> Vec<Effect> {
        match &self.phase {
            // What was asked cannot be unasked: the host's answer, or its absence, ends it.
            Phase::Online | Phase::Over => Vec::new(),
            Phase::Talking { awaiting, .. } if awaiting.is_after_host() => Vec::new(),
            Phase::Waiting
            | Phase::WaitingForFallback
            | Phase::Talking { .. }
            | Phase::Choosing
            | Phase::Pin => self.on_pin_cancelled(),
        }
    }

    fn on_pin_cancelled(&mut self) -> Vec<Effect> {
        if matches!(self.phase, Phase::Over | Phase::Online) {
            return Vec::new();
        }
        let verdict = self.card.after_wrong_pin().unwrap_or(CardVerdict::Cancelled);
        self.done(verdict)
    }
}
