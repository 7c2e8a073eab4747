//! The bundle of `web/dist`, embedded: addresses that change with the content, entity tags, gzip made
//! at build time. A debug build reads the folder, so style and script edits need no compile.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, StatusCode, header};
use rust_embed::RustEmbed;
use std::borrow::Cow;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Dist;

/// The mark, also the icon of the window.
const MARK: &str = include_str!("mark.svg");

/// The address of a bundled file: `/assets/app.css?v=1a2b3c4d`, kept by browsers for a year.
pub fn url(name: &str) -> String {
    match load(name) {
        Some(file) => format!("/assets/{name}?v={}", file.tag),
        None => format!("/assets/{name}"),
    }
}

/// `GET /assets/{name}`.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/assets/{name}", get(serve))
}

struct File {
    bytes: Cow<'static, [u8]>,
    tag: String,
}

fn load(name: &str) -> Option<File> {
    if name == "mark.svg" {
        let tag = short_tag(&<sha2::Sha256 as sha2::Digest>::digest(MARK.as_bytes()));
        return Some(File { bytes: Cow::Borrowed(MARK.as_bytes()), tag });
    }
    let file = Dist::get(name)?;
    Some(File { tag: short_tag(&file.metadata.sha256_hash()), bytes: file.data })
}

fn short_tag(hash: &[u8]) -> String {
    hex::encode(hash.get(..6).unwrap_or_default())
}

#[derive(serde::Deserialize)]
struct Version {
    v: Option<String>,
}

async fn serve(Path(name): Path<String>, Query(version): Query<Version>, headers: HeaderMap) -> Response {
    let Some(file) = load(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let etag = format!("\"{}\"", file.tag);
    let forever = version.v.as_deref() == Some(file.tag.as_str());
    let cache = if forever { "public, max-age=31536000, immutable" } else { "no-cache" };
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|tags| contains(tags, &etag));
    let common =
        [(header::ETAG, etag.as_str()), (header::CACHE_CONTROL, cache), (header::VARY, "accept-encoding")];
    if known {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let kind = [(header::CONTENT_TYPE, content_type(&name))];
    let wants_gzip = headers.get(header::ACCEPT_ENCODING).is_some_and(|list| contains(list, "gzip"));
    match wants_gzip.then(|| Dist::get(&format!("{name}.gz"))).flatten() {
        Some(packed) => {
            (common, kind, [(header::CONTENT_ENCODING, "gzip")], Body::from(packed.data)).into_response()
        }
        None => (common, kind, Body::from(file.bytes)).into_response(),
    }
}

fn contains(value: &http::HeaderValue, part: &str) -> bool {
    value.to_str().is_ok_and(|text| text.contains(part))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;
    use http::Request;
    use tower::ServiceExt as _;

    async fn ask(path: &str, header: (&str, &str)) -> Response {
        let request = Request::get(path).header(header.0, header.1).body(Body::empty()).unwrap();
        routes::<()>().oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn an_address_with_the_right_version_is_kept_for_a_year() {
        let answer = ask(&url("app.css"), ("x-none", "")).await;
        assert_eq!(answer.status(), 200);
        assert!(answer.headers()["cache-control"].to_str().unwrap().contains("immutable"));
        let stale = ask("/assets/app.css?v=old", ("x-none", "")).await;
        assert_eq!(stale.headers()["cache-control"], "no-cache");
    }

    #[tokio::test]
    async fn a_known_entity_tag_is_not_sent_again() {
        let tag = ask("/assets/app.css", ("x-none", "")).await.headers()["etag"].to_str().unwrap().to_owned();
        assert_eq!(ask("/assets/app.css", ("if-none-match", &tag)).await.status(), 304);
    }

    #[tokio::test]
    async fn gzip_is_sent_to_whom_asks_for_it() {
        let answer = ask("/assets/terminal.js", ("accept-encoding", "gzip, br")).await;
        assert_eq!(answer.headers()["content-encoding"], "gzip");
        let bytes = to_bytes(answer.into_body(), 1_000_000).await.unwrap();
        assert_eq!(&bytes[..2], &[0x1f, 0x8b]);
    }

    #[tokio::test]
    async fn nothing_outside_the_bundle_is_served() {
        for path in ["/assets/..%2fbuild.mjs", "/assets/nothing.js", "/assets/%2e%2e%2f%2e%2e%2fCargo.toml"] {
            assert_eq!(ask(path, ("x-none", "")).await.status(), 404, "{path}");
        }
    }

    #[test]
    fn no_page_loads_more_than_40_kb_of_packed_script() {
        for name in ["terminal.js", "console.js", "desk.js", "receipt.js"] {
            let packed = Dist::get(&format!("{name}.gz")).unwrap().data.len();
            assert!(packed <= 40_000, "{name} is {packed} bytes packed");
        }
    }
}
