//! The tag dictionary: one row per data object with number, name, format, source and masking.
//!
//! Names and formats are from EMV 4.4 Book 3, annex A; the contactless rows from EMV Contactless Book B
//! and public kernel lists. A new tag is one row.

use crate::tag::Tag;

/// How the value of a data object is written (EMV 4.4 Book 3, 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// n: digits, two to a byte, right-aligned, zeros in front.
    Numeric,
    /// cn: digits, two to a byte, left-aligned, F behind.
    CompressedNumeric,
    /// b: bytes or bits.
    Binary,
    /// an: letters and digits.
    Alphanumeric,
    /// ans: letters, digits and signs of ISO 8859.
    AlphanumericSpecial,
    /// Further data objects inside.
    Template,
}

/// Who makes the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The card.
    Card,
    /// The terminal.
    Terminal,
    /// The issuer, by the network.
    Issuer,
}

/// How the value is shown to people and logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Masking {
    /// As it is.
    Open,
    /// A card number: first six digits and a count of the rest.
    Pan,
    /// Not at all: tracks, names, PIN data.
    Hidden,
}

/// One row of the dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The tag.
    pub tag: Tag,
    /// The name as EMV has it.
    pub name: &'static str,
    /// How the value is written.
    pub format: Format,
    /// Who makes it.
    pub source: Source,
    /// How it is shown.
    pub masking: Masking,
}

/// The row of a tag.
pub fn lookup(tag: Tag) -> Option<&'static Row> {
    ROWS.binary_search_by_key(&tag, |row| row.tag).ok().and_then(|n| ROWS.get(n))
}

/// Every row, in the order of the tags.
pub const fn rows() -> &'static [Row] {
    ROWS
}

use Format::{
    Alphanumeric as AN, AlphanumericSpecial as ANS, Binary as B, CompressedNumeric as CN, Numeric as N,
    Template as T,
};
use Masking::{Hidden, Open, Pan};
use Source::{Card, Issuer, Terminal};

const fn t(number: u32, name: &'static str, format: Format, source: Source, masking: Masking) -> Row {
    Row { tag: Tag::of(number), name, format, source, masking }
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    t(0x42, "Issuer Identification Number", N, Card, Open),
    t(0x4F, "Application Dedicated File Name", B, Card, Open),
    t(0x50, "Application Label", ANS, Card, Open),
    t(0x56, "Track 1 Data", ANS, Card, Hidden),
    t(0x57, "Track 2 Equivalent Data", B, Card, Hidden),
    t(0x5A, "Application Primary Account Number", CN, Card, Pan),
    t(0x61, "Application Template", T, Card, Open),
    t(0x6F, "File Control Information Template", T, Card, Open),
    t(0x70, "Record Template", T, Card, Open),
    t(0x71, "Issuer Script Template 1", T, Issuer, Open),
    t(0x72, "Issuer Script Template 2", T, Issuer, Open),
    t(0x73, "Directory Discretionary Template", T, Card, Open),
    t(0x77, "Response Message Template Format 2", T, Card, Open),
    t(0x80, "Response Message Template Format 1", B, Card, Open),
    t(0x81, "Amount, Authorised (Binary)", B, Terminal, Open),
    t(0x82, "Application Interchange Profile", B, Card, Open),
    t(0x83, "Command Template", B, Terminal, Open),
    t(0x84, "Dedicated File Name", B, Card, Open),
    t(0x86, "Issuer Script Command", B, Issuer, Hidden),
    t(0x87, "Application Priority Indicator", B, Card, Open),
    t(0x88, "Short File Identifier", B, Card, Open),
    t(0x89, "Authorisation Code", AN, Issuer, Open),
    t(0x8A, "Authorisation Response Code", AN, Issuer, Open),
    t(0x8C, "Card Risk Management Data Object List 1", B, Card, Open),
    t(0x8D, "Card Risk Management Data Object List 2", B, Card, Open),
    t(0x8E, "Cardholder Verification Method List", B, Card, Open),
    t(0x8F, "Certification Authority Public Key Index", B, Card, Open),
    t(0x90, "Issuer Public Key Certificate", B, Card, Open),
    t(0x91, "Issuer Authentication Data", B, Issuer, Open),
    t(0x92, "Issuer Public Key Remainder", B, Card, Open),
    t(0x93, "Signed Static Application Data", B, Card, Open),
    t(0x94, "Application File Locator", B, Card, Open),
    t(0x95, "Terminal Verification Results", B, Terminal, Open),
    t(0x97, "Transaction Certificate Data Object List", B, Card, Open),
    t(0x98, "Transaction Certificate Hash Value", B, Terminal, Open),
    t(0x99, "Transaction PIN Data", B, Terminal, Hidden),
    t(0x9A, "Transaction Date", N, Terminal, Open),
    t(0x9B, "Transaction Status Information", B, Terminal, Open),
    t(0x9C, "Transaction Type", N, Terminal, Open),
    t(0x9D, "Directory Definition File Name", B, Card, Open),
    t(0xA5, "File Control Information Proprietary Template", T, Card, Open),
    t(0x5F20, "Cardholder Name", ANS, Card, Hidden),
    t(0x5F24, "Application Expiration Date", N, Card, Hidden),
    t(0x5F25, "Application Effective Date", N, Card, Open),
    t(0x5F28, "Issuer Country Code", N, Card, Open),
    t(0x5F2A, "Transaction Currency Code", N, Terminal, Open),
    t(0x5F2D, "Language Preference", AN, Card, Open),
    t(0x5F30, "Service Code", N, Card, Open),
    t(0x5F34, "Application PAN Sequence Number", N, Card, Open),
    t(0x5F36, "Transaction Currency Exponent", N, Terminal, Open),
    t(0x9F01, "Acquirer Identifier", N, Terminal, Open),
    t(0x9F02, "Amount, Authorised (Numeric)", N, Terminal, Open),
    t(0x9F03, "Amount, Other (Numeric)", N, Terminal, Open),
    t(0x9F06, "Application Identifier (terminal)", B, Terminal, Open),
    t(0x9F07, "Application Usage Control", B, Card, Open),
    t(0x9F08, "Application Version Number (card)", B, Card, Open),
    t(0x9F09, "Application Version Number (terminal)", B, Terminal, Open),
    t(0x9F0A, "Application Selection Registered Proprietary Data", B, Card, Open),
    t(0x9F0B, "Cardholder Name Extended", ANS, Card, Hidden),
    t(0x9F0D, "Issuer Action Code - Default", B, Card, Open),
    t(0x9F0E, "Issuer Action Code - Denial", B, Card, Open),
    t(0x9F0F, "Issuer Action Code - Online", B, Card, Open),
    t(0x9F10, "Issuer Application Data", B, Card, Open),
    t(0x9F11, "Issuer Code Table Index", N, Card, Open),
    t(0x9F12, "Application Preferred Name", ANS, Card, Open),
    t(0x9F13, "Last Online Application Transaction Counter Register", B, Card, Open),
    t(0x9F15, "Merchant Category Code", N, Terminal, Open),
    t(0x9F16, "Merchant Identifier", ANS, Terminal, Open),
    t(0x9F17, "Personal Identification Number Try Counter", B, Card, Open),
    t(0x9F18, "Issuer Script Identifier", B, Issuer, Open),
    t(0x9F1A, "Terminal Country Code", N, Terminal, Open),
    t(0x9F1B, "Terminal Floor Limit", B, Terminal, Open),
    t(0x9F1C, "Terminal Identification", AN, Terminal, Open),
    t(0x9F1D, "Terminal Risk Management Data", B, Terminal, Open),
    t(0x9F1E, "Interface Device Serial Number", AN, Terminal, Open),
    t(0x9F1F, "Track 1 Discretionary Data", ANS, Card, Hidden),
    t(0x9F20, "Track 2 Discretionary Data", CN, Card, Hidden),
    t(0x9F21, "Transaction Time", N, Terminal, Open),
    t(0x9F26, "Application Cryptogram", B, Card, Open),
    t(0x9F27, "Cryptogram Information Data", B, Card, Open),
    t(0x9F2A, "Kernel Identifier", B, Card, Open),
    t(0x9F33, "Terminal Capabilities", B, Terminal, Open),
    t(0x9F34, "Cardholder Verification Method Results", B, Terminal, Open),
    t(0x9F35, "Terminal Type", N, Terminal, Open),
    t(0x9F36, "Application Transaction Counter", B, Card, Open),
    t(0x9F37, "Unpredictable Number", B, Terminal, Open),
    t(0x9F38, "Processing Options Data Object List", B, Card, Open),
    t(0x9F39, "Point-of-Service Entry Mode", N, Terminal, Open),
    t(0x9F40, "Additional Terminal Capabilities", B, Terminal, Open),
    t(0x9F41, "Transaction Sequence Counter", N, Terminal, Open),
    t(0x9F42, "Application Currency Code", N, Card, Open),
    t(0x9F44, "Application Currency Exponent", N, Card, Open),
    t(0x9F45, "Data Authentication Code", B, Card, Open),
    t(0x9F49, "Dynamic Data Authentication Data Object List", B, Card, Open),
    t(0x9F4A, "Static Data Authentication Tag List", B, Card, Open),
    t(0x9F4C, "ICC Dynamic Number", B, Card, Open),
    t(0x9F4D, "Log Entry", B, Card, Open),
    t(0x9F4E, "Merchant Name and Location", ANS, Terminal, Open),
    t(0x9F4F, "Log Format", B, Card, Open),
    t(0x9F5B, "Issuer Script Results", B, Terminal, Open),
    t(0x9F66, "Terminal Transaction Qualifiers", B, Terminal, Open),
    t(0x9F6B, "Track 2 Data", CN, Card, Hidden),
    t(0x9F6C, "Card Transaction Qualifiers", B, Card, Open),
    t(0x9F6E, "Form Factor Indicator", B, Card, Open),
    t(0x9F7C, "Customer Exclusive Data", B, Card, Hidden),
    t(0xBF0C, "File Control Information Issuer Discretionary Data", T, Card, Open),
    t(0xDF31, "Issuer Script Results (terminal)", B, Terminal, Open),
];

/// The tags that the rest of the program names, so that no number stands in it twice.
pub mod tags {
    use crate::tag::Tag;

    macro_rules! tags {
        ($($name:ident = $number:literal),* $(,)?) => {
            $(#[doc = concat!("Tag ", stringify!($number), ": see its row in the dictionary.")]
            pub const $name: Tag = Tag::of($number);)*
        };
    }

    tags! {
        ADF_NAME = 0x4F, LABEL = 0x50, TRACK_2 = 0x57, PAN = 0x5A, APPLICATION = 0x61, FCI = 0x6F,
        RECORD = 0x70, SCRIPT_1 = 0x71, SCRIPT_2 = 0x72, FORMAT_2 = 0x77, FORMAT_1 = 0x80, AIP = 0x82,
        COMMAND = 0x83, DF_NAME = 0x84, SCRIPT_COMMAND = 0x86, PRIORITY = 0x87, SFI = 0x88, ARC = 0x8A,
        CDOL1 = 0x8C, CDOL2 = 0x8D, CVM_LIST = 0x8E, ISSUER_AUTH = 0x91, AFL = 0x94, TVR = 0x95,
        DATE = 0x9A, TSI = 0x9B, TYPE = 0x9C, FCI_PROPRIETARY = 0xA5, HOLDER = 0x5F20, EXPIRY = 0x5F24,
        EFFECTIVE = 0x5F25, ISSUER_COUNTRY = 0x5F28, CURRENCY = 0x5F2A, LANGUAGE = 0x5F2D,
        SERVICE_CODE = 0x5F30, PAN_SEQUENCE = 0x5F34, CURRENCY_EXPONENT = 0x5F36, AMOUNT = 0x9F02,
        AMOUNT_OTHER = 0x9F03, AID_TERMINAL = 0x9F06, USAGE_CONTROL = 0x9F07, VERSION_CARD = 0x9F08,
        VERSION_TERMINAL = 0x9F09, IAC_DEFAULT = 0x9F0D, IAC_DENIAL = 0x9F0E, IAC_ONLINE = 0x9F0F,
        ISSUER_DATA = 0x9F10, CODE_TABLE = 0x9F11, PREFERRED_NAME = 0x9F12, LAST_ONLINE_ATC = 0x9F13,
        MERCHANT_CATEGORY = 0x9F15, MERCHANT_ID = 0x9F16, PIN_TRIES = 0x9F17, SCRIPT_ID = 0x9F18,
        COUNTRY = 0x9F1A, FLOOR_LIMIT = 0x9F1B, TERMINAL_ID = 0x9F1C, DEVICE_SERIAL = 0x9F1E,
        TIME = 0x9F21, CRYPTOGRAM = 0x9F26, CRYPTOGRAM_INFO = 0x9F27, KERNEL_ID = 0x9F2A,
        CAPABILITIES = 0x9F33, CVM_RESULTS = 0x9F34, TERMINAL_TYPE = 0x9F35, ATC = 0x9F36,
        UNPREDICTABLE = 0x9F37, PDOL = 0x9F38, ENTRY_MODE = 0x9F39, MORE_CAPABILITIES = 0x9F40,
        SEQUENCE = 0x9F41, APPLICATION_CURRENCY = 0x9F42, MERCHANT_NAME = 0x9F4E,
        SCRIPT_RESULTS = 0x9F5B, TTQ = 0x9F66, CTQ = 0x9F6C, FCI_DISCRETIONARY = 0xBF0C,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_stand_in_order_and_templates_are_constructed_tags() {
        for pair in rows().windows(2) {
            assert!(pair[0].tag < pair[1].tag, "{} stands before {}", pair[0].tag, pair[1].tag);
        }
        for row in rows() {
            assert_eq!(row.tag.is_constructed(), row.format == Format::Template, "{}", row.tag);
        }
        assert_eq!(lookup(tags::CRYPTOGRAM).map(|r| r.name), Some("Application Cryptogram"));
        assert_eq!(lookup(Tag::of(0x9F55)), None);
    }

    #[test]
    fn what_identifies_the_holder_is_never_open() {
        for number in [0x56, 0x57, 0x5A, 0x99, 0x5F20, 0x5F24, 0x9F0B, 0x9F1F, 0x9F20, 0x9F6B] {
            assert_ne!(lookup(Tag::of(number)).unwrap().masking, Masking::Open, "{number:X}");
        }
    }
}
