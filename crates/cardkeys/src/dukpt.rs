//! AES DUKPT (ANSI X9.24-3:2017) for AES-128: a key of its own for every transaction of a reader.
//!
//! The acquirer keeps one base derivation key. A reader is loaded with the initial key that belongs to its
//! initial key ID, and names the key that it used by a key serial number: that ID and a counter. Whoever has
//! the base key computes the same working key from the serial number; whoever opens the reader learns no key
//! of the past. This module derives from the initial key, as a host does, for any counter.

use crate::Key;
use aes::cipher::BlockCipherEncrypt as _;
use std::fmt;
use zeroize::Zeroize as _;

/// No transaction counter has more one-bits than this (X9.24-3, 6.1).
const MAX_ONE_BITS: u32 = 16;
/// Key usage indicators of the two derivation steps (X9.24-3, 6.3.2 table 2).
const KEY_DERIVATION: u16 = 0x8000;
const INITIAL_KEY_DERIVATION: u16 = 0x8001;

/// What a working key may be used for (X9.24-3, 6.3.2 table 2). One counter gives a different key for each.
///
/// The directions are the reader's: what a reader encrypts, the host decrypts with the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Usage {
    /// Wrapping another key.
    KeyEncryption,
    /// PIN blocks.
    PinEncryption,
    /// Authenticating messages from the reader.
    MacGeneration,
    /// Authenticating messages to the reader.
    MacVerification,
    /// Authenticating messages both ways.
    MacBothWays,
    /// Card data from the reader.
    DataEncryption,
    /// Data to the reader.
    DataDecryption,
    /// Data both ways.
    DataBothWays,
}

impl Usage {
    const fn indicator(self) -> u16 {
        match self {
            Self::KeyEncryption => 0x0002,
            Self::PinEncryption => 0x1000,
            Self::MacGeneration => 0x2000,
            Self::MacVerification => 0x2001,
            Self::MacBothWays => 0x2002,
            Self::DataEncryption => 0x3000,
            Self::DataDecryption => 0x3001,
            Self::DataBothWays => 0x3002,
        }
    }
}

/// A key serial number: which reader key, and which of its transactions. Not secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ksn {
    /// The initial key ID: base key ID in the first four bytes, derivation ID in the last four.
    pub initial_key_id: [u8; 8],
    /// The transaction counter, from 1.
    pub counter: u32,
}

impl Ksn {
    /// The 12 bytes on the wire.
    pub const fn to_bytes(self) -> [u8; 12] {
        let [a, b, c, d, e, f, g, h] = self.initial_key_id;
        let [i, j, k, l] = self.counter.to_be_bytes();
        [a, b, c, d, e, f, g, h, i, j, k, l]
    }

    /// From the 12 bytes on the wire. Any counter is taken; [`working_key`] refuses an invalid one.
    pub const fn from_bytes(bytes: [u8; 12]) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = bytes;
        Self { initial_key_id: [a, b, c, d, e, f, g, h], counter: u32::from_be_bytes([i, j, k, l]) }
    }
}

impl fmt::Display for Ksn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode_upper(self.to_bytes()))
    }
}

/// A counter that no reader may use: zero, or more than 16 one-bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidCounter(pub u32);

impl fmt::Display for InvalidCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no reader key has the transaction counter {:08X}", self.0)
    }
}

impl std::error::Error for InvalidCounter {}

/// Whether a reader may use this counter.
pub const fn is_valid_counter(counter: u32) -> bool {
    counter != 0 && counter.count_ones() <= MAX_ONE_BITS
}

/// The counter after this one, or `None` when the reader's key is used up and must be replaced.
///
/// Counters with more than 16 one-bits are stepped over, so that a host never derives more than 16 times.
pub fn next_counter(counter: u32) -> Option<u32> {
    let mut next = counter.checked_add(1)?;
    while next.count_ones() > MAX_ONE_BITS {
        // Adding the lowest one-bit carries it upwards: never more one-bits, and at most 32 rounds.
        next = next.checked_add(next & next.wrapping_neg())?;
    }
    Some(next)
}

/// The initial key that a reader with this initial key ID is loaded with.
pub fn derive_initial_key(bdk: &Key, initial_key_id: [u8; 8]) -> Key {
    derive(bdk, INITIAL_KEY_DERIVATION, initial_key_id)
}

/// The key for one use in one transaction, from the reader's initial key.
pub fn working_key(initial: &Key, ksn: Ksn, usage: Usage) -> Result<Key, InvalidCounter> {
    Ok(derive(&transaction_key(initial, ksn)?, usage.indicator(), ksn_tail(ksn, ksn.counter)))
}

/// The key that a transaction's working keys come from (X9.24-3, 6.3.1): one step for each one-bit of the
/// counter, from the highest down.
fn transaction_key(initial: &Key, ksn: Ksn) -> Result<Key, InvalidCounter> {
    if !is_valid_counter(ksn.counter) {
        return Err(InvalidCounter(ksn.counter));
    }
    let mut key = initial.clone();
    let mut so_far = 0;
    for bit in (0..u32::BITS).rev() {
        let mask = 1_u32.rotate_left(bit);
        if ksn.counter & mask != 0 {
            so_far |= mask;
            key = derive(&key, KEY_DERIVATION, ksn_tail(ksn, so_far));
        }
    }
    Ok(key)
}

/// The derivation ID and a counter, as derivation data wants them (X9.24-3, 6.3.3).
const fn ksn_tail(ksn: Ksn, counter: u32) -> [u8; 8] {
    let [_, _, _, _, e, f, g, h] = ksn.initial_key_id;
    let [i, j, k, l] = counter.to_be_bytes();
    [e, f, g, h, i, j, k, l]
}

/// One AES block over the derivation data (X9.24-3, 6.3.2 table 3): version 1, key block 1, usage,
/// algorithm 2 (AES-128), 128 bits, then whose key it is.
fn derive(key: &Key, usage: u16, tail: [u8; 8]) -> Key {
    let [usage_high, usage_low] = usage.to_be_bytes();
    let [a, b, c, d, e, f, g, h] = tail;
    let mut block = [1, 1, usage_high, usage_low, 0, 2, 0, 128, a, b, c, d, e, f, g, h].into();
    key.cipher().encrypt_block(&mut block);
    let mut bytes: [u8; 16] = block.into();
    block.as_mut_slice().zeroize();
    let derived = Key::from_bytes(bytes);
    bytes.zeroize();
    derived
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_keys;
    use proptest::prelude::*;

    fn initial_key() -> Key {
        derive_initial_key(&test_keys::bdk(), test_keys::INITIAL_KEY_ID)
    }

    fn ksn(counter: u32) -> Ksn {
        Ksn { initial_key_id: test_keys::INITIAL_KEY_ID, counter }
    }

    fn hex_of(key: &Key) -> String {
        hex::encode_upper(key.expose())
    }

    // The answers below are those of the ANSI X9.24-3:2017 supplement for an AES-128 base key, as printed in
    // openemv/dukpt test/dukpt_aes128_test.c.

    #[test]
    fn the_initial_key_is_that_of_the_supplement() {
        assert_eq!(hex_of(&initial_key()), "1273671EA26AC29AFA4D1084127652A1");
    }

    #[test]
    fn transaction_keys_are_those_of_the_supplement() {
        for (counter, answer) in [
            (0x0000_0001, "4F21B565BAD9835E112B6465635EAE44"),
            (0x0000_0002, "2F34D68DE10F68D38091A73B9E7C437C"),
            (0x0000_0003, "031504E530365CF81264238540518318"),
            (0x0000_0004, "0EEFC7ADA628BA68878DA9165A8A1887"),
            (0x0000_0005, "C2A7AC328A5DA2D6002D62465BFC028B"),
            (0x0000_0006, "D30F7D9351DA58448A2F5E92B4EE3B7D"),
            (0x0000_0007, "A8253CEED9AC042C54F75D35C8352278"),
            (0x0000_0008, "718EE6CF0B27E53D5F7AF99C4D8146A2"),
            (0x0001_FFFE, "E21E8C8D347F8561A2BE752DAA85A111"),
            (0x0002_0000, "F7AE9025468A25D37B7249CFFED224C8"),
            (0x0002_0001, "692C8EA4013645135B36497131DF9D2C"),
            (0xFFFE_2000, "48E585B694EB0B18D5C35443E163C0BA"),
            (0xFFFE_4000, "396C2C7CA1EA701C03B86B7D41F0C562"),
            (0xFFFE_8000, "0387625F189B58AE03EF0E8CCA41105E"),
            (0xFFFF_0000, "F6BA59389BD14A9855BE9727E7C52E3C"),
        ] {
            let key = transaction_key(&initial_key(), ksn(counter)).unwrap();
            assert_eq!(hex_of(&key), answer, "counter {counter:08X}");
        }
    }

    #[test]
    fn working_keys_are_those_of_the_supplement() {
        for (counter, pin, mac, data) in [
            (
                1,
                "AF8CB133A78F8DC2D1359F18527593FB",
                "A2DC23DE6FDE0824A2BC321E08E4B8B7",
                "A35C412EFD41FDB98B69797C02DCD08F",
            ),
            (
                2,
                "D30BDC73EC9714B000BEC66BDB7B6D09",
                "484C3B06E8562704528CD5B46FB12FB6",
                "D639514AA33AC43AD9229E433D6D4E5B",
            ),
            (
                3,
                "7D69F01F3B45449F62C7816ECE723268",
                "A5DF7D9D800CA769766F0C77CA4E6E6C",
                "EF17F6AB45B4820C93A3DCB21BC491AD",
            ),
            (
                4,
                "91A0588318EC2673214271F70137896E",
                "E6E4679647D8A9057C1FC15537CB4C4E",
                "B3BD44C08BB6BA27C3BB4711D7D70387",
            ),
            (
                5,
                "35A43BC9EFEB09C756204B57E3FB7D4D",
                "0588185FE1FF8C7E22FAD78C1C61F065",
                "CA02DF6F30B39E14BD0B4A30E460920F",
            ),
            (
                6,
                "02DCC6CD1201A3A2CA7099559C862123",
                "7B60F72A5639C0EE7EB2100FA80BB793",
                "C9B8A7C4E486180B2229115164F0B293",
            ),
            (
                7,
                "6ECF912F3B18CA11A7A27BB60705FD09",
                "BAA08CA263C69525BC6B1BA8F4275D69",
                "0FA8F1F0A2DD7B1005A862D77CDED698",
            ),
            (
                8,
                "4D9DF3FBEE3448FC3E676D04320A90F5",
                "6FD572E5D59E618875F193484F9178FB",
                "650F34204ABD4E57764D61AC3D266FB1",
            ),
        ] {
            let of = |usage| hex_of(&working_key(&initial_key(), ksn(counter), usage).unwrap());
            assert_eq!(of(Usage::PinEncryption), pin, "PIN key {counter}");
            assert_eq!(of(Usage::MacGeneration), mac, "MAC key {counter}");
            assert_eq!(of(Usage::DataEncryption), data, "data key {counter}");
        }
    }

    #[test]
    fn every_use_has_a_key_of_its_own() {
        // The other usages of counter 1, X9.24-3:2017 annex B, as two public test suites quote them: the class
        // DukptAesWorkingKeyTests of a C# project called CryptoScript, and for the key encryption key the crate
        // paysec-dukpt.
        for (usage, answer) in [
            (Usage::MacVerification, "DBB463945B286C07CD3AD82EE96FD9C9"),
            (Usage::MacBothWays, "85675439D18D7F1158BD8E3EAA3D502B"),
            (Usage::DataDecryption, "16292C6EA8F64C5420A0584BFBC577BE"),
            (Usage::DataBothWays, "A308E080DD15A1B741F1721BF67DE11C"),
            (Usage::KeyEncryption, "36A724B7BEFA5A25F5E7B5782A4554A2"),
        ] {
            assert_eq!(hex_of(&working_key(&initial_key(), ksn(1), usage).unwrap()), answer, "{usage:?}");
        }
    }

    #[test]
    fn counters_step_over_more_than_sixteen_one_bits_and_end() {
        assert_eq!(next_counter(0), Some(1));
        assert_eq!(next_counter(0x0001_FFFE), Some(0x0002_0000));
        assert_eq!(next_counter(0xFFFE_2000), Some(0xFFFE_4000));
        assert_eq!(next_counter(0xFFFE_8000), Some(0xFFFF_0000));
        assert_eq!(next_counter(0xFFFF_0000), None);
        assert_eq!(next_counter(u32::MAX), None);
    }

    #[test]
    fn no_key_for_a_counter_that_no_reader_may_use() {
        for counter in [0, 0x0001_FFFF, 0xFFFF_0001, u32::MAX] {
            let answer = working_key(&initial_key(), ksn(counter), Usage::PinEncryption);
            assert_eq!(answer, Err(InvalidCounter(counter)));
        }
    }

    proptest! {
        #[test]
        fn the_next_counter_is_the_smallest_valid_one_above(counter in 0..=0xFFFF_0000_u32) {
            match next_counter(counter) {
                None => prop_assert_eq!(counter, 0xFFFF_0000),
                Some(next) => {
                    prop_assert!(next > counter && is_valid_counter(next));
                    // Everything between is invalid; the gap can be large, so its ends are looked at.
                    for between in (counter + 1..next).take(50).chain((counter + 1..next).rev().take(50)) {
                        prop_assert!(!is_valid_counter(between));
                    }
                }
            }
        }

        #[test]
        fn a_serial_number_survives_the_wire(bytes: [u8; 12]) {
            prop_assert_eq!(Ksn::from_bytes(bytes).to_bytes(), bytes);
        }
    }
}
