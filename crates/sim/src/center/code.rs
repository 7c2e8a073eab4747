//! Code payments at the center: what a brand's word does is decided by `acquiring::code_pay`, its answers are
//! read by `acquiring::networks::code_http`; here are the questions, the customer who is waited for, and what
//! the outbox asks.

use super::outbox::{ADVICE_PATIENCE_US, ADVICE_WAIT_US, Telling};
use super::tables::Write;
use super::{Asked, Center, ORPHAN_GRACE_US, Row, WAIT_US};
use crate::bug::Bug;
use crate::message::{BrandAsk, CallNo, Letter, Party};
use crate::world::{Halt, Wake, World, us};
use acquiring::code_pay::{may_cancel, of_back, of_doubt, of_sent, of_undone};
use acquiring::limits;
use acquiring::networks::code_http::{
    BackSaid, PaymentSaid, Reply, Silence, read_back, read_inquiry, read_payment,
};
use acquiring::step::{Advice, Happening};
use center_base::outbox::pause_us;
use codes::{Code, code};
use payment::{Approval, PaymentId, State};

/// How often a customer who must confirm is asked about.
const POLL_US: i64 = us(limits::CUSTOMER_POLL);
const INQUIRY_PAUSE_US: i64 = us(limits::INQUIRY_PAUSE);
const PROBE_EVERY_US: i64 = us(limits::BRAND_PROBE_EVERY);
const PROBE_WAIT_US: i64 = us(limits::BRAND_PROBE_WAIT);
/// How long the customer may take: shorter than in life, so that a story sees its end.
const CUSTOMER_WAIT_US: i64 = 8_000_000;

/// A question to the brand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calling {
    id: PaymentId,
    why: Why,
    /// How often the brand was there again when it was sent, and whether it has waited long enough.
    sent: u64,
    impatient: bool,
}

impl Calling {
    const fn new(id: PaymentId, why: Why) -> Self {
        Self { id, why, sent: 0, impatient: false }
    }
}

#[derive(Clone, Copy, Debug)]
enum Why {
    /// Does the brand answer again?
    Probe,
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
            return self.calls(world, Calling::new(id, Why::Back(call)), ask, WAIT_US);
        }
        let Some(Asked { code: Some(code), .. }) = self.cards.remove(&id) else { return Ok(()) };
        let ask = BrandAsk::Pay { id, amount: row.amount, code };
        self.calls(world, Calling::new(id, Why::Pay(call)), ask, WAIT_US)
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
        let calling = Calling { sent: self.brand.revivals, ..calling };
        let is_repeated = !matches!(calling.why, Why::Pay(_) | Why::Back(_) | Why::Probe);
        if is_repeated {
            self.brand.about = Some(calling.id);
            self.brand_is_silent(world, self.brand.silent);
        }
        self.calling.insert(number, calling);
        if world.send(Party::Center, Party::Brand, Letter::ToBrand(number, ask))? {
            world.wake(Party::Center, wait_us, Wake::BrandSilent(number));
            if is_repeated {
                world.wake(Party::Center, ADVICE_PATIENCE_US, Wake::BrandPatience(number));
            }
            return Ok(());
        }
        self.calling.remove(&number);
        self.brand_is_silent(world, true);
        self.said(world, calling, Err(Silence::NotSent))
    }

    pub(super) fn brand_silent(&mut self, world: &mut World, number: u64) -> Result<(), Halt> {
        let Some(calling) = self.calling.remove(&number) else { return Ok(()) };
        self.brand_is_silent(world, true);
        self.said(world, calling, Err(Silence::TimedOut))
    }

    /// A question that is repeated has waited long enough: whoever was there again meanwhile has perhaps
    /// swallowed it before.
    pub(super) fn brand_impatient(&mut self, world: &mut World, number: u64) -> Result<(), Halt> {
        let revivals = self.brand.revivals;
        let Some(calling) = self.calling.get_mut(&number) else { return Ok(()) };
        if world.has(Bug::SleepsThroughReturn) {
            return Ok(());
        }
        calling.impatient = true;
        if calling.sent == revivals {
            self.brand_is_silent(world, true);
            return Ok(());
        }
        let calling = *calling;
        self.calling.remove(&number);
        self.said(world, calling, Err(Silence::TimedOut))
    }

    /// The brand did not answer, perhaps: then it is asked whether it does, unless it is already.
    fn brand_is_silent(&mut self, world: &mut World, silent: bool) {
        self.brand.silent |= silent;
        if self.brand.silent && !self.brand.probing && !world.has(Bug::SleepsThroughReturn) {
            self.brand.probing = true;
            world.wake(Party::Center, PROBE_EVERY_US, Wake::BrandProbe);
        }
    }

    pub(super) fn probes_brand(&mut self, world: &mut World) -> Result<(), Halt> {
        if let Some(id) = self.brand.about.filter(|_| self.brand.silent) {
            return self.calls(world, Calling::new(id, Why::Probe), BrandAsk::Inquire(id), PROBE_WAIT_US);
        }
        self.brand.probing = false;
        Ok(())
    }

    /// The brand answers: what has waited long enough is given up and asked again.
    fn brand_answers(&mut self, world: &mut World) -> Result<(), Halt> {
        if !std::mem::replace(&mut self.brand.silent, false) || world.has(Bug::SleepsThroughReturn) {
            return Ok(());
        }
        self.brand.revivals = self.brand.revivals.saturating_add(1);
        world.tell(Party::Center, format_args!("hears the brand again"));
        let impatient: Vec<u64> =
            self.calling.iter().filter(|(_, calling)| calling.impatient).map(|(number, _)| *number).collect();
        for number in impatient {
            if let Some(calling) = self.calling.remove(&number) {
                self.said(world, calling, Err(Silence::TimedOut))?;
            }
        }
        self.hastens(world)
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
        if reply.as_ref().is_ok_and(|reply| reply.status < 500) {
            self.brand_answers(world)?;
        } else {
            self.brand_is_silent(world, true);
        }
        self.said(world, calling, reply.as_ref().map_err(|silence| *silence))
    }

    fn said(
        &mut self,
        world: &mut World,
        calling: Calling,
        reply: Result<&Reply, Silence>,
    ) -> Result<(), Halt> {
        let Calling { id, why, .. } = calling;
        if matches!(why, Why::Probe) {
            self.brand.probing = false;
            if self.brand.silent {
                self.brand.probing = true;
                world.wake(Party::Center, PROBE_EVERY_US, Wake::BrandProbe);
            }
            return Ok(());
        }
        let Some(row) = self.tables.rows.get(&id).cloned() else { return Ok(()) };
        let yen = row.amount.get();
        match why {
            Why::Probe => Ok(()),
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
                self.ends_or_again(world, telling, happening, reply.is_ok())
            }
            Why::Cancel(telling) => match read_back(reply) {
                BackSaid::Done | BackSaid::NotThere => {
                    self.ends(world, telling, Some(Happening::Acknowledged(telling.advice)))
                }
                BackSaid::NotSent | BackSaid::Unknown(_) => self.again(world, telling),
                BackSaid::Refused(_) => {
                    let calling = Calling::new(id, Why::AfterCancel(telling));
                    self.calls(world, calling, BrandAsk::Inquire(id), ADVICE_WAIT_US)
                }
            },
            Why::AfterCancel(telling) => {
                let happening = of_undone(&read_inquiry(reply, yen), telling.advice);
                self.ends_or_again(world, telling, happening, reply.is_ok())
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
                self.ends_or_again(world, telling, happening, false)
            }
        }
    }

    fn ends_or_again(
        &mut self,
        world: &mut World,
        telling: Telling,
        happening: Option<Happening>,
        answers: bool,
    ) -> Result<(), Halt> {
        let answers = answers && !world.has(Bug::SleepsThroughReturn);
        match happening {
            Some(happening) => self.ends(world, telling, Some(happening)),
            None if answers => {
                self.again_after(world, telling, pause_us(telling.tries).min(INQUIRY_PAUSE_US))
            }
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
                self.calls(world, Calling::new(id, Why::WasBack(telling, *code)), ask, ADVICE_WAIT_US)
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
        self.calls(world, Calling::new(id, Why::Poll), BrandAsk::Inquire(id), ADVICE_WAIT_US)
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
        self.calls(world, Calling::new(id, why), ask, ADVICE_WAIT_US)
    }
}
