//! Track 2 of the magnetic stripe and its twin in the chip, tag 57 (ISO 7813).

use crate::pan::Pan;
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Track 2: card number, expiry, service code and discretionary data. Masked, wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Track2 {
    pan: Pan,
    expiry: String,
    service: String,
    discretionary: String,
}

/// A stripe that could not be read (inventory 1.1.9, code 203). It does not say what it held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadTrack;

impl fmt::Display for BadTrack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("track 2 is malformed")
    }
}

impl std::error::Error for BadTrack {}

/// The three digits that say where and how a card may be used (ISO 7813).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceCode([u8; 3]);

impl ServiceCode {
    /// The code from its three digits.
    pub fn new(digits: &str) -> Option<Self> {
        let bytes: [u8; 3] = digits.as_bytes().try_into().ok()?;
        bytes.iter().all(u8::is_ascii_digit).then_some(Self(bytes))
    }

    /// The card has a chip, which must be used where it can be: first digit 2 or 6.
    pub fn has_chip(self) -> bool {
        matches!(self.0, [b'2' | b'6', ..])
    }

    /// A PIN is asked where a pad is: third digit 0, 3, 5, 6 or 7.
    pub fn wants_pin(self) -> bool {
        matches!(self.0, [.., b'0' | b'3' | b'5' | b'6' | b'7'])
    }
}

impl Track2 {
    /// Reads a swiped track, with or without its sentinels: `;4111111111111111=30122010000?`.
    /// A longitudinal redundancy character after `?` must have been checked by the reader's head.
    pub fn parse(text: &str) -> Result<Self, BadTrack> {
        let body = text.strip_prefix(';').unwrap_or(text);
        let body = body.split_once('?').map_or(body, |(body, _)| body);
        // 37 characters besides sentinels (ISO 7811-6).
        if body.len() > 37 {
            return Err(BadTrack);
        }
        Self::from_parts(body.split_once('=').ok_or(BadTrack)?)
    }

    /// Reads tag 57: digits two to a byte, D between number and expiry, F behind.
    pub fn from_tag57(bytes: &[u8]) -> Result<Self, BadTrack> {
        if bytes.len() > 19 {
            return Err(BadTrack);
        }
        let mut text = hex::encode_upper(bytes);
        let track = text
            .strip_suffix('F')
            .unwrap_or(&text)
            .split_once('D')
            .ok_or(BadTrack)
            .and_then(Self::from_parts);
        text.zeroize();
        track
    }

    fn from_parts((number, rest): (&str, &str)) -> Result<Self, BadTrack> {
        let pan = Pan::new(number).map_err(|_| BadTrack)?;
        if !rest.bytes().all(|b| b.is_ascii_digit()) {
            return Err(BadTrack);
        }
        let expiry = rest.get(..4).ok_or(BadTrack)?;
        let service = rest.get(4..7).ok_or(BadTrack)?;
        if !matches!(expiry.get(2..).and_then(|m| m.parse::<u8>().ok()), Some(1..=12)) {
            return Err(BadTrack);
        }
        Ok(Self {
            pan,
            expiry: expiry.to_owned(),
            service: service.to_owned(),
            discretionary: rest.get(7..).unwrap_or_default().to_owned(),
        })
    }

    /// The card number.
    pub fn pan(&self) -> &Pan {
        &self.pan
    }

    /// The service code.
    pub fn service_code(&self) -> Option<ServiceCode> {
        ServiceCode::new(&self.service)
    }

    /// The month after which the card is no longer good, `YYMM`. Sensitive together with the number.
    pub fn unmask_expiry(&self) -> &str {
        &self.expiry
    }

    /// The whole track without sentinels, `=` between number and expiry: the form that is encrypted
    /// for the network. Wipe it after use.
    pub fn unmask(&self) -> String {
        format!("{}={}{}{}", self.pan.unmask(), self.expiry, self.service, self.discretionary)
    }
}

impl fmt::Debug for Track2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Track2({})", self.pan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stripe_and_the_chip_tell_the_same() {
        let swiped = Track2::parse(";4761739001010010=30122011143804400000?").unwrap();
        let chip =
            Track2::from_tag57(&hex::decode("4761739001010010D30122011143804400000F").unwrap()).unwrap();
        assert_eq!(swiped, chip);
        assert_eq!(swiped.unmask(), "4761739001010010=30122011143804400000");
        assert_eq!(swiped.unmask_expiry(), "3012");
        assert!(swiped.service_code().unwrap().has_chip());
        assert_eq!(format!("{swiped:?}"), "Track2(476173*****10)");
    }

    #[test]
    fn the_first_digit_of_the_service_code_tells_of_a_chip() {
        // R-032; ISO 7813: 2 and 6 are cards with a chip.
        for (code, chip, pin) in [
            ("101", false, false),
            ("201", true, false),
            ("601", true, false),
            ("220", true, true),
            ("206", true, true),
        ] {
            let code = ServiceCode::new(code).unwrap();
            assert_eq!((code.has_chip(), code.wants_pin()), (chip, pin), "{code:?}");
        }
        assert_eq!(ServiceCode::new("2O1"), None);
    }

    #[test]
    fn a_stripe_that_cannot_be_read_is_an_error_without_digits() {
        for text in [
            "",
            ";?",
            "4111111111111111",
            "4111111111111112=3012201",
            "4111111111111111=30122",
            "4111111111111111=3013201",
            "4111111111111111=301220X",
            "4111111111111111=30122010000000000000000000000000",
            "４１=１",
        ] {
            assert_eq!(Track2::parse(text), Err(BadTrack), "{text}");
        }
        assert_eq!(Track2::from_tag57(&[0xD0; 19]), Err(BadTrack));
    }
}
