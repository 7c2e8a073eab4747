//! A camera's grey picture to the text of the QR or bar code in it.
//!
//! Pure: no camera, no clock, no IO. A leaf of its own so that only who scans compiles the decoder
//! (`rxing`, a Rust port of ZXing): without its picture formats and network parts what stays is QR and
//! one-dimensional codes over bytes, and `encoding_rs` for Kanji and ECI segments of QR.
//!
//! ```
//! assert_eq!(barcode::read(&[255; 64 * 48], 64, 48), Ok(None));
//! assert_eq!(barcode::read(&[255; 10], 64, 48), Err(barcode::BadPicture));
//! ```

use rxing::{BarcodeFormat, DecodeHints, helpers::detect_in_luma_with_hints};
use std::fmt;

/// The widest and highest picture that is looked at, pixels: a page sends no more (see `web/src/qr-scan.ts`).
pub const MAX_SIDE: u32 = 1_280;
/// The most pixels of a picture.
pub const MAX_PIXELS: usize = 1_000_000;
/// The smallest side in which a code could be, pixels.
pub const MIN_SIDE: u32 = 16;
/// The longest text that a code may have, bytes.
pub const MAX_TEXT: usize = 1_024;

/// A picture whose size does not fit its bytes, or the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPicture;

impl fmt::Display for BadPicture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a grey picture within the limits")
    }
}

impl std::error::Error for BadPicture {}

/// The codes that a customer's phone shows: QR, and the bar codes of X-041.
fn hints() -> DecodeHints {
    let formats = [BarcodeFormat::QR_CODE, BarcodeFormat::CODE_128];
    DecodeHints { PossibleFormats: Some(formats.into()), TryHarder: Some(true), ..DecodeHints::default() }
}

/// Looks for a code in a picture of one byte of grey a pixel, row by row. Nothing when there is none, or
/// one that cannot be read: the next frame may show it better.
pub fn read(grey: &[u8], width: u32, height: u32) -> Result<Option<String>, BadPicture> {
    let pixels = u64::from(width).saturating_mul(u64::from(height));
    let sides = MIN_SIDE..=MAX_SIDE;
    let fits = sides.contains(&width)
        && sides.contains(&height)
        && grey.len() <= MAX_PIXELS
        && u64::try_from(grey.len()) == Ok(pixels);
    if !fits {
        return Err(BadPicture);
    }
    let found = detect_in_luma_with_hints(grey.to_vec(), width, height, None, &mut hints());
    let text = found.ok().map(|result| result.getText().to_owned());
    Ok(text.filter(|text| !text.is_empty() && text.len() <= MAX_TEXT))
}
