//! Bit fields: application interchange profile, terminal verification results, transaction status,
//! cardholder verification results, cryptogram information (EMV 4.4 Book 3, annex C and 10).

/// Application interchange profile, tag 82: what the application can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Aip(pub [u8; 2]);

impl Aip {
    /// The holder is to be verified by the CVM list (byte 1 bit 5).
    pub fn cardholder_verification(self) -> bool {
        self.0[0] & 0x10 != 0
    }

    /// Terminal risk management is to be done (byte 1 bit 4).
    pub fn risk_management(self) -> bool {
        self.0[0] & 0x08 != 0
    }

    /// Issuer authentication is by EXTERNAL AUTHENTICATE (byte 1 bit 3); otherwise in the second
    /// GENERATE AC, if at all.
    pub fn issuer_authentication(self) -> bool {
        self.0[0] & 0x04 != 0
    }

    /// A phone verified its holder itself (byte 1 bit 2, contactless).
    pub fn on_device_verification(self) -> bool {
        self.0[0] & 0x02 != 0
    }

    /// Static, dynamic or combined data authentication is offered (byte 1 bits 7, 6 and 1).
    pub fn offline_authentication(self) -> bool {
        self.0[0] & 0x61 != 0
    }
}

/// One finding of [`Tvr`] or [`Tsi`]: which byte, which bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bit {
    byte: usize,
    mask: u8,
}

const fn bit(byte: usize, mask: u8) -> Bit {
    Bit { byte, mask }
}

/// Terminal verification results, tag 95: what the terminal found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tvr(pub [u8; 5]);

impl Tvr {
    /// Offline data authentication was not performed.
    pub const NO_OFFLINE_AUTHENTICATION: Bit = bit(0, 0x80);
    /// Data that the card should have are missing.
    pub const DATA_MISSING: Bit = bit(0, 0x20);
    /// Card and terminal have different application versions.
    pub const VERSIONS_DIFFER: Bit = bit(1, 0x80);
    /// The application has expired.
    pub const EXPIRED: Bit = bit(1, 0x40);
    /// The application is not yet effective.
    pub const NOT_YET_EFFECTIVE: Bit = bit(1, 0x20);
    /// The service is not allowed for the card.
    pub const SERVICE_NOT_ALLOWED: Bit = bit(1, 0x10);
    /// The holder could not be verified.
    pub const VERIFICATION_FAILED: Bit = bit(2, 0x80);
    /// The card asks for a method that nobody knows.
    pub const UNKNOWN_METHOD: Bit = bit(2, 0x40);
    /// A PIN is required and there is no working PIN pad.
    pub const NO_PIN_PAD: Bit = bit(2, 0x10);
    /// A PIN is required, the pad is there, no PIN was entered (M-026).
    pub const PIN_NOT_ENTERED: Bit = bit(2, 0x08);
    /// A PIN was entered to be checked online.
    pub const ONLINE_PIN: Bit = bit(2, 0x04);
    /// The amount is above the floor limit.
    pub const ABOVE_FLOOR_LIMIT: Bit = bit(3, 0x80);
    /// The merchant asked for an online transaction.
    pub const MERCHANT_FORCED_ONLINE: Bit = bit(3, 0x08);
    /// The issuer could not be authenticated.
    pub const ISSUER_AUTHENTICATION_FAILED: Bit = bit(4, 0x40);
    /// A script failed before the last GENERATE AC.
    pub const SCRIPT_FAILED_BEFORE: Bit = bit(4, 0x20);
    /// A script failed after the last GENERATE AC.
    pub const SCRIPT_FAILED_AFTER: Bit = bit(4, 0x10);

    /// Writes a finding down.
    pub fn set(&mut self, finding: Bit) {
        if let Some(byte) = self.0.get_mut(finding.byte) {
            *byte |= finding.mask;
        }
    }

    /// Whether a finding was written down.
    pub fn has(self, finding: Bit) -> bool {
        self.0.get(finding.byte).is_some_and(|byte| byte & finding.mask != 0)
    }

    /// Whether any finding is one that the action code names (Book 3, 10.7).
    pub fn matches(self, action_code: [u8; 5]) -> bool {
        self.0.iter().zip(action_code).any(|(found, named)| found & named != 0)
    }
}

/// Transaction status information, tag 9B: which steps were done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tsi(pub [u8; 2]);

impl Tsi {
    /// The holder was verified, or it was tried.
    pub const CARDHOLDER_VERIFICATION: Bit = bit(0, 0x40);
    /// The card decided.
    pub const CARD_RISK_MANAGEMENT: Bit = bit(0, 0x20);
    /// The issuer was authenticated, or it was tried.
    pub const ISSUER_AUTHENTICATION: Bit = bit(0, 0x10);
    /// The terminal weighed the risk.
    pub const TERMINAL_RISK_MANAGEMENT: Bit = bit(0, 0x08);
    /// Scripts were sent.
    pub const SCRIPTS: Bit = bit(0, 0x04);

    /// Writes a step down.
    pub fn set(&mut self, step: Bit) {
        if let Some(byte) = self.0.get_mut(step.byte) {
            *byte |= step.mask;
        }
    }
}

/// What a GENERATE AC asks for, and what the card says it gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cryptogram {
    /// Application authentication cryptogram: refused.
    Aac,
    /// Transaction certificate: approved.
    Tc,
    /// Authorisation request cryptogram: ask the issuer.
    Arqc,
}

impl Cryptogram {
    /// The two bits, as in P1 of GENERATE AC and in tag 9F27.
    pub const fn bits(self) -> u8 {
        match self {
            Self::Aac => 0x00,
            Self::Tc => 0x40,
            Self::Arqc => 0x80,
        }
    }

    /// Reads tag 9F27; `None` for the value that is reserved.
    pub const fn of(information: u8) -> Option<Self> {
        match information & 0xC0 {
            0x00 => Some(Self::Aac),
            0x40 => Some(Self::Tc),
            0x80 => Some(Self::Arqc),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_one_bit_of_the_results() {
        let mut tvr = Tvr::default();
        tvr.set(Tvr::NO_OFFLINE_AUTHENTICATION);
        tvr.set(Tvr::PIN_NOT_ENTERED);
        // M-026, EMV 4.4 Book 3 annex C5: byte 3 bit 4.
        assert_eq!(tvr, Tvr([0x80, 0, 0x08, 0, 0]));
        assert!(tvr.has(Tvr::PIN_NOT_ENTERED) && !tvr.has(Tvr::ONLINE_PIN));
        assert!(tvr.matches([0, 0, 0x18, 0, 0]) && !tvr.matches([0, 0xFF, 0, 0, 0]));
        assert_eq!(Cryptogram::of(0xC0), None);
    }
}
