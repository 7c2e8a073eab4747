//! The desk: a page and an HTTP API to act as cardholder and customer, and to break things.

mod api;
mod bench;
mod mail;
mod page;
mod phone;
mod phone_view;
mod press;
mod reader;
#[cfg(test)]
mod tests;
mod view;

pub use bench::{Benches, NoGesture, Shown, TerminalName};
pub use reader::{Nothing, Reader, Wallet};

use crate::cards::Profile;
use crate::code::http::Brands;
use crate::faults::Faults;
use crate::host::line::Host;
use crate::log::Log;
use crate::mail::Inbox;
use crate::printer::Printers;
use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Path, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::any;
use clock::Clock;
use http::{HeaderValue, header};
use pages::live::Live;
use pages::secure::SecureConfig;
use std::sync::{Arc, Mutex, PoisonError};

/// What all handlers of the desk share.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

struct Inner {
    cards: Vec<Profile>,
    host: Arc<Host>,
    brands: Arc<Brands>,
    phones: phone::Phones,
    benches: Benches,
    printers: Printers,
    inbox: Inbox,
    live: Live,
    clock: Clock,
    clock_moves: bool,
    picked: Mutex<String>,
}

/// What a desk is made of.
pub(crate) struct Parts {
    pub(crate) cards: Vec<Profile>,
    pub(crate) host: Arc<Host>,
    pub(crate) brands: Arc<Brands>,
    pub(crate) benches: Benches,
    pub(crate) printers: Printers,
    pub(crate) inbox: Inbox,
    pub(crate) live: Live,
    pub(crate) clock: Clock,
    pub(crate) clock_moves: bool,
}

impl Desk {
    pub(crate) fn new(parts: Parts) -> Self {
        let first = parts.cards.first().map(|card| card.name.clone()).unwrap_or_default();
        Self(Arc::new(Inner {
            cards: parts.cards,
            host: parts.host,
            brands: parts.brands,
            phones: phone::Phones::default(),
            benches: parts.benches,
            printers: parts.printers,
            inbox: parts.inbox,
            live: parts.live,
            clock: parts.clock,
            clock_moves: parts.clock_moves,
            picked: Mutex::new(first),
        }))
    }

    fn faults(&self) -> &Faults {
        &self.0.host.faults
    }

    fn log(&self) -> &Log {
        &self.0.host.log
    }

    fn card(&self, name: &str) -> Option<&Profile> {
        self.0.cards.iter().find(|card| card.name == name)
    }

    fn picked(&self) -> String {
        self.0.picked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn pick(&self, card: &str) {
        if self.card(card).is_some() {
            card.clone_into(&mut self.0.picked.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Page, API and bench behind the guards of every program, for a desk at these addresses.
    pub fn router(&self, hosts: SecureConfig) -> Router {
        let routes = Router::new()
            .merge(api::routes(self))
            .merge(page::routes())
            .merge(mail::routes())
            .route("/desk/bench/{id}", any(bench_socket))
            .with_state(self.clone())
            .merge(pages::assets::routes())
            .merge(pages::lang::routes());
        // Outside of the guards, since a mail's own page has another policy than ours.
        pages::secure::secure(routes, hosts).layer(middleware::from_fn(mail_policy))
    }
}

/// `ws /desk/bench/{id}`. A page of another origin may not play a terminal.
async fn bench_socket(
    State(desk): State<Desk>,
    Path(id): Path<String>,
    headers: http::HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    use axum::response::IntoResponse as _;
    if headers.contains_key(header::ORIGIN) {
        return http::StatusCode::FORBIDDEN.into_response();
    }
    let benches = desk.0.benches.clone();
    upgrade
        .max_message_size(crate::limits::BENCH_BYTES)
        .on_upgrade(move |socket| bench::carry(socket, benches, id))
}

/// The HTML of a mail is anybody's: it may show itself and do nothing.
const MAIL_POLICY: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
form-action 'none'; base-uri 'none'; frame-ancestors 'self'";

async fn mail_policy(request: axum::extract::Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_mail = path.starts_with("/mail/") && path.ends_with("/html");
    let mut response = next.run(request).await;
    if is_mail && response.status().is_success() {
        let policy = HeaderValue::from_static(MAIL_POLICY);
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}
