//! What the tests of every slice begin with: a base on a test database, and requests without a socket.

use crate::actor::{Actor, Person};
use crate::base::{Base, Secrets};
use crate::routes::{Authenticator, Table};
use crate::wire::Refusal;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::request::Parts;
use http::{HeaderMap, Request, StatusCode};
use std::sync::Arc;
use store::TenantId;
use store::testing::TestDb;
use tower::ServiceExt as _;

/// A base on a test database: tenant 1, a hand-moved clock, fixed secrets.
pub fn base(db: &TestDb) -> Base {
    let (database, clock) = (db.db.clone(), db.clock.clone());
    Base::new(database, clock, TenantId(1), "test", "http://127.0.0.1:8700", Secrets::new([1; 32]))
}

/// Takes every request for one person's.
pub fn always(person: Person) -> Arc<dyn Authenticator> {
    Arc::new(Always(person))
}

/// Somebody who is always signed in.
struct Always(Person);

impl Authenticator for Always {
    fn authenticate<'a>(
        &'a self,
        _: &'a Parts,
        _: &'a Bytes,
    ) -> BoxFuture<'a, Result<Option<Actor>, Refusal>> {
        Box::pin(async { Ok(Some(Actor::Person(self.0.clone()))) })
    }
}

/// A program made of tables and authenticators, asked without a socket.
#[derive(Clone)]
pub struct Program(Router);

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; `null` when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A header, or an empty text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The code of a problem: `center-401`.
    pub fn code(&self) -> String {
        self.json().get("code").and_then(|code| code.as_str()).unwrap_or_default().to_owned()
    }
}

impl Program {
    /// Joins the tables.
    pub fn new(tables: impl IntoIterator<Item = Table>, authenticators: Vec<Arc<dyn Authenticator>>) -> Self {
        Self(Table::join(tables).router(authenticators))
    }

    /// Asks.
    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let (parts, body) = self.response(method, path, headers, body.into()).await.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Asks and looks at the status alone: a stream of events never ends.
    pub async fn status(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> StatusCode {
        self.response(method, path, headers, body.into()).await.status()
    }

    async fn response(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> axum::response::Response {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body)).unwrap_or_default();
        self.0.clone().oneshot(request).await.unwrap_or_else(|never| match never {})
    }

    /// `GET` without headers.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "").await
    }

    /// `POST` of JSON.
    pub async fn post_json(&self, path: &str, body: &serde_json::Value) -> Answer {
        self.ask("POST", path, &[("content-type", "application/json")], body.to_string()).await
    }
}
