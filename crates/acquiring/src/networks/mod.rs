//! Networks that approve and refuse: which brand goes where, and what every network must be able to say.

pub mod answer_codes;
pub mod card_iso8583;
pub mod card_refund;
pub mod line;

use crate::step::Happening;
use card_iso8583::Answered;
use codes::pay;
use line::NoAnswer;
use payment::Brand;

impl From<Answered> for Happening {
    fn from(answered: Answered) -> Self {
        match answered {
            Answered::Approved(approval) => Self::Approved(approval),
            Answered::Declined(code) => Self::Declined(code),
            Answered::Failed(code) => Self::Failed(code),
            Answered::Unclear(code) => Self::Lost(code),
        }
    }
}

impl From<&NoAnswer> for Happening {
    fn from(no_answer: &NoAnswer) -> Self {
        match no_answer {
            // Nobody was asked, so nothing was taken.
            NoAnswer::NotSent(_) => Self::Failed(pay::NO_CONNECTION),
            NoAnswer::Lost(_) | NoAnswer::TimedOut => Self::Lost(pay::NO_ANSWER),
        }
    }
}

/// A network that a center can be connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Network {
    /// The card network of docs/networks/card-iso8583.md.
    Card,
    /// The code brands of docs/networks/code-http.md.
    Code,
}

impl Network {
    /// The routing table: every brand has exactly one network.
    pub const fn of(brand: Brand) -> Self {
        match brand {
            Brand::Visa | Brand::Mastercard | Brand::Jcb | Brand::Amex | Brand::Diners | Brand::UnionPay => {
                Self::Card
            }
            Brand::PayPay
            | Brand::DBarai
            | Brand::RakutenPay
            | Brand::AuPay
            | Brand::Merpay
            | Brand::YuchoPay
            | Brand::JCoinPay
            | Brand::AlipayPlus
            | Brand::WeChatPay
            | Brand::UnionPayQr
            | Brand::ChobaPay => Self::Code,
        }
    }

    /// The word in timelines and metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Code => "code",
        }
    }
}
