//! The bank master: numbers and names of banks and branches, read from the files that the project zengin-code
//! gives monthly (`source-data/data/banks.json` and `branches/*.json` of its Python package).
//!
//! A master with a gap, a number twice or a name that does not fit is refused whole, with file and line: half a
//! master would refuse payees that are right.

use crate::digits::{BankNo, BranchNo, Digits};
use crate::kana::{Kana, bank_name};
use crate::limits::{BANK_NAME, MAX_BRANCH_FILES, MAX_MASTER_BYTES, MAX_MASTER_NAME};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;

/// A branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Its number.
    pub no: BranchNo,
    /// Its name, at most 60 characters.
    pub name: String,
    /// Its name in files, at most 15 bytes.
    pub kana: Kana,
}

/// A bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bank {
    /// Its number.
    pub no: BankNo,
    /// Its name, at most 60 characters.
    pub name: String,
    /// Its name in files, at most 15 bytes.
    pub kana: Kana,
    /// Its branches by number, at least one.
    pub branches: Vec<Branch>,
}

/// A whole master.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Master {
    /// The banks by number, at least one.
    pub banks: Vec<Bank>,
    /// Files with branches of banks that are in no list any more: passed over, but read.
    pub passed_over: Vec<BankNo>,
}

/// A master that is refused whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadMaster {
    /// The file.
    pub file: String,
    /// The line at which the reader stopped, from 1; 0 when it is the file as a whole.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for BadMaster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.why),
            line => write!(f, "{}, line {line}: {}", self.file, self.why),
        }
    }
}

impl std::error::Error for BadMaster {}

const BANKS: &str = "banks.json";

/// Reads `banks.json` and the files of the folder `branches`, each with its name (`0001.json`).
pub fn read(banks: &[u8], branches: &[(&str, &[u8])]) -> Result<Master, BadMaster> {
    if branches.len() > MAX_BRANCH_FILES {
        return Err(bad("branches", 0, format!("more than {MAX_BRANCH_FILES} files")));
    }
    let mut by_bank: BTreeMap<BankNo, Vec<Branch>> = BTreeMap::new();
    for (file, bytes) in branches {
        let no = file.strip_suffix(".json").and_then(BankNo::parse_whole);
        let no = no.ok_or_else(|| bad(file, 0, "is not named by the number of a bank".to_owned()))?;
        let list = rows::<3>(file, bytes)?;
        let list = list.into_iter().map(|(no, name, kana)| Branch { no, name, kana }).collect();
        if by_bank.insert(no, list).is_some() {
            return Err(bad(file, 0, "stands there twice".to_owned()));
        }
    }
    let mut master = Master { banks: Vec::new(), passed_over: Vec::new() };
    for (no, name, kana) in rows::<4>(BANKS, banks)? {
        let branches = by_bank.remove(&no).ok_or_else(|| bad(BANKS, 0, format!("no file {no}.json")))?;
        master.banks.push(Bank { no, name, kana, branches });
    }
    master.passed_over.extend(by_bank.into_keys());
    Ok(master)
}

fn bad(file: &str, line: usize, why: String) -> BadMaster {
    BadMaster { file: file.to_owned(), line, why }
}

type Row<const N: usize> = (Digits<N>, String, Kana);

/// The rows of one file, by number.
fn rows<const N: usize>(file: &str, bytes: &[u8]) -> Result<Vec<Row<N>>, BadMaster> {
    if bytes.len() > MAX_MASTER_BYTES {
        return Err(bad(file, 0, format!("more than {MAX_MASTER_BYTES} bytes")));
    }
    let Rows(rows) = serde_json::from_slice::<Rows<N>>(bytes).map_err(|error| {
        let why = error.to_string();
        // The line stands in a field of its own.
        let why = why.rsplit_once(" at line ").map_or(why.as_str(), |(why, _)| why).to_owned();
        bad(file, error.line(), why)
    })?;
    if rows.is_empty() {
        return Err(bad(file, 0, "is empty".to_owned()));
    }
    Ok(rows.into_iter().map(|(no, (name, kana))| (no, name, kana)).collect())
}

/// A JSON object whose keys are numbers; a key twice is an error at its line.
struct Rows<const N: usize>(BTreeMap<Digits<N>, (String, Kana)>);

impl<'de, const N: usize> Deserialize<'de> for Rows<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RowsVisitor)
    }
}

struct RowsVisitor<const N: usize>;

impl<'de, const N: usize> Visitor<'de> for RowsVisitor<N> {
    type Value = Rows<N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with numbers of {N} digits as keys")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Rows<N>, A::Error> {
        let mut rows = BTreeMap::new();
        while let Some(key) = map.next_key::<Key<N>>()? {
            if rows.contains_key(&key.0) {
                return Err(A::Error::custom(format!("{} stands there twice", key.0)));
            }
            let Entry { code, name, kana, .. } = map.next_value::<Entry<N>>()?;
            if code.0 != key.0 {
                return Err(A::Error::custom(format!("code {} under {}", code.0, key.0)));
            }
            rows.insert(key.0, (name.0, kana.0));
        }
        Ok(Rows(rows))
    }
}

/// A row of a file; what it has beside these is for other readers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry<const N: usize> {
    code: Key<N>,
    name: Name,
    kana: InFiles,
    #[serde(rename = "hira")]
    _hira: IgnoredAny,
    #[serde(rename = "roma")]
    _roma: IgnoredAny,
}

struct Key<const N: usize>(Digits<N>);

impl<'de, const N: usize> Deserialize<'de> for Key<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let no = Digits::parse_whole(&text).map(Self);
        no.ok_or_else(|| D::Error::custom(format!("{text:?} is no number of {N} digits")))
    }
}

struct Name(String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let fits =
            (1..=MAX_MASTER_NAME).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits {
            Ok(Self(text))
        } else {
            Err(D::Error::custom("the name is empty, too long or has controls"))
        }
    }
}

struct InFiles(Kana);

impl<'de> Deserialize<'de> for InFiles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let kana = bank_name(&text).map_err(D::Error::custom)?;
        if kana.is_empty() || kana.width() > BANK_NAME {
            let width = kana.width();
            return Err(D::Error::custom(format!("kana of {width} bytes, not from 1 to {BANK_NAME}")));
        }
        Ok(Self(kana))
    }
}
