//! EMV application cryptograms: how an issuer knows its chip, and the chip its issuer (EMV 4.3 Book 2).
//!
//! Issuer master key → card master key (annex A1.4, options A and B) → session key for one transaction
//! (annex A1.3, common session key derivation) → ARQC, an ISO/IEC 9797-1 algorithm 3 MAC over the transaction's
//! data with padding method 2 (annex A1.2, as in cryptogram version 18) → ARPC, the issuer's answer (8.2).
//! Nothing here allocates.
#![expect(clippy::similar_names, reason = "ARQC and ARPC are the standard's own words")]

use crate::{Pan, TdesKey};
use des::Des;
use des::cipher::{BlockCipherDecrypt as _, BlockCipherEncrypt as _};
use sha1::{Digest as _, Sha1};
use std::fmt;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// A card's own master key for cryptograms: option A for numbers of up to 16 digits, option B above.
///
/// `sequence` is the PAN sequence number as tag 5F34 carries it, two digits in one byte; 0 when there is none.
pub fn card_master_key(issuer: &TdesKey, pan: &Pan, sequence: u8) -> TdesKey {
    if pan.digit_count() > 16 { option_b(issuer, pan, sequence) } else { option_a(issuer, pan, sequence) }
}

/// Option A (EMV 4.3 Book 2, A1.4.1): the rightmost 16 digits of number and sequence.
pub fn option_a(issuer: &TdesKey, pan: &Pan, sequence: u8) -> TdesKey {
    diversify(issuer, rightmost_digits(pan, sequence))
}

/// Option B (EMV 4.3 Book 2, A1.4.2): 16 decimal digits of a hash of number and sequence.
/// For numbers of up to 16 digits it is option A.
pub fn option_b(issuer: &TdesKey, pan: &Pan, sequence: u8) -> TdesKey {
    if pan.digit_count() <= 16 {
        return option_a(issuer, pan, sequence);
    }
    // Number and sequence, packed two digits to a byte with one zero in front when their count is odd.
    let mut packed = Zeroizing::new([0_u8; 11]);
    for (byte, pair) in packed.iter_mut().rev().zip(pairs_from_the_right(pan, sequence)) {
        *byte = pair;
    }
    let used = pan.digit_count().saturating_add(3) / 2;
    let hashed = packed.get(packed.len().saturating_sub(used)..).unwrap_or(&*packed);
    let hash: [u8; 20] = Sha1::digest(hashed).into();
    let nibbles = || hash.iter().flat_map(|byte| [byte >> 4, byte & 0xF]);
    // Decimal nibbles first; if they are fewer than 16, then A to F as 0 to 5.
    let digits = nibbles()
        .filter(|nibble| *nibble <= 9)
        .chain(nibbles().filter(|nibble| *nibble > 9).map(|nibble| nibble.saturating_sub(10)));
    diversify(issuer, pack(digits))
}

/// The session key for a transaction's cryptograms, from its application transaction counter (tag 9F36).
pub fn session_key(card_master: &TdesKey, atc: [u8; 2]) -> TdesKey {
    let [high, low] = atc;
    common_session_key(card_master, [high, low, 0, 0, 0, 0, 0, 0])
}

/// The common session key derivation (EMV 4.3 Book 2, A1.3.1) from any diversification value.
pub fn common_session_key(card_master: &TdesKey, value: [u8; 8]) -> TdesKey {
    let [a, b, _, d, e, f, g, h] = value;
    let [left, right] = card_master.encrypt_each([[a, b, 0xF0, d, e, f, g, h], [a, b, 0x0F, d, e, f, g, h]]);
    join(left, right)
}

/// An application cryptogram (ARQC, TC or AAC) over the transaction's data, given in parts that are read as one.
pub fn application_cryptogram(session: &TdesKey, parts: &[&[u8]]) -> [u8; 8] {
    retail_mac(session, parts)
}

/// Whether the card made this cryptogram over this data; compares in constant time.
pub fn is_cryptogram_of(session: &TdesKey, parts: &[&[u8]], cryptogram: &[u8]) -> bool {
    application_cryptogram(session, parts).ct_eq(cryptogram).into()
}

/// ARPC method 1 (EMV 4.3 Book 2, 8.2.1): over the ARQC and the authorisation response code.
/// Issuer authentication data (tag 91) is the ARPC and then the code.
pub fn arpc_method_1(session: &TdesKey, arqc: [u8; 8], response_code: [u8; 2]) -> [u8; 8] {
    let [a, b, rest @ ..] = arqc;
    let [code_a, code_b] = response_code;
    let [c, d, e, f, g, h] = rest;
    session.encrypt([a ^ code_a, b ^ code_b, c, d, e, f, g, h])
}

/// Whether the issuer made this ARPC, as the card asks; compares in constant time.
pub fn is_arpc_of(session: &TdesKey, arqc: [u8; 8], response_code: [u8; 2], arpc: &[u8]) -> bool {
    arpc_method_1(session, arqc, response_code).ct_eq(arpc).into()
}

/// More than the eight bytes of proprietary data that ARPC method 2 takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMuchProprietaryData;

impl fmt::Display for TooMuchProprietaryData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("proprietary authentication data has at most eight bytes")
    }
}

impl std::error::Error for TooMuchProprietaryData {}

/// ARPC method 2 (EMV 4.3 Book 2, 8.2.2): over the ARQC, the card status update and proprietary data.
pub fn arpc_method_2(
    session: &TdesKey,
    arqc: [u8; 8],
    card_status_update: [u8; 4],
    proprietary: &[u8],
) -> Result<[u8; 4], TooMuchProprietaryData> {
    if proprietary.len() > 8 {
        return Err(TooMuchProprietaryData);
    }
    let [a, b, c, d, ..] = retail_mac(session, &[&arqc, &card_status_update, proprietary]);
    Ok([a, b, c, d])
}

/// The last 16 digits of number and sequence, zeros in front when they are fewer.
fn rightmost_digits(pan: &Pan, sequence: u8) -> [u8; 8] {
    let mut packed = [0; 8];
    for (byte, pair) in packed.iter_mut().rev().zip(pairs_from_the_right(pan, sequence)) {
        *byte = pair;
    }
    packed
}

/// Number and sequence as bytes of two digits, from the right; an odd first digit has a zero before it.
fn pairs_from_the_right(pan: &Pan, sequence: u8) -> impl Iterator<Item = u8> + '_ {
    let pairs = pan.digits().rchunks(2).map(|pair| match pair {
        [high, low] => high.rotate_left(4) | low,
        [low] => *low,
        _ => 0,
    });
    std::iter::once(sequence).chain(pairs)
}

/// Sixteen nibbles as eight bytes.
fn pack(mut nibbles: impl Iterator<Item = u8>) -> [u8; 8] {
    let mut packed = [0; 8];
    for byte in &mut packed {
        if let (Some(high), Some(low)) = (nibbles.next(), nibbles.next()) {
            *byte = high.rotate_left(4) | low;
        }
    }
    packed
}

/// Both halves of a card master key from its 16 digits: they and their complement under the issuer's key.
fn diversify(issuer: &TdesKey, digits: [u8; 8]) -> TdesKey {
    let [left, right] = issuer.encrypt_each([digits, digits.map(|byte| !byte)]);
    join(left, right)
}

fn join(left: [u8; 8], right: [u8; 8]) -> TdesKey {
    let [a, b, c, d, e, f, g, h] = left;
    let [i, j, k, l, m, n, o, p] = right;
    TdesKey::from_bytes([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p])
}

/// ISO/IEC 9797-1 MAC algorithm 3 with DES and padding method 2: the left half chains all blocks, the right
/// half and again the left finish the last.
fn retail_mac(key: &TdesKey, parts: &[&[u8]]) -> [u8; 8] {
    let (left, right) = key.halves();
    let mut state = [0_u8; 8];
    let mut filled = 0_usize;
    let data = parts.iter().flat_map(|part| part.iter()).chain(std::iter::once(&0x80));
    for byte in data {
        if let Some(to) = state.get_mut(filled) {
            *to ^= byte;
        }
        filled = filled.saturating_add(1);
        if filled == 8 {
            state = encrypt(&left, state);
            filled = 0;
        }
    }
    // The zeros of the padding change nothing in a chained block.
    if filled > 0 {
        state = encrypt(&left, state);
    }
    let mut block = state.into();
    right.decrypt_block(&mut block);
    encrypt(&left, block.into())
}

fn encrypt(cipher: &Des, block: [u8; 8]) -> [u8; 8] {
    let mut block = block.into();
    cipher.encrypt_block(&mut block);
    block.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_keys;

    // The answers below were made with a hardware security module by the author of pyemv:
    // knovichikhin/pyemv tests/test_kd_hsm.py and tests/test_cvn_hsm.py.

    fn pan(text: &str) -> Pan {
        Pan::parse(text).unwrap()
    }

    fn bytes<const N: usize>(text: &str) -> [u8; N] {
        hex::decode(text).unwrap().try_into().unwrap()
    }

    fn check(key: &TdesKey, digits: &str) {
        let shown = hex::encode_upper(key.check_value());
        assert_eq!(&shown[..4], digits);
    }

    const R: &str = "1234567890123456";
    const DATA: &str = "0123456789ABCDEF0123456789ABCDEF";

    #[test]
    fn option_a_and_arpc_method_1_are_those_of_the_module() {
        for (sequence, card, session, arqc, arpc) in [
            (0x45, Some("FF08"), "DF82", "19C1FBC83EBDC0D5", "78A372523FA35A03"),
            (0x00, None, "3F4F", "8698A7319324FD93", "BEA11C8F4A47EF6F"),
        ] {
            let card_key = option_a(&test_keys::issuer(), &pan("12345678901234567"), sequence);
            if let Some(digits) = card {
                check(&card_key, digits);
            }
            let session_key = common_session_key(&card_key, bytes(R));
            check(&session_key, session);
            let made = application_cryptogram(&session_key, &[&bytes::<16>(DATA)]);
            assert_eq!(hex::encode_upper(made), arqc);
            // These two vectors answer with the card's own key.
            assert_eq!(hex::encode_upper(arpc_method_1(&card_key, made, [0, 0])), arpc);
        }
    }

    #[test]
    fn arpc_method_1_with_the_session_key_is_that_of_the_module() {
        let card_key = option_a(&test_keys::issuer(), &pan("12345678901234567"), 0x45);
        let session_key = common_session_key(&card_key, bytes(R));
        let arpc = arpc_method_1(&session_key, bytes("19C1FBC83EBDC0D5"), [0, 0]);
        assert_eq!(hex::encode_upper(arpc), "C3620580668E5B65");
        assert!(is_arpc_of(&session_key, bytes("19C1FBC83EBDC0D5"), [0, 0], &arpc));
        assert!(!is_arpc_of(&session_key, bytes("19C1FBC83EBDC0D5"), *b"05", &arpc));
    }

    #[test]
    fn option_b_and_arpc_method_2_are_those_of_the_module() {
        for (number, sequence, card, session, arqc, arpc) in [
            ("1234567890123456", 0x00, "BAB0", "BC19", "0CE77D211CB5459A", "8CD9AA5D"),
            ("12345678901234567", 0x45, "0BAF", "4262", "5760EE07B4FA65D1", "106B81D9"),
            ("12345678901234567", 0x00, "4626", "7F36", "0BAA251EA8989442", "C1C41F3A"),
            ("123456789012345679", 0x00, "C2F3", "7C35", "DC95BCE3EBBE0296", "ECCA0C4B"),
        ] {
            let card_key = option_b(&test_keys::issuer(), &pan(number), sequence);
            check(&card_key, card);
            assert_eq!(card_master_key(&test_keys::issuer(), &pan(number), sequence), card_key);
            let session_key = common_session_key(&card_key, bytes(R));
            check(&session_key, session);
            let made = application_cryptogram(&session_key, &[&bytes::<16>(DATA)]);
            assert_eq!(hex::encode_upper(made), arqc);
            assert_eq!(hex::encode_upper(arpc_method_2(&session_key, made, [0; 4], &[]).unwrap()), arpc);
        }
    }

    #[test]
    fn a_hash_with_few_decimal_digits_takes_letters_too() {
        let card_key = option_b(&test_keys::issuer(), &pan("000000000000000005"), 0x23);
        check(&card_key, "DD73");
        let session_key = session_key(&card_key, [0x00, 0x1C]);
        check(&session_key, "04F8");
        let data: [u8; 40] =
            bytes("0000000040000000000000000124800004800001241911050152BF45851800001C06011203A0B800");
        let arqc = application_cryptogram(&session_key, &[&data]);
        assert_eq!(hex::encode_upper(arqc), "8CAD6F2489C640B1");
        let arpc = arpc_method_2(&session_key, arqc, [0; 4], &[0x12, 0x34, 0x56, 0x78]).unwrap();
        assert_eq!(hex::encode_upper(arpc), "E39F1876");
    }

    #[test]
    fn cryptogram_version_18_is_that_of_the_module() {
        let card_key = card_master_key(&test_keys::issuer(), &pan("1234567890123456"), 0);
        check(&card_key, "BAB0");
        let session_key = session_key(&card_key, [0x00, 0x1C]);
        check(&session_key, "22C8");
        let parts: [Vec<u8>; 11] = [
            "000000004000",
            "000000000000",
            "0124",
            "8000048000",
            "0124",
            "191105",
            "01",
            "52BF4585",
            "1800",
            "001C",
            "06011203A0B800",
        ]
        .map(|text| hex::decode(text).unwrap());
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let arqc = application_cryptogram(&session_key, &parts);
        assert_eq!(hex::encode_upper(arqc), "7A788EA6B8A3E733");
        assert!(is_cryptogram_of(&session_key, &parts, &arqc));
        assert_eq!(hex::encode_upper(arpc_method_2(&session_key, arqc, [0; 4], &[]).unwrap()), "9AF514C1");
    }

    #[test]
    fn a_changed_amount_breaks_the_cryptogram() {
        let session_key = session_key(&test_keys::issuer(), [0, 1]);
        let arqc = application_cryptogram(&session_key, &[b"000000000880", b"0392"]);
        assert!(is_cryptogram_of(&session_key, &[b"0000000008800392"], &arqc), "parts are read as one");
        assert!(!is_cryptogram_of(&session_key, &[b"000000000881", b"0392"], &arqc));
        assert!(!is_cryptogram_of(&session_key, &[b"000000000880", b"0392"], &arqc[..7]));
    }

    #[test]
    fn method_2_takes_at_most_eight_proprietary_bytes() {
        assert!(arpc_method_2(&test_keys::issuer(), [0; 8], [0; 4], &[0; 8]).is_ok());
        assert_eq!(arpc_method_2(&test_keys::issuer(), [0; 8], [0; 4], &[0; 9]), Err(TooMuchProprietaryData));
    }
}
