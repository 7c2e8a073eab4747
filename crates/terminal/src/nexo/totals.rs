//! `GetTotals`: today's payments of this terminal by brand, from its own journal. The period stays open.

use super::Registers;
use super::condition;
use crate::attempt::{Attempt, Origin, Purpose};
use ::nexo::amount::{Amount, CURRENCY};
use ::nexo::header::Header;
use ::nexo::pairs::Pairs;
use ::nexo::request::{GetTotals, TotalFilter};
use ::nexo::response::{
    Answer, ErrorCondition, InstrumentType, PaymentTotals, Response, TotalsAnswer, TransactionTotals,
    TransactionType,
};
use clock::tokyo;
use codes::{MoneyTaken, api};
use money::Yen;
use payment::{Method, StateName};
use std::collections::BTreeMap;

type Key = (bool, String);
/// Count and sum for each kind, by method and brand.
type Sums = BTreeMap<Key, BTreeMap<TransactionType, (i64, Yen)>>;

/// Adds a payment; what is not decided yet is in no total.
fn add(sums: &mut Sums, attempt: &Attempt) {
    let refund = matches!(attempt.purpose, Purpose::Refund { .. });
    let kind = match attempt.name() {
        StateName::Approved if refund => TransactionType::Credit,
        StateName::Approved => TransactionType::Debit,
        StateName::Declined => TransactionType::Declined,
        StateName::Failed | StateName::Reversed | StateName::Released => TransactionType::Failed,
        StateName::Abandoned
        | StateName::Started
        | StateName::Sent
        | StateName::Authorized
        | StateName::InDoubt => return,
    };
    let card = attempt.card.as_ref().map(|card| card.brand);
    let brand = card.or_else(|| attempt.code_paid.as_ref().and_then(|code| code.brand));
    let key =
        (attempt.method == Method::Code, brand.map(|brand| brand.word().to_owned()).unwrap_or_default());
    let (count, sum) = sums.entry(key).or_default().entry(kind).or_insert((0, Yen::ZERO));
    *count = count.saturating_add(1);
    *sum = sum.plus(attempt.amount).unwrap_or(Yen::MAX);
}

/// Whether a filter lets a payment through.
fn counts(filter: Option<&TotalFilter>, attempt: &Attempt) -> bool {
    let Some(filter) = filter else { return true };
    let sale = match &attempt.origin {
        Origin::Register { sale_id, .. } => Some(sale_id.as_str()),
        Origin::Keypad | Origin::Local => None,
    };
    let operator = attempt.operator.as_ref().map(|operator| operator.id.as_str());
    filter.sale_id.as_deref().is_none_or(|wanted| sale == Some(wanted))
        && filter.operator_id.as_deref().is_none_or(|wanted| operator == Some(wanted))
}

fn lines(sums: Sums, poi_id: &str) -> Vec<TransactionTotals> {
    sums.into_iter()
        .map(|((code, brand), kinds)| TransactionTotals {
            payment_instrument_type: if code { InstrumentType::Mobile } else { InstrumentType::Card },
            card_brand: (!brand.is_empty()).then_some(brand),
            poi_id: Some(poi_id.to_owned()),
            payment_currency: Some(CURRENCY.to_owned()),
            payment_totals: kinds
                .into_iter()
                .map(|(transaction_type, (transaction_count, sum))| PaymentTotals {
                    transaction_type,
                    transaction_count,
                    transaction_amount: Amount(sum),
                })
                .collect(),
        })
        .collect()
}

impl Registers {
    /// Today's totals. `POIReconciliationID` is the business date as a number, the period that is open.
    pub(super) async fn totals(&self, header: &Header, asked: &GetTotals) -> Answer {
        let today = self.clock().today();
        let digits = today.to_string().replace('-', "");
        let period = digits.parse::<i64>().unwrap_or(0);
        let refused = |condition, pairs: &Pairs| {
            let response = Response::failure(condition, pairs);
            Answer::GetTotals(TotalsAnswer {
                response,
                poi_reconciliation_id: period,
                transaction_totals: Vec::new(),
            })
        };
        let kept = asked.total_details.iter().all(|detail| matches!(detail.as_str(), "POIID" | "SaleID"));
        let shift = asked.total_filter.as_ref().is_some_and(|filter| filter.shift_number.is_some());
        if !kept || shift {
            // An unfiltered sum under a filter's name would be a wrong sum.
            let pairs = condition::pairs_of(self.handle.lang(), api::NOT_ALLOWED, MoneyTaken::No)
                .with("detail", "totals are kept by brand, terminal, register and clerk");
            return refused(ErrorCondition::NotAllowed, &pairs);
        }
        let since_us = today.to_zoned(tokyo()).map_or(0, |day| day.timestamp().as_microsecond());
        let filter = asked.total_filter.clone();
        let by_sale = asked.total_details.iter().any(|detail| detail == "SaleID");
        let filter = match (filter, by_sale) {
            (None, true) => {
                Some(TotalFilter { sale_id: Some(header.sale_id.clone()), ..TotalFilter::default() })
            }
            (filter, _) => filter,
        };
        let sum = move |sums: &mut Sums, attempt: Attempt| {
            if counts(filter.as_ref(), &attempt) {
                add(sums, &attempt);
            }
        };
        match self.shared().journal.since::<_, Sums>(since_us, sum).await {
            Ok(sums) => Answer::GetTotals(TotalsAnswer {
                response: Response::success(&Pairs::new().with("business_date", today)),
                poi_reconciliation_id: period,
                transaction_totals: lines(sums, &self.poi_id()),
            }),
            Err(error) => {
                tracing::error!(%error, "the totals could not be read");
                let pairs = condition::pairs_of(self.handle.lang(), api::UNAVAILABLE, MoneyTaken::No);
                refused(ErrorCondition::UnavailableService, &pairs)
            }
        }
    }
}
