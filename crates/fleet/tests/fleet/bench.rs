//! A cast of two shops with a terminal each, a center to ask, and devices that sign.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use axum::extract::State;
use center_api::signature::{
    COUNTER_HEADER, Covered, DIGEST_HEADER, INPUT_HEADER, SIGNATURE_HEADER, TERMINAL_HEADER, sign,
};
use center_base::testing::{Answer, Program, base};
use center_base::{Access, Base, Caller, Doc, Refusal, Routes, Table, TerminalId};
use ed25519_dalek::SigningKey;
use fleet::{CastTerminal, Fleet, TerminalPassword};
use http::Method;
use payment::{Brand, PaymentClass, Profile};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicI64, Ordering};
use store::testing::TestDb;
use store::{Migration, Tx};
use tenancy::{Company, Contract, Shop, Tenancy, Tenant};

pub(crate) const FIRST: &str = "000000358002";
pub(crate) const SECOND: &str = "000000358003";
pub(crate) const UNKNOWN: &str = "000000999999";
pub(crate) const PASSWORD: &str = "5282";

pub(crate) fn migrations() -> Vec<Migration> {
    [center_base::MIGRATIONS, tenancy::MIGRATIONS, fleet::MIGRATIONS].concat()
}

/// One center on a database of its own.
pub(crate) struct World {
    pub(crate) db: TestDb,
    pub(crate) base: Base,
    pub(crate) tenancy: Tenancy,
    pub(crate) fleet: Fleet,
    pub(crate) center: Program,
}

/// A device: its key and its counter.
pub(crate) struct Device {
    pub(crate) terminal: &'static str,
    pub(crate) key: SigningKey,
    pub(crate) counter: AtomicI64,
}

/// A request ready to be sent, once or twice.
#[derive(Clone)]
pub(crate) struct Signed {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

fn shop(id: &str, company: &str, code: &str) -> Shop {
    let text = |text: &str| text.to_owned();
    Shop {
        id: id.into(),
        company_id: company.into(),
        code: text(code),
        merchant: receipt::Merchant {
            name: format!("帳場カフェ {id}"),
            postal_code: text("150-0013"),
            address: text("東京都渋谷区恵比寿1-2-3"),
            phone: text("03-0000-0000"),
            invoice_reg_no: None,
            counter: text("01"),
            message: text("ありがとうございました"),
        },
    }
}

fn cast(tx: &mut Tx<'_>) -> Result<(), Refusal> {
    let text = |text: &str| text.to_owned();
    let tenant = Tenant { name: text("帳場"), profile: Profile::Usen, support_phone: text("0120-000-000") };
    tenancy::put_tenant(tx, "cast", &tenant)?;
    for (company, id, code) in [("00008", "9000009", "TSU3"), ("00009", "9000011", "KIT1")] {
        tenancy::put_company(
            tx,
            "cast",
            &Company { id: company.into(), name: format!("会社 {company}"), invoice_reg_no: None },
        )?;
        tenancy::put_shop(tx, "cast", &shop(id, company, code))?;
    }
    let visa = Contract { brand: Brand::Visa, classes: vec![PaymentClass::Lump] };
    tenancy::put_contract(tx, "cast", &"00008".into(), &visa)?;
    Ok(())
}

pub(crate) fn cast_terminal(id: &str, shop: &str, reader: &str) -> CastTerminal {
    CastTerminal {
        id: id.into(),
        shop: shop.into(),
        name: format!("レジ {id}"),
        password: TerminalPassword::new(PASSWORD).unwrap(),
        reader_serial: reader.to_owned(),
    }
}

async fn write(State(base): State<Base>, caller: Caller) -> Result<axum::Json<Value>, Refusal> {
    let by = caller.terminal()?.clone();
    base.write(move |tx| fleet::advance_counter(tx, &by)).await?;
    Ok(axum::Json(json!({})))
}

/// A signed operation that writes, as those of later slices do.
fn writing(base: Base) -> Table {
    let doc = Doc::new("write", "test", "Write something").empty(200, "Written");
    Routes::new(base).api(Method::POST, "/api/v1/writes", Access::TERMINAL, doc, write).table()
}

/// A center on a base: what a start of the process makes.
pub(crate) fn start(base: &Base) -> (Fleet, Tenancy, Program) {
    let tenancy = Tenancy::new(base);
    let fleet = Fleet::new(base, &tenancy);
    let center =
        Program::new([fleet::routes(fleet.clone()), writing(base.clone())], vec![fleet.authenticator()]);
    (fleet, tenancy, center)
}

pub(crate) async fn worlds() -> Vec<World> {
    let mut worlds = Vec::new();
    for db in store::testing::each(&migrations()) {
        let base = base(&db);
        base.write(cast).await.unwrap();
        base.refresh().await.unwrap();
        let (fleet, tenancy, center) = start(&base);
        assert!(fleet.seed("cast", &cast_terminal(FIRST, "9000009", "READER-100")).await.unwrap());
        assert!(fleet.seed("cast", &cast_terminal(SECOND, "9000011", "READER-200")).await.unwrap());
        worlds.push(World { db, base, tenancy, fleet, center });
    }
    worlds
}

impl World {
    /// Another center on the same database, with nothing in memory.
    pub(crate) fn another_center(&self) -> (Base, Fleet, Program) {
        let base = base(&self.db);
        let (fleet, _, center) = start(&base);
        (base, fleet, center)
    }

    /// Offers a key of a device.
    pub(crate) async fn offer(&self, device: &Device, password: &str, reader: &str) -> Answer {
        let public_key = hex::encode(device.key.verifying_key().as_bytes());
        let body = json!({
            "terminal_id": device.terminal, "password": password, "public_key": public_key,
            "reader_serial": reader,
        });
        self.center.post_json("/api/v1/activations", &body).await
    }

    /// The first terminal, activated by a device with this key.
    pub(crate) async fn activated(&self, key: u8) -> Device {
        let device = Device::new(FIRST, key);
        assert_eq!(self.offer(&device, PASSWORD, "READER-100").await.status, 200);
        assert_eq!(device.confirm(&self.center).await.status, 200);
        device
    }

    pub(crate) async fn reissue(&self, password: &str) {
        let password = TerminalPassword::new(password).unwrap();
        self.fleet.reissue("person tanaka", &TerminalId::from(FIRST), &password).await.unwrap();
    }
}

impl Device {
    pub(crate) fn new(terminal: &'static str, key: u8) -> Self {
        Self { terminal, key: SigningKey::from_bytes(&[key; 32]), counter: AtomicI64::new(0) }
    }

    pub(crate) fn sign_as(
        &self,
        counter: i64,
        method: &'static str,
        path: &'static str,
        body: &str,
    ) -> Signed {
        let bytes = body.as_bytes();
        let covered = Covered { method, path, query: "", terminal: self.terminal, counter, body: bytes };
        let signed = sign(&self.key, &covered, 1_795_219_200);
        let headers = vec![
            ("content-type", "application/json".to_owned()),
            (TERMINAL_HEADER, self.terminal.to_owned()),
            (COUNTER_HEADER, counter.to_string()),
            (DIGEST_HEADER, signed.digest),
            (INPUT_HEADER, signed.input),
            (SIGNATURE_HEADER, signed.signature),
        ];
        Signed { method, path, headers, body: body.to_owned() }
    }

    /// The next request.
    pub(crate) fn sign(&self, method: &'static str, path: &'static str) -> Signed {
        let counter = self.counter.fetch_add(1, Ordering::SeqCst) + 1;
        self.sign_as(counter, method, path, if method == "GET" { "" } else { "{}" })
    }

    pub(crate) async fn post(&self, center: &Program, path: &'static str) -> Answer {
        self.sign("POST", path).send(center).await
    }

    pub(crate) async fn confirm(&self, center: &Program) -> Answer {
        self.post(center, "/api/v1/activations/confirm").await
    }

    pub(crate) async fn echo(&self, center: &Program) -> Answer {
        self.post(center, "/api/v1/echo").await
    }

    pub(crate) async fn write(&self, center: &Program) -> Answer {
        self.post(center, "/api/v1/writes").await
    }
}

impl Signed {
    pub(crate) async fn send(&self, center: &Program) -> Answer {
        let headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        center.ask(self.method, self.path, &headers, self.body.as_str()).await
    }

    /// The same with another header, or without it when the value is empty.
    pub(crate) fn with(&self, name: &'static str, value: &str) -> Self {
        let mut changed = self.clone();
        changed.headers.retain(|(kept, _)| *kept != name);
        if !value.is_empty() {
            changed.headers.push((name, value.to_owned()));
        }
        changed
    }
}
