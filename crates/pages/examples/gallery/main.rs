//! Sample screens of every surface, built from the components, for eyes and for browser tests.
//!
//! `cargo run -p pages --example gallery -- serve` prints `ready http://127.0.0.1:PORT` and serves
//! `/{lang}/{screen}`; `-- list` prints the names. The live screen at `/live/pay` is a small
//! program in itself: a hub, a form, a stream.

mod console;
mod desk;
mod live;
mod terminal;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use maud::Markup;
use pages::secure::{SecureConfig, secure};

/// A sample screen: its name and how it is drawn in a language.
type Sample = (&'static str, fn(&str) -> Markup);

/// Every sample, in the order of a visit.
fn samples() -> Vec<Sample> {
    [terminal::SAMPLES, console::SAMPLES, desk::SAMPLES].concat()
}

/// The text of the page's language.
fn say<'a>(lang: &str, ja: &'a str, en: &'a str) -> &'a str {
    if lang == "en" { en } else { ja }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    if std::env::args().nth(1).as_deref() == Some("list") {
        for (name, _) in samples() {
            print_line(name);
        }
        return Ok(());
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let routes = Router::new()
        .route("/{lang}/{name}", get(show))
        .with_state(samples())
        .merge(pages::assets::routes())
        .merge(pages::lang::routes())
        .merge(live::routes(&clock::Clock::real()));
    print_line(&format!("ready http://127.0.0.1:{port}"));
    axum::serve(listener, secure(routes, SecureConfig::loopback(port))).await
}

#[expect(clippy::print_stdout, reason = "this program's answer is its output")]
fn print_line(text: &str) {
    println!("{text}");
}

async fn show(State(samples): State<Vec<Sample>>, Path((lang, name)): Path<(String, String)>) -> Response {
    match samples.iter().find(|(known, _)| *known == name) {
        Some((_, draw)) if ["ja", "en"].contains(&lang.as_str()) => draw(&lang).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}
