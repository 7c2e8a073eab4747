//! BER-TLV as EMV uses it: reading, writing, finding (EMV 4.4 Book 3, annex B).
//!
//! Tags have one to three bytes, lengths one to five; `00` (and `FF` between objects of a record) is
//! padding. A malformed message is an error that names the path of templates and the offset from the
//! start of the whole message.

use crate::limits::{MAX_DEPTH, MAX_OBJECTS, MAX_VALUE};
use crate::tag::Tag;
use std::fmt;

/// One data object: a tag with bytes, or a template with data objects inside.
#[derive(Clone, PartialEq, Eq)]
pub struct Tlv {
    /// The name of the object.
    pub tag: Tag,
    /// What it holds.
    pub value: Value,
}

/// What a data object holds.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// Plain bytes.
    Primitive(Vec<u8>),
    /// Further data objects (the tag's constructed bit is set).
    Constructed(Vec<Tlv>),
}

/// Why a message could not be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlvError {
    /// What is wrong.
    pub fault: TlvFault,
    /// The templates around the place, outermost first, and the tag itself when it was read.
    pub path: Vec<Tag>,
    /// Bytes from the start of the message to the place.
    pub offset: usize,
}

/// What can be wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlvFault {
    /// The bytes end inside a tag, or the tag has more than three bytes.
    Tag,
    /// The bytes end inside a length, or the length has more than four bytes or is beyond 65,535.
    Length,
    /// Fewer bytes are left than the length says.
    Value,
    /// More templates inside templates, or more objects, than any card has.
    TooMuch,
}

impl fmt::Display for TlvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.fault {
            TlvFault::Tag => "a tag is cut short or too long",
            TlvFault::Length => "a length is cut short or too long",
            TlvFault::Value => "a value is shorter than its length",
            TlvFault::TooMuch => "the message is nested too deeply or has too many objects",
        };
        write!(f, "{what} at offset {}", self.offset)?;
        for (n, tag) in self.path.iter().enumerate() {
            write!(f, "{}{tag}", if n == 0 { " in " } else { "/" })?;
        }
        Ok(())
    }
}

impl std::error::Error for TlvError {}

impl fmt::Debug for Tlv {
    /// Masked: a message may hold a card number ([`crate::describe`]).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Value::Primitive(bytes) => {
                write!(f, "{}={}", self.tag, crate::describe::masked_value(self.tag, bytes))
            }
            Value::Constructed(inner) => write!(f, "{}={inner:?}", self.tag),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Without its tag nobody knows whether the bytes are secret.
            Self::Primitive(bytes) => write!(f, "<{} bytes>", bytes.len()),
            Self::Constructed(inner) => inner.fmt(f),
        }
    }
}

impl Tlv {
    /// A data object of plain bytes.
    pub fn bytes(tag: Tag, bytes: impl Into<Vec<u8>>) -> Self {
        Self { tag, value: Value::Primitive(bytes.into()) }
    }

    /// A template with data objects inside.
    pub fn template(tag: Tag, inner: Vec<Self>) -> Self {
        Self { tag, value: Value::Constructed(inner) }
    }

    /// The bytes of a primitive object; `None` for a template.
    pub fn primitive(&self) -> Option<&[u8]> {
        match &self.value {
            Value::Primitive(bytes) => Some(bytes),
            Value::Constructed(_) => None,
        }
    }

    /// The objects inside a template; none for a primitive object.
    pub fn inner(&self) -> &[Self] {
        match &self.value {
            Value::Primitive(_) => &[],
            Value::Constructed(inner) => inner,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.tag.to_bytes());
        match &self.value {
            Value::Primitive(bytes) => {
                write_length(bytes.len(), out);
                out.extend(bytes);
            }
            Value::Constructed(inner) => {
                let body = write(inner);
                write_length(body.len(), out);
                out.extend(body);
            }
        }
    }
}

/// Writes data objects one after the other, every length in its shortest form.
pub fn write(objects: &[Tlv]) -> Vec<u8> {
    let mut out = Vec::new();
    for object in objects {
        object.write(&mut out);
    }
    out
}

/// One data object as bytes, without making a [`Tlv`] first.
pub fn encode(tag: Tag, value: &[u8]) -> Vec<u8> {
    let mut out = tag.to_bytes();
    write_length(value.len(), &mut out);
    out.extend(value);
    out
}

fn write_length(length: usize, out: &mut Vec<u8>) {
    let bytes = length.to_be_bytes();
    let significant: Vec<u8> = bytes.into_iter().skip_while(|b| *b == 0).collect();
    match significant.as_slice() {
        [] => out.push(0),
        [short] if *short < 0x80 => out.push(*short),
        long => {
            // A usize has at most eight bytes, so the count fits beside the marker bit.
            out.push(0x80 | u8::try_from(long.len()).unwrap_or(8));
            out.extend(long);
        }
    }
}

/// Reads a whole message; templates are opened.
pub fn parse(bytes: &[u8]) -> Result<Vec<Tlv>, TlvError> {
    let mut reader = Reader { path: Vec::new(), objects: 0 };
    reader.list(bytes, 0)
}

struct Reader {
    path: Vec<Tag>,
    objects: usize,
}

impl Reader {
    fn fail(&self, fault: TlvFault, offset: usize) -> TlvError {
        TlvError { fault, path: self.path.clone(), offset }
    }

    fn list(&mut self, mut rest: &[u8], mut at: usize) -> Result<Vec<Tlv>, TlvError> {
        let mut found = Vec::new();
        while let Some(first) = rest.first() {
            // EMV 4.4 Book 3, annex B1: 00 before, between and after objects; FF in records (ISO 7816-4).
            if matches!(first, 0x00 | 0xFF) {
                rest = rest.get(1..).unwrap_or_default();
                at = at.saturating_add(1);
                continue;
            }
            let (tag, used) = Tag::read(rest).ok_or_else(|| self.fail(TlvFault::Tag, at))?;
            self.path.push(tag);
            rest = rest.get(used..).unwrap_or_default();
            at = at.saturating_add(used);

            let (length, used) = read_length(rest).ok_or_else(|| self.fail(TlvFault::Length, at))?;
            rest = rest.get(used..).unwrap_or_default();
            at = at.saturating_add(used);

            let value = rest.get(..length).ok_or_else(|| self.fail(TlvFault::Value, at))?;
            found.push(self.object(tag, value, at)?);
            rest = rest.get(length..).unwrap_or_default();
            at = at.saturating_add(length);
            self.path.pop();
        }
        Ok(found)
    }

    fn object(&mut self, tag: Tag, value: &[u8], at: usize) -> Result<Tlv, TlvError> {
        self.objects = self.objects.saturating_add(1);
        if self.objects > MAX_OBJECTS || self.path.len() > MAX_DEPTH {
            return Err(self.fail(TlvFault::TooMuch, at));
        }
        let value = if tag.is_constructed() {
            Value::Constructed(self.list(value, at)?)
        } else {
            Value::Primitive(value.to_vec())
        };
        Ok(Tlv { tag, value })
    }
}

/// A length and how many bytes it took: one byte up to 7F, else 8n and n bytes. `80` reads as zero,
/// since EMV knows no indefinite form.
fn read_length(bytes: &[u8]) -> Option<(usize, usize)> {
    let first = *bytes.first()?;
    if first < 0x80 {
        return Some((usize::from(first), 1));
    }
    let count = usize::from(first & 0x7F);
    if count > 4 {
        return None;
    }
    let used = count.checked_add(1)?;
    let length = bytes
        .get(1..used)?
        .iter()
        .try_fold(0_usize, |n, b| n.checked_mul(256)?.checked_add(usize::from(*b)))?;
    (length <= MAX_VALUE).then_some((length, used))
}

/// The first object with this tag, searched depth first.
pub fn find(objects: &[Tlv], tag: Tag) -> Option<&Tlv> {
    objects.iter().find_map(|o| if o.tag == tag { Some(o) } else { find(o.inner(), tag) })
}

/// The bytes of the first primitive object with this tag, searched depth first.
pub fn find_bytes(objects: &[Tlv], tag: Tag) -> Option<&[u8]> {
    find(objects, tag).and_then(Tlv::primitive)
}

/// Tags that stand more than once in the same template, each named once with its path. A card whose
/// records repeat a data object is refused (EMV 4.4 Book 3, 7.5).
pub fn duplicates(objects: &[Tlv]) -> Vec<Vec<Tag>> {
    let mut found = Vec::new();
    collect_duplicates(objects, &mut Vec::new(), &mut found);
    found
}

fn collect_duplicates(objects: &[Tlv], path: &mut Vec<Tag>, found: &mut Vec<Vec<Tag>>) {
    for (n, object) in objects.iter().enumerate() {
        path.push(object.tag);
        let earlier = objects.iter().take(n).filter(|o| o.tag == object.tag).count();
        if earlier == 1 {
            found.push(path.clone());
        }
        collect_duplicates(object.inner(), path, found);
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_between_objects_is_skipped() {
        let objects = parse(&hex::decode("00009C0101FFFF82021900FF0000").unwrap()).unwrap();
        assert_eq!(write(&objects), hex::decode("9C010182021900").unwrap());
    }

    #[test]
    fn a_repeated_tag_is_reported_with_its_path() {
        let objects = parse(&hex::decode("700A5A01415A01425F340101").unwrap()).unwrap();
        assert_eq!(duplicates(&objects), [vec![Tag::of(0x70), Tag::of(0x5A)]]);
        // A directory record has two 61: the repeated name is 61, not the 4F inside each.
        let twice = parse(&hex::decode("61034F0141").unwrap().repeat(2)).unwrap();
        assert_eq!(duplicates(&twice), [vec![Tag::of(0x61)]]);
    }

    #[test]
    fn templates_beyond_the_limit_are_refused() {
        let mut bytes = vec![0x9C, 0x00];
        for _ in 0..20 {
            bytes = encode(Tag::of(0x70), &bytes);
        }
        assert_eq!(parse(&bytes).unwrap_err().fault, TlvFault::TooMuch);
        let many = [0x9C, 0x00].repeat(MAX_OBJECTS + 1);
        assert_eq!(parse(&many).unwrap_err().fault, TlvFault::TooMuch);
    }

    #[test]
    fn what_debug_shows_of_a_message_has_no_card_number() {
        let objects = parse(&hex::decode("700A5A084111111111111111").unwrap()).unwrap();
        let shown = format!("{objects:?}");
        assert!(shown.contains("411111*****"), "{shown}");
        assert!(!shown.contains("1111111111"), "{shown}");
    }
}
