//! The card schemes and how a card number tells its scheme.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A card scheme that this product speaks. The code is shared with the rest of the house.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Visa.
    Visa,
    /// Mastercard.
    Mastercard,
    /// JCB.
    Jcb,
    /// American Express.
    Amex,
    /// Diners Club.
    Diners,
    /// UnionPay.
    UnionPay,
}

impl Scheme {
    /// Every scheme.
    pub const ALL: [Self; 6] =
        [Self::Visa, Self::Mastercard, Self::Jcb, Self::Amex, Self::Diners, Self::UnionPay];

    /// `visa`, `mastercard`, `jcb`, `amex`, `diners` or `unionpay`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Visa => "visa",
            Self::Mastercard => "mastercard",
            Self::Jcb => "jcb",
            Self::Amex => "amex",
            Self::Diners => "diners",
            Self::UnionPay => "unionpay",
        }
    }

    /// The scheme with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.code() == code)
    }

    /// The scheme of a card number by its first digits; `None` for numbers of no scheme here
    /// (Discover's 6011, for example).
    pub fn of_digits(digits: &str) -> Option<Self> {
        let head = |n: usize| digits.get(..n).and_then(|d| d.parse::<u32>().ok());
        let (two, four) = (head(2)?, head(4)?);
        RANGES.iter().find_map(|range| {
            let value = if range.digits == 2 { two } else { four };
            (range.low..=range.high).contains(&value).then_some(range.scheme)
        })
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

struct Range {
    digits: u8,
    low: u32,
    high: u32,
    scheme: Scheme,
}

const fn two(low: u32, high: u32, scheme: Scheme) -> Range {
    Range { digits: 2, low, high, scheme }
}

const fn four(low: u32, high: u32, scheme: Scheme) -> Range {
    Range { digits: 4, low, high, scheme }
}

/// First digits by scheme (spec/standards.md 1, the schemes' published ranges).
const RANGES: &[Range] = &[
    four(3528, 3589, Scheme::Jcb),
    four(2221, 2720, Scheme::Mastercard),
    four(3000, 3059, Scheme::Diners),
    four(3095, 3095, Scheme::Diners),
    two(34, 34, Scheme::Amex),
    two(36, 36, Scheme::Diners),
    two(37, 37, Scheme::Amex),
    two(38, 39, Scheme::Diners),
    two(40, 49, Scheme::Visa),
    two(51, 55, Scheme::Mastercard),
    two(62, 62, Scheme::UnionPay),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_digits_tell_the_scheme() {
        for (digits, scheme) in [
            ("4111111111111111", Some(Scheme::Visa)),
            ("5555555555554444", Some(Scheme::Mastercard)),
            ("2221000000000009", Some(Scheme::Mastercard)),
            ("2220999999999999", None),
            ("2720999999999999", Some(Scheme::Mastercard)),
            ("2721000000000000", None),
            ("3530111333300000", Some(Scheme::Jcb)),
            ("3527000000000000", None),
            ("378282246310005", Some(Scheme::Amex)),
            ("30569309025904", Some(Scheme::Diners)),
            ("30600000000000", None),
            ("30950000000000", Some(Scheme::Diners)),
            ("38520000023237", Some(Scheme::Diners)),
            ("6200000000000005", Some(Scheme::UnionPay)),
            ("6011111111111117", None),
            ("411", None),
            ("４111111111111111", None),
        ] {
            assert_eq!(Scheme::of_digits(digits), scheme, "{digits}");
        }
    }

    #[test]
    fn a_scheme_is_the_same_in_code_and_json() {
        for scheme in Scheme::ALL {
            assert_eq!(serde_json::to_string(&scheme).unwrap(), format!("\"{}\"", scheme.code()));
            assert_eq!(Scheme::from_code(scheme.code()), Some(scheme));
        }
        assert_eq!(Scheme::from_code("discover"), None);
    }
}
