//! A day's payments: what is listed for whom, sums, paging, searching, live.

use crate::readable::readable;
use crate::world::{Fate, SHOPS, Sale, T, World, clerk, migrations, operator, person};
use acquiring::console;
use center_base::{Role, Scope};
use expect_test::expect_file;
use ledger::Account;
use payment::{Brand, EntryMode, PaymentId};
use store::testing::TestDb;

const EACH: [Fate; 11] = [
    Fate::Approved,
    Fate::Refused("51"),
    Fate::RefusedHere,
    Fate::NotSent,
    Fate::Reversed,
    Fate::Signed,
    Fate::Released,
    Fate::Voided,
    Fate::InDoubt,
    Fate::Authorized,
    Fate::Sent,
];

async fn databases() -> [TestDb; 2] {
    tokio::task::spawn_blocking(|| store::testing::each(&migrations())).await.unwrap()
}

async fn world(db: &TestDb) -> World {
    World::open(&db.db, db.clock.clone(), "http://127.0.0.1:8700").await
}

/// One payment of every kind, with long names and another shop among them.
async fn full(db: &TestDb) -> (World, Vec<PaymentId>) {
    let mut world = world(db).await;
    let mut ids = Vec::new();
    for (number, fate) in (0..).zip(EACH) {
        let sale = Sale { shop: usize::from(number % 2 == 1), ..Sale::of(880 + number * 1_000, fate) };
        ids.push(world.sell(sale).await);
    }
    let tap = Sale {
        brand: Brand::Jcb,
        last4: "0505",
        entry: EntryMode::Contactless,
        ..Sale::of(1_360, Fate::Approved)
    };
    ids.push(world.sell(tap).await);
    (world, ids)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_of_the_pages_is_prepared_on_both_engines() {
    for db in databases().await {
        tokio::task::spawn_blocking(move || store::prepare_all(&db, console::STATEMENTS).unwrap())
            .await
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_day_reads_as_it_was_read() {
    // M-070
    for db in databases().await {
        let (world, _) = full(&db).await;
        for lang in ["ja", "en"] {
            let page =
                world.seen_by(operator()).ask("GET", "/payments", &[("accept-language", lang)], "").await;
            assert_eq!(page.status, 200);
            expect_file![format!("golden/day-{lang}.txt")].assert_eq(&readable(&page.text()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_total_of_sales_is_what_the_ledger_moved() {
    for db in databases().await {
        let (world, _) = full(&db).await;
        let balances = world.base.read(|tx| Ok(books::balances(tx, T)?)).await.unwrap();
        let owed = |company: &str| {
            let account = Account::MerchantPayable { company: company.to_owned() };
            balances.iter().find(|balance| balance.account == account).map_or(0, |balance| -balance.value_yen)
        };
        let page = world.seen_by(operator()).get("/payments").await.text();
        let total =
            format!("<dt>売上</dt><dd><span class=\"nowrap\">¥{}</span>", money::group(owed("00008")));
        assert!(owed("00008") > 0 && page.contains(&total), "{total} is not in the page");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_shown_a_payment_of_another_shop() {
    for db in databases().await {
        let mut world = world(&db).await;
        let mut ids = Vec::new();
        for shop in 0..3 {
            for fate in [Fate::Approved, Fate::InDoubt] {
                ids.push((shop, world.sell(Sale::of(880, fate).at(shop)).await));
            }
        }
        let company = person(Role::CompanyManager, Scope::Company("00008".into()));
        let questions = [
            "/payments",
            "/payments?shop=9000011",
            "/payments?shop=9000010",
            "/payments?q=1111",
            "/payments?q=HON1-0000005",
        ];
        for (who, own) in [(clerk(), vec![0]), (company, vec![0, 1]), (operator(), vec![0, 1, 2])] {
            let program = world.seen_by(who);
            let mut seen = String::new();
            for question in questions {
                seen.push_str(&program.get(question).await.text());
            }
            for (shop, id) in &ids {
                let listed = seen.contains(&id.to_string());
                assert_eq!(listed, own.contains(shop), "a payment of shop {shop} in lists of {own:?}");
                let by_id = program
                    .get(&format!("/payments?q={id}"))
                    .await
                    .text()
                    .contains(&format!("/payments/{id}\""));
                assert_eq!(by_id, own.contains(shop), "found by id");
                let wanted = if own.contains(shop) { 200 } else { 404 };
                let page = program.get(&format!("/payments/{id}")).await.status;
                assert_eq!(page, wanted, "{id} of shop {shop} for {own:?}");
                if wanted == 404 {
                    // An open stream does not end.
                    assert_eq!(program.get(&format!("/payments/{id}/live")).await.status, 404);
                }
            }
            for (shop, (.., name)) in SHOPS.iter().enumerate() {
                assert_eq!(seen.contains(name), own.contains(&shop), "the name of shop {shop} for {own:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_day_is_read_page_by_page_without_gap_or_repetition() {
    for db in databases().await {
        let mut world = world(&db).await;
        for number in 0..120 {
            world.sell(Sale { shop: number % 2, ..Sale::of(100, Fate::Approved) }).await;
        }
        for (who, wanted) in [(operator(), 120), (clerk(), 60)] {
            let program = world.seen_by(who);
            let mut path = "/payments".to_owned();
            let mut seen: Vec<String> = Vec::new();
            loop {
                let page = program.get(&path).await.text();
                seen.extend(
                    page.split("class=\"open row-link\" href=\"/payments/")
                        .skip(1)
                        .map(|id| id[..36].to_owned()),
                );
                let Some(next) = page.split("href=\"/payments?before=").nth(1) else { break };
                path = format!("/payments?before={}", next.split('"').next().unwrap());
            }
            let mut once = seen.clone();
            once.sort();
            once.dedup();
            assert_eq!((seen.len(), once.len()), (wanted, wanted));
            assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "newest first");
        }
    }
}

/// The public ids that a question finds.
async fn found(world: &World, question: &str) -> Vec<String> {
    let page = world.seen_by(operator()).get(&format!("/payments?{question}")).await.text();
    page.split("class=\"open row-link\" href=\"/payments/").skip(1).map(|id| id[..36].to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_finds_its_payment_whatever_the_day_and_other_numbers_on_their_day() {
    // W-051, A-007, A-010
    for db in databases().await {
        let mut world = world(&db).await;
        let old = world.sell(Sale { last4: "4242", ..Sale::of(880, Fate::Approved) }).await;
        world.wait_ms(3 * 24 * 3_600_000);
        let new = world
            .sell(Sale { last4: "0505", brand: Brand::Jcb, ..Sale::of(5_000, Fate::Refused("54")) })
            .await;
        let (old_id, new_id) = (old.to_string(), new.to_string());
        for question in [
            format!("q={old}"),
            format!("q={}", payment::public_id(old)),
            "q=tsu3-0000001".to_owned(),
            "on=2026-11-21".to_owned(),
            "on=2026-11-21&q=4242".to_owned(),
            "on=2026-11-21&q=120001".to_owned(),
            "on=2026-11-21&q=0001".to_owned(),
        ] {
            assert_eq!(found(&world, &question).await.join(" "), old_id, "{question}");
        }
        for question in [
            "",
            "q=0505",
            "brand=jcb",
            "state=failed",
            "min=4,000&max=5000",
            "terminal=358002",
            "shop=9000009",
        ] {
            assert_eq!(found(&world, question).await.join(" "), new_id, "{question}");
        }
        for question in ["q=4242", "brand=visa", "state=approved", "max=4999", "terminal=999", "shop=9000010"]
        {
            assert_eq!(found(&world, question).await, Vec::<String>::new(), "{question}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_day_says_what_to_do() {
    let db = tokio::task::spawn_blocking(|| store::testing::sqlite(&migrations())).await.unwrap();
    let world = world(&db).await;
    for (question, says) in [
        ("", "今日の取引はまだありません"),
        ("?on=2026-11-01", "この日の取引はありません"),
        ("?q=1111", "条件に合う取引はありません"),
        ("?min=abc", "金額を数字で入力してください"),
    ] {
        let page = world.seen_by(operator()).get(&format!("/payments{question}")).await.text();
        assert!(page.contains(says), "{question}: {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_running_day_is_live_and_a_look_back_is_not() {
    let db = tokio::task::spawn_blocking(|| store::testing::sqlite(&migrations())).await.unwrap();
    let (world, _) = full(&db).await;
    let program = world.seen_by(operator());
    let live = |page: String| page.contains("hx-sse:connect=\"/payments/live");
    assert!(live(program.get("/payments?brand=visa").await.text()));
    assert!(!live(program.get("/payments?on=2026-11-20").await.text()));
    assert!(!live(program.get("/payments?before=3").await.text()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_stands_first_until_it_is_settled() {
    // spec screens C2
    let db = tokio::task::spawn_blocking(|| store::testing::sqlite(&migrations())).await.unwrap();
    let mut world = world(&db).await;
    world.sell(Sale::of(880, Fate::Approved)).await;
    let quiet = world.seen_by(operator()).get("/payments").await.text();
    assert!(!quiet.contains("確認が必要な取引"), "{quiet}");
    let doubt = world.sell(Sale::of(28_000, Fate::InDoubt)).await;
    world.wait_ms(26 * 3_600_000);
    let page = world.seen_by(operator()).get("/payments").await.text();
    let block = page.split("確認が必要な取引").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(block.contains(&doubt.to_string()) && block.contains("26時間0分経過"), "{block}");
    let past = world.seen_by(operator()).get("/payments?on=2026-11-21").await.text();
    assert!(!past.contains("確認が必要な取引"), "a look back is not disturbed");
}
