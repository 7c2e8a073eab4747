//! A code brand in the test's own process: keeps a book as docs/networks/code-http.md says, and misbehaves
//! on order.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, post};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

/// What the brand does with a payment.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    /// Pays at once.
    Pay,
    /// Waits for the customer.
    Wait,
    /// Refuses with this code.
    Refuse(&'static str),
    /// Pays, and answers 500.
    PayAndFail,
    /// Does nothing, and answers 500.
    Fail,
}

#[derive(Default)]
struct Book {
    acts: VecDeque<Act>,
    /// By `merchantPaymentId`: status and yen.
    payments: BTreeMap<String, (String, i64)>,
    /// By `merchantRefundId`: of which payment, yen.
    refunds: BTreeMap<String, (String, i64)>,
    calls: Vec<String>,
    /// Inquiries and cancels are swallowed.
    swallows: bool,
    bodies: Vec<String>,
}

/// The brand; listens on a port of its own.
#[derive(Clone)]
pub(crate) struct Brand {
    pub(crate) url: String,
    book: Arc<Mutex<Book>>,
}

impl Brand {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let brand = Self { url: format!("http://{}", listener.local_addr().unwrap()), book: Arc::default() };
        let router = Router::new()
            .route("/v2/payments", post(pay))
            .route("/v2/payments/{id}", delete(cancel))
            .route("/v2/codes/payments/{id}", get(look))
            .route("/v2/refunds", post(refund))
            .with_state(brand.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        brand
    }

    pub(crate) fn acts(&self, acts: impl IntoIterator<Item = Act>) {
        self.book.lock().unwrap().acts.extend(acts);
    }

    /// Whether inquiries and cancels are swallowed from now on.
    pub(crate) fn swallows(&self, swallows: bool) {
        self.book.lock().unwrap().swallows = swallows;
    }

    async fn swallowed(&self, what: &str) {
        let swallows = {
            let mut book = self.book.lock().unwrap();
            book.calls.push(what.into());
            book.swallows
        };
        if swallows {
            std::future::pending::<()>().await;
        }
    }

    /// What stands: paid less given back, by payment.
    pub(crate) fn charged(&self) -> i64 {
        let book = self.book.lock().unwrap();
        let paid: i64 =
            book.payments.values().filter(|(status, _)| status == "COMPLETED").map(|(_, yen)| yen).sum();
        paid - book.refunds.values().map(|(_, yen)| yen).sum::<i64>()
    }

    pub(crate) fn calls(&self) -> Vec<String> {
        self.book.lock().unwrap().calls.clone()
    }
}

fn reply(status: u16, code: &str, data: &Value) -> Response {
    let body = json!({"resultInfo": {"code": code, "message": "", "codeId": "0"}, "data": data});
    (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response()
}

fn payment(status: &str, yen: i64) -> Value {
    json!({"paymentId": "0485712345", "status": status, "amount": {"amount": yen, "currency": "JPY"}})
}

async fn pay(State(brand): State<Brand>, body: String) -> Response {
    let asked: Value = serde_json::from_str(&body).unwrap();
    let mut book = brand.book.lock().unwrap();
    book.calls.push("pay".into());
    book.bodies.push(body);
    let (id, yen) =
        (asked["merchantPaymentId"].as_str().unwrap(), asked["amount"]["amount"].as_i64().unwrap());
    let status = match book.acts.pop_front().unwrap_or(Act::Pay) {
        Act::Refuse(code) => return reply(400, code, &Value::Null),
        Act::Fail => return reply(500, "INTERNAL_SERVER_ERROR", &Value::Null),
        Act::PayAndFail => {
            book.payments.insert(id.to_owned(), ("COMPLETED".into(), yen));
            return reply(500, "INTERNAL_SERVER_ERROR", &Value::Null);
        }
        Act::Pay => "COMPLETED",
        Act::Wait => "CREATED",
    };
    book.payments.insert(id.to_owned(), (status.into(), yen));
    reply(200, "SUCCESS", &payment(status, yen))
}

async fn look(State(brand): State<Brand>, Path(id): Path<String>) -> Response {
    brand.swallowed("look").await;
    let book = brand.book.lock().unwrap();
    match book.payments.get(&id) {
        Some((status, yen)) => reply(200, "SUCCESS", &payment(status, *yen)),
        None => reply(404, "PAYMENT_NOT_FOUND", &Value::Null),
    }
}

async fn cancel(State(brand): State<Brand>, Path(id): Path<String>) -> Response {
    brand.swallowed("cancel").await;
    let mut book = brand.book.lock().unwrap();
    match book.payments.get_mut(&id) {
        Some((status, _)) => {
            "CANCELED".clone_into(status);
            reply(200, "REQUEST_ACCEPTED", &Value::Null)
        }
        None => reply(404, "PAYMENT_NOT_FOUND", &Value::Null),
    }
}

async fn refund(State(brand): State<Brand>, body: String) -> Response {
    let asked: Value = serde_json::from_str(&body).unwrap();
    let mut book = brand.book.lock().unwrap();
    book.calls.push("refund".into());
    let of = asked["merchantPaymentId"].as_str().unwrap().to_owned();
    let yen = asked["amount"]["amount"].as_i64().unwrap();
    book.refunds.insert(asked["merchantRefundId"].as_str().unwrap().to_owned(), (of, yen));
    reply(200, "SUCCESS", &json!({"status": "CREATED"}))
}
