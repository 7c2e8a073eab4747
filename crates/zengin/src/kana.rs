//! [`Kana`]: text as banks write it, one byte a character of JIS X 0201, and how other text becomes it.
//!
//! Hiragana and full-width letters are folded, sound marks stand alone, small kana become large, ヲ becomes ｵ,
//! every long mark and dash is a hyphen, the middle dot a space. What is left must be a digit, a capital letter,
//! a kana from ｱ to ﾝ, a sound mark, a space or one of `( ) - .`; anything else is named and refused, never
//! dropped. Sources: pca.jp `z1_zengin`, keiyobank.co.jp typing.html, jinjer 900002885563.

use crate::limits::MAX_NAME_CHARS;
use std::fmt;
use unicode_normalization::char::decompose_compatible;

/// Text of the bank's characters, without spaces at its ends; may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kana(String);

/// A text that the bank's characters cannot say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// The first character that has no place there.
    Character(char),
    /// More than [`MAX_NAME_CHARS`] characters.
    TooLong,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character(c) => write!(f, "{c:?} is none of the bank's characters"),
            Self::TooLong => write!(f, "more than {MAX_NAME_CHARS} characters"),
        }
    }
}

impl std::error::Error for Unfit {}

/// What becomes of a full stop. The bank associations allow it; some banks refuse it (keiyobank.co.jp).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FullStop {
    /// It stays.
    #[default]
    Kept,
    /// It becomes a space.
    Space,
}

/// Turns a text into the bank's characters; a full stop stays.
pub fn kana(text: &str) -> Result<Kana, Unfit> {
    kana_by(text, FullStop::Kept)
}

/// As [`kana`], with the bank's word about the full stop.
pub fn kana_by(text: &str, stop: FullStop) -> Result<Kana, Unfit> {
    let folded = fold(text)?;
    match folded.chars().find(|c| !in_names(*c)) {
        Some(unfit) => Err(Unfit::Character(original(text, unfit))),
        None => Ok(Kana(stopped(&folded, stop).trim_matches(' ').to_owned())),
    }
}

/// Turns the name of a bank or branch into the bank's characters: without brackets, a full stop is a space.
pub fn bank_name(text: &str) -> Result<Kana, Unfit> {
    let name = kana_by(text, FullStop::Space)?;
    match name.0.chars().find(|c| !in_bank_names(*c)) {
        Some(unfit) => Err(Unfit::Character(original(text, unfit))),
        None => Ok(name),
    }
}

impl Kana {
    /// The text in half-width characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Bytes in a file: one a character.
    pub fn width(&self) -> usize {
        self.0.chars().count()
    }

    /// Whether there is no character.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first `most` characters, without a space at their end.
    pub fn cut(&self, most: usize) -> Self {
        let kept: String = self.0.chars().take(most).collect();
        Self(kept.trim_end_matches(' ').to_owned())
    }

    /// The bytes of JIS X 0201.
    pub fn bytes(&self) -> impl Iterator<Item = u8> + '_ {
        self.0.chars().filter_map(to_jis)
    }

    /// The text of bytes that stand in a field, spaces behind them.
    pub(crate) fn of_jis(bytes: &[u8]) -> Self {
        let text: String = bytes.iter().filter_map(|byte| of_jis(*byte)).filter(|c| in_names(*c)).collect();
        Self(text.trim_matches(' ').to_owned())
    }

    /// The text of a folded string, when every character of it is the bank's.
    pub(crate) fn of_folded(folded: &str, stop: FullStop) -> Result<Self, Unfit> {
        match folded.chars().find(|c| !in_names(*c)) {
            Some(unfit) => Err(Unfit::Character(unfit)),
            None => Ok(Self(stopped(folded, stop).trim_matches(' ').to_owned())),
        }
    }
}

impl fmt::Display for Kana {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn stopped(folded: &str, stop: FullStop) -> String {
    match stop {
        FullStop::Kept => folded.to_owned(),
        FullStop::Space => folded.replace('.', " "),
    }
}

/// The text with everything folded that can be; what cannot stays as it is, in its compatible form.
pub(crate) fn fold(text: &str) -> Result<String, Unfit> {
    if text.chars().count() > MAX_NAME_CHARS {
        return Err(Unfit::TooLong);
    }
    let mut folded = String::new();
    for c in text.chars() {
        fold_char(c, &mut folded);
    }
    Ok(folded)
}

fn fold_char(c: char, out: &mut String) {
    // Alone they decompose into a space and a mark.
    match c {
        '゛' => out.push('ﾞ'),
        '゜' => out.push('ﾟ'),
        _ => decompose_compatible(c, |part| out.push(half(part).unwrap_or(part))),
    }
}

/// The character of a text that `unfit` came from.
fn original(text: &str, unfit: char) -> char {
    let mut folded = String::new();
    text.chars()
        .find(|c| {
            folded.clear();
            fold_char(*c, &mut folded);
            folded.contains(unfit)
        })
        .unwrap_or(unfit)
}

/// Every kana in full width, decomposed, and its half width. Small ones become large, ヲ becomes ｵ.
const HALF: [(&str, &str); 3] = [
    (
        "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン",
        "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝ",
    ),
    ("ァィゥェォッャュョヮヵヶヲ", "ｱｲｳｴｵﾂﾔﾕﾖﾜｶｹｵ"),
    // The combining sound marks, then what reads as a hyphen, then the middle dot.
    ("\u{3099}\u{309A}ー\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2015}\u{2212}・", "ﾞﾟ-------- "),
];

fn half(c: char) -> Option<char> {
    let c = match c {
        'a'..='z' => c.to_ascii_uppercase(),
        // Hiragana stand 0x60 before their katakana.
        'ぁ'..='ゖ' => u32::from(c).checked_add(0x60).and_then(char::from_u32)?,
        _ => c,
    };
    if in_names(c) {
        return Some(c);
    }
    HALF.iter().find_map(|(from, to)| {
        from.chars().zip(to.chars()).find(|(full, _)| *full == c).map(|(_, half)| half)
    })
}

/// Whether a character may stand in the name of a person or company.
pub(crate) const fn in_names(c: char) -> bool {
    in_bank_names(c) || matches!(c, '(' | ')' | '.')
}

/// Whether a character may stand in the name of a bank or branch.
pub(crate) const fn in_bank_names(c: char) -> bool {
    matches!(c, '0'..='9' | 'A'..='Z' | ' ' | '-' | 'ｱ'..='ﾝ' | 'ﾞ' | 'ﾟ')
}

/// The byte of JIS X 0201: ASCII, and the half-width kana from ｡ (0xA1) to ﾟ (0xDF).
pub(crate) fn to_jis(c: char) -> Option<u8> {
    match c {
        ' '..='~' => u8::try_from(u32::from(c)).ok(),
        '｡'..='ﾟ' => u32::from(c)
            .checked_sub(u32::from('｡'))
            .and_then(|nth| nth.checked_add(0xA1))
            .and_then(|byte| u8::try_from(byte).ok()),
        _ => None,
    }
}

/// The character of a byte of JIS X 0201.
pub(crate) fn of_jis(byte: u8) -> Option<char> {
    match byte {
        0x20..=0x7E => Some(char::from(byte)),
        0xA1..=0xDF => {
            let nth = u32::from(byte).checked_sub(0xA1)?;
            u32::from('｡').checked_add(nth).and_then(char::from_u32)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_become_what_banks_write() {
        // X-092, each row from the rules of the sources above.
        for (text, is) in [
            ("ケイヨウ　タロウ", "ｹｲﾖｳ ﾀﾛｳ"),
            ("キュウヨイチロウ", "ｷﾕｳﾖｲﾁﾛｳ"),
            ("じんじ しょうご", "ｼﾞﾝｼﾞ ｼﾖｳｺﾞ"),
            ("ヲガワ", "ｵｶﾞﾜ"),
            ("ｦｶﾞﾜ", "ｵｶﾞﾜ"),
            ("ヴァンクール", "ｳﾞｱﾝｸ-ﾙ"),
            ("パーティー・プラン", "ﾊﾟ-ﾃｲ- ﾌﾟﾗﾝ"),
            ("ﾊﾟｰﾃｨ", "ﾊﾟ-ﾃｲ"),
            ("Ａｂｃ－１２", "ABC-12"),
            ("か゛き゜", "ｶﾞｷﾟ"),
            ("ヶヵヮッ", "ｹｶﾜﾂ"),
            ("J.PORT", "J.PORT"),
            ("A‐B−C—D", "A-B-C-D"),
            ("  ア  ", "ｱ"),
            ("", ""),
        ] {
            assert_eq!(kana(text).map(|kana| kana.to_string()).as_deref(), Ok(is), "{text}");
        }
    }

    #[test]
    fn what_banks_cannot_write_is_named() {
        for (text, first) in [
            ("山田", '山'),
            ("ア,イ", ','),
            ("ア「イ", '「'),
            ("ヰ", 'ヰ'),
            ("é", 'é'),
            ("ア\tイ", '\t'),
            ("㈱", '㈱'),
            ("A/B", '/'),
            ("ア。", '。'),
        ] {
            assert_eq!(kana(text), Err(Unfit::Character(first)), "{text}");
        }
        assert_eq!(kana(&"ア".repeat(MAX_NAME_CHARS + 1)), Err(Unfit::TooLong));
    }

    #[test]
    fn banks_and_branches_have_no_brackets_and_no_full_stop() {
        assert_eq!(
            bank_name("ステ－ト．ストリ－ト").map(|name| name.to_string()).as_deref(),
            Ok("ｽﾃ-ﾄ ｽﾄﾘ-ﾄ")
        );
        assert_eq!(bank_name("ホンテン(ア"), Err(Unfit::Character('(')));
        assert_eq!(kana_by("A.B", FullStop::Space).map(|name| name.to_string()).as_deref(), Ok("A B"));
    }

    #[test]
    fn every_character_of_banks_is_one_byte_and_comes_back() {
        let all: String = (0..=255).filter_map(of_jis).filter(|c| in_names(*c)).collect();
        // Digits, capitals, space, hyphen, three signs, 45 kana, two sound marks.
        assert_eq!(all.chars().count(), 10 + 26 + 1 + 1 + 3 + 45 + 2);
        for c in all.chars() {
            assert_eq!(to_jis(c).and_then(of_jis), Some(c));
        }
        assert_eq!(HALF.map(|(from, to)| from.chars().count() == to.chars().count()), [true; 3]);
        // Each kana of Unicode's block is folded or refused, none is lost.
        for c in ('ぁ'..='ヿ').chain('｡'..='ﾟ') {
            match kana(&format!("A{c}A")) {
                Ok(name) => assert!(name.width() > 2, "{c}"),
                Err(unfit) => assert_eq!(unfit, Unfit::Character(c)),
            }
        }
    }

    proptest! {
        #[test]
        fn folding_is_stable_and_never_panics(text in any::<String>()) {
            if let Ok(name) = kana(&text) {
                prop_assert_eq!(kana(name.as_str()), Ok(name.clone()));
                let bytes: Vec<u8> = name.bytes().collect();
                prop_assert_eq!(bytes.len(), name.width());
                prop_assert_eq!(Kana::of_jis(&bytes), name);
            }
        }

        #[test]
        fn katakana_are_never_refused_or_lost(text in "[ァ-ヴー]{0,40}") {
            let plain: String = text.chars().filter(|c| !"ヰヱヮヵヶ".contains(*c)).collect();
            prop_assert!(kana(&plain).is_ok_and(|name| name.width() >= plain.chars().count()));
        }
    }
}
