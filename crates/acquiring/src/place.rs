//! Where a payment is taken: what its checks, messages and slip need of terminal, shop and company.

use center_base::{CompanyId, ShopId, TerminalId};
use codes::{Code, pay};
use jiff::civil::Date;
use money::Yen;
use payment::{Brand, PaymentClass, Policy};
use receipt::Merchant;

/// One terminal's place, loaded once and kept until configuration changes.
#[derive(Clone, Debug)]
pub struct Place {
    /// Company.
    pub company: CompanyId,
    /// Shop.
    pub shop: ShopId,
    /// Terminal.
    pub terminal: TerminalId,
    /// Four letters and digits in front of order codes.
    pub shop_code: String,
    /// The acquirer's number of the shop, DE 42.
    pub merchant_no: String,
    /// Merchant category code, DE 18.
    pub mcc: String,
    /// What slips say of the shop.
    pub merchant: Merchant,
    /// Brands under contract and their classes.
    pub contracts: Vec<(Brand, Vec<PaymentClass>)>,
    /// The resolved policy.
    pub policy: Policy,
    /// The reader that is bound to the terminal.
    pub reader_serial: String,
    /// Whether readers that are loaded with the published test keys are accepted (`--test-keys`).
    pub test_keys: bool,
}

/// What is checked before anything is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// How much.
    pub amount: Yen,
    /// Which brand.
    pub brand: Brand,
    /// Which class.
    pub class: PaymentClass,
    /// Read by which reader.
    pub reader_serial: &'a str,
    /// Under a key that is made of the published test key.
    pub by_test_key: bool,
    /// The day in Tokyo.
    pub today: Date,
}

impl Place {
    /// Why this payment is not taken here; `None` when it may be sent.
    pub fn refusal(&self, wanted: Wanted<'_>) -> Option<Code> {
        let brand = wanted.brand.row().ok();
        let classes =
            self.contracts.iter().find(|(brand, _)| *brand == wanted.brand).map(|(_, classes)| classes);
        let Some((brand, classes)) = brand.zip(classes) else {
            return Some(pay::BRAND_NOT_ACCEPTED);
        };
        if wanted.reader_serial != self.reader_serial || (wanted.by_test_key && !self.test_keys) {
            // M-014; a key that everybody knows binds nobody.
            return Some(pay::READER_NOT_BOUND);
        }
        if !classes.contains(&wanted.class) || !brand.classes.contains(&wanted.class) {
            //
            return Some(pay::CLASS_NOT_ALLOWED);
        }
        if wanted.class == PaymentClass::BonusLump
            && payment::bonus::pays_month(wanted.brand, wanted.today).is_none()
        {
            //
            return Some(pay::BONUS_CLOSED);
        }
        if wanted.amount > brand.limit {
            return Some(pay::AMOUNT_TOO_LARGE);
        }
        (wanted.amount > self.policy.amount_limit_yen).then_some(pay::ABOVE_LIMIT)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use jiff::civil::date;

    /// The place of the tests.
    pub(crate) fn place() -> Place {
        Place {
            company: "00008".into(),
            shop: "9000009".into(),
            terminal: "000000358002".into(),
            shop_code: "TSU3".into(),
            merchant_no: "9000009".into(),
            mcc: "5812".into(),
            merchant: Merchant {
                name: "珈琲つばめ".into(),
                postal_code: "150-0013".into(),
                address: "東京都渋谷区恵比寿1-2-3".into(),
                phone: "03-0000-0000".into(),
                invoice_reg_no: Some("T0000000000008".into()),
                counter: "001".into(),
                message: "またのお越しを".into(),
            },
            contracts: vec![
                (
                    Brand::Visa,
                    vec![PaymentClass::Lump, PaymentClass::Installments(3), PaymentClass::BonusLump],
                ),
                (Brand::Jcb, vec![PaymentClass::Lump]),
            ],
            policy: Policy { amount_limit_yen: Yen::new(500_000).unwrap(), ..Policy::default() },
            reader_serial: "R-0001".into(),
            test_keys: true,
        }
    }

    #[test]
    fn what_contract_limit_and_reader_do_not_allow_is_refused_before_it_is_sent() {
        // 1.1.9: 201, 207, 208, 991; X-019; M-014
        let wanted = |yen: i64, brand: Brand, class: PaymentClass, reader_serial: &'static str| Wanted {
            amount: Yen::new(yen).unwrap(),
            brand,
            class,
            reader_serial,
            by_test_key: true,
            today: date(2026, 11, 21),
        };
        let (lump, three) = (PaymentClass::Lump, PaymentClass::Installments(3));
        for (asked, refusal) in [
            (wanted(880, Brand::Visa, lump, "R-0001"), None),
            (wanted(880, Brand::Visa, three, "R-0001"), None),
            (wanted(880, Brand::Diners, lump, "R-0001"), Some(pay::BRAND_NOT_ACCEPTED)),
            (wanted(880, Brand::Jcb, three, "R-0001"), Some(pay::CLASS_NOT_ALLOWED)),
            (wanted(880, Brand::Visa, lump, "R-0002"), Some(pay::READER_NOT_BOUND)),
            (wanted(500_001, Brand::Visa, lump, "R-0001"), Some(pay::ABOVE_LIMIT)),
            (wanted(10_000_000, Brand::Visa, lump, "R-0001"), Some(pay::AMOUNT_TOO_LARGE)),
        ] {
            assert_eq!(place().refusal(asked), refusal, "{asked:?}");
        }
    }

    #[test]
    fn a_bonus_lump_sum_is_taken_in_its_season_only() {
        //
        let on = |today: Date| Wanted {
            amount: Yen::new(30_000).unwrap(),
            brand: Brand::Visa,
            class: PaymentClass::BonusLump,
            reader_serial: "R-0001",
            by_test_key: true,
            today,
        };
        assert_eq!(place().refusal(on(date(2026, 11, 15))), None);
        assert_eq!(place().refusal(on(date(2026, 11, 16))), Some(pay::BONUS_CLOSED));
    }

    #[test]
    fn a_reader_with_the_published_test_keys_is_refused_unless_they_are_allowed() {
        let wanted = Wanted {
            amount: Yen::new(880).unwrap(),
            brand: Brand::Visa,
            class: PaymentClass::Lump,
            reader_serial: "R-0001",
            by_test_key: true,
            today: date(2026, 11, 21),
        };
        assert_eq!(place().refusal(wanted), None);
        let real = Place { test_keys: false, ..place() };
        assert_eq!(real.refusal(wanted), Some(pay::READER_NOT_BOUND));
        assert_eq!(real.refusal(Wanted { by_test_key: false, ..wanted }), None);
    }
}
