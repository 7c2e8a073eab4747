//! DE 63 opened: the only place of the simulators where card data and PIN appear in the clear.

use cardkeys::dukpt::{self, Ksn, Usage};
use cardkeys::{CardData, Key, Pan, Pin, cardcipher, pinblock};
use iso8583::private::{EncryptedPin, SecureData};

/// What the reader had encrypted.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The reader's key, named by the first eight bytes of its serials.
    pub reader: [u8; 8],
    /// The lowest counter of the serials in this message.
    pub lowest: u32,
    /// The highest.
    pub highest: u32,
    /// Number, expiry, service code.
    pub card: CardData,
    /// The PIN, where one was entered; `Err` when the block is not of this card.
    pub pin: Option<Result<Pin, pinblock::NotThisPinBlock>>,
}

/// Why DE 63 could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shut {
    /// There is no card data in it.
    Empty,
    /// A serial has a counter that no reader may use.
    BadCounter,
    /// PIN and card data come from two readers.
    TwoReaders,
    /// Not encrypted under a key of ours, or no card data.
    Unreadable,
}

impl Shut {
    /// For the log.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Empty => "DE 63 has no card data",
            Self::BadCounter => "a key serial has an impossible counter",
            Self::TwoReaders => "card data and PIN come from two readers",
            Self::Unreadable => "the card data cannot be decrypted",
        }
    }
}

/// Opens the encrypted part with the base derivation key.
pub fn open(bdk: &Key, secure: &SecureData) -> Result<Opened, Shut> {
    let secret = secure.card.as_ref().ok_or(Shut::Empty)?;
    let card_ksn = Ksn::from_bytes(secret.ksn);
    let initial = dukpt::derive_initial_key(bdk, card_ksn.initial_key_id);
    let data_key = dukpt::working_key(&initial, card_ksn, Usage::DataEncryption)
        .map_err(|dukpt::InvalidCounter(_)| Shut::BadCounter)?;
    let plain = cardcipher::decrypt(&data_key, &secret.ciphertext).map_err(|_| Shut::Unreadable)?;
    let card = CardData::from_plain(&plain).map_err(|_| Shut::Unreadable)?;
    let mut opened = Opened {
        reader: card_ksn.initial_key_id,
        lowest: card_ksn.counter,
        highest: card_ksn.counter,
        pin: None,
        card,
    };
    if let Some(block) = &secure.pin {
        let ksn = Ksn::from_bytes(block.ksn);
        if ksn.initial_key_id != opened.reader {
            return Err(Shut::TwoReaders);
        }
        opened.lowest = opened.lowest.min(ksn.counter);
        opened.highest = opened.highest.max(ksn.counter);
        opened.pin = Some(open_pin(&initial, ksn, block, opened.card.pan())?);
    }
    Ok(opened)
}

fn open_pin(
    initial: &Key,
    ksn: Ksn,
    block: &EncryptedPin,
    pan: &Pan,
) -> Result<Result<Pin, pinblock::NotThisPinBlock>, Shut> {
    let key = dukpt::working_key(initial, ksn, Usage::PinEncryption)
        .map_err(|dukpt::InvalidCounter(_)| Shut::BadCounter)?;
    Ok(pinblock::decode(&block.block, pan, &key))
}
