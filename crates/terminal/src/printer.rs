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

    async fn ready(&self, stream: &mut TcpStream) -> io::Result<PrinterStatus> {
        let Some(paper) = self.ask(stream, ASK_PAPER).await? else { return Ok(PrinterStatus::Ready) };
        if paper & PAPER_END != 0 {
            return Ok(PrinterStatus::PaperOut);
        }
        let cover = self.ask(stream, ASK_COVER).await?;
        let open = cover.is_some_and(|cover| cover & COVER_OPEN != 0);
        Ok(if open { PrinterStatus::CoverOpen } else { PrinterStatus::Ready })
    }

    async fn send(&self, stream: &mut TcpStream, bytes: &[u8]) -> io::Result<PrinterStatus> {
        let status = self.ready(stream).await?;
        if status == PrinterStatus::Ready {
            stream.write_all(bytes).await?;
            stream.shutdown().await?;
        }
        Ok(status)
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
        self.ready(&mut stream).await.unwrap_or(PrinterStatus::Offline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// A printer that answers every status question with one byte; gives what was printed.
    async fn printer(status: u8) -> (String, tokio::task::JoinHandle<Vec<u8>>) {
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
            }
            got
        });
        (address, work)
    }

    #[tokio::test]
    async fn a_slip_is_sent_once_the_printer_has_paper() {
        let (address, work) = printer(0x12).await;
        NetworkPrinter::new(address, Clock::real()).print(b"slip").await.unwrap();
        assert!(work.await.unwrap().ends_with(b"slip"));
    }

    #[tokio::test]
    async fn without_paper_nothing_is_sent_and_that_is_said() {
        let (address, work) = printer(0x72).await;
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
