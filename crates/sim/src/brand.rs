//! The code brand: the decisions are those of `netsim::code`, the book is a log on the simulation's disk.

use crate::disk::Disk;
use crate::message::{BrandAsk, Letter, Party};
use crate::world::{Halt, Script, World};
use jiff::Timestamp;
use netsim::code::back::{self, AskedRefund};
use netsim::code::book::{Change, Charge, Key, Known, Refund};
use netsim::code::rules::Rules;
use netsim::code::step::{self, Asked, Done};
use netsim::code::{shown, step::World as Seen};
use payment::PaymentId;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The one brand of the world.
const BRAND: &str = "paypay";
/// Its customers, the common ones several times: pay at once, confirm, refuse, do nothing, are short.
const WALLETS: [&str; 10] = [
    "aoi-paypay",
    "aoi-paypay",
    "aoi-paypay",
    "aoi-paypay",
    "haru-paypay",
    "haru-paypay",
    "haru-paypay",
    "ren-paypay",
    "mei-paypay",
    "poor-paypay",
];

fn rules() -> Option<&'static Rules> {
    static RULES: OnceLock<Option<Rules>> = OnceLock::new();
    RULES.get_or_init(|| Rules::built_in().ok()).as_ref()
}

/// What the customer of this payment shows to the scanner.
pub(crate) fn code_of(world: &World, id: PaymentId, script: &Script) -> Option<String> {
    let rules = rules()?;
    let wallet = rules.wallet(WALLETS.get(script.wallet)?)?;
    let [.., a, b, c, d] = *id.bytes();
    let serial = u64::from(u32::from_be_bytes([a, b, c, d]));
    Some(shown::make(rules.brand(BRAND)?, wallet, now(world), serial).digits)
}

/// How many kinds of customers there are.
pub(crate) const fn wallets() -> u64 {
    WALLETS.len() as u64
}

fn now(world: &World) -> Timestamp {
    Timestamp::from_microsecond(world.clock_us(Party::Brand)).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn key(id: PaymentId) -> Key {
    Key { brand: BRAND.to_owned(), merchant: "shop".to_owned(), id: id.to_string() }
}

/// The brand.
pub(crate) struct Brand {
    disk: Disk<Change>,
    charges: BTreeMap<Key, Charge>,
    refunds: BTreeMap<Key, Refund>,
}

impl Brand {
    /// A brand without payments.
    pub(crate) const fn new() -> Self {
        Self { disk: Disk::new(Party::Brand), charges: BTreeMap::new(), refunds: BTreeMap::new() }
    }

    /// Begins again from the disk.
    pub(crate) fn start(&mut self) {
        self.charges.clear();
        self.refunds.clear();
        for change in self.disk.rows().to_vec() {
            self.fold(&change);
        }
    }

    fn fold(&mut self, change: &Change) {
        match change {
            Change::Enter(charge) | Change::Turn(charge) => {
                self.charges.insert(charge.key.clone(), (**charge).clone());
            }
            Change::Refund(given) => drop(self.refunds.insert(given.key.clone(), (**given).clone())),
        }
    }

    /// What it knows of a payment.
    pub(crate) fn charge(&self, id: PaymentId) -> Option<&Charge> {
        self.charges.get(&key(id))
    }

    /// Every payment.
    pub(crate) fn charges(&self) -> impl Iterator<Item = &Charge> {
        self.charges.values()
    }

    /// A refund that was carried out.
    pub(crate) fn refund(&self, id: PaymentId) -> Option<&Refund> {
        self.refunds.get(&key(id))
    }

    /// The center asks.
    pub(crate) fn hears(&mut self, world: &mut World, call: u64, ask: &BrandAsk) -> Result<(), Halt> {
        let Some(done) = self.decides(world, ask) else { return Ok(()) };
        if !done.changes.is_empty() {
            match self.disk.commit(world, done.changes.clone(), format_args!("{ask}")) {
                // Nothing is answered when it cannot be written.
                Err(Halt::Full) => return Ok(()),
                written => written?,
            }
            for change in &done.changes {
                self.fold(change);
            }
        }
        let (status, body) = (done.reply.result.status, done.reply.body().to_string().into_bytes());
        world.send(Party::Brand, Party::Center, Letter::FromBrand(call, status, body))?;
        Ok(())
    }

    fn decides(&self, world: &World, ask: &BrandAsk) -> Option<Done> {
        let rules = rules()?;
        let (brand, now) = (rules.brand(BRAND)?, now(world));
        let seen = Seen { rules, brand, now, magic: false, forced: None };
        Some(match ask {
            BrandAsk::Pay { id, amount, code } => {
                let code_hash = code.as_bytes().to_vec();
                let used = |charge: &Charge| charge.code_hash == code_hash && charge.key != key(*id);
                let code_is_used = self.charges.values().any(used);
                let known = Known { code_is_used, ..self.known(*id) };
                let asked = Asked {
                    key: key(*id),
                    amount: *amount,
                    code: code.clone(),
                    code_hash,
                    terminal: String::new(),
                    requested_at: 0,
                };
                step::pay(&asked, &known, seen)
            }
            BrandAsk::Inquire(id) => step::inquire(&self.known(*id), seen),
            BrandAsk::Cancel(id) => back::cancel(&key(*id), &self.known(*id), seen),
            BrandAsk::Refund { id, of, amount } => {
                let known = Known { refund: self.refund(*id).cloned(), ..self.known(*of) };
                let asked =
                    AskedRefund { key: key(*id), amount: *amount, reason: String::new(), requested_at: 0 };
                back::refund(&asked, &known, seen)
            }
            BrandAsk::InquireRefund { id, of } => {
                back::inquire(&Known { refund: self.refund(*id).cloned(), ..self.known(*of) })
            }
        })
    }

    fn known(&self, id: PaymentId) -> Known {
        let charge = self.charge(id).cloned();
        let of = id.to_string();
        let refunds = self.refunds.values().filter(|given| given.of == of).cloned().collect();
        Known { charge, refunds, ..Known::default() }
    }
}
