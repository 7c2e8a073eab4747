//! The center's tables: payments, ledger, outbox, request numbers, folded from what was committed.

use crate::message::View;
use crate::world::World;
use acquiring::step::{Advice, Effect, Standing};
use ledger::{Kind, Transfer};
use money::Yen;
use payment::{PaymentId, RefundKind, StateName};
use std::collections::BTreeMap;

/// A payment's row.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// The part that decides.
    pub(crate) standing: Standing,
    /// Which terminal's.
    pub(crate) lane: usize,
    /// How much.
    pub(crate) amount: Yen,
    /// The unit that wrote it first; trace numbers come from it.
    pub(crate) seq: i64,
    /// When it was written first.
    pub(crate) sent_at_us: i64,
    /// Of a refund: the payment, and what it is.
    pub(crate) back: Option<(PaymentId, RefundKind)>,
    /// By code, not by card.
    pub(crate) by_code: bool,
    /// Until when its customer may confirm.
    pub(crate) waits_until_us: Option<i64>,
}

impl Row {
    /// As a terminal is told.
    pub(crate) fn view(&self, id: PaymentId) -> View {
        View {
            id,
            state: self.standing.shown_state(),
            code: self.standing.state.code(),
            amount: self.amount,
            of: self.back.map(|(of, _)| of),
            waits_for_user: self.waits_until_us.is_some() && self.standing.state.name() == StateName::Sent,
        }
    }

    /// Who owes the shop.
    const fn brand(&self) -> &'static str {
        if self.by_code { "paypay" } else { "visa" }
    }
}

/// An event of the outbox.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    /// The unit that wrote it; its trace number comes from it.
    pub(crate) seq: i64,
    /// When it is due.
    pub(crate) due_us: i64,
    /// How often it was tried.
    pub(crate) tries: i64,
    /// Until when somebody works on it; forgotten at a start.
    pub(crate) lease_us: i64,
}

impl Event {
    /// Whether it waits after a failed try.
    pub(crate) const fn waits(&self, now_us: i64) -> bool {
        self.tries > 0 && self.due_us > now_us && self.lease_us <= now_us
    }
}

/// A row that is written.
#[derive(Clone, Debug)]
pub(crate) enum Write {
    /// A payment as it stands from now on.
    Row(PaymentId, Box<Row>),
    /// A transfer.
    Transfer(Box<Transfer>),
    /// An event for the network, due then. Written twice is written once.
    Put(PaymentId, Advice, i64),
    /// Somebody works on it until then.
    Claim(PaymentId, Advice, i64),
    /// Again later.
    Again(PaymentId, Advice, i64),
    /// Whatever waits after a failed try is due.
    Hasten(i64),
    /// Done.
    Done(PaymentId, Advice),
    /// The highest request number of a terminal.
    Counter(usize, i64),
}

/// The tables.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    /// Payments.
    pub(crate) rows: BTreeMap<PaymentId, Row>,
    /// The ledger: a payment opens once and ends a hold once.
    pub(crate) ledger: BTreeMap<(PaymentId, bool), Transfer>,
    /// The outbox.
    pub(crate) outbox: BTreeMap<(PaymentId, Advice), Event>,
    /// Request numbers.
    pub(crate) counters: BTreeMap<usize, i64>,
    /// The next unit's number.
    pub(crate) next_seq: i64,
}

impl Tables {
    /// Empty ones.
    pub(crate) const fn new() -> Self {
        Self {
            rows: BTreeMap::new(),
            ledger: BTreeMap::new(),
            outbox: BTreeMap::new(),
            counters: BTreeMap::new(),
            next_seq: 1,
        }
    }

    /// Takes a committed row in.
    pub(crate) fn fold(&mut self, write: &Write) {
        self.next_seq = self.next_seq.saturating_add(1);
        match write {
            Write::Row(id, row) => drop(self.rows.insert(*id, (**row).clone())),
            Write::Transfer(transfer) => drop(self.ledger.insert(place(transfer), (**transfer).clone())),
            Write::Put(id, advice, due_us) => {
                let event = Event { seq: self.next_seq, due_us: *due_us, tries: 0, lease_us: 0 };
                self.outbox.entry((*id, *advice)).or_insert(event);
            }
            Write::Claim(id, advice, lease_us) => {
                if let Some(event) = self.outbox.get_mut(&(*id, *advice)) {
                    event.tries = event.tries.saturating_add(1);
                    event.lease_us = *lease_us;
                }
            }
            Write::Again(id, advice, due_us) => {
                if let Some(event) = self.outbox.get_mut(&(*id, *advice)) {
                    event.due_us = *due_us;
                    event.lease_us = 0;
                }
            }
            Write::Hasten(now_us) => {
                for event in self.outbox.values_mut().filter(|event| event.waits(*now_us)) {
                    event.due_us = *now_us;
                }
            }
            Write::Done(id, advice) => drop(self.outbox.remove(&(*id, *advice))),
            Write::Counter(lane, counter) => drop(self.counters.insert(*lane, *counter)),
        }
    }

    /// Whether a row may be written over what stands: final is final, the ledger is written once.
    pub(crate) fn watches(&self, world: &mut World, write: &Write) {
        match write {
            Write::Row(id, row) => {
                let Some(before) = self.rows.get(id) else { return };
                let (was, is) = (&before.standing.state, &row.standing.state);
                if was.name().is_final() && was != is {
                    let what = format!("{} was {}", World::name(*id), was.name().word());
                    world.broke("final is final at the center", what);
                }
            }
            Write::Transfer(transfer) if self.ledger.contains_key(&place(transfer)) => {
                world.broke("a transfer is written once", World::name(transfer.payment).to_string());
            }
            _ => {}
        }
    }

    /// The refunds of a payment.
    pub(crate) fn refunds_of(&self, id: PaymentId) -> impl Iterator<Item = &Row> {
        self.rows.values().filter(move |row| row.back.is_some_and(|(of, _)| of == id))
    }

    /// The payments in a state.
    pub(crate) fn in_state(&self, state: StateName) -> Vec<PaymentId> {
        self.rows.iter().filter(|(_, row)| row.standing.state.name() == state).map(|(id, _)| *id).collect()
    }

    /// The payments whose time is over.
    pub(crate) fn overdue(&self, now_us: i64) -> Vec<PaymentId> {
        let is_due = |row: &Row| row.standing.due_us.is_some_and(|due_us| due_us <= now_us);
        self.rows.iter().filter(|(_, row)| is_due(row)).map(|(id, _)| *id).collect()
    }
}

fn place(transfer: &Transfer) -> (PaymentId, bool) {
    (transfer.payment, matches!(transfer.kind, Kind::Pending | Kind::Posted))
}

/// The id under which a payment's void is booked.
pub(crate) fn void_id(id: PaymentId, times: u128) -> PaymentId {
    PaymentId::from_u128(u128::from_be_bytes(*id.bytes()) ^ (1 << 100) ^ (times << 101))
}

/// Everything that one happening writes.
pub(crate) fn unit(before: &Row, after: &Row, id: PaymentId, effects: &[Effect], now_us: i64) -> Vec<Write> {
    let mut writes = Vec::new();
    if after.standing != before.standing {
        writes.push(Write::Row(id, Box::new(after.clone())));
    }
    writes.extend(effects.iter().filter_map(|effect| follow(after, id, *effect, now_us)));
    writes
}

/// What one effect writes.
pub(crate) fn follow(row: &Row, id: PaymentId, effect: Effect, now_us: i64) -> Option<Write> {
    let kind = match effect {
        Effect::Hold => Kind::Pending,
        Effect::Post => Kind::Posted,
        Effect::PostHold => Kind::PostPending,
        Effect::ReleaseHold => Kind::ReleasePending,
        Effect::GiveBack => return again(row, id, 0),
        Effect::Advise(advice) => return Some(Write::Put(id, advice, now_us)),
        Effect::NoteLate => return None,
    };
    if row.back.is_some() {
        let transfer = Transfer::refund(id, row.brand(), "00008", row.amount).ok()?;
        return (effect == Effect::Post).then(|| Write::Transfer(Box::new(transfer)));
    }
    sale(row, id, kind).map(|transfer| Write::Transfer(Box::new(transfer)))
}

/// The opposite of a sale, under an id of its own.
pub(crate) fn again(row: &Row, id: PaymentId, times: u128) -> Option<Write> {
    let sale = sale(row, id, Kind::Posted)?;
    let void = Transfer { payment: void_id(id, times), debit: sale.credit, credit: sale.debit, ..sale };
    Some(Write::Transfer(Box::new(void)))
}

fn sale(row: &Row, id: PaymentId, kind: Kind) -> Option<Transfer> {
    Transfer::sale(id, kind, row.brand(), "00008", row.amount).ok()
}
