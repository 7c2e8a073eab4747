//! Refusals on the wire: RFC 9457 problem details with a stable code and what it means for the money.

use codes::{Code, MoneyTaken};
use serde::{Deserialize, Serialize};

/// `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `urn:choba:code:<family>-<id>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The code's short cause, English, for logs and integrators.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// The stable code.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub code: Code,
    /// Whether the customer's money was taken.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub money_taken: MoneyTaken,
    /// What to do next, in the language asked for (`Accept-Language`, default Japanese).
    pub next: String,
    /// Which field or condition, when it can be named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Problem {
    /// The problem of a code.
    pub fn new(lang: i18n::Lang, code: Code) -> Self {
        Self {
            kind: format!("urn:choba:code:{}", code.key()),
            title: code.row().cause.to_owned(),
            status: code.row().status,
            code,
            money_taken: code.row().money,
            next: i18n::code_text(lang, code).next,
            detail: None,
        }
    }

    /// The problem with its detail.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code.key(), self.title)?;
        self.detail.as_ref().map_or(Ok(()), |detail| write!(f, " ({detail})"))
    }
}

impl std::error::Error for Problem {}
