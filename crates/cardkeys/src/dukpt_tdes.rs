//! Triple DES DUKPT (ANSI X9.24-1:2009, the same as X9.24-3:2017 annex C): the readers that came before AES.
//!
//! The idea is that of [`crate::dukpt`]; what differs is the arithmetic. A key serial number has ten bytes:
//! 59 bits that name the reader's initial key and a counter of 21 bits. A counter has at most ten one-bits, so
//! that a host never derives more than ten times. Working keys are variants of the transaction's key; data
//! keys are encrypted under themselves once more.

use crate::TdesKey;
use crate::dukpt::InvalidCounter;
use des::cipher::{BlockCipherEncrypt as _, KeyInit as _};
use des::{Des, TdesEde2};
use std::fmt;
use zeroize::{Zeroize as _, Zeroizing};

/// The bits of the counter inside a key serial number.
const COUNTER: u32 = 0x001F_FFFF;
/// No transaction counter has more one-bits than this (X9.24-1:2009, A.2).
const MAX_ONE_BITS: u32 = 10;
/// What makes the second key of a derivation from the first (X9.24-1:2009, A.6).
const OTHER_HALF: [u8; 16] = [0xC0, 0xC0, 0xC0, 0xC0, 0, 0, 0, 0, 0xC0, 0xC0, 0xC0, 0xC0, 0, 0, 0, 0];

/// What a working key may be used for (X9.24-1:2009, A.4.1 table A-1). The directions are the reader's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Usage {
    /// PIN blocks, ISO 9564 format 0.
    PinEncryption,
    /// Authenticating messages from the reader.
    MacRequest,
    /// Authenticating messages to the reader.
    MacResponse,
    /// Card data from the reader.
    DataRequest,
    /// Data to the reader.
    DataResponse,
}

impl Usage {
    /// Which byte of each half is inverted.
    const fn inverted_byte(self) -> usize {
        match self {
            Self::PinEncryption => 7,
            Self::MacRequest => 6,
            Self::MacResponse => 4,
            Self::DataRequest => 5,
            Self::DataResponse => 3,
        }
    }

    const fn is_data(self) -> bool {
        matches!(self, Self::DataRequest | Self::DataResponse)
    }
}

/// A key serial number of ten bytes. Not secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ksn([u8; 10]);

impl Ksn {
    /// From the ten bytes on the wire. Any counter is taken; [`working_key`] refuses an invalid one.
    pub const fn from_bytes(bytes: [u8; 10]) -> Self {
        Self(bytes)
    }

    /// The ten bytes on the wire.
    pub const fn to_bytes(self) -> [u8; 10] {
        self.0
    }

    /// The transaction counter, 21 bits.
    pub const fn counter(self) -> u32 {
        let [.., a, b, c] = self.0;
        u32::from_be_bytes([0, a, b, c]) & COUNTER
    }

    /// The same reader key with another counter; `None` when it has more than 21 bits.
    pub const fn with_counter(self, counter: u32) -> Option<Self> {
        if counter & !COUNTER != 0 {
            return None;
        }
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        let [_, high, middle, low] = counter.to_be_bytes();
        Some(Self([a, b, c, d, e, f, g, h & 0xE0 | high, middle, low]))
    }

    /// The number that the next transaction uses, or `None` when the reader's key is used up.
    ///
    /// Counters with more than ten one-bits are stepped over.
    pub fn next(self) -> Option<Self> {
        let mut next = self.counter().checked_add(1)?;
        while next.count_ones() > MAX_ONE_BITS {
            // Adding the lowest one-bit carries it upwards: never more one-bits, and at most 21 rounds.
            next = next.checked_add(next & next.wrapping_neg())?;
        }
        self.with_counter(next)
    }

    /// The eight bytes that name the reader's key whatever its counter: the last ones with the counter zero.
    pub const fn reader(self) -> [u8; 8] {
        let [_, _, c, d, e, f, g, h, ..] = self.0;
        [c, d, e, f, g, h & 0xE0, 0, 0]
    }

    /// The last eight bytes with this counter: what the transaction keys are derived from.
    fn register(self, counter: u32) -> [u8; 8] {
        let [_, _, c, d, e, f, g, h, ..] = self.0;
        let [_, high, middle, low] = counter.to_be_bytes();
        [c, d, e, f, g, h & 0xE0 | high, middle, low]
    }
}

impl fmt::Display for Ksn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode_upper(self.0))
    }
}

/// Whether a reader may use this counter.
pub const fn is_valid_counter(counter: u32) -> bool {
    counter != 0 && counter & !COUNTER == 0 && counter.count_ones() <= MAX_ONE_BITS
}

/// What a reader is loaded with: its initial key, whose parity bits are data.
#[derive(Clone)]
pub struct ReaderKey(Zeroizing<[u8; 16]>);

impl ReaderKey {
    /// The key of the reader with this serial number, whatever the counter says.
    pub fn derive(bdk: &TdesKey, ksn: Ksn) -> Self {
        Self(initial(bdk.expose(), ksn))
    }

    /// The key for one use in one transaction, as [`working_key`] gives it to the host.
    pub fn working_key(&self, ksn: Ksn, usage: Usage) -> Result<TdesKey, InvalidCounter> {
        let key = transaction_key(self.0.clone(), ksn)?;
        Ok(TdesKey::from_bytes(*variant(&key, usage)))
    }
}

impl fmt::Debug for ReaderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReaderKey(masked)")
    }
}

/// The initial key that a reader with this serial number is loaded with, whatever the counter says.
pub fn derive_initial_key(bdk: &TdesKey, ksn: Ksn) -> TdesKey {
    TdesKey::from_bytes(*initial(bdk.expose(), ksn))
}

/// The key for one use in one transaction, from the acquirer's base key.
///
/// Unlike AES keys these have parity bits, which the derivation counts as data and a [`TdesKey`] sets to odd;
/// so it begins at the base key, as a host does, and not at an initial key.
pub fn working_key(bdk: &TdesKey, ksn: Ksn, usage: Usage) -> Result<TdesKey, InvalidCounter> {
    ReaderKey::derive(bdk, ksn).working_key(ksn, usage)
}

/// One block under a double-length key whose parity bits are data.
fn encrypt(key: &[u8; 16], block: [u8; 8]) -> [u8; 8] {
    let mut block = block.into();
    TdesEde2::new(&(*key).into()).encrypt_block(&mut block);
    block.into()
}

fn mix<const N: usize>(mut a: [u8; N], b: [u8; N]) -> [u8; N] {
    for (to, from) in a.iter_mut().zip(b) {
        *to ^= from;
    }
    a
}

fn join(left: [u8; 8], right: [u8; 8]) -> Zeroizing<[u8; 16]> {
    let mut whole = Zeroizing::new([0; 16]);
    for (to, from) in whole.iter_mut().zip(left.iter().chain(&right)) {
        *to = *from;
    }
    whole
}

fn halves(key: [u8; 16]) -> ([u8; 8], [u8; 8]) {
    let [a, b, c, d, e, f, g, h, right @ ..] = key;
    ([a, b, c, d, e, f, g, h], right)
}

/// X9.24-1:2009, A.6: the first eight bytes of the serial number without its counter, under the base key and
/// under its other half.
fn initial(bdk: &[u8; 16], ksn: Ksn) -> Zeroizing<[u8; 16]> {
    let [a, b, c, d, e, f, g, h, ..] = ksn.0;
    let name = [a, b, c, d, e, f, g, h & 0xE0];
    let other = Zeroizing::new(mix(*bdk, OTHER_HALF));
    join(encrypt(bdk, name), encrypt(&other, name))
}

/// X9.24-1:2009, A.2: one non-reversible step for each one-bit of the counter, from the highest down.
fn transaction_key(initial: Zeroizing<[u8; 16]>, ksn: Ksn) -> Result<Zeroizing<[u8; 16]>, InvalidCounter> {
    let counter = ksn.counter();
    if !is_valid_counter(counter) {
        return Err(InvalidCounter(counter));
    }
    let mut key = initial;
    let mut so_far = 0;
    for bit in (0..COUNTER.count_ones()).rev() {
        let mask = 1_u32.rotate_left(bit);
        if counter & mask != 0 {
            so_far |= mask;
            let register = ksn.register(so_far);
            let other = Zeroizing::new(mix(*key, OTHER_HALF));
            key = join(one_way(&other, register), one_way(&key, register));
        }
    }
    Ok(key)
}

/// The non-reversible step (X9.24-1:2009, A.3): single DES with the left half between two times the right.
fn one_way(key: &[u8; 16], register: [u8; 8]) -> [u8; 8] {
    let (left, right) = halves(*key);
    let mut block = mix(register, right).into();
    Des::new(&left.into()).encrypt_block(&mut block);
    let out = mix(block.into(), right);
    block.as_mut_slice().zeroize();
    out
}

fn variant(key: &[u8; 16], usage: Usage) -> Zeroizing<[u8; 16]> {
    let mut varied = Zeroizing::new(*key);
    for half in varied.chunks_exact_mut(8) {
        if let Some(byte) = half.get_mut(usage.inverted_byte()) {
            *byte ^= 0xFF;
        }
    }
    if !usage.is_data() {
        return varied;
    }
    // A.4.1: a data key is its variant encrypted under itself, so that it tells nothing of the others.
    let (left, right) = halves(*varied);
    join(encrypt(&varied, left), encrypt(&varied, right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pan;
    use crate::pinblock::{Pin, format0};
    use proptest::prelude::*;

    fn bdk() -> TdesKey {
        TdesKey::from_hex("0123456789ABCDEFFEDCBA9876543210").unwrap()
    }

    fn ksn(counter: u32) -> Ksn {
        let bytes = hex::decode("FFFF9876543210E00000").unwrap();
        Ksn::from_bytes(bytes.try_into().unwrap()).with_counter(counter).unwrap()
    }

    fn raw(counter: u32, usage: Usage) -> String {
        hex::encode_upper(*variant(
            &transaction_key(initial(bdk().expose(), ksn(counter)), ksn(counter)).unwrap(),
            usage,
        ))
    }

    /// ANSI X9.24-1:2009 A.4.2 (base key, serial number, PIN 1234, card 4012345678909), as public test suites
    /// print it: counter, PIN key, MAC request key, PIN block.
    const ANSWERS: [(u32, &str, &str, &str); 8] = [
        (1, "042666B49184CF5C68DE9628D0397B36", "042666B4918430A368DE9628D03984C9", "1B9C1845EB993A7A"),
        (2, "C46551CEF9FD244FAA9AD834130D3B38", "C46551CEF9FDDBB0AA9AD834130DC4C7", "10A01C8D02C69107"),
        (3, "0DF3D9422ACA561A47676D07AD6BAD05", "0DF3D9422ACAA9E547676D07AD6B52FA", "18DC07B94797B466"),
        (4, "279C0F6AEED0BE9A2B2C733E1383AE6E", "279C0F6AEED041652B2C733E13835191", "0BC79509D5645DF7"),
        (5, "5F8DC6D2C845C1DA508DDC048093B8C0", "5F8DC6D2C8453E25508DDC048093473F", "5BC0AF22AD87B327"),
        (6, "5E415CB0BAF9F0C3D0C14B63FB62FFBC", "5E415CB0BAF90F3CD0C14B63FB620043", "A16DF70AE36158D8"),
        (7, "0C8F780B7C8B492FAE84A9EB2A6CE69F", "0C8F780B7C8BB6D0AE84A9EB2A6C1960", "27711C16CB257F8E"),
        (8, "27F66D5244FF621EAA6F6120EDEB427F", "27F66D5244FF9DE1AA6F6120EDEBBD80", "50E55547A5027551"),
    ];

    #[test]
    fn the_initial_key_is_that_of_the_standard() {
        let key = initial(bdk().expose(), ksn(1));
        assert_eq!(hex::encode_upper(*key), "6AC292FAA1315B4D858AB3A3D7D5933A");
        assert_eq!(derive_initial_key(&bdk(), ksn(1)), derive_initial_key(&bdk(), ksn(77)));
    }

    #[test]
    fn working_keys_and_pin_blocks_are_those_of_the_standard() {
        let (pin, pan) = (Pin::parse("1234").unwrap(), Pan::parse("4012345678909").unwrap());
        for (counter, pin_key, mac_key, block) in ANSWERS {
            assert_eq!(raw(counter, Usage::PinEncryption), pin_key, "PIN key {counter}");
            assert_eq!(raw(counter, Usage::MacRequest), mac_key, "MAC key {counter}");
            let key = working_key(&bdk(), ksn(counter), Usage::PinEncryption).unwrap();
            let made = format0::encode(&pin, &pan, &key).unwrap();
            assert_eq!(hex::encode_upper(made), block, "PIN block {counter}");
            assert_eq!(format0::decode(&made, &pan, &key), Ok(pin.clone()));
        }
    }

    #[test]
    fn every_use_has_a_key_of_its_own() {
        // The variants of counter 1 and the data keys of counters 1 to 4, as two public test suites print them.
        assert_eq!(raw(1, Usage::MacResponse), "042666B46E84CFA368DE96282F397BC9");
        for (counter, answer) in [
            (1, "448D3F076D8304036A55A3D7E0055A78"),
            (2, "F1BE73B36135C5C26CF937D50ABBE5AF"),
            (3, "EEEEF522C67239E4A2A65FEBF4C511F4"),
            (4, "BCF2610997C3AC3C5F13AE965A1B773B"),
        ] {
            assert_eq!(raw(counter, Usage::DataRequest), answer, "data key {counter}");
        }
        assert_ne!(raw(1, Usage::DataResponse), raw(1, Usage::DataRequest));
    }

    #[test]
    fn no_key_for_a_counter_that_no_reader_may_use() {
        for counter in [0, 0x0000_07FF, 0x001F_FFFF] {
            let answer = working_key(&bdk(), ksn(counter), Usage::PinEncryption);
            assert_eq!(answer, Err(InvalidCounter(counter)));
        }
        assert_eq!(ksn(1).with_counter(0x0020_0000), None);
    }

    #[test]
    fn a_reader_key_is_good_for_a_million_transactions_less_one_and_ends_at_fff800() {
        // DukptDesPinBlockInternalCase of a public Python suite: 2^20 - 1 steps from FFFF9876543210E00000.
        let mut last = ksn(0);
        let mut count = 0_u32;
        while let Some(next) = last.next() {
            last = next;
            count += 1;
        }
        assert_eq!((last.to_string().as_str(), count), ("FFFF9876543210FFF800", (1 << 20) - 1));
    }

    proptest! {
        #[test]
        fn a_serial_number_survives_the_wire(bytes: [u8; 10]) {
            let ksn = Ksn::from_bytes(bytes);
            prop_assert_eq!(ksn.with_counter(ksn.counter()), Some(ksn));
            prop_assert_eq!(ksn.to_bytes(), bytes);
        }
    }
}
