//! The length before each message on TCP, itself not counted: two bytes big-endian, or as other networks
//! write it, two bytes BCD or four digits.

use bytes::{Buf as _, Bytes, BytesMut};
use std::fmt;

/// A length that no frame of ours has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// Longer than the limit, in bytes. The line cannot be read further: close it.
    TooLong {
        /// The most that is taken.
        most: usize,
        /// What the frame has.
        got: usize,
    },
    /// A frame without content. The line is out of step: close it.
    Empty,
    /// A length that is not decimal digits. The line is out of step: close it.
    NotALength,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { most, got } => write!(f, "a frame of {got} bytes, at most {most} are taken"),
            Self::Empty => f.write_str("a frame without content"),
            Self::NotALength => f.write_str("a length that is not decimal digits"),
        }
    }
}

impl std::error::Error for FrameError {}

/// How the length is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// Two bytes, big-endian: at most 65,535. Choba's card network.
    Binary,
    /// Two bytes of packed BCD: at most 9,999.
    Bcd,
    /// Four ASCII digits: at most 9,999.
    Ascii,
}

impl Header {
    /// How many bytes the length takes.
    const fn width(self) -> usize {
        match self {
            Self::Binary | Self::Bcd => 2,
            Self::Ascii => 4,
        }
    }

    /// The longest message that the length can say.
    const fn most(self) -> usize {
        match self {
            Self::Binary => 65_535,
            Self::Bcd | Self::Ascii => 9_999,
        }
    }

    /// Appends the length as it is written.
    fn write(self, length: usize, out: &mut Vec<u8>) {
        let digits = [1000, 100, 10, 1].map(|unit: usize| {
            let digit = length.checked_div(unit).unwrap_or_default() % 10;
            u8::try_from(digit).unwrap_or_default()
        });
        match self {
            Self::Binary => out.extend_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes()),
            Self::Bcd => {
                let [a, b, c, d] = digits;
                out.extend_from_slice(&[a << 4 | b, c << 4 | d]);
            }
            Self::Ascii => out.extend(digits.map(|digit| digit.saturating_add(b'0'))),
        }
    }

    /// Reads the length.
    fn read(self, prefix: &[u8]) -> Result<usize, FrameError> {
        let add = |sum: usize, digit: u8| {
            let digit = (digit <= 9).then_some(usize::from(digit)).ok_or(FrameError::NotALength)?;
            Ok(sum.saturating_mul(10).saturating_add(digit))
        };
        match self {
            Self::Binary => {
                let [high, low] = prefix.try_into().map_err(|_| FrameError::NotALength)?;
                Ok(usize::from(u16::from_be_bytes([high, low])))
            }
            Self::Bcd => prefix.iter().flat_map(|byte| [byte >> 4, byte & 0xF]).try_fold(0, add),
            Self::Ascii => prefix.iter().map(|byte| byte.wrapping_sub(b'0')).try_fold(0, add),
        }
    }

    /// A message with its length in front.
    pub fn frame(self, message: &[u8]) -> Result<Vec<u8>, FrameError> {
        if message.is_empty() {
            return Err(FrameError::Empty);
        }
        if message.len() > self.most() {
            return Err(FrameError::TooLong { most: self.most(), got: message.len() });
        }
        let mut framed = Vec::with_capacity(message.len().saturating_add(self.width()));
        self.write(message.len(), &mut framed);
        framed.extend_from_slice(message);
        Ok(framed)
    }

    /// Takes the first whole message off a buffer that grows as bytes arrive; `None` until one is whole.
    ///
    /// A frame longer than `most` is refused from its length, before anything is waited for.
    pub fn deframe(self, buffer: &mut BytesMut, most: usize) -> Result<Option<Bytes>, FrameError> {
        let Some((prefix, rest)) = buffer.split_at_checked(self.width()) else { return Ok(None) };
        let length = self.read(prefix)?;
        if length == 0 {
            return Err(FrameError::Empty);
        }
        if length > most {
            return Err(FrameError::TooLong { most, got: length });
        }
        if rest.len() < length {
            return Ok(None);
        }
        buffer.advance(self.width());
        Ok(Some(buffer.split_to(length).freeze()))
    }
}

/// A message with its length in two binary bytes in front.
pub fn frame(message: &[u8]) -> Result<Vec<u8>, FrameError> {
    Header::Binary.frame(message)
}

/// [`Header::deframe`] for a length of two binary bytes.
pub fn deframe(buffer: &mut BytesMut, most: usize) -> Result<Option<Bytes>, FrameError> {
    Header::Binary.deframe(buffer, most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_frame_that_is_too_long_is_refused_before_it_arrives() {
        let mut buffer = BytesMut::from(&[0x10, 0x01][..]);
        assert_eq!(deframe(&mut buffer, 4096), Err(FrameError::TooLong { most: 4096, got: 4097 }));
        assert_eq!(deframe(&mut BytesMut::from(&[0, 0, 1][..]), 4096), Err(FrameError::Empty));
        assert_eq!(frame(&[]), Err(FrameError::Empty));
        assert!(frame(&vec![0; 65_536]).is_err());
    }

    #[test]
    fn every_header_writes_the_length_of_210_bytes_as_networks_document_it() {
        let message = [7; 210];
        // moov-io/iso8583 network/binary2bytes.go, bcd2bytes.go, ascii4bytes.go and their tests.
        for (header, prefix) in
            [(Header::Binary, &[0x00, 0xD2][..]), (Header::Bcd, &[0x02, 0x10]), (Header::Ascii, b"0210")]
        {
            let framed = header.frame(&message).unwrap();
            assert_eq!(framed.strip_suffix(&message), Some(prefix), "{header:?}");
            let read = header.deframe(&mut BytesMut::from(&framed[..]), 210).unwrap();
            assert_eq!(read.as_deref(), Some(&message[..]), "{header:?}");
        }
        assert_eq!(Header::Bcd.frame(&[0; 10_000]), Err(FrameError::TooLong { most: 9_999, got: 10_000 }));
    }

    #[test]
    fn a_length_that_is_no_number_closes_the_line() {
        for (header, bytes) in [(Header::Bcd, &[0x0A, 0x10, 1][..]), (Header::Ascii, b"02x0.")] {
            assert_eq!(header.deframe(&mut BytesMut::from(bytes), 4096), Err(FrameError::NotALength));
        }
    }

    proptest! {
        #[test]
        fn messages_survive_any_cutting_of_the_stream(
            messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..300), 1..8),
            cut in 1..64_usize,
            header in prop::sample::select(vec![Header::Binary, Header::Bcd, Header::Ascii]),
        ) {
            let stream: Vec<u8> = messages.iter().flat_map(|message| header.frame(message).unwrap()).collect();
            let mut buffer = BytesMut::new();
            let mut seen = Vec::new();
            for piece in stream.chunks(cut) {
                buffer.extend_from_slice(piece);
                while let Some(message) = header.deframe(&mut buffer, 300).unwrap() {
                    seen.push(message.to_vec());
                }
            }
            prop_assert_eq!(seen, messages);
            prop_assert!(buffer.is_empty());
        }
    }
}
