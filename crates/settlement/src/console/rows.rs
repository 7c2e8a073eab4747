//! The rows behind the pages. Every query takes the company that is asked for; what the actor may not see is asked for
//! by nobody.

use crate::rows::{date_at, net_at};
use crate::rules::{Net, PayDayState, PayoutState};
use jiff::civil::Date;
use store::{DbError, Inconsistent, ReadTx, Row, TenantId, params};

const DOCUMENTS: &str =
    "SELECT b.pay_on, b.company_id, d.state, b.sales_yen, b.fee_yen, b.fee_tax_yen, b.adjusted_yen,
        b.carried_in_yen, b.transfer_fee_yen + b.transfer_tax_yen, b.paid_yen, b.carried_out_yen,
        COALESCE((SELECT p.state FROM settle_payout p
            WHERE p.tenant = b.tenant AND p.pay_on = b.pay_on AND p.company_id = b.company_id
            ORDER BY p.try DESC LIMIT 1), '')
       FROM settle_batch b JOIN settle_payday d ON d.tenant = b.tenant AND d.pay_on = b.pay_on
      WHERE b.tenant = $1 AND (b.company_id = $2 OR $2 IS NULL)
        AND b.pay_on >= $3 AND b.pay_on <= $4 AND b.paid_yen >= $5 AND b.paid_yen <= $6
        AND (b.pay_on < $7 OR (b.pay_on = $7 AND b.company_id > $8))
      ORDER BY b.pay_on DESC, b.company_id LIMIT $9";
const CARRIED: &str = "SELECT c.company_id, c.yen, COALESCE((SELECT MIN(b.pay_on) FROM settle_batch b
            WHERE b.tenant = c.tenant AND b.company_id = c.company_id AND b.carried_out_yen <> 0
              AND b.pay_on > COALESCE((SELECT MAX(x.pay_on) FROM settle_batch x
                  WHERE x.tenant = c.tenant AND x.company_id = c.company_id AND x.carried_out_yen = 0), '')), '')
       FROM settle_carry c WHERE c.tenant = $1 AND c.yen <> 0 ORDER BY c.company_id LIMIT $2";
const WITHOUT_ACCOUNT: &str = "SELECT pay_on, company_id FROM settle_payout
      WHERE tenant = $1 AND state = 'waiting' AND bank = '' ORDER BY pay_on, company_id LIMIT $2";
const DAY_SUMS: &str = "SELECT pay_on, COUNT(*), CAST(COALESCE(SUM(paid_yen), 0) AS BIGINT),
        CAST(COALESCE(SUM(carried_out_yen), 0) AS BIGINT), COUNT(CASE WHEN paid_yen > 0 THEN 1 END)
       FROM settle_batch WHERE tenant = $1 AND pay_on >= $2 GROUP BY pay_on ORDER BY pay_on";
const HANDMADE: &str = "SELECT day, name, closed FROM settle_holiday
      WHERE tenant = $1 AND source = 'hand' AND day >= $2 AND day <= $3 ORDER BY day";

/// Every statement of the pages.
pub(crate) const STATEMENTS: &[&str] = &[DOCUMENTS, CARRIED, WITHOUT_ACCOUNT, DAY_SUMS, HANDMADE];

/// A document in a list; sums in signed whole yen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) pay_on: Date,
    pub(super) company: String,
    pub(super) state: PayDayState,
    pub(super) sales: Net,
    pub(super) fee: Net,
    pub(super) fee_tax: Net,
    pub(super) adjusted: Net,
    pub(super) carried_in: Net,
    /// With its tax.
    pub(super) transfer_fee: Net,
    pub(super) paid: Net,
    pub(super) carried_out: Net,
    /// Of its newest try; none when nothing is paid.
    pub(super) payout: Option<PayoutState>,
}

/// Which documents are wanted.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) company: Option<String>,
    pub(super) from: Date,
    pub(super) to: Date,
    /// Of what is paid, whole yen.
    pub(super) min: i64,
    pub(super) max: i64,
    /// Only what stands behind this document in the list.
    pub(super) after: Option<(Date, String)>,
    pub(super) limit: i64,
}

/// Documents, the newest pay day first.
pub(super) fn documents(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    wanted: &Wanted,
) -> Result<Vec<Listed>, DbError> {
    let (from, to) = (wanted.from.to_string(), wanted.to.to_string());
    let (before, behind) = match &wanted.after {
        Some((day, company)) => (day.to_string(), company.as_str()),
        None => ("9999-12-31".to_owned(), ""),
    };
    let company = wanted.company.as_deref();
    let values = params![tenant, company, &from, &to, wanted.min, wanted.max, &before, behind, wanted.limit];
    tx.query_all(DOCUMENTS, values, |row| {
        let sum = |column| net_at(row, column, "a sum of settle_batch");
        Ok(Listed {
            pay_on: date_at(row, 0, "settle_batch.pay_on")?,
            company: row.text(1)?.to_owned(),
            state: state_at(row, 2)?,
            sales: sum(3)?,
            fee: sum(4)?,
            fee_tax: sum(5)?,
            adjusted: sum(6)?,
            carried_in: sum(7)?,
            transfer_fee: sum(8)?,
            paid: sum(9)?,
            carried_out: sum(10)?,
            payout: PayoutState::from_word(row.text(11)?),
        })
    })
}

fn state_at(row: &Row<'_>, column: usize) -> Result<PayDayState, DbError> {
    PayDayState::from_word(row.text(column)?)
        .ok_or_else(|| Inconsistent::new("settle_payday.state", "a state of a pay day").into())
}

/// A balance that is carried: the company, the sum, and the pay day since which nothing was paid.
pub(super) type Carried = (String, Net, Option<Date>);

/// Every balance that is carried.
pub(super) fn carried(tx: &mut ReadTx<'_>, tenant: TenantId, limit: i64) -> Result<Vec<Carried>, DbError> {
    tx.query_all(CARRIED, params![tenant, limit], |row| {
        let since = row.text(2)?;
        let since = if since.is_empty() { None } else { Some(date_at(row, 2, "settle_batch.pay_on")?) };
        Ok((row.text(0)?.to_owned(), net_at(row, 1, "settle_carry.yen")?, since))
    })
}

/// The payouts that wait without an account, as (pay day, company).
pub(super) fn without_account(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    limit: i64,
) -> Result<Vec<(Date, String)>, DbError> {
    tx.query_all(WITHOUT_ACCOUNT, params![tenant, limit], |row| {
        Ok((date_at(row, 0, "settle_payout.pay_on")?, row.text(1)?.to_owned()))
    })
}

/// What the documents of a pay day sum to.
#[derive(Clone, Copy, Debug)]
pub(super) struct DaySum {
    pub(super) pay_on: Date,
    pub(super) documents: i64,
    pub(super) paid_yen: i64,
    pub(super) carried_yen: i64,
    /// Documents that are paid.
    pub(super) payouts: i64,
}

/// The sums of each pay day from a day on.
pub(super) fn day_sums(tx: &mut ReadTx<'_>, tenant: TenantId, from: Date) -> Result<Vec<DaySum>, DbError> {
    let from = from.to_string();
    tx.query_all(DAY_SUMS, params![tenant, &from], |row| {
        Ok(DaySum {
            pay_on: date_at(row, 0, "settle_batch.pay_on")?,
            documents: row.i64(1)?,
            paid_yen: row.i64(2)?,
            carried_yen: row.i64(3)?,
            payouts: row.i64(4)?,
        })
    })
}

/// The days that a person changed, between two days.
pub(super) fn handmade(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    (from, to): (Date, Date),
) -> Result<Vec<(Date, String, bool)>, DbError> {
    let (from, to) = (from.to_string(), to.to_string());
    tx.query_all(HANDMADE, params![tenant, &from, &to], |row| {
        Ok((date_at(row, 0, "settle_holiday.day")?, row.text(1)?.to_owned(), row.bool(2)?))
    })
}
