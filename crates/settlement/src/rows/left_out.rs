//! Companies that the last closing left out of a pay day, and why: so that the board tells without scanning again.

use super::date_at;
use crate::close::{Blocked, Why};
use crate::rules::{CycleCode, NoPlace, NoSuchCycle, NoTerms};
use center_base::Refusal;
use jiff::civil::Date;
use payment::Brand;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::{DbError, Inconsistent, Migration, ReadTx, TenantId, Tx, params};

pub(super) const MIGRATION: Migration = Migration {
    name: "settlement/0012_left_out",
    sql: "-- Companies that the last closing of a pay day left out, and why: the board reads them instead of scanning.
        CREATE TABLE settle_left_out (
            tenant BIGINT NOT NULL,
            pay_on TEXT NOT NULL,
            company_id TEXT NOT NULL,
            why TEXT NOT NULL,
            PRIMARY KEY (tenant, pay_on, company_id)
        ) /*sqlite: STRICT, WITHOUT ROWID */;",
};

const FORGET: &str = "DELETE FROM settle_left_out WHERE tenant = $1 AND pay_on = $2";
const ADD: &str = "INSERT INTO settle_left_out (tenant, pay_on, company_id, why) VALUES ($1, $2, $3, $4)";
const ALL: &str = "SELECT pay_on, company_id, why FROM settle_left_out
      WHERE tenant = $1 ORDER BY pay_on, company_id LIMIT $2";

pub(super) const STATEMENTS: &[&str] = &[FORGET, ADD, ALL];

/// A reason as its row has it; its company stands beside it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kept {
    NoRate { brand: Brand, day: Date },
    NoCycle(CycleCode),
    TooLarge,
    Row(String),
    Earlier,
    Later,
}

impl Kept {
    fn of(why: &Why) -> Self {
        match why {
            Why::NoPlace(NoPlace::Terms(no)) => Self::NoRate { brand: no.brand, day: no.day },
            Why::NoPlace(NoPlace::Cycle(no)) => Self::NoCycle(no.0.clone()),
            Why::TooLarge => Self::TooLarge,
            Why::Row(row) => Self::Row(row.clone()),
            Why::Earlier => Self::Earlier,
            Why::Later => Self::Later,
        }
    }

    fn why(self, company: &str) -> Why {
        match self {
            Self::NoRate { brand, day } => {
                Why::NoPlace(NoPlace::Terms(NoTerms { company: company.to_owned(), brand, day }))
            }
            Self::NoCycle(code) => Why::NoPlace(NoPlace::Cycle(NoSuchCycle(code))),
            Self::TooLarge => Why::TooLarge,
            Self::Row(row) => Why::Row(row),
            Self::Earlier => Why::Earlier,
            Self::Later => Why::Later,
        }
    }
}

/// Keeps who is left out of a pay day now; what was kept of it before goes.
pub(crate) fn put(tx: &mut Tx<'_>, pay_on: Date, blocked: &BTreeMap<String, Why>) -> Result<(), Refusal> {
    let (tenant, pay) = (tx.tenant(), pay_on.to_string());
    tx.execute(FORGET, params![tenant, &pay])?;
    for (company, why) in blocked {
        let why = serde_json::to_string(&Kept::of(why));
        let why = why.map_err(|error| Refusal::internal(error.to_string()))?;
        tx.execute(ADD, params![tenant, &pay, company, &why])?;
    }
    Ok(())
}

/// Who is left out, by pay day and company.
pub(crate) fn all(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    limit: i64,
) -> Result<BTreeMap<Date, Vec<Blocked>>, DbError> {
    let mut all: BTreeMap<Date, Vec<Blocked>> = BTreeMap::new();
    tx.query_each(ALL, params![tenant, limit], |row| {
        let pay_on = date_at(row, 0, "settle_left_out.pay_on")?;
        let company = row.text(1)?.to_owned();
        let kept: Kept = serde_json::from_str(row.text(2)?)
            .map_err(|_| Inconsistent::new("settle_left_out.why", "a reason that can be read"))?;
        let why = kept.why(&company);
        all.entry(pay_on).or_default().push(Blocked { company, why });
        Ok(())
    })?;
    Ok(all)
}
