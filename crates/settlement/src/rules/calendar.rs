//! Bank business days: weekends, New Year, and the national holidays by table or by the law's rule (U-064, X-094).

use crate::limits;
use jiff::civil::{Date, Weekday, date};
use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::cycle::Roll;

/// A holiday of the table, or the operator's change of a single day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holiday {
    /// The day, a date in Tokyo.
    pub day: Date,
    /// Its name; substitutes and citizens' holidays are called 休日.
    pub name: String,
}

/// The last year of the embedded table.
const LAST_EMBEDDED: i16 = 2027;
/// A year of a table with fewer days than this is not complete.
pub(super) const HOLIDAYS_IN_A_YEAR: usize = 15;
/// The years that the rule of the law is known to be right for. Before 2022 the holidays were moved by law for the
/// Olympics, and earlier there were others: those years come from a table.
const RULE_YEARS: std::ops::RangeInclusive<i16> = 2022..=crate::limits::LAST_YEAR;

/// On which days the banks are open. Made of whole years, from a table or from the rule, and of single changes.
#[derive(Clone, Debug)]
pub struct Calendar {
    holidays: BTreeMap<Date, String>,
    changes: BTreeMap<Date, bool>,
}

impl Calendar {
    /// By rule alone, 2022 to 2099.
    pub fn by_rule() -> Self {
        let days = RULE_YEARS.flat_map(rule_holidays).map(|(day, name)| (day, name.to_owned()));
        Self { holidays: days.collect(), changes: BTreeMap::new() }
    }

    /// The embedded official years 2020 to 2027, and the rule after them.
    pub fn embedded() -> &'static Self {
        static EMBEDDED: LazyLock<Calendar> = LazyLock::new(|| {
            let bytes = include_bytes!("../../data/holidays.csv");
            Calendar::by_rule().with_table(&super::read_csv(bytes, LAST_EMBEDDED).unwrap_or_default())
        });
        &EMBEDDED
    }

    /// Takes every complete year of a table as it stands there. A year is never mixed from two sources: complete is
    /// one with a New Year's Day and at least fifteen days.
    pub fn with_table(mut self, table: &[(Date, String)]) -> Self {
        let mut years: BTreeMap<i16, BTreeMap<Date, String>> = BTreeMap::new();
        for (day, name) in table {
            years.entry(day.year()).or_default().insert(*day, name.clone());
        }
        for (year, days) in years {
            if days.len() >= HOLIDAYS_IN_A_YEAR && days.contains_key(&date(year, 1, 1)) {
                self.holidays.retain(|day, _| day.year() != year);
                self.holidays.extend(days);
            }
        }
        self
    }

    /// The operator's change of one day, stronger than table and rule: closed, or no holiday. A weekend and the days
    /// of New Year stay closed.
    pub fn with_change(mut self, day: Date, closed: bool) -> Self {
        self.changes.insert(day, closed);
        self
    }

    /// The national holiday of the day by table or rule, if it is one.
    pub fn holiday(&self, day: Date) -> Option<&str> {
        self.holidays.get(&day).map(String::as_str)
    }

    /// The holidays of a year in order of date.
    pub fn holidays(&self, year: i16) -> Vec<Holiday> {
        let of_year = self.holidays.iter().filter(|(day, _)| day.year() == year);
        of_year.map(|(&day, name)| Holiday { day, name: name.clone() }).collect()
    }

    /// Whether banks are open (Banking Act 15 and its order, article 5).
    pub fn is_open(&self, day: Date) -> bool {
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        let new_year = matches!((day.month(), day.day()), (12, 31) | (1, 1..=3));
        let holiday = self.changes.get(&day).copied().unwrap_or_else(|| self.holidays.contains_key(&day));
        !(weekend || new_year || holiday)
    }

    /// The day itself if the banks are open, else the nearest open day in the direction of `roll`.
    pub fn roll(&self, day: Date, roll: Roll) -> Date {
        let mut at = day;
        for _ in 0..limits::ROLL_DAYS {
            if self.is_open(at) {
                return at;
            }
            at = match roll {
                Roll::Previous => at.yesterday().unwrap_or(at),
                Roll::Next => at.tomorrow().unwrap_or(at),
            };
        }
        day
    }

    /// The business day that lies this many business days before `day`.
    pub fn back(&self, day: Date, open_days: u8) -> Date {
        let mut at = day;
        for _ in 0..open_days {
            at = self.roll(at.yesterday().unwrap_or(at), Roll::Previous);
        }
        at
    }
}

/// The holidays of a year by the law as it stands since 2022, in order; empty for years that it does not cover.
pub fn rule_holidays(year: i16) -> Vec<(Date, &'static str)> {
    if !RULE_YEARS.contains(&year) {
        return Vec::new();
    }
    let mut days: BTreeMap<Date, &'static str> = [
        (date(year, 1, 1), "元日"),
        (monday(year, 1, 2), "成人の日"),
        (date(year, 2, 11), "建国記念の日"),
        (date(year, 2, 23), "天皇誕生日"),
        (date(year, 3, equinox(year, 20_843_100)), "春分の日"),
        (date(year, 4, 29), "昭和の日"),
        (date(year, 5, 3), "憲法記念日"),
        (date(year, 5, 4), "みどりの日"),
        (date(year, 5, 5), "こどもの日"),
        (monday(year, 7, 3), "海の日"),
        (date(year, 8, 11), "山の日"),
        (monday(year, 9, 3), "敬老の日"),
        (date(year, 9, equinox(year, 23_248_800)), "秋分の日"),
        (monday(year, 10, 2), "スポーツの日"),
        (date(year, 11, 3), "文化の日"),
        (date(year, 11, 23), "勤労感謝の日"),
    ]
    .into();
    let named: Vec<Date> = days.keys().copied().collect();
    for &day in &named {
        // Article 3, 3: a single day between two holidays is one.
        let between = day.tomorrow().ok().filter(|next| {
            !named.contains(next) && next.tomorrow().is_ok_and(|after| named.contains(&after))
        });
        if let Some(between) = between {
            days.entry(between).or_insert("休日");
        }
    }
    for &day in named.iter().filter(|day| day.weekday() == Weekday::Sunday) {
        // Article 3, 2: after a holiday on a Sunday the next day that is no holiday is one.
        let mut next = day.tomorrow().unwrap_or(day);
        while named.contains(&next) {
            next = next.tomorrow().unwrap_or(day);
        }
        days.insert(next, "休日");
    }
    days.into_iter().collect()
}

/// The `nth` Monday of a month.
fn monday(year: i16, month: i8, nth: i8) -> Date {
    let first = date(year, month, 1);
    first.nth_weekday_of_month(nth, Weekday::Monday).unwrap_or(first)
}

/// The day of the month of an equinox, from its day in 1980 in millionths (valid 1980 to 2099).
fn equinox(year: i16, in_1980: i32) -> i8 {
    let years = i32::from(year).saturating_sub(1980);
    let drift = in_1980.saturating_add(years.saturating_mul(242_194)).checked_div(1_000_000).unwrap_or(0);
    let leap_days = years.checked_div(4).unwrap_or(0);
    i8::try_from(drift.saturating_sub(leap_days)).unwrap_or(20)
}
