//! What a reader gives the terminal: everything for the authorisation, nothing sensitive in the clear.

use emv::{Aid, MaskedPan, Pan, Scheme, Track2};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How the card was read (M-029; ISO 8583:1987 DE 22).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryMode {
    /// Inserted chip.
    ContactIc,
    /// Swiped stripe.
    Magstripe,
    /// Tapped card or phone.
    Contactless,
}

/// How the holder was verified, or is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cvm {
    /// A PIN that the issuer checks.
    Pin,
    /// A signature is to be taken.
    Signature,
    /// Nothing is asked.
    NoCvm,
    /// The PIN was skipped; a signature is to be taken (M-026).
    PinBypassed,
    /// A phone verified its holder itself.
    Cdcvm,
}

impl Cvm {
    /// Whether a signature is to be taken before the payment is final.
    pub const fn wants_signature(self) -> bool {
        matches!(self, Self::Signature | Self::PinBypassed)
    }
}

/// Card data under a key that the terminal and the center do not have.
#[derive(Clone, PartialEq, Eq)]
pub struct EncryptedCard {
    /// Key serial number: which reader, which counter; twelve bytes of AES DUKPT (X9.24-3), ten of triple DES
    /// DUKPT (X9.24-1).
    pub ksn: Vec<u8>,
    /// Track 2 under the data key of that number.
    pub ciphertext: Vec<u8>,
    /// Tells the same card again, without its number.
    pub fingerprint: [u8; 16],
    /// What may be shown of the number.
    pub masked: MaskedPan,
    /// The scheme.
    pub brand: Scheme,
}

/// A PIN block of ISO 9564-1 (format 4 under AES, format 0 under triple DES) under a key that the terminal and
/// the center do not have.
#[derive(Clone, PartialEq, Eq)]
pub struct EncryptedPin {
    /// Key serial number, as of the card data.
    pub ksn: Vec<u8>,
    /// The enciphered block.
    pub block: Vec<u8>,
}

/// The application of a chip that was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Its identifier (tag 84).
    pub aid: Aid,
    /// Its label (tag 50), for the slip (M-058).
    pub label: String,
    /// The name the issuer prefers (tag 9F12), when there is one.
    pub preferred_name: Option<String>,
}

/// A card that was read, ready for the authorisation.
#[derive(Clone, PartialEq, Eq)]
pub struct Reading {
    /// How the card was read.
    pub entry_mode: EntryMode,
    /// Swiped because the chip could not be read.
    pub fallback: bool,
    /// Number, expiry and track, encrypted; what may be shown of them.
    pub card: EncryptedCard,
    /// The PIN block, when a PIN was entered.
    pub pin: Option<EncryptedPin>,
    /// Which time the PIN was asked: 1, or more after a wrong one; 0 without PIN.
    pub pin_attempt: u8,
    /// PAN sequence number (tag 5F34, M-058 PANSEQ).
    pub pan_sequence: Option<u8>,
    /// The application, when a chip was read.
    pub application: Option<Application>,
    /// The card's transaction counter (tag 9F36, M-058 ATC), when a chip was read.
    pub atc: Option<[u8; 2]>,
    /// The chip's and terminal's data for ISO 8583 DE 55, without number and track.
    pub emv_data: Vec<u8>,
    /// How the holder was verified.
    pub cvm: Cvm,
}

impl Reading {
    /// The transaction counter as four hexadecimal digits (M-058).
    pub fn atc_hex(&self) -> Option<String> {
        self.atc.map(hex::encode_upper)
    }
}

impl fmt::Debug for EncryptedCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncryptedCard({} {}, ksn {})", self.brand, self.masked, hex::encode(&self.ksn))
    }
}

impl fmt::Debug for EncryptedPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncryptedPin(ksn {})", hex::encode(&self.ksn))
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading")
            .field("entry_mode", &self.entry_mode)
            .field("fallback", &self.fallback)
            .field("card", &self.card)
            .field("pin", &self.pin)
            .field("cvm", &self.cvm)
            .finish_non_exhaustive()
    }
}

/// A card that was read, inside the reader: not yet encrypted. It lives between the kernel and
/// [`crate::SecureReader::seal`] and has no way out of this crate but through it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardRead {
    /// How the card was read.
    pub entry_mode: EntryMode,
    /// Swiped because the chip could not be read.
    pub fallback: bool,
    /// The scheme.
    pub brand: Scheme,
    /// Number, expiry, service code and discretionary data; shows itself masked.
    pub track2: Track2,
    /// Which time the PIN was asked; 0 without PIN.
    pub pin_attempt: u8,
    /// PAN sequence number (tag 5F34).
    pub pan_sequence: Option<u8>,
    /// The application, when a chip was read.
    pub application: Option<Application>,
    /// The card's transaction counter.
    pub atc: Option<[u8; 2]>,
    /// The data for DE 55.
    pub emv_data: Vec<u8>,
    /// How the holder was verified.
    pub cvm: Cvm,
}

impl CardRead {
    /// The card number.
    pub fn pan(&self) -> &Pan {
        self.track2.pan()
    }
}
