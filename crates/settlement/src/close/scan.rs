//! Scanning: what the payments and refunds of each day bring to the documents of a pay day. A day is one unit that only
//! reads, so days may be scanned again and payments come in between.

use super::follow::entry_of;
use super::{Plan, Settlement, Why, aside, spans};
use crate::limits;
use crate::rows::windows::{self, CutWindow, Odd, Waiting};
use crate::rules::{
    Day, Entry, Give, GiveKind, Ground, Item, ItemKey, NoPlace, OnTime, Sale, Sheet, Span, Target, belongs,
    entry_of_give, entry_of_sale,
};
use acquiring::taken::{self, After, Back, Taken};
use center_base::{CompanyId, Refusal, ShopId};
use futures_util::future::try_join_all;
use jiff::civil::Date;
use payment::{Brand, StateName};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{DbError, Inconsistent, ReadTx, TenantId};

/// What was looked up for the last company's sales of the last day, by brand: most rows are like one before them.
#[derive(Debug, Default)]
pub(crate) struct Likes {
    company: String,
    day: Option<Date>,
    brands: Vec<(Brand, OnTime)>,
}

impl Likes {
    /// The item that a sale makes, its window and what it is added to. Nothing when it is late, makes none, or has no
    /// place: [`entry_of_sale`] tells.
    pub(crate) fn entry(&mut self, sale: &Sale<'_>, ground: Ground<'_>) -> Option<(Item, &Span, &Target)> {
        if self.day != Some(sale.day) || self.company != sale.company {
            self.company.clear();
            self.company.push_str(sale.company);
            self.day = Some(sale.day);
            self.brands.clear();
        }
        let found = self.brands.iter().position(|(brand, _)| *brand == sale.brand);
        let at = if let Some(at) = found {
            at
        } else {
            self.brands.push((sale.brand, OnTime::of(sale, ground).ok()?));
            self.brands.len().saturating_sub(1)
        };
        self.brands.get(at)?.1.entry(sale)?.ok()?
    }
}

/// What one day brings.
#[derive(Clone, Debug, Default)]
pub struct DayScan {
    /// By company.
    pub companies: BTreeMap<String, Day>,
    /// Companies that cannot be settled, and why.
    pub blocked: BTreeMap<String, Why>,
    /// Payments that are neither taken nor not.
    pub waiting: Vec<Waiting>,
}

/// What all days of a pay day bring.
#[derive(Clone, Debug, Default)]
pub struct Gathering {
    /// The sheets, by company.
    pub sheets: BTreeMap<String, Sheet>,
    /// Companies that cannot be settled, and why.
    pub blocked: BTreeMap<String, Why>,
    /// Payments that are neither taken nor not.
    pub waiting: Vec<Waiting>,
}

/// The sale of a payment's row, as the rules take it.
pub(crate) fn sale_of(taken: &Taken) -> Result<Sale<'_>, DbError> {
    let odd = |column: &str| Inconsistent::new(format!("payment.{column} of {}", taken.id), "known");
    Ok(Sale {
        id: taken.id,
        company: taken.company.as_str(),
        brand: taken.brand.ok_or_else(|| odd("brand"))?,
        day: taken.business_date,
        seq: taken.posted_seq,
        amount: taken.amount,
        voided_seq: taken.voided_seq,
    })
}

/// What a refund's row gave back, as the rules take it.
pub(crate) fn give_of(back: &Back) -> Result<Give<'_>, DbError> {
    Ok(Give {
        id: back.id,
        kind: GiveKind::Refund,
        sale: sale_of(&back.of)?,
        day: back.business_date,
        seq: back.posted_seq,
        amount: back.amount,
    })
}

impl DayScan {
    fn add(&mut self, company: &str, span: &Span, item: Item, target: &Target) -> Result<(), DbError> {
        let found = self.companies.get_mut(company);
        let day = match found {
            Some(day) => day,
            None => self.companies.entry(company.to_owned()).or_default(),
        };
        day.add(span, item, target)
            .map_err(|error| Inconsistent::new("a day's sums", error.to_string()).into())
    }

    /// Takes an item if it is one of the wanted windows' own. An item that cannot be placed blocks its company.
    fn take(
        &mut self,
        key: ItemKey<'_>,
        entry: Result<Option<Entry>, NoPlace>,
        plan: &Plan,
        wanted: &BTreeSet<Span>,
    ) -> Result<(), DbError> {
        match entry {
            Ok(Some(Entry { place, item, target })) if !place.late && wanted.contains(&place.span) => {
                self.add(key.company, &place.span, item, &target)
            }
            Ok(_) => Ok(()),
            Err(why) => {
                let ours = belongs(key, plan.ground())
                    .map_or(true, |place| !place.late && wanted.contains(&place.span));
                if ours {
                    self.blocked.entry(key.company.to_owned()).or_insert_with(|| why.into());
                }
                Ok(())
            }
        }
    }

    /// A row that nothing can be made of keeps its company's document from being made, and no other's.
    fn block(&mut self, row: &Taken, fault: &DbError) {
        let why = Why::Row(fault.to_string());
        self.blocked.entry(row.company.as_str().to_owned()).or_insert(why);
    }

    fn take_payment(
        &mut self,
        row: &Taken,
        plan: &Plan,
        wanted: &BTreeSet<Span>,
        likes: &mut Likes,
    ) -> Result<(), DbError> {
        if row.state == StateName::Approved {
            let sale = match sale_of(row) {
                Ok(sale) => sale,
                Err(fault) => {
                    self.block(row, &fault);
                    return Ok(());
                }
            };
            match likes.entry(&sale, plan.ground()) {
                Some((item, span, target)) if wanted.contains(span) => {
                    return self.add(sale.company, span, item, target);
                }
                Some(_) => return Ok(()),
                None => {}
            }
            let key = ItemKey { company: sale.company, brand: sale.brand, day: sale.day, seq: sale.seq };
            return self.take(key, entry_of_sale(&sale, plan.ground()), plan, wanted);
        }
        // What is not known is in no figure; of a payment without a brand not even the window is known.
        let Some(brand) = row.brand else { return Ok(()) };
        let day = row.business_date;
        let key = ItemKey { company: row.company.as_str(), brand, day, seq: 0 };
        if let Ok(place) = belongs(key, plan.ground())
            && wanted.contains(&place.span)
        {
            self.waiting.push(Waiting {
                cycle: place.span.cycle,
                last: place.span.last,
                id: row.id,
                company: row.company.as_str().to_owned(),
                state: row.state.word().to_owned(),
                yen: row.amount.get(),
            });
        }
        Ok(())
    }

    fn take_back(&mut self, row: &Back, plan: &Plan, wanted: &BTreeSet<Span>) -> Result<(), DbError> {
        let give = match give_of(row) {
            Ok(give) => give,
            Err(fault) => {
                self.block(&row.of, &fault);
                return Ok(());
            }
        };
        let sale = &give.sale;
        let key = ItemKey { company: sale.company, brand: sale.brand, day: give.day, seq: give.seq };
        self.take(key, entry_of_give(&give, plan.ground()), plan, wanted)
    }
}

/// Scans a day for the windows that are wanted.
pub fn scan_day(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    plan: &Plan,
    wanted: &BTreeSet<Span>,
    day: Date,
) -> Result<DayScan, DbError> {
    let (mut scan, on) = (DayScan::default(), day.to_string());
    let mut likes = Likes::default();
    taken::rows_of_day(tx, tenant, &on, |row| scan.take_payment(&row, plan, wanted, &mut likes))?;
    taken::backs_of_day(tx, tenant, &on, |row| scan.take_back(&row, plan, wanted))?;
    Ok(scan)
}

/// One company with its shops, in the order of their ids.
#[derive(Clone, Debug)]
pub struct Own {
    /// The company.
    pub company: CompanyId,
    /// Its shops.
    pub shops: Vec<ShopId>,
}

/// Scans a day of one company: as [`scan_day`] does for all.
pub fn scan_day_of(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    plan: &Plan,
    wanted: &BTreeSet<Span>,
    (day, own): (Date, &Own),
) -> Result<DayScan, DbError> {
    let (mut scan, on, mut likes) = (DayScan::default(), day.to_string(), Likes::default());
    for shop in &own.shops {
        taken::rows_of_shop(tx, tenant, (&on, shop), After::START, i64::MAX, |_, row, _| {
            scan.take_payment(&row, plan, wanted, &mut likes)
        })?;
    }
    taken::backs_of_company(tx, tenant, (&on, &own.company), After::START, i64::MAX, |_, row, _| {
        scan.take_back(&row, plan, wanted)
    })?;
    Ok(scan)
}

/// What the odd items of windows bring, together as one day; `extra` are those that only a dry run knows.
pub fn scan_odd(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    plan: &Plan,
    wanted: &BTreeSet<Span>,
    extra: &[Odd],
) -> Result<DayScan, DbError> {
    let mut all: Vec<Odd> = Vec::new();
    for span in wanted {
        all.extend(windows::odd_of(tx, tenant, span)?);
        let of_span = extra.iter().filter(|odd| odd.cycle == span.cycle && odd.last == span.last);
        all.extend(of_span.cloned());
    }
    all.sort_by_key(|odd| (odd.seq, odd.item.id));
    let mut scan = DayScan::default();
    for odd in &all {
        let entry = match entry_of(tx, tenant, plan, odd) {
            Ok(Ok(entry)) => Ok(entry),
            Ok(Err(why)) => Err(why.into()),
            Err(fault) => Err(Why::Row(fault.to_string())),
        };
        match entry {
            Ok(Some(Entry { place, item, target })) if wanted.contains(&place.span) => {
                scan.add(&odd.company, &place.span, item, &target)?;
            }
            // A late sale that was voided before the cut of its new window.
            Ok(None) => {}
            Ok(Some(_)) => {
                let place = format!("settle_late of {}", odd.item.id);
                return Err(Inconsistent::new(place, "in the window that it belongs to").into());
            }
            Err(why) => {
                scan.blocked.entry(odd.company.clone()).or_insert(why);
            }
        }
    }
    Ok(scan)
}

/// Every day of the windows, once, in order.
pub(crate) fn days(windows: &[CutWindow]) -> BTreeSet<Date> {
    days_of(&spans(windows))
}

/// The same of windows that may not be cut yet.
pub(crate) fn days_of(spans: &BTreeSet<Span>) -> BTreeSet<Date> {
    let mut days = BTreeSet::new();
    for span in spans {
        let mut day = span.first;
        while day <= span.last {
            days.insert(day);
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
    }
    days
}

impl Gathering {
    /// Takes a day, in the order of the days; the odd items come last.
    pub(crate) fn take(&mut self, scan: DayScan) {
        for (company, day) in scan.companies {
            if let Err(error) = self.sheets.entry(company.clone()).or_default().take(day) {
                self.blocked.entry(company).or_insert_with(|| error.into());
            }
        }
        for (company, why) in scan.blocked {
            self.blocked.entry(company).or_insert(why);
        }
        self.waiting.extend(scan.waiting);
    }
}

impl Settlement {
    /// What the items of a pay day bring to each company, a unit for each day, some days at once.
    pub(crate) async fn gather(
        &self,
        plan: &Arc<Plan>,
        windows: &[CutWindow],
        extra: Vec<Odd>,
    ) -> Result<Gathering, Refusal> {
        let (tenant, wanted, extra) = (self.base.tenant, Arc::new(spans(windows)), Arc::new(extra));
        let mut all = Gathering::default();
        let days: Vec<Date> = days(windows).into_iter().collect();
        for some in days.chunks(limits::DAYS_AT_ONCE) {
            let scans = some.iter().map(|&day| {
                let (plan, wanted) = (Arc::clone(plan), Arc::clone(&wanted));
                self.base.read_behind(move |tx| Ok(scan_day(tx, tenant, &plan, &wanted, day)?))
            });
            // In the order of the days, whichever is read first.
            let scans = try_join_all(scans).await?;
            all = aside(move || {
                for scan in scans {
                    all.take(scan);
                }
                all
            })
            .await?;
        }
        let plan = Arc::clone(plan);
        let odd = self.base.read_behind(move |tx| Ok(scan_odd(tx, tenant, &plan, &wanted, &extra)?)).await?;
        aside(move || {
            all.take(odd);
            all
        })
        .await
    }
}
