//! PIN blocks, ISO 9564-1:2017 format 0: a PIN under a triple DES key, bound to its card number.
//!
//! The PIN field (control 0, length, digits, fill F) and the twelve digits of the card number before its check
//! digit are mixed by exclusive or and encrypted once. Nothing in it is random: the same PIN and card under the
//! same key give the same block, which is why the key must be new for every transaction (DUKPT).

use super::{NotThisPinBlock, Pin};
use crate::{Pan, TdesKey};
use zeroize::Zeroizing;

/// The enciphered block of a PIN; `None` for a card number of fewer than 13 digits, which the format has no
/// place for.
pub fn encode(pin: &Pin, pan: &Pan, key: &TdesKey) -> Option<[u8; 8]> {
    let mut nibbles = Zeroizing::new([0xF_u8; 16]);
    let heading = [0, pin.len];
    let digits = pin.digits.iter().take(pin.len.into());
    for (to, from) in nibbles.iter_mut().zip(heading.iter().chain(digits)) {
        *to = *from;
    }
    let mut block = Zeroizing::new([0_u8; 8]);
    let account = account_field(pan)?;
    for (to, (pair, other)) in block.iter_mut().zip(nibbles.as_chunks::<2>().0.iter().zip(account)) {
        let [high, low] = pair;
        *to = (high.rotate_left(4) | low) ^ other;
    }
    Some(key.encrypt(*block))
}

/// The PIN of an enciphered block, or [`NotThisPinBlock`] when card number or key are others.
pub fn decode(block: &[u8; 8], pan: &Pan, key: &TdesKey) -> Result<Pin, NotThisPinBlock> {
    let mut plain = Zeroizing::new(key.decrypt(*block));
    for (byte, other) in plain.iter_mut().zip(account_field(pan).ok_or(NotThisPinBlock)?) {
        *byte ^= other;
    }
    let mut nibbles = plain.iter().flat_map(|byte| [byte >> 4, byte & 0xF]);
    if nibbles.next() != Some(0) {
        return Err(NotThisPinBlock);
    }
    let len = nibbles.next().filter(|len| (4..=12).contains(len)).ok_or(NotThisPinBlock)?;
    let mut pin = Pin { digits: [0; 12], len };
    for to in pin.digits.iter_mut().take(len.into()) {
        *to = nibbles.next().filter(|digit| *digit <= 9).ok_or(NotThisPinBlock)?;
    }
    if nibbles.all(|fill| fill == 0xF) { Ok(pin) } else { Err(NotThisPinBlock) }
}

/// Two zero bytes, then the twelve digits before the check digit.
fn account_field(pan: &Pan) -> Option<[u8; 8]> {
    let (_, without_check) = pan.digits().split_last()?;
    let twelve = without_check.last_chunk::<12>()?;
    let mut field = [0; 8];
    for (to, [high, low]) in field.iter_mut().skip(2).zip(twelve.as_chunks::<2>().0) {
        *to = high.rotate_left(4) | low;
    }
    Some(field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_card_number_without_room_for_the_account_field_is_refused() {
        let key = TdesKey::from_bytes([1; 16]);
        let short = Pan::parse("123456789012").unwrap();
        assert_eq!(encode(&Pin::parse("1234").unwrap(), &short, &key), None);
        assert_eq!(decode(&[0; 8], &short, &key), Err(NotThisPinBlock));
    }

    proptest! {
        #[test]
        fn only_the_right_card_and_key_give_the_pin(
            pin in "[0-9]{4,12}",
            number in "[0-9]{13,19}",
            other in "[0-9]{13,19}",
            key: [u8; 16],
        ) {
            let (pin, key) = (Pin::parse(&pin).unwrap(), TdesKey::from_bytes(key));
            let (pan, other) = (Pan::parse(&number).unwrap(), Pan::parse(&other).unwrap());
            let block = encode(&pin, &pan, &key).unwrap();
            prop_assert_eq!(decode(&block, &pan, &key), Ok(pin.clone()));
            // Format 0 checks its fill only: a wrong card rarely looks right, and then the PIN differs.
            if account_field(&pan) != account_field(&other) {
                prop_assert_ne!(decode(&block, &other, &key), Ok(pin));
            }
        }
    }
}
