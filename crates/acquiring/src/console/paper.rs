//! A slip as paper on a page: the rows of the document, cell by cell.

use i18n::{Lang, t};
use maud::Markup;
use pages::paper::{PaperLine, PaperWidth, paper_called, signature};
use receipt::{Document, Row, Strokes};

/// The slip exactly as printed, under a name of its own.
pub fn slip(lang: Lang, name: &str, document: &Document) -> Markup {
    let width = match document.width {
        ..=32 => PaperWidth::Cells32,
        33..=42 => PaperWidth::Cells42,
        _ => PaperWidth::Cells48,
    };
    let rows = document.rows();
    let lines: Vec<PaperLine<'_>> = rows.iter().map(|row| line(lang, row)).collect();
    paper_called(name, width, &lines)
}

fn line(lang: Lang, row: &Row) -> PaperLine<'_> {
    match row {
        Row::Text { text, large: true, .. } => PaperLine::Big(text),
        Row::Text { text, bold: true, .. } => PaperLine::Bold(text),
        Row::Text { text, .. } => PaperLine::Text(text),
        Row::Qr(code) => PaperLine::Qr(code),
        Row::Signature(strokes) => PaperLine::Picture(drawn(lang, strokes)),
    }
}

/// M-062. What lies outside the box is moved to its edge.
fn drawn(lang: Lang, strokes: &Strokes) -> Markup {
    let within = |units: i32, most: u16| u16::try_from(units.max(0)).unwrap_or(u16::MAX).min(most);
    let stroke =
        |points: &Vec<(i32, i32)>| points.iter().map(|&(x, y)| (within(x, 1000), within(y, 400))).collect();
    let drawn: Vec<Vec<(u16, u16)>> = strokes.0.iter().map(stroke).collect();
    signature(&t(lang, "payments-signature"), 1000, 400, &drawn)
}
