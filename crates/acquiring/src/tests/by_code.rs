//! Code payments, with a brand that answers in every way.

use super::brand::{Act, Brand as TestBrand};
use super::recovery::{little_later, moment_later};
use super::*;
use crate::code_pay::CodeAsk;
use crate::networks::code_http::{Call, CodeNetwork, Gateway, Silence, inquiry_path};
use crate::networks::hearing::Waiting;
use crate::refund::path::Giver;
use codes::{MoneyTaken, code};
use payment::Brand;
use serde_json::json;

/// A PayPay code.
const CODE: &str = "900081818801234567890123";

pub(super) fn code_json(id: PaymentId, yen: i64) -> serde_json::Value {
    json!({
        "id": id, "amount": yen, "method": "code", "class": "lump", "slip_no": 1, "started_at_us": 0,
        "signature_follows": false, "code": {"token": CODE, "entry": "scanner"}
    })
}

fn code_ask(id: PaymentId, yen: i64) -> CodeAsk {
    CodeAsk::read(serde_json::from_value(code_json(id, yen)).unwrap()).unwrap()
}

/// A center that is connected to the brand.
pub(super) async fn center(db: &TestDb, brand: &TestBrand) -> Center {
    let network = Network::start().await;
    let mut center = Center::start(db, &network.address, "a-1");
    let gateway = Gateway { url: brand.url.clone(), key: "k".into(), secret: "s".into() };
    let codes = CodeNetwork::new(db.clock.clone(), [(Brand::PayPay, gateway)]).unwrap();
    let mut place = place();
    place.contracts.push((Brand::PayPay, vec![payment::PaymentClass::Lump]));
    let line = center.acquiring.line().clone();
    center.acquiring = Acquiring::new(&center.base, line, Places::fixed(place)).with_codes(codes);
    let (advices, refunds) = (Advices(center.acquiring.clone()), Refunds(center.acquiring.clone()));
    center.worker = Worker::new(&center.base, vec![Arc::new(advices), Arc::new(refunds)]);
    center
}

impl Center {
    pub(super) async fn paid_by_code(&self, id: PaymentId, yen: i64) -> PaymentView {
        self.acquiring.pay_by_code(by(), code_ask(id, yen)).await.unwrap()
    }

    /// Lets time pass until the doubt has ended.
    async fn ended(&self, db: &TestDb, id: PaymentId) -> StateName {
        for _ in 0..40 {
            if self.state(id).await.is_final() {
                break;
            }
            db.clock.advance(seconds(4));
            self.worker.drain().await.unwrap();
        }
        self.state(id).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_paid_at_once_and_asking_again_is_asking_once() {
    // M-040 … M-044
    for (db, _) in each().await {
        let brand = TestBrand::start().await;
        let center = center(&db, &brand).await;
        for _ in 0..2 {
            let view = center.paid_by_code(id(1), 880).await;
            assert_eq!(
                (view.state, view.money_taken, view.brand),
                (StateName::Approved, MoneyTaken::Yes, Some(Brand::PayPay))
            );
            assert_eq!(view.center_txn_id.as_deref(), Some("0485712345"));
            assert!(view.slip.unwrap().code.is_some());
        }
        assert_eq!(brand.calls(), ["pay"]);
        assert_eq!(center.transfers(id(1)).await, [Kind::Posted]);
        let wires = center.base.read(move |tx| Ok(row::wires(tx, T, id(1))?)).await.unwrap();
        assert!(
            !format!(
                "{:?}",
                wires.iter().map(|w| String::from_utf8_lossy(&w.request).into_owned()).collect::<Vec<_>>()
            )
            .contains(CODE),
            "the code never rests"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_the_brand_takes_no_money() {
    // 1.4.1
    for (db, _) in each().await {
        let brand = TestBrand::start().await;
        let center = center(&db, &brand).await;
        brand.acts([Act::Refuse("NO_SUFFICIENT_FUND")]);
        let view = center.paid_by_code(id(1), 880).await;
        assert_eq!((view.state, view.code), (StateName::Declined, Some(code::BALANCE_SHORT)));
        assert_eq!(center.transfers(id(1)).await, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_must_confirm_is_waited_for_and_no_money_is_taken_yet() {
    //
    for (db, _) in each().await {
        let brand = TestBrand::start().await;
        let center = center(&db, &brand).await;
        brand.acts([Act::Wait]);
        let view = center.paid_by_code(id(1), 880).await;
        assert_eq!((view.state, view.waits_for_user), (StateName::Sent, true));
        assert_eq!((center.transfers(id(1)).await, brand.charged()), (vec![], 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doubt_is_found_paid_by_an_inquiry() {
    // model 3.3: 要確認 → inquiry
    for (db, _) in each().await {
        let brand = TestBrand::start().await;
        let center = center(&db, &brand).await;
        brand.acts([Act::PayAndFail]);
        let view = center.paid_by_code(id(1), 880).await;
        assert_eq!((view.state, view.money_taken), (StateName::InDoubt, MoneyTaken::Unknown));
        assert_eq!(center.ended(&db, id(1)).await, StateName::Approved);
        assert_eq!((center.transfers(id(1)).await, brand.charged()), (vec![Kind::Posted], 880));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doubt_that_nobody_can_answer_is_cancelled() {
    for (db, _) in each().await {
        let brand = TestBrand::start().await;
        let center = center(&db, &brand).await;
        brand.acts([Act::Fail]);
        assert_eq!(center.paid_by_code(id(1), 880).await.state, StateName::InDoubt);
        assert_eq!(center.ended(&db, id(1)).await, StateName::Reversed);
        assert_eq!(brand.calls().last().map(String::as_str), Some("cancel"));
        assert_eq!((center.transfers(id(1)).await, brand.charged()), (vec![], 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doubt_is_final_soon_after_the_brand_answers_again_however_long_it_was_silent() {
    // R4
    for (db, _) in each().await {
        let brand = TestBrand::start().await;
        let center = center(&db, &brand).await;
        let running = tokio::spawn({
            let (acquiring, worker) = (center.acquiring.clone(), center.worker.clone());
            async move { tokio::join!(acquiring.run(), worker.run()) }
        });
        brand.swallows(true);
        brand.acts([Act::PayAndFail]);
        assert_eq!(center.paid_by_code(id(1), 880).await.state, StateName::InDoubt);
        let begun_us = db.clock.now_us();
        while db.clock.now_us() - begun_us < 90_000_000 {
            little_later(&center).await;
        }
        brand.swallows(false);
        let since_us = db.clock.now_us();
        while center.state(id(1)).await == StateName::InDoubt {
            moment_later(&center).await;
        }
        let after_s = (db.clock.now_us() - since_us) / 1_000_000;
        // Four inquiries were not answered, so it is cancelled and never guessed.
        assert_eq!((center.state(id(1)).await, brand.charged()), (StateName::Reversed, 0));
        assert!(after_s <= 10, "{after_s} s");
        assert_eq!(brand.calls().iter().filter(|what| *what == "pay").count(), 1);
        running.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_payment_is_given_back_in_parts_and_never_too_much() {
    // X-050; issue item 2: two of 60 on 100
    for (db, _) in each().await {
        let brand = TestBrand::start().await;
        let center = center(&db, &brand).await;
        center.paid_by_code(id(1), 100).await;
        let asked: Vec<_> = [8, 9]
            .map(|number| {
                let wanted = refund::path::Wanted { card: None, ..refunds::wanted(id(number), id(1), 60) };
                let acquiring = center.acquiring.clone();
                tokio::spawn(async move { acquiring.give_back(Giver::Terminal(by()), wanted).await })
            })
            .into_iter()
            .collect();
        let mut won = 0;
        for asked in asked {
            won += usize::from(asked.await.unwrap().is_ok_and(|view| view.state == StateName::Approved));
        }
        assert_eq!((won, brand.charged()), (1, 40));
        assert_eq!(center.row(id(1)).await.refunded.get(), 60);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_brand_that_answers_again_is_told_of_once() {
    let (db, _) = each().await.remove(0);
    let brand = TestBrand::start().await;
    let center = center(&db, &brand).await;
    let mut revivals = center.acquiring.codes.as_ref().unwrap().revivals();
    revivals.mark_unchanged();
    center.paid_by_code(id(1), 880).await;
    assert!(!revivals.has_changed().unwrap(), "it was never silent");
    brand.acts([Act::Fail]);
    center.paid_by_code(id(2), 880).await;
    assert!(!revivals.has_changed().unwrap());
    center.paid_by_code(id(3), 880).await;
    center.paid_by_code(id(4), 880).await;
    assert_eq!(*revivals.borrow_and_update(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_brand_answers_says_nothing_of_another_that_is_silent() {
    // R4: a question is given up when its own brand is there again, and not before.
    let (db, _) = each().await.remove(0);
    let (silent, alive) = (TestBrand::start().await, TestBrand::start().await);
    let gateway = |brand: &TestBrand| Gateway { url: brand.url.clone(), key: "k".into(), secret: "s".into() };
    let brands = [(Brand::PayPay, gateway(&silent)), (Brand::DBarai, gateway(&alive))];
    let codes = CodeNetwork::new(db.clock.clone(), brands).unwrap();
    let ask = |brand: Brand, waiting: Waiting| {
        let codes = codes.clone();
        async move {
            let path = inquiry_path(id(1));
            let call = Call { brand, about: id(1), method: &http::Method::GET, path: &path, body: None };
            codes.call(call, waiting).await
        }
    };
    let once = Waiting::Once(seconds(3));
    silent.swallows(true);
    let asked = tokio::spawn(ask(Brand::PayPay, Waiting::Repeated));
    while silent.calls().is_empty() {
        tokio::task::yield_now().await;
    }
    db.clock.advance(crate::limits::ADVICE_PATIENCE);
    let mut revivals = codes.revivals();
    revivals.mark_unchanged();
    for _ in 0..3 {
        assert!(ask(Brand::DBarai, once).await.is_ok());
    }
    assert!(!revivals.has_changed().unwrap() && !asked.is_finished());
    silent.swallows(false);
    while !asked.is_finished() {
        assert!(ask(Brand::PayPay, once).await.is_ok());
    }
    assert_eq!(asked.await.unwrap(), Err(Silence::TimedOut));
    assert!(revivals.has_changed().unwrap());
}
