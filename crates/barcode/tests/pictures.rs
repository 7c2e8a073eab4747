//! Pictures with and without codes, drawn here.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot draw has failed")]

/// A QR code drawn with this many pixels a module, in the middle of a grey picture.
fn qr(text: &str, scale: usize, width: usize, height: usize) -> Vec<u8> {
    let code = qrcode::QrCode::new(text.as_bytes()).unwrap();
    let side = code.width();
    let colors = code.to_colors();
    let mut picture = vec![235u8; width * height];
    let (left, top) = ((width - side * scale) / 2, (height - side * scale) / 2);
    for y in 0..side * scale {
        for x in 0..side * scale {
            let dark = colors[(y / scale) * side + x / scale] == qrcode::Color::Dark;
            picture[(top + y) * width + left + x] = if dark { 25 } else { 235 };
        }
    }
    picture
}

#[test]
fn a_customers_qr_code_is_read_from_a_frame() {
    // M-040, X-041: digits; X-043: base 64 of data objects.
    for text in ["281012345678901234", "hQVDUFYwMWETTwegAAAAA4YGVwIxI1oCEjQ="] {
        for scale in [3, 5] {
            let picture = qr(text, scale, 640, 480);
            assert_eq!(barcode::read(&picture, 640, 480), Ok(Some(text.to_owned())), "{text} {scale}");
        }
    }
}

#[test]
fn a_code_seen_upside_down_or_in_poor_light_is_read() {
    let text = "900081818801234567890123";
    let mut turned = qr(text, 5, 640, 480);
    turned.reverse();
    assert_eq!(barcode::read(&turned, 640, 480), Ok(Some(text.to_owned())));
    let dim: Vec<u8> = qr(text, 5, 640, 480).iter().map(|grey| 40 + grey / 4).collect();
    assert_eq!(barcode::read(&dim, 640, 480), Ok(Some(text.to_owned())));
}

#[test]
fn noise_and_half_a_code_are_no_code_and_no_panic() {
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut chance = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    for _ in 0..20 {
        let noise: Vec<u8> = (0..320 * 240).map(|_| chance()).collect();
        assert_eq!(barcode::read(&noise, 320, 240), Ok(None));
    }
    let mut half = qr("281012345678901234", 5, 320, 240);
    half[..320 * 125].fill(235);
    assert_eq!(barcode::read(&half, 320, 240), Ok(None));
}

#[test]
fn a_picture_outside_the_limits_is_refused() {
    for (len, width, height) in
        [(0, 0, 0), (100, 10, 10), (64 * 48, 48, 65), (2_000 * 20, 2_000, 20), (9, u32::MAX, u32::MAX)]
    {
        assert_eq!(barcode::read(&vec![0; len], width, height), Err(barcode::BadPicture), "{width}x{height}");
    }
}
