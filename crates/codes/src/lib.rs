//! Every code that a person or a program may be shown: one row each, texts in `i18n`.
//!
//! A row says what a code means for the money and what may be done next; the sentence that a person
//! reads is the catalogue entries `code-<family>-<id>-title`, `-what` and `-next` in every language.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, clippy::as_conversions))]

pub mod api;
pub mod code;
pub mod pay;
pub mod settle;

use serde::{Deserialize, Serialize};
use std::fmt;

/// Whether the customer's money moved. The first thing a clerk must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoneyTaken {
    /// The charge stands.
    Yes,
    /// No charge stands; paying again is safe.
    No,
    /// Nobody knows yet; paying again may charge twice.
    Unknown,
}

impl MoneyTaken {
    /// The word of the API: `yes`, `no`, `unknown`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// What may be done after a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// The same again may succeed (network busy, misread).
    Same,
    /// The same again, but only once the outcome of this one is known.
    OnceSettled,
    /// Only with another card, medium or amount.
    Different,
    /// Not without somebody else (issuer, administrator, support).
    Never,
}

/// One row of the list of codes.
#[derive(Debug)]
pub struct Row {
    /// The family keeps number spaces apart that overlap in the manuals: `payment`, `code`, `center`, `settle`.
    pub family: &'static str,
    /// The stable id inside the family, for example `101`.
    pub id: &'static str,
    /// The cause in a few English words, for logs and integrators.
    pub cause: &'static str,
    /// Whether money moved when this code is the end of a payment.
    pub money: MoneyTaken,
    /// What may be tried next.
    pub retry: Retry,
    /// HTTP status when a request is answered with this code.
    pub status: u16,
    /// Where the code comes from: inventory id or our own decision.
    pub source: &'static str,
}

/// A stable code: a row of one of the families.
#[derive(Clone, Copy)]
pub struct Code(&'static Row);

impl Code {
    /// The row behind the code.
    pub const fn row(self) -> &'static Row {
        self.0
    }

    /// `payment-101`: family and id, the form of the API, the logs and the database.
    pub fn key(self) -> String {
        format!("{}-{}", self.0.family, self.0.id)
    }

    /// Finds a code by [`Code::key`].
    pub fn find(key: &str) -> Option<Self> {
        let (family, id) = key.split_once('-')?;
        all().find(|code| code.0.family == family && code.0.id == id)
    }

    /// The catalogue key of this code's title: a few words.
    pub fn title_key(self) -> String {
        format!("code-{}-title", self.key())
    }

    /// The catalogue key of the sentence that says what happened.
    pub fn what_key(self) -> String {
        format!("code-{}-what", self.key())
    }

    /// The catalogue key of the sentence that says what to do next.
    pub fn next_key(self) -> String {
        format!("code-{}-next", self.key())
    }
}

/// Every code of every family, in the order of the lists.
pub fn all() -> impl Iterator<Item = Code> {
    pay::ALL.iter().chain(code::ALL).chain(api::ALL).chain(settle::ALL).copied()
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.0.family == other.0.family && self.0.id == other.0.id
    }
}

impl Eq for Code {}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code({}-{})", self.0.family, self.0.id)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{} ({})", self.0.family, self.0.id, self.0.cause)
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.key())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = String::deserialize(deserializer)?;
        Self::find(&key).ok_or_else(|| serde::de::Error::custom(format!("unknown code {key:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_has_one_key_and_is_found_by_it() {
        let keys: BTreeSet<String> = all().map(Code::key).collect();
        assert_eq!(keys.len(), all().count());
        for code in all() {
            assert_eq!(Code::find(&code.key()), Some(code));
        }
        assert_eq!(Code::find("payment-999"), None);
    }
}
