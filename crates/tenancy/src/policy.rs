//! Policies: the tenant's profile, then overlays of tenant, company, shop and terminal, each naming only
//! what it changes (model.md 3.6). Resolved once and kept until configuration changes.

use crate::changed;
use crate::contract::{self, Contract};
use crate::party;
use center_base::{Base, Cache, CompanyId, Refusal, Scope, ShopId, TerminalId};
use payment::{Policy, Profile};
use std::sync::Arc;
use store::{DbError, Inconsistent, Migration, ReadTx, TenantId, Tx, params};

pub(crate) const OVERLAY: Migration = Migration {
    name: "tenancy/0004_policy_overlay",
    sql: "-- What a level changes of the policy above it: a partial JSON object.
        CREATE TABLE policy_overlay (
            tenant BIGINT NOT NULL,
            level TEXT NOT NULL,
            id TEXT NOT NULL,
            overlay TEXT NOT NULL,
            PRIMARY KEY (tenant, level, id)
        ) /*sqlite: STRICT, WITHOUT ROWID */;",
};

pub(crate) const OVERLAY_PUT: &str =
    "INSERT INTO policy_overlay (tenant, level, id, overlay) VALUES ($1, $2, $3, $4)
     ON CONFLICT (tenant, level, id) DO UPDATE SET overlay = $4 WHERE policy_overlay.overlay <> $4";
pub(crate) const OVERLAYS: &str = "SELECT level, overlay FROM policy_overlay
      WHERE tenant = $1
        AND ((level = 'tenant' AND id = '') OR (level = 'company' AND id = $2)
             OR (level = 'shop' AND id = $3) OR (level = 'terminal' AND id = $4))";

/// What an overlay belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyLevel {
    /// Everything.
    Tenant,
    /// A company.
    Company(CompanyId),
    /// A shop.
    Shop(ShopId),
    /// A terminal.
    Terminal(TerminalId),
}

impl PolicyLevel {
    fn words(&self) -> (&'static str, &str) {
        match self {
            Self::Tenant => ("tenant", ""),
            Self::Company(id) => ("company", id.as_str()),
            Self::Shop(id) => ("shop", id.as_str()),
            Self::Terminal(id) => ("terminal", id.as_str()),
        }
    }
}

/// Where a policy is asked for: the levels that are known.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Company.
    pub company: Option<CompanyId>,
    /// Shop.
    pub shop: Option<ShopId>,
    /// Terminal.
    pub terminal: Option<TerminalId>,
}

impl Place {
    /// The whole tenant.
    pub fn tenant() -> Self {
        Self::default()
    }

    /// A terminal of a shop of a company.
    pub fn terminal(company: &CompanyId, shop: &ShopId, terminal: &TerminalId) -> Self {
        Self { company: Some(company.clone()), shop: Some(shop.clone()), terminal: Some(terminal.clone()) }
    }
}

const LEVELS: [&str; 4] = ["tenant", "company", "shop", "terminal"];

/// Writes what a level changes; true when something changed. An overlay that gives an impossible policy
/// on top of the tenant's profile is refused.
pub fn put_policy(
    tx: &mut Tx<'_>,
    who: &str,
    level: &PolicyLevel,
    overlay: &serde_json::Value,
) -> Result<bool, Refusal> {
    let tenant = tx.tenant();
    let profile = party::tenant(tx, tenant)?.map_or(Profile::Mpos, |row| row.profile);
    Policy::profile(profile)
        .and_then(|policy| policy.with(overlay))
        .map_err(|bad| Refusal::bad(bad.to_string()))?;
    let (word, id) = level.words();
    let rows = tx.execute(OVERLAY_PUT, params![tenant, word, id, &overlay.to_string()])?;
    changed(tx, rows, who, "policy_changed", format!("{word} {id}").trim_end(), overlay.clone())
}

/// The policy of a place, from the rows.
fn load(tx: &mut ReadTx<'_>, tenant: TenantId, place: &Place) -> Result<Policy, Refusal> {
    let profile = party::tenant(tx, tenant)?.map_or(Profile::Mpos, |row| row.profile);
    let broken = |bad: payment::BadPolicy| Refusal::internal(bad.to_string());
    let mut policy = Policy::profile(profile).map_err(broken)?;
    let id = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let company = id(place.company.as_ref().map(CompanyId::as_str));
    let shop = id(place.shop.as_ref().map(ShopId::as_str));
    let terminal = id(place.terminal.as_ref().map(TerminalId::as_str));
    let overlays = tx.query_all(OVERLAYS, params![tenant, &company, &shop, &terminal], |row| {
        let overlay = serde_json::from_str::<serde_json::Value>(row.text(1)?);
        let overlay = overlay.map_err(|_| Inconsistent::new("policy_overlay.overlay", "JSON"))?;
        Ok::<_, DbError>((row.text(0)?.to_owned(), overlay))
    })?;
    for level in LEVELS {
        for (_, overlay) in overlays.iter().filter(|(word, _)| word == level) {
            policy = policy.with(overlay).map_err(broken)?;
        }
    }
    Ok(policy)
}

/// Configuration as the other slices ask for it, in memory. Clones share it.
#[derive(Clone)]
pub struct Tenancy {
    base: Base,
    policies: Arc<Cache<Place, Arc<Policy>>>,
    contracts: Arc<Cache<CompanyId, Arc<[Contract]>>>,
    companies: Arc<Cache<ShopId, Option<CompanyId>>>,
}

impl Tenancy {
    /// Nothing in memory yet.
    pub fn new(base: &Base) -> Self {
        Self {
            base: base.clone(),
            policies: Arc::default(),
            contracts: Arc::default(),
            companies: Arc::default(),
        }
    }

    /// The policy of a place.
    pub async fn policy(&self, place: &Place) -> Result<Arc<Policy>, Refusal> {
        let wanted = place.clone();
        let tenant = self.base.tenant;
        self.policies
            .get_or_load(&self.base, place, || {
                self.base.read(move |tx| Ok(Arc::new(load(tx, tenant, &wanted)?)))
            })
            .await
    }

    /// The policy of what a person or terminal may see. A terminal's company and shop are not in its
    /// scope: use [`Tenancy::policy`] with [`Place::terminal`].
    pub async fn policy_of(&self, scope: &Scope) -> Result<Arc<Policy>, Refusal> {
        let place = match scope {
            Scope::Tenant => Place::tenant(),
            Scope::Company(company) => Place { company: Some(company.clone()), ..Place::tenant() },
            Scope::Shop(shop) => {
                Place { company: self.company_of(shop).await?, shop: Some(shop.clone()), terminal: None }
            }
            Scope::Terminal(terminal) => Place { terminal: Some(terminal.clone()), ..Place::tenant() },
        };
        self.policy(&place).await
    }

    /// The company of a shop.
    pub async fn company_of(&self, shop: &ShopId) -> Result<Option<CompanyId>, Refusal> {
        let (tenant, wanted) = (self.base.tenant, shop.clone());
        self.companies
            .get_or_load(&self.base, shop, || {
                self.base
                    .read(move |tx| Ok(party::shop(tx, tenant, &wanted)?.map(|found| found.shop.company_id)))
            })
            .await
    }

    /// What a company has under contract (M-030, X-019).
    pub async fn contracts(&self, company: &CompanyId) -> Result<Arc<[Contract]>, Refusal> {
        let (tenant, wanted) = (self.base.tenant, company.clone());
        self.contracts
            .get_or_load(&self.base, company, || {
                self.base.read(move |tx| Ok(Arc::from(contract::contracts(tx, tenant, &wanted)?)))
            })
            .await
    }
}
