//! Brands and wallets as data: `data/code_brands.toml`.

use jiff::civil::{Date, Time};
use jiff::{Timestamp, tz};
use money::Yen;
use serde::{Deserialize, Serialize};

/// What a brand does by rule.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brand {
    /// Its word in addresses.
    pub word: String,
    /// Its name.
    pub name: String,
    /// How the digits of its codes begin.
    pub prefix: String,
    /// How many digits its codes have.
    pub length: usize,
    /// What its QR code holds.
    pub qr: Qr,
    /// Tag 4F of a QR code with data objects: hex (EMV) or text (JPQR).
    #[serde(default)]
    pub provider: String,
    /// The largest amount of one payment.
    #[serde(rename = "limit_yen")]
    pub limit: Yen,
    /// The last day of refunds is so many days after the payment's.
    pub refund_days: i32,
    /// When refunds end on that day, Tokyo.
    #[serde(default)]
    pub refund_until: Option<Time>,
    /// Refunds of one payment at most.
    pub refunds: u32,
    /// Every day, Tokyo: `from-to`.
    #[serde(default)]
    pub maintenance: Option<String>,
}

/// What a QR code holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Qr {
    /// The digits of the bar code.
    Digits,
    /// Data objects with text, Base64 (JPQR).
    Jpqr,
    /// Data objects of EMV, Base64.
    Emv,
}

/// A customer's wallet.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Wallet {
    /// Its name on the desk.
    pub name: String,
    /// Its brand's word.
    pub brand: String,
    /// Its number inside codes, two digits.
    pub number: u8,
    /// What the customer does.
    pub does: Does,
    /// After how many questions of the shop the customer answers.
    #[serde(default)]
    pub polls: u32,
    /// What can be paid with one payment.
    #[serde(rename = "balance_yen")]
    pub balance: Yen,
}

/// What the customer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Does {
    /// Pays at once.
    Pays,
    /// Has to confirm, and does.
    Confirms,
    /// Has to confirm, and refuses.
    Refuses,
    /// Has to confirm, and does nothing.
    NeverAnswers,
    /// Shows a code that has expired.
    ShowsOldCode,
}

/// Everything in the file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// The brands.
    #[serde(rename = "brand")]
    pub brands: Vec<Brand>,
    /// The wallets.
    #[serde(rename = "wallet")]
    pub wallets: Vec<Wallet>,
}

impl Rules {
    /// The rules that the program brings along.
    pub fn built_in() -> Result<Self, toml::de::Error> {
        toml::from_str(include_str!("../../data/code_brands.toml"))
    }

    /// A brand by its word.
    pub fn brand(&self, word: &str) -> Option<&Brand> {
        self.brands.iter().find(|brand| brand.word == word)
    }

    /// A wallet by its name.
    pub fn wallet(&self, name: &str) -> Option<&Wallet> {
        self.wallets.iter().find(|wallet| wallet.name == name)
    }

    /// A wallet by its number inside codes.
    pub fn wallet_of(&self, brand: &str, number: u8) -> Option<&Wallet> {
        self.wallets.iter().find(|wallet| wallet.brand == brand && wallet.number == number)
    }
}

impl Wallet {
    /// What the customer does, in English, for tables.
    pub fn does_en(&self) -> String {
        match self.does {
            Does::Pays => "pays at once".to_owned(),
            Does::Confirms => {
                format!("confirms on the phone, by itself after {} questions of the shop", self.polls)
            }
            Does::Refuses => {
                format!("refuses on the phone, by itself after {} questions of the shop", self.polls)
            }
            Does::NeverAnswers => "has to confirm and does nothing".to_owned(),
            Does::ShowsOldCode => "shows a code that has expired".to_owned(),
        }
    }
}

/// An instant on the clock of Tokyo.
pub(super) fn tokyo(at: Timestamp) -> jiff::civil::DateTime {
    at.to_zoned(tz::TimeZone::fixed(tz::offset(9))).datetime()
}

impl Brand {
    /// Whether the brand is closed for its daily maintenance.
    pub fn is_in_maintenance(&self, now: Timestamp) -> bool {
        let hours = self.maintenance.as_deref().and_then(|text| text.split_once('-'));
        let Some((Ok(from), Ok(to))) = hours.map(|(from, to)| (from.parse::<Time>(), to.parse::<Time>()))
        else {
            return false;
        };
        let time = tokyo(now).time();
        if from <= to { (from..to).contains(&time) } else { time >= from || time < to }
    }

    /// Whether a payment of `paid` can still be refunded.
    pub fn takes_refund(&self, paid: Timestamp, now: Timestamp) -> bool {
        let (paid, now) = (tokyo(paid).date(), tokyo(now));
        match days(paid, now.date()) {
            days if days < self.refund_days => true,
            days if days == self.refund_days => self.refund_until.is_none_or(|until| now.time() < until),
            _ => false,
        }
    }
}

/// a payment is cancelled until 00:14:59 of the next day, Tokyo.
pub fn takes_cancel(paid: Timestamp, now: Timestamp) -> bool {
    let (paid, now) = (tokyo(paid).date(), tokyo(now));
    match days(paid, now.date()) {
        days if days <= 0 => true,
        1 => now.time() < Time::constant(0, 15, 0, 0),
        _ => false,
    }
}

fn days(from: Date, to: Date) -> i32 {
    from.until(to).map_or(i32::MAX, |span| span.get_days())
}

/// The brands as the document lists them.
pub fn markdown(rules: &Rules) -> String {
    let mut out = String::from("| wallet | brand | what the customer does | balance |\n|---|---|---|---|\n");
    for wallet in &rules.wallets {
        let does = wallet.does_en();
        let brand = rules.brand(&wallet.brand).map_or("", |brand| brand.name.as_str());
        out.push_str(&format!("| `{}` | {brand} | {does} | {} |\n", wallet.name, wallet.balance));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn brands_and_wallets_are_whole_and_unlike() {
        let rules = Rules::built_in().unwrap();
        let names: BTreeSet<_> = rules.wallets.iter().map(|wallet| &wallet.name).collect();
        let numbers: BTreeSet<_> = rules.wallets.iter().map(|wallet| wallet.number).collect();
        assert_eq!((names.len(), numbers.len()), (rules.wallets.len(), rules.wallets.len()));
        assert!(rules.wallets.iter().all(|wallet| rules.brand(&wallet.brand).is_some() && wallet.number > 9));
        for brand in &rules.brands {
            assert!(
                brand.length >= brand.prefix.len() + 10,
                "{}: room for a wallet and a minute",
                brand.word
            );
            assert!(rules.wallets.iter().any(|wallet| wallet.brand == brand.word), "{}", brand.word);
            assert_eq!(brand.provider.is_empty(), brand.qr == Qr::Digits, "{}", brand.word);
        }
    }

    #[test]
    fn a_payment_is_cancelled_until_a_quarter_past_midnight() {
        // X-046; 15:00Z is midnight in Tokyo
        let paid = at("2026-11-21T14:50:00Z");
        assert!(takes_cancel(paid, at("2026-11-21T15:14:59Z")));
        assert!(!takes_cancel(paid, at("2026-11-21T15:15:00Z")));
        assert!(!takes_cancel(paid, at("2026-11-22T15:01:00Z")));
    }

    #[test]
    fn the_last_day_of_refunds_is_counted_and_ends_at_its_hour() {
        // d払い 179 days by 20:00
        let rules = Rules::built_in().unwrap();
        let brand = rules.brand("dbarai").unwrap();
        let paid = at("2026-01-01T03:00:00Z");
        assert!(brand.takes_refund(paid, at("2026-06-29T10:59:59Z")));
        assert!(!brand.takes_refund(paid, at("2026-06-29T11:00:00Z")));
        assert!(rules.brand("paypay").unwrap().takes_refund(paid, at("2027-01-01T14:59:59Z")));
        assert!(!rules.brand("paypay").unwrap().takes_refund(paid, at("2027-01-01T15:00:00Z")));
    }

    #[test]
    fn maintenance_may_cross_midnight() {
        let rules = Rules::built_in().unwrap();
        let brand = rules.brand("yuchopay").unwrap();
        for (now, closed) in [
            ("2026-11-21T14:54:59Z", false),
            ("2026-11-21T14:55:00Z", true),
            ("2026-11-21T15:04:59Z", true),
            ("2026-11-21T15:05:00Z", false),
        ] {
            assert_eq!(brand.is_in_maintenance(at(now)), closed, "{now}");
        }
    }

    #[test]
    fn the_document_has_every_wallet() {
        crate::testing::check_section("wallets", &markdown(&Rules::built_in().unwrap()));
    }
}
