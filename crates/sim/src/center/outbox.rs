//! Completions and reversals on their way: claimed, sent, repeated after 1, 2, 4 … seconds until acknowledged.

use super::back::asks;
use super::{Center, TIMES, Write, tables};
use crate::message::{Letter, Party};
use crate::world::{Halt, Wake, World, us};
use acquiring::limits;
use acquiring::networks::card_iso8583::{Told, acknowledges, stan_of};
use acquiring::step::{Advice, Happening, step};
use center_base::outbox::pause_us;
use iso8583::Message;
use payment::PaymentId;

/// How long an advice waits for its acknowledgement.
pub(super) const ADVICE_WAIT_US: i64 = us(limits::ADVICE_WAIT);
/// After how long without it the network counts as silent.
pub(super) const ADVICE_PATIENCE_US: i64 = us(limits::ADVICE_PATIENCE);
/// How long a worker holds an event (`center_base::limits`).
const LEASE_US: i64 = 120_000_000;
/// How often the worker looks (`center_base::limits`).
const POLL_US: i64 = 500_000;
/// The pause before the end of an event is written again.
const END_PAUSE_US: i64 = 1_000_000;

/// An advice that waits for its acknowledgement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Telling {
    pub(super) id: PaymentId,
    pub(super) advice: Advice,
    pub(super) tries: i64,
    pub(super) stan: u32,
    /// How often any network was there again when it was begun.
    pub(super) since: u64,
    /// How often its own was when it was sent, and whether it has waited long enough.
    pub(super) sent: u64,
    pub(super) impatient: bool,
}

impl Center {
    /// Looks at the outbox later, at most once.
    pub(super) fn wakes_outbox(&mut self, world: &mut World, after_us: i64) {
        let at_us = world.now_us.saturating_add(after_us);
        if self.outbox_at_us <= world.now_us || at_us < self.outbox_at_us {
            self.outbox_at_us = at_us;
            world.wake(Party::Center, after_us, Wake::Outbox);
        }
    }

    /// Delivers what is due.
    pub(super) fn delivers(&mut self, world: &mut World) -> Result<(), Halt> {
        let now_us = world.clock_us(Party::Center);
        let due: Vec<(PaymentId, Advice)> = self
            .tables
            .outbox
            .iter()
            .filter(|(_, event)| event.due_us <= now_us && event.lease_us <= now_us)
            .map(|(key, _)| *key)
            .collect();
        for (id, advice) in due {
            self.delivers_one(world, id, advice)?;
        }
        let next_us = self.tables.outbox.values().map(|event| event.due_us.max(event.lease_us)).min();
        if let Some(next_us) = next_us {
            self.wakes_outbox(world, next_us.saturating_sub(now_us).max(POLL_US));
        }
        Ok(())
    }

    fn delivers_one(&mut self, world: &mut World, id: PaymentId, advice: Advice) -> Result<(), Halt> {
        let lease_us = world.clock_us(Party::Center).saturating_add(LEASE_US);
        let what = format!("that it tells {} of {}", advice.word(), World::name(id));
        match self.writes(world, vec![Write::Claim(id, advice, lease_us)], &what) {
            Err(Halt::Full) => {
                self.wakes_outbox(world, POLL_US);
                return Ok(());
            }
            written => written?,
        }
        let (Some(event), Some(row)) = (self.tables.outbox.get(&(id, advice)), self.tables.rows.get(&id))
        else {
            return Ok(());
        };
        // An inquiry repeats the message that was asked first.
        let stan = if asks(advice) { row.stan() } else { stan_of(event.seq) };
        let (since, sent) = (self.revivals(), self.line.ear.revivals);
        let telling = Telling { id, advice, tries: event.tries, stan, since, sent, impatient: false };
        if row.standing.advice != Some(advice) {
            return self.ends(world, telling, None);
        }
        if row.by_code {
            let row = row.clone();
            return self.tells_brand(world, telling, &row);
        }
        let told = Told {
            what: advice,
            stan,
            repeated: event.tries > 1,
            approval: row.standing.state.approval().and_then(|approval| approval.code.clone()),
        };
        let now_us = world.clock_us(Party::Center);
        let message = match (self.give_back(id), asks(advice)) {
            (Some(back), true) => back.again(now_us),
            (Some(back), false) => back.reversal(&told, now_us),
            (None, _) => row.subject(id).advice(&told, now_us),
        };
        let Ok(message) = message else { return Ok(()) };
        if !self.line.up {
            return self.again(world, telling);
        }
        self.line_is_busy(world);
        if world.send(Party::Center, Party::Network, Letter::Iso(Box::new(message)))? {
            self.telling.insert(stan, telling);
            world.wake(Party::Center, ADVICE_WAIT_US, Wake::AdviceSilent(stan, telling.tries));
            world.wake(Party::Center, ADVICE_PATIENCE_US, Wake::AdvicePatience(stan, telling.tries));
            return Ok(());
        }
        self.gives_up_line(world)?;
        self.again(world, telling)
    }

    /// A 0230 or 0430.
    pub(super) fn advice_answered(&mut self, world: &mut World, message: &Message) -> Result<(), Halt> {
        let stan = message.number(11).and_then(|stan| u32::try_from(stan).ok()).unwrap_or(0);
        let Some(telling) = self.telling.remove(&stan) else { return Ok(()) };
        self.network_answers(world)?;
        if acknowledges(message) {
            self.ends(world, telling, Some(Happening::Acknowledged(telling.advice)))
        } else {
            self.again_after(world, telling, pause_us(telling.tries))
        }
    }

    pub(super) fn advice_silent(&mut self, world: &mut World, stan: u32, tries: i64) -> Result<(), Halt> {
        let Some(telling) = self.telling.get(&stan).copied().filter(|telling| telling.tries == tries) else {
            return Ok(());
        };
        self.telling.remove(&stan);
        self.line.ear.silent = true;
        self.again(world, telling)
    }

    pub(super) fn again(&mut self, world: &mut World, telling: Telling) -> Result<(), Halt> {
        // Whoever comes back while it is tried has perhaps swallowed it before.
        let is_back = telling.since != self.revivals();
        let pause_us = if is_back { 0 } else { pause_us(telling.tries) };
        self.again_after(world, telling, pause_us)
    }

    /// Again after a pause.
    pub(super) fn again_after(
        &mut self,
        world: &mut World,
        telling: Telling,
        pause_us: i64,
    ) -> Result<(), Halt> {
        let Telling { id, advice, tries, .. } = telling;
        let due_us = world.clock_us(Party::Center).saturating_add(pause_us);
        let what = format!("that it tells {} of {} again", advice.word(), World::name(id));
        match self.writes(world, vec![Write::Again(id, advice, due_us)], &what) {
            // The worker tries again to write that it must try again.
            Err(Halt::Full) => {
                self.telling.insert(telling.stan, telling);
                world.wake(Party::Center, END_PAUSE_US, Wake::AdviceSilent(telling.stan, tries));
                return Ok(());
            }
            written => written?,
        }
        self.wakes_outbox(world, pause_us);
        Ok(())
    }

    /// Ends an event, with what the acknowledgement means, in one unit.
    pub(super) fn ends(
        &mut self,
        world: &mut World,
        telling: Telling,
        happening: Option<Happening>,
    ) -> Result<(), Halt> {
        let Telling { id, advice, .. } = telling;
        let mut writes = vec![Write::Done(id, advice)];
        if let (Some(happening), Some(row)) = (happening, self.tables.rows.get(&id)) {
            let now_us = world.clock_us(Party::Center);
            if let Ok((standing, effects)) = step(&row.standing, happening, TIMES, now_us) {
                let after = super::Row { standing, ..row.clone() };
                writes.extend(tables::unit(row, &after, id, &effects, now_us));
            }
        }
        let what = format!("{} of {} acknowledged", advice.word(), World::name(id));
        match self.writes(world, writes, &what) {
            // Said and not written: it is told again.
            Err(Halt::Full) => self.again(world, telling),
            written => written,
        }
    }
}
