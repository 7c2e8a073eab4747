//! What must hold in the book beyond its keys: the end of a hold has its hold, the same two accounts
//! and the same amount.

use payment::PaymentId;
use store::{DbError, Inconsistent, ReadTx, TenantId, params};

pub(crate) const ENDS: &str = "SELECT ending.payment, ending.kind
       FROM transfer AS ending
       LEFT JOIN transfer AS hold
         ON hold.tenant = ending.tenant AND hold.payment = ending.payment AND hold.opens = 1
        AND hold.kind = 'pending' AND hold.amount_yen = ending.amount_yen
        AND hold.debit = ending.debit AND hold.credit = ending.credit
      WHERE ending.tenant = $1 AND ending.opens = 0 AND hold.payment IS NULL
      ORDER BY ending.payment";
pub(crate) const SUMS: &str = "SELECT CAST(COALESCE(SUM(amount_yen), 0) AS BIGINT), COUNT(*)
       FROM transfer WHERE tenant = $1 AND kind IN ('posted', 'post_pending', 'moved')";

/// Every fault as a sentence; none in a sound book.
pub fn faults(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Vec<String>, DbError> {
    let mut faults = tx.query_all(ENDS, params![tenant], |row| {
        let payment = PaymentId::from_bytes(row.bytes(0)?)
            .map_err(|_| Inconsistent::new("transfer.payment", "sixteen bytes"))?;
        Ok(format!("transfer {} of {payment} ends no hold of this amount", row.text(1)?))
    })?;
    // Debits and credits are the same column, so this cannot fail unless a row was changed by hand
    // into an account that no longer reads; then the balances say which.
    let total: i64 = crate::balances(tx, tenant)?.iter().map(|balance| balance.value_yen).sum();
    if total != 0 {
        faults.push(format!("the accounts sum to {total} yen instead of zero"));
    }
    Ok(faults)
}

/// Value that moved in all, whole yen, and by how many transfers.
pub fn value_moved(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<(i64, i64), DbError> {
    tx.query_one(SUMS, params![tenant], |row| Ok((row.i64(0)?, row.i64(1)?)))
}
