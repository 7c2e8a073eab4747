//! The deliveries on the console's page of a payment.

use crate::Receipts;
use crate::deliveries::{Delivery, DeliveryKind, DeliveryState, Trouble, receipt_deliveries};
use axum::extract::{Path, State};
use center_base::{Caller, Refusal};
use codes::api;
use i18n::{Lang, t, ta};
use jiff::Timestamp;
use maud::{Markup, html};
use pages::icon::Icon;
use pages::list::{Column, empty, panel, table};
use pages::ui::{Tone, tag};
use payment::PaymentId;

/// `GET /payments/{id}/receipt-mails`: the panel as a fragment, which the page of a payment loads
/// (`hx-get`), since that page belongs to an earlier slice.
pub(crate) async fn fragment(
    State(receipts): State<Receipts>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Markup, Refusal> {
    let payment: PaymentId = id.parse().map_err(|_| Refusal::from(api::NOT_FOUND))?;
    let (tenant, scope, lang) = (receipts.base.tenant, caller.scope()?, caller.lang);
    let found = receipts.base.read(move |tx| Ok(receipt_deliveries(tx, tenant, &scope, payment)?)).await?;
    Ok(deliveries_panel(lang, &found))
}

/// The panel: which copy went where, and how it went.
pub fn deliveries_panel(lang: Lang, deliveries: &[Delivery]) -> Markup {
    let title = t(lang, "receipt-mails-title");
    let body = if deliveries.is_empty() {
        let advice = html! { p { (t(lang, "receipt-mails-none-advice")) } };
        empty(Icon::Mail, &t(lang, "receipt-mails-none"), &advice)
    } else {
        let [asked, copy, to, how] =
            ["receipt-mails-asked", "receipt-mails-copy", "receipt-mails-to", "receipt-mails-how"]
                .map(|key| t(lang, key));
        let columns = [Column::text(&asked), Column::text(&copy), Column::text(&to), Column::text(&how)];
        let rows: Vec<_> = deliveries.iter().map(|delivery| ("", cells(lang, delivery))).collect();
        table(&title, &columns, &rows)
    };
    html! { section #receipt-mails { (panel(&title, &body)) } }
}

fn cells(lang: Lang, delivery: &Delivery) -> Vec<Markup> {
    let asked = Timestamp::from_microsecond(delivery.asked_us).map(clock::tokyo_text).unwrap_or_default();
    let copy = match delivery.kind {
        DeliveryKind::CustomerMail => "receipt-mails-customer",
        DeliveryKind::MerchantMail => "receipt-mails-merchant",
    };
    let (tone, icon, word) = match delivery.state {
        DeliveryState::Queued(None) => (Tone::Info, Icon::Clock, "receipt-mails-queued"),
        DeliveryState::Queued(Some(_)) => (Tone::Ask, Icon::Clock, "receipt-mails-retried"),
        DeliveryState::Sent => (Tone::Ok, Icon::Check, "receipt-mails-sent"),
        DeliveryState::Failed(_) => (Tone::Ng, Icon::Cross, "receipt-mails-failed"),
    };
    let why = match delivery.state {
        DeliveryState::Queued(trouble) => trouble,
        DeliveryState::Sent => None,
        DeliveryState::Failed(trouble) => Some(trouble),
    };
    vec![
        html! { (asked) },
        html! { (t(lang, copy)) },
        html! { (delivery.masked) },
        html! {
            (tag(tone, icon, &t(lang, word)))
            @if let Some(trouble) = why { p.dim { (sentence(lang, trouble)) } }
        },
    ]
}

fn sentence(lang: Lang, trouble: Trouble) -> String {
    let with = |key: &str, code: u16| ta(lang, key, &[("code", &code.to_string())]);
    match trouble {
        Trouble::Refused(code) => with("receipt-mails-why-refused", code),
        Trouble::Later(code) => with("receipt-mails-why-later", code),
        Trouble::Unreachable => t(lang, "receipt-mails-why-unreachable"),
        Trouble::Tls => t(lang, "receipt-mails-why-tls"),
        Trouble::Unmade => t(lang, "receipt-mails-why-unmade"),
        Trouble::NoSlip => t(lang, "receipt-mails-why-no-slip"),
    }
}
