//! An answer of any category that says only why not, with the fields that the published schema demands
//! there. For categories that are not spoken, and for bodies that could not be read.

use crate::header::Header;
use crate::response::{Answer, Response};
use serde_json::{Map, Value, json};

/// What such an answer needs from around it.
#[derive(Clone, Debug)]
pub struct Around<'a> {
    /// The body as it came; what can be repeated is repeated.
    pub asked: &'a Value,
    /// Now, RFC 3339.
    pub now: &'a str,
}

impl Around<'_> {
    fn text<'v>(&'v self, path: &[&str], usual: &'v str) -> &'v str {
        let mut at = self.asked;
        for step in path {
            at = step
                .parse::<usize>()
                .ok()
                .map_or_else(|| at.get(step), |index| at.get(index))
                .unwrap_or(&Value::Null);
        }
        at.as_str().filter(|text| !text.is_empty()).unwrap_or(usual)
    }

    /// A number of nothing: no payment was made.
    fn no_transaction(&self) -> Value {
        json!({ "TransactionID": "-", "TimeStamp": self.now })
    }

    /// The register's slip, where its number can be read.
    fn sale_data(&self) -> Value {
        let id = self.text(&["SaleData", "SaleTransactionID", "TransactionID"], "-");
        let at = self.text(&["SaleData", "SaleTransactionID", "TimeStamp"], self.now);
        json!({ "SaleTransactionID": { "TransactionID": id, "TimeStamp": at } })
    }
}

/// The answer, or nothing where the schema has no answer of this category: then an event rejects it.
pub fn answer(header: &Header, response: &Response, around: &Around<'_>) -> Option<Answer> {
    use crate::header::Category as C;
    let response = serde_json::to_value(response).unwrap_or_default();
    let mut body = Map::from_iter([("Response".to_owned(), response.clone())]);
    let output =
        |device: &str, info: &str| json!({ "Device": device, "InfoQualify": info, "Response": response });
    let name = match header.category {
        C::Admin => "AdminResponse",
        C::EnableService => "EnableServiceResponse",
        C::Login => "LoginResponse",
        C::Logout => "LogoutResponse",
        C::Diagnosis => "DiagnosisResponse",
        C::BalanceInquiry => "BalanceInquiryResponse",
        C::TransactionStatus => "TransactionStatusResponse",
        C::Reversal => "ReversalResponse",
        C::Payment | C::CardAcquisition | C::StoredValue | C::Loyalty => {
            body.insert("SaleData".to_owned(), around.sale_data());
            body.insert("POIData".to_owned(), json!({ "POITransactionID": around.no_transaction() }));
            match header.category {
                C::Payment => "PaymentResponse",
                C::CardAcquisition => "CardAcquisitionResponse",
                C::StoredValue => "StoredValueResponse",
                _ => "LoyaltyResponse",
            }
        }
        C::GetTotals => {
            body.insert("POIReconciliationID".to_owned(), json!(0));
            "GetTotalsResponse"
        }
        C::Reconciliation => {
            let kind = around.text(&["ReconciliationType"], "SaleReconciliation");
            body.insert("ReconciliationType".to_owned(), json!(kind));
            "ReconciliationResponse"
        }
        C::Print => {
            let kind = around.text(&["PrintOutput", "DocumentQualifier"], "Document");
            body.insert("DocumentQualifier".to_owned(), json!(kind));
            "PrintResponse"
        }
        C::Display => {
            let device = around.text(&["DisplayOutput", "0", "Device"], "CashierDisplay");
            let info = around.text(&["DisplayOutput", "0", "InfoQualify"], "Display");
            body = Map::from_iter([("OutputResult".to_owned(), json!([output(device, info)]))]);
            "DisplayResponse"
        }
        C::Input => {
            let device = around.text(&["InputData", "Device"], "CashierInput");
            let info = around.text(&["InputData", "InfoQualify"], "Input");
            body = Map::from_iter([("InputResult".to_owned(), output(device, info))]);
            "InputResponse"
        }
        C::Abort
        | C::Batch
        | C::CardReaderAPDU
        | C::CardReaderInit
        | C::CardReaderPowerOff
        | C::Event
        | C::InputUpdate
        | C::None
        | C::PIN
        | C::Sound
        | C::Transmit => return None,
    };
    Some(Answer::Other(name, Value::Object(body)))
}
