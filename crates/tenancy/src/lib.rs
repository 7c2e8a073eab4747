//! Who the center works for: the tenant, its companies and their shops; the policies of every level;
//! the brands that a company has under contract.
//!
//! Writes are upserts that change nothing when nothing differs, so that a cast can be loaded again and
//! again. A change is audited and tells every center to forget its cached configuration.

mod contract;
mod party;
mod policy;

pub use contract::{Contract, contracts, put_contract};
pub use party::{
    Company, Shop, ShopFull, Tenant, companies, put_company, put_shop, put_tenant, shop, shops, tenant,
};
pub use policy::{Place, PolicyLevel, Tenancy, put_policy};

use store::Migration;

/// The tables of this crate.
pub const MIGRATIONS: &[Migration] = &[
    party::TENANT,
    party::COMPANY,
    party::SHOP,
    policy::OVERLAY,
    contract::CONTRACT,
    contract::CONTRACT_PLACE,
    party::REGISTRATION,
];

/// Every statement of this crate.
pub const STATEMENTS: &[&str] = &[
    party::TENANT_PUT,
    party::TENANT_LOAD,
    party::COMPANY_PUT,
    party::COMPANIES,
    party::SHOP_PUT,
    party::SHOPS,
    party::SHOP_LOAD,
    policy::OVERLAY_PUT,
    policy::OVERLAYS,
    contract::PUT,
    contract::LOAD,
];

use center_base::{Refusal, audit, configuration_changed};
use store::Tx;

/// An upsert changed `rows` rows: audits it and tells the caches.
fn changed(
    tx: &mut Tx<'_>,
    rows: u64,
    who: &str,
    what: &str,
    about: &str,
    detail: serde_json::Value,
) -> Result<bool, Refusal> {
    if rows == 0 {
        return Ok(false);
    }
    audit::record(tx, &audit::Act { who, what, about, detail })?;
    configuration_changed(tx)?;
    Ok(true)
}
