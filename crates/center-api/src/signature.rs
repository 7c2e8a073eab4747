//! HTTP message signatures (RFC 9421) with Ed25519 over the content digest (RFC 9530).
//!
//! A signed request carries `content-digest`, `choba-terminal`, `choba-counter`, `signature-input` and
//! `signature`. Covered are method, path, query, digest, terminal and counter. The counter only grows,
//! so a captured request cannot be sent again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, Signer as _, SigningKey, Verifier as _, VerifyingKey};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// Twelve-digit id of the signing terminal.
pub const TERMINAL_HEADER: &str = "choba-terminal";
/// Decimal request counter of the terminal.
pub const COUNTER_HEADER: &str = "choba-counter";
/// `sha-256=:…:` of the body, also of an empty one.
pub const DIGEST_HEADER: &str = "content-digest";
/// What is covered, and by which key.
pub const INPUT_HEADER: &str = "signature-input";
/// `choba=:…:`.
pub const SIGNATURE_HEADER: &str = "signature";

const COVERED: &str =
    "(\"@method\" \"@path\" \"@query\" \"content-digest\" \"choba-terminal\" \"choba-counter\")";

/// The parts of a request that a signature covers.
#[derive(Clone, Copy, Debug)]
pub struct Covered<'a> {
    /// `POST`.
    pub method: &'a str,
    /// `/api/v1/payments`.
    pub path: &'a str,
    /// The query without its `?`; nothing and empty are the same.
    pub query: &'a str,
    /// The terminal.
    pub terminal: &'a str,
    /// The counter.
    pub counter: i64,
    /// The body.
    pub body: &'a [u8],
}

/// The headers that sign a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHeaders {
    /// [`DIGEST_HEADER`].
    pub digest: String,
    /// [`INPUT_HEADER`].
    pub input: String,
    /// [`SIGNATURE_HEADER`].
    pub signature: String,
}

/// Why a signature does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureFault {
    /// A header is missing or not of our form.
    Malformed,
    /// The digest is not that of the body.
    Digest,
    /// The signature is not that of the key over these parts.
    Signature,
}

impl fmt::Display for SignatureFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the signature headers are missing or malformed",
            Self::Digest => "the content digest does not match the body",
            Self::Signature => "the signature does not hold",
        })
    }
}

impl std::error::Error for SignatureFault {}

/// RFC 9530: `sha-256=:base64:`.
pub fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", BASE64.encode(Sha256::digest(body)))
}

/// The name of a key: the first sixteen hex digits of its SHA-256.
pub fn key_id(key: &VerifyingKey) -> String {
    let digest = Sha256::digest(key.as_bytes());
    format!("{:016x}", digest.first_chunk::<8>().map_or(0, |head| u64::from_be_bytes(*head)))
}

/// The signature base of RFC 9421, 2.5: a line for each component, then the parameters.
fn base(components: &[(&str, &str)], params: &str) -> String {
    let mut text = String::with_capacity(256);
    for (name, value) in components {
        text.push_str(&format!("\"{name}\": {value}\n"));
    }
    text.push_str(&format!("\"@signature-params\": {params}"));
    text
}

fn our_base(covered: &Covered<'_>, digest: &str, params: &str) -> String {
    let (query, counter) = (format!("?{}", covered.query), covered.counter.to_string());
    let components = [
        ("@method", covered.method),
        ("@path", covered.path),
        ("@query", query.as_str()),
        (DIGEST_HEADER, digest),
        (TERMINAL_HEADER, covered.terminal),
        (COUNTER_HEADER, counter.as_str()),
    ];
    base(&components, params)
}

/// Signs a request at `created_s` (seconds since 1970, the terminal's claim).
pub fn sign(key: &SigningKey, covered: &Covered<'_>, created_s: i64) -> SignedHeaders {
    let digest = content_digest(covered.body);
    let key_id = key_id(&key.verifying_key());
    let params = format!("{COVERED};created={created_s};keyid=\"{key_id}\";alg=\"ed25519\";tag=\"choba\"");
    let signature = key.sign(our_base(covered, &digest, &params).as_bytes());
    SignedHeaders {
        digest,
        input: format!("choba={params}"),
        signature: format!("choba=:{}:", BASE64.encode(signature.to_bytes())),
    }
}

/// The key id that a `signature-input` names, to find the key by.
pub fn named_key(input: &str) -> Result<&str, SignatureFault> {
    let rest = input.split_once(";keyid=\"").ok_or(SignatureFault::Malformed)?.1;
    rest.split_once('"').map(|(id, _)| id).ok_or(SignatureFault::Malformed)
}

/// Verifies a request against the key of its terminal.
pub fn verify(
    key: &VerifyingKey,
    covered: &Covered<'_>,
    headers: &SignedHeaders,
) -> Result<(), SignatureFault> {
    verify_by(covered, headers, |message, signature| strictly(key, message, signature))
}

/// The same, where the caller says whether a signature over these bytes holds: [`FastKey::holds`].
///
/// [`FastKey::holds`]: crate::fast_key::FastKey::holds
pub fn verify_by(
    covered: &Covered<'_>,
    headers: &SignedHeaders,
    holds: impl FnOnce(&[u8], &Signature) -> bool,
) -> Result<(), SignatureFault> {
    let params = headers.input.strip_prefix("choba=").ok_or(SignatureFault::Malformed)?;
    if !params.starts_with(COVERED) || !params.ends_with(";alg=\"ed25519\";tag=\"choba\"") {
        return Err(SignatureFault::Malformed);
    }
    if headers.digest != content_digest(covered.body) {
        return Err(SignatureFault::Digest);
    }
    let encoded = headers.signature.strip_prefix("choba=:").and_then(|rest| rest.strip_suffix(':'));
    let bytes = BASE64.decode(encoded.ok_or(SignatureFault::Malformed)?);
    let signature = Signature::from_slice(&bytes.map_err(|_| SignatureFault::Malformed)?)
        .map_err(|_| SignatureFault::Malformed)?;
    if holds(our_base(covered, &headers.digest, params).as_bytes(), &signature) {
        Ok(())
    } else {
        Err(SignatureFault::Signature)
    }
}

/// What [`VerifyingKey::verify_strict`] says, without its decompression of R, a tenth of its time.
///
/// Strict means: neither key nor R is of small order. The plain verification compares R with the canonical
/// encoding of a point that it computes, so an R of small order that gets that far is one of [`SMALL_ORDER`].
fn strictly(key: &VerifyingKey, message: &[u8], signature: &Signature) -> bool {
    !key.is_weak() && !is_of_small_order(signature.r_bytes()) && key.verify(message, signature).is_ok()
}

/// Whether these bytes are a point of small order in its canonical form.
pub(crate) fn is_of_small_order(point: &[u8; 32]) -> bool {
    SMALL_ORDER.contains(point)
}

/// The canonical encodings of the eight points of small order.
const SMALL_ORDER: [[u8; 32]; 8] = [
    with_ends([0; 32], 1, 0),
    [0; 32],
    with_ends([0; 32], 0, 0x80),
    with_ends([0xFF; 32], 0xEC, 0x7F),
    ORDER_8_A,
    with_ends(ORDER_8_A, 0x26, 0x85),
    ORDER_8_B,
    with_ends(ORDER_8_B, 0xC7, 0xFA),
];

const ORDER_8_A: [u8; 32] = [
    0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98, 0xF0, 0xD5,
    0xDF, 0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05,
];
const ORDER_8_B: [u8; 32] = [
    0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67, 0x0F, 0x2A,
    0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A,
];

const fn with_ends(bytes: [u8; 32], first: u8, last: u8) -> [u8; 32] {
    let mut bytes = bytes;
    let [start, .., end] = &mut bytes;
    (*start, *end) = (first, last);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::pkcs8::DecodePrivateKey as _;

    fn rfc_key() -> SigningKey {
        // RFC 9421, B.1.4: test-key-ed25519.
        let der = BASE64.decode("MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF").unwrap();
        SigningKey::from_pkcs8_der(&der).unwrap()
    }

    #[test]
    fn the_published_request_gets_the_published_signature() {
        // RFC 9421, B.2.6: signing a request using ed25519.
        let components = [
            ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
            ("@method", "POST"),
            ("@path", "/foo"),
            ("@authority", "example.com"),
            ("content-type", "application/json"),
            ("content-length", "18"),
        ];
        let params = "(\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \"content-length\")\
                      ;created=1618884473;keyid=\"test-key-ed25519\"";
        let signature = rfc_key().sign(base(&components, params).as_bytes());
        assert_eq!(
            BASE64.encode(signature.to_bytes()),
            "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
        );
    }

    #[test]
    fn the_published_body_gets_the_published_digest() {
        // RFC 9421, B.2 test-request: {"hello": "world"}
        assert_eq!(
            content_digest(b"{\"hello\": \"world\"}"),
            "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"
        );
    }

    #[test]
    fn the_eight_points_of_small_order_are_these() {
        // Each is a point that the library calls weak, and they are eight different ones.
        let all: std::collections::BTreeSet<[u8; 32]> = SMALL_ORDER.into();
        assert_eq!(all.len(), 8);
        for bytes in SMALL_ORDER {
            let point = VerifyingKey::from_bytes(&bytes).unwrap();
            assert!(point.is_weak(), "{}", hex(&bytes));
        }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 0xF])
            .filter_map(|half| char::from_digit(half.into(), 16))
            .collect()
    }

    #[test]
    fn what_only_the_lenient_verification_takes_is_refused() {
        // R and S zero-like under a weak key hold for every message: 0 B = R + k A when A and R are the
        // identity, so the plain verification says yes.
        let identity = SMALL_ORDER[0];
        let weak = VerifyingKey::from_bytes(&identity).unwrap();
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&identity);
        let signature = Signature::from_bytes(&bytes);
        assert!(weak.verify(b"pay", &signature).is_ok());
        assert!(!strictly(&weak, b"pay", &signature));
        assert!(weak.verify_strict(b"pay", &signature).is_err());
        // Under a good key every other signature is judged as strictly as by the library.
        let key = rfc_key();
        for message in [&b"pay"[..], b"", b"refund"] {
            let good = key.sign(message);
            assert!(strictly(&key.verifying_key(), message, &good));
            for at in (0..64).step_by(7) {
                let mut bytes = good.to_bytes();
                bytes[at] ^= 1;
                let bent = Signature::from_bytes(&bytes);
                assert!(!strictly(&key.verifying_key(), message, &bent));
            }
        }
    }

    fn covered(body: &[u8]) -> Covered<'_> {
        Covered {
            method: "POST",
            path: "/api/v1/payments",
            query: "",
            terminal: "000000358002",
            counter: 42,
            body,
        }
    }

    #[test]
    fn a_signed_request_holds_and_a_changed_one_does_not() {
        let (key, request) = (rfc_key(), covered(b"{\"amount\":880}"));
        let headers = sign(&key, &request, 1_795_000_000);
        let public = key.verifying_key();
        assert_eq!(verify(&public, &request, &headers), Ok(()));
        assert_eq!(named_key(&headers.input), Ok(key_id(&public).as_str()));
        let signature = Err(SignatureFault::Signature);
        assert_eq!(verify(&public, &Covered { counter: 43, ..request }, &headers), signature);
        assert_eq!(verify(&public, &Covered { terminal: "000000358003", ..request }, &headers), signature);
        assert_eq!(verify(&public, &Covered { path: "/api/v1/echo", ..request }, &headers), signature);
        assert_eq!(verify(&public, &Covered { method: "PUT", ..request }, &headers), signature);
        assert_eq!(verify(&public, &Covered { query: "a=b", ..request }, &headers), signature);
        let digest = Err(SignatureFault::Digest);
        assert_eq!(verify(&public, &Covered { body: b"{\"amount\":1}", ..request }, &headers), digest);
        let later = SignedHeaders { input: headers.input.replace("=1795", "=1796"), ..headers.clone() };
        assert_eq!(verify(&public, &request, &later), signature);
        let less = SignedHeaders { input: headers.input.replace(" \"choba-counter\"", ""), ..headers };
        assert_eq!(verify(&public, &request, &less), Err(SignatureFault::Malformed));
    }
}
