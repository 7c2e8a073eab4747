//! Giving back at the center: the rule decides (`payment::refund`), the messages are those of
//! `acquiring::networks::card_refund`, a doubt ends as `acquiring::refund` says.

use super::tables::{Row, Write};
use super::{Center, ORPHAN_GRACE_US, WAIT_US, standing};
use crate::bug::Bug;
use crate::message::{CallNo, Party, Question};
use crate::world::{Halt, Wake, World};
use acquiring::networks::card_iso8583::Answered;
use acquiring::networks::card_refund::{GiveBack, read_refund_answer};
use acquiring::refund::doubt_of;
use acquiring::step::{Advice, Happening, Standing};
use center_base::outbox::pause_us;
use codes::{Code, api, pay};
use iso8583::Message;
use money::Yen;
use payment::refund::{MediumRule, RefundBy, RefundFacts, RefundRule, Shown, decide};
use payment::{Medium, Method, PaymentId, RefundKind, State, StateName};

/// The rule of a world: the whole as a void, or parts as returns; of codes always as refunds.
fn rule(by_code: bool, parts: bool) -> RefundRule {
    let kind = Some(match (by_code, parts) {
        (true, _) => RefundKind::Refund,
        (false, true) => RefundKind::Return,
        (false, false) => RefundKind::Void,
    });
    let none = Medium::None;
    RefundRule {
        method: if by_code { Method::Code } else { Method::Card },
        profile: None,
        brands: Vec::new(),
        same_day: kind,
        later: kind,
        medium: MediumRule { terminal_same_day: none, terminal_later: none, console: none },
        window_days: 180,
        partial: parts || by_code,
        times: 0,
        signature: false,
        source: String::new(),
    }
}

impl Center {
    /// A terminal wants to give back, or to undo that.
    pub(super) fn back_asked(
        &mut self,
        world: &mut World,
        lane: usize,
        (call, number): (CallNo, Write),
        (id, known): (PaymentId, Option<Row>),
        what: &Question,
    ) -> Result<(), Halt> {
        let (Question::GiveBack { of, amount } | Question::ReverseRefund { of, amount }) = what else {
            return Ok(());
        };
        let undoes = matches!(what, Question::ReverseRefund { .. });
        match known {
            Some(row) if row.back.is_none_or(|(known, _)| known != *of) || row.amount != *amount => {
                self.counted(world, call, number, Err(api::ID_REUSED))
            }
            Some(row) if undoes => {
                let happening = Happening::ReversalAsked(pay::REFUND_UNKNOWN);
                self.applies(world, call, number, id, &row, happening)
            }
            Some(row) => self.counted(world, call, number, Ok(row.view(id))),
            None if undoes => self.back_tombstone(world, lane, (call, number), id, (*of, *amount)),
            None => self.back_begins(world, lane, (call, number), id, (*of, *amount)),
        }
    }

    fn back_tombstone(
        &mut self,
        world: &mut World,
        lane: usize,
        (call, number): (CallNo, Write),
        id: PaymentId,
        (of, amount): (PaymentId, Yen),
    ) -> Result<(), Halt> {
        let end = (State::Reversed, Bug::TombstoneMissingAtCenter, "as a tombstone");
        self.back_ends_here(world, lane, (call, number), id, (of, amount), end)
    }

    /// Unit 1: the rule decided, the refund committed as sent, or its refusal.
    fn back_begins(
        &mut self,
        world: &mut World,
        lane: usize,
        (call, number): (CallNo, Write),
        id: PaymentId,
        (of, amount): (PaymentId, Yen),
    ) -> Result<(), Halt> {
        let kind = match self.allows(world, of, amount) {
            Ok(kind) => kind,
            Err(code) if code == api::NOT_FOUND => return self.counted(world, call, number, Err(code)),
            Err(code) => return self.back_refused(world, lane, (call, number), id, (of, amount, code)),
        };
        let fresh = self.fresh(world, lane, amount);
        let due_us = fresh.sent_at_us.saturating_add(WAIT_US).saturating_add(ORPHAN_GRACE_US);
        let sent = standing(State::Sent, false, Some(due_us));
        let by_code = self.tables.rows.get(&of).is_some_and(|row| row.by_code);
        let doubt = doubt_of(if by_code { Method::Code } else { Method::Card }, kind);
        let row = Row { standing: Standing { doubt, ..sent }, back: Some((of, kind)), by_code, ..fresh };
        let writes = vec![number, Write::Row(id, Box::new(row))];
        let what = format!("{} sent, a {} of {}", World::name(id), kind.word(), World::name(of));
        match self.writes(world, writes, &what) {
            Err(Halt::Full) => return self.answers(world, call, Err(api::NO_SPACE)),
            written => written?,
        }
        let after_us = world.chance.between(200, 3_000);
        world.wake(Party::Center, after_us, Wake::AskNetwork(id, Some(call)));
        Ok(())
    }

    /// Remembered, so that a late copy hears the same no.
    fn back_refused(
        &mut self,
        world: &mut World,
        lane: usize,
        (call, number): (CallNo, Write),
        id: PaymentId,
        (of, amount, code): (PaymentId, Yen, Code),
    ) -> Result<(), Halt> {
        let end = (State::Declined(code), Bug::RefusedRefundForgotten, "refused");
        self.back_ends_here(world, lane, (call, number), id, (of, amount), end)
    }

    /// Written down as ended without asking anybody, unless the bug forgets it.
    fn back_ends_here(
        &mut self,
        world: &mut World,
        lane: usize,
        (call, number): (CallNo, Write),
        id: PaymentId,
        (of, amount): (PaymentId, Yen),
        (state, forgotten_by, how): (State, Bug, &str),
    ) -> Result<(), Halt> {
        let row = Row {
            standing: standing(state, false, None),
            back: Some((of, RefundKind::Refund)),
            ..self.fresh(world, lane, amount)
        };
        let answer = row.view(id);
        let mut writes = vec![number];
        if !world.has(forgotten_by) {
            writes.push(Write::Row(id, Box::new(row)));
        }
        self.commits(world, call, writes, &format!("{} {how}", World::name(id)), answer)
    }

    /// What the rule says.
    fn allows(&self, world: &World, of: PaymentId, amount: Yen) -> Result<RefundKind, Code> {
        let paid = self.tables.rows.get(&of).filter(|row| row.back.is_none()).ok_or(api::NOT_FOUND)?;
        let sum = |wanted: fn(StateName) -> bool| {
            self.tables
                .refunds_of(of)
                .filter(|row| wanted(row.standing.state.name()))
                .fold(Yen::ZERO, |sum, row| sum.plus(row.amount).unwrap_or(sum))
        };
        let uncapped = world.has(Bug::RefundWithoutCap);
        let given_back = sum(|name| name == StateName::Approved);
        let under_way = sum(|name| matches!(name, StateName::Sent | StateName::InDoubt));
        let facts = RefundFacts {
            by: RefundBy::Terminal,
            state: paid.standing.shown_state(),
            unsettled: paid.standing.advice.is_some(),
            paid: paid.amount,
            given_back: if uncapped { Yen::ZERO } else { given_back },
            under_way: if uncapped { Yen::ZERO } else { under_way },
            count: 0,
            days: 0,
        };
        let offer = decide(Some(&rule(paid.by_code, world.weather.parts)), &facts)?;
        offer.take(amount, Shown::Nothing)?;
        Ok(offer.kind)
    }

    /// A refund's messages.
    pub(super) fn give_back(&self, id: PaymentId) -> Option<GiveBack> {
        let row = self.tables.rows.get(&id)?;
        let (of, kind) = row.back?;
        let original = self.tables.rows.get(&of)?.subject(of);
        Some(GiveBack { kind, refund: row.subject(id), original })
    }

    /// A 0410: of the first asking, or of an inquiry.
    pub(super) fn void_answered(&mut self, world: &mut World, message: &Message) -> Result<(), Halt> {
        let stan = message.number(11).and_then(|stan| u32::try_from(stan).ok()).unwrap_or(0);
        if let Some(telling) = self.telling.remove(&stan) {
            self.network_answers(world)?;
            let again = self.give_back(telling.id).and_then(|back| back.again(0).ok());
            let Some(again) = again else { return Ok(()) };
            return match read_refund_answer(&again, message) {
                Answered::Approved(approval) => self.ends(world, telling, Some(Happening::Found(approval))),
                Answered::Declined(code) => self.ends(world, telling, Some(Happening::FoundRefusal(code))),
                // Not available now says nothing about the first asking.
                Answered::Failed(_) | Answered::Unclear(_) => {
                    self.again_after(world, telling, pause_us(telling.tries))
                }
            };
        }
        let is_it = |id: &PaymentId| {
            self.tables.rows.get(id).is_some_and(|row| row.back.is_some() && row.stan() == stan)
        };
        let Some(id) = self.open.keys().copied().find(is_it) else { return Ok(()) };
        let (Some(open), Some(request)) = (self.open.remove(&id), self.request(id)) else { return Ok(()) };
        self.network_answers(world)?;
        self.happens(world, id, Happening::from(read_refund_answer(&request, message)), open.call)
    }
}

/// Whether an advice is a question.
pub(super) const fn asks(advice: Advice) -> bool {
    matches!(advice, Advice::Inquiry)
}
