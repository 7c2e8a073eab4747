//! Which language a page is in: the person's choice (a cookie), otherwise what the browser prefers.

use axum::Router;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use http::{HeaderMap, StatusCode, header};

/// The cookie of the choice, one for each port: browsers send cookies to every port of a host, and the
/// clerk at the terminal may read another language than the operator in the console.
fn cookie_name(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let port = host.rsplit_once(':').map_or("443", |(_, port)| port);
    format!("choba-lang-{port}")
}

/// The languages that pages exist in.
pub const LANGS: [&str; 2] = ["ja", "en"];

/// `ja` or `en` for a request.
pub fn of(headers: &HeaderMap) -> &'static str {
    let chosen = crate::cookie::value(headers, &cookie_name(headers)).and_then(|code| known(&code));
    chosen.or_else(|| preferred(headers)).unwrap_or("ja")
}

fn known(code: &str) -> Option<&'static str> {
    LANGS.into_iter().find(|lang| code.get(..2).is_some_and(|start| start.eq_ignore_ascii_case(lang)))
}

fn preferred(headers: &HeaderMap) -> Option<&'static str> {
    let list = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    list.split(',').find_map(|part| known(part.trim()))
}

#[derive(serde::Deserialize)]
struct Back {
    back: Option<String>,
}

/// `GET /lang/{code}?back=/path`: remembers the choice for a year and returns.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/lang/{code}", get(choose))
}

async fn choose(Path(code): Path<String>, Query(query): Query<Back>, headers: HeaderMap) -> Response {
    let Some(lang) = known(&code) else { return StatusCode::NOT_FOUND.into_response() };
    let back = query.back.as_deref().filter(|path| is_own_path(path)).unwrap_or("/");
    let cookie =
        format!("{}={lang}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly", cookie_name(&headers));
    ([(header::SET_COOKIE, cookie)], Redirect::to(back)).into_response()
}

/// A path of this program, not `//elsewhere` and not `/\elsewhere`.
pub fn is_own_path(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains('\\')
        && path.bytes().all(|byte| (0x21..0x7f).contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(http::HeaderName::from_static(name), value.parse().unwrap())])
    }

    #[test]
    fn the_choice_wins_over_the_browser_and_japanese_over_nothing() {
        assert_eq!(of(&HeaderMap::new()), "ja");
        assert_eq!(of(&headers("accept-language", "fr, en-GB;q=0.8, ja;q=0.5")), "en");
        assert_eq!(of(&headers("accept-language", "ja-JP,en")), "ja");
        let mut both = headers("accept-language", "en");
        both.insert("host", "127.0.0.1:8710".parse().unwrap());
        both.insert("cookie", "choba-lang-8711=en; choba-lang-8710=ja".parse().unwrap());
        assert_eq!(of(&both), "ja");
    }

    #[test]
    fn the_way_back_stays_in_this_program() {
        for good in ["/", "/pay?x=1"] {
            assert!(is_own_path(good), "{good}");
        }
        for evil in ["//evil.example", "https://evil.example", "/\\evil.example", "/\r\nset-cookie:x", ""] {
            assert!(!is_own_path(evil), "{evil}");
        }
    }
}
