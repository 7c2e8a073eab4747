//! The sales of [`Sales`] as acquiring and tenancy keep them.

use crate::sale::{Sale, Sales};
use acquiring::row::{self, Payment};
use acquiring::token::ReceiptToken;
use acquiring::view::slip_facts;
use center_base::{Base, Refusal, Scope};
use codes::api;
use futures_util::future::BoxFuture;
use payment::{PaymentId, StateName};
use receipt::Strokes;
use tenancy::{Place, ShopFull, Tenancy};

/// Approved payments of this center.
#[derive(Clone)]
pub struct ApprovedPayments {
    base: Base,
    tenancy: Tenancy,
}

/// A payment with what its slip needs beside it, from one snapshot.
struct Found {
    payment: Payment,
    signature: Option<Strokes>,
    shop: Option<ShopFull>,
}

impl ApprovedPayments {
    /// Asks this center's rows.
    pub fn new(base: &Base, tenancy: &Tenancy) -> Self {
        Self { base: base.clone(), tenancy: tenancy.clone() }
    }

    async fn load(&self, id: PaymentId) -> Result<Option<Found>, Refusal> {
        let tenant = self.base.tenant;
        self.base
            .read(move |tx| {
                let Some(payment) = row::load(tx, tenant, id)? else { return Ok(None) };
                let signature = row::signature(tx, tenant, id)?;
                let shop = tenancy::shop(tx, tenant, &payment.shop)?;
                Ok(Some(Found { payment, signature, shop }))
            })
            .await
    }

    /// The sale of an approved payment. While a signature is still awaited, and after the money was given
    /// back, nothing is sold: no slip.
    async fn sale(&self, found: Found) -> Result<Option<Sale>, Refusal> {
        let Found { payment, signature, shop } = found;
        if payment.standing.state.name() != StateName::Approved || payment.standing.voided {
            return Ok(None);
        }
        let shop = shop.ok_or_else(|| Refusal::internal(format!("payment {} has no shop", payment.id)))?;
        let place = Place::terminal(&payment.company, &payment.shop, &payment.terminal);
        let policy = self.tenancy.policy(&place).await?.receipt.clone();
        let facts = slip_facts(&payment, &shop.shop.merchant, &self.base.public_url, signature);
        Ok(facts.map(|facts| Sale {
            company: payment.company,
            shop: payment.shop,
            terminal: payment.terminal,
            facts,
            policy,
        }))
    }
}

impl Sales for ApprovedPayments {
    fn by_token<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Option<Sale>, Refusal>> {
        Box::pin(async move {
            // What is no token asks for a payment that nobody has.
            let nobody = || ReceiptToken::new(PaymentId::from_u128(0), [0; 16]);
            let token = ReceiptToken::read(token).unwrap_or_else(nobody);
            match self.load(token.payment).await? {
                Some(found) if token.opens(&found.payment.receipt_secret) => self.sale(found).await,
                Some(_) | None => Ok(None),
            }
        })
    }

    fn by_id<'a>(&'a self, scope: &'a Scope, id: PaymentId) -> BoxFuture<'a, Result<Option<Sale>, Refusal>> {
        Box::pin(async move {
            let Some(found) = self.load(id).await?.filter(|found| sees(scope, &found.payment)) else {
                return Ok(None);
            };
            Ok(Some(self.sale(found).await?.ok_or(api::WRONG_STATE)?))
        })
    }
}

fn sees(scope: &Scope, payment: &Payment) -> bool {
    match scope {
        Scope::Terminal(own) => *own == payment.terminal,
        Scope::Tenant | Scope::Company(_) | Scope::Shop(_) => {
            scope.holds_shop(&payment.company, &payment.shop)
        }
    }
}
