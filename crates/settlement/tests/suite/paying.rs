//! From closed to paid, on both engines: four eyes, the bank file, what comes back, and a kill after every unit.

use crate::till::{T, Till, sale};
use crate::world::rates;
use payment::Brand;
use settlement::Settlement;
use settlement::pay::Export;
use settlement::rows::payouts::{self, PayoutKey};
use settlement::rows::remitter::{Layout, Records, Remitter, put_remitter};
use settlement::rows::{batches, payees};
use settlement::rules::PayDayState;
use store::Tx;

const PAY_ON: &str = "2026-12-30";
const SATO: &str = "person sato";
const NO_PAYEE: &str = "the company has no settlement number: enter it as a payee";
const ITO: &str = "person ito";
const ABE: &str = "person abe";

fn remitter(layout: Layout) -> Remitter {
    Remitter {
        requester: "0123456789".into(),
        name: "チヨウバ　シュウノウ".into(),
        bank: "0001".into(),
        bank_name: "ミズホ".into(),
        branch: "001".into(),
        branch_name: "トウキヨウ".into(),
        kind: "1".into(),
        account: "7654321".into(),
        layout,
    }
}

fn key(company: &str, try_no: u16) -> PayoutKey {
    PayoutKey { pay_on: PAY_ON.parse().unwrap(), company: company.to_owned(), try_no }
}

impl Till {
    /// Companies `a` (0001, free), `b` (0005), `c` (no account) with one sale each, closed for 30 December.
    async fn closed(&self) {
        self.account("a", "0001").await;
        self.account("b", "0005").await;
        self.write(vec![
            sale(1, "a", Brand::Visa, "2026-12-02", 10_000),
            sale(2, "b", Brand::Visa, "2026-12-03", 20_000),
            sale(3, "c", Brand::Visa, "2026-12-04", 30_000),
        ])
        .await;
        self.close("2026-12-16").await;
    }

    async fn approved(&self) {
        self.closed().await;
        self.remitter(Layout::default()).await;
        self.approve().await;
    }

    pub(crate) async fn remitter(&self, layout: Layout) {
        let put = move |tx: &mut Tx<'_>| put_remitter(tx, SATO, &remitter(layout.clone()));
        self.base.write(put).await.unwrap();
    }

    async fn approve(&self) {
        let day = self.day().await;
        self.settlement.approve(SATO, day.pay_on, day.hash).await.unwrap();
    }

    async fn day(&self) -> batches::PayDay {
        let pay_on = PAY_ON.parse().unwrap();
        self.base.read(move |tx| Ok(batches::pay_day(tx, T, pay_on)?)).await.unwrap().unwrap()
    }

    async fn export(&self) -> Export {
        self.settlement.export(ITO, PAY_ON.parse().unwrap()).await.unwrap()
    }

    /// Company, try, state and yen of each payout.
    async fn payouts(&self) -> Vec<String> {
        let pay_on = PAY_ON.parse().unwrap();
        let all = self.base.read(move |tx| Ok(payouts::of_day(tx, T, pay_on)?)).await.unwrap();
        let line = |payout: &payouts::Payout| {
            format!("{}.{} {} {}", payout.key.company, payout.key.try_no, payout.state.word(), payout.yen)
        };
        all.iter().map(line).collect()
    }

    async fn file(&self, number: &'static str) -> zengin::Transfers {
        let bytes = self.base.read(move |tx| Ok(payouts::bytes(tx, T, number)?)).await.unwrap().unwrap();
        let mut groups = zengin::read(&bytes).unwrap().groups;
        assert_eq!(groups.len(), 1);
        groups.remove(0)
    }

    async fn sound(&self) {
        assert_eq!(self.faults().await, Vec::<String>::new());
        let in_transit: i64 = {
            let balances = self.base.read(|tx| Ok(books::balances(tx, T)?)).await.unwrap();
            let is_ours =
                |balance: &&books::Balance| balance.account.to_string().starts_with("payout_in_transit:");
            balances.iter().filter(is_ours).map(|balance| balance.value_yen).sum()
        };
        let open = self.base.read(|tx| Ok(payouts::open(tx, T)?)).await.unwrap();
        assert_eq!(in_transit, -open.iter().map(|payout| payout.yen).sum::<i64>());
    }
}

fn refused<T: std::fmt::Debug>(done: Result<T, center_base::Refusal>) -> String {
    done.unwrap_err().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pay_day_is_approved_by_another_person_exported_by_a_third_and_paid() {
    // Issue: open → closed → approved by a second person → exported → paid; X-090
    for till in Till::each().await {
        till.closed().await;
        let pay_on = PAY_ON.parse().unwrap();
        let day = till.day().await;
        assert!(refused(till.settlement.export(ITO, pay_on).await).contains("closed does not take export"));
        assert!(refused(till.settlement.approve(SATO, pay_on, [0; 32]).await).contains("not what was shown"));
        for nobody in ["center", "admin command", "cast"] {
            let own = till.settlement.approve(nobody, pay_on, day.hash).await;
            assert!(refused(own).contains("an approval is a person's"));
        }
        till.settlement.approve(SATO, pay_on, day.hash).await.unwrap();
        let twice = till.settlement.approve(ITO, pay_on, day.hash).await;
        assert!(refused(twice).contains("approved does not take approve"));
        assert!(refused(till.settlement.export(ITO, pay_on).await).contains("no paying account"));
        till.remitter(Layout::default()).await;
        assert!(refused(till.settlement.export(SATO, pay_on).await).contains("another person"));

        let made = till.export().await;
        assert_eq!(made.files.len(), 1);
        let file = &made.files[0];
        // 10,000 less 324 of fee and 6 of tax; 20,000 less 648, 12 and 198 for the transfer.
        assert_eq!((file.number.as_str(), file.items, file.yen), ("20261230-1", 2, 9_670 + 19_142));
        let left: Vec<_> =
            made.left_out.iter().map(|left| (left.key.to_string(), left.why.clone())).collect();
        assert_eq!(left, [("2026-12-30.c.1".to_owned(), NO_PAYEE.to_owned())]);
        assert_eq!(till.payouts().await, ["a.1 exported 9670", "b.1 exported 19142", "c.1 waiting 28811"]);
        let transfers = till.file("20261230-1").await;
        assert_eq!(transfers.requester_name.as_str(), "ﾁﾖｳﾊﾞ ｼﾕｳﾉｳ");
        assert_eq!(transfers.pay_day.to_string(), "1230");
        let first = &transfers.transfers[0];
        assert_eq!((first.amount_yen, first.payee.as_str()), (9_670, "ﾁﾖｳﾊﾞ"));
        let zengin::Reference::Codes { first, second } = &first.reference else { panic!("codes") };
        assert_eq!(first.map(|code| code.to_string()).as_deref(), Some("0100000001"));
        assert_eq!(second.map(|code| code.to_string()).as_deref(), Some("0020261230"));
        till.sound().await;

        // What waits alone makes no second file of what was exported.
        let again = till.export().await;
        assert!(again.files.is_empty() && again.left_out.len() == 1);
        assert_eq!(till.payouts().await[0], "a.1 exported 9670");

        assert!(refused(till.settlement.mark_paid(ITO, "20261230-1").await).contains("has not come"));
        till.wait_until(PAY_ON);
        till.settlement.mark_paid(ITO, "20261230-1").await.unwrap();
        assert_eq!(till.day().await.state, PayDayState::Exported, "somebody still waits");
        assert_eq!(till.payouts().await, ["a.1 paid 9670", "b.1 paid 19142", "c.1 waiting 28811"]);
        assert_eq!(till.value("payout_in_transit:a").await, 0);
        assert_eq!(till.value("bank").await, -(9_670 + 19_142));
        till.settlement.mark_paid(SATO, "20261230-1").await.unwrap();
        assert_eq!(till.value("bank").await, -(9_670 + 19_142), "said twice");
        till.sound().await;

        // The account comes later: the same pay day takes a second file.
        till.account("c", "0005").await;
        let made = till.export().await;
        assert_eq!((made.files[0].number.as_str(), made.files[0].items), ("20261230-2", 1));
        // Its pay day has come, so the bank is asked for the next day on which it works.
        assert_eq!(till.file("20261230-2").await.pay_day.to_string(), "0104");
        assert!(refused(till.settlement.mark_paid(ITO, "20261230-2").await).contains("has not come"));
        till.wait_until("2027-01-04");
        till.settlement.mark_paid(ITO, "20261230-2").await.unwrap();
        assert_eq!(till.payouts().await, ["a.1 paid 9670", "b.1 paid 19142", "c.1 paid 28811"]);
        assert_eq!(till.day().await.state, PayDayState::Paid);
        assert!(refused(till.settlement.export(ITO, pay_on).await).contains("no payout"));
        till.sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_the_bank_has_not_taken_is_made_anew_by_somebody_else() {
    for till in Till::each().await {
        till.approved().await;
        till.export().await;
        let rejected = till.settlement.reject(ABE, "20261230-1", "残高不足のため").await;
        rejected.unwrap();
        assert_eq!(till.payouts().await, ["a.1 waiting 9670", "b.1 waiting 19142", "c.1 waiting 28811"]);
        till.sound().await;
        for over in [till.settlement.reject(ABE, "20261230-1", "残高不足のため").await, {
            till.wait_until(PAY_ON);
            till.settlement.mark_paid(ITO, "20261230-1").await
        }] {
            assert!(refused(over).contains("transferred or rejected already"));
        }
        let pay_on = PAY_ON.parse().unwrap();
        let own = till.settlement.export(ABE, pay_on).await;
        assert!(refused(own).contains("another person"), "who said that it was not taken");
        let made = till.export().await;
        assert_eq!((made.files[0].number.as_str(), made.files[0].items), ("20261230-2", 2));
        // A part that came back says that the bank has taken it.
        till.wait_until("2027-01-04");
        till.settlement.returned(ITO, key("a", 1), "口座なしのため").await.unwrap();
        let late = till.settlement.reject(ABE, "20261230-2", "残高不足のため").await;
        assert!(refused(late).contains("transferred or rejected already"));
        till.sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_that_came_back_goes_to_another_account_or_into_the_next_document() {
    // X-093, worked example 11
    for till in Till::each().await {
        till.approved().await;
        till.account("c", "0005").await;
        till.export().await;
        let early = till.settlement.returned(ITO, key("a", 1), "口座番号相違").await;
        assert!(refused(early).contains("has not come"));
        till.wait_until(PAY_ON);
        // `a` comes back after it counted as paid, `b` before.
        till.settlement.returned(ITO, key("b", 1), "口座解約のため").await.unwrap();
        till.settlement.mark_paid(ITO, "20261230-1").await.unwrap();
        till.settlement.returned(ITO, key("a", 1), "口座番号相違").await.unwrap();
        assert_eq!(till.payouts().await, ["a.1 returned 9670", "b.1 returned 19142", "c.1 paid 28811"]);
        assert_eq!(till.value("payout_in_transit:a").await, -9_670);
        assert_eq!(till.value("bank").await, -28_811);
        till.sound().await;
        let twice = till.settlement.returned(ITO, key("a", 1), "口座番号相違").await;
        assert!(refused(twice).contains("returned does not take return"));

        // Who said that it came back does not decide what follows: a slip of one must not pay twice.
        till.account("a", "0005").await;
        for own in [
            till.settlement.readdress(ITO, key("a", 1)).await.map(drop),
            till.settlement.carry(ITO, key("b", 1)).await,
            till.settlement.undo_return(ITO, key("b", 1), "誤って記録した").await,
        ] {
            assert!(refused(own).contains("another person"));
        }
        assert_eq!(till.settlement.readdress(ABE, key("a", 1)).await.unwrap(), key("a", 2));
        till.settlement.carry(ABE, key("b", 1)).await.unwrap();
        assert_eq!(till.value("carried_balance:b").await, -19_142);
        till.sound().await;
        let own = till.settlement.export(ABE, PAY_ON.parse().unwrap()).await.unwrap();
        assert!(own.files.is_empty() && own.left_out[0].why.contains("another person"), "{own:?}");
        let made = till.export().await;
        assert_eq!((made.files[0].number.as_str(), made.files[0].yen), ("20261230-2", 9_670));
        till.wait_until("2027-01-04");
        till.settlement.mark_paid(ITO, "20261230-2").await.unwrap();
        assert_eq!(
            till.payouts().await,
            ["a.1 replaced 9670", "a.2 paid 9670", "b.1 carried 19142", "c.1 paid 28811"]
        );
        till.sound().await;

        // The carried sum is paid with the next document.
        till.write(vec![sale(9, "b", Brand::Visa, "2026-12-30", 1_000)]).await;
        till.close("2027-01-04").await;
        let document = till.document("2027-01-15", "b").await;
        assert!(document.contains("carried in 19,142"), "{document}");
        assert_eq!(till.value("carried_balance:b").await, 0);
        till.sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_that_had_not_come_back_after_all_is_as_it_was() {
    for till in Till::each().await {
        till.approved().await;
        till.account("c", "0005").await;
        till.export().await;
        till.wait_until(PAY_ON);
        // `b` counts as returned when the file is paid, `a` twice after it.
        till.settlement.returned(ITO, key("b", 1), "誤りの記録です").await.unwrap();
        till.settlement.mark_paid(ITO, "20261230-1").await.unwrap();
        for _ in 0..2 {
            till.settlement.returned(ITO, key("a", 1), "誤りの記録です").await.unwrap();
            till.sound().await;
            till.settlement.undo_return(ABE, key("a", 1), "戻っていない").await.unwrap();
            till.sound().await;
        }
        till.settlement.undo_return(ABE, key("b", 1), "戻っていない").await.unwrap();
        assert_eq!(till.payouts().await, ["a.1 paid 9670", "b.1 paid 19142", "c.1 paid 28811"]);
        assert_eq!(till.value("bank").await, -(9_670 + 19_142 + 28_811));
        assert_eq!(till.value("payout_in_transit:a").await, 0);
        till.sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_returned_file_is_taken_whole_and_once() {
    // X-093; the format of docs/networks/returned-file.md
    for till in Till::each().await {
        till.approved().await;
        till.export().await;
        till.wait_until(PAY_ON);
        let back = |number: &str, on: &str, yen: i64, sum: i64| {
            format!(
                "CHOBA-RETURNED-FILE\t1\t{number}\t{on}\n\
                 R\t0005\t001\t1\t0123456\t{yen}\t0100000002\t0020261230\t3\nE\t1\t{sum}\n"
            )
            .into_bytes()
        };
        for (bytes, why) in [
            (back("20261230-1", PAY_ON, 19_142, 1), "line 3: the amounts add up"),
            (back("20261230-9", PAY_ON, 19_142, 19_142), "line 1: there is no bank file"),
            (back("20261230-1", "2026-12-29", 19_142, 19_142), "line 1: 2026-12-29 is before"),
            (back("20261230-1", "2026-12-31", 19_142, 19_142), "still to come"),
            (back("20261230-1", PAY_ON, 19_141, 19_141), "line 2: the bank file has no such transfer"),
        ] {
            let said = refused(till.settlement.take_returned_file(ITO, bytes).await);
            assert!(said.contains(why), "{said}");
            assert_eq!(till.payouts().await[1], "b.1 exported 19142", "nothing half-taken");
        }
        let good = back("20261230-1", PAY_ON, 19_142, 19_142);
        let taken = till.settlement.take_returned_file(ITO, good.clone()).await.unwrap();
        assert_eq!((taken.transfers, taken.yen, taken.is_new), (1, 19_142, true));
        assert!(!till.settlement.take_returned_file(ITO, good).await.unwrap().is_new);
        assert_eq!(till.payouts().await[1], "b.1 returned 19142");
        till.sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_returned_file_of_a_bank_file_that_the_bank_has_not_taken_is_refused_whole() {
    //
    for till in Till::each().await {
        till.approved().await;
        till.export().await;
        till.settlement.reject(SATO, "20261230-1", "書式の誤り").await.unwrap();
        till.wait_until(PAY_ON);
        let before = till.payouts().await;
        let bytes = format!(
            "CHOBA-RETURNED-FILE\t1\t20261230-1\t{PAY_ON}\n\
             R\t0005\t001\t1\t0123456\t19142\t0100000002\t0020261230\t3\nE\t1\t19142\n"
        );
        let said = refused(till.settlement.take_returned_file(ITO, bytes.into_bytes()).await);
        assert!(said.contains("line 1: the bank has not taken the bank file 20261230-1"), "{said}");
        assert_eq!(till.payouts().await, before);
        assert_eq!(till.count("SELECT COUNT(*) FROM settle_returned WHERE tenant = $1").await, 0);
        till.sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payout_is_held_before_the_export_and_its_sum_carried() {
    for till in Till::each().await {
        till.approved().await;
        assert!(refused(till.settlement.hold(ITO, key("a", 1), "x").await).contains("4 to 200"));
        till.settlement.hold(ITO, key("a", 1), "係争中のため").await.unwrap();
        assert_eq!(till.value("carried_balance:a").await, -9_670);
        let made = till.export().await;
        assert_eq!((made.files[0].items, made.files[0].yen), (1, 19_142));
        let late = till.settlement.hold(ITO, key("b", 1), "係争中のため").await;
        assert!(refused(late).contains("exported does not take hold"));
        // An account that turned out wrong before the export is replaced.
        till.account("c", "0009").await;
        assert_eq!(till.settlement.readdress(ITO, key("c", 1)).await.unwrap(), key("c", 2));
        assert_eq!(
            till.payouts().await,
            ["a.1 held 9670", "b.1 exported 19142", "c.1 replaced 28811", "c.2 waiting 28811"]
        );
        till.sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_bank_file_can_hold_is_listed_before_it_is_made() {
    // "Bad input": a name that no kana rule fits, a sum beyond ten digits
    for till in Till::each().await {
        let account = payees::Account {
            bank: "0005".into(),
            branch: "001".into(),
            kind: "1".into(),
            account: "0123456".into(),
            holder: "帳場商店".into(),
        };
        let enter = move |tx: &mut Tx<'_>| {
            crate::till::company(tx, "c");
            payees::put_payee(tx, SATO, &"c".into(), &payees::PayeeFacts::default())?;
            payees::propose_account(tx, SATO, &"c".into(), &account)?;
            payees::confirm_account(tx, ITO, &"c".into(), "商号と異なる名義")
        };
        till.base.write(enter).await.unwrap();
        let rich: Vec<_> = (100..112).map(|n| sale(n, "b", Brand::Visa, "2026-12-05", 999_999_999)).collect();
        till.write(rich).await;
        till.approved().await;
        let made = till.export().await;
        let left: Vec<_> = made.left_out.iter().map(|left| (left.key.company.as_str(), &*left.why)).collect();
        assert!(
            left[0].0 == "b" && left[0].1.contains("more than the ten digits of a record: hold the payout"),
            "{left:?}"
        );
        assert!(left[1].0 == "c" && left[1].1.contains('帳'), "{left:?}");
        assert_eq!((made.files[0].items, made.files[0].yen), (1, 9_670));
        till.sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_takes_one_header_a_file_gets_several_files() {
    //
    for till in Till::each().await {
        till.closed().await;
        till.account("c", "0009").await;
        let layout =
            Layout { group_most: 1, one_group_a_file: true, records: Records::Lines, ..Layout::default() };
        till.remitter(layout).await;
        till.approve().await;
        let made = till.export().await;
        let files: Vec<_> = made.files.iter().map(|file| (file.number.as_str(), file.yen)).collect();
        assert_eq!(files, [("20261230-1", 9_670), ("20261230-2", 19_142), ("20261230-3", 28_811)]);
        assert_eq!(till.file("20261230-3").await.transfers[0].amount_yen, 28_811);
        till.sound().await;
        till.wait_until(PAY_ON);
        till.settlement.mark_paid(ITO, "20261230-2").await.unwrap();
        assert_eq!(till.payouts().await, ["a.1 exported 9670", "b.1 paid 19142", "c.1 exported 28811"]);
        assert_eq!(till.day().await.state, PayDayState::Exported);
        till.sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn paying_that_is_killed_after_any_unit_is_gone_on_with() {
    let names: Vec<String> = (0..50).map(|n| format!("k{n:02}")).collect();
    let names: Vec<&'static str> = names.into_iter().map(|name| &*name.leak()).collect();
    for units in 1_u64..=4 {
        for till in Till::each().await {
            for &name in &names {
                till.account(name, "0001").await;
            }
            let sales = (500_u128..).zip(&names);
            till.write(sales.map(|(n, name)| sale(n, name, Brand::Visa, "2026-12-02", 1_000)).collect())
                .await;
            till.approved().await;
            till.account("c", "0001").await;
            till.export().await;
            till.wait_until(PAY_ON);
            let mut commits = till.db.commits();
            let start = *commits.borrow_and_update();
            let reached = async {
                while *commits.borrow_and_update() < start + units {
                    commits.changed().await.unwrap();
                }
            };
            tokio::select! {
                biased;
                () = reached => {}
                done = till.settlement.mark_paid(ITO, "20261230-1") => done.unwrap(),
            }
            till.sound().await;
            // Another center goes on with it.
            let other = Settlement::new(&center_base::testing::base(&till.db));
            center_base::jobs::run_due(&till.base, &other.jobs()).await.unwrap();
            assert_eq!(till.day().await.state, PayDayState::Paid, "killed after unit {units}");
            assert_eq!(till.value("payout_in_transit:k49").await, 0);
            till.sound().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_check_finds_a_payout_that_was_changed_lost_or_paid_twice() {
    for till in Till::each().await {
        till.approved().await;
        till.export().await;
        till.wait_until(PAY_ON);
        till.settlement.mark_paid(ITO, "20261230-1").await.unwrap();
        till.sound().await;
        let change = async |sql: &'static str| {
            let changed = till.base.write(move |tx| Ok(tx.execute(sql, store::params![T])?)).await.unwrap();
            assert!(changed > 0, "{sql}");
            till.faults().await
        };
        for (wrong, right, wanted) in [
            (
                "yen = 9671",
                "yen = 9670",
                "the payouts of company a on 2026-12-30 are not what its document says",
            ),
            (
                "paid_us = NULL",
                "paid_us = 1",
                "the payouts of company a on 2026-12-30 are not what its document says",
            ),
            ("file = '20261230-9'", "file = '20261230-1'", "payouts stand in a bank file 20261230-9"),
            ("state = 'returned'", "state = 'paid'", "company a has payouts of 9670 yen on their way"),
        ] {
            let sql = |set: &str| -> &'static str {
                format!("UPDATE settle_payout SET {set} WHERE tenant = $1 AND company_id = 'a'").leak()
            };
            let faults = change(sql(wrong)).await;
            assert!(faults.iter().any(|fault| fault.starts_with(wanted)), "{wanted}: {faults:?}");
            assert_eq!(change(sql(right)).await, Vec::<String>::new());
        }
        let faults = change("DELETE FROM settle_payout WHERE tenant = $1 AND company_id = 'a'").await;
        assert!(
            faults.contains(&"the document of company a on 2026-12-30 has no payout".to_owned()),
            "{faults:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_check_finds_a_late_item_that_was_not_noted() {
    for till in Till::each_without_rates().await {
        till.term(settlement::rules::Level::Tenant, "2026-11-22", rates(26_000, 6_400)).await;
        till.write(vec![sale(1, "a", Brand::Visa, "2026-12-02", 1_000)]).await;
        till.close("2026-12-16").await;
        till.write(vec![sale(2, "a", Brand::Visa, "2026-12-03", 2_000)]).await;
        till.settlement.follow(i64::MAX).await.unwrap();
        assert_eq!(till.faults().await, Vec::<String>::new());
        let forget = "DELETE FROM settle_late WHERE tenant = $1";
        till.base.write(move |tx| Ok(tx.execute(forget, store::params![T])?)).await.unwrap();
        let faults = till.faults().await;
        assert!(faults[0].ends_with("no document will have it"), "{faults:?}");
        let owed = "payments and refunds of company a moved 3000 yen in the ledger, and the items of its windows are \
                    1000 yen";
        assert_eq!(faults[1..], [owed]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pay_day_is_closed_without_a_company_that_gets_its_document_later() {
    for till in Till::each_without_rates().await {
        till.account("a", "0001").await;
        till.account("b", "0001").await;
        till.term(settlement::rules::Level::Company("a".into()), "2026-11-22", rates(0, 0)).await;
        till.remitter(Layout::default()).await;
        till.write(vec![
            sale(1, "a", Brand::Visa, "2026-12-02", 1_000),
            sale(2, "b", Brand::Visa, "2026-12-03", 2_000),
        ])
        .await;
        till.close("2026-12-16").await;
        assert_eq!(till.day().await.state, PayDayState::Closing);
        let pay_on = PAY_ON.parse().unwrap();
        assert!(refused(till.settlement.close_without(SATO, pay_on, "x").await).contains("4 to 200"));
        till.settlement.close_without(ABE, pay_on, "料率の確認待ち").await.unwrap();
        till.close("2026-12-16").await;
        let day = till.day().await;
        assert_eq!((day.state, day.documents, day.left_out), (PayDayState::Closed, 1, 1));
        till.sound().await;
        till.approve().await;
        assert_eq!(till.export().await.files[0].yen, 1_000);
        till.settlement.issue_notices().await.unwrap();
        till.close("2026-12-16").await;
        assert_eq!(till.day().await.state, PayDayState::Exported, "nothing is new");
        till.sound().await;

        // It has a rate now: its document joins the pay day, which is approved anew, and only it is exported.
        till.term(settlement::rules::Level::Company("b".into()), "2026-12-01", rates(0, 0)).await;
        till.close("2026-12-16").await;
        let day = till.day().await;
        assert_eq!((day.state, day.documents, day.left_out), (PayDayState::Closed, 2, 0));
        assert_eq!(till.payouts().await, ["a.1 exported 1000", "b.1 waiting 2000"]);
        assert!(refused(till.settlement.export(ITO, pay_on).await).contains("does not allow"));
        till.sound().await;
        till.approve().await;
        assert_eq!(till.settlement.issue_notices().await.unwrap(), 1, "the one that was missing");
        let made = till.export().await;
        assert_eq!((made.files[0].number.as_str(), made.files[0].yen), ("20261230-2", 2_000));
        till.sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_balance_of_a_later_pay_day_makes_no_document_in_an_earlier_one() {
    // Decision 23: a company's documents are made in the order of pay days.
    for till in Till::each_without_rates().await {
        for (company, bank) in [("x", "0001"), ("y", "0001")] {
            till.account(company, bank).await;
        }
        till.term(settlement::rules::Level::Company("x".into()), "2026-11-22", rates(0, 0)).await;
        // `y` has no rate, so the pay day of 1 to 15 December waits; `x` has nothing in it.
        till.write(vec![
            sale(1, "y", Brand::Visa, "2026-12-02", 1_000),
            sale(2, "x", Brand::Visa, "2026-12-20", 5_000),
        ])
        .await;
        till.close("2027-01-01").await;
        let later = PayoutKey { pay_on: "2027-01-15".parse().unwrap(), company: "x".into(), try_no: 1 };
        let day = till.base.read(|tx| Ok(batches::pay_day(tx, T, "2027-01-15".parse().unwrap())?)).await;
        assert_eq!(day.unwrap().unwrap().state, PayDayState::Closed);
        till.settlement.hold(ITO, later, "係争中のため").await.unwrap();
        assert_eq!(till.value("carried_balance:x").await, -5_000);
        till.close("2027-01-01").await;
        assert_eq!(till.document(PAY_ON, "x").await, "no document\n", "it waits for the next one");
        assert_eq!(till.value("carried_balance:x").await, -5_000);
        till.sound().await;
    }
}
