//! What delivery asks of acquiring: the sale behind a receipt's address or a payment's id.

use acquiring::row::{self, Payment};
use acquiring::service::Acquiring;
use acquiring::token::ReceiptToken;
use center_base::{Base, Refusal, Scope};
use codes::api;
use delivery::{Sale, Sales};
use futures_util::future::BoxFuture;
use payment::PaymentId;

/// The sales of acquiring.
#[derive(Clone)]
pub(crate) struct AcquiredSales {
    pub(crate) base: Base,
    pub(crate) acquiring: Acquiring,
}

impl AcquiredSales {
    async fn load(&self, id: PaymentId) -> Result<Option<Payment>, Refusal> {
        let tenant = self.base.tenant;
        self.base.read(move |tx| Ok(row::load(tx, tenant, id)?)).await
    }

    async fn sale(&self, payment: Payment) -> Result<Option<Sale>, Refusal> {
        let (place, facts) = self.acquiring.slip_of(&payment).await?;
        Ok(facts.map(|facts| Sale {
            company: payment.company,
            shop: payment.shop,
            terminal: payment.terminal,
            facts,
            policy: place.policy.receipt.clone(),
        }))
    }
}

fn sees(scope: &Scope, payment: &Payment) -> bool {
    match scope {
        Scope::Terminal(terminal) => *terminal == payment.terminal,
        _ => scope.holds_shop(&payment.company, &payment.shop),
    }
}

impl Sales for AcquiredSales {
    fn by_token<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Option<Sale>, Refusal>> {
        Box::pin(async move {
            // A text that is no token takes the same way through the database as one that nobody has.
            let nobody = || ReceiptToken::new(PaymentId::from_u128(0), [0; 16]);
            let token = ReceiptToken::read(token).unwrap_or_else(nobody);
            match self.load(token.payment).await? {
                Some(payment) if token.opens(&payment.receipt_secret) => self.sale(payment).await,
                _ => Ok(None),
            }
        })
    }

    fn by_id<'a>(&'a self, scope: &'a Scope, id: PaymentId) -> BoxFuture<'a, Result<Option<Sale>, Refusal>> {
        Box::pin(async move {
            let Some(payment) = self.load(id).await?.filter(|payment| sees(scope, payment)) else {
                return Ok(None);
            };
            let sale = self.sale(payment).await?;
            sale.map(Some).ok_or_else(|| api::WRONG_STATE.into())
        })
    }
}
