//! Time, the net, life and death: everything that happens to the parties and is not their own doing.

use crate::bug::Bug;
use crate::chance::Chance;
use crate::message::{CallNo, LANES, Letter, Party, Service, Short};
use crate::story::Story;
use crate::weather::{QUIET_US, Weather};
use money::Yen;
use payment::PaymentId;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt;
use std::time::Duration;

/// The instant at which every story begins: 2026-11-21 03:00 in Tokyo.
pub(crate) const EPOCH_US: i64 = 1_795_197_600_000_000;

/// A limit of the product as the simulation counts time.
pub(crate) const fn us(span: Duration) -> i64 {
    span.as_secs().cast_signed() * 1_000_000 + span.subsec_micros() as i64
}

/// Why a party stops what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    /// It died here.
    Dead,
    /// Its disk has no space; nothing was written.
    Full,
}

/// It died here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dead;

impl From<Dead> for Halt {
    fn from(Dead: Dead) -> Self {
        Self::Dead
    }
}

/// What a party is woken for. What each means, its own file says.
#[derive(Clone, Debug)]
pub(crate) enum Wake {
    /// The register's next cart.
    NextCart,
    /// The register has waited long enough for this service.
    NoAnswer(Service, u32),
    /// A card was read, or the customer has gone.
    Card(PaymentId),
    /// The customer signs, or the clerk gives the hold back.
    Sign(PaymentId),
    /// The question that a remedy asks; only the newest turn counts.
    Settle(PaymentId, u32),
    /// The answer to a payment's own request stays away.
    Beside(CallNo),
    /// The terminal tries its line; only the newest turn counts.
    Probe(u32),
    /// Such a try has waited long enough.
    ProbeOver(CallNo),
    /// A question to the center has waited long enough.
    CallOver(CallNo),
    /// The center asks the network, having committed.
    AskNetwork(PaymentId, Option<CallNo>),
    /// The same, having waited for the line.
    AskNow(PaymentId, Option<CallNo>),
    /// The center connects to the network and signs on.
    SignOn,
    /// The sign-on with this trace number has waited long enough.
    SignOnOver(u32),
    /// The network was silent for too long.
    NetworkSilent(PaymentId),
    /// The center tries to commit an outcome again.
    Outcome(PaymentId),
    /// Something may be due at the center.
    Sweep,
    /// Something may be due in the outbox.
    Outbox,
    /// An advice was not acknowledged in time.
    AdviceSilent(u32, i64),
    /// An advice has waited so long that its network counts as silent.
    AdvicePatience(u32, i64),
    /// The line to the network may be quiet; only the newest turn counts.
    Quiet(u32),
    /// An echo has waited long enough: the frames that had been heard when it was sent.
    EchoOver(u64),
    /// A question to the brand has waited so long that the brand counts as silent.
    BrandPatience(u64),
    /// The silent brand is asked whether it answers again.
    BrandProbe,
    /// The brand has not answered this question.
    BrandSilent(u64),
    /// Has the customer confirmed?
    Poll(PaymentId),
    /// A planted bug does late what should have been done before.
    Late(PaymentId),
    /// The clerk has looked at a doubt for a while.
    Impatient(PaymentId),
    /// Nobody has answered about what the clerk did on the screen.
    Unanswered(PaymentId),
}

#[derive(Debug)]
pub(crate) enum Event {
    Arrive { from: Party, to: Party, letter: Letter },
    Wake { party: Party, life: u32, wake: Wake },
    Start(Party),
}

struct Due {
    at_us: i64,
    order: u64,
    event: Event,
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        (self.at_us, self.order) == (other.at_us, other.order)
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at_us, self.order).cmp(&(other.at_us, other.order))
    }
}

#[derive(Clone, Copy, Debug)]
struct Life {
    number: u32,
    up: bool,
}

/// What the customer and the card will do: outside every program, so no crash forgets it.
#[expect(clippy::struct_excessive_bools, reason = "each is a thing that a customer may do")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Script {
    /// The cart that this payment is for.
    pub(crate) cart: u32,
    /// Of a refund: the payment.
    pub(crate) of: Option<PaymentId>,
    /// The service that asked for it.
    pub(crate) service: Service,
    /// A signature is asked for (0100, 0220).
    pub(crate) signature: bool,
    /// The chip refuses the approval.
    pub(crate) chip_refuses: bool,
    /// The customer goes away before a card is read.
    pub(crate) leaves: bool,
    /// The hold is given back instead of signed; a code payment is cancelled while its customer thinks.
    pub(crate) gives_back: bool,
    /// It is paid by code, or gives back what was.
    pub(crate) by_code: bool,
    /// Whose phone shows the code.
    pub(crate) wallet: usize,
}

/// What is true whoever forgot it: for the checks only, no party may look.
#[derive(Clone, Debug, Default)]
pub(crate) struct Truth {
    /// Every payment that a terminal ever minted.
    pub(crate) minted: BTreeMap<PaymentId, Script>,
    /// The payment behind a reference number.
    pub(crate) by_rrn: BTreeMap<String, PaymentId>,
    /// The cart of a service with its amount.
    pub(crate) carts: BTreeMap<u32, Yen>,
    /// The slips in the customers' hands: any register takes them.
    pub(crate) slips: Vec<(PaymentId, Yen)>,
    /// What a clerk was told about the money of a payment, and may have told the customer.
    pub(crate) said: BTreeMap<PaymentId, bool>,
    /// The events that a terminal's screen had had when it was looked at last.
    pub(crate) looked: [u64; LANES],
}

/// The world around the parties.
pub(crate) struct World {
    /// Microseconds since the story began.
    pub(crate) now_us: i64,
    /// Chance.
    pub(crate) chance: Chance,
    /// The faults of this seed.
    pub(crate) weather: Weather,
    /// What happened.
    pub(crate) story: Story,
    /// The bug that is planted.
    pub(crate) bug: Option<Bug>,
    /// For the checks.
    pub(crate) truth: Truth,
    /// The first broken promise.
    pub(crate) broken: Option<Broken>,
    /// Something was written since the checks looked.
    pub(crate) written: bool,
    queue: BinaryHeap<Reverse<Due>>,
    order: u64,
    lives: [Life; Party::ALL.len()],
    readers: [u32; LANES],
    calls: u64,
}

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which check saw it.
    pub check: &'static str,
    /// What it saw.
    pub what: String,
}

impl World {
    /// A world at its beginning.
    pub(crate) fn new(seed: u64, told: bool, bug: Option<Bug>) -> Self {
        let mut chance = Chance::new(seed);
        let weather = Weather::draw(&mut chance);
        Self {
            now_us: 0,
            chance,
            weather,
            story: Story::new(told),
            bug,
            truth: Truth::default(),
            broken: None,
            written: false,
            queue: BinaryHeap::new(),
            order: 0,
            lives: [Life { number: 0, up: false }; Party::ALL.len()],
            readers: [0; LANES],
            calls: 0,
        }
    }

    /// Whether the faults have stopped.
    pub(crate) const fn is_quiet(&self) -> bool {
        self.now_us >= QUIET_US
    }

    /// Whether this bug is planted.
    pub(crate) fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    /// A party's clock, UTC microseconds.
    pub(crate) fn clock_us(&self, party: Party) -> i64 {
        let skew = self.weather.skew_us.get(party.index()).copied().unwrap_or(0);
        EPOCH_US.saturating_add(self.now_us).saturating_add(skew)
    }

    /// Tells the story.
    pub(crate) fn tell(&mut self, who: Party, what: fmt::Arguments<'_>) {
        self.story.line(self.now_us, who, what);
    }

    /// A promise is broken; the first one counts.
    pub(crate) fn broke(&mut self, check: &'static str, what: String) {
        if self.broken.is_none() {
            self.story.line(self.now_us, "CHECK", format_args!("{check}: {what}"));
            self.broken = Some(Broken { check, what });
        }
    }

    /// A number that no other question has.
    pub(crate) fn call_no(&mut self) -> CallNo {
        self.calls = self.calls.saturating_add(1);
        CallNo(self.calls)
    }

    /// The reader's next key counter: kept by the reader, never used twice.
    pub(crate) fn key_counter(&mut self, lane: usize) -> u32 {
        let Some(counter) = self.readers.get_mut(lane) else { return 0 };
        *counter = counter.saturating_add(1);
        *counter
    }

    /// An id that no payment has, and what its customer will do.
    pub(crate) fn mint(
        &mut self,
        party: Party,
        cart: u32,
        service: Service,
        of: Option<PaymentId>,
    ) -> PaymentId {
        let number = u64::try_from(self.truth.minted.len()).unwrap_or(0).saturating_add(1);
        let mut random = [0; 10];
        random.copy_from_slice(&[&[7, 7], &number.to_be_bytes()[..]].concat());
        let id = PaymentId::mint(self.clock_us(party), random);
        let by_code = match of {
            Some(of) => self.truth.minted.get(&of).is_some_and(|script| script.by_code),
            None => self.chance.permille(self.weather.codes),
        };
        let wallet = usize::try_from(self.chance.below(crate::brand::wallets())).unwrap_or(0);
        // Whoever comes when the faults have stopped pays at once, so that the story ends.
        let wallet = if self.is_quiet() { 0 } else { wallet };
        let mut often = |times| self.chance.permille(times);
        let script = Script {
            cart,
            of,
            service,
            signature: often(400),
            chip_refuses: often(150),
            leaves: often(80),
            gives_back: often(150),
            by_code,
            wallet,
        };
        self.truth.by_rrn.insert(id.rrn(), id);
        self.truth.minted.insert(id, script);
        id
    }

    fn put(&mut self, at_us: i64, event: Event) {
        self.order = self.order.saturating_add(1);
        self.queue.push(Reverse(Due { at_us, order: self.order, event }));
    }

    /// The next event not later than `until_us`; the clock stands at it then.
    pub(crate) fn next(&mut self, until_us: i64) -> Option<Event> {
        if self.queue.peek().is_none_or(|Reverse(due)| due.at_us > until_us) {
            return None;
        }
        let Reverse(due) = self.queue.pop()?;
        self.now_us = due.at_us;
        Some(due.event)
    }

    /// Wakes a party later, should it live so long.
    pub(crate) fn wake(&mut self, party: Party, after_us: i64, wake: Wake) {
        let life = self.life(party).number;
        self.put(self.now_us.saturating_add(after_us), Event::Wake { party, life, wake });
    }

    fn life(&self, party: Party) -> Life {
        self.lives.get(party.index()).copied().unwrap_or(Life { number: 0, up: false })
    }

    /// Whether a party lives.
    pub(crate) fn is_up(&self, party: Party) -> bool {
        self.life(party).up
    }

    /// Whether a wake is meant for the life that a party has now.
    pub(crate) fn is_for(&self, party: Party, life: u32) -> bool {
        self.life(party).up && self.life(party).number == life
    }

    /// A party lives from now on.
    pub(crate) fn begins(&mut self, party: Party) {
        if let Some(life) = self.lives.get_mut(party.index()) {
            *life = Life { number: life.number.saturating_add(1), up: true };
        }
    }

    /// Starts a party later.
    pub(crate) fn start(&mut self, party: Party, after_us: i64) {
        self.put(self.now_us.saturating_add(after_us), Event::Start(party));
    }

    /// A party is dead, and comes back some time later.
    pub(crate) fn dies(&mut self, party: Party) {
        if let Some(life) = self.lives.get_mut(party.index()) {
            life.up = false;
        }
        self.tell(party, format_args!("DIES"));
        let most = if self.chance.permille(100) { 30_000_000 } else { 4_000_000 };
        let after_us = self.chance.between(100_000, most);
        let until_quiet = QUIET_US.saturating_sub(self.now_us).max(100_000);
        self.start(party, after_us.min(until_quiet));
    }

    /// A place where a party may die: before and after every write and every send.
    pub(crate) fn boundary(&mut self) -> Result<(), Dead> {
        if !self.is_quiet() && self.chance.permille(self.weather.death) { Err(Dead) } else { Ok(()) }
    }

    /// Whether a party's disk takes nothing now.
    pub(crate) fn is_full(&self, party: Party) -> bool {
        let (from, until) = self.weather.full_us.get(party.index()).copied().unwrap_or((0, 0));
        (from..until).contains(&self.now_us)
    }

    /// Sends a letter. False: no connection was made, not one byte left.
    #[expect(clippy::needless_pass_by_value, reason = "who sends has given it away; it may arrive twice")]
    pub(crate) fn send(&mut self, from: Party, to: Party, letter: Letter) -> Result<bool, Dead> {
        self.boundary()?;
        // Who is certainly away refuses the connection; sometimes that stays unnoticed.
        if !self.is_up(to) && self.chance.permille(700) {
            self.tell(from, format_args!("→ {to}: no connection for {letter}"));
            return Ok(false);
        }
        let quiet = self.is_quiet();
        let is_lost = !quiet && self.chance.permille(self.weather.loss);
        let is_twice = !quiet && self.chance.permille(self.weather.twice);
        let note = if is_lost {
            " (lost)"
        } else if is_twice {
            " (twice)"
        } else {
            ""
        };
        self.tell(from, format_args!("→ {to}: {letter}{note}"));
        let copies = usize::from(!is_lost).saturating_add(usize::from(is_twice));
        for _ in 0..copies {
            let delay_us = if quiet {
                self.chance.between(500, 50_000)
            } else {
                self.weather.delay_us(&mut self.chance)
            };
            self.put(
                self.now_us.saturating_add(delay_us),
                Event::Arrive { from, to, letter: letter.clone() },
            );
        }
        self.boundary()?;
        Ok(true)
    }

    /// What a payment is called in the story.
    pub(crate) const fn name(id: PaymentId) -> Short {
        Short(id)
    }
}
