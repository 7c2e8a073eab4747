//! The network's daily file (docs/networks/network-file.md): read whole, or refused with the line.

use payment::{Method, PaymentId};
use std::collections::BTreeMap;
use std::fmt;

/// The largest file that is read, in bytes.
pub const FILE_BYTES: usize = 64 * 1024 * 1024;
/// The most lines.
const LINES: usize = 1_000_000;

/// What names a payment at the network: DE 42 and DE 37 at the card network, our own id at a code brand.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// DE 42; empty at a code brand.
    pub merchant: String,
    /// DE 37, or the id.
    pub rrn: String,
}

impl Name {
    /// Of a payment or refund of ours.
    pub fn of(method: Method, merchant: &str, id: PaymentId) -> Self {
        match method {
            Method::Card => Self { merchant: merchant.to_owned(), rrn: id.rrn() },
            Method::Code => Self { merchant: String::new(), rrn: id.to_string() },
        }
    }
}

/// One payment or refund in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// DE 41.
    pub terminal: String,
    /// Whole yen.
    pub yen: i64,
    /// Whether the money moved: the customer is charged, or has it back.
    pub charged: bool,
    /// The state's word as it stands in the file.
    pub state: String,
    /// DE 38, may be empty.
    pub approval: String,
}

/// A day at a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkFile {
    /// Which network: `card`, or a code brand's word.
    pub network: String,
    /// `YYYY-MM-DD`, Asia/Tokyo.
    pub on: String,
    /// Its payments.
    pub charges: BTreeMap<Name, Charge>,
    /// Its returns and refunds; a void or cancel is a state of its payment.
    pub refunds: BTreeMap<Name, Charge>,
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

const STATES: [&str; 6] = ["charged", "held", "reversed", "declined", "tombstone", "voided"];
const REFUND_STATES: [&str; 4] = ["refunded", "reversed", "declined", "tombstone"];

/// The text of a file's bytes.
pub fn text(bytes: &[u8]) -> Result<&str, BadFile> {
    std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count();
        BadFile { line, why: "bytes that are no UTF-8" }
    })
}

/// Reads a file. A file without its last line was cut off, and says nothing.
pub fn read(text: &str) -> Result<NetworkFile, BadFile> {
    let bad = |line: usize, why| BadFile { line, why };
    if text.len() > FILE_BYTES {
        return Err(bad(1, "the file is too large"));
    }
    let mut lines = (1..).zip(text.lines()).take(LINES);
    let (_, head) = lines.next().ok_or(bad(1, "the file is empty"))?;
    let head: Vec<&str> = head.split('\t').collect();
    let [mark, "2", network, on] = head.as_slice() else { return Err(bad(1, "no head line")) };
    if *mark != "CHOBA-NETWORK-FILE" || on.parse::<jiff::civil::Date>().is_err() {
        return Err(bad(1, "no head line"));
    }
    let mut file = NetworkFile {
        network: (*network).to_owned(),
        on: (*on).to_owned(),
        charges: BTreeMap::new(),
        refunds: BTreeMap::new(),
    };
    let (mut charged, mut refunded) = (0_i64, 0_i64);
    for (number, line) in lines.by_ref() {
        let fields: Vec<&str> = line.split('\t').collect();
        match fields.as_slice() {
            ["P", merchant, rrn, terminal, amount, state, approval] => {
                let one = [*terminal, *amount, *state, *approval];
                let charge = entry(one, &STATES, "charged", &mut charged).map_err(|why| bad(number, why))?;
                let name = name(&file.network, merchant, rrn);
                if file.charges.insert(name, charge).is_some() {
                    return Err(bad(number, "a payment stands twice"));
                }
            }
            ["R", merchant, rrn, terminal, amount, state] => {
                let one = [*terminal, *amount, *state, ""];
                let charge = entry(one, &REFUND_STATES, "refunded", &mut refunded);
                let charge = charge.map_err(|why| bad(number, why))?;
                let name = name(&file.network, merchant, rrn);
                if file.refunds.insert(name, charge).is_some() {
                    return Err(bad(number, "a refund stands twice"));
                }
            }
            ["E", count, sums @ ..] => {
                let lines_read = file.charges.len().saturating_add(file.refunds.len());
                let said: Vec<Option<i64>> = sums.iter().map(|sum| sum.parse().ok()).collect();
                if count.parse().ok() != Some(lines_read) || said != [Some(charged), Some(refunded)] {
                    return Err(bad(number, "count or sums do not agree with the lines"));
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

/// A code brand knows a payment by our own id, whatever it calls the merchant.
fn name(network: &str, merchant: &str, rrn: &str) -> Name {
    let merchant = if network == "card" { merchant.to_owned() } else { String::new() };
    Name { merchant, rrn: rrn.to_owned() }
}

/// A line's terminal, amount, state and approval; what moved is added to the sum.
fn entry(
    [terminal, amount, state, approval]: [&str; 4],
    states: &[&str],
    moves: &str,
    sum: &mut i64,
) -> Result<Charge, &'static str> {
    let yen = amount.parse::<i64>().ok().filter(|yen| *yen >= 0).ok_or("the amount is no number")?;
    if !states.contains(&state) {
        return Err("the state is unknown");
    }
    let charged = state == moves;
    if charged {
        *sum = sum.checked_add(yen).ok_or("the sum is too large")?;
    }
    let (terminal, state, approval) = (terminal.to_owned(), state.to_owned(), approval.to_owned());
    Ok(Charge { terminal, yen, charged, state, approval })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "CHOBA-NETWORK-FILE\t2\tcard\t2026-11-21\n\
        P\t9000009\t49414G2G4G92\t00358002\t880\tcharged\tA12345\n\
        P\t9000009\t49414G2G4G93\t00358002\t1200\treversed\t\n\
        P\t9000009\t49414G2G4G94\t00358002\t500\tvoided\tA12346\n\
        R\t9000009\t49414G2G4G95\t00358002\t80\trefunded\n\
        E\t4\t880\t80\n";

    #[test]
    fn a_whole_file_is_read() {
        let file = read(FILE).unwrap();
        assert_eq!((file.network.as_str(), file.on.as_str(), file.charges.len()), ("card", "2026-11-21", 3));
        assert_eq!(file.refunds.values().map(|refund| refund.yen).collect::<Vec<_>>(), [80]);
        assert_eq!(file.charges.values().filter(|charge| charge.charged).count(), 1);
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_with_their_line() {
        let mut bytes = FILE.as_bytes().to_vec();
        assert_eq!(text(&bytes), Ok(FILE));
        let third = FILE.match_indices('\n').nth(1).unwrap().0 + 3;
        bytes[third] = 0xff;
        assert_eq!(text(&bytes), Err(BadFile { line: 3, why: "bytes that are no UTF-8" }));
    }

    #[test]
    fn a_file_that_is_cut_changed_or_doubled_says_nothing() {
        let doubled = FILE.replace("4G93", "4G92");
        let cases = [
            FILE.replace("E\t4\t880\t80\n", ""),
            FILE.replace("\t80\trefunded", "\t81\trefunded"),
            FILE.replace("E\t4\t880\t80", "E\t4\t880"),
            FILE.replace("\t880\tcharged", "\t881\tcharged"),
            FILE.replace("reversed", "lost"),
            FILE.replace("\t2\tcard", "\t1\tcard"),
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
