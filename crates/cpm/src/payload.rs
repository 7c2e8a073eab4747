//! [`Payload`]: the data objects inside a Base64 code, of EMV (`CPV01`) or of JPQR (`JPQR1`).
//!
//! Both are BER-TLV: object 85 names the format and comes first, then one application template 61 for
//! each way to pay (X-043; EMV QR Code Specification for Payment Systems, Consumer-Presented Mode 1.1).

use crate::limits::MAX_APPLICATIONS;
use crate::scan::NotACode;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use emv::Tag;
use emv::tlv::{self, Tlv};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

const FORMAT: Tag = Tag::of(0x85);
const APPLICATION: Tag = Tag::of(0x61);
const PROVIDER: Tag = Tag::of(0x4F);
const LABEL: Tag = Tag::of(0x50);
const TRACK_2: Tag = Tag::of(0x57);
const PAN: Tag = Tag::of(0x5A);

/// Which of the two formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// EMV consumer-presented mode, `CPV01`.
    Emv,
    /// JPQR, the Japanese form with text inside, `JPQR1`.
    Jpqr,
}

impl Format {
    /// How every Base64 text of this format begins: object 85 with its length and value.
    pub const fn head(self) -> &'static str {
        match self {
            Self::Emv => "hQVDUFYw",
            Self::Jpqr => "hQVKUFFS",
        }
    }

    const fn word(self) -> &'static [u8] {
        match self {
            Self::Emv => b"CPV01",
            Self::Jpqr => b"JPQR1",
        }
    }
}

/// What a Base64 code says.
#[derive(Debug, PartialEq, Eq)]
pub struct Payload {
    /// Its format.
    pub format: Format,
    /// The ways to pay that it offers, in its order; at least one.
    pub applications: Vec<Application>,
}

/// One way to pay inside a payload.
#[derive(PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Application {
    provider: String,
    label: String,
    payment_id: String,
}

impl Application {
    /// Whose application it is (tag 4F): upper-case hex of the ADF name in an EMV code, the provider's
    /// number (事業者識別コード) in a JPQR code.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// The name of the application (tag 50), empty where there is none.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The customer's payment id: the text of 57 (JPQR), or the number before the separator of 57 or in 5A
    /// (EMV). Whoever has it may charge the customer.
    pub fn unmask_payment_id(&self) -> &str {
        &self.payment_id
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Application({} {:?}, payment id of {})", self.provider, self.label, self.payment_id.len())
    }
}

/// Reads the Base64 text of a code in one of the two formats.
pub(crate) fn read(text: &str) -> Result<Payload, NotACode> {
    let mut bytes = decode(text)?;
    let objects = tlv::parse(&bytes).map_err(|_| NotACode::Damaged);
    bytes.zeroize();
    let objects = objects?;
    let format = objects
        .first()
        .filter(|object| object.tag == FORMAT)
        .and_then(Tlv::primitive)
        .and_then(|word| [Format::Emv, Format::Jpqr].into_iter().find(|format| format.word() == word))
        .ok_or(NotACode::Damaged)?;
    let templates: Vec<&Tlv> = objects.iter().filter(|object| object.tag == APPLICATION).collect();
    if templates.len() > MAX_APPLICATIONS {
        return Err(NotACode::TooLong);
    }
    let applications: Vec<Application> =
        templates.into_iter().filter_map(|template| application(format, template.inner())).collect();
    if applications.is_empty() {
        return Err(NotACode::Damaged);
    }
    Ok(Payload { format, applications })
}

/// Base64 with or without the padding, since some apps leave it out.
fn decode(text: &str) -> Result<Vec<u8>, NotACode> {
    STANDARD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text)).map_err(|_| NotACode::Damaged)
}

fn application(format: Format, objects: &[Tlv]) -> Option<Application> {
    let provider = tlv::find_bytes(objects, PROVIDER)?;
    let label = tlv::find_bytes(objects, LABEL).unwrap_or_default();
    let provider = match format {
        Format::Emv => hex::encode_upper(provider),
        Format::Jpqr => text(provider)?,
    };
    let payment_id = match format {
        Format::Emv => tlv::find_bytes(objects, TRACK_2)
            .or_else(|| tlv::find_bytes(objects, PAN))
            .map(compressed)
            .unwrap_or_default(),
        Format::Jpqr => text(tlv::find_bytes(objects, TRACK_2)?)?,
    };
    Some(Application { provider, label: text(label).unwrap_or_default(), payment_id })
}

/// Printable ASCII, or nothing.
fn text(bytes: &[u8]) -> Option<String> {
    let printable = bytes.iter().all(|b| b.is_ascii_graphic() || *b == b' ');
    printable.then(|| String::from_utf8_lossy(bytes).into_owned())
}

/// The digits of tag 57 or 5A before the separator D or the filler F (EMV Book 3, annex A).
fn compressed(bytes: &[u8]) -> String {
    let mut all = hex::encode(bytes);
    let digits = all.chars().take_while(char::is_ascii_digit).collect();
    all.zeroize();
    digits
}
