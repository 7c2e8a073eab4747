//! PIN blocks, ISO 9564-1:2017 format 4: a PIN under an AES key, bound to its card number. Older readers
//! make format 0: [`format0`].
//!
//! Encoding: the PIN field (control 4, length, digits, fill A, eight random bytes) is encrypted, the PAN field
//! is mixed in by exclusive or, and the result is encrypted again with the same key. Decoding with another
//! card number or another key gives noise, which the control, length, digit and fill nibbles reveal.

pub mod format0;

use crate::{Key, Pan};
use aes::cipher::{BlockCipherDecrypt as _, BlockCipherEncrypt as _};
use std::fmt;
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A text that is not the 4 to 12 digits of a PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAPin;

impl fmt::Display for NotAPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a PIN has 4 to 12 digits")
    }
}

impl std::error::Error for NotAPin {}

/// A personal identification number, 4 to 12 digits (ISO 9564-1). Prints nothing of itself.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Pin {
    // Digits as numbers 0 to 9; what follows `len` is zero.
    digits: [u8; 12],
    len: u8,
}

impl Pin {
    /// A PIN from its ASCII digits.
    pub fn parse(text: &str) -> Result<Self, NotAPin> {
        let len = u8::try_from(text.len()).ok().filter(|len| (4..=12).contains(len)).ok_or(NotAPin)?;
        let mut pin = Self { digits: [0; 12], len };
        for (to, byte) in pin.digits.iter_mut().zip(text.bytes()) {
            *to = byte.checked_sub(b'0').filter(|digit| *digit <= 9).ok_or(NotAPin)?;
        }
        Ok(pin)
    }

    /// The digits as text, wiped when dropped. For the owner's own check, never for logs or storage.
    pub fn expose(&self) -> Zeroizing<String> {
        self.digits
            .iter()
            .take(self.len.into())
            .map(|digit| char::from(b'0'.saturating_add(*digit)))
            .collect::<String>()
            .into()
    }
}

impl PartialEq for Pin {
    /// Compares in constant time.
    fn eq(&self, other: &Self) -> bool {
        (self.digits.ct_eq(&other.digits) & self.len.ct_eq(&other.len)).into()
    }
}

impl Eq for Pin {}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(masked)")
    }
}

/// A block that holds no PIN for this card under this key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotThisPinBlock;

impl fmt::Display for NotThisPinBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the PIN block does not open with this key and card number")
    }
}

impl std::error::Error for NotThisPinBlock {}

/// The enciphered block of a PIN. `random` must be fresh for every block (ISO 9564-1, 9.4.2.3).
pub fn encode(pin: &Pin, pan: &Pan, key: &Key, random: [u8; 8]) -> [u8; 16] {
    let cipher = key.cipher();
    let mut nibbles = Zeroizing::new([0xA_u8; 16]);
    let heading = [4, pin.len];
    let digits = pin.digits.iter().take(pin.len.into());
    for (to, from) in nibbles.iter_mut().zip(heading.iter().chain(digits)) {
        *to = *from;
    }
    let mut block = [0; 16];
    pack(nibbles.iter().copied(), &mut block);
    for (to, from) in block.iter_mut().skip(8).zip(random) {
        *to = from;
    }
    let mut block = block.into();
    cipher.encrypt_block(&mut block);
    for (to, from) in block.iter_mut().zip(pan_field(pan).iter()) {
        *to ^= from;
    }
    cipher.encrypt_block(&mut block);
    block.into()
}

/// The PIN of an enciphered block, or [`NotThisPinBlock`] when card number or key are others.
pub fn decode(block: &[u8; 16], pan: &Pan, key: &Key) -> Result<Pin, NotThisPinBlock> {
    let cipher = key.cipher();
    let mut block = (*block).into();
    cipher.decrypt_block(&mut block);
    for (to, from) in block.iter_mut().zip(pan_field(pan).iter()) {
        *to ^= from;
    }
    cipher.decrypt_block(&mut block);
    let plain = Zeroizing::new(<[u8; 16]>::from(block));
    block.as_mut_slice().zeroize();

    let mut nibbles = plain.iter().take(8).flat_map(|byte| [byte >> 4, byte & 0xF]);
    if nibbles.next() != Some(4) {
        return Err(NotThisPinBlock);
    }
    let len = nibbles.next().filter(|len| (4..=12).contains(len)).ok_or(NotThisPinBlock)?;
    let mut pin = Pin { digits: [0; 12], len };
    for to in pin.digits.iter_mut().take(len.into()) {
        *to = nibbles.next().filter(|digit| *digit <= 9).ok_or(NotThisPinBlock)?;
    }
    if nibbles.all(|fill| fill == 0xA) { Ok(pin) } else { Err(NotThisPinBlock) }
}

/// The PAN field (ISO 9564-1, 9.4.2): length above 12, digits (at least 12, zeros in front), zeros.
fn pan_field(pan: &Pan) -> Zeroizing<[u8; 16]> {
    let above_twelve = u8::try_from(pan.digit_count().saturating_sub(12)).unwrap_or(0);
    let leading_zeros = 12_usize.saturating_sub(pan.digit_count());
    let nibbles = std::iter::once(above_twelve)
        .chain(std::iter::repeat_n(0, leading_zeros))
        .chain(pan.digits().iter().copied())
        .chain(std::iter::repeat(0));
    let mut field = Zeroizing::new([0; 16]);
    pack(nibbles, &mut field);
    field
}

/// Fills bytes with nibbles, two to a byte, as many as there are.
fn pack(mut nibbles: impl Iterator<Item = u8>, to: &mut [u8; 16]) {
    for byte in to {
        let (Some(high), Some(low)) = (nibbles.next(), nibbles.next()) else { return };
        *byte = high.rotate_left(4) | low;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dukpt::{Ksn, Usage, derive_initial_key, working_key};
    use crate::test_keys;
    use proptest::prelude::*;

    fn pan(text: &str) -> Pan {
        Pan::parse(text).unwrap()
    }

    #[test]
    fn blocks_are_those_of_the_supplement() {
        // ANSI X9.24-3:2017 supplement, page 31, as printed in openemv/dukpt test/dukpt_aes128_test.c:
        // PIN 1234, PAN 4111111111111111, random 2F69ADDE2E9E7ACE, the PIN keys of counters 1 to 8.
        let initial = derive_initial_key(&test_keys::bdk(), test_keys::INITIAL_KEY_ID);
        let pin = Pin::parse("1234").unwrap();
        let random = [0x2F, 0x69, 0xAD, 0xDE, 0x2E, 0x9E, 0x7A, 0xCE];
        for (counter, answer) in [
            (1, "A912150391AB65A67E52883D81CE2D15"),
            (2, "52A00503BD34BA1383F6A7EE9FE2547F"),
            (3, "A5A27E82B43A9A866A93D7ABE89CEF93"),
            (4, "71B3D0528669498777555A8BE6698E44"),
            (5, "881A7F77A2E04E5BEA985E342FD0B628"),
            (6, "BDC1C3871AFB0B340AA5B5CEFD08695E"),
            (7, "4A8E6B8C7DBEE6CBA6DC774F0CB83396"),
            (8, "8308BB857C17F390369F761F8EB358FA"),
        ] {
            let ksn = Ksn { initial_key_id: test_keys::INITIAL_KEY_ID, counter };
            let key = working_key(&initial, ksn, Usage::PinEncryption).unwrap();
            let block = encode(&pin, &pan("4111111111111111"), &key, random);
            assert_eq!(hex::encode_upper(block), answer, "counter {counter}");
            assert_eq!(decode(&block, &pan("4111111111111111"), &key), Ok(pin.clone()));
        }
    }

    #[test]
    fn card_number_fields_are_those_of_openemv() {
        // openemv/pinblock test/pinblock_format4_test.c.
        for (number, answer) in [
            ("4111111111111111", "44111111111111111000000000000000"),
            ("411111111111111", "34111111111111110000000000000000"),
            ("123456789", "00001234567890000000000000000000"),
        ] {
            assert_eq!(hex::encode_upper(*pan_field(&pan(number))), answer);
        }
    }

    #[test]
    fn a_pin_prints_nothing_of_itself() {
        assert_eq!(format!("{:?}", Pin::parse("908172").unwrap()), "Pin(masked)");
        for text in ["", "123", "1234567890123", "12a4", "１２３４"] {
            assert_eq!(Pin::parse(text), Err(NotAPin));
        }
    }

    proptest! {
        #[test]
        fn only_the_right_card_and_key_open_a_block(
            pin in "[0-9]{4,12}",
            number in "[0-9]{8,19}",
            other in "[0-9]{8,19}",
            key: [u8; 16],
            flip in 0..128_usize,
            random: [u8; 8],
        ) {
            let pin = Pin::parse(&pin).unwrap();
            let right = Key::from_bytes(key);
            let block = encode(&pin, &pan(&number), &right, random);
            prop_assert_eq!(decode(&block, &pan(&number), &right), Ok(pin));
            if *pan_field(&pan(&other)) != *pan_field(&pan(&number)) {
                prop_assert_eq!(decode(&block, &pan(&other), &right), Err(NotThisPinBlock));
            }
            let mut wrong = key;
            wrong[flip / 8] ^= 1 << (flip % 8);
            prop_assert_eq!(decode(&block, &pan(&number), &Key::from_bytes(wrong)), Err(NotThisPinBlock));
        }
    }
}
