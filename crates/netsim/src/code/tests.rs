//! Decisions of the brands, each with its book: what is asked, what is answered, what rests.

use super::back::AskedRefund;
use super::book::{Key, Status};
use super::http::{Ask, Brands, decide};
use super::reply::Reply;
use super::rules::Rules;
use super::shown;
use super::step::{self, Asked};
use super::tables::{self, By};
use crate::export;
use crate::host::tables::TENANT;
use crate::testing::{brands, clock};
use expect_test::expect;
use money::Yen;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::Duration;
use store::DbError;

pub(super) struct Bench {
    pub(super) brands: Arc<Brands>,
    serial: u64,
    // Deleted with the bench.
    _folder: tempfile::TempDir,
}

fn yen(amount: i64) -> Yen {
    Yen::new(amount).unwrap()
}

fn key(brand: &str, id: &str) -> Key {
    Key { brand: brand.into(), merchant: "SHOP1".into(), id: id.into() }
}

impl Bench {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { brands: Arc::new(brands(folder.path(), &clock())), serial: 0, _folder: folder }
    }

    fn rules(&self) -> &Rules {
        &self.brands.rules
    }

    pub(super) fn code(&mut self, wallet: &str) -> String {
        self.serial += 1;
        let wallet = self.rules().wallet(wallet).unwrap();
        let brand = self.rules().brand(&wallet.brand).unwrap();
        shown::make(brand, wallet, self.brands.clock.now(), self.serial).digits
    }

    async fn ask(&self, asked: Ask) -> Reply {
        decide(&self.brands, asked, None).await.unwrap().0.reply
    }

    /// The result code, and the status of the payment where one is told.
    async fn said(&self, asked: Ask) -> String {
        let reply = self.ask(asked).await;
        let status = reply.data.as_ref().and_then(|data| data["status"].as_str());
        status.map_or_else(|| reply.result.word.to_owned(), ToOwned::to_owned)
    }

    async fn pay_with(&self, brand: &str, id: &str, amount: i64, code: &str) -> String {
        self.said(Ask::Pay(Asked {
            key: key(brand, id),
            amount: yen(amount),
            code: code.to_owned(),
            code_hash: Sha256::digest(code).to_vec(),
            terminal: "000000358002".into(),
            requested_at: 0,
        }))
        .await
    }

    async fn pay(&mut self, wallet: &str, id: &str, amount: i64) -> String {
        let brand = self.rules().wallet(wallet).unwrap().brand.clone();
        let code = self.code(wallet);
        self.pay_with(&brand, id, amount, &code).await
    }

    async fn inquire(&self, brand: &str, id: &str) -> String {
        self.said(Ask::Inquire(key(brand, id))).await
    }

    async fn cancel(&self, brand: &str, id: &str) -> String {
        self.said(Ask::Cancel(key(brand, id))).await
    }

    async fn refund(&self, brand: &str, id: &str, of: &str, amount: i64) -> String {
        let asked =
            AskedRefund { key: key(brand, id), amount: yen(amount), reason: "back".into(), requested_at: 0 };
        let reply = self.ask(Ask::Refund(asked, By::Id(key(brand, of)))).await;
        reply.result.word.to_owned()
    }

    async fn book(&self) -> export::CodeCharges {
        let read = self.brands.db.read(|tx| Ok::<_, DbError>((tables::all(tx)?, tables::all_refunds(tx)?)));
        let (charges, refunds) = read.await.unwrap();
        export::code_charges(charges, refunds)
    }

    async fn lines(&self) -> String {
        let book = self.book().await;
        let line = |charge: &super::book::Charge| {
            let (id, status) = (&charge.key.id, charge.status.word());
            let failure = if charge.failure.is_empty() { "-" } else { &charge.failure };
            format!("{id} {} {} net {} {status} {failure}\n", charge.wallet, charge.amount, charge.net())
        };
        book.charges.iter().map(line).collect()
    }
}

#[tokio::test]
async fn wallets_pay_at_once_or_after_their_customer_has_confirmed() {
    let mut bench = Bench::new();
    assert_eq!(bench.pay("aoi-paypay", "1", 880).await, "COMPLETED");
    assert_eq!(bench.pay("haru-paypay", "2", 880).await, "CREATED");
    assert_eq!(bench.inquire("paypay", "2").await, "CREATED");
    assert_eq!(bench.inquire("paypay", "2").await, "COMPLETED");
    assert_eq!(bench.pay("ren-paypay", "3", 880).await, "CREATED");
    assert_eq!(bench.inquire("paypay", "3").await, "FAILED");
    assert_eq!(bench.pay("mei-paypay", "4", 880).await, "CREATED");
    for _ in 0..9 {
        assert_eq!(bench.inquire("paypay", "4").await, "CREATED");
    }
    bench.brands.clock.advance(Duration::from_secs(301));
    assert_eq!(bench.inquire("paypay", "4").await, "EXPIRED");
    expect![[r"
        1 aoi-paypay ¥880 net ¥880 COMPLETED -
        2 haru-paypay ¥880 net ¥880 COMPLETED -
        3 ren-paypay ¥880 net ¥0 FAILED USER_REFUSED
        4 mei-paypay ¥880 net ¥0 EXPIRED -
    "]]
    .assert_eq(&bench.lines().await);
}

#[tokio::test]
async fn a_code_pays_once_lives_five_minutes_and_belongs_to_one_brand() {
    let mut bench = Bench::new();
    let code = bench.code("aoi-paypay");
    assert_eq!(bench.pay_with("paypay", "1", 880, &code).await, "COMPLETED");
    assert_eq!(bench.pay_with("paypay", "2", 880, &code).await, "CODE_USED");
    assert_eq!(bench.pay("old-paypay", "3", 880).await, "CODE_EXPIRED");
    let code = bench.code("aoi-paypay");
    assert_eq!(bench.pay_with("merpay", "4", 880, &code).await, "CODE_INVALID");
    bench.brands.clock.advance(Duration::from_secs(361));
    assert_eq!(bench.pay_with("paypay", "5", 880, &code).await, "CODE_EXPIRED");
    assert_eq!(bench.pay("poor-paypay", "6", 101).await, "NO_SUFFICIENT_FUND");
    assert_eq!(bench.pay("aoi-paypay", "7", 500_001).await, "LIMIT_EXCEEDED");
    assert_eq!(bench.pay("aoi-paypay", "8", 0).await, "INVALID_PARAMS");
    let book = bench.book().await;
    assert_eq!((book.charged_yen, book.net_yen), (880, 880));
}

#[tokio::test]
async fn the_same_id_again_gets_the_same_answer_and_charges_nothing() {
    let mut bench = Bench::new();
    let code = bench.code("aoi-paypay");
    for _ in 0..3 {
        assert_eq!(bench.pay_with("paypay", "1", 880, &code).await, "COMPLETED");
    }
    let other = bench.code("aoi-paypay");
    assert_eq!(bench.pay_with("paypay", "1", 880, &other).await, "DUPLICATE_MERCHANT_PAYMENT_ID");
    assert_eq!(bench.pay_with("paypay", "1", 881, &code).await, "DUPLICATE_MERCHANT_PAYMENT_ID");
    let poor = bench.code("poor-paypay");
    for _ in 0..2 {
        assert_eq!(bench.pay_with("paypay", "2", 880, &poor).await, "NO_SUFFICIENT_FUND");
    }
    assert_eq!(bench.inquire("paypay", "2").await, "FAILED");
    assert_eq!(bench.book().await.charges.len(), 2);
}

#[tokio::test]
async fn a_cancel_that_overtakes_its_payment_leaves_it_refused() {
    // model 3.3 rule 9
    let mut bench = Bench::new();
    assert_eq!(bench.cancel("paypay", "1").await, "PAYMENT_NOT_FOUND");
    assert_eq!(bench.pay("aoi-paypay", "1", 880).await, "PAYMENT_CANCELED");
    assert_eq!(bench.inquire("paypay", "1").await, "PAYMENT_NOT_FOUND");
    assert_eq!(bench.cancel("paypay", "1").await, "PAYMENT_NOT_FOUND");
    let book = bench.book().await;
    assert_eq!((book.charges.len(), book.tombstones.len()), (0, 1));
}

#[tokio::test]
async fn a_cancel_gives_the_whole_back_until_a_quarter_past_midnight() {
    // X-046; the clock stands at noon in Tokyo
    let mut bench = Bench::new();
    for id in ["1", "2"] {
        assert_eq!(bench.pay("aoi-paypay", id, 880).await, "COMPLETED");
    }
    bench.brands.clock.advance(Duration::from_secs(12 * 3_600 + 14 * 60 + 59));
    for _ in 0..2 {
        assert_eq!(bench.cancel("paypay", "1").await, "REQUEST_ACCEPTED");
    }
    bench.brands.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.cancel("paypay", "2").await, "CANCEL_PERIOD_EXPIRED");
    assert_eq!(bench.refund("paypay", "r2", "2", 880).await, "SUCCESS");
    assert_eq!(bench.refund("paypay", "r1", "1", 880).await, "ALREADY_REFUNDED");
    assert_eq!(bench.book().await.net_yen, 0);
}

#[tokio::test]
async fn refunds_never_add_up_to_more_than_was_paid() {
    let mut bench = Bench::new();
    bench.pay("aoi-paypay", "1", 100).await;
    assert_eq!(bench.refund("paypay", "a", "1", 60).await, "SUCCESS");
    assert_eq!(bench.refund("paypay", "b", "1", 60).await, "REFUND_EXCEEDS_PAYMENT");
    assert_eq!(bench.refund("paypay", "a", "1", 60).await, "SUCCESS", "the same refund again");
    assert_eq!(bench.refund("paypay", "a", "1", 40).await, "DUPLICATE_REFUND_REQUEST");
    assert_eq!(bench.cancel("paypay", "1").await, "ALREADY_REFUNDED");
    assert_eq!(bench.refund("paypay", "c", "1", 0).await, "INVALID_REFUND_AMOUNT");
    assert_eq!(bench.refund("paypay", "c", "1", 40).await, "SUCCESS");
    assert_eq!(bench.refund("paypay", "d", "1", 1).await, "ALREADY_REFUNDED");
    assert_eq!(bench.refund("paypay", "e", "9", 1).await, "PAYMENT_NOT_FOUND");
    let book = bench.book().await;
    assert_eq!((book.charged_yen, book.refunded_yen, book.net_yen), (100, 100, 0));
    assert_eq!(book.charges[0].status, Status::Refunded);
}

#[tokio::test]
async fn paypay_refunds_in_fifty_parts_and_alipay_in_one() {
    // X-050
    let mut bench = Bench::new();
    bench.pay("aoi-paypay", "1", 1_000).await;
    for n in 0..50 {
        assert_eq!(bench.refund("paypay", &format!("p{n}"), "1", 1).await, "SUCCESS", "{n}");
    }
    assert_eq!(bench.refund("paypay", "p50", "1", 1).await, "TOO_MANY_REFUNDS");
    bench.pay("li-alipay", "1", 1_000).await;
    assert_eq!(bench.refund("alipayplus", "a0", "1", 1).await, "SUCCESS");
    assert_eq!(bench.refund("alipayplus", "a1", "1", 1).await, "TOO_MANY_REFUNDS");
}

#[tokio::test]
async fn a_brand_in_maintenance_does_nothing_and_remembers_nothing() {
    let mut bench = Bench::new();
    // 23:56 in Tokyo.
    bench.brands.clock.advance(Duration::from_mins(11 * 60 + 56));
    assert_eq!(bench.pay("aoi-yucho", "1", 880).await, "MAINTENANCE_MODE");
    assert_eq!(bench.inquire("yuchopay", "1").await, "PAYMENT_NOT_FOUND");
    bench.brands.clock.advance(Duration::from_mins(10));
    assert_eq!(bench.pay("aoi-yucho", "1", 880).await, "COMPLETED");
}

#[tokio::test]
async fn the_customers_buttons_end_the_waiting_and_only_the_waiting() {
    let mut bench = Bench::new();
    bench.pay("mei-paypay", "1", 880).await;
    let charge = bench.book().await.charges.remove(0);
    let now = bench.brands.clock.now();
    let change = step::answer(&charge, true, now).unwrap();
    let saved = bench.brands.db.write(TENANT, move |tx| tables::save(tx, std::slice::from_ref(&change)));
    saved.await.unwrap();
    assert_eq!(bench.inquire("paypay", "1").await, "COMPLETED");
    let charge = bench.book().await.charges.remove(0);
    assert_eq!(step::answer(&charge, false, now), None);
}

#[tokio::test]
async fn every_magic_amount_does_what_its_row_says_at_the_brand() {
    let mut bench = Bench::new();
    let mut told = String::new();
    for row in crate::magic::CODE_TABLE {
        let id = row.ending.to_string();
        let first = bench.pay("aoi-paypay", &id, row.ending).await;
        let mut found = bench.inquire("paypay", &id).await;
        if found == "CREATED" {
            found = format!("{found}, {}", bench.inquire("paypay", &id).await);
        }
        let back = bench.refund("paypay", &format!("r{id}"), &id, row.ending).await;
        told += &format!("{id} {first}; {found}; {back}\n");
    }
    expect_test::expect_file!["../../tests/golden/code_magic.txt"].assert_eq(&told);
}

#[test]
fn every_statement_can_be_prepared() {
    let bench_folder = tempfile::tempdir().unwrap();
    let brands = brands(bench_folder.path(), &clock());
    store::prepare_all(&brands.db, tables::STATEMENTS).unwrap();
}
