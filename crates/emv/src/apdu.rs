//! Commands to a card and its answers (ISO 7816-4; EMV 4.4 Book 1, 9 and Book 3, 6.5).

use std::fmt;

/// A short command: header, data, and how much answer is wanted.
///
/// Case 1 has neither data nor answer, case 2 an answer, case 3 data, case 4 both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Class byte.
    pub cla: u8,
    /// Instruction byte.
    pub ins: u8,
    /// First parameter.
    pub p1: u8,
    /// Second parameter.
    pub p2: u8,
    /// Command data: at most 255 bytes.
    data: Vec<u8>,
    /// Wanted length of the answer; `Some(0)` means up to 256 bytes.
    pub le: Option<u8>,
}

/// Bytes that are no command: too short, or a data length that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadCommand;

impl fmt::Display for BadCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a short APDU: its lengths do not fit")
    }
}

impl std::error::Error for BadCommand {}

impl Command {
    /// A command; [`BadCommand`] with more than 255 bytes of data.
    pub fn new(header: [u8; 4], data: &[u8], le: Option<u8>) -> Result<Self, BadCommand> {
        let [cla, ins, p1, p2] = header;
        if data.len() > 255 {
            return Err(BadCommand);
        }
        Ok(Self { cla, ins, p1, p2, data: data.to_vec(), le })
    }

    /// The command data.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// SELECT by name (Book 1, 11.3): the first file, or the next one whose name begins alike.
    pub fn select(name: &[u8], which: Occurrence) -> Result<Self, BadCommand> {
        let p2 = match which {
            Occurrence::First => 0x00,
            Occurrence::Next => 0x02,
        };
        Self::new([0x00, 0xA4, 0x04, p2], name, Some(0))
    }

    /// READ RECORD (Book 3, 6.5.11).
    pub fn read_record(sfi: u8, record: u8) -> Self {
        let p2 = (sfi & 0x1F).rotate_left(3) | 0x04;
        Self { cla: 0x00, ins: 0xB2, p1: record, p2, data: Vec::new(), le: Some(0) }
    }

    /// GET PROCESSING OPTIONS (Book 3, 6.5.8) with the filled PDOL.
    pub fn get_processing_options(pdol_data: &[u8]) -> Result<Self, BadCommand> {
        let data = crate::tlv::encode(crate::dictionary::tags::COMMAND, pdol_data);
        Self::new([0x80, 0xA8, 0x00, 0x00], &data, Some(0))
    }

    /// GENERATE AC (Book 3, 6.5.5) with the filled CDOL.
    pub fn generate_ac(kind: crate::bits::Cryptogram, cdol_data: &[u8]) -> Result<Self, BadCommand> {
        Self::new([0x80, 0xAE, kind.bits(), 0x00], cdol_data, Some(0))
    }

    /// EXTERNAL AUTHENTICATE (Book 3, 6.5.4) with the issuer's data of tag 91.
    pub fn external_authenticate(issuer_data: &[u8]) -> Result<Self, BadCommand> {
        Self::new([0x00, 0x82, 0x00, 0x00], issuer_data, None)
    }

    /// GET DATA (Book 3, 6.5.7) of a two-byte tag such as 9F17 or 9F36.
    pub fn get_data(tag: crate::Tag) -> Self {
        let [.., p1, p2] = tag.number().to_be_bytes();
        Self { cla: 0x80, ins: 0xCA, p1, p2, data: Vec::new(), le: Some(0) }
    }

    /// GET RESPONSE (Book 1, 9.3.1.3): fetches what a `61xx` announced.
    pub fn get_response(le: u8) -> Self {
        Self { cla: 0x00, ins: 0xC0, p1: 0, p2: 0, data: Vec::new(), le: Some(le) }
    }

    /// The same command with the length that a `6Cxx` asked for.
    pub fn with_le(&self, le: u8) -> Self {
        Self { le: Some(le), ..self.clone() }
    }

    /// The bytes of the command.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![self.cla, self.ins, self.p1, self.p2];
        if !self.data.is_empty() {
            // `new` refused more than 255 bytes.
            out.push(u8::try_from(self.data.len()).unwrap_or(u8::MAX));
            out.extend(&self.data);
        }
        out.extend(self.le);
        out
    }

    /// Reads a command, as a card does.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadCommand> {
        let (header, body) = bytes.split_first_chunk::<4>().ok_or(BadCommand)?;
        match body {
            [] => Self::new(*header, &[], None),
            [le] => Self::new(*header, &[], Some(*le)),
            [lc, rest @ ..] => {
                let length = usize::from(*lc);
                let data = rest.get(..length).filter(|_| length > 0).ok_or(BadCommand)?;
                match rest.get(length..).unwrap_or_default() {
                    [] => Self::new(*header, data, None),
                    [le] => Self::new(*header, data, Some(*le)),
                    _ => Err(BadCommand),
                }
            }
        }
    }
}

/// Which of the files whose names begin alike a SELECT means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occurrence {
    /// The first or only one.
    First,
    /// The next after the one selected last.
    Next,
}

/// A card's answer: data and two status bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The data before the status.
    pub data: Vec<u8>,
    /// The status bytes.
    pub status: StatusWord,
}

impl fmt::Debug for Response {
    /// Shows no data: an answer may carry a track.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({} bytes, {})", self.data.len(), self.status)
    }
}

impl Response {
    /// Splits the bytes of an answer; `None` when they are too few for a status.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (data, status) = bytes.split_last_chunk::<2>()?;
        Some(Self { data: data.to_vec(), status: StatusWord(u16::from_be_bytes(*status)) })
    }

    /// The bytes of an answer.
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.data.as_slice(), &self.status.0.to_be_bytes()].concat()
    }

    /// An answer with a status and nothing else.
    pub fn only(status: StatusWord) -> Self {
        Self { data: Vec::new(), status }
    }

    /// An answer with data and `9000`.
    pub fn ok(data: Vec<u8>) -> Self {
        Self { data, status: StatusWord::OK }
    }
}

/// The status bytes SW1 and SW2 (EMV 4.4 Book 3, 6.3.5).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct StatusWord(pub u16);

impl StatusWord {
    /// 9000: done.
    pub const OK: Self = Self(0x9000);
    /// 6283: the selected file is blocked.
    pub const FILE_INVALIDATED: Self = Self(0x6283);
    /// 6300: the authentication failed.
    pub const AUTHENTICATION_FAILED: Self = Self(0x6300);
    /// 6700: wrong length.
    pub const WRONG_LENGTH: Self = Self(0x6700);
    /// 6983: PIN tries used up.
    pub const BLOCKED: Self = Self(0x6983);
    /// 6985: conditions of use not satisfied.
    pub const CONDITIONS: Self = Self(0x6985);
    /// 6A81: function not supported; answered to SELECT by a blocked card.
    pub const CARD_BLOCKED: Self = Self(0x6A81);
    /// 6A82: no such file or application.
    pub const NOT_FOUND: Self = Self(0x6A82);
    /// 6A83: no such record.
    pub const NO_RECORD: Self = Self(0x6A83);
    /// 6A86: wrong parameters.
    pub const WRONG_PARAMETERS: Self = Self(0x6A86);
    /// 6A88: data object not found.
    pub const NO_DATA: Self = Self(0x6A88);
    /// 6D00: instruction not supported.
    pub const NO_INSTRUCTION: Self = Self(0x6D00);
    /// 6E00: class not supported.
    pub const NO_CLASS: Self = Self(0x6E00);
    /// 6F00: broken, no diagnosis.
    pub const BROKEN: Self = Self(0x6F00);

    /// Done without a remark.
    pub fn is_ok(self) -> bool {
        self == Self::OK
    }

    /// A `61xx`: that many bytes wait for GET RESPONSE (T=0).
    pub fn more_waits(self) -> Option<u8> {
        let [sw1, sw2] = self.0.to_be_bytes();
        (sw1 == 0x61).then_some(sw2)
    }

    /// A `6Cxx`: say the command again with this length (T=0).
    pub fn right_length(self) -> Option<u8> {
        let [sw1, sw2] = self.0.to_be_bytes();
        (sw1 == 0x6C).then_some(sw2)
    }

    /// A warning (62xx or 63xx): an issuer script goes on after it (Book 4, 6.3.9).
    pub fn is_warning(self) -> bool {
        matches!(self.0.to_be_bytes(), [0x62 | 0x63, _])
    }
}

impl fmt::Display for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl fmt::Debug for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_cases_come_back_as_they_went() {
        for text in ["00A40400", "00B2010C00", "0082000003010203", "00A4040007A000000003101000"] {
            let bytes = hex::decode(text).unwrap();
            assert_eq!(Command::parse(&bytes).unwrap().to_bytes(), bytes, "{text}");
        }
        for text in ["", "00A404", "00A4040007A0", "00A404000000", "0082000001020304"] {
            assert_eq!(Command::parse(&hex::decode(text).unwrap()), Err(BadCommand), "{text}");
        }
    }

    #[test]
    fn a_record_is_read_by_its_short_file_identifier() {
        // emv-utils tests/emv_build_candidate_list_test.c: READ RECORD 1,2.
        assert_eq!(hex::encode_upper(Command::read_record(1, 2).to_bytes()), "00B2020C00");
    }

    #[test]
    fn what_debug_shows_of_an_answer_has_no_data() {
        let answer = Response::parse(&hex::decode("5A0841111111111111119000").unwrap()).unwrap();
        assert_eq!(format!("{answer:?}"), "Response(10 bytes, 9000)");
        assert_eq!(Response::parse(&[0x90]), None);
    }
}
