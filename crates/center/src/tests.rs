//! The center as a whole: what it offers, and a payment over HTTP, signed, through to the books.

mod matrix;
#[path = "../../acquiring/src/tests/network.rs"]
#[expect(dead_code, reason = "the network of acquiring's tests does more than is needed here")]
mod network;
mod whole;

use super::*;
use center_api::client::{Counter, Signer};
use network::Network;
use std::sync::atomic::{AtomicI64, Ordering};
use store::testing::TestDb;

const T: TenantId = TenantId(1);
const TERMINAL: &str = "000000358002";

pub(super) fn settings(network: &str, instance: &str, port: u16) -> Settings {
    Settings {
        tenant: T,
        instance: instance.to_owned(),
        public_url: format!("http://127.0.0.1:{port}"),
        card_network: network.to_owned(),
        code_brands: Vec::new(),
        connections: 1,
        mail: MailSettings {
            url: "smtp://127.0.0.1:1".to_owned(),
            from: "shop@example.jp".to_owned(),
            ca_pem: None,
        },
        port,
        tls: false,
        hosts: Vec::new(),
        test_keys: true,
        space: store::Space::unseen(),
        root_key: [7; 32],
    }
}

/// A center at work on a port of its own.
pub(super) struct Running {
    pub(super) center: Arc<Center>,
    pub(super) url: String,
    task: tokio::task::JoinHandle<Result<(), String>>,
}

impl Running {
    pub(super) async fn start(db: &TestDb, network: &Network, instance: &str) -> Self {
        Self::of(db, network, instance, T).await
    }

    pub(super) async fn of(db: &TestDb, network: &Network, instance: &str, tenant: TenantId) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let settings = Settings { tenant, ..settings(&network.address, instance, port) };
        let center = Arc::new(Center::open(db.db.clone(), db.clock.clone(), &settings).unwrap());
        let served = Arc::clone(&center);
        let task = tokio::spawn(async move { served.serve(listener, std::future::pending()).await });
        Self { center, url: settings.public_url, task }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The request counter of a terminal.
struct Counted(AtomicI64);

impl Counter for Counted {
    fn next(&self) -> Result<i64, String> {
        Ok(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

pub(super) fn signer() -> Signer {
    Signer {
        terminal: TERMINAL.to_owned(),
        key: Arc::new(ed25519_dalek::SigningKey::from_bytes(&[9; 32])),
        counter: Arc::new(Counted(AtomicI64::new(1))),
    }
}
