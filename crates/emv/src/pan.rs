//! [`Pan`]: a card number that never shows itself whole.

use crate::scheme::Scheme;
use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A primary account number: 12 to 19 digits with a right check digit (ISO 7812). Wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Pan(String);

/// Digits that are no card number. It does not say which: they may still be somebody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAPan;

impl fmt::Display for NotAPan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a card number")
    }
}

impl std::error::Error for NotAPan {}

/// What may rest of a card number: the first six and the last four digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MaskedPan {
    /// The first six digits.
    pub bin6: String,
    /// The last four digits.
    pub last4: String,
}

impl Pan {
    /// A card number from its digits.
    pub fn new(digits: &str) -> Result<Self, NotAPan> {
        let fits = (12..=19).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        if fits && luhn(digits) { Ok(Self(digits.to_owned())) } else { Err(NotAPan) }
    }

    /// A card number from tag 5A: digits two to a byte, F behind.
    pub fn from_compressed(bytes: &[u8]) -> Result<Self, NotAPan> {
        let mut text = hex::encode_upper(bytes);
        let pan = Self::new(text.trim_end_matches('F'));
        text.zeroize();
        pan
    }

    /// All digits. The word to search for when asking where card numbers are opened.
    pub fn unmask(&self) -> &str {
        &self.0
    }

    /// The scheme by the first digits.
    pub fn scheme(&self) -> Option<Scheme> {
        Scheme::of_digits(&self.0)
    }

    /// The first six and last four digits.
    pub fn masked(&self) -> MaskedPan {
        let tail = self.0.len().saturating_sub(4);
        MaskedPan {
            bin6: self.0.get(..6).unwrap_or_default().to_owned(),
            last4: self.0.get(tail..).unwrap_or_default().to_owned(),
        }
    }
}

impl MaskedPan {
    /// `411111*****11`: the mPOS slip (D-11).
    pub fn first6_last2(&self) -> String {
        format!("{}*****{}", self.bin6, self.last4.get(2..).unwrap_or_default())
    }

    /// `411111*****1111`: the merchant's copy.
    pub fn first6_last4(&self) -> String {
        format!("{}*****{}", self.bin6, self.last4)
    }

    /// `****1111`: the customer's copy.
    pub fn only_last4(&self) -> String {
        format!("****{}", self.last4)
    }
}

impl fmt::Display for MaskedPan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.first6_last4())
    }
}

impl fmt::Debug for MaskedPan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Pan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked().first6_last2())
    }
}

impl fmt::Debug for Pan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whether the last digit is the right check digit (ISO 7812-1, annex B).
fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(n, b)| {
            let digit = u32::from(b.saturating_sub(b'0'));
            let doubled = digit.saturating_mul(2);
            match (n.is_multiple_of(2), doubled > 9) {
                (true, _) => digit,
                (false, false) => doubled,
                (false, true) => doubled.saturating_sub(9),
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_test_numbers_pass_and_one_wrong_digit_does_not() {
        for digits in [
            "4111111111111111",
            "4761739001010010",
            "5555555555554444",
            "3530111333300000",
            "378282246310005",
            "30569309025904",
            "6200000000000005",
            "6011111111111117",
        ] {
            assert!(Pan::new(digits).is_ok(), "{digits}");
            let wrong: String =
                digits.chars().rev().enumerate().map(|(n, c)| if n == 3 { '9' } else { c }).collect();
            let wrong: String = wrong.chars().rev().collect();
            assert_eq!(Pan::new(&wrong), Err(NotAPan), "{wrong}");
        }
        for digits in
            ["", "41111111111", "41111111111111111111", "4111 1111 1111 1111", "４１１１111111111111"]
        {
            assert_eq!(Pan::new(digits), Err(NotAPan), "{digits}");
        }
    }

    #[test]
    fn a_card_number_shows_itself_only_masked() {
        // X-013, D-11.
        let pan = Pan::from_compressed(&hex::decode("378282246310005F").unwrap()).unwrap();
        assert_eq!(format!("{pan} {pan:?}"), "378282*****05 378282*****05");
        assert_eq!(pan.masked().first6_last4(), "378282*****0005");
        assert_eq!(pan.masked().only_last4(), "****0005");
        assert_eq!(pan.unmask(), "378282246310005");
    }
}
