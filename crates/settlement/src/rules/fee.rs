//! Fees and tax: parts per million of a signed sum, always cut toward zero, so that a sum and its opposite cancel.

use super::net::Net;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A rate in parts per million, 0 to 1,000,000 (26,000 is 2.6 %).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Ppm(u32);

/// Rates that no contract can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadRates;

impl fmt::Display for BadRates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a rate is 0 to 1,000,000 parts per million, and so are both parts of a fee together")
    }
}

impl std::error::Error for BadRates {}

/// Parts in a whole.
const MILLION: u32 = 1_000_000;

impl Ppm {
    /// No parts.
    pub const ZERO: Self = Self(0);

    /// A rate of 0 to 1,000,000 parts per million.
    pub const fn new(ppm: u32) -> Result<Self, BadRates> {
        if ppm > MILLION { Err(BadRates) } else { Ok(Self(ppm)) }
    }

    /// The parts per million.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// As notices print it: `3.24%`, without zeros at the end.
    pub fn percent(self) -> String {
        payment::tax::percent(self.0)
    }
}

impl TryFrom<u32> for Ppm {
    type Error = BadRates;
    fn try_from(ppm: u32) -> Result<Self, BadRates> {
        Self::new(ppm)
    }
}

impl From<Ppm> for u32 {
    fn from(ppm: Ppm) -> Self {
        ppm.0
    }
}

/// Both parts of a fee's rate: the transfer of a receivable is exempt from tax, a service is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rates {
    exempt: Ppm,
    taxable: Ppm,
}

impl Rates {
    /// No fee.
    pub const FREE: Self = Self { exempt: Ppm::ZERO, taxable: Ppm::ZERO };

    /// Rates whose sum is a rate too, so that a fee is never more than the sales.
    pub fn new(exempt: Ppm, taxable: Ppm) -> Result<Self, BadRates> {
        Ppm::new(exempt.0.saturating_add(taxable.0)).map(|_| Self { exempt, taxable })
    }

    /// The part that is exempt from tax, parts per million of the sales.
    pub const fn exempt(self) -> Ppm {
        self.exempt
    }

    /// The part on which tax is due, parts per million of the sales.
    pub const fn taxable(self) -> Ppm {
        self.taxable
    }

    /// Both parts together, the rate that is printed.
    pub const fn total(self) -> Ppm {
        Ppm(self.exempt.0.saturating_add(self.taxable.0))
    }
}

/// A fee and its parts; the parts sum to the total. It has the sign of the sales.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fee {
    /// What is kept of the sales, whole yen.
    pub total: Net,
    /// The part on which tax is due.
    pub taxable: Net,
    /// The rest.
    pub exempt: Net,
}

/// `yen` times `rate`, exact, then cut toward zero.
pub fn cut(yen: Net, rate: Ppm) -> Net {
    // Twelve digits times a million fit in 128 bits, and the quotient is never larger than `yen`.
    let product = i128::from(yen.get()).saturating_mul(i128::from(rate.0));
    let quotient = product.checked_div(i128::from(MILLION)).unwrap_or(0);
    i64::try_from(quotient).ok().and_then(|yen| Net::new(yen).ok()).unwrap_or(yen)
}

/// The fee of a line with these sales (U-070, X-084, model.md 3.5 step 3).
pub fn fee(sales: Net, rates: Rates) -> Fee {
    let (total, taxable) = (cut(sales, rates.total()), cut(sales, rates.taxable));
    // Both have the sign of the sales and the taxable part is the smaller one: the difference is in range.
    let exempt = total.minus(taxable).unwrap_or_default();
    Fee { total, taxable, exempt }
}

/// The consumption tax on a fee of this day, parts per million. It changes on the first of a month only and no
/// window crosses one, so all days of a window have the same.
pub fn tax_at(day: Date) -> Ppm {
    Ppm::new(payment::tax::tax_rates_at(day).standard).unwrap_or(Ppm::ZERO)
}
