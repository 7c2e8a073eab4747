//! What the terminal answers, category by category.

use crate::amount::{Amount, CURRENCY};
use crate::header::Header;
use crate::pairs::Pairs;
use crate::request::{Instalment, MessageReference, SaleData, TransactionId};
use money::Yen;
use serde::{Deserialize, Serialize};

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the standard's own")]
pub enum ResultCode {
    Success,
    Partial,
    Failure,
}

/// Why it went wrong: the standard's closed list. Registers decide by this alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the standard's own")]
pub enum ErrorCondition {
    Aborted,
    Busy,
    Cancel,
    DeviceOut,
    InProgress,
    InsertedCard,
    InvalidCard,
    LoggedOut,
    MessageFormat,
    NotAllowed,
    NotFound,
    PaymentRestriction,
    Refusal,
    UnavailableDevice,
    UnavailableService,
    UnreachableHost,
    #[serde(rename = "WrongPIN")]
    WrongPin,
}

/// The part that every answer has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    /// How it went.
    pub result: ResultCode,
    /// Why not.
    pub error_condition: Option<ErrorCondition>,
    /// `k=v&k=v`, url-encoded: `code`, `money`, `outcome`, `message` …
    pub additional_response: Option<String>,
}

impl Response {
    /// It went well.
    pub fn success(more: &Pairs) -> Self {
        Self { result: ResultCode::Success, error_condition: None, additional_response: more.write() }
    }

    /// It did not.
    pub fn failure(condition: ErrorCondition, more: &Pairs) -> Self {
        Self {
            result: ResultCode::Failure,
            error_condition: Some(condition),
            additional_response: more.write(),
        }
    }

    /// What `AdditionalResponse` says.
    pub fn pairs(&self) -> Pairs {
        self.additional_response.as_deref().and_then(|text| Pairs::read(text).ok()).unwrap_or_default()
    }
}

/// Kind of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the standard's own")]
pub enum DocumentQualifier {
    CashierReceipt,
    CustomerReceipt,
    Document,
    Journal,
    SaleReceipt,
    Voucher,
}

/// Form of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the standard's own")]
pub enum OutputFormat {
    BarCode,
    MessageRef,
    Text,
    #[serde(rename = "XHTML")]
    Xhtml,
}

/// Something to print.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OutputContent {
    /// Its form.
    pub output_format: OutputFormat,
    /// Rows, for `Text`.
    #[serde(default)]
    pub output_text: Vec<OutputText>,
    /// The code, for `BarCode`.
    pub output_barcode: Option<OutputBarcode>,
}

impl OutputContent {
    /// Plain rows.
    pub fn rows(text: &str) -> Self {
        let row = |text: &str| OutputText { text: text.to_owned(), ..OutputText::default() };
        Self {
            output_format: OutputFormat::Text,
            output_text: text.lines().map(row).collect(),
            output_barcode: None,
        }
    }

    /// The rows as one text.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for row in &self.output_text {
            out.push_str(&row.text);
            if row.end_of_line_flag != Some(false) {
                out.push('\n');
            }
        }
        out
    }
}

/// A row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OutputText {
    /// The text.
    pub text: String,
    /// `Bold` and others.
    pub character_style: Option<String>,
    /// `DoubleWidth`.
    pub character_width: Option<String>,
    /// `Left`, `Centred` …
    pub alignment: Option<String>,
    /// False when the next one goes on in the same row.
    pub end_of_line_flag: Option<bool>,
}

/// A code to print.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OutputBarcode {
    /// Its text.
    pub barcode_value: String,
}

/// A slip of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PaymentReceipt {
    /// Whose copy.
    pub document_qualifier: DocumentQualifier,
    /// The paper must be signed; never here, signatures are taken on the screen.
    pub required_signature_flag: Option<bool>,
    /// The rows.
    pub output_content: OutputContent,
}

/// The terminal's number of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoiData {
    /// Our payment id and its moment.
    #[serde(rename = "POITransactionID")]
    pub poi_transaction_id: TransactionId,
    /// The period; absent until periods are closed here.
    #[serde(rename = "POIReconciliationID")]
    pub poi_reconciliation_id: Option<i64>,
}

/// `LoginResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LoginAnswer {
    /// How it went.
    pub response: Response,
    /// About the terminal.
    #[serde(rename = "POISystemData")]
    pub poi_system_data: Option<PoiSystemData>,
}

/// About the terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PoiSystemData {
    /// RFC 3339.
    pub date_time: String,
    /// Its program.
    #[serde(rename = "POISoftware")]
    pub poi_software: crate::request::SaleSoftware,
    /// How it is.
    #[serde(rename = "POIStatus")]
    pub poi_status: Option<PoiStatus>,
}

/// How the terminal is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PoiStatus {
    /// In one word.
    pub global_status: GlobalStatus,
    /// Keys are there.
    #[serde(rename = "SecurityOKFlag")]
    pub security_ok: Option<bool>,
    /// The PIN pad is there.
    #[serde(rename = "PEDOKFlag")]
    pub ped_ok: Option<bool>,
    /// The reader is there.
    #[serde(rename = "CardReaderOKFlag")]
    pub card_reader_ok: Option<bool>,
    /// The printer.
    pub printer_status: Option<PrinterState>,
    /// The center is reached.
    #[serde(rename = "CommunicationOKFlag")]
    pub communication_ok: Option<bool>,
}

/// The terminal in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the standard's own")]
pub enum GlobalStatus {
    Busy,
    Maintenance,
    #[serde(rename = "OK")]
    Ok,
    Unreachable,
}

/// The printer in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the standard's own")]
pub enum PrinterState {
    NoPaper,
    #[serde(rename = "OK")]
    Ok,
    OutOfOrder,
    PaperJam,
    PaperLow,
}

/// A host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostStatus {
    /// Number of the acquirer; 1 is the center.
    #[serde(rename = "AcquirerID")]
    pub acquirer_id: i64,
    /// Whether it answered.
    #[serde(rename = "IsReachableFlag")]
    pub is_reachable: Option<bool>,
}

/// `PaymentResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PaymentAnswer {
    /// How it went.
    pub response: Response,
    /// As asked.
    pub sale_data: SaleData,
    /// The terminal's number.
    #[serde(rename = "POIData")]
    pub poi_data: PoiData,
    /// What was paid and how.
    pub payment_result: Option<PaymentResult>,
    /// The slips.
    #[serde(default)]
    pub payment_receipt: Vec<PaymentReceipt>,
}

/// What was paid and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PaymentResult {
    /// `Normal` or `Instalment`.
    pub payment_type: Option<crate::request::PaymentType>,
    /// What paid.
    pub payment_instrument_data: Option<PaymentInstrument>,
    /// How much.
    pub amounts_resp: Option<AmountsResp>,
    /// The class.
    pub instalment: Option<Instalment>,
    /// A person declared it paid.
    pub merchant_override_flag: Option<bool>,
    /// Somebody was asked over the line.
    pub online_flag: Option<bool>,
    /// `OnlinePIN`, `SignatureCapture`, `Bypass` …
    #[serde(default)]
    pub authentication_method: Vec<String>,
    /// The acquirer's numbers.
    pub payment_acquirer_data: Option<AcquirerData>,
}

/// Amounts of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AmountsResp {
    /// `JPY`.
    pub currency: Option<String>,
    /// Whole yen.
    pub authorized_amount: Amount,
}

impl AmountsResp {
    /// So many yen.
    pub fn yen(amount: Yen) -> Self {
        Self { currency: Some(CURRENCY.to_owned()), authorized_amount: Amount(amount) }
    }
}

/// What paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PaymentInstrument {
    /// `Card` or `Mobile`.
    pub payment_instrument_type: InstrumentType,
    /// Masked.
    pub card_data: Option<CardData>,
}

/// Kind of thing that pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the standard's own")]
pub enum InstrumentType {
    Card,
    Cash,
    Check,
    Mobile,
    StoredValue,
}

/// A card or code as it may be shown. Never a whole number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CardData {
    /// The brand's word.
    pub payment_brand: Option<String>,
    /// First six and last four digits at most.
    pub masked_pan: Option<String>,
    /// `ICC`, `MagStripe`, `Contactless`, `Scanned`, `Keyed`.
    #[serde(default)]
    pub entry_mode: Vec<String>,
}

/// The acquirer's numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AcquirerData {
    /// The shop.
    #[serde(rename = "MerchantID")]
    pub merchant_id: String,
    /// The terminal.
    #[serde(rename = "AcquirerPOIID")]
    pub acquirer_poi_id: String,
    /// The center's number of the payment.
    #[serde(rename = "AcquirerTransactionID")]
    pub acquirer_transaction_id: Option<TransactionId>,
    /// Approval number.
    pub approval_code: Option<String>,
}

/// `ReversalResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReversalAnswer {
    /// How it went.
    pub response: Response,
    /// The terminal's number of the giving back.
    #[serde(rename = "POIData")]
    pub poi_data: Option<PoiData>,
    /// Whole yen.
    pub reversed_amount: Option<Amount>,
    /// The cancel slips.
    #[serde(default)]
    pub payment_receipt: Vec<PaymentReceipt>,
}

/// `TransactionStatusResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StatusAnswer {
    /// Success, `InProgress` or `NotFound`.
    pub response: Response,
    /// Which message.
    pub message_reference: Option<MessageReference>,
    /// Its answer, whole.
    pub repeated_message_response: Option<Repeated>,
}

/// An answer given before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Repeated {
    /// Its header.
    pub message_header: Header,
    /// Its body.
    pub repeated_response_message_body: RepeatedBody,
}

/// The body of an answer given before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RepeatedBody {
    /// Of a payment.
    pub payment_response: Option<PaymentAnswer>,
    /// Of a giving back.
    pub reversal_response: Option<ReversalAnswer>,
}

/// `DiagnosisResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DiagnosisAnswer {
    /// How it went.
    pub response: Response,
    /// Who is logged in.
    #[serde(rename = "LoggedSaleID", default)]
    pub logged_sale_id: Vec<String>,
    /// How the terminal is.
    #[serde(rename = "POIStatus")]
    pub poi_status: Option<PoiStatus>,
    /// Whether the center answers.
    #[serde(default)]
    pub host_status: Vec<HostStatus>,
}

/// `GetTotalsResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TotalsAnswer {
    /// How it went.
    pub response: Response,
    /// The open period.
    #[serde(rename = "POIReconciliationID")]
    pub poi_reconciliation_id: i64,
    /// A line for each brand.
    #[serde(default)]
    pub transaction_totals: Vec<TransactionTotals>,
}

/// Totals of one brand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TransactionTotals {
    /// What paid.
    pub payment_instrument_type: InstrumentType,
    /// The brand's word.
    pub card_brand: Option<String>,
    /// Of this terminal.
    #[serde(rename = "POIID")]
    pub poi_id: Option<String>,
    /// `JPY`.
    pub payment_currency: Option<String>,
    /// A line for each kind.
    #[serde(default)]
    pub payment_totals: Vec<PaymentTotals>,
}

/// Count and sum of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PaymentTotals {
    /// `Debit` sales, `Credit` given back, `Declined`, `Failed`.
    pub transaction_type: TransactionType,
    /// How many.
    pub transaction_count: i64,
    /// Whole yen.
    pub transaction_amount: Amount,
}

/// Kind of a total.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TransactionType {
    /// Sales.
    Debit,
    /// Given back.
    Credit,
    /// Refused by an answer.
    Declined,
    /// Ended without money for a technical reason.
    Failed,
}

/// `PrintResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PrintAnswer {
    /// Kind of document.
    pub document_qualifier: DocumentQualifier,
    /// How it went.
    pub response: Response,
}

/// An answer with nothing but how it went: `Logout`, `BalanceInquiry`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct BareAnswer {
    /// How it went.
    pub response: Response,
}

/// `EventNotification`: `Reject` of a message that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EventNotification {
    /// RFC 3339.
    pub time_stamp: String,
    /// `Reject`.
    pub event_to_notify: String,
    /// What is wrong.
    pub event_details: Option<String>,
    /// The message, base64.
    pub rejected_message: Option<String>,
}

/// An answer by its category.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// `LoginResponse`.
    Login(LoginAnswer),
    /// `LogoutResponse`.
    Logout(BareAnswer),
    /// `PaymentResponse`.
    Payment(Box<PaymentAnswer>),
    /// `ReversalResponse`.
    Reversal(Box<ReversalAnswer>),
    /// `TransactionStatusResponse`.
    TransactionStatus(Box<StatusAnswer>),
    /// `DiagnosisResponse`.
    Diagnosis(DiagnosisAnswer),
    /// `GetTotalsResponse`.
    GetTotals(TotalsAnswer),
    /// `PrintResponse`.
    Print(PrintAnswer),
    /// `BalanceInquiryResponse`.
    BalanceInquiry(BareAnswer),
    /// Of a category that is not spoken here: the name of its body and the body.
    Other(&'static str, serde_json::Value),
}
