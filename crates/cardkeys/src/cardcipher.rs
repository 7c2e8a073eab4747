//! Card data under the data key of one transaction: AES-128-CBC, padding method 2, zero vector.
//!
//! A zero initialisation vector is sound here because a DUKPT data key encrypts one message and no more: equal
//! plain texts under different keys have unrelated ciphertexts. Padding is ISO/IEC 9797-1 method 2 (one byte
//! 80, then zeros to the end of the block), which is unambiguous for every length.
//!
//! CBC does not authenticate. Whoever answers for a ciphertext answers the same for every failure (wrong key,
//! wrong padding, no card number inside), takes each key serial number once, and so gives nothing to a padding
//! oracle.

use crate::Key;
use aes::cipher::{BlockCipherDecrypt as _, BlockCipherEncrypt as _};
use std::fmt;
use zeroize::Zeroizing;

/// The longest ciphertext that is looked at, in bytes. Track 2 with its padding needs 48.
pub const MAX_CIPHERTEXT: usize = 256;

/// A ciphertext that this key did not make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotDecipherable;

impl fmt::Display for NotDecipherable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the card data does not open with this key")
    }
}

impl std::error::Error for NotDecipherable {}

/// The ciphertext of `plain`: the next multiple of 16 above its length.
pub fn encrypt(key: &Key, plain: &[u8]) -> Vec<u8> {
    let cipher = key.cipher();
    let mut out = Vec::with_capacity(plain.len().saturating_add(16));
    let mut previous = [0_u8; 16];
    let (whole, rest) = plain.as_chunks::<16>();
    let mut last = Zeroizing::new([0_u8; 16]);
    for (to, from) in last.iter_mut().zip(rest.iter().chain(std::iter::once(&0x80))) {
        *to = *from;
    }
    for block in whole.iter().chain(std::iter::once(&*last)) {
        for (to, from) in previous.iter_mut().zip(block) {
            *to ^= from;
        }
        let mut state = previous.into();
        cipher.encrypt_block(&mut state);
        previous = state.into();
        out.extend_from_slice(&previous);
    }
    out
}

/// The plain text of a ciphertext of at most [`MAX_CIPHERTEXT`] bytes, wiped when dropped.
pub fn decrypt(key: &Key, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotDecipherable> {
    let (blocks, rest) = ciphertext.as_chunks::<16>();
    if blocks.is_empty() || !rest.is_empty() || ciphertext.len() > MAX_CIPHERTEXT {
        return Err(NotDecipherable);
    }
    let cipher = key.cipher();
    // Allocated once, so that no copy of the plain text stays behind in a smaller buffer.
    let mut plain = Zeroizing::new(Vec::with_capacity(ciphertext.len()));
    let mut previous = [0_u8; 16];
    for block in blocks {
        let mut state = (*block).into();
        cipher.decrypt_block(&mut state);
        plain.extend(state.iter().zip(previous).map(|(byte, before)| byte ^ before));
        previous = *block;
    }
    let end = plain.iter().rposition(|byte| *byte != 0).ok_or(NotDecipherable)?;
    let padding = plain.len().saturating_sub(end);
    if plain.get(end) != Some(&0x80) || padding > 16 {
        return Err(NotDecipherable);
    }
    plain.truncate(end);
    Ok(plain)
}

/// The same for older readers: triple DES CBC, padding method 2, zero vector.
pub mod tdes {
    use super::{MAX_CIPHERTEXT, NotDecipherable};
    use crate::TdesKey;
    use zeroize::Zeroizing;

    /// The ciphertext of `plain`: the next multiple of 8 above its length.
    pub fn encrypt(key: &TdesKey, plain: &[u8]) -> Vec<u8> {
        let (whole, rest) = plain.as_chunks::<8>();
        let mut last = Zeroizing::new([0_u8; 8]);
        for (to, from) in last.iter_mut().zip(rest.iter().chain(std::iter::once(&0x80))) {
            *to = *from;
        }
        let mut previous = [0_u8; 8];
        let mut out = Vec::with_capacity(plain.len().saturating_add(8));
        for block in whole.iter().chain(std::iter::once(&*last)) {
            for (to, from) in previous.iter_mut().zip(block) {
                *to ^= from;
            }
            previous = key.encrypt(previous);
            out.extend_from_slice(&previous);
        }
        out
    }

    /// The plain text of a ciphertext of at most [`MAX_CIPHERTEXT`] bytes, wiped when dropped.
    pub fn decrypt(key: &TdesKey, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotDecipherable> {
        let (blocks, rest) = ciphertext.as_chunks::<8>();
        if blocks.is_empty() || !rest.is_empty() || ciphertext.len() > MAX_CIPHERTEXT {
            return Err(NotDecipherable);
        }
        // Allocated once, so that no copy of the plain text stays behind in a smaller buffer.
        let mut plain = Zeroizing::new(Vec::with_capacity(ciphertext.len()));
        let mut previous = [0_u8; 8];
        for block in blocks {
            let mut opened = Zeroizing::new(key.decrypt(*block));
            for (to, from) in opened.iter_mut().zip(previous) {
                *to ^= from;
            }
            plain.extend_from_slice(&*opened);
            previous = *block;
        }
        let end = plain.iter().rposition(|byte| *byte != 0).ok_or(NotDecipherable)?;
        if plain.get(end) != Some(&0x80) || plain.len().saturating_sub(end) > 8 {
            return Err(NotDecipherable);
        }
        plain.truncate(end);
        Ok(plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn blocks_are_chained_as_in_nist_sp_800_38a() {
        // NIST SP 800-38A F.2.1 (CBC-AES128.Encrypt) starts from the vector 000102..0F; a zero vector over the
        // first plain block mixed with that vector is the same computation.
        let key = Key::from_hex("2b7e151628aed2a6abf7158809cf4f3c").unwrap();
        let mut plain = hex::decode(
            "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52ef",
        )
        .unwrap();
        for (at, byte) in plain.iter_mut().take(16).enumerate() {
            *byte ^= u8::try_from(at).unwrap();
        }
        let out = encrypt(&key, &plain);
        assert_eq!(
            hex::encode(&out[..48]),
            "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b273bed6b8e3c1743b7116e69e22229516"
        );
        assert_eq!(out.len(), 64, "a whole number of blocks is padded with one more");
        assert_eq!(**decrypt(&key, &out).unwrap(), plain);
    }

    #[test]
    fn what_is_no_ciphertext_is_refused() {
        let key = Key::from_bytes([7; 16]);
        for bytes in [&[][..], &[0; 15], &[0; 17], &[0; MAX_CIPHERTEXT + 16]] {
            assert_eq!(decrypt(&key, bytes), Err(NotDecipherable));
        }
    }

    proptest! {
        #[test]
        fn only_the_right_key_gives_the_card_data_back(
            plain in prop::collection::vec(any::<u8>(), 0..200),
            key: [u8; 16],
            other: [u8; 16],
        ) {
            let out = encrypt(&Key::from_bytes(key), &plain);
            prop_assert_eq!(&**decrypt(&Key::from_bytes(key), &out).unwrap(), &plain);
            if key != other {
                // Wrong keys pass the padding check once in 256; the plain text never comes back.
                let opened = decrypt(&Key::from_bytes(other), &out);
                prop_assert!(opened.is_err() || **opened.unwrap() != plain);
            }
        }
    }

    #[test]
    fn triple_des_ciphertexts_are_those_of_openssl_and_open_again() {
        // openssl enc -des-ede-cbc -K 0123456789ABCDEFFEDCBA9876543210 -iv 0 -nopad over the padded text.
        let key = crate::TdesKey::from_hex("0123456789ABCDEFFEDCBA9876543210").unwrap();
        let sealed = tdes::encrypt(&key, b"4111111111111111=3012");
        assert_eq!(hex::encode(&sealed), "a4ff4016e66b1e08b1ed2caf855d0c14058531cefab7fb77");
        for length in 0..=40 {
            let plain = vec![0x80; length];
            let sealed = tdes::encrypt(&key, &plain);
            assert_eq!(sealed.len(), (length / 8 + 1) * 8);
            assert_eq!(tdes::decrypt(&key, &sealed).unwrap().as_slice(), plain);
        }
        for wrong in [&[][..], &[0; 7], &[0; 8], &[0; 264]] {
            assert!(tdes::decrypt(&key, wrong).is_err(), "{}", wrong.len());
        }
    }
}
