//! Code 128 of digits, as the widths of its bars (ISO/IEC 15417): what a scanner reads off a phone.

/// Widths of bars and gaps of each value, bar first; the last one is the stop pattern.
const WIDTHS: [&str; 107] = [
    "212222", "222122", "222221", "121223", "121322", "131222", "122213", "122312", "132212", "221213",
    "221312", "231212", "112232", "122132", "122231", "113222", "123122", "123221", "223211", "221132",
    "221231", "213212", "223112", "312131", "311222", "321122", "321221", "312212", "322112", "322211",
    "212123", "212321", "232121", "111323", "131123", "131321", "112313", "132113", "132311", "211313",
    "231113", "231311", "112133", "112331", "132131", "113123", "113321", "133121", "313121", "211331",
    "231131", "213113", "213311", "213131", "311123", "311321", "331121", "312113", "312311", "332111",
    "314111", "221411", "431111", "111224", "111422", "121124", "121421", "141122", "141221", "112214",
    "112412", "122114", "122411", "142112", "142211", "241211", "221114", "413111", "241112", "134111",
    "111242", "121142", "121241", "114212", "124112", "124211", "411212", "421112", "421211", "212141",
    "214121", "412121", "111143", "111341", "131141", "114113", "114311", "411113", "411311", "113141",
    "114131", "311141", "411131", "211412", "211214", "211232", "2331112",
];
/// Start in code set C: two digits to a symbol.
const START_C: usize = 105;
/// Change to code set B: one character to a symbol.
const CODE_B: usize = 100;
const STOP: usize = 106;

/// The symbols of digits, with check symbol and stop; nothing when the text is not digits alone.
fn symbols(digits: &str) -> Option<Vec<usize>> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut symbols = vec![START_C];
    for pair in digits.as_bytes().chunks(2) {
        match pair {
            [tens, ones] => {
                let value = |byte: u8| usize::from(byte.saturating_sub(b'0'));
                symbols.push(value(*tens).saturating_mul(10).saturating_add(value(*ones)));
            }
            // The digit that is left over: in code set B its value is its ASCII less 32.
            [last] => symbols.extend([CODE_B, usize::from(last.saturating_sub(32))]),
            _ => {}
        }
    }
    let sum = symbols
        .iter()
        .enumerate()
        .fold(0_usize, |sum, (place, symbol)| sum.saturating_add(symbol.saturating_mul(place.max(1))));
    symbols.extend([sum.rem_euclid(103), STOP]);
    Some(symbols)
}

/// Bars as (distance from the left, width), and the whole width, in modules without quiet zones.
pub fn bars(digits: &str) -> Option<(Vec<(u32, u32)>, u32)> {
    let mut bars = Vec::new();
    let mut at = 0_u32;
    for symbol in symbols(digits)? {
        for (place, width) in WIDTHS.get(symbol)?.bytes().enumerate() {
            let width = u32::from(width.saturating_sub(b'0'));
            if place.is_multiple_of(2) {
                bars.push((at, width));
            }
            at = at.saturating_add(width);
        }
    }
    Some((bars, at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_symbol_is_its_own_and_eleven_modules_wide() {
        assert_eq!(WIDTHS.iter().collect::<BTreeSet<_>>().len(), WIDTHS.len());
        for (value, widths) in WIDTHS.iter().enumerate() {
            let sum: u32 = widths.bytes().map(|b| u32::from(b - b'0')).sum();
            assert_eq!(sum, if value == STOP { 13 } else { 11 }, "{value}");
            // ISO/IEC 15417: the bars of a symbol add up to an even number.
            let bars: u32 = widths.bytes().step_by(2).map(|b| u32::from(b - b'0')).sum();
            assert!(value == STOP || bars.is_multiple_of(2), "{value}");
        }
    }

    #[test]
    fn the_check_symbol_is_that_of_the_published_example() {
        // Start C, 98 76 54 32 10, (105 + 98·1 + 76·2 + 54·3 + 32·4 + 10·5) mod 103
        assert_eq!(symbols("9876543210"), Some(vec![105, 98, 76, 54, 32, 10, 695 % 103, 106]));
        assert_eq!(symbols("123"), Some(vec![105, 12, 100, 19, (105 + 12 + 200 + 57) % 103, 106]));
        assert_eq!(symbols("12a"), None);
    }
}
