//! The listener for registers: TLS, one request a connection, every wait and every size limited.
//!
//! A register that is slow, silent or greedy costs one of a few connections for a few seconds; the
//! terminal's own tasks never wait for it.

use super::Registers;
use super::exchange::Reply;
use super::limits;
use super::pairing::{self, PairFault, Pairing};
use axum::body::Body;
use http::{Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::convert::Infallible;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

/// The pairing as it is on disk now.
pub(crate) struct Loaded {
    pub(crate) pairing: Pairing,
    tls: Arc<ServerConfig>,
    changed_at: Option<SystemTime>,
}

impl Loaded {
    fn read(folder: &Path) -> Result<Self, PairFault> {
        let changed_at = pairing::changed_at(folder);
        let pairing = pairing::load(folder)?;
        let tls = Arc::new(tls(&pairing).map_err(PairFault::Certificate)?);
        Ok(Self { pairing, tls, changed_at })
    }
}

/// The pairing, read again when it changed: rotating a key needs no restart.
pub(crate) struct Pairings(Mutex<Arc<Loaded>>);

impl Pairings {
    /// Reads the pairing. Blocks.
    pub(crate) fn open(folder: &Path) -> Result<Self, PairFault> {
        Ok(Self(Mutex::new(Arc::new(Loaded::read(folder)?))))
    }

    /// The pairing now. Looks at one file's date; blocks shortly.
    pub(crate) fn now(&self, folder: &Path) -> Arc<Loaded> {
        let mut loaded = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if loaded.changed_at != pairing::changed_at(folder) {
            match Loaded::read(folder) {
                Ok(fresh) => *loaded = Arc::new(fresh),
                // The register's keys of before stay good until the files are whole again.
                Err(fault) => tracing::error!(%fault, "the pairing could not be read again"),
            }
        }
        Arc::clone(&loaded)
    }
}

fn tls(pairing: &Pairing) -> Result<ServerConfig, String> {
    let chain = CertificateDer::pem_slice_iter(pairing.certificate_pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|why| why.to_string())?;
    let key = PrivateKeyDer::from_pem_slice(pairing.key_pem.as_bytes()).map_err(|why| why.to_string())?;
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|why| why.to_string())?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|why| why.to_string())
}

/// Ends the server's tasks when it ends: they hold the terminal.
struct Ends(Arc<Registers>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.end_tasks();
    }
}

impl Registers {
    /// Serves registers on a listener until the listener fails. Dropping it ends every connection; a
    /// payment that was begun goes on in the terminal.
    pub async fn serve(self: &Arc<Self>, listener: TcpListener) -> io::Result<()> {
        let _ends = Ends(Arc::clone(self));
        let places = Arc::new(Semaphore::new(limits::CONNECTIONS));
        let mut connections = tokio::task::JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream,
                // Too many open files, or a client that is gone: the next one may be well.
                Err(error) => {
                    tracing::warn!(%error, "a register could not be taken");
                    self.clock().sleep(limits::ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                tracing::warn!("too many registers at once; one was not taken");
                continue;
            };
            let registers = Arc::clone(self);
            connections.spawn(async move {
                if let Err(why) = registers.connection(stream).await {
                    tracing::debug!(%why, "a register's connection ended");
                }
                drop(place);
            });
        }
    }

    async fn connection(self: &Arc<Self>, stream: TcpStream) -> Result<(), String> {
        let loaded = self.pairing();
        let greeting = TlsAcceptor::from(Arc::clone(&loaded.tls)).accept(stream);
        let stream = match self.clock().timeout(limits::HANDSHAKE, greeting).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(error.to_string()),
            Err(clock::Elapsed) => return Err("the greeting took too long".to_owned()),
        };
        let service = service_fn(move |request| {
            let registers = Arc::clone(self);
            async move { Ok::<_, Infallible>(registers.respond(request).await) }
        });
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits::HEAD)
            .max_buf_size(limits::HEAD_BYTES)
            .keep_alive(false)
            .serve_connection(TokioIo::new(stream), service)
            .await
            .map_err(|error| error.to_string())
    }

    async fn respond(self: &Arc<Self>, request: Request<Incoming>) -> Response<Body> {
        let json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.trim_start().to_ascii_lowercase().starts_with("application/json"));
        if !matches!(request.uri().path(), "/nexo" | "/nexo/") {
            return told(StatusCode::NOT_FOUND, "Registers speak to /nexo/.");
        }
        if request.method() != Method::POST {
            return told(StatusCode::METHOD_NOT_ALLOWED, "Messages are sent by POST.");
        }
        // A page in a browser could send anything else without asking first.
        if !json {
            return told(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Messages are application/json.");
        }
        let body = axum::body::to_bytes(Body::new(request.into_body()), ::nexo::limits::MESSAGE_BYTES);
        let bytes = match self.clock().timeout(limits::BODY, body).await {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(_)) => return told(StatusCode::PAYLOAD_TOO_LARGE, "A message has at most 128 KiB."),
            Err(clock::Elapsed) => {
                return told(StatusCode::REQUEST_TIMEOUT, "The message did not come in time.");
            }
        };
        match self.exchange(&bytes).await {
            Reply::Document(text) => json_response(StatusCode::OK, text),
            Reply::Empty => Response::new(Body::empty()),
            // As terminals of other makers say it, for clients that look for it.
            Reply::Crypto => {
                let text = r#"{"errors":["Nexo Service: crypto error (9)"],"ServiceID":"-NULL-"}"#;
                json_response(StatusCode::BAD_REQUEST, text.to_owned())
            }
            Reply::SealedOnly => told(StatusCode::FORBIDDEN, "This terminal takes encrypted messages only."),
        }
    }
}

fn json_response(status: StatusCode, text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    response
}

fn told(status: StatusCode, sentence: &str) -> Response<Body> {
    json_response(status, serde_json::json!({ "errors": [sentence] }).to_string())
}
