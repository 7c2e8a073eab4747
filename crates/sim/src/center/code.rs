//! Code payments at the center: what a brand's word does is decided by `acquiring::code_pay`, its answers are
//! read by `acquiring::networks::code_http`; here are the questions, the customer who is waited for, and what
//! the outbox asks.

use super::outbox::Telling;
use super::tables::Write;
use super::{Asked, Center, ORPHAN_GRACE_US, Row, WAIT_US};
use crate::bug::Bug;
use crate::message::{BrandAsk, CallNo, Letter, Party};
use crate::world::{Halt, Wake, World};
use acquiring::code_pay::{may_cancel, of_back, of_doubt, of_sent, of_undone};
use acquiring::networks::code_http::{
    BackSaid, PaymentSaid, Reply, Silence, read_back, read_inquiry, read_payment,
};
use acquiring::step::{Advice, Happening};
use codes::{Code, code};
use payment::{Approval, PaymentId, State};

/// How long an inquiry or a cancel waits for its answer (`acquiring::limits`).
const ADVICE_WAIT_US: i64 = 20_000_000;
/// How often a customer who must confirm is asked about (`acquiring::limits`).
const POLL_US: i64 = 2_500_000;
/// How long the customer may take: shorter than in life, so that a story sees its end.
const CUSTOMER_WAIT_US: i64 = 8_000_000;

/// A question to the brand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calling {
    id: PaymentId,
    why: Why,
}

#[derive(Clone, Copy, Debug)]
enum Why {
    /// The payment itself.
    Pay(Option<CallNo>),
    /// Has the customer confirmed?
    Poll,
    /// Out of doubt: how does it stand?
    Inquiry(Telling),
    /// Out of doubt: undo it.
    Cancel(Telling),
    /// The brand refused to undo it: how does it stand?
    AfterCancel(Telling),
    /// The refund itself.
    Back(Option<CallNo>),
    /// The refund again.
    BackAgain(Telling),
    /// The refund was refused when it was asked again: was it carried out before?
    WasBack(Telling, Code),
}

impl Center {
    /// The one question of a payment or refund by code.
    pub(super) fn asks_brand(
        &mut self,
        world: &mut World,
        id: PaymentId,
        call: Option<CallNo>,
    ) -> Result<(), Halt> {
        let Some(row) = self.tables.rows.get(&id).cloned() else { return Ok(()) };
        if row.back.is_some() {
            let Some(ask) = self.back_ask(id, &row) else { return Ok(()) };
            return self.calls(world, Calling { id, why: Why::Back(call) }, ask, WAIT_US);
        }
        let Some(Asked { code: Some(code), .. }) = self.cards.remove(&id) else { return Ok(()) };
        let ask = BrandAsk::Pay { id, amount: row.amount, code };
        self.calls(world, Calling { id, why: Why::Pay(call) }, ask, WAIT_US)
    }

    /// A cancel of the whole while it is possible, else a refund; the same at every repetition.
    fn back_ask(&self, id: PaymentId, row: &Row) -> Option<BrandAsk> {
        let (of, _) = row.back?;
        Some(if self.cancels(row) {
            BrandAsk::Cancel(of)
        } else {
            BrandAsk::Refund { id, of, amount: row.amount }
        })
    }

    fn cancels(&self, row: &Row) -> bool {
        let paid = row.back.and_then(|(of, _)| self.tables.rows.get(&of));
        paid.is_some_and(|paid| row.amount == paid.amount && may_cancel(paid.sent_at_us, row.sent_at_us))
    }

    fn calls(
        &mut self,
        world: &mut World,
        calling: Calling,
        ask: BrandAsk,
        wait_us: i64,
    ) -> Result<(), Halt> {
        let CallNo(number) = world.call_no();
        self.calling.insert(number, calling);
        if world.send(Party::Center, Party::Brand, Letter::ToBrand(number, ask))? {
            world.wake(Party::Center, wait_us, Wake::BrandSilent(number));
            return Ok(());
        }
        self.calling.remove(&number);
        self.said(world, calling, Err(Silence::NotSent))
    }

    pub(super) fn brand_silent(&mut self, world: &mut World, number: u64) -> Result<(), Halt> {
        match self.calling.remove(&number) {
            Some(calling) => self.said(world, calling, Err(Silence::TimedOut)),
            None => Ok(()),
        }
    }

    /// The brand answers.
    pub(crate) fn hears_brand(
        &mut self,
        world: &mut World,
        number: u64,
        status: u16,
        body: &[u8],
    ) -> Result<(), Halt> {
        let Some(calling) = self.calling.remove(&number) else {
            world.tell(Party::Center, format_args!("hears it too late"));
            return Ok(());
        };
        let reply = Reply::read(status, body);
        self.said(world, calling, reply.as_ref().map_err(|silence| *silence))
    }

    fn said(
        &mut self,
        world: &mut World,
        calling: Calling,
        reply: Result<&Reply, Silence>,
    ) -> Result<(), Halt> {
        let Calling { id, why } = calling;
        let Some(row) = self.tables.rows.get(&id).cloned() else { return Ok(()) };
        let yen = row.amount.get();
        match why {
            Why::Pay(call) => self.pay_said(world, id, &row, &read_payment(reply, yen), call),
            Why::Poll => self.poll_said(world, id, &row, &read_inquiry(reply, yen)),
            Why::Inquiry(telling) => {
                let said = read_inquiry(reply, yen);
                let happening = match said {
                    PaymentSaid::NotThere if world.has(Bug::NotThereMeansNo) => {
                        Some(Happening::FoundNothing(code::OUTCOME_BRAND_FAULT))
                    }
                    said => of_doubt(&said, telling.tries),
                };
                self.ends_or_again(world, telling, happening)
            }
            Why::Cancel(telling) => match read_back(reply) {
                BackSaid::Done | BackSaid::NotThere => {
                    self.ends(world, telling, Some(Happening::Acknowledged(telling.advice)))
                }
                BackSaid::NotSent | BackSaid::Unknown(_) => self.again(world, telling),
                BackSaid::Refused(_) => {
                    let calling = Calling { id, why: Why::AfterCancel(telling) };
                    self.calls(world, calling, BrandAsk::Inquire(id), ADVICE_WAIT_US)
                }
            },
            Why::AfterCancel(telling) => {
                let happening = of_undone(&read_inquiry(reply, yen), telling.advice);
                self.ends_or_again(world, telling, happening)
            }
            Why::Back(call) => self.happens(world, id, of_back(&read_back(reply)), call),
            Why::BackAgain(telling) => self.back_again_said(world, (id, &row), telling, &read_back(reply)),
            Why::WasBack(telling, code) => {
                let was = match reply {
                    Ok(reply) if self.cancels(&row) => match read_inquiry(Ok(reply), yen) {
                        PaymentSaid::Undone => Some(true),
                        PaymentSaid::Paid(_) => Some(false),
                        _ => None,
                    },
                    Ok(reply) if reply.status == 200 => Some(true),
                    Ok(reply) if reply.code == "REFUND_NOT_FOUND" => Some(false),
                    _ => None,
                };
                let found = Happening::Found(Approval { code: None });
                let happening = was.map(|was| if was { found } else { Happening::FoundRefusal(code) });
                self.ends_or_again(world, telling, happening)
            }
        }
    }

    fn ends_or_again(
        &mut self,
        world: &mut World,
        telling: Telling,
        happening: Option<Happening>,
    ) -> Result<(), Halt> {
        match happening {
            Some(happening) => self.ends(world, telling, Some(happening)),
            None => self.again(world, telling),
        }
    }

    fn back_again_said(
        &mut self,
        world: &mut World,
        (id, row): (PaymentId, &Row),
        telling: Telling,
        said: &BackSaid,
    ) -> Result<(), Halt> {
        match said {
            BackSaid::Done => self.ends(world, telling, Some(Happening::Found(Approval { code: None }))),
            // A no to the second asking may be because the first was carried out.
            BackSaid::Refused(code) => {
                let Some((of, _)) = row.back else { return Ok(()) };
                let ask = if self.cancels(row) {
                    BrandAsk::Inquire(of)
                } else {
                    BrandAsk::InquireRefund { id, of }
                };
                self.calls(world, Calling { id, why: Why::WasBack(telling, *code) }, ask, ADVICE_WAIT_US)
            }
            BackSaid::NotThere => {
                self.ends(world, telling, Some(Happening::FoundRefusal(code::NO_SUCH_TRANSACTION)))
            }
            BackSaid::NotSent | BackSaid::Unknown(_) => self.again(world, telling),
        }
    }

    fn pay_said(
        &mut self,
        world: &mut World,
        id: PaymentId,
        row: &Row,
        said: &PaymentSaid,
        call: Option<CallNo>,
    ) -> Result<(), Halt> {
        if let Some(happening) = of_sent(said) {
            return self.happens(world, id, happening, call);
        }
        if world.has(Bug::WaitingMeansPaid) {
            return self.happens(world, id, Happening::Approved(Approval { code: None }), call);
        }
        if row.standing.state != State::Sent {
            return Ok(());
        }
        // The customer is waited for; whoever dies meanwhile finds it overdue and inquires.
        let now_us = world.clock_us(Party::Center);
        let mut after = Row { waits_until_us: Some(now_us.saturating_add(CUSTOMER_WAIT_US)), ..row.clone() };
        let grace_us = CUSTOMER_WAIT_US.saturating_add(ORPHAN_GRACE_US);
        after.standing.due_us = Some(now_us.saturating_add(grace_us));
        let view = after.view(id);
        let what = format!("{} waits for its customer", World::name(id));
        match self.writes(world, vec![Write::Row(id, Box::new(after))], &what) {
            Err(Halt::Full) => {
                return self.happens(world, id, Happening::Lost(code::OUTCOME_BRAND_FAULT), call);
            }
            written => written?,
        }
        world.wake(Party::Center, POLL_US, Wake::Poll(id));
        call.map_or(Ok(()), |call| self.answers(world, call, Ok(view)))
    }

    /// Asks whether the customer has confirmed.
    pub(super) fn polls(&mut self, world: &mut World, id: PaymentId) -> Result<(), Halt> {
        let waits = |row: &Row| row.standing.state == State::Sent && row.waits_until_us.is_some();
        if !self.tables.rows.get(&id).is_some_and(waits) {
            return Ok(());
        }
        self.calls(world, Calling { id, why: Why::Poll }, BrandAsk::Inquire(id), ADVICE_WAIT_US)
    }

    fn poll_said(
        &mut self,
        world: &mut World,
        id: PaymentId,
        row: &Row,
        said: &PaymentSaid,
    ) -> Result<(), Halt> {
        if row.standing.state != State::Sent {
            return Ok(());
        }
        let is_over = row.waits_until_us.is_some_and(|until_us| world.clock_us(Party::Center) >= until_us);
        if is_over && !matches!(said, PaymentSaid::Paid(_)) {
            return self.happens(world, id, Happening::ReversalAsked(code::CONFIRM_TIMEOUT), None);
        }
        // Not knowing while the customer looks at the phone is no doubt yet: it is asked again.
        if matches!(said, PaymentSaid::Unknown(_) | PaymentSaid::NotThere | PaymentSaid::Waits(_)) {
            world.wake(Party::Center, POLL_US, Wake::Poll(id));
            return Ok(());
        }
        of_sent(said).map_or(Ok(()), |happening| self.happens(world, id, happening, None))
    }

    /// What the outbox has to ask about a payment or refund by code.
    pub(super) fn tells_brand(&mut self, world: &mut World, telling: Telling, row: &Row) -> Result<(), Halt> {
        let id = telling.id;
        let (why, ask) = match (telling.advice, self.back_ask(id, row)) {
            (Advice::Inquiry, Some(ask)) => (Why::BackAgain(telling), ask),
            (Advice::Inquiry, None) => (Why::Inquiry(telling), BrandAsk::Inquire(id)),
            (Advice::Reversal(_) | Advice::Completion, _) => (Why::Cancel(telling), BrandAsk::Cancel(id)),
        };
        self.calls(world, Calling { id, why }, ask, ADVICE_WAIT_US)
    }
}
