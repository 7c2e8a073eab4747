//! Asking for a mail: once for one request, not more often than the policy allows, in one unit with its
//! place in the outbox.

use crate::address::MailAddress;
use crate::deliveries::{self, Delivery, DeliveryKind, DeliveryState, NewDelivery, receipt_deliveries};
use crate::limits;
use crate::sale::Sale;
use crate::send;
use crate::shop_mail::shop_mail;
use center_base::{Refusal, Scope, outbox};
use codes::api;
use i18n::Lang;
use std::time::Duration;
use store::Tx;

/// A request for the customer's copy.
#[derive(Clone)]
pub(crate) struct Order {
    pub(crate) sale: Sale,
    pub(crate) address: MailAddress,
    pub(crate) lang: Lang,
    /// The asker's `Idempotency-Key`.
    pub(crate) key: Option<String>,
    pub(crate) asked_by: String,
    /// Ids of the customer's and the merchant's delivery, minted before the unit.
    pub(crate) ids: [[u8; 16]; 2],
}

/// How many mails of a receipt may still be asked for (D-20; 0 in the policy = as many as one likes).
pub(crate) fn left(sale: &Sale, so_far: &[Delivery]) -> i64 {
    let limit = match sale.policy.mail_limit {
        0 => limits::MAILS_PER_RECEIPT,
        limit => limit.min(limits::MAILS_PER_RECEIPT),
    };
    let used = so_far.iter().filter(|delivery| delivery.counts()).count();
    limit.saturating_sub(i64::try_from(used).unwrap_or(i64::MAX)).max(0)
}

/// Writes the order, or finds the one that it repeats.
pub(crate) fn place(tx: &mut Tx<'_>, order: &Order) -> Result<Delivery, Refusal> {
    let tenant = tx.tenant();
    let payment = order.sale.facts.payment;
    let so_far = receipt_deliveries(tx, tenant, &Scope::Tenant, payment)?;
    if let Some(same) = repeated(order, &so_far, tx.now_us())? {
        return Ok(same);
    }
    if left(&order.sale, &so_far) == 0 {
        return Err(Refusal::from(api::NOT_ALLOWED).detail("receipt.mail_limit"));
    }
    let again = so_far.iter().any(Delivery::counts);
    let [customer, merchant] = order.ids;
    write(tx, &row(order, customer, DeliveryKind::CustomerMail, order.address.clone(), again))?;
    // M-054, M-055: the shop's own address receives its copy whenever a customer does.
    if let Some(shop) = shop_mail(tx, tenant, &order.sale.shop)? {
        write(tx, &row(order, merchant, DeliveryKind::MerchantMail, shop, again))?;
    }
    let written = receipt_deliveries(tx, tenant, &Scope::Tenant, payment)?;
    let own = written.into_iter().find(|delivery| delivery.id == customer);
    own.ok_or_else(|| Refusal::internal("a delivery that was just written is not there"))
}

/// The same key is the same request, and with another address or language a mistake. Without a key, the
/// same address again is the same request while the mail waits or was asked for a moment ago.
fn repeated(order: &Order, so_far: &[Delivery], now_us: i64) -> Result<Option<Delivery>, Refusal> {
    let mails = || so_far.iter().filter(|delivery| delivery.kind == DeliveryKind::CustomerMail);
    let same_address = |delivery: &&Delivery| delivery.address.as_ref() == Some(&order.address);
    if let Some(key) = &order.key {
        return match mails().find(|delivery| delivery.request_key == keyed(key)) {
            Some(found) if same_address(&found) && found.lang == order.lang => Ok(Some(found.clone())),
            Some(_) => Err(api::ID_REUSED.into()),
            None => Ok(None),
        };
    }
    let waits_or_is_fresh = |delivery: &&Delivery| match delivery.state {
        DeliveryState::Queued(_) => true,
        DeliveryState::Sent => now_us.saturating_sub(delivery.asked_us) < micros(limits::SAME_REQUEST),
        DeliveryState::Failed(_) => false,
    };
    Ok(mails().filter(same_address).find(waits_or_is_fresh).cloned())
}

fn row(order: &Order, id: [u8; 16], kind: DeliveryKind, address: MailAddress, again: bool) -> NewDelivery {
    let own_key = || format!("delivery {}", hex::encode(order.ids.concat()));
    NewDelivery {
        id,
        payment: order.sale.facts.payment,
        company: order.sale.company.clone(),
        shop: order.sale.shop.clone(),
        terminal: order.sale.terminal.clone(),
        kind,
        request_key: order.key.as_deref().map_or_else(own_key, keyed),
        asked_by: order.asked_by.clone(),
        // The shop keeps its copies in its own language.
        lang: if kind == DeliveryKind::MerchantMail { Lang::default() } else { order.lang },
        again,
        address,
        // Kept for prefilling while the receipt can be seen (M-055).
        forget_us: order.sale.page_until().as_microsecond(),
    }
}

/// Stands apart from the keys that we make ourselves.
fn keyed(key: &str) -> String {
    format!("key {key}")
}

fn write(tx: &mut Tx<'_>, new: &NewDelivery) -> Result<(), Refusal> {
    deliveries::insert(tx, new)?;
    let body = send::Body { payment: new.payment, delivery: hex::encode(new.id) };
    Ok(outbox::put(tx, send::TOPIC, &body.delivery, &body)?)
}

pub(crate) fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}
