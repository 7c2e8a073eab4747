//! What a slip says, before any layout: the facts of one payment (M-058, R-045).

use money::Yen;
use payment::{
    Brand, Cvm, EntryMode, MaskedPan, Method, Operator, PaymentClass, PaymentId, RefundKind, TaxLine,
};
use serde::{Deserialize, Serialize};

/// The facts of a slip of a sale, or of giving one back. Complete when the payment is approved; nothing here is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlipFacts {
    /// The payment.
    pub payment: PaymentId,
    /// The six-character transaction id (M-061).
    pub public_id: String,
    /// The order code, `AAAA-nnnnnnn`.
    pub order_code: String,
    /// Who sold.
    pub merchant: Merchant,
    /// When, UTC microseconds since 1970.
    pub taken_at_us: i64,
    /// How much.
    pub amount: Yen,
    /// By which method.
    pub method: Method,
    /// Lump sum or instalments.
    pub class: PaymentClass,
    /// The card, as far as it may be shown; none for a code payment.
    #[serde(default)]
    pub card: Option<CardFacts>,
    /// The code payment's own facts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<CodeFacts>,
    /// What this slip gives back; none for a sale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<RefundFacts>,
    /// The issuer's approval number, six characters; `None` prints 000000.
    pub approval_code: Option<String>,
    /// Processing number of the center, eight digits (処理番号, R-045).
    pub trace_no: String,
    /// Serial slip number of the terminal, four digits.
    pub slip_no: i64,
    /// Twelve-digit terminal id.
    pub terminal: String,
    /// The clerk (R-045 係員).
    pub operator: Option<Operator>,
    /// Product note (M-020); the reason, where money is given back.
    pub note: Option<String>,
    /// The consumption tax inside the amount, a line per rate (X-080 … X-082); empty where nobody stated it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tax: Vec<TaxLine>,
    /// The strokes of the signature, when one was given (M-062).
    pub signature: Option<Strokes>,
    /// Where the receipt page and its QR code lead (M-053); absolute URL.
    pub link: Option<String>,
}

impl SlipFacts {
    /// The brand that paid.
    pub fn brand(&self) -> Option<Brand> {
        self.card.as_ref().map(|card| card.brand).or(self.code.as_ref().map(|code| code.brand))
    }
}

/// A code payment on the slip (M-044).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeFacts {
    /// Brand.
    pub brand: Brand,
    /// The number under which the brand knows the payment.
    pub center_txn_id: Option<String>,
}

/// What a cancel slip gives back (M-059, R-046). The slip's amount and date are those of the refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundFacts {
    /// Void, return or refund.
    pub kind: RefundKind,
    /// The refund's own id; [`SlipFacts::payment`] is the payment that is given back.
    pub id: PaymentId,
    /// When the payment was taken, UTC microseconds since 1970.
    pub sold_at_us: i64,
    /// The sale's product note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
}

/// The shop on the slip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merchant {
    /// Shop name.
    pub name: String,
    /// Postal code, for example `150-0013`.
    pub postal_code: String,
    /// Address.
    pub address: String,
    /// Phone.
    pub phone: String,
    /// The company's registration number for qualified invoices, `T` and thirteen digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_reg_no: Option<String>,
    /// Counter (売場), printed on USEN slips.
    pub counter: String,
    /// Closing words chosen by the shop.
    pub message: String,
}

/// The card on the slip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardFacts {
    /// Brand.
    pub brand: Brand,
    /// First six and last four.
    pub pan: MaskedPan,
    /// IC, magstripe or contactless (M-029).
    pub entry_mode: EntryMode,
    /// How the cardholder was verified.
    pub cvm: Cvm,
    /// Application identifier, hex.
    pub aid: Option<String>,
    /// Application transaction counter, four hex digits.
    pub atc: Option<String>,
    /// PAN sequence number, two digits.
    pub pan_seq: Option<String>,
    /// Application label.
    pub app_label: Option<String>,
}

/// A signature: strokes of points in a box of 1000 × 400 units, the origin at the upper left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Strokes(pub Vec<Vec<(i32, i32)>>);

impl Strokes {
    /// At most this many points are kept.
    pub const MAX_POINTS: usize = 4000;

    /// Whether this is a signature: at least one stroke of two points, all inside the box, not too many.
    pub fn is_signature(&self) -> bool {
        let points = self.0.iter().map(Vec::len).sum::<usize>();
        points <= Self::MAX_POINTS
            && self.0.iter().any(|stroke| stroke.len() >= 2)
            && self.0.iter().flatten().all(|&(x, y)| (0..=1000).contains(&x) && (0..=400).contains(&y))
    }
}

/// Whose copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Copy {
    /// お客様控え.
    Customer,
    /// 加盟店控え.
    Merchant,
}

/// Whether this is the first print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Printing {
    /// The first one.
    First,
    /// Again, or from the history: marked (再).
    Again,
}
