//! A receipt printer on the network: ESC/POS bytes to `host:port` (port 9100 by habit).

use crate::limits;
use clock::Clock;
use device::hardware::{Printer, PrinterStatus};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// DLE EOT 4: send the status of the roll paper sensor.
const ASK_PAPER: [u8; 3] = [0x10, 0x04, 0x04];
/// DLE EOT 2: send the cause of being off line.
const ASK_COVER: [u8; 3] = [0x10, 0x04, 0x02];
/// GS r 1: send the status of the paper sensor once everything before it has been printed.
const ASK_AFTER_THE_SLIP: [u8; 3] = [0x1d, 0x72, 0x01];
/// Bits 2 and 3 of that status: the paper end sensor.
const PAPER_ENDED: u8 = 0x0c;
/// Bits 5 and 6 of the paper status: the paper end sensor.
const PAPER_END: u8 = 0x60;
/// Bit 2 of the off-line status: the cover is open.
const COVER_OPEN: u8 = 0x04;
/// A printer that answers status at all does so at once; one that does not is only written to.
const STATUS_WAIT: Duration = Duration::from_millis(120);

/// A printer behind any driver, as the terminal keeps it.
pub trait AnyPrinter: Send + 'static {
    /// Prints all of it, or says what is in the way.
    fn print_all<'a>(
        &'a mut self,
        bytes: &'a [u8],
    ) -> Pin<Box<dyn Future<Output = Result<(), PrinterStatus>> + Send + 'a>>;
    /// How it is now.
    fn state(&mut self) -> Pin<Box<dyn Future<Output = PrinterStatus> + Send + '_>>;
}

impl<P: Printer + 'static> AnyPrinter for P {
    fn print_all<'a>(
        &'a mut self,
        bytes: &'a [u8],
    ) -> Pin<Box<dyn Future<Output = Result<(), PrinterStatus>> + Send + 'a>> {
        Box::pin(Printer::print(self, bytes))
    }

    fn state(&mut self) -> Pin<Box<dyn Future<Output = PrinterStatus> + Send + '_>> {
        Box::pin(Printer::status(self))
    }
}

/// A printer at an address. A connection lives for one slip, so that several devices can share it.
#[derive(Clone, Debug)]
pub struct NetworkPrinter {
    address: String,
    clock: Clock,
}

/// What a printer said about itself.
enum Heard {
    /// Nothing: it is only written to.
    Nothing,
    /// How it is.
    Status(PrinterStatus),
}

impl NetworkPrinter {
    /// The printer at `host:port`.
    pub fn new(address: String, clock: Clock) -> Self {
        Self { address, clock }
    }

    async fn connect(&self) -> Result<TcpStream, PrinterStatus> {
        let connecting = TcpStream::connect(&self.address);
        match self.clock.timeout(limits::PRINT_WAIT, connecting).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the printer cannot be reached");
                Err(PrinterStatus::Offline)
            }
            Err(clock::Elapsed) => Err(PrinterStatus::Offline),
        }
    }

    async fn ask(&self, stream: &mut TcpStream, question: [u8; 3]) -> io::Result<Option<u8>> {
        stream.write_all(&question).await?;
        match self.clock.timeout(STATUS_WAIT, stream.read_u8()).await {
            Ok(Ok(status)) => Ok(Some(status)),
            Ok(Err(error)) => Err(error),
            Err(clock::Elapsed) => Ok(None),
        }
    }

    /// How the printer is, as far as it answers.
    async fn heard(&self, stream: &mut TcpStream) -> io::Result<Heard> {
        let Some(paper) = self.ask(stream, ASK_PAPER).await? else { return Ok(Heard::Nothing) };
        if paper & PAPER_END != 0 {
            return Ok(Heard::Status(PrinterStatus::PaperOut));
        }
        let cover = self.ask(stream, ASK_COVER).await?;
        let open = cover.is_some_and(|cover| cover & COVER_OPEN != 0);
        Ok(Heard::Status(if open { PrinterStatus::CoverOpen } else { PrinterStatus::Ready }))
    }

    /// A printer that answers must also say that the slip came out; of one that is only written to
    /// nobody can know.
    async fn send(&self, stream: &mut TcpStream, bytes: &[u8]) -> io::Result<PrinterStatus> {
        let heard = self.heard(stream).await?;
        if let Heard::Status(status) = heard
            && status != PrinterStatus::Ready
        {
            return Ok(status);
        }
        stream.write_all(bytes).await?;
        let paper = match heard {
            Heard::Nothing => 0,
            Heard::Status(_) => {
                stream.write_all(&ASK_AFTER_THE_SLIP).await?;
                stream.read_u8().await?
            }
        };
        stream.shutdown().await?;
        Ok(if paper & PAPER_ENDED == 0 { PrinterStatus::Ready } else { PrinterStatus::PaperOut })
    }
}

impl Printer for NetworkPrinter {
    async fn print(&mut self, bytes: &[u8]) -> Result<(), PrinterStatus> {
        let mut stream = self.connect().await?;
        match self.clock.timeout(limits::PRINT_WAIT, self.send(&mut stream, bytes)).await {
            Ok(Ok(PrinterStatus::Ready)) => Ok(()),
            Ok(Ok(status)) => Err(status),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the line to the printer broke");
                Err(PrinterStatus::Offline)
            }
            Err(clock::Elapsed) => Err(PrinterStatus::Offline),
        }
    }

    async fn status(&mut self) -> PrinterStatus {
        let Ok(mut stream) = self.connect().await else { return PrinterStatus::Offline };
        match self.heard(&mut stream).await {
            Ok(Heard::Status(status)) => status,
            Ok(Heard::Nothing) => PrinterStatus::Ready,
            Err(_) => PrinterStatus::Offline,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// A printer that answers status questions with one byte, and the one after the slip with another;
    /// gives what was printed.
    async fn printer(status: u8, after: u8) -> (String, tokio::task::JoinHandle<Vec<u8>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let work = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut got = Vec::new();
            let mut part = [0; 512];
            while let Ok(read @ 1..) = stream.read(&mut part).await {
                got.extend_from_slice(&part[..read]);
                if got.ends_with(&ASK_PAPER) || got.ends_with(&ASK_COVER) {
                    stream.write_all(&[status]).await.unwrap();
                }
                if got.ends_with(&ASK_AFTER_THE_SLIP) {
                    stream.write_all(&[after]).await.unwrap();
                }
            }
            got
        });
        (address, work)
    }

    #[tokio::test]
    async fn a_slip_is_sent_once_the_printer_has_paper() {
        let (address, work) = printer(0x12, 0).await;
        NetworkPrinter::new(address, Clock::real()).print(b"slip").await.unwrap();
        assert!(work.await.unwrap().ends_with(b"slip\x1dr\x01"));
    }

    #[tokio::test]
    async fn a_slip_on_which_the_paper_ran_out_is_not_printed() {
        let (address, _work) = printer(0x12, 0x0c).await;
        let said = NetworkPrinter::new(address, Clock::real()).print(b"slip").await;
        assert_eq!(said, Err(PrinterStatus::PaperOut));
    }

    #[tokio::test]
    async fn a_slip_that_the_printer_does_not_confirm_is_not_printed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut part = [0; 3];
            for _ in 0..2 {
                stream.read_exact(&mut part).await.unwrap();
                stream.write_all(&[0x12]).await.unwrap();
            }
            stream.read_exact(&mut part).await.unwrap();
        });
        let said = NetworkPrinter::new(address, Clock::real()).print(b"slip").await;
        assert_eq!(said, Err(PrinterStatus::Offline));
    }

    #[tokio::test]
    async fn without_paper_nothing_is_sent_and_that_is_said() {
        let (address, work) = printer(0x72, 0).await;
        let said = NetworkPrinter::new(address, Clock::real()).print(b"slip").await;
        assert_eq!(said, Err(PrinterStatus::PaperOut));
        assert!(!work.await.unwrap().ends_with(b"slip"));
    }

    #[tokio::test]
    async fn a_printer_that_is_not_there_is_offline() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        drop(listener);
        let said = NetworkPrinter::new(address, Clock::real()).print(b"slip").await;
        assert_eq!(said, Err(PrinterStatus::Offline));
    }
}
