//! Bytes to a request, an answer to bytes.

use crate::container::Sealed;
use crate::header::{Category, Header};
use crate::limits;
use crate::request::Body;
use crate::response::{Answer, EventNotification};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The root of what a register sends.
pub const REQUEST: &str = "SaleToPOIRequest";
/// The root of what the terminal answers.
pub const RESPONSE: &str = "SaleToPOIResponse";

/// What came in.
#[derive(Clone, Debug, PartialEq)]
pub enum Envelope {
    /// In clear: the whole document.
    Clear(Value),
    /// Encrypted.
    Sealed(Box<Sealed>),
}

/// A request as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Its header.
    pub header: Header,
    /// Its body.
    pub body: Body,
}

/// Why a message could not be read, and so how it is answered.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unread {
    /// Not a message with a header: answered by an event `Reject`.
    #[error("{0}")]
    Message(String),
    /// The header is good, the body is not: answered in its category, `MessageFormat`.
    #[error("{why}")]
    Body {
        /// The header.
        header: Box<Header>,
        /// The body as it came.
        body: Value,
        /// What is wrong.
        why: String,
    },
}

fn message(why: impl Into<String>) -> Unread {
    Unread::Message(why.into())
}

/// Whether brackets stand deeper inside each other than allowed. Before any parser sees the text.
fn too_deep(bytes: &[u8]) -> bool {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth = depth.saturating_add(1),
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > limits::DEPTH {
            return true;
        }
    }
    false
}

/// Reads a document within the limits.
pub fn read_json(bytes: &[u8]) -> Result<Value, Unread> {
    if bytes.len() > limits::MESSAGE_BYTES {
        return Err(message("the message is larger than 128 KiB"));
    }
    if too_deep(bytes) {
        return Err(message("objects and arrays stand more than 24 deep"));
    }
    serde_json::from_slice(bytes).map_err(|error| message(format!("not JSON: {error}")))
}

/// Reads what came in, in clear or sealed.
pub fn read_envelope(bytes: &[u8]) -> Result<Envelope, Unread> {
    let value = read_json(bytes)?;
    let sealed = value.get(REQUEST).is_some_and(|root| root.get("NexoBlob").is_some());
    if sealed {
        let read = Sealed::read(&value, REQUEST).map_err(message)?;
        return Ok(Envelope::Sealed(Box::new(read)));
    }
    Ok(Envelope::Clear(value))
}

/// Reads a request in clear.
pub fn read_request(value: &Value) -> Result<Request, Unread> {
    let root = value.get(REQUEST).ok_or_else(|| message("no SaleToPOIRequest"))?;
    let header: Header =
        part(root.get("MessageHeader")).map_err(|why| message(format!("MessageHeader: {why}")))?;
    if let Some(why) = header.fault() {
        return Err(message(format!("MessageHeader: {why}")));
    }
    let name = body_name(header.category, "Request");
    let raw = root.get(&name).cloned();
    let body = body(header.category, raw.as_ref())
        .map_err(|why| format!("{name}: {why}"))
        .and_then(|body| body.fault().map_or(Ok(body), |why| Err(why.to_owned())));
    match body {
        Ok(body) => Ok(Request { header, body }),
        Err(why) => Err(Unread::Body { header: Box::new(header), body: raw.unwrap_or_default(), why }),
    }
}

fn body_name(category: Category, kind: &str) -> String {
    format!("{}{kind}", category.word())
}

fn part<T: DeserializeOwned>(value: Option<&Value>) -> Result<T, String> {
    let value = value.ok_or("missing")?;
    T::deserialize(value).map_err(|error| error.to_string())
}

fn body(category: Category, raw: Option<&Value>) -> Result<Body, String> {
    // A body without required fields may be left out or empty.
    let empty = Value::Object(Map::new());
    let lenient = Some(raw.unwrap_or(&empty));
    Ok(match category {
        Category::Login => Body::Login(part(raw)?),
        Category::Logout => Body::Logout(part(lenient)?),
        Category::Payment => Body::Payment(part(raw)?),
        Category::Reversal => Body::Reversal(part(raw)?),
        Category::TransactionStatus => Body::TransactionStatus(part(lenient)?),
        Category::Abort => Body::Abort(part(raw)?),
        Category::Diagnosis => Body::Diagnosis(part(lenient)?),
        Category::GetTotals => Body::GetTotals(part(lenient)?),
        Category::Print => Body::Print(part(raw)?),
        Category::BalanceInquiry => Body::BalanceInquiry(part(lenient)?),
        Category::Admin
        | Category::Batch
        | Category::CardAcquisition
        | Category::CardReaderAPDU
        | Category::CardReaderInit
        | Category::CardReaderPowerOff
        | Category::Display
        | Category::EnableService
        | Category::Event
        | Category::Input
        | Category::InputUpdate
        | Category::Loyalty
        | Category::None
        | Category::PIN
        | Category::Reconciliation
        | Category::Sound
        | Category::StoredValue
        | Category::Transmit => Body::Unlisted(raw.cloned().unwrap_or_default()),
    })
}

/// Absent fields and empty lists are left out, as the schema wants it.
fn without_nothing(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.into_iter()
                .map(|(key, value)| (key, without_nothing(value)))
                .filter(|(_, value)| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()))
                .collect(),
        ),
        Value::Array(list) => Value::Array(list.into_iter().map(without_nothing).collect()),
        other => other,
    }
}

/// A typed part as a JSON value. These types have string keys and finite numbers only, so they can
/// always be written.
fn written<T: Serialize>(part: &T) -> Value {
    without_nothing(serde_json::to_value(part).unwrap_or_default())
}

fn root(root: &str, header: &Header, name: &str, body: Value) -> Value {
    let mut parts = Map::new();
    parts.insert("MessageHeader".to_owned(), written(header));
    parts.insert(name.to_owned(), body);
    Value::Object(Map::from_iter([(root.to_owned(), Value::Object(parts))]))
}

/// The document of an answer to a request with this header.
pub fn write_answer(asked: &Header, answer: &Answer) -> Value {
    let (name, body) = match answer {
        Answer::Login(body) => ("LoginResponse", written(body)),
        Answer::Logout(body) => ("LogoutResponse", written(body)),
        Answer::Payment(body) => ("PaymentResponse", written(body)),
        Answer::Reversal(body) => ("ReversalResponse", written(body)),
        Answer::TransactionStatus(body) => ("TransactionStatusResponse", written(body)),
        Answer::Diagnosis(body) => ("DiagnosisResponse", written(body)),
        Answer::GetTotals(body) => ("GetTotalsResponse", written(body)),
        Answer::Print(body) => ("PrintResponse", written(body)),
        Answer::BalanceInquiry(body) => ("BalanceInquiryResponse", written(body)),
        Answer::Other(name, body) => (*name, without_nothing(body.clone())),
    };
    root(RESPONSE, &asked.answer(), name, body)
}

/// The document of an event, as terminals send it: a request of theirs.
pub fn write_event(header: &Header, event: &EventNotification) -> Value {
    root(REQUEST, &header.event(), "EventNotification", written(event))
}

/// The document of a request, for registers and tests.
pub fn write_request(request: &Request) -> Value {
    let body = match &request.body {
        Body::Login(body) => written(body),
        Body::Logout(body) => written(body),
        Body::Payment(body) => written(body),
        Body::Reversal(body) => written(body),
        Body::TransactionStatus(body) => written(body),
        Body::Abort(body) => written(body),
        Body::Diagnosis(body) => written(body),
        Body::GetTotals(body) => written(body),
        Body::Print(body) => written(body),
        Body::BalanceInquiry(body) => written(body),
        Body::Unlisted(body) => body.clone(),
    };
    root(REQUEST, &request.header, &body_name(request.header.category, "Request"), body)
}

/// Reads the body of an answer, for registers and tests: `read_answer::<PaymentAnswer>(&value)`.
pub fn read_answer<T: DeserializeOwned>(value: &Value) -> Result<(Header, T), Unread> {
    let root = value.get(RESPONSE).ok_or_else(|| message("no SaleToPOIResponse"))?;
    let header: Header =
        part(root.get("MessageHeader")).map_err(|why| message(format!("MessageHeader: {why}")))?;
    let name = body_name(header.category, "Response");
    let body = part(root.get(&name)).map_err(|why| message(format!("{name}: {why}")))?;
    Ok((header, body))
}
