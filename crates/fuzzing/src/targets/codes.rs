//! What a camera, a scanner or a finger takes from a customer's phone.

use crate::Word;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cpm::prefix::recognise;
use jiff::civil::date;

pub(super) fn scan(bytes: &[u8]) -> Word {
    let text = String::from_utf8_lossy(bytes);
    let read = cpm::scan::read(&text);
    if let Ok(scan) = &read {
        let token = scan.token.unmask();
        assert!(token.len() <= cpm::limits::MAX_TEXT, "no code is longer than the limit");
        assert!(token.len() < 8 || !format!("{scan:?}").contains(token), "a code is not printed");
        let _brand = recognise(scan, date(2026, 11, 28)).first();
    }
    Word::of(&read)
}

/// The shapes of the public examples: digits of a bar code, EMV and JPQR objects in Base64.
pub(super) fn samples() -> Vec<Vec<u8>> {
    let digits = ["900081818812345678901234", "3158990012345678901", "281234567890123456"];
    let object = |tag: u8, value: &[u8]| {
        let length = u8::try_from(value.len()).unwrap_or(0);
        [&[tag, length], value].concat()
    };
    // 85 names the format, 61 holds 4F (provider or application) and 57 (payment id or number).
    let packed = |format: &[u8], provider: &[u8], id: &[u8]| {
        let inside = [object(0x4F, provider), object(0x57, id)].concat();
        STANDARD.encode([object(0x85, format), object(0x61, &inside)].concat()).into_bytes()
    };
    let jpqr = packed(b"JPQR1", b"90000002", b"9000000212345678901234");
    let emv =
        packed(b"CPV01", &[0xA0, 0, 0, 0, 0x65, 3, 0x92, 2], &[0x31, 0x58, 0x99, 0, 0x12, 0x34, 0x56, 0x78]);
    digits.iter().map(|text| text.as_bytes().to_vec()).chain([jpqr, emv]).collect()
}
