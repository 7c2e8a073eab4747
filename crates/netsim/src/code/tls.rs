//! HTTPS for the brands, with a certificate that the simulator makes for itself at every start.

use crate::limits;
use axum::serve::Listener;
use clock::Clock;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The name of the certificate's file in the folder of the data; a client is told to trust it.
pub const CERTIFICATE: &str = "code-ca.pem";

/// A certificate for loopback; its key lives in memory only.
pub struct Identity {
    pem: String,
    config: Arc<rustls::ServerConfig>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity")
    }
}

impl Identity {
    /// Makes a certificate for `localhost` and `127.0.0.1`.
    pub fn make() -> io::Result<Self> {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).map_err(io::Error::other)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .map_err(io::Error::other)?;
        Ok(Self { pem: made.cert.pem(), config: Arc::new(config) })
    }

    /// Writes the certificate where clients find it.
    pub fn write(&self, data: &Path) -> io::Result<()> {
        std::fs::write(data.join(CERTIFICATE), &self.pem)
    }

    /// Connections of this listener, shaken hands with. A client that is slow to do so holds up nobody.
    pub fn listen(&self, listener: TcpListener, clock: Clock) -> io::Result<Tls> {
        let address = listener.local_addr()?;
        let (ready, connections) = mpsc::channel(limits::CONNECTIONS);
        let acceptor = TlsAcceptor::from(Arc::clone(&self.config));
        tokio::spawn(async move {
            let places = Arc::new(Semaphore::new(limits::CONNECTIONS));
            while !ready.is_closed() {
                let stream = tokio::select! {
                    stream = crate::tcp::accept(&listener, &clock) => stream,
                    () = ready.closed() => return,
                };
                let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
                let (acceptor, ready, clock) = (acceptor.clone(), ready.clone(), clock.clone());
                tokio::spawn(async move {
                    let shaken = clock.timeout(limits::HANDSHAKE, acceptor.accept(stream)).await;
                    drop(place);
                    if let Ok(Ok(stream)) = shaken {
                        // Without a receiver the program ends.
                        drop(ready.send(stream).await);
                    }
                });
            }
        });
        Ok(Tls { connections, address })
    }
}

/// Connections that have shaken hands.
#[derive(Debug)]
pub struct Tls {
    connections: mpsc::Receiver<TlsStream<TcpStream>>,
    address: SocketAddr,
}

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.connections.recv().await {
            Some(stream) => (stream, self.address),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.address)
    }
}
