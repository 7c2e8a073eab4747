//! Payment classes (支払区分): lump sum, instalments, revolving, bonus lump sum.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How the cardholder pays the issuer back. Text form: `lump`, `installments-3`, `revolving`, `bonus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum PaymentClass {
    /// 一括: all at once.
    Lump,
    /// 分割: this many monthly payments, 2 to 99; the contract names which counts.
    Installments(u8),
    /// リボ: a fixed sum each month.
    Revolving,
    /// ボーナス一括: all at once with the next bonus; only while the season is open ([`crate::bonus`], X-020).
    BonusLump,
}

/// Not a payment class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadClass(pub String);

impl fmt::Display for BadClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a payment class: {} (lump, installments-3, revolving, bonus)", self.0)
    }
}

impl std::error::Error for BadClass {}

impl fmt::Display for PaymentClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lump => f.write_str("lump"),
            Self::Installments(count) => write!(f, "installments-{count}"),
            Self::Revolving => f.write_str("revolving"),
            Self::BonusLump => f.write_str("bonus"),
        }
    }
}

impl std::str::FromStr for PaymentClass {
    type Err = BadClass;
    fn from_str(text: &str) -> Result<Self, BadClass> {
        match text {
            "lump" => return Ok(Self::Lump),
            "revolving" => return Ok(Self::Revolving),
            "bonus" => return Ok(Self::BonusLump),
            _ => {}
        }
        text.strip_prefix("installments-")
            .and_then(|count| count.parse::<u8>().ok())
            .filter(|count| (2..=99).contains(count))
            .map(Self::Installments)
            .ok_or_else(|| BadClass(text.to_owned()))
    }
}

impl From<PaymentClass> for String {
    fn from(class: PaymentClass) -> Self {
        class.to_string()
    }
}

impl TryFrom<String> for PaymentClass {
    type Error = BadClass;
    fn try_from(text: String) -> Result<Self, BadClass> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_read_back_and_nonsense_is_refused() {
        //
        for class in [
            PaymentClass::Lump,
            PaymentClass::Installments(3),
            PaymentClass::Installments(24),
            PaymentClass::Revolving,
            PaymentClass::BonusLump,
        ] {
            assert_eq!(class.to_string().parse(), Ok(class));
        }
        for text in ["", "installments-1", "installments-100", "bonus-2", "installments-x"] {
            assert!(text.parse::<PaymentClass>().is_err(), "{text}");
        }
    }
}
