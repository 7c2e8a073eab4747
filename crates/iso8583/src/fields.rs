//! The table of fields: what ISO 8583:1987 names, one row each, and what our network puts into three of them.

/// Which characters a field is made of. Lengths count characters, or bytes for [`Format::B`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// n: digits.
    N,
    /// an: letters and digits; also the space that pads them (1993 calls it anp).
    An,
    /// ans: printable ASCII.
    Ans,
    /// z: a track: digits, separators and printable ASCII of track 1.
    Z,
    /// x+n: `C` or `D`, then digits.
    Xn,
    /// b: any bytes.
    B,
}

/// How long a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Always this long.
    Fixed(usize),
    /// Two digits of length before it, at most this long.
    Ll(usize),
    /// Three digits of length before it, at most this long.
    Lll(usize),
}

/// What the printer shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mask {
    /// All of it.
    Open,
    /// First six and last four.
    Pan,
    /// Its length only.
    Hidden,
    /// EMV data: the tags that say nothing about the cardholder, the rest by length.
    Emv,
    /// Our DE 63: serial numbers and fingerprint, the ciphertexts by length.
    Private,
}

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The number of the data element, 2 to 128.
    pub number: u8,
    /// Its name in the standard.
    pub name: &'static str,
    /// Which characters it has.
    pub format: Format,
    /// How long it is.
    pub length: Length,
    /// What the printer shows of it.
    pub mask: Mask,
    /// Where the row comes from.
    pub source: &'static str,
}

/// The row of a field, or none: 65 would announce a third bitmap, which nobody here speaks.
pub fn field(number: u8) -> Option<&'static Field> {
    // Rows stand in order from 2; 65 has none.
    let before = if number > 65 { 3 } else { 2 };
    FIELDS.get(usize::from(number.checked_sub(before)?)).filter(|row| row.number == number)
}

impl Field {
    /// The most characters, or bytes, that it may have.
    pub const fn most(&self) -> usize {
        match self.length {
            Length::Fixed(length) | Length::Ll(length) | Length::Lll(length) => length,
        }
    }
}

impl Format {
    /// Whether a value has only characters of this format.
    pub fn allows(self, value: &[u8]) -> bool {
        match self {
            Self::N => value.iter().all(u8::is_ascii_digit),
            Self::An => value.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b' '),
            Self::Ans | Self::Z => value.iter().all(|byte| matches!(byte, b' '..=b'~')),
            Self::Xn => match value {
                [b'C' | b'D', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
                _ => false,
            },
            Self::B => true,
        }
    }
}

use Format::{An, Ans, B, N, Xn, Z};
use Length::{Fixed, Ll, Lll};
use Mask::{Emv, Hidden, Open, Pan, Private};

const ISO: &str = "ISO 8583:1987";
const OURS: &str = "ISO 8583:1987; content: docs/networks/card-iso8583.md";
const EMV_DATA: &str = "ISO 8583:1987 reserves it; EMV practice";

const fn f(
    number: u8,
    name: &'static str,
    format: Format,
    length: Length,
    mask: Mask,
    source: &'static str,
) -> Field {
    Field { number, name, format, length, mask, source }
}

/// Every field, in order of number.
pub const FIELDS: &[Field] = &[
    f(2, "Primary account number", N, Ll(19), Pan, ISO),
    f(3, "Processing code", N, Fixed(6), Open, ISO),
    f(4, "Amount, transaction", N, Fixed(12), Open, ISO),
    f(5, "Amount, settlement", N, Fixed(12), Open, ISO),
    f(6, "Amount, cardholder billing", N, Fixed(12), Open, ISO),
    f(7, "Transmission date and time", N, Fixed(10), Open, ISO),
    f(8, "Amount, cardholder billing fee", N, Fixed(8), Open, ISO),
    f(9, "Conversion rate, settlement", N, Fixed(8), Open, ISO),
    f(10, "Conversion rate, cardholder billing", N, Fixed(8), Open, ISO),
    f(11, "Systems trace audit number", N, Fixed(6), Open, ISO),
    f(12, "Time, local transaction", N, Fixed(6), Open, ISO),
    f(13, "Date, local transaction", N, Fixed(4), Open, ISO),
    f(14, "Date, expiration", N, Fixed(4), Hidden, ISO),
    f(15, "Date, settlement", N, Fixed(4), Open, ISO),
    f(16, "Date, conversion", N, Fixed(4), Open, ISO),
    f(17, "Date, capture", N, Fixed(4), Open, ISO),
    f(18, "Merchant's type", N, Fixed(4), Open, ISO),
    f(19, "Acquiring institution country code", N, Fixed(3), Open, ISO),
    f(20, "Primary account number country code", N, Fixed(3), Open, ISO),
    f(21, "Forwarding institution country code", N, Fixed(3), Open, ISO),
    f(22, "Point of service entry mode", N, Fixed(3), Open, ISO),
    f(23, "Card sequence number", N, Fixed(3), Open, ISO),
    f(24, "Network international identifier", N, Fixed(3), Open, ISO),
    f(25, "Point of service condition code", N, Fixed(2), Open, ISO),
    f(26, "Point of service PIN capture code", N, Fixed(2), Open, ISO),
    f(27, "Authorization identification response length", N, Fixed(1), Open, ISO),
    f(28, "Amount, transaction fee", Xn, Fixed(9), Open, ISO),
    f(29, "Amount, settlement fee", Xn, Fixed(9), Open, ISO),
    f(30, "Amount, transaction processing fee", Xn, Fixed(9), Open, ISO),
    f(31, "Amount, settlement processing fee", Xn, Fixed(9), Open, ISO),
    f(32, "Acquiring institution identification code", N, Ll(11), Open, ISO),
    f(33, "Forwarding institution identification code", N, Ll(11), Open, ISO),
    f(34, "Primary account number, extended", Ans, Ll(28), Pan, ISO),
    f(35, "Track 2 data", Z, Ll(37), Hidden, ISO),
    f(36, "Track 3 data", Z, Lll(104), Hidden, ISO),
    f(37, "Retrieval reference number", An, Fixed(12), Open, ISO),
    f(38, "Authorization identification response", An, Fixed(6), Open, ISO),
    f(39, "Response code", An, Fixed(2), Open, ISO),
    f(40, "Service restriction code", An, Fixed(3), Open, ISO),
    f(41, "Card acceptor terminal identification", Ans, Fixed(8), Open, ISO),
    f(42, "Card acceptor identification code", Ans, Fixed(15), Open, ISO),
    f(43, "Card acceptor name/location", Ans, Fixed(40), Open, ISO),
    f(44, "Additional response data", Ans, Ll(25), Open, ISO),
    f(45, "Track 1 data", Z, Ll(76), Hidden, ISO),
    f(46, "Additional data, ISO", Ans, Lll(999), Hidden, ISO),
    f(47, "Additional data, national", Ans, Lll(999), Hidden, ISO),
    f(48, "Additional data, private: payment class", Ans, Lll(999), Open, OURS),
    f(49, "Currency code, transaction", An, Fixed(3), Open, ISO),
    f(50, "Currency code, settlement", An, Fixed(3), Open, ISO),
    f(51, "Currency code, cardholder billing", An, Fixed(3), Open, ISO),
    f(52, "Personal identification number data", B, Fixed(8), Hidden, ISO),
    f(53, "Security related control information", N, Fixed(16), Hidden, ISO),
    f(54, "Additional amounts", Ans, Lll(120), Open, ISO),
    f(55, "ICC system related data", B, Lll(999), Emv, EMV_DATA),
    f(56, "Reserved, ISO", Ans, Lll(999), Hidden, ISO),
    f(57, "Reserved, national", Ans, Lll(999), Hidden, ISO),
    f(58, "Reserved, national", Ans, Lll(999), Hidden, ISO),
    f(59, "Reserved, national", Ans, Lll(999), Hidden, ISO),
    f(60, "Reserved, private", Ans, Lll(999), Hidden, ISO),
    f(61, "Reserved, private", Ans, Lll(999), Hidden, ISO),
    f(62, "Reserved, private", Ans, Lll(999), Hidden, ISO),
    f(63, "Reserved, private: encrypted card data", B, Lll(999), Private, OURS),
    f(64, "Message authentication code", B, Fixed(8), Open, ISO),
    f(66, "Settlement code", N, Fixed(1), Open, ISO),
    f(67, "Extended payment code", N, Fixed(2), Open, ISO),
    f(68, "Receiving institution country code", N, Fixed(3), Open, ISO),
    f(69, "Settlement institution country code", N, Fixed(3), Open, ISO),
    f(70, "Network management information code", N, Fixed(3), Open, ISO),
    f(71, "Message number", N, Fixed(4), Open, ISO),
    f(72, "Message number, last", N, Fixed(4), Open, ISO),
    f(73, "Date, action", N, Fixed(6), Open, ISO),
    f(74, "Credits, number", N, Fixed(10), Open, ISO),
    f(75, "Credits, reversal number", N, Fixed(10), Open, ISO),
    f(76, "Debits, number", N, Fixed(10), Open, ISO),
    f(77, "Debits, reversal number", N, Fixed(10), Open, ISO),
    f(78, "Transfer, number", N, Fixed(10), Open, ISO),
    f(79, "Transfer, reversal number", N, Fixed(10), Open, ISO),
    f(80, "Inquiries, number", N, Fixed(10), Open, ISO),
    f(81, "Authorizations, number", N, Fixed(10), Open, ISO),
    f(82, "Credits, processing fee amount", N, Fixed(12), Open, ISO),
    f(83, "Credits, transaction fee amount", N, Fixed(12), Open, ISO),
    f(84, "Debits, processing fee amount", N, Fixed(12), Open, ISO),
    f(85, "Debits, transaction fee amount", N, Fixed(12), Open, ISO),
    f(86, "Credits, amount", N, Fixed(16), Open, ISO),
    f(87, "Credits, reversal amount", N, Fixed(16), Open, ISO),
    f(88, "Debits, amount", N, Fixed(16), Open, ISO),
    f(89, "Debits, reversal amount", N, Fixed(16), Open, ISO),
    f(90, "Original data elements", N, Fixed(42), Open, ISO),
    f(91, "File update code", An, Fixed(1), Open, ISO),
    f(92, "File security code", An, Fixed(2), Open, ISO),
    f(93, "Response indicator", An, Fixed(5), Open, ISO),
    f(94, "Service indicator", An, Fixed(7), Open, ISO),
    f(95, "Replacement amounts", An, Fixed(42), Open, ISO),
    f(96, "Message security code", B, Fixed(8), Hidden, ISO),
    f(97, "Amount, net settlement", Xn, Fixed(17), Open, ISO),
    f(98, "Payee", Ans, Fixed(25), Open, ISO),
    f(99, "Settlement institution identification code", N, Ll(11), Open, ISO),
    f(100, "Receiving institution identification code", N, Ll(11), Open, ISO),
    f(101, "File name", Ans, Ll(17), Open, ISO),
    f(102, "Account identification 1", Ans, Ll(28), Pan, ISO),
    f(103, "Account identification 2", Ans, Ll(28), Pan, ISO),
    f(104, "Transaction description", Ans, Lll(100), Open, ISO),
    f(105, "Reserved, ISO", Ans, Lll(999), Hidden, ISO),
    f(106, "Reserved, ISO", Ans, Lll(999), Hidden, ISO),
    f(107, "Reserved, ISO", Ans, Lll(999), Hidden, ISO),
    f(108, "Reserved, ISO", Ans, Lll(999), Hidden, ISO),
    f(109, "Reserved, ISO", Ans, Lll(999), Hidden, ISO),
    f(110, "Reserved, ISO", Ans, Lll(999), Hidden, ISO),
    f(111, "Reserved, ISO", Ans, Lll(999), Hidden, ISO),
    f(112, "Reserved, national", Ans, Lll(999), Hidden, ISO),
    f(113, "Reserved, national", Ans, Lll(999), Hidden, ISO),
    f(114, "Reserved, national", Ans, Lll(999), Hidden, ISO),
    f(115, "Reserved, national", Ans, Lll(999), Hidden, ISO),
    f(116, "Reserved, national", Ans, Lll(999), Hidden, ISO),
    f(117, "Reserved, national", Ans, Lll(999), Hidden, ISO),
    f(118, "Reserved, national", Ans, Lll(999), Hidden, ISO),
    f(119, "Reserved, national", Ans, Lll(999), Hidden, ISO),
    f(120, "Reserved, private", Ans, Lll(999), Hidden, ISO),
    f(121, "Reserved, private", Ans, Lll(999), Hidden, ISO),
    f(122, "Reserved, private", Ans, Lll(999), Hidden, ISO),
    f(123, "Reserved, private", Ans, Lll(999), Hidden, ISO),
    f(124, "Reserved, private", Ans, Lll(999), Hidden, ISO),
    f(125, "Reserved, private", Ans, Lll(999), Hidden, ISO),
    f(126, "Reserved, private", Ans, Lll(999), Hidden, ISO),
    f(127, "Reserved, private", Ans, Lll(999), Hidden, ISO),
    f(128, "Message authentication code", B, Fixed(8), Open, ISO),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_but_the_bitmaps_has_one_row_and_is_found() {
        let numbers: Vec<u8> = FIELDS.iter().map(|row| row.number).collect();
        let wanted: Vec<u8> = (2..=128).filter(|number| *number != 65).collect();
        assert_eq!(numbers, wanted);
        for number in 0..=u8::MAX {
            assert_eq!(field(number).map(|row| row.number), wanted.contains(&number).then_some(number));
        }
    }

    #[test]
    fn a_length_prefix_can_write_the_longest_value() {
        for row in FIELDS {
            let most = match row.length {
                Length::Fixed(_) => continue,
                Length::Ll(_) => 99,
                Length::Lll(_) => 999,
            };
            assert!(row.most() <= most, "{}", row.number);
        }
    }

    #[test]
    fn what_names_a_card_or_its_holder_is_masked() {
        // Invariant 4: nothing sensitive rests. What the standard leaves open is masked as well.
        for number in [2, 14, 34, 35, 36, 45, 46, 47, 52, 53, 55, 60, 61, 62, 63, 102, 103, 120, 127] {
            assert_ne!(field(number).map(|row| row.mask), Some(Mask::Open), "{number}");
        }
    }

    #[test]
    fn formats_refuse_what_they_do_not_have() {
        for (format, good, bad) in [
            (Format::N, "0123456789", "12 3"),
            (Format::An, "A1b ", "A-1"),
            (Format::Ans, "A-1 ~", "A\u{7f}"),
            (Format::Xn, "C00000100", "X00000100"),
            (Format::Z, "4111=3012", "\u{1}"),
        ] {
            assert!(format.allows(good.as_bytes()) && !format.allows(bad.as_bytes()), "{format:?}");
        }
        assert!(Format::B.allows(&[0, 255]));
    }
}
