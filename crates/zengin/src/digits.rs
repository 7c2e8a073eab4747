//! [`Digits`]: numbers of a fixed count of digits, with zeros in front.

use std::fmt;

/// A number that is written in exactly `N` digits, zeros in front (at most 18).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digits<const N: usize>(u64);

/// The number of a bank (銀行番号), four digits.
pub type BankNo = Digits<4>;
/// The number of a branch (支店番号), three digits.
pub type BranchNo = Digits<3>;
/// The number of an account (口座番号), seven digits.
pub type AccountNo = Digits<7>;
/// The number under which a bank knows the requester (依頼人コード), ten digits.
pub type RequesterCode = Digits<10>;
/// A number of the requester's own beside a transfer (顧客コード), ten digits.
pub type CustomerCode = Digits<10>;

impl<const N: usize> Digits<N> {
    /// A number, when it has at most `N` digits.
    pub fn new(number: u64) -> Option<Self> {
        let width = u32::try_from(N).ok()?;
        let limit = 10_u64.checked_pow(width)?;
        (number < limit).then_some(Self(number))
    }

    /// From one to `N` ASCII digits.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=N).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if fits { text.parse().ok().and_then(Self::new) } else { None }
    }

    /// From exactly `N` ASCII digits.
    pub fn parse_whole(text: &str) -> Option<Self> {
        if text.len() == N { Self::parse(text) } else { None }
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl<const N: usize> fmt::Display for Digits<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0width$}", self.0, width = N)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_its_zeros_and_is_never_wider_than_its_field() {
        assert_eq!(BankNo::parse("1").map(|no| no.to_string()).as_deref(), Some("0001"));
        assert_eq!(BankNo::new(9_999).map(BankNo::get), Some(9_999));
        assert_eq!(BankNo::new(10_000), None);
        for bad in ["", "00001", "12a", "+1", "１", " 1"] {
            assert_eq!(BankNo::parse(bad), None, "{bad:?}");
        }
        assert_eq!(AccountNo::parse_whole("123456"), None);
        assert_eq!(AccountNo::parse_whole("0123456").map(AccountNo::get), Some(123_456));
    }
}
