//! The crypto container, version 1: the whole message encrypted under the register's passphrase.
//!
//! PBKDF2-HMAC-SHA1 of the passphrase gives a MAC key, a cipher key and an IV; AES-256-CBC under the IV
//! xor a nonce; HMAC-SHA256 over the plaintext. The header outside is not authenticated, so the one
//! inside decides, and both must agree. Whatever is wrong, the error is one and the same: a difference
//! between bad padding and a bad MAC would decrypt messages for whoever may try often enough.

use crate::header::Header;
use crate::limits;
use crate::message::{REQUEST, RESPONSE};
use aes::Aes256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::{NoPadding, Pkcs7};
use cbc::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::Sha256;
use std::fmt::{self, Write as _};
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _, ConstantTimeLess as _};
use zeroize::{Zeroize as _, ZeroizeOnDrop, Zeroizing};

/// The salt that version 1 fixes.
const SALT: &[u8] = b"AdyenNexoV1Salt";
/// The only version.
pub const VERSION: u64 = 1;
const BLOCK: usize = 16;

/// A message that does not open: unknown key, damaged, forged, or its headers differ. Always the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message does not open under a passphrase of this terminal")]
pub struct CryptoFault;

/// A passphrase of a register. Masked when shown, wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes a passphrase; nothing when it is empty or longer than 256 characters.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = Zeroizing::new(text.into());
        let count = text.chars().count();
        (1..=limits::PASSPHRASE_CHARS).contains(&count).then_some(Self(text))
    }

    /// The text, only to show it once at the pairing and to derive keys.
    pub fn unmask(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(***)")
    }
}

/// The keys of one passphrase. Deriving takes thousands of hashes, so they are kept.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Keys {
    identifier: String,
    version: u32,
    mac: [u8; 32],
    cipher: [u8; 32],
    iv: [u8; BLOCK],
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({} version {})", self.identifier, self.version)
    }
}

impl Keys {
    /// Derives the keys of a passphrase under the identifier and version that messages name.
    pub fn derive(passphrase: &Passphrase, identifier: &str, version: u32) -> Self {
        let mut material = Zeroizing::new([0; 80]);
        pbkdf2::pbkdf2_hmac::<Sha1>(
            passphrase.unmask().as_bytes(),
            SALT,
            limits::KDF_ROUNDS,
            material.as_mut_slice(),
        );
        Self::split(&material, identifier, version)
    }

    /// What a terminal keeps on its disk instead of the passphrase: hex of the key material. Secret.
    pub fn material(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(160));
        for byte in self.mac.iter().chain(&self.cipher).chain(&self.iv) {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    /// Takes what [`Keys::material`] gave.
    pub fn restore(material: &str, identifier: &str, version: u32) -> Result<Self, CryptoFault> {
        let mut bytes = Zeroizing::new([0_u8; 80]);
        if material.len() != 160 || !material.is_ascii() {
            return Err(CryptoFault);
        }
        for (index, byte) in bytes.iter_mut().enumerate() {
            let at = index.saturating_mul(2);
            let pair = material.get(at..at.saturating_add(2)).ok_or(CryptoFault)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| CryptoFault)?;
        }
        Ok(Self::split(&bytes, identifier, version))
    }

    fn split(material: &[u8; 80], identifier: &str, version: u32) -> Self {
        let (mut mac, mut cipher, mut iv) = ([0; 32], [0; 32], [0; BLOCK]);
        let (first, rest) = material.split_at(32);
        let (second, third) = rest.split_at(32);
        mac.copy_from_slice(first);
        cipher.copy_from_slice(second);
        iv.copy_from_slice(third);
        Self { identifier: identifier.to_owned(), version, mac, cipher, iv }
    }

    /// The identifier that messages name.
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// The version that messages name.
    pub fn version(&self) -> u32 {
        self.version
    }

    fn iv_for(&self, nonce: &[u8; BLOCK]) -> [u8; BLOCK] {
        let mut iv = self.iv;
        for (byte, other) in iv.iter_mut().zip(nonce) {
            *byte ^= other;
        }
        iv
    }

    fn tag(&self, plaintext: &[u8]) -> Option<[u8; 32]> {
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&self.mac).ok()?;
        mac.update(plaintext);
        Some(mac.finalize().into_bytes().into())
    }

    /// Seals a document. `nonce` must be random and new for every message.
    pub fn seal(&self, header: &Header, document: &Value, nonce: [u8; BLOCK]) -> Result<Value, CryptoFault> {
        let plaintext = Zeroizing::new(document.to_string().into_bytes());
        let sealed = self.encrypt(&plaintext, nonce)?;
        let root = if document.get(REQUEST).is_some() { REQUEST } else { RESPONSE };
        Ok(sealed.write(root, header, self))
    }

    fn encrypt(&self, plaintext: &[u8], nonce: [u8; BLOCK]) -> Result<Blob, CryptoFault> {
        let tag = self.tag(plaintext).ok_or(CryptoFault)?;
        let mut buffer = vec![0; plaintext.len().saturating_add(BLOCK)];
        buffer.get_mut(..plaintext.len()).ok_or(CryptoFault)?.copy_from_slice(plaintext);
        let cipher = cbc::Encryptor::<Aes256>::new(&self.cipher.into(), &self.iv_for(&nonce).into());
        let bytes =
            cipher.encrypt_padded::<Pkcs7>(&mut buffer, plaintext.len()).map_err(|_| CryptoFault)?.to_vec();
        Ok(Blob { bytes, nonce, tag })
    }

    /// The plaintext. Padding and MAC are judged together and in the same steps whatever is wrong.
    fn decrypt(&self, sealed: &Blob) -> Result<Zeroizing<Vec<u8>>, CryptoFault> {
        let mut buffer = Zeroizing::new(sealed.bytes.clone());
        if buffer.is_empty() || !buffer.len().is_multiple_of(BLOCK) {
            return Err(CryptoFault);
        }
        let cipher = cbc::Decryptor::<Aes256>::new(&self.cipher.into(), &self.iv_for(&sealed.nonce).into());
        cipher.decrypt_padded::<NoPadding>(&mut buffer).map_err(|_| CryptoFault)?;
        let (padding, sound) = padding(&buffer);
        let length = buffer.len().saturating_sub(padding);
        let tag = self.tag(buffer.get(..length).ok_or(CryptoFault)?).ok_or(CryptoFault)?;
        if bool::from(sound & tag.ct_eq(&sealed.tag)) {
            buffer.truncate(length);
            Ok(buffer)
        } else {
            Err(CryptoFault)
        }
    }
}

/// How long the padding says it is, and whether it is sound; looked at in constant time. Unsound padding
/// counts as one byte, so that the MAC is computed over as much in any case.
fn padding(buffer: &[u8]) -> (usize, Choice) {
    let Some(tail) = buffer.last_chunk::<BLOCK>() else { return (0, Choice::from(0)) };
    let last = tail.last().copied().unwrap_or(0);
    let mut sound = !last.ct_eq(&0) & last.ct_lt(&17);
    for (distance, byte) in (1_u8..).zip(tail.iter().rev()) {
        let counts = !last.ct_lt(&distance);
        sound &= !counts | byte.ct_eq(&last);
    }
    (usize::from(u8::conditional_select(&1, &last, sound)), sound)
}

/// What is encrypted, with what opens it.
#[derive(Clone, PartialEq, Eq)]
struct Blob {
    bytes: Vec<u8>,
    nonce: [u8; BLOCK],
    tag: [u8; 32],
}

impl Blob {
    fn write(&self, root: &str, header: &Header, keys: &Keys) -> Value {
        let mut out = json!({ root: {
            "MessageHeader": header,
            "NexoBlob": STANDARD.encode(&self.bytes),
            "SecurityTrailer": {
                "AdyenCryptoVersion": VERSION,
                "KeyIdentifier": keys.identifier,
                "KeyVersion": keys.version,
                "Nonce": STANDARD.encode(self.nonce),
                "Hmac": STANDARD.encode(self.tag),
            },
        } });
        // The header's absent fields are left out, as in clear.
        if let Some(fields) = out.get_mut(root).and_then(|root| root.get_mut("MessageHeader"))
            && let Some(fields) = fields.as_object_mut()
        {
            fields.retain(|_, value| !value.is_null());
        }
        out
    }
}

/// A sealed message: the header in clear, which nobody vouches for, and the blob.
#[derive(Clone, PartialEq)]
pub struct Sealed {
    header: Value,
    identifier: String,
    version: u64,
    blob: Blob,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} version {}, {} bytes)", self.identifier, self.version, self.blob.bytes.len())
    }
}

impl Sealed {
    /// Reads a sealed document.
    pub fn read(value: &Value, root: &str) -> Result<Self, String> {
        let root = value.get(root).ok_or("no root")?;
        let trailer = root.get("SecurityTrailer").ok_or("no SecurityTrailer")?;
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let bytes = |value: Option<&Value>, name: &str| {
            let text = text(value).ok_or(format!("{name}: base64 text"))?;
            STANDARD.decode(text).map_err(|_| format!("{name}: base64 text"))
        };
        if trailer.get("AdyenCryptoVersion").and_then(Value::as_u64) != Some(VERSION) {
            return Err("AdyenCryptoVersion: 1".to_owned());
        }
        let nonce = bytes(trailer.get("Nonce"), "Nonce")?;
        let tag = bytes(trailer.get("Hmac"), "Hmac")?;
        Ok(Self {
            header: root.get("MessageHeader").cloned().unwrap_or_default(),
            identifier: text(trailer.get("KeyIdentifier")).ok_or("KeyIdentifier: text")?,
            version: trailer.get("KeyVersion").and_then(Value::as_u64).ok_or("KeyVersion: a number")?,
            blob: Blob {
                bytes: bytes(root.get("NexoBlob"), "NexoBlob")?,
                nonce: nonce.try_into().map_err(|_| "Nonce: 16 bytes")?,
                tag: tag.try_into().map_err(|_| "Hmac: 32 bytes")?,
            },
        })
    }

    /// Opens the message under the key that it names, and gives the key, to answer under the same.
    pub fn open<'k>(&self, keys: &'k [Keys]) -> Result<(Value, &'k Keys), CryptoFault> {
        let named =
            |keys: &&Keys| keys.identifier == self.identifier && u64::from(keys.version) == self.version;
        let keys = keys.iter().find(named).ok_or(CryptoFault)?;
        let plaintext = keys.decrypt(&self.blob)?;
        let inner = crate::message::read_json(&plaintext).map_err(|_| CryptoFault)?;
        let root = inner.get(REQUEST).or_else(|| inner.get(RESPONSE)).ok_or(CryptoFault)?;
        if root.get("MessageHeader") != Some(&self.header) {
            return Err(CryptoFault);
        }
        Ok((inner, keys))
    }
}

impl Drop for Blob {
    fn drop(&mut self) {
        self.nonce.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::Category;

    fn keys() -> Keys {
        Keys::derive(&Passphrase::new("mysupersecretpassphrase").unwrap(), "mykey", 1)
    }

    #[test]
    fn the_published_passphrase_gives_the_published_keys() {
        let keys = keys();
        assert_eq!(hex::encode(keys.mac), "633651f2a778f91ef37ca2eae92d2f8e58073b766d26899967dc1202c1444742");
        assert_eq!(
            hex::encode(keys.cipher),
            "89b3399a5c77fc0c38762ba1529488d19b4daf8360a2ef3f7a0b06d23c89b12a"
        );
        assert_eq!(hex::encode(keys.iv), "17be85c2e52ba327bdce1910f4c2c7de");
    }

    #[test]
    fn the_published_message_seals_to_the_published_blob() {
        let sealed = keys().encrypt(br#"{"SaleToPOIRequest":{}}"#, [7; 16]).unwrap();
        assert_eq!(STANDARD.encode(&sealed.bytes), "MWid3Oi8pUii3SGXVWfq/5rNxJyquCUmsIT2xQ4PsKU=");
        assert_eq!(STANDARD.encode(sealed.tag), "woOC+ez1Z3+PItbPcx8sJPv9pjsYPwsHzuAVKnBZR6g=");
        assert_eq!(&**keys().decrypt(&sealed).unwrap(), br#"{"SaleToPOIRequest":{}}"#);
    }

    fn document() -> (Header, Value) {
        let header = Header::request(Category::Diagnosis, "1", "REG1", "CHOBA-1");
        let inner = crate::message::write_request(&crate::message::Request {
            header: header.clone(),
            body: crate::request::Body::Diagnosis(crate::request::Diagnosis::default()),
        });
        (header, inner)
    }

    fn reopened(sealed: &Value, keys: &[Keys]) -> Result<Value, CryptoFault> {
        let sealed = Sealed::read(sealed, REQUEST).unwrap();
        sealed.open(keys).map(|(inner, _)| inner)
    }

    #[test]
    fn a_sealed_message_opens_under_any_version_that_the_terminal_keeps() {
        let (header, inner) = document();
        let old = keys();
        let new = Keys::derive(&Passphrase::new("another").unwrap(), "mykey", 2);
        let both = [new, old.clone()];
        for keys in &both {
            let sealed = keys.seal(&header, &inner, [9; 16]).unwrap();
            assert_eq!(reopened(&sealed, &both), Ok(inner.clone()));
        }
        let third = Keys::derive(&Passphrase::new("another").unwrap(), "mykey", 3);
        assert_eq!(reopened(&third.seal(&header, &inner, [9; 16]).unwrap(), &both), Err(CryptoFault));
    }

    #[test]
    fn whatever_is_changed_the_error_is_one_and_the_same() {
        let (header, inner) = document();
        let keys = [keys()];
        let good = keys[0].seal(&header, &inner, [3; 16]).unwrap();
        let sealed = Sealed::read(&good, REQUEST).unwrap();
        let length = sealed.blob.bytes.len();
        for at in 0..length {
            let mut bad = sealed.clone();
            bad.blob.bytes[at] ^= 0x41;
            assert_eq!(bad.open(&keys).map(drop), Err(CryptoFault), "byte {at}");
        }
        for at in 0..32 {
            let mut bad = sealed.clone();
            bad.blob.tag[at] ^= 1;
            assert_eq!(bad.open(&keys).map(drop), Err(CryptoFault));
        }
        for length in [0, 1, 15, 16, length - 16] {
            let mut bad = sealed.clone();
            bad.blob.bytes.truncate(length);
            assert_eq!(bad.open(&keys).map(drop), Err(CryptoFault));
        }
    }

    #[test]
    fn a_header_that_differs_from_the_one_inside_is_refused() {
        let (header, inner) = document();
        let keys = [keys()];
        let other = Header { sale_id: "REG2".to_owned(), ..header };
        let sealed = keys[0].seal(&other, &inner, [3; 16]).unwrap();
        assert_eq!(reopened(&sealed, &keys), Err(CryptoFault));
    }

    #[test]
    fn what_a_terminal_keeps_gives_the_same_keys_without_the_passphrase() {
        let (header, inner) = document();
        let restored = Keys::restore(&keys().material(), "mykey", 1).unwrap();
        let sealed = restored.seal(&header, &inner, [1; 16]).unwrap();
        assert_eq!(reopened(&sealed, &[keys()]), Ok(inner));
        assert!(!keys().material().contains("mysupersecret"));
        for bad in ["", "00", &"g".repeat(160), &"あ".repeat(160)] {
            assert!(Keys::restore(bad, "mykey", 1).is_err());
        }
    }

    #[test]
    fn a_passphrase_is_never_shown() {
        let passphrase = Passphrase::new("mysupersecretpassphrase").unwrap();
        assert_eq!(format!("{passphrase:?} {:?}", keys()), "Passphrase(***) Keys(mykey version 1)");
        assert!(Passphrase::new("").is_none() && Passphrase::new("x".repeat(257)).is_none());
    }
}
