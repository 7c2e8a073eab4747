//! The card fingerprint: tells that two payments used one card, and nothing else about it.
//!
//! The reader computes HMAC-SHA256 of the card number's digits under a key of the acquirer and keeps the first
//! 16 bytes. Centers store it; without the key it cannot be searched through all card numbers.

use crate::{Key, Pan};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::fmt;
use zeroize::Zeroizing;

/// The first 16 bytes of HMAC-SHA256 over a card number's ASCII digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 16]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// The fingerprint of a card for the acquirer that owns `key`.
pub fn fingerprint(key: &Key, pan: &Pan) -> Fingerprint {
    // HMAC fills a short key with zeros to the block of its hash (FIPS 198-1, step 3), 64 bytes for SHA-256.
    let mut block = Zeroizing::new([0; 64]);
    for (to, from) in block.iter_mut().zip(key.expose()) {
        *to = *from;
    }
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    mac.update(pan.expose().as_bytes());
    let bytes: [u8; 32] = mac.finalize().into_bytes().into();
    let (first, _) = bytes.as_chunks::<16>();
    Fingerprint(first.first().copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_keys;

    #[test]
    fn one_card_has_one_fingerprint_with_each_acquirer() {
        let pan = Pan::parse("4111111111111111").unwrap();
        let mine = fingerprint(&test_keys::fingerprint(), &pan);
        assert_eq!(mine, fingerprint(&test_keys::fingerprint(), &pan.clone()));
        assert_ne!(mine, fingerprint(&test_keys::bdk(), &pan));
        assert_ne!(mine, fingerprint(&test_keys::fingerprint(), &Pan::parse("4111111111111112").unwrap()));
    }
}
