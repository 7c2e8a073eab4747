//! Frames of the page's camera: looked at here, one at a time, only while a code is waited for.

use crate::agent::Message;
use crate::event::{Event, ReadCode};
use crate::limits;
use crate::screen::Screen;
use crate::shared::Shared;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use center_api::CodeToken;
use http::StatusCode;
use payment::CodeEntry;
use serde::Deserialize;
use std::sync::Arc;

type Terminal = State<Arc<Shared>>;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/scan/frame", post(frame)).layer(DefaultBodyLimit::max(barcode::MAX_PIXELS))
}

/// The size of a frame, pixels.
#[derive(Deserialize)]
struct Size {
    w: u32,
    h: u32,
}

/// `POST /scan/frame?w=…&h=…` with a byte of grey a pixel. 204: no code in it, go on; 200: a code was read;
/// 409: no code is waited for now; 429: another frame is still being looked at.
async fn frame(State(shared): Terminal, Query(size): Query<Size>, grey: Bytes) -> Response {
    let waits = || shared.with_shown(|shown| matches!(&shown.screen, Screen::Scan(scan) if scan.ready));
    if !waits() {
        return StatusCode::CONFLICT.into_response();
    }
    let Ok(mut last_us) = shared.frames.try_lock() else {
        return StatusCode::TOO_MANY_REQUESTS.into_response();
    };
    let now_us = shared.clock.now_us();
    let pause_us = i64::try_from(limits::FRAME_EVERY.as_micros()).unwrap_or(0);
    if now_us.saturating_sub(*last_us).abs() < pause_us {
        return StatusCode::TOO_MANY_REQUESTS.into_response();
    }
    *last_us = now_us;
    // The decoder is foreign code over a stranger's bytes: were it to panic, only this frame is lost.
    let looked = tokio::task::spawn_blocking(move || barcode::read(&grey, size.w, size.h)).await;
    match looked {
        Ok(Ok(Some(text))) => {
            let code = ReadCode { token: CodeToken::new(text), entry: CodeEntry::Camera, brand: None };
            let _ = shared.messages.send(Message::Event(Event::Scanned(code))).await;
            StatusCode::OK.into_response()
        }
        Ok(Ok(None)) => StatusCode::NO_CONTENT.into_response(),
        Ok(Err(barcode::BadPicture)) => StatusCode::BAD_REQUEST.into_response(),
        Err(error) => {
            tracing::error!(%error, "a camera frame could not be looked at");
            StatusCode::NO_CONTENT.into_response()
        }
    }
}
