//! The one route table: every path of the center with its roles and scope, pages and API alike.
//!
//! It builds the router, the OpenAPI document and the role matrix. There is no other way to reach a
//! handler, so an operation without roles and scope cannot exist.

use crate::actor::{Actor, Level, Role};
use crate::limits;
use crate::openapi::{self, Doc};
use crate::wire::{Caller, Refusal, lang_of, problem_response};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use bytes::Bytes;
use codes::{Code, api};
use futures_util::future::BoxFuture;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where people sign in; an anonymous page request is sent there.
pub const LOGIN_PATH: &str = "/login";
/// Where a password is changed; a person who must change it is sent there from every page.
pub const PASSWORD_PATH: &str = "/password";

/// Finds out who asks. One for each kind of credential, joined at assembly.
pub trait Authenticator: Send + Sync {
    /// `Ok(None)`: this request carries none of my credentials. `Err`: it does, and they do not hold.
    fn authenticate<'a>(
        &'a self,
        request: &'a Parts,
        body: &'a Bytes,
    ) -> BoxFuture<'a, Result<Option<Actor>, Refusal>>;
}

/// Who may use an operation, and how wide their scope must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    roles: &'static [Role],
    level: Level,
    /// Whether a person may use it before the forced change of the password (D-07).
    before_new_password: bool,
}

impl Access {
    /// Everybody, signed in or not; shows nothing of any tenant.
    pub const PUBLIC: Self = Self { roles: Role::ALL, level: Level::Public, before_new_password: true };
    /// Terminals, for their own rows.
    pub const TERMINAL: Self =
        Self { roles: Role::TERMINALS, level: Level::Terminal, before_new_password: false };

    /// These roles, whose scope must be at least this wide. Which rows they see is decided by the
    /// scope that the handler gives to every query.
    pub const fn of(roles: &'static [Role], level: Level) -> Self {
        Self { roles, level, before_new_password: false }
    }

    /// Open also to a person who must change the password first: the change itself, and signing out.
    pub const fn before_new_password(mut self) -> Self {
        self.before_new_password = true;
        self
    }

    /// The roles, for the document and the matrix.
    pub const fn roles(&self) -> &'static [Role] {
        self.roles
    }

    /// The level, for the document and the matrix.
    pub const fn level(&self) -> Level {
        self.level
    }
}

/// One line of the table.
pub(crate) struct Entry {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) access: Access,
    /// The operation's document; a page has none.
    pub(crate) doc: Option<Doc>,
    handler: MethodRouter,
}

/// The routes of one slice, whose handlers take `State<S>`.
pub struct Routes<S> {
    state: S,
    entries: Vec<Entry>,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// No routes yet.
    pub fn new(state: S) -> Self {
        Self { state, entries: Vec::new() }
    }

    /// An operation of the API.
    pub fn api<H, T>(self, method: Method, path: &'static str, access: Access, doc: Doc, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.with(method, path, access, Some(doc), handler)
    }

    /// A page, a form of a page, or a stream of a page.
    pub fn page<H, T>(self, method: Method, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.with(method, path, access, None, handler)
    }

    fn with<H, T>(
        mut self,
        method: Method,
        path: &'static str,
        access: Access,
        doc: Option<Doc>,
        handler: H,
    ) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        let handler = on(filter, handler).with_state(self.state.clone());
        self.entries.push(Entry { method, path, access, doc, handler });
        self
    }

    /// The slice's table.
    pub fn table(self) -> Table {
        Table { entries: self.entries }
    }
}

/// Routes of one or all slices.
#[derive(Default)]
pub struct Table {
    entries: Vec<Entry>,
}

/// One line of the role matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Method.
    pub method: Method,
    /// Path with `{parameters}`.
    pub path: &'static str,
    /// Who may.
    pub access: Access,
    /// Whether it is an operation of the API; otherwise a page.
    pub is_api: bool,
}

impl Table {
    /// Joins the slices' tables.
    pub fn join(tables: impl IntoIterator<Item = Self>) -> Self {
        Self { entries: tables.into_iter().flat_map(|table| table.entries).collect() }
    }

    /// Every line, for the role matrix.
    pub fn lines(&self) -> Vec<Line> {
        let line = |entry: &Entry| Line {
            method: entry.method.clone(),
            path: entry.path,
            access: entry.access,
            is_api: entry.doc.is_some(),
        };
        self.entries.iter().map(line).collect()
    }

    /// The role matrix as text: a line an operation, sorted by path.
    pub fn matrix(&self) -> String {
        let mut lines = self.lines();
        lines.sort_by(|a, b| (a.path, a.method.as_str()).cmp(&(b.path, b.method.as_str())));
        let mut text = String::new();
        for line in lines {
            let roles: Vec<&str> = line.access.roles.iter().map(|role| role.word()).collect();
            let roles = if line.access.roles == Role::ALL { "everybody".to_owned() } else { roles.join(" ") };
            let _ = writeln!(
                text,
                "{:6} {:44} {:8} {roles}",
                line.method.as_str(),
                line.path,
                line.access.level.word()
            );
        }
        text
    }

    /// The OpenAPI 3.1 document of the API.
    pub fn openapi(&self) -> serde_json::Value {
        openapi::document(&self.entries)
    }

    /// The router: `GET /api/openapi.json` and every entry behind its gate. Paths that nobody has are 404.
    pub fn router(mut self, authenticators: Vec<Arc<dyn Authenticator>>) -> Router {
        self.entries.push(openapi::own_entry());
        let document = Bytes::from(serde_json::to_vec_pretty(&self.openapi()).unwrap_or_default());
        let authenticators: Arc<[Arc<dyn Authenticator>]> = authenticators.into();
        let ids = Arc::new(Ids::new());
        let mut router = Router::new();
        for entry in self.entries {
            let gate = Gate {
                access: entry.access,
                is_api: entry.doc.is_some(),
                path: entry.path,
                authenticators: Arc::clone(&authenticators),
                ids: Arc::clone(&ids),
            };
            let handler = entry.handler.route_layer(middleware::from_fn_with_state(Arc::new(gate), enter));
            router = router.route(entry.path, handler);
        }
        router.layer(axum::Extension(openapi::Document(document)))
    }
}

/// An entry that this crate adds itself.
pub(crate) fn entry<H, T>(method: Method, path: &'static str, access: Access, doc: Doc, handler: H) -> Entry
where
    H: Handler<T, ()>,
    T: 'static,
{
    let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
    Entry { method, path, access, doc: Some(doc), handler: on(filter, handler).with_state(()) }
}

struct Gate {
    access: Access,
    is_api: bool,
    path: &'static str,
    authenticators: Arc<[Arc<dyn Authenticator>]>,
    ids: Arc<Ids>,
}

/// Request ids: random for the process, then counted.
struct Ids {
    start: u64,
    next: AtomicU64,
}

impl Ids {
    fn new() -> Self {
        let start = crate::base::random::<8>().map_or(0, u64::from_be_bytes);
        Self { start, next: AtomicU64::new(0) }
    }

    fn next(&self) -> Arc<str> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        format!("{:016x}", self.start.wrapping_add(number)).into()
    }
}

/// Stands before every handler: reads the body, finds out who asks, checks roles and scope, and writes
/// what was refused.
async fn enter(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let lang = lang_of(&parts.headers);
    let request_id = gate.ids.next();
    let mut response = match admit(&gate, &parts, body).await {
        Ok((actor, body)) => match turned_away(&gate, &actor, &parts) {
            None => {
                let mut request = Request::from_parts(parts, Body::from(body));
                let caller = Caller { actor, lang, request_id: Arc::clone(&request_id) };
                request.extensions_mut().insert(caller);
                next.run(request).await
            }
            Some(response) => response,
        },
        Err(refusal) => refusal.into_response(),
    };
    metrics::counter!("choba_requests_total", "route" => gate.path, "status" => class(response.status()))
        .increment(1);
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        log(&gate, &refusal, &request_id);
        if gate.is_api {
            response = problem_response(&refusal, lang);
        }
    }
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}

fn log(gate: &Gate, refusal: &Refusal, request_id: &str) {
    let status = refusal.code.row().status;
    if status >= 500 {
        tracing::error!(route = gate.path, request_id, error = %refusal, "request failed");
    } else {
        tracing::debug!(route = gate.path, request_id, error = %refusal, "request refused");
    }
}

/// The label of the requests' counter: `2xx`.
fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

async fn admit(gate: &Gate, parts: &Parts, body: Body) -> Result<(Actor, Bytes), Refusal> {
    let body =
        axum::body::to_bytes(body, limits::BODY_BYTES).await.map_err(|_| Refusal::from(api::TOO_LARGE))?;
    for authenticator in gate.authenticators.iter() {
        match authenticator.authenticate(parts, &body).await {
            Ok(Some(actor)) => return Ok((actor, body)),
            Ok(None) => {}
            // What everybody may use stays open to somebody whose session has ended.
            Err(refusal) if gate.access.level == Level::Public && refusal.code == api::NOT_SIGNED_IN => {}
            Err(refusal) => return Err(refusal),
        }
    }
    Ok((Actor::Anonymous, body))
}

/// The answer to an actor who may not use this operation.
fn turned_away(gate: &Gate, actor: &Actor, parts: &Parts) -> Option<Response> {
    let access = &gate.access;
    let must_change = matches!(actor, Actor::Person(person) if person.must_change_password);
    if must_change && !access.before_new_password {
        return Some(if gate.is_api { refuse(api::NOT_ALLOWED) } else { send_to(parts, PASSWORD_PATH) });
    }
    let role = actor.role();
    let wide_enough =
        access.level == Level::Public || actor.scope().is_some_and(|scope| scope.level() >= access.level);
    if access.roles.contains(&role) && wide_enough {
        return None;
    }
    Some(match (role, gate.is_api) {
        (Role::Anonymous, false) => send_to(parts, &login_path(parts)),
        (Role::Anonymous, true) => refuse(api::NOT_SIGNED_IN),
        (Role::Terminal | Role::Operator | Role::CompanyManager | Role::ShopManager | Role::ShopStaff, _) => {
            refuse(api::NOT_ALLOWED)
        }
    })
}

fn refuse(code: Code) -> Response {
    Refusal::from(code).into_response()
}

/// Back to the asked page after the login, when it was one to look at.
fn login_path(parts: &Parts) -> String {
    let asked = parts.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    if parts.method != Method::GET || asked == "/" || asked.contains(['&', '#', '%', '+', '?']) {
        return LOGIN_PATH.to_owned();
    }
    format!("{LOGIN_PATH}?next={asked}")
}

/// 303 to a browser, `HX-Redirect` to a fragment's request.
fn send_to(parts: &Parts, path: &str) -> Response {
    if parts.headers.get("hx-request").is_some_and(|value| value == "true") {
        return (StatusCode::OK, [("hx-redirect", path)]).into_response();
    }
    let mut response = Redirect::to(path).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
