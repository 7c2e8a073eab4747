//! DE 48: how the cardholder pays it off.

use crate::{Error, Fault, Message};
use std::fmt;

/// How the cardholder pays it off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PaymentClass {
    /// 10: at once.
    LumpSum,
    /// 21: at once, with the next bonus.
    BonusLump,
    /// 61: in so many instalments, 2 to 99.
    Instalments(u8),
    /// 80: a fixed amount each month.
    Revolving,
}

/// A text that is not the four digits of a payment class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAPaymentClass;

impl fmt::Display for NotAPaymentClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a payment class: 1000, 2100, 8000 or 61 and 02 to 99 instalments")
    }
}

impl std::error::Error for NotAPaymentClass {}

impl PaymentClass {
    /// The four digits of DE 48.
    pub fn encode(self) -> Result<String, NotAPaymentClass> {
        match self {
            Self::LumpSum => Ok("1000".to_owned()),
            Self::BonusLump => Ok("2100".to_owned()),
            Self::Revolving => Ok("8000".to_owned()),
            Self::Instalments(count @ 2..=99) => Ok(format!("61{count:02}")),
            Self::Instalments(_) => Err(NotAPaymentClass),
        }
    }

    /// The class that four digits of DE 48 say.
    pub fn decode(text: &str) -> Result<Self, NotAPaymentClass> {
        match text {
            "1000" => return Ok(Self::LumpSum),
            "2100" => return Ok(Self::BonusLump),
            "8000" => return Ok(Self::Revolving),
            _ => {}
        }
        let count = text
            .strip_prefix("61")
            .filter(|count| count.len() == 2 && count.bytes().all(|b| b.is_ascii_digit()));
        match count.and_then(|count| count.parse().ok()) {
            Some(count @ 2..=99) => Ok(Self::Instalments(count)),
            _ => Err(NotAPaymentClass),
        }
    }
}

impl Message {
    /// Puts a payment class into DE 48.
    pub fn set_payment_class(&mut self, class: PaymentClass) -> Result<&mut Self, Error> {
        let text = class.encode().map_err(|NotAPaymentClass| Error::of(48, Fault::WrongStructure))?;
        self.set(48, &text)
    }

    /// The payment class of DE 48.
    pub fn payment_class(&self) -> Result<PaymentClass, Error> {
        PaymentClass::decode(self.required(48)?)
            .map_err(|NotAPaymentClass| Error::of(48, Fault::WrongStructure))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mti;

    #[test]
    fn every_class_is_read_as_it_was_written() {
        let instalments = (2..=99).map(PaymentClass::Instalments);
        for class in
            instalments.chain([PaymentClass::LumpSum, PaymentClass::BonusLump, PaymentClass::Revolving])
        {
            assert_eq!(PaymentClass::decode(&class.encode().unwrap()), Ok(class));
        }
        assert_eq!(PaymentClass::Instalments(3).encode().unwrap(), "6103");
    }

    #[test]
    fn what_is_no_class_is_refused() {
        for text in ["", "10", "1001", "6100", "6101", "61+3", "61003", "9900", "10000", "６103"] {
            assert_eq!(PaymentClass::decode(text), Err(NotAPaymentClass), "{text}");
        }
        for count in [0, 1, 100] {
            let mut message = Message::new(Mti::FINANCIAL_REQUEST);
            let refused = message.set_payment_class(PaymentClass::Instalments(count)).unwrap_err();
            assert_eq!(refused, Error::of(48, Fault::WrongStructure));
        }
    }
}
