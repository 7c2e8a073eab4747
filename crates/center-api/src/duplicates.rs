//! The duplicate check before a card payment is sent (R-071 … R-075).

use money::Yen;
use payment::Brand;
use serde::{Deserialize, Serialize};

/// `POST /api/v1/duplicate-checks`: was the same amount taken from such a card just now? Asked after the
/// card is read and before anything is sent. The answer warns; it refuses nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DuplicateCheck {
    /// Whole yen.
    #[cfg_attr(feature = "schema", schema(value_type = i64))]
    pub amount: Yen,
    /// Brand of the card.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub brand: Brand,
    /// Last four digits of the card.
    pub last4: String,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DuplicateAnswer {
    /// The newest payment that looks the same, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspect: Option<Suspect>,
}

/// A payment that looks the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Suspect {
    /// When it was taken, UTC microseconds since 1970.
    pub at_us: i64,
    /// At which terminal.
    pub terminal_id: String,
    /// Its order code.
    pub order_code: String,
    /// Whole yen.
    #[cfg_attr(feature = "schema", schema(value_type = i64))]
    pub amount: Yen,
}
