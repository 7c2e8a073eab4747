//! The card network: the decisions are those of `netsim::host`, the book is a log on the simulation's disk.

use crate::bug::Bug;
use crate::disk::Disk;
use crate::message::{LANES, Letter, Party};
use crate::world::{Halt, Wake, World};
use cardkeys::dukpt::Ksn;
use cardkeys::{CardData, TdesKey};
use iso8583::private::KeySerial;
use iso8583::{Message, Mti};
use jiff::Timestamp;
use money::Yen;
use netsim::cards::Standing;
use netsim::host::back;
use netsim::host::book::{Change, Entry, Known, PaymentKey, State};
use netsim::host::issuer::{Account, Accounts};
use netsim::host::opened::Opened;
use netsim::host::request::{self, Request};
use netsim::host::step::{self, Done, Forced};
use netsim::host::totals;
use std::collections::BTreeMap;

/// The number of the one card that everybody pays with: a stripe, so that no cryptogram is computed.
const CARD: &str = "4111111111111111";
const EXPIRY: &str = "4912";
/// More than any cart.
const LIMIT_YEN: i64 = 1_000_000;

/// The network.
pub(crate) struct Network {
    disk: Disk<Change>,
    book: BTreeMap<PaymentKey, Entry>,
    readers: BTreeMap<[u8; 8], u32>,
    accounts: Accounts,
    issuer_key: TdesKey,
    /// A planted bug keeps here what should be on disk.
    unwritten: Vec<Change>,
}

/// What an amount's last two digits do at the network.
fn forced(amount: Yen) -> Option<Forced> {
    match amount.get() % 100 {
        51 => Some(Forced::Code("51".to_owned())),
        91 => Some(Forced::Code("91".to_owned())),
        // A code that nobody knows.
        99 => Some(Forced::Code("Q9".to_owned())),
        _ => None,
    }
}

impl Network {
    /// A network without payments; nothing when its one card cannot be made.
    pub(crate) fn new() -> Option<Self> {
        let account = Account {
            name: "card".to_owned(),
            pan: cardkeys::Pan::parse(CARD).ok()?,
            card_number: emv::Pan::new(CARD).ok()?,
            sequence: 0,
            expiry_yymm: EXPIRY.to_owned(),
            pin: None,
            standing: Standing::Good,
            limit: Yen::new(LIMIT_YEN).ok()?,
            instalments_max: 1,
            chip: false,
            contactless: false,
            key: std::sync::OnceLock::new(),
        };
        Some(Self {
            disk: Disk::new(Party::Network),
            book: BTreeMap::new(),
            readers: BTreeMap::new(),
            accounts: Accounts::new(vec![account]),
            issuer_key: TdesKey::from_bytes([7; 16]),
            unwritten: Vec::new(),
        })
    }

    /// The book as it is on disk.
    pub(crate) const fn book(&self) -> &BTreeMap<PaymentKey, Entry> {
        &self.book
    }

    /// Begins again from the disk.
    pub(crate) fn start(&mut self) {
        self.book.clear();
        self.readers.clear();
        self.unwritten.clear();
        for change in self.disk.rows().to_vec() {
            self.fold(&change);
        }
    }

    fn fold(&mut self, change: &Change) {
        match change {
            Change::Enter(entry) => drop(self.book.insert(entry.key.clone(), (**entry).clone())),
            Change::Turn(key, state) => {
                if let Some(entry) = self.book.get_mut(key) {
                    entry.state = *state;
                }
            }
            Change::Counter(reader, counter) => drop(self.readers.insert(*reader, *counter)),
            Change::WrongPins(..) => {}
        }
    }

    /// A message of the center.
    pub(crate) fn hears(&mut self, world: &mut World, message: &Message) -> Result<(), Halt> {
        let now =
            Timestamp::from_microsecond(world.clock_us(Party::Network)).unwrap_or(Timestamp::UNIX_EPOCH);
        let Ok(asked) = request::read(message) else {
            let refused = step::plain(message, step::REFUSED, "malformed");
            world.broke("a message of the center can be read", message.mti().to_string());
            return refused.map_or(Ok(()), |done| answers(world, done.answer));
        };
        let Some(done) = self.decides(message, &asked, now) else { return Ok(()) };
        let Some(done) = self.spoiled(world, message, done) else { return Ok(()) };
        if done.changes.is_empty() {
            return answers(world, done.answer);
        }
        if world.has(Bug::NetworkAnswersBeforeCommit) {
            self.unwritten.extend(done.changes);
            world.wake(Party::Network, 2_000_000, Wake::Sweep);
            return answers(world, done.answer);
        }
        self.writes(world, &done.changes, &done.note)?;
        answers(world, done.answer)
    }

    /// Only the planted bug wakes the network.
    pub(crate) fn woken(&mut self, world: &mut World) -> Result<(), Halt> {
        let changes = std::mem::take(&mut self.unwritten);
        self.writes(world, &changes, "late")
    }

    fn decides(&self, message: &Message, asked: &Request, now: Timestamp) -> Option<Done> {
        let known = |key: &PaymentKey, reader: Option<&[u8; 8]>| Known {
            entry: self.book.get(key).cloned(),
            original: None,
            given_back: self.given_back(key),
            counter: reader.and_then(|reader| self.readers.get(reader)).copied().unwrap_or(0),
            wrong_pins: 0,
        };
        match asked {
            Request::Payment(payment) => {
                let opened = opens(payment)?;
                let known = known(&payment.key, Some(&opened.reader));
                let forced = forced(payment.amount);
                let world = step::World {
                    accounts: &self.accounts,
                    issuer_key: &self.issuer_key,
                    now,
                    forced: forced.as_ref(),
                };
                step::payment(message, payment, Ok(&opened), &known, world)
            }
            Request::Completion(advice) => step::completion(message, advice, &known(&advice.key, None), now),
            Request::Void(asked) => back::void(message, asked, None, &known(&asked.key, None), None, now),
            Request::Return(asked) => {
                let known = Known {
                    original: self.book.get(&asked.original).cloned(),
                    given_back: self.given_back(&asked.original),
                    ..known(&asked.key, None)
                };
                back::giving_back(message, asked, None, &known, forced(asked.amount).as_ref(), now)
            }
            Request::Reversal(advice) => step::reversal(message, advice, &known(&advice.key, None), now),
            Request::Day(day) => totals::compare(message, day, &day.totals, None),
            Request::Management(code) => step::management(message, code),
        }
    }

    /// What standing returns gave back of a payment.
    fn given_back(&self, of: &PaymentKey) -> Yen {
        let returns = self.book.values().filter(|entry| entry.of == of.rrn && entry.state == State::Refunded);
        returns.fold(Yen::ZERO, |sum, entry| sum.plus(entry.amount).unwrap_or(sum))
    }

    fn writes(&mut self, world: &mut World, changes: &[Change], note: &str) -> Result<(), Halt> {
        for change in changes {
            self.watches(world, change);
        }
        self.disk.commit(world, changes.to_vec(), format_args!("{note}"))?;
        for change in changes {
            self.fold(change);
        }
        Ok(())
    }

    /// Final is final here too: what was undone is never charged.
    fn watches(&self, world: &mut World, change: &Change) {
        if let Change::Turn(key, State::Charged | State::Held) = change
            && let Some(entry) = self.book.get(key)
            && matches!(entry.state, State::Reversed | State::Declined | State::Tombstone)
        {
            world.broke("final is final at the network", format!("{key} was {}", entry.state.word()));
        }
    }

    /// What a planted bug makes of a decision.
    fn spoiled(&self, world: &World, message: &Message, mut done: Done) -> Option<Done> {
        if world.has(Bug::TombstoneMissingAtNetwork) {
            done.changes
                .retain(|change| !matches!(change, Change::Enter(entry) if entry.state == State::Tombstone));
        }
        if world.has(Bug::NetworkChargesTwice)
            && [Mti::FINANCIAL_REQUEST, Mti::AUTHORIZATION_REQUEST].contains(&message.mti())
            && done.changes.is_empty()
            && done.answer.text(39) == Some("00")
        {
            // Booked once more beside the first, under a name of its own.
            let entry = self.book.values().find(|entry| message.text(37) == Some(entry.key.rrn.as_str()))?;
            let key = PaymentKey { shop: "again".to_owned(), ..entry.key.clone() };
            done.changes.push(Change::Enter(Box::new(Entry { key, ..entry.clone() })));
        }
        Some(done)
    }
}

/// The shell's part of decrypting: the card is always the one.
fn opens(payment: &request::Payment) -> Option<Opened> {
    let KeySerial::Aes(ksn) = payment.secret.card.as_ref()?.ksn else { return None };
    let ksn = Ksn::from_bytes(ksn);
    let card = CardData::from_pan_and_expiry(cardkeys::Pan::parse(CARD).ok()?, EXPIRY).ok()?;
    Some(Opened { reader: ksn.initial_key_id, lowest: ksn.counter, highest: ksn.counter, card, pin: None })
}

fn answers(world: &mut World, answer: Message) -> Result<(), Halt> {
    world.send(Party::Network, Party::Center, Letter::Iso(Box::new(answer)))?;
    Ok(())
}

/// The lane of a reader's key.
pub(crate) const fn reader_key(lane: usize) -> [u8; 8] {
    let mut key = [9; 8];
    key[0] = if lane < LANES { b'A' } else { b'B' };
    key[1] = if lane == 0 { 0 } else { 1 };
    key
}
