//! `/healthz`, `/readyz`, `/metrics`.

use crate::base::Base;
use crate::openapi::Doc;
use crate::outbox;
use crate::routes::{Access, Routes, Table};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, header};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde_json::json;
use std::sync::OnceLock;

/// The three endpoints.
pub fn routes(base: Base) -> Table {
    let doc = |id, summary| Doc::new(id, "service", summary);
    let metrics = doc("metrics", "Figures for Prometheus").empty(200, "Text exposition format 0.0.4");
    let ready = doc("readyz", "Whether it should be sent work")
        .empty(200, "`{\"ready\": true}` and the state of the database")
        .empty(503, "Not now, with the reason");
    Routes::new(base)
        .api(
            Method::GET,
            "/healthz",
            Access::PUBLIC,
            doc("healthz", "Whether it runs").empty(200, "`ok`"),
            healthz,
        )
        .api(Method::GET, "/readyz", Access::PUBLIC, ready, readyz)
        .api(Method::GET, "/metrics", Access::PUBLIC, metrics, figures)
        .table()
}

async fn healthz() -> &'static str {
    "ok\n"
}

async fn readyz(State(base): State<Base>) -> Response {
    let health = base.db.health();
    let state = match &health.state {
        store::State::Serving => "serving",
        store::State::NoSpace => "no_space",
        store::State::Unreachable => "unreachable",
        store::State::Fatal(_) => "failed",
    };
    let status = if health.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({ "ready": health.is_ready(), "database": state, "instance": &*base.instance });
    (status, axum::Json(body)).into_response()
}

/// One recorder for the whole process: several centers in one process share it.
fn recorder() -> Option<&'static PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    HANDLE.get_or_init(|| PrometheusBuilder::new().install_recorder().ok()).as_ref()
}

/// Starts counting; call it once before the first request.
pub fn start_metrics() {
    if recorder().is_none() {
        tracing::warn!("figures are recorded by somebody else in this process; /metrics stays empty");
    }
}

async fn figures(State(base): State<Base>) -> Response {
    let health = base.db.health();
    metrics::counter!("choba_commits_total").absolute(health.commits);
    metrics::counter!("choba_units_total").absolute(health.units);
    metrics::gauge!("choba_ready").set(u32::from(health.is_ready()));
    let waiting = u32::try_from(health.writes_waiting).unwrap_or(u32::MAX);
    metrics::gauge!("choba_writes_waiting").set(waiting);
    let tenant = base.tenant;
    if let Ok((events, _)) = base.read(move |tx| Ok(outbox::waiting(tx, tenant)?)).await {
        metrics::gauge!("choba_outbox_waiting").set(u32::try_from(events).unwrap_or(u32::MAX));
    }
    let text = recorder().map(PrometheusHandle::render).unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}
