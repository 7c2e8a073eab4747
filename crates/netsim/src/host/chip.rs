//! The chip's cryptogram checked under the issuer's key, and the issuer's answer to the chip.
//!
//! The cards of the shelf sign as cryptogram version 18 does: common session key by counter, the
//! transaction's data in the order below, issuer application data whole (EMV 4.3 Book 2, 8.1).

use super::issuer::Account;
use cardkeys::{TdesKey, cryptogram};
use emv::dictionary::tags;
use emv::{Tag, Tlv, tlv};

/// What the chip signs, in order.
const SIGNED: [Tag; 11] = [
    tags::AMOUNT,
    tags::AMOUNT_OTHER,
    tags::COUNTRY,
    tags::TVR,
    tags::CURRENCY,
    tags::DATE,
    tags::TYPE,
    tags::UNPREDICTABLE,
    tags::AIP,
    tags::ATC,
    tags::ISSUER_DATA,
];

/// A cryptogram that was checked and is good.
#[derive(Debug)]
pub struct Good {
    session: TdesKey,
    arqc: [u8; 8],
}

/// Checks the cryptogram of DE 55; nothing when it is not this card's or not over this data.
pub fn check(issuer: &TdesKey, account: &Account, chip: &[Tlv]) -> Option<Good> {
    let arqc: [u8; 8] = tlv::find_bytes(chip, tags::CRYPTOGRAM)?.try_into().ok()?;
    let counter: [u8; 2] = tlv::find_bytes(chip, tags::ATC)?.try_into().ok()?;
    let card = cryptogram::card_master_key(issuer, &account.pan, account.sequence);
    let session = cryptogram::session_key(&card, counter);
    let parts: Vec<&[u8]> = SIGNED
        .iter()
        .map(|tag| match tlv::find_bytes(chip, *tag) {
            // A terminal without cashback need not send tag 9F03.
            None if *tag == tags::AMOUNT_OTHER => Some(&[0; 6][..]),
            found => found,
        })
        .collect::<Option<_>>()?;
    cryptogram::is_cryptogram_of(&session, &parts, &arqc).then_some(Good { session, arqc })
}

impl Good {
    /// DE 55 of the answer: tag 91, the ARPC by method 1 and the answer code.
    pub fn issuer_answer(&self, code: [u8; 2]) -> Vec<u8> {
        let mut data = cryptogram::arpc_method_1(&self.session, self.arqc, code).to_vec();
        data.extend_from_slice(&code);
        tlv::encode(tags::ISSUER_AUTH, &data)
    }
}
