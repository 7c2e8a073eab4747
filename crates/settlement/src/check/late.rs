//! What came after its window's cut: the book is followed once more, and what was noted must be what is found. An item
//! that was not noted would be in no document, and nobody would be paid for it.

use super::Found;
use crate::close::{Plan, page};
use crate::rows::windows::{self, Odd};
use payment::PaymentId;
use std::collections::BTreeMap;
use store::{DbError, Inconsistent, ReadTx, TenantId};

pub(super) fn check(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    plan: &Plan,
    found: &mut Found,
) -> Result<(), DbError> {
    let until = windows::mark(tx, tenant)?;
    let mut noted: BTreeMap<PaymentId, Odd> = BTreeMap::new();
    windows::each_odd(tx, tenant, |odd| drop(noted.insert(odd.item.id, odd)))?;
    let mut from = 0;
    while from < until {
        let page = page(tx, tenant, plan, from)
            .map_err(|why| DbError::from(Inconsistent::new("the book", why.to_string())))?;
        for odd in page.odd.into_iter().filter(|odd| odd.seq <= until) {
            let id = odd.item.id;
            let known = noted.remove(&id);
            if known.as_ref() == Some(&odd) {
                continue;
            }
            found.faults.push(match known {
                Some(_) => format!("the late item {id} is noted otherwise than it is booked"),
                None => format!("the late item {id} is not noted, and no document will have it"),
            });
        }
        if page.is_last {
            break;
        }
        from = page.mark;
    }
    for id in noted.keys() {
        found.faults.push(format!("the late item {id} is noted and not late"));
    }
    Ok(())
}
