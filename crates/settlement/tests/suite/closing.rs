//! Closing on both engines: the worked examples as rows, closing twice, at once, killed after every unit, and what the
//! check finds.

use crate::till::{Act, T, Till, id, sale};
use crate::world::rates;
use expect_test::expect_file;
use money::Yen;
use payment::Brand;
use settlement::rows::{adjustments, payees, terms};
use settlement::rules::{Level, Overlay, PayDayState};
use store::Tx;

/// Terms of one company.
fn of(company: &str) -> Level {
    Level::Company(company.to_owned())
}

fn brand(company: &str, brand: Brand) -> Level {
    Level::Contract(company.to_owned(), brand)
}

fn minimum(yen: i64) -> Overlay {
    Overlay { minimum_payout_yen: Some(Yen::new(yen).unwrap()), ..Overlay::default() }
}

impl Till {
    pub(crate) async fn adjust(&self, number: u128, company: &'static str, yen: i64) {
        let enter = move |tx: &mut Tx<'_>| {
            let reason = "訂正 2027".to_owned();
            let wanted = adjustments::Wanted {
                id: id(number),
                company: company.into(),
                yen,
                reason,
                shown: String::new(),
            };
            crate::till::company(tx, company);
            adjustments::enter(tx, "person sato", &wanted)
        };
        self.base.write(enter).await.unwrap();
        let own = self.base.write(move |tx| adjustments::approve(tx, "person sato", id(number))).await;
        assert!(own.is_err(), "four eyes");
        self.base.write(move |tx| adjustments::approve(tx, "person ito", id(number))).await.unwrap();
    }

    pub(crate) async fn account(&self, company: &'static str, bank: &'static str) {
        let account = payees::Account {
            bank: bank.into(),
            branch: "001".into(),
            kind: "1".into(),
            account: "0123456".into(),
            holder: "チヨウバ".into(),
        };
        let enter = move |tx: &mut Tx<'_>| {
            let facts =
                payees::PayeeFacts { kana_name: "チヨウバ".into(), ..payees::PayeeFacts::default() };
            crate::till::company(tx, company);
            payees::put_payee(tx, "person sato", &company.into(), &facts)?;
            payees::propose_account(tx, "person sato", &company.into(), &account)
        };
        self.base.write(enter).await.unwrap();
        let own =
            self.base.write(move |tx| payees::confirm_account(tx, "person sato", &company.into(), "")).await;
        assert!(own.is_err(), "four eyes");
        self.base
            .write(move |tx| payees::confirm_account(tx, "person ito", &company.into(), ""))
            .await
            .unwrap();
    }

    /// Terms of the examples, entered before their first day.
    async fn example_terms(&self) {
        let from = "2026-11-22";
        self.term(brand("04", Brand::Visa), "2027-02-09", rates(29_500, 0)).await;
        self.term(brand("05", Brand::PayPay), from, rates(0, 32_400)).await;
        self.term(brand("05", Brand::DBarai), from, rates(0, 29_800)).await;
        for company in ["06a", "06b", "06c"] {
            self.term(of(company), from, rates(0, 0)).await;
        }
        self.term(of("07a"), from, minimum(1_000)).await;
        self.term(of("07b"), from, minimum(900)).await;
        let direct = Overlay { direct: Some(true), ..Overlay::default() };
        self.term(brand("15", Brand::Amex), from, direct).await;
        self.account("01f", "0001").await;
        self.account("01", "0005").await;
    }

    /// Everything that the examples have of January and of 1 to 15 February, and what comes after that cut.
    pub(crate) async fn examples(&self) {
        self.example_terms().await;
        let (visa, jcb) = (Brand::Visa, Brand::Jcb);
        self.write(vec![
            sale(10, "01", visa, "2027-01-20", 4_000),
            sale(11, "01f", visa, "2027-01-20", 4_000),
            sale(20, "02", visa, "2027-01-20", 50_000),
            sale(50, "05", Brand::PayPay, "2027-01-10", 10_000),
            sale(51, "05", Brand::DBarai, "2027-01-31", 1_234),
            sale(120, "12", Brand::PayPay, "2027-01-05", 2_000),
            sale(130, "13", visa, "2027-01-20", 1_000),
        ])
        .await;
        // Σ of the document before is 3,869; with these it carries -7,126 on.
        self.adjust(1_001, "01", -10_995).await;
        // Before that a window of code brands ended; the adjusted document is the first of all.
        self.adjust(1_002, "01f", -10_995).await;
        self.close("2027-02-01").await;
        self.write(vec![
            sale(12, "01", visa, "2027-02-02", 10_000),
            sale(13, "01", Brand::Mastercard, "2027-02-03", 4_000),
            sale(14, "01", visa, "2027-02-15", 140),
            sale(15, "01", jcb, "2027-02-01", 1_500),
            sale(16, "01", Brand::Amex, "2027-02-09", 500),
            Act::Back(17, 10, "2027-02-05", 4_000),
            sale(18, "01f", visa, "2027-02-02", 14_140),
            sale(19, "01f", jcb, "2027-02-01", 2_000),
            Act::Back(9, 11, "2027-02-05", 4_000),
            sale(21, "02", visa, "2027-02-03", 3_000),
            Act::Back(22, 20, "2027-02-04", 50_000),
            sale(40, "04", visa, "2027-02-08", 10_010),
            sale(41, "04", visa, "2027-02-09", 9_990),
            sale(60, "06a", visa, "2027-02-08", 197),
            sale(61, "06b", visa, "2027-02-08", 198),
            sale(62, "06c", visa, "2027-02-08", 199),
            sale(70, "07a", visa, "2027-02-08", 1_000),
            sale(71, "07b", visa, "2027-02-08", 1_000),
            sale(80, "08", visa, "2027-02-08", 5_000),
            sale(90, "09a", visa, "2027-02-08", 5_000),
            sale(91, "09a", visa, "2027-02-09", 3_000),
            Act::Back(92, 91, "2027-02-10", 3_000),
            sale(93, "09b", visa, "2027-02-08", 5_000),
            sale(94, "09b", visa, "2027-02-09", 3_000),
            Act::Pay(100, "10", visa, "2027-02-15", 700, "in_doubt"),
            sale(121, "12", visa, "2027-02-15", 3_000),
            Act::Back(131, 130, "2027-02-05", 10),
            sale(140, "14", visa, "2027-02-10", 600),
            Act::Void(140),
            sale(141, "14", visa, "2027-02-12", 800),
            sale(150, "15", Brand::Amex, "2027-02-12", 900),
        ])
        .await;
        self.adjust(1_003, "08", -300).await;
    }

    /// What comes behind the cut of 1 to 15 February.
    pub(crate) async fn afterwards(&self) {
        self.write(vec![
            sale(23, "02", Brand::Visa, "2027-02-20", 60_000),
            Act::Back(95, 94, "2027-02-16", 3_000),
            Act::Approve(100),
            Act::Void(141),
        ])
        .await;
    }

    /// The documents of these companies.
    async fn shown(&self, pay_on: &str, companies: &str) -> String {
        let mut text = String::new();
        for company in companies.split(' ') {
            text += &format!("{pay_on} {company}\n{}", self.document(pay_on, company).await);
        }
        text
    }

    pub(crate) async fn value(&self, account: &str) -> i64 {
        let balances = self.base.read(|tx| Ok(books::balances(tx, T)?)).await.unwrap();
        let found = balances.iter().find(|balance| balance.account.to_string() == account);
        found.map_or(0, |balance| balance.value_yen)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_is_prepared_on_both_engines() {
    for till in Till::each().await {
        tokio::task::spawn_blocking(move || {
            store::prepare_all(&till.db, &settlement::statements()).unwrap();
        })
        .await
        .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worked_examples_come_out_of_rows() {
    // U-060 … U-065, U-069 … U-072, X-081, X-084
    let mut both = Vec::new();
    for till in Till::each().await {
        till.examples().await;
        till.wait_until("2027-02-16");
        let on = "2027-02-16".parse().unwrap();
        let would = till.settlement.dry_run(on).await.unwrap();
        let did = till.settlement.close(on, "center").await.unwrap();
        assert_eq!(would.pay_days, did.pay_days, "a dry run tells what is done");
        assert_eq!(did.pay_days.len(), 1);
        assert_eq!((did.pay_days[0].pay_on.to_string(), did.pay_days[0].waiting), ("2027-02-26".into(), 1));
        assert_eq!(did.pay_days[0].state, PayDayState::Closed);
        assert!(did.pay_days[0].without_account.contains(&"04".to_owned()));
        assert_eq!(till.faults().await, Vec::<String>::new());
        // Example 10: what is in doubt waits, and no figure has it.
        let waiting = till.base.read(|tx| Ok(settlement::rows::windows::waiting(tx, T)?)).await.unwrap();
        assert_eq!(waiting.iter().map(|row| (row.id, row.yen)).collect::<Vec<_>>(), [(id(100), 700)]);
        let first = till.shown("2027-02-26", FIRST).await;
        // 4.6: payable and carried balance end at zero but for open windows.
        assert_eq!(till.value("merchant_payable:01").await, 0);
        assert_eq!(till.value("carried_balance:01").await, 0);
        assert_eq!(till.value("payout_in_transit:01").await, -4_416);
        // U-072, U-075: a direct brand is in no document and leaves the clearing account.
        assert_eq!(till.value("merchant_payable:15").await, 0);
        assert_eq!(till.value("network_receivable:amex").await, 500);

        till.afterwards().await;
        let did = till.close("2027-03-01").await;
        assert_eq!(did.pay_days.len(), 1);
        both.push(first + "\n" + &till.shown("2027-03-15", "02 09b 10 14").await);
        assert_eq!(till.faults().await, Vec::<String>::new());
        let before = till.hashes().await;
        assert!(till.close("2027-03-01").await.pay_days.is_empty(), "closed is closed");
        assert_eq!(till.hashes().await, before);
    }
    assert_eq!(both[0], both[1], "the engines agree");
    expect_file!["../golden/documents.txt"].assert_eq(&both[0]);
}

const FIRST: &str = "01 01f 02 04 05 06a 06b 06c 07a 07b 08 09a 09b 10 12 13 14 15";

#[tokio::test(flavor = "multi_thread")]
async fn a_closing_that_is_killed_after_any_unit_and_repeated_gives_the_same_bytes() {
    // Model 3.5: the same items give the same document.
    let mut wanted: Option<Vec<String>> = None;
    for n in 0_u64..60 {
        let mut all_done = true;
        for till in Till::each().await {
            till.examples().await;
            many(&till).await;
            till.wait_until("2027-02-16");
            let killed = n > 0 && killed_after(&till, n).await;
            all_done &= n > 0 && !killed;
            let report = till.close("2027-02-16").await;
            assert!(!report.is_blocked());
            let hashes = till.hashes().await;
            assert_eq!(*wanted.get_or_insert_with(|| hashes.clone()), hashes, "killed after unit {n}");
            assert_eq!(till.faults().await, Vec::<String>::new(), "killed after unit {n}");
        }
        if all_done {
            assert!(n > 4, "cut, follow, two units of documents and the end");
            return;
        }
    }
    panic!("a closing never ends by itself");
}

/// More companies than one unit writes.
async fn many(till: &Till) {
    let names: Vec<&'static str> = NAMES.split(' ').collect();
    let acts = (5_000_u128..).zip(names).map(|(n, name)| sale(n, name, Brand::Visa, "2027-02-07", 1_000));
    till.write(acts.collect()).await;
}

const NAMES: &str =
    "50 51 52 53 54 55 56 57 58 59 60 61 62 63 64 65 66 67 68 69 70 71 72 73 74 75 76 77 78 79 80 81";

/// Whether the closing was still at work when this many units were committed; it is dropped there.
async fn killed_after(till: &Till, units: u64) -> bool {
    let mut commits = till.db.commits();
    let start = *commits.borrow_and_update();
    let reached = async {
        while *commits.borrow_and_update() < start + units {
            commits.changed().await.unwrap();
        }
    };
    tokio::select! {
        biased;
        () = reached => true,
        done = till.settlement.close("2027-02-16".parse().unwrap(), "center") => { done.unwrap(); false }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_closings_at_once_make_one_set_of_documents() {
    for till in Till::each().await {
        till.examples().await;
        many(&till).await;
        till.wait_until("2027-02-16");
        let other = settlement::Settlement::new(&center_base::testing::base(&till.db));
        let on = "2027-02-16".parse().unwrap();
        let (one, two) = tokio::join!(till.settlement.close(on, "center"), other.close(on, "person ito"));
        let (one, two) = (one.unwrap(), two.unwrap());
        let made = |report: &settlement::CloseReport| {
            report.pay_days.iter().map(|pay_day| pay_day.made).sum::<usize>()
        };
        let documents = till
            .base
            .read(|tx| Ok(settlement::rows::batches::batches(tx, T, "2027-02-26".parse().unwrap())?.len()));
        assert_eq!(made(&one) + made(&two), documents.await.unwrap());
        assert_eq!(till.faults().await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_check_finds_a_changed_line_a_lost_movement_and_an_item_taken_twice() {
    for till in Till::each().await {
        till.examples().await;
        till.close("2027-02-16").await;
        till.afterwards().await;
        till.close("2027-03-01").await;
        assert_eq!(till.faults().await, Vec::<String>::new());
        let change = async |sql: &'static str| {
            let changed = till.base.write(move |tx| Ok(tx.execute(sql, store::params![T])?)).await.unwrap();
            assert!(changed > 0, "{sql}");
            till.faults().await
        };
        let faults = change(
            "INSERT INTO settle_late (tenant, id, seq, cycle, last_day, kind, company_id, shop_id, brand, day, yen, payment)
             SELECT tenant, id, posted_seq, 'card', '2027-02-15', 'sale', company_id, shop_id, brand, business_date,
                    amount_yen, id FROM payment WHERE tenant = $1 AND company_id = '04' AND amount_yen = 9990",
        )
        .await;
        assert_eq!(
            faults,
            [
                "the document of company 04 on 2027-02-26 has other lines than its payments and refunds make"
                    .to_owned(),
                format!("the late item {} is noted and not late", id(41)),
                "payments and refunds of company 04 moved 20000 yen in the ledger, and the items of its windows are \
                 29990 yen"
                    .to_owned(),
            ]
        );
        let again = change("DELETE FROM settle_late WHERE tenant = $1 AND company_id = '04'").await;
        assert_eq!(again, Vec::<String>::new());
        let faults =
            change("UPDATE settle_line SET sales_yen = sales_yen + 1 WHERE tenant = $1 AND company_id = '04' AND line = 1")
                .await;
        assert!(faults.iter().any(|fault| fault.contains("is not what was closed")), "{faults:?}");
        change("UPDATE settle_line SET sales_yen = sales_yen - 1 WHERE tenant = $1 AND company_id = '04' AND line = 1")
            .await;
        let faults = change(
            "DELETE FROM transfer WHERE tenant = $1 AND kind = 'moved' AND debit = 'merchant_payable:04'
                AND credit = 'payout_in_transit:04'",
        )
        .await;
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].ends_with("is not in the ledger"), "{faults:?}");
        assert!(faults[1].ends_with("that the ledger has not"), "{faults:?}");
        let faults = change("UPDATE settle_carry SET yen = 5 WHERE tenant = $1 AND company_id = '06a'").await;
        assert_eq!(faults.len(), 3, "{faults:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_check_finds_a_transfer_fee_that_the_terms_of_its_day_do_not_have() {
    // U-065: by the terms that stood when the document was made, whatever was entered or withdrawn since.
    for till in Till::each().await {
        let with_fee =
            |yen: i64| Overlay { transfer_fee_yen: Some(Yen::new(yen).unwrap()), ..rates(26_000, 6_400) };
        let company = || Level::Company("b".to_owned());
        till.account("b", "0005").await;
        till.term(company(), "2026-11-22", with_fee(200)).await;
        till.write(vec![sale(1, "b", Brand::Visa, "2026-12-02", 20_000)]).await;
        till.term(company(), "2026-12-28", with_fee(300)).await;
        till.close("2026-12-16").await;
        assert!(till.document("2026-12-30", "b").await.contains(" fee 300+30 "));
        let from = "2026-12-28".parse().unwrap();
        let withdraw = move |tx: &mut Tx<'_>| terms::withdraw_term(tx, "person ito", &company(), from);
        till.base.write(withdraw).await.unwrap();
        till.term(Level::Company("b".to_owned()), "2026-12-29", with_fee(400)).await;
        assert_eq!(till.faults().await, Vec::<String>::new(), "what came since changes nothing");
        let change = async |sql: &'static str| {
            till.base.write(move |tx| Ok(tx.execute(sql, store::params![T])?)).await.unwrap();
            till.faults().await
        };
        let faults = change(
            "UPDATE settle_batch SET transfer_fee_yen = 310, transfer_tax_yen = 31, paid_yen = paid_yen - 11
              WHERE tenant = $1 AND company_id = 'b'",
        )
        .await;
        let wanted =
            "the document of company b on 2026-12-30 has another transfer fee than the terms of its day";
        assert!(faults.iter().any(|fault| fault == wanted), "{faults:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_without_a_rate_is_left_out_until_it_has_one() {
    // 1.3: no rate blocks the company, and a first rate from a past day ends it.
    for till in Till::each_without_rates().await {
        till.term(brand("a", Brand::Visa), "2026-11-22", rates(26_000, 6_400)).await;
        till.write(vec![
            sale(1, "a", Brand::Visa, "2026-12-02", 1_000),
            sale(2, "b", Brand::Visa, "2026-12-03", 1_000),
            sale(3, "b", Brand::Visa, "2026-12-17", 1_000),
        ])
        .await;
        let report = till.close("2026-12-16").await;
        let days = |report: &settlement::CloseReport| -> Vec<(String, Vec<String>, usize, PayDayState)> {
            let blocked = |day: &settlement::PayDayReport| {
                day.blocked.iter().map(|blocked| blocked.why.to_string()).collect()
            };
            report
                .pay_days
                .iter()
                .map(|day| (day.pay_on.to_string(), blocked(day), day.made, day.state))
                .collect()
        };
        let first = "company b has no rate for visa on 2026-12-03".to_owned();
        assert_eq!(days(&report), [("2026-12-30".into(), vec![first.clone()], 1, PayDayState::Closing)]);
        // An earlier pay day that is open keeps the company's later ones open.
        let report = till.close("2027-01-01").await;
        let second = "company b has no rate for visa on 2026-12-17".to_owned();
        assert_eq!(
            days(&report),
            [
                ("2026-12-30".into(), vec![first], 0, PayDayState::Closing),
                ("2027-01-15".into(), vec![second], 0, PayDayState::Open),
            ]
        );
        assert_eq!(till.faults().await, Vec::<String>::new());
        till.term(brand("b", Brand::Visa), "2026-12-01", rates(26_000, 6_400)).await;
        let report = till.close("2027-01-01").await;
        assert_eq!(
            days(&report),
            [
                ("2026-12-30".into(), vec![], 1, PayDayState::Closed),
                ("2027-01-15".into(), vec![], 1, PayDayState::Closed),
            ]
        );
        assert_eq!(till.faults().await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_contract_that_was_booked_out_before_its_company_had_a_document_is_not_booked_twice() {
    // U-072, U-075: its pay day waits for another company, and an adjustment comes meanwhile.
    for till in Till::each_without_rates().await {
        let direct = Overlay { direct: Some(true), ..Overlay::default() };
        till.term(brand("d", Brand::Amex), "2026-11-22", direct).await;
        till.term(brand("a", Brand::Visa), "2026-11-22", rates(26_000, 6_400)).await;
        till.write(vec![
            sale(1, "a", Brand::Visa, "2026-12-02", 1_000),
            sale(2, "b", Brand::Visa, "2026-12-03", 1_000),
            sale(3, "d", Brand::Amex, "2026-12-04", 500),
        ])
        .await;
        let report = till.close("2026-12-16").await;
        assert_eq!(report.pay_days.iter().map(|day| day.state).collect::<Vec<_>>(), [PayDayState::Closing]);
        assert_eq!(till.faults().await, Vec::<String>::new(), "while it waits");
        till.adjust(9, "d", 300).await;
        till.term(brand("b", Brand::Visa), "2026-12-01", rates(26_000, 6_400)).await;
        let report = till.close("2026-12-16").await;
        assert_eq!(report.pay_days.iter().map(|day| day.state).collect::<Vec<_>>(), [PayDayState::Closed]);
        assert_eq!(till.value("merchant_payable:d").await, 0);
        assert_eq!(till.faults().await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_center_closes_by_itself_from_three_o_clock_and_again_when_terms_change() {
    // U-060
    for till in Till::each_without_rates().await {
        till.write(vec![sale(1, "a", Brand::Visa, "2026-12-02", 1_000)]).await;
        let jobs = till.settlement.jobs();
        let states = async || {
            till.base.refresh().await.unwrap();
            center_base::jobs::run_due(&till.base, &jobs).await.unwrap();
            till.hashes().await.iter().map(|line| line[..17].to_owned()).collect::<Vec<_>>()
        };
        till.wait_until("2026-12-15");
        assert_eq!(states().await, Vec::<String>::new(), "the window is open");
        till.db.clock.advance(std::time::Duration::from_mins(60 * 23 + 59));
        assert_eq!(states().await, Vec::<String>::new(), "it is a minute to three");
        till.wait_until("2026-12-16");
        assert_eq!(states().await, Vec::<String>::new(), "no rate");
        till.term(brand("a", Brand::Visa), "2026-12-01", rates(26_000, 6_400)).await;
        till.db.clock.advance(std::time::Duration::from_mins(1));
        assert_eq!(states().await, Vec::<String>::new(), "while a company is left out, not at every change");
        till.db.clock.advance(std::time::Duration::from_mins(15));
        assert_eq!(states().await, ["2026-12-30 closed"]);
        assert_eq!(till.faults().await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_dated_into_a_closed_window_is_late_and_not_lost() {
    // A clock that was set back writes old dates after the closing (1.4).
    for till in Till::each().await {
        till.write(vec![sale(1, "a", Brand::Visa, "2026-12-02", 1_000)]).await;
        till.close("2026-12-16").await;
        till.write(vec![
            sale(2, "a", Brand::Visa, "2026-12-03", 2_000),
            // Before the first day that was ever cut.
            sale(3, "a", Brand::Visa, "2026-11-28", 4_000),
        ])
        .await;
        till.close("2027-01-01").await;
        assert_eq!(
            till.shown("2027-01-15", "a").await,
            "2027-01-15 a\n\
             sales visa_master 2026-11-22..2026-11-30 1 sales 4,000 fee 129 (25) net 3,871\n\
             late visa_master 2026-12-03..2026-12-03 1 sales 2,000 fee 64 (12) net 1,936\n\
             fees 193 (37) tax 3 adjusted 0 carried in 0 sum 5,804 fee 180+18 paid 5,606 carried 0\n"
        );
        assert_eq!(till.faults().await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_is_first_used_after_its_pay_day_has_documents_is_paid_with_the_next() {
    // Documents are immutable: model.md 3.5 step 7.
    const BODY: &str = "[[cycle]]\ncode = \"early\"\nwindow = [\
        { first = 1, last = 3, pay = { months = 0, day = 15 }, roll = \"next\" }, \
        { first = 4, last = \"end\", pay = { months = 1, day = 15 }, roll = \"next\" }]\n";
    for till in Till::each().await {
        till.write(vec![sale(1, "a", Brand::Visa, "2026-12-20", 1_000)]).await;
        assert_eq!(till.close("2027-01-01").await.pay_days.last().unwrap().pay_on.to_string(), "2027-01-15");
        till.wait_until("2027-01-02");
        let code = settlement::rules::CycleCode::new("early").unwrap();
        let own = code.clone();
        let add = move |tx: &mut Tx<'_>| settlement::rows::terms::add_cycle(tx, "person sato", &own, BODY);
        till.base.write(add).await.unwrap();
        till.term(of("a"), "2027-01-03", Overlay { cycle: Some(code), ..Overlay::default() }).await;
        till.write(vec![sale(2, "a", Brand::Visa, "2027-01-03", 2_000)]).await;
        let report = till.close("2027-01-04").await;
        let cut: Vec<String> = report.cut.iter().map(|it| format!("{} {}", it.cycle, it.pay)).collect();
        assert_eq!(cut, ["early 2027-02-15"], "its own pay day has a document of the company already");
        till.close("2027-02-04").await;
        let document = till.document("2027-02-15", "a").await;
        assert!(document.contains("sales visa_master 2027-01-03..2027-01-03 1 sales 2,000"), "{document}");
        assert_eq!(till.faults().await, Vec::<String>::new());
    }
}
