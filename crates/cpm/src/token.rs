//! [`CodeToken`]: the code that pays, never shown whole.

use crate::limits::MAX_TEXT;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The text of a customer's code (決済認証コード). Whoever has it may charge the customer while it lives,
/// so it prints masked and is wiped when dropped; JSON carries it whole to the center.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct CodeToken(String);

/// A text that cannot be a code: empty, too long, or with characters that no code has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAToken;

impl fmt::Display for NotAToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the text of a payment code")
    }
}

impl std::error::Error for NotAToken {}

impl CodeToken {
    /// A token from text: printable ASCII without spaces, at most [`MAX_TEXT`] characters.
    pub fn new(text: &str) -> Result<Self, NotAToken> {
        let fits = !text.is_empty() && text.len() <= MAX_TEXT && text.bytes().all(|b| b.is_ascii_graphic());
        if fits { Ok(Self(text.to_owned())) } else { Err(NotAToken) }
    }

    /// The whole text. The word to search for when asking where codes are opened.
    pub fn unmask(&self) -> &str {
        &self.0
    }

    /// What a person may see: the first four characters, which name the kind of code, and the length.
    pub fn masked(&self) -> String {
        format!("{}…({})", self.0.get(..4).unwrap_or_default(), self.0.len())
    }
}

impl fmt::Debug for CodeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CodeToken({})", self.masked())
    }
}

impl fmt::Display for CodeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl Serialize for CodeToken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CodeToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut text = String::deserialize(deserializer)?;
        // The error names no part of the text: it may still be somebody's code.
        let token = Self::new(&text).map_err(serde::de::Error::custom);
        text.zeroize();
        token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_prints_masked_and_travels_whole() {
        let token = CodeToken::new("900081818801234567890123").unwrap();
        assert_eq!(format!("{token:?} {token}"), "CodeToken(9000…(24)) 9000…(24)");
        let json = serde_json::to_string(&token).unwrap();
        assert_eq!(json, "\"900081818801234567890123\"");
        assert_eq!(serde_json::from_str::<CodeToken>(&json).unwrap(), token);
    }

    #[test]
    fn what_is_no_code_is_refused_without_showing_it() {
        for text in ["", "9000 8181", "９０００", "9000\n", &"9".repeat(MAX_TEXT + 1)] {
            assert_eq!(CodeToken::new(text), Err(NotAToken));
        }
        let error = serde_json::from_str::<CodeToken>("\"9000 8181\"").unwrap_err().to_string();
        assert!(!error.contains("9000"), "{error}");
    }
}
