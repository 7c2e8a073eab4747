//! Text to glyphs: the embedded font, widths in whole hundredths of a millimetre, lines that break as
//! Japanese does. A character that the font lacks prints as 〓 and is remembered.

use crate::Fault;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::charmap::{Charmap, MapVariant};
use skrifa::raw::TableProvider;
use skrifa::raw::tables::hmtx::Hmtx;
use skrifa::{FontRef, MetadataProvider};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The regular face of BIZ UD Gothic with proportional widths, SIL Open Font License 1.1, from npm; `cargo xtask assets` fetches it.
const BYTES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/font.ttf"));

/// What stands for a character that the font lacks.
const GETA: char = '〓';

/// A length in hundredths of a millimetre.
pub(crate) type Len = i32;

/// A size of type in tenths of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Size(pub(crate) i16);

/// The embedded font, read once.
pub(crate) struct Face {
    font: Font,
    map: Charmap<'static>,
    widths: Hmtx<'static>,
    units_per_em: u16,
}

/// A line of text as glyphs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Run {
    pub(crate) text: String,
    pub(crate) glyphs: Vec<KrillaGlyph>,
    /// The sum of the advances in font units.
    units: i64,
    units_per_em: u16,
}

static FACE: LazyLock<Option<Face>> = LazyLock::new(read);

fn read() -> Option<Face> {
    let font = Font::new(BYTES.into(), 0)?;
    let reference = FontRef::new(BYTES).ok()?;
    let widths = reference.hmtx().ok()?;
    let units_per_em = reference.head().ok()?.units_per_em();
    Some(Face { font, map: reference.charmap(), widths, units_per_em })
}

impl Face {
    /// The font, read at the first call.
    pub(crate) fn get() -> Result<&'static Self, Fault> {
        FACE.as_ref().ok_or(Fault::Font)
    }

    /// The font as the PDF library holds it.
    pub(crate) fn font(&self) -> Font {
        self.font.clone()
    }

    /// A line of text; what the font lacks is added to `missing`.
    pub(crate) fn run(&self, text: &str, missing: &mut BTreeSet<char>) -> Run {
        let mut run = Run { units_per_em: self.units_per_em, ..Run::default() };
        let mut chars = text.chars().peekable();
        while let Some(first) = chars.next() {
            let mut base = if first.is_whitespace() && first != '\u{3000}' { ' ' } else { first };
            if let Some(mark @ ('\u{3099}' | '\u{309a}')) = chars.peek().copied()
                && let Some(whole) = unicode_normalization::char::compose(base, mark)
            {
                base = whole;
                chars.next();
            }
            let selector = chars.next_if(|next| is_selector(*next));
            self.push(&mut run, base, selector, missing);
        }
        run
    }

    fn push(&self, run: &mut Run, base: char, selector: Option<char>, missing: &mut BTreeSet<char>) {
        let mut glyph = self.map.map(base);
        if let Some(selector) = selector {
            match self.map.map_variant(base, selector) {
                Some(MapVariant::Variant(variant)) => glyph = Some(variant),
                Some(MapVariant::UseDefault) => {}
                None => {
                    missing.insert(selector);
                }
            }
        }
        let mut shown = base;
        if glyph.is_none_or(|glyph| glyph.to_u32() == 0) {
            missing.insert(base);
            shown = GETA;
            glyph = self.map.map(GETA);
        }
        let Some(glyph) = glyph else { return };
        let begin = run.text.len();
        run.text.push(shown);
        let advance = self.widths.advance(glyph).unwrap_or(0);
        run.units = run.units.saturating_add(i64::from(advance));
        let range = begin..run.text.len();
        let share = share_of_em(advance, self.units_per_em);
        run.glyphs.push(KrillaGlyph::new(GlyphId::new(glyph.to_u32()), share, 0.0, 0.0, 0.0, range, None));
    }

    /// The text in lines that are no wider than told, broken where Japanese may break.
    pub(crate) fn wrap(&self, text: &str, size: Size, most: Len, missing: &mut BTreeSet<char>) -> Vec<Run> {
        let mut lines = Vec::new();
        let mut rest = text;
        loop {
            let run = self.run(rest, missing);
            if run.width(size) <= most {
                lines.push(run);
                return lines;
            }
            let cut = self.cut(rest, size, most, missing);
            let (line, after) = rest.split_at(cut);
            lines.push(self.run(line.trim_end(), missing));
            rest = after.trim_start();
            if rest.is_empty() {
                return lines;
            }
        }
    }

    /// The largest size at which no piece that must stay whole is wider than told.
    pub(crate) fn whole_pieces(&self, text: &str, most: Len) -> Option<Size> {
        let mut widest = 0;
        let mut units = 0_i64;
        let mut before = None;
        for next in text.chars() {
            if before.is_some_and(|before| may_break(before, next)) {
                units = 0;
            }
            units = units.saturating_add(self.run(next.encode_utf8(&mut [0; 4]), &mut BTreeSet::new()).units);
            widest = widest.max(units);
            before = Some(next);
        }
        (40..=90).rev().step_by(5).map(Size).find(|size| length(widest, self.units_per_em, *size) <= most)
    }

    /// The byte before which the first line ends.
    fn cut(&self, text: &str, size: Size, most: Len, missing: &mut BTreeSet<char>) -> usize {
        let mut allowed = None;
        let mut fits = None;
        let mut units = 0_i64;
        let mut before = None;
        for (at, next) in text.char_indices() {
            if let Some(before) = before {
                let wide = length(units, self.units_per_em, size) > most;
                if wide && fits.is_some() {
                    break;
                }
                fits = Some(at);
                if may_break(before, next) {
                    allowed = Some(at);
                }
            }
            units = units.saturating_add(self.run(next.encode_utf8(&mut [0; 4]), missing).units);
            before = Some(next);
        }
        allowed.or(fits).unwrap_or(text.len())
    }
}

impl Run {
    /// The width at a size.
    pub(crate) fn width(&self, size: Size) -> Len {
        length(self.units, self.units_per_em, size)
    }
}

/// Font units at a size as hundredths of a millimetre: a point is 2540 / 72 of them.
fn length(units: i64, units_per_em: u16, size: Size) -> Len {
    let numerator = units.saturating_mul(i64::from(size.0)).saturating_mul(2540);
    let length = numerator.checked_div(i64::from(units_per_em).saturating_mul(720)).unwrap_or(0);
    Len::try_from(length).unwrap_or(Len::MAX)
}

#[expect(clippy::float_arithmetic, reason = "the PDF library takes advances as shares of an em")]
fn share_of_em(advance: u16, units_per_em: u16) -> f32 {
    f32::from(advance) / f32::from(units_per_em)
}

fn is_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Whether a line may end between the two: not inside a word or a number, not before what closes, not
/// after what opens, always before what opens.
fn may_break(before: char, next: char) -> bool {
    let word = |c: char| c.is_ascii() && c != ' ';
    if word(before) && word(next) && next != '(' {
        return false;
    }
    let closes = "、。，．・）」』】〕〉》!?！？ー々)]ぁぃぅぇぉっゃゅょァィゥェォッャュョ";
    let opens = "（「『【〔〈《([";
    !closes.contains(next) && !opens.contains(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> (String, Vec<char>) {
        let mut missing = BTreeSet::new();
        let run = Face::get().unwrap().run(text, &mut missing);
        assert_eq!(run.glyphs.len(), run.text.chars().count());
        (run.text, missing.into_iter().collect())
    }

    #[test]
    fn names_with_rare_characters_keep_them() {
        for name in ["髙﨑", "①", "㈱", "ｶ)ﾁﾖｳﾊﾞ", "濵田", "～¥－", "神"] {
            assert_eq!(shown(name), (name.to_owned(), Vec::new()));
        }
    }

    #[test]
    fn what_the_font_lacks_is_a_geta_and_is_told() {
        assert_eq!(shown("a𠮟\u{1f600}b𠮷"), ("a𠮟〓b〓".to_owned(), vec!['\u{1f600}', '𠮷']));
        assert_eq!(shown("か\u{3099}\u{7}"), ("が〓".to_owned(), vec!['\u{7}']));
        assert_eq!(shown("a\tb"), ("a b".to_owned(), Vec::new()));
        assert_eq!(shown("辻\u{e01ef}").0, "辻");
        // What a PDF may not map to, what turns lines round, what has no meaning outside one company.
        let (text, missing) = shown("\0\u{feff}\u{fffe}\u{202e}\u{e000}");
        assert_eq!((text.as_str(), missing.len()), ("〓〓〓〓〓", 5));
    }

    #[test]
    fn a_full_width_character_is_as_wide_as_the_type_is_high() {
        let run = Face::get().unwrap().run("国国", &mut BTreeSet::new());
        // Twice nine points are 6.35 mm.
        assert_eq!(run.width(Size(90)), 635);
    }

    #[test]
    fn lines_break_outside_words_and_before_no_mark() {
        let face = Face::get().unwrap();
        let lines = |text: &str, most| {
            let runs = face.wrap(text, Size(90), most, &mut BTreeSet::new());
            assert!(runs.iter().all(|run| run.width(Size(90)) <= most), "{text}");
            runs.into_iter().map(|run| run.text).collect::<Vec<_>>()
        };
        assert_eq!(lines("国国国国。国", 1_400), ["国国国", "国。国"]);
        assert_eq!(lines("国国12,345円", 1_400), ["国国", "12,345", "円"]);
        assert_eq!(lines("国", 10_000), ["国"]);
        assert_eq!(lines("", 10_000), [""]);
        assert_eq!(lines(&"W".repeat(20), 2_000).concat(), "W".repeat(20));
    }
}
