//! The console's pages of settlement with two months in them, for eyes and for browser tests.
//!
//! `cargo run -p settlement --example settlement` prints `ready http://127.0.0.1:PORT`. Everybody is the operator
//! `aoki`; `/as/ito` is another operator from then on, and `/as/00008` the manager of that company.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    dead_code,
    reason = "the world is shared with the tests, and a sample program ends when it cannot start"
)]

#[path = "../tests/suite/cast.rs"]
mod cast;
#[path = "../../acquiring/tests/console/readable.rs"]
mod readable;
#[path = "../tests/suite/till.rs"]
mod till;
#[path = "../tests/suite/world.rs"]
mod world;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Redirect;
use axum::routing::get;
use center_base::{Actor, Authenticator, Person, Refusal};
use futures_util::future::BoxFuture;
use pages::secure::{SecureConfig, secure};
use std::sync::{Arc, Mutex};
use till::{Till, migrations};

/// Who looks; a link changes it.
#[derive(Clone)]
struct Looking(Arc<Mutex<Person>>);

impl Authenticator for Looking {
    fn authenticate<'a>(
        &'a self,
        _: &'a http::request::Parts,
        _: &'a bytes::Bytes,
    ) -> BoxFuture<'a, Result<Option<Actor>, Refusal>> {
        let person = self.0.lock().unwrap().clone();
        Box::pin(async { Ok(Some(Actor::Person(person))) })
    }
}

async fn become_other(State(looking): State<Looking>, Path(who): Path<String>) -> Redirect {
    let is_company = who.bytes().all(|byte| byte.is_ascii_digit());
    let (person, path) = if is_company {
        (cast::manager(&who), "/settlement")
    } else {
        (cast::operator(&who), "/settlement/board")
    };
    *looking.0.lock().unwrap() = person;
    Redirect::to(path)
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "this program's answer is its output")]
async fn main() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let db = tokio::task::spawn_blocking(|| store::testing::sqlite(&migrations())).await.unwrap();
    let till = Till::on(db);
    till.fill().await;
    let looking = Looking(Arc::new(Mutex::new(cast::operator("aoki"))));
    let table = settlement::console::routes(till.console());
    let routes = Router::new()
        .route("/as/{who}", get(become_other))
        .with_state(looking.clone())
        .merge(table.router(vec![Arc::new(looking)]))
        .merge(pages::assets::routes())
        .merge(pages::lang::routes());
    println!("ready http://127.0.0.1:{port}");
    axum::serve(listener, secure(routes, SecureConfig::loopback(port))).await.unwrap();
}
