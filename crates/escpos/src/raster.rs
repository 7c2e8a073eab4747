//! One-bit pictures: signatures as `GS v 0` rasters.

use receipt::Strokes;
use serde::{Deserialize, Serialize};

/// A one-bit picture, rows of whole bytes, the highest bit at the left, 1 = black.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raster {
    /// Bytes in a row; eight dots each.
    pub row_bytes: usize,
    /// Rows.
    pub height: usize,
    /// `row_bytes` × `height` bytes.
    pub bits: Vec<u8>,
}

impl Raster {
    /// A white picture.
    pub fn blank(row_bytes: usize, height: usize) -> Self {
        Self { row_bytes, height, bits: vec![0; row_bytes.saturating_mul(height)] }
    }

    /// Whether a dot is black; outside is white.
    pub fn is_black(&self, x: usize, y: usize) -> bool {
        self.place(x, y)
            .is_some_and(|(index, mask)| self.bits.get(index).is_some_and(|byte| byte & mask != 0))
    }

    fn place(&self, x: usize, y: usize) -> Option<(usize, u8)> {
        let column = x.checked_div(8)?;
        (column < self.row_bytes && y < self.height).then(|| {
            let index = y.saturating_mul(self.row_bytes).saturating_add(column);
            let shift = u32::try_from(x.checked_rem(8).unwrap_or(0)).unwrap_or(0);
            (index, 0x80u8.checked_shr(shift).unwrap_or(0))
        })
    }

    fn blacken(&mut self, x: i32, y: i32) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
        if let Some((index, mask)) = self.place(x, y)
            && let Some(byte) = self.bits.get_mut(index)
        {
            *byte |= mask;
        }
    }

    fn pen(&mut self, x: i32, y: i32) {
        for dx in -1..=1i32 {
            for dy in -1..=1i32 {
                self.blacken(x.saturating_add(dx), y.saturating_add(dy));
            }
        }
    }
}

/// Draws strokes (a box of 1000 × 400 units) with a three-dot pen, `dots` wide.
pub fn draw_strokes(strokes: &Strokes, dots: usize) -> Raster {
    let row_bytes = dots.checked_div(8).unwrap_or(0);
    let width = i32::try_from(row_bytes.saturating_mul(8)).unwrap_or(0);
    let scale = |units: i32| units.saturating_mul(width.saturating_sub(1)).checked_div(1000).unwrap_or(0);
    let height = usize::try_from(scale(400).saturating_add(2)).unwrap_or(0);
    let mut raster = Raster::blank(row_bytes, height);
    for stroke in &strokes.0 {
        for (from, to) in stroke.iter().zip(stroke.iter().skip(1)) {
            line(&mut raster, (scale(from.0), scale(from.1)), (scale(to.0), scale(to.1)));
        }
    }
    raster
}

/// Bresenham's line.
fn line(raster: &mut Raster, from: (i32, i32), to: (i32, i32)) {
    let (mut x, mut y) = from;
    let dx = to.0.saturating_sub(from.0).saturating_abs();
    let dy = to.1.saturating_sub(from.1).saturating_abs().saturating_neg();
    let (sx, sy) = (to.0.saturating_sub(from.0).signum(), to.1.saturating_sub(from.1).signum());
    let mut error = dx.saturating_add(dy);
    loop {
        raster.pen(x, y);
        if (x, y) == to {
            return;
        }
        let doubled = error.saturating_mul(2);
        if doubled >= dy {
            error = error.saturating_add(dy);
            x = x.saturating_add(sx);
        }
        if doubled <= dx {
            error = error.saturating_add(dx);
            y = y.saturating_add(sy);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stroke_is_black_at_both_ends_and_white_elsewhere() {
        // M-062
        let raster = draw_strokes(&Strokes(vec![vec![(0, 0), (1000, 400)]]), 384);
        assert!(raster.is_black(0, 0) && raster.is_black(382, 153));
        assert!(!raster.is_black(380, 5) && !raster.is_black(9999, 0));
    }
}
