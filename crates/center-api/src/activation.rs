//! Activation of a terminal (W-030, W-031) and sign-in of a clerk (W-032, R-045).

use serde::{Deserialize, Serialize};

/// `POST /api/v1/activations`, unsigned: terminal id and password, and the key made on the device.
///
/// The answer shows the shop; the key counts once the device has confirmed the shop by a signed
/// `POST /api/v1/activations/confirm`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ActivationRequest {
    /// Twelve digits (W-022).
    pub terminal_id: String,
    /// The terminal password, four digits (W-022, D-30).
    pub password: String,
    /// Ed25519 public key, 64 hex digits.
    pub public_key: String,
    /// Serial number of the card reader that is bound with it (M-014).
    pub reader_serial: String,
}

impl std::fmt::Debug for ActivationRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ActivationRequest").field("terminal_id", &self.terminal_id).finish_non_exhaustive()
    }
}

/// What the clerk confirms (W-031).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Activation {
    /// Twelve digits.
    pub terminal_id: String,
    /// Shop id.
    pub shop_id: String,
    /// Shop name.
    pub shop_name: String,
    /// Phone.
    pub phone: String,
}

/// `POST /api/v1/clerk-sessions`, signed by the terminal.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ClerkSignIn {
    /// Login id.
    pub login_id: String,
    /// Password.
    pub password: String,
}

impl std::fmt::Debug for ClerkSignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClerkSignIn").field("login_id", &self.login_id).finish_non_exhaustive()
    }
}

/// The clerk who signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ClerkSession {
    /// The clerk, as printed on slips.
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub operator: payment::Operator,
    /// How the password stands: one that must be changed lets nobody serve before that (D-04, D-07).
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub password: payment::PasswordStanding,
}

/// `POST /api/v1/clerk-passwords`, signed by the terminal: a clerk chooses a new password there (W-033).
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ClerkNewPassword {
    /// Login id.
    pub login_id: String,
    /// The current password.
    pub current: String,
    /// The new one, as it was typed.
    pub new: String,
}

impl std::fmt::Debug for ClerkNewPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClerkNewPassword").field("login_id", &self.login_id).finish_non_exhaustive()
    }
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum ClerkPasswordAnswer {
    /// It is changed, and the clerk is signed in.
    Changed(ClerkSession),
    /// The new one was not taken; the current one stays.
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    Lacks(payment::PasswordLack),
}

/// The answer to `POST /api/v1/echo`, signed: the online test (オンラインテスト).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Echo {
    /// The asking terminal.
    pub terminal_id: String,
    /// The center's clock, UTC microseconds since 1970: a terminal can see how far its own is off (R9).
    pub now_us: i64,
}
