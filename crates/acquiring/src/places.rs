//! Places of terminals, kept in memory until configuration changes.

use crate::place::Place;
use center_base::{Base, Cache, CompanyId, Refusal, ShopId, SignedBy, TerminalId};
use codes::api;
use std::sync::Arc;
use tenancy::Tenancy;

/// ISO 18245 category of shops that carry none of their own: miscellaneous retail.
const CATEGORY: &str = "5999";

/// Where each terminal stands.
#[derive(Clone)]
pub struct Places {
    source: Arc<Source>,
}

#[derive(Clone)]
enum Source {
    Rows {
        base: Base,
        tenancy: Tenancy,
        test_keys: bool,
        kept: Arc<Cache<TerminalId, Arc<Place>>>,
    },
    #[cfg(test)]
    Fixed(Arc<Place>),
}

impl Places {
    /// From the rows of tenancy and fleet.
    pub fn new(base: &Base, tenancy: &Tenancy) -> Self {
        let (base, tenancy) = (base.clone(), tenancy.clone());
        Self { source: Arc::new(Source::Rows { base, tenancy, test_keys: false, kept: Arc::default() }) }
    }

    /// The same, accepting readers that are loaded with the published test keys (`--test-keys`).
    pub fn with_test_keys(mut self) -> Self {
        match Arc::make_mut(&mut self.source) {
            Source::Rows { test_keys, .. } => *test_keys = true,
            #[cfg(test)]
            Source::Fixed(_) => {}
        }
        self
    }

    #[cfg(test)]
    pub(crate) fn fixed(place: Place) -> Self {
        Self { source: Arc::new(Source::Fixed(Arc::new(place))) }
    }

    /// The place of the terminal that signed.
    pub async fn of(&self, by: &SignedBy) -> Result<Arc<Place>, Refusal> {
        self.at(&by.company, &by.shop, &by.terminal).await
    }

    /// The place of a terminal, for a slip or a page.
    pub async fn at(
        &self,
        company: &CompanyId,
        shop: &ShopId,
        terminal: &TerminalId,
    ) -> Result<Arc<Place>, Refusal> {
        match &*self.source {
            Source::Rows { base, tenancy, test_keys, kept } => {
                let load = || load(base, tenancy, *test_keys, (company, shop, terminal));
                kept.get_or_load(base, terminal, load).await
            }
            #[cfg(test)]
            Source::Fixed(place) => Ok(Arc::clone(place)),
        }
    }
}

async fn load(
    base: &Base,
    tenancy: &Tenancy,
    test_keys: bool,
    (company, shop, terminal): (&CompanyId, &ShopId, &TerminalId),
) -> Result<Arc<Place>, Refusal> {
    let policy = tenancy.policy(&tenancy::Place::terminal(company, shop, terminal)).await?;
    let contracts = tenancy.contracts(company).await?;
    let (tenant, wanted, reader_of) = (base.tenant, shop.clone(), terminal.clone());
    let (row, reader_serial) = base
        .read(move |tx| {
            let row = tenancy::shop(tx, tenant, &wanted)?.ok_or_else(|| Refusal::from(api::NOT_FOUND))?;
            let reader = fleet::terminal(tx, tenant, &reader_of)?.and_then(|terminal| terminal.reader);
            Ok((row.shop, reader))
        })
        .await?;
    Ok(Arc::new(Place {
        company: company.clone(),
        shop: shop.clone(),
        terminal: terminal.clone(),
        shop_code: row.code,
        merchant_no: shop.as_str().chars().take(15).collect(),
        mcc: CATEGORY.to_owned(),
        merchant: row.merchant,
        contracts: contracts.iter().map(|contract| (contract.brand, contract.classes.clone())).collect(),
        policy: (*policy).clone(),
        reader_serial: reader_serial.unwrap_or_default(),
        test_keys,
    }))
}
