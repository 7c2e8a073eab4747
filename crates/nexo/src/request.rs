//! What a register asks, category by category. Unknown fields are tolerated.

use crate::amount::{Amount, CURRENCY};
use crate::header::{Category, is_service_id};
use crate::limits;
use crate::pairs::Pairs;
use crate::response::{DocumentQualifier, OutputContent, OutputFormat};
use serde::{Deserialize, Serialize};

/// A number of somebody's with its moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TransactionId {
    /// The number.
    #[serde(rename = "TransactionID")]
    pub transaction_id: String,
    /// RFC 3339.
    pub time_stamp: String,
}

/// `Login`: a register opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Login {
    /// RFC 3339.
    pub date_time: String,
    /// The register's program.
    pub sale_software: SaleSoftware,
    /// `ja` or another language.
    pub operator_language: String,
    /// The clerk.
    #[serde(rename = "OperatorID")]
    pub operator_id: Option<String>,
    /// The shift.
    pub shift_number: Option<String>,
    /// A session without money (J profile).
    pub training_mode_flag: Option<bool>,
}

/// Who made the register's program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SaleSoftware {
    /// Maker.
    #[serde(rename = "ManufacturerID")]
    pub manufacturer_id: String,
    /// Name.
    pub application_name: String,
    /// Version.
    pub software_version: String,
    /// Certificate.
    pub certification_code: String,
}

/// `Logout`: a register closes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Logout {
    /// The terminal may update itself now.
    pub maintenance_allowed: Option<bool>,
}

/// The slip of the register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SaleData {
    /// The clerk.
    #[serde(rename = "OperatorID")]
    pub operator_id: Option<String>,
    /// The shift.
    pub shift_number: Option<String>,
    /// The slip's number and moment.
    #[serde(rename = "SaleTransactionID")]
    pub sale_transaction_id: TransactionId,
    /// What belongs together.
    #[serde(rename = "SaleReferenceID")]
    pub sale_reference_id: Option<String>,
    /// `k=v&k=v`: `deadline` (whole seconds until the screen is cleared), `note`.
    #[serde(rename = "SaleToPOIData")]
    pub sale_to_poi_data: Option<String>,
}

/// `Payment`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Payment {
    /// The slip.
    pub sale_data: SaleData,
    /// How much.
    pub payment_transaction: PaymentTransaction,
    /// How it is paid.
    pub payment_data: Option<PaymentData>,
}

/// How much, and what may pay it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PaymentTransaction {
    /// Amounts.
    pub amounts_req: AmountsReq,
    /// What may pay it.
    pub transaction_conditions: Option<TransactionConditions>,
}

/// Amounts of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AmountsReq {
    /// `JPY`.
    pub currency: String,
    /// Whole yen.
    pub requested_amount: Amount,
    /// What other tenders have already paid of the slip; for information.
    pub paid_amount: Option<Amount>,
    /// Not taken here.
    pub cash_back_amount: Option<Amount>,
    /// Not taken here.
    pub tip_amount: Option<Amount>,
}

/// What may pay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TransactionConditions {
    /// Brands, in words of the contract (`visa`, `paypay`).
    #[serde(default)]
    pub allowed_payment_brand: Vec<String>,
    /// `Scanned` for a code; `ICC`, `MagStripe`, `Contactless`, `Tapped` for a card.
    #[serde(default)]
    pub force_entry_mode: Vec<String>,
}

/// How it is paid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PaymentData {
    /// `Normal` unless told.
    pub payment_type: Option<PaymentType>,
    /// One of several tenders of a slip.
    pub split_payment_flag: Option<bool>,
    /// The class.
    pub instalment: Option<Instalment>,
    /// Whether the customer shows a code.
    pub payment_instrument_data: Option<AskedInstrument>,
}

/// Type of a payment: the standard's closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the standard's own")]
pub enum PaymentType {
    CashAdvance,
    CashDeposit,
    Completion,
    FirstReservation,
    Instalment,
    IssuerInstalment,
    Normal,
    OneTimeReservation,
    PaidOut,
    Recurring,
    Refund,
    UpdateReservation,
}

/// What kind of thing pays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AskedInstrument {
    /// `Card`, `Mobile` …
    pub payment_instrument_type: Option<String>,
}

/// Instalments and the other classes: `PlanID` is the Japanese code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Instalment {
    /// 10 lump, 21 and 31 bonus, 61 instalments, 80 revolving.
    #[serde(rename = "PlanID")]
    pub plan_id: Option<String>,
    /// Number of payments.
    #[serde(rename = "TotalNbOfPayments")]
    pub total_nb_of_payments: Option<i64>,
}

/// `Reversal`: give a payment back, whole or in part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reversal {
    /// The slip of the giving back.
    pub sale_data: Option<SaleData>,
    /// Which payment.
    #[serde(rename = "OriginalPOITransaction")]
    pub original: OriginalTransaction,
    /// Whole yen; everything that is left when absent.
    pub reversed_amount: Option<Amount>,
    /// Why.
    pub reversal_reason: ReversalReason,
}

/// Why a payment is given back: the standard's closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the standard's own")]
pub enum ReversalReason {
    CustCancel,
    Malfunction,
    MerchantCancel,
    Unable2Compl,
}

impl ReversalReason {
    /// The name on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::CustCancel => "CustCancel",
            Self::Malfunction => "Malfunction",
            Self::MerchantCancel => "MerchantCancel",
            Self::Unable2Compl => "Unable2Compl",
        }
    }
}

/// A payment of this terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OriginalTransaction {
    /// The terminal's number, as it answered it.
    #[serde(rename = "POITransactionID")]
    pub poi_transaction_id: Option<TransactionId>,
}

/// `TransactionStatus`: what became of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TransactionStatus {
    /// Which message; the last one when absent.
    pub message_reference: Option<MessageReference>,
    /// The slips are wanted again, marked (再).
    pub receipt_reprint_flag: Option<bool>,
    /// Which slips.
    #[serde(default)]
    pub document_qualifier: Vec<DocumentQualifier>,
}

/// A message that was sent before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MessageReference {
    /// Its category.
    pub message_category: Option<Category>,
    /// Its number.
    #[serde(rename = "ServiceID")]
    pub service_id: Option<String>,
    /// Its device number.
    #[serde(rename = "DeviceID")]
    pub device_id: Option<String>,
    /// Its register; the asking one when absent.
    #[serde(rename = "SaleID")]
    pub sale_id: Option<String>,
    /// Its terminal.
    #[serde(rename = "POIID")]
    pub poi_id: Option<String>,
}

/// `Abort`: stop what runs, if no card was read yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Abort {
    /// Which message.
    pub message_reference: MessageReference,
    /// Why.
    pub abort_reason: String,
}

/// `Diagnosis`: how the terminal is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Diagnosis {
    /// Ask the center too.
    pub host_diagnosis_flag: Option<bool>,
}

/// `GetTotals`: totals without closing the period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetTotals {
    /// How the totals are broken down: `OperatorID`, `POIID`, `SaleID`, `ShiftNumber`, `TotalsGroupID`.
    #[serde(default)]
    pub total_details: Vec<String>,
    /// Which payments count.
    pub total_filter: Option<TotalFilter>,
}

/// Which payments count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TotalFilter {
    /// Of this terminal.
    #[serde(rename = "POIID")]
    pub poi_id: Option<String>,
    /// Of this register.
    #[serde(rename = "SaleID")]
    pub sale_id: Option<String>,
    /// Of this clerk.
    #[serde(rename = "OperatorID")]
    pub operator_id: Option<String>,
    /// Of this shift.
    pub shift_number: Option<String>,
}

/// `Print`: on the terminal's printer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Print {
    /// What.
    pub print_output: PrintOutput,
}

/// What is printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PrintOutput {
    /// Kind of document.
    pub document_qualifier: DocumentQualifier,
    /// `PrintEnd` waits for the paper.
    pub response_mode: String,
    /// The content.
    pub output_content: OutputContent,
}

/// `BalanceInquiry`: not taken until e-money comes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalanceInquiry {}

/// A request by its category.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// `Login`.
    Login(Login),
    /// `Logout`.
    Logout(Logout),
    /// `Payment`.
    Payment(Box<Payment>),
    /// `Reversal`.
    Reversal(Box<Reversal>),
    /// `TransactionStatus`.
    TransactionStatus(TransactionStatus),
    /// `Abort`.
    Abort(Abort),
    /// `Diagnosis`.
    Diagnosis(Diagnosis),
    /// `GetTotals`.
    GetTotals(GetTotals),
    /// `Print`.
    Print(Box<Print>),
    /// `BalanceInquiry`.
    BalanceInquiry(BalanceInquiry),
    /// A category that is not spoken here, as it came.
    Unlisted(serde_json::Value),
}

fn long(text: &str) -> bool {
    text.is_empty() || text.chars().count() > limits::TEXT_CHARS
}

fn long_option(text: Option<&String>) -> bool {
    text.is_some_and(|text| long(text))
}

impl SaleData {
    /// What `SaleToPOIData` says; nothing when it is not in the form of pairs (another maker's text).
    pub fn pairs(&self) -> Pairs {
        self.sale_to_poi_data.as_deref().and_then(|text| Pairs::read(text).ok()).unwrap_or_default()
    }

    fn fault(&self) -> Option<&'static str> {
        let texts = [self.operator_id.as_ref(), self.shift_number.as_ref(), self.sale_reference_id.as_ref()];
        if texts.into_iter().any(long_option) {
            Some("SaleData: a text is empty or longer than 256 characters")
        } else if self.sale_transaction_id.fault() {
            Some("SaleTransactionID: TransactionID and TimeStamp, 1 to 256 characters")
        } else if self.sale_to_poi_data.as_ref().is_some_and(|t| t.chars().count() > limits::PAIRS_CHARS) {
            Some("SaleToPOIData: at most 4096 characters")
        } else {
            None
        }
    }
}

impl TransactionId {
    fn fault(&self) -> bool {
        long(&self.transaction_id) || long(&self.time_stamp)
    }
}

impl Payment {
    fn fault(&self) -> Option<&'static str> {
        let amounts = &self.payment_transaction.amounts_req;
        let conditions = self.payment_transaction.transaction_conditions.as_ref();
        let lists = conditions.is_some_and(|conditions| {
            let lists = [&conditions.allowed_payment_brand, &conditions.force_entry_mode];
            lists.into_iter().any(|list| list.len() > limits::ITEMS || list.iter().any(|text| long(text)))
        });
        let zero = |amount: &Option<Amount>| amount.is_none_or(|amount| amount.0.is_zero());
        if amounts.currency != CURRENCY {
            Some("Currency: JPY only")
        } else if amounts.requested_amount.0.is_zero() {
            Some("RequestedAmount: whole yen above zero")
        } else if !zero(&amounts.cash_back_amount) || !zero(&amounts.tip_amount) {
            Some("CashBackAmount, TipAmount: not taken here")
        } else if lists {
            Some("TransactionConditions: a text is empty or too long")
        } else {
            self.sale_data.fault()
        }
    }
}

impl MessageReference {
    fn fault(&self) -> Option<&'static str> {
        let number = |text: &Option<String>| text.as_deref().is_none_or(is_service_id);
        if number(&self.service_id) && number(&self.device_id) && !long_option(self.sale_id.as_ref()) {
            None
        } else {
            Some("MessageReference: ServiceID of 1 to 10 letters and digits, SaleID")
        }
    }
}

impl Body {
    /// What is wrong with it beyond its shape, if anything: one sentence for the register's maker.
    pub fn fault(&self) -> Option<&'static str> {
        match self {
            Self::Payment(payment) => payment.fault(),
            Self::Reversal(reversal) => {
                let original = reversal.original.poi_transaction_id.as_ref();
                if original.is_none_or(TransactionId::fault) {
                    return Some("OriginalPOITransaction: POITransactionID as this terminal answered it");
                }
                if reversal.reversed_amount.is_some_and(|amount| amount.0.is_zero()) {
                    return Some("ReversedAmount: whole yen above zero");
                }
                reversal.sale_data.as_ref().and_then(SaleData::fault)
            }
            Self::TransactionStatus(status) => {
                if status.document_qualifier.len() > limits::ITEMS {
                    return Some("DocumentQualifier: too many");
                }
                status.message_reference.as_ref().and_then(MessageReference::fault)
            }
            Self::Abort(abort) => {
                if long(&abort.abort_reason) {
                    return Some("AbortReason: 1 to 256 characters");
                }
                abort.message_reference.fault()
            }
            Self::Print(print) => {
                let content = &print.print_output.output_content;
                let text = content.output_format == OutputFormat::Text;
                if content.output_text.len() > limits::ITEMS {
                    Some("OutputText: at most 500 rows")
                } else if text && content.output_text.is_empty() {
                    Some("OutputText: at least one row")
                } else {
                    None
                }
            }
            Self::Login(login) => {
                let texts = [login.operator_id.as_ref(), login.shift_number.as_ref()];
                let bad = texts.into_iter().any(long_option) || long(&login.date_time);
                bad.then_some("Login: a text is empty or longer than 256 characters")
            }
            Self::GetTotals(totals) => {
                let filter = totals.total_filter.as_ref();
                let bad = filter.is_some_and(|filter| {
                    [&filter.poi_id, &filter.sale_id, &filter.operator_id, &filter.shift_number]
                        .into_iter()
                        .any(|text| long_option(text.as_ref()))
                });
                bad.then_some("TotalFilter: a text is empty or longer than 256 characters")
            }
            Self::Logout(_) | Self::Diagnosis(_) | Self::BalanceInquiry(_) | Self::Unlisted(_) => None,
        }
    }
}
