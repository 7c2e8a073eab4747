//! Brands as data: `data/brands.toml`, one block each.

use crate::words;
use crate::{Method, PaymentClass};
use money::Yen;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::LazyLock;

words! {
    /// A brand that we know. What is true of it stands in its [`BrandRow`].
    Brand {
        /// Visa.
        Visa = "visa",
        /// Mastercard.
        Mastercard = "mastercard",
        /// JCB.
        Jcb = "jcb",
        /// American Express.
        Amex = "amex",
        /// Diners Club.
        Diners = "diners",
        /// UnionPay.
        UnionPay = "unionpay",
        /// `PayPay`.
        PayPay = "paypay",
        /// d払い.
        DBarai = "dbarai",
        /// 楽天ペイ.
        RakutenPay = "rakutenpay",
        /// au PAY.
        AuPay = "aupay",
        /// メルペイ.
        Merpay = "merpay",
        /// ゆうちょPay.
        YuchoPay = "yuchopay",
        /// J-Coin Pay.
        JCoinPay = "jcoinpay",
        /// Alipay+.
        AlipayPlus = "alipayplus",
        /// `WeChat` Pay.
        WeChatPay = "wechatpay",
        /// 銀聯QR.
        UnionPayQr = "unionpayqr",
        /// 帳場ペイ: our wallet's test brand.
        ChobaPay = "chobapay",
    }
}

/// A brand's row.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrandRow {
    /// The brand.
    pub code: Brand,
    /// Its method.
    pub method: Method,
    /// The name on screens and slips.
    pub name: String,
    /// The card company printed on USEN slips.
    pub card_company: String,
    /// Payment classes at most; a contract narrows them.
    pub classes: Vec<PaymentClass>,
    /// The largest amount of one payment, whole yen.
    #[serde(rename = "limit_yen")]
    pub limit: Yen,
    /// The group of its line in a payment notice (U-069), where the settlement terms name no other.
    pub settle_group: String,
    /// The code of its settlement cycle (U-060), where the settlement terms name no other.
    pub settle_cycle: String,
}

/// A brand word that no row has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownBrand(pub String);

impl fmt::Display for UnknownBrand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown brand: {}", self.0)
    }
}

impl std::error::Error for UnknownBrand {}

#[derive(Deserialize)]
struct File {
    brand: Vec<BrandRow>,
}

/// Every brand, in the order of the file.
pub fn brands() -> &'static [BrandRow] {
    static ROWS: LazyLock<Vec<BrandRow>> = LazyLock::new(|| {
        toml::from_str::<File>(include_str!("../data/brands.toml")).map(|file| file.brand).unwrap_or_default()
    });
    &ROWS
}

impl Brand {
    /// The brand's row.
    pub fn row(self) -> Result<&'static BrandRow, UnknownBrand> {
        brands().iter().find(|row| row.code == self).ok_or_else(|| UnknownBrand(self.word().to_owned()))
    }

    /// The name on screens and slips.
    pub fn name(self) -> &'static str {
        self.row().map_or(self.word(), |row| row.name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_brand_has_exactly_one_complete_row() {
        toml::from_str::<File>(include_str!("../data/brands.toml")).unwrap();
        for brand in Brand::ALL {
            assert_eq!(brands().iter().filter(|row| row.code == *brand).count(), 1, "{brand:?}");
            let row = brand.row().unwrap();
            assert!(
                row.classes.contains(&PaymentClass::Lump) && !row.limit.is_zero() && !row.name.is_empty()
            );
        }
    }

    #[test]
    fn code_brands_take_lump_sums_only() {
        // model 3.3: a code is charged at once
        let codes: Vec<_> = brands().iter().filter(|row| row.method == Method::Code).collect();
        assert_eq!(codes.len(), 11);
        assert!(codes.iter().all(|row| row.classes == [PaymentClass::Lump]));
    }

    #[test]
    fn a_brand_has_a_line_in_the_payment_notice_and_a_cycle() {
        // U-069: Visa and Mastercard in one line, JCB and the rest of the cards in another.
        let group = |brand: Brand| brand.row().unwrap().settle_group.as_str();
        assert_eq!((group(Brand::Visa), group(Brand::Mastercard)), ("visa_master", "visa_master"));
        for brand in [Brand::Jcb, Brand::Amex, Brand::Diners] {
            assert_eq!(group(brand), "jcb_other");
        }
        // The rates of code brands differ, so each is a group of its own.
        for row in brands().iter().filter(|row| row.method == Method::Code) {
            assert_eq!((row.settle_group.as_str(), row.settle_cycle.as_str()), (row.code.word(), "code"));
        }
    }

    #[test]
    fn unionpay_takes_lump_sums_only() {
        //
        assert_eq!(Brand::UnionPay.row().unwrap().classes, [PaymentClass::Lump]);
    }
}
