//! Payments: ask, look, complete, reverse.

use crate::refunds::{RefundOffer, RefundView};
use codes::{Code, MoneyTaken};
use money::Yen;
use payment::{
    Brand, CodeEntry, Cvm, EntryMode, MaskedPan, Method, Operator, PaymentClass, PaymentId, StateName,
    TaxParts,
};
use receipt::{SlipFacts, Strokes};
use serde::{Deserialize, Serialize};

/// `POST /api/v1/payments`: take this payment. Same id again = same answer; same id with another
/// amount, method, terminal or class = 409; same id still under way = 202 with its state.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PaymentRequest {
    /// Minted and journaled by the terminal before anything is sent.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub id: PaymentId,
    /// Whole yen, above zero.
    #[cfg_attr(feature = "schema", schema(value_type = i64))]
    pub amount: Yen,
    /// Method.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub method: Method,
    /// Lump sum or instalments.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub class: PaymentClass,
    /// Slip number of the terminal, 1 to 9999.
    pub slip_no: i64,
    /// Product note (M-020), at most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What of the amount is not taxed at the standard rate; absent where nobody states it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<Object>))]
    pub tax: Option<TaxParts>,
    /// The clerk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<Object>))]
    pub operator: Option<Operator>,
    /// The terminal's clock when it started, a claim only.
    pub started_at_us: i64,
    /// True when a signature follows: asked as 0100, completed by [`CompletionRequest`] (0220).
    pub signature_follows: bool,
    /// The card, when the method is `card`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<CardData>,
    /// The code, when the method is `code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<CodeData>,
}

/// A code as it was read from the customer's phone (CPM).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CodeData {
    /// The one-time code.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub token: CodeToken,
    /// The brand that the clerk chose, where the code alone does not say it (M-042).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub brand: Option<Brand>,
    /// How it came in.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub entry: CodeEntry,
}

/// The text of a one-time code. It pays once, so it is never printed, logged or stored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CodeToken(String);

impl CodeToken {
    /// A code that was read.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the brand that is asked.
    pub fn unmask(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for CodeToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CodeToken({} characters)", self.0.chars().count())
    }
}

/// A card as the reader gives it out: shown parts in clear, the rest encrypted for the network.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CardData {
    /// How it was read.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub entry_mode: EntryMode,
    /// True when the stripe was read because the chip failed (DE 22 `80x`).
    pub fallback: bool,
    /// Brand.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub brand: Brand,
    /// First six and last four.
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub pan: MaskedPan,
    /// How the cardholder was verified.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub cvm: Cvm,
    /// PAN sequence number, two digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pan_seq: Option<String>,
    /// AID, hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aid: Option<String>,
    /// Application label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_label: Option<String>,
    /// Application transaction counter, four hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub atc: Option<String>,
    /// DE 55 as the chip gave it, hex, without number and track; empty for a stripe.
    pub emv: String,
    /// Key serial number of the card data key: 24 hex digits (ANSI X9.24-3) or 20 (ANSI X9.24-1).
    pub ksn: String,
    /// Card data under that key, hex.
    pub ciphertext: String,
    /// The reader's keyed fingerprint of the number, 32 hex digits.
    pub fingerprint: String,
    /// The PIN block, when a PIN was entered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<EncryptedPin>,
    /// Serial number of the reader (M-014).
    pub reader_serial: String,
}

/// A PIN as the PIN pad gives it out.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EncryptedPin {
    /// Key serial number of the PIN key, as long as that of the card data.
    pub ksn: String,
    /// ISO 9564 block: format 4 under AES, 32 hex digits; format 0 under triple DES, 16.
    pub block: String,
}

/// A payment as the center knows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PaymentView {
    /// The payment.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub id: PaymentId,
    /// Where it stands.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub state: StateName,
    /// Whether money was taken.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub money_taken: MoneyTaken,
    /// The code of a refusal, failure or doubt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub code: Option<Code>,
    /// Whole yen.
    #[cfg_attr(feature = "schema", schema(value_type = i64))]
    pub amount: Yen,
    /// Method.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub method: Method,
    /// Class.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub class: PaymentClass,
    /// What the issuer sent for the chip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<HostAnswer>,
    /// The slip's facts, when the payment is authorized or approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<Object>))]
    pub slip: Option<SlipFacts>,
    /// Since when it is in doubt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_doubt_since_us: Option<i64>,
    /// Business date, `YYYY-MM-DD`, Asia/Tokyo.
    pub business_date: String,
    /// The brand, when it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub brand: Option<Brand>,
    /// The customer must still confirm on the phone (code payments; the state is `sent`).
    #[serde(default)]
    pub waits_for_user: bool,
    /// The number under which the code brand knows it (M-044).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub center_txn_id: Option<String>,
    /// What was given back of it, whole yen.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = i64))]
    pub given_back: Yen,
    /// Its voids, returns and refunds, oldest first.
    #[serde(default)]
    pub refunds: Vec<RefundView>,
    /// What may be given back now; nothing when nothing may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_offer: Option<RefundOffer>,
}

/// The issuer's answer for the chip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct HostAnswer {
    /// Authorization response code, two characters (EMV tag 8A).
    pub arc: String,
    /// DE 55 of the answer, hex: tag 91 and scripts 71, 72.
    pub emv: String,
}

/// `POST /api/v1/payments/{id}/completion`: the signature is done (0220 follows).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CompletionRequest {
    /// The signature.
    #[cfg_attr(feature = "schema", schema(value_type = Vec<Vec<Vec<i32>>>))]
    pub signature: Strokes,
}

/// `POST /api/v1/payments/{id}/reversal`: undo it whatever it is; an id never seen is remembered
/// as a tombstone, so that a late original is refused (model 3.3 rule 9).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ReversalRequest {
    /// As in the payment request.
    #[cfg_attr(feature = "schema", schema(value_type = i64))]
    pub amount: Yen,
    /// As in the payment request.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub method: Method,
    /// As in the payment request.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub class: PaymentClass,
    /// Why.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub reason: Code,
}

/// `POST /api/v1/payments/{id}/receipt-mails`: send the customer's copy.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct MailReceiptRequest {
    /// Where to.
    pub address: String,
    /// Language of the frame around the slip.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub lang: i18n::Lang,
}

impl std::fmt::Debug for MailReceiptRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailReceiptRequest").field("lang", &self.lang).finish_non_exhaustive()
    }
}

/// One line of a payment's story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TimelineEntry {
    /// When.
    pub at_us: i64,
    /// What, as a stable word: `sent`, `approved`, `reversal_sent` …
    pub what: String,
    /// Who: `terminal 000000358002`, `center`, `network card`.
    pub who: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_before_codes_and_refunds_is_still_read() {
        let old = serde_json::json!({
            "id": "019aa000-0000-7000-8000-000000000001", "state": "approved", "money_taken": "yes",
            "amount": 880, "method": "card", "class": "lump", "business_date": "2026-11-21"
        });
        let view: PaymentView = serde_json::from_value(old).unwrap();
        assert_eq!((view.given_back, view.refunds.len(), view.waits_for_user), (Yen::ZERO, 0, false));
    }

    #[test]
    fn a_code_is_never_printed() {
        let token = CodeToken::new("281234567890123456");
        assert_eq!(format!("{token:?}"), "CodeToken(18 characters)");
    }
}
