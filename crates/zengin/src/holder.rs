//! The holder of an account as banks write it: kana, with the form of a company shortened.
//!
//! Only the terms of `data/abbreviations.toml` are read in kanji, in kana or in brackets. The rest of a name is
//! entered in kana by a person: how a name in kanji is read is never guessed.

use crate::kana::{FullStop, Kana, Unfit, fold};
use crate::limits::PAYEE;
use serde::Deserialize;
use std::cmp::Reverse;
use std::fmt;
use std::sync::LazyLock;

/// What a term is, and with that how its abbreviation stands in a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The form of a company (法人略語), in brackets by its position, one a name.
    Company,
    /// A kind of office (営業所略語), in brackets by its position.
    Office,
    /// A line of business (事業略語), without brackets.
    Business,
}

/// A row of the table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// What it is.
    pub kind: Kind,
    /// The term in kanji.
    pub terms: Vec<String>,
    /// What people write in brackets.
    pub short: Vec<String>,
    /// The term in kana.
    pub readings: Vec<String>,
    /// What banks write, half width.
    pub abbreviation: String,
    /// Where it is known from.
    pub source: String,
}

#[derive(Deserialize)]
struct Table {
    row: Vec<Row>,
}

/// Every row, in the order of the file.
pub fn rows() -> &'static [Row] {
    static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
        toml::from_str::<Table>(include_str!("../data/abbreviations.toml"))
            .map(|table| table.row)
            .unwrap_or_default()
    });
    &ROWS
}

/// A holder's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// As it stands in a file, at most 30 bytes.
    pub name: Kana,
    /// Whether the name had more than 30 bytes and was cut: to be shown to a person.
    pub cut: bool,
    /// The form of the company, in the table's letters; nothing for a person.
    pub form: Option<&'static str>,
    /// The whole name without the form of the company.
    pub bare: Kana,
}

impl Holder {
    /// Whether two names are the same but for spaces and the form of the company.
    pub fn is_like(&self, other: &Self) -> bool {
        let letters = |name: &Kana| name.as_str().replace(' ', "");
        letters(&self.bare) == letters(&other.bare)
    }
}

/// A text that is no holder's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoHolder {
    /// The bank's characters cannot say it.
    Unfit(Unfit),
    /// Nothing is left beside the form of a company.
    Empty,
    /// Two forms of a company in one name, in the table's letters.
    TwoForms(&'static str, &'static str),
}

impl fmt::Display for NoHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unfit(unfit) => unfit.fmt(f),
            Self::Empty => f.write_str("there is no name"),
            Self::TwoForms(one, other) => write!(f, "two forms of a company: {one} and {other}"),
        }
    }
}

impl std::error::Error for NoHolder {}

/// The holder's name of a text; a full stop stays.
pub fn holder(text: &str) -> Result<Holder, NoHolder> {
    holder_by(text, FullStop::Kept)
}

/// As [`holder`], with the bank's word about the full stop.
pub fn holder_by(text: &str, stop: FullStop) -> Result<Holder, NoHolder> {
    let folded = fold(text).map_err(NoHolder::Unfit)?.trim().to_owned();
    let (mut name, mut bare, form) = match take(&folded, Kind::Company) {
        Some(taken) => (taken.in_place(), taken.without(), Some(taken.abbreviation)),
        None => (folded.clone(), folded.clone(), None),
    };
    if let (Some(first), Some(second)) = (form, take(&bare, Kind::Company)) {
        return Err(NoHolder::TwoForms(first, second.abbreviation));
    }
    for part in [&mut name, &mut bare] {
        if let Some(taken) = take(part, Kind::Office) {
            *part = taken.in_place();
        }
        while let Some(taken) = take(part, Kind::Business) {
            *part = [taken.before, taken.abbreviation, taken.after].concat();
        }
    }
    let kana = |text: &str| Kana::of_folded(text, stop).map_err(NoHolder::Unfit);
    let (whole, bare) = (kana(&name)?, kana(&bare)?);
    if bare.is_empty() {
        return Err(NoHolder::Empty);
    }
    let cut = whole.width() > PAYEE;
    Ok(Holder { name: whole.cut(PAYEE), cut, form, bare })
}

/// A term found in a folded name.
struct Taken<'a> {
    before: &'a str,
    after: &'a str,
    abbreviation: &'static str,
}

impl Taken<'_> {
    /// The abbreviation with its brackets: first `ｶ)`, middle `(ｶ)`, last `(ｶ`.
    fn in_place(&self) -> String {
        let (before, after) = (self.before.trim_end(), self.after.trim_start());
        let open = if before.is_empty() { "" } else { "(" };
        let close = if after.is_empty() && !before.is_empty() { "" } else { ")" };
        [before, open, self.abbreviation, close, after].concat()
    }

    /// The name without it.
    fn without(&self) -> String {
        let (before, after) = (self.before.trim(), self.after.trim());
        let space = if before.is_empty() || after.is_empty() { "" } else { " " };
        [before, space, after].concat()
    }
}

/// Where in a name a needle counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Anywhere,
    First,
    Last,
}

/// A text to look for, folded as names are.
struct Needle {
    text: String,
    kind: Kind,
    place: Place,
    abbreviation: &'static str,
}

/// Every needle, the longest first: 医療法人社団 before 医療法人, (ｶ) before (ｶ.
fn needles() -> &'static [Needle] {
    static NEEDLES: LazyLock<Vec<Needle>> = LazyLock::new(|| {
        let mut needles: Vec<Needle> = rows().iter().flat_map(of_row).collect();
        needles.sort_by_key(|needle| Reverse(needle.text.chars().count()));
        needles
    });
    &NEEDLES
}

fn of_row(row: &'static Row) -> Vec<Needle> {
    let abbreviation = row.abbreviation.as_str();
    let needle = |text: String, place| Needle {
        text: fold(&text).unwrap_or_default(),
        kind: row.kind,
        place,
        abbreviation,
    };
    let whole = row.terms.iter().chain(&row.readings).map(|term| needle(term.clone(), Place::Anywhere));
    let mut needles: Vec<Needle> = whole.collect();
    if row.kind != Kind::Business {
        let short = row.short.iter().chain([&row.abbreviation]);
        needles.extend(short.clone().map(|short| needle(format!("({short})"), Place::Anywhere)));
        needles.extend(short.clone().map(|short| needle(format!("{short})"), Place::First)));
        needles.extend(short.map(|short| needle(format!("({short}"), Place::Last)));
    }
    needles
}

/// The longest term of a kind in a name.
fn take(name: &str, kind: Kind) -> Option<Taken<'_>> {
    needles().iter().filter(|needle| needle.kind == kind && !needle.text.is_empty()).find_map(|needle| {
        let text = needle.text.as_str();
        let (before, after) = match needle.place {
            Place::Anywhere => name.split_once(text)?,
            Place::First => ("", name.strip_prefix(text)?),
            Place::Last => (name.strip_suffix(text)?, ""),
        };
        Some(Taken { before, after, abbreviation: needle.abbreviation })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kana::kana;
    use proptest::prelude::*;

    #[test]
    fn holders_are_written_as_banks_write_them() {
        // The first four are the examples of keiyobank.co.jp.
        for (text, is) in [
            ("ケイヨウ　タロウ", "ｹｲﾖｳ ﾀﾛｳ"),
            ("株式会社ケイヨウギンコウ", "ｶ)ｹｲﾖｳｷﾞﾝｺｳ"),
            ("ケイヨウギンコウ株式会社", "ｹｲﾖｳｷﾞﾝｺｳ(ｶ"),
            ("ケイヨウギンコウ株式会社チバシテン", "ｹｲﾖｳｷﾞﾝｺｳ(ｶ)ﾁﾊﾞｼﾃﾝ"),
            ("カブシキガイシャ ケイヨウ", "ｶ)ｹｲﾖｳ"),
            ("かぶしきかいしゃけいよう", "ｶ)ｹｲﾖｳ"),
            ("㈱ケイヨウ", "ｶ)ｹｲﾖｳ"),
            ("ケイヨウ（株）", "ｹｲﾖｳ(ｶ"),
            ("(カ)ケイヨウ", "ｶ)ｹｲﾖｳ"),
            ("ｶ)ｹｲﾖｳ", "ｶ)ｹｲﾖｳ"),
            ("ｹｲﾖｳ(ｶ", "ｹｲﾖｳ(ｶ"),
            ("㍿ケイヨウ", "ｶ)ｹｲﾖｳ"),
            ("有限会社アイ", "ﾕ)ｱｲ"),
            ("合同会社アイ", "ﾄﾞ)ｱｲ"),
            ("医療法人社団アイカイ", "ｲ)ｱｲｶｲ"),
            ("シャカイフクシホウジン アイ", "ﾌｸ)ｱｲ"),
            ("地方独立行政法人アイ", "ﾁﾄﾞｸ)ｱｲ"),
            ("アイ相互会社", "ｱｲ(ｿ"),
            ("ニホン生命保険相互会社", "ﾆﾎﾝｾｲﾒｲ(ｿ"),
            ("株式会社アイ ヨコハマ営業所", "ｶ)ｱｲ ﾖｺﾊﾏ(ｴｲ"),
            ("コープ生活協同組合", "ｺ-ﾌﾟｾｲｷﾖｳ"),
            ("トウキョウ協同組合連合会", "ﾄｳｷﾖｳｷﾖｳｸﾐﾚﾝ"),
            ("アイ(ショウテン)", "ｱｲ(ｼﾖｳﾃﾝ)"),
        ] {
            assert_eq!(holder(text).map(|holder| holder.name.to_string()).as_deref(), Ok(is), "{text}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused_with_its_reason() {
        for (text, why) in [
            ("", "there is no name"),
            ("株式会社", "there is no name"),
            ("株式会社京葉", "'京' is none of the bank's characters"),
            ("株式会社アイ有限会社", "two forms of a company: ｶ and ﾕ"),
            ("ｶ)ｱｲ(ｶ", "two forms of a company: ｶ and ｶ"),
            ("アイ、ウエ", "'、' is none of the bank's characters"),
        ] {
            assert_eq!(holder(text).map_err(|why| why.to_string()), Err(why.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_long_name_is_cut_and_says_so() {
        let long = holder(&format!("株式会社{}", "ア".repeat(29))).unwrap();
        assert!(long.cut && long.name.width() == PAYEE && long.bare.width() == 29);
        let fits = holder(&format!("株式会社{}", "ア".repeat(28))).unwrap();
        assert!(!fits.cut && fits.name.width() == PAYEE);
        assert_eq!(fits.form, Some("ｶ"));
    }

    #[test]
    fn names_are_compared_without_form_and_spaces() {
        let holder = |text| holder(text).unwrap();
        assert!(holder("株式会社 アイ ウエ").is_like(&holder("アイウエ(カ")));
        assert!(!holder("株式会社アイ").is_like(&holder("株式会社アウ")));
    }

    #[test]
    fn every_row_of_the_table_is_used_and_none_hides_another() {
        assert_eq!(rows().len(), 45);
        for row in rows() {
            assert!(kana(&row.abbreviation).is_ok_and(|kana| kana.as_str() == row.abbreviation));
            assert!(!row.source.is_empty());
            for term in row.terms.iter().chain(&row.readings) {
                let name = holder(&format!("{term}アアア")).unwrap().name.to_string();
                let close = if row.kind == Kind::Business { "" } else { ")" };
                assert_eq!(name, format!("{}{close}ｱｱｱ", row.abbreviation), "{term}");
            }
            for short in &row.short {
                let name = holder(&format!("アアア({short})")).unwrap().name.to_string();
                assert_eq!(name, format!("ｱｱｱ({}", row.abbreviation), "{short}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_written_name_is_written_again_as_the_same(text in "[ァ-ヂツ-ロ株式会社()（） .ｶｱ]{0,30}") {
            if let Ok(once) = holder(&text) {
                prop_assert!(!once.name.is_empty() && once.name.width() <= PAYEE);
                let again = holder(once.name.as_str());
                prop_assert_eq!(again.map(|again| again.name), Ok(once.name));
            }
        }
    }
}
