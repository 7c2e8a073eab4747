//! Bytes to message, in one pass.

use crate::fields::{Field, Format, Length, field};
use crate::limits::MAX_MESSAGE;
use crate::message::Span;
use crate::{Error, Fault, Form, Message, Mti, Spec};

/// The bit of field 1 in a pair of bitmaps.
const FIRST: u128 = 1_u128.rotate_right(1);

impl Message {
    /// The message that these bytes say in this dialect, or which field is wrong, where and how.
    pub fn decode(spec: &Spec, bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > MAX_MESSAGE {
            return Err(Error::at(0, 0, Fault::TooBig(bytes.len())));
        }
        let mut reader = Reader { bytes, at: 0 };
        let mti = reader.mti()?;
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
            let span = reader.field(row, spec.binary, &mut message.data)?;
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

    fn mti(&mut self) -> Result<Mti, Error> {
        let digits = self.take(0, 4)?;
        let wrong = Error::at(0, 0, Fault::NotAnMti);
        Mti::from_bytes(digits.try_into().map_err(|_| wrong)?).map_err(|_| wrong)
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

    /// One field. Its span points into the message as received, or at bytes appended for hexadecimal digits.
    fn field(&mut self, row: &Field, binary: Form, data: &mut Vec<u8>) -> Result<Span, Error> {
        let number = row.number;
        let begin = self.at;
        let is_hex = row.format == Format::B && binary == Form::Hex;
        let per_byte = if is_hex { 2 } else { 1 };
        let count = match row.length {
            Length::Fixed(length) => length.saturating_mul(per_byte),
            Length::Ll(_) => self.length(number, 2)?,
            Length::Lll(_) => self.length(number, 3)?,
        };
        let most = row.most().saturating_mul(per_byte);
        if count > most {
            return Err(Error::at(number, begin, Fault::TooLong { most, got: count }));
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

    /// A length prefix of so many decimal digits.
    fn length(&mut self, number: u8, digits: usize) -> Result<usize, Error> {
        let at = self.at;
        self.take(number, digits)?.iter().try_fold(0_usize, |sum, byte| {
            let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9);
            let digit = digit.ok_or(Error::at(number, at, Fault::NotALength))?;
            Ok(sum.saturating_mul(10).saturating_add(usize::from(digit)))
        })
    }
}
