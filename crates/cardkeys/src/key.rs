//! The two kinds of key: AES-128 and double-length triple DES. Wiped on drop, printed as a check value.

use aes::Aes128;
use cmac::{Cmac, Mac as _};
use des::cipher::{BlockCipherDecrypt as _, BlockCipherEncrypt as _, KeyInit as _};
use des::{Des, TdesEde2};
use std::fmt;
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A text that is not the 32 hexadecimal digits of a 16-byte key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAKey;

impl fmt::Display for NotAKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key is written as 32 hexadecimal digits")
    }
}

impl std::error::Error for NotAKey {}

/// An AES-128 key: base key, initial key, working key, or the key of a fingerprint.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key([u8; 16]);

impl Key {
    /// A key from its 16 bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// A key from 32 hexadecimal digits.
    pub fn from_hex(text: &str) -> Result<Self, NotAKey> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NotAKey)?;
        Ok(Self(bytes))
    }

    /// The key itself. For handing a key to its owner, never for logs.
    pub const fn expose(&self) -> &[u8; 16] {
        &self.0
    }

    /// What people compare to see that two places hold the same key: the first three bytes of the
    /// AES-CMAC of one block of zeros (the usual check value of AES keys).
    pub fn check_value(&self) -> [u8; 3] {
        let mut mac = <Cmac<Aes128> as cmac::KeyInit>::new(&self.0.into());
        mac.update(&[0; 16]);
        let [a, b, c, ..] = <[u8; 16]>::from(mac.finalize().into_bytes());
        [a, b, c]
    }

    /// AES with this key, its schedule computed once.
    pub(crate) fn cipher(&self) -> Aes128 {
        Aes128::new(&self.0.into())
    }
}

impl PartialEq for Key {
    /// Compares in constant time.
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Key {}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key(check value {})", hex::encode_upper(self.check_value()))
    }
}

/// A double-length triple DES key with odd parity: issuer master key, card master key, session key.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct TdesKey([u8; 16]);

impl TdesKey {
    /// A key from its 16 bytes; the parity bits are set to odd, which no result depends on.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes.map(|byte| if byte.count_ones().is_multiple_of(2) { byte ^ 1 } else { byte }))
    }

    /// A key from 32 hexadecimal digits.
    pub fn from_hex(text: &str) -> Result<Self, NotAKey> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NotAKey)?;
        Ok(Self::from_bytes(bytes))
    }

    /// The key itself. For handing a key to its owner, never for logs.
    pub const fn expose(&self) -> &[u8; 16] {
        &self.0
    }

    /// What people compare to see that two places hold the same key: the first three bytes of one
    /// block of zeros under the key (the usual check value of triple DES keys).
    pub fn check_value(&self) -> [u8; 3] {
        let [a, b, c, ..] = self.encrypt([0; 8]);
        [a, b, c]
    }

    /// One block under the whole key.
    pub(crate) fn encrypt(&self, block: [u8; 8]) -> [u8; 8] {
        let [block] = self.encrypt_each([block]);
        block
    }

    /// Several blocks, each for itself, with the key's schedule computed once: it costs as much as a block.
    pub(crate) fn encrypt_each<const N: usize>(&self, blocks: [[u8; 8]; N]) -> [[u8; 8]; N] {
        let cipher = TdesEde2::new(&self.0.into());
        blocks.map(|block| {
            let mut block = block.into();
            cipher.encrypt_block(&mut block);
            block.into()
        })
    }

    /// One block back under the whole key.
    pub(crate) fn decrypt(&self, block: [u8; 8]) -> [u8; 8] {
        let mut block = block.into();
        TdesEde2::new(&self.0.into()).decrypt_block(&mut block);
        block.into()
    }

    /// Single DES with the left and with the right half.
    pub(crate) fn halves(&self) -> (Des, Des) {
        let [a, b, c, d, e, f, g, h, right @ ..] = self.0;
        (Des::new(&[a, b, c, d, e, f, g, h].into()), Des::new(&right.into()))
    }
}

impl PartialEq for TdesKey {
    /// Compares in constant time.
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for TdesKey {}

impl fmt::Debug for TdesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TdesKey(check value {})", hex::encode_upper(self.check_value()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_prints_its_check_value_and_nothing_else() {
        let key = Key::from_hex("2b7e151628aed2a6abf7158809cf4f3c").unwrap();
        let shown = format!("{key:?}").to_lowercase();
        assert_eq!(shown, format!("key(check value {})", hex::encode(key.check_value())));
        assert!(!shown.contains("2b7e"));

        // pyemv tests/test_kd_hsm.py: check digits of the published issuer key are 08D7.
        let issuer = TdesKey::from_hex("0123456789ABCDEFFEDCBA9876543210").unwrap();
        assert!(format!("{issuer:?}").starts_with("TdesKey(check value 08D7"), "{issuer:?}");
    }

    #[test]
    fn the_check_value_of_an_aes_key_is_a_cmac() {
        // For the all-zero key the CMAC of one zero block is 763CBC...,
        // computed with `cryptography` 50.0.2 (OpenSSL).
        assert_eq!(hex::encode_upper(Key::from_bytes([0; 16]).check_value()), "763CBC");
    }

    #[test]
    fn a_text_of_another_length_is_not_a_key() {
        for text in ["", "00", "2b7e151628aed2a6abf7158809cf4f", "zz7e151628aed2a6abf7158809cf4f3c"] {
            assert_eq!(Key::from_hex(text), Err(NotAKey));
            assert_eq!(TdesKey::from_hex(text), Err(NotAKey));
        }
    }
}
