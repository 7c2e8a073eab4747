//! The money path as a whole: a real database of each engine, a real line, a network that misbehaves on
//! order, and a clock that stands still until it is moved.

mod brand;
mod by_code;
mod cases;
mod database;
mod duplicates;
mod line;
mod network;
mod paying;
mod recovery;
mod refunds;
mod room;
mod storm;
mod taken;
mod taxed;
mod totals;

use crate::ask::Ask;
use crate::ask::tests::request;
use crate::networks::line::Line;
use crate::path::{self, Told};
use crate::place::tests::place;
use crate::places::Places;
use crate::refund::{self, Refunds};
use crate::row::{self, Payment};
use crate::service::{Acquiring, Advices};
use crate::step::Happening;
use center_api::PaymentView;
use center_base::outbox::Worker;
use center_base::{Base, Refusal, Secrets, SignedBy};
use ledger::Kind;
use money::Yen;
use network::Network;
use payment::{PaymentId, StateName};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use store::testing::TestDb;
use store::{Migration, TenantId};

const T: TenantId = TenantId(1);

fn migrations() -> Vec<Migration> {
    [
        center_base::MIGRATIONS,
        tenancy::MIGRATIONS,
        fleet::MIGRATIONS,
        books::MIGRATIONS,
        row::MIGRATIONS,
        crate::cases::MIGRATIONS,
        refund::MIGRATIONS,
        crate::cases::REFUND_MIGRATIONS,
        crate::totals::MIGRATIONS,
        crate::taken::MIGRATIONS,
    ]
    .concat()
}

/// A request signed with the next counter.
fn by() -> SignedBy {
    static COUNTER: AtomicI64 = AtomicI64::new(1);
    let (place, counter) = (place(), COUNTER.fetch_add(1, Ordering::Relaxed));
    SignedBy {
        terminal: place.terminal,
        shop: place.shop,
        company: place.company,
        key_id: "k".into(),
        counter,
    }
}

/// The terminal of the tests, activated.
const TERMINAL: &str =
    "INSERT INTO terminal (tenant, id, company_id, shop_id, name, password_hash, password_used,
        failed_tries, confirmed_key, confirmed_key_id, revoked, last_counter)
     VALUES ($1, $2, $3, $4, 'T', '', 1, 0, $5, 'k', 0, 0)";

fn with_terminal(db: TestDb) -> TestDb {
    let place = place();
    // The base point of the curve: a public key that nobody here signs with.
    let mut key = [0x66; 32];
    key[0] = 0x58;
    db.write_blocking(T, move |tx| {
        tx.execute(TERMINAL, store::params![T, &place.terminal, &place.company, &place.shop, &key])
    })
    .unwrap();
    db
}

fn id(number: u128) -> PaymentId {
    PaymentId::mint(store::testing::START, (number << 16).to_be_bytes()[6..].try_into().unwrap())
}

fn ask(id: PaymentId, yen: i64) -> Ask {
    Ask::read(request(id, yen)).unwrap()
}

fn signed_ask(id: PaymentId, yen: i64) -> Ask {
    let mut request = request(id, yen);
    request.signature_follows = true;
    Ask::read(request).unwrap()
}

/// One center's process.
struct Center {
    acquiring: Acquiring,
    worker: Worker,
    base: Base,
    line: tokio::task::JoinHandle<()>,
}

impl Center {
    fn start(db: &TestDb, network: &str, instance: &str) -> Self {
        let (database, clock) = (db.db.clone(), db.clock.clone());
        let secrets = Secrets::new([1; 32]);
        let base = Base::new(database, clock, T, instance, "http://127.0.0.1:8700", secrets);
        let line = Line::new(network, 1, db.clock.clone());
        let running = line.clone();
        let acquiring = Acquiring::new(&base, line, Places::fixed(place()));
        let worker = Worker::new(
            &base,
            vec![Arc::new(Advices(acquiring.clone())), Arc::new(Refunds(acquiring.clone()))],
        );
        Self { acquiring, worker, base, line: tokio::spawn(async move { running.run().await }) }
    }

    fn pay(&self, ask: Ask) -> tokio::task::JoinHandle<Result<PaymentView, Refusal>> {
        let acquiring = self.acquiring.clone();
        tokio::spawn(async move { acquiring.pay(by(), ask).await })
    }

    async fn paid(&self, ask: Ask) -> PaymentView {
        self.pay(ask).await.unwrap().unwrap()
    }

    async fn row(&self, id: PaymentId) -> Payment {
        self.base.read(move |tx| Ok(row::load(tx, T, id)?)).await.unwrap().unwrap()
    }

    async fn state(&self, id: PaymentId) -> StateName {
        self.row(id).await.standing.state.name()
    }

    async fn transfers(&self, id: PaymentId) -> Vec<Kind> {
        let entries = self.base.read(move |tx| Ok(books::of_payment(tx, T, id)?)).await.unwrap();
        entries.into_iter().map(|entry| entry.transfer.kind).collect()
    }

    async fn complete(&self, id: PaymentId) -> Result<Payment, Refusal> {
        self.happen(id, Happening::Completed).await
    }

    async fn reverse(&self, id: PaymentId, yen: i64) -> Result<Payment, Refusal> {
        self.reverse_because(id, yen, codes::pay::INTERRUPTED).await
    }

    async fn reverse_because(
        &self,
        id: PaymentId,
        yen: i64,
        reason: codes::Code,
    ) -> Result<Payment, Refusal> {
        let given = self.acquiring.given()?;
        let asked = center_api::ReversalRequest {
            amount: Yen::new(yen).unwrap(),
            method: payment::Method::Card,
            class: payment::PaymentClass::Lump,
            reason,
        };
        self.acquiring.happen(move |tx| path::reverse(tx, &by(), &place(), &given, id, &asked)).await
    }

    async fn happen(&self, id: PaymentId, happening: Happening) -> Result<Payment, Refusal> {
        self.acquiring
            .happen(move |tx| {
                let before = row::load(tx, T, id)?.unwrap();
                let told = Told { who: "terminal", times: place().times() };
                path::apply(tx, &before, happening.clone(), &told, None)
            })
            .await
    }

    async fn events(&self, id: PaymentId) -> Vec<String> {
        let events = self.base.read(move |tx| Ok(row::event_list(tx, T, id)?)).await.unwrap();
        events.into_iter().map(|event| event.what).collect()
    }
}

impl Drop for Center {
    fn drop(&mut self) {
        self.line.abort();
    }
}

async fn each() -> Vec<(TestDb, Network)> {
    let each = || store::testing::each(&migrations()).map(with_terminal);
    let databases = tokio::task::spawn_blocking(each).await.unwrap();
    let mut all = Vec::new();
    for db in databases {
        all.push((db, Network::start().await));
    }
    all
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}
