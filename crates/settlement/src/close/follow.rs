//! Following the book: every value transfer is looked at once, and what a scan of its window's days would not find there
//! gets a row of its own: what came after its window's cut, and voids at once after their payment's cut.

use super::scan::{give_of, sale_of};
use super::{Plan, Settlement};
use crate::limits;
use crate::rows::windows::{self, Odd, OddKind};
use crate::rules::{Entry, GiveKind, Item, ItemKey, Net, NoPlace, belongs};
use acquiring::taken::{self, Subject, Taken};
use center_base::Refusal;
use clock::business_date;
use jiff::Timestamp;
use ledger::Kind;
use payment::Brand;
use std::sync::Arc;
use store::{DbError, Inconsistent, ReadTx, TenantId};

/// One page of the book.
pub(crate) struct Page {
    /// What is not in its own window.
    pub(crate) odd: Vec<Odd>,
    /// Every transfer up to this unit is looked at.
    pub(crate) mark: i64,
    /// The book had no more.
    pub(crate) is_last: bool,
}

impl Settlement {
    /// Follows the book to its end.
    pub(crate) async fn follow_all(&self) -> Result<(), Refusal> {
        self.follow(i64::MAX).await
    }

    /// Follows the book at least up to a unit.
    pub async fn follow(&self, until_seq: i64) -> Result<(), Refusal> {
        let tenant = self.base.tenant;
        loop {
            let page = self
                .base
                .read_behind(move |tx| {
                    let mark = windows::mark(tx, tenant)?;
                    // Where nothing was written, nothing is loaded.
                    if mark >= until_seq || mark >= tx.head_seq(tenant)? {
                        return Ok(None);
                    }
                    let plan = Plan::load(tx, tenant)?;
                    Ok(Some((mark, page(tx, tenant, &plan, mark)?)))
                })
                .await?;
            let Some((before, page)) = page else { return Ok(()) };
            if page.mark > before {
                let (odd, mark) = (Arc::new(page.odd), page.mark);
                self.base
                    .write(move |tx| {
                        windows::add_odd(tx, &odd)?;
                        Ok(windows::put_mark(tx, mark)?)
                    })
                    .await?;
            }
            if page.is_last {
                return Ok(());
            }
        }
    }
}

/// What is not in its own window and was posted since the book was followed last.
pub(crate) fn not_noted(tx: &mut ReadTx<'_>, tenant: TenantId, plan: &Plan) -> Result<Vec<Odd>, Refusal> {
    let (mut mark, mut odd) = (windows::mark(tx, tenant)?, Vec::new());
    loop {
        let page = page(tx, tenant, plan, mark)?;
        mark = page.mark;
        odd.extend(page.odd);
        if page.is_last {
            return Ok(odd);
        }
    }
}

/// Looks at the transfers after a mark, at most a page of them.
pub(crate) fn page(tx: &mut ReadTx<'_>, tenant: TenantId, plan: &Plan, mark: i64) -> Result<Page, Refusal> {
    let head = tx.head_seq(tenant)?;
    // What was posted up to the first cut is late for no window, so before it there is nothing to note.
    let Some(first_cut) = plan.windows.iter().map(|window| window.seq).min() else {
        return Ok(Page { odd: Vec::new(), mark, is_last: true });
    };
    let from = mark.max(first_cut);
    let mut entries = books::after(tx, tenant, from, limits::FOLLOW_PAGE)?;
    let is_last = i64::try_from(entries.len()).is_ok_and(|count| count < limits::FOLLOW_PAGE);
    let mut reached = head.max(from);
    if !is_last {
        // The last unit may go on behind the page.
        let cut = entries.last().map_or(from, |entry| entry.seq);
        entries.retain(|entry| entry.seq < cut);
        reached = entries.last().map_or(from, |entry| entry.seq);
        if entries.is_empty() {
            return Err(Refusal::internal(format!("unit {cut} has more transfers than a page")));
        }
    }
    let mut odd = Vec::new();
    for entry in entries {
        if entry.transfer.kind.moves_value() && entry.transfer.kind != Kind::Moved {
            odd.extend(odd_of(tx, tenant, plan, &entry)?);
        }
    }
    Ok(Page { odd, mark: reached, is_last })
}

/// The brand of what took value.
fn brand_of(taken: &Taken) -> Result<Brand, DbError> {
    taken.brand.ok_or_else(|| Inconsistent::new(format!("payment.brand of {}", taken.id), "known").into())
}

/// What a transfer is when a scan of its window's days would not find it there.
fn odd_of(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    plan: &Plan,
    entry: &books::Entry,
) -> Result<Option<Odd>, Refusal> {
    let id = entry.transfer.payment;
    // A transfer without a payment is a fault that the check of the payments names.
    let Some(subject) = taken::subject(tx, tenant, id)? else { return Ok(None) };
    let (taken, kind, day, seq, yen) = match &subject {
        Subject::Sale(taken) => {
            let sale = sale_of(taken)?;
            (taken, OddKind::Sale, sale.day, sale.seq, Net::from(sale.amount))
        }
        Subject::Back(back) => {
            let give = give_of(back)?;
            (&back.of, OddKind::Back, give.day, give.seq, Net::from(give.amount).opposite())
        }
        Subject::Void(taken) => {
            let at = Timestamp::from_microsecond(entry.at_us).unwrap_or(Timestamp::UNIX_EPOCH);
            let seq = taken.voided_seq.filter(|seq| *seq > 0).unwrap_or(entry.seq);
            (taken, OddKind::Void, business_date(at), seq, Net::from(taken.amount).opposite())
        }
    };
    let brand = brand_of(taken)?;
    let key = ItemKey { company: taken.company.as_str(), brand, day, seq };
    let internal = |error: crate::rules::NoSuchCycle| Refusal::internal(error.to_string());
    let place = belongs(key, plan.ground()).map_err(internal)?;
    let is_odd = match kind {
        OddKind::Sale | OddKind::Back => place.late,
        OddKind::Void => {
            let sale = sale_of(taken)?;
            let sale_key = ItemKey { day: sale.day, seq: sale.seq, ..key };
            let of_sale = belongs(sale_key, plan.ground()).map_err(internal)?;
            plan.cuts.of(&of_sale.span).is_some_and(|cut| seq > cut)
        }
    };
    Ok(is_odd.then(|| Odd {
        item: Item { id, yen, day },
        seq,
        cycle: place.span.cycle,
        last: place.span.last,
        kind,
        company: taken.company.as_str().to_owned(),
        shop: taken.shop.as_str().to_owned(),
        brand,
        payment: taken.id,
    }))
}

/// What an odd item does to its company's document.
pub(crate) fn entry_of(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    plan: &Plan,
    odd: &Odd,
) -> Result<Result<Option<Entry>, NoPlace>, DbError> {
    let lost = || Inconsistent::new(format!("settle_late of {}", odd.item.id), "of a payment");
    let of = if odd.kind == OddKind::Void { odd.payment } else { odd.item.id };
    let subject = taken::subject(tx, tenant, of)?.ok_or_else(lost)?;
    let entry = match (&subject, odd.kind) {
        (Subject::Sale(taken), OddKind::Sale) => crate::rules::entry_of_sale(&sale_of(taken)?, plan.ground()),
        (Subject::Back(back), OddKind::Back) => crate::rules::entry_of_give(&give_of(back)?, plan.ground()),
        (Subject::Sale(taken), OddKind::Void) => {
            let sale = sale_of(taken)?;
            let give = crate::rules::Give {
                id: odd.item.id,
                kind: GiveKind::Void,
                amount: sale.amount,
                sale,
                day: odd.item.day,
                seq: odd.seq,
            };
            crate::rules::entry_of_give(&give, plan.ground())
        }
        _ => return Err(lost().into()),
    };
    Ok(entry)
}
