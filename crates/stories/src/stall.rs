//! A printer that says that all is well, takes the beginning of a slip, and never comes to its end.

use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The printer. It works until it is dropped.
#[derive(Debug)]
pub struct Printer {
    /// Where it listens.
    pub at: SocketAddr,
    bytes: watch::Receiver<usize>,
    work: tokio::task::JoinHandle<()>,
}

impl Printer {
    /// Starts on a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(crate::run::ANY).await.unwrap();
        let at = listener.local_addr().unwrap();
        let (tell, bytes) = watch::channel(0);
        let work = tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                if let Some(stalled) = serve(stream, &tell).await {
                    held.push(stalled);
                }
            }
        });
        Self { at, bytes, work }
    }

    /// Waits until it has taken the beginning of a slip.
    pub async fn until_it_has_bytes(&self) {
        self.bytes.clone().wait_for(|bytes| *bytes > 0).await.unwrap();
    }
}

impl Drop for Printer {
    fn drop(&mut self) {
        self.work.abort();
    }
}

/// Answers questions; keeps the line as soon as something else comes.
async fn serve(mut stream: TcpStream, tell: &watch::Sender<usize>) -> Option<TcpStream> {
    let mut question = [0; 3];
    loop {
        stream.read_exact(&mut question).await.ok()?;
        if question.starts_with(&[0x10, 0x04]) {
            // All is well; bits 1 and 4 are always set.
            stream.write_all(&[0x12]).await.ok()?;
        } else {
            tell.send_modify(|bytes| *bytes += question.len());
            return Some(stream);
        }
    }
}
