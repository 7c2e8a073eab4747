//! The outbox worker's part: makes a mail from the payment, hands it to the mail server, and writes down
//! how it went. A mail may arrive twice when the center dies at the wrong moment; its Message-ID is the
//! same then, and no money moves by it.

use crate::Receipts;
use crate::deliveries::{self, DeliveryKind, Trouble, Waiting};
use crate::limits;
use crate::mail;
use crate::order::micros;
use crate::smtp::Sent;
use center_base::{Event, Refusal, Scope, outbox};
use codes::api;
use futures_util::future::BoxFuture;
use payment::PaymentId;
use receipt::{Copy, Printing};
use serde::{Deserialize, Serialize};

/// The topic of the outbox.
pub(crate) const TOPIC: &str = "receipt-mail";

/// The event: names the row, not the address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Body {
    pub(crate) payment: PaymentId,
    /// The delivery's id, hex.
    pub(crate) delivery: String,
}

impl outbox::Consumer for Receipts {
    fn topic(&self) -> &'static str {
        TOPIC
    }

    fn consume<'a>(&'a self, event: &'a Event) -> BoxFuture<'a, outbox::Outcome> {
        Box::pin(self.deliver(event))
    }
}

impl Receipts {
    async fn deliver(&self, event: &Event) -> outbox::Outcome {
        let body: Body = serde_json::from_value(event.body.clone()).map_err(|e| e.to_string())?;
        let mut id = [0; 16];
        hex::decode_to_slice(&body.delivery, &mut id).map_err(|e| e.to_string())?;
        let (tenant, payment) = (self.base.tenant, body.payment);
        let waiting = self
            .base
            .read(move |tx| Ok(deliveries::load_waiting(tx, tenant, payment, &id)?))
            .await
            .map_err(words)?;
        let Some(waiting) = waiting else { return Ok(()) };
        match self.try_once(&waiting, payment, &id).await.map_err(words)? {
            Sent::Taken => self.end(event, payment, id, None).await,
            Sent::Never(trouble) => self.end(event, payment, id, Some(trouble)).await,
            Sent::NotNow(trouble) if self.is_too_old(&waiting) => {
                self.end(event, payment, id, Some(trouble)).await
            }
            Sent::NotNow(trouble) => {
                let noted = self.base.write(move |tx| Ok(deliveries::note(tx, payment, &id, trouble)?)).await;
                noted.map_err(words)?;
                Err(trouble.to_string().into())
            }
        }
    }

    async fn try_once(&self, waiting: &Waiting, payment: PaymentId, id: &[u8; 16]) -> Result<Sent, Refusal> {
        let sale = match self.sales.by_id(&Scope::Tenant, payment).await {
            Ok(Some(sale)) => sale,
            Ok(None) => return Ok(Sent::Never(Trouble::NoSlip)),
            Err(refusal) if refusal.code == api::WRONG_STATE => return Ok(Sent::Never(Trouble::NoSlip)),
            Err(refusal) => return Err(refusal),
        };
        // whoever gets the copy again sees it.
        let printing = if waiting.again { Printing::Again } else { Printing::First };
        let copy = match waiting.kind {
            DeliveryKind::CustomerMail => Copy::Customer,
            DeliveryKind::MerchantMail => Copy::Merchant,
        };
        let letter = mail::Letter { sale: &sale, lang: waiting.lang, copy, printing };
        let now_us = self.base.clock.now_us();
        match letter.message(self.mailer.from(), &waiting.address, id, now_us) {
            Ok(message) => Ok(self.mailer.send(&self.base.clock, &message).await),
            Err(error) => {
                tracing::error!(delivery = %hex::encode(id), %error, "a receipt's mail could not be made");
                Ok(Sent::Never(Trouble::Unmade))
            }
        }
    }

    fn is_too_old(&self, waiting: &Waiting) -> bool {
        self.base.clock.now_us().saturating_sub(waiting.asked_us) >= micros(limits::GIVE_UP_AFTER)
    }

    /// The delivery and its event end in one unit, unless another center has taken the event meanwhile.
    async fn end(
        &self,
        event: &Event,
        payment: PaymentId,
        id: [u8; 16],
        failed: Option<Trouble>,
    ) -> outbox::Outcome {
        let ours = event.clone();
        self.base
            .write(move |tx| {
                if outbox::finish(tx, &ours)? {
                    deliveries::end(tx, payment, &id, failed)?;
                }
                Ok(())
            })
            .await
            .map_err(words)?;
        let delivery = hex::encode(id);
        if let Some(trouble) = failed {
            tracing::warn!(delivery, payment.id = %payment, %trouble, "a receipt's mail failed");
        } else {
            tracing::info!(delivery, payment.id = %payment, "a receipt's mail was taken by the mail server");
        }
        Ok(())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
fn words(refusal: Refusal) -> String {
    refusal.to_string()
}
