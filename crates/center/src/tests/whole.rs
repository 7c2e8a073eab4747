//! What the center offers, and one payment through all of it.

use super::*;
use center_api::client::CenterClient;
use center_api::client::Fault;
use center_api::{ActivationRequest, ClerkNewPassword, ClerkPasswordAnswer, ClerkSignIn, PaymentRequest};
use codes::MoneyTaken;
use expect_test::expect_file;
use fleet::{CastTerminal, TerminalPassword};
use payment::{Brand, PaymentClass, PaymentId, Profile, StateName};
use std::time::Duration;

pub(super) async fn database() -> TestDb {
    tokio::task::spawn_blocking(|| store::testing::sqlite(&migrations())).await.unwrap()
}

#[test]
fn every_statement_of_every_slice_is_prepared_on_both_engines() {
    store::testing::both(&migrations(), |db| store::prepare_all(db, &statements()).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_and_the_role_matrix_are_those_that_were_read() {
    let db = database().await;
    let settings = settings("127.0.0.1:1", "a-1", 8700);
    let center = Center::open(db.db.clone(), db.clock.clone(), &settings).unwrap();
    let table = center.table();
    let document = serde_json::to_string_pretty(&table.openapi()).unwrap();
    expect_file!["../../tests/golden/openapi.json"].assert_eq(&format!("{document}\n"));
    expect_file!["../../tests/golden/roles.txt"].assert_eq(&table.matrix());
}

/// A company with one shop and one terminal, not yet activated.
pub(super) async fn cast(center: &Center) {
    let merchant = receipt::Merchant {
        name: "珈琲つばめ".into(),
        postal_code: "150-0013".into(),
        address: "東京都渋谷区恵比寿1-2-3".into(),
        phone: "03-0000-0000".into(),
        invoice_reg_no: None,
        counter: "001".into(),
        message: "またのお越しを".into(),
    };
    let rows = move |tx: &mut store::Tx<'_>| {
        let tenant =
            tenancy::Tenant { name: "帳場".into(), profile: Profile::Mpos, support_phone: "0120".into() };
        tenancy::put_tenant(tx, "test", &tenant)?;
        let company =
            tenancy::Company { id: "00008".into(), name: "つばめ商会".into(), invoice_reg_no: None };
        tenancy::put_company(tx, "test", &company)?;
        let shop = tenancy::Shop {
            id: "9000009".into(),
            company_id: "00008".into(),
            code: "TSU3".into(),
            merchant: merchant.clone(),
        };
        tenancy::put_shop(tx, "test", &shop)?;
        let contract = tenancy::Contract { brand: Brand::Visa, classes: vec![PaymentClass::Lump] };
        tenancy::put_contract(tx, "test", &"00008".into(), &contract)?;
        Ok(())
    };
    center.base.write(rows).await.unwrap();
    center.base.refresh().await.unwrap();
    let terminal = CastTerminal {
        id: TERMINAL.into(),
        shop: "9000009".into(),
        name: "レジ前".into(),
        password: TerminalPassword::new("4649").unwrap(),
        reader_serial: "R-0001".into(),
    };
    center.fleet.seed("test", &terminal).await.unwrap();
}

pub(super) async fn activated(running: &Running, signer: &Signer) -> CenterClient {
    let client = client(running);
    let asked = ActivationRequest {
        terminal_id: TERMINAL.to_owned(),
        password: "4649".to_owned(),
        public_key: hex::encode(signer.key.verifying_key().as_bytes()),
        reader_serial: "R-0001".to_owned(),
    };
    assert_eq!(client.activate(&asked).await.unwrap().shop_name, "珈琲つばめ");
    client.confirm_activation(signer).await.unwrap();
    client
}

fn client(running: &Running) -> CenterClient {
    let clock = running.center.base.clock.clone();
    CenterClient::new(std::slice::from_ref(&running.url), clock, Duration::from_secs(35)).unwrap()
}

pub(super) fn request(id: PaymentId, yen: i64) -> PaymentRequest {
    serde_json::from_value(serde_json::json!({
        "id": id, "amount": yen, "method": "card", "class": "lump", "slip_no": 1,
        "started_at_us": 0, "signature_follows": false,
        "card": {
            "entry_mode": "contact_ic", "fallback": false, "brand": "visa",
            "pan": {"first6": "411111", "last4": "1111"}, "cvm": "no_cvm",
            "emv": "9F360200018407A0000000031010", "ksn": "00".repeat(12),
            "ciphertext": "AB".repeat(48), "fingerprint": "0f".repeat(16), "reader_serial": "R-0001"
        }
    }))
    .unwrap()
}

pub(super) fn id(number: u8) -> PaymentId {
    PaymentId::mint(store::testing::START, [number; 10])
}

pub(super) async fn verified(db: &TestDb) -> Report {
    let (database, now_us) = (db.db.clone(), db.clock.now_us());
    tokio::task::spawn_blocking(move || verify(&database, now_us).unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_payment_goes_through_to_the_books_and_verify_and_export_tell_it() {
    let db = database().await;
    let network = Network::start().await;
    let running = Running::start(&db, &network, "a-1").await;
    cast(&running.center).await;
    let signer = signer();
    let client = activated(&running, &signer).await;
    let view = client.pay(&signer, &request(id(1), 880)).await.unwrap();
    assert_eq!((view.state, view.money_taken, view.code), (StateName::Approved, MoneyTaken::Yes, None));
    assert_eq!(client.payment(&signer, id(1)).await.unwrap().unwrap().state, StateName::Approved);
    assert!(client.payment(&signer, id(2)).await.unwrap().is_none());
    network.requests([network::Act::Say("51")]);
    assert_eq!(client.pay(&signer, &request(id(2), 500)).await.unwrap().state, StateName::Declined);
    network.requests([network::Act::Cut]);
    let doubt = client.pay(&signer, &request(id(3), 700)).await.unwrap();
    assert_eq!(doubt.money_taken, MoneyTaken::Unknown);
    while client.payment(&signer, id(3)).await.unwrap().unwrap().state != StateName::Reversed {
        db.clock.advance(Duration::from_millis(500));
    }
    assert_eq!(network.charged(), [880]);

    let report = verified(&db).await;
    assert!(report.sound, "{report:?}");
    let tenant = &report.tenants[0];
    assert_eq!((tenant.payments, tenant.taken_yen, tenant.sum_yen), (3, 880, 0));
    let database = db.db.clone();
    let exported = tokio::task::spawn_blocking(move || {
        let mut text = Vec::new();
        export(&database, &mut text).unwrap();
        serde_json::from_slice::<serde_json::Value>(&text).unwrap()
    })
    .await
    .unwrap();
    let payments = exported["tenants"][0]["payments"].as_array().unwrap();
    let states: Vec<&str> = payments.iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["approved", "declined", "reversed"]);
    assert_eq!(exported["tenants"][0]["transfers"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_a_valid_signature_reaches_nothing() {
    let db = database().await;
    let network = Network::start().await;
    let running = Running::start(&db, &network, "a-1").await;
    cast(&running.center).await;
    let client = activated(&running, &signer()).await;
    let stranger = Signer { key: Arc::new(ed25519_dalek::SigningKey::from_bytes(&[8; 32])), ..signer() };
    let refused = client.pay(&stranger, &request(id(1), 880)).await.unwrap_err();
    assert!(refused.to_string().contains("center-401"), "{refused}");
    assert!(network.mtis().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_centers_on_one_server_serve_one_terminal() {
    let db = tokio::task::spawn_blocking(|| store::testing::postgres(&migrations())).await.unwrap();
    let network = Network::start().await;
    let first = Running::start(&db, &network, "a-1").await;
    cast(&first.center).await;
    let second = Running::start(&db, &network, "b-1").await;
    let signer = signer();
    let one = activated(&first, &signer).await;
    let other = client(&second);
    second.center.base.refresh().await.unwrap();
    for number in 1..=6 {
        let (here, there) = if number % 2 == 0 { (&one, &other) } else { (&other, &one) };
        let paid = here.pay(&signer, &request(id(number), 100)).await.unwrap();
        assert_eq!(paid.state, StateName::Approved);
        let again = there.pay(&signer, &request(id(number), 100)).await.unwrap();
        assert_eq!(again.state, StateName::Approved, "the other center knows it");
    }
    assert_eq!(network.charged(), [100; 6]);
    let report = verified(&db).await;
    assert!(report.sound, "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_amount_is_found_by_verify() {
    let db = database().await;
    let network = Network::start().await;
    let running = Running::start(&db, &network, "a-1").await;
    cast(&running.center).await;
    let signer = signer();
    let client = activated(&running, &signer).await;
    client.pay(&signer, &request(id(1), 880)).await.unwrap();
    running
        .center
        .base
        .write(|tx| {
            tx.execute("UPDATE transfer SET amount_yen = 88 WHERE tenant = $1", store::params![T])?;
            Ok(())
        })
        .await
        .unwrap();
    let report = verified(&db).await;
    assert!(!report.sound && !report.tenants[0].chain.sound);
    assert_eq!(report.tenants[0].faults.len(), 2, "{:?}", report.tenants[0].faults);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clerk_with_a_first_password_changes_it_at_the_terminal_and_is_signed_in() {
    // W-033, D-07, R-045: over HTTP, signed, each request with its own counter.
    let db = database().await;
    let network = Network::start().await;
    let running = Running::start(&db, &network, "a-1").await;
    cast(&running.center).await;
    let new = staff::NewPerson {
        login_id: "hanako".to_owned(),
        email: None,
        name: "佐藤 花子".to_owned(),
        role: center_base::Role::ShopStaff,
        scope: center_base::Scope::Shop("9000009".into()),
        password: staff::Secret::new("Kaede-12"),
        must_change: true,
    };
    running.center.staff.put_person("test", new).await.unwrap();
    let signer = signer();
    let client = activated(&running, &signer).await;
    let sign_in =
        |password: &str| ClerkSignIn { login_id: "hanako".to_owned(), password: password.to_owned() };
    let change = |current: &str, new: &str| ClerkNewPassword {
        login_id: "hanako".to_owned(),
        current: current.to_owned(),
        new: new.to_owned(),
    };
    let session = client.clerk_sign_in(&signer, &sign_in("Kaede-12")).await.unwrap();
    assert_eq!(session.password, payment::PasswordStanding::Initial);
    let wrong = client.clerk_new_password(&signer, &change("wrong", "Momiji-7")).await;
    assert!(matches!(wrong, Err(Fault::Refused(problem)) if problem.code == codes::api::NOT_SIGNED_IN));
    let lacks = client.clerk_new_password(&signer, &change("Kaede-12", "momiji-7")).await.unwrap();
    let upper = payment::PasswordLack::Classes { more: 1, of: vec![payment::CharClass::Upper] };
    assert_eq!(lacks, ClerkPasswordAnswer::Lacks(upper));
    let changed = client.clerk_new_password(&signer, &change("Kaede-12", "Momiji-7")).await.unwrap();
    let ClerkPasswordAnswer::Changed(session) = changed else { panic!("{changed:?}") };
    assert_eq!((&*session.operator.id, session.password.must_change()), ("hanako", false));
    let again = client.clerk_sign_in(&signer, &sign_in("Momiji-7")).await.unwrap();
    assert_eq!(again.password, payment::PasswordStanding::Good);
}
