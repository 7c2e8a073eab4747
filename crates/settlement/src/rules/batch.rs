//! Lines and the document's total (U-065, U-069 … U-072, X-081, model.md 3.5 steps 3 to 6).

use super::cycle::Span;
use super::fee::{Fee, Ppm, Rates, cut, fee};
use super::hash::{DayDigest, ItemsHash};
use super::member::{Item, Target};
use super::net::{Net, TooLarge};
use super::terms::{GroupCode, TransferTerms};
use crate::limits;
use jiff::civil::Date;
use payment::Brand;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The kind of a line, in the order of the notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// Sales of the window, less what went back inside it.
    Sales,
    /// Items of an earlier window that were posted after its cut (`*2`).
    Late,
    /// Red slips: what went back of documents that are closed (`*1`, U-072).
    Red,
}

impl LineKind {
    /// The stored word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sales => "sales",
            Self::Late => "late",
            Self::Red => "red",
        }
    }

    /// Reads [`LineKind::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Sales, Self::Late, Self::Red].into_iter().find(|kind| kind.word() == word)
    }
}

/// What tells one line of a document from another. Its order is the order of the lines.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineKey {
    /// Kind.
    pub kind: LineKind,
    /// The window.
    pub span: Span,
    /// Group of brands.
    pub group: GroupCode,
    /// Rates of the fee.
    pub rates: Rates,
    /// Consumption tax on the fee's taxable part.
    pub tax: Ppm,
}

/// A line of a document (U-069).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it gathers.
    pub key: LineKey,
    /// First day of its handling period, a date in Tokyo.
    pub from: Date,
    /// Last day of its handling period.
    pub to: Date,
    /// Payments; in a red line what went back.
    pub count: u32,
    /// What went back inside the line.
    pub backs: u32,
    /// Its items' sum, signed whole yen.
    pub sales: Net,
    /// The fee of that sum.
    pub fee: Fee,
    /// Sales less fee.
    pub net: Net,
    /// SHA-256 over its items.
    pub items_hash: [u8; 32],
}

#[derive(Clone, Debug)]
struct Sum<H> {
    from: Date,
    to: Date,
    count: u32,
    backs: u32,
    sales: Net,
    hash: H,
}

/// The lines that one company's items of one day make; days may be scanned apart.
#[derive(Clone, Debug, Default)]
pub struct Day {
    lines: BTreeMap<LineKey, Sum<DayDigest>>,
    direct: BTreeMap<(Brand, Span), Net>,
}

impl Day {
    /// Takes an item, in the order of the scan: sales by shop and sequence, then what went back by sequence.
    pub fn add(&mut self, span: &Span, item: Item, target: &Target) -> Result<(), TooLarge> {
        match target {
            Target::Direct(brand) => {
                let sum = self.direct.entry((*brand, span.clone())).or_default();
                *sum = sum.plus(item.yen)?;
            }
            Target::Line { key, period: (from, to), nets } => {
                let (from, to) = (*from, *to);
                // The key is copied for the first item only.
                if !self.lines.contains_key(key) {
                    let hash = DayDigest::default();
                    let empty = Sum { from, to, count: 0, backs: 0, sales: Net::ZERO, hash };
                    self.lines.insert(key.clone(), empty);
                }
                let Some(sum) = self.lines.get_mut(key) else { return Ok(()) };
                (sum.from, sum.to) = (sum.from.min(from), sum.to.max(to));
                let count = if *nets { &mut sum.backs } else { &mut sum.count };
                *count = count.checked_add(1).ok_or(TooLarge)?;
                sum.sales = sum.sales.plus(item.yen)?;
                sum.hash.add(&item);
            }
        }
        Ok(())
    }
}

/// What a company's items of one pay day make.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    /// The lines in their order, each with its fee.
    pub lines: Vec<Line>,
    /// Signed sums of direct brands, by brand and window.
    pub direct: Vec<(Brand, Net)>,
}

/// The lines of one company's document, gathered day by day.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    lines: BTreeMap<LineKey, Sum<ItemsHash>>,
    direct: BTreeMap<(Brand, Span), Net>,
}

impl Sheet {
    /// Takes the items of a day, in the order of the days; the late items come last, together as one day.
    pub fn take(&mut self, day: Day) -> Result<(), TooLarge> {
        for (key, of_day) in day.lines {
            let sum = self.lines.entry(key).or_insert_with(|| Sum {
                from: of_day.from,
                to: of_day.to,
                count: 0,
                backs: 0,
                sales: Net::ZERO,
                hash: ItemsHash::default(),
            });
            (sum.from, sum.to) = (sum.from.min(of_day.from), sum.to.max(of_day.to));
            sum.count = sum.count.checked_add(of_day.count).ok_or(TooLarge)?;
            sum.backs = sum.backs.checked_add(of_day.backs).ok_or(TooLarge)?;
            sum.sales = sum.sales.plus(of_day.sales)?;
            sum.hash.add(of_day.hash);
        }
        for (key, yen) in day.direct {
            let sum = self.direct.entry(key).or_default();
            *sum = sum.plus(yen)?;
        }
        Ok(())
    }

    /// Its lines with their fees, and the sums of direct brands.
    pub fn finish(self) -> Result<Gathered, TooLarge> {
        let mut lines = Vec::with_capacity(self.lines.len());
        for (key, sum) in self.lines {
            let fee = fee(sum.sales, key.rates);
            let (from, to, count, backs, sales) = (sum.from, sum.to, sum.count, sum.backs, sum.sales);
            let (net, items_hash) = (sales.minus(fee.total)?, sum.hash.finish());
            lines.push(Line { key, from, to, count, backs, sales, fee, net, items_hash });
        }
        let direct = self.direct.into_iter().map(|((brand, _), yen)| (brand, yen)).collect();
        Ok(Gathered { lines, direct })
    }
}

/// Tax on fees by one rate (X-081: rounded once per rate and document).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaxRow {
    /// The tax rate.
    pub rate: Ppm,
    /// The taxable fees of the document at this rate, signed.
    pub taxable: Net,
    /// The tax on them, signed.
    pub tax: Net,
}

/// The totals of one company's document of one pay day, whole yen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Sum of the lines' sales, signed.
    pub sales: Net,
    /// Sum of the lines' fees and their parts, signed.
    pub fee: Fee,
    /// Tax on fees, a row for each tax rate, the lower rate first.
    pub tax_rows: Vec<TaxRow>,
    /// Tax on fees, all rates.
    pub fee_tax: Net,
    /// Sum of the adjustments.
    pub adjusted: Net,
    /// Balance of the document before (前期末精算金額).
    pub carried_in: Net,
    /// What is due before the transfer fee.
    pub sum: Net,
    /// Transfer fee without tax; zero when nothing is paid.
    pub transfer_fee: Net,
    /// Tax on the transfer fee; zero when nothing is paid.
    pub transfer_tax: Net,
    /// What is transferred, never below zero (差引お振込金額).
    pub paid: Net,
    /// What goes to the next document, either sign; zero when something is paid.
    pub carried_out: Net,
}

/// Whether there is a document at all: lines, adjustments or a balance. Sums of direct brands are moved without one.
pub fn is_needed(lines: &[Line], adjustments: &[Net], carried_in: Net) -> bool {
    !(lines.is_empty() && adjustments.is_empty() && carried_in.is_zero())
}

/// The totals of a document.
pub fn batch(
    lines: &[Line],
    adjustments: &[Net],
    carried_in: Net,
    transfer: &TransferTerms,
) -> Result<Batch, TooLarge> {
    let sum_of = |part: fn(&Line) -> Net| Net::sum(lines.iter().map(part));
    let sales = sum_of(|line| line.sales)?;
    let fee = Fee {
        total: sum_of(|line| line.fee.total)?,
        taxable: sum_of(|line| line.fee.taxable)?,
        exempt: sum_of(|line| line.fee.exempt)?,
    };
    let tax_rows = tax_rows(lines)?;
    let fee_tax = Net::sum(tax_rows.iter().map(|row| row.tax))?;
    let adjusted = Net::sum(adjustments.iter().copied())?;
    let due = sales.minus(fee.total)?.minus(fee_tax)?;
    let sum = due.plus(adjusted)?.plus(carried_in)?;
    let left = sum.minus(transfer.fee.into())?.minus(transfer.tax.into())?;
    let is_paid = left > Net::ZERO && sum >= Net::from(transfer.minimum);
    let if_paid = |yen: Net| if is_paid { yen } else { Net::ZERO };
    Ok(Batch {
        sales,
        fee,
        tax_rows,
        fee_tax,
        adjusted,
        carried_in,
        sum,
        transfer_fee: if_paid(transfer.fee.into()),
        transfer_tax: if_paid(transfer.tax.into()),
        paid: if_paid(left),
        carried_out: if is_paid { Net::ZERO } else { sum },
    })
}

/// Taxable fees and the tax on them, a row for each tax rate.
pub fn tax_rows(lines: &[Line]) -> Result<Vec<TaxRow>, TooLarge> {
    let mut rates: BTreeMap<Ppm, Net> = BTreeMap::new();
    for line in lines.iter().filter(|line| !line.fee.taxable.is_zero()) {
        let sum = rates.entry(line.key.tax).or_default();
        *sum = sum.plus(line.fee.taxable)?;
    }
    Ok(rates.into_iter().map(|(rate, taxable)| TaxRow { rate, taxable, tax: cut(taxable, rate) }).collect())
}

/// The amount of an adjustment: signed whole yen, not zero, at most ten digits; `None` for another.
pub fn adjustment(yen: i64) -> Option<Net> {
    let fits = yen != 0 && yen.unsigned_abs() <= limits::ADJUSTMENT_YEN.unsigned_abs();
    if fits { Net::new(yen).ok() } else { None }
}
