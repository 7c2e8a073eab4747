//! Cardholder verification: the card's list and the terminal's result (EMV 4.4 Book 3, 10.5, C3, C4).

use std::fmt;

/// The card's list, tag 8E: two amounts and rules in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CvmList {
    /// Amount X, in the smallest unit of the application's currency (whole yen for JPY).
    pub amount_x: u32,
    /// Amount Y, likewise.
    pub amount_y: u32,
    /// The rules, first that fits first.
    pub rules: Vec<CvmRule>,
}

/// One rule: a method, when it counts, and whether the next may be tried after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CvmRule {
    /// The first byte as it stands in the list; it goes into the results unchanged.
    pub code: u8,
    /// The second byte as it stands in the list.
    pub condition: u8,
}

/// A way to verify the holder (annex C3, table 43).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Always fails.
    Fail,
    /// A PIN that the card checks, in any of its forms (plain or enciphered, with signature or not).
    OfflinePin,
    /// A PIN that the issuer checks.
    OnlinePin,
    /// A signature.
    Signature,
    /// Nothing is asked.
    NoCvm,
    /// A method that this terminal does not know.
    Unknown,
}

/// When a rule counts (annex C3, table 44).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Always.
    Always,
    /// Only for unattended cash.
    UnattendedCash,
    /// Only for purchases: neither cash nor cashback.
    NotCash,
    /// When the terminal supports the method.
    Supported,
    /// Only for manual cash.
    ManualCash,
    /// Only with cashback.
    Cashback,
    /// In the application's currency, under amount X.
    UnderX,
    /// In the application's currency, over amount X.
    OverX,
    /// In the application's currency, under amount Y.
    UnderY,
    /// In the application's currency, over amount Y.
    OverY,
    /// A condition that this terminal does not know: the rule is passed over.
    Unknown,
}

/// A list without rules, or with half a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadCvmList;

impl fmt::Display for BadCvmList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the card's list of verification methods is malformed")
    }
}

impl std::error::Error for BadCvmList {}

impl CvmList {
    /// Reads tag 8E.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadCvmList> {
        let (x, rest) = bytes.split_first_chunk::<4>().ok_or(BadCvmList)?;
        let (y, rest) = rest.split_first_chunk::<4>().ok_or(BadCvmList)?;
        let (rules, half) = rest.as_chunks::<2>();
        if rules.is_empty() || !half.is_empty() {
            return Err(BadCvmList);
        }
        Ok(Self {
            amount_x: u32::from_be_bytes(*x),
            amount_y: u32::from_be_bytes(*y),
            rules: rules
                .iter()
                .map(|[code, condition]| CvmRule { code: *code, condition: *condition })
                .collect(),
        })
    }
}

impl CvmRule {
    /// The method.
    pub const fn method(self) -> Method {
        match self.code & 0x3F {
            0x00 => Method::Fail,
            0x01 | 0x03 | 0x04 | 0x05 => Method::OfflinePin,
            0x02 => Method::OnlinePin,
            0x1E => Method::Signature,
            0x1F => Method::NoCvm,
            _ => Method::Unknown,
        }
    }

    /// When the rule counts.
    pub const fn condition(self) -> Condition {
        match self.condition {
            0x00 => Condition::Always,
            0x01 => Condition::UnattendedCash,
            0x02 => Condition::NotCash,
            0x03 => Condition::Supported,
            0x04 => Condition::ManualCash,
            0x05 => Condition::Cashback,
            0x06 => Condition::UnderX,
            0x07 => Condition::OverX,
            0x08 => Condition::UnderY,
            0x09 => Condition::OverY,
            _ => Condition::Unknown,
        }
    }

    /// Whether the next rule may be tried when this one fails (bit 7).
    pub const fn next_after_failure(self) -> bool {
        self.code & 0x40 != 0
    }
}

/// How a verification ended, the third byte of tag 9F34.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CvmOutcome {
    /// Nobody knows yet: a signature, or a PIN that the issuer checks.
    Unknown,
    /// It failed.
    Failed,
    /// It succeeded.
    Successful,
}

/// Tag 9F34: the rule that decided and how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CvmResults(pub [u8; 3]);

impl CvmResults {
    /// No rule of the list counted, or there is no list (annex C4 and Book 4, 6.3.4.5).
    pub const NOT_PERFORMED: Self = Self([0x3F, 0x00, 0x00]);
    /// Rules were tried and none succeeded.
    pub const NO_RULE_SUCCEEDED: Self = Self([0x3F, 0x00, 0x01]);
    /// A phone verified its holder itself (contactless).
    pub const ON_DEVICE: Self = Self([0x01, 0x00, 0x02]);
    /// A signature that the reader itself asks for, contactless above the limit.
    pub const CONTACTLESS_SIGNATURE: Self = Self([0x1E, 0x00, 0x00]);
    /// Nothing was asked, contactless up to the limit.
    pub const CONTACTLESS_NO_CVM: Self = Self([0x1F, 0x00, 0x02]);

    /// The result of a rule.
    pub const fn of(rule: CvmRule, outcome: CvmOutcome) -> Self {
        let last = match outcome {
            CvmOutcome::Unknown => 0x00,
            CvmOutcome::Failed => 0x01,
            CvmOutcome::Successful => 0x02,
        };
        Self([rule.code, rule.condition, last])
    }
}
