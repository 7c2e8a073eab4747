//! What people enter: terms, cycles, payees, holidays. Each is audited, and nothing that is collected or cut changes.

use crate::till::{Act, T, Till, sale};
use crate::world::rates;
use center_base::audit;
use payment::Brand;
use settlement::rows::{adjustments, calendar, payees, terms};
use settlement::rules::{CycleCode, Level, Overlay};
use store::Tx;

const HOLIDAYS_TEXT: &str = include_str!("../../data/holidays.csv");
const HOLIDAYS: &[u8] = HOLIDAYS_TEXT.as_bytes();

#[tokio::test(flavor = "multi_thread")]
async fn terms_begin_after_today_are_never_edited_and_the_same_again_is_nothing() {
    for till in Till::each().await {
        till.write(vec![sale(1, "a", Brand::Visa, "2026-11-21", 1_000)]).await;
        let put = async |from: &'static str, overlay: Overlay| {
            let write = move |tx: &mut Tx<'_>| {
                terms::put_term(tx, "person sato", &Level::Tenant, from.parse().unwrap(), &overlay)
            };
            till.base.write(write).await.map_err(|refusal| refusal.detail.unwrap_or_default())
        };
        assert_eq!(put("2026-11-22", rates(26_000, 6_400)).await, Ok(false));
        assert!(put("2026-11-22", rates(1, 1)).await.unwrap_err().contains("never edited"));
        let with_cycle = Overlay { cycle: Some(CycleCode::new("code").unwrap()), ..rates(1, 1) };
        assert!(put("2026-11-21", with_cycle).await.unwrap_err().contains("after today"));
        let unknown = Overlay { cycle: Some(CycleCode::new("weekly").unwrap()), ..Overlay::default() };
        assert!(put("2026-12-01", unknown).await.unwrap_err().contains("weekly"));
        let newest = till.base.read(|tx| Ok(audit::newest(tx, T, 10)?)).await.unwrap();
        assert_eq!(newest.len(), 1, "what is refused or the same leaves no row");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn terms_may_begin_in_the_past_while_the_tenant_has_no_payment_at_all() {
    // U-065: a first load says what has held.
    for till in Till::each_without_rates().await {
        let put = async |from: &'static str| {
            let free = Overlay { free_banks: Some(vec!["0005".to_owned()]), ..rates(26_000, 6_400) };
            let write = move |tx: &mut Tx<'_>| {
                terms::put_term(tx, "cast", &Level::Tenant, from.parse().unwrap(), &free)
            };
            till.base.write(write).await.map_err(|refusal| refusal.detail.unwrap_or_default())
        };
        assert_eq!(put("2020-01-01").await, Ok(true));
        till.write(vec![Act::Pay(1, "a", Brand::Visa, "2026-11-21", 1_000, "declined")]).await;
        assert_eq!(put("2020-01-01").await, Ok(false), "the same again is nothing");
        assert!(put("2020-01-02").await.unwrap_err().contains("after today"));
        assert_eq!(put("2026-11-22").await, Ok(true));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_of_holidays_tells_which_planned_days_move_and_leaves_those_that_are_cut() {
    // U-064, X-094
    let moved = HOLIDAYS_TEXT.replace("2027/1/1,元日\n", "2027/1/1,元日\n2027/1/4,臨時\n");
    let moved = moved.replace("2027/11/23,勤労感謝の日\n", "2027/11/23,勤労感謝の日\n2027/12/30,臨時\n");
    let moved = moved.replace("2026/11/23,勤労感謝の日\n", "2026/11/23,勤労感謝の日\n2026/12/30,臨時\n");
    for till in Till::each().await {
        let import = async |text: String| {
            let write = move |tx: &mut Tx<'_>| calendar::import_holidays(tx, "person sato", text.as_bytes());
            till.base.write(write).await.unwrap()
        };
        assert_eq!(import(HOLIDAYS_TEXT.to_owned()).await.moved, [], "what is built in");
        till.write(vec![sale(1, "a", Brand::Visa, "2026-12-02", 1_000)]).await;
        // The cards' window up to 15 December, paid on the 30th, is cut.
        till.close("2026-12-16").await;
        let told: Vec<String> = import(moved.clone()).await.moved.iter().map(told).collect();
        assert_eq!(
            told,
            [
                "code 2026-11-30: pay 2026-12-30 -> 2026-12-29, notice 2026-12-28 -> 2026-12-25",
                "emoney 2026-11-30: pay 2026-12-30 -> 2026-12-29, notice 2026-12-28 -> 2026-12-25",
                "voucher 2026-12-15: pay 2027-01-04 -> 2027-01-05, notice 2026-12-29 -> 2026-12-28",
                "card 2027-12-15: pay 2027-12-30 -> 2027-12-29, notice 2027-12-28 -> 2027-12-27",
                "code 2027-11-30: pay 2027-12-30 -> 2027-12-29, notice 2027-12-28 -> 2027-12-27",
                "emoney 2027-11-30: pay 2027-12-30 -> 2027-12-29, notice 2027-12-28 -> 2027-12-27",
                "voucher 2027-12-15: pay 2028-01-04 -> 2028-01-04, notice 2027-12-29 -> 2027-12-28",
            ]
        );
        assert_eq!(import(moved.clone()).await.moved, []);
        assert_eq!(till.faults().await, Vec::<String>::new());
    }
}

fn told(moved: &calendar::Moved) -> String {
    let calendar::Moved { before, after } = moved;
    format!(
        "{} {}: pay {} -> {}, notice {} -> {}",
        before.cycle, before.last, before.pay, after.pay, before.notice, after.notice
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cycle_of_the_tenant_is_used_from_the_first_terms_that_name_it() {
    // U-060: a cycle is data.
    const BODY: &str = "[[cycle]]\ncode = \"monthly\"\nwindow = [{ first = 1, last = \"end\", \
                        pay = { months = 1, day = 20 }, roll = \"next\" }]\n";
    for till in Till::each().await {
        let code = CycleCode::new("monthly").unwrap();
        let (added, again) = (code.clone(), code.clone());
        till.base.write(move |tx| terms::add_cycle(tx, "person sato", &added, BODY)).await.unwrap();
        let twice = till.base.write(move |tx| terms::add_cycle(tx, "person sato", &again, BODY)).await;
        assert!(twice.is_err(), "a code stands once");
        let monthly = Overlay { cycle: Some(code), ..Overlay::default() };
        till.term(Level::Company("a".into()), "2026-12-01", monthly).await;
        till.write(vec![
            sale(1, "a", Brand::Visa, "2026-11-30", 1_000),
            sale(2, "a", Brand::Visa, "2026-12-02", 2_000),
        ])
        .await;
        till.close("2027-01-01").await;
        let hashes = till.hashes().await;
        let days: Vec<&str> = hashes.iter().map(|line| &line[..19]).collect();
        // The card window of November, the empty ones of December, the month of December.
        assert_eq!(
            days,
            ["2026-12-15 closed 1", "2026-12-30 closed 0", "2027-01-15 closed 0", "2027-01-20 closed 1"]
        );
        assert_eq!(till.faults().await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holiday_that_is_entered_moves_a_planned_pay_day_and_never_one_that_is_cut() {
    // U-064, X-094
    for till in Till::each().await {
        till.write(vec![sale(1, "a", Brand::Visa, "2026-12-02", 1_000)]).await;
        let imported = till.base.write(|tx| calendar::import_holidays(tx, "person sato", HOLIDAYS)).await;
        assert!(imported.unwrap().days > 100);
        let refused = till.base.write(|tx| calendar::import_holidays(tx, "person sato", b"x")).await;
        assert_eq!(refused.unwrap_err().detail.unwrap().split(':').next(), Some("line 1"));
        let close = async |day: &'static str| {
            let write = move |tx: &mut Tx<'_>| {
                calendar::change_day(tx, "person sato", day.parse().unwrap(), "臨時休業", true)
            };
            till.base.write(write).await.unwrap();
        };
        close("2026-12-30").await;
        let report = till.close("2026-12-16").await;
        assert_eq!(report.pay_days[0].pay_on.to_string(), "2026-12-29");
        close("2026-12-29").await;
        assert_eq!(till.faults().await, Vec::<String>::new());
        assert!(till.hashes().await[0].starts_with("2026-12-29 closed 1 "));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_number_is_one_company_s_and_an_account_needs_two_people() {
    for till in Till::each().await {
        let put = async |company: &'static str, number: Option<i64>| {
            let facts = payees::PayeeFacts { number, ..payees::PayeeFacts::default() };
            let put = move |tx: &mut Tx<'_>| {
                if company != "nobody" {
                    crate::till::company(tx, company);
                }
                payees::put_payee(tx, "person sato", &company.into(), &facts)
            };
            till.base.write(put).await
        };
        assert!(put("a", None).await.unwrap());
        assert!(!put("a", None).await.unwrap(), "it keeps its number");
        assert!(put("b", Some(270_212_122)).await.unwrap());
        assert!(put("c", Some(270_212_122)).await.is_err());
        assert!(put("c", Some(1_000_000_000)).await.is_err());
        assert_eq!(put("nobody", None).await.unwrap_err().code, codes::settle::NO_COMPANY);
        let enter = |tx: &mut Tx<'_>| {
            let (reason, shown) = ("誰のものでもない".to_owned(), String::new());
            let id = crate::till::id(7);
            let wanted = adjustments::Wanted { id, company: "nobody".into(), yen: 100, reason, shown };
            adjustments::enter(tx, "person sato", &wanted)
        };
        assert_eq!(till.base.write(enter).await.unwrap_err().code, codes::settle::NO_COMPANY);
        assert_eq!(till.count("SELECT COUNT(*) FROM settle_adjustment WHERE tenant = $1").await, 0);
        let number = till.base.read(|tx| Ok(payees::payee(tx, T, "a")?.unwrap().number)).await.unwrap();
        assert_eq!(number, 100_000_001);
        let confirmed =
            till.base.write(|tx| payees::confirm_account(tx, "person ito", &"a".into(), "")).await;
        assert!(confirmed.is_err(), "nothing waits");
        let account = |bank: &str| payees::Account {
            bank: bank.into(),
            branch: "001".into(),
            kind: "1".into(),
            account: "0123456".into(),
            holder: "チヨウバ".into(),
        };
        let propose = async |account: payees::Account| {
            till.base.write(move |tx| payees::propose_account(tx, "person sato", &"a".into(), &account)).await
        };
        assert!(propose(account("12")).await.is_err());
        propose(account("0005")).await.unwrap();
        let standing = till.base.read(|tx| Ok(payees::payee(tx, T, "a")?.unwrap())).await.unwrap();
        assert_eq!((standing.account, standing.proposed.unwrap().1), (None, "person sato".to_owned()));
    }
}
