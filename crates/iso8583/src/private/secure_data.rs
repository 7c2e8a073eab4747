//! DE 63: card data and PIN, encrypted by the reader for the network.

use crate::describe::{hidden, length};
use crate::limits::{MAX_CARD_CIPHERTEXT, MAX_DEVICE_MODEL};
use crate::{Error, Fault, Message};
use std::fmt;

/// Which key: its length names the scheme, so that neither can be taken for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeySerial {
    /// AES DUKPT, ANSI X9.24-3: twelve bytes.
    Aes([u8; 12]),
    /// Triple DES DUKPT, ANSI X9.24-1: ten bytes.
    Tdes([u8; 10]),
}

impl KeySerial {
    /// From the bytes on the wire; `None` when no scheme has serial numbers of this length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().map(Self::Aes).or_else(|_| bytes.try_into().map(Self::Tdes)).ok()
    }

    /// The bytes on the wire.
    pub const fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Aes(bytes) => bytes,
            Self::Tdes(bytes) => bytes,
        }
    }
}

/// Card data under a key of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptedCard {
    /// DF01: which key.
    pub ksn: KeySerial,
    /// DF02: the ciphertext, 1 to 256 bytes.
    pub ciphertext: Vec<u8>,
}

/// A PIN under a key of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncryptedPin {
    /// AES DUKPT.
    Aes {
        /// DF03: which key.
        ksn: [u8; 12],
        /// DF04: the block, ISO 9564 format 4.
        block: [u8; 16],
    },
    /// Triple DES DUKPT.
    Tdes {
        /// DF03: which key.
        ksn: [u8; 10],
        /// DF04: the block, ISO 9564 format 0.
        block: [u8; 8],
    },
}

impl EncryptedPin {
    /// From the bytes of DF03 and DF04; `None` when they are of no scheme, or of two.
    pub fn from_bytes(ksn: &[u8], block: &[u8]) -> Option<Self> {
        match KeySerial::from_bytes(ksn)? {
            KeySerial::Aes(ksn) => Some(Self::Aes { ksn, block: block.try_into().ok()? }),
            KeySerial::Tdes(ksn) => Some(Self::Tdes { ksn, block: block.try_into().ok()? }),
        }
    }

    /// DF03.
    pub const fn ksn(&self) -> &[u8] {
        match self {
            Self::Aes { ksn, .. } => ksn,
            Self::Tdes { ksn, .. } => ksn,
        }
    }

    /// DF04.
    pub const fn block(&self) -> &[u8] {
        match self {
            Self::Aes { block, .. } => block,
            Self::Tdes { block, .. } => block,
        }
    }
}

/// What DE 63 carries. Prints serial numbers, fingerprint and model, the ciphertexts by length.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SecureData {
    /// The card data.
    pub card: Option<EncryptedCard>,
    /// The PIN, where one was entered.
    pub pin: Option<EncryptedPin>,
    /// DF05: the card's fingerprint under a key of the acquirer.
    pub fingerprint: Option<[u8; 16]>,
    /// DF06: what the reader is, at most 64 printable ASCII characters.
    pub device_model: Option<String>,
}

/// Bytes or values that DE 63 cannot have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotSecureData;

impl fmt::Display for NotSecureData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the encrypted card data of field 63")
    }
}

impl std::error::Error for NotSecureData {}

impl SecureData {
    /// The bytes of DE 63.
    pub fn encode(&self) -> Result<Vec<u8>, NotSecureData> {
        let mut out = Vec::with_capacity(128);
        if let Some(card) = &self.card {
            if card.ciphertext.is_empty() || card.ciphertext.len() > MAX_CARD_CIPHERTEXT {
                return Err(NotSecureData);
            }
            put(1, card.ksn.as_bytes(), &mut out)?;
            put(2, &card.ciphertext, &mut out)?;
        }
        if let Some(pin) = &self.pin {
            put(3, pin.ksn(), &mut out)?;
            put(4, pin.block(), &mut out)?;
        }
        if let Some(fingerprint) = &self.fingerprint {
            put(5, fingerprint, &mut out)?;
        }
        if let Some(model) = &self.device_model {
            if !is_model(model.as_bytes()) {
                return Err(NotSecureData);
            }
            put(6, model.as_bytes(), &mut out)?;
        }
        Ok(out)
    }

    /// What the bytes of DE 63 say.
    pub fn decode(bytes: &[u8]) -> Result<Self, NotSecureData> {
        let mut parts = Parts::default();
        let mut rest = bytes;
        while let [0xDF, number, after @ ..] = rest {
            let (count, after) = length(after).ok_or(NotSecureData)?;
            let (value, after) = after.split_at_checked(count).ok_or(NotSecureData)?;
            rest = after;
            parts.put(*number, value)?;
        }
        if rest.is_empty() { parts.whole() } else { Err(NotSecureData) }
    }
}

/// One tag, its length and its value.
fn put(number: u8, value: &[u8], out: &mut Vec<u8>) -> Result<(), NotSecureData> {
    out.extend_from_slice(&[0xDF, number]);
    match u8::try_from(value.len()) {
        Ok(short @ ..=0x7F) => out.push(short),
        Ok(long) => out.extend_from_slice(&[0x81, long]),
        Err(_) => {
            let [high, low] = u16::try_from(value.len()).map_err(|_| NotSecureData)?.to_be_bytes();
            out.extend_from_slice(&[0x82, high, low]);
        }
    }
    out.extend_from_slice(value);
    Ok(())
}

fn is_model(text: &[u8]) -> bool {
    text.len() <= MAX_DEVICE_MODEL && text.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

/// The values as they are met.
#[derive(Default)]
struct Parts<'a> {
    card_ksn: Option<KeySerial>,
    ciphertext: Option<&'a [u8]>,
    pin_ksn: Option<&'a [u8]>,
    pin_block: Option<&'a [u8]>,
    fingerprint: Option<[u8; 16]>,
    model: Option<&'a [u8]>,
}

impl<'a> Parts<'a> {
    fn put(&mut self, number: u8, value: &'a [u8]) -> Result<(), NotSecureData> {
        match number {
            1 => once(&mut self.card_ksn, KeySerial::from_bytes(value)),
            2 if value.is_empty() || value.len() > MAX_CARD_CIPHERTEXT => Err(NotSecureData),
            2 => once(&mut self.ciphertext, Some(value)),
            3 => once(&mut self.pin_ksn, Some(value)),
            4 => once(&mut self.pin_block, Some(value)),
            5 => once(&mut self.fingerprint, value.try_into().ok()),
            6 => once(&mut self.model, Some(value).filter(|value| is_model(value))),
            // A newer reader may say more than we know.
            _ => Ok(()),
        }
    }

    fn whole(self) -> Result<SecureData, NotSecureData> {
        let card = match (self.card_ksn, self.ciphertext) {
            (Some(ksn), Some(ciphertext)) => Some(EncryptedCard { ksn, ciphertext: ciphertext.to_vec() }),
            (None, None) => None,
            _ => return Err(NotSecureData),
        };
        let pin = match (self.pin_ksn, self.pin_block) {
            (Some(ksn), Some(block)) => Some(EncryptedPin::from_bytes(ksn, block).ok_or(NotSecureData)?),
            (None, None) => None,
            _ => return Err(NotSecureData),
        };
        let device_model = self.model.and_then(|model| std::str::from_utf8(model).ok()).map(str::to_owned);
        Ok(SecureData { card, pin, fingerprint: self.fingerprint, device_model })
    }
}

/// Fills a place that must be empty with a value that must be right.
fn once<T>(place: &mut Option<T>, value: Option<T>) -> Result<(), NotSecureData> {
    match (place.is_none(), value) {
        (true, Some(value)) => {
            *place = Some(value);
            Ok(())
        }
        _ => Err(NotSecureData),
    }
}

impl fmt::Display for SecureData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let Some(card) = &self.card {
            parts.push(format!(
                "card key {}, card data {}",
                hex::encode_upper(card.ksn.as_bytes()),
                hidden(&card.ciphertext)
            ));
        }
        if let Some(pin) = &self.pin {
            parts.push(format!(
                "PIN key {}, PIN block {}",
                hex::encode_upper(pin.ksn()),
                hidden(pin.block())
            ));
        }
        if let Some(fingerprint) = &self.fingerprint {
            parts.push(format!("fingerprint {}", hex::encode(fingerprint)));
        }
        if let Some(model) = &self.device_model {
            parts.push(format!("device {model}"));
        }
        f.write_str(&parts.join("; "))
    }
}

impl fmt::Debug for SecureData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecureData({self})")
    }
}

impl Message {
    /// Puts encrypted card data into DE 63.
    pub fn set_secure_data(&mut self, data: &SecureData) -> Result<&mut Self, Error> {
        let bytes = data.encode().map_err(|NotSecureData| Error::of(63, Fault::WrongStructure))?;
        self.set_bytes(63, &bytes)
    }

    /// The encrypted card data of DE 63.
    pub fn secure_data(&self) -> Result<SecureData, Error> {
        SecureData::decode(self.required_bytes(63)?)
            .map_err(|NotSecureData| Error::of(63, Fault::WrongStructure))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(text: &str) -> Result<SecureData, NotSecureData> {
        SecureData::decode(&hex::decode(text).unwrap())
    }

    #[test]
    fn halves_doubles_and_cut_values_are_refused() {
        let ksn = "DF010C123456789012345600000001";
        let card = "DF0210000102030405060708090A0B0C0D0E0F";
        assert!(decode(&format!("{ksn}{card}")).is_ok());
        for wrong in [
            ksn.to_owned(),
            card.to_owned(),
            format!("{ksn}{card}{ksn}"),
            format!("{ksn}{}", &card[..20]),
            format!("{ksn}DF0200"),
            "DF030C123456789012345600000001".to_owned(),
            "DF010B1234567890123456000000".to_owned(),
            // A serial number of one scheme and a PIN block of the other.
            "DF030A12345678901234560000DF041011111111111111111111111111111111".to_owned(),
            "DF030C123456789012345600000001DF04081111111111111111".to_owned(),
            "DF06020A0A".to_owned(),
            "9F0100".to_owned(),
            "DF".to_owned(),
            "DF01".to_owned(),
            "DF0184".to_owned(),
        ] {
            assert_eq!(decode(&wrong), Err(NotSecureData), "{wrong}");
        }
    }

    #[test]
    fn a_tag_of_a_newer_reader_is_skipped() {
        assert_eq!(decode("DF7703AABBCC").unwrap(), SecureData::default());
    }

    #[test]
    fn ciphertexts_print_by_length() {
        let data = SecureData {
            card: Some(EncryptedCard { ksn: KeySerial::Aes([0x12; 12]), ciphertext: vec![0xEE; 32] }),
            pin: Some(EncryptedPin::Aes { ksn: [0x34; 12], block: [0xDD; 16] }),
            fingerprint: Some([0x56; 16]),
            device_model: Some("BENCH-1".to_owned()),
        };
        let shown = format!("{data:?}");
        assert!(
            shown.contains("card data *** (32 bytes)") && shown.contains("PIN block *** (16 bytes)"),
            "{shown}"
        );
        assert!(!shown.contains("EE") && !shown.contains("DD"), "{shown}");
        assert_eq!(SecureData::decode(&data.encode().unwrap()), Ok(data));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            card in prop::option::of((any::<[u8; 12]>(), prop::collection::vec(any::<u8>(), 1..=256))),
            pin in prop::option::of((any::<[u8; 12]>(), any::<[u8; 16]>())),
            older: bool,
            fingerprint: Option<[u8; 16]>,
            device_model in prop::option::of("[ -~]{0,64}"),
        ) {
            let data = SecureData {
                card: card.map(|(ksn, ciphertext)| {
                    let ksn = if older { &ksn[2..] } else { &ksn[..] };
                    EncryptedCard { ksn: KeySerial::from_bytes(ksn).unwrap(), ciphertext }
                }),
                pin: pin.map(|(ksn, block)| {
                    let older_pin = EncryptedPin::from_bytes(&ksn[2..], &block[8..]).unwrap();
                    if older { older_pin } else { EncryptedPin::Aes { ksn, block } }
                }),
                fingerprint,
                device_model,
            };
            prop_assert_eq!(SecureData::decode(&data.encode().unwrap()), Ok(data));
        }

        #[test]
        fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _answered = SecureData::decode(&bytes);
        }
    }
}
