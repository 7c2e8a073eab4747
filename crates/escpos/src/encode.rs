//! A slip's rows as printer bytes.

use crate::raster::{Raster, draw_strokes};
use receipt::{Document, Row};

const ESC: u8 = 0x1b;
const GS: u8 = 0x1d;
const FS: u8 = 0x1c;
/// Printed for a character that Shift_JIS does not have (〓, the printers' "no such type" mark).
const GETA: [u8; 2] = [0x81, 0xac];

/// The bytes that print `document` and cut the paper.
pub fn encode(document: &Document) -> Vec<u8> {
    let mut out = Vec::with_capacity(2048);
    out.extend([ESC, b'@']);
    // Kanji code system Shift_JIS, kanji mode on.
    out.extend([FS, b'C', 1, FS, b'&']);
    for row in document.rows() {
        match row {
            Row::Text { text, large, bold } => text_row(&mut out, &text, large, bold),
            Row::Signature(strokes) => {
                raster_row(&mut out, &draw_strokes(&strokes, document.width.saturating_mul(12)));
            }
            Row::Qr(code) => qr_row(&mut out, &code),
        }
    }
    // Feed four lines, then a partial cut.
    out.extend([ESC, b'd', 4, GS, b'V', 66, 0]);
    out
}

fn text_row(out: &mut Vec<u8>, text: &str, large: bool, bold: bool) {
    out.extend([GS, b'!', if large { 0x11 } else { 0 }, ESC, b'E', u8::from(bold)]);
    shift_jis(out, text);
    out.push(b'\n');
}

/// Shift_JIS with the printer's habits: `¥` is 0x5C, 〜 is ～, what cannot be written is 〓.
fn shift_jis(out: &mut Vec<u8>, text: &str) {
    let mut buffer = [0u8; 4];
    for c in text.chars() {
        let c = if c == '〜' { '～' } else { c };
        let (bytes, _, lost) = encoding_rs::SHIFT_JIS.encode(c.encode_utf8(&mut buffer));
        if lost || c.is_control() {
            out.extend(GETA);
        } else {
            out.extend_from_slice(&bytes);
        }
    }
}

fn raster_row(out: &mut Vec<u8>, raster: &Raster) {
    let low_high = |n: usize| u16::try_from(n).unwrap_or(u16::MAX).to_le_bytes();
    out.extend([GS, b'v', b'0', 0]);
    out.extend(low_high(raster.row_bytes));
    out.extend(low_high(raster.height));
    out.extend_from_slice(&raster.bits);
}

/// QR model 2, module size 5, error correction M, centred.
fn qr_row(out: &mut Vec<u8>, code: &str) {
    let store = u16::try_from(code.len().saturating_add(3)).unwrap_or(u16::MAX).to_le_bytes();
    out.extend([ESC, b'a', 1]);
    out.extend([GS, b'(', b'k', 4, 0, 49, 65, 50, 0]);
    out.extend([GS, b'(', b'k', 3, 0, 49, 67, 5]);
    out.extend([GS, b'(', b'k', 3, 0, 49, 69, 49]);
    out.extend([GS, b'(', b'k']);
    out.extend(store);
    out.extend([49, 80, 48]);
    out.extend_from_slice(code.as_bytes());
    out.extend([GS, b'(', b'k', 3, 0, 49, 81, 48]);
    out.extend([ESC, b'a', 0]);
}
