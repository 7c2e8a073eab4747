//! Message to bytes, in one allocation.

use crate::fields::{Format, Length, field};
use crate::limits::MAX_MESSAGE;
use crate::{Digits, Error, Fault, Form, Message, Spec};

const HEX_DIGITS: &[u8; 16] = b"0123456789ABCDEF";

impl Message {
    /// The bytes of this message in a dialect.
    pub fn encode(&self, spec: &Spec) -> Result<Vec<u8>, Error> {
        let (mut first, mut second) = (0_u64, 0_u64);
        for span in &self.spans {
            let half = if span.field > 64 { &mut second } else { &mut first };
            // Field 1 and field 65 are the highest bit of their half.
            *half |= 1_u64.rotate_right(u32::from(span.field));
        }
        if second != 0 {
            first |= 1_u64.rotate_right(1);
        }
        let mut out = Vec::with_capacity(self.size_hint());
        write_digits(spec.digits, &self.mti.to_bytes(), &mut out);
        write_form(spec.bitmap, &first.to_be_bytes(), &mut out);
        if second != 0 {
            write_form(spec.bitmap, &second.to_be_bytes(), &mut out);
        }
        for (number, value) in self.fields() {
            write_field(number, value, spec, &mut out)?;
        }
        if out.len() > MAX_MESSAGE {
            return Err(Error::of(0, Fault::TooBig(out.len())));
        }
        Ok(out)
    }

    /// Enough for type, both bitmaps, every prefix and every value, were all of them hexadecimal.
    fn size_hint(&self) -> usize {
        self.fields().fold(36, |sum: usize, (_, value)| {
            sum.saturating_add(3).saturating_add(value.len().saturating_mul(2))
        })
    }
}

fn write_field(number: u8, value: &[u8], spec: &Spec, out: &mut Vec<u8>) -> Result<(), Error> {
    let row = field(number).ok_or(Error::of(number, Fault::NoSuchField))?;
    let form = if row.format == Format::B { spec.binary } else { Form::Raw };
    let written = match form {
        Form::Raw => value.len(),
        Form::Hex => value.len().saturating_mul(2),
    };
    // Lengths are written with one digit more where BCD needs an even count.
    let (units, most): (&[usize], usize) = match (row.length, spec.digits) {
        (Length::Fixed(_), _) => (&[], usize::MAX),
        (Length::Ll(_), _) => (&[10, 1], 99),
        (Length::Lll(_), Digits::Text) => (&[100, 10, 1], 999),
        (Length::Lll(_), Digits::Packed) => (&[1000, 100, 10, 1], 999),
    };
    if written > most {
        return Err(Error::of(number, Fault::TooLong { most, got: written }));
    }
    let mut prefix = [0_u8; 4];
    for (to, unit) in prefix.iter_mut().zip(units) {
        *to = digit(written.checked_div(*unit).unwrap_or_default());
    }
    write_digits(spec.digits, prefix.get(..units.len()).unwrap_or_default(), out);
    match (row.format, value) {
        (Format::N, digits) => write_digits(spec.digits, digits, out),
        (Format::Xn, [sign, digits @ ..]) => {
            out.push(*sign);
            write_digits(spec.digits, digits, out);
        }
        _ => write_form(form, value, out),
    }
    Ok(())
}

/// The last decimal digit of a number in ASCII.
fn digit(number: usize) -> u8 {
    u8::try_from(number % 10).unwrap_or_default().saturating_add(b'0')
}

/// ASCII digits as the dialect writes digits.
fn write_digits(form: Digits, digits: &[u8], out: &mut Vec<u8>) {
    if form == Digits::Text {
        out.extend_from_slice(digits);
        return;
    }
    let (first, pairs) = digits.split_at(digits.len() % 2);
    out.extend(first.iter().map(|digit| digit & 0xF));
    out.extend(pairs.as_chunks::<2>().0.iter().map(|[high, low]| (high & 0xF) << 4 | low & 0xF));
}

fn write_form(form: Form, value: &[u8], out: &mut Vec<u8>) {
    match form {
        Form::Raw => out.extend_from_slice(value),
        Form::Hex => {
            let digit = |nibble: u8| HEX_DIGITS.get(usize::from(nibble)).copied().unwrap_or_default();
            out.extend(value.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xF)]));
        }
    }
}
