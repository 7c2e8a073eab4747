//! A register: messages of nexo over TLS, in clear inside it, one on each connection.

use nexo::header::{Category, Header};
use nexo::message::{Request, write_request};
use nexo::request::{Body, MessageReference, TransactionStatus};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

/// The register's name.
const SALE: &str = "REG1";

/// A register that is paired with one terminal.
#[derive(Clone)]
pub struct Register {
    at: SocketAddr,
    poi_id: String,
    tls: TlsConnector,
}

impl Register {
    /// Trusts the certificate of the terminal's own authority and nothing else.
    pub fn new(at: SocketAddr, certificate: &Path, poi_id: String) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { at, poi_id, tls: TlsConnector::from(Arc::new(config)) }
    }

    fn header(&self, category: Category, number: &str) -> Header {
        Header::request(category, number, SALE, &self.poi_id)
    }

    /// The message that asks for a payment.
    pub fn payment(&self, number: &str, yen: i64) -> Value {
        json!({ "SaleToPOIRequest": {
            "MessageHeader": self.header(Category::Payment, number),
            "PaymentRequest": {
                "SaleData": { "SaleTransactionID": {
                    "TransactionID": "TSU3-0003377", "TimeStamp": "2026-11-21T10:15:00+09:00" } },
                "PaymentTransaction": { "AmountsReq": { "Currency": "JPY", "RequestedAmount": yen } },
            },
        } })
    }

    /// What became of a message.
    pub async fn status(&self, number: &str, of: &str) -> std::io::Result<Value> {
        let reference = MessageReference {
            message_category: Some(Category::Payment),
            service_id: Some(of.to_owned()),
            ..MessageReference::default()
        };
        let body = TransactionStatus { message_reference: Some(reference), ..TransactionStatus::default() };
        let header = self.header(Category::TransactionStatus, number);
        self.ask(&write_request(&Request { header, body: Body::TransactionStatus(body) })).await
    }

    /// Sends a message from a task of its own; aborting it is a line that breaks.
    pub fn begin(&self, message: &Value) -> JoinHandle<std::io::Result<Value>> {
        let (register, message) = (self.clone(), message.clone());
        tokio::spawn(async move { register.ask(&message).await })
    }

    /// Sends a message and waits for its answer.
    pub async fn ask(&self, message: &Value) -> std::io::Result<Value> {
        let body = message.to_string();
        let stream = TcpStream::connect(self.at).await?;
        let mut stream = self.tls.connect(ServerName::from(self.at.ip()), stream).await?;
        let head = format!(
            "POST /nexo/ HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\nconnection: close\r\n\
             content-length: {}\r\n\r\n",
            self.at,
            body.len()
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body.as_bytes()).await?;
        stream.flush().await?;
        let mut bytes = Vec::new();
        // A server that closes without the farewell of TLS has still said everything.
        let _ = stream.read_to_end(&mut bytes).await;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (_, body) = text.split_once("\r\n\r\n").unwrap_or_default();
        serde_json::from_str(body).map_err(std::io::Error::other)
    }
}

/// A payment's answer, also one inside a status, in the lines of a story: what a register decides by, and
/// what it shows.
pub fn lines(answer: &Value) -> Vec<String> {
    let response = &answer["SaleToPOIResponse"];
    let status = &response["TransactionStatusResponse"];
    let repeated = &status["RepeatedMessageResponse"]["RepeatedResponseMessageBody"]["PaymentResponse"];
    let mut lines = Vec::new();
    if status.is_object() {
        lines.push(format!("status {}", result(status)));
    }
    let payment = if status.is_object() { repeated } else { &response["PaymentResponse"] };
    if payment.is_object() {
        lines.push(format!("payment {}", result(payment)));
        let amount = &payment["PaymentResult"]["AmountsResp"]["AuthorizedAmount"];
        if !amount.is_null() {
            lines.push(format!("amount {amount}"));
        }
        lines.push(format!("slips {}", payment["PaymentReceipt"].as_array().map_or(0, Vec::len)));
    }
    lines
}

fn result(body: &Value) -> String {
    let response = &body["Response"];
    let pairs = response["AdditionalResponse"].as_str().unwrap_or_default();
    let pairs = nexo::pairs::Pairs::read(pairs).unwrap();
    let told = [response["Result"].as_str(), response["ErrorCondition"].as_str()];
    let mut text: Vec<String> = told.into_iter().flatten().map(str::to_owned).collect();
    for key in ["code", "money", "outcome", "state"] {
        text.extend(pairs.get(key).map(|value| format!("{key}={value}")));
    }
    text.join(" ")
}
