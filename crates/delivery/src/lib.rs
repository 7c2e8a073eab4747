//! Receipts on their way to people: the public page behind the QR code (`/r/{token}`), and mail.
//!
//! A receipt is rendered from the payment each time, never stored: [`Sales`] gives the facts, the crate
//! `receipt` lays them out, and the page, the HTML part and the text part draw the same lines. What rests
//! here is who was sent which copy and how that went ([`receipt_deliveries`]); the address is kept while
//! the receipt's page lives, to begin with at a reissue (M-055), and forgotten by a job.
//!
//! A mail is asked for in one unit with its event in the outbox, and sent by the outbox's worker: a 4yz
//! answer or silence is tried again with growing pauses for a day, a 5yz answer ends it as failed.

mod address;
mod api;
mod approved;
mod deliveries;
mod file_mail;
mod limits;
mod mail;
mod order;
mod page;
mod sale;
mod send;
mod shop_mail;
mod smtp;
mod token;
mod view;

pub use address::MailAddress;
pub use approved::ApprovedPayments;
pub use deliveries::{Delivery, DeliveryKind, DeliveryState, Trouble, receipt_deliveries};
pub use file_mail::FileMail;
pub use page::slip;
pub use sale::{Sale, Sales};
pub use shop_mail::{drop_shop_mail, put_shop_mail};
pub use smtp::{BadMailSettings, MailSettings, Mailer, Sent};
pub use view::deliveries_panel;

use center_api::{MailReceiptRequest, ReceiptMail, ReceiptMails};
use center_base::jobs::Job;
use center_base::{Access, Base, Doc, Level, Refusal, Role, Routes, SignedBy, Table};
use http::Method;
use std::sync::Arc;
use store::{Migration, Tx};

/// The tables of this crate.
pub const MIGRATIONS: &[Migration] = &[deliveries::MIGRATION, shop_mail::MIGRATION];

/// Every statement of this crate.
pub const STATEMENTS: &[&str] = &{
    let [a, b, c, d, e, f] = deliveries::STATEMENTS;
    let [g, h, i] = shop_mail::STATEMENTS;
    [a, b, c, d, e, f, g, h, i]
};

/// Stores the counter of a signed request in the unit that does what it asks (`fleet::advance_counter`).
pub type AdvanceCounter = fn(&mut Tx<'_>, &SignedBy) -> Result<(), Refusal>;

/// The slice. Its clones share everything; it is also the consumer of its outbox topic.
#[derive(Clone)]
pub struct Receipts {
    base: Base,
    sales: Arc<dyn Sales>,
    mailer: Mailer,
    advance: AdvanceCounter,
}

impl Receipts {
    /// Puts it together.
    pub fn new(base: Base, sales: Arc<dyn Sales>, mailer: Mailer, advance: AdvanceCounter) -> Self {
        Self { base, sales, mailer, advance }
    }
}

/// The routes.
pub fn routes(receipts: Receipts) -> Table {
    let ask = Doc::new("mailReceipt", "receipts", "Mail the customer's copy")
        .description(
            "Answered when the mail is committed to be sent. With an `Idempotency-Key` the same key is the \
             same mail, and 409 with another address or language; without one, the same address within a \
             minute, or while the mail waits, is the same mail. 403 `receipt.mail_limit`: no more mails of \
             this receipt.",
        )
        .body::<MailReceiptRequest>()
        .answer::<ReceiptMail>(202, "Will be sent")
        .problem(403, "No more mails of this receipt")
        .problem(409, "The key was used for another mail, or the payment has no slip");
    let list = Doc::new("receiptMails", "receipts", "Mails of a receipt, and the last address")
        .answer::<ReceiptMails>(200, "The mails, the newest first");
    Routes::new(receipts)
        .api(Method::POST, "/api/v1/payments/{id}/receipt-mails", Access::TERMINAL, ask, api::ask)
        .api(Method::GET, "/api/v1/payments/{id}/receipt-mails", Access::TERMINAL, list, api::list)
        .page(
            Method::GET,
            "/payments/{id}/receipt-mails",
            Access::of(Role::PEOPLE, Level::Shop),
            view::fragment,
        )
        .page(Method::GET, "/r/{token}", Access::PUBLIC, page::show)
        .table()
}

/// The jobs: forgetting addresses.
pub fn jobs() -> Vec<Job> {
    vec![Job::new("delivery/forget", limits::FORGET_EVERY, |base| async move {
        while base.write(|tx| Ok(deliveries::forget(tx)?)).await? > 0 {}
        Ok(())
    })]
}
