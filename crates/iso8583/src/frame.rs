//! The length before each message on TCP: two bytes, big-endian, of the message without them.

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
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { most, got } => write!(f, "a frame of {got} bytes, at most {most} are taken"),
            Self::Empty => f.write_str("a frame without content"),
        }
    }
}

impl std::error::Error for FrameError {}

/// A message with its length in front.
pub fn frame(message: &[u8]) -> Result<Vec<u8>, FrameError> {
    if message.is_empty() {
        return Err(FrameError::Empty);
    }
    let length = u16::try_from(message.len())
        .map_err(|_| FrameError::TooLong { most: usize::from(u16::MAX), got: message.len() })?;
    let mut framed = Vec::with_capacity(message.len().saturating_add(2));
    framed.extend_from_slice(&length.to_be_bytes());
    framed.extend_from_slice(message);
    Ok(framed)
}

/// Takes the first whole message off a buffer that grows as bytes arrive; `None` until one is whole.
///
/// A frame longer than `most` is refused from its first two bytes, before anything is waited for.
pub fn deframe(buffer: &mut BytesMut, most: usize) -> Result<Option<Bytes>, FrameError> {
    let Some((&prefix, rest)) = buffer.split_first_chunk::<2>() else { return Ok(None) };
    let length = usize::from(u16::from_be_bytes(prefix));
    if length == 0 {
        return Err(FrameError::Empty);
    }
    if length > most {
        return Err(FrameError::TooLong { most, got: length });
    }
    if rest.len() < length {
        return Ok(None);
    }
    buffer.advance(2);
    Ok(Some(buffer.split_to(length).freeze()))
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

    proptest! {
        #[test]
        fn messages_survive_any_cutting_of_the_stream(
            messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..300), 1..8),
            cut in 1..64_usize,
        ) {
            let stream: Vec<u8> = messages.iter().flat_map(|message| frame(message).unwrap()).collect();
            let mut buffer = BytesMut::new();
            let mut seen = Vec::new();
            for piece in stream.chunks(cut) {
                buffer.extend_from_slice(piece);
                while let Some(message) = deframe(&mut buffer, 300).unwrap() {
                    seen.push(message.to_vec());
                }
            }
            prop_assert_eq!(seen, messages);
            prop_assert!(buffer.is_empty());
        }
    }
}
