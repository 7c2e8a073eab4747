//! The typed client: one center behind several addresses, every request signed and bounded in time.

use crate::signature::{
    COUNTER_HEADER, Covered, DIGEST_HEADER, INPUT_HEADER, SIGNATURE_HEADER, TERMINAL_HEADER, sign,
};
use crate::{
    Activation, ActivationRequest, ClerkNewPassword, ClerkPasswordAnswer, ClerkSession, ClerkSignIn,
    CompletionRequest, DuplicateAnswer, DuplicateCheck, Echo, MailReceiptRequest, PaymentRequest,
    PaymentView, Problem, RefundRequest, RefundReversal, RefundView, ReversalRequest, TerminalConfig,
};
use clock::Clock;
use codes::api;
use ed25519_dalek::SigningKey;
use http::Method;
use payment::PaymentId;
use reqwest::header::{ACCEPT_LANGUAGE, CONTENT_TYPE};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How long an address may take to be connected to: a machine that is switched off answers nothing at
/// all, and the next address must still have its turn within the terminal's patience.
const CONNECT: Duration = Duration::from_secs(2);
/// How often the request counter leaps ahead, twice as far each time, until the center takes it.
const COUNTER_LEAPS: u32 = 14;
/// The first leap.
const COUNTER_LEAP: i64 = 64;
/// A larger answer is not one of ours.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// Hands out the request counter: every number larger than the last, over restarts too.
pub trait Counter: Send + Sync {
    /// The next number, or why there is none.
    fn next(&self) -> Result<i64, String>;

    /// Leaves out so many numbers: the center has seen later ones than this device remembers.
    fn skip(&self, _count: i64) {}
}

/// Who signs.
#[derive(Clone)]
pub struct Signer {
    /// Twelve digits.
    pub terminal: String,
    /// Made on the device.
    pub key: Arc<SigningKey>,
    /// Only grows.
    pub counter: Arc<dyn Counter>,
}

/// Why there is no answer. The difference decides whether money may have moved.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Fault {
    /// No connection at any address: nothing left this program.
    #[error("the center was not reached: {0}")]
    NotSent(String),
    /// Something left and no whole answer came.
    #[error("the center did not answer: {0}")]
    Unknown(String),
    /// The center refused the request.
    #[error("the center refused: {0}")]
    Refused(Box<Problem>),
}

/// A client of one center.
#[derive(Clone)]
pub struct CenterClient {
    http: reqwest::Client,
    bases: Arc<[String]>,
    /// The address that is tried first: the one that answered last.
    first: Arc<AtomicUsize>,
    clock: Clock,
    limit: Duration,
    lang: i18n::Lang,
}

struct Ask<'a> {
    method: Method,
    path: &'a str,
    body: Vec<u8>,
    signer: Option<&'a Signer>,
}

impl CenterClient {
    /// A client for the center at `bases` (`http://host:port`, tried in order until one connects; who
    /// answered last is tried first, who fell silent last).
    /// An answer is waited for at most `limit`.
    pub fn new(bases: &[String], clock: Clock, limit: Duration) -> Result<Self, Fault> {
        // The program may have chosen a provider already; then this one is not needed.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .no_proxy()
            .build()
            .map_err(|error| Fault::NotSent(error.to_string()))?;
        let bases = bases.iter().map(|base| base.trim_end_matches('/').to_owned()).collect();
        Ok(Self { http, bases, first: Arc::default(), clock, limit, lang: i18n::Lang::Ja })
    }

    /// The same with another time limit (policy `timers.terminal_s`).
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// `POST /api/v1/activations` (W-030), unsigned.
    pub async fn activate(&self, request: &ActivationRequest) -> Result<Activation, Fault> {
        self.call(Method::POST, "/api/v1/activations", request, None).await
    }

    /// `POST /api/v1/activations/confirm` (W-031).
    pub async fn confirm_activation(&self, signer: &Signer) -> Result<Activation, Fault> {
        self.call(Method::POST, "/api/v1/activations/confirm", &serde_json::json!({}), Some(signer)).await
    }

    /// `GET /api/v1/terminal`.
    pub async fn terminal_config(&self, signer: &Signer) -> Result<TerminalConfig, Fault> {
        self.get("/api/v1/terminal", signer).await
    }

    /// `POST /api/v1/clerk-sessions`.
    pub async fn clerk_sign_in(&self, signer: &Signer, request: &ClerkSignIn) -> Result<ClerkSession, Fault> {
        self.call(Method::POST, "/api/v1/clerk-sessions", request, Some(signer)).await
    }

    /// `POST /api/v1/clerk-passwords`.
    pub async fn clerk_new_password(
        &self,
        signer: &Signer,
        request: &ClerkNewPassword,
    ) -> Result<ClerkPasswordAnswer, Fault> {
        self.call(Method::POST, "/api/v1/clerk-passwords", request, Some(signer)).await
    }

    /// `POST /api/v1/payments`. A 202 is an answer too: its state is `sent`.
    pub async fn pay(&self, signer: &Signer, request: &PaymentRequest) -> Result<PaymentView, Fault> {
        self.call(Method::POST, "/api/v1/payments", request, Some(signer)).await
    }

    /// `GET /api/v1/payments/{id}`; nothing when the center never heard of it.
    pub async fn payment(&self, signer: &Signer, id: PaymentId) -> Result<Option<PaymentView>, Fault> {
        match self.get(&format!("/api/v1/payments/{id}"), signer).await {
            Ok(view) => Ok(Some(view)),
            Err(Fault::Refused(problem)) if problem.code == api::NOT_FOUND => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// `POST /api/v1/payments/{id}/completion`.
    pub async fn complete(
        &self,
        signer: &Signer,
        id: PaymentId,
        request: &CompletionRequest,
    ) -> Result<PaymentView, Fault> {
        self.call(Method::POST, &format!("/api/v1/payments/{id}/completion"), request, Some(signer)).await
    }

    /// `POST /api/v1/payments/{id}/reversal`.
    pub async fn reverse(
        &self,
        signer: &Signer,
        id: PaymentId,
        request: &ReversalRequest,
    ) -> Result<PaymentView, Fault> {
        self.call(Method::POST, &format!("/api/v1/payments/{id}/reversal"), request, Some(signer)).await
    }

    /// `POST /api/v1/payments/{id}/release`: an authorization is given back.
    pub async fn release(&self, signer: &Signer, id: PaymentId) -> Result<PaymentView, Fault> {
        let path = format!("/api/v1/payments/{id}/release");
        self.call(Method::POST, &path, &serde_json::json!({}), Some(signer)).await
    }

    /// `POST /api/v1/payments/{id}/refunds`. A 202 is an answer too: its state is `sent` or `in_doubt`.
    pub async fn refund(
        &self,
        signer: &Signer,
        payment: PaymentId,
        request: &RefundRequest,
    ) -> Result<RefundView, Fault> {
        self.call(Method::POST, &format!("/api/v1/payments/{payment}/refunds"), request, Some(signer)).await
    }

    /// `GET /api/v1/refunds/{id}`; nothing when the center never heard of it.
    pub async fn refund_of(&self, signer: &Signer, id: PaymentId) -> Result<Option<RefundView>, Fault> {
        match self.get(&format!("/api/v1/refunds/{id}"), signer).await {
            Ok(view) => Ok(Some(view)),
            Err(Fault::Refused(problem)) if problem.code == api::NOT_FOUND => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// `POST /api/v1/refunds/{id}/reversal`.
    pub async fn reverse_refund(
        &self,
        signer: &Signer,
        id: PaymentId,
        request: &RefundReversal,
    ) -> Result<RefundView, Fault> {
        self.call(Method::POST, &format!("/api/v1/refunds/{id}/reversal"), request, Some(signer)).await
    }

    /// `POST /api/v1/duplicate-checks`.
    pub async fn duplicates(
        &self,
        signer: &Signer,
        request: &DuplicateCheck,
    ) -> Result<DuplicateAnswer, Fault> {
        self.call(Method::POST, "/api/v1/duplicate-checks", request, Some(signer)).await
    }

    /// `POST /api/v1/payments/{id}/receipt-mails`.
    pub async fn mail_receipt(
        &self,
        signer: &Signer,
        id: PaymentId,
        request: &MailReceiptRequest,
    ) -> Result<(), Fault> {
        let path = format!("/api/v1/payments/{id}/receipt-mails");
        self.call::<_, serde_json::Value>(Method::POST, &path, request, Some(signer)).await.map(drop)
    }

    /// `POST /api/v1/journal`.
    pub async fn upload_journal(
        &self,
        signer: &Signer,
        upload: &crate::JournalUpload,
    ) -> Result<crate::JournalAnswer, Fault> {
        self.call(Method::POST, "/api/v1/journal", upload, Some(signer)).await
    }

    /// `POST /api/v1/echo`: the online test; the answer carries the center's clock.
    pub async fn echo(&self, signer: &Signer) -> Result<Echo, Fault> {
        self.call(Method::POST, "/api/v1/echo", &serde_json::json!({}), Some(signer)).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, signer: &Signer) -> Result<T, Fault> {
        self.ask(Ask { method: Method::GET, path, body: Vec::new(), signer: Some(signer) }).await
    }

    async fn call<B: Serialize + ?Sized, T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &B,
        signer: Option<&Signer>,
    ) -> Result<T, Fault> {
        let body = serde_json::to_vec(body).map_err(|error| Fault::NotSent(error.to_string()))?;
        self.ask(Ask { method, path, body, signer }).await
    }

    /// Asks; once more with a new counter when requests of this terminal overtook each other. That is
    /// safe: every operation is idempotent by the ids in it.
    async fn ask<T: DeserializeOwned>(&self, ask: Ask<'_>) -> Result<T, Fault> {
        let mut answer = self.ask_once(&ask).await;
        for leap in 0..COUNTER_LEAPS {
            let replayed =
                matches!(&answer, Err(Fault::Refused(problem)) if problem.code == api::COUNTER_REPLAYED);
            if !replayed {
                break;
            }
            // Still behind: this device runs on older data than it once had, and the journal will show it.
            if let (1.., Some(signer)) = (leap, ask.signer) {
                signer.counter.skip(COUNTER_LEAP << leap);
            }
            answer = match self.ask_once(&ask).await {
                // The first one arrived, and whatever had overtaken it may have been the same request.
                Err(Fault::NotSent(why)) => Err(Fault::Unknown(why)),
                Err(Fault::Refused(problem)) if problem.status == 429 || problem.status >= 500 => {
                    Err(Fault::Unknown(problem.to_string()))
                }
                other => other,
            };
        }
        answer
    }

    async fn ask_once<T: DeserializeOwned>(&self, ask: &Ask<'_>) -> Result<T, Fault> {
        match self.clock.timeout(self.limit, self.send(ask)).await {
            Ok(Ok((status, bytes))) => read(status, &bytes),
            Ok(Err(fault)) => Err(fault),
            // Dropped in the middle, it has passed the silent address over.
            Err(elapsed) => Err(Fault::Unknown(elapsed.to_string())),
        }
    }

    /// Whoever fell silent is asked last from now on: every operation is idempotent by the ids in it, so
    /// any center on the same database can say what became of it.
    fn pass_over(&self, silent: usize) {
        self.first.store(silent.wrapping_add(1) % self.bases.len().max(1), Ordering::Relaxed);
    }

    async fn send(&self, ask: &Ask<'_>) -> Result<(u16, Vec<u8>), Fault> {
        let mut unreached = "no address of a center is set".to_owned();
        let first = self.first.load(Ordering::Relaxed);
        let turns = self.bases.iter().enumerate().cycle().skip(first).take(self.bases.len());
        for (turn, base) in turns {
            let request = self.request(base, ask)?;
            self.first.store(turn, Ordering::Relaxed);
            let patience = Patience { client: self, turn, answered: false };
            match self.http.execute(request).await {
                Ok(response) => {
                    let whole = whole(response).await;
                    patience.ends(whole.is_ok());
                    return whole;
                }
                // Only a failed connection proves that nothing left.
                Err(error) if error.is_connect() => unreached = without_url(error),
                Err(error) => {
                    patience.ends(false);
                    return Err(Fault::Unknown(without_url(error)));
                }
            }
        }
        Err(Fault::NotSent(unreached))
    }

    fn request(&self, base: &str, ask: &Ask<'_>) -> Result<reqwest::Request, Fault> {
        let mut builder = self
            .http
            .request(ask.method.clone(), format!("{base}{}", ask.path))
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT_LANGUAGE, self.lang.tag())
            .body(ask.body.clone());
        if let Some(signer) = ask.signer {
            let counter = signer.counter.next().map_err(Fault::NotSent)?;
            let covered = Covered {
                method: ask.method.as_str(),
                path: ask.path,
                query: "",
                terminal: &signer.terminal,
                counter,
                body: &ask.body,
            };
            let signed = sign(&signer.key, &covered, self.clock.now().as_second());
            builder = builder
                .header(TERMINAL_HEADER, &signer.terminal)
                .header(COUNTER_HEADER, counter.to_string())
                .header(DIGEST_HEADER, signed.digest)
                .header(INPUT_HEADER, signed.input)
                .header(SIGNATURE_HEADER, signed.signature);
        }
        builder.build().map_err(|error| Fault::NotSent(without_url(error)))
    }
}

/// A request that waits for its answer at one address. When the caller loses patience first, the future is
/// dropped and nobody reads the answer: the silent address is asked last from then on, as after any other
/// silence. The request itself is never sent to another address by this; the caller asks by its ids.
struct Patience<'a> {
    client: &'a CenterClient,
    turn: usize,
    answered: bool,
}

impl Patience<'_> {
    fn ends(mut self, answered: bool) {
        self.answered = answered;
    }
}

impl Drop for Patience<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.client.pass_over(self.turn);
        }
    }
}

fn without_url(error: reqwest::Error) -> String {
    let error = error.without_url();
    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}

async fn whole(mut response: reqwest::Response) -> Result<(u16, Vec<u8>), Fault> {
    let status = response.status().as_u16();
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if bytes.len().saturating_add(chunk.len()) <= MAX_ANSWER_BYTES => {
                bytes.extend_from_slice(&chunk);
            }
            Ok(Some(_)) => return Err(Fault::Unknown("the answer is too large".to_owned())),
            Ok(None) => return Ok((status, bytes)),
            Err(error) => return Err(Fault::Unknown(without_url(error))),
        }
    }
}

fn read<T: DeserializeOwned>(status: u16, bytes: &[u8]) -> Result<T, Fault> {
    if (200..300).contains(&status) {
        let body: &[u8] = if bytes.is_empty() { b"null" } else { bytes };
        return serde_json::from_slice(body).map_err(|error| Fault::Unknown(format!("answer: {error}")));
    }
    match serde_json::from_slice::<Problem>(bytes) {
        Ok(problem) => Err(Fault::Refused(Box::new(problem))),
        Err(_) => Err(Fault::Unknown(format!("status {status} without a problem document"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A listener that counts who comes and answers with `answer`, or never.
    async fn center(answer: Option<&'static str>) -> (String, Arc<AtomicUsize>) {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (base, came) =
            (format!("http://{}", listener.local_addr().unwrap()), Arc::new(AtomicUsize::new(0)));
        let counter = Arc::clone(&came);
        tokio::spawn(async move {
            let mut kept = Vec::new();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                counter.fetch_add(1, Ordering::SeqCst);
                if let Some(body) = answer {
                    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
                    let text = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                    stream.write_all(text.as_bytes()).await.unwrap();
                }
                kept.push(stream);
            }
        });
        (base, came)
    }

    #[tokio::test]
    async fn a_center_that_hangs_is_passed_over_once_the_caller_lost_patience_and_nothing_is_sent_twice() {
        // R4
        let (hanging, asked) = center(None).await;
        let (answering, asked_other) =
            center(Some("{\"terminal_id\":\"1\",\"shop_id\":\"2\",\"shop_name\":\"\",\"phone\":\"\"}")).await;
        let clock = Clock::by_hand("2026-11-28T00:00:00Z".parse().unwrap());
        let client = CenterClient::new(&[hanging, answering], clock, Duration::from_mins(1)).unwrap();
        let request = ActivationRequest {
            terminal_id: "1".into(),
            password: "0000".into(),
            public_key: String::new(),
            reader_serial: String::new(),
        };
        let impatient = {
            let (client, request) = (client.clone(), request.clone());
            tokio::spawn(async move { client.activate(&request).await })
        };
        while asked.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        // The caller gives up long before the client's own minute.
        impatient.abort();
        assert!(impatient.await.is_err());
        assert_eq!(asked_other.load(Ordering::SeqCst), 0, "what may have left goes nowhere else by itself");
        assert_eq!(client.activate(&request).await.unwrap().terminal_id, "1");
        assert_eq!((asked.load(Ordering::SeqCst), asked_other.load(Ordering::SeqCst)), (1, 1));
    }

    #[test]
    fn a_refusal_is_a_problem_and_a_broken_answer_is_not_knowing() {
        let problem = Problem::new(i18n::Lang::Ja, api::NO_SPACE);
        let bytes = serde_json::to_vec(&problem).unwrap();
        assert!(matches!(read::<PaymentView>(507, &bytes), Err(Fault::Refused(found)) if *found == problem));
        for (status, body) in [(500, "<html>"), (502, ""), (200, "{\"half\":"), (200, ""), (302, "")] {
            assert!(
                matches!(read::<PaymentView>(status, body.as_bytes()), Err(Fault::Unknown(_))),
                "{status}"
            );
        }
    }
}
