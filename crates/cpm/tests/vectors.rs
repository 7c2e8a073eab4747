//! Codes from outside: what public sources print must read as they say.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a vector that does not read fails its test")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cpm::payload::{Format, Payload};
use cpm::prefix::{Recognised, recognise};
use cpm::scan::{Form, NotACode, read};
use jiff::civil::date;
use payment::Brand;
use proptest::prelude::*;

fn payload(text: &str) -> Payload {
    match read(text).unwrap().form {
        Form::Objects(payload) => payload,
        other => panic!("{other:?}"),
    }
}

/// Object for object as the Go program suzzshin/jpqr-cpm writes it: 85, 61 with 4F, 57 and 99 as text.
fn jpqr(provider: &str, payment_id: &str, free: &str) -> String {
    let object = |tag: u8, value: &[u8]| [&[tag, u8::try_from(value.len()).unwrap()], value].concat();
    let inside = [
        object(0x4F, provider.as_bytes()),
        object(0x57, payment_id.as_bytes()),
        object(0x99, free.as_bytes()),
    ]
    .concat();
    STANDARD.encode([object(0x85, b"JPQR1"), object(0x61, &inside)].concat())
}

#[test]
fn emvcos_own_example_has_two_applications() {
    // EMV QR Code Consumer-Presented Mode 1.1, annex A; the same text in the tests of dongri/emv-qrcode
    // (Go) and mvallim/emv-qrcode (Java).
    let payload = payload(
        "hQVDUFYwMWETTwegAAAAVVVVUAhQcm9kdWN0MWETTwegAAAAZmZmUAhQcm9kdWN0MmJJWggSNFZ4kBI0WF8gDkNBUkRIT0xERVIvRU1WXy0IcnVlc2RlZW5kIZ8QBwYBCgMAAACfJghYT9OF+iNLzJ82AgABnzcEbVjvEw==",
    );
    assert_eq!(payload.format, Format::Emv);
    let shown: Vec<(&str, &str)> = payload.applications.iter().map(|a| (a.provider(), a.label())).collect();
    assert_eq!(shown, [("A0000000555555", "Product1"), ("A0000000666666", "Product2")]);
}

#[test]
fn the_track_of_an_emv_code_gives_the_payment_id() {
    // kenmaz/JPQRReader, CPMDecoderTests.swift
    let payload = payload("hQVDUFYwMWEaTwegAAAAVVVVVw8SNFZ4kBI0WNGRIgESNF8=");
    let application = payload.applications.first().unwrap();
    assert_eq!(application.provider(), "A0000000555555");
    assert_eq!(application.unmask_payment_id(), "1234567890123458");
    assert!(!format!("{payload:?}").contains("1234567890123458"));
}

#[test]
fn unionpays_sample_is_recognised_by_its_application() {
    // The sample of UnionPay's QRC client (ADDITIONAL_PROCESSING_RESULT, emvCpqrcPayload).
    let text = "hQVDUFYwMWFYTwigAAADMwEBAVcTYpJhA1hEQzVkHSIQIBAAABiAH180AQBjM58mCFaLEtnaC9l/nycBgJ8QEQcAAQOgAAABCDM5OTk5OTk5nzYCAAGCAgAAnzcE6gZYyA==";
    let scan = read(text).unwrap();
    assert_eq!(recognise(&scan, date(2026, 11, 28)), Recognised::Brands(vec![Brand::UnionPayQr]));
    // A Korean code of the same format belongs to nobody here.
    let korean = "hQVDUFYwMWFaTwfUEAAAAUAQVxNiEANgFZQxkdIAdgEBAAAAAAAPXzQBAmM2nyYIZQLIg/ZAlPmfJwGAnxAUsQmgAAgAAAAAAAAAICAGIhdZBAGfNgIAHoICAACfNwTKcCtM";
    assert_eq!(recognise(&read(korean).unwrap(), date(2026, 11, 28)), Recognised::Unknown);
}

#[test]
fn merpays_code_is_recognised_by_application_and_by_number() {
    // 4F = A000000065039202, the number in 57 begins 315899.
    let object = |tag: u8, value: &str| {
        let value = hex::decode(value).unwrap();
        [vec![tag, u8::try_from(value.len()).unwrap()], value].concat()
    };
    let code = |provider: &str, track: &str| {
        let inside = [object(0x4F, provider), object(0x57, track)].concat();
        STANDARD.encode([object(0x85, "4350563031"), object(0x61, &hex::encode(inside))].concat())
    };
    let brand = |text: &str| recognise(&read(text).unwrap(), date(2026, 11, 28)).first();
    assert_eq!(brand(&code("A000000065039202", "3158990012345678901D9912")), Some(Brand::Merpay));
    assert_eq!(brand(&code("A000000065039299", "3158993412345678901D9912")), Some(Brand::YuchoPay));
    assert_eq!(brand(&code("A000000065039299", "3158992112345678901D9912")), Some(Brand::AuPay));
}

#[test]
fn a_jpqr_code_carries_provider_and_payment_id_as_text() {
    // The values of suzzshin/jpqr-cpm's own test, and its head.
    let text = jpqr("12345678", "87654321", "{\"key\":\"value\"}");
    assert!(text.starts_with("hQVKUFFS"));
    let payload = payload(&text);
    assert_eq!(payload.format, Format::Jpqr);
    let application = payload.applications.first().unwrap();
    assert_eq!((application.provider(), application.unmask_payment_id()), ("12345678", "87654321"));
    let d = read(&jpqr("90000002", "9000000212345678901234", "-")).unwrap();
    assert_eq!(recognise(&d, date(2026, 11, 28)).first(), Some(Brand::DBarai));
}

#[test]
fn a_cut_code_is_damaged_at_every_place() {
    let whole = jpqr("90000002", "9000000212345678901234", "free");
    for end in 8..whole.len() - 4 {
        if let Ok(scan) = read(&whole[..end]) {
            // Padding left out is no damage; anything else may not read as another code.
            panic!("{end}: {scan:?}");
        }
    }
    assert_eq!(read("hQVKUFFSMQ==").unwrap_err(), NotACode::Damaged);
}

proptest! {
    #[test]
    fn nothing_that_is_scanned_makes_it_panic(text in "\\PC{0,200}", head in 0_usize..3) {
        let head = ["", "hQVDUFYw", "hQVKUFFS"][head];
        if let Ok(scan) = read(&format!("{head}{text}")) {
            let _ = recognise(&scan, date(2026, 11, 28));
            let shown = format!("{scan:?}");
            prop_assert!(!shown.contains(scan.token.unmask()));
        }
    }

    #[test]
    fn any_bytes_behind_the_head_read_or_are_damaged(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let text = STANDARD.encode([&b"\x85\x05JPQR1"[..], &bytes].concat());
        match read(&text) {
            Ok(scan) => { let _ = recognise(&scan, date(2026, 11, 28)); }
            Err(why) => prop_assert!(matches!(why, NotACode::Damaged | NotACode::TooLong)),
        }
    }
}
