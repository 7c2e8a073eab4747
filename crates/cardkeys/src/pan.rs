//! The card number: kept masked, wiped on drop.

use std::fmt;
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A text that is not the 8 to 19 digits of a card number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAPan;

impl fmt::Display for NotAPan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a card number has 8 to 19 digits")
    }
}

impl std::error::Error for NotAPan {}

/// A primary account number, 8 to 19 digits (ISO/IEC 7812-1).
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Pan {
    // Digits as numbers 0 to 9; what follows `len` is zero.
    digits: [u8; 19],
    len: usize,
}

impl Pan {
    /// A card number from its ASCII digits.
    pub fn parse(text: &str) -> Result<Self, NotAPan> {
        if !(8..=19).contains(&text.len()) {
            return Err(NotAPan);
        }
        let mut pan = Self { digits: [0; 19], len: text.len() };
        for (to, byte) in pan.digits.iter_mut().zip(text.bytes()) {
            *to = byte.checked_sub(b'0').filter(|digit| *digit <= 9).ok_or(NotAPan)?;
        }
        Ok(pan)
    }

    /// The plain number as text, wiped when dropped. For computing with it, never for logs or storage.
    pub fn expose(&self) -> zeroize::Zeroizing<String> {
        self.digits().iter().map(|digit| char::from(b'0'.saturating_add(*digit))).collect::<String>().into()
    }

    /// How many digits the number has.
    pub const fn digit_count(&self) -> usize {
        self.len
    }

    /// First six and last four digits, the most that may rest anywhere: `411111******1111`.
    /// A number with fewer than 13 digits shows its last four only.
    pub fn masked(&self) -> String {
        let shown_first = if self.len >= 13 { 6 } else { 0 };
        let hidden_to = self.len.saturating_sub(4);
        self.digits()
            .iter()
            .enumerate()
            .map(|(at, digit)| {
                if at >= shown_first && at < hidden_to {
                    '*'
                } else {
                    char::from(b'0'.saturating_add(*digit))
                }
            })
            .collect()
    }

    /// Whether the last digit is the check digit of the others (ISO/IEC 7812-1 annex B).
    pub fn has_right_check_digit(&self) -> bool {
        let sum: u32 = self
            .digits()
            .iter()
            .rev()
            .zip([1_u32, 2].into_iter().cycle())
            .map(|(digit, weight)| {
                let product = weight.saturating_mul(u32::from(*digit));
                if product > 9 { product.saturating_sub(9) } else { product }
            })
            .fold(0, u32::saturating_add);
        sum.is_multiple_of(10)
    }

    /// The digits as numbers 0 to 9.
    pub(crate) fn digits(&self) -> &[u8] {
        self.digits.get(..self.len).unwrap_or(&self.digits)
    }
}

impl PartialEq for Pan {
    /// Compares in constant time.
    fn eq(&self, other: &Self) -> bool {
        (self.digits.ct_eq(&other.digits) & self.len.ct_eq(&other.len)).into()
    }
}

impl Eq for Pan {}

impl fmt::Debug for Pan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pan({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_number_prints_first_six_and_last_four() {
        for (pan, shown) in [
            ("4111111111111111", "Pan(411111******1111)"),
            ("30569309025904", "Pan(305693****5904)"),
            ("6200000000000000005", "Pan(620000*********0005)"),
            ("123456789012", "Pan(********9012)"),
        ] {
            assert_eq!(format!("{:?}", Pan::parse(pan).unwrap()), shown);
        }
    }

    #[test]
    fn what_is_not_digits_is_not_a_card_number() {
        for text in
            ["", "1234567", "12345678901234567890", "4111 1111 1111", "41111111111111a1", "411111111111111１"]
        {
            assert!(Pan::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_mistyped_digit_breaks_the_check_digit() {
        for right in
            ["4111111111111111", "5555555555554444", "3530111333300000", "378282246310005", "30569309025904"]
        {
            assert!(Pan::parse(right).unwrap().has_right_check_digit(), "{right}");
        }
        assert!(!Pan::parse("4111111111111112").unwrap().has_right_check_digit());
    }

    #[test]
    fn numbers_that_differ_in_trailing_zeros_are_different() {
        assert_ne!(Pan::parse("12345678").unwrap(), Pan::parse("123456780").unwrap());
        assert_eq!(*Pan::parse("123456780").unwrap().expose(), "123456780");
    }
}
