//! The application file locator: which records to read (EMV 4.4 Book 3, 10.2).

use std::fmt;

/// One range of records in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AflEntry {
    /// Short file identifier, 1 to 30.
    pub sfi: u8,
    /// First record, from 1.
    pub first: u8,
    /// Last record, not before the first.
    pub last: u8,
    /// How many of them, from the first, are signed for offline authentication.
    pub signed: u8,
}

/// A locator that no card may give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadAfl {
    /// Bytes from the start to the entry that is wrong.
    pub offset: usize,
}

impl fmt::Display for BadAfl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the card's file locator is malformed at offset {}", self.offset)
    }
}

impl std::error::Error for BadAfl {}

/// Reads a locator: four bytes an entry.
pub fn parse(bytes: &[u8]) -> Result<Vec<AflEntry>, BadAfl> {
    let (entries, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(BadAfl { offset: bytes.len().saturating_sub(rest.len()) });
    }
    let mut found = Vec::with_capacity(entries.len());
    for (n, [file, first, last, signed]) in entries.iter().copied().enumerate() {
        let sfi = file.rotate_right(3) & 0x1F;
        let records = last.checked_sub(first);
        let fits = records.is_some_and(|more| signed <= more.saturating_add(1));
        if file & 0x07 != 0 || sfi == 0 || sfi > 30 || first == 0 || !fits {
            return Err(BadAfl { offset: n.saturating_mul(4) });
        }
        found.push(AflEntry { sfi, first, last, signed });
    }
    Ok(found)
}

/// Every record of the locator in the order to read them: (short file identifier, record).
pub fn records(entries: &[AflEntry]) -> Vec<(u8, u8)> {
    entries.iter().flat_map(|e| (e.first..=e.last).map(|record| (e.sfi, record))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locator_becomes_records_in_order_and_a_bad_one_an_error() {
        let entries = parse(&hex::decode("0801010010010301").unwrap()).unwrap();
        assert_eq!(records(&entries), [(1, 1), (2, 1), (2, 2), (2, 3)]);
        for bad in ["080101", "00010100", "F8010100", "08000100", "08020100", "08010102", "09010100"] {
            assert!(parse(&hex::decode(bad).unwrap()).is_err(), "{bad}");
        }
    }
}
