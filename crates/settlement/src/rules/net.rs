//! Signed whole yen: sums of sales and give-backs, fees, balances. A payment's amount is a `Yen`; this is not one.

use money::Yen;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Whole yen of either sign, -999,999,999,999 to 999,999,999,999.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Net(i64);

/// A sum beyond twelve digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sum in whole yen has more than twelve digits")
    }
}

impl std::error::Error for TooLarge {}

impl Net {
    /// No yen.
    pub const ZERO: Self = Self(0);

    /// Signed whole yen, or [`TooLarge`] beyond twelve digits.
    pub const fn new(yen: i64) -> Result<Self, TooLarge> {
        let most = Yen::MAX.get();
        if yen > most || yen.unsigned_abs() > most.unsigned_abs() { Err(TooLarge) } else { Ok(Self(yen)) }
    }

    /// The count of yen.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Nothing at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Below zero.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The sum.
    pub fn plus(self, other: Self) -> Result<Self, TooLarge> {
        self.0.checked_add(other.0).ok_or(TooLarge).and_then(Self::new)
    }

    /// The difference.
    pub fn minus(self, other: Self) -> Result<Self, TooLarge> {
        self.plus(other.opposite())
    }

    /// The same count with the other sign. The range is symmetric, so every sum has its opposite.
    pub const fn opposite(self) -> Self {
        Self(self.0.saturating_neg())
    }

    /// The sum of all.
    pub fn sum(all: impl IntoIterator<Item = Self>) -> Result<Self, TooLarge> {
        all.into_iter().try_fold(Self::ZERO, Self::plus)
    }

    /// The count without its sign.
    pub fn size(self) -> Yen {
        // The range of `Net` is that of `Yen` on both sides of zero.
        Yen::new(self.0.saturating_abs()).unwrap_or(Yen::MAX)
    }
}

impl fmt::Display for Net {
    /// `-3,871`, as notices print it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&money::group(self.0))
    }
}

impl From<Yen> for Net {
    fn from(yen: Yen) -> Self {
        Self(yen.get())
    }
}

impl TryFrom<i64> for Net {
    type Error = TooLarge;
    fn try_from(yen: i64) -> Result<Self, TooLarge> {
        Self::new(yen)
    }
}

impl From<Net> for i64 {
    fn from(net: Net) -> Self {
        net.0
    }
}
