//! A center with nothing but this slice: sales that the test lays down, a terminal that names itself in
//! a header, a mail server that follows a script.

use crate::smtp::Server;
use axum::body::Bytes;
use center_base::testing::{Answer, Program, base};
use center_base::{Actor, Authenticator, Base, Person, Refusal, Role, Scope, SignedBy, UserId, outbox};
use codes::api;
use delivery::{MailSettings, Mailer, Receipts, Sale, Sales};
use futures_util::future::BoxFuture;
use http::request::Parts;
use payment::{PaymentId, Policy, Profile};
use receipt::samples;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use store::Migration;
use store::testing::TestDb;

/// The token of the sale that every test has.
pub(crate) const TOKEN: &str = "Ab-_0123456789abcdefgh";
pub(crate) const OWN: &str = "000000358002";
pub(crate) const OTHER: &str = "000000358003";

/// The tables of the ground and of this crate.
pub(crate) fn migrations() -> Vec<Migration> {
    [center_base::MIGRATIONS, delivery::MIGRATIONS].concat()
}

/// Each engine with fresh tables.
pub(crate) fn each() -> [TestDb; 2] {
    store::testing::each(&migrations())
}

pub(crate) fn chip_sale(profile: Profile) -> Sale {
    Sale {
        company: "00008".into(),
        shop: "9000009".into(),
        terminal: OWN.into(),
        facts: samples::chip_sale(),
        policy: Policy::profile(profile).unwrap().receipt,
    }
}

pub(crate) fn signed_swipe(profile: Profile) -> Sale {
    Sale { facts: samples::signed_swipe(), ..chip_sale(profile) }
}

/// The sales that there are; a payment without a slip is in neither answer.
#[derive(Default)]
pub(crate) struct Shelf {
    pub(crate) sale: Mutex<Option<Sale>>,
    pub(crate) looked_up: Mutex<Vec<String>>,
}

impl Shelf {
    fn get(&self) -> Option<Sale> {
        self.sale.lock().unwrap().clone()
    }
}

impl Sales for Shelf {
    fn by_token<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Option<Sale>, Refusal>> {
        Box::pin(async move {
            self.looked_up.lock().unwrap().push(token.to_owned());
            Ok(self.get().filter(|_| token == TOKEN))
        })
    }

    fn by_id<'a>(&'a self, scope: &'a Scope, id: PaymentId) -> BoxFuture<'a, Result<Option<Sale>, Refusal>> {
        Box::pin(async move {
            let sees = |sale: &Sale| match scope {
                Scope::Terminal(own) => *own == sale.terminal,
                _ => scope.holds_shop(&sale.company, &sale.shop),
            };
            Ok(self.get().filter(|sale| sale.facts.payment == id && sees(sale)))
        })
    }
}

/// `x-terminal: 000000358002` or `x-person: 9000009`.
struct Named;

impl Authenticator for Named {
    fn authenticate<'a>(
        &'a self,
        request: &'a Parts,
        _body: &'a Bytes,
    ) -> BoxFuture<'a, Result<Option<Actor>, Refusal>> {
        Box::pin(async move {
            let header =
                |name: &str| request.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
            if let Some(terminal) = header("x-terminal") {
                return Ok(Some(Actor::Terminal(SignedBy {
                    terminal: terminal.into(),
                    shop: "9000009".into(),
                    company: "00008".into(),
                    key_id: "0011223344556677".into(),
                    counter: header("x-counter").map_or(1, |counter| counter.parse().unwrap()),
                })));
            }
            Ok(header("x-person").map(|shop| {
                Actor::Person(Person {
                    id: UserId([1; 16]),
                    login_id: "tanaka".into(),
                    name: "田中".into(),
                    role: Role::ShopStaff,
                    scope: Scope::Shop(shop.into()),
                    session: [0; 32],
                    must_change_password: false,
                })
            }))
        })
    }
}

fn advance(_tx: &mut store::Tx<'_>, by: &SignedBy) -> Result<(), Refusal> {
    if by.counter > 0 { Ok(()) } else { Err(api::COUNTER_REPLAYED.into()) }
}

/// A center over one database.
pub(crate) struct World {
    pub(crate) base: Base,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) program: Program,
    pub(crate) worker: outbox::Worker,
    pub(crate) server: Server,
}

impl World {
    pub(crate) async fn new(db: &TestDb, sale: Sale) -> Self {
        Self::reaching(db, sale, Server::url).await
    }

    /// A center whose settings reach the mail server by another address.
    pub(crate) async fn reaching(db: &TestDb, sale: Sale, url: impl FnOnce(&Server) -> String) -> Self {
        let (base, shelf, server) = (base(db), Arc::new(Shelf::default()), Server::start().await);
        *shelf.sale.lock().unwrap() = Some(sale);
        let from = "Choba <no-reply@choba.example>".to_owned();
        let settings = MailSettings { url: url(&server), from, ca_pem: None };
        let mailer = Mailer::new(&settings).unwrap();
        let receipts = Receipts::new(base.clone(), Arc::<Shelf>::clone(&shelf), mailer, advance);
        let worker = outbox::Worker::new(&base, vec![Arc::new(receipts.clone())]);
        let program = Program::new([delivery::routes(receipts)], vec![Arc::new(Named)]);
        Self { base, shelf, program, worker, server }
    }

    /// The shop registers an address for its own copies.
    pub(crate) async fn with_shop_mail(self) -> Self {
        let address = delivery::MailAddress::typed("book@kissa-choba.example").unwrap();
        let put = move |tx: &mut store::Tx<'_>| {
            delivery::put_shop_mail(tx, "person tanaka", &"9000009".into(), &address)
        };
        self.base.write(put).await.unwrap();
        self
    }

    /// Changes the sale that is there.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Sale)) {
        if let Some(sale) = self.shelf.sale.lock().unwrap().as_mut() {
            change(sale);
        }
    }

    pub(crate) fn mails_path() -> String {
        format!("/api/v1/payments/{}/receipt-mails", samples::chip_sale().payment)
    }

    /// The terminal asks for a mail.
    pub(crate) async fn ask(&self, address: &str, key: Option<&str>) -> Answer {
        let body = json!({"address": address, "lang": "ja"}).to_string();
        let mut headers = vec![("content-type", "application/json"), ("x-terminal", OWN)];
        headers.extend(key.map(|key| ("idempotency-key", key)));
        self.program.ask("POST", &Self::mails_path(), &headers, body).await
    }

    /// What the terminal sees of the mails.
    pub(crate) async fn mails(&self) -> Value {
        self.program.ask("GET", &Self::mails_path(), &[("x-terminal", OWN)], "").await.json()
    }

    /// Sends everything that is due.
    pub(crate) async fn send(&self) -> usize {
        self.worker.drain().await.unwrap()
    }

    /// The status and trouble of every mail, the newest first.
    pub(crate) async fn standing(&self) -> Vec<String> {
        let mails = self.mails().await;
        let words = |mail: &Value| {
            let trouble = mail.get("trouble").and_then(Value::as_str).unwrap_or("-");
            format!("{} {trouble}", mail["status"].as_str().unwrap())
        };
        mails["mails"].as_array().unwrap().iter().map(words).collect()
    }
}
