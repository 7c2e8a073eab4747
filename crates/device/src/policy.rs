//! What the reader is told before a payment: the shop's policy, the terminal's data, the deal.

use crate::limits::MAX_PIN_ATTEMPTS;
use emv::Scheme;
use emv::bench::Interfaces;
use jiff::Timestamp;
use money::Yen;
use std::collections::BTreeSet;

/// The shop's rules for reading cards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderPolicy {
    /// Chip and stripe, or also contactless (M-032).
    pub interfaces: Interfaces,
    /// The most that a tap may cost without verifying the holder; above it a signature is taken unless a
    /// phone has verified its holder itself.
    pub contactless_cvm_limit: Yen,
    /// Whether the green key without digits skips the PIN (M-026; ended in Japan on 2025-03-31, X-010).
    pub pin_bypass: bool,
    /// Whether a chip that cannot be read may be swiped instead.
    pub magstripe_fallback: bool,
    /// Whether the holder chooses when a card has several applications; otherwise the card's own order
    /// decides.
    pub application_choice: bool,
    /// Schemes that the shop has contracts for (M-030).
    pub accepted_brands: BTreeSet<Scheme>,
}

impl Default for ReaderPolicy {
    fn default() -> Self {
        Self {
            interfaces: Interfaces::Three,
            contactless_cvm_limit: Yen::new(15_000).unwrap_or_default(),
            pin_bypass: false,
            magstripe_fallback: true,
            application_choice: false,
            accepted_brands: Scheme::ALL.into_iter().collect(),
        }
    }
}

/// What a card may ask to know of the terminal (EMV 4.4 Book 4, annex A).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalData {
    /// Terminal identification, eight letters or digits (tag 9F1C).
    pub terminal_id: String,
    /// Merchant identifier, up to fifteen letters or digits (tag 9F16).
    pub merchant_id: String,
    /// Merchant name (tag 9F4E).
    pub merchant_name: String,
    /// Merchant category code, four digits (tag 9F15).
    pub merchant_category: u16,
    /// Serial number of the reader, eight letters or digits (tag 9F1E).
    pub reader_serial: String,
}

/// Country and currency of the terminal: Japan and yen are both 392 (ISO 3166-1, ISO 4217).
pub(crate) const JAPAN: [u8; 2] = [0x03, 0x92];
/// Terminal type 21: attended, online only, operated by the merchant.
pub(crate) const TERMINAL_TYPE: u8 = 0x21;
/// Terminal capabilities: stripe and chip; online PIN, signature, no verification; no offline
/// authentication yet (tag 9F33).
pub(crate) const CAPABILITIES: [u8; 3] = [0x60, 0x68, 0x00];
/// Additional capabilities: goods and services; keypad; print for attendant and holder (tag 9F40).
pub(crate) const MORE_CAPABILITIES: [u8; 5] = [0x60, 0x00, 0xF0, 0xA0, 0x01];

/// One payment as the card sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deal {
    /// The amount.
    pub amount: Yen,
    /// The date in Tokyo, `YYMMDD` (tag 9A).
    pub date: [u8; 3],
    /// The time in Tokyo, `HHMMSS` (tag 9F21).
    pub time: [u8; 3],
    /// Random numbers for the card, one for each time that it may be asked (tag 9F37).
    pub unpredictable: [[u8; 4]; MAX_PIN_ATTEMPTS as usize],
    /// The terminal's running number (tag 9F41), shown with eight digits.
    pub sequence: u32,
}

impl Deal {
    /// A payment at this instant; `chance` gives the numbers that nobody can foresee.
    pub fn new(amount: Yen, at: Timestamp, sequence: u32, mut chance: impl FnMut() -> [u8; 4]) -> Self {
        let local = at.to_zoned(clock::tokyo());
        let date = bcd3(u8::try_from(local.year().rem_euclid(100)).unwrap_or(0), local.month(), local.day());
        let time = bcd3(u8::try_from(local.hour()).unwrap_or(0), local.minute(), local.second());
        let unpredictable = std::array::from_fn(|_| chance());
        Self { amount, date, time, unpredictable, sequence }
    }
}

fn bcd3(a: u8, b: i8, c: i8) -> [u8; 3] {
    [a, u8::try_from(b).unwrap_or(0), u8::try_from(c).unwrap_or(0)].map(|n| ((n / 10) << 4) | (n % 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deal_carries_the_date_and_time_of_tokyo() {
        let at = "2026-11-20T15:04:05Z".parse().unwrap();
        let deal = Deal::new(Yen::new(880).unwrap(), at, 1, || [1, 2, 3, 4]);
        assert_eq!((deal.date, deal.time), ([0x26, 0x11, 0x21], [0x00, 0x04, 0x05]));
    }

    #[test]
    fn a_tap_is_free_of_signature_up_to_fifteen_thousand_yen_unless_told_otherwise() {
        //
        let policy = ReaderPolicy::default();
        assert_eq!(policy.contactless_cvm_limit.get(), 15_000);
        assert!(!policy.pin_bypass);
    }
}
