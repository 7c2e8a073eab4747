//! The control file of the preloaded library, and the ways in which a call can be struck.

use anyhow::{Context as _, Result};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// What happens at the call. The numbers are those of `preload/chobafault.c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, clap::ValueEnum)]
pub enum Mode {
    /// The process is killed before the call.
    Before,
    /// The process is killed after the call.
    After,
    /// Half of a write is done, then the process is killed.
    Torn,
    /// The disk is full from this call on; the space comes back when the payment has ended.
    Enospc,
    /// The call fails with EIO.
    Eio,
    /// Nothing is sent, and the line is cut.
    Reset,
    /// It is sent, and then the line is cut.
    Cut,
    /// The process stands still before the call, for power cuts.
    #[value(skip)]
    Stop,
}

const WRITE: u32 = 1;
const SYNC: u32 = 2;
const CHANGE: u32 = 4;
const NETWORK: u32 = 8;

const ENOSPC: u32 = 28;
const EIO: u32 = 5;
const ECONNRESET: u32 = 104;

impl Mode {
    /// Every mode of the sweep, in the order of the table in docs/crash-points.md.
    pub const ALL: [Self; 7] =
        [Self::Before, Self::After, Self::Torn, Self::Enospc, Self::Eio, Self::Reset, Self::Cut];

    /// Its word on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
            Self::Torn => "torn",
            Self::Enospc => "enospc",
            Self::Eio => "eio",
            Self::Reset => "reset",
            Self::Cut => "cut",
            Self::Stop => "stop",
        }
    }

    /// Which calls are points of this mode.
    pub const fn classes(self) -> u32 {
        match self {
            Self::Before | Self::After | Self::Stop => WRITE | SYNC | CHANGE | NETWORK,
            Self::Torn => WRITE | NETWORK,
            Self::Enospc => WRITE,
            Self::Eio => WRITE | SYNC | CHANGE,
            Self::Reset | Self::Cut => NETWORK,
        }
    }

    /// How many of these calls ([`Control::calls`]) are points of this mode.
    pub fn points(self, calls: &str) -> u32 {
        let count = calls.lines().filter(|call| class(call) & self.classes() != 0).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    const fn number(self) -> u32 {
        match self {
            Self::Before => 1,
            Self::After => 2,
            Self::Enospc | Self::Eio | Self::Reset => 3,
            Self::Torn => 4,
            Self::Cut => 5,
            Self::Stop => 6,
        }
    }

    const fn error(self) -> u32 {
        match self {
            Self::Enospc => ENOSPC,
            Self::Eio => EIO,
            Self::Reset => ECONNRESET,
            Self::Before | Self::After | Self::Torn | Self::Cut | Self::Stop => 0,
        }
    }
}

/// The class of a call by its line in the log, as the library judges it.
fn class(call: &str) -> u32 {
    let mut words = call.split(' ').skip(1);
    match (words.next(), words.next()) {
        (_, Some("line")) => NETWORK,
        (Some("fsync" | "fdatasync"), _) => SYNC,
        (Some("ftruncate" | "unlink" | "rename"), _) => CHANGE,
        (Some(_), Some("file")) => WRITE,
        _ => 0,
    }
}

/// The control file of one process.
#[derive(Debug)]
pub struct Control {
    /// Where it is.
    pub path: PathBuf,
    /// Where the library says what it counted.
    pub log: PathBuf,
    file: File,
}

const COUNT: u64 = 24;
const FIRED: u64 = 28;

impl Control {
    /// A fresh one for the program of this name, disarmed.
    pub fn new(folder: &Path, name: &str) -> Result<Self> {
        let (path, log) = (folder.join(format!("{name}.fault")), folder.join(format!("{name}.calls")));
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path)?;
        file.write_all_at(&[0; 64], 0)?;
        Ok(Self { path, log, file })
    }

    /// The same file for another thread.
    pub fn reader(&self) -> Result<Self> {
        Ok(Self { path: self.path.clone(), log: self.log.clone(), file: self.file.try_clone()? })
    }

    fn put(&self, words: &[u32]) -> Result<()> {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        self.file.write_all_at(&bytes, 0).context("the control file cannot be written")
    }

    /// Counts from here on, and strikes the `at`-th call; 0 strikes none.
    pub fn arm(&self, mode: Mode, at: u32) -> Result<()> {
        let sticky = u32::from(mode == Mode::Enospc);
        // Disarmed first: the library must never see half of an order.
        self.put(&[0, at, mode.number(), mode.error(), mode.classes(), sticky, 0, 0])?;
        self.put(&[1])
    }

    /// Nothing is counted or struck any more.
    pub fn disarm(&self) -> Result<()> {
        self.put(&[0])
    }

    fn word(&self, at: u64) -> Result<u32> {
        let mut bytes = [0; 4];
        self.file.read_exact_at(&mut bytes, at).context("the control file cannot be read")?;
        Ok(u32::from_ne_bytes(bytes))
    }

    /// Calls counted since [`Control::arm`].
    pub fn count(&self) -> Result<u32> {
        self.word(COUNT)
    }

    /// Whether the call was struck.
    pub fn fired(&self) -> Result<bool> {
        Ok(self.word(FIRED)? != 0)
    }

    /// The struck call in the library's words, for a person.
    pub fn call(&self, number: u32) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let start = format!("{number} ");
        text.lines().find(|line| line.starts_with(&start)).unwrap_or("?").to_owned()
    }

    /// Every counted call, one a line: number, function, `file` or `line` with its name, bytes.
    pub fn calls(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mode_has_its_own_calls_of_a_log() {
        let calls = "1 pwrite file a-wal 24\n2 fsync file a-wal 0\n3 unlink file a 0\n\
                     4 send line 1-2 9\n5 connect line to 2 0\n6 writev line 1-2 9\n";
        let points = Mode::ALL.map(|mode| mode.points(calls));
        assert_eq!(points, [6, 6, 4, 1, 3, 3, 3]);
    }
}
