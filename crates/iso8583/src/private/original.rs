//! DE 90: which message a reversal or an advice is about.

use crate::{Error, Fault, Message, Mti};
use std::fmt;

/// The 42 digits of DE 90: type 4, trace number 6, transmission date and time 10, acquirer 11, forwarder 11.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OriginalData([u8; 42]);

impl OriginalData {
    /// What names a message: its type, DE 11, DE 7, DE 32 and DE 33 (zeros for the institutions it does not name).
    pub fn of(original: &Message) -> Result<Self, Error> {
        let stan = original.required(11)?;
        let transmitted_at = original.required(7)?;
        let acquirer = original.text(32).unwrap_or_default();
        let forwarder = original.text(33).unwrap_or_default();
        Self::parse(&format!("{}{stan}{transmitted_at}{acquirer:0>11}{forwarder:0>11}", original.mti()))
    }

    /// From the digits of DE 90.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let digits: [u8; 42] = text
            .as_bytes()
            .try_into()
            .map_err(|_| Error::of(90, Fault::WrongLength { wanted: 42, got: text.len() }))?;
        if digits.iter().all(u8::is_ascii_digit) {
            Ok(Self(digits))
        } else {
            Err(Error::of(90, Fault::WrongCharacter))
        }
    }

    /// All 42 digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The type of the original.
    pub fn mti(&self) -> Result<Mti, Error> {
        Mti::parse(self.part(0, 4)).map_err(|_| Error::of(90, Fault::NotAnMti))
    }

    /// DE 11 of the original.
    pub fn stan(&self) -> &str {
        self.part(4, 10)
    }

    /// DE 7 of the original, `MMDDhhmmss`.
    pub fn transmitted_at(&self) -> &str {
        self.part(10, 20)
    }

    /// DE 32 of the original, eleven digits with zeros in front.
    pub fn acquirer(&self) -> &str {
        self.part(20, 31)
    }

    /// DE 33 of the original, eleven digits with zeros in front, all zeros when it had none.
    pub fn forwarder(&self) -> &str {
        self.part(31, 42)
    }

    /// Whether a message is the original, or the original sent again.
    pub fn is_of(&self, message: &Message) -> bool {
        Self::of(message).is_ok_and(|named| {
            let same_type = match (named.mti(), self.mti()) {
                (Ok(named), Ok(wanted)) => named == wanted || named.repeat() == wanted.repeat(),
                _ => false,
            };
            same_type && named.part(4, 42) == self.part(4, 42)
        })
    }

    fn part(&self, from: usize, to: usize) -> &str {
        self.as_str().get(from..to).unwrap_or_default()
    }
}

impl fmt::Debug for OriginalData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OriginalData({})", self.as_str())
    }
}

impl Message {
    /// Puts the original into DE 90.
    pub fn set_original(&mut self, original: OriginalData) -> Result<&mut Self, Error> {
        self.set(90, original.as_str())
    }

    /// The original that DE 90 names.
    pub fn original(&self) -> Result<OriginalData, Error> {
        OriginalData::parse(self.required(90)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payment() -> Message {
        let mut message = Message::new(Mti::FINANCIAL_REQUEST);
        message.set(7, "1121034219").unwrap().set(11, "000123").unwrap().set(32, "9000001").unwrap();
        message
    }

    #[test]
    fn a_reversal_names_its_original() {
        let mut reversal = Message::new(Mti::REVERSAL_ADVICE);
        reversal.set_original(OriginalData::of(&payment()).unwrap()).unwrap();
        assert_eq!(reversal.text(90), Some("020000012311210342190000900000100000000000"));
        let original = reversal.original().unwrap();
        assert_eq!(original.mti(), Ok(Mti::FINANCIAL_REQUEST));
        assert_eq!((original.stan(), original.transmitted_at()), ("000123", "1121034219"));
        assert_eq!((original.acquirer(), original.forwarder()), ("00009000001", "00000000000"));
        assert!(original.is_of(&payment()));
    }

    #[test]
    fn another_message_is_not_the_original() {
        let original = OriginalData::of(&payment()).unwrap();
        let mut repeated = payment();
        repeated.set_mti(Mti::parse("0201").unwrap());
        assert!(original.is_of(&repeated), "sent again it is the same");
        for (number, value) in [(11, "000124"), (7, "1121034220"), (32, "9000002"), (33, "1")] {
            let mut other = payment();
            other.set(number, value).unwrap();
            assert!(!original.is_of(&other), "field {number}");
        }
        let mut advice = payment();
        advice.set_mti(Mti::FINANCIAL_ADVICE);
        assert!(!original.is_of(&advice));
    }

    #[test]
    fn the_vector_of_moov_is_read() {
        // moov-io/iso8583 test/testdata/iso_reversal_message.json, element 90.
        let original = OriginalData::parse("020000331609080645190000000020000000000000").unwrap();
        assert_eq!(original.mti(), Ok(Mti::FINANCIAL_REQUEST));
        assert_eq!((original.stan(), original.transmitted_at()), ("003316", "0908064519"));
        assert_eq!((original.acquirer(), original.forwarder()), ("00000000200", "00000000000"));
        assert!(OriginalData::parse("02000033160908064519000000002000000000000").is_err());
        assert!(OriginalData::parse("02000033160908064519000000002000000000000X").is_err());
    }
}
