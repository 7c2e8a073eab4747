//! Whether the networks answer, and when they do again: as `acquiring::networks::hearing` and the echo of
//! `acquiring::networks::line`, with the product's limits.

use super::Center;
use super::outbox::Telling;
use super::tables::Write;
use crate::bug::Bug;
use crate::message::{Letter, Party};
use crate::world::{Halt, Wake, World, us};
use acquiring::limits;
use acquiring::networks::card_iso8583::{acknowledges, management, stan_of};
use acquiring::networks::line::NoAnswer;
use acquiring::step::Happening;
use iso8583::Message;
use payment::PaymentId;

const QUIET_US: i64 = us(limits::QUIET);
const QUIET_WHILE_SILENT_US: i64 = us(limits::QUIET_WHILE_SILENT);
const ECHO_US: i64 = us(limits::ECHO);
/// How long a request waits for a line that is just being made (`acquiring::limits`).
pub(super) const LINE_READY_US: i64 = us(limits::LINE_READY);
const SIGN_ON_US: i64 = us(limits::SIGN_ON);
const RECONNECT_FIRST_US: i64 = us(limits::RECONNECT_FIRST);
const RECONNECT_MAX_US: i64 = us(limits::RECONNECT_MAX);

/// What is remembered of the answers of a network.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ear {
    /// A question was not answered, and none has been since.
    pub(super) silent: bool,
    /// How often it was there again.
    pub(super) revivals: u64,
    /// The doubt that it was asked about last.
    pub(super) about: Option<PaymentId>,
    /// It is asked whether it answers, or will be.
    pub(super) probing: bool,
}

impl Ear {
    /// Of a network that was never asked.
    pub(super) const fn new() -> Self {
        Self { silent: false, revivals: 0, about: None, probing: false }
    }
}

/// The line to the card network.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) ear: Ear,
    /// Whether the connection is signed on: without it nothing is sent.
    pub(super) up: bool,
    /// The sign-on that is under way, by its trace number.
    signing: Option<u32>,
    /// The pause before the next sign-on.
    pause_us: i64,
    /// Messages that were heard.
    pub(super) frames: u64,
    /// When something last went either way.
    busy_us: i64,
    /// Only the newest wake counts.
    turn: u32,
    /// The echo that is under way: how many messages had been heard when it was asked for.
    echo: Option<u64>,
    stan: i64,
}

impl Line {
    /// A line on which nothing was said.
    pub(super) const fn new() -> Self {
        Self {
            ear: Ear::new(),
            up: false,
            signing: None,
            pause_us: RECONNECT_FIRST_US,
            frames: 0,
            busy_us: 0,
            turn: 0,
            echo: None,
            stan: 0,
        }
    }
}

impl Center {
    /// How often any network was there again.
    pub(super) const fn revivals(&self) -> u64 {
        self.line.ear.revivals.saturating_add(self.brand.revivals)
    }

    /// Something goes over the line: it is looked at again when it may be quiet.
    pub(super) fn line_is_busy(&mut self, world: &mut World) {
        self.line.busy_us = world.now_us;
        if self.line.echo.is_none() {
            self.looks_in(world, QUIET_WHILE_SILENT_US);
        }
    }

    /// Whatever arrives shows that the line lives.
    pub(super) fn line_hears(&mut self, world: &mut World) {
        if self.line.up {
            self.line.frames = self.line.frames.saturating_add(1);
            self.line_is_busy(world);
        }
    }

    /// Connects and signs on; when nobody takes the connection or nobody answers, again after a pause.
    pub(super) fn signs_on(&mut self, world: &mut World) -> Result<(), Halt> {
        let Ok(message) = self.management("001", world) else { return Ok(()) };
        let stan = stan_of(self.line.stan);
        self.line.signing = Some(stan);
        if world.send(Party::Center, Party::Network, Letter::Iso(Box::new(message)))? {
            world.wake(Party::Center, SIGN_ON_US, Wake::SignOnOver(stan));
        } else {
            self.sign_on_failed(world, stan);
        }
        Ok(())
    }

    /// Nobody has answered this sign-on, or nobody took the connection.
    pub(super) fn sign_on_failed(&mut self, world: &mut World, stan: u32) {
        if self.line.signing == Some(stan) {
            self.line.signing = None;
            world.wake(Party::Center, self.line.pause_us, Wake::SignOn);
            self.line.pause_us = self.line.pause_us.saturating_mul(2).min(RECONNECT_MAX_US);
        }
    }

    /// The line is given up and made anew: what was under way on it is in doubt at once.
    pub(super) fn gives_up_line(&mut self, world: &mut World) -> Result<(), Halt> {
        world.tell(Party::Center, format_args!("gives up the line to the network"));
        self.line.up = false;
        self.line.echo = None;
        self.line.ear.silent = true;
        let told: Vec<Telling> = std::mem::take(&mut self.telling).into_values().collect();
        if !world.has(Bug::LineEndForgotten) {
            for telling in told {
                self.again(world, telling)?;
            }
        }
        let by_code = |id: &PaymentId| self.tables.rows.get(id).is_some_and(|row| row.by_code);
        let open: Vec<PaymentId> = self.open.keys().copied().filter(|id| !by_code(id)).collect();
        for id in open {
            if let Some(open) = self.open.remove(&id) {
                let lost = if world.has(Bug::LineEndMeansNo) {
                    NoAnswer::NotSent("the connection ended")
                } else {
                    NoAnswer::Lost("the connection ended")
                };
                self.happens(world, id, Happening::from(&lost), open.call)?;
            }
        }
        self.signs_on(world)
    }

    fn management(&mut self, code: &str, world: &World) -> Result<Message, iso8583::Error> {
        self.line.stan = self.line.stan.saturating_add(1);
        management(code, stan_of(self.line.stan), world.clock_us(Party::Center))
    }

    fn looks_in(&mut self, world: &mut World, after_us: i64) {
        self.line.turn = self.line.turn.wrapping_add(1);
        world.wake(Party::Center, after_us, Wake::Quiet(self.line.turn));
    }

    /// Whether an echo would tell something.
    fn doubts(&self) -> bool {
        self.line.ear.silent || !self.open.is_empty() || !self.telling.is_empty()
    }

    pub(super) fn quiet(&mut self, world: &mut World, turn: u32) -> Result<(), Halt> {
        if self.line.turn != turn || !self.line.up {
            return Ok(());
        }
        let quiet_us = if self.doubts() { QUIET_WHILE_SILENT_US } else { QUIET_US };
        let left_us = self.line.busy_us.saturating_add(quiet_us).saturating_sub(world.now_us);
        if left_us > 0 {
            self.looks_in(world, left_us.min(QUIET_WHILE_SILENT_US));
            return Ok(());
        }
        let Ok(echo) = self.management("301", world) else { return Ok(()) };
        self.line.busy_us = world.now_us;
        self.line.echo = Some(self.line.frames);
        world.wake(Party::Center, ECHO_US, Wake::EchoOver(self.line.frames));
        world.send(Party::Center, Party::Network, Letter::Iso(Box::new(echo)))?;
        Ok(())
    }

    /// A line on which nothing was heard since its echo was asked for is given up. What an earlier line had
    /// asked says nothing of this one.
    pub(super) fn echo_over(&mut self, world: &mut World, frames: u64) -> Result<(), Halt> {
        if self.line.echo != Some(frames) {
            return Ok(());
        }
        self.line.echo = None;
        if self.line.frames == frames {
            return self.gives_up_line(world);
        }
        self.looks_in(world, 0);
        Ok(())
    }

    /// A 0810: of the sign-on that is under way, else of an echo.
    pub(super) fn managed(&mut self, world: &mut World, message: &Message) -> Result<(), Halt> {
        let stan = message.number(11).and_then(|stan| u32::try_from(stan).ok());
        if self.line.signing.is_some() && self.line.signing == stan && acknowledges(message) {
            self.line.signing = None;
            self.line.up = true;
            self.line.frames = self.line.frames.saturating_add(1);
            self.line.pause_us = RECONNECT_FIRST_US;
            self.line_is_busy(world);
            return self.network_is_back(world);
        }
        if self.line.up && self.doubts() { self.network_is_back(world) } else { Ok(()) }
    }

    /// A question to the network is answered.
    pub(super) fn network_answers(&mut self, world: &mut World) -> Result<(), Halt> {
        if std::mem::replace(&mut self.line.ear.silent, false) { self.network_is_back(world) } else { Ok(()) }
    }

    /// What has waited long enough is given up and said again, what pauses is said now.
    fn network_is_back(&mut self, world: &mut World) -> Result<(), Halt> {
        if world.has(Bug::SleepsThroughReturn) {
            return Ok(());
        }
        self.line.ear.revivals = self.line.ear.revivals.saturating_add(1);
        world.tell(Party::Center, format_args!("hears the network again"));
        let impatient: Vec<u32> =
            self.telling.iter().filter(|(_, telling)| telling.impatient).map(|(stan, _)| *stan).collect();
        for stan in impatient {
            if let Some(telling) = self.telling.remove(&stan) {
                self.again(world, telling)?;
            }
        }
        self.hastens(world)
    }

    /// An advice has waited long enough: whoever was there again meanwhile has perhaps swallowed it before.
    pub(super) fn advice_impatient(&mut self, world: &mut World, stan: u32, tries: i64) -> Result<(), Halt> {
        let revivals = self.line.ear.revivals;
        let Some(telling) = self.telling.get_mut(&stan).filter(|telling| telling.tries == tries) else {
            return Ok(());
        };
        if world.has(Bug::SleepsThroughReturn) {
            return Ok(());
        }
        telling.impatient = true;
        if telling.sent == revivals {
            self.line.ear.silent = true;
            return Ok(());
        }
        let telling = *telling;
        self.telling.remove(&stan);
        self.again(world, telling)
    }

    /// Makes due what waits after a failed try.
    pub(super) fn hastens(&mut self, world: &mut World) -> Result<(), Halt> {
        let now_us = world.clock_us(Party::Center);
        if !self.tables.outbox.values().any(|event| event.waits(now_us)) {
            return Ok(());
        }
        match self.writes(world, vec![Write::Hasten(now_us)], "that its advices are due") {
            Err(Halt::Full) => return Ok(()),
            written => written?,
        }
        self.wakes_outbox(world, 0);
        Ok(())
    }
}
