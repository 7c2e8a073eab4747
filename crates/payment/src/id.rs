//! The id of a payment: minted by the party that faces the human, and everything derived from it.

use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// A payment attempt: UUIDv7, minted and journaled by the terminal before anything is sent, and
/// reused on every retry (reliability rule 1). It is the idempotency key for ever.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PaymentId(Uuid);

/// Not a payment id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadId;

impl fmt::Display for BadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a payment id (UUID)")
    }
}

impl std::error::Error for BadId {}

/// Crockford's base 32: no I, L, O, U, so that people read it back without mistakes.
const BASE32: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Mixed case without the look-alikes 0 O o 1 I l.
const BASE56: &[u8; 56] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz";

impl PaymentId {
    /// Makes the id of an attempt that begins at `at_us` (UTC microseconds since 1970) from ten random bytes.
    pub fn mint(at_us: i64, random: [u8; 10]) -> Self {
        let millis = u64::try_from(at_us.max(0)).unwrap_or(0) / 1000;
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// An id from its 128 bits (tests, storage).
    pub const fn from_u128(bits: u128) -> Self {
        Self(Uuid::from_u128(bits))
    }

    /// The sixteen bytes, the stored form.
    pub const fn bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// Reads the stored form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadId> {
        Uuid::from_slice(bytes).map(Self).map_err(|_| BadId)
    }

    /// The retrieval reference number, ISO 8583 DE 37 (an 12): the id's last 60 bits, all random, in
    /// Crockford base 32.
    pub fn rrn(&self) -> String {
        digits(self.0.as_u128(), 32, BASE32, 12)
    }
}

/// Writes the `count` lowest digits of `bits` in `base`, the lowest last.
fn digits(mut bits: u128, base: u128, alphabet: &[u8], count: usize) -> String {
    let mut out = vec![0u8; count];
    for slot in out.iter_mut().rev() {
        let digit = usize::try_from(bits.checked_rem(base).unwrap_or(0)).unwrap_or(0);
        *slot = alphabet.get(digit).copied().unwrap_or(b'0');
        bits = bits.checked_div(base).unwrap_or(0);
    }
    String::from_utf8(out).unwrap_or_default()
}

/// The short transaction id of the mPOS profile: six characters, mixed case, case sensitive (M-061).
///
/// Unique only together with the shop and the day; look-ups by it are scoped.
pub fn public_id(id: PaymentId) -> String {
    digits(id.0.as_u128() & u128::from(u64::MAX), 56, BASE56, 6)
}

/// The order code of the USEN profile: `AAAA-nnnnnnn` (R-045, for example TSU3-0003377).
pub fn order_code(shop_code: &str, serial: i64) -> String {
    format!("{shop_code}-{serial:07}")
}

impl fmt::Display for PaymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for PaymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PaymentId({})", self.0)
    }
}

impl std::str::FromStr for PaymentId {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        Uuid::try_parse(text).map(Self).map_err(|_| BadId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_is_twelve_characters_and_differs_within_a_millisecond() {
        let a = PaymentId::mint(1_795_000_000_000_000, [1; 10]);
        let b = PaymentId::mint(1_795_000_000_000_000, [2; 10]);
        assert_eq!(a.rrn().len(), 12);
        assert_ne!(a.rrn(), b.rrn());
        assert!(a.rrn().bytes().all(|c| BASE32.contains(&c)));
    }

    #[test]
    fn public_ids_have_six_readable_characters() {
        let id = public_id(PaymentId::mint(1_795_000_000_000_000, [7; 10]));
        assert_eq!(id.len(), 6);
        assert!(id.bytes().all(|c| BASE56.contains(&c)));
        assert_eq!(order_code("TSU3", 3377), "TSU3-0003377");
    }

    #[test]
    fn ids_grow_with_time() {
        assert!(PaymentId::mint(1_000_000, [255; 10]) < PaymentId::mint(2_000_000, [0; 10]));
    }
}
