//! The authorization header: `hmac OPA-Auth:{key}:{mac}:{nonce}:{epoch}:{hash}` (code-http.md, section 2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use md5::{Digest as _, Md5};
use sha2::Sha256;
use std::fmt;

/// Seconds by which the two clocks may differ.
const SKEW: u64 = 120;
/// What stands for content type and hash where there is no body.
const EMPTY: &str = "empty";
const SCHEME: &str = "hmac OPA-Auth:";

/// The key and secret of a merchant.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Names the merchant.
    pub key: String,
    /// Signs.
    pub secret: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.key)
    }
}

impl Credentials {
    /// The published ones of the simulator.
    pub fn test() -> Self {
        Self { key: "choba-test-key".into(), secret: "choba-test-secret".into() }
    }
}

/// What is signed.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// `GET`, `POST`, `DELETE`.
    pub method: &'a str,
    /// Path without query.
    pub path: &'a str,
    /// As the header says it.
    pub content_type: &'a str,
    /// The bytes of the body.
    pub body: &'a [u8],
}

impl Signed<'_> {
    fn hash(&self) -> (&str, String) {
        if self.body.is_empty() {
            return (EMPTY, EMPTY.to_owned());
        }
        let digest = Md5::new().chain_update(self.content_type).chain_update(self.body).finalize();
        (self.content_type, STANDARD.encode(digest))
    }

    fn mac(&self, secret: &str, nonce: &str, epoch: &str) -> Option<Hmac<Sha256>> {
        let (content_type, hash) = self.hash();
        let text = [self.path, self.method, nonce, epoch, content_type, &hash].join("\n");
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
        mac.update(text.as_bytes());
        Some(mac)
    }
}

/// The header for a request; the simulator's own tests and examples use it.
pub fn header(credentials: &Credentials, signed: Signed<'_>, nonce: &str, now: Timestamp) -> String {
    let epoch = now.as_second().to_string();
    let mac = signed.mac(&credentials.secret, nonce, &epoch);
    let mac = mac.map(|mac| STANDARD.encode(mac.finalize().into_bytes())).unwrap_or_default();
    format!("{SCHEME}{}:{mac}:{nonce}:{epoch}:{}", credentials.key, signed.hash().1)
}

/// Whether a header authorizes the request.
pub fn is_valid(credentials: &Credentials, header: &str, signed: Signed<'_>, now: Timestamp) -> bool {
    let parts: Vec<&str> = header.strip_prefix(SCHEME).unwrap_or_default().split(':').collect();
    let [key, mac, nonce, epoch, hash] = parts.as_slice() else { return false };
    let is_now = epoch.parse::<i64>().is_ok_and(|epoch| epoch.abs_diff(now.as_second()) <= SKEW);
    let is_body = signed.hash().1 == *hash;
    let is_signed = STANDARD.decode(mac).is_ok_and(|mac| {
        signed.mac(&credentials.secret, nonce, epoch).is_some_and(|own| own.verify_slice(&mac).is_ok())
    });
    *key == credentials.key && is_now && is_body && is_signed
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"a":1}"#;

    fn signed() -> Signed<'static> {
        Signed { method: "POST", path: "/v2/payments", content_type: "application/json", body: BODY }
    }

    #[test]
    fn a_header_holds_for_its_request_and_for_no_other() {
        let own = Credentials::test();
        let now: Timestamp = "2026-11-21T03:00:00Z".parse().unwrap();
        let good = header(&own, signed(), "n1", now);
        assert!(is_valid(&own, &good, signed(), now));
        for other in [
            Signed { method: "DELETE", ..signed() },
            Signed { path: "/paypay/v2/payments", ..signed() },
            Signed { body: b"{}", ..signed() },
            Signed { body: b"", ..signed() },
        ] {
            assert!(!is_valid(&own, &good, other, now), "{other:?}");
        }
        let late = now + std::time::Duration::from_secs(SKEW + 1);
        assert!(!is_valid(&own, &good, signed(), late));
        let foreign = Credentials { secret: "another".into(), ..own.clone() };
        assert!(!is_valid(&own, &header(&foreign, signed(), "n1", now), signed(), now));
        for header in ["", "hmac OPA-Auth:", "Basic abc", "hmac OPA-Auth:a:b:c:d:e:f"] {
            assert!(!is_valid(&own, header, signed(), now), "{header}");
        }
    }

    #[test]
    fn the_mac_is_the_one_that_paypays_own_sdk_computes() {
        // Made with node's crypto from the lines that paypayopa-sdk-node 2.2.0 signs.
        let own = Credentials::test();
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        assert_eq!(
            header(&own, signed(), "nonce", now),
            "hmac OPA-Auth:choba-test-key:4OQ2j7TK/7pAEcGSdN845g0xeCLq5dF5awgQb3WDc0w=:nonce:1700000000:V2JK2tb0qFf+FUHdRzxwaw=="
        );
        let get = Signed { method: "GET", path: "/v2/payments/p1", content_type: "", body: b"" };
        assert_eq!(
            header(&own, get, "nonce", now),
            "hmac OPA-Auth:choba-test-key:yRth9xJ2HNKADwEkmtepC89Ex+rfsECS6Rf0lL7s5RA=:nonce:1700000000:empty"
        );
    }
}
