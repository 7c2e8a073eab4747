//! A small tenant in memory: it sells, gives back, cuts windows and assembles documents by the rules alone.

use jiff::civil::Date;
use ledger::Account;
use money::Yen;
use payment::{Brand, PaymentId};
use settlement::rules::{
    Batch, Calendar, Cuts, Cycles, Day, Entry, Gathered, Give, GiveKind, Ground, Level, Line, Movement, Net,
    NoPlace, OnTime, Overlay, Place, Ppm, Sale, Sheet, TermsBook, Window, batch, batch_hash, entry_of_give,
    entry_of_sale, movement_id, movements,
};
use std::collections::BTreeMap;

pub(crate) const COMPANY: &str = "00008";
/// A bank that costs the transfer fee, and the one that does not.
pub(crate) const BANK: &str = "0005";
pub(crate) const FREE_BANK: &str = "0001";

pub(crate) fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub(crate) fn net(yen: i64) -> Net {
    Net::new(yen).unwrap()
}

pub(crate) fn rates(exempt: u32, taxable: u32) -> Overlay {
    Overlay {
        exempt_ppm: Some(Ppm::new(exempt).unwrap()),
        taxable_ppm: Some(Ppm::new(taxable).unwrap()),
        ..Overlay::default()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct SaleRow {
    pub(crate) id: PaymentId,
    pub(crate) company: &'static str,
    pub(crate) brand: Brand,
    pub(crate) day: Date,
    pub(crate) seq: i64,
    pub(crate) amount: i64,
    pub(crate) voided_seq: Option<i64>,
}

#[derive(Clone, Debug)]
pub(crate) struct GiveRow {
    pub(crate) id: PaymentId,
    pub(crate) kind: GiveKind,
    pub(crate) sale: usize,
    pub(crate) day: Date,
    pub(crate) seq: i64,
    pub(crate) amount: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) book: TermsBook,
    pub(crate) cuts: Cuts,
    pub(crate) sales: Vec<SaleRow>,
    pub(crate) gives: Vec<GiveRow>,
    pub(crate) seq: i64,
}

/// One document with its figures and what it does to the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) lines: Vec<Line>,
    pub(crate) batch: Batch,
    pub(crate) movements: Vec<Movement>,
    pub(crate) hash: [u8; 32],
}

impl World {
    /// A tenant whose every brand has these rates from 2020 on.
    pub(crate) fn new(exempt: u32, taxable: u32) -> Self {
        let mut book = TermsBook::default();
        book.add(Level::Tenant, day("2020-01-01"), rates(exempt, taxable)).unwrap();
        Self { book, cuts: Cuts::default(), sales: Vec::new(), gives: Vec::new(), seq: 0 }
    }

    pub(crate) fn with_contract(mut self, brand: Brand, from: &str, overlay: Overlay) -> Self {
        self.book.add(Level::Contract(COMPANY.to_owned(), brand), day(from), overlay).unwrap();
        self
    }

    pub(crate) fn next_seq(&mut self) -> i64 {
        self.seq += 1;
        self.seq
    }

    /// An approved payment; gives its place in the list.
    pub(crate) fn sale(&mut self, brand: Brand, on: &str, amount: i64) -> usize {
        self.sale_of(COMPANY, brand, day(on), amount)
    }

    pub(crate) fn sale_of(&mut self, company: &'static str, brand: Brand, day: Date, amount: i64) -> usize {
        let seq = self.next_seq();
        let id = PaymentId::from_u128(u128::try_from(seq).unwrap());
        self.sales.push(SaleRow { id, company, brand, day, seq, amount, voided_seq: None });
        self.sales.len() - 1
    }

    pub(crate) fn refund(&mut self, sale: usize, on: &str, amount: i64) {
        self.give(GiveKind::Refund, sale, day(on), amount);
    }

    pub(crate) fn void(&mut self, sale: usize, on: &str) {
        let amount = self.sales[sale].amount;
        self.give(GiveKind::Void, sale, day(on), amount);
    }

    pub(crate) fn give(&mut self, kind: GiveKind, sale: usize, day: Date, amount: i64) {
        let seq = self.next_seq();
        if kind == GiveKind::Void {
            self.sales[sale].voided_seq = Some(seq);
        }
        let id = PaymentId::from_u128(u128::try_from(seq).unwrap());
        self.gives.push(GiveRow { id, kind, sale, day, seq, amount });
    }

    /// Cuts every window of every embedded cycle that ended in the 60 days before this day.
    pub(crate) fn cut(&mut self, on: &str) {
        let on = day(on);
        let from = on.saturating_sub(jiff::ToSpan::days(60));
        for cycle in Cycles::embedded().all() {
            for window in cycle.windows(from, on, Calendar::embedded()) {
                if window.last < on && self.cuts.of(&window.span()).is_none() {
                    let seq = self.next_seq();
                    self.cuts.add(window.cycle, window.last, seq);
                }
            }
        }
    }

    fn ground(&self) -> Ground<'_> {
        Ground { book: &self.book, cycles: Cycles::embedded(), cuts: &self.cuts }
    }

    fn sale_as_seen(row: &SaleRow, head: i64) -> Sale<'static> {
        Sale {
            id: row.id,
            company: row.company,
            brand: row.brand,
            day: row.day,
            seq: row.seq,
            amount: Yen::new(row.amount).unwrap(),
            voided_seq: row.voided_seq.filter(|&seq| seq <= head),
        }
    }

    /// What every item that was posted up to `head` does, in the order of the scan: the items of each day, sales
    /// first, and the late ones at the end by sequence.
    pub(crate) fn entries(
        &self,
        company: &str,
        head: i64,
        cuts: &Cuts,
    ) -> Result<Vec<(Date, Entry)>, NoPlace> {
        let ground = Ground { cuts, ..self.ground() };
        let mut all = Vec::new();
        for row in self.sales.iter().filter(|row| row.company == company && row.seq <= head) {
            let sale = Self::sale_as_seen(row, head);
            let entry = entry_of_sale(&sale, ground);
            // What is looked up once for a day's sales says the same of each that is on time, and nothing of a late one.
            let likes = OnTime::of(&sale, ground);
            if let Some(timely) = likes.as_ref().ok().and_then(|likes| likes.entry(&sale)) {
                let timely = timely.map(|found| {
                    found.map(|(item, span, target)| {
                        let place = Place { span: span.clone(), late: false };
                        Entry { place, item, target: target.clone() }
                    })
                });
                assert_eq!(timely.map_err(Clone::clone), entry);
            } else {
                let is_late = |entry: &Option<Entry>| entry.as_ref().is_none_or(|entry| entry.place.late);
                assert!(entry.as_ref().map_or(likes.is_err(), is_late), "{entry:?}");
            }
            if let Some(entry) = entry? {
                all.push((entry.place.late, row.day, 0, row.seq, entry));
            }
        }
        for row in self.gives.iter().filter(|row| row.seq <= head) {
            let sale = &self.sales[row.sale];
            if sale.company != company {
                continue;
            }
            let sale = Self::sale_as_seen(sale, head);
            let amount = Yen::new(row.amount).unwrap();
            let give = Give { id: row.id, kind: row.kind, sale, day: row.day, seq: row.seq, amount };
            if let Some(entry) = entry_of_give(&give, ground)? {
                all.push((entry.place.late, row.day, 1, row.seq, entry));
            }
        }
        all.sort_by_key(
            |(late, day, order, seq, _)| {
                if *late { (*late, Date::MIN, 0, *seq) } else { (*late, *day, *order, *seq) }
            },
        );
        // All late items are one day behind all others.
        Ok(all
            .into_iter()
            .map(|(late, day, .., entry)| (if late { Date::MAX } else { day }, entry))
            .collect())
    }

    /// The document of these windows.
    pub(crate) fn assemble(
        &self,
        entries: &[(Date, Entry)],
        pay_on: Date,
        windows: &[Window],
        bank: &str,
        adjustments: &[Net],
        carried_in: Net,
    ) -> Document {
        let mut days: BTreeMap<Date, Day> = BTreeMap::new();
        for (on, entry) in entries {
            if windows.iter().any(|window| window.span() == entry.place.span) {
                days.entry(*on).or_default().add(&entry.place.span, entry.item, &entry.target).unwrap();
            }
        }
        let mut sheet = Sheet::default();
        for day in days.into_values() {
            sheet.take(day).unwrap();
        }
        let Gathered { lines, direct } = sheet.finish().unwrap();
        let transfer = self.book.pay_terms(COMPANY, pay_on).to_bank(bank, pay_on);
        let batch = batch(&lines, adjustments, carried_in, &transfer).unwrap();
        let hash = batch_hash(pay_on, COMPANY, bank, &lines, adjustments, &batch);
        let movements = movements(COMPANY, &batch, &direct);
        Document { lines, batch, movements, hash }
    }

    /// The document of a pay day as it stands now.
    pub(crate) fn document(
        &self,
        pay_on: &str,
        bank: &str,
        adjustments: &[i64],
        carried_in: i64,
    ) -> Document {
        let pay_on = day(pay_on);
        let calendar = Calendar::embedded();
        let all = Cycles::embedded().all().iter();
        let windows: Vec<Window> = all.flat_map(|cycle| cycle.paid_on(pay_on, calendar)).collect();
        let adjustments: Vec<Net> = adjustments.iter().map(|&yen| net(yen)).collect();
        let entries = self.entries(COMPANY, self.seq, &self.cuts).unwrap();
        self.assemble(&entries, pay_on, &windows, bank, &adjustments, net(carried_in))
    }
}

/// Adds movements to balances: debits less credits by account.
pub(crate) fn post(balances: &mut BTreeMap<Account, i64>, pay_on: Date, movements: &[Movement]) {
    for (n, movement) in (0u16..).zip(movements) {
        let id = movement_id(pay_on, COMPANY, movement.what, n);
        let transfer = movement.clone().transfer(id).unwrap();
        *balances.entry(transfer.debit).or_default() += transfer.amount.get();
        *balances.entry(transfer.credit).or_default() -= transfer.amount.get();
    }
}

/// The document as a reader would see it.
pub(crate) fn print(document: &Document) -> String {
    let mut text = String::new();
    for line in &document.lines {
        let (key, fee) = (&line.key, line.fee);
        let backs = if line.backs > 0 { format!("(-{})", line.backs) } else { String::new() };
        text.push_str(&format!(
            "{} {} {}..{} count {}{backs} sales {} rate {} fee {} (taxable {}) net {}\n",
            key.kind.word(),
            key.group,
            line.from,
            line.to,
            line.count,
            line.sales,
            key.rates.total().percent(),
            fee.total,
            fee.taxable,
            line.net
        ));
    }
    let batch = &document.batch;
    text.push_str(&format!(
        "fees {} = exempt {} + taxable {}, tax {}\n",
        batch.fee.total, batch.fee.exempt, batch.fee.taxable, batch.fee_tax
    ));
    text.push_str(&format!(
        "adjusted {}, carried in {}, sum {}, transfer fee {} + {}, paid {}, carried out {}\n",
        batch.adjusted,
        batch.carried_in,
        batch.sum,
        batch.transfer_fee,
        batch.transfer_tax,
        batch.paid,
        batch.carried_out
    ));
    text
}
