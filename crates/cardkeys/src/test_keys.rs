//! Published test keys, known to everyone. They protect nothing; `choba center` refuses them unless told.

use crate::{Key, TdesKey};

/// The base derivation key of the ANSI X9.24-3:2017 sample vectors. Published: it protects nothing.
pub const BDK: [u8; 16] =
    [0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x32, 0x10, 0xF1, 0xF1, 0xF1, 0xF1, 0xF1, 0xF1, 0xF1, 0xF1];

/// The initial key ID of the ANSI X9.24-3:2017 sample vectors.
pub const INITIAL_KEY_ID: [u8; 8] = [0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x34, 0x56];

/// The issuer master key of pyemv's published vectors (its `tests/test_cvn_hsm.py`). It protects nothing.
pub const ISSUER: [u8; 16] =
    [0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x32, 0x10];

/// The AES-128 example key of FIPS 197 appendix B, used as the acquirer's fingerprint key. It protects nothing.
pub const FINGERPRINT: [u8; 16] =
    [0x2B, 0x7E, 0x15, 0x16, 0x28, 0xAE, 0xD2, 0xA6, 0xAB, 0xF7, 0x15, 0x88, 0x09, 0xCF, 0x4F, 0x3C];

/// [`BDK`] as a key.
pub const fn bdk() -> Key {
    Key::from_bytes(BDK)
}

/// [`FINGERPRINT`] as a key.
pub const fn fingerprint() -> Key {
    Key::from_bytes(FINGERPRINT)
}

/// [`ISSUER`] as a key.
pub fn issuer() -> TdesKey {
    TdesKey::from_bytes(ISSUER)
}

/// The base derivation key's part of every key serial number made of the published key.
pub const BDK_ID: [u8; 4] = [0x12, 0x34, 0x56, 0x78];

/// The base derivation key of the ANSI X9.24-1:2009 sample vectors, triple DES. Published: it protects nothing.
pub fn tdes_bdk() -> TdesKey {
    TdesKey::from_bytes(ISSUER)
}

/// Its part of every key serial number made of it.
pub const TDES_BDK_ID: [u8; 5] = [0xFF, 0xFF, 0x98, 0x76, 0x54];

/// Whether a key serial number (12 bytes: AES, 10 bytes: triple DES) names a key made of a published base
/// derivation key, which everybody can compute.
pub fn is_of_published_key(ksn: &[u8]) -> bool {
    match ksn.len() {
        12 => ksn.starts_with(&BDK_ID),
        10 => ksn.starts_with(&TDES_BDK_ID),
        _ => false,
    }
}

/// Whether an AES key is one of the published ones, or the initial key of the published serial number.
pub fn is_published(key: &Key) -> bool {
    let initial = crate::dukpt::derive_initial_key(&bdk(), INITIAL_KEY_ID);
    [bdk(), fingerprint(), initial].contains(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_published_key_is_recognised() {
        assert!(is_published(&Key::from_hex("FEDCBA9876543210F1F1F1F1F1F1F1F1").unwrap()));
        assert!(is_published(&Key::from_hex("1273671EA26AC29AFA4D1084127652A1").unwrap()));
        assert!(!is_published(&Key::from_hex("FEDCBA9876543210F1F1F1F1F1F1F1F2").unwrap()));
    }
}
