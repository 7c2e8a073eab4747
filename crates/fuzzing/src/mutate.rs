//! Damage from a seed: the same seed does the same damage, so that a failure can be repeated.

/// `SplitMix64`.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice that roll the same for the same seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`; 0 when there is none.
    pub fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit.max(1)).unwrap_or(1);
        usize::try_from(self.roll().checked_rem(limit).unwrap_or(0)).unwrap_or(0)
    }

    fn byte(&mut self) -> u8 {
        self.roll().to_le_bytes().first().copied().unwrap_or(0)
    }
}

/// Bytes that parsers find interesting.
const TELLING: &[u8] = &[0, 0x7F, 0x80, 0x81, 0x82, 0x84, 0xFF, b'"', b'{', b'[', b'\\', b'-', b'0', b'9'];
/// No sample grows beyond this.
const LONGEST: usize = 200_000;

/// Does one to four kinds of damage to a sample; `other` lends pieces of itself.
pub fn mutate(sample: &mut Vec<u8>, other: &[u8], dice: &mut Dice) {
    for _ in 0..=dice.below(4) {
        once(sample, other, dice);
    }
    sample.truncate(LONGEST);
}

fn once(sample: &mut Vec<u8>, other: &[u8], dice: &mut Dice) {
    let at = dice.below(sample.len());
    match dice.below(8) {
        0 => {
            if let Some(byte) = sample.get_mut(at) {
                *byte ^= 1_u8.rotate_left(u32::try_from(dice.below(8)).unwrap_or(0));
            }
        }
        1 => {
            let byte = TELLING.get(dice.below(TELLING.len())).copied().unwrap_or(0);
            if let Some(place) = sample.get_mut(at) {
                *place = byte;
            }
        }
        2 => sample.insert(at.min(sample.len()), dice.byte()),
        3 => drop((!sample.is_empty()).then(|| sample.remove(at))),
        4 => sample.truncate(at),
        5 => {
            // A piece twice: lengths and nesting that do not fit any more.
            let end = at.saturating_add(dice.below(40)).min(sample.len());
            let piece: Vec<u8> = sample.get(at..end).unwrap_or_default().to_vec();
            sample.splice(at..at, piece);
        }
        6 => {
            let from = dice.below(other.len());
            let to = from.saturating_add(dice.below(40)).min(other.len());
            let piece: Vec<u8> = other.get(from..to).unwrap_or_default().to_vec();
            let end = at.saturating_add(piece.len()).min(sample.len());
            sample.splice(at..end, piece);
        }
        _ => {
            // Digits grow: numbers at and beyond their limits.
            if sample.get(at).is_some_and(u8::is_ascii_digit) {
                sample.splice(at..at, *b"99999999999999999999");
            } else {
                sample.push(dice.byte());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_does_the_same_damage() {
        let run = || {
            let mut dice = Dice::new(8583);
            let mut sample = b"0200 something to break".to_vec();
            for _ in 0..100 {
                mutate(&mut sample, b"lent", &mut dice);
            }
            sample
        };
        assert_eq!(run(), run());
        assert_ne!(run(), b"0200 something to break");
    }
}
