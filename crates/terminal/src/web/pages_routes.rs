//! The page, its live stream, its presses, and the links that only lead from room to room.

use super::press::read;
use crate::agent::Message;
use crate::event::Press;
use crate::screen::Filter;
use crate::shared::Shared;
use crate::view;
use axum::Router;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::{HeaderMap, StatusCode, header};
use i18n::Lang;
use maud::Markup;
use pages::live::Rev;
use payment::PaymentId;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::oneshot;

type Terminal = State<Arc<Shared>>;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(page))
        .route("/live", get(live))
        .route("/events/{press}", post(pressed))
        .route("/go/{place}", get(go))
        .route("/go/payment/{id}", get(open))
        .route("/lang/{code}", get(language))
}

fn draw(shared: &Shared, rev: Rev) -> Markup {
    shared.with_shown(|shown| view::fragment(&shown.ctx, shown.screen.name(), &shown.body, rev))
}

async fn page(State(shared): Terminal) -> Response {
    let fragment = draw(&shared, shared.live.rev());
    let now = shared.clock.now();
    let page = shared.with_shown(|shown| view::page(&shown.ctx, &shown.screen, &fragment, now));
    ([(header::CACHE_CONTROL, "no-store")], page).into_response()
}

async fn live(State(shared): Terminal) -> Response {
    let drawer = Arc::clone(&shared);
    shared
        .live
        .stream(move |rev| {
            let shared = Arc::clone(&drawer);
            async move { draw(&shared, rev) }
        })
        .into_response()
}

/// Hands a press to the screen's task and waits until it took effect.
async fn hand_over(shared: &Shared, press: Press, rev: Option<String>) {
    let (reply, done) = oneshot::channel();
    if shared.messages.send(Message::Press(press, rev, reply)).await.is_ok() {
        let _ = done.await;
    }
}

async fn pressed(
    State(shared): Terminal,
    Path(name): Path<String>,
    headers: HeaderMap,
    Form(fields): Form<BTreeMap<String, String>>,
) -> Response {
    let name = fields.get("press").map_or(name.as_str(), String::as_str);
    let Some(press) = read(name, &fields) else { return StatusCode::BAD_REQUEST.into_response() };
    let rev = fields.get("rev").cloned().unwrap_or_default();
    hand_over(&shared, press, Some(rev)).await;
    let fragment = draw(&shared, shared.live.rev());
    pages::live::answer(&headers, fragment, "/")
}

/// Links lead from room to room only; where a payment runs they change nothing.
async fn go(State(shared): Terminal, Path(place): Path<String>) -> Response {
    let press = match place.as_str() {
        "home" => Press::Home,
        "sale" => Press::OpenSale,
        "history" => Press::OpenHistory(Filter::default()),
        "lookup" => Press::OpenLookup,
        "settings" => Press::OpenSettings,
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    hand_over(&shared, press, None).await;
    Redirect::to("/").into_response()
}

async fn open(State(shared): Terminal, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<PaymentId>() else { return StatusCode::NOT_FOUND.into_response() };
    hand_over(&shared, Press::Open(id), None).await;
    Redirect::to("/").into_response()
}

/// The language is the device's setting, not the browser's.
async fn language(State(shared): Terminal, Path(code): Path<String>) -> Response {
    let Some(lang) = Lang::from_tag(&code) else { return StatusCode::NOT_FOUND.into_response() };
    hand_over(&shared, Press::Language(lang), None).await;
    Redirect::to("/").into_response()
}
