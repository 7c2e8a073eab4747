//! A key that verifies often: multiples of it are computed once, so that a signature costs half as much.
//!
//! Verification computes `s B - k A` and compares it with R (RFC 8032, 5.1.7). The multiples of B are a table
//! of the library; with one of A as well, both products are a chain of additions without doublings.

use crate::signature::is_of_small_order;
use curve25519_dalek::edwards::EdwardsBasepointTable;
use curve25519_dalek::traits::BasepointTable as _;
use curve25519_dalek::{EdwardsPoint, Scalar};
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest as _, Sha512};
use std::fmt;

/// A verifying key with its table, 30 KB.
pub struct FastKey {
    key: VerifyingKey,
    /// Whether it is of small order and holds for nothing.
    is_weak: bool,
    /// Multiples of `-A`.
    table: Box<EdwardsBasepointTable>,
}

impl fmt::Debug for FastKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FastKey").field(&self.key).finish()
    }
}

impl FastKey {
    /// Computes the table, which takes as long as a few verifications.
    pub fn new(key: &VerifyingKey) -> Self {
        let table = Box::new(EdwardsBasepointTable::create(&-key.to_edwards()));
        Self { key: *key, is_weak: key.is_weak(), table }
    }

    /// What [`VerifyingKey::verify_strict`] says.
    pub fn holds(&self, message: &[u8], signature: &Signature) -> bool {
        let Some(s) = Option::<Scalar>::from(Scalar::from_canonical_bytes(*signature.s_bytes())) else {
            return false;
        };
        let hash = Sha512::new()
            .chain_update(signature.r_bytes())
            .chain_update(self.key.as_bytes())
            .chain_update(message)
            .finalize();
        let k = Scalar::from_bytes_mod_order_wide(&hash.into());
        let r = EdwardsPoint::mul_base(&s) + &*self.table * &k;
        !self.is_weak
            && !is_of_small_order(signature.r_bytes())
            && r.compress().as_bytes() == signature.r_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer as _, SigningKey};

    /// Says what the library's strict verification says, of this signature and of those that differ from it
    /// in one bit, here and there.
    fn agrees(key: &SigningKey, message: &[u8]) {
        let (public, good) = (key.verifying_key(), key.sign(message));
        let fast = FastKey::new(&public);
        assert!(fast.holds(message, &good));
        assert!(!fast.holds(b"another message", &good));
        for bit in (0..512).step_by(29) {
            let mut bytes = good.to_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let bent = Signature::from_bytes(&bytes);
            let strict = public.verify_strict(message, &bent).is_ok();
            assert_eq!(fast.holds(message, &bent), strict, "bit {bit}");
        }
    }

    #[test]
    fn a_fast_key_says_what_the_strict_verification_says() {
        for number in 0..3_u8 {
            agrees(
                &SigningKey::from_bytes(&[number.wrapping_mul(37) ^ 0x5A; 32]),
                &vec![number; usize::from(number) * 100],
            );
        }
    }

    #[test]
    fn the_second_form_of_a_scalar_is_refused() {
        // RFC 8032, 5.1.7: s + L names the same signature; it is malleable and must not be taken.
        let key = SigningKey::from_bytes(&[3; 32]);
        let good = key.sign(b"pay");
        let order: [u8; 32] = (-Scalar::ONE).to_bytes();
        let mut bytes = good.to_bytes();
        let mut carry = 1_u16;
        for (byte, add) in bytes[32..].iter_mut().zip(order) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            *byte = u8::try_from(sum & 0xFF).unwrap();
            carry = sum >> 8;
        }
        let twin = Signature::from_bytes(&bytes);
        assert!(key.verifying_key().verify_strict(b"pay", &twin).is_err());
        assert!(!FastKey::new(&key.verifying_key()).holds(b"pay", &twin));
    }

    #[test]
    fn a_weak_key_holds_for_nothing() {
        let mut identity = [0; 32];
        identity[0] = 1;
        let weak = VerifyingKey::from_bytes(&identity).unwrap();
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&identity);
        let signature = Signature::from_bytes(&bytes);
        assert!(weak.verify_strict(b"pay", &signature).is_err());
        assert!(!FastKey::new(&weak).holds(b"pay", &signature));
    }
}
