//! Payments: ask, look, complete, reverse.

use codes::{Code, MoneyTaken};
use money::Yen;
use payment::{Brand, Cvm, EntryMode, MaskedPan, Method, Operator, PaymentClass, PaymentId, StateName};
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
    /// The clerk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<Object>))]
    pub operator: Option<Operator>,
    /// The terminal's clock when it started, a claim only.
    pub started_at_us: i64,
    /// True when a signature follows: asked as 0100, completed by [`CompletionRequest`] (0220).
    pub signature_follows: bool,
    /// The card.
    pub card: CardData,
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
    /// Key serial number of the card data key, 24 hex digits (ANSI X9.24-3).
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
    /// Key serial number of the PIN key, 24 hex digits.
    pub ksn: String,
    /// ISO 9564 format 4 block, 32 hex digits.
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
