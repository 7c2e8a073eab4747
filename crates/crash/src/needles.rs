//! Card numbers, tracks and PINs in every shape in which a program could have written them down, and the
//! search for them in bytes.

use std::collections::BTreeMap;
use std::path::Path;

/// One sequence of bytes that must be nowhere.
#[derive(Clone, Debug)]
pub struct Needle {
    /// Whose, and in which shape, for a person; it does not repeat the value.
    pub name: String,
    bytes: Vec<u8>,
}

/// Where a needle was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// The file or page.
    pub place: String,
    /// The needle's name.
    pub name: String,
    /// The first place.
    pub at: usize,
    /// How often.
    pub times: usize,
}

/// All needles of some cards.
pub struct Needles {
    all: Vec<Needle>,
    /// Needles by their first two bytes.
    heads: BTreeMap<[u8; 2], Vec<usize>>,
    /// Whether a needle begins with these two bytes: 65,536 answers.
    begins: Vec<bool>,
}

impl Needles {
    /// The needles of cards: a name, a number, a PIN when it has one.
    pub fn of(cards: &[(String, String, Option<String>)]) -> Self {
        let mut all = Vec::new();
        for (name, number, pin) in cards {
            number_shapes(name, number, &mut all);
            if let Some(pin) = pin {
                pin_shapes(name, pin, number, &mut all);
            }
        }
        all.sort_by(|a, b| a.bytes.cmp(&b.bytes));
        all.dedup_by(|a, b| a.bytes == b.bytes);
        let mut heads: BTreeMap<[u8; 2], Vec<usize>> = BTreeMap::new();
        let mut begins = vec![false; 65_536];
        for (index, needle) in all.iter().enumerate() {
            if let Some(head) = needle.bytes.first_chunk::<2>() {
                heads.entry(*head).or_default().push(index);
                if let Some(slot) = begins.get_mut(usize::from(u16::from_be_bytes(*head))) {
                    *slot = true;
                }
            }
        }
        Self { all, heads, begins }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// A text that contains every needle, for the proof that the search finds them.
    pub fn planted(&self) -> Vec<u8> {
        self.all.iter().flat_map(|needle| [needle.bytes.as_slice(), b"\0..\0"].concat()).collect()
    }

    /// The names of needles that `hits` do not have.
    pub fn missing(&self, hits: &[Hit]) -> Vec<String> {
        let found: Vec<&str> = hits.iter().map(|hit| hit.name.as_str()).collect();
        self.all
            .iter()
            .map(|needle| needle.name.clone())
            .filter(|name| !found.contains(&name.as_str()))
            .collect()
    }

    /// Every needle in some bytes.
    pub fn search(&self, place: &str, bytes: &[u8]) -> Vec<Hit> {
        let mut found: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        let mut before = 0_u8;
        for (at, byte) in bytes.iter().enumerate() {
            let head = [before, *byte];
            before = *byte;
            let begins = self.begins.get(usize::from(u16::from_be_bytes(head))).copied().unwrap_or(false);
            if !begins || at == 0 {
                continue;
            }
            let rest = bytes.get(at - 1..).unwrap_or_default();
            for index in self.heads.get(&head).into_iter().flatten() {
                if self.all.get(*index).is_some_and(|needle| rest.starts_with(&needle.bytes)) {
                    found.entry(*index).or_insert((at - 1, 0)).1 += 1;
                }
            }
        }
        let mut hits: Vec<Hit> = found
            .into_iter()
            .filter_map(|(index, (at, times))| {
                let name = self.all.get(index)?.name.clone();
                Some(Hit { place: place.to_owned(), name, at, times })
            })
            .collect();
        hits.sort();
        hits
    }

    /// Every needle in a file, and in every file of a folder. Gives the bytes that were read, too.
    pub fn search_path(&self, path: &Path) -> std::io::Result<(Vec<Hit>, u64)> {
        if path.is_dir() {
            let (mut hits, mut read) = (Vec::new(), 0);
            for entry in std::fs::read_dir(path)? {
                let (more, bytes) = self.search_path(&entry?.path())?;
                hits.extend(more);
                read += bytes;
            }
            return Ok((hits, read));
        }
        let bytes = std::fs::read(path)?;
        let hits = self.search(&path.display().to_string(), &bytes);
        Ok((hits, u64::try_from(bytes.len()).unwrap_or(u64::MAX)))
    }
}

fn number_shapes(name: &str, number: &str, out: &mut Vec<Needle>) {
    let ascii = number.as_bytes();
    add(out, name, "number, ASCII or hex of BCD", ascii.to_vec());
    add(out, name, "number, UTF-16 little-endian", wide(number, u16::to_le_bytes));
    add(out, name, "number, UTF-16 big-endian", wide(number, u16::to_be_bytes));
    add(out, name, "number, hex of ASCII", hex(ascii).into_bytes());
    // Packed from an even and from an odd place; what stands beside the number in the half bytes is open.
    let even = bcd(number.get(..number.len() / 2 * 2).unwrap_or(number));
    let odd = bcd(number.get(1..1 + (number.len() - 1) / 2 * 2).unwrap_or(number));
    for (shape, bytes) in [("ASCII", ascii.to_vec()), ("BCD", even.clone()), ("BCD, odd", odd.clone())] {
        if shape != "ASCII" && !is_telling(&bytes) {
            continue;
        }
        for (skip, text) in base64_inside(&bytes) {
            add(out, name, &format!("number, base64 of {shape}, shifted by {skip}"), text);
        }
    }
    for (shape, bytes) in [("number, BCD", even), ("number, BCD from an odd place", odd)] {
        if is_telling(&bytes) {
            add(out, name, shape, bytes);
        }
    }
}

/// Whether bytes are found only where they were written. Test numbers of nothing but zeros, packed, are in
/// every file; such a number is still looked for in all its other shapes.
fn is_telling(bytes: &[u8]) -> bool {
    let mut different = bytes.to_vec();
    different.sort_unstable();
    different.dedup();
    different.len() >= 4
}

fn pin_shapes(name: &str, pin: &str, number: &str, out: &mut Vec<Needle>) {
    add(out, name, "PIN in JSON", format!("\"pin\":\"{pin}\"").into_bytes());
    let length = pin.len();
    // ISO 9564: formats 2 (for the chip) and 4 (before encryption), and 0 with its number.
    let block = |control: char, fill: &str| {
        let mut text = format!("{control}{length:X}{pin}");
        while text.len() < 16 {
            text.push_str(fill);
        }
        bcd(&text)
    };
    for (shape, bytes) in [("2", block('2', "F")), ("4", block('4', "A")), ("0", format_0(pin, number))] {
        add(out, name, &format!("PIN block, format {shape}, hex"), hex(&bytes).into_bytes());
        add(
            out,
            name,
            &format!("PIN block, format {shape}, hex, capitals"),
            hex(&bytes).to_uppercase().into_bytes(),
        );
        add(out, name, &format!("PIN block, format {shape}"), bytes);
    }
}

fn format_0(pin: &str, number: &str) -> Vec<u8> {
    let clear = bcd(&format!("0{:X}{pin}{}", pin.len(), "F".repeat(14 - pin.len().min(14))));
    let digits =
        number.get(number.len().saturating_sub(13)..number.len().saturating_sub(1)).unwrap_or_default();
    let field = bcd(&format!("0000{digits}"));
    clear.iter().zip(field).map(|(a, b)| a ^ b).collect()
}

fn add(out: &mut Vec<Needle>, card: &str, shape: &str, bytes: Vec<u8>) {
    // Shorter ones would be found by chance in a core dump.
    if bytes.len() >= 7 {
        out.push(Needle { name: format!("{card}: {shape}"), bytes });
    }
}

fn wide(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(order).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0xF])
        .filter_map(|half| char::from_digit(half.into(), 16))
        .collect()
}

/// Two digits (0 to 9, A to F) a byte.
fn bcd(digits: &str) -> Vec<u8> {
    digits
        .as_bytes()
        .chunks(2)
        .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

/// What of a base64 text is certain when the bytes stand somewhere inside of what was encoded: one text for
/// each of the three places in a group of three.
fn base64_inside(bytes: &[u8]) -> Vec<(usize, Vec<u8>)> {
    (0..3_usize)
        .map(|skip| {
            let padded: Vec<u8> = std::iter::repeat_n(0, skip).chain(bytes.iter().copied()).collect();
            let text = base64(&padded);
            // The first characters mix with what stands before, the last with what follows.
            let from = (skip * 8).div_ceil(6);
            let to = padded.len() * 8 / 6;
            (skip, text.get(from..to).unwrap_or_default().to_vec())
        })
        .collect()
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Vec::new();
    for group in bytes.chunks(3) {
        let mut word = 0_u32;
        for place in 0..3 {
            word = word << 8 | u32::from(group.get(place).copied().unwrap_or(0));
        }
        for place in (0..4).rev() {
            let letter = usize::try_from(word >> (6 * place) & 63).unwrap_or(0);
            out.push(LETTERS.get(letter).copied().unwrap_or(b'='));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needles() -> Needles {
        Needles::of(&[("visa".to_owned(), "4111111111111111".to_owned(), Some("1234".to_owned()))])
    }

    fn shapes(bytes: &[u8]) -> Vec<String> {
        needles().search("here", bytes).into_iter().map(|hit| hit.name).collect()
    }

    #[test]
    fn every_shape_of_a_number_is_found_and_nothing_else() {
        let all = needles();
        let hits = all.search("here", &all.planted());
        assert_eq!(all.missing(&hits), Vec::<String>::new());
        assert!(shapes(b"411111******1111 and 1234 and 4111 1111").is_empty());
        assert_eq!(shapes(b"x;4111111111111111=3012?"), ["visa: number, ASCII or hex of BCD"]);
    }

    #[test]
    fn a_number_inside_an_encoded_text_is_found_wherever_it_stands() {
        for before in ["", "x", "xy", "xyz"] {
            let text = base64(format!("{before}4111111111111111 and more").as_bytes());
            assert_eq!(shapes(&text).len(), 1, "{before}");
        }
    }

    #[test]
    fn pin_blocks_are_the_published_ones() {
        // ISO 9564-1 format 0 of PIN 1234 with the number 43219876543210987 (as in many textbooks).
        assert_eq!(hex(&format_0("1234", "43219876543210987")), "0412ac89abcdef67");
        assert_eq!(shapes(&bcd("241234FFFFFFFFFF")), ["visa: PIN block, format 2"]);
        assert_eq!(shapes(&bcd("441234AAAAAAAAAA")), ["visa: PIN block, format 4"]);
    }
}
