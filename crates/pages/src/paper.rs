//! Receipt paper exactly as printed, QR codes, signatures.

use crate::icon::Icon;
use crate::text::texts;
use maud::{Markup, PreEscaped, html};
use qrcode::{EcLevel, QrCode};

/// How many half-width cells the paper is wide: 58 mm has 32, 80 mm 42 or 48.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaperWidth {
    /// 58 mm, font A.
    Cells32,
    /// 80 mm, 42 cells.
    Cells42,
    /// 80 mm, 48 cells.
    Cells48,
}

/// One line of paper.
#[derive(Clone, Debug)]
pub enum PaperLine<'a> {
    /// Text already laid out in cells; half-width 1, full-width 2.
    Text(&'a str),
    /// Text in bold.
    Bold(&'a str),
    /// Text in double width and height: half as many cells fit.
    Big(&'a str),
    /// A QR code.
    Qr(&'a str),
    /// A signature or a logo, as SVG of ours ([`signature`]).
    Picture(Markup),
}

/// A receipt as the printer prints it.
pub fn paper(lang: &str, width: PaperWidth, lines: &[PaperLine<'_>]) -> Markup {
    paper_called(texts(lang).paper, width, lines)
}

/// The same under a name of its own, where several stand on one page.
pub fn paper_called(name: &str, width: PaperWidth, lines: &[PaperLine<'_>]) -> Markup {
    let class = match width {
        PaperWidth::Cells32 => "",
        PaperWidth::Cells42 => "paper-42",
        PaperWidth::Cells48 => "paper-48",
    };
    html! {
        div.table-scroll.paper-scroll role="region" aria-label=(name) tabindex="0" {
            div.paper.(class) lang="ja" {
                @for group in grouped(lines) {
                    @match group {
                        Group::Text(lines) => pre { @for line in lines { (text_line(line)) "\n" } },
                        Group::Other(PaperLine::Qr(data)) => div.paper-qr { (qr_svg(data)) },
                        Group::Other(PaperLine::Picture(svg)) => div.paper-picture { (svg) },
                        Group::Other(_) => {}
                    }
                }
            }
        }
    }
}

enum Group<'a, 'b> {
    Text(&'b [PaperLine<'a>]),
    Other(&'b PaperLine<'a>),
}

fn is_text(line: &PaperLine<'_>) -> bool {
    matches!(line, PaperLine::Text(_) | PaperLine::Bold(_) | PaperLine::Big(_))
}

/// Text lines share one `<pre>`, so that copying keeps the lines together.
fn grouped<'a, 'b>(lines: &'b [PaperLine<'a>]) -> impl Iterator<Item = Group<'a, 'b>> {
    lines.chunk_by(|a, b| is_text(a) && is_text(b)).filter_map(|chunk| match chunk {
        [first, ..] if is_text(first) => Some(Group::Text(chunk)),
        [other, ..] => Some(Group::Other(other)),
        [] => None,
    })
}

fn text_line(line: &PaperLine<'_>) -> Markup {
    match line {
        PaperLine::Text(text) => html! { (text) },
        PaperLine::Bold(text) => html! { b { (text) } },
        PaperLine::Big(text) => html! { span.big { (text) } },
        PaperLine::Qr(_) | PaperLine::Picture(_) => html! {},
    }
}

/// A QR code with its quiet zone, on white also in the dark. `label` says what it leads to.
pub fn qr(label: &str, data: &str) -> Markup {
    html! { div.qr role="img" aria-label=(label) { (qr_svg(data)) } }
}

/// One path of a square for every run of dark modules; empty when the data does not fit (2,953 bytes).
fn qr_svg(data: &str) -> Markup {
    let Ok(code) = QrCode::with_error_correction_level(data, EcLevel::M) else {
        return html! { (Icon::Qr) };
    };
    let side = code.width();
    let colors = code.to_colors();
    let mut path = String::new();
    for (y, row) in colors.chunks(side).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|a, b| a == b) {
            if run.first() == Some(&qrcode::Color::Dark) {
                path.push_str(&format!("M{} {}h{}v1h-{}z", x + 4, y + 4, run.len(), run.len()));
            }
            x += run.len();
        }
    }
    let view = format!("0 0 {0} {0}", side + 8);
    html! {
        svg viewBox=(view) shape-rendering="crispEdges" aria-hidden="true" focusable="false" {
            path d="M0 0h999v999H0z" fill="#fff" {}
            path d=(path) fill="#000" {}
        }
    }
}

/// A signature drawn from its strokes, each a list of points in the pad's pixels.
pub fn signature(label: &str, width: u16, height: u16, strokes: &[Vec<(u16, u16)>]) -> Markup {
    let mut path = String::new();
    for stroke in strokes {
        for (n, (x, y)) in stroke.iter().enumerate() {
            path.push_str(&format!("{}{x} {y}", if n == 0 { 'M' } else { 'L' }));
        }
        if let [(x, y)] = stroke.as_slice() {
            path.push_str(&format!("L{x} {y}"));
        }
    }
    html! {
        svg.signature viewBox=(format!("0 0 {width} {height}")) role="img" aria-label=(label) fill="none"
            stroke="currentColor" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round" {
            (PreEscaped(format!("<path d=\"{path}\"/>")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paper_keeps_every_cell_and_escapes_the_shop() {
        let html = paper(
            "ja",
            PaperWidth::Cells32,
            &[
                PaperLine::Text("  <b>店  "),
                PaperLine::Bold("¥880"),
                PaperLine::Qr("https://x.example/r/1"),
                PaperLine::Text("end"),
            ],
        )
        .into_string();
        assert!(html.contains("<pre>  &lt;b&gt;店  \n<b>¥880</b>\n</pre>"), "{html}");
        assert_eq!(html.matches("<pre>").count(), 2, "{html}");
    }

    #[test]
    fn a_qr_code_that_cannot_be_drawn_does_not_break_the_page() {
        assert!(qr("x", &"a".repeat(4000)).into_string().contains("<svg"));
        assert!(qr("x", "https://127.0.0.1/r/abc").into_string().contains("M4 4h7v1h-7z"));
    }

    #[test]
    fn a_signature_is_one_path_and_a_dot_is_seen() {
        let html = signature("署名", 300, 100, &[vec![(1, 2), (3, 4)], vec![(9, 9)]]).into_string();
        assert!(html.contains("d=\"M1 2L3 4M9 9L9 9\""), "{html}");
    }
}
