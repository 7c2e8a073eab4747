//! Application identifiers: which applications of a card this terminal can use.

use crate::scheme::Scheme;
use std::fmt;

/// An application identifier, five to sixteen bytes (ISO 7816-5).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Aid(Vec<u8>);

impl Aid {
    /// An identifier; `None` unless it has five to sixteen bytes.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        (5..=16).contains(&bytes.len()).then(|| Self(bytes.to_vec()))
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Aid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode_upper(&self.0))
    }
}

impl fmt::Debug for Aid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An application that the terminal supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Supported {
    /// The identifier, or the beginning of the card's one: longer names of a card match too
    /// (EMV 4.4 Book 1, 12.3.1, application selection indicator "partial").
    pub aid: &'static [u8],
    /// Whose application it is.
    pub scheme: Scheme,
    /// The terminal's application version, tag 9F09.
    pub version: [u8; 2],
}

const fn row(aid: &'static [u8], scheme: Scheme, version: u16) -> Supported {
    Supported { aid, scheme, version: version.to_be_bytes() }
}

/// The applications of this terminal, in the order they are tried on a card without a directory.
pub const SUPPORTED: &[Supported] = &[
    row(&[0xA0, 0, 0, 0, 0x03, 0x10, 0x10], Scheme::Visa, 0x0096),
    row(&[0xA0, 0, 0, 0, 0x03, 0x20, 0x10], Scheme::Visa, 0x0096),
    row(&[0xA0, 0, 0, 0, 0x03, 0x20, 0x20], Scheme::Visa, 0x0096),
    row(&[0xA0, 0, 0, 0, 0x04, 0x10, 0x10], Scheme::Mastercard, 0x0002),
    row(&[0xA0, 0, 0, 0, 0x04, 0x30, 0x60], Scheme::Mastercard, 0x0002),
    row(&[0xA0, 0, 0, 0, 0x65, 0x10, 0x10], Scheme::Jcb, 0x0200),
    row(&[0xA0, 0, 0, 0, 0x25, 0x01], Scheme::Amex, 0x0001),
    row(&[0xA0, 0, 0, 0x01, 0x52, 0x30, 0x10], Scheme::Diners, 0x0001),
    row(&[0xA0, 0, 0, 0x03, 0x33, 0x01, 0x01, 0x01], Scheme::UnionPay, 0x0020),
    row(&[0xA0, 0, 0, 0x03, 0x33, 0x01, 0x01, 0x02], Scheme::UnionPay, 0x0020),
    row(&[0xA0, 0, 0, 0x03, 0x33, 0x01, 0x01, 0x03], Scheme::UnionPay, 0x0020),
];

/// The supported application that a card's application name belongs to.
pub fn supported(name: &[u8]) -> Option<&'static Supported> {
    SUPPORTED.iter().find(|row| name.starts_with(row.aid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_name_of_the_card_belongs_to_the_application_it_begins_with() {
        let name = hex::decode("A0000000041010C123456789").unwrap();
        assert_eq!(supported(&name).map(|s| s.scheme), Some(Scheme::Mastercard));
        assert_eq!(
            supported(&hex::decode("A000000025010402").unwrap()).map(|s| s.scheme),
            Some(Scheme::Amex)
        );
        assert_eq!(supported(&hex::decode("A00000000410").unwrap()), None);
        assert_eq!(Aid::new(&[0xA0; 4]), None);
        assert_eq!(Aid::new(&name).unwrap().to_string(), "A0000000041010C123456789");
    }
}
