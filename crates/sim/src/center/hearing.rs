//! Whether the networks answer, and when they do again: as `acquiring::networks::hearing` and the echo of
//! `acquiring::networks::line`, with the product's limits.

use super::Center;
use super::tables::Write;
use crate::bug::Bug;
use crate::message::{Letter, Party};
use crate::world::{Halt, Wake, World, us};
use acquiring::limits;
use acquiring::networks::card_iso8583::{management, stan_of};
use payment::PaymentId;

const QUIET_US: i64 = us(limits::QUIET);
const QUIET_WHILE_SILENT_US: i64 = us(limits::QUIET_WHILE_SILENT);
const ECHO_US: i64 = us(limits::ECHO);

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
    /// Messages that were heard.
    pub(super) frames: u64,
    /// When something last went either way.
    busy_us: i64,
    /// Only the newest wake counts.
    turn: u32,
    /// An echo is under way.
    echoing: bool,
    stan: i64,
}

impl Line {
    /// A line on which nothing was said.
    pub(super) const fn new() -> Self {
        Self { ear: Ear::new(), frames: 0, busy_us: 0, turn: 0, echoing: false, stan: 0 }
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
        if !self.line.echoing {
            self.looks_in(world, QUIET_WHILE_SILENT_US);
        }
    }

    /// Nobody takes the connection: the line signs on again when somebody does, here by its echo.
    pub(super) const fn line_is_down(&mut self) {
        self.line.ear.silent = true;
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
        if self.line.turn != turn {
            return Ok(());
        }
        let quiet_us = if self.doubts() { QUIET_WHILE_SILENT_US } else { QUIET_US };
        let left_us = self.line.busy_us.saturating_add(quiet_us).saturating_sub(world.now_us);
        if left_us > 0 {
            self.looks_in(world, left_us.min(QUIET_WHILE_SILENT_US));
            return Ok(());
        }
        self.line.stan = self.line.stan.saturating_add(1);
        let now_us = world.clock_us(Party::Center);
        let Ok(echo) = management("301", stan_of(self.line.stan), now_us) else { return Ok(()) };
        self.line.busy_us = world.now_us;
        self.line.echoing = true;
        world.wake(Party::Center, ECHO_US, Wake::EchoOver(self.line.frames));
        world.send(Party::Center, Party::Network, Letter::Iso(Box::new(echo)))?;
        Ok(())
    }

    /// A line that echoes nothing would be given up and made anew; here it stays and is asked again.
    pub(super) fn echo_over(&mut self, world: &mut World, frames: u64) {
        self.line.echoing = false;
        self.line.ear.silent |= self.line.frames == frames;
        self.looks_in(world, 0);
    }

    pub(super) fn echoed(&mut self, world: &mut World) -> Result<(), Halt> {
        if self.doubts() { self.network_is_back(world) } else { Ok(()) }
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
