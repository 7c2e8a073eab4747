//! [`Tag`]: the name of a data object, one to three bytes (EMV 4.4 Book 3, annex B1).

use std::fmt;

/// A BER-TLV tag of one to three bytes, held as its bytes read as one number: `9F26` is `0x9F26`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(u32);

impl Tag {
    /// A tag known when the program is written. Refused at compile time when it is no tag.
    pub const fn of(number: u32) -> Self {
        match Self::new(number) {
            Some(tag) => tag,
            None => unreachable!(),
        }
    }

    /// A tag, when the number has the form of one: the low five bits of the first byte say whether more
    /// bytes follow, the top bit of each later byte says whether yet another follows.
    pub const fn new(number: u32) -> Option<Self> {
        let [top, first, second, third] = number.to_be_bytes();
        let well_formed = if top != 0 {
            false
        } else if first != 0 {
            first & 0x1F == 0x1F && second & 0x80 != 0 && third & 0x80 == 0
        } else if second != 0 {
            second & 0x1F == 0x1F && third & 0x80 == 0
        } else {
            third != 0 && third & 0x1F != 0x1F
        };
        if well_formed { Some(Self(number)) } else { None }
    }

    /// The number: `0x9F26` for 9F26.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// Whether the value is itself a list of data objects.
    pub const fn is_constructed(self) -> bool {
        let [_, first, second, third] = self.0.to_be_bytes();
        let leading = if first != 0 {
            first
        } else if second != 0 {
            second
        } else {
            third
        };
        leading & 0x20 != 0
    }

    /// The one to three bytes of the tag.
    pub fn to_bytes(self) -> Vec<u8> {
        self.0.to_be_bytes().into_iter().skip_while(|b| *b == 0).collect()
    }

    /// Reads a tag from the start of `bytes` and says how long it is; `None` when the bytes end too
    /// early, begin with a filler byte, or go on past three bytes.
    pub fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let first = *bytes.first()?;
        if first & 0x1F != 0x1F {
            return Some((Self::new(u32::from(first))?, 1));
        }
        let second = *bytes.get(1)?;
        if second & 0x80 == 0 {
            return Some((Self::new(u32::from_be_bytes([0, 0, first, second]))?, 2));
        }
        let third = *bytes.get(2)?;
        Some((Self::new(u32::from_be_bytes([0, first, second, third]))?, 3))
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.0;
        match number {
            0..=0xFF => write!(f, "{number:02X}"),
            0x100..=0xFFFF => write!(f, "{number:04X}"),
            _ => write!(f, "{number:06X}"),
        }
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_no_tag_is_refused() {
        for number in [0, 0x1F, 0x9F, 0x9F80, 0x9F_0201, 0x0100_009C, 0x8202] {
            assert_eq!(Tag::new(number), None, "{number:X}");
        }
        assert_eq!(Tag::of(0x9F26).to_string(), "9F26");
        assert_eq!(Tag::of(0x9F_8201).to_bytes(), [0x9F, 0x82, 0x01]);
        assert!(Tag::of(0xBF0C).is_constructed());
        assert!(!Tag::of(0x9F26).is_constructed());
    }
}
