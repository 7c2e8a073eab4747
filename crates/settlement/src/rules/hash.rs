//! Hashes that prove a line's items, a document and a pay day: the same input gives the same bytes.

use super::batch::{Batch, Line};
use super::member::Item;
use super::net::Net;
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

/// SHA-256 over values that cannot run into each other: texts with their length, numbers with eight bytes.
#[derive(Clone, Debug)]
struct Canon(Sha256);

impl Canon {
    fn new(what: &str) -> Self {
        let mut canon = Self(Sha256::new());
        canon.text(what);
        canon
    }

    fn text(&mut self, text: &str) {
        self.0.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.0.update(text);
    }

    fn number(&mut self, number: i64) {
        self.0.update(number.to_be_bytes());
    }

    fn net(&mut self, net: Net) {
        self.number(net.get());
    }

    fn day(&mut self, day: Date) {
        self.number(day_number(day));
    }

    fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

/// The day as eight decimal digits, 20260227.
fn day_number(day: Date) -> i64 {
    let (year, month) = (i64::from(day.year()), i64::from(day.month()));
    year.saturating_mul(10_000).saturating_add(month.saturating_mul(100)).saturating_add(i64::from(day.day()))
}

/// The items of one day, in the order of the scan: id, signed yen, day of each.
#[derive(Clone, Debug, Default)]
pub struct DayDigest(Sha256);

impl DayDigest {
    /// Takes an item.
    pub fn add(&mut self, item: &Item) {
        self.0.update(item.id.bytes());
        self.0.update(item.yen.get().to_be_bytes());
        self.0.update(day_number(item.day).to_be_bytes());
    }
}

/// The items of a line: the digests of its days in the order of the days, then that of the late rows. A day without
/// an item of the line has none.
#[derive(Clone, Debug, Default)]
pub struct ItemsHash(Sha256);

impl ItemsHash {
    /// Takes a day.
    pub fn add(&mut self, day: DayDigest) {
        self.0.update(day.0.finalize());
    }

    /// The hash of the line's items.
    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

/// The hash of a document: everything that is decided when it is assembled. `bank` is the payee's bank code.
pub fn batch_hash(
    pay_on: Date,
    company: &str,
    bank: &str,
    lines: &[Line],
    adjustments: &[Net],
    batch: &Batch,
) -> [u8; 32] {
    let mut canon = Canon::new("choba settlement batch 1");
    canon.day(pay_on);
    canon.text(company);
    canon.text(bank);
    for line in lines {
        add_line(&mut canon, line);
    }
    canon.text("adjustments");
    for &yen in adjustments {
        canon.net(yen);
    }
    canon.text("totals");
    for row in &batch.tax_rows {
        canon.number(row.rate.get().into());
        canon.net(row.taxable);
        canon.net(row.tax);
    }
    canon.text("sums");
    for yen in [
        batch.sales,
        batch.fee.total,
        batch.fee.taxable,
        batch.fee_tax,
        batch.adjusted,
        batch.carried_in,
        batch.sum,
        batch.transfer_fee,
        batch.transfer_tax,
        batch.paid,
        batch.carried_out,
    ] {
        canon.net(yen);
    }
    canon.finish()
}

fn add_line(canon: &mut Canon, line: &Line) {
    let key = &line.key;
    canon.text("line");
    for word in [key.kind.word(), key.span.cycle.word(), key.group.word()] {
        canon.text(word);
    }
    for day in [key.span.first, key.span.last, line.from, line.to] {
        canon.day(day);
    }
    for ppm in [key.rates.exempt(), key.rates.taxable(), key.tax] {
        canon.number(ppm.get().into());
    }
    canon.number(line.count.into());
    canon.number(line.backs.into());
    for yen in [line.sales, line.fee.total, line.fee.taxable, line.net] {
        canon.net(yen);
    }
    canon.0.update(line.items_hash);
}

/// The hash of a pay day over its documents' hashes, in the order of the companies.
pub fn payday_hash(pay_on: Date, documents: impl IntoIterator<Item = [u8; 32]>) -> [u8; 32] {
    let mut canon = Canon::new("choba settlement pay day 1");
    canon.day(pay_on);
    for document in documents {
        canon.0.update(document);
    }
    canon.finish()
}
