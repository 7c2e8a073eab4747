//! What every account stands at, by query.

use ledger::Account;
use store::{DbError, Inconsistent, ReadTx, TenantId, params};

/// An account's standing: debits minus credits, whole yen, may be negative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The account.
    pub account: Account,
    /// Value that moved.
    pub value_yen: i64,
    /// The part of it that settlement moved, and no payment, void or refund.
    pub moved_yen: i64,
    /// Open holds, not value.
    pub held_yen: i64,
}

// A hold counts while no end of it stands in the book.
pub(crate) const BALANCES: &str = "SELECT side.account,
        CAST(SUM(CASE WHEN side.kind IN ('posted', 'post_pending', 'moved') THEN side.yen ELSE 0 END) AS BIGINT),
        CAST(SUM(CASE WHEN side.kind = 'moved' THEN side.yen ELSE 0 END) AS BIGINT),
        CAST(SUM(CASE WHEN side.kind = 'pending' THEN side.yen
                      WHEN side.kind IN ('post_pending', 'release_pending') THEN -side.yen
                      ELSE 0 END) AS BIGINT)
   FROM (SELECT debit AS account, kind, amount_yen AS yen FROM transfer WHERE tenant = $1
         UNION ALL
         SELECT credit AS account, kind, -amount_yen AS yen FROM transfer WHERE tenant = $1) AS side
  GROUP BY side.account
  ORDER BY side.account";

/// Every account that has a row, by its key. The values sum to zero.
pub fn balances(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Vec<Balance>, DbError> {
    tx.query_all(BALANCES, params![tenant], |row| {
        let account = Account::try_from(row.text(0)?.to_owned())
            .map_err(|key| Inconsistent::new(format!("transfer account {}", key.0), "an account"))?;
        Ok(Balance { account, value_yen: row.i64(1)?, moved_yen: row.i64(2)?, held_yen: row.i64(3)? })
    })
}
