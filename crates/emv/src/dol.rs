//! Data object lists: what a card asks the terminal for, and the answer (EMV 4.4 Book 3, 5.4).

use crate::dictionary::{self, Format};
use crate::limits::{MAX_DOL, MAX_DOL_DATA};
use crate::tag::Tag;
use std::fmt;

/// A list of tags with the length the card wants of each: a PDOL, CDOL1, CDOL2, DDOL or TDOL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dol(Vec<DolEntry>);

/// One wish of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DolEntry {
    /// Which data object.
    pub tag: Tag,
    /// How many bytes of it.
    pub length: u8,
}

/// A list that ends inside a tag or before a length, or asks for more than a command carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadDol {
    /// Bytes from the start of the list to the entry that is wrong.
    pub offset: usize,
}

impl fmt::Display for BadDol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the card's data object list is malformed at offset {}", self.offset)
    }
}

impl std::error::Error for BadDol {}

impl Dol {
    /// Reads a list.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadDol> {
        if bytes.len() > MAX_DOL {
            return Err(BadDol { offset: MAX_DOL });
        }
        let mut entries = Vec::new();
        let mut offset = 0;
        while let Some(rest) = bytes.get(offset..).filter(|rest| !rest.is_empty()) {
            let (tag, used) = Tag::read(rest).ok_or(BadDol { offset })?;
            let length = *rest.get(used).ok_or(BadDol { offset })?;
            entries.push(DolEntry { tag, length });
            offset = offset.saturating_add(used).saturating_add(1);
        }
        let dol = Self(entries);
        if dol.data_length() > MAX_DOL_DATA { Err(BadDol { offset }) } else { Ok(dol) }
    }

    /// The wishes in the card's order.
    pub fn entries(&self) -> &[DolEntry] {
        &self.0
    }

    /// Whether the card asks for this data object.
    pub fn asks_for(&self, tag: Tag) -> bool {
        self.0.iter().any(|e| e.tag == tag)
    }

    /// How many bytes the answer has.
    pub fn data_length(&self) -> usize {
        self.0.iter().map(|e| usize::from(e.length)).sum()
    }

    /// The answer: each value cut or padded to the wished length. What the terminal does not know, and
    /// templates, are zeros. Numbers are right-aligned, compressed numbers padded with F, the rest
    /// left-aligned (EMV 4.4 Book 3, 5.4, rules 2 and 3).
    pub fn fill<'a>(&self, mut source: impl FnMut(Tag) -> Option<&'a [u8]>) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.data_length());
        for entry in &self.0 {
            let wished = usize::from(entry.length);
            let known = if entry.tag.is_constructed() { None } else { source(entry.tag) };
            out.extend(fit(entry.tag, known.unwrap_or_default(), wished, known.is_some()));
        }
        out
    }
}

fn fit(tag: Tag, value: &[u8], wished: usize, known: bool) -> Vec<u8> {
    let format = dictionary::lookup(tag).map_or(Format::Binary, |row| row.format);
    let missing = vec![0_u8; wished.saturating_sub(value.len())];
    match format {
        Format::Numeric => {
            let surplus = value.len().saturating_sub(wished);
            [missing.as_slice(), value.get(surplus..).unwrap_or_default()].concat()
        }
        Format::CompressedNumeric if known => {
            let fill = vec![0xFF_u8; missing.len()];
            [value.get(..wished).unwrap_or(value), fill.as_slice()].concat()
        }
        Format::CompressedNumeric
        | Format::Binary
        | Format::Alphanumeric
        | Format::AlphanumericSpecial
        | Format::Template => [value.get(..wished).unwrap_or(value), missing.as_slice()].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compressed_number_is_padded_with_f_and_an_unknown_object_with_zeros() {
        let dol = Dol::parse(&hex::decode("5A0A9F1D03").unwrap()).unwrap();
        let pan = hex::decode("4111111111111111").unwrap();
        let filled = dol.fill(|tag| (tag == Tag::of(0x5A)).then_some(pan.as_slice()));
        assert_eq!(hex::encode_upper(filled), "4111111111111111FFFF000000");
    }

    #[test]
    fn a_list_that_asks_for_more_than_a_command_carries_is_refused() {
        assert!(Dol::parse(&hex::decode("9F02FF").unwrap()).is_err());
        assert!(Dol::parse(&[0x9C, 0x01].repeat(127)).is_err());
    }
}
