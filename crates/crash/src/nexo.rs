//! A register: messages of nexo in clear over TLS, one on each connection. Its lines are the product's own:
//! the preloaded library counts and strikes them like any other.

use crate::town::{TERMINAL, Town};
use anyhow::{Context as _, Result};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long a register waits for a payment.
const PATIENCE: Duration = Duration::from_secs(50);

/// What a register asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A payment of so many yen.
    Payment(i64),
    /// The payment with this id is given back: so many yen, or all that is left.
    Reversal(String, Option<i64>),
}

impl Asked {
    const fn category(&self) -> &'static str {
        match self {
            Self::Payment(_) => "Payment",
            Self::Reversal(..) => "Reversal",
        }
    }

    fn body(&self) -> Value {
        let id = |id: &str| json!({ "TransactionID": id, "TimeStamp": "2026-11-28T10:00:00+09:00" });
        match self {
            Self::Payment(yen) => json!({
                "SaleData": { "SaleTransactionID": id("TSU3-0003377") },
                "PaymentTransaction": { "AmountsReq": { "Currency": "JPY", "RequestedAmount": yen } },
            }),
            Self::Reversal(of, yen) => {
                let mut body = json!({
                    "OriginalPOITransaction": { "POITransactionID": id(of) }, "ReversalReason": "CustCancel",
                });
                if let (Some(yen), Some(fields)) = (yen, body.as_object_mut()) {
                    fields.insert("ReversedAmount".to_owned(), json!(yen));
                }
                body
            }
        }
    }
}

/// What a register is told about its payment, or about giving one back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// The money was taken, or given back.
    Paid,
    /// No money was moved, for good.
    NotPaid,
    /// The terminal never heard of it.
    NotFound,
    /// Something else runs; nothing was begun.
    Busy,
    /// In progress, or not known yet.
    Open,
}

impl Word {
    /// Whether to ask again.
    pub fn is_open(self) -> bool {
        self == Self::Open
    }

    /// Reads the answer to a payment or to a question about one; `None` when it is neither.
    fn of(answer: &Value) -> Option<Self> {
        let response = answer.get("SaleToPOIResponse")?;
        let Some(status) = response.get("TransactionStatusResponse") else {
            return Self::of_payment(either(response)?);
        };
        let repeated = status.pointer("/RepeatedMessageResponse/RepeatedResponseMessageBody");
        if let Some(payment) = repeated.and_then(either) {
            return Self::of_payment(payment);
        }
        match status.pointer("/Response/ErrorCondition")?.as_str()? {
            "NotFound" => Some(Self::NotFound),
            _ => Some(Self::Open),
        }
    }

    fn of_payment(payment: &Value) -> Option<Self> {
        let response = payment.get("Response")?;
        let more = response.get("AdditionalResponse").and_then(Value::as_str).unwrap_or_default();
        let is = |pair: &str| more.split('&').any(|told| told == pair);
        Some(match response.get("Result")?.as_str()? {
            "Success" => Self::Paid,
            _ if is("money=unknown") => Self::Open,
            _ if response.get("ErrorCondition").and_then(Value::as_str) == Some("Busy") => Self::Busy,
            _ => Self::NotPaid,
        })
    }
}

/// The answer to a payment or to giving one back.
fn either(body: &Value) -> Option<&Value> {
    ["PaymentResponse", "ReversalResponse"]
        .into_iter()
        .find_map(|name| body.get(name).filter(|found| found.is_object()))
}

/// A register that is paired with the terminal of a town.
#[derive(Clone)]
pub struct Register {
    at: SocketAddr,
    tls: Arc<ClientConfig>,
}

impl Register {
    /// Trusts the certificate of the terminal and nothing else.
    pub fn of(town: &Town) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        let certificate = terminal::nexo::certificate_file(&town.terminal_folder());
        roots.add(CertificateDer::from_pem_file(certificate).context("the terminal's certificate")?)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let tls = Arc::new(config.with_root_certificates(roots).with_no_client_auth());
        Ok(Self { at: town.ports.nexo, tls })
    }

    fn message(category: &str, number: &str, body: &Value) -> Value {
        json!({ "SaleToPOIRequest": {
            "MessageHeader": { "ProtocolVersion": "3.0", "MessageClass": "Service", "MessageCategory": category,
                "MessageType": "Request", "ServiceID": number, "SaleID": "REG1",
                "POIID": format!("CHOBA-{TERMINAL}") },
            (format!("{category}Request")): body,
        } })
    }

    /// Asks from a thread of its own.
    pub fn begin(&self, number: &str, asked: &Asked) -> Receiver<Result<Word>> {
        let (register, message) = (self.clone(), Self::message(asked.category(), number, &asked.body()));
        let (told, heard) = channel();
        std::thread::spawn(move || told.send(register.ask(&message)));
        heard
    }

    /// What became of it.
    pub fn status(&self, asked: &Asked, of: &str, number: &str) -> Result<Word> {
        let reference = json!({ "MessageCategory": asked.category(), "SaleID": "REG1", "ServiceID": of });
        let body = json!({ "MessageReference": reference });
        self.ask(&Self::message("TransactionStatus", number, &body))
    }

    fn ask(&self, message: &Value) -> Result<Word> {
        let answer = self.send("application/json", message.to_string().as_bytes())?;
        let (_, body) = answer.split_once("\r\n\r\n").context("no answer")?;
        let body: Value = serde_json::from_str(body)?;
        Word::of(&body).with_context(|| format!("not understood: {body}"))
    }

    /// Says any bytes inside TLS, and ends its side when no answer comes; gives how many bytes came back before the terminal ended
    /// the line too.
    pub fn throw(&self, bytes: &[u8], patience: Duration) -> Result<usize> {
        let mut stream = self.open(patience)?;
        let line = stream.sock.try_clone()?;
        let _ = stream.write_all(bytes);
        let _ = stream.flush();
        line.set_read_timeout(Some(crate::hammer::HALF))?;
        crate::hammer::drained(&mut stream, || {
            let _ = line.shutdown(std::net::Shutdown::Write);
            Ok(line.set_read_timeout(Some(patience))?)
        })
    }

    fn open(&self, patience: Duration) -> Result<StreamOwned<ClientConnection, TcpStream>> {
        let stream = TcpStream::connect_timeout(&self.at, Duration::from_secs(5))?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        let name = ServerName::from(self.at.ip());
        Ok(StreamOwned::new(ClientConnection::new(Arc::clone(&self.tls), name)?, stream))
    }

    fn send(&self, kind: &str, body: &[u8]) -> Result<String> {
        let mut stream = self.open(PATIENCE)?;
        let head = format!(
            "POST /nexo/ HTTP/1.1\r\nhost: {}\r\ncontent-type: {kind}\r\nconnection: close\r\n\
             content-length: {}\r\n\r\n",
            self.at,
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        stream.flush()?;
        let mut bytes = Vec::new();
        // A server that closes without the farewell of TLS has still said everything.
        drop(stream.read_to_end(&mut bytes));
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_register_reads_what_it_is_told() {
        let payment = |result: &str, condition: &str, more: &str| json!({ "Response": { "Result": result, "ErrorCondition": condition, "AdditionalResponse": more } });
        let answer = |payment: Value| json!({ "SaleToPOIResponse": { "PaymentResponse": payment } });
        for (result, condition, more, word) in [
            ("Success", "", "money=yes", Word::Paid),
            ("Failure", "Refusal", "money=no&code=x", Word::NotPaid),
            ("Failure", "UnavailableService", "outcome=unknown&money=unknown", Word::Open),
            ("Failure", "Busy", "money=no", Word::Busy),
        ] {
            assert_eq!(Word::of(&answer(payment(result, condition, more))), Some(word));
            let back =
                json!({ "SaleToPOIResponse": { "ReversalResponse": payment(result, condition, more) } });
            assert_eq!(Word::of(&back), Some(word));
        }
        let status = |condition: &str| {
            json!({ "SaleToPOIResponse": { "TransactionStatusResponse": {
                "Response": { "Result": "Failure", "ErrorCondition": condition } } } })
        };
        assert_eq!(Word::of(&status("NotFound")), Some(Word::NotFound));
        assert_eq!(Word::of(&status("InProgress")), Some(Word::Open));
        assert_eq!(Word::of(&json!({})), None);
    }
}
