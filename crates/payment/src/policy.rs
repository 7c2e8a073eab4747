//! Policies: where the manuals disagree the rule is data (model.md 3.6), resolved tenant → company →
//! shop → terminal. One struct with defaults; a profile or a level is a partial overlay of it. An overlay that names what is
//! no rule is refused; a terminal reads the whole policy of a newer center and passes over what it does not know.

use crate::{PasswordPolicy, StatusProfile, TaxKind, TaxParts};
use money::Yen;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Everything that a tenant, company, shop or terminal may decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// Status words.
    pub status_profile: StatusProfile,
    /// Passwords of console and clerks (D-01 … D-07).
    pub password: PasswordPolicy,
    /// Sessions (model.md 3.7).
    pub session: SessionPolicy,
    /// Which interfaces the reader listens to (M-032, D-18).
    pub interfaces: Interfaces,
    /// Taps up to this amount need no signature (X-012, R-034: signature from 15,001).
    pub contactless_cvm_limit_yen: Yen,
    /// The cardholder may skip the PIN and sign; off by default.
    pub pin_bypass: bool,
    /// A stripe may be read after the chip failed.
    pub magstripe_fallback: bool,
    /// Whether a signature is taken where the card asks for one.
    pub signature: SignaturePolicy,
    /// The largest amount of one card payment at this place (207).
    pub amount_limit_yen: Yen,
    /// An authorization that is not completed is released after this many minutes (M-028, model.md 3.7).
    pub release_after_min: i64,
    /// The card is waited for this many seconds (404, M-033).
    pub present_wait_s: i64,
    /// A payment may stand before the card this many seconds in all (401, M-033).
    pub session_wait_s: i64,
    /// What a register asks for without a deadline of its own waits for the customer this many seconds
    /// (nexo.md, rule 8).
    pub register_wait_s: i64,
    /// Time-outs towards center and network.
    pub timers: Timers,
    /// Key order of the amount pad.
    pub keypad: Keypad,
    /// Slips.
    pub receipt: ReceiptPolicy,
}

/// Which readings the reader waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interfaces {
    /// Stripe and chip (2面待ち).
    Two,
    /// Stripe, chip and tap (3面待ち).
    Three,
}

/// What is done where a signature is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignaturePolicy {
    /// The payment waits for it.
    Required,
    /// Not taken: the payment is complete at once.
    None,
}

/// Order of the digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keypad {
    /// 1-2-3 on top.
    Phone,
    /// 7-8-9 on top.
    Calculator,
}

/// How much of a card number a copy shows (X-013, D-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PanMask {
    /// `****1012`.
    Last4,
    /// `527934*****03` (M-060).
    First6Last2,
    /// `527934******1003`.
    First6Last4,
}

/// Which manual's slip is printed (M-058, R-045).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// mPOS app and console.
    Mpos,
    /// Register with linked terminal.
    Usen,
}

/// Slips and their delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReceiptPolicy {
    /// The layout.
    pub profile: Profile,
    /// Half-width cells in a printed line: 32 on 58 mm paper, 48 on 80 mm.
    pub width: usize,
    /// Card number on the customer's copy.
    pub customer_mask: PanMask,
    /// Card number on the merchant's copy.
    pub merchant_mask: PanMask,
    /// The page behind the receipt's QR code lives this many days (model.md 3.7).
    pub link_days: i64,
    /// How often one receipt may be mailed (D-20); 0 = without limit.
    pub mail_limit: i64,
    /// Handling class printed on USEN slips (取扱区分, R-045, X-017).
    pub handling_class: String,
    /// Product class printed on USEN slips (商品区分, R-045, X-017).
    pub product_class: String,
    /// What slips state of the consumption tax.
    pub tax: SlipTax,
}

/// What a shop's slips state of the consumption tax inside an amount (X-080 … X-082).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlipTax {
    /// Nothing, unless a register says it: the register's own receipt states the tax.
    None,
    /// Everything is sold at the standard rate.
    Standard,
    /// Everything is sold at the reduced rate.
    Reduced,
    /// Nothing is taxed.
    Exempt,
    /// The clerk says it with each amount.
    Entered,
}

impl SlipTax {
    /// What an amount is made of where every sale is alike.
    pub fn parts(self, amount: Yen) -> Option<TaxParts> {
        let kind = match self {
            Self::None | Self::Entered => return None,
            Self::Standard => TaxKind::Standard,
            Self::Reduced => TaxKind::Reduced,
            Self::Exempt => TaxKind::Exempt,
        };
        Some(TaxParts::all(kind, amount))
    }
}

/// Console and clerk sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionPolicy {
    /// Ends after so many minutes without a request.
    pub idle_min: i64,
    /// Ends after so many minutes in any case.
    pub absolute_min: i64,
}

/// Nested time-outs, in seconds: network < center < terminal < register (reliability, Time).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Timers {
    /// The network answers within.
    pub network_s: i64,
    /// The center gives the network up after.
    pub center_s: i64,
    /// The terminal gives the center up after.
    pub terminal_s: i64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            status_profile: StatusProfile::Mpos,
            password: PasswordPolicy::default(),
            session: SessionPolicy::default(),
            interfaces: Interfaces::Three,
            contactless_cvm_limit_yen: Yen::new(15_000).unwrap_or(Yen::ZERO),
            pin_bypass: false,
            magstripe_fallback: true,
            signature: SignaturePolicy::Required,
            amount_limit_yen: Yen::new(3_000_000).unwrap_or(Yen::ZERO),
            release_after_min: 30,
            present_wait_s: 60,
            session_wait_s: 180,
            register_wait_s: 120,
            timers: Timers::default(),
            keypad: Keypad::Phone,
            receipt: ReceiptPolicy::default(),
        }
    }
}

impl Default for ReceiptPolicy {
    fn default() -> Self {
        Self {
            profile: Profile::Mpos,
            width: 32,
            customer_mask: PanMask::Last4,
            merchant_mask: PanMask::First6Last4,
            link_days: 90,
            mail_limit: 0,
            handling_class: "110".to_owned(),
            product_class: "990".to_owned(),
            tax: SlipTax::None,
        }
    }
}

impl Default for SessionPolicy {
    fn default() -> Self {
        Self { idle_min: 15, absolute_min: 720 }
    }
}

impl Default for Timers {
    fn default() -> Self {
        Self { network_s: 20, center_s: 25, terminal_s: 35 }
    }
}

/// An overlay that names a rule which does not exist, or gives it an impossible value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadPolicy(pub String);

impl fmt::Display for BadPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "policy refused: {}", self.0)
    }
}

impl std::error::Error for BadPolicy {}

impl Policy {
    /// The policy of a ready profile: `mpos` or `usen` (`data/profiles/*.toml`).
    pub fn profile(profile: Profile) -> Result<Self, BadPolicy> {
        Self::default().with(&Self::profile_overlay(profile)?)
    }

    /// What a ready profile changes, as an overlay for a level.
    pub fn profile_overlay(profile: Profile) -> Result<serde_json::Value, BadPolicy> {
        let text = match profile {
            Profile::Mpos => include_str!("../data/profiles/mpos.toml"),
            Profile::Usen => include_str!("../data/profiles/usen.toml"),
        };
        toml::from_str(text).map_err(|e| BadPolicy(e.to_string()))
    }

    /// One overlay for a level out of two: where both name a rule, `over` holds.
    #[must_use]
    pub fn overlay_over(mut under: serde_json::Value, over: &serde_json::Value) -> serde_json::Value {
        lay_over(&mut under, over);
        under
    }

    /// This policy with the rules that `overlay` (a partial JSON object) sets; `null` leaves a rule as it is.
    pub fn with(&self, overlay: &serde_json::Value) -> Result<Self, BadPolicy> {
        let mut whole = serde_json::to_value(self).map_err(|e| BadPolicy(e.to_string()))?;
        lay_over(&mut whole, overlay);
        let policy: Self = serde_json::from_value(whole.clone()).map_err(|e| BadPolicy(e.to_string()))?;
        let known = serde_json::to_value(&policy).map_err(|e| BadPolicy(e.to_string()))?;
        match stranger(&whole, &known) {
            Some(rule) => Err(BadPolicy(format!("there is no rule {rule}"))),
            None => policy.checked(),
        }
    }

    fn checked(self) -> Result<Self, BadPolicy> {
        let timers = &self.timers;
        let nested =
            0 < timers.network_s && timers.network_s < timers.center_s && timers.center_s < timers.terminal_s;
        let widths = matches!(self.receipt.width, 32 | 42 | 48);
        let positive = self.session.idle_min > 0
            && self.session.absolute_min >= self.session.idle_min
            && self.release_after_min > 0
            && self.present_wait_s > 0
            && self.session_wait_s >= self.present_wait_s
            && self.register_wait_s > 0
            && self.receipt.link_days > 0;
        if !nested {
            return Err(BadPolicy("timers must be nested: network < center < terminal".to_owned()));
        }
        if !widths {
            return Err(BadPolicy("receipt.width must be 32, 42 or 48 cells".to_owned()));
        }
        if !positive {
            return Err(BadPolicy("limits and times must be above zero and in order".to_owned()));
        }
        if let Some(fault) = self.password.fault() {
            return Err(BadPolicy(fault.to_owned()));
        }
        Ok(self)
    }
}

/// A rule of the one that the other does not have.
fn stranger(all: &serde_json::Value, known: &serde_json::Value) -> Option<String> {
    let (all, known) = (all.as_object()?, known.as_object()?);
    all.iter().find_map(|(rule, value)| match known.get(rule) {
        None => Some(rule.clone()),
        Some(known) => stranger(value, known).map(|inner| format!("{rule}.{inner}")),
    })
}

fn lay_over(under: &mut serde_json::Value, over: &serde_json::Value) {
    match (under, over) {
        (serde_json::Value::Object(under), serde_json::Value::Object(over)) => {
            for (rule, value) in over {
                lay_over(under.entry(rule.clone()).or_insert(serde_json::Value::Null), value);
            }
        }
        (_, serde_json::Value::Null) => {}
        (under, over) => *under = over.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_profiles_are_complete_and_differ_where_the_manuals_do() {
        // D-11, D-28, M-060, R-045
        let (mpos, usen) = (Policy::profile(Profile::Mpos).unwrap(), Policy::profile(Profile::Usen).unwrap());
        assert_eq!(mpos.receipt.customer_mask, PanMask::First6Last2);
        assert_eq!(usen.receipt.customer_mask, PanMask::Last4);
        assert_eq!(usen.status_profile, StatusProfile::Usen);
        assert_eq!(mpos.password.lock_threshold, 5);
        assert!(!mpos.pin_bypass && !usen.pin_bypass, "X-010");
    }

    #[test]
    fn a_level_overrides_only_what_it_names() {
        let shop = Policy::default().with(&json!({"receipt": {"width": 48}, "interfaces": null})).unwrap();
        assert_eq!(shop.receipt.width, 48);
        assert_eq!(shop.interfaces, Interfaces::Three);
        assert_eq!(shop.receipt.link_days, 90);
    }

    #[test]
    fn a_terminal_reads_the_policy_of_a_newer_center() {
        let mut newer = serde_json::to_value(Policy::default()).unwrap();
        newer["a_rule_to_come"] = json!(true);
        newer["receipt"]["another"] = json!("x");
        assert_eq!(serde_json::from_value::<Policy>(newer).unwrap(), Policy::default());
        let typo = Policy::default().with(&json!({"receipt": {"widht": 48}})).unwrap_err();
        assert_eq!(typo.0, "there is no rule receipt.widht");
    }

    #[test]
    fn unknown_rules_and_impossible_values_are_refused() {
        for overlay in [
            json!({"pin_bypas": true}),
            json!({"receipt": {"widht": 48}}),
            json!({"receipt": {"width": 31}}),
            json!({"timers": {"network_s": 60}}),
            json!({"contactless_cvm_limit_yen": -1}),
            json!({"session": {"idle_min": 0}}),
        ] {
            assert!(Policy::default().with(&overlay).is_err(), "{overlay}");
        }
    }
}
