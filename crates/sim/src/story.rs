//! What happened, as a hash always and as text when somebody wants to read it.

use std::fmt::{self, Write as _};

/// The story of one seed.
#[derive(Clone, Debug)]
pub struct Story {
    hash: u64,
    lines: Option<Vec<String>>,
    buffer: String,
}

impl Story {
    /// An empty one; `told` keeps its lines.
    pub fn new(told: bool) -> Self {
        Self { hash: 0xCBF2_9CE4_8422_2325, lines: told.then(Vec::new), buffer: String::with_capacity(128) }
    }

    /// The next line: when, who, what.
    pub fn line(&mut self, at_us: i64, who: impl fmt::Display, what: fmt::Arguments<'_>) {
        self.buffer.clear();
        let (seconds, millis) = (at_us / 1_000_000, at_us / 1000 % 1000);
        // Writing to a string does not fail.
        let _ = write!(self.buffer, "{seconds:>4}.{millis:03}  {who:<10}  {what}");
        for byte in self.buffer.bytes() {
            // FNV-1a.
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
        if let Some(lines) = &mut self.lines {
            lines.push(self.buffer.clone());
        }
    }

    /// The hash of all lines so far.
    pub const fn hash(&self) -> u64 {
        self.hash
    }

    /// The lines; empty unless they were to be told.
    pub fn lines(&self) -> &[String] {
        self.lines.as_deref().unwrap_or_default()
    }
}
