//! The terminal's own pages on loopback, and beside them the local API and the probes.

mod camera;
mod local;
mod pages_routes;
mod press;

use crate::shared::Shared;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use pages::secure::SecureConfig;
use std::sync::Arc;

/// Every route of the program, guarded: own Host names, same-origin writes, small bodies.
pub(crate) fn router(shared: Arc<Shared>, hosts: SecureConfig) -> Router {
    let routes = Router::new()
        .merge(pages_routes::routes())
        .merge(local::routes())
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .with_state(Arc::clone(&shared))
        .merge(pages::assets::routes());
    let small = SecureConfig { most_body_bytes: crate::limits::BODY_BYTES, ..hosts.clone() };
    // A camera's frame is larger than anything else that a page posts.
    let camera = SecureConfig { most_body_bytes: barcode::MAX_PIXELS, ..hosts };
    let frames = pages::secure::secure(camera::routes().with_state(shared), camera);
    pages::secure::secure(routes, small).merge(frames)
}

/// Ready as soon as the journal takes entries; the center may be out of reach, the screen says so.
async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    let health = shared.journal.health();
    if health.is_ready() {
        "ready\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, format!("the journal does not take entries: {:?}\n", health.state))
            .into_response()
    }
}
