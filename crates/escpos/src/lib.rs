//! ESC/POS, both directions: [`encode()`] turns a slip's rows into printer bytes, [`decode()`] turns
//! bytes back into paper, for the simulated printer and for proofs of what is printed.
//!
//! The subset: `ESC @`, `ESC a`, `ESC E`, `ESC !`, `ESC t`, `ESC d`, `GS !`, `GS V`, `GS v 0`,
//! `GS ( k` (QR), `FS &`, `FS .`, `FS C`, `LF`. Text is Shift_JIS in kanji mode; 0x5C prints `¥`.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, clippy::as_conversions))]

mod decode;
mod encode;
mod raster;

pub use decode::{Paper, PaperRow, decode};
pub use encode::encode;
pub use raster::{Raster, draw_strokes};
