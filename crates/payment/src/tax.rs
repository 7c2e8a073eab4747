//! The consumption tax inside an amount, as a slip states it: which part of the price is taxed
//! at which rate, and how much tax that is. Prices are with tax; the tax is reckoned once per rate and document and
//! cut to whole yen.

use crate::words;
use jiff::civil::Date;
use money::Yen;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

words! {
    /// How something that was sold is taxed, in the order in which a slip states it.
    TaxKind {
        /// At the standard rate (標準税率).
        Standard = "standard",
        /// At the reduced rate: food to take away, newspapers (軽減税率).
        Reduced = "reduced",
        /// Not at all: 非課税 and 不課税.
        Exempt = "exempt",
    }
}

/// What is stated of an amount: the parts that are not taxed at the standard rate, whole yen with tax.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TaxParts {
    /// Taxed at the reduced rate.
    pub reduced: Yen,
    /// Not taxed.
    pub exempt: Yen,
}

/// One rate's line of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxLine {
    /// How it is taxed.
    pub kind: TaxKind,
    /// The rate, parts per million of the price without tax; 0 where nothing is taxed.
    pub ppm: u32,
    /// The price of what is taxed so, with tax.
    pub amount: Yen,
    /// The tax inside it.
    pub tax: Yen,
}

/// The rates of a day, parts per million of the price without tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxRates {
    /// From this day on.
    pub from: Date,
    /// The standard rate.
    pub standard: u32,
    /// The reduced rate.
    pub reduced: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rate: Vec<TaxRates>,
}

/// Every change of the rates, oldest first: `data/consumption_tax.toml`.
pub fn tax_rates() -> &'static [TaxRates] {
    static ROWS: LazyLock<Vec<TaxRates>> = LazyLock::new(|| {
        toml::from_str::<File>(include_str!("../data/consumption_tax.toml"))
            .map(|file| file.rate)
            .unwrap_or_default()
    });
    &ROWS
}

/// The rates of a day; of a day before the table begins, its first.
pub fn tax_rates_at(day: Date) -> TaxRates {
    let rows = tax_rates();
    let row = rows.iter().rev().find(|row| row.from <= day).or_else(|| rows.first());
    row.copied().unwrap_or(TaxRates { from: Date::MIN, standard: 0, reduced: 0 })
}

impl TaxParts {
    /// An amount that is all of one kind.
    pub fn all(kind: TaxKind, amount: Yen) -> Self {
        match kind {
            TaxKind::Standard => Self::default(),
            TaxKind::Reduced => Self { reduced: amount, exempt: Yen::ZERO },
            TaxKind::Exempt => Self { reduced: Yen::ZERO, exempt: amount },
        }
    }

    /// The parts as people type them, an empty field for nothing of it; nothing where both fields are empty, or one is
    /// no amount.
    pub fn parse_typed(reduced: &str, exempt: &str) -> Option<Self> {
        let fields = [reduced.trim(), exempt.trim()];
        if fields.iter().all(|field| field.is_empty()) {
            return None;
        }
        let yen = |field: &str| if field.is_empty() { Some(Yen::ZERO) } else { Yen::parse_typed(field).ok() };
        let [reduced, exempt] = fields.map(yen);
        Some(Self { reduced: reduced?, exempt: exempt? })
    }

    /// What is left for the standard rate; nothing when the parts are more than the amount.
    pub fn standard(self, amount: Yen) -> Option<Yen> {
        amount.minus(self.reduced).and_then(|rest| rest.minus(self.exempt)).ok()
    }

    /// The part of this kind.
    fn part(self, kind: TaxKind, amount: Yen) -> Yen {
        match kind {
            TaxKind::Standard => self.standard(amount).unwrap_or(Yen::ZERO),
            TaxKind::Reduced => self.reduced,
            TaxKind::Exempt => self.exempt,
        }
    }

    /// The one kind of the whole amount; nothing where there are several.
    pub fn only(self, amount: Yen) -> Option<TaxKind> {
        TaxKind::ALL.iter().copied().find(|kind| self.part(*kind, amount) == amount)
    }

    /// The lines of a document of this amount and day, one per rate that occurs.
    pub fn lines(self, amount: Yen, day: Date) -> Vec<TaxLine> {
        let rates = tax_rates_at(day);
        let line = |kind| {
            let ppm = match kind {
                TaxKind::Standard => rates.standard,
                TaxKind::Reduced => rates.reduced,
                TaxKind::Exempt => 0,
            };
            let amount = self.part(kind, amount);
            TaxLine { kind, ppm, amount, tax: tax_inside(amount, ppm) }
        };
        TaxKind::ALL.iter().copied().map(line).filter(|line| !line.amount.is_zero()).collect()
    }

    /// The parts after something of known parts was given back; nothing where more of a kind would have come back
    /// than was sold.
    fn without(self, back: Self) -> Option<Self> {
        let reduced = self.reduced.minus(back.reduced).ok()?;
        Some(Self { reduced, exempt: self.exempt.minus(back.exempt).ok()? })
    }
}

/// Whether this is a registration number for qualified invoices: `T` and thirteen digits.
pub fn is_invoice_reg_no(text: &str) -> bool {
    text.strip_prefix('T')
        .is_some_and(|digits| digits.len() == 13 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A rate in parts per million as people write it: `10%`, `3.24%`.
pub fn percent(ppm: u32) -> String {
    let (whole, rest) = (ppm.checked_div(10_000).unwrap_or(0), ppm.checked_rem(10_000).unwrap_or(0));
    match format!("{rest:04}").trim_end_matches('0') {
        "" => format!("{whole}%"),
        rest => format!("{whole}.{rest}%"),
    }
}

/// The tax inside a price with tax, cut to whole yen.
fn tax_inside(amount: Yen, ppm: u32) -> Yen {
    let (amount, ppm) = (i128::from(amount.get()), i128::from(ppm));
    let tax = amount.saturating_mul(ppm).checked_div(ppm.saturating_add(1_000_000)).unwrap_or(0);
    i64::try_from(tax).ok().and_then(|tax| Yen::new(tax).ok()).unwrap_or(Yen::ZERO)
}

/// What is left of a sale after what was given back: the amount, and its parts while all of them were stated.
///
/// `back`: what was given back or is under way, oldest first.
pub fn rest_parts(
    amount: Yen,
    parts: Option<TaxParts>,
    back: impl IntoIterator<Item = (Yen, Option<TaxParts>)>,
) -> Option<TaxParts> {
    let (mut rest, mut parts) = (amount, parts?);
    for (amount, stated) in back {
        parts = parts.without(of_refund(rest, parts, amount, stated)?)?;
        rest = rest.minus(amount).ok()?;
    }
    parts.standard(rest).map(|_| parts)
}

/// The parts of a refund: what is of one kind, or given back whole, needs no statement; of several kinds and
/// given back in part, what was stated. Nothing where nobody can say, or where the statement does not fit what is left.
pub fn of_refund(rest: Yen, parts: TaxParts, amount: Yen, stated: Option<TaxParts>) -> Option<TaxParts> {
    let known =
        if amount == rest { Some(parts) } else { parts.only(rest).map(|kind| TaxParts::all(kind, amount)) };
    let back = known.or(stated)?;
    let left = parts.without(back)?.standard(rest.minus(amount).ok()?);
    let said = stated.is_none_or(|stated| stated == back);
    back.standard(amount).and(left).map(|_| back).filter(|_| said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn yen(yen: i64) -> Yen {
        Yen::new(yen).unwrap()
    }

    fn parts(reduced: i64, exempt: i64) -> TaxParts {
        TaxParts { reduced: yen(reduced), exempt: yen(exempt) }
    }

    #[test]
    fn the_tax_is_reckoned_once_per_rate_and_cut() {
        // 2,000 and 10 %, 3,000 and 8 %.
        let day = date(2026, 11, 21);
        let told: Vec<(TaxKind, u32, i64, i64)> = parts(3_240, 60)
            .lines(yen(5_500), day)
            .into_iter()
            .map(|line| (line.kind, line.ppm, line.amount.get(), line.tax.get()))
            .collect();
        assert_eq!(
            told,
            [
                (TaxKind::Standard, 100_000, 2_200, 200),
                (TaxKind::Reduced, 80_000, 3_240, 240),
                (TaxKind::Exempt, 0, 60, 0)
            ]
        );
        for (amount, tax) in [(1, 0), (10, 0), (11, 1), (21, 1), (22, 2), (999, 90)] {
            assert_eq!(tax_inside(yen(amount), 100_000), yen(tax), "{amount}");
        }
        assert_eq!(tax_inside(yen(i64::from(u32::MAX)), 80_000).get(), i64::from(u32::MAX) * 8 / 108);
    }

    #[test]
    fn a_registration_number_is_t_and_thirteen_digits() {
        //
        assert!(is_invoice_reg_no("T1234567890123"));
        for bad in
            ["", "1234567890123", "T123456789012", "T12345678901234", "T123456789012x", "Ｔ1234567890123"]
        {
            assert!(!is_invoice_reg_no(bad), "{bad}");
        }
    }

    #[test]
    fn the_rates_are_those_of_the_day() {
        let at = |day| (tax_rates_at(day).standard, tax_rates_at(day).reduced);
        assert_eq!(at(date(2019, 9, 30)), (80_000, 80_000));
        assert_eq!(at(date(2019, 10, 1)), (100_000, 80_000));
        assert!(tax_rates().is_sorted_by(|a, b| a.from < b.from));
        assert!(tax_rates().iter().all(|row| row.from.day() == 1));
    }

    #[test]
    fn a_refund_of_one_kind_or_of_the_whole_needs_no_statement() {
        //
        assert_eq!(of_refund(yen(1_000), parts(0, 0), yen(400), None), Some(parts(0, 0)));
        assert_eq!(of_refund(yen(1_000), parts(1_000, 0), yen(400), None), Some(parts(400, 0)));
        assert_eq!(of_refund(yen(1_000), parts(0, 1_000), yen(400), None), Some(parts(0, 400)));
        assert_eq!(of_refund(yen(1_000), parts(600, 100), yen(1_000), None), Some(parts(600, 100)));
        // What is said nevertheless must be the same.
        assert_eq!(of_refund(yen(1_000), parts(0, 0), yen(400), Some(parts(400, 0))), None);
        assert_eq!(of_refund(yen(1_000), parts(600, 100), yen(1_000), Some(parts(0, 0))), None);
        assert_eq!(of_refund(yen(1_000), parts(0, 0), yen(400), Some(parts(0, 0))), Some(parts(0, 0)));
    }

    #[test]
    fn in_whatever_order_and_parts_no_more_of_a_kind_comes_back_than_was_sold() {
        // every way of giving 12 yen back in three steps, with every statement.
        let (sold, amount) = (parts(5, 3), yen(12));
        let mut told = 0;
        for first in 1..12 {
            for (reduced, exempt) in
                (0..=12).flat_map(|reduced| (0..=12).map(move |exempt| (reduced, exempt)))
            {
                let stated = Some(parts(reduced, exempt));
                let Some(back) = of_refund(amount, sold, yen(first), stated) else { continue };
                let rest = rest_parts(amount, Some(sold), [(yen(first), Some(back))]).unwrap();
                let left = yen(12 - first);
                let last = of_refund(left, rest, left, None).unwrap();
                assert_eq!(back.reduced.plus(last.reduced), Ok(sold.reduced));
                assert_eq!(back.exempt.plus(last.exempt), Ok(sold.exempt));
                assert!(back.standard(yen(first)).is_some() && last.standard(left).is_some());
                told += 1;
            }
        }
        assert!(told > 100, "{told}");
    }

    #[test]
    fn a_part_of_several_kinds_must_be_stated_and_be_there() {
        //
        let back = |stated| of_refund(yen(1_000), parts(600, 100), yen(400), stated);
        assert_eq!(back(None), None);
        assert_eq!(back(Some(parts(400, 0))), Some(parts(400, 0)));
        assert_eq!(back(Some(parts(50, 50))), Some(parts(50, 50)));
        // More of a kind than is left of it: exempt, and standard (300 are left).
        assert_eq!(back(Some(parts(100, 200))), None);
        assert_eq!(back(Some(parts(50, 0))), None);
        // More than is given back.
        assert_eq!(back(Some(parts(401, 0))), None);
    }

    #[test]
    fn what_is_left_is_known_while_everything_was_stated() {
        //
        let (amount, sold) = (yen(1_000), Some(parts(600, 0)));
        let rest = |back: &[(i64, Option<TaxParts>)]| {
            rest_parts(amount, sold, back.iter().map(|(amount, stated)| (yen(*amount), *stated)))
        };
        assert_eq!(rest(&[]), sold);
        assert_eq!(rest(&[(300, Some(parts(300, 0)))]), Some(parts(300, 0)));
        assert_eq!(rest(&[(400, Some(parts(0, 0))), (100, None)]), Some(parts(500, 0)));
        assert_eq!(rest(&[(300, None)]), None);
        assert_eq!(rest_parts(amount, None, []), None);
    }
}
