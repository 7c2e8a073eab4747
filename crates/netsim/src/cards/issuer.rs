//! The issuer's side of a card: checks the cryptogram of DE 55 and proves itself with tag 91.
//!
//! The cards of the shelf sign with the common session key by counter over the data in [`SIGNED`] and take
//! the issuer's proof by ARPC method 1 (EMV 4.3 Book 2, 8; as cryptogram version 18 lays out the data).

use cardkeys::{TdesKey, cryptogram};
use emv::dictionary::tags;
use emv::{Pan, Tag, Tlv, tlv};
use std::fmt;

/// What a chip signs, in order.
pub const SIGNED: [Tag; 11] = [
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

/// Why a cryptogram is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotBelieved {
    /// DE 55 cannot be read or lacks something that is signed.
    Incomplete,
    /// The card did not make this cryptogram over this data.
    Wrong,
}

impl fmt::Display for NotBelieved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Incomplete => "the chip's data are incomplete",
            Self::Wrong => "the chip's cryptogram is wrong",
        })
    }
}

impl std::error::Error for NotBelieved {}

/// A cryptogram that was checked and is good.
#[derive(Debug)]
pub struct Believed {
    session: TdesKey,
    cryptogram: [u8; 8],
    /// The card's transaction counter (tag 9F36): a counter that was seen before is a replay.
    pub counter: u16,
}

/// A card's own key under its issuer's.
pub(crate) fn card_key(issuer: &TdesKey, pan: &Pan, sequence: u8) -> Option<TdesKey> {
    let pan = cardkeys::Pan::parse(pan.unmask()).ok()?;
    Some(cryptogram::card_master_key(issuer, &pan, sequence))
}

/// Checks the cryptogram of DE 55 of this card.
pub fn verify(issuer: &TdesKey, pan: &Pan, sequence: u8, de_55: &[u8]) -> Result<Believed, NotBelieved> {
    let chip = tlv::parse(de_55).map_err(|_| NotBelieved::Incomplete)?;
    let card = card_key(issuer, pan, sequence).ok_or(NotBelieved::Incomplete)?;
    believe(&card, &chip)
}

/// The same for data that were read, with the card's own key.
pub fn believe(card: &TdesKey, chip: &[Tlv]) -> Result<Believed, NotBelieved> {
    let cryptogram: [u8; 8] = array(chip, tags::CRYPTOGRAM)?;
    let counter: [u8; 2] = array(chip, tags::ATC)?;
    let session = cryptogram::session_key(card, counter);
    let mut parts = [&[][..]; SIGNED.len()];
    for (part, tag) in parts.iter_mut().zip(SIGNED) {
        *part = tlv::find_bytes(chip, tag).ok_or(NotBelieved::Incomplete)?;
    }
    if cryptogram::is_cryptogram_of(&session, &parts, &cryptogram) {
        Ok(Believed { session, cryptogram, counter: u16::from_be_bytes(counter) })
    } else {
        Err(NotBelieved::Wrong)
    }
}

impl Believed {
    /// The issuer's proof with its response code: the value of tag 91, ARPC and code.
    pub fn proof(&self, response_code: [u8; 2]) -> Vec<u8> {
        let arpc = cryptogram::arpc_method_1(&self.session, self.cryptogram, response_code);
        [arpc.as_slice(), &response_code].concat()
    }
}

fn array<const N: usize>(chip: &[Tlv], tag: Tag) -> Result<[u8; N], NotBelieved> {
    tlv::find_bytes(chip, tag).and_then(|bytes| bytes.try_into().ok()).ok_or(NotBelieved::Incomplete)
}
