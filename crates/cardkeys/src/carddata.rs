//! The card data that a reader encrypts and the issuer's side reads again: track 2 in one plain form.
//!
//! The plain form is ASCII track 2 without sentinels: card number, `=`, expiry as YYMM, and for a chip or a
//! stripe the three-digit service code and the issuer's own digits (ISO/IEC 7813). Chips write the same digits
//! with `D` and a filler `F` (EMV tag 57); both are read.

use crate::{Pan, pan::NotAPan};
use std::fmt;
use zeroize::Zeroizing;

/// The longest track 2 with sentinels and check character, in characters (ISO/IEC 7813).
const MAX_TRACK2: usize = 40;

/// Text or bytes that are not track 2. What they were is not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotCardData;

impl fmt::Display for NotCardData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the card number and expiry of a track 2")
    }
}

impl std::error::Error for NotCardData {}

impl From<NotAPan> for NotCardData {
    fn from(NotAPan: NotAPan) -> Self {
        Self
    }
}

/// Card number, expiry and, where the card gave them, service code and the issuer's digits. Prints masked.
#[derive(Clone, PartialEq, Eq)]
pub struct CardData {
    pan: Pan,
    // YYMM, then service code and discretionary digits when present: 4 or at least 7 digits.
    rest: Zeroizing<String>,
}

impl CardData {
    /// Card data from a card number and its expiry as `YYMM`, as typed in or as a chip without track 2 gives.
    pub fn from_pan_and_expiry(pan: Pan, expiry_yymm: &str) -> Result<Self, NotCardData> {
        Self::checked(pan, expiry_yymm)
    }

    /// Card data from track 2 text: with or without the sentinels `;` and `?`, with `=` or `D` between, and with
    /// the filler `F` of a chip at the end or not.
    pub fn from_track2(text: &str) -> Result<Self, NotCardData> {
        if text.len() > MAX_TRACK2 {
            return Err(NotCardData);
        }
        let text = text.strip_prefix(';').unwrap_or(text);
        let text = text.split_once('?').map_or(text, |(track, _check_character)| track);
        let text = text.strip_suffix(['F', 'f']).unwrap_or(text);
        let (pan, rest) = text.split_once(['=', 'D', 'd']).ok_or(NotCardData)?;
        Self::checked(Pan::parse(pan)?, rest)
    }

    /// Card data from the value of EMV tag 57, track 2 equivalent data.
    pub fn from_track2_equivalent(value: &[u8]) -> Result<Self, NotCardData> {
        if value.len() > MAX_TRACK2 / 2 {
            return Err(NotCardData);
        }
        Self::from_track2(&Zeroizing::new(hex::encode_upper(value)))
    }

    /// Card data from its plain form, as [`crate::cardcipher::decrypt`] gives it.
    pub fn from_plain(plain: &[u8]) -> Result<Self, NotCardData> {
        Self::from_track2(std::str::from_utf8(plain).map_err(|_| NotCardData)?)
    }

    /// The plain form, to be encrypted at once.
    pub fn expose_plain(&self) -> Zeroizing<Vec<u8>> {
        let pan = self.pan.expose();
        let mut plain = Zeroizing::new(Vec::with_capacity(MAX_TRACK2));
        plain.extend_from_slice(pan.as_bytes());
        plain.push(b'=');
        plain.extend_from_slice(self.rest.as_bytes());
        plain
    }

    /// The card number.
    pub const fn pan(&self) -> &Pan {
        &self.pan
    }

    /// The last month of validity as `YYMM`.
    pub fn expiry_yymm(&self) -> &str {
        self.rest.get(..4).unwrap_or_default()
    }

    /// The service code: first digit 2 or 6 means that the card has a chip (ISO/IEC 7813).
    pub fn service_code(&self) -> Option<&str> {
        self.rest.get(4..7)
    }

    fn checked(pan: Pan, rest: &str) -> Result<Self, NotCardData> {
        let is_digits = rest.bytes().all(|byte| byte.is_ascii_digit());
        let month_is_real = rest.get(2..4).is_some_and(|month| ("01"..="12").contains(&month));
        let has_parts = rest.len() == 4 || rest.len() >= 7;
        let fits = pan.digit_count().saturating_add(rest.len()) < MAX_TRACK2;
        if is_digits && month_is_real && has_parts && fits {
            Ok(Self { pan, rest: Zeroizing::new(rest.to_owned()) })
        } else {
            Err(NotCardData)
        }
    }
}

impl fmt::Debug for CardData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CardData({:?}, track masked)", self.pan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stripe_and_chip_say_the_same_card_data() {
        let stripe = CardData::from_track2(";4111111111111111=30122011234567?3").unwrap();
        let chip =
            CardData::from_track2_equivalent(&hex::decode("4111111111111111D30122011234567F").unwrap());
        assert_eq!(chip, Ok(stripe.clone()));
        assert_eq!(CardData::from_plain(&stripe.expose_plain()), Ok(stripe.clone()));
        assert_eq!(stripe.pan(), &Pan::parse("4111111111111111").unwrap());
        assert_eq!(stripe.expiry_yymm(), "3012");
        assert_eq!(stripe.service_code(), Some("201"));
    }

    #[test]
    fn a_typed_card_has_no_service_code() {
        let typed = CardData::from_pan_and_expiry(Pan::parse("4111111111111111").unwrap(), "3012").unwrap();
        assert_eq!(typed.service_code(), None);
        assert_eq!(&**typed.expose_plain(), b"4111111111111111=3012");
    }

    #[test]
    fn card_data_prints_masked() {
        let data = CardData::from_track2("4111111111111111=30122011234567").unwrap();
        assert_eq!(format!("{data:?}"), "CardData(Pan(411111******1111), track masked)");
    }

    #[test]
    fn what_is_no_track_2_is_refused() {
        for text in [
            "",
            "4111111111111111",
            "4111111111111111=",
            "4111111111111111=3013",
            "4111111111111111=301220",
            "4111111111111111=3012 01",
            "411=3012201",
            "4111111111111111=30122011234567890123456789",
            "4111111111111111=３０12",
        ] {
            assert_eq!(CardData::from_track2(text), Err(NotCardData), "{text}");
        }
        assert_eq!(CardData::from_plain(&[0xFF, 0xFE]), Err(NotCardData));
    }
}
