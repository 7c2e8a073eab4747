//! The code brands over HTTP (docs/networks/code-http.md): the signed client, and what an answer says.
//!
//! Reading is pure. What matters for the money: a refusal is only what the table names; everything else,
//! every 5xx and every silence is not knowing.

use super::hearing::{Hearing, Waiting};
use crate::limits;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use clock::Clock;
use codes::{Code, code, pay};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::Method;
use md5::{Digest as _, Md5};
use payment::{Brand, PaymentId};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// The type of every body.
const JSON: &str = "application/json";
/// What stands for content type and hash where there is no body.
const EMPTY: &str = "empty";
/// A larger answer is not one of theirs.
const MAX_ANSWER_BYTES: usize = 256 * 1024;
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// Where a brand is asked, and as whom.
#[derive(Clone)]
pub struct Gateway {
    /// `https://host[:port][/path]` in front of `/v2/…`.
    pub url: String,
    /// The key that names us.
    pub key: String,
    /// The secret that signs.
    pub secret: String,
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("url", &self.url).finish_non_exhaustive()
    }
}

/// The code brands that this center is connected to. Clones share everything.
#[derive(Clone)]
pub struct CodeNetwork(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    clock: Clock,
    /// Whether any brand answers again.
    hearing: Hearing,
    brands: BTreeMap<Brand, Partner>,
}

/// A brand that can be asked, and what is remembered of its answers.
struct Partner {
    gateway: Gateway,
    hearing: Hearing,
    /// The doubt that it was asked about last, and until when whether it answers again is of interest, UTC
    /// microseconds.
    doubt: Mutex<Option<(PaymentId, i64)>>,
}

impl Partner {
    /// Somebody is in doubt about this payment.
    fn doubts(&self, about: PaymentId, clock: &Clock) {
        let of_interest = i64::try_from(limits::BRAND_PROBE_FOR.as_micros()).unwrap_or(i64::MAX);
        let until_us = clock.now_us().saturating_add(of_interest);
        *self.doubt.lock().unwrap_or_else(PoisonError::into_inner) = Some((about, until_us));
        self.hearing.look_again();
    }

    /// The payment to ask a silent brand about, while anybody is in doubt.
    fn silent_about(&self, clock: &Clock) -> Option<PaymentId> {
        let doubt = *self.doubt.lock().unwrap_or_else(PoisonError::into_inner);
        let (about, until_us) = doubt.filter(|_| self.hearing.is_silent())?;
        (clock.now_us() < until_us).then_some(about)
    }
}

/// One call: about which payment, and what is asked. `path` begins with `/v2/`.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// Whose.
    pub brand: Brand,
    /// Which payment.
    pub about: PaymentId,
    /// The HTTP method.
    pub method: &'a Method,
    /// The path.
    pub path: &'a str,
    /// The body, if there is one.
    pub body: Option<&'a Value>,
}

/// Why there is no answer that says anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// No connection: nothing left this program.
    NotSent,
    /// Nobody answered in time.
    TimedOut,
    /// The line was cut after something may have left.
    Cut,
    /// 5xx, no JSON, or nothing that the contract knows.
    NotUnderstood,
}

/// An answer of a brand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// `resultInfo.code`.
    pub code: String,
    /// `data`, or null.
    pub data: Value,
}

impl Reply {
    /// The reply as it may rest.
    pub fn at_rest(&self) -> Vec<u8> {
        json!({"status": self.status, "code": self.code, "data": self.data}).to_string().into_bytes()
    }

    /// A reply that rests; nothing for what is none.
    pub fn from_rest(bytes: &[u8]) -> Option<Self> {
        let whole: Value = serde_json::from_slice(bytes).ok()?;
        Some(Self {
            status: u16::try_from(whole.get("status")?.as_u64()?).ok()?,
            code: whole.get("code")?.as_str()?.to_owned(),
            data: whole.get("data").cloned().unwrap_or(Value::Null),
        })
    }

    /// Reads the body of an answer; what has not the shape of the contract is not understood.
    pub fn read(status: u16, body: &[u8]) -> Result<Self, Silence> {
        let whole: Value = serde_json::from_slice(body).map_err(|_| Silence::NotUnderstood)?;
        let code = whole.pointer("/resultInfo/code").and_then(Value::as_str).ok_or(Silence::NotUnderstood)?;
        Ok(Self { status, code: code.to_owned(), data: whole.get("data").cloned().unwrap_or(Value::Null) })
    }

    fn text(&self, name: &str) -> Option<String> {
        self.data.get(name).and_then(Value::as_str).map(str::to_owned)
    }
}

impl CodeNetwork {
    /// A client of these brands.
    pub fn new(clock: Clock, gateways: impl IntoIterator<Item = (Brand, Gateway)>) -> Result<Self, String> {
        // The program may have chosen a provider already; then this one is not needed.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .no_proxy()
            .build()
            .map_err(|error| error.to_string())?;
        let hearing = Hearing::default();
        let partner = |gateway| Partner { gateway, hearing: hearing.beside(), doubt: Mutex::new(None) };
        let brands = gateways.into_iter().map(|(brand, gateway)| (brand, partner(gateway))).collect();
        Ok(Self(Arc::new(Inner { http, clock, hearing, brands })))
    }

    /// Changes whenever a brand answers that did not before.
    pub fn revivals(&self) -> watch::Receiver<u64> {
        self.0.hearing.revivals()
    }

    /// Whether this brand can be asked.
    pub fn has(&self, brand: Brand) -> bool {
        self.0.brands.contains_key(&brand)
    }

    /// Asks every brand that did not answer about a doubt, again and again, whether it does: there is no line that
    /// would say so by itself, and a doubt must not wait out its pause (R4). What it says moves no money. The first
    /// time it waits too: whoever is in doubt asks at once by himself, and his answer may be on its way.
    pub async fn listen(&self) {
        let listening = self.0.brands.iter().map(|(brand, partner)| async move {
            loop {
                partner.hearing.fell_silent().await;
                self.0.clock.sleep(limits::BRAND_PROBE_EVERY).await;
                while let Some(about) = partner.silent_about(&self.0.clock) {
                    let path = inquiry_path(about);
                    let call = Call { brand: *brand, about, method: &Method::GET, path: &path, body: None };
                    drop(self.call(call, Waiting::Once(limits::BRAND_PROBE_WAIT)).await);
                    self.0.clock.sleep(limits::BRAND_PROBE_EVERY).await;
                }
            }
        });
        futures_util::future::join_all(listening).await;
    }

    /// One call.
    pub async fn call(&self, call: Call<'_>, waiting: Waiting) -> Result<Reply, Silence> {
        let Call { brand, about, method, path, body } = call;
        let partner = self.0.brands.get(&brand).ok_or(Silence::NotSent)?;
        let gateway = &partner.gateway;
        let body = body.map(Value::to_string);
        let url = format!("{}{path}", gateway.url.trim_end_matches('/'));
        let url = reqwest::Url::parse(&url).map_err(|_| Silence::NotSent)?;
        let nonce: [u8; 8] = center_base::random().map_err(|_| Silence::NotSent)?;
        let signed = Signed {
            path: url.path(),
            method: method.as_str(),
            nonce: &hex::encode(nonce),
            epoch: self.0.clock.now().as_second(),
            body: body.as_deref(),
        };
        let authorization = signed.authorization(gateway);
        let mut request = self.0.http.request(method.clone(), url).header("authorization", authorization);
        if let Some(body) = body {
            request = request.header("content-type", JSON).body(body);
        }
        let clock = &self.0.clock;
        if waiting == Waiting::Repeated {
            partner.doubts(about, clock);
        }
        let since = partner.hearing.revivals();
        let reply = tokio::select! {
            biased;
            reply = clock.timeout(waiting.limit(), ask(request)) => reply.unwrap_or(Err(Silence::TimedOut)),
            () = partner.hearing.given_up(waiting, since, clock) => return Err(Silence::TimedOut),
        };
        partner.hearing.heard(reply.as_ref().is_ok_and(|reply| reply.status < 500));
        reply
    }
}

/// Where a brand says how a payment stands.
pub(crate) fn inquiry_path(id: PaymentId) -> String {
    format!("/v2/codes/payments/{id}")
}

async fn ask(request: reqwest::RequestBuilder) -> Result<Reply, Silence> {
    let silent = |error: reqwest::Error| match () {
        // Only a failed connection proves that nothing left.
        () if error.is_connect() => Silence::NotSent,
        () if error.is_timeout() => Silence::TimedOut,
        () => Silence::Cut,
    };
    let mut response = request.send().await.map_err(silent)?;
    let status = response.status().as_u16();
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| Silence::Cut)? {
        if bytes.len().saturating_add(chunk.len()) > MAX_ANSWER_BYTES {
            return Err(Silence::NotUnderstood);
        }
        bytes.extend_from_slice(&chunk);
    }
    Reply::read(status, &bytes)
}

/// What the authorization covers (code-http.md, 2).
struct Signed<'a> {
    path: &'a str,
    method: &'a str,
    nonce: &'a str,
    epoch: i64,
    body: Option<&'a str>,
}

impl Signed<'_> {
    fn authorization(&self, gateway: &Gateway) -> String {
        let (kind, hash) = match self.body {
            Some(body) => (JSON, BASE64.encode(Md5::new().chain_update(JSON).chain_update(body).finalize())),
            None => (EMPTY, EMPTY.to_owned()),
        };
        let epoch = self.epoch.to_string();
        let text = [self.path, self.method, self.nonce, &epoch, kind, &hash].join("\n");
        let mac = match Hmac::<Sha256>::new_from_slice(gateway.secret.as_bytes()) {
            Ok(mac) => BASE64.encode(mac.chain_update(text).finalize().into_bytes()),
            // HMAC takes keys of every length.
            Err(_) => String::new(),
        };
        format!("hmac OPA-Auth:{}:{mac}:{}:{epoch}:{hash}", gateway.key, self.nonce)
    }
}

/// The body of `POST /v2/payments`.
pub fn payment_body(id: PaymentId, yen: i64, token: &str, place: (&str, &str), now_s: i64) -> Value {
    let (shop, terminal) = place;
    json!({
        "merchantPaymentId": id.to_string(),
        "amount": {"amount": yen, "currency": "JPY"},
        "userAuthorizationCode": token,
        "requestedAt": now_s,
        "storeId": shop,
        "terminalId": terminal,
    })
}

/// The body of `POST /v2/refunds`.
pub fn refund_body(refund: PaymentId, payment: PaymentId, yen: i64, now_s: i64) -> Value {
    json!({
        "merchantRefundId": refund.to_string(),
        "merchantPaymentId": payment.to_string(),
        "amount": {"amount": yen, "currency": "JPY"},
        "requestedAt": now_s,
    })
}

/// What a brand says about a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentSaid {
    /// Paid; the brand's number.
    Paid(Option<String>),
    /// The customer must confirm; the brand's number.
    Waits(Option<String>),
    /// A no.
    Declined(Code),
    /// Nothing was done, and nothing will be.
    Failed(Code),
    /// Cancelled at the brand.
    Undone,
    /// The brand does not know it (yet): asked again or cancelled, never guessed.
    NotThere,
    /// Nobody knows.
    Unknown(Code),
}

/// Reads the answer to `POST /v2/payments`.
pub fn read_payment(reply: Result<&Reply, Silence>, yen: i64) -> PaymentSaid {
    let reply = match reply {
        Ok(reply) => reply,
        Err(Silence::NotSent) => return PaymentSaid::Failed(pay::NO_CONNECTION),
        Err(silence) => return PaymentSaid::Unknown(outcome_unknown(silence)),
    };
    match (reply.status, reply.code.as_str()) {
        (200 | 201, _) => read_status(reply, yen),
        (400, "UNSUPPORTED_CODE") => PaymentSaid::Failed(code::CODE_NOT_SUPPORTED),
        (401, "UNAUTHORIZED") | (400, "BANK_SYSTEM_ERROR") => PaymentSaid::Failed(code::BRAND_AUTH_FAILED),
        (403, "MERCHANT_NOT_ENROLLED") => PaymentSaid::Failed(code::MERCHANT_NOT_ENROLLED),
        (400, "NO_SUFFICIENT_FUND") => PaymentSaid::Declined(code::BALANCE_SHORT),
        (400, "LIMIT_EXCEEDED") => PaymentSaid::Declined(code::PAYMENT_LIMIT),
        (400, "PAYMENT_CANCELED") => PaymentSaid::Failed(code::CANCELLED_MEANWHILE),
        (400, "CODE_EXPIRED" | "CODE_USED" | "CODE_INVALID") => PaymentSaid::Declined(code::CODE_EXPIRED),
        (403, "TERMINAL_SUSPENDED") => PaymentSaid::Failed(code::TERMINAL_SUSPENDED),
        // The brand itself says that it did nothing.
        (503, "MAINTENANCE_MODE") => PaymentSaid::Failed(code::GATEWAY_ERROR),
        (400, "INVALID_MERCHANT_PAYMENT_ID") => PaymentSaid::Failed(code::NUMBER_INVALID),
        (400, "INVALID_PARAMS") => PaymentSaid::Failed(code::REQUEST_DEFECT),
        // Among others DUPLICATE_MERCHANT_PAYMENT_ID: how it stands is asked by the id.
        _ => PaymentSaid::Unknown(code::OUTCOME_BRAND_FAULT),
    }
}

/// Reads the answer to an inquiry.
pub fn read_inquiry(reply: Result<&Reply, Silence>, yen: i64) -> PaymentSaid {
    match reply {
        Ok(reply) => match (reply.status, reply.code.as_str()) {
            (200, _) => read_status(reply, yen),
            (404, "PAYMENT_NOT_FOUND") => PaymentSaid::NotThere,
            _ => PaymentSaid::Unknown(code::INQUIRY_DEFECT),
        },
        Err(silence) => PaymentSaid::Unknown(outcome_unknown(silence)),
    }
}

fn read_status(reply: &Reply, yen: i64) -> PaymentSaid {
    let number = reply.text("paymentId");
    let amount = reply.data.pointer("/amount/amount").and_then(Value::as_i64);
    match reply.text("status").unwrap_or_default().as_str() {
        // Another amount approves nothing that we asked for.
        "COMPLETED" | "REFUNDED" if amount != Some(yen) => PaymentSaid::Unknown(code::OUTCOME_BRAND_FAULT),
        "COMPLETED" | "REFUNDED" => PaymentSaid::Paid(number),
        "CREATED" | "AUTHORIZED" => PaymentSaid::Waits(number),
        "FAILED" if reply.text("failure").as_deref() == Some("USER_REFUSED") => {
            PaymentSaid::Declined(code::USER_DID_NOT_PAY)
        }
        "FAILED" => PaymentSaid::Declined(code::PAYMENT_FAILED),
        "EXPIRED" => PaymentSaid::Declined(code::USER_DID_NOT_PAY),
        "CANCELED" => PaymentSaid::Undone,
        _ => PaymentSaid::Unknown(code::OUTCOME_BRAND_FAULT),
    }
}

fn outcome_unknown(silence: Silence) -> Code {
    match silence {
        Silence::TimedOut => code::OUTCOME_TIMEOUT,
        Silence::Cut | Silence::NotSent => code::OUTCOME_NETWORK_ERROR,
        Silence::NotUnderstood => code::OUTCOME_BRAND_FAULT,
    }
}

/// What a brand says about giving back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackSaid {
    /// Given back.
    Done,
    /// A no: the charge stands.
    Refused(Code),
    /// There is no such payment.
    NotThere,
    /// Nothing left this program.
    NotSent,
    /// Nobody knows.
    Unknown(Code),
}

/// Reads the answer to a cancel or a refund.
pub fn read_back(reply: Result<&Reply, Silence>) -> BackSaid {
    let reply = match reply {
        Ok(reply) => reply,
        Err(Silence::NotSent) => return BackSaid::NotSent,
        Err(Silence::TimedOut) => return BackSaid::Unknown(code::CANCEL_TIMEOUT),
        Err(Silence::Cut) => return BackSaid::Unknown(code::CANCEL_NETWORK_ERROR),
        Err(Silence::NotUnderstood) => return BackSaid::Unknown(code::CANCEL_BRAND_FAULT),
    };
    match (reply.status, reply.code.as_str()) {
        (200 | 201, _) => match reply.text("status").as_deref() {
            Some("FAILED") => BackSaid::Refused(code::CANCEL_GATEWAY_ERROR),
            _ => BackSaid::Done,
        },
        (400, "CANCEL_PERIOD_EXPIRED" | "REFUND_PERIOD_EXPIRED") => {
            BackSaid::Refused(code::CANCEL_PERIOD_OVER)
        }
        (400, "ALREADY_REFUNDED" | "DUPLICATE_REFUND_REQUEST") => BackSaid::Refused(code::ALREADY_REFUNDED),
        (400, "INVALID_REFUND_AMOUNT" | "REFUND_EXCEEDS_PAYMENT" | "TOO_MANY_REFUNDS") => {
            BackSaid::Refused(code::REFUND_AMOUNT)
        }
        (400, "INVALID_PARAMS") => BackSaid::Refused(code::CANCEL_REQUEST_DEFECT),
        (403, "TERMINAL_SUSPENDED") => BackSaid::Refused(code::CANCEL_TERMINAL_SUSPENDED),
        (400, "GATEWAY_ERROR") => BackSaid::Refused(code::CANCEL_GATEWAY_ERROR),
        (404, "PAYMENT_NOT_FOUND") => BackSaid::NotThere,
        _ => BackSaid::Unknown(code::CANCEL_BRAND_FAULT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, code: &str, data: Value) -> Reply {
        Reply { status, code: code.to_owned(), data }
    }

    fn paid(status: &str, yen: i64) -> Reply {
        let amount = json!({"amount": yen, "currency": "JPY"});
        reply(200, "SUCCESS", json!({"paymentId": "04857", "status": status, "amount": amount}))
    }

    #[test]
    fn a_payment_is_paid_only_by_a_completed_status_of_the_same_amount() {
        //
        let said = |reply: &Reply| read_payment(Ok(reply), 880);
        assert_eq!(said(&paid("COMPLETED", 880)), PaymentSaid::Paid(Some("04857".into())));
        assert_eq!(said(&paid("COMPLETED", 881)), PaymentSaid::Unknown(code::OUTCOME_BRAND_FAULT));
        assert_eq!(said(&paid("CREATED", 880)), PaymentSaid::Waits(Some("04857".into())));
        assert_eq!(said(&paid("EXPIRED", 880)), PaymentSaid::Declined(code::USER_DID_NOT_PAY));
        assert_eq!(said(&paid("CANCELED", 880)), PaymentSaid::Undone);
        assert_eq!(said(&paid("NEWSTATE", 880)), PaymentSaid::Unknown(code::OUTCOME_BRAND_FAULT));
    }

    #[test]
    fn a_reply_is_read_as_it_rests() {
        let whole = paid("CREATED", 880);
        assert_eq!(Reply::from_rest(&whole.at_rest()), Some(whole));
        assert_eq!(Reply::from_rest(b"\x02\x10"), None);
    }

    #[test]
    fn every_5xx_and_every_silence_is_not_knowing_except_maintenance() {
        //
        for status in [500, 502, 503, 504] {
            let broken = reply(status, "INTERNAL_SERVER_ERROR", Value::Null);
            assert_eq!(read_payment(Ok(&broken), 1), PaymentSaid::Unknown(code::OUTCOME_BRAND_FAULT));
        }
        let closed = reply(503, "MAINTENANCE_MODE", Value::Null);
        assert_eq!(read_payment(Ok(&closed), 1), PaymentSaid::Failed(code::GATEWAY_ERROR));
        for (silence, said) in [
            (Silence::TimedOut, PaymentSaid::Unknown(code::OUTCOME_TIMEOUT)),
            (Silence::Cut, PaymentSaid::Unknown(code::OUTCOME_NETWORK_ERROR)),
            (Silence::NotUnderstood, PaymentSaid::Unknown(code::OUTCOME_BRAND_FAULT)),
            (Silence::NotSent, PaymentSaid::Failed(pay::NO_CONNECTION)),
        ] {
            assert_eq!(read_payment(Err(silence), 1), said);
        }
        assert_eq!(read_inquiry(Err(Silence::NotSent), 1), PaymentSaid::Unknown(code::OUTCOME_NETWORK_ERROR));
    }

    #[test]
    fn the_authorization_is_that_of_the_brands_contract() {
        let gateway = Gateway { url: String::new(), key: "k".into(), secret: "s".into() };
        let get = Signed { path: "/v2/x", method: "GET", nonce: "n", epoch: 1, body: None };
        let header = get.authorization(&gateway);
        assert!(header.starts_with("hmac OPA-Auth:k:") && header.ends_with(":n:1:empty"), "{header}");
        assert!(!format!("{gateway:?}").contains("\"s\""));
    }
}
