//! The receipt printers: a TCP sink for each, ESC/POS bytes in, paper out.
//!
//! A terminal's printer driver connects to the address of its own printer, as it would to a real one
//! (port 9100 by habit), so the address tells whose paper it is.

use crate::limits;
use clock::Clock;
use escpos::{Paper, PaperRow};
use jiff::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A paper that came out of a printer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// 1 for the first paper of this printer since the program started.
    pub number: u64,
    /// When it came out.
    pub printed_at: Timestamp,
    /// What is on it.
    pub paper: Paper,
}

/// All printers, by terminal. Cheap to clone; all clones are the same printers.
#[derive(Clone)]
pub struct Printers(Arc<Trays>);

struct Trays {
    trays: Mutex<BTreeMap<String, VecDeque<Sheet>>>,
    printed: Box<dyn Fn() + Send + Sync>,
}

impl Printers {
    /// Empty trays for these terminals; `printed` is called after every paper.
    pub fn new(
        terminals: impl IntoIterator<Item = String>,
        printed: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let trays = terminals.into_iter().map(|id| (id, VecDeque::new())).collect();
        Self(Arc::new(Trays { trays: Mutex::new(trays), printed: Box::new(printed) }))
    }

    /// The papers of a terminal's printer, newest first; none when it has no printer.
    pub fn papers(&self, terminal: &str) -> Option<Vec<Sheet>> {
        let trays = self.0.trays.lock().unwrap_or_else(PoisonError::into_inner);
        trays.get(terminal).map(|tray| tray.iter().cloned().collect())
    }

    /// Lays down what a stream of bytes prints. Empty papers (a lone cut) are no papers.
    pub fn print(&self, terminal: &str, bytes: &[u8], now: Timestamp) {
        let papers = escpos::decode(bytes);
        {
            let mut trays = self.0.trays.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(tray) = trays.get_mut(terminal) else { return };
            for paper in papers.into_iter().filter(has_ink) {
                let number = tray.front().map_or(1, |sheet| sheet.number.saturating_add(1));
                tray.push_front(Sheet { number, printed_at: now, paper });
                tray.truncate(limits::PAPERS_KEPT);
            }
        }
        (self.0.printed)();
    }
}

fn has_ink(paper: &Paper) -> bool {
    paper.rows.iter().any(|row| match row {
        PaperRow::Text { text, .. } => !text.trim().is_empty(),
        PaperRow::Raster(_) | PaperRow::Qr(_) => true,
    })
}

/// Prints what comes in for one terminal until the task is dropped.
pub async fn serve(listener: TcpListener, printers: Printers, terminal: String, clock: Clock) {
    loop {
        let mut stream = crate::tcp::accept(&listener, &clock).await;
        let (printers, terminal, clock) = (printers.clone(), terminal.clone(), clock.clone());
        tokio::spawn(async move {
            if let Err(error) = take(&mut stream, &printers, &terminal, &clock).await {
                tracing::debug!(%error, "a connection to a printer ended early");
            }
        });
    }
}

/// DLE EOT n, asked at once: all is well (bits 1 and 4 are always set).
const WELL: u8 = 0x12;
/// GS r n, asked in line: there is paper.
const PAPER: u8 = 0x00;

/// Answers what a driver asks about the printer: at once when nothing else waits (`DLE EOT n`), in line
/// after what was printed (`GS r n`). Gives the answer and the bytes without the question.
fn asked(waiting: &[u8]) -> Option<(u8, &[u8])> {
    match waiting {
        [0x10, 0x04, 1..=4] => Some((WELL, &[])),
        [before @ .., 0x1d, 0x72, 1 | 2 | 49 | 50] => Some((PAPER, before)),
        _ => None,
    }
}

/// Prints at every cut and at the end of the connection.
async fn take(stream: &mut TcpStream, printers: &Printers, terminal: &str, clock: &Clock) -> io::Result<()> {
    let mut waiting = Vec::new();
    let mut part = vec![0; 8_192];
    loop {
        let read = match clock.timeout(limits::IDLE, stream.read(&mut part)).await {
            Ok(Ok(read)) => read,
            // What was printed before the line broke is on the paper.
            Ok(Err(error)) => {
                printers.print(terminal, &waiting, clock.now());
                return Err(error);
            }
            Err(clock::Elapsed) => 0,
        };
        waiting.extend_from_slice(part.get(..read).unwrap_or_default());
        if let Some((answer, before)) = asked(&waiting) {
            printers.print(terminal, before, clock.now());
            waiting.clear();
            stream.write_all(&[answer]).await?;
            continue;
        }
        let is_over = read == 0 || waiting.len() > limits::PAPER_BYTES;
        if is_over || ends_in_a_cut(&waiting) {
            printers.print(terminal, &std::mem::take(&mut waiting), clock.now());
        }
        if is_over {
            return Ok(());
        }
    }
}

/// Whether the bytes end at a cut, so that a driver which keeps its line open gets its paper now.
fn ends_in_a_cut(bytes: &[u8]) -> bool {
    // `GS V` has a parameter, and with A or B a second one, that may be in the next packet.
    let is_cut_short = [&b"\x1dV"[..], b"\x1dVA", b"\x1dVB"].iter().any(|start| bytes.ends_with(start));
    !is_cut_short && escpos::decode(bytes).last().is_some_and(|paper| paper.cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLIP: &[u8] = b"\x1b@TOTAL 880\n\x1dV\x00";

    #[test]
    fn a_paper_lies_on_top_of_the_older_ones_and_a_lone_cut_is_no_paper() {
        let printers = Printers::new(["T1".to_owned()], || ());
        printers.print("T1", SLIP, Timestamp::UNIX_EPOCH);
        printers.print("T1", b"\x1dV\x00", Timestamp::UNIX_EPOCH);
        printers.print("T1", &[SLIP, SLIP].concat(), Timestamp::UNIX_EPOCH);
        let papers = printers.papers("T1").unwrap();
        assert_eq!(papers.iter().map(|sheet| sheet.number).collect::<Vec<_>>(), [3, 2, 1]);
        assert_eq!(papers[0].paper.text().trim(), "TOTAL 880");
        assert_eq!(printers.papers("T2"), None);
    }

    #[test]
    fn a_cut_whose_parameter_has_not_come_yet_is_waited_for() {
        for (bytes, ends) in [
            (&b"x\n\x1dV\x00"[..], true),
            (b"x\n\x1dVB\x03", true),
            (b"x\n\x1dV", false),
            (b"x\n\x1dVB", false),
            (b"x\n", false),
        ] {
            assert_eq!(ends_in_a_cut(bytes), ends, "{bytes:02X?}");
        }
    }

    #[tokio::test]
    async fn a_driver_that_asks_is_answered_after_the_slip_came_out() {
        let printers = Printers::new(["T1".to_owned()], || ());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(
            listener,
            printers.clone(),
            "T1".into(),
            Clock::by_hand(Timestamp::UNIX_EPOCH),
        ));
        let mut line = TcpStream::connect(address).await.unwrap();
        for question in [&b"\x10\x04\x04"[..], b"\x10\x04\x02"] {
            line.write_all(question).await.unwrap();
            assert_eq!(line.read_u8().await.unwrap(), WELL);
        }
        line.write_all(&[SLIP, b"\x1dr\x01"].concat()).await.unwrap();
        assert_eq!(line.read_u8().await.unwrap(), PAPER);
        assert_eq!(printers.papers("T1").unwrap()[0].paper.text().trim(), "TOTAL 880");
    }

    #[tokio::test]
    async fn what_a_driver_sends_over_tcp_comes_out_as_paper() {
        let (done, mut printed) = tokio::sync::mpsc::unbounded_channel();
        let printers = Printers::new(["T1".to_owned()], move || done.send(()).unwrap_or_default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let clock = Clock::by_hand(Timestamp::UNIX_EPOCH);
        tokio::spawn(serve(listener, printers.clone(), "T1".into(), clock));
        let mut line = TcpStream::connect(address).await.unwrap();
        line.write_all(SLIP).await.unwrap();
        printed.recv().await.unwrap();
        assert_eq!(printers.papers("T1").unwrap().len(), 1, "at the cut, with the line still open");
        line.write_all(b"cut off here").await.unwrap();
        drop(line);
        printed.recv().await.unwrap();
        assert_eq!(printers.papers("T1").unwrap()[0].paper.text().trim(), "cut off here");
    }
}
