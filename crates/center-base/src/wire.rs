//! Requests in, refusals out: who calls, in which language, JSON bodies, and problems (RFC 9457).

use crate::actor::{Actor, Person, Scope, SignedBy};
use crate::limits;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use center_api::Problem;
use codes::{Code, api};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use i18n::Lang;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::sync::Arc;
use store::{DbError, Inconsistent, ReadError, WriteError};

/// Why a request was not carried out: the code that the asker is told, and what only the log keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The code.
    pub code: Code,
    /// Which field or condition; shown to the asker.
    pub detail: Option<String>,
    /// For the log only.
    pub log: Option<String>,
}

impl Refusal {
    /// A fault of ours, with what the log says of it.
    pub fn internal(log: impl Into<String>) -> Self {
        Self { code: api::INTERNAL, detail: None, log: Some(log.into()) }
    }

    /// A body or parameter that does not fit, with the field or condition.
    pub fn bad(detail: impl Into<String>) -> Self {
        Self::from(api::BAD_REQUEST).detail(detail)
    }

    /// Names the field or condition to the asker.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The problem in a language.
    pub fn problem(&self, lang: Lang) -> Problem {
        let problem = Problem::new(lang, self.code);
        match &self.detail {
            Some(detail) => problem.detail(detail.chars().take(limits::DETAIL_CHARS).collect::<String>()),
            None => problem,
        }
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.code.row().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        for text in [&self.detail, &self.log].into_iter().flatten() {
            write!(f, ": {text}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self { code, detail: None, log: None }
    }
}

impl From<DbError> for Refusal {
    fn from(error: DbError) -> Self {
        Self::internal(error.to_string())
    }
}

impl From<Inconsistent> for Refusal {
    fn from(error: Inconsistent) -> Self {
        Self::internal(error.to_string())
    }
}

impl From<WriteError<Self>> for Refusal {
    fn from(error: WriteError<Self>) -> Self {
        let log = Some(error.to_string());
        let code = match error {
            WriteError::Unit(refusal) => return refusal,
            WriteError::NoSpace => api::NO_SPACE,
            WriteError::Busy | WriteError::Unreachable | WriteError::Closed => api::UNAVAILABLE,
            // Only an unknown commit leaves the money open; INTERNAL says so, and a refused statement is ours.
            WriteError::Unknown | WriteError::Statement(_) => api::INTERNAL,
        };
        Self { code, detail: None, log }
    }
}

impl From<ReadError<Self>> for Refusal {
    fn from(error: ReadError<Self>) -> Self {
        let log = Some(error.to_string());
        let code = match error {
            ReadError::Unit(refusal) => return refusal,
            ReadError::Busy | ReadError::Unreachable | ReadError::Closed => api::UNAVAILABLE,
            ReadError::Statement(_) => api::INTERNAL,
        };
        Self { code, detail: None, log }
    }
}

impl IntoResponse for Refusal {
    /// A bare status that carries the refusal; the gate of the route writes it in the asker's language,
    /// as problem+json on the API and as an error page elsewhere.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// `application/problem+json` of a refusal.
pub(crate) fn problem_response(refusal: &Refusal, lang: Lang) -> Response {
    let body = serde_json::to_vec(&refusal.problem(lang)).unwrap_or_default();
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    let language = (header::CONTENT_LANGUAGE, HeaderValue::from_static(lang.tag()));
    (refusal.status(), [kind, language], body).into_response()
}

/// Who calls, in which language, under which request id. Every handler may take it.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub actor: Actor,
    /// Language of what is answered.
    pub lang: Lang,
    /// The request's name in logs and in the `x-request-id` of the answer.
    pub request_id: Arc<str>,
}

impl Caller {
    /// The person; the route's roles see to it that there is one.
    pub fn person(&self) -> Result<&Person, Refusal> {
        match &self.actor {
            Actor::Person(person) => Ok(person),
            Actor::Anonymous | Actor::Terminal(_) => Err(api::NOT_SIGNED_IN.into()),
        }
    }

    /// The terminal that signed; the route's roles see to it that there is one.
    pub fn terminal(&self) -> Result<&SignedBy, Refusal> {
        match &self.actor {
            Actor::Terminal(by) => Ok(by),
            Actor::Anonymous | Actor::Person(_) => Err(api::NOT_SIGNED_IN.into()),
        }
    }

    /// What the caller may see; a caller without any scope finds nothing.
    pub fn scope(&self) -> Result<Scope, Refusal> {
        self.actor.scope().ok_or_else(|| api::NOT_FOUND.into())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Refusal> {
        let found = parts.extensions.get::<Self>().cloned();
        found.ok_or_else(|| Refusal::internal("a handler ran outside the route table"))
    }
}

/// A JSON body. Refuses other content types, and never repeats a value of the body in its refusal.
#[derive(Clone, Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        if !pages::secure::is_json(request.headers()) {
            return Err(api::NOT_JSON.into());
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|_| Refusal::from(api::TOO_LARGE))?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| Refusal::bad(safe_words(&error)))
    }
}

/// An answer in JSON. Written into a buffer of a usual answer's size, which costs half of what growing one
/// piece by piece does.
pub fn json(status: StatusCode, value: &impl Serialize) -> Response {
    let mut body = Vec::with_capacity(limits::ANSWER_BYTES);
    if let Err(error) = serde_json::to_writer(&mut body, value) {
        return Refusal::internal(format!("an answer cannot be written: {error}")).into_response();
    }
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}

/// What is wrong with a body. serde's own sentence may quote a value, and a value may be secret: only
/// sentences about names of fields are passed on.
fn safe_words(error: &serde_json::Error) -> String {
    let sentence = error.to_string();
    let about_names = ["missing field", "unknown field", "duplicate field"];
    if about_names.iter().any(|start| sentence.starts_with(start)) {
        return sentence;
    }
    let what = if error.is_data() { "a value does not fit" } else { "this is not JSON" };
    format!("{what} at line {} column {}", error.line(), error.column())
}

/// The language that a request asks for: the person's choice, else `Accept-Language`, else Japanese.
pub fn lang_of(headers: &HeaderMap) -> Lang {
    Lang::from_tag(pages::lang::of(headers)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[expect(dead_code, reason = "only its reading is tested")]
        amount: i64,
    }

    #[test]
    fn a_refused_body_is_explained_without_its_values() {
        let words = |text: &str| safe_words(&serde_json::from_str::<Body>(text).unwrap_err());
        assert_eq!(words("{}"), "missing field `amount` at line 1 column 2");
        assert_eq!(words(r#"{"amount":"4111111111111111"}"#), "a value does not fit at line 1 column 28");
        assert_eq!(words("{"), "this is not JSON at line 1 column 1");
    }

    #[test]
    fn trouble_of_the_database_says_what_it_means_for_the_money() {
        let of = |error: WriteError<Refusal>| Refusal::from(error).code.row().money;
        assert_eq!(of(WriteError::NoSpace), codes::MoneyTaken::No);
        assert_eq!(of(WriteError::Unreachable), codes::MoneyTaken::No);
        assert_eq!(of(WriteError::Unknown), codes::MoneyTaken::Unknown);
    }
}
