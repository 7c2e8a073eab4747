//! `k=v&k=v`, url-encoded: `Response.AdditionalResponse` and `SaleData.SaleToPOIData`.

use crate::limits;
use std::fmt::Write as _;

/// Pairs in their order. A key is written once; a text read with a key twice keeps the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairs(Vec<(String, String)>);

/// Not a text of pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not k=v&k=v, url-encoded, with at most 64 pairs")]
pub struct NotPairs;

impl Pairs {
    /// No pairs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a pair; an empty value is left out, a key that is there is kept as it is.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "texts, numbers and references alike, without a sign at each call"
    )]
    pub fn with(mut self, key: &str, value: impl ToString) -> Self {
        let value = value.to_string();
        if !value.is_empty() && self.get(key).is_none() && self.0.len() < limits::PAIRS {
            self.0.push((key.to_owned(), value));
        }
        self
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text, or nothing when there are no pairs (the schema has no empty `AdditionalResponse`).
    pub fn write(&self) -> Option<String> {
        let mut out = String::new();
        for (key, value) in &self.0 {
            if !out.is_empty() {
                out.push('&');
            }
            encode(key, &mut out);
            out.push('=');
            encode(value, &mut out);
        }
        (!out.is_empty()).then_some(out)
    }

    /// Reads a text of pairs; `+` is a space too, as form encoders write it.
    pub fn read(text: &str) -> Result<Self, NotPairs> {
        if text.chars().count() > limits::PAIRS_CHARS {
            return Err(NotPairs);
        }
        let mut pairs = Self::new();
        for part in text.split('&').filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=').ok_or(NotPairs)?;
            let (key, value) = (decode(key).ok_or(NotPairs)?, decode(value).ok_or(NotPairs)?);
            if key.is_empty() || pairs.0.len() >= limits::PAIRS {
                return Err(NotPairs);
            }
            pairs = pairs.with(&key, value);
        }
        Ok(pairs)
    }
}

fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        // RFC 3986, 2.3: unreserved characters stand for themselves.
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => {
                let (high, low) = (bytes.next()?, bytes.next()?);
                hex(high)?.checked_mul(16)?.checked_add(hex(low)?)?
            }
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(out).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pairs_are_written_in_order_and_url_encoded() {
        let pairs = Pairs::new().with("code", "E10").with("what", "カード & PIN=?").with("none", "");
        let text = pairs.write().unwrap();
        assert_eq!(text, "code=E10&what=%E3%82%AB%E3%83%BC%E3%83%89%20%26%20PIN%3D%3F");
        assert_eq!(Pairs::read(&text), Ok(pairs));
        assert_eq!(Pairs::new().write(), None);
    }

    #[test]
    fn what_form_encoders_write_is_read() {
        let pairs = Pairs::read("deadline=90&note=a+b%26c").unwrap();
        assert_eq!((pairs.get("deadline"), pairs.get("note")), (Some("90"), Some("a b&c")));
    }

    #[test]
    fn nonsense_is_refused() {
        let many = "a=b&".repeat(2_000);
        for text in ["free text", "=x", "a=%", "a=%zz", "a=%ff", &many] {
            assert_eq!(Pairs::read(text), Err(NotPairs), "{text:.20}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_any_pairs_survive(text in ".{0,80}", key in "[a-z]{1,8}", value in ".{1,20}") {
            let _ = Pairs::read(&text);
            let pairs = Pairs::new().with(&key, &value);
            prop_assert_eq!(Pairs::read(&pairs.write().unwrap()), Ok(pairs));
        }
    }
}
