//! DE 63 opened: the only place of the simulators where card data and PIN appear in the clear.

use cardkeys::dukpt::{self, Ksn, Usage};
use cardkeys::pinblock::format0;
use cardkeys::{CardData, Key, Pan, Pin, TdesKey, cardcipher, dukpt_tdes, pinblock};
use iso8583::private::{EncryptedPin, KeySerial, SecureData};
use zeroize::Zeroizing;

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

/// The base derivation keys of the readers.
#[derive(Clone, Debug)]
pub struct BaseKeys {
    /// Of readers with AES keys.
    pub aes: Key,
    /// Of older readers, triple DES.
    pub tdes: TdesKey,
}

/// What a serial number and its key give: which reader, which counter, what was in it.
struct Part<T> {
    reader: [u8; 8],
    counter: u32,
    inside: T,
}

/// Opens the encrypted part with the base derivation keys. The length of a serial number names its scheme.
pub fn open(bdk: &BaseKeys, secure: &SecureData) -> Result<Opened, Shut> {
    let secret = secure.card.as_ref().ok_or(Shut::Empty)?;
    let card = match secret.ksn {
        KeySerial::Aes(ksn) => open_aes(&bdk.aes, ksn, &secret.ciphertext)?,
        KeySerial::Tdes(ksn) => open_tdes(&bdk.tdes, ksn, &secret.ciphertext)?,
    };
    let mut opened = Opened {
        reader: card.reader,
        lowest: card.counter,
        highest: card.counter,
        pin: None,
        card: CardData::from_plain(&card.inside).map_err(|_| Shut::Unreadable)?,
    };
    if let Some(pin) = &secure.pin {
        let part = match (pin, secret.ksn) {
            (EncryptedPin::Aes { ksn, block }, KeySerial::Aes(_)) => {
                open_aes_pin(&bdk.aes, *ksn, block, opened.card.pan())?
            }
            (EncryptedPin::Tdes { ksn, block }, KeySerial::Tdes(_)) => {
                open_tdes_pin(&bdk.tdes, *ksn, *block, opened.card.pan())?
            }
            (EncryptedPin::Aes { .. } | EncryptedPin::Tdes { .. }, _) => return Err(Shut::TwoReaders),
        };
        if part.reader != opened.reader {
            return Err(Shut::TwoReaders);
        }
        opened.lowest = opened.lowest.min(part.counter);
        opened.highest = opened.highest.max(part.counter);
        opened.pin = Some(part.inside);
    }
    Ok(opened)
}

type Plain = Zeroizing<Vec<u8>>;
type Typed = Result<Pin, pinblock::NotThisPinBlock>;

fn bad_counter(_: dukpt::InvalidCounter) -> Shut {
    Shut::BadCounter
}

fn open_aes(bdk: &Key, ksn: [u8; 12], ciphertext: &[u8]) -> Result<Part<Plain>, Shut> {
    let ksn = Ksn::from_bytes(ksn);
    let initial = dukpt::derive_initial_key(bdk, ksn.initial_key_id);
    let key = dukpt::working_key(&initial, ksn, Usage::DataEncryption).map_err(bad_counter)?;
    let inside = cardcipher::decrypt(&key, ciphertext).map_err(|_| Shut::Unreadable)?;
    Ok(Part { reader: ksn.initial_key_id, counter: ksn.counter, inside })
}

fn open_aes_pin(bdk: &Key, ksn: [u8; 12], block: &[u8; 16], pan: &Pan) -> Result<Part<Typed>, Shut> {
    let ksn = Ksn::from_bytes(ksn);
    let initial = dukpt::derive_initial_key(bdk, ksn.initial_key_id);
    let key = dukpt::working_key(&initial, ksn, Usage::PinEncryption).map_err(bad_counter)?;
    let inside = pinblock::decode(block, pan, &key);
    Ok(Part { reader: ksn.initial_key_id, counter: ksn.counter, inside })
}

fn open_tdes(bdk: &TdesKey, ksn: [u8; 10], ciphertext: &[u8]) -> Result<Part<Plain>, Shut> {
    let ksn = dukpt_tdes::Ksn::from_bytes(ksn);
    let key = dukpt_tdes::working_key(bdk, ksn, dukpt_tdes::Usage::DataRequest).map_err(bad_counter)?;
    let inside = cardcipher::tdes::decrypt(&key, ciphertext).map_err(|_| Shut::Unreadable)?;
    Ok(Part { reader: ksn.reader(), counter: ksn.counter(), inside })
}

fn open_tdes_pin(bdk: &TdesKey, ksn: [u8; 10], block: [u8; 8], pan: &Pan) -> Result<Part<Typed>, Shut> {
    let ksn = dukpt_tdes::Ksn::from_bytes(ksn);
    let key = dukpt_tdes::working_key(bdk, ksn, dukpt_tdes::Usage::PinEncryption).map_err(bad_counter)?;
    Ok(Part { reader: ksn.reader(), counter: ksn.counter(), inside: format0::decode(&block, pan, &key) })
}
