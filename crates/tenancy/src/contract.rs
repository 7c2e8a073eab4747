//! Which brands a company takes, and in which payment classes (M-030, X-019).

use crate::changed;
use center_base::{CompanyId, Refusal};
use payment::{Brand, PaymentClass};
use serde::{Deserialize, Serialize};
use store::{DbError, Inconsistent, Migration, ReadTx, TenantId, Tx, params};

pub(crate) const CONTRACT: Migration = Migration {
    name: "tenancy/0005_contract",
    sql: "-- Brands that a company has under contract.
        CREATE TABLE contract (
            tenant BIGINT NOT NULL,
            company_id TEXT NOT NULL,
            brand TEXT NOT NULL,
            active BIGINT NOT NULL,
            classes TEXT NOT NULL,
            PRIMARY KEY (tenant, company_id, brand)
        ) /*sqlite: STRICT, WITHOUT ROWID */;",
};

pub(crate) const CONTRACT_PLACE: Migration = Migration {
    name: "tenancy/0006_contract_place",
    sql: "-- The order in which brands came under contract is that of every list of them.
        ALTER TABLE contract ADD COLUMN place BIGINT NOT NULL DEFAULT 0;",
};

pub(crate) const PUT: &str =
    "INSERT INTO contract (tenant, company_id, brand, active, classes, place) VALUES ($1, $2, $3, $4, $5,
       (SELECT COALESCE(MAX(known.place), 0) + 1 FROM contract known WHERE known.tenant = $1 AND known.company_id = $2))
     ON CONFLICT (tenant, company_id, brand) DO UPDATE SET active = $4, classes = $5
       WHERE contract.active <> $4 OR contract.classes <> $5";
pub(crate) const LOAD: &str = "SELECT brand, classes FROM contract
      WHERE tenant = $1 AND company_id = $2 AND active = 1 ORDER BY place, brand";

/// A brand under contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// The brand.
    pub brand: Brand,
    /// Payment classes, never more than the brand has.
    pub classes: Vec<PaymentClass>,
}

/// Writes a contract; true when something changed. An empty list of classes suspends it. A new one stands
/// after the others.
pub fn put_contract(
    tx: &mut Tx<'_>,
    who: &str,
    company: &CompanyId,
    row: &Contract,
) -> Result<bool, Refusal> {
    let known = row.brand.row().map_err(|bad| Refusal::internal(bad.to_string()))?;
    if let Some(class) = row.classes.iter().find(|class| !known.classes.contains(class)) {
        return Err(Refusal::bad(format!("{} has no payment class {class}", known.name)));
    }
    let tenant = tx.tenant();
    let classes: Vec<String> = row.classes.iter().map(ToString::to_string).collect();
    let active = !row.classes.is_empty();
    let rows = tx.execute(PUT, params![tenant, company, row.brand.word(), active, &classes.join(" ")])?;
    let about = format!("company {company} {}", row.brand.word());
    changed(tx, rows, who, "contract_changed", &about, serde_json::json!({ "classes": classes }))
}

/// The active contracts of a company, in the order in which they were made.
pub fn contracts(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    company: &CompanyId,
) -> Result<Vec<Contract>, DbError> {
    tx.query_all(LOAD, params![tenant, company], |row| {
        let brand =
            Brand::from_word(row.text(0)?).ok_or_else(|| Inconsistent::new("contract.brand", "a brand"))?;
        let classes = row.text(1)?.split(' ').map(str::parse).collect::<Result<Vec<PaymentClass>, _>>();
        let classes = classes.map_err(|_| Inconsistent::new("contract.classes", "payment classes"))?;
        Ok(Contract { brand, classes })
    })
}
