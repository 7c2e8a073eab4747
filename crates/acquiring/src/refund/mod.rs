//! Giving back: voids, returns and refunds, each a record of its own with the states of a payment.
//!
//! | module | holds |
//! |---|---|
//! | `rows` | the refund's row |
//! | [`path`] | the units of work: lock, load, decide, write |
//! | `service` | the money step in its own task, advices, recovery |
//! | `view` | a refund as terminal, slip and console are shown it |
//! | `api` | the terminal API |
//!
//! The cap is decided and reserved in the unit that writes the refund as sent, under a lock on the
//! payment's row: on two centers of one database, too, only as much is given back as was paid.

pub(crate) mod api;
pub mod path;
pub(crate) mod rows;
pub(crate) mod service;
pub mod view;

pub(crate) use rows::sums_fit;
pub use rows::{MIGRATIONS, STATEMENTS, after, load, of_payment};
pub use service::Refunds;

use crate::networks::card_iso8583::{Subject, stan_of};
use crate::networks::card_refund::GiveBack;
use crate::row::Payment;
use crate::step::{Doubt, Standing};
use center_base::TerminalId;
use money::Yen;
use payment::refund::{RefundBy, RefundFacts};
use payment::tax::rest_parts;
use payment::{Method, Operator, PaymentId, RefundKind, StateName, TaxParts};

/// A refund as it stands in its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Minted by who acted first.
    pub id: PaymentId,
    /// The unit that wrote it first; trace numbers come from it.
    pub seq: i64,
    /// What it gives back.
    pub payment: PaymentId,
    /// What it is.
    pub kind: RefundKind,
    /// The payment's method.
    pub method: Method,
    /// How much.
    pub amount: Yen,
    /// The part that decides.
    pub standing: Standing,
    /// Counts the changes.
    pub version: i64,
    /// When it was written first (UTC microseconds).
    pub sent_at_us: i64,
    /// When the state last changed.
    pub changed_at_us: i64,
    /// `YYYY-MM-DD`, Asia/Tokyo, of the center's clock.
    pub business_date: String,
    /// Which process asks the network.
    pub instance: String,
    /// At which terminal; none in the console.
    pub terminal: Option<TerminalId>,
    /// Who asked: `terminal 000000358002`, `person tanaka`.
    pub who: String,
    /// Slip number of the terminal, 0 in the console.
    pub slip_no: i64,
    /// The clerk.
    pub operator: Option<Operator>,
    /// Why.
    pub reason: Option<String>,
    /// What of it was not taxed at the standard rate, where that is known.
    pub tax: Option<TaxParts>,
    /// Fingerprint of the card that was shown.
    pub fingerprint: Option<[u8; 16]>,
    /// ATC of the card that was shown (M-059).
    pub atc: Option<String>,
    /// The number under which a code brand knows it.
    pub center_txn_id: Option<String>,
}

/// How a doubt about a refund ends: what undoes cannot be undone, so it is asked again.
pub const fn doubt_of(method: Method, kind: RefundKind) -> Doubt {
    match (method, kind) {
        (Method::Card, RefundKind::Return | RefundKind::Refund) => Doubt::Undo,
        (Method::Card, RefundKind::Void) | (Method::Code, _) => Doubt::AskAgain,
    }
}

impl Refund {
    /// Whether the money may still come back by it, or has.
    pub fn counts(&self) -> bool {
        self.is_open() || self.standing.state.name() == StateName::Approved
    }

    /// Sent or in doubt.
    pub fn is_open(&self) -> bool {
        matches!(self.standing.state.name(), StateName::Started | StateName::Sent | StateName::InDoubt)
    }

    /// What the card network's messages say about it.
    pub fn give_back(&self, payment: &Payment) -> GiveBack {
        let original = payment.subject();
        let refund = Subject {
            id: self.id,
            amount: self.amount,
            sent_at_us: self.sent_at_us,
            stan: stan_of(self.seq),
            completion_follows: false,
            ..original.clone()
        };
        GiveBack { kind: self.kind, refund, original }
    }

    /// 処理番号 of the cancel slip.
    pub fn trace_no(&self) -> String {
        format!("{:08}", self.seq.rem_euclid(100_000_000))
    }
}

/// What [`payment::refund::decide`] rests on. `days`: since the payment's business date.
pub fn facts(payment: &Payment, refunds: &[Refund], by: RefundBy, days: i64) -> RefundFacts {
    let sum = |wanted: fn(&Refund) -> bool| {
        let amounts = refunds.iter().filter(|refund| wanted(refund)).map(|refund| refund.amount);
        amounts.fold(Yen::ZERO, |sum, amount| sum.plus(amount).unwrap_or(sum))
    };
    let count = refunds.iter().filter(|refund| refund.counts()).count();
    RefundFacts {
        by,
        state: payment.shown_state(),
        unsettled: payment.standing.advice.is_some(),
        paid: payment.amount,
        given_back: sum(|refund| refund.standing.state.name() == StateName::Approved),
        under_way: sum(Refund::is_open),
        count: u32::try_from(count).unwrap_or(u32::MAX),
        days,
    }
}

/// What is left of a payment after the refunds that count: how much, and its parts while they are known.
pub fn rest(payment: &Payment, refunds: &[Refund]) -> (Yen, Option<TaxParts>) {
    let back = || refunds.iter().filter(|refund| refund.counts()).map(|refund| (refund.amount, refund.tax));
    let left = back().fold(payment.amount, |left, (amount, _)| left.minus(amount).unwrap_or(Yen::ZERO));
    (left, rest_parts(payment.amount, payment.tax, back()))
}

/// Days between two business dates; a date that cannot be read is today's.
pub fn days_between(from: &str, to: &str) -> i64 {
    let date = |text: &str| text.parse::<jiff::civil::Date>().ok();
    let span = date(from).zip(date(to)).and_then(|(from, to)| from.until(to).ok());
    span.map_or(0, |span| i64::from(span.get_days()))
}
