//! Route × role × tenant: every line of the route table, pages and API, is asked by everybody, with an id of
//! the asked tenant and with one of another tenant in the same database (S1). The answers are the golden
//! table: a route that it does not have fails.

use super::whole::{activated, cast, database, id, request, verified};
use super::*;
use axum::body::Bytes;
use center_base::testing::Program;
use center_base::{Actor, Authenticator, Person, Refusal, Role, Scope, SignedBy, UserId};
use expect_test::expect_file;
use futures_util::future::BoxFuture;
use payment::PaymentId;
use std::collections::BTreeMap;
use std::fmt::Write as _;

const OTHER: TenantId = TenantId(2);
const WHO: &str = "x-test-actor";

/// Everybody: a name, and who that is.
fn actors(key_id: &str) -> Vec<(&'static str, Actor)> {
    let person = |role, scope, must_change_password| {
        Actor::Person(Person {
            id: UserId([3; 16]),
            login_id: "hanako".into(),
            name: "佐藤 花子".into(),
            role,
            scope,
            session: [4; 32],
            must_change_password,
        })
    };
    let terminal = |id: &str, shop: &str, company: &str| {
        let (terminal, shop, company) = (id.into(), shop.into(), company.into());
        Actor::Terminal(SignedBy { terminal, shop, company, key_id: key_id.into(), counter: 0 })
    };
    let (shop, elsewhere) = (Scope::Shop("9000009".into()), Scope::Shop("9000010".into()));
    vec![
        ("nobody", Actor::Anonymous),
        ("terminal", terminal(TERMINAL, "9000009", "00008")),
        ("terminal elsewhere", terminal("000000358999", "9000010", "00009")),
        ("operator", person(Role::Operator, Scope::Tenant, false)),
        ("company", person(Role::CompanyManager, Scope::Company("00008".into()), false)),
        ("company elsewhere", person(Role::CompanyManager, Scope::Company("00009".into()), false)),
        ("manager", person(Role::ShopManager, shop.clone(), false)),
        ("manager elsewhere", person(Role::ShopManager, elsewhere.clone(), false)),
        ("staff", person(Role::ShopStaff, shop.clone(), false)),
        ("staff elsewhere", person(Role::ShopStaff, elsewhere, false)),
        ("new password first", person(Role::ShopStaff, shop, true)),
    ]
}

/// Believes a header. How people and terminals really prove who they are is tested where that is decided.
struct Believes {
    actors: BTreeMap<&'static str, Actor>,
    counter: AtomicI64,
}

impl Authenticator for Believes {
    fn authenticate<'a>(
        &'a self,
        request: &'a axum::http::request::Parts,
        _body: &'a Bytes,
    ) -> BoxFuture<'a, Result<Option<Actor>, Refusal>> {
        let name = request.headers.get(WHO).and_then(|name| name.to_str().ok()).unwrap_or_default();
        let actor = self.actors.get(name).cloned().map(|actor| match actor {
            Actor::Terminal(by) => {
                let counter = self.counter.fetch_add(1, Ordering::Relaxed);
                Actor::Terminal(SignedBy { counter, ..by })
            }
            other => other,
        });
        Box::pin(async move { Ok(actor) })
    }
}

/// A body that gets as far as it can: past its form, to the question whose payment it is.
fn body(path: &str, is_api: bool, new: PaymentId) -> Vec<u8> {
    let json = match path {
        "/api/v1/payments" => serde_json::to_value(request(new, 880)).unwrap(),
        "/api/v1/payments/{id}/refunds" => serde_json::json!({
            "id": new, "amount": 100, "slip_no": 2, "started_at_us": 0
        }),
        "/api/v1/payments/{id}/completion" => serde_json::json!({ "signature": [[[1, 1], [9, 9]]] }),
        "/api/v1/payments/{id}/reversal" => serde_json::json!({
            "amount": 880, "method": "card", "class": "lump", "reason": "payment-E10"
        }),
        "/api/v1/refunds/{id}/reversal" => serde_json::json!({
            "payment": new, "amount": 880, "reason": "payment-E10"
        }),
        "/api/v1/payments/{id}/receipt-mails" => {
            serde_json::json!({ "address": "a@example.jp", "lang": "ja" })
        }
        "/api/v1/journal" => {
            let point = serde_json::json!({ "seq": 0, "hash": "00".repeat(32) });
            serde_json::json!({ "after": point, "links": [], "attempts": [], "now_us": 0 })
        }
        "/api/v1/duplicate-checks" => {
            serde_json::json!({ "amount": 880, "brand": "visa", "last4": "1111" })
        }
        _ if is_api => serde_json::json!({}),
        "/payments/{id}/give-back" => return b"amount=100&reason=x&kind=void".to_vec(),
        _ => return b"reason=x".to_vec(),
    };
    json.to_string().into_bytes()
}

struct House {
    program: Program,
    counted: u16,
}

impl House {
    async fn ask(&mut self, who: &str, line: &center_base::Line, id: &str) -> u16 {
        self.counted = self.counted.wrapping_add(1);
        let path = line.path.replace("{id}", id).replace("{token}", id);
        let kind = if line.is_api { "application/json" } else { "application/x-www-form-urlencoded" };
        let headers = [(WHO, who), ("content-type", kind)];
        let [high, low] = self.counted.to_be_bytes();
        let new = PaymentId::mint(store::testing::START, [high, low, 9, 9, 9, 9, 9, 9, 9, 9]);
        let body = body(line.path, line.is_api, new);
        self.program.status(line.method.as_str(), &path, &headers, body).await.as_u16()
    }

    /// The page as this person sees it, without the id that was asked for.
    async fn page(&self, who: &str, line: &center_base::Line, id: &str) -> String {
        let path = line.path.replace("{id}", id);
        self.program.ask("GET", &path, &[(WHO, who)], "").await.text().replace(id, "ID")
    }
}

/// The second shop with its terminal, of another company of the same tenant.
async fn neighbours(center: &Center) -> String {
    let rows = move |tx: &mut store::Tx<'_>| {
        let company = tenancy::Company { id: "00009".into(), name: "隣".into(), invoice_reg_no: None };
        tenancy::put_company(tx, "test", &company)?;
        let merchant = receipt::Merchant {
            name: "隣".into(),
            postal_code: "150-0013".into(),
            address: "東京都渋谷区恵比寿1-2-4".into(),
            phone: "03-0000-0001".into(),
            invoice_reg_no: None,
            counter: "001".into(),
            message: String::new(),
        };
        let (id, company_id) = ("9000010".into(), "00009".into());
        tenancy::put_shop(tx, "test", &tenancy::Shop { id, company_id, code: "TON1".into(), merchant })?;
        let sql = "INSERT INTO terminal (tenant, id, company_id, shop_id, name, password_hash, password_used,
                failed_tries, confirmed_key, confirmed_key_id, revoked, last_counter)
             SELECT tenant, '000000358999', '00009', '9000010', name, '', 1, 0, confirmed_key,
                confirmed_key_id, 0, 0 FROM terminal WHERE tenant = $1 AND id = $2";
        tx.execute(sql, store::params![T, TERMINAL])?;
        let sql = "SELECT confirmed_key_id FROM terminal WHERE tenant = $1 AND id = $2";
        Ok(tx.query_one(sql, store::params![T, TERMINAL], |row| Ok(row.text(0)?.to_owned()))?)
    };
    let key_id = center.base.write(rows).await.unwrap();
    center.base.refresh().await.unwrap();
    key_id
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_every_role_and_shows_nothing_of_another_tenant() {
    // S1, invariant 5
    let db = database().await;
    let network = Network::start().await;
    let running = Running::start(&db, &network, "a-1").await;
    let foreign = Running::of(&db, &network, "b-1", OTHER).await;
    for center in [&running, &foreign] {
        cast(&center.center).await;
    }
    let key_id = {
        activated(&running, &signer()).await.pay(&signer_later(100), &request(id(1), 880)).await.unwrap();
        activated(&foreign, &signer()).await.pay(&signer_later(100), &request(id(2), 990)).await.unwrap();
        neighbours(&running.center).await
    };
    let actors = actors(&key_id);
    let believes = Believes { actors: actors.iter().cloned().collect(), counter: AtomicI64::new(1_000_000) };
    let table = running.center.table();
    let mut lines = table.lines();
    lines.sort_by(|a, b| (a.path, a.method.as_str()).cmp(&(b.path, b.method.as_str())));
    let mut house = House { program: Program::new([table], vec![Arc::new(believes)]), counted: 0 };
    let mut text = format!("{:<46}", "");
    for (name, _) in &actors {
        let _ = write!(text, " {name:>18}");
    }
    text.push('\n');
    for line in &lines {
        let named = line.path.contains('{');
        let ids = if named { vec![("own", id(1)), ("foreign", id(2))] } else { vec![("", id(1))] };
        for (whose, asked) in ids {
            let name = format!("{:<6} {} {whose}", line.method.as_str(), line.path);
            let _ = write!(text, "{name:<46}");
            for (who, _) in &actors {
                let status = house.ask(who, line, &asked.to_string()).await;
                let _ = write!(text, " {status:>18}");
                let is_page = line.method == "GET" && !line.path.ends_with("live");
                if whose == "own" && status == 200 && who.ends_with("elsewhere") && is_page {
                    let (seen, nothing) = (asked.to_string(), id(200).to_string());
                    let pages = [house.page(who, line, &seen).await, house.page(who, line, &nothing).await];
                    assert_eq!(pages[0], pages[1], "{name}: {who} sees something of it");
                }
                if whose == "foreign" {
                    // What another tenant has is what nobody has.
                    let unknown = house.ask(who, line, &id(200).to_string()).await;
                    assert_eq!(status, unknown, "{name}: {who}");
                }
            }
            text.push('\n');
        }
    }
    expect_file!["../../tests/golden/matrix.txt"].assert_eq(&text);
    let report = verified(&db).await;
    let other = report.tenants.iter().find(|tenant| tenant.tenant == OTHER.0).unwrap();
    assert_eq!((other.payments, other.refunds, other.taken_yen), (1, 0, 990), "{report:?}");
}

/// The same terminal's signer, further on.
fn signer_later(counter: i64) -> Signer {
    Signer { counter: Arc::new(Counted(AtomicI64::new(counter))), ..signer() }
}
