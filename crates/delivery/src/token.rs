//! The token in a receipt's address: 128 random bits that acquiring minted. Whoever has it sees the
//! receipt, so it is masked everywhere else.

use crate::limits;
use std::fmt;

/// A token as it came in.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(String);

impl Token {
    /// Something that cannot be a token becomes one that nobody has, so that it takes the same way
    /// through the database as any other unknown one.
    pub(crate) fn from_path(text: &str) -> Self {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let fits = !text.is_empty() && text.len() <= limits::TOKEN_CHARS && text.bytes().all(plain);
        Self(if fits { text.to_owned() } else { "-".to_owned() })
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(masked)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anything_may_stand_in_the_address_and_nothing_is_shown() {
        assert_eq!(Token::from_path("Ab-_09").reveal(), "Ab-_09");
        for odd in ["", "../x", "a b", "\u{0}", "あ", "'; DROP TABLE payment", &"a".repeat(65)] {
            assert_eq!(Token::from_path(odd).reveal(), "-", "{odd}");
        }
        assert_eq!(format!("{:?}", Token::from_path("secret")), "Token(masked)");
    }
}
