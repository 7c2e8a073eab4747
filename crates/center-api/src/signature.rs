//! The signature under every request of a terminal: RFC 9421 with Ed25519, body digest by RFC 9530.
//!
//! Covered are `@method`, `@path`, `content-digest`, `choba-terminal` and `choba-counter`, in this order,
//! with the parameters `created`, `keyid`, `alg="ed25519"` and `tag="choba"`. Nothing else is accepted:
//! a signature that covers less could be moved to another request. Pure: no clock, no chance, no IO.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use sha2::{Digest as _, Sha256};

/// The terminal's twelve digits.
pub const TERMINAL: HeaderName = HeaderName::from_static("choba-terminal");
/// A number that only grows (S9: a copy of a terminal's data shows itself by it).
pub const COUNTER: HeaderName = HeaderName::from_static("choba-counter");
/// RFC 9530.
pub const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");
/// RFC 9421.
pub const SIGNATURE_INPUT: HeaderName = HeaderName::from_static("signature-input");
/// RFC 9421.
pub const SIGNATURE: HeaderName = HeaderName::from_static("signature");

/// The components, as they stand in `Signature-Input`.
const COMPONENTS: &str = r#"("@method" "@path" "content-digest" "choba-terminal" "choba-counter")"#;
/// The label of our one signature.
const LABEL: &str = "choba";

/// Who signs: what stands in clear beside the signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The terminal.
    pub terminal: String,
    /// Its request counter.
    pub counter: i64,
    /// When it was signed by the terminal's clock, seconds since 1970; a claim only.
    pub created_s: i64,
    /// The key's fingerprint, see [`key_id`].
    pub key_id: String,
}

/// Why a signature does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    /// A header is missing, twice, or not in the one form that is accepted.
    #[error("{0} is missing or not understood")]
    Header(&'static str),
    /// The body is not the signed one.
    #[error("content-digest does not fit the body")]
    Digest,
    /// The signature does not fit key and request.
    #[error("the signature does not fit")]
    Signature,
}

/// The fingerprint by which a key is named: the first sixteen hex digits of its SHA-256.
pub fn key_id(key: &VerifyingKey) -> String {
    let hash: [u8; 32] = Sha256::digest(key.as_bytes()).into();
    let number = hash.first_chunk::<8>().map_or(0, |first| u64::from_be_bytes(*first));
    format!("{number:016x}")
}

/// `sha-256=:…:` of a body (RFC 9530).
pub fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body)))
}

/// The five headers that sign a request.
pub fn sign(
    key: &SigningKey,
    claims: &Claims,
    method: &Method,
    path: &str,
    body: &[u8],
) -> Result<[(HeaderName, HeaderValue); 5], BadSignature> {
    let digest = content_digest(body);
    let counter = claims.counter.to_string();
    let params = params(claims);
    let base = base(&covered(method, path, &digest, &claims.terminal, &counter), &params);
    let signature = STANDARD.encode(key.sign(base.as_bytes()).to_bytes());
    let value =
        |text: String| HeaderValue::try_from(text).map_err(|_| BadSignature::Header("choba-terminal"));
    Ok([
        (TERMINAL, value(claims.terminal.clone())?),
        (COUNTER, value(counter)?),
        (CONTENT_DIGEST, value(digest)?),
        (SIGNATURE_INPUT, value(format!("{LABEL}={params}"))?),
        (SIGNATURE, value(format!("{LABEL}=:{signature}:"))?),
    ])
}

/// Reads who signs, before their key is known; `None` when the request is not signed at all.
pub fn claims(headers: &HeaderMap) -> Result<Option<Claims>, BadSignature> {
    if !headers.contains_key(SIGNATURE) && !headers.contains_key(SIGNATURE_INPUT) {
        return Ok(None);
    }
    let terminal = one(headers, &TERMINAL, "choba-terminal")?;
    let counter = one(headers, &COUNTER, "choba-counter")?;
    let input = one(headers, &SIGNATURE_INPUT, "signature-input")?;
    let (created_s, key_id) = read_params(input).ok_or(BadSignature::Header("signature-input"))?;
    if terminal.len() != 12 || !terminal.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(BadSignature::Header("choba-terminal"));
    }
    let digits = !counter.is_empty() && counter.bytes().all(|byte| byte.is_ascii_digit());
    let counter = counter.parse().ok().filter(|_| digits).ok_or(BadSignature::Header("choba-counter"))?;
    Ok(Some(Claims { terminal: terminal.to_owned(), counter, created_s, key_id: key_id.to_owned() }))
}

/// Whether the signature holds: over this method, path and body, by this key. `claims` are those of
/// [`claims`] for the same headers.
pub fn verify(
    key: &VerifyingKey,
    claims: &Claims,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(), BadSignature> {
    let digest = one(headers, &CONTENT_DIGEST, "content-digest")?;
    if digest != content_digest(body) {
        return Err(BadSignature::Digest);
    }
    let input = one(headers, &SIGNATURE_INPUT, "signature-input")?;
    let params = input.strip_prefix("choba=").ok_or(BadSignature::Header("signature-input"))?;
    let counter = one(headers, &COUNTER, "choba-counter")?;
    let base = base(&covered(method, path, digest, &claims.terminal, counter), params);
    let signature = one(headers, &SIGNATURE, "signature")?
        .strip_prefix("choba=:")
        .and_then(|text| text.strip_suffix(':'))
        .and_then(|text| STANDARD.decode(text).ok())
        .and_then(|bytes| Signature::from_slice(&bytes).ok())
        .ok_or(BadSignature::Header("signature"))?;
    key.verify_strict(base.as_bytes(), &signature).map_err(|_| BadSignature::Signature)
}

fn one<'a>(headers: &'a HeaderMap, name: &HeaderName, word: &'static str) -> Result<&'a str, BadSignature> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().map_err(|_| BadSignature::Header(word)),
        _ => Err(BadSignature::Header(word)),
    }
}

fn covered<'a>(
    method: &'a Method,
    path: &'a str,
    digest: &'a str,
    terminal: &'a str,
    counter: &'a str,
) -> [(&'static str, &'a str); 5] {
    [
        ("@method", method.as_str()),
        ("@path", path),
        ("content-digest", digest),
        ("choba-terminal", terminal),
        ("choba-counter", counter),
    ]
}

fn params(claims: &Claims) -> String {
    format!(
        r#"{COMPONENTS};created={};keyid="{}";alg="ed25519";tag="choba""#,
        claims.created_s, claims.key_id
    )
}

/// `created` and `keyid` of our one form; the parameters may stand in any order, each once.
fn read_params(input: &str) -> Option<(i64, &str)> {
    let rest = input.strip_prefix("choba=")?.strip_prefix(COMPONENTS)?;
    let (mut created, mut key_id, mut alg, mut tag) = (None, None, None, None);
    for parameter in rest.strip_prefix(';')?.split(';') {
        let (name, value) = parameter.trim_start().split_once('=')?;
        let slot = match name {
            "created" => &mut created,
            "keyid" => &mut key_id,
            "alg" => &mut alg,
            "tag" => &mut tag,
            _ => return None,
        };
        if slot.replace(value).is_some() {
            return None;
        }
    }
    if alg? != r#""ed25519""# || tag? != r#""choba""# {
        return None;
    }
    let key_id = key_id?.strip_prefix('"')?.strip_suffix('"')?;
    let hex = key_id.len() == 16 && key_id.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some((created?.parse().ok()?, key_id)).filter(|_| hex)
}

/// The signature base (RFC 9421, 2.5).
fn base(components: &[(&str, &str)], params: &str) -> String {
    let mut text = String::new();
    for (name, value) in components {
        text.push('"');
        text.push_str(name);
        text.push_str("\": ");
        text.push_str(value);
        text.push('\n');
    }
    text.push_str("\"@signature-params\": ");
    text.push_str(params);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _};

    // RFC 9421, B.1.4: test-key-ed25519.
    const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n\
        -----END PRIVATE KEY-----\n";
    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n\
        -----END PUBLIC KEY-----\n";

    fn key() -> SigningKey {
        SigningKey::from_pkcs8_pem(PRIVATE).unwrap()
    }

    fn signed() -> HeaderMap {
        let claims = Claims {
            terminal: "000000358002".to_owned(),
            counter: 7,
            created_s: 1_795_219_200,
            key_id: key_id(&key().verifying_key()),
        };
        HeaderMap::from_iter(sign(&key(), &claims, &Method::POST, "/api/v1/echo", b"{}").unwrap())
    }

    fn check(headers: &HeaderMap, method: &Method, path: &str, body: &[u8]) -> Result<Claims, BadSignature> {
        let claims = claims(headers)?.ok_or(BadSignature::Header("signature"))?;
        verify(&key().verifying_key(), &claims, method, path, headers, body)?;
        Ok(claims)
    }

    #[test]
    fn the_base_and_the_signature_are_those_of_rfc_9421_b_2_6() {
        let params = r#"("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519""#;
        let base = base(
            &[
                ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
                ("@method", "POST"),
                ("@path", "/foo"),
                ("@authority", "example.com"),
                ("content-type", "application/json"),
                ("content-length", "18"),
            ],
            params,
        );
        let expected =
            "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==";
        assert_eq!(STANDARD.encode(key().sign(base.as_bytes()).to_bytes()), expected);
        let public = VerifyingKey::from_public_key_pem(PUBLIC).unwrap();
        assert_eq!(public, key().verifying_key());
        let signature = Signature::from_slice(&STANDARD.decode(expected).unwrap()).unwrap();
        public.verify_strict(base.as_bytes(), &signature).unwrap();
    }

    #[test]
    fn digests_are_those_of_rfc_9530() {
        // RFC 9530, appendix D (with the line feed) and B.1 (without).
        assert_eq!(
            content_digest(b"{\"hello\": \"world\"}\n"),
            "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
        );
        assert_eq!(
            content_digest(b"{\"hello\": \"world\"}"),
            "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"
        );
    }

    #[test]
    fn what_is_signed_is_verified_and_says_who_signed() {
        let claims = check(&signed(), &Method::POST, "/api/v1/echo", b"{}").unwrap();
        assert_eq!((claims.terminal.as_str(), claims.counter), ("000000358002", 7));
        assert_eq!(super::claims(&HeaderMap::new()), Ok(None));
    }

    #[test]
    fn every_covered_part_is_covered() {
        let headers = signed();
        assert_eq!(check(&headers, &Method::PUT, "/api/v1/echo", b"{}"), Err(BadSignature::Signature));
        assert_eq!(check(&headers, &Method::POST, "/api/v1/pay", b"{}"), Err(BadSignature::Signature));
        assert_eq!(check(&headers, &Method::POST, "/api/v1/echo", b"{ }"), Err(BadSignature::Digest));
        for (name, value, why) in [
            ("choba-counter", "8", BadSignature::Signature),
            ("choba-terminal", "000000358003", BadSignature::Signature),
            ("choba-counter", "+7", BadSignature::Header("choba-counter")),
            ("choba-counter", "-7", BadSignature::Header("choba-counter")),
            ("choba-terminal", "abc", BadSignature::Header("choba-terminal")),
        ] {
            let mut headers = signed();
            headers.insert(name, HeaderValue::from_static(value));
            assert_eq!(check(&headers, &Method::POST, "/api/v1/echo", b"{}"), Err(why), "{name}: {value}");
        }
        let mut twice = signed();
        twice.append(COUNTER, HeaderValue::from_static("8"));
        assert_eq!(
            check(&twice, &Method::POST, "/api/v1/echo", b"{}"),
            Err(BadSignature::Header("choba-counter"))
        );
    }

    #[test]
    fn a_signature_that_covers_less_or_says_more_is_refused() {
        let input = signed()[SIGNATURE_INPUT].to_str().unwrap().to_owned();
        for (from, to) in [
            (r#" "choba-counter""#, ""),
            (r#";tag="choba""#, ""),
            (r#"alg="ed25519""#, r#"alg="hmac-sha256""#),
            (r#";tag="choba""#, r#";tag="choba";tag="choba""#),
            (r#";tag="choba""#, r#";tag="choba";expires=1"#),
            ("created=1795219200", "created=1795219201"),
        ] {
            let mut headers = signed();
            headers.insert(SIGNATURE_INPUT, HeaderValue::from_str(&input.replace(from, to)).unwrap());
            assert!(check(&headers, &Method::POST, "/api/v1/echo", b"{}").is_err(), "{from} → {to}");
        }
    }
}
