//! Cells of a file for spreadsheets: quoted, never a formula, in UTF-8 with its mark or in Shift_JIS.

use encoding_rs::SHIFT_JIS;
use std::fmt::{Display, Write as _};

/// How the file is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charset {
    /// UTF-8 behind its mark, by which spreadsheets know it.
    Utf8,
    /// Shift_JIS, for older programs; what it lacks is a 〓.
    Sjis,
}

impl Charset {
    /// Reads the parameter of the address.
    pub(super) fn read(word: &str) -> Self {
        if word == "sjis" { Self::Sjis } else { Self::Utf8 }
    }

    /// The content type.
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Utf8 => "text/csv; charset=utf-8",
            Self::Sjis => "text/csv; charset=shift_jis",
        }
    }

    /// What a file begins with.
    pub(super) const fn mark(self) -> &'static [u8] {
        match self {
            Self::Utf8 => b"\xEF\xBB\xBF",
            Self::Sjis => b"",
        }
    }

    /// Writes text.
    pub(super) fn write(self, text: &str, out: &mut Vec<u8>) {
        if self == Self::Utf8 {
            return out.extend_from_slice(text.as_bytes());
        }
        let (bytes, _, is_lossy) = SHIFT_JIS.encode(text);
        if !is_lossy {
            return out.extend_from_slice(&bytes);
        }
        let mut one = [0; 4];
        for letter in text.chars() {
            let (bytes, _, is_unknown) = SHIFT_JIS.encode(letter.encode_utf8(&mut one));
            // 〓 in Shift_JIS.
            out.extend_from_slice(if is_unknown { b"\x81\xAC" } else { &bytes });
        }
    }
}

/// One row after the other. Texts are quoted; one that a spreadsheet would take for a formula begins with an apostrophe.
#[derive(Debug, Default)]
pub(super) struct Cells {
    row: String,
    is_over: bool,
}

impl Cells {
    fn begin(&mut self) {
        if std::mem::take(&mut self.is_over) {
            self.row.clear();
        }
        if !self.row.is_empty() {
            self.row.push(',');
        }
    }

    /// A text.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.begin();
        self.row.push('"');
        if text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']) {
            self.row.push('\'');
        }
        if text.bytes().any(|byte| matches!(byte, b'"' | b'\r' | b'\n')) {
            for letter in text.chars().filter(|letter| !matches!(letter, '\r' | '\n')) {
                if letter == '"' {
                    self.row.push('"');
                }
                self.row.push(letter);
            }
        } else {
            self.row.push_str(text);
        }
        self.row.push('"');
        self
    }

    /// A value of ours, of digits and letters: nothing in it is to be quoted.
    pub(super) fn plain(&mut self, value: impl Display) -> &mut Self {
        self.begin();
        // Writing to a text does not fail.
        write!(self.row, "\"{value}\"").unwrap_or_default();
        self
    }

    /// A number, with its sign.
    pub(super) fn number(&mut self, number: i64) -> &mut Self {
        self.begin();
        write!(self.row, "{number}").unwrap_or_default();
        self
    }

    /// The row with its end; what comes then is the next one's.
    pub(super) fn row(&mut self) -> &str {
        self.row.push_str("\r\n");
        self.is_over = true;
        &self.row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula_and_never_ends_its_row() {
        let mut cells = Cells::default();
        let row = cells.text("=HYPERLINK(\"x\")").text("a\r\nb,c").text("-3").number(-300).row();
        assert_eq!(row, "\"'=HYPERLINK(\"\"x\"\")\",\"ab,c\",\"'-3\",-300\r\n");
        assert_eq!(cells.plain(1).text("é").row(), "\"1\",\"é\"\r\n", "the next row begins anew");
    }

    #[test]
    fn what_shift_jis_lacks_is_a_geta_mark() {
        let mut out = Vec::new();
        Charset::Sjis.write("髙﨑①", &mut out);
        assert_eq!(SHIFT_JIS.decode(&out).0, "髙﨑①", "as Windows has them");
        let mut out = Vec::new();
        Charset::Sjis.write("珈琲☕x", &mut out);
        assert_eq!(SHIFT_JIS.decode(&out).0, "珈琲〓x");
    }
}
