//! `GET /api/v1/terminal`: what a terminal needs to know of its shop.

use payment::{Brand, PaymentClass, Policy};
use serde::{Deserialize, Serialize};

/// Everything that governs a terminal's day; kept by the terminal so that it can start without the center.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TerminalConfig {
    /// Twelve digits.
    pub terminal_id: String,
    /// Its shop.
    pub shop: Shop,
    /// Brands and classes it may take (M-030, X-019).
    pub contracts: Vec<Contract>,
    /// The resolved policy.
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub policy: Policy,
    /// Serial number of the reader bound to this terminal (M-014).
    pub reader_serial: String,
    /// Support phone for the foot of every screen.
    pub support_phone: String,
}

/// The shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Shop {
    /// Shop id.
    pub id: String,
    /// Four letters and digits in front of order codes.
    pub code: String,
    /// What slips say.
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub merchant: receipt::Merchant,
}

/// A brand that the company has under contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Contract {
    /// The brand.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub brand: Brand,
    /// Payment classes of the contract.
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub classes: Vec<PaymentClass>,
}
