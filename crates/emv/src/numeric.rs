//! Numbers as digits, two to a byte (EMV format n; ISO 8583 calls it BCD).

/// An amount as tag 9F02 has it: twelve digits in six bytes. Amounts beyond twelve digits cannot be
/// made by [`money::Yen`].
pub fn amount(yen: money::Yen) -> [u8; 6] {
    let mut out = [0_u8; 6];
    let digits = format!("{:012}", yen.get());
    for (byte, pair) in out.iter_mut().zip(digits.as_bytes().as_chunks::<2>().0) {
        let [high, low] = pair.map(|d| d.saturating_sub(b'0'));
        *byte = high.rotate_left(4) | low;
    }
    out
}

/// The number that digits stand for; `None` when a nibble is no digit or the number is too large.
pub fn to_u64(bytes: &[u8]) -> Option<u64> {
    bytes.iter().flat_map(|b| [b.rotate_right(4) & 0x0F, b & 0x0F]).try_fold(0_u64, |n, digit| {
        if digit > 9 { None } else { n.checked_mul(10)?.checked_add(u64::from(digit)) }
    })
}

/// Digits of text as bytes, two to a byte, filled with F behind to a whole byte (format cn).
/// `None` when a character is no digit.
pub fn compressed(digits: &str) -> Option<Vec<u8>> {
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let padded = if digits.len().is_multiple_of(2) { digits.to_owned() } else { format!("{digits}F") };
    hex::decode(padded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yen_become_twelve_digits_and_come_back() {
        let yen = money::Yen::new(123_456_789).unwrap();
        assert_eq!(hex::encode(amount(yen)), "000123456789");
        assert_eq!(to_u64(&amount(yen)), Some(123_456_789));
        assert_eq!(hex::encode(amount(money::Yen::MAX)), "999999999999");
        assert_eq!(to_u64(&[0x1A]), None);
        assert_eq!(to_u64(&[0x99; 12]), None);
        assert_eq!(compressed("305").unwrap(), [0x30, 0x5F]);
        assert_eq!(compressed("3 5"), None);
    }
}
