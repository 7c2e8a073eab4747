//! How long a doubt lasts once the links are back (R4): from the end of the faults, or from when it began after
//! that, until the payment is final in every book that can be in doubt: the terminal's journal, the center's table and
//! its outbox, which is empty only when the network has acknowledged. A register waits for its own answer.
//!
//! A payment that the center is still asking its network about for the first time is under way and no doubt: the
//! network has its twenty seconds. Its doubt begins when the center gives it up. A customer who has still to
//! confirm on the phone is no doubt either.

use crate::run::Cast;
use crate::terminal::Terminal;
use crate::weather::QUIET_US;
use crate::world::World;
use payment::{PaymentId, StateName};
use std::collections::BTreeMap;
use terminal::attempt::{Remedy, remedy};

/// No doubt lasts longer than this once the links are back.
pub(crate) const LONGEST_US: i64 = 60_000_000;
/// Of a thousand doubts so many must end within [`MOST_MS`].
const MOST_PERMILLE: u64 = 990;
/// See [`MOST_PERMILLE`].
const MOST_MS: i64 = 10_000;

/// The doubts of a seed.
#[derive(Debug, Default)]
pub(crate) struct Doubts {
    /// Since when each is one, and whether it was when the links came back.
    open: BTreeMap<PaymentId, (i64, bool)>,
    ended: Ended,
}

/// How long the doubts of one or many seeds lasted.
#[derive(Clone, Debug, Default)]
pub struct Ended {
    /// Those that the links' return found, from then on.
    pub found: Lasting,
    /// Those that began afterwards, about payments that were under way: from their beginning on.
    pub later: Lasting,
}

impl Ended {
    /// Takes others in.
    pub fn merge(&mut self, other: &Self) {
        self.found.merge(&other.found);
        self.later.merge(&other.later);
    }
}

impl Doubts {
    /// The links are back: whatever anybody is in doubt about now, or has still to tell or to undo.
    pub(crate) fn begin(&mut self, cast: &Cast, world: &mut World) {
        for id in world.truth.minted.keys() {
            let asked_about = cast.terminals.iter().any(|terminal| asks_about(terminal, *id));
            let row = cast.center.tables().rows.get(id);
            let told = row.is_some_and(|row| row.standing.advice.is_some());
            if !is_under_way(cast, *id) && (asked_about || told || is_in_doubt(cast, *id)) {
                self.open.insert(*id, (QUIET_US, true));
            }
        }
        self.look(cast, world);
    }

    /// Looks who is in doubt now and whose doubt has ended. Nothing counts before the links are back.
    pub(crate) fn look(&mut self, cast: &Cast, world: &mut World) {
        if !world.is_quiet() {
            return;
        }
        for id in world.truth.minted.keys() {
            if !is_under_way(cast, *id) && is_in_doubt(cast, *id) {
                self.open.entry(*id).or_insert((world.now_us, false));
            }
        }
        let is_over = |id: &&PaymentId| is_final(cast, **id);
        let over: Vec<PaymentId> = self.open.keys().filter(is_over).copied().collect();
        for id in over {
            if let Some((since_us, found)) = self.open.remove(&id) {
                let lasted_us = world.now_us.saturating_sub(since_us);
                if lasted_us > LONGEST_US {
                    lasts_too_long(world, id);
                }
                let ms = lasted_us / 1000;
                if found { self.ended.found.add(ms) } else { self.ended.later.add(ms) }
            }
        }
    }

    /// Whether one has lasted too long by now.
    pub(crate) fn check(&self, world: &mut World, now_us: i64) {
        let lasts = |since_us: i64| now_us.saturating_sub(since_us);
        let too_long = self.open.iter().find(|(_, (since_us, _))| lasts(*since_us) >= LONGEST_US);
        if let Some((id, _)) = too_long {
            lasts_too_long(world, *id);
        }
    }

    pub(crate) fn ended(self) -> Ended {
        self.ended
    }
}

fn lasts_too_long(world: &mut World, id: PaymentId) {
    let what = format!("{} is in doubt for a minute", World::name(id));
    world.broke("a doubt ends within a minute of the links' return", what);
}

/// Whether the center is still asking its network for the first time.
fn is_under_way(cast: &Cast, id: PaymentId) -> bool {
    cast.center.tables().rows.get(&id).is_some_and(|row| row.standing.state.name() == StateName::Sent)
}

/// Whether terminal or center has it in doubt.
fn is_in_doubt(cast: &Cast, id: PaymentId) -> bool {
    let attempt = cast.terminals.iter().find_map(|terminal| terminal.attempts().get(&id));
    let row = cast.center.tables().rows.get(&id);
    attempt.is_some_and(|attempt| attempt.name() == StateName::InDoubt)
        || row.is_some_and(|row| row.standing.state.name() == StateName::InDoubt)
}

/// Whether the terminal asks about it until it is final.
fn asks_about(terminal: &Terminal, id: PaymentId) -> bool {
    let remedy = terminal.attempts().get(&id).map(remedy);
    terminal.settles_now(id) && !matches!(remedy, None | Some(Remedy::None | Remedy::Await))
}

fn is_final(cast: &Cast, id: PaymentId) -> bool {
    let attempt = cast.terminals.iter().find_map(|terminal| terminal.attempts().get(&id));
    let tables = cast.center.tables();
    attempt.is_none_or(|attempt| attempt.name().is_final() && remedy(attempt) == Remedy::None)
        && tables
            .rows
            .get(&id)
            .is_none_or(|row| row.standing.state.name().is_final() && row.standing.advice.is_none())
        && tables.outbox.keys().all(|(about, _)| *about != id)
}

/// How long doubts lasted, in milliseconds.
#[derive(Clone, Debug, Default)]
pub struct Lasting {
    by_ms: BTreeMap<i64, u64>,
}

impl Lasting {
    fn add(&mut self, ms: i64) {
        let times = self.by_ms.entry(ms).or_default();
        *times = times.saturating_add(1);
    }

    /// Takes others in.
    pub fn merge(&mut self, other: &Self) {
        for (ms, times) in &other.by_ms {
            let sum = self.by_ms.entry(*ms).or_default();
            *sum = sum.saturating_add(*times);
        }
    }

    /// How many.
    pub fn count(&self) -> u64 {
        self.by_ms.values().sum()
    }

    /// So many of a thousand lasted no longer than this.
    pub fn at_permille(&self, permille: u64) -> i64 {
        let wanted = self.count().saturating_mul(permille).div_ceil(1000);
        let mut sum: u64 = 0;
        for (ms, times) in &self.by_ms {
            sum = sum.saturating_add(*times);
            if sum >= wanted {
                return *ms;
            }
        }
        0
    }

    /// The longest.
    pub fn longest(&self) -> i64 {
        self.by_ms.last_key_value().map_or(0, |(ms, _)| *ms)
    }

    /// Whether ninety-nine of a hundred ended within ten seconds.
    pub fn most_are_short(&self) -> bool {
        self.at_permille(MOST_PERMILLE) <= MOST_MS
    }
}

impl std::fmt::Display for Lasting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = |ms: i64| format!("{}.{:03} s", ms / 1000, ms % 1000);
        write!(
            f,
            "{}, p50 {}, p90 {}, p99 {}, longest {}",
            self.count(),
            seconds(self.at_permille(500)),
            seconds(self.at_permille(900)),
            seconds(self.at_permille(MOST_PERMILLE)),
            seconds(self.longest())
        )
    }
}
