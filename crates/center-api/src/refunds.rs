//! Giving back: voids, returns and refunds of a payment.

use crate::payments::CardData;
use codes::{Code, MoneyTaken};
use money::Yen;
use payment::{Medium, Operator, PaymentId, RefundKind, StateName, TaxParts};
use receipt::SlipFacts;
use serde::{Deserialize, Serialize};

/// What may be given back of a payment now, by the rules of its brand (model.md 3.4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RefundOffer {
    /// What it would be now.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub kind: RefundKind,
    /// What the customer must show.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub medium: Medium,
    /// The most that may be given back, whole yen.
    #[cfg_attr(feature = "schema", schema(value_type = i64))]
    pub most: Yen,
    /// Less than the most may be given back.
    pub partial: bool,
    /// The last day, `YYYY-MM-DD`, Asia/Tokyo.
    pub until: String,
    /// The customer signs for it.
    pub signature: bool,
    /// The parts of the most, while they are known: where there are several kinds, less than the most is given
    /// back with a statement of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<Object>))]
    pub tax: Option<TaxParts>,
}

/// `POST /api/v1/payments/{id}/refunds`: give this much back. Same id again = same answer; same id with
/// another payment or amount = 409; still under way = 202.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RefundRequest {
    /// The refund's own id, minted and journaled by who acts first.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub id: PaymentId,
    /// Whole yen, above zero.
    #[cfg_attr(feature = "schema", schema(value_type = i64))]
    pub amount: Yen,
    /// Slip number of the terminal, 1 to 9999.
    pub slip_no: i64,
    /// The clerk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<Object>))]
    pub operator: Option<Operator>,
    /// Why, at most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What of the amount was not taxed at the standard rate; needed only where the rest of the payment is of
    /// several kinds and less than the rest is given back. More of a kind than is left of it is declined (E29).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<Object>))]
    pub tax: Option<TaxParts>,
    /// The terminal's clock when it started, a claim only.
    pub started_at_us: i64,
    /// The card, where the offer asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<CardData>,
}

/// A void, return or refund as the center knows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RefundView {
    /// The refund.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub id: PaymentId,
    /// The payment that it gives back.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub payment: PaymentId,
    /// What it is.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub kind: RefundKind,
    /// Whole yen.
    #[cfg_attr(feature = "schema", schema(value_type = i64))]
    pub amount: Yen,
    /// Where it stands.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub state: StateName,
    /// Whether the customer got the money back.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub money_returned: MoneyTaken,
    /// The code of a refusal, failure or doubt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub code: Option<Code>,
    /// The cancel slip's facts, when it is approved (M-059, R-046).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<Object>))]
    pub slip: Option<SlipFacts>,
    /// Since when it is in doubt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_doubt_since_us: Option<i64>,
    /// Business date, `YYYY-MM-DD`, Asia/Tokyo.
    pub business_date: String,
}

/// `POST /api/v1/refunds/{id}/reversal`: undo it whatever it is; an id never seen is remembered as a
/// tombstone, so that a late original is refused.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RefundReversal {
    /// The payment, as in the refund request.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub payment: PaymentId,
    /// As in the refund request.
    #[cfg_attr(feature = "schema", schema(value_type = i64))]
    pub amount: Yen,
    /// Why.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub reason: Code,
}
