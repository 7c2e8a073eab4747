//! The HTTP side of the brands: calls in, decisions on disk, answers out, and trouble on order.

use super::auth::{self, Credentials, Signed};
use super::back::{self, AskedRefund};
use super::book::{Change, Key, Known};
use super::reply::{self, Reply, ResultCode};
use super::rules::Rules;
use super::step::{self, Asked, Done, World};
use super::tables::{self, By};
use crate::faults::{Exchange, Faults, Network, Strike};
use crate::host::tables::TENANT;
use crate::limits;
use crate::log::Log;
use crate::magic::CodeOutcome;
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::State;
use axum::response::Response;
use clock::Clock;
use http::{HeaderMap, Method, StatusCode, header, request::Parts};
use money::Yen;
use pages::secure::SecureConfig;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use store::{Db, DbError};

/// What all calls share.
pub struct Brands {
    /// The book.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// Brands and wallets.
    pub rules: Rules,
    /// Who may ask.
    pub credentials: Credentials,
    /// Whether magic amounts do what their table says.
    pub magic: bool,
    /// How long an answer of `late` waits: longer than the center does.
    pub late: Duration,
    /// Trouble on order.
    pub faults: Faults,
    /// The live log.
    pub log: Log,
}

impl std::fmt::Debug for Brands {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Brands")
    }
}

/// What is asked for.
#[derive(Clone, Debug)]
pub enum Ask {
    /// A payment.
    Pay(Asked),
    /// How a payment stands.
    Inquire(Key),
    /// Cancel a payment.
    Cancel(Key),
    /// Refund a payment, named by [`By`].
    Refund(AskedRefund, By),
    /// How a refund stands.
    InquireRefund(Key),
}

/// What happens to a request or its answer on the way.
type Trouble = Option<(Strike, Option<Duration>)>;

/// The calls, behind the guards of every program.
pub fn router(brands: Arc<Brands>, hosts: SecureConfig) -> Router {
    pages::secure::secure(Router::new().fallback(call).with_state(brands), hosts)
}

async fn call(State(brands): State<Arc<Brands>>, request: axum::extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, limits::CODE_BODY).await else {
        return plain(&Reply::of(reply::INVALID_PARAMS));
    };
    let now = brands.clock.now();
    if !is_authorized(&brands, &parts, &body) {
        brands.log.note(now, format!("code {} {}: UNAUTHORIZED", parts.method, parts.uri.path()));
        return plain(&Reply::of(reply::UNAUTHORIZED));
    }
    let asked = match read(&brands, &parts, &body) {
        Ok(asked) => asked,
        Err(result) => {
            brands.log.note(now, format!("code {} {}: {}", parts.method, parts.uri.path(), result.word));
            return plain(&Reply::of(result));
        }
    };
    exchange(&brands, asked).await
}

fn is_authorized(brands: &Brands, parts: &Parts, body: &Bytes) -> bool {
    let text = |name: header::HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let signed = Signed {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        content_type: text(header::CONTENT_TYPE).unwrap_or_default(),
        body,
    };
    let header = text(header::AUTHORIZATION).unwrap_or_default();
    auth::is_valid(&brands.credentials, header, signed, brands.clock.now())
}

/// Reads a call: `[/{brand}]/v2/…`; PayPay is at the root too.
fn read(brands: &Brands, parts: &Parts, body: &Bytes) -> Result<Ask, ResultCode> {
    let path: Vec<&str> = parts.uri.path().split('/').skip(1).collect();
    let (brand, rest) = match path.as_slice() {
        ["v2", rest @ ..] => ("paypay", rest),
        [brand, "v2", rest @ ..] => (*brand, rest),
        _ => return Err(reply::NO_SUCH_CALL),
    };
    let brand = brands.rules.brand(brand).ok_or(reply::NO_SUCH_CALL)?;
    let merchant = merchant(brands, &parts.headers);
    let key = |id: &str| Key { brand: brand.word.clone(), merchant: merchant.clone(), id: id.to_owned() };
    match (&parts.method, rest) {
        (&Method::POST, ["payments"]) => payment(body, key),
        (&Method::GET, ["payments", id] | ["codes", "payments", id]) => Ok(Ask::Inquire(key(id))),
        (&Method::DELETE, ["payments", id]) if is_id(id) => Ok(Ask::Cancel(key(id))),
        (&Method::DELETE, ["payments", _]) => Err(reply::INVALID_MERCHANT_PAYMENT_ID),
        (&Method::POST, ["refunds"]) => refund(body, key),
        (&Method::GET, ["refunds", id]) => Ok(Ask::InquireRefund(key(id))),
        _ => Err(reply::NO_SUCH_CALL),
    }
}

/// The merchant for whom is asked; without the header the one whose key signed.
fn merchant(brands: &Brands, headers: &HeaderMap) -> String {
    let named = headers.get("x-assume-merchant").and_then(|value| value.to_str().ok());
    named.filter(|name| is_id(name)).unwrap_or(&brands.credentials.key).to_owned()
}

fn is_id(id: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=64).contains(&id.len()) && id.bytes().all(fits)
}

#[derive(Deserialize)]
struct Amount {
    amount: i64,
    currency: String,
}

impl Amount {
    fn yen(&self) -> Result<Yen, ResultCode> {
        let yen = Yen::new(self.amount).map_err(|_| reply::INVALID_PARAMS)?;
        if self.currency == "JPY" { Ok(yen) } else { Err(reply::INVALID_PARAMS) }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PaymentIn {
    merchant_payment_id: String,
    amount: Amount,
    user_authorization_code: Option<String>,
    user_authorization_id: Option<String>,
    requested_at: Option<i64>,
    terminal_id: Option<String>,
}

fn payment(body: &Bytes, key: impl Fn(&str) -> Key) -> Result<Ask, ResultCode> {
    let asked: PaymentIn = serde_json::from_slice(body).map_err(|_| reply::INVALID_PARAMS)?;
    if !is_id(&asked.merchant_payment_id) {
        return Err(reply::INVALID_MERCHANT_PAYMENT_ID);
    }
    let code = asked.user_authorization_code.or(asked.user_authorization_id).ok_or(reply::INVALID_PARAMS)?;
    Ok(Ask::Pay(Asked {
        key: key(&asked.merchant_payment_id),
        amount: asked.amount.yen()?,
        code_hash: Sha256::digest(code.as_bytes()).to_vec(),
        code,
        terminal: asked.terminal_id.unwrap_or_default().chars().take(64).collect(),
        requested_at: asked.requested_at.unwrap_or_default(),
    }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RefundIn {
    merchant_refund_id: String,
    payment_id: Option<String>,
    merchant_payment_id: Option<String>,
    amount: Amount,
    requested_at: Option<i64>,
    reason: Option<String>,
}

fn refund(body: &Bytes, key: impl Fn(&str) -> Key) -> Result<Ask, ResultCode> {
    let asked: RefundIn = serde_json::from_slice(body).map_err(|_| reply::INVALID_PARAMS)?;
    if !is_id(&asked.merchant_refund_id) {
        return Err(reply::INVALID_PARAMS);
    }
    let of = match (&asked.merchant_payment_id, &asked.payment_id) {
        (Some(id), _) => By::Id(key(id)),
        // The empty number is that of tombstones.
        (None, Some(number)) if !number.is_empty() => By::Number(key(number)),
        (None, _) => return Err(reply::INVALID_PARAMS),
    };
    let refund = AskedRefund {
        key: key(&asked.merchant_refund_id),
        amount: asked.amount.yen().map_err(|_| reply::INVALID_REFUND_AMOUNT)?,
        reason: asked.reason.unwrap_or_default().chars().take(255).collect(),
        requested_at: asked.requested_at.unwrap_or_default(),
    };
    Ok(Ask::Refund(refund, of))
}

/// One call from its arrival to the end of its answer.
async fn exchange(brands: &Arc<Brands>, asked: Ask) -> Response {
    let about = if matches!(asked, Ask::Pay(_)) { Exchange::Payment } else { Exchange::Other };
    let struck = brands.faults.strike(Network::Code, about);
    let forced = struck.decline.as_deref().and_then(reply::find);
    let is_lost = matches!(struck.line, Some((Strike::DropRequest, _))) || is_lost_by_amount(brands, &asked);
    if is_lost {
        brands.log.note(brands.clock.now(), format!("code {}: lost on its way in, by order", name(&asked)));
        return silence(brands).await;
    }
    let twice = matches!(struck.line, Some((Strike::Duplicate, _)));
    let mut decided = decide(brands, asked.clone(), forced).await;
    if twice {
        decided = decide(brands, asked.clone(), forced).await;
    }
    let Some((done, after)) = decided else { return silence(brands).await };
    let said = done.reply.result.word;
    brands.log.note(brands.clock.now(), format!("code {}: {said}", name(&asked)));
    let trouble = struck.line.or(match after {
        Some(CodeOutcome::Line(strike) | CodeOutcome::LineBack(strike)) => Some((strike, None)),
        _ => None,
    });
    if matches!(after, Some(CodeOutcome::ServerError | CodeOutcome::ServerErrorBack)) {
        return plain(&Reply::of(reply::INTERNAL_SERVER_ERROR));
    }
    answer(brands, &done.reply, trouble).await
}

/// For the log; ids are the merchant's and name no customer.
fn name(asked: &Ask) -> String {
    match asked {
        Ask::Pay(asked) => format!("{} payment {} of {}", asked.key.brand, asked.key.id, asked.amount),
        Ask::Inquire(key) => format!("{} inquiry {}", key.brand, key.id),
        Ask::Cancel(key) => format!("{} cancel {}", key.brand, key.id),
        Ask::Refund(asked, _) => format!("{} refund {} of {}", asked.key.brand, asked.key.id, asked.amount),
        Ask::InquireRefund(key) => format!("{} refund inquiry {}", key.brand, key.id),
    }
}

fn is_lost_by_amount(brands: &Brands, asked: &Ask) -> bool {
    let Ask::Pay(asked) = asked else { return false };
    let outcome = brands.magic.then(|| crate::magic::code_outcome(asked.amount)).flatten();
    outcome == Some(CodeOutcome::Line(Strike::DropRequest))
}

/// Decides and writes the decision down. Nothing is answered when it cannot be written.
pub(super) async fn decide(
    brands: &Arc<Brands>,
    asked: Ask,
    forced: Option<ResultCode>,
) -> Option<(Done, Option<CodeOutcome>)> {
    let shared = Arc::clone(brands);
    let written = brands.db.write(TENANT, move |tx| {
        let known = known(tx, &asked)?;
        let word = match &asked {
            Ask::Pay(asked) => &asked.key.brand,
            Ask::Refund(asked, _) => &asked.key.brand,
            Ask::Inquire(key) | Ask::Cancel(key) | Ask::InquireRefund(key) => &key.brand,
        };
        let brand = shared.rules.brand(word).ok_or(DbError::NoRow)?;
        let (rules, now, magic) = (&shared.rules, shared.clock.now(), shared.magic);
        let world = World { rules, brand, now, magic, forced };
        let done = match &asked {
            Ask::Pay(asked) => step::pay(asked, &known, world),
            Ask::Inquire(_) => step::inquire(&known, world),
            Ask::Cancel(key) => back::cancel(key, &known, world),
            Ask::Refund(asked, _) => back::refund(asked, &known, world),
            Ask::InquireRefund(_) => back::inquire(&known),
        };
        tables::save(tx, &done.changes)?;
        let after = after(&asked, &done, world);
        Ok::<_, DbError>((done, after))
    });
    match written.await {
        Ok(done) => Some(done),
        Err(error) => {
            tracing::error!(%error, "a decision of a code brand could not be written");
            None
        }
    }
}

fn known(tx: &mut store::Tx<'_>, asked: &Ask) -> Result<Known, DbError> {
    match asked {
        Ask::Pay(asked) => tables::known(tx, &asked.key, Some(&asked.code_hash)),
        Ask::Inquire(key) | Ask::Cancel(key) => tables::known(tx, key, None),
        Ask::Refund(asked, of) => tables::known_refund(tx, &asked.key, of),
        Ask::InquireRefund(key) => tables::refund_alone(tx, key),
    }
}

/// What the amount does to the answer of a decision that changed something: the same asked again is
/// answered as always.
fn after(asked: &Ask, done: &Done, world: World<'_>) -> Option<CodeOutcome> {
    let changed = done.changes.iter().find_map(|change| match change {
        Change::Enter(charge) | Change::Turn(charge) => Some(charge),
        Change::Refund(_) => None,
    });
    let outcome = changed.and_then(|charge| world.magic(charge.amount))?;
    let fits = match outcome {
        CodeOutcome::Line(_) | CodeOutcome::ServerError => matches!(asked, Ask::Pay(_)),
        CodeOutcome::LineBack(_) | CodeOutcome::ServerErrorBack => {
            matches!(asked, Ask::Cancel(_) | Ask::Refund(..))
        }
        CodeOutcome::Refuse(_)
        | CodeOutcome::Customer(_)
        | CodeOutcome::Inquiry(_)
        | CodeOutcome::RefuseBack(_) => false,
    };
    fits.then_some(outcome)
}

async fn answer(brands: &Brands, reply: &Reply, trouble: Trouble) -> Response {
    match trouble {
        None | Some((Strike::Duplicate, _)) => plain(reply),
        Some((Strike::DropRequest | Strike::DropAnswer, _)) => silence(brands).await,
        Some((Strike::Delay, wait)) => {
            brands.clock.sleep(wait.unwrap_or(Duration::from_millis(limits::DELAY_MS))).await;
            plain(reply)
        }
        Some((Strike::Late, wait)) => {
            brands.clock.sleep(wait.unwrap_or(brands.late)).await;
            plain(reply)
        }
        Some((Strike::Garbage, _)) => json(StatusCode::OK, Body::from("\u{1}{\"resultInfo\":")),
        Some((Strike::Close, _)) => cut(),
    }
}

/// No answer for longer than anybody waits; then the line is cut.
async fn silence(brands: &Brands) -> Response {
    brands.clock.sleep(brands.late.saturating_mul(2)).await;
    cut()
}

fn plain(reply: &Reply) -> Response {
    let status = StatusCode::from_u16(reply.result.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    json(status, Body::from(reply.body().to_string()))
}

fn json(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/json;charset=utf-8"));
    response
}

/// A body that ends with the line.
fn cut() -> Response {
    let end = futures_util::stream::once(async {
        Err::<Bytes, io::Error>(io::Error::new(io::ErrorKind::ConnectionAborted, "cut, by order"))
    });
    json(StatusCode::OK, Body::from_stream(end))
}
