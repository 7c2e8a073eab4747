//! A cast: companies, shops, terminals, people, contracts, terms and payees as one TOML file. The demo's is embedded;
//! an operator loads his own with `choba admin load FILE`. Loading twice changes nothing.

use crate::programs::StartFault;
use center::Center;
use center_base::{CompanyId, Refusal, Role, Scope, ShopId, TerminalId};
use fleet::{CastTerminal, TerminalPassword};
use jiff::civil::Date;
use payment::{Brand, Policy, Profile};
use serde::Deserialize;
use settlement::notices::{self, Issuer};
use settlement::rows::dated::Entry;
use settlement::rows::payees::{self, Account, PayeeFacts};
use settlement::rows::remitter::{self, Remitter};
use settlement::rows::terms;
use settlement::rules::{Level, Overlay};
use staff::{NewPerson, Secret};
use tenancy::{Company, Contract, PolicyLevel, Shop, Tenant};

/// Whether a person has entered one of them.
fn is_by_people<T>(entries: &[Entry<T>]) -> bool {
    entries.iter().any(|entry| entry.entered_by.starts_with("person "))
}

/// Who writes when a cast is loaded, in the audit.
const WHO: &str = "cast";
/// Entries of issuer and paying account that are looked through.
const ENTRIES: i64 = 1_000;

/// The cast of demo, stories and screenshots.
pub const DEMO: &str = include_str!("../data/cast.toml");

/// A file of companies, shops and people.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cast {
    tenant: Tenant,
    /// What the tenant changes of its profile: a partial policy.
    policy: Option<serde_json::Value>,
    company: Company,
    #[serde(default)]
    shop: Vec<CastShop>,
    /// Terminals with their first passwords and readers.
    #[serde(default)]
    pub terminal: Vec<CastDevice>,
    /// People with their first passwords.
    #[serde(default)]
    pub person: Vec<CastPerson>,
    #[serde(default)]
    contract: Vec<Contract>,
    #[serde(default)]
    terms: Vec<CastTerms>,
    payee: Option<CastPayee>,
    /// Who issues payment notices.
    issuer: Option<Issuer>,
    /// From which account companies are paid.
    remitter: Option<Remitter>,
}

/// Settlement terms from a day on: of these brands of the company, of the company, or of the whole tenant.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CastTerms {
    from: Date,
    #[serde(default)]
    brands: Vec<Brand>,
    /// Without brands: the terms of the whole tenant, not of the company alone.
    #[serde(default)]
    tenant: bool,
    terms: Overlay,
}

/// Where the company is paid.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CastPayee {
    facts: PayeeFacts,
    account: Option<Account>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CastShop {
    id: String,
    code: String,
    name: String,
    postal_code: String,
    address: String,
    phone: String,
    counter: String,
    message: String,
    profile: Profile,
    /// What the shop changes of the policy above it, or of its own profile.
    policy: Option<serde_json::Value>,
}

/// A terminal of a cast.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CastDevice {
    /// Twelve digits.
    pub id: String,
    shop: String,
    /// Four digits, used once.
    pub password: String,
    /// Serial number of its reader.
    pub reader: String,
    /// Device name.
    pub name: String,
}

impl std::fmt::Debug for CastDevice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CastDevice").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A person of a cast.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CastPerson {
    /// Login id.
    pub login: String,
    /// Name on screens and slips.
    pub name: String,
    /// First password.
    pub password: String,
    /// Role.
    pub role: Role,
    shop: Option<String>,
    /// Ask for a new password at the first login.
    #[serde(default)]
    must_change: bool,
}

impl std::fmt::Debug for CastPerson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CastPerson").field("login", &self.login).finish_non_exhaustive()
    }
}

impl Cast {
    /// Reads a cast.
    pub fn read(text: &str) -> Result<Self, StartFault> {
        toml::from_str(text).map_err(|why| StartFault::new(format!("The cast cannot be read: {why}.")))
    }

    /// Writes the cast into a center.
    pub async fn load(&self, center: &Center) -> Result<(), StartFault> {
        let fault = |refusal: Refusal| StartFault::new(format!("The cast was refused: {refusal}."));
        let whole = self.clone();
        center.base.write(move |tx| whole.put(tx)).await.map_err(fault)?;
        center.base.refresh().await.map_err(fault)?;
        for device in &self.terminal {
            let row = CastTerminal {
                id: TerminalId::from(device.id.as_str()),
                shop: ShopId::from(device.shop.as_str()),
                name: device.name.clone(),
                password: TerminalPassword::new(&device.password).map_err(fault)?,
                reader_serial: device.reader.clone(),
            };
            center.fleet.seed(WHO, &row).await.map_err(fault)?;
        }
        for person in &self.person {
            let new = NewPerson {
                login_id: person.login.clone(),
                email: None,
                name: person.name.clone(),
                role: person.role,
                scope: self.scope(person),
                password: Secret::new(&person.password),
                must_change: person.must_change,
            };
            center.staff.put_person(WHO, new).await.map_err(fault)?;
        }
        Ok(())
    }

    fn scope(&self, person: &CastPerson) -> Scope {
        match (&person.shop, person.role) {
            (Some(shop), _) => Scope::Shop(ShopId::from(shop.as_str())),
            (None, Role::CompanyManager) => Scope::Company(self.company.id.clone()),
            (None, _) => Scope::Tenant,
        }
    }

    fn put(&self, tx: &mut store::Tx<'_>) -> Result<(), Refusal> {
        tenancy::put_tenant(tx, WHO, &self.tenant)?;
        if let Some(overlay) = &self.policy {
            tenancy::put_policy(tx, WHO, &PolicyLevel::Tenant, overlay)?;
        }
        tenancy::put_company(tx, WHO, &self.company)?;
        for shop in &self.shop {
            tenancy::put_shop(tx, WHO, &shop.row(&self.company.id))?;
            if let Some(overlay) = shop.overlay(self.tenant.profile)? {
                let level = PolicyLevel::Shop(ShopId::from(shop.id.as_str()));
                tenancy::put_policy(tx, WHO, &level, &overlay)?;
            }
        }
        for contract in &self.contract {
            tenancy::put_contract(tx, WHO, &self.company.id, contract)?;
        }
        for entry in &self.terms {
            for level in entry.levels(&self.company.id)? {
                terms::put_term(tx, WHO, &level, entry.from, &entry.terms)?;
            }
        }
        self.put_payer(tx)?;
        self.put_payee(tx)
    }

    /// Who issues and who pays, unless people have entered one in the console: that stays as they left it.
    fn put_payer(&self, tx: &mut store::Tx<'_>) -> Result<(), Refusal> {
        let tenant = tx.tenant();
        if let Some(issuer) = &self.issuer
            && !is_by_people(&notices::issuers(tx, tenant, ENTRIES)?)
        {
            notices::put_issuer(tx, WHO, issuer)?;
        }
        if let Some(remitter) = &self.remitter
            && !is_by_people(&remitter::entries(tx, tenant, ENTRIES)?)
        {
            remitter::put_remitter(tx, WHO, remitter)?;
        }
        Ok(())
    }

    /// A payee that is there stays as people left it.
    fn put_payee(&self, tx: &mut store::Tx<'_>) -> Result<(), Refusal> {
        let (tenant, company) = (tx.tenant(), &self.company.id);
        let Some(payee) = &self.payee else { return Ok(()) };
        if payees::payee(tx, tenant, company.as_str())?.is_some() {
            return Ok(());
        }
        payees::put_payee(tx, WHO, company, &payee.facts)?;
        match &payee.account {
            Some(account) => payees::propose_account(tx, WHO, company, account),
            None => Ok(()),
        }
    }

    /// Confirms the account that this cast entered, as the second person of a demo, which has nobody else yet.
    pub async fn confirm_payee(&self, center: &Center) -> Result<(), StartFault> {
        let company = self.company.id.clone();
        let confirm = move |tx: &mut store::Tx<'_>| {
            let tenant = tx.tenant();
            let proposed = payees::payee(tx, tenant, company.as_str())?.and_then(|payee| payee.proposed);
            if proposed.is_none_or(|(_, by)| by != WHO) {
                return Ok(());
            }
            payees::confirm_account(tx, "demo", &company, "")
        };
        let done = center.base.write(confirm).await;
        done.map_err(|refusal| StartFault::new(format!("The cast's payee was refused: {refusal}.")))
    }
}

impl CastTerms {
    fn levels(&self, company: &CompanyId) -> Result<Vec<Level>, Refusal> {
        let company = || company.as_str().to_owned();
        match (self.tenant, self.brands.as_slice()) {
            (true, []) => Ok(vec![Level::Tenant]),
            (true, _) => Err(Refusal::bad("terms of the tenant name no brands")),
            (false, []) => Ok(vec![Level::Company(company())]),
            (false, brands) => Ok(brands.iter().map(|brand| Level::Contract(company(), *brand)).collect()),
        }
    }
}

impl CastShop {
    /// What the shop's level says: another profile than the tenant's, and what the shop changes of it.
    fn overlay(&self, tenant: Profile) -> Result<Option<serde_json::Value>, Refusal> {
        let own = if self.profile == tenant {
            None
        } else {
            Some(Policy::profile_overlay(self.profile).map_err(|bad| Refusal::bad(bad.to_string()))?)
        };
        Ok(match (own, &self.policy) {
            (Some(profile), Some(over)) => Some(Policy::overlay_over(profile, over)),
            (own, over) => own.or_else(|| over.clone()),
        })
    }

    fn row(&self, company: &CompanyId) -> Shop {
        Shop {
            id: ShopId::from(self.id.as_str()),
            company_id: company.clone(),
            code: self.code.clone(),
            merchant: receipt::Merchant {
                name: self.name.clone(),
                postal_code: self.postal_code.clone(),
                address: self.address.clone(),
                phone: self.phone.clone(),
                invoice_reg_no: None,
                counter: self.counter.clone(),
                message: self.message.clone(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demos_cast_is_whole() {
        let cast = Cast::read(DEMO).unwrap();
        assert_eq!((cast.terminal.len(), cast.shop.len()), (2, 2));
        assert!(cast.person.iter().any(|person| person.role == Role::Operator));
        assert!(Cast::read("[tenant]\nnmae = \"x\"").is_err());
        // the sweets' shop keeps its own profile and asks for the tax beside it.
        let overlay = cast.shop[1].overlay(cast.tenant.profile).unwrap().unwrap();
        let policy = Policy::profile(cast.tenant.profile).and_then(|policy| policy.with(&overlay)).unwrap();
        assert_eq!((policy.receipt.tax, policy.receipt.profile), (payment::SlipTax::Entered, Profile::Usen));
        assert_eq!(cast.company.invoice_reg_no.as_ref().map(String::len), Some(14));
        // Four eyes: two who may confirm what the other entered, and one who sees the company's documents.
        let of = |role| cast.person.iter().filter(|person| person.role == role).count();
        assert_eq!((of(Role::Operator), of(Role::CompanyManager)), (2, 1));
        let payee = cast.payee.unwrap();
        assert!(payees::is_the_company(&payee.facts, &payee.account.unwrap()));
        assert_eq!(cast.issuer.unwrap().invoice_reg_no.len(), 14, "X-080");
        assert_eq!(cast.remitter.unwrap().requester.len(), 10, "X-090");
        // Every contract has a rate.
        let rated: std::collections::BTreeSet<_> =
            cast.terms.iter().flat_map(|it| &it.brands).copied().collect();
        assert_eq!(rated, cast.contract.iter().map(|contract| contract.brand).collect());
    }

    #[test]
    fn a_tenant_and_a_shop_change_what_they_name_of_their_profile() {
        // U-080, U-081, W-033
        let mut cast = Cast::read(DEMO).unwrap();
        let overlay =
            |text: &str| Some(serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap());
        let shop = cast.shop.first_mut().unwrap();
        shop.profile = Profile::Usen;
        shop.policy = overlay("[password]\nclerk_min_length = 12");
        let laid = shop.overlay(Profile::Mpos).unwrap().unwrap();
        let policy = Policy::profile(Profile::Mpos).unwrap().with(&laid).unwrap();
        assert_eq!((policy.password.clerk_min_length, policy.password.lock_threshold), (12, 10));
        shop.profile = Profile::Mpos;
        let laid = shop.overlay(Profile::Mpos).unwrap().unwrap();
        let policy = Policy::profile(Profile::Mpos).unwrap().with(&laid).unwrap();
        assert_eq!((policy.password.clerk_min_length, policy.password.lock_threshold), (12, 5));
        shop.policy = None;
        assert_eq!(shop.overlay(Profile::Mpos).unwrap(), None);
        let text = format!("[policy.password]\nmax_age_days = 90\n{DEMO}");
        let read = Cast::read(&text).unwrap().policy.unwrap();
        assert_eq!(Policy::default().with(&read).unwrap().password.max_age_days, 90);
    }
}
