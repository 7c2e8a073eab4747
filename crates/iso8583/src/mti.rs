//! The message type indicator: version, class, function and origin in four digits (ISO 8583:1987).

use std::fmt;

/// Four bytes that are not a message type indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnMti;

impl fmt::Display for NotAnMti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message type indicator is four digits")
    }
}

impl std::error::Error for NotAnMti {}

/// What a message is about: the second digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// x1xx: may this card pay.
    Authorization,
    /// x2xx: it pays.
    Financial,
    /// x4xx: undo.
    Reversal,
    /// x5xx: compare totals.
    Reconciliation,
    /// x8xx: sign on, echo, keys.
    NetworkManagement,
    /// Any other digit.
    Other,
}

/// A message type indicator. Digits are kept as they came; four digits are enough to be one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mti([u8; 4]);

impl Mti {
    /// 0100, answered by 0110.
    pub const AUTHORIZATION_REQUEST: Self = Self(*b"0100");
    /// 0200, answered by 0210.
    pub const FINANCIAL_REQUEST: Self = Self(*b"0200");
    /// 0220, answered by 0230: a payment that is already decided.
    pub const FINANCIAL_ADVICE: Self = Self(*b"0220");
    /// 0420, answered by 0430.
    pub const REVERSAL_ADVICE: Self = Self(*b"0420");
    /// 0421: 0420 again, until it is answered.
    pub const REVERSAL_ADVICE_REPEAT: Self = Self(*b"0421");
    /// 0400, answered by 0410: undo a payment that was approved, asked as a question.
    pub const REVERSAL_REQUEST: Self = Self(*b"0400");
    /// 0500, answered by 0510: the acquirer's totals of a day.
    pub const RECONCILIATION_REQUEST: Self = Self(*b"0500");
    /// 0520, answered by 0530: the totals as they stand, said and not asked.
    pub const RECONCILIATION_ADVICE: Self = Self(*b"0520");
    /// 0800, answered by 0810.
    pub const NETWORK_REQUEST: Self = Self(*b"0800");

    /// An indicator from four ASCII digits.
    pub const fn from_bytes(bytes: [u8; 4]) -> Result<Self, NotAnMti> {
        let [version, class, function, origin] = bytes;
        if version.is_ascii_digit()
            && class.is_ascii_digit()
            && function.is_ascii_digit()
            && origin.is_ascii_digit()
        {
            Ok(Self(bytes))
        } else {
            Err(NotAnMti)
        }
    }

    /// An indicator from text.
    pub fn parse(text: &str) -> Result<Self, NotAnMti> {
        text.as_bytes().try_into().map_err(|_| NotAnMti).and_then(Self::from_bytes)
    }

    /// The four ASCII digits.
    pub const fn to_bytes(self) -> [u8; 4] {
        self.0
    }

    /// What the message is about.
    pub const fn class(self) -> Class {
        let [_, class, ..] = self.0;
        match class {
            b'1' => Class::Authorization,
            b'2' => Class::Financial,
            b'4' => Class::Reversal,
            b'5' => Class::Reconciliation,
            b'8' => Class::NetworkManagement,
            _ => Class::Other,
        }
    }

    /// Whether it asks (x0x, x2x): it has an answer.
    pub const fn is_asking(self) -> bool {
        let [.., function, _] = self.0;
        matches!(function, b'0' | b'2')
    }

    /// Whether it tells what was already decided (x2x), or answers that (x3x).
    pub const fn is_advice(self) -> bool {
        let [.., function, _] = self.0;
        matches!(function, b'2' | b'3')
    }

    /// Whether it answers (x1x, x3x).
    pub const fn is_answer(self) -> bool {
        let [.., function, _] = self.0;
        matches!(function, b'1' | b'3')
    }

    /// Whether it was sent before (last digit odd).
    pub const fn is_repeat(self) -> bool {
        let [.., origin] = self.0;
        matches!(origin, b'1' | b'3' | b'5')
    }

    /// The type of its answer: 0200 and 0201 give 0210, 0420 and 0421 give 0430. None when it is an answer.
    pub const fn answer(self) -> Option<Self> {
        let [version, class, function, origin] = self.0;
        let function = match function {
            b'0' => b'1',
            b'2' => b'3',
            _ => return None,
        };
        let origin = match origin {
            b'1' => b'0',
            b'3' => b'2',
            b'5' => b'4',
            same => same,
        };
        Some(Self([version, class, function, origin]))
    }

    /// The type for sending it again: 0420 gives 0421, and so does 0421. None when it is an answer.
    pub const fn repeat(self) -> Option<Self> {
        let [version, class, function, origin] = self.0;
        let origin = match origin {
            b'0' => b'1',
            b'2' => b'3',
            b'4' => b'5',
            same => same,
        };
        if self.is_asking() { Some(Self([version, class, function, origin])) } else { None }
    }

    /// What people read beside the digits: "reversal advice, repeated".
    pub fn name(self) -> String {
        let class = match self.class() {
            Class::Authorization => "authorization",
            Class::Financial => "financial",
            Class::Reversal => "reversal",
            Class::Reconciliation => "reconciliation",
            Class::NetworkManagement => "network management",
            Class::Other => "other",
        };
        let [.., function, _] = self.0;
        let function = match function {
            b'0' => "request",
            b'1' => "request response",
            b'2' => "advice",
            b'3' => "advice response",
            b'4' => "notification",
            _ => "message",
        };
        let repeated = if self.is_repeat() { ", repeated" } else { "" };
        format!("{class} {function}{repeated}")
    }
}

impl fmt::Display for Mti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|digit| write!(f, "{}", char::from(*digit)))
    }
}

impl fmt::Debug for Mti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mti({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mti(text: &str) -> Mti {
        Mti::parse(text).unwrap()
    }

    #[test]
    fn requests_and_advices_have_answers_and_repeats() {
        for (asked, answered, again) in [
            ("0100", "0110", "0101"),
            ("0200", "0210", "0201"),
            ("0201", "0210", "0201"),
            ("0220", "0230", "0221"),
            ("0420", "0430", "0421"),
            ("0421", "0430", "0421"),
            ("0400", "0410", "0401"),
            ("0500", "0510", "0501"),
            ("0520", "0530", "0521"),
            ("0800", "0810", "0801"),
        ] {
            assert_eq!(mti(asked).answer(), Some(mti(answered)), "{asked}");
            assert_eq!(mti(asked).repeat(), Some(mti(again)), "{asked}");
            assert!(mti(asked).is_asking() && mti(answered).is_answer());
            assert_eq!(mti(asked).class(), mti(answered).class());
        }
    }

    #[test]
    fn an_answer_has_no_answer_and_is_not_repeated() {
        for answer in ["0110", "0210", "0430", "0810", "0240"] {
            assert_eq!(mti(answer).answer(), None);
            assert_eq!(mti(answer).repeat(), None);
        }
    }

    #[test]
    fn an_indicator_has_a_name_for_people() {
        assert_eq!(mti("0421").name(), "reversal advice, repeated");
        assert_eq!(mti("0210").name(), "financial request response");
        assert_eq!(format!("{:?}", mti("0800")), "Mti(0800)");
    }

    #[test]
    fn what_is_not_four_digits_is_refused() {
        for text in ["", "020", "02000", "02O0", "０２００"] {
            assert_eq!(Mti::parse(text), Err(NotAnMti), "{text}");
        }
    }
}
