//! The typed client of the center. What it cannot say for sure it calls unknown.

use crate::signature::{self, Claims};
use crate::{
    Activation, ActivationRequest, ClerkSession, ClerkSignIn, CompletionRequest, Echo, MailReceiptRequest,
    PaymentRequest, PaymentView, Problem, ReversalRequest, TerminalConfig,
};
use clock::Clock;
use codes::MoneyTaken;
use ed25519_dalek::SigningKey;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use payment::PaymentId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How long a connection may take to come about before the next address is tried.
const CONNECT_WAIT: Duration = Duration::from_secs(5);
/// The largest answer that is read, in bytes.
const ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// Who this terminal is, and what signs for it.
#[derive(Clone)]
pub struct Identity {
    /// Twelve digits.
    pub terminal_id: String,
    /// Made on the device, never leaves it.
    pub key: SigningKey,
    /// Gives the next request counter. It must grow over restarts, too: keep the last one on disk, so
    /// that a copy of the terminal's data shows itself (S9).
    pub counter: Arc<dyn Fn() -> i64 + Send + Sync>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("terminal_id", &self.terminal_id).finish_non_exhaustive()
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Nothing left this machine: no connection to any address came about.
    #[error("the center was not reached: {0}")]
    NotSent(String),
    /// The request may have arrived. Ask by its id; never take it for a refusal.
    #[error("the center did not answer clearly: {0}")]
    Unknown(String),
    /// The center refused, and says what it means for the money.
    #[error("the center refused: {0}")]
    Problem(Box<Problem>),
}

/// The center, as a terminal asks it. Clones share connections.
#[derive(Clone, Debug)]
pub struct CenterClient {
    http: reqwest::Client,
    addresses: Arc<[String]>,
    clock: Clock,
    deadline: Duration,
}

impl CenterClient {
    /// A client for one center at several addresses (`https://center.example`, `http://127.0.0.1:8700`),
    /// tried in order. `deadline` is for one call from start to end, on the clock.
    pub fn new(addresses: &[String], clock: Clock, deadline: Duration) -> Result<Self, Fault> {
        Self::trusting(addresses, clock, deadline, None)
    }

    /// [`CenterClient::new`] that also trusts certificates of a private authority (PEM).
    pub fn trusting(
        addresses: &[String],
        clock: Clock,
        deadline: Duration,
        authority_pem: Option<&[u8]>,
    ) -> Result<Self, Fault> {
        // Somebody else may have installed the same provider already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .http1_only()
            .connect_timeout(CONNECT_WAIT);
        if let Some(pem) = authority_pem {
            let certificate = reqwest::Certificate::from_pem(pem).map_err(|e| Fault::NotSent(words(&e)))?;
            builder = builder.tls_certs_merge([certificate]);
        }
        let http = builder.build().map_err(|e| Fault::NotSent(words(&e)))?;
        let addresses = addresses.iter().map(|address| address.trim_end_matches('/').to_owned()).collect();
        Ok(Self { http, addresses, clock, deadline })
    }

    /// `POST /api/v1/activations` (W-030), unsigned.
    pub async fn activate(&self, request: &ActivationRequest) -> Result<Activation, Fault> {
        self.ask(None, Method::POST, "/api/v1/activations", Some(request)).await
    }

    /// `POST /api/v1/activations/confirm` (W-031): the key counts from now on.
    pub async fn confirm_activation(&self, who: &Identity) -> Result<(), Fault> {
        self.tell(who, Method::POST, "/api/v1/activations/confirm", None::<&()>).await
    }

    /// `GET /api/v1/terminal`.
    pub async fn terminal_config(&self, who: &Identity) -> Result<TerminalConfig, Fault> {
        self.ask(Some(who), Method::GET, "/api/v1/terminal", None::<&()>).await
    }

    /// `POST /api/v1/clerk-sessions` (W-032).
    pub async fn clerk_sign_in(&self, who: &Identity, request: &ClerkSignIn) -> Result<ClerkSession, Fault> {
        self.ask(Some(who), Method::POST, "/api/v1/clerk-sessions", Some(request)).await
    }

    /// `POST /api/v1/payments`.
    pub async fn pay(&self, who: &Identity, request: &PaymentRequest) -> Result<PaymentView, Fault> {
        self.ask(Some(who), Method::POST, "/api/v1/payments", Some(request)).await
    }

    /// `GET /api/v1/payments/{id}`.
    pub async fn payment(&self, who: &Identity, id: PaymentId) -> Result<PaymentView, Fault> {
        self.ask(Some(who), Method::GET, &format!("/api/v1/payments/{id}"), None::<&()>).await
    }

    /// `POST /api/v1/payments/{id}/completion`.
    pub async fn complete(
        &self,
        who: &Identity,
        id: PaymentId,
        request: &CompletionRequest,
    ) -> Result<PaymentView, Fault> {
        self.ask(Some(who), Method::POST, &format!("/api/v1/payments/{id}/completion"), Some(request)).await
    }

    /// `POST /api/v1/payments/{id}/reversal`.
    pub async fn reverse(
        &self,
        who: &Identity,
        id: PaymentId,
        request: &ReversalRequest,
    ) -> Result<PaymentView, Fault> {
        self.ask(Some(who), Method::POST, &format!("/api/v1/payments/{id}/reversal"), Some(request)).await
    }

    /// `POST /api/v1/payments/{id}/release`: gives an authorization back.
    pub async fn release(&self, who: &Identity, id: PaymentId) -> Result<PaymentView, Fault> {
        self.ask(Some(who), Method::POST, &format!("/api/v1/payments/{id}/release"), None::<&()>).await
    }

    /// `POST /api/v1/payments/{id}/receipt-mails`.
    pub async fn mail_receipt(
        &self,
        who: &Identity,
        id: PaymentId,
        request: &MailReceiptRequest,
    ) -> Result<(), Fault> {
        self.tell(who, Method::POST, &format!("/api/v1/payments/{id}/receipt-mails"), Some(request)).await
    }

    /// `POST /api/v1/echo`: the online test (オンラインテスト).
    pub async fn echo(&self, who: &Identity, request: &Echo) -> Result<Echo, Fault> {
        self.ask(Some(who), Method::POST, "/api/v1/echo", Some(request)).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        who: Option<&Identity>,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, Fault> {
        let answer = self.send(who, method, path, body).await?;
        serde_json::from_slice(&answer)
            .map_err(|_| Fault::Unknown("the answer was not understood".to_owned()))
    }

    /// A call whose answer has no body that matters.
    async fn tell(
        &self,
        who: &Identity,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<(), Fault> {
        self.send(Some(who), method, path, body).await.map(drop)
    }

    async fn send(
        &self,
        who: Option<&Identity>,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<Vec<u8>, Fault> {
        let body = body.map(serde_json::to_vec).transpose().map_err(|e| Fault::NotSent(e.to_string()))?;
        let mut headers = HeaderMap::new();
        if body.is_some() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let body = body.unwrap_or_default();
        if let Some(who) = who {
            headers.extend(self.signed(who, &method, path, &body)?);
        }
        let work = self.try_addresses(&method, path, &headers, body);
        let late = |_| Fault::Unknown("no answer within the time".to_owned());
        self.clock.timeout(self.deadline, work).await.map_err(late)?
    }

    fn signed(&self, who: &Identity, method: &Method, path: &str, body: &[u8]) -> Result<HeaderMap, Fault> {
        let claims = Claims {
            terminal: who.terminal_id.clone(),
            counter: (who.counter)(),
            created_s: self.clock.now().as_second(),
            key_id: signature::key_id(&who.key.verifying_key()),
        };
        let headers = signature::sign(&who.key, &claims, method, path, body);
        headers.map(HeaderMap::from_iter).map_err(|e| Fault::NotSent(e.to_string()))
    }

    /// The next address is tried only when no connection to this one came about: otherwise bytes may
    /// have left, and another center might do the same thing a second time.
    async fn try_addresses(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        body: Vec<u8>,
    ) -> Result<Vec<u8>, Fault> {
        let mut last = "no address of a center is known".to_owned();
        for address in self.addresses.iter() {
            let request = self
                .http
                .request(method.clone(), format!("{address}{path}"))
                .headers(headers.clone())
                .body(body.clone());
            match request.send().await {
                Ok(response) => return read(response).await,
                // A request that could not even be built was not sent either.
                Err(error) if error.is_connect() || error.is_builder() => {
                    last = format!("{address}: {}", words(&error));
                    tracing::info!(address, error = last, "no connection to the center at this address");
                }
                Err(error) => return Err(Fault::Unknown(words(&error))),
            }
        }
        Err(Fault::NotSent(last))
    }
}

async fn read(mut response: reqwest::Response) -> Result<Vec<u8>, Fault> {
    let status = response.status();
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(|e| Fault::Unknown(words(&e)))? {
        body.extend_from_slice(&part);
        if body.len() > ANSWER_BYTES {
            return Err(Fault::Unknown("the answer is too long".to_owned()));
        }
    }
    understood(status, body)
}

/// What an answer means. Only a problem of the center's own says for sure that nothing was done; a 5xx
/// does so only when it says that no money was taken.
fn understood(status: StatusCode, body: Vec<u8>) -> Result<Vec<u8>, Fault> {
    if status.is_success() {
        return Ok(body);
    }
    match serde_json::from_slice::<Problem>(&body) {
        Ok(problem) if status.is_client_error() || problem.money_taken == MoneyTaken::No => {
            Err(Fault::Problem(Box::new(problem)))
        }
        Ok(problem) => Err(Fault::Unknown(format!("status {status}: {problem}"))),
        Err(_) => Err(Fault::Unknown(format!("status {status} without a reason"))),
    }
}

/// The whole chain of causes in one line; reqwest's own text names only the first.
fn words(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use i18n::Lang;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    fn client(addresses: &[String]) -> CenterClient {
        let clock = Clock::by_hand("2026-11-21T00:00:00Z".parse().unwrap());
        CenterClient::new(addresses, clock, Duration::from_secs(35)).unwrap()
    }

    fn who() -> Identity {
        Identity {
            terminal_id: "000000358002".to_owned(),
            key: SigningKey::from_bytes(&[7; 32]),
            counter: Arc::new(|| 1),
        }
    }

    fn echo() -> Echo {
        Echo { text: "ping".to_owned(), at_us: 0 }
    }

    /// An address where nobody listens.
    async fn dead() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    }

    /// A server that takes one request and gives one answer, or hangs up.
    async fn server(answer: Option<String>) -> (String, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            let mut part = [0; 4096];
            while !request.ends_with(b"}") {
                let count = stream.read(&mut part).await.unwrap();
                request.extend_from_slice(&part[..count]);
            }
            if let Some(answer) = answer {
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            String::from_utf8(request).unwrap()
        });
        (address, asked)
    }

    fn http(status: &str, body: &str) -> String {
        format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
    }

    fn problem(code: codes::Code) -> String {
        serde_json::to_string(&Problem::new(Lang::En, code)).unwrap()
    }

    #[tokio::test]
    async fn the_next_address_is_tried_when_nobody_listens_and_the_request_is_signed() {
        let (live, asked) = server(Some(http("200 OK", r#"{"text":"ping","at_us":5}"#))).await;
        let answer = client(&[dead().await, live]).echo(&who(), &echo()).await.unwrap();
        assert_eq!(answer.at_us, 5);
        let request = asked.await.unwrap();
        for header in [
            "choba-terminal: 000000358002",
            "choba-counter: 1",
            "signature-input: choba=(",
            "signature: choba=:",
        ] {
            assert!(request.contains(header), "{request}");
        }
    }

    #[tokio::test]
    async fn nobody_anywhere_is_not_sent() {
        let fault = client(&[dead().await, dead().await]).echo(&who(), &echo()).await.unwrap_err();
        assert!(matches!(fault, Fault::NotSent(_)), "{fault}");
        assert!(matches!(client(&[]).echo(&who(), &echo()).await, Err(Fault::NotSent(_))));
    }

    #[tokio::test]
    async fn a_center_that_hangs_up_after_the_request_is_unknown_and_no_other_is_asked() {
        let (first, asked) = server(None).await;
        let (second, other) = server(Some(http("200 OK", "{}"))).await;
        let fault = client(&[first, second]).echo(&who(), &echo()).await.unwrap_err();
        assert!(matches!(fault, Fault::Unknown(_)), "{fault}");
        asked.await.unwrap();
        assert!(!other.is_finished());
        other.abort();
    }

    #[tokio::test]
    async fn a_silent_center_is_unknown_when_the_time_is_over() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = client(&[format!("http://{}", listener.local_addr().unwrap())]);
        let clock = client.clock.clone();
        let asking = tokio::spawn(async move { client.echo(&who(), &echo()).await });
        let _silent = listener.accept().await.unwrap();
        clock.advance(Duration::from_secs(35));
        assert!(matches!(asking.await.unwrap(), Err(Fault::Unknown(_))));
    }

    #[test]
    fn only_a_clear_refusal_is_a_refusal() {
        let of = |status: u16, body: &str| {
            understood(StatusCode::from_u16(status).unwrap(), body.as_bytes().to_vec())
        };
        assert!(matches!(of(409, &problem(codes::api::ID_REUSED)), Err(Fault::Problem(_))));
        assert!(matches!(of(503, &problem(codes::api::UNAVAILABLE)), Err(Fault::Problem(_))));
        assert!(matches!(of(500, &problem(codes::api::INTERNAL)), Err(Fault::Unknown(_))));
        assert!(matches!(of(502, "<html>Bad Gateway</html>"), Err(Fault::Unknown(_))));
        assert!(matches!(of(404, "not ours"), Err(Fault::Unknown(_))));
        assert!(matches!(of(302, ""), Err(Fault::Unknown(_))));
        assert!(of(202, "{}").is_ok());
    }
}
