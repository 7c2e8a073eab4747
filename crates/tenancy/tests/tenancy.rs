//! Companies, shops, policies and contracts on both engines.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use center_base::testing::base;
use center_base::{Base, CompanyId, Refusal, Scope, audit};
use payment::{Brand, PanMask, PaymentClass, Profile};
use serde_json::json;
use store::{Migration, Tx};
use tenancy::{Company, Contract, Place, PolicyLevel, Shop, Tenancy, Tenant};

fn migrations() -> Vec<Migration> {
    [center_base::MIGRATIONS, tenancy::MIGRATIONS].concat()
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

fn cast(tx: &mut Tx<'_>) -> Result<u32, Refusal> {
    let mut changes = 0;
    let text = |text: &str| text.to_owned();
    let tenant = Tenant { name: text("帳場"), profile: Profile::Usen, support_phone: text("0120-000-000") };
    changes += u32::from(tenancy::put_tenant(tx, "cast", &tenant)?);
    for id in ["00008", "00009"] {
        let company = Company { id: id.into(), name: format!("会社 {id}"), invoice_reg_no: None };
        changes += u32::from(tenancy::put_company(tx, "cast", &company)?);
    }
    for (id, company, code) in
        [("9000009", "00008", "TSU3"), ("9000010", "00008", "TSU4"), ("9000011", "00009", "KIT1")]
    {
        changes += u32::from(tenancy::put_shop(tx, "cast", &shop(id, company, code))?);
    }
    let visa =
        Contract { brand: Brand::Visa, classes: vec![PaymentClass::Lump, PaymentClass::Installments(3)] };
    changes += u32::from(tenancy::put_contract(tx, "cast", &CompanyId::from("00008"), &visa)?);
    let overlay = json!({"receipt": {"width": 48}});
    changes += u32::from(tenancy::put_policy(tx, "cast", &PolicyLevel::Company("00008".into()), &overlay)?);
    Ok(changes)
}

async fn loaded(db: &store::testing::TestDb) -> Base {
    let base = base(db);
    base.write(cast).await.unwrap();
    base.refresh().await.unwrap();
    base
}

#[tokio::test]
async fn a_companys_registration_number_is_on_the_slips_of_its_shops_and_of_no_other() {
    //
    for db in store::testing::each(&migrations()) {
        let base = loaded(&db).await;
        let numbered = |number: &str| Company {
            id: "00008".into(),
            name: "会社 00008".into(),
            invoice_reg_no: Some(number.to_owned()),
        };
        let put = |company: Company| base.write(move |tx| tenancy::put_company(tx, "cast", &company));
        assert!(put(numbered("T123456789012")).await.is_err(), "twelve digits");
        assert!(put(numbered("T0000000000008")).await.unwrap());
        assert!(!put(numbered("T0000000000008")).await.unwrap(), "nothing changes");
        let tenant = base.tenant;
        let number = |id: &'static str| {
            base.read(move |tx| {
                let found = tenancy::shop(tx, tenant, &id.into())?;
                Ok::<_, Refusal>(found.and_then(|found| found.shop.merchant.invoice_reg_no))
            })
        };
        assert_eq!(number("9000009").await.unwrap().as_deref(), Some("T0000000000008"));
        assert_eq!(number("9000011").await.unwrap(), None);
        let all = base.read(move |tx| Ok::<_, Refusal>(tenancy::shops(tx, tenant, &Scope::Tenant)?));
        let with = all.await.unwrap().iter().filter(|shop| shop.merchant.invoice_reg_no.is_some()).count();
        assert_eq!(with, 2);
        let mut own = shop("9000009", "00008", "TSU3");
        own.merchant.invoice_reg_no = Some("T0000000000009".into());
        let refused = base.write(move |tx| tenancy::put_shop(tx, "cast", &own)).await;
        assert!(refused.is_err(), "a shop has no number of its own");
    }
}

#[tokio::test]
async fn a_cast_is_loaded_once_however_often_it_is_loaded() {
    for db in store::testing::each(&migrations()) {
        let base = base(&db);
        assert_eq!(base.write(cast).await.unwrap(), 8);
        assert_eq!(base.write(cast).await.unwrap(), 0);
        let tenant = base.tenant;
        let entries = base.read(move |tx| Ok(audit::newest(tx, tenant, 100)?)).await.unwrap();
        assert_eq!(entries.len(), 8, "each change is audited once");
        let verdict = base.read(move |tx| Ok(audit::verify(tx, tenant, &[&audit::AuditLog])?)).await.unwrap();
        assert_eq!(verdict, audit::Verdict::Sound { rows: 8 });
    }
}

#[tokio::test]
async fn what_lies_outside_the_scope_is_not_found() {
    for db in store::testing::each(&migrations()) {
        let base = loaded(&db).await;
        let tenant = base.tenant;
        let seen = async |scope: Scope| {
            base.read(move |tx| {
                let shops = tenancy::shops(tx, tenant, &scope)?;
                let companies = tenancy::companies(tx, tenant, &scope)?;
                Ok((shops.len(), companies.len()))
            })
            .await
            .unwrap()
        };
        assert_eq!(seen(Scope::Tenant).await, (3, 2));
        assert_eq!(seen(Scope::Company("00008".into())).await, (2, 1));
        assert_eq!(seen(Scope::Shop("9000011".into())).await, (1, 1));
        assert_eq!(seen(Scope::Shop("none".into())).await, (0, 0));
        assert_eq!(seen(Scope::Terminal("000000358002".into())).await, (0, 0));
    }
}

#[tokio::test]
async fn a_policy_is_the_profile_and_what_each_level_names() {
    // model.md 3.6
    for db in store::testing::each(&migrations()) {
        let base = loaded(&db).await;
        let tenancy = Tenancy::new(&base);
        let whole = tenancy.policy(&Place::tenant()).await.unwrap();
        assert_eq!((whole.receipt.width, whole.receipt.customer_mask), (32, PanMask::Last4));
        let of_shop = async || tenancy.policy_of(&Scope::Shop("9000009".into())).await.unwrap();
        assert_eq!((of_shop().await.receipt.width, of_shop().await.session.idle_min), (48, 15));

        let overlay = json!({"receipt": {"width": 42}, "session": {"idle_min": 5}});
        base.write(move |tx| {
            tenancy::put_policy(tx, "admin", &PolicyLevel::Shop("9000009".into()), &overlay)
        })
        .await
        .unwrap();
        assert_eq!(of_shop().await.receipt.width, 48, "kept until the change is looked at");
        base.refresh().await.unwrap();
        assert_eq!((of_shop().await.receipt.width, of_shop().await.session.idle_min), (42, 5));
        assert_eq!(tenancy.policy_of(&Scope::Shop("9000011".into())).await.unwrap().receipt.width, 32);
    }
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    let db = store::testing::sqlite(&migrations());
    let base = loaded(&db).await;
    let policy = base
        .write(|tx| {
            tenancy::put_policy(tx, "admin", &PolicyLevel::Tenant, &json!({"receipt": {"width": 31}}))
        })
        .await;
    assert_eq!(policy.unwrap_err().code, codes::api::BAD_REQUEST);
    // UnionPay is lump sum only.
    let class = base
        .write(|tx| {
            let row = Contract { brand: Brand::UnionPay, classes: vec![PaymentClass::Installments(3)] };
            tenancy::put_contract(tx, "admin", &"00008".into(), &row)
        })
        .await;
    assert_eq!(class.unwrap_err().code, codes::api::BAD_REQUEST);
    let code = base.write(|tx| tenancy::put_shop(tx, "admin", &shop("9000012", "00008", "ab"))).await;
    assert_eq!(code.unwrap_err().code, codes::api::BAD_REQUEST);
}

#[tokio::test]
async fn a_suspended_contract_is_not_offered() {
    // M-030
    for db in store::testing::each(&migrations()) {
        let base = loaded(&db).await;
        let tenancy = Tenancy::new(&base);
        let company = CompanyId::from("00008");
        assert_eq!(tenancy.contracts(&company).await.unwrap().len(), 1);
        let suspended = Contract { brand: Brand::Visa, classes: vec![] };
        base.write(move |tx| tenancy::put_contract(tx, "admin", &"00008".into(), &suspended)).await.unwrap();
        base.refresh().await.unwrap();
        assert!(tenancy.contracts(&company).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn brands_stand_in_the_order_of_the_contract() {
    // M-030: PayPay came before au PAY, whatever the alphabet says; a change leaves it in its place.
    for db in store::testing::each(&migrations()) {
        let base = loaded(&db).await;
        let put = |brand, classes: &[PaymentClass]| {
            let row = Contract { brand, classes: classes.to_vec() };
            base.write(move |tx| tenancy::put_contract(tx, "admin", &"00008".into(), &row))
        };
        for brand in [Brand::PayPay, Brand::Jcb, Brand::AuPay] {
            put(brand, &[PaymentClass::Lump]).await.unwrap();
        }
        put(Brand::PayPay, &[]).await.unwrap();
        put(Brand::PayPay, &[PaymentClass::Lump]).await.unwrap();
        base.refresh().await.unwrap();
        let rows = Tenancy::new(&base).contracts(&"00008".into()).await.unwrap();
        let brands: Vec<Brand> = rows.iter().map(|row| row.brand).collect();
        assert_eq!(brands, [Brand::Visa, Brand::PayPay, Brand::Jcb, Brand::AuPay]);
    }
}

#[test]
fn every_statement_is_taken_by_both_engines() {
    store::testing::both(&migrations(), |db| store::prepare_all(&db.db, tenancy::STATEMENTS).unwrap());
}
