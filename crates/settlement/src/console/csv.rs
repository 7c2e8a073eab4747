//! Cells of a file for spreadsheets: quoted, never a formula, in UTF-8 with its mark or in Shift_JIS.

use encoding_rs::SHIFT_JIS;

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

/// One row. Texts are quoted; one that a spreadsheet would take for a formula begins with an apostrophe.
#[derive(Debug, Default)]
pub(super) struct Cells(String);

impl Cells {
    fn begin(&mut self) {
        if !self.0.is_empty() {
            self.0.push(',');
        }
    }

    /// A text.
    pub(super) fn text(mut self, text: &str) -> Self {
        self.begin();
        self.0.push('"');
        if text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']) {
            self.0.push('\'');
        }
        for letter in text.chars().filter(|letter| !matches!(letter, '\r' | '\n')) {
            if letter == '"' {
                self.0.push('"');
            }
            self.0.push(letter);
        }
        self.0.push('"');
        self
    }

    /// A number, with its sign.
    pub(super) fn number(mut self, number: i64) -> Self {
        self.begin();
        self.0.push_str(&number.to_string());
        self
    }

    /// The row with its end.
    pub(super) fn row(mut self) -> String {
        self.0.push_str("\r\n");
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula_and_never_ends_its_row() {
        let row = Cells::default().text("=HYPERLINK(\"x\")").text("a\r\nb,c").text("-3").number(-300).row();
        assert_eq!(row, "\"'=HYPERLINK(\"\"x\"\")\",\"ab,c\",\"'-3\",-300\r\n");
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
