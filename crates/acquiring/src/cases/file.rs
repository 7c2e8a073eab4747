//! The network's daily file (docs/networks/network-file.md): read whole, or refused with the line.

use payment::PaymentId;
use std::collections::BTreeMap;
use std::fmt;

/// The largest file that is read, in bytes.
pub const FILE_BYTES: usize = 64 * 1024 * 1024;
/// The most lines.
const LINES: usize = 1_000_000;

/// What names a payment at the network: DE 42 and DE 37.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// DE 42.
    pub merchant: String,
    /// DE 37.
    pub rrn: String,
}

impl Name {
    /// Of a payment of ours.
    pub fn of(merchant: &str, id: PaymentId) -> Self {
        Self { merchant: merchant.to_owned(), rrn: id.rrn() }
    }
}

/// One payment in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// DE 41.
    pub terminal: String,
    /// Whole yen.
    pub yen: i64,
    /// Whether the cardholder is charged.
    pub charged: bool,
    /// The state's word as it stands in the file.
    pub state: String,
    /// DE 38, may be empty.
    pub approval: String,
}

/// A day at a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkFile {
    /// Which network: `card`.
    pub network: String,
    /// `YYYY-MM-DD`, Asia/Tokyo.
    pub on: String,
    /// Its payments.
    pub charges: BTreeMap<Name, Charge>,
}

/// Why a file is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadFile {
    /// From 1.
    pub line: usize,
    /// What is wrong.
    pub why: &'static str,
}

impl fmt::Display for BadFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl std::error::Error for BadFile {}

const STATES: [&str; 5] = ["charged", "held", "reversed", "declined", "tombstone"];

/// Reads a file. A file without its last line was cut off, and says nothing.
pub fn read(text: &str) -> Result<NetworkFile, BadFile> {
    let bad = |line: usize, why| BadFile { line, why };
    if text.len() > FILE_BYTES {
        return Err(bad(1, "the file is too large"));
    }
    let mut lines = (1..).zip(text.lines()).take(LINES);
    let (_, head) = lines.next().ok_or(bad(1, "the file is empty"))?;
    let head: Vec<&str> = head.split('\t').collect();
    let [mark, "1", network, on] = head.as_slice() else { return Err(bad(1, "no head line")) };
    if *mark != "CHOBA-NETWORK-FILE" || on.parse::<jiff::civil::Date>().is_err() {
        return Err(bad(1, "no head line"));
    }
    let mut file =
        NetworkFile { network: (*network).to_owned(), on: (*on).to_owned(), charges: BTreeMap::new() };
    let mut sum = 0_i64;
    for (number, line) in lines.by_ref() {
        let fields: Vec<&str> = line.split('\t').collect();
        match fields.as_slice() {
            ["P", merchant, rrn, terminal, amount, state, approval] => {
                let yen = amount.parse::<i64>().ok().filter(|yen| *yen >= 0);
                let yen = yen.ok_or(bad(number, "the amount is no number"))?;
                if !STATES.contains(state) {
                    return Err(bad(number, "the state is unknown"));
                }
                let charged = *state == "charged";
                if charged {
                    sum = sum.checked_add(yen).ok_or(bad(number, "the sum is too large"))?;
                }
                let name = Name { merchant: (*merchant).to_owned(), rrn: (*rrn).to_owned() };
                let charge = Charge {
                    terminal: (*terminal).to_owned(),
                    yen,
                    charged,
                    state: (*state).to_owned(),
                    approval: (*approval).to_owned(),
                };
                if file.charges.insert(name, charge).is_some() {
                    return Err(bad(number, "a payment stands twice"));
                }
            }
            ["E", count, charged] => {
                let said = (count.parse::<usize>().ok(), charged.parse::<i64>().ok());
                if said != (Some(file.charges.len()), Some(sum)) {
                    return Err(bad(number, "count or sum do not agree with the lines"));
                }
                return if lines.next().is_none() {
                    Ok(file)
                } else {
                    Err(bad(number, "more after the end"))
                };
            }
            _ => return Err(bad(number, "the line has no known form")),
        }
    }
    Err(bad(text.lines().count(), "the file ends too early"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "CHOBA-NETWORK-FILE\t1\tcard\t2026-11-21\n\
        P\t9000009\t49414G2G4G92\t00358002\t880\tcharged\tA12345\n\
        P\t9000009\t49414G2G4G93\t00358002\t1200\treversed\t\n\
        E\t2\t880\n";

    #[test]
    fn a_whole_file_is_read() {
        let file = read(FILE).unwrap();
        assert_eq!((file.network.as_str(), file.on.as_str(), file.charges.len()), ("card", "2026-11-21", 2));
        assert_eq!(file.charges.values().filter(|charge| charge.charged).count(), 1);
    }

    #[test]
    fn a_file_that_is_cut_changed_or_doubled_says_nothing() {
        let doubled = FILE.replace("4G93", "4G92");
        let cases = [
            FILE.replace("E\t2\t880\n", ""),
            FILE.replace("\t880\tcharged", "\t881\tcharged"),
            FILE.replace("reversed", "lost"),
            FILE.replace("\t1\tcard", "\t2\tcard"),
            format!("{FILE}P\n"),
            doubled,
            String::new(),
        ];
        for text in cases {
            assert!(read(&text).is_err(), "{text}");
        }
        for end in 0..FILE.len() {
            let cut = &FILE[..end];
            assert!(read(cut).is_err() || end == FILE.len() - 1, "{end}");
        }
    }
}
