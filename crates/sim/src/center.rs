//! The center: what happens to a payment is decided by `acquiring::step`, its messages are written and read
//! by `acquiring::networks::card_iso8583`; here are its tables as a log, the outbox and the wire.

mod back;
mod code;
mod hearing;
mod outbox;
mod tables;

pub(crate) use tables::{Row, Tables, void_id};

use crate::bug::Bug;
use crate::disk::Disk;
use crate::message::{CallNo, Letter, Party, Question, View};
use crate::network::reader_key;
use crate::world::{Halt, Wake, World, us};
use acquiring::limits;
use acquiring::networks::card_iso8583::{Presented, Subject, read_answer};
use acquiring::networks::card_refund::read_refund_answer;
use acquiring::networks::line::NoAnswer;
use acquiring::step::{Advice, Doubt, Happening, Reason, Standing, Times, step};
use codes::{Code, api, pay};
use iso8583::private::{EncryptedCard, KeySerial, SecureData};
use iso8583::{Class, Message, Mti};
use money::Yen;
use outbox::Telling;
use payment::{Approval, EntryMode, PaymentClass, PaymentId, State, StateName};
use std::collections::BTreeMap;
use tables::Write;

/// The center's own time-out.
const WAIT_US: i64 = 25_000_000;
/// What a request may be older than that before it is settled.
const ORPHAN_GRACE_US: i64 = limits::ORPHAN_GRACE_US;
const SWEEP_EVERY_US: i64 = us(limits::SWEEP_EVERY);
/// Tries of the second commit, and the pause between two.
const OUTCOME_TRIES: u32 = 8;
const OUTCOME_PAUSE_US: i64 = 250_000;
/// Thirty minutes (policy).
const TIMES: Times = Times { release_after_us: 1_800_000_000 };

/// An outcome that could not be committed yet.
#[derive(Clone, Debug)]
struct Outcome {
    happening: Happening,
    call: Option<CallNo>,
    tries: u32,
}

/// A question to the network that waits for its answer.
#[derive(Clone, Copy, Debug)]
struct Open {
    call: Option<CallNo>,
}

/// A payment that is asked for and, with a planted bug, not yet written.
#[derive(Clone, Debug)]
struct Asked {
    lane: usize,
    amount: Yen,
    signature_follows: bool,
    key_counter: u32,
    /// What the customer's phone showed.
    code: Option<String>,
}

/// The center.
pub(crate) struct Center {
    disk: Disk<Write>,
    tables: Tables,
    /// Where answers go: which terminal asked.
    callers: BTreeMap<CallNo, usize>,
    /// The card data of a request: in memory only, never on disk.
    cards: BTreeMap<PaymentId, Asked>,
    open: BTreeMap<PaymentId, Open>,
    outcomes: BTreeMap<PaymentId, Outcome>,
    telling: BTreeMap<u32, Telling>,
    /// Questions to the code brand.
    calling: BTreeMap<u64, code::Calling>,
    /// What the line to the network tells.
    line: hearing::Line,
    /// What the brand's answers tell.
    brand: hearing::Ear,
    /// When the outbox is looked at next.
    outbox_at_us: i64,
    /// A planted bug keeps here what should be on disk.
    unwritten: BTreeMap<PaymentId, Vec<Write>>,
}

impl Center {
    /// A center without payments.
    pub(crate) const fn new() -> Self {
        Self {
            disk: Disk::new(Party::Center),
            tables: Tables::new(),
            callers: BTreeMap::new(),
            cards: BTreeMap::new(),
            open: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            telling: BTreeMap::new(),
            calling: BTreeMap::new(),
            line: hearing::Line::new(),
            brand: hearing::Ear::new(),
            outbox_at_us: 0,
            unwritten: BTreeMap::new(),
        }
    }

    /// Its tables as they are on disk.
    pub(crate) const fn tables(&self) -> &Tables {
        &self.tables
    }

    /// Begins again from the disk: what was open is in doubt, what the outbox held is due.
    pub(crate) fn start(&mut self, world: &mut World) -> Result<(), Halt> {
        let disk = std::mem::replace(&mut self.disk, Disk::new(Party::Center));
        *self = Self { disk, ..Self::new() };
        for write in self.disk.rows() {
            self.tables.fold(write);
        }
        self.tables.outbox.values_mut().for_each(|event| event.lease_us = 0);
        if !world.has(Bug::CenterForgetsDoubt) {
            let sent: Vec<PaymentId> = self.tables.in_state(StateName::Sent);
            for id in sent {
                self.found(world, id)?;
            }
        }
        world.wake(Party::Center, SWEEP_EVERY_US, Wake::Sweep);
        self.wakes_outbox(world, 1_000);
        self.signs_on(world)
    }

    /// Woken.
    pub(crate) fn woken(&mut self, world: &mut World, wake: &Wake) -> Result<(), Halt> {
        match wake {
            Wake::AskNetwork(id, call) => self.asks_network(world, *id, *call),
            Wake::AskNow(id, call) => self.asks_on_line(world, *id, *call),
            Wake::SignOn => self.signs_on(world),
            Wake::SignOnOver(stan) => {
                self.sign_on_failed(world, *stan);
                Ok(())
            }
            Wake::NetworkSilent(id) => match self.open.remove(id) {
                Some(open) => {
                    self.line.ear.silent = true;
                    self.happens(world, *id, Happening::from(&NoAnswer::TimedOut), open.call)
                }
                None => Ok(()),
            },
            Wake::AdvicePatience(stan, tries) => self.advice_impatient(world, *stan, *tries),
            Wake::Quiet(turn) => self.quiet(world, *turn),
            Wake::EchoOver(frames) => self.echo_over(world, *frames),
            Wake::BrandPatience(number) => self.brand_impatient(world, *number),
            Wake::BrandProbe => self.probes_brand(world),
            Wake::Outcome(id) => match self.outcomes.remove(id) {
                Some(outcome) => self.settles(world, *id, outcome),
                None => Ok(()),
            },
            Wake::Sweep => self.sweeps(world),
            Wake::Outbox if self.outbox_at_us <= world.now_us => self.delivers(world),
            Wake::AdviceSilent(stan, tries) => self.advice_silent(world, *stan, *tries),
            Wake::BrandSilent(number) => self.brand_silent(world, *number),
            Wake::Poll(id) => self.polls(world, *id),
            Wake::Late(id) => self.writes_late(world, *id),
            _ => Ok(()),
        }
    }

    /// A terminal asks.
    pub(crate) fn asked(
        &mut self,
        world: &mut World,
        lane: usize,
        (call, counter): (CallNo, i64),
        id: PaymentId,
        what: &Question,
    ) -> Result<(), Halt> {
        self.callers.insert(call, lane);
        // A look-up changes nothing; everything else must have a number that grows.
        let looks = matches!(what, Question::Look);
        if !looks && self.tables.counters.get(&lane).is_some_and(|last| counter <= *last) {
            return self.answers(world, call, Err(api::COUNTER_REPLAYED));
        }
        let number = Write::Counter(lane, counter);
        let known = self.tables.rows.get(&id).cloned();
        match (what, known) {
            (Question::Look, None) => self.answers(world, call, Err(api::NOT_FOUND)),
            (Question::Look, Some(row)) => self.answers(world, call, Ok(row.view(id))),
            (Question::Pay { amount, code, .. }, Some(row)) => {
                let same = same_content(&row, lane, *amount).and_then(|()| {
                    // A tombstone says no to either.
                    let undone = row.standing.state == State::Reversed;
                    if undone || row.by_code == code.is_some() { Ok(()) } else { Err(api::ID_REUSED) }
                });
                let answer = same.map(|()| row.view(id));
                self.counted(world, call, number, answer)
            }
            (Question::Pay { amount, signature_follows, key_counter, code }, None) => {
                let asked = Asked {
                    lane,
                    amount: *amount,
                    signature_follows: *signature_follows,
                    key_counter: *key_counter,
                    code: code.clone(),
                };
                self.begins(world, call, number, id, asked)
            }
            (Question::Reverse { amount, .. }, None) => {
                let row = Row {
                    standing: standing(State::Reversed, false, None),
                    ..self.fresh(world, lane, *amount)
                };
                let answer = row.view(id);
                let forgotten = world.has(Bug::TombstoneMissingAtCenter);
                let writes =
                    if forgotten { vec![number] } else { vec![number, Write::Row(id, Box::new(row))] };
                self.commits(world, call, writes, &format!("{} as a tombstone", World::name(id)), answer)
            }
            (Question::Reverse { amount, reason }, Some(row)) => match same_content(&row, lane, *amount) {
                Ok(()) => self.applies(world, call, number, id, &row, Happening::ReversalAsked(*reason)),
                Err(code) => self.counted(world, call, number, Err(code)),
            },
            (Question::GiveBack { .. } | Question::ReverseRefund { .. }, known) => {
                self.back_asked(world, lane, (call, number), (id, known), what)
            }
            (Question::Complete | Question::Release, None) => {
                self.counted(world, call, number, Err(api::NOT_FOUND))
            }
            (Question::Complete, Some(row)) => {
                self.applies(world, call, number, id, &row, Happening::Completed)
            }
            (Question::Release, Some(row)) => {
                self.applies(world, call, number, id, &row, Happening::GivenBack)
            }
        }
    }

    fn answers(&mut self, world: &mut World, call: CallNo, answer: Result<View, Code>) -> Result<(), Halt> {
        let Some(lane) = self.callers.get(&call).copied() else { return Ok(()) };
        world.send(Party::Center, Party::Terminal(lane), Letter::Answer(call, answer))?;
        Ok(())
    }

    /// An answer whose unit wrote nothing but the number; a refusal rolls even that back.
    fn counted(
        &mut self,
        world: &mut World,
        call: CallNo,
        number: Write,
        answer: Result<View, Code>,
    ) -> Result<(), Halt> {
        match answer {
            Ok(view) => self.commits(world, call, vec![number], "the request's number", view),
            Err(code) => self.answers(world, call, Err(code)),
        }
    }

    fn commits(
        &mut self,
        world: &mut World,
        call: CallNo,
        writes: Vec<Write>,
        what: &str,
        answer: View,
    ) -> Result<(), Halt> {
        match self.writes(world, writes, what) {
            Err(Halt::Full) => self.answers(world, call, Err(api::NO_SPACE)),
            Err(dead) => Err(dead),
            Ok(()) => self.answers(world, call, Ok(answer)),
        }
    }

    fn fresh(&self, world: &World, lane: usize, amount: Yen) -> Row {
        let now_us = world.clock_us(Party::Center);
        Row {
            standing: standing(State::Sent, false, None),
            lane,
            amount,
            seq: self.tables.next_seq,
            sent_at_us: now_us,
            back: None,
            by_code: false,
            waits_until_us: None,
        }
    }

    /// Unit 1: committed as sent before anybody is asked.
    fn begins(
        &mut self,
        world: &mut World,
        call: CallNo,
        number: Write,
        id: PaymentId,
        asked: Asked,
    ) -> Result<(), Halt> {
        let fresh = self.fresh(world, asked.lane, asked.amount);
        let due_us = fresh.sent_at_us.saturating_add(WAIT_US).saturating_add(ORPHAN_GRACE_US);
        let by_code = asked.code.is_some();
        let doubt = if by_code { Doubt::InquireThenUndo } else { Doubt::Undo };
        let sent = standing(State::Sent, asked.signature_follows, Some(due_us));
        let row = Row { standing: Standing { doubt, ..sent }, by_code, ..fresh };
        self.cards.insert(id, asked);
        let writes = vec![number, Write::Row(id, Box::new(row))];
        let what = format!("{} sent", World::name(id));
        if world.has(Bug::AskBeforeCommit) {
            for write in &writes {
                self.tables.fold(write);
            }
            self.unwritten.insert(id, writes);
            world.wake(Party::Center, 200_000, Wake::Late(id));
        } else {
            match self.writes(world, writes, &what) {
                Err(Halt::Full) => return self.answers(world, call, Err(api::NO_SPACE)),
                written => written?,
            }
        }
        let after_us = world.chance.between(200, 3_000);
        world.wake(Party::Center, after_us, Wake::AskNetwork(id, Some(call)));
        Ok(())
    }

    fn writes_late(&mut self, world: &mut World, id: PaymentId) -> Result<(), Halt> {
        let writes = self.unwritten.remove(&id).unwrap_or_default();
        match self.disk.commit(world, writes, format_args!("{} late", World::name(id))) {
            Err(Halt::Full) => Ok(()),
            written => written,
        }
    }

    /// The 0100 or 0200, at most once.
    fn asks_network(&mut self, world: &mut World, id: PaymentId, call: Option<CallNo>) -> Result<(), Halt> {
        if self.tables.rows.get(&id).is_some_and(|row| row.by_code) {
            return self.asks_brand(world, id, call);
        }
        if self.line.up {
            return self.asks_on_line(world, id, call);
        }
        // The product waits as long as a line is being made, and at most so long.
        world.wake(Party::Center, hearing::LINE_READY_US, Wake::AskNow(id, call));
        Ok(())
    }

    fn asks_on_line(&mut self, world: &mut World, id: PaymentId, call: Option<CallNo>) -> Result<(), Halt> {
        let Some(message) = self.request(id) else { return Ok(()) };
        if self.line.up {
            self.open.insert(id, Open { call });
            self.line_is_busy(world);
            if world.send(Party::Center, Party::Network, Letter::Iso(Box::new(message)))? {
                world.wake(Party::Center, WAIT_US, Wake::NetworkSilent(id));
                return Ok(());
            }
            self.open.remove(&id);
            self.gives_up_line(world)?;
        }
        let not_sent = NoAnswer::NotSent("no connection to the network");
        self.happens(world, id, Happening::from(&not_sent), call)
    }

    fn request(&self, id: PaymentId) -> Option<Message> {
        let row = self.tables.rows.get(&id)?;
        if row.back.is_some() {
            return self.give_back(id)?.request(None, row.sent_at_us).ok();
        }
        let card = presented(self.cards.get(&id)?);
        row.subject(id).request(&card).ok()
    }

    /// The network says something.
    pub(crate) fn hears(&mut self, world: &mut World, message: &Message) -> Result<(), Halt> {
        if message.mti().class() == Class::NetworkManagement {
            self.line_hears(world);
            return self.managed(world, message);
        }
        if !self.line.up {
            world.tell(Party::Center, format_args!("reads nothing: that line was given up"));
            return Ok(());
        }
        self.line_hears(world);
        let is_advice = [Mti::FINANCIAL_ADVICE, Mti::REVERSAL_ADVICE]
            .iter()
            .any(|advice| message.mti().class() == advice.class() && message.mti().is_advice());
        if is_advice {
            return self.advice_answered(world, message);
        }
        if message.mti().class() == Mti::REVERSAL_REQUEST.class() {
            return self.void_answered(world, message);
        }
        let id = message.text(37).and_then(|rrn| world.truth.by_rrn.get(rrn)).copied();
        let Some(id) = id else { return Ok(()) };
        match self.open.remove(&id) {
            Some(open) => {
                self.network_answers(world)?;
                let Some(request) = self.request(id) else { return Ok(()) };
                let is_back = self.tables.rows.get(&id).is_some_and(|row| row.back.is_some());
                let answered = if is_back {
                    read_refund_answer(&request, message)
                } else {
                    read_answer(&request, message)
                };
                self.happens(world, id, Happening::from(answered), open.call)
            }
            None if world.has(Bug::LateApprovalAccepted) => self.books_late(world, id),
            None => {
                world.tell(Party::Center, format_args!("hears it too late"));
                Ok(())
            }
        }
    }

    /// A planted bug: whatever was decided since, an approval is an approval.
    fn books_late(&mut self, world: &mut World, id: PaymentId) -> Result<(), Halt> {
        let Some(row) = self.tables.rows.get(&id).cloned() else { return Ok(()) };
        if !matches!(row.standing.state, State::InDoubt(_) | State::Reversed) {
            return Ok(());
        }
        let standing =
            Standing { advice: None, ..standing(State::Approved(Approval { code: None }), false, None) };
        let mut writes = vec![Write::Row(id, Box::new(Row { standing, ..row.clone() }))];
        writes.extend(tables::follow(&row, id, acquiring::step::Effect::Post, 0));
        self.writes(world, writes, &format!("{} approved late", World::name(id)))
    }

    fn happens(
        &mut self,
        world: &mut World,
        id: PaymentId,
        happening: Happening,
        call: Option<CallNo>,
    ) -> Result<(), Halt> {
        let is_back = self.tables.rows.get(&id).is_some_and(|row| row.back.is_some());
        let happening = match happening {
            // What stopped in between says nothing about the card here (`refund::path::apply`).
            Happening::Orphaned | Happening::Lost(_) if is_back => Happening::Lost(pay::REFUND_UNKNOWN),
            Happening::Failed(code) if is_back && code == pay::NO_CONNECTION => {
                Happening::Failed(pay::REFUND_NOT_SENT)
            }
            happening => happening,
        };
        let happening = match happening {
            Happening::Lost(_) if world.has(Bug::TimeoutIsDecline) => Happening::Declined(pay::CARD_REFUSED),
            happening => happening,
        };
        self.settles(world, id, Outcome { happening, call, tries: 0 })
    }

    /// Unit 2: outcome, ledger, outbox in one commit.
    fn settles(&mut self, world: &mut World, id: PaymentId, outcome: Outcome) -> Result<(), Halt> {
        let Some(row) = self.tables.rows.get(&id).cloned() else { return Ok(()) };
        let now_us = world.clock_us(Party::Center);
        let Ok((standing, effects)) = step(&row.standing, outcome.happening.clone(), TIMES, now_us) else {
            return Ok(());
        };
        let after = Row { standing, ..row.clone() };
        let writes = tables::unit(&row, &after, id, &effects, now_us);
        if let (Some(call), true) = (outcome.call, world.has(Bug::AnswerBeforeCommit)) {
            self.answers(world, call, Ok(after.view(id)))?;
            self.unwritten.insert(id, writes);
            world.wake(Party::Center, 100_000, Wake::Late(id));
            return Ok(());
        }
        match self.writes(world, writes, &describe(id, &row, &after)) {
            Err(Halt::Full) if outcome.tries < OUTCOME_TRIES => {
                self.outcomes.insert(id, Outcome { tries: outcome.tries.saturating_add(1), ..outcome });
                world.wake(Party::Center, OUTCOME_PAUSE_US, Wake::Outcome(id));
                return Ok(());
            }
            // What cannot be committed stays sent and is reversed by the sweep, never guessed.
            Err(Halt::Full) => {
                return outcome.call.map_or(Ok(()), |call| self.answers(world, call, Err(api::INTERNAL)));
            }
            written => written?,
        }
        match outcome.call {
            Some(call) => self.answers(world, call, Ok(after.view(id))),
            None => Ok(()),
        }
    }

    /// One thing that happens by a terminal's will.
    fn applies(
        &mut self,
        world: &mut World,
        call: CallNo,
        number: Write,
        id: PaymentId,
        row: &Row,
        happening: Happening,
    ) -> Result<(), Halt> {
        let now_us = world.clock_us(Party::Center);
        let repeats = world.has(Bug::VoidTwice) && row.standing.voided;
        let Ok((standing, effects)) = step(&row.standing, happening, TIMES, now_us) else {
            return self.answers(world, call, Err(api::WRONG_STATE));
        };
        let after = Row { standing, ..row.clone() };
        let mut writes = vec![number];
        writes.extend(tables::unit(row, &after, id, &effects, now_us));
        if repeats {
            writes.extend(tables::again(row, id, 1));
        }
        self.commits(world, call, writes, &describe(id, row, &after), after.view(id))
    }

    fn sweeps(&mut self, world: &mut World) -> Result<(), Halt> {
        world.wake(Party::Center, SWEEP_EVERY_US, Wake::Sweep);
        let now_us = world.clock_us(Party::Center);
        for id in self.tables.overdue(now_us) {
            if !world.has(Bug::CenterForgetsDoubt) {
                self.found(world, id)?;
            }
        }
        Ok(())
    }

    /// What an earlier life left open, or what is older than any time-out.
    fn found(&mut self, world: &mut World, id: PaymentId) -> Result<(), Halt> {
        let Some(row) = self.tables.rows.get(&id) else { return Ok(()) };
        let Some(happening) = row.standing.found_open(world.clock_us(Party::Center)) else { return Ok(()) };
        self.happens(world, id, happening, None)
    }

    /// Commits a unit, as planted bugs allow, and looks whether it keeps the promises.
    fn writes(&mut self, world: &mut World, writes: Vec<Write>, what: &str) -> Result<(), Halt> {
        let writes = spoiled(world, writes);
        for write in &writes {
            self.tables.watches(world, write);
        }
        let advises = writes.iter().any(|write| matches!(write, Write::Put(..)));
        let (first, rest) = if world.has(Bug::SplitCommit) {
            writes.into_iter().partition(|write| matches!(write, Write::Row(..) | Write::Counter(..)))
        } else {
            (writes, Vec::new())
        };
        for part in [first, rest] {
            if part.is_empty() {
                continue;
            }
            self.disk.commit(world, part.clone(), format_args!("{what}"))?;
            for write in &part {
                self.tables.fold(write);
            }
        }
        if advises {
            self.wakes_outbox(world, 500);
        }
        Ok(())
    }
}

fn spoiled(world: &World, mut writes: Vec<Write>) -> Vec<Write> {
    let given_back = Advice::Reversal(Reason::GivenBack);
    if world.has(Bug::ReversalForgotten) {
        writes.retain(|write| !matches!(write, Write::Put(_, advice, _) if *advice != given_back));
    }
    if world.has(Bug::VoidKeepsCharge) {
        writes.retain(|write| !matches!(write, Write::Put(_, advice, _) if *advice == given_back));
    }
    writes
}

fn describe(id: PaymentId, before: &Row, after: &Row) -> String {
    let (was, is) = (before.standing.state.name(), after.standing.state.name());
    let voided = if after.standing.voided && !before.standing.voided { ", voided" } else { "" };
    if was == is && voided.is_empty() {
        return format!("{} still {}", World::name(id), is.word());
    }
    format!("{} {} → {}{voided}", World::name(id), was.word(), is.word())
}

fn same_content(row: &Row, lane: usize, amount: Yen) -> Result<(), Code> {
    if row.lane == lane && row.amount == amount { Ok(()) } else { Err(api::ID_REUSED) }
}

const fn standing(state: State, completion_follows: bool, due_us: Option<i64>) -> Standing {
    Standing { state, completion_follows, advice: None, voided: false, due_us, doubt: Doubt::Undo }
}

fn presented(asked: &Asked) -> Presented {
    let mut ksn = [0; 12];
    ksn[..8].copy_from_slice(&reader_key(asked.lane));
    ksn[8..].copy_from_slice(&asked.key_counter.to_be_bytes());
    Presented {
        entry_mode: EntryMode::Magstripe,
        fallback: false,
        pan_seq: None,
        mcc: "5812".to_owned(),
        class: PaymentClass::Lump,
        emv: Vec::new(),
        secure: SecureData {
            card: Some(EncryptedCard { ksn: KeySerial::Aes(ksn), ciphertext: vec![1; 16] }),
            ..SecureData::default()
        },
    }
}

impl Row {
    fn stan(&self) -> u32 {
        acquiring::networks::card_iso8583::stan_of(self.seq)
    }

    fn subject(&self, id: PaymentId) -> Subject {
        Subject {
            id,
            amount: self.amount,
            sent_at_us: self.sent_at_us,
            stan: self.stan(),
            completion_follows: self.standing.completion_follows,
            terminal: "000000358002".to_owned(),
            merchant_no: "9000009".to_owned(),
        }
    }
}
