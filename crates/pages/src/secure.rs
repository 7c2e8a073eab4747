//! The guards of every program that listens, loopback too: own Host names only, writes from the same
//! origin only, security headers, a limit on bodies, and error pages in the design.

use crate::errors;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, StatusCode, header};
use std::sync::Arc;
use tower_http::csrf::CsrfLayer;
use tower_http::limit::RequestBodyLimitLayer;

/// What a browser may do with our pages. No inline script or style, no eval, no frames, no plug-ins;
/// strings become HTML only through the page's one Trusted Types policy, and never script.
pub const CSP: &str = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; \
frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types default";

/// The largest request body, unless a program says otherwise: forms, a signature, an API call.
pub const MOST_BODY_BYTES: usize = 256 * 1024;

/// What a program accepts.
#[derive(Clone, Debug)]
pub struct SecureConfig {
    /// `host:port` as it stands in the Host header, lower case; port left out when it is the default
    /// one. `["127.0.0.1:8710", "localhost:8710"]`.
    pub allowed_hosts: Vec<String>,
    /// The program speaks TLS itself or stands behind a proxy that does: adds HSTS.
    pub tls: bool,
    /// The largest request body in bytes.
    pub most_body_bytes: usize,
}

impl SecureConfig {
    /// A program on loopback at a port: `127.0.0.1`, `localhost` and `[::1]`.
    pub fn loopback(port: u16) -> Self {
        let hosts = ["127.0.0.1", "localhost", "[::1]"];
        Self {
            allowed_hosts: hosts.map(|host| format!("{host}:{port}")).to_vec(),
            tls: false,
            most_body_bytes: MOST_BODY_BYTES,
        }
    }

    /// Also answers to this `host:port`.
    pub fn host(mut self, host: &str) -> Self {
        self.allowed_hosts.push(host.to_ascii_lowercase());
        self
    }
}

/// Puts the guards around a program's routes. Call it last: routes added later are not guarded.
pub fn secure(router: Router, config: SecureConfig) -> Router {
    let most = config.most_body_bytes;
    router
        .layer(RequestBodyLimitLayer::new(most))
        .layer(CsrfLayer::new())
        .layer(middleware::from_fn_with_state(Arc::new(config), guard))
}

async fn guard(State(config): State<Arc<SecureConfig>>, request: Request, next: Next) -> Response {
    let asked = errors::Asked::of(request.headers());
    let mut response = if is_ours(&config, &request) {
        next.run(request).await
    } else {
        // RFC 9110 15.5.20: this program does not answer for that name.
        StatusCode::MISDIRECTED_REQUEST.into_response()
    };
    response = errors::dressed(response, &asked);
    add_headers(response.headers_mut(), config.tls);
    response
}

/// HTTP/1.1 names the host in a header, HTTP/2 in the target. A page of another name that resolves
/// to us (DNS rebinding) is refused here.
fn is_ours(config: &SecureConfig, request: &Request) -> bool {
    let named = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    let target = request.uri().authority().map(http::uri::Authority::as_str);
    match (target, named) {
        (Some(target), Some(named)) if !target.eq_ignore_ascii_case(named) => false,
        (Some(host), _) | (None, Some(host)) => {
            config.allowed_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(host))
        }
        (None, None) => false,
    }
}

fn add_headers(headers: &mut HeaderMap, tls: bool) {
    let fixed: [(HeaderName, &'static str); 6] = [
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "geolocation=(), microphone=(), payment=()"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // A page shows money and names: no cache keeps it unless the handler said so.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}

/// A layer function for JSON calls: a body must say `application/json` (a form of another site cannot),
/// otherwise 415. Use with `axum::middleware::from_fn(pages::secure::json_only)`.
pub async fn json_only(request: Request, next: Next) -> Response {
    let writes = !matches!(*request.method(), http::Method::GET | http::Method::HEAD | http::Method::DELETE);
    if writes && !is_json(request.headers()) && has_body(request.headers()) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    next.run(request).await
}

fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length.is_some_and(|length| length != "0") || headers.contains_key(header::TRANSFER_ENCODING)
}

/// True when the content type is `application/json`, with or without parameters.
pub fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::routing::{get, post};
    use tower::ServiceExt as _;

    fn program() -> Router {
        let routes = Router::new()
            .route("/", get(|| async { "hello" }))
            .route("/pay", post(|body: String| async move { body }))
            .route("/api", post(|| async { "ok" }).layer(middleware::from_fn(json_only)))
            .route("/broken", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }));
        secure(routes, SecureConfig { most_body_bytes: 64, ..SecureConfig::loopback(8710) })
    }

    async fn send(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
        let mut request = http::Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", "127.0.0.1:8710");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.header("content-length", body.len()).body(Body::from(body.to_owned())).unwrap();
        program().oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn only_our_own_host_names_are_answered() {
        for (host, status) in [
            ("127.0.0.1:8710", 200),
            ("LOCALHOST:8710", 200),
            ("127.0.0.1:8711", 421),
            ("evil.example:8710", 421),
            ("127.0.0.1", 421),
            ("", 421),
        ] {
            assert_eq!(send("GET", "/", &[("host", host)], "").await.status(), status, "{host}");
        }
    }

    #[tokio::test]
    async fn a_write_from_another_origin_is_refused() {
        for (headers, status) in [
            (&[("sec-fetch-site", "same-origin")][..], 200),
            (&[("sec-fetch-site", "none")], 200),
            (&[("sec-fetch-site", "same-site")], 403),
            (&[("sec-fetch-site", "cross-site")], 403),
            (&[("origin", "http://127.0.0.1:8710")], 200),
            (&[("origin", "http://127.0.0.1:8711")], 403),
            (&[("origin", "null")], 403),
            (&[], 200),
        ] {
            assert_eq!(send("POST", "/pay", headers, "amount=1").await.status(), status, "{headers:?}");
        }
    }

    #[tokio::test]
    async fn every_answer_carries_the_security_headers_also_a_refusal() {
        for host in ["127.0.0.1:8710", "evil.example"] {
            let answer = send("GET", "/", &[("host", host)], "").await;
            let of = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
            assert_eq!(of("content-security-policy"), CSP);
            assert_eq!(of("x-content-type-options"), "nosniff");
            assert_eq!(of("referrer-policy"), "same-origin");
            assert_eq!(of("cross-origin-opener-policy"), "same-origin");
            assert_eq!(of("cache-control"), "no-store");
        }
        assert!(!CSP.contains("unsafe"), "{CSP}");
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused() {
        assert_eq!(send("POST", "/pay", &[], &"x".repeat(64)).await.status(), 200);
        assert_eq!(send("POST", "/pay", &[], &"x".repeat(65)).await.status(), 413);
    }

    #[tokio::test]
    async fn a_json_call_must_say_that_it_is_json() {
        for (kind, status) in [
            ("application/json", 200),
            ("Application/JSON; charset=utf-8", 200),
            ("text/plain", 415),
            ("application/x-www-form-urlencoded", 415),
        ] {
            assert_eq!(
                send("POST", "/api", &[("content-type", kind)], "{}").await.status(),
                status,
                "{kind}"
            );
        }
    }

    #[tokio::test]
    async fn an_error_is_a_page_to_a_person_and_bare_to_a_program() {
        let browser = [("accept", "text/html,*/*"), ("accept-language", "en")];
        for (path, status, code) in [("/nothing", 404, "WEB-404"), ("/broken", 500, "WEB-500")] {
            let answer = send("GET", path, &browser, "").await;
            assert_eq!(answer.status(), status);
            let page = to_bytes(answer.into_body(), 100_000).await.unwrap();
            assert!(String::from_utf8_lossy(&page).contains(code), "{path}");
        }
        let bare = send("GET", "/nothing", &[("accept", "application/json")], "").await;
        assert_eq!(to_bytes(bare.into_body(), 1000).await.unwrap().len(), 0);
    }
}
