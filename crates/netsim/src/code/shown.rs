//! The codes that wallets show. A code says whose it is and when it was made, so that a brand needs no
//! list of codes: prefix, wallet (2), minute (5), serial, check digit.

use super::rules::{Brand, Does, Qr, Rules, Wallet};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use emv::{Tag, Tlv, tlv};
use jiff::Timestamp;

/// Minutes for which a code lives.
pub const MINUTES: u64 = 5;
/// Minutes are written modulo this: about ten weeks.
const WRAP: u64 = 100_000;
/// How old the code of a wallet that shows old codes is.
const OLD: u64 = 60;

/// A code on a customer's phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The digits, as under the bar code.
    pub digits: String,
    /// The text of the QR code.
    pub qr: String,
}

/// What a brand reads out of a code of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read<'a> {
    /// Whose.
    pub wallet: &'a Wallet,
    /// Whether its time is over.
    pub is_old: bool,
}

fn minute(at: Timestamp) -> u64 {
    u64::try_from(at.as_second().div_euclid(60)).unwrap_or(0).rem_euclid(WRAP)
}

/// A fresh code of a wallet. `serial` tells codes of one minute apart.
pub fn make(brand: &Brand, wallet: &Wallet, now: Timestamp, serial: u64) -> Shown {
    let age = if wallet.does == Does::ShowsOldCode { OLD } else { 0 };
    let minute = minute(now).saturating_add(WRAP).saturating_sub(age).rem_euclid(WRAP);
    let head = format!("{}{:02}{minute:05}", brand.prefix, wallet.number);
    let room = brand.length.saturating_sub(head.len()).saturating_sub(1);
    let places = u32::try_from(room).unwrap_or(0).min(18);
    let serial = serial.rem_euclid(10_u64.saturating_pow(places));
    let body = format!("{head}{serial:0room$}");
    let digits = format!("{body}{}", check_digit(&body));
    Shown { qr: qr(brand, &digits), digits }
}

/// Luhn's digit.
fn check_digit(body: &str) -> u32 {
    let sum = body.bytes().rev().enumerate().fold(0_u32, |sum, (place, byte)| {
        let digit = u32::from(byte.saturating_sub(b'0'));
        let weighed = if place.is_multiple_of(2) { digit.saturating_mul(2) } else { digit };
        sum.saturating_add(weighed.div_euclid(10)).saturating_add(weighed.rem_euclid(10))
    });
    10_u32.saturating_sub(sum.rem_euclid(10)).rem_euclid(10)
}

/// The text of the QR code.
fn qr(brand: &Brand, digits: &str) -> String {
    let (word, provider, payment_id) = match brand.qr {
        Qr::Digits => return digits.to_owned(),
        Qr::Jpqr => ("JPQR1", brand.provider.clone().into_bytes(), digits.as_bytes().to_vec()),
        Qr::Emv => {
            let track = format!("{digits}D9912");
            let padded = if track.len().is_multiple_of(2) { track } else { format!("{track}F") };
            let provider = hex::decode(&brand.provider).unwrap_or_default();
            ("CPV01", provider, hex::decode(padded).unwrap_or_default())
        }
    };
    let inside = vec![Tlv::bytes(Tag::of(0x4F), provider), Tlv::bytes(Tag::of(0x57), payment_id)];
    let objects = [Tlv::bytes(Tag::of(0x85), word.as_bytes()), Tlv::template(Tag::of(0x61), inside)];
    STANDARD.encode(tlv::write(&objects))
}

/// The digits inside whatever was scanned.
fn digits(text: &str) -> Option<String> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.to_owned());
    }
    let bytes = STANDARD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text)).ok()?;
    let objects = tlv::parse(&bytes).ok()?;
    let is_jpqr = tlv::find_bytes(&objects, Tag::of(0x85)) == Some(b"JPQR1");
    let payment_id = tlv::find_bytes(&objects, Tag::of(0x57))?;
    let text = if is_jpqr { String::from_utf8(payment_id.to_vec()).ok()? } else { hex::encode(payment_id) };
    Some(text.chars().take_while(char::is_ascii_digit).collect())
}

/// Reads a code as its brand does; nothing when it is none of this brand's.
pub fn read<'a>(rules: &'a Rules, brand: &Brand, text: &str, now: Timestamp) -> Option<Read<'a>> {
    let digits = digits(text)?;
    let (body, check) = digits.split_at_checked(digits.len().checked_sub(1)?)?;
    if digits.len() != brand.length || check_digit(body).to_string() != check {
        return None;
    }
    let rest = digits.strip_prefix(&brand.prefix)?;
    let wallet = rules.wallet_of(&brand.word, rest.get(..2)?.parse().ok()?)?;
    let made: u64 = rest.get(2..7)?.parse().ok()?;
    let age = minute(now).saturating_add(WRAP).saturating_sub(made).rem_euclid(WRAP);
    // A minute of grace on either side: phones have clocks of their own.
    Some(Read { wallet, is_old: age > MINUTES && age < WRAP.saturating_sub(1) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clock::Clock;
    use std::time::Duration;

    #[test]
    fn every_wallets_code_is_read_again_in_both_forms_and_dies() {
        let rules = Rules::built_in().unwrap();
        let clock = Clock::by_hand("2026-11-21T03:00:00Z".parse().unwrap());
        for wallet in &rules.wallets {
            let brand = rules.brand(&wallet.brand).unwrap();
            let shown = make(brand, wallet, clock.now(), 7);
            assert_eq!(shown.digits.len(), brand.length);
            assert_ne!(make(brand, wallet, clock.now(), 8).digits, shown.digits);
            let old = wallet.does == Does::ShowsOldCode;
            for text in [&shown.digits, &shown.qr] {
                let read = read(&rules, brand, text, clock.now()).unwrap();
                assert_eq!((read.wallet, read.is_old), (wallet, old), "{text}");
            }
            let later = clock.now() + Duration::from_secs(60 * (MINUTES + 1));
            assert!(read(&rules, brand, &shown.digits, later).unwrap().is_old);
        }
    }

    #[test]
    fn a_code_with_a_wrong_digit_or_of_another_brand_is_not_read() {
        let rules = Rules::built_in().unwrap();
        let now: Timestamp = "2026-11-21T03:00:00Z".parse().unwrap();
        let (paypay, aoi) = (rules.brand("paypay").unwrap(), rules.wallet("aoi-paypay").unwrap());
        let shown = make(paypay, aoi, now, 7).digits;
        assert_eq!(read(&rules, rules.brand("merpay").unwrap(), &shown, now), None);
        let wrong = shown.replacen('8', "9", 1);
        for text in [wrong.as_str(), &shown[1..], "", "hQVDUFYw", "あ", "5"] {
            assert_eq!(read(&rules, paypay, text, now), None, "{text}");
        }
    }
}
