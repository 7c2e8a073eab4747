//! What a register says to a terminal: nexo in clear and sealed.

use crate::Word;
use nexo::container::{Keys, Passphrase, Sealed};
use nexo::header::{Category, Header};
use nexo::message::{Envelope, read_envelope, read_request, write_request};
use nexo::pairs::Pairs;
use std::sync::LazyLock;

const ROOT: &str = "SaleToPOIRequest";

pub(super) fn message(bytes: &[u8]) -> Word {
    let Ok(envelope) = read_envelope(bytes) else { return Word::Refused };
    match envelope {
        Envelope::Clear(value) => {
            let read = read_request(&value);
            if let Ok(request) = &read {
                assert!(request.header.fault().is_none(), "a header that was taken has no fault");
                let again = read_request(&write_request(request));
                assert!(again.is_ok(), "a request is read as it was written");
            }
            Word::of(&read)
        }
        Envelope::Sealed(sealed) => Word::of(&sealed.open(&keys())),
    }
}

/// Derived once: four thousand rounds a message would be most of the work.
fn keys() -> Vec<Keys> {
    static KEYS: LazyLock<Vec<Keys>> = LazyLock::new(|| {
        Passphrase::new("a passphrase of the fuzzer")
            .map(|phrase| Keys::derive(&phrase, "fuzz", 1))
            .into_iter()
            .collect()
    });
    KEYS.clone()
}

pub(super) fn sealed(bytes: &[u8]) -> Word {
    let Ok(value) = serde_json::from_slice(bytes) else { return Word::Refused };
    let read = Sealed::read(&value, ROOT);
    match &read {
        Ok(sealed) => {
            assert!(!format!("{sealed:?}").contains("passphrase"), "a key is not printed");
            Word::of(&sealed.open(&keys()))
        }
        Err(_) => Word::Refused,
    }
}

pub(super) fn pairs(bytes: &[u8]) -> Word {
    let text = String::from_utf8_lossy(bytes);
    let read = Pairs::read(&text);
    if let Ok(pairs) = &read
        && let Some(written) = pairs.write()
        // What came without escapes grows when it is written, and beyond the limit it is read no more.
        && written.len() <= nexo::limits::PAIRS_CHARS
    {
        let again = Pairs::read(&written);
        assert!(again.is_ok_and(|again| again == *pairs), "pairs are read as they were written");
    }
    Word::of(&read)
}

fn documents() -> Vec<serde_json::Value> {
    let header = |category: &str| {
        serde_json::json!({
            "MessageClass": "Service", "MessageCategory": category, "MessageType": "Request",
            "ProtocolVersion": "3.0", "ServiceID": "1", "SaleID": "REG1", "POIID": "CHOBA-1",
        })
    };
    let payment = serde_json::json!({
        "SaleData": {"SaleTransactionID": {"TransactionID": "T-1", "TimeStamp": "2026-11-28T10:00:00+09:00"}},
        "PaymentTransaction": {"AmountsReq": {"Currency": "JPY", "RequestedAmount": 880}},
    });
    let reversal = serde_json::json!({
        "OriginalPOITransaction": {"POITransactionID": {"TransactionID": "T-1", "TimeStamp": "2026-11-28T10:00:00+09:00"}},
        "ReversalReason": "MerchantCancel", "ReversedAmount": 300,
    });
    [
        ("Payment", payment),
        ("Reversal", reversal),
        ("Diagnosis", serde_json::json!({"HostDiagnosisFlag": true})),
    ]
    .into_iter()
    .map(|(category, body)| {
        let body_name = format!("{category}Request");
        serde_json::json!({ ROOT: {"MessageHeader": header(category), body_name: body} })
    })
    .collect()
}

pub(super) fn clear() -> Vec<Vec<u8>> {
    documents().iter().filter_map(|document| serde_json::to_vec(document).ok()).collect()
}

pub(super) fn sealed_seeds() -> Vec<Vec<u8>> {
    let header = Header::request(Category::Payment, "1", "REG1", "CHOBA-1");
    let seal = |document| keys().first().and_then(|keys| keys.seal(&header, document, [7; 16]).ok());
    documents().iter().take(1).filter_map(seal).filter_map(|value| serde_json::to_vec(&value).ok()).collect()
}

pub(super) fn pairs_seeds() -> Vec<Vec<u8>> {
    let pairs =
        Pairs::new().with("code", "payment-E10").with("money", "unknown").with("said", "わかりません & 1=2");
    pairs.write().map(String::into_bytes).into_iter().collect()
}
