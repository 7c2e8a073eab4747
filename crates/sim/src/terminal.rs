//! The terminal: the story of a payment is folded by `Attempt::apply`, the remedy chosen by `remedy`, the
//! center's word read by `settle`; here are only the journal on the simulation's disk and the wire.

mod line;
mod words;

use crate::bug::Bug;
use crate::disk::Disk;
use crate::message::{CallNo, Letter, Party, Question, Service, Told, View};
use crate::screen::Front;
use crate::world::{Halt, Wake, World, us};
use codes::{Code, MoneyTaken, api, pay};
use line::{PROBE_EVERY_DOWN_US, PROBE_EVERY_US};
use money::Yen;
use payment::{Method, PaymentClass, PaymentId, RefundKind, State, StateName};
use receipt::Strokes;
use std::collections::BTreeMap;
use terminal::attempt::{Attempt, Origin, Purpose, Remedy, remedy};
use terminal::center::CenterFault;
use terminal::event::{Done, Effect, Event, Press};
use terminal::journal::{Fact, Started};
use terminal::limits;
use terminal::settle::{self, Settled, settle_word};
use words::{problem, refund_view, sent, thinks, told, undoes, wish, word};

/// The terminal's own time-out.
const WAIT_US: i64 = 35_000_000;
const FOLLOW_UP_WAIT_US: i64 = us(limits::FOLLOW_UP_WAIT);
/// The pauses between two inquiries.
const PAUSE_FIRST_US: i64 = us(limits::INQUIRE_PAUSE_FIRST);
const PAUSE_MAX_US: i64 = us(limits::INQUIRE_PAUSE_MAX);
const PAUSE_ANSWERED_US: i64 = us(limits::INQUIRE_PAUSE_ANSWERED);
/// How often a customer who confirms on the phone is asked about.
const CUSTOMER_POLL_US: i64 = us(limits::CUSTOMER_POLL);

/// After how long an impatient clerk serves somebody else.
const IMPATIENT_US: i64 = 20_000_000;

/// How often the planted bug repeats a request under a new id.
const RETRIES: usize = 8;

/// A row of the journal.
#[derive(Clone, Debug)]
enum Row {
    /// The register's service is this payment.
    Heard(Service, PaymentId),
    /// A fact about a payment, with the device's clock.
    Fact(PaymentId, i64, Box<Fact>),
}

/// A question under way.
#[derive(Clone, Copy, Debug)]
struct Asked {
    id: PaymentId,
    /// The remedy that asks; none: the payment's own request.
    remedy: Option<Remedy>,
    /// Under which id: a planted bug asks under another.
    as_id: PaymentId,
    /// It was asked once more already, because its number had been overtaken.
    again: bool,
    /// When the first of its questions was asked.
    since_us: i64,
    /// It asks how a payment stands whose own request, this one, is still under way.
    beside: Option<CallNo>,
}

/// A payment that is being settled.
#[derive(Clone, Copy, Debug)]
struct Settling {
    pause_us: i64,
    /// Only the newest wake counts.
    turn: u32,
}

/// What a question about a payment came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tried {
    Moved,
    Same,
    Silent,
}

/// A terminal.
pub(crate) struct Terminal {
    lane: usize,
    disk: Disk<Row>,
    attempts: BTreeMap<PaymentId, Attempt>,
    heard: BTreeMap<Service, PaymentId>,
    /// What the clerk sees.
    front: Front,
    calls: BTreeMap<CallNo, (Asked, Question)>,
    settling: BTreeMap<PaymentId, Settling>,
    /// Turns of the wakes so far.
    turn: u32,
    /// A question was not answered, and none has been since.
    silent: bool,
    /// The line has just come back, and with it this answer.
    just_back: bool,
    /// The try of the line under way, and the turn of the next.
    probe: Option<CallNo>,
    probe_turn: u32,
    /// A press whose entry the journal did not take: it is tried until it does.
    insisting: Option<PaymentId>,
    /// Request numbers: reserved on disk in blocks, so that none is used twice; the sim keeps the counter.
    counter: i64,
}

impl Terminal {
    /// A terminal without payments.
    pub(crate) fn new(lane: usize) -> Self {
        Self {
            lane,
            disk: Disk::new(Party::Terminal(lane)),
            attempts: BTreeMap::new(),
            heard: BTreeMap::new(),
            front: Front::new(lane),
            calls: BTreeMap::new(),
            settling: BTreeMap::new(),
            turn: 0,
            silent: false,
            just_back: false,
            probe: None,
            probe_turn: 0,
            insisting: None,
            counter: 0,
        }
    }

    const fn party(&self) -> Party {
        Party::Terminal(self.lane)
    }

    /// The payments as the journal tells them.
    pub(crate) const fn attempts(&self) -> &BTreeMap<PaymentId, Attempt> {
        &self.attempts
    }

    /// Begins again from the journal: doubts are named, then settled.
    pub(crate) fn start(&mut self, world: &mut World) -> Result<(), Halt> {
        self.attempts.clear();
        self.heard.clear();
        self.calls.clear();
        self.settling.clear();
        self.insisting = None;
        (self.silent, self.probe) = (false, None);
        self.probes_in(world, PROBE_EVERY_US);
        for row in self.disk.rows().to_vec() {
            self.fold(world, &row);
        }
        let left = |attempts: &BTreeMap<PaymentId, Attempt>| -> Vec<Attempt> {
            attempts.values().filter(|attempt| !attempt.name().is_final()).cloned().collect()
        };
        let open = left(&self.attempts);
        for attempt in open.iter().filter(|attempt| attempt.name() == StateName::Sent) {
            let code = attempt.undo.unwrap_or(pay::INTERRUPTED);
            self.records(world, attempt.id, Fact::InDoubt { code })?;
        }
        let last = self.attempts.last_key_value().map(|(_, attempt)| attempt);
        let last = last.filter(|attempt| attempt.name() == StateName::Approved).cloned();
        self.front.opens(&left(&self.attempts), last, world.clock_us(self.party()));
        for attempt in &open {
            if !world.has(Bug::TerminalForgetsDoubt) {
                self.settles_soon(world, attempt.id);
            }
        }
        Ok(())
    }

    fn fold(&mut self, world: &mut World, row: &Row) {
        match row {
            Row::Heard(service, id) => drop(self.heard.insert(*service, *id)),
            Row::Fact(id, at_us, fact) => {
                match Attempt::apply(self.attempts.get(id).cloned(), *id, *at_us, fact) {
                    Ok(attempt) => drop(self.attempts.insert(*id, attempt)),
                    Err(story) => world.broke("the journal can be read again", story.to_string()),
                }
            }
        }
    }

    /// Writes a fact down; false when the journal did not take it.
    fn records(&mut self, world: &mut World, id: PaymentId, fact: Fact) -> Result<bool, Halt> {
        let at_us = world.clock_us(self.party());
        let before = self.attempts.get(&id).cloned();
        let Ok(attempt) = Attempt::apply(before.clone(), id, at_us, &fact) else {
            world.tell(self.party(), format_args!("cannot write {} about {}", fact.word(), World::name(id)));
            return Ok(false);
        };
        if before.is_some_and(|before| before.name().is_final() && before.state != attempt.state) {
            world.broke("final is final at the terminal", World::name(id).to_string());
        }
        let what = format!("{} {}", World::name(id), fact.word());
        let row = Row::Fact(id, at_us, Box::new(fact));
        if world.has(Bug::ScreenBeforeJournal) {
            self.front.changed(&attempt, at_us);
        }
        match self.disk.commit(world, vec![row], format_args!("{what}")) {
            Err(Halt::Full) => return Ok(false),
            written => written?,
        }
        self.attempts.insert(id, attempt);
        self.shows(world, id);
        Ok(true)
    }

    /// The screen hears what the journal has.
    fn shows(&mut self, world: &mut World, id: PaymentId) {
        let Some(attempt) = self.attempts.get(&id) else { return };
        let now_us = world.clock_us(self.party());
        let was_in_doubt = self.front.says() == Some((id, MoneyTaken::Unknown));
        if world.has(Bug::ScreenStaysInDoubt) && was_in_doubt {
            return;
        }
        if world.has(Bug::DoubtShownAsNo) && attempt.name() == StateName::InDoubt {
            let failed = Attempt { state: State::Failed(pay::NO_CONNECTION), ..attempt.clone() };
            return self.front.changed(&failed, now_us);
        }
        self.front.changed(attempt, now_us);
        // Some clerks do not wait for a doubt to end.
        let impatient = world.truth.minted.get(&id).is_some_and(|script| script.gives_back);
        if impatient && !was_in_doubt && self.front.says() == Some((id, MoneyTaken::Unknown)) {
            world.wake(self.party(), IMPATIENT_US, Wake::Impatient(id));
        }
    }

    /// The clerk serves another customer.
    fn impatient(&mut self, world: &mut World, id: PaymentId) -> Result<(), Halt> {
        if self.front.says() != Some((id, MoneyTaken::Unknown)) {
            return Ok(());
        }
        let now_us = world.clock_us(self.party());
        for effect in self.front.hears(Event::Press(Press::AnotherCustomer), now_us) {
            if let Effect::Acknowledge(id) = effect {
                self.records(world, id, Fact::Acknowledged { operator: None })?;
            }
        }
        Ok(())
    }

    /// The clerk does something on the screen of a payment.
    fn presses(&mut self, world: &World, press: Press) {
        self.front.hears(Event::Press(press), world.clock_us(self.party()));
    }

    /// The screen.
    pub(crate) const fn front(&self) -> &Front {
        &self.front
    }

    /// Whether somebody is asked about a payment, or will be.
    pub(crate) fn works_on(&self, id: PaymentId) -> bool {
        self.insisting == Some(id)
            || self.settling.contains_key(&id)
            || self.calls.values().any(|(asked, _)| asked.id == id)
    }

    /// The register asks for a payment, or to give one back.
    pub(crate) fn begins(
        &mut self,
        world: &mut World,
        service: Service,
        amount: Yen,
        back: Option<PaymentId>,
    ) -> Result<(), Halt> {
        if self.heard.contains_key(&service) {
            return self.status(world, service);
        }
        if !self.front.is_free() {
            return self.tells(world, service, Told::Busy);
        }
        let id = world.mint(self.party(), service.0 / 10, service, back);
        let by_code = world.truth.minted.get(&id).is_some_and(|script| script.by_code);
        let kind = match (by_code, world.weather.parts) {
            (true, _) => RefundKind::Refund,
            (false, true) => RefundKind::Return,
            (false, false) => RefundKind::Void,
        };
        let method = if by_code { Method::Code } else { Method::Card };
        let at_us = world.clock_us(self.party());
        self.front.begins(wish(id, amount, method, at_us, back.map(|of| (of, kind))), at_us);
        let started = Fact::Started(Started {
            amount,
            method,
            class: PaymentClass::Lump,
            slip_no: 1,
            note: None,
            tax: None,
            operator: None,
            origin: Origin::Local,
            purpose: back.map_or(Purpose::Sale, |of| Purpose::Refund { of, kind }),
            deadline_us: None,
            card: None,
            code_paid: None,
        });
        let rows = vec![Row::Heard(service, id), Row::Fact(id, at_us, Box::new(started.clone()))];
        if world.has(Bug::DropIntent) {
            for row in &rows {
                self.fold(world, row);
            }
        } else {
            let what = format!("{} started for service {}", World::name(id), service.0);
            match self.disk.commit(world, rows.clone(), format_args!("{what}")) {
                Err(Halt::Full) => {
                    self.front.hears(Event::Done(Done::NotStarted(id, api::NO_SPACE)), at_us);
                    return self.tells(world, service, Told::NotStarted);
                }
                written => written?,
            }
            for row in &rows {
                self.fold(world, row);
            }
        }
        self.shows(world, id);
        let after_us = world.chance.between(500_000, 6_000_000);
        world.wake(self.party(), after_us, Wake::Card(id));
        Ok(())
    }

    /// Whether the center is asked about a payment until it is final.
    pub(crate) fn settles_now(&self, id: PaymentId) -> bool {
        self.settling.contains_key(&id)
    }

    /// The register's name of a payment.
    fn service_of(&self, id: PaymentId) -> Option<Service> {
        self.heard.iter().find(|(_, of)| **of == id).map(|(service, _)| *service)
    }

    /// The register asks what became of a service.
    pub(crate) fn status(&mut self, world: &mut World, service: Service) -> Result<(), Halt> {
        let Some(attempt) = self.heard.get(&service).and_then(|id| self.attempts.get(id)) else {
            return self.tells(world, service, Told::Unknown);
        };
        let told = told(attempt);
        self.tells(world, service, told)
    }

    fn tells(&mut self, world: &mut World, service: Service, told: Told) -> Result<(), Halt> {
        world.send(self.party(), Party::Register(self.lane), Letter::Told(service, told))?;
        Ok(())
    }

    /// Woken.
    pub(crate) fn woken(&mut self, world: &mut World, wake: &Wake) -> Result<(), Halt> {
        match wake {
            Wake::Card(id) => self.card(world, *id),
            Wake::Sign(id) => self.signs(world, *id),
            Wake::Settle(id, turn) if self.settling.get(id).is_some_and(|now| now.turn == *turn) => {
                self.settles(world, *id)
            }
            Wake::Beside(own) => self.looks_beside(world, *own),
            Wake::Probe(turn) if self.probe_turn == *turn => self.probes(world),
            Wake::ProbeOver(call) if self.probe == Some(*call) => {
                self.probe = None;
                self.unheard(world);
                self.probes_in(world, PROBE_EVERY_DOWN_US);
                Ok(())
            }
            Wake::CallOver(call) => self.call_over(world, *call),
            Wake::Late(id) => self.journals_late(world, *id),
            Wake::Impatient(id) => self.impatient(world, *id),
            Wake::Unanswered(id) => {
                // As the program: who signed or gave back does not look at a turning wheel for ever.
                if self.attempts.get(id).is_some_and(|attempt| !attempt.name().is_final()) {
                    self.front.hears(Event::Done(Done::Unanswered(*id)), world.clock_us(self.party()));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A card is read, or the customer has gone.
    fn card(&mut self, world: &mut World, id: PaymentId) -> Result<(), Halt> {
        let Some(mut script) = world.truth.minted.get(&id).copied() else { return Ok(()) };
        script.signature &= script.of.is_none() && !script.by_code;
        if self.attempts.get(&id).is_none_or(|attempt| attempt.name() != StateName::Started) {
            return Ok(());
        }
        if script.leaves {
            self.presses(world, Press::Cancel);
            if !self.records(world, id, Fact::Abandoned { code: pay::CANCELLED })? {
                self.settles_soon(world, id);
                return Ok(());
            }
            return self.ends(world, id);
        }
        if world.has(Bug::SendBeforeJournal) {
            self.sends_payment(world, id, id, script.signature)?;
            world.wake(self.party(), 300_000, Wake::Late(id));
            return Ok(());
        }
        let written = self.records(world, id, sent(script.signature, script.by_code))?;
        if !written {
            // Not written, so not sent.
            let not_started = Event::Done(Done::NotStarted(id, api::NO_SPACE));
            self.front.hears(not_started, world.clock_us(self.party()));
            self.settles_soon(world, id);
            return Ok(());
        }
        self.sends_payment(world, id, id, script.signature)
    }

    /// The planted bug writes here what should have been written first.
    fn journals_late(&mut self, world: &mut World, id: PaymentId) -> Result<(), Halt> {
        let Some(script) = world.truth.minted.get(&id).copied() else { return Ok(()) };
        let fact = sent(script.signature && !script.by_code, script.by_code);
        self.records(world, id, fact).map(|_| ())
    }

    fn sends_payment(
        &mut self,
        world: &mut World,
        id: PaymentId,
        as_id: PaymentId,
        signature_follows: bool,
    ) -> Result<(), Halt> {
        let Some(attempt) = self.attempts.get(&id) else { return Ok(()) };
        let amount = attempt.amount;
        let what = if let Some(of) = attempt.gives_back() {
            Question::GiveBack { of, amount }
        } else {
            let script = world.truth.minted.get(&as_id).filter(|script| script.by_code);
            let code = script.and_then(|script| crate::brand::code_of(world, as_id, script));
            let signature_follows = signature_follows && code.is_none();
            let key_counter = world.key_counter(self.lane);
            Question::Pay { amount, signature_follows, key_counter, code }
        };
        self.asks(
            world,
            Asked { id, remedy: None, as_id, again: false, since_us: world.now_us, beside: None },
            what,
        )
    }

    fn asks(&mut self, world: &mut World, asked: Asked, what: Question) -> Result<(), Halt> {
        let call = world.call_no();
        self.calls.insert(call, (asked, what.clone()));
        self.counter = self.counter.max(world.now_us).saturating_add(1);
        let letter = Letter::Ask { call, counter: self.counter, id: asked.as_id, what };
        if world.send(self.party(), Party::Center, letter)? {
            let sleeps = world.has(Bug::SleepsThroughReturn);
            let wait_us = if asked.remedy.is_some() && !sleeps { FOLLOW_UP_WAIT_US } else { WAIT_US };
            let wait_us = if asked.beside.is_some() { FOLLOW_UP_WAIT_US } else { wait_us };
            let left_us = asked.since_us.saturating_add(wait_us).saturating_sub(world.now_us);
            world.wake(self.party(), left_us.max(0), Wake::CallOver(call));
            if asked.remedy.is_none() && asked.beside.is_none() && !sleeps {
                world.wake(self.party(), FOLLOW_UP_WAIT_US, Wake::Beside(call));
            }
            return Ok(());
        }
        self.calls.remove(&call);
        // As the client of `center-api`: the first of two was not lost, so this is no certain no.
        let fault = if asked.again {
            CenterFault::Unanswered(String::new())
        } else {
            CenterFault::NotReached(String::new())
        };
        self.concludes(world, asked, Err(Some(fault)))
    }

    /// The center answers.
    pub(crate) fn hears(
        &mut self,
        world: &mut World,
        call: CallNo,
        answer: Result<View, Code>,
    ) -> Result<(), Halt> {
        let Some((asked, what)) = self.calls.remove(&call) else {
            world.tell(self.party(), format_args!("hears it too late"));
            return Ok(());
        };
        if answer.as_ref().is_err_and(|code| *code == api::COUNTER_REPLAYED) && !asked.again {
            // As the client of `center-api`: requests of this terminal overtook each other.
            return self.asks(world, Asked { again: true, ..asked }, what);
        }
        // As the client again: the first of two may have been taken before the disk was full.
        let is_unclear = |code: &Code| asked.again && (code.row().status == 429 || code.row().status >= 500);
        if answer.as_ref().is_err_and(is_unclear) {
            return self.concludes(world, asked, Err(Some(CenterFault::Unanswered(String::new()))));
        }
        let answer = answer.map_err(|code| Some(CenterFault::Refused(Box::new(problem(code)))));
        self.concludes(world, asked, answer)
    }

    fn call_over(&mut self, world: &mut World, call: CallNo) -> Result<(), Halt> {
        let Some((asked, _)) = self.calls.remove(&call) else { return Ok(()) };
        world.tell(self.party(), format_args!("has no answer about {}", World::name(asked.id)));
        self.concludes(world, asked, Err(None))
    }

    /// What an answer, a fault or our own time-out leads to.
    fn concludes(
        &mut self,
        world: &mut World,
        asked: Asked,
        answer: Result<View, Option<CenterFault>>,
    ) -> Result<(), Halt> {
        if let Some(own) = asked.beside {
            return self.found_beside(world, own, answer);
        }
        match asked.remedy {
            None => {
                if let Err(Some(_)) = &answer {
                    self.heard(world, &answer);
                }
                self.own_answer(world, asked.id, answer)
            }
            Some(remedy) => {
                let remedied = self.remedied(world, asked, remedy, &answer);
                self.just_back = false;
                remedied
            }
        }
    }

    fn own_answer(
        &mut self,
        world: &mut World,
        id: PaymentId,
        answer: Result<View, Option<CenterFault>>,
    ) -> Result<(), Halt> {
        let Some(attempt) = self.attempts.get(&id) else { return Ok(()) };
        let script = world.truth.minted.get(&id).copied();
        let refuses = script.is_some_and(|script| script.chip_refuses && !script.by_code);
        let gives_up = script.is_some_and(|script| script.gives_back);
        let facts = match answer {
            Ok(view) if attempt.is_refund() => vec![settle::refund_answered(attempt, &refund_view(&view))],
            Ok(view) => {
                let settled = settle_word(attempt, &word(&view));
                let approves =
                    matches!(settled, Settled::Write(Fact::Approved { .. } | Fact::Authorized { .. }));
                settle::answered(settled, (approves && refuses).then_some(pay::CRYPTOGRAM_REFUSED))
            }
            Err(fault) => vec![settle::unanswered(fault.as_ref())],
        };
        let facts = self.spoiled(world, id, facts)?;
        for fact in facts {
            self.records(world, id, fact)?;
        }
        if gives_up && self.attempts.get(&id).is_some_and(thinks) {
            let after_us = world.chance.between(1_000_000, 6_000_000);
            world.wake(self.party(), after_us, Wake::Sign(id));
        }
        self.settles_soon(world, id);
        Ok(())
    }

    fn spoiled(&mut self, world: &mut World, id: PaymentId, facts: Vec<Fact>) -> Result<Vec<Fact>, Halt> {
        let unanswered = matches!(facts.as_slice(), [Fact::InDoubt { .. }]);
        if unanswered && world.has(Bug::TerminalTimeoutIsNo) {
            return Ok(vec![Fact::Failed { code: pay::NO_CONNECTION }]);
        }
        if unanswered && world.has(Bug::RetryWithNewId) {
            let Some(script) = world.truth.minted.get(&id).copied() else { return Ok(facts) };
            // Some times, not for ever: a story ends.
            let tries = world.truth.minted.values().filter(|other| other.cart == script.cart).count();
            if tries > RETRIES {
                return Ok(facts);
            }
            let again = world.mint(self.party(), script.cart, script.service, script.of);
            self.sends_payment(world, id, again, script.signature)?;
            return Ok(Vec::new());
        }
        Ok(facts)
    }

    fn settles_soon(&mut self, world: &mut World, id: PaymentId) {
        if self.settling.contains_key(&id) {
            return;
        }
        self.settles_in(world, id, 0, PAUSE_FIRST_US);
    }

    fn settles_in(&mut self, world: &mut World, id: PaymentId, after_us: i64, pause_us: i64) {
        self.turn = self.turn.wrapping_add(1);
        self.settling.insert(id, Settling { pause_us, turn: self.turn });
        world.wake(self.party(), after_us, Wake::Settle(id, self.turn));
    }

    fn settles(&mut self, world: &mut World, id: PaymentId) -> Result<(), Halt> {
        let Some(attempt) = self.attempts.get(&id) else { return Ok(()) };
        let remedy = remedy(attempt);
        if remedy == Remedy::None {
            self.settling.remove(&id);
            return self.ends(world, id);
        }
        let what = match settle::question(attempt, remedy) {
            settle::Question::Look => Question::Look,
            settle::Question::Reverse(reason) => undoes(attempt, reason),
            settle::Question::Release => Question::Release,
            settle::Question::Complete => Question::Complete,
        };
        let since_us = world.now_us;
        let asked = Asked { id, remedy: Some(remedy), as_id: id, again: false, since_us, beside: None };
        self.asks(world, asked, what)
    }

    fn remedied(
        &mut self,
        world: &mut World,
        asked: Asked,
        remedy: Remedy,
        answer: &Result<View, Option<CenterFault>>,
    ) -> Result<(), Halt> {
        let Some(attempt) = self.attempts.get(&asked.id) else { return Ok(()) };
        if let Err(Some(CenterFault::Refused(problem))) = answer {
            let goes_on = match remedy {
                Remedy::Inquire if problem.code == api::NOT_FOUND => Some(undoes(attempt, pay::NO_ANSWER)),
                _ => (problem.code == api::WRONG_STATE).then_some(Question::Look),
            };
            if let Some(what) = goes_on {
                return self.asks(world, Asked { again: false, ..asked }, what);
            }
        }
        let found = answer.as_ref().ok().map(|view| settle::found_word(attempt, &word(view), remedy));
        self.heard(world, answer);
        let tried = match found {
            Some(Some(fact)) => {
                if self.records(world, asked.id, fact)? {
                    Tried::Moved
                } else {
                    Tried::Same
                }
            }
            Some(None) => Tried::Same,
            None => Tried::Silent,
        };
        let Some(Settling { pause_us, .. }) = self.settling.get(&asked.id).copied() else { return Ok(()) };
        let longest_us = match tried {
            Tried::Same if !world.has(Bug::SleepsThroughReturn) => PAUSE_ANSWERED_US,
            Tried::Same | Tried::Silent | Tried::Moved => PAUSE_MAX_US,
        };
        let (wait_us, next_us) = match tried {
            Tried::Moved => (0, PAUSE_FIRST_US),
            Tried::Same | Tried::Silent => {
                let wait_us =
                    if remedy == Remedy::Await { CUSTOMER_POLL_US } else { pause_us.min(longest_us) };
                (wait_us, pause_us.saturating_mul(2).min(longest_us))
            }
        };
        let wait_us = if self.just_back { 0 } else { wait_us };
        self.settles_in(world, asked.id, wait_us, next_us);
        Ok(())
    }

    /// Nothing more is done about it for now: the signature is waited for, or the register hears the end.
    fn ends(&mut self, world: &mut World, id: PaymentId) -> Result<(), Halt> {
        let Some(attempt) = self.attempts.get(&id) else { return Ok(()) };
        if attempt.wants_signature() {
            let after_us = world.chance.between(1_000_000, 6_000_000);
            world.wake(self.party(), after_us, Wake::Sign(id));
            return Ok(());
        }
        if !attempt.name().is_final() {
            return Ok(());
        }
        let told = told(attempt);
        match self.service_of(id) {
            Some(service) => self.tells(world, service, told),
            None => Ok(()),
        }
    }

    fn signs(&mut self, world: &mut World, id: PaymentId) -> Result<(), Halt> {
        if self.attempts.get(&id).is_some_and(thinks) {
            // The clerk gives it up while the customer looks at the phone.
            self.presses(world, Press::Cancel);
            world.wake(self.party(), WAIT_US, Wake::Unanswered(id));
            self.records(world, id, Fact::UndoWanted { code: pay::CANCELLED })?;
            self.settles_soon(world, id);
            return Ok(());
        }
        if !self.attempts.get(&id).is_some_and(Attempt::wants_signature) {
            return Ok(());
        }
        let gives_back = world.truth.minted.get(&id).is_some_and(|script| script.gives_back);
        let strokes = Strokes(vec![vec![(1, 1), (2, 2)]]);
        let (press, fact) = if gives_back {
            (Press::GiveBack, Fact::UndoWanted { code: pay::CANCELLED })
        } else {
            (Press::Sign(strokes.clone()), Fact::Signed { signature: strokes })
        };
        self.presses(world, press);
        world.wake(self.party(), WAIT_US, Wake::Unanswered(id));
        if !self.records(world, id, fact)? {
            // No space for the signature: the program tries it again.
            self.insisting = Some(id);
            world.wake(self.party(), 1_000_000, Wake::Sign(id));
            return Ok(());
        }
        self.insisting = None;
        self.settles_soon(world, id);
        Ok(())
    }
}
