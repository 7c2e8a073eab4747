//! The console's pages of payments with a busy day in them, for eyes and for browser tests.
//!
//! `cargo run -p acquiring --example console` prints `ready http://127.0.0.1:PORT`; `/payments` is the
//! day, `/names` lists a payment of each kind by name, `POST /one-more` takes another payment.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    dead_code,
    reason = "the world is shared with the tests, and a sample program ends when it cannot start"
)]

#[path = "../tests/console/world.rs"]
mod world;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use center_base::Table;
use pages::secure::{SecureConfig, secure};
use payment::{Brand, EntryMode};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use world::{Fate, Sale, World, migrations, operator};

const BRANDS: [(Brand, &str); 6] = [
    (Brand::Visa, "1111"),
    (Brand::Mastercard, "4444"),
    (Brand::Visa, "4242"),
    (Brand::Jcb, "0505"),
    (Brand::Amex, "0005"),
    (Brand::UnionPay, "8888"),
];
const FATES: [(&str, Fate); 12] = [
    ("approved", Fate::Approved),
    ("declined", Fate::Refused("51")),
    ("signed", Fate::Signed),
    ("refused-here", Fate::RefusedHere),
    ("reversed", Fate::Reversed),
    ("not-sent", Fate::NotSent),
    ("released", Fate::Released),
    ("voided", Fate::Voided),
    ("expired", Fate::Refused("54")),
    ("in-doubt", Fate::InDoubt),
    ("authorized", Fate::Authorized),
    ("sent", Fate::Sent),
];

/// How finely the sample's clock follows the machine's.
const TICK: Duration = Duration::from_millis(250);

/// The day: quiet in the morning, busy at noon and in the evening.
async fn fill(world: &mut World) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    let entries =
        [EntryMode::ContactIc, EntryMode::Contactless, EntryMode::Contactless, EntryMode::Magstripe];
    for number in 0..132_usize {
        let (brand, last4) = BRANDS[number * number % 31 % BRANDS.len()];
        let yen = 380
            + i64::try_from(number * 7_919 % 11_000).unwrap_or(0)
            + if number % 13 == 0 { 38_000 } else { 0 };
        let fate = match number {
            n if n % 17 == 3 => Fate::Refused("51"),
            n if n % 13 == 0 => Fate::Signed,
            _ => Fate::Approved,
        };
        let sale = Sale { shop: number % 3, yen, brand, last4, entry: entries[number % 4], fate };
        let _ = world.sell(sale).await;
        let busy = [30, 45].iter().any(|start| (*start..*start + 12).contains(&(number % 60)));
        world.wait_ms(if busy { 90_000 } else { 240_000 });
    }
    for (name, fate) in FATES {
        let id = world.sell(Sale { shop: names.len() % 2, ..Sale::of(28_000, fate) }).await;
        names.insert(name.to_owned(), id.to_string());
        world.wait_ms(95_000);
    }
    names
}

#[derive(Clone)]
struct Sample {
    names: Arc<BTreeMap<String, String>>,
    world: Arc<Mutex<World>>,
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "this program's answer is its output")]
async fn main() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let db = tokio::task::spawn_blocking(|| store::testing::sqlite(&migrations())).await.unwrap();
    let mut world = World::open(&db.db, db.clock.clone(), &format!("http://127.0.0.1:{port}")).await;
    let names = fill(&mut world).await;
    let (console, clock) = (world.console.clone(), db.clock.clone());
    tokio::spawn(async move { console.follow().await });
    // The day goes on while somebody looks.
    let machine = clock::Clock::real();
    tokio::spawn(async move {
        loop {
            machine.sleep(TICK).await;
            clock.advance(TICK);
        }
    });
    let table = Table::join([acquiring::console::routes(world.console.clone())]);
    let sample = Sample { names: Arc::new(names), world: Arc::new(Mutex::new(world)) };
    let routes = Router::new()
        .route("/names", get(|State(sample): State<Sample>| async move { Json((*sample.names).clone()) }))
        .route("/one-more", post(one_more))
        .route("/payments/{id}/receipt-mails", get(|| async { "" }))
        .with_state(sample)
        .merge(table.router(vec![center_base::testing::always(operator())]))
        .merge(pages::assets::routes())
        .merge(pages::lang::routes());
    println!("ready http://127.0.0.1:{port}");
    axum::serve(listener, secure(routes, SecureConfig::loopback(port))).await.unwrap();
}

async fn one_more(State(sample): State<Sample>) -> Json<String> {
    Json(sample.world.lock().await.sell(Sale::of(12_340, Fate::Approved)).await.to_string())
}
