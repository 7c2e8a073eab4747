//! Money: whole yen, never negative, never a float.
//!
//! JPY has no minor unit, so an amount is a count of yen. Rates are parts per million and every
//! rounding is named where it happens.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, clippy::as_conversions))]

use serde::{Deserialize, Serialize};
use std::fmt;

/// An amount of whole Japanese yen: 0 to 999,999,999,999 (ISO 8583 DE 4 has twelve digits).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Yen(i64);

/// An amount that no payment can have: negative, beyond twelve digits, or not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnAmount;

impl fmt::Display for NotAnAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an amount in whole yen between 0 and 999,999,999,999")
    }
}

impl std::error::Error for NotAnAmount {}

impl Yen {
    /// No yen.
    pub const ZERO: Self = Self(0);
    /// The largest amount that twelve digits hold.
    pub const MAX: Self = Self(999_999_999_999);

    /// An amount, or [`NotAnAmount`] when it is negative or has more than twelve digits.
    pub const fn new(yen: i64) -> Result<Self, NotAnAmount> {
        if yen < 0 || yen > Self::MAX.0 { Err(NotAnAmount) } else { Ok(Self(yen)) }
    }

    /// The count of yen.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Nothing at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, or [`NotAnAmount`] beyond twelve digits.
    pub fn plus(self, other: Self) -> Result<Self, NotAnAmount> {
        self.0.checked_add(other.0).ok_or(NotAnAmount).and_then(Self::new)
    }

    /// What is left, or [`NotAnAmount`] when `other` is larger.
    pub fn minus(self, other: Self) -> Result<Self, NotAnAmount> {
        self.0.checked_sub(other.0).ok_or(NotAnAmount).and_then(Self::new)
    }

    /// Reads what a person typed: full-width digits, commas, `¥`, `円` and spaces are welcome.
    ///
    /// The text must already be normalised to NFKC (the page layer does that).
    pub fn parse_typed(text: &str) -> Result<Self, NotAnAmount> {
        let digits: String =
            text.chars().filter(|c| !matches!(c, ',' | '¥' | '円' | ' ' | '\u{3000}' | '\\')).collect();
        if digits.is_empty() || digits.len() > 12 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NotAnAmount);
        }
        digits.parse::<i64>().map_err(|_| NotAnAmount).and_then(Self::new)
    }

    /// `1,360`: groups of three, for a place that carries its own unit.
    pub fn grouped(self) -> String {
        group(self.0)
    }
}

/// Writes a count with a comma after every three digits, `-` in front when negative.
pub fn group(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len().saturating_mul(2));
    if count < 0 {
        out.push('-');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && digits.len().saturating_sub(index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

impl fmt::Display for Yen {
    /// `¥1,360` with the half-width sign.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "¥{}", self.grouped())
    }
}

impl TryFrom<i64> for Yen {
    type Error = NotAnAmount;
    fn try_from(yen: i64) -> Result<Self, NotAnAmount> {
        Self::new(yen)
    }
}

impl From<Yen> for i64 {
    fn from(yen: Yen) -> Self {
        yen.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn typed_amounts_are_read_as_people_write_them() {
        for (text, yen) in [("1,360円", 1360), ("¥880", 880), (" 1 000 ", 1000), ("0", 0)] {
            assert_eq!(Yen::parse_typed(text), Yen::new(yen), "{text}");
        }
        for text in ["", "-1", "1.5", "12a", "1234567890123"] {
            assert_eq!(Yen::parse_typed(text), Err(NotAnAmount), "{text}");
        }
    }

    #[test]
    fn amounts_are_grouped_in_threes() {
        assert_eq!(Yen::new(1_234_567).unwrap().to_string(), "¥1,234,567");
        assert_eq!(group(-10_000), "-10,000");
        assert_eq!(Yen::ZERO.to_string(), "¥0");
    }

    proptest! {
        #[test]
        fn sums_never_leave_twelve_digits(a in 0..=999_999_999_999i64, b in 0..=999_999_999_999i64) {
            let (a, b) = (Yen::new(a).unwrap(), Yen::new(b).unwrap());
            match a.plus(b) {
                Ok(sum) => prop_assert_eq!(sum.minus(b), Ok(a)),
                Err(NotAnAmount) => prop_assert!(a.get() + b.get() > Yen::MAX.get()),
            }
        }
    }
}
