//! Card-payment key arithmetic: everything that a reader, a card and an issuer compute with keys.
//!
//! | module | what it computes | source |
//! |---|---|---|
//! | [`dukpt`] | one key per transaction from a base key | ANSI X9.24-3:2017, AES-128 |
//! | [`dukpt_tdes`] | the same for older readers | ANSI X9.24-1:2009, triple DES |
//! | [`pinblock`] | a PIN bound to its card under a key | ISO 9564-1:2017 formats 4 and 0 |
//! | [`cardcipher`] | card data under a transaction's data key | AES-CBC, ISO/IEC 9797-1 padding method 2 |
//! | [`fingerprint`] | "the same card again", without the number | HMAC-SHA256 |
//! | [`cryptogram`] | ARQC and ARPC between chip and issuer | EMV 4.3 Book 2, 8 and annex A1 |
//!
//! Pure: no IO, no clock, no randomness of its own. Keys, PINs, card numbers and tracks live in types that are
//! wiped when dropped and that print masked; the one way to the plain value has `expose` in its name.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, clippy::as_conversions))]
#![expect(
    clippy::many_single_char_names,
    reason = "bytes of a key or a serial number have no names of their own"
)]

pub mod cardcipher;
pub mod carddata;
pub mod cryptogram;
pub mod dukpt;
pub mod dukpt_tdes;
pub mod fingerprint;
mod key;
mod pan;
pub mod pinblock;
pub mod test_keys;

pub use carddata::CardData;
pub use key::{Key, NotAKey, TdesKey};
pub use pan::{NotAPan, Pan};
pub use pinblock::Pin;
