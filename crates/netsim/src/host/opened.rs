//! DE 63 opened: the only place of the simulators where card data and PIN appear in the clear.

use cardkeys::dukpt::{self, Ksn, Usage};
use cardkeys::dukpt_tdes::ReaderKey;
use cardkeys::pinblock::format0;
use cardkeys::{CardData, Key, Pin, TdesKey, cardcipher, dukpt_tdes, pinblock};
use iso8583::private::{EncryptedPin, KeySerial, SecureData};

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

/// Opens the encrypted part with the base derivation keys. The length of a serial number names its scheme.
pub fn open(bdk: &BaseKeys, secure: &SecureData) -> Result<Opened, Shut> {
    let secret = secure.card.as_ref().ok_or(Shut::Empty)?;
    match secret.ksn {
        KeySerial::Aes(ksn) => {
            open_aes(&bdk.aes, Ksn::from_bytes(ksn), &secret.ciphertext, secure.pin.as_ref())
        }
        KeySerial::Tdes(ksn) => {
            let ksn = dukpt_tdes::Ksn::from_bytes(ksn);
            open_tdes(&bdk.tdes, ksn, &secret.ciphertext, secure.pin.as_ref())
        }
    }
}

type Typed = Result<Pin, pinblock::NotThisPinBlock>;

impl Opened {
    fn card(reader: [u8; 8], counter: u32, plain: &[u8]) -> Result<Self, Shut> {
        let card = CardData::from_plain(plain).map_err(|_| Shut::Unreadable)?;
        Ok(Self { reader, lowest: counter, highest: counter, card, pin: None })
    }

    fn with_pin(self, counter: u32, pin: Typed) -> Self {
        let (lowest, highest) = (self.lowest.min(counter), self.highest.max(counter));
        Self { lowest, highest, pin: Some(pin), ..self }
    }
}

fn bad_counter(_: dukpt::InvalidCounter) -> Shut {
    Shut::BadCounter
}

fn open_aes(bdk: &Key, ksn: Ksn, ciphertext: &[u8], pin: Option<&EncryptedPin>) -> Result<Opened, Shut> {
    let initial = dukpt::derive_initial_key(bdk, ksn.initial_key_id);
    let key = dukpt::working_key(&initial, ksn, Usage::DataEncryption).map_err(bad_counter)?;
    let plain = cardcipher::decrypt(&key, ciphertext).map_err(|_| Shut::Unreadable)?;
    let opened = Opened::card(ksn.initial_key_id, ksn.counter, &plain)?;
    let Some(pin) = pin else { return Ok(opened) };
    let EncryptedPin::Aes { ksn, block } = pin else { return Err(Shut::TwoReaders) };
    let ksn = Ksn::from_bytes(*ksn);
    if ksn.initial_key_id != opened.reader {
        return Err(Shut::TwoReaders);
    }
    let key = dukpt::working_key(&initial, ksn, Usage::PinEncryption).map_err(bad_counter)?;
    let typed = pinblock::decode(block, opened.card.pan(), &key);
    Ok(opened.with_pin(ksn.counter, typed))
}

fn open_tdes(
    bdk: &TdesKey,
    ksn: dukpt_tdes::Ksn,
    ciphertext: &[u8],
    pin: Option<&EncryptedPin>,
) -> Result<Opened, Shut> {
    let initial = ReaderKey::derive(bdk, ksn);
    let key = initial.working_key(ksn, dukpt_tdes::Usage::DataRequest).map_err(bad_counter)?;
    let plain = cardcipher::tdes::decrypt(&key, ciphertext).map_err(|_| Shut::Unreadable)?;
    let opened = Opened::card(ksn.reader(), ksn.counter(), &plain)?;
    let Some(pin) = pin else { return Ok(opened) };
    let EncryptedPin::Tdes { ksn, block } = pin else { return Err(Shut::TwoReaders) };
    let ksn = dukpt_tdes::Ksn::from_bytes(*ksn);
    if ksn.reader() != opened.reader {
        return Err(Shut::TwoReaders);
    }
    let key = initial.working_key(ksn, dukpt_tdes::Usage::PinEncryption).map_err(bad_counter)?;
    let typed = format0::decode(block, opened.card.pan(), &key);
    Ok(opened.with_pin(ksn.counter(), typed))
}
