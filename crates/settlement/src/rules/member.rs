//! Which window an item belongs to, and to which line: a pure function of its day, its commit sequence and the cuts.
//!
//! "Late" is decided by sequence and never by a clock: a unit that commits after a window's cut goes to a later
//! window, whatever date it writes. So the order of cutting, following and assembling cannot matter.

use super::batch::{LineKey, LineKind};
use super::cycle::{CycleCode, Cycles, NoSuchCycle, Span};
use super::fee::tax_at;
use super::net::Net;
use super::terms::{NoTerms, Terms, TermsBook};
use jiff::civil::Date;
use money::Yen;
use payment::{Brand, PaymentId};
use std::collections::BTreeMap;
use std::fmt;

/// What decides where a value transfer belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemKey<'a> {
    /// Company id.
    pub company: &'a str,
    /// The brand.
    pub brand: Brand,
    /// The business date of the payment or refund; for a void the date of its transfer in Tokyo.
    pub day: Date,
    /// The commit sequence that posted it.
    pub seq: i64,
}

/// The cuts of a tenant: up to which commit sequence a window's items are its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cuts(BTreeMap<(CycleCode, Date), i64>);

impl Cuts {
    /// Notes that a window is cut at a commit sequence. A window is cut once; a second cut changes nothing.
    pub fn add(&mut self, cycle: CycleCode, last: Date, seq: i64) {
        self.0.entry((cycle, last)).or_insert(seq);
    }

    /// The commit sequence at which the window is cut, if it is.
    pub fn of(&self, span: &Span) -> Option<i64> {
        self.0.get(&(span.cycle.clone(), span.last)).copied()
    }

    /// Whether something of this sequence still is the window's own.
    fn lets_in(&self, span: &Span, seq: i64) -> bool {
        self.of(span).is_none_or(|cut| seq <= cut)
    }
}

/// Where an item belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The window.
    pub span: Span,
    /// Its own window was cut before it was posted.
    pub late: bool,
}

/// An item that cannot be placed: its company is blocked until a person acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoPlace {
    /// No rate.
    Terms(NoTerms),
    /// The terms name a cycle that does not exist.
    Cycle(NoSuchCycle),
}

impl fmt::Display for NoPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Terms(why) => why.fmt(f),
            Self::Cycle(why) => why.fmt(f),
        }
    }
}

impl std::error::Error for NoPlace {}

impl From<NoTerms> for NoPlace {
    fn from(why: NoTerms) -> Self {
        Self::Terms(why)
    }
}

impl From<NoSuchCycle> for NoPlace {
    fn from(why: NoSuchCycle) -> Self {
        Self::Cycle(why)
    }
}

/// What membership is decided from: terms, cycles and cuts of one tenant.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// Terms by date.
    pub book: &'a TermsBook,
    /// Cycles.
    pub cycles: &'a Cycles,
    /// Cuts.
    pub cuts: &'a Cuts,
}

/// A day's own window.
fn span_of(company: &str, brand: Brand, day: Date, ground: Ground<'_>) -> Result<Span, NoSuchCycle> {
    let code = ground.book.cycle(company, brand, day);
    Ok(ground.cycles.get(&code)?.span_of(day))
}

/// The window that an item belongs to: its day's own, or the first later one that is not cut before it.
pub fn belongs(item: ItemKey<'_>, ground: Ground<'_>) -> Result<Place, NoSuchCycle> {
    let span_at = |day| span_of(item.company, item.brand, day, ground);
    let mut span = span_at(item.day)?;
    let mut late = false;
    // Every turn passes one cut, so there are no more turns than cuts.
    while !ground.cuts.lets_in(&span, item.seq) {
        let Ok(next) = span.last.tomorrow() else { break };
        span = span_at(next)?;
        late = true;
    }
    Ok(Place { span, late })
}

/// An approved payment.
#[derive(Clone, Copy, Debug)]
pub struct Sale<'a> {
    /// Its id.
    pub id: PaymentId,
    /// Company id.
    pub company: &'a str,
    /// The brand.
    pub brand: Brand,
    /// Its business date.
    pub day: Date,
    /// The commit sequence that posted it.
    pub seq: i64,
    /// Whole yen.
    pub amount: Yen,
    /// The commit sequence that posted its void at once, if it was voided at once.
    pub voided_seq: Option<i64>,
}

/// Value that went back to the customer of a sale.
#[derive(Clone, Copy, Debug)]
pub struct Give<'a> {
    /// The refund's id, or the void's.
    pub id: PaymentId,
    /// A void at once, or a refund of any kind.
    pub kind: GiveKind,
    /// The sale.
    pub sale: Sale<'a>,
    /// The business date of the refund, or the date of the void's transfer in Tokyo.
    pub day: Date,
    /// The commit sequence that posted it.
    pub seq: i64,
    /// Whole yen.
    pub amount: Yen,
}

/// How value went back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GiveKind {
    /// A void at once, of the whole payment.
    Void,
    /// A later void, return or refund, with a row of its own.
    Refund,
}

/// An item of a document: one value transfer, signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// The id of the payment, refund or void.
    pub id: PaymentId,
    /// Whole yen, below zero for value that went back.
    pub yen: Net,
    /// Its day, a date in Tokyo.
    pub day: Date,
}

/// What an item does to a company's document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The window in whose documents it stands, and whether it was posted after its own window's cut.
    pub place: Place,
    /// The item.
    pub item: Item,
    /// What it is added to.
    pub target: Target,
}

/// What an item is added to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A line.
    Line {
        /// The line.
        key: LineKey,
        /// The handling period that it brings, both days inclusive.
        period: (Date, Date),
        /// It nets inside a line of sales.
        nets: bool,
    },
    /// None: the brand pays the company itself. It is only booked out (U-072, U-075).
    Direct(Brand),
}

impl<'a> Sale<'a> {
    const fn key(&self) -> ItemKey<'a> {
        ItemKey { company: self.company, brand: self.brand, day: self.day, seq: self.seq }
    }

    /// The sale itself as an item.
    fn item(&self) -> Item {
        Item { id: self.id, yen: self.amount.into(), day: self.day }
    }

    /// What it is added to.
    fn target(&self, place: &Place, ground: Ground<'_>) -> Result<Target, NoPlace> {
        let terms = ground.book.at(self.company, self.brand, self.day)?;
        if terms.direct {
            return Ok(Target::Direct(self.brand));
        }
        let (key, period) = self.line(place, &terms, ground.book);
        Ok(Target::Line { key, period, nets: false })
    }

    /// A void at once that came before the cut of the sale's window: neither of the two is an item.
    fn is_undone_in(&self, span: &Span, cuts: &Cuts) -> bool {
        self.voided_seq.is_some_and(|void| cuts.lets_in(span, void))
    }

    /// The line of the sale itself.
    fn line(&self, place: &Place, terms: &Terms, book: &TermsBook) -> (LineKey, (Date, Date)) {
        if place.late {
            return (self.line_key(LineKind::Late, &place.span, terms), (self.day, self.day));
        }
        let period = book.period(self.company, self.brand, &place.span, self.day);
        (self.line_key(LineKind::Sales, &place.span, terms), period)
    }

    fn line_key(&self, kind: LineKind, span: &Span, terms: &Terms) -> LineKey {
        // Rate and tax are those of the sale's day, also for what goes back later.
        let (rates, tax) = (terms.rates, tax_at(self.day));
        LineKey { kind, span: span.clone(), group: terms.group.clone(), rates, tax }
    }
}

/// What a sale does; nothing when its void came before its window's cut.
pub fn entry_of_sale(sale: &Sale<'_>, ground: Ground<'_>) -> Result<Option<Entry>, NoPlace> {
    let place = belongs(sale.key(), ground)?;
    if sale.is_undone_in(&place.span, ground.cuts) {
        return Ok(None);
    }
    let target = sale.target(&place, ground)?;
    Ok(Some(Entry { place, item: sale.item(), target }))
}

/// The sales of one company with one brand on one day, looked up once for all of them that were posted before the cut
/// of the day's own window: to every one of those [`entry_of_sale`] says the same.
#[derive(Clone, Debug)]
pub struct OnTime {
    span: Span,
    cut: Option<i64>,
    target: Result<Target, NoPlace>,
}

/// What a sale that is on time does.
pub type Timely<'a> = Result<Option<(Item, &'a Span, &'a Target)>, &'a NoPlace>;

impl OnTime {
    /// For sales like this one.
    pub fn of(sale: &Sale<'_>, ground: Ground<'_>) -> Result<Self, NoPlace> {
        let span = span_of(sale.company, sale.brand, sale.day, ground)?;
        let place = Place { span, late: false };
        let target = sale.target(&place, ground);
        Ok(Self { cut: ground.cuts.of(&place.span), span: place.span, target })
    }

    fn is_before_cut(&self, seq: i64) -> bool {
        self.cut.is_none_or(|cut| seq <= cut)
    }

    /// What [`entry_of_sale`] says; nothing when the sale is late.
    pub fn entry(&self, sale: &Sale<'_>) -> Option<Timely<'_>> {
        if !self.is_before_cut(sale.seq) {
            return None;
        }
        // Undone before the cut: neither of the two is an item.
        if sale.voided_seq.is_some_and(|void| self.is_before_cut(void)) {
            return Some(Ok(None));
        }
        Some(self.target.as_ref().map(|target| Some((sale.item(), &self.span, target))))
    }
}

/// What a refund or a void does: it nets inside the line of its sale when both belong to the same window, and is a
/// red slip with the sale's rate otherwise (U-072). A void before the cut of its sale's window does nothing.
pub fn entry_of_give(give: &Give<'_>, ground: Ground<'_>) -> Result<Option<Entry>, NoPlace> {
    let sale = &give.sale;
    let of_sale = belongs(sale.key(), ground)?;
    if give.kind == GiveKind::Void && ground.cuts.lets_in(&of_sale.span, give.seq) {
        return Ok(None);
    }
    let place = belongs(ItemKey { day: give.day, seq: give.seq, ..sale.key() }, ground)?;
    let terms = ground.book.at(sale.company, sale.brand, sale.day)?;
    let item = Item { id: give.id, yen: Net::from(give.amount).opposite(), day: give.day };
    let target = if terms.direct {
        Target::Direct(sale.brand)
    } else if place.span == of_sale.span {
        let (key, (from, to)) = sale.line(&of_sale, &terms, ground.book);
        let period = if of_sale.late { (from.min(give.day), to.max(give.day)) } else { (from, to) };
        Target::Line { key, period, nets: true }
    } else {
        let period = (place.span.first, place.span.last);
        Target::Line { key: sale.line_key(LineKind::Red, &place.span, &terms), period, nets: false }
    };
    Ok(Some(Entry { place, item, target }))
}
