//! How bad the world of a seed is. Everything is in thousandths and microseconds.

use crate::chance::Chance;
use crate::message::Party;

/// When the faults stop.
pub(crate) const QUIET_US: i64 = 90_000_000;
/// How long after that everything must be settled (R4).
pub(crate) const SETTLED_US: i64 = 60_000_000;
/// How long the world goes on after that, so that whatever is still on its way arrives.
pub(crate) const REST_US: i64 = 120_000_000;

/// The faults of a seed.
#[derive(Clone, Debug)]
pub(crate) struct Weather {
    /// Messages lost.
    pub(crate) loss: u64,
    /// Messages that arrive twice.
    pub(crate) twice: u64,
    /// Messages that take up to 3 s.
    pub(crate) slow: u64,
    /// Messages that take longer than every time-out.
    pub(crate) late: u64,
    /// Parts may be given back, as returns; otherwise the whole, as a void.
    pub(crate) parts: bool,
    /// Sales that are paid by code.
    pub(crate) codes: u64,
    /// Deaths at a write or a send.
    pub(crate) death: u64,
    /// How wrong each party's clock is.
    pub(crate) skew_us: [i64; Party::ALL.len()],
    /// When each party's disk is full, from and until.
    pub(crate) full_us: [(i64, i64); Party::ALL.len()],
}

impl Weather {
    /// The weather of a seed.
    pub(crate) fn draw(chance: &mut Chance) -> Self {
        let mut some =
            |most: u64| if chance.permille(300) { 0 } else { chance.below(most.saturating_add(1)) };
        let (loss, twice, slow, late, death) = (some(300), some(200), some(200), some(60), some(40));
        let skew_us = std::array::from_fn(|_| chance.between(-600_000_000, 600_000_000));
        let full_us = std::array::from_fn(|_| {
            if !chance.permille(100) {
                return (0, 0);
            }
            let from = chance.between(0, QUIET_US);
            (from, from.saturating_add(chance.between(1_000_000, 20_000_000)).min(QUIET_US))
        });
        let parts = chance.permille(600);
        let codes = if chance.permille(300) { 0 } else { chance.below(1001) };
        Self { loss, twice, slow, late, parts, codes, death, skew_us, full_us }
    }

    /// How long a message takes.
    pub(crate) fn delay_us(&self, chance: &mut Chance) -> i64 {
        if chance.permille(self.late) {
            chance.between(3_000_000, 60_000_000)
        } else if chance.permille(self.slow) {
            chance.between(50_000, 3_000_000)
        } else {
            chance.between(500, 50_000)
        }
    }
}
