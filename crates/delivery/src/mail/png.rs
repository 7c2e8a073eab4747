//! One-bit pictures as PNG (ISO/IEC 15948), stored without compression: mail programs do not show SVG.

use crate::limits;
use escpos::Raster;
use qrcode::{Color, EcLevel, QrCode};

const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a];

/// The PNG of a raster: greyscale, one bit a dot, 0 = black. `None` when it is larger than PNG can say.
pub(crate) fn encode(raster: &Raster) -> Option<Vec<u8>> {
    let width = u32::try_from(raster.row_bytes.checked_mul(8)?).ok()?;
    let height = u32::try_from(raster.height).ok()?;
    let mut rows = Vec::new();
    for row in raster.bits.chunks(raster.row_bytes.max(1)) {
        // Filter type 0: as it is.
        rows.push(0);
        rows.extend(row.iter().map(|bits| !bits));
    }
    let mut head = Vec::new();
    head.extend(width.to_be_bytes());
    head.extend(height.to_be_bytes());
    // One bit, greyscale, deflate, filter method 0, not interlaced.
    head.extend([1, 0, 0, 0, 0]);
    let mut png = SIGNATURE.to_vec();
    chunk(&mut png, *b"IHDR", &head)?;
    chunk(&mut png, *b"IDAT", &zlib_stored(&rows)?)?;
    chunk(&mut png, *b"IEND", &[])?;
    Some(png)
}

fn chunk(png: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) -> Option<()> {
    png.extend(u32::try_from(data.len()).ok()?.to_be_bytes());
    png.extend(kind);
    png.extend(data);
    let crc = crc32(kind.iter().chain(data));
    png.extend(crc.to_be_bytes());
    Some(())
}

/// RFC 1950 around stored blocks of RFC 1951, 3.2.4.
fn zlib_stored(data: &[u8]) -> Option<Vec<u8>> {
    let mut out = vec![0x78, 0x01];
    let mut blocks = data.chunks(0xffff).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).ok()?;
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    out.extend(adler32(data).to_be_bytes());
    Some(out)
}

/// RFC 1950, 9.
fn adler32(data: &[u8]) -> u32 {
    const PRIME: u32 = 65_521;
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in data {
        a = (a + u32::from(*byte)) % PRIME;
        b = (b + a) % PRIME;
    }
    b << 16 | a
}

/// ISO/IEC 15948 annex D.
fn crc32<'a>(data: impl Iterator<Item = &'a u8>) -> u32 {
    let mut crc = u32::MAX;
    for byte in data {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

/// A QR code with its quiet zone of four modules, each [`limits::QR_DOTS`] wide. `None` when the text is
/// too long for one.
pub(crate) fn qr(text: &str) -> Option<Raster> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let (side, colors) = (code.width(), code.to_colors());
    let dots = (side + 8) * limits::QR_DOTS;
    let mut raster = Raster::blank(dots.div_ceil(8), dots);
    let row_bytes = raster.row_bytes;
    for (y, row) in raster.bits.chunks_mut(row_bytes).enumerate() {
        for x in 0..dots {
            let module = |dot: usize| (dot / limits::QR_DOTS).checked_sub(4).filter(|module| *module < side);
            let dark =
                module(x).zip(module(y)).is_some_and(|(x, y)| colors.get(y * side + x) == Some(&Color::Dark));
            if let Some(byte) = row.get_mut(x / 8).filter(|_| dark) {
                *byte |= 0x80 >> (x % 8);
            }
        }
    }
    Some(raster)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_sums_are_those_of_the_standards() {
        // RFC 1950's sum of "Wikipedia", the usual published example; the CRC of "123456789" (ITU-T V.42).
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
        assert_eq!(crc32(b"123456789".iter()), 0xcbf4_3926);
    }

    #[test]
    fn a_picture_is_framed_as_the_standard_says() {
        let mut raster = Raster::blank(1, 2);
        raster.bits[0] = 0b1000_0000;
        let png = encode(&raster).unwrap();
        assert_eq!(&png[..8], &SIGNATURE);
        assert_eq!(hex::encode(&png[8..33]), "0000000d49484452000000080000000201000000004defa040");
        // IEND has the same bytes in every PNG.
        assert_eq!(hex::encode(&png[png.len() - 12..]), "0000000049454e44ae426082");
        let stored = [0x78, 0x01, 1, 4, 0, 0xfb, 0xff, 0, 0x7f, 0, 0xff];
        assert!(png.windows(stored.len()).any(|bytes| bytes == stored));
    }

    #[test]
    fn long_data_is_cut_into_blocks() {
        let stored = zlib_stored(&vec![7; 70_000]).unwrap();
        assert_eq!(stored.len(), 2 + 5 + 65_535 + 5 + 4_465 + 4);
        assert_eq!((stored[2], stored[2 + 5 + 65_535]), (0, 1));
    }

    #[test]
    fn a_qr_code_has_its_quiet_zone_and_its_finder() {
        let raster = qr("7Kq2Mz").unwrap();
        let quiet = 4 * limits::QR_DOTS;
        assert!(!raster.is_black(quiet - 1, quiet));
        assert!(raster.is_black(quiet, quiet) && raster.is_black(quiet + 7 * limits::QR_DOTS - 1, quiet));
        assert!(!raster.is_black(quiet + 7 * limits::QR_DOTS, quiet));
        assert_eq!(qr(&"あ".repeat(2000)), None);
    }
}
