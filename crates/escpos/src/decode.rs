//! Printer bytes back to paper. Never fails: what is not understood is passed over, as printers do.

use crate::raster::Raster;
use serde::{Deserialize, Serialize};

/// What lies on the paper between two cuts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paper {
    /// From top to bottom.
    pub rows: Vec<PaperRow>,
    /// Whether the paper was cut after it.
    pub cut: bool,
}

/// One row of paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaperRow {
    /// Letters.
    Text {
        /// The characters as printed.
        text: String,
        /// Double width and height.
        large: bool,
        /// Bold.
        bold: bool,
    },
    /// A picture.
    Raster(Raster),
    /// A QR code of this text.
    Qr(String),
}

impl Paper {
    /// The paper as plain text, a row a line.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for row in &self.rows {
            match row {
                PaperRow::Text { text, .. } => out.push_str(text.trim_end()),
                PaperRow::Raster(_) => out.push_str("  ~~~ (picture) ~~~"),
                PaperRow::Qr(code) => out.push_str(&format!("[QR {code}]")),
            }
            out.push('\n');
        }
        out
    }
}

/// Reads a stream of ESC/POS bytes; the last paper is uncut when the stream ends before a cut.
pub fn decode(bytes: &[u8]) -> Vec<Paper> {
    let mut reader = Reader { bytes, at: 0, text: Vec::new(), large: false, bold: false, qr: String::new() };
    let mut papers = Vec::new();
    let mut paper = Paper::default();
    while let Some(byte) = reader.take() {
        match byte {
            b'\n' => {
                let row = reader.row();
                paper.rows.push(row);
            }
            0x1b => reader.esc(),
            0x1c => reader.fs(),
            0x1d => {
                if let Some(row) = reader.gs(&mut paper) {
                    paper.rows.push(row);
                }
                if paper.cut {
                    papers.push(std::mem::take(&mut paper));
                }
            }
            0x00..=0x1f => {}
            _ => reader.letter(byte),
        }
    }
    if !reader.text.is_empty() {
        let row = reader.row();
        paper.rows.push(row);
    }
    if !paper.rows.is_empty() {
        papers.push(paper);
    }
    papers
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    text: Vec<u8>,
    large: bool,
    bold: bool,
    qr: String,
}

impl Reader<'_> {
    fn take(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied();
        self.at = self.at.saturating_add(1);
        byte
    }

    fn take_many(&mut self, count: usize) -> Vec<u8> {
        let end = self.at.saturating_add(count);
        let bytes = self.bytes.get(self.at..end.min(self.bytes.len())).unwrap_or(&[]).to_vec();
        self.at = end;
        bytes
    }

    fn number(&mut self) -> usize {
        let low = self.take().unwrap_or(0);
        let high = self.take().unwrap_or(0);
        usize::from(u16::from_le_bytes([low, high]))
    }

    /// A letter; a Shift_JIS lead byte takes its trail byte along, so 0x5C inside a kanji is no `¥`.
    fn letter(&mut self, byte: u8) {
        self.text.push(byte);
        if matches!(byte, 0x81..=0x9f | 0xe0..=0xfc)
            && let Some(trail) = self.take()
        {
            self.text.push(trail);
        }
    }

    fn row(&mut self) -> PaperRow {
        let bytes = std::mem::take(&mut self.text);
        PaperRow::Text { text: from_shift_jis(&bytes), large: self.large, bold: self.bold }
    }

    fn esc(&mut self) {
        match self.take() {
            Some(b'@') => (self.large, self.bold) = (false, false),
            Some(b'E') => self.bold = self.take().unwrap_or(0) & 1 == 1,
            Some(b'!') => {
                let mode = self.take().unwrap_or(0);
                self.bold = mode & 0x08 != 0;
                self.large = mode & 0x30 == 0x30;
            }
            // One parameter: justification, feed, code table, line spacing, reverse feed, font.
            Some(b'a' | b'd' | b't' | b'3' | b'J' | b'M' | b'R') => drop(self.take()),
            Some(b'p') => drop(self.take_many(3)),
            _ => {}
        }
    }

    fn fs(&mut self) {
        match self.take() {
            Some(b'C' | b'!' | b'W' | b'-') => drop(self.take()),
            Some(b'S') => drop(self.take_many(2)),
            _ => {}
        }
    }

    fn gs(&mut self, paper: &mut Paper) -> Option<PaperRow> {
        match self.take() {
            Some(b'!') => self.large = self.take().unwrap_or(0) & 0x11 == 0x11,
            Some(b'V') => {
                if matches!(self.take(), Some(65 | 66)) {
                    self.take();
                }
                paper.cut = true;
            }
            Some(b'v') => {
                self.take_many(2);
                let row_bytes = self.number();
                let height = self.number();
                let bits = self.take_many(row_bytes.saturating_mul(height));
                if bits.len() == row_bytes.saturating_mul(height) {
                    return Some(PaperRow::Raster(Raster { row_bytes, height, bits }));
                }
            }
            Some(b'(') => return self.function(),
            Some(b'a' | b'r' | b'h' | b'w' | b'H' | b'B') => drop(self.take()),
            Some(b'L' | b'W') => drop(self.take_many(2)),
            _ => {}
        }
        None
    }

    /// `GS ( k`: store (80) and print (81) of a QR code; other functions are settings.
    fn function(&mut self) -> Option<PaperRow> {
        let kind = self.take();
        let length = self.number();
        let body = self.take_many(length);
        match (kind, body.get(1).copied()) {
            (Some(b'k'), Some(80)) => {
                self.qr = String::from_utf8_lossy(body.get(3..).unwrap_or(&[])).into_owned();
                None
            }
            (Some(b'k'), Some(81)) => Some(PaperRow::Qr(self.qr.clone())),
            _ => None,
        }
    }
}

/// Shift_JIS as a Japanese printer shows it: 0x5C is `¥`.
fn from_shift_jis(bytes: &[u8]) -> String {
    let (text, _) = encoding_rs::SHIFT_JIS.decode_without_bom_handling(bytes);
    text.replace('\\', "¥")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode;
    use payment::{Policy, Profile};
    use receipt::{Copy, Document, Line, Printing, Row, document, samples};

    #[test]
    fn what_is_printed_is_what_the_preview_shows() {
        for profile in [Profile::Mpos, Profile::Usen] {
            let policy = Policy::profile(profile).unwrap().receipt;
            for facts in [samples::chip_sale(), samples::signed_swipe()] {
                let slip = document(&facts, &policy, Copy::Customer, Printing::Again);
                let papers = decode(&encode(&slip));
                assert_eq!(papers.len(), 1);
                assert!(papers[0].cut);
                let shown: Vec<String> = slip
                    .rows()
                    .iter()
                    .map(|row| match row {
                        Row::Text { text, .. } => text.clone(),
                        Row::Signature(_) => "picture".to_owned(),
                        Row::Qr(code) => code.clone(),
                    })
                    .collect();
                let printed: Vec<String> = papers[0]
                    .rows
                    .iter()
                    .map(|row| match row {
                        PaperRow::Text { text, .. } => text.clone(),
                        PaperRow::Raster(_) => "picture".to_owned(),
                        PaperRow::Qr(code) => code.clone(),
                    })
                    .collect();
                assert_eq!(printed, shown);
            }
        }
    }

    #[test]
    fn letters_that_the_printer_lacks_become_a_geta_mark() {
        let slip = Document { width: 32, lines: vec![Line::Text("髙﨑①㈱ﾃﾞ Tiếng".into())] };
        assert_eq!(decode(&encode(&slip))[0].text(), "髙﨑①㈱ﾃﾞ Ti〓ng\n");
    }

    #[test]
    fn any_bytes_are_read_without_a_panic() {
        let mut seed = 0x2545_f491_4f6c_dd1d_u64;
        let good = encode(&document(
            &samples::signed_swipe(),
            &Policy::default().receipt,
            Copy::Merchant,
            Printing::First,
        ));
        for _ in 0..2000 {
            let mut bytes = good.clone();
            for _ in 0..8 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let at = usize::try_from(seed >> 33).unwrap() % bytes.len();
                bytes[at] = u8::try_from(seed >> 24 & 0xff).unwrap();
            }
            bytes.truncate(usize::try_from(seed >> 40).unwrap() % bytes.len());
            decode(&bytes);
        }
    }
}
