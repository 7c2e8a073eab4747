//! Prepares the font of the papers: leaves out what a PDF's subset never needs, above all the instructions
//! for coarse screens, a quarter of every outline. Says which command fetches the font when it is missing.

use std::path::Path;

const FONT: &str = "../../web/fonts/BIZUDPGothic-Regular.ttf";

const LICENCE: &str = "../../web/fonts/BIZUDPGothic-LICENSE.txt";

/// The tables that stay.
const KEPT: [&[u8; 4]; 10] =
    [b"OS/2", b"cmap", b"glyf", b"head", b"hhea", b"hmtx", b"loca", b"maxp", b"name", b"post"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={FONT}");
    let (Ok(font), true) = (std::fs::read(FONT), Path::new(LICENCE).is_file()) else {
        println!(
            "cargo::error=web/fonts is missing. Run `cargo xtask assets` (or: npm ci --prefix web && npm run build --prefix web)."
        );
        return;
    };
    let written = slim(&font).zip(std::env::var_os("OUT_DIR")).map(|(slim, folder)| {
        // The build fails at the `include_bytes!` when the disk is full.
        std::fs::write(Path::new(&folder).join("font.ttf"), slim).is_ok()
    });
    if written != Some(true) {
        println!(
            "cargo::error={FONT} is not a TrueType font as expected; fetch it anew with `cargo xtask assets`."
        );
    }
}

/// The font without instructions and without tables that nothing reads.
fn slim(font: &[u8]) -> Option<Vec<u8>> {
    let long_offsets = short(table(font, b"head")?, 50)? == 1;
    let (glyf, loca) = outlines(table(font, b"glyf")?, table(font, b"loca")?, long_offsets)?;
    let mut head = table(font, b"head")?.to_vec();
    // Offsets are long from here on.
    head.get_mut(50..52)?.copy_from_slice(&[0, 1]);
    let mut directory = vec![0, 1, 0, 0];
    let count = u16::try_from(KEPT.len()).ok()?;
    // The three words for binary search: 128, 3, 32 for ten tables.
    for word in [count, 128, 3, 32] {
        directory.extend(word.to_be_bytes());
    }
    let mut body = Vec::new();
    let begin = 12 + 16 * KEPT.len();
    for tag in KEPT {
        let bytes = match tag {
            b"glyf" => &glyf,
            b"loca" => &loca,
            b"head" => &head,
            _ => table(font, tag)?,
        };
        directory.extend(tag);
        directory.extend(sum(bytes).to_be_bytes());
        directory.extend(u32::try_from(begin + body.len()).ok()?.to_be_bytes());
        directory.extend(u32::try_from(bytes.len()).ok()?.to_be_bytes());
        body.extend(bytes);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    directory.extend(body);
    Some(directory)
}

/// Every outline without its instructions, and where each begins.
fn outlines(glyf: &[u8], loca: &[u8], long_offsets: bool) -> Option<(Vec<u8>, Vec<u8>)> {
    let step = if long_offsets { 4 } else { 2 };
    let offset = |at: usize| {
        if long_offsets { long(loca, at * 4) } else { Some(usize::from(short(loca, at * 2)?) * 2) }
    };
    let (mut shapes, mut places) = (Vec::new(), vec![0; 4]);
    for at in 0..(loca.len() / step).checked_sub(1)? {
        let glyph = glyf.get(offset(at)?..offset(at + 1)?)?;
        // A negative count means that the glyph is made of others: none is in this font.
        let contours =
            if glyph.is_empty() { 0 } else { usize::from(short(glyph, 0).filter(|it| *it < 0x8000)?) };
        if contours > 0 {
            let length = 10 + 2 * contours;
            shapes.extend(glyph.get(..length)?);
            shapes.extend([0, 0]);
            shapes.extend(glyph.get(length + 2 + usize::from(short(glyph, length)?)..)?);
            shapes.resize(shapes.len().next_multiple_of(4), 0);
        }
        places.extend(u32::try_from(shapes.len()).ok()?.to_be_bytes());
    }
    Some((shapes, places))
}

/// A table of the font by its name.
fn table<'a>(font: &'a [u8], tag: &[u8]) -> Option<&'a [u8]> {
    let count = usize::from(short(font, 4)?);
    let entry = font.get(12..12 + 16 * count)?.chunks_exact(16).find(|entry| entry.starts_with(tag))?;
    let begin = long(entry, 8)?;
    font.get(begin..begin.checked_add(long(entry, 12)?)?)
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?)).ok()
}

/// The check sum of a table: its words added up.
fn sum(bytes: &[u8]) -> u32 {
    bytes.chunks(4).fold(0, |sum: u32, chunk| {
        let mut word = [0; 4];
        word.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
        sum.wrapping_add(u32::from_be_bytes(word))
    })
}
