//! The real source of receipts: acquiring's row, the shop of tenancy, the policy of the terminal.

use acquiring::row::{self, Payment};
use acquiring::step::Standing;
use acquiring::token::ReceiptToken;
use center_base::testing::base;
use center_base::{Base, Scope, ShopId};
use codes::api;
use delivery::{ApprovedPayments, MailAddress, Sale, Sales, drop_shop_mail, put_shop_mail};
use money::Yen;
use payment::{Approval, PaymentId, Profile, State};
use receipt::samples;
use store::Migration;
use store::testing::TestDb;
use tenancy::Tenancy;

const SECRET: [u8; 16] = [7; 16];

fn migrations() -> Vec<Migration> {
    [
        center_base::MIGRATIONS,
        tenancy::MIGRATIONS,
        row::MIGRATIONS,
        acquiring::refund::MIGRATIONS,
        acquiring::taken::MIGRATIONS,
        delivery::MIGRATIONS,
    ]
    .concat()
}

fn payment(state: State) -> Payment {
    let facts = samples::signed_swipe();
    Payment {
        id: facts.payment,
        seq: 42,
        company: "00008".into(),
        shop: "9000009".into(),
        terminal: "000000358002".into(),
        business_date: "2026-11-21".to_owned(),
        method: facts.method,
        class: facts.class,
        amount: facts.amount,
        standing: Standing {
            state,
            completion_follows: true,
            advice: None,
            voided: false,
            due_us: None,
            doubt: acquiring::step::Doubt::Undo,
        },
        version: 0,
        sent_at_us: facts.taken_at_us,
        changed_at_us: facts.taken_at_us,
        instance: "test".to_owned(),
        merchant_no: "9000009".to_owned(),
        slip_no: facts.slip_no,
        order_code: facts.order_code,
        note: facts.note,
        tax: None,
        invoice_reg_no: None,
        operator: facts.operator,
        card: facts.card,
        code: None,
        refunded: Yen::ZERO,
        refunding: Yen::ZERO,
        fingerprint: None,
        receipt_secret: SECRET,
    }
}

/// A center with one shop and one payment in this state, signed.
async fn center(db: &TestDb, state: State) -> (Base, ApprovedPayments) {
    let base = base(db);
    let tenancy = Tenancy::new(&base);
    let paid = payment(state);
    base.write(move |tx| {
        let tenant = tenancy::Tenant {
            name: "帳場".to_owned(),
            profile: Profile::Usen,
            support_phone: "0120-000-000".to_owned(),
        };
        tenancy::put_tenant(tx, "test", &tenant)?;
        let company =
            tenancy::Company { id: "00008".into(), name: "喫茶帳場".to_owned(), invoice_reg_no: None };
        tenancy::put_company(tx, "test", &company)?;
        let shop = tenancy::Shop {
            id: "9000009".into(),
            company_id: "00008".into(),
            code: "CHB1".to_owned(),
            merchant: samples::chip_sale().merchant,
        };
        tenancy::put_shop(tx, "test", &shop)?;
        row::insert(tx, &paid)?;
        if let Some(strokes) = samples::signed_swipe().signature {
            row::put_signature(tx, paid.id, &strokes)?;
        }
        Ok(())
    })
    .await
    .unwrap();
    base.refresh().await.unwrap();
    let sales = ApprovedPayments::new(&base, &tenancy);
    (base, sales)
}

fn approved() -> State {
    State::Approved(Approval { code: None })
}

fn token(secret: [u8; 16]) -> String {
    ReceiptToken::new(samples::chip_sale().payment, secret).text()
}

#[tokio::test]
async fn a_token_opens_its_own_receipt_with_everything_on_the_slip() {
    for db in store::testing::each(&migrations()) {
        let (_base, sales) = center(&db, approved()).await;
        let sale = sales.by_token(&token(SECRET)).await.unwrap().unwrap();
        let wanted = samples::signed_swipe();
        let link = Some(format!("http://127.0.0.1:8700/r/{}", token(SECRET)));
        assert_eq!(
            sale.facts,
            receipt::SlipFacts { public_id: sale.facts.public_id.clone(), link, ..wanted }
        );
        assert_eq!(sale.policy.profile, Profile::Usen);
        assert_eq!(sale.facts.amount, Yen::new(15_800).unwrap());
        for wrong in
            [token([8; 16]), ReceiptToken::new(PaymentId::from_u128(9), SECRET).text(), "-".to_owned()]
        {
            assert_eq!(sales.by_token(&wrong).await.unwrap(), None);
        }
    }
}

#[tokio::test]
async fn only_who_may_see_the_payment_finds_its_sale() {
    for db in store::testing::each(&migrations()) {
        let (_base, sales) = center(&db, approved()).await;
        let id = samples::chip_sale().payment;
        let found =
            async |scope: Scope| sales.by_id(&scope, id).await.unwrap().map(|sale: Sale| sale.terminal);
        for scope in [
            Scope::Tenant,
            Scope::Company("00008".into()),
            Scope::Shop("9000009".into()),
            Scope::Terminal("000000358002".into()),
        ] {
            assert_eq!(found(scope).await, Some("000000358002".into()));
        }
        for scope in [
            Scope::Company("00009".into()),
            Scope::Shop("9000010".into()),
            Scope::Terminal("000000358003".into()),
        ] {
            assert_eq!(found(scope).await, None);
        }
    }
}

#[tokio::test]
async fn a_payment_that_is_not_a_sale_has_no_receipt() {
    let states = [
        State::Sent,
        State::Authorized(Approval { code: None }),
        State::Declined(codes::pay::ALL[0]),
        State::Reversed,
        State::Released,
    ];
    for state in states {
        let db = store::testing::sqlite(&migrations());
        let (_base, sales) = center(&db, state.clone()).await;
        no_receipt(&sales).await;
        let hidden = sales.by_id(&Scope::Shop("1".into()), samples::chip_sale().payment).await;
        assert_eq!(hidden.unwrap(), None, "{state:?}");
    }
}

#[tokio::test]
async fn a_sale_that_was_given_back_has_no_receipt() {
    let db = store::testing::sqlite(&migrations());
    let (base, sales) = center(&db, approved()).await;
    base.write(|tx| {
        let tenant = tx.tenant();
        let before = row::load(tx, tenant, samples::chip_sale().payment)?.ok_or(api::NOT_FOUND)?;
        let after = Standing { voided: true, ..before.standing.clone() };
        assert_eq!(row::update(tx, &before, &after)?, row::Change::Done);
        Ok(())
    })
    .await
    .unwrap();
    no_receipt(&sales).await;
}

async fn no_receipt(sales: &ApprovedPayments) {
    assert_eq!(sales.by_token(&token(SECRET)).await.unwrap(), None);
    let refused = sales.by_id(&Scope::Tenant, samples::chip_sale().payment).await.unwrap_err();
    assert_eq!(refused.code, api::WRONG_STATE);
}

#[tokio::test]
async fn a_shops_address_is_registered_once_changed_and_taken_away() {
    // M-054
    for db in store::testing::each(&migrations()) {
        let base = base(&db);
        let shop = ShopId::from("9000009");
        let put = async |address: &str| {
            let (shop, address) = (shop.clone(), MailAddress::typed(address).unwrap());
            base.write(move |tx| put_shop_mail(tx, "person tanaka", &shop, &address)).await.unwrap()
        };
        assert!(put("book@kissa-choba.example").await);
        assert!(!put("book@kissa-choba.example").await, "nothing changed");
        assert!(put("office@kissa-choba.example").await);
        let gone = shop.clone();
        assert!(base.write(move |tx| drop_shop_mail(tx, "person tanaka", &gone)).await.unwrap());
        let gone = shop.clone();
        assert!(!base.write(move |tx| drop_shop_mail(tx, "person tanaka", &gone)).await.unwrap());
    }
}
