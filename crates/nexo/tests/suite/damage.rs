//! Whatever bytes arrive: an error, never a panic, never a wrong sum.

use nexo::container::{Keys, Passphrase};
use nexo::header::{Category, Header};
use nexo::limits;
use nexo::message::{Envelope, Request, Unread, read_envelope, read_request, write_request};
use nexo::request::{Body, Diagnosis};
use proptest::prelude::*;
use serde_json::json;
use std::sync::LazyLock;

fn take(bytes: &[u8]) {
    if let Ok(Envelope::Clear(value)) = read_envelope(bytes) {
        let _ = read_request(&value);
    }
}

#[test]
fn a_message_beyond_the_limits_of_size_and_depth_is_refused_before_it_is_parsed() {
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(limits::MESSAGE_BYTES));
    assert!(matches!(read_envelope(long.as_bytes()), Err(Unread::Message(why)) if why.contains("128 KiB")));
    for deep in ["[".repeat(100_000), "{\"a\":".repeat(limits::DEPTH + 1)] {
        assert!(matches!(read_envelope(deep.as_bytes()), Err(Unread::Message(why)) if why.contains("deep")));
    }
    // Brackets inside a text are text.
    let quoted = json!({ "a": "[".repeat(500), "b": "\\\"[[[" }).to_string();
    assert!(read_envelope(quoted.as_bytes()).is_ok());
}

fn sample() -> Vec<u8> {
    let header = Header::request(Category::Diagnosis, "1", "REG1", "CHOBA-1");
    let request = Request { header, body: Body::Diagnosis(Diagnosis { host_diagnosis_flag: Some(true) }) };
    write_request(&request).to_string().into_bytes()
}

/// Derived once: four thousand rounds a message would be most of the test.
static KEYS: LazyLock<Keys> = LazyLock::new(|| Keys::derive(&Passphrase::new("passphrase").unwrap(), "k", 1));

fn sealed_sample() -> (Vec<u8>, Keys) {
    let keys = KEYS.clone();
    let header = Header::request(Category::Diagnosis, "1", "REG1", "CHOBA-1");
    let inner = serde_json::from_slice(&sample()).unwrap();
    (keys.seal(&header, &inner, [5; 16]).unwrap().to_string().into_bytes(), keys)
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        take(&bytes);
    }

    #[test]
    fn a_damaged_message_is_read_or_refused(at in 0_usize..200, byte: u8) {
        let mut bytes = sample();
        let at = at % bytes.len();
        bytes[at] = byte;
        take(&bytes);
    }

    #[test]
    fn a_damaged_sealed_message_never_opens_as_another(at in 0_usize..700, flip in 1_u8..) {
        let (good, keys) = sealed_sample();
        let keys = [keys];
        let mut bytes = good.clone();
        let at = at % bytes.len();
        bytes[at] ^= flip;
        if let Ok(Envelope::Sealed(sealed)) = read_envelope(&bytes)
            && let Ok((inner, _)) = sealed.open(&keys)
        {
            // A change outside of what is protected (a field's order, a space) leaves the message as it was.
            prop_assert_eq!(inner.to_string().into_bytes(), sample());
        }
    }
}
