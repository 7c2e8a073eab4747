//! Networks that approve and refuse: which brand goes where, and what every network must be able to say.

pub mod answer_codes;
pub mod card_iso8583;
pub mod line;

use payment::Brand;

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
