//! When a bonus lump sum (ボーナス一括) may be sold, and in which month it is paid: `data/bonus.toml` (X-020).

use crate::Brand;
use jiff::civil::Date;
use serde::Deserialize;
use std::sync::LazyLock;

/// A part of the year in which a bonus lump sum may be sold. It may run over the turn of the year.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Season {
    /// Month and day, both inclusive.
    from: (i8, i8),
    /// Month and day, both inclusive.
    to: (i8, i8),
    /// The month in which the cardholder pays.
    pays_month: i8,
}

/// The seasons of a card company.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Calendar {
    /// [`crate::BrandRow::card_company`].
    card_company: String,
    season: Vec<Season>,
}

#[derive(Deserialize)]
struct File {
    calendar: Vec<Calendar>,
}

fn calendars() -> &'static [Calendar] {
    static ROWS: LazyLock<Vec<Calendar>> = LazyLock::new(|| {
        toml::from_str::<File>(include_str!("../data/bonus.toml"))
            .map(|file| file.calendar)
            .unwrap_or_default()
    });
    &ROWS
}

impl Season {
    fn has(&self, day: Date) -> bool {
        let day = (day.month(), day.day());
        if self.from <= self.to {
            (self.from..=self.to).contains(&day)
        } else {
            day >= self.from || day <= self.to
        }
    }
}

/// The month in which a bonus lump sum that is sold on this day (a date in Tokyo) is paid; `None` when the
/// brand's card company takes none on it.
pub fn pays_month(brand: Brand, sold_on: Date) -> Option<i8> {
    let company = &brand.row().ok()?.card_company;
    let calendar = calendars().iter().find(|calendar| calendar.card_company == *company)?;
    calendar.season.iter().find(|season| season.has(sold_on)).map(|season| season.pays_month)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    fn month(brand: Brand, day: &str) -> Option<i8> {
        pays_month(brand, day.parse().unwrap())
    }

    #[test]
    fn the_file_is_read_and_names_card_companies_that_exist() {
        toml::from_str::<File>(include_str!("../data/bonus.toml")).unwrap();
        for calendar in calendars() {
            assert!(crate::brands().iter().any(|brand| brand.card_company == calendar.card_company));
            assert!(calendar.season.iter().all(|season| (1..=12).contains(&season.pays_month)));
        }
    }

    #[test]
    fn a_year_has_two_seasons_and_two_gaps() {
        // X-020: none from 6/16 to 7/15 and from 11/16 to 12/15; paid in August and in January.
        let mut text = String::new();
        for day in [
            "2026-01-01",
            "2026-06-15",
            "2026-06-16",
            "2026-07-15",
            "2026-07-16",
            "2026-11-15",
            "2026-11-16",
            "2026-12-15",
            "2026-12-16",
            "2028-02-29",
        ] {
            text.push_str(&format!("{day} {:?}\n", month(Brand::Visa, day)));
        }
        expect![[r"
            2026-01-01 Some(8)
            2026-06-15 Some(8)
            2026-06-16 None
            2026-07-15 None
            2026-07-16 Some(1)
            2026-11-15 Some(1)
            2026-11-16 None
            2026-12-15 None
            2026-12-16 Some(8)
            2028-02-29 Some(8)
        "]]
        .assert_eq(&text);
    }

    #[test]
    fn a_brand_whose_card_company_has_no_calendar_sells_none() {
        // X-019
        assert_eq!(month(Brand::UnionPay, "2026-08-01"), None);
    }
}
