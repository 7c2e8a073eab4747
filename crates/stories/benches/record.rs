//! A recording pass: center and network inside this process take payments, and what they write is kept.

use crate::cast::Terminal;
use crate::limit::{self, Writes};
use crate::load;
use crate::options::Options;
use crate::programs::{free_port, local};
use crate::reader::{Till, prepare};
use anyhow::{Result, bail};
use std::path::Path;
use std::sync::Arc;
use store::Url;
use store::testing::RecordedUnit;

/// Payments whose statements are recorded.
const RECORDED: usize = 6_000;

/// What the product writes for its payments.
pub(crate) struct Recorded {
    /// The center's rows.
    pub(crate) center: Writes,
    /// The network's book.
    pub(crate) book: Writes,
    /// The center's units as they ran, reads included.
    pub(crate) units: Vec<RecordedUnit>,
    /// How many payments that was.
    pub(crate) payments: usize,
}

/// Records, on a database of its own.
#[expect(clippy::too_many_lines, reason = "one recording from its start to its end")]
pub(crate) async fn record(
    options: &Options,
    root: &Path,
    before: &Path,
    cast: &[Terminal],
) -> Result<Recorded> {
    let (center_data, networks_data) = (root.join("record/center"), root.join("record/networks"));
    std::fs::create_dir_all(&center_data)?;
    std::fs::create_dir_all(&networks_data)?;
    let file = center_data.join("center.sqlite");
    limit::copy(before, &file)?;
    let clock = clock::Clock::real();
    let card = free_port()?;
    let networks = netsim::Networks::open(netsim::Settings {
        data: networks_data.clone(),
        clock: clock.clone(),
        clock_moves: false,
        keys: netsim::Keys::test(),
        center_waits: std::time::Duration::from_secs(20),
        magic: false,
        listen: netsim::Listen {
            desk: local(0),
            card: local(card),
            smtp: local(0),
            code: None,
            code_tls: None,
        },
        hosts: Vec::new(),
        terminals: Vec::new(),
    })?;
    let networks = networks.bind().await?;
    let book = networks.book();
    let book_before = root.join("book.sqlite");
    limit::copy(&networks_data.join("networks.sqlite"), &book_before)?;
    let networks = tokio::spawn(networks.serve(std::future::pending()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let settings = center::Settings {
        tenant: store::TenantId(1),
        instance: "bench-1".to_owned(),
        public_url: format!("http://127.0.0.1:{port}"),
        card_network: format!("127.0.0.1:{card}"),
        code_brands: Vec::new(),
        connections: 2,
        mail: delivery::MailSettings {
            url: "smtp://127.0.0.1:1".into(),
            from: "bench@choba.example".into(),
            ca_pem: None,
        },
        port,
        tls: false,
        hosts: Vec::new(),
        test_keys: true,
        space: store::Space::unseen(),
        root_key: [7; 32],
    };
    let db = center::open_db(&Url::Sqlite(file), clock.clone())?;
    let center = Arc::new(center::Center::open(db.clone(), clock, &settings)?);
    let served = Arc::clone(&center);
    let task = tokio::spawn(async move { served.serve(listener, std::future::pending()).await });
    let mut tills = cast.iter().map(Till::new).collect::<Result<Vec<_>>>()?;
    let payments = options.number("recorded", RECORDED)?;
    let each = payments.div_ceil(tills.len());
    let work = prepare(&mut tills, each, port).await?;
    let count = work.iter().map(Vec::len).sum();
    db.record();
    book.record();
    let outcome = load::closed(port, work).await?;
    let (units, charges) = (db.recorded(), book.recorded());
    task.abort();
    networks.abort();
    if outcome.acknowledged != count {
        bail!("while recording, {} of {count} were approved: {:?}", outcome.acknowledged, outcome.example);
    }
    Ok(Recorded {
        center: Writes::of(&units, count, before, "payment"),
        book: Writes::of(&charges, count, &book_before, "charge"),
        units,
        payments: count,
    })
}
