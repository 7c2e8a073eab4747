//! The message header: who speaks to whom, about what, under which number.

use crate::limits;
use serde::{Deserialize, Serialize};

/// The protocol version that is spoken.
pub const VERSION: &str = "3.0";

/// Class of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MessageClass {
    /// Between the register and the payment.
    Service,
    /// To a device: printer, display, input.
    Device,
    /// Something happened.
    Event,
}

/// Kind of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MessageType {
    /// Asks.
    Request,
    /// Answers.
    Response,
    /// Only tells.
    Notification,
}

macro_rules! categories {
    ($($name:ident = $answered:literal),* $(,)?) => {
        /// Category of a message: every name that nexo Retailer has, whether spoken here or not.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[expect(missing_docs, reason = "the names are the standard's own")]
        pub enum Category { $($name),* }

        impl Category {
            /// Every category, for tables and tests.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name on the wire.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }

            /// Whether the published schema has an answer of this category.
            pub const fn has_answer(self) -> bool {
                match self { $(Self::$name => $answered),* }
            }
        }
    };
}

categories! {
    Abort = false, Admin = true, BalanceInquiry = true, Batch = false, CardAcquisition = true,
    CardReaderAPDU = false, CardReaderInit = false, CardReaderPowerOff = false, Diagnosis = true,
    Display = true, EnableService = true, Event = false, GetTotals = true, Input = true,
    InputUpdate = false, Login = true, Logout = true, Loyalty = true, None = false, PIN = false,
    Payment = true, Print = true, Reconciliation = true, Reversal = true, Sound = false,
    StoredValue = true, TransactionStatus = true, Transmit = false,
}

/// The header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Header {
    /// `3.0`; only in some categories.
    pub protocol_version: Option<String>,
    /// Class.
    pub message_class: MessageClass,
    /// Category.
    #[serde(rename = "MessageCategory")]
    pub category: Category,
    /// Kind.
    pub message_type: MessageType,
    /// The register's number of this exchange: 1 to 10 letters and digits, unique for 48 hours.
    #[serde(rename = "ServiceID")]
    pub service_id: Option<String>,
    /// The number of an exchange with a device.
    #[serde(rename = "DeviceID")]
    pub device_id: Option<String>,
    /// The register.
    #[serde(rename = "SaleID")]
    pub sale_id: String,
    /// The terminal: model, `-`, serial number.
    #[serde(rename = "POIID")]
    pub poi_id: String,
}

impl Header {
    /// A request of a register.
    pub fn request(category: Category, service_id: &str, sale_id: &str, poi_id: &str) -> Self {
        let device = matches!(category, Category::Print | Category::Display | Category::Input);
        Self {
            protocol_version: Some(VERSION.to_owned()),
            message_class: if device { MessageClass::Device } else { MessageClass::Service },
            category,
            message_type: MessageType::Request,
            service_id: Some(service_id.to_owned()),
            device_id: device.then(|| service_id.to_owned()),
            sale_id: sale_id.to_owned(),
            poi_id: poi_id.to_owned(),
        }
    }

    /// The header of the answer: everything repeated, the kind turned round.
    pub fn answer(&self) -> Self {
        Self { message_type: MessageType::Response, ..self.clone() }
    }

    /// The header of an event that this terminal tells about a message.
    pub fn event(&self) -> Self {
        Self {
            message_class: MessageClass::Event,
            category: Category::Event,
            message_type: MessageType::Notification,
            ..self.clone()
        }
    }

    /// What is wrong with a request's header, if anything.
    pub fn fault(&self) -> Option<&'static str> {
        let name = |text: &str| !text.is_empty() && text.chars().count() <= limits::NAME_CHARS;
        let number = |text: &Option<String>| text.as_deref().is_none_or(is_service_id);
        if self.message_type != MessageType::Request {
            Some("MessageType: only requests are taken here")
        } else if !name(&self.sale_id) {
            Some("SaleID: 1 to 64 characters")
        } else if !name(&self.poi_id) {
            Some("POIID: 1 to 64 characters")
        } else if !number(&self.service_id) || !number(&self.device_id) {
            Some("ServiceID, DeviceID: 1 to 10 letters and digits")
        } else {
            None
        }
    }
}

/// Whether a text may be a `ServiceID`: 1 to 10 letters and digits.
pub fn is_service_id(text: &str) -> bool {
    (1..=limits::SERVICE_ID_CHARS).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_repeats_the_header_and_turns_only_the_kind_round() {
        let asked = Header::request(Category::Payment, "0001", "REG1", "CHOBA-000000358002");
        let answer = asked.answer();
        assert_eq!(answer.message_type, MessageType::Response);
        assert_eq!(Header { message_type: MessageType::Request, ..answer }, asked);
    }

    #[test]
    fn a_header_with_a_bad_number_or_name_is_refused() {
        let good = Header::request(Category::Login, "a1B2", "REG1", "CHOBA-1");
        assert_eq!(good.fault(), None);
        for bad in ["", "12345678901", "a-b", "ああ"] {
            assert!(Header { service_id: Some(bad.to_owned()), ..good.clone() }.fault().is_some(), "{bad}");
        }
        assert!(Header { sale_id: String::new(), ..good.clone() }.fault().is_some());
        assert!(Header { poi_id: "x".repeat(65), ..good.clone() }.fault().is_some());
        assert!(good.answer().fault().is_some());
    }

    #[test]
    fn categories_are_read_by_their_standard_names() {
        for category in Category::ALL {
            let text = serde_json::to_string(category).unwrap();
            assert_eq!(text, format!("\"{}\"", category.word()));
            assert_eq!(serde_json::from_str::<Category>(&text).unwrap(), *category);
        }
        assert!(serde_json::from_str::<Category>("\"Dance\"").is_err());
    }
}
