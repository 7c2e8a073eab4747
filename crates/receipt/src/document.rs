//! The document: lines of a slip, laid out in half-width cells. Every renderer draws its rows.

use crate::Strokes;
use crate::width::{cells, padding, wrap};

/// A slip ready to be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Half-width cells across: 32 on 58 mm paper, 48 on 80 mm.
    pub width: usize,
    /// From top to bottom.
    pub lines: Vec<Line>,
}

/// One logical line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Centred, in letters of double width and height.
    Title(String),
    /// Centred.
    Center(String),
    /// From the left edge, broken where it is too long.
    Text(String),
    /// A label at the left, a value at the right; on two rows when they do not fit on one.
    Pair(String, String),
    /// The same, bold and with a value of double size: the amount.
    Total(String, String),
    /// A rule across.
    Rule,
    /// An empty row.
    Blank,
    /// The signature.
    Signature(Strokes),
    /// A QR code of an ASCII text, with words under it.
    Qr(String, String),
}

/// One drawn row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// Text; at most the width in cells (half of it when large).
    Text {
        /// The characters, padded on the left as needed.
        text: String,
        /// Double width and height.
        large: bool,
        /// Bold.
        bold: bool,
    },
    /// A picture of strokes.
    Signature(Strokes),
    /// A QR code of this text.
    Qr(String),
}

impl Document {
    /// The rows, exactly as printed.
    pub fn rows(&self) -> Vec<Row> {
        self.lines.iter().flat_map(|line| self.line_rows(line)).collect()
    }

    fn line_rows(&self, line: &Line) -> Vec<Row> {
        let half = self.width.checked_div(2).unwrap_or(self.width);
        match line {
            Line::Title(text) => wrap(text, half).iter().map(|row| large(centred(row, half), true)).collect(),
            Line::Center(text) => {
                wrap(text, self.width).iter().map(|row| plain(centred(row, self.width))).collect()
            }
            Line::Text(text) => wrap(text, self.width).into_iter().map(plain).collect(),
            Line::Pair(label, value) => pair(label, value, self.width).into_iter().map(plain).collect(),
            Line::Total(label, value) => total(label, value, self.width),
            Line::Rule => vec![plain("-".repeat(self.width))],
            Line::Blank => vec![plain(String::new())],
            Line::Signature(strokes) => vec![Row::Signature(strokes.clone())],
            Line::Qr(code, caption) => {
                let mut rows = vec![Row::Qr(code.clone())];
                rows.extend(wrap(caption, self.width).iter().map(|row| plain(centred(row, self.width))));
                rows
            }
        }
    }

    /// The slip as plain text, a row a line: text mails, the local API, golden stories.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for row in self.rows() {
            match row {
                Row::Text { text, large: false, .. } => out.push_str(text.trim_end()),
                // A large letter takes two cells of the plain grid.
                Row::Text { text, large: true, .. } => {
                    let spaces = text.chars().take_while(|c| *c == ' ').count();
                    out.push_str(&" ".repeat(spaces.saturating_mul(2)));
                    out.push_str(text.trim());
                }
                Row::Signature(_) => out.push_str("  ~~~ (サイン) ~~~"),
                Row::Qr(code) => out.push_str(&format!("[QR {code}]")),
            }
            out.push('\n');
        }
        out
    }
}

fn plain(text: String) -> Row {
    Row::Text { text, large: false, bold: false }
}

fn large(text: String, bold: bool) -> Row {
    Row::Text { text, large: true, bold }
}

fn centred(text: &str, width: usize) -> String {
    let left = width.saturating_sub(cells(text)).checked_div(2).unwrap_or(0);
    format!("{}{text}", " ".repeat(left))
}

fn pair(label: &str, value: &str, width: usize) -> Vec<String> {
    let needed = cells(label).saturating_add(1).saturating_add(cells(value));
    if needed <= width {
        let gap = padding(value, width.saturating_sub(cells(label)));
        return vec![format!("{label}{gap}{value}")];
    }
    let mut rows = wrap(label, width);
    rows.extend(wrap(value, width).iter().map(|row| format!("{}{row}", padding(row, width))));
    rows
}

fn total(label: &str, value: &str, width: usize) -> Vec<Row> {
    let half = width.checked_div(2).unwrap_or(width);
    if cells(label).saturating_add(1).saturating_add(cells(value)) <= half {
        let gap = padding(value, half.saturating_sub(cells(label)));
        return vec![large(format!("{label}{gap}{value}"), true)];
    }
    let mut rows: Vec<Row> =
        wrap(label, width).into_iter().map(|text| Row::Text { text, large: false, bold: true }).collect();
    rows.extend(wrap(value, half).iter().map(|row| large(format!("{}{row}", padding(row, half)), true)));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widest(document: &Document) -> usize {
        document
            .rows()
            .iter()
            .map(|row| match row {
                Row::Text { text, large, .. } => cells(text) * if *large { 2 } else { 1 },
                Row::Signature(_) | Row::Qr(_) => 0,
            })
            .max()
            .unwrap()
    }

    #[test]
    fn no_row_leaves_the_paper() {
        for width in [32, 42, 48] {
            let long = "とても長い店名のお店".repeat(9);
            let lines = vec![
                Line::Title(long.clone()),
                Line::Center(long.clone()),
                Line::Text(long.clone()),
                Line::Pair(long.clone(), long.clone()),
                Line::Total(long, "¥999,999,999,999".into()),
                Line::Rule,
            ];
            assert!(widest(&Document { width, lines }) <= width);
        }
    }

    #[test]
    fn a_pair_stands_on_one_row_when_it_fits() {
        assert_eq!(pair("伝票番号", "0250", 16), ["伝票番号    0250"]);
        assert_eq!(pair("取引日時(DATE)", "2026/11/21 10:15:30", 32).len(), 2);
    }
}
