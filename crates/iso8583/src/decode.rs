//! Bytes to message, in one pass.

use crate::fields::{Field, Format, Length, field};
use crate::limits::MAX_MESSAGE;
use crate::message::Span;
use crate::{Digits, Error, Fault, Form, Message, Mti, Spec};

/// The bit of field 1 in a pair of bitmaps.
const FIRST: u128 = 1_u128.rotate_right(1);

impl Message {
    /// The message that these bytes say in this dialect, or which field is wrong, where and how.
    pub fn decode(spec: &Spec, bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > MAX_MESSAGE {
            return Err(Error::at(0, 0, Fault::TooBig(bytes.len())));
        }
        let mut reader = Reader { bytes, at: 0 };
        let mti = reader.mti(spec.digits)?;
        let mut present = u128::from(reader.bitmap(spec.bitmap)?).rotate_right(64);
        if present & FIRST != 0 {
            present = (present & !FIRST) | u128::from(reader.bitmap(spec.bitmap)?);
        }

        let count = usize::try_from(present.count_ones()).unwrap_or_default();
        let mut message = Self { mti, data: bytes.to_vec(), spans: Vec::with_capacity(count) };
        while present != 0 {
            let zeros = present.leading_zeros();
            present &= !FIRST.rotate_right(zeros);
            // At most 127 zeros stand before a one.
            let number = u8::try_from(zeros).unwrap_or(u8::MAX).saturating_add(1);
            let row = field(number).ok_or(Error::at(number, reader.at, Fault::NoSuchField))?;
            let span = reader.field(row, spec, &mut message.data)?;
            message.spans.push(span);
        }
        match bytes.len().saturating_sub(reader.at) {
            0 => Ok(message),
            left => {
                let last = message.spans.last().map_or(1, |span| span.field);
                Err(Error::at(last, reader.at, Fault::LeftOver(left)))
            }
        }
    }
}

/// The bytes and how far they are read.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// The next `count` bytes of a field.
    fn take(&mut self, number: u8, count: usize) -> Result<&'a [u8], Error> {
        let end = self.at.saturating_add(count);
        let Some(taken) = self.bytes.get(self.at..end) else {
            let left = self.bytes.len().saturating_sub(self.at);
            return Err(Error::at(number, self.at, Fault::Short { wanted: count, left }));
        };
        self.at = end;
        Ok(taken)
    }

    fn mti(&mut self, form: Digits) -> Result<Mti, Error> {
        let wrong = Error::at(0, 0, Fault::NotAnMti);
        let digits = match form {
            Digits::Text => self.take(0, 4)?.try_into().map_err(|_| wrong)?,
            Digits::Packed => {
                let mut digits = [0; 4];
                unpack(self.take(0, 2)?, &mut digits).ok_or(wrong)?;
                digits
            }
        };
        Mti::from_bytes(digits).map_err(|_| wrong)
    }

    /// One bitmap of 64 fields; the highest bit is the first of them.
    fn bitmap(&mut self, form: Form) -> Result<u64, Error> {
        let at = self.at;
        let mut bits = [0_u8; 8];
        match form {
            Form::Raw => bits.copy_from_slice(self.take(1, 8)?),
            Form::Hex => hex::decode_to_slice(self.take(1, 16)?, &mut bits)
                .map_err(|_| Error::at(1, at, Fault::NotABitmap))?,
        }
        Ok(u64::from_be_bytes(bits))
    }

    /// One field. Its span points into the message as received, or at bytes appended for what was packed or
    /// written as hexadecimal digits.
    fn field(&mut self, row: &Field, spec: &Spec, data: &mut Vec<u8>) -> Result<Span, Error> {
        let number = row.number;
        let begin = self.at;
        let is_hex = row.format == Format::B && spec.binary == Form::Hex;
        let per_byte = if is_hex { 2 } else { 1 };
        let count = match row.length {
            Length::Fixed(length) => length.saturating_mul(per_byte),
            Length::Ll(_) => self.length(number, 2, spec.digits)?,
            Length::Lll(_) => self.length(number, 3, spec.digits)?,
        };
        let most = row.most().saturating_mul(per_byte);
        if count > most {
            return Err(Error::at(number, begin, Fault::TooLong { most, got: count }));
        }
        if spec.digits == Digits::Packed && matches!(row.format, Format::N | Format::Xn) {
            return self.packed(row, count, data);
        }
        let start = self.at;
        let value = self.take(number, count)?;
        if is_hex {
            let from = data.len();
            data.resize(from.saturating_add(count / 2), 0);
            let to = data.get_mut(from..).unwrap_or_default();
            hex::decode_to_slice(value, to).map_err(|_| Error::at(number, start, Fault::WrongCharacter))?;
            return Ok(Span { field: number, start: from, end: data.len() });
        }
        if !row.format.allows(value) {
            return Err(Error::at(number, start, Fault::WrongCharacter));
        }
        Ok(Span { field: number, start, end: self.at })
    }

    /// A field of so many characters whose digits are packed; `x+n` has its sign in front as it is.
    fn packed(&mut self, row: &Field, count: usize, data: &mut Vec<u8>) -> Result<Span, Error> {
        let (number, start, from) = (row.number, self.at, data.len());
        let mut digits = count;
        if row.format == Format::Xn {
            data.extend_from_slice(self.take(number, 1)?);
            digits = count.saturating_sub(1);
        }
        let packed = self.take(number, digits.div_ceil(2))?;
        let unpacked_from = data.len();
        data.resize(unpacked_from.saturating_add(digits), 0);
        let wrong = Error::at(number, start, Fault::WrongCharacter);
        unpack(packed, data.get_mut(unpacked_from..).unwrap_or_default()).ok_or(wrong)?;
        if !row.format.allows(data.get(from..).unwrap_or_default()) {
            return Err(wrong);
        }
        Ok(Span { field: number, start: from, end: data.len() })
    }

    /// A length prefix of so many decimal digits.
    fn length(&mut self, number: u8, digits: usize, form: Digits) -> Result<usize, Error> {
        let at = self.at;
        let wrong = Error::at(number, at, Fault::NotALength);
        let mut unpacked = [0_u8; 3];
        let text = match form {
            Digits::Text => self.take(number, digits)?,
            Digits::Packed => {
                let to = unpacked.get_mut(..digits).ok_or(wrong)?;
                unpack(self.take(number, digits.div_ceil(2))?, to).ok_or(wrong)?;
                to
            }
        };
        text.iter().try_fold(0_usize, |sum, byte| {
            let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9);
            Ok(sum.saturating_mul(10).saturating_add(usize::from(digit.ok_or(wrong)?)))
        })
    }
}

/// Packed digits as ASCII digits into `to`, which says how many there are; the half byte in front of an odd
/// number of them must be zero. `None` when anything is not a decimal digit.
fn unpack(packed: &[u8], to: &mut [u8]) -> Option<()> {
    let mut halves = packed.iter().flat_map(|byte| [byte >> 4, byte & 0xF]);
    if to.len() % 2 == 1 && halves.next() != Some(0) {
        return None;
    }
    for (to, half) in to.iter_mut().zip(halves) {
        *to = (half <= 9).then(|| half.saturating_add(b'0'))?;
    }
    Some(())
}
