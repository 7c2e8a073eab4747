//! The terminal's line to the center: tried by itself, as `terminal::tasks::line`; who waits is woken when the
//! center answers after silence, as `Shared::heard_from_center` does.

use super::{Asked, PAUSE_ANSWERED_US, PAUSE_FIRST_US, Terminal};
use crate::bug::Bug;
use crate::message::{CallNo, Letter, Party, Question, View};
use crate::world::{Halt, Wake, World, us};
use payment::{PaymentId, StateName};
use terminal::center::CenterFault;
use terminal::limits;

pub(super) const PROBE_EVERY_US: i64 = us(limits::PROBE_EVERY);
pub(super) const PROBE_EVERY_DOWN_US: i64 = us(limits::PROBE_EVERY_DOWN);
const PROBE_WAIT_US: i64 = us(limits::PROBE_WAIT);

impl Terminal {
    /// The answer to a payment's own request stays away: how does it stand?
    pub(super) fn looks_beside(&mut self, world: &mut World, own: CallNo) -> Result<(), Halt> {
        let Some(asked) = self.calls.get(&own).map(|(asked, _)| *asked) else { return Ok(()) };
        let beside = Asked { beside: Some(own), again: false, since_us: world.now_us, ..asked };
        self.asks(world, beside, Question::Look)
    }

    pub(super) fn found_beside(
        &mut self,
        world: &mut World,
        own: CallNo,
        answer: Result<View, Option<CenterFault>>,
    ) -> Result<(), Halt> {
        if !self.calls.contains_key(&own) {
            return Ok(());
        }
        self.heard(world, &answer);
        self.just_back = false;
        match answer {
            Ok(view) if view.state != StateName::Sent || view.waits_for_user => {
                let Some((asked, _)) = self.calls.remove(&own) else { return Ok(()) };
                self.own_answer(world, asked.id, Ok(view))
            }
            Ok(_) | Err(_) => {
                world.wake(self.party(), PAUSE_ANSWERED_US, Wake::Beside(own));
                Ok(())
            }
        }
    }

    /// As `Shared::heard_from_center`: whoever waits is woken when the center answers after silence.
    pub(super) fn heard(&mut self, world: &mut World, answer: &Result<View, Option<CenterFault>>) {
        match answer {
            Ok(_) | Err(Some(CenterFault::Refused(_))) => self.is_heard(world),
            Err(_) => self.unheard(world),
        }
    }

    fn is_heard(&mut self, world: &mut World) {
        if !std::mem::replace(&mut self.silent, false) || world.has(Bug::SleepsThroughReturn) {
            return;
        }
        self.just_back = true;
        world.tell(self.party(), format_args!("has its line back"));
        // Questions under way are given up: the line may have swallowed them.
        self.calls.retain(|_, (asked, _)| asked.remedy.is_none());
        let settling: Vec<PaymentId> = self.settling.keys().copied().collect();
        for id in settling {
            self.settles_in(world, id, 0, PAUSE_FIRST_US);
        }
    }

    pub(super) fn unheard(&mut self, world: &mut World) {
        if !std::mem::replace(&mut self.silent, true) && self.probe.is_none() {
            self.probes_in(world, 0);
        }
    }

    pub(super) fn probes_in(&mut self, world: &mut World, after_us: i64) {
        self.probe_turn = self.probe_turn.wrapping_add(1);
        world.wake(self.party(), after_us, Wake::Probe(self.probe_turn));
    }

    /// Tries the line.
    pub(super) fn probes(&mut self, world: &mut World) -> Result<(), Halt> {
        let call = world.call_no();
        self.probe = Some(call);
        if world.send(self.party(), Party::Center, Letter::Ping(call))? {
            world.wake(self.party(), PROBE_WAIT_US, Wake::ProbeOver(call));
            return Ok(());
        }
        self.unheard(world);
        self.probe = None;
        self.probes_in(world, PROBE_EVERY_DOWN_US);
        Ok(())
    }

    /// The center is there.
    pub(crate) fn pong(&mut self, world: &mut World, call: CallNo) {
        if self.probe == Some(call) {
            self.is_heard(world);
            (self.probe, self.just_back) = (None, false);
            self.probes_in(world, PROBE_EVERY_US);
        }
    }
}
