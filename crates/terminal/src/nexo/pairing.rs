//! Pairing a register with a terminal: a passphrase for the messages, a certificate for the line.
//!
//! Everything lies in the terminal's own folder, readable by its owner only. The passphrase is shown once
//! and never kept: what is kept is the key material that it gives. Pairing again makes the next version;
//! the version before stays good, so that a register can be moved without an hour in which nothing works.

use crate::nexo::limits;
use crate::shared::Chance;
use ::nexo::container::{Keys, Passphrase};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use zeroize::{Zeroize as _, Zeroizing};

/// The file of what is kept.
const FILE: &str = "register-pairing.json";
/// The certificate that a register is given, to know this terminal by.
const CA: &str = "register-ca.pem";
const CA_KEY: &str = "register-ca.key.pem";
const LEAF: &str = "register-server.pem";
const LEAF_KEY: &str = "register-server.key.pem";
/// Years for which the local authority is good; the server's certificate is signed anew at each pairing.
const CA_YEARS: i32 = 10;
const LEAF_YEARS: i32 = 2;

/// How a register is to be paired.
#[derive(Debug)]
pub struct NewPairing {
    /// The terminal, twelve digits.
    pub terminal_id: String,
    /// The common name of the certificate. The stock client wants
    /// `MODEL-SERIAL.test.terminal.adyen.com`; its own name is taken when none is given.
    pub common_name: Option<String>,
    /// The name of the key, as messages carry it; `choba` when none is given.
    pub key_identifier: Option<String>,
    /// A passphrase that is known beforehand (demo); one of 160 random bits is made when none is given.
    pub passphrase: Option<Passphrase>,
    /// The year that it is, for the certificates.
    pub year: i32,
}

/// What the register must be told, once.
#[derive(Debug)]
pub struct Paired {
    /// The terminal's name in messages.
    pub poi_id: String,
    /// The passphrase.
    pub passphrase: Passphrase,
    /// The name of the key.
    pub key_identifier: String,
    /// Its version.
    pub key_version: u32,
    /// The certificate that the register needs.
    pub certificate: PathBuf,
    /// The name in the terminal's certificate.
    pub common_name: String,
}

/// Why a pairing was not made or not read: one sentence.
#[derive(Debug, thiserror::Error)]
pub enum PairFault {
    /// A file.
    #[error("{file} cannot be used: {why}.")]
    File {
        /// Which.
        file: String,
        /// Why.
        why: String,
    },
    /// The certificate.
    #[error("The certificate cannot be made: {0}.")]
    Certificate(String),
    /// Never paired.
    #[error("No register is paired with this terminal; `choba terminal pair` does it.")]
    NotPaired,
}

/// What is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    poi_id: String,
    common_name: String,
    key_identifier: String,
    keys: Vec<KeptKey>,
}

#[derive(Serialize, Deserialize)]
struct KeptKey {
    version: u32,
    material: String,
}

impl Drop for KeptKey {
    fn drop(&mut self) {
        self.material.zeroize();
    }
}

/// A pairing as the server uses it.
pub(crate) struct Pairing {
    pub(crate) poi_id: String,
    pub(crate) keys: Vec<Keys>,
    pub(crate) certificate_pem: String,
    pub(crate) key_pem: Zeroizing<String>,
}

/// The terminal's name in messages: model, `-`, serial number.
pub fn poi_id(terminal_id: &str) -> String {
    format!("CHOBA-{terminal_id}")
}

fn file_fault(path: &Path) -> impl Fn(std::io::Error) -> PairFault + '_ {
    move |why| PairFault::File { file: path.display().to_string(), why: why.to_string() }
}

/// Writes a file whole or not at all; only its owner may read it.
fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), PairFault> {
    let (path, fresh) = (folder.join(name), folder.join(format!("{name}.new")));
    let write = || {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&fresh)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&fresh, &path)
    };
    write().map_err(file_fault(&path))
}

fn get(folder: &Path, name: &str) -> Result<Option<Zeroizing<String>>, PairFault> {
    let path = folder.join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(Zeroizing::new(text))),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(why) => Err(file_fault(&path)(why)),
    }
}

fn kept(folder: &Path) -> Result<Option<Kept>, PairFault> {
    let Some(text) = get(folder, FILE)? else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(|why| PairFault::File {
        file: folder.join(FILE).display().to_string(),
        // The message of the parser could quote the key.
        why: format!("line {} is damaged", why.line()),
    })
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn certificate(why: rcgen::Error) -> PairFault {
    PairFault::Certificate(why.to_string())
}

fn ca_params(poi_id: &str, year: i32) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, format!("{poi_id} local CA"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = rcgen::date_time_ymd(year, 1, 1);
    params.not_after = rcgen::date_time_ymd(year.saturating_add(CA_YEARS), 12, 31);
    params
}

/// The authority of this terminal: made once, kept with its key, so that a register's copy stays good.
fn authority(folder: &Path, poi_id: &str, year: i32) -> Result<Issuer<'static, KeyPair>, PairFault> {
    // Only names and key of the authority go into what it signs, so its dates need not be read back.
    let params = ca_params(poi_id, year);
    if let Some(pem) = get(folder, CA_KEY)? {
        let key = KeyPair::from_pem(&pem).map_err(certificate)?;
        if get(folder, CA)?.is_some() {
            return Ok(Issuer::new(params, key));
        }
    }
    let key = KeyPair::generate().map_err(certificate)?;
    let made = params.self_signed(&key).map_err(certificate)?;
    put(folder, CA_KEY, Zeroizing::new(key.serialize_pem()).as_bytes())?;
    put(folder, CA, made.pem().as_bytes())?;
    Ok(Issuer::new(params, key))
}

fn server_certificate(folder: &Path, told: &NewPairing, common_name: &str) -> Result<(), PairFault> {
    let issuer = authority(folder, &poi_id(&told.terminal_id), told.year)?;
    // Loopback addresses, so that a client that compares addresses is content too.
    let names = ["127.0.0.1", "127.0.0.2", "localhost", common_name];
    let mut params = CertificateParams::new(names.map(str::to_owned)).map_err(certificate)?;
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.not_before = rcgen::date_time_ymd(told.year, 1, 1);
    params.not_after = rcgen::date_time_ymd(told.year.saturating_add(LEAF_YEARS), 12, 31);
    let key = KeyPair::generate().map_err(certificate)?;
    let leaf = params.signed_by(&key, &issuer).map_err(certificate)?;
    put(folder, LEAF_KEY, Zeroizing::new(key.serialize_pem()).as_bytes())?;
    put(folder, LEAF, leaf.pem().as_bytes())
}

/// Forty hexadecimal digits in groups of eight: 160 bits.
fn fresh_passphrase(chance: &Chance) -> Option<Passphrase> {
    let bytes = Zeroizing::new([chance(), chance()].concat());
    let text = Zeroizing::new(hex::encode(bytes.get(..20)?));
    let mut grouped = Zeroizing::new(String::with_capacity(44));
    for (index, digit) in text.chars().enumerate() {
        if index > 0 && index.is_multiple_of(8) {
            grouped.push('-');
        }
        grouped.push(digit);
    }
    Passphrase::new(grouped.as_str())
}

/// Pairs a register: makes the next version of the key and a certificate, and keeps both. Blocks.
pub fn pair(folder: &Path, told: &NewPairing, chance: &Chance) -> Result<Paired, PairFault> {
    std::fs::create_dir_all(folder).map_err(file_fault(folder))?;
    let before = kept(folder)?;
    let poi_id = poi_id(&told.terminal_id);
    let key_identifier = told
        .key_identifier
        .clone()
        .or_else(|| before.as_ref().map(|kept| kept.key_identifier.clone()))
        .unwrap_or_else(|| "choba".to_owned());
    let common_name = told.common_name.clone().unwrap_or_else(|| format!("{poi_id}.test.terminal.adyen.com"));
    let mut keys = before.map(|kept| kept.keys).unwrap_or_default();
    let key_version = keys.iter().map(|key| key.version).max().unwrap_or(0).saturating_add(1);
    let passphrase = told.passphrase.clone().or_else(|| fresh_passphrase(chance));
    let passphrase = passphrase.ok_or_else(|| PairFault::Certificate("no random bytes".to_owned()))?;
    let derived = Keys::derive(&passphrase, &key_identifier, key_version);
    keys.push(KeptKey { version: key_version, material: derived.material().as_str().to_owned() });
    let surplus = keys.len().saturating_sub(limits::KEY_VERSIONS);
    keys.drain(..surplus);
    server_certificate(folder, told, &common_name)?;
    let kept = Kept {
        poi_id: poi_id.clone(),
        common_name: common_name.clone(),
        key_identifier: key_identifier.clone(),
        keys,
    };
    let text = serde_json::to_string(&kept).map_err(|why| PairFault::Certificate(why.to_string()))?;
    // Last: whoever sees this file finds the certificate beside it.
    put(folder, FILE, Zeroizing::new(text).as_bytes())?;
    Ok(Paired { poi_id, passphrase, key_identifier, key_version, certificate: folder.join(CA), common_name })
}

/// Whether a register is paired. Blocks.
pub fn is_paired(folder: &Path) -> bool {
    folder.join(FILE).exists()
}

/// The certificate that a register of this terminal needs.
pub fn certificate_file(folder: &Path) -> PathBuf {
    folder.join(CA)
}

/// When the pairing last changed; nothing when there is none. Blocks.
pub(crate) fn changed_at(folder: &Path) -> Option<std::time::SystemTime> {
    std::fs::metadata(folder.join(FILE)).and_then(|data| data.modified()).ok()
}

/// Reads the pairing. Blocks.
pub(crate) fn load(folder: &Path) -> Result<Pairing, PairFault> {
    let kept = kept(folder)?.ok_or(PairFault::NotPaired)?;
    let keys = kept
        .keys
        .iter()
        .map(|key| Keys::restore(&key.material, &kept.key_identifier, key.version))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| PairFault::File { file: FILE.to_owned(), why: "a key is damaged".to_owned() })?;
    let certificate_pem = get(folder, LEAF)?.ok_or(PairFault::NotPaired)?.as_str().to_owned();
    let key_pem = get(folder, LEAF_KEY)?.ok_or(PairFault::NotPaired)?;
    Ok(Pairing { poi_id: kept.poi_id.clone(), keys, certificate_pem, key_pem })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn told() -> NewPairing {
        NewPairing {
            terminal_id: "000000358002".to_owned(),
            common_name: None,
            key_identifier: None,
            passphrase: None,
            year: 2026,
        }
    }

    fn chance() -> Chance {
        Arc::new(|| [0xa5; 16])
    }

    #[test]
    fn pairing_again_makes_the_next_version_and_keeps_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let versions = |count: usize| {
            for _ in 0..count {
                pair(folder.path(), &told(), &chance()).unwrap();
            }
            load(folder.path()).unwrap().keys.iter().map(Keys::version).collect::<Vec<_>>()
        };
        assert!(matches!(load(folder.path()), Err(PairFault::NotPaired)));
        assert_eq!(versions(1), [1]);
        assert_eq!(versions(1), [1, 2]);
        assert_eq!(versions(1), [2, 3]);
    }

    #[test]
    fn the_authority_stays_the_same_and_no_file_holds_the_passphrase() {
        let folder = tempfile::tempdir().unwrap();
        let first = pair(folder.path(), &told(), &chance()).unwrap();
        let ca = std::fs::read_to_string(&first.certificate).unwrap();
        let second = pair(folder.path(), &told(), &chance()).unwrap();
        assert_eq!(std::fs::read_to_string(&second.certificate).unwrap(), ca);
        assert!(first.passphrase.unmask().len() >= 40, "160 bits");
        for file in std::fs::read_dir(folder.path()).unwrap().flatten() {
            let text = std::fs::read_to_string(file.path()).unwrap();
            assert!(!text.contains(first.passphrase.unmask()), "{:?}", file.path());
            #[cfg(unix)]
            {
                let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
                assert_eq!(mode & 0o077, 0, "{:?}", file.path());
            }
        }
    }
}
