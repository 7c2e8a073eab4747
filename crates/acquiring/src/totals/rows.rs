//! The row of a day, and what the center's own rows count for it.

use super::decide::Standing;
use crate::networks::card_iso8583::stan_of;
use iso8583::totals::{Count, Totals};
use serde_json::{Value as Json, json};
use store::{DbError, Inconsistent, Migration, ReadTx, Row, TenantId, Tx, params};

/// The table of this module.
pub const MIGRATIONS: &[Migration] = &[Migration {
    name: "acquiring/0012_network_totals",
    sql:
        "-- One row a network and business date: the totals that were said, and what the network said to them.
        CREATE TABLE network_totals (
            tenant BIGINT NOT NULL,
            network TEXT NOT NULL,
            business_date TEXT NOT NULL,
            standing TEXT NOT NULL,
            asked_seq BIGINT NOT NULL,
            tries BIGINT NOT NULL,
            changed_us BIGINT NOT NULL,
            ours TEXT NOT NULL,
            theirs TEXT NOT NULL,
            PRIMARY KEY (tenant, network, business_date)
        ) /*sqlite: STRICT, WITHOUT ROWID */;",
}];

const LOAD: &str = "SELECT standing, asked_seq, tries, ours, theirs FROM network_totals
      WHERE tenant = $1 AND network = $2 AND business_date = $3";
const FIRST_SAID: &str = "INSERT INTO network_totals
        (tenant, network, business_date, standing, asked_seq, tries, changed_us, ours, theirs)
     VALUES ($1, $2, $3, $4, $5, 1, $6, $7, '')
     ON CONFLICT (tenant, network, business_date) DO UPDATE
        SET standing = $4, asked_seq = $5, tries = 1, changed_us = $6, ours = $7, theirs = ''";
const SAID_AGAIN: &str = "UPDATE network_totals SET tries = tries + 1
      WHERE tenant = $1 AND network = $2 AND business_date = $3";
const ANSWERED: &str = "UPDATE network_totals SET standing = $5, changed_us = $6, theirs = $7
      WHERE tenant = $1 AND network = $2 AND business_date = $3 AND asked_seq = $4
        AND standing IN ('telling', 'asking')";
const FIRST_DAY: &str = "SELECT MIN(business_date) FROM payment WHERE tenant = $1";
// The bounds on shop_id and seq exclude nothing: they make the day's index cheaper than the primary key to a
// planner that has no statistics.
pub(crate) const PAYMENTS: &str = "SELECT
        COUNT(CASE WHEN state = 'approved' AND given_back_yen = 0 THEN 1 END),
        CAST(COALESCE(SUM(CASE WHEN state = 'approved' AND given_back_yen = 0 THEN amount_yen END), 0) AS BIGINT),
        COUNT(CASE WHEN state IN ('sent', 'authorized', 'in_doubt') OR advice IS NOT NULL THEN 1 END)
       FROM payment
      WHERE tenant = $1 AND business_date = $2 AND shop_id >= '' AND method = 'card'";
pub(crate) const REFUNDS: &str = "SELECT
        COUNT(CASE WHEN state = 'approved' AND kind <> 'void' THEN 1 END),
        CAST(COALESCE(SUM(CASE WHEN state = 'approved' AND kind <> 'void' THEN amount_yen END), 0) AS BIGINT),
        COUNT(CASE WHEN state = 'approved' AND kind = 'void' THEN 1 END),
        CAST(COALESCE(SUM(CASE WHEN state = 'approved' AND kind = 'void' THEN amount_yen END), 0) AS BIGINT),
        COUNT(CASE WHEN state IN ('sent', 'in_doubt') OR advice IS NOT NULL THEN 1 END)
       FROM refund
      WHERE tenant = $1 AND business_date = $2 AND seq >= 0 AND method = 'card'";

/// Every statement of this module.
pub const STATEMENTS: &[&str] = &[LOAD, FIRST_SAID, SAID_AGAIN, ANSWERED, FIRST_DAY, PAYMENTS, REFUNDS];

/// A day as its row has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// Where it stands.
    pub standing: Standing,
    /// DE 11 of the message that is out, or was answered.
    pub stan: u32,
    /// The unit that asked; names the asking.
    pub(super) asked_seq: i64,
    /// How often it was sent.
    pub tries: i64,
    /// What was said.
    pub ours: Totals,
    /// The network's own figures, where it told them.
    pub theirs: Option<Totals>,
}

/// What the center's rows count for a day now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// What is money: charges, voids, returns and refunds.
    pub totals: Totals,
    /// Payments and refunds that may still become money or not, or that the network must still be told of.
    pub open: i64,
}

/// Which day: network and business date.
pub(crate) type Key<'a> = (&'a str, &'a str);

pub(crate) fn load(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    (network, on): Key<'_>,
) -> Result<Option<Day>, DbError> {
    tx.query_opt(LOAD, params![tenant, network, on], |row| {
        let odd =
            |column: &str| Inconsistent::new(format!("network_totals.{column} of {on}"), "another value");
        let theirs = row.text(4)?;
        let read = |text: &str, column| totals(text).ok_or_else(|| odd(column));
        let asked_seq = row.i64(1)?;
        Ok(Day {
            standing: Standing::from_word(row.text(0)?).ok_or_else(|| odd("standing"))?,
            stan: stan_of(asked_seq),
            asked_seq,
            tries: row.i64(2)?,
            ours: read(row.text(3)?, "ours")?,
            theirs: if theirs.is_empty() { None } else { Some(read(theirs, "theirs")?) },
        })
    })
}

/// The first business date on which anything was paid, `YYYY-MM-DD`.
pub(super) fn first_day(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Option<String>, DbError> {
    tx.query_one(FIRST_DAY, params![tenant], |row| Ok(row.opt_text(0)?.map(str::to_owned)))
}

/// Counts a day. What a reversal undid is no charge that the network has; what was voided stands beside its
/// charge.
pub fn counted(tx: &mut ReadTx<'_>, tenant: TenantId, on: &str) -> Result<Counted, DbError> {
    let count = |row: &Row<'_>, at: usize| {
        let part = |column| {
            u64::try_from(row.i64(column)?)
                .map_err(|_| DbError::from(Inconsistent::new("a day's sum", "no negative number")))
        };
        Ok::<_, DbError>(Count { number: part(at)?, yen: part(at.saturating_add(1))? })
    };
    let (debits, open) =
        tx.query_one(PAYMENTS, params![tenant, on], |row| Ok((count(row, 0)?, row.i64(2)?)))?;
    let (credits, debit_reversals, open_back) =
        tx.query_one(REFUNDS, params![tenant, on], |row| Ok((count(row, 0)?, count(row, 2)?, row.i64(4)?)))?;
    let totals = Totals { credits, debits, debit_reversals, ..Totals::default() };
    Ok(Counted { totals, open: open.saturating_add(open_back) })
}

/// A message about the day goes out for the first time: 0520 while `Telling`, 0500 while `Asking`.
pub(super) fn first_said(
    tx: &mut Tx<'_>,
    (network, on): Key<'_>,
    standing: Standing,
    ours: &Totals,
) -> Result<(), DbError> {
    let (tenant, seq, now_us) = (tx.tenant(), tx.seq(), tx.now_us());
    let ours = figures(ours).to_string();
    tx.execute(FIRST_SAID, params![tenant, network, on, standing.word(), seq, now_us, &ours]).map(drop)
}

/// It goes out once more.
pub(super) fn said_again(tx: &mut Tx<'_>, (network, on): Key<'_>) -> Result<(), DbError> {
    let tenant = tx.tenant();
    tx.execute(SAID_AGAIN, params![tenant, network, on]).map(drop)
}

/// The network's word. False: it is about an asking that is over.
pub(super) fn answered(
    tx: &mut Tx<'_>,
    (network, on): Key<'_>,
    asked_seq: i64,
    standing: Standing,
    theirs: Option<&Totals>,
) -> Result<bool, DbError> {
    let (tenant, now_us) = (tx.tenant(), tx.now_us());
    let theirs = theirs.map(|theirs| figures(theirs).to_string()).unwrap_or_default();
    let values = params![tenant, network, on, asked_seq, standing.word(), now_us, &theirs];
    Ok(tx.execute(ANSWERED, values)? > 0)
}

/// What the figures are called, in evidence and reports.
pub(crate) const NAMES: [&str; 4] = ["sales", "sales_undone", "refunds", "refunds_undone"];

/// Totals as JSON: `{"sales": {"count", "yen"}, …}`.
pub fn figures(of: &Totals) -> Json {
    let parts = [of.debits, of.debit_reversals, of.credits, of.credit_reversals];
    let named = NAMES.into_iter().zip(parts);
    named.map(|(name, part)| (name, json!({ "count": part.number, "yen": part.yen }))).collect()
}

fn totals(text: &str) -> Option<Totals> {
    let json: Json = serde_json::from_str(text).ok()?;
    let part = |name: &str| {
        let part = json.get(name)?;
        Some(Count { number: part.get("count")?.as_u64()?, yen: part.get("yen")?.as_u64()? })
    };
    let [sales, undone, refunds, refunds_undone] = NAMES;
    Some(Totals {
        credits: part(refunds)?,
        credit_reversals: part(refunds_undone)?,
        debits: part(sales)?,
        debit_reversals: part(undone)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_as_they_were_written() {
        let count = |number, yen| Count { number, yen };
        let of = Totals {
            credits: count(1, 80),
            credit_reversals: count(2, 90),
            debits: count(3, 1_880),
            debit_reversals: count(4, 1_000),
        };
        assert_eq!(totals(&figures(&of).to_string()), Some(of));
        assert_eq!(totals("{}"), None);
    }
}
