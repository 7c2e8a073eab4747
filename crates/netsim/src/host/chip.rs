//! The chip's cryptogram checked under the issuer's key, and the issuer's answer to the chip.

use super::issuer::Account;
use crate::cards::issuer::{self, Believed};
use cardkeys::TdesKey;
use emv::dictionary::tags;
use emv::{Tlv, tlv};

/// Checks the cryptogram of DE 55; nothing when it is not this card's or not over this data.
pub fn check(issuer_key: &TdesKey, account: &Account, chip: &[Tlv]) -> Option<Believed> {
    let card = account.key(issuer_key)?;
    if tlv::find(chip, tags::AMOUNT_OTHER).is_some() {
        return issuer::believe(card, chip).ok();
    }
    // A terminal without cashback need not send tag 9F03; the chip signed nought.
    let mut data = tlv::write(chip);
    data.extend(tlv::encode(tags::AMOUNT_OTHER, &[0; 6]));
    issuer::believe(card, &tlv::parse(&data).ok()?).ok()
}

/// DE 55 of the answer: tag 91 with the issuer's proof.
pub fn issuer_answer(good: &Believed, code: [u8; 2]) -> Vec<u8> {
    tlv::encode(tags::ISSUER_AUTH, &good.proof(code))
}
