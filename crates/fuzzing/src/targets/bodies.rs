//! The center's JSON bodies, and the terminal's own journal.

use crate::Word;
use acquiring::ask::Ask;
use center_api::{
    ActivationRequest, ClerkNewPassword, ClerkSignIn, CompletionRequest, DuplicateCheck, MailReceiptRequest,
    PaymentRequest, RefundRequest, RefundReversal, ReversalRequest,
};
use terminal::attempt::Attempt;
use terminal::journal::Fact;

/// A payment is read twice: as JSON, and as something that may be asked of a network.
pub(super) fn payment(bytes: &[u8]) -> Word {
    let Ok(request) = serde_json::from_slice::<PaymentRequest>(bytes) else { return Word::Refused };
    let read = Ask::read(request);
    if let Ok(ask) = &read {
        assert!(!ask.amount.is_zero(), "nothing is never paid");
    }
    Word::of(&read)
}

pub(super) fn payments() -> Vec<Vec<u8>> {
    let card = serde_json::json!({
        "entry_mode": "contact_ic", "fallback": false, "brand": "visa",
        "pan": {"first6": "411111", "last4": "1111"}, "cvm": "pin", "pan_seq": "01",
        "aid": "A0000000031010", "app_label": "VISA", "atc": "001C",
        "emv": "9F26081122334455667788", "ksn": "123456789012345600000007",
        "ciphertext": "a5".repeat(48), "fingerprint": "3c".repeat(16), "reader_serial": "R-0001",
        "pin": {"ksn": "123456789012345600000008", "block": "b6".repeat(16)},
    });
    let whole = serde_json::json!({
        "id": "0192f000-0000-7000-8000-000000000001", "amount": 880, "method": "card", "class": "lump",
        "slip_no": 1, "note": "豆 200g", "started_at_us": 1_795_219_200_000_000_i64,
        "signature_follows": false, "card": card,
    });
    [whole].iter().filter_map(|body| serde_json::to_vec(body).ok()).collect()
}

/// Every other body that a device may send.
pub(super) fn others(bytes: &[u8]) -> Word {
    fn reads<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> bool {
        serde_json::from_slice::<T>(bytes).is_ok()
    }
    let taken = [
        reads::<ActivationRequest>(bytes),
        reads::<ClerkSignIn>(bytes),
        reads::<ClerkNewPassword>(bytes),
        reads::<CompletionRequest>(bytes),
        reads::<ReversalRequest>(bytes),
        reads::<MailReceiptRequest>(bytes),
        reads::<RefundRequest>(bytes),
        reads::<RefundReversal>(bytes),
        reads::<DuplicateCheck>(bytes),
    ];
    if taken.contains(&true) { Word::Taken } else { Word::Refused }
}

pub(super) fn others_seeds() -> Vec<Vec<u8>> {
    [
        serde_json::json!({"amount": 880, "method": "card", "class": "lump", "reason": "payment-E10"}),
        serde_json::json!({"signature": [[[1, 2], [3, 4]]]}),
        serde_json::json!({"address": "hanako@example.jp", "lang": "ja"}),
        serde_json::json!({"amount": 880, "brand": "visa", "last4": "1111"}),
        serde_json::json!({
            "id": "0192f000-0000-7000-8000-000000000003", "amount": 300, "slip_no": 3,
            "reason": "品違い", "started_at_us": 1_795_219_200_000_000_i64,
        }),
    ]
    .iter()
    .filter_map(|body| serde_json::to_vec(body).ok())
    .collect()
}

/// An entry of the terminal's journal, and what it makes of a payment's story.
pub(super) fn fact(bytes: &[u8]) -> Word {
    let read = serde_json::from_slice::<Vec<Fact>>(bytes);
    if let Ok(facts) = &read {
        let id = payment::PaymentId::from_u128(7);
        let mut attempt = None;
        for (at_us, fact) in (0..).zip(facts) {
            // A story that cannot be is refused and leaves what was told before.
            if let Ok(next) = Attempt::apply(attempt.clone(), id, at_us, fact) {
                attempt = Some(next);
            }
        }
        let _remedy = attempt.as_ref().map(terminal::attempt::remedy);
    }
    Word::of(&read)
}

pub(super) fn facts() -> Vec<Vec<u8>> {
    [
        serde_json::json!([
            {"what": "started", "amount": 880, "method": "card", "class": "lump", "slip_no": 1, "note": null,
             "operator": null, "origin": "keypad"},
            {"what": "abandoned", "code": "payment-E13"},
            {"what": "closed"},
        ]),
        serde_json::json!([
            {"what": "started", "amount": 880, "method": "card", "class": "lump", "slip_no": 2, "note": "豆",
             "operator": {"id": "hanako", "name": "花子"}, "origin": "local"},
            {"what": "in_doubt", "code": "payment-E10"},
            {"what": "reversed"},
        ]),
    ]
    .iter()
    .filter_map(|facts| serde_json::to_vec(facts).ok())
    .collect()
}
