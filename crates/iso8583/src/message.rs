//! A message: its type and its fields, every value checked by the table when it is set.

use crate::fields::{Format, Length, field};
use crate::{Error, Fault, Mti};

/// An ISO 8583 message.
///
/// Values lie end to end in one buffer with an index in order of field number, so that a message costs two
/// allocations however many fields it has. Its `Debug` is the masked description.
#[derive(Clone)]
pub struct Message {
    pub(crate) mti: Mti,
    pub(crate) data: Vec<u8>,
    pub(crate) spans: Vec<Span>,
}

/// Where the value of a field lies.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    pub(crate) field: u8,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// The fields that an answer repeats when the request has them: what finds the request again.
pub const ECHOED: &[u8] = &[3, 4, 7, 11, 12, 13, 32, 33, 37, 41, 42, 49, 70, 90];

impl Message {
    /// A message without fields.
    pub const fn new(mti: Mti) -> Self {
        Self { mti, data: Vec::new(), spans: Vec::new() }
    }

    /// Its type.
    pub const fn mti(&self) -> Mti {
        self.mti
    }

    /// Changes its type, as 0420 becomes 0421.
    pub const fn set_mti(&mut self, mti: Mti) {
        self.mti = mti;
    }

    /// Sets a text field to exactly this value.
    pub fn set(&mut self, number: u8, value: &str) -> Result<&mut Self, Error> {
        if field(number).is_some_and(|row| row.format == Format::B) {
            return Err(Error::of(number, Fault::TakesBytes));
        }
        self.set_bytes(number, value.as_bytes())
    }

    /// Sets a field to these bytes, for binary fields and for values that came as bytes.
    pub fn set_bytes(&mut self, number: u8, value: &[u8]) -> Result<&mut Self, Error> {
        check(number, value)?;
        let start = self.data.len();
        self.data.extend_from_slice(value);
        let span = Span { field: number, start, end: self.data.len() };
        match self.position(number) {
            Ok(at) => {
                if let Some(old) = self.spans.get_mut(at) {
                    *old = span;
                }
            }
            Err(at) => self.spans.insert(at, span),
        }
        Ok(self)
    }

    /// Sets a numeric field of fixed length, zeros in front.
    pub fn set_number(&mut self, number: u8, value: u64) -> Result<&mut Self, Error> {
        let Some(Length::Fixed(width)) = field(number).map(|row| row.length) else {
            return self.set(number, &value.to_string());
        };
        self.set(number, &format!("{value:0width$}"))
    }

    /// Sets a text field of fixed length, spaces behind.
    pub fn set_padded(&mut self, number: u8, value: &str) -> Result<&mut Self, Error> {
        let Some(Length::Fixed(width)) = field(number).map(|row| row.length) else {
            return self.set(number, value);
        };
        self.set(number, &format!("{value:<width$}"))
    }

    /// Takes a field away.
    pub fn remove(&mut self, number: u8) {
        if let Ok(at) = self.position(number) {
            self.spans.remove(at);
        }
    }

    /// Whether the message has the field.
    pub fn has(&self, number: u8) -> bool {
        self.position(number).is_ok()
    }

    /// The bytes of a field.
    pub fn bytes(&self, number: u8) -> Option<&[u8]> {
        let span = self.spans.get(self.position(number).ok()?)?;
        self.data.get(span.start..span.end)
    }

    /// The text of a field, padding included; none for a binary field.
    pub fn text(&self, number: u8) -> Option<&str> {
        if field(number)?.format == Format::B {
            return None;
        }
        std::str::from_utf8(self.bytes(number)?).ok()
    }

    /// The text of a field that has to be there.
    pub fn required(&self, number: u8) -> Result<&str, Error> {
        self.text(number).ok_or(Error::of(number, Fault::Absent))
    }

    /// The bytes of a field that has to be there.
    pub fn required_bytes(&self, number: u8) -> Result<&[u8], Error> {
        self.bytes(number).ok_or(Error::of(number, Fault::Absent))
    }

    /// The value of a numeric field.
    pub fn number(&self, number: u8) -> Option<u64> {
        self.text(number)?.parse().ok()
    }

    /// All fields in order of number.
    pub fn fields(&self) -> impl Iterator<Item = (u8, &[u8])> {
        self.spans.iter().filter_map(|span| Some((span.field, self.data.get(span.start..span.end)?)))
    }

    /// The answer to this message, with those of the `echoed` fields that it has; none when it is an answer.
    pub fn answer(&self, echoed: &[u8]) -> Option<Self> {
        let mut answer = Self::new(self.mti.answer()?);
        for (number, value) in self.fields().filter(|(number, _)| echoed.contains(number)) {
            // A value that was checked once is right in any message.
            answer.set_bytes(number, value).ok()?;
        }
        Some(answer)
    }

    /// Where the index has the field, or where it belongs.
    fn position(&self, number: u8) -> Result<usize, usize> {
        self.spans.binary_search_by_key(&number, |span| span.field)
    }
}

impl PartialEq for Message {
    /// Same type and same values.
    fn eq(&self, other: &Self) -> bool {
        self.mti == other.mti && self.fields().eq(other.fields())
    }
}

impl Eq for Message {}

/// Checks a value by its row.
pub(crate) fn check(number: u8, value: &[u8]) -> Result<(), Error> {
    let row = field(number).ok_or(Error::of(number, Fault::NoSuchField))?;
    let got = value.len();
    match row.length {
        Length::Fixed(wanted) if got != wanted => {
            return Err(Error::of(number, Fault::WrongLength { wanted, got }));
        }
        Length::Ll(most) | Length::Lll(most) if got > most => {
            return Err(Error::of(number, Fault::TooLong { most, got }));
        }
        Length::Fixed(_) | Length::Ll(_) | Length::Lll(_) => {}
    }
    if row.format.allows(value) { Ok(()) } else { Err(Error::of(number, Fault::WrongCharacter)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(result: Result<&mut Message, Error>) -> Fault {
        result.unwrap_err().fault
    }

    #[test]
    fn a_value_is_checked_by_its_row() {
        let mut message = Message::new(Mti::FINANCIAL_REQUEST);
        assert_eq!(fault(message.set(4, "880")), Fault::WrongLength { wanted: 12, got: 3 });
        assert_eq!(fault(message.set(4, "00000000088O")), Fault::WrongCharacter);
        assert_eq!(fault(message.set(32, "123456789012")), Fault::TooLong { most: 11, got: 12 });
        assert_eq!(fault(message.set(55, "9F26")), Fault::TakesBytes);
        assert_eq!(fault(message.set(65, "1")), Fault::NoSuchField);
        assert_eq!(fault(message.set_bytes(1, &[0; 8])), Fault::NoSuchField);
        assert_eq!(fault(message.set_number(3, 1_000_000)), Fault::WrongLength { wanted: 6, got: 7 });
        assert_eq!(message.fields().count(), 0, "a refused value leaves nothing");
    }

    #[test]
    fn numbers_get_zeros_and_texts_get_spaces() {
        let mut message = Message::new(Mti::FINANCIAL_REQUEST);
        message.set_number(4, 880).unwrap().set_padded(41, "T1").unwrap().set_number(32, 123).unwrap();
        assert_eq!(message.text(4), Some("000000000880"));
        assert_eq!(message.number(4), Some(880));
        assert_eq!(message.text(41), Some("T1      "));
        assert_eq!(message.text(32), Some("123"));
        assert_eq!(message.text(37), None);
        assert_eq!(message.required(37).unwrap_err(), Error::of(37, Fault::Absent));
    }

    #[test]
    fn fields_stand_in_order_however_they_were_set() {
        let mut message = Message::new(Mti::NETWORK_REQUEST);
        for (number, value) in [(70, "301"), (11, "000001"), (7, "0101000000"), (11, "000002")] {
            message.set(number, value).unwrap();
        }
        message.remove(7);
        let fields: Vec<_> = message.fields().collect();
        assert_eq!(fields, [(11, &b"000002"[..]), (70, b"301")]);
        assert!(message.has(70) && !message.has(7));
    }

    #[test]
    fn an_answer_repeats_what_finds_its_request() {
        let mut request = Message::new(Mti::FINANCIAL_REQUEST);
        request.set(3, "000000").unwrap().set(11, "000123").unwrap().set(22, "051").unwrap();
        let mut answer = request.answer(ECHOED).unwrap();
        answer.set(39, "00").unwrap();
        assert_eq!(answer.mti().to_string(), "0210");
        assert_eq!(answer.fields().map(|(number, _)| number).collect::<Vec<_>>(), [3, 11, 39]);
        assert_eq!(answer.answer(ECHOED), None);
    }
}
