//! Processing restrictions: version, usage control, dates (EMV 4.4 Book 3, 10.4).

use super::Kernel;
use crate::policy::JAPAN;
use emv::bits::Tvr;
use emv::dictionary::tags;

impl Kernel {
    /// Writes down what speaks against the card; the issuer's action codes decide what it means.
    pub(super) fn check_restrictions(&mut self) {
        let card = &mut self.card;
        card.tvr.set(Tvr::NO_OFFLINE_AUTHENTICATION);
        let version = card.objects.array::<2>(tags::VERSION_CARD);
        if version.is_some_and(|v| card.chosen.as_ref().is_some_and(|c| c.version != v)) {
            card.tvr.set(Tvr::VERSIONS_DIFFER);
        }
        if let Some(usage) = card.objects.array::<2>(tags::USAGE_CONTROL)
            && !allows_purchase(usage, card.objects.array(tags::ISSUER_COUNTRY))
        {
            card.tvr.set(Tvr::SERVICE_NOT_ALLOWED);
        }
        let today = sortable(self.deal.date);
        if card.objects.array(tags::EFFECTIVE).is_some_and(|from| sortable(from) > today) {
            card.tvr.set(Tvr::NOT_YET_EFFECTIVE);
        }
        if card.objects.array(tags::EXPIRY).is_some_and(|until| sortable(until) < today) {
            card.tvr.set(Tvr::EXPIRED);
        }
    }
}

/// Application usage control (Book 3, annex C2): goods and services at terminals that are no cash
/// machines, at home or abroad.
fn allows_purchase(usage: [u8; 2], issuer_country: Option<[u8; 2]>) -> bool {
    let [first, _] = usage;
    let not_a_cash_machine = first & 0x01 != 0;
    let goods_or_services = match issuer_country {
        Some(country) if country == JAPAN => first & (0x20 | 0x08) != 0,
        Some(_) => first & (0x10 | 0x04) != 0,
        // Without the issuer's country the check is passed over (10.4.2).
        None => true,
    };
    not_a_cash_machine && goods_or_services
}

/// A date `YYMMDD` so that later is greater: years 50 to 99 are of the last century (Book 4, 6.7.3).
fn sortable(date: [u8; 3]) -> (bool, [u8; 3]) {
    let [year, ..] = date;
    (year < 0x50, date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_for_home_purchases_only_is_not_for_abroad() {
        assert!(allows_purchase([0x29, 0], Some(JAPAN)));
        assert!(!allows_purchase([0x29, 0], Some([0x08, 0x40])));
        assert!(!allows_purchase([0xFE, 0], Some(JAPAN)), "cash machines only");
        assert!(allows_purchase([0x01, 0], None));
    }

    #[test]
    fn the_year_forty_nine_is_later_than_ninety_nine() {
        assert!(sortable([0x49, 0x12, 0x31]) > sortable([0x99, 0x12, 0x31]));
        assert!(sortable([0x26, 0x11, 0x30]) < sortable([0x26, 0x12, 0x01]));
    }
}
