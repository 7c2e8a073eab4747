//! Terms, issuer and paying account by the pages: from a day on, nothing of the past, and what is refused says why.

use crate::cast::{manager, operator};
use crate::till::{T, Till};
use center_base::audit;
use payment::Brand;
use settlement::notices;
use settlement::rows::{remitter, terms};
use settlement::rules::{Level, Ppm};

const TERMS: &str = "/settlement/terms";
const ISSUER: &str = "/settlement/issuer";
const REMITTER: &str = "/settlement/remitter";

#[tokio::test(flavor = "multi_thread")]
async fn terms_hold_from_their_day_on_and_the_days_before_keep_theirs() {
    // U-060, U-065, U-070, X-084
    for till in Till::each_without_rates().await {
        till.fill().await;
        let form = "company=00009&from=２０２７/０１/０１&exempt=２．１&taxable=０．６４％&transfer_fee=２００&free_banks=0001、0009&minimum=1,000";
        assert_eq!(till.post(operator("sato"), TERMS, form).await.0, 303);
        assert_eq!(till.post(operator("sato"), TERMS, form).await.0, 303, "a second press is nothing");
        let book = till.base.read(|tx| Ok(terms::terms(tx, T)?.book)).await.unwrap();
        let rate = |day: &str| book.at("00009", Brand::Visa, day.parse().unwrap()).unwrap().rates.total();
        assert_eq!([rate("2026-12-31"), rate("2027-01-01")].map(Ppm::get), [32_400, 27_400]);
        let pay = book.pay_terms("00009", "2027-01-01".parse().unwrap());
        assert_eq!((pay.transfer_fee.get(), pay.minimum.get(), pay.free_banks.len()), (200, 1_000, 2));
        let page = till.reads(operator("ito"), &format!("{TERMS}?company=00009"), "en").await;
        for says in ["To come", "In force", "2.1% + 0.64%", "0001, 0009", "by sato,"] {
            assert!(page.contains(says), "{says}: {page}");
        }
        let newest = till.base.read(|tx| Ok(audit::newest(tx, T, 1)?)).await.unwrap();
        assert_eq!(
            (newest[0].what.as_str(), newest[0].who.as_str()),
            ("settlement_terms_added", "person sato")
        );
        assert_eq!(till.faults().await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn terms_that_cannot_be_are_refused_by_name_and_what_was_typed_stays() {
    // U-060, U-065, X-081
    for till in Till::each_without_rates().await {
        till.fill().await;
        let before = till.count("SELECT COUNT(*) FROM settle_term WHERE tenant = $1").await;
        for (form, says) in [
            ("company=00009&from=&exempt=1&taxable=1", "Terms begin tomorrow or later"),
            ("company=00009&from=2026-12-20&exempt=1&taxable=1", "The earliest day is Mon 2026/12/21"),
            ("company=00009&from=2026-11-22&exempt=1&taxable=1", "Terms from this day stand already"),
            ("company=00009&from=2027-01-01&exempt=1", "both parts"),
            ("company=00009&from=2027-01-01&exempt=2,6&taxable=0", "Type it as 2.6"),
            ("company=00009&from=2027-01-01&exempt=99&taxable=2", "at most 100%"),
            ("company=00009&from=2027-01-01&transfer_fee=185", "a multiple of 10"),
            ("company=00009&from=2027-01-01&transfer_fee=x", "a multiple of 10"),
            ("company=00009&from=2027-01-01&free_banks=12", "four digits"),
            ("company=00009&from=2027-01-01&minimum=-1", "whole yen, 0 or more"),
            ("company=00009&from=2027-01-01&cycle=weekly", "no such cycle"),
            ("company=00009&from=2027-01-01&direct=perhaps", "not in the list"),
            ("company=00009&from=2027-01-01&zip=open", "not in the list"),
            ("company=00009&brand=nobody&from=2027-01-01", "not in the list"),
            ("company=00009&brand=visa&from=2027-01-01&minimum=5", "do not belong to a brand"),
            ("company=99999&from=2027-01-01&exempt=1&taxable=1", "none has this number"),
            ("brand=visa&from=2027-01-01&exempt=1&taxable=1", "No company is chosen"),
        ] {
            let (status, text) = till.post(operator("sato"), TERMS, form).await;
            assert!(status == 422 && text.contains(says), "{form}: {status} {text}");
        }
        // An earlier day names the pay days that it would change.
        let (_, text) = till
            .post(operator("sato"), TERMS, "company=00009&from=2026-12-10&exempt=1.5&taxable=0.25&minimum=77")
            .await;
        assert!(text.contains("closed already for these pay days: Wed 2026/12/30"), "{text}");
        for kept in ["[from: 2026-12-10]", "[exempt: 1.5]", "[taxable: 0.25]", "[minimum: 77]"] {
            assert!(text.contains(kept), "{kept}: {text}");
        }
        assert_eq!(till.count("SELECT COUNT(*) FROM settle_term WHERE tenant = $1").await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn terms_that_have_not_begun_are_withdrawn_and_no_others() {
    // U-065
    for till in Till::each_without_rates().await {
        till.fill().await;
        let form = "company=00008&brand=visa&from=2027-01-01&exempt=26&taxable=0";
        assert_eq!(till.post(operator("sato"), TERMS, form).await.0, 303);
        let end = format!("{TERMS}/withdraw");
        let gone = "company=00008&brand=visa&from=2027-01-01";
        assert_eq!(till.post(operator("ito"), &end, gone).await.0, 303);
        let book = till.base.read(|tx| Ok(terms::terms(tx, T)?.book)).await.unwrap();
        let rate = book.at("00008", Brand::Visa, "2027-01-01".parse().unwrap()).unwrap().rates.total();
        assert_eq!(rate.get(), 32_400, "as if it had never been entered");
        let kept = "SELECT COUNT(*) FROM audit WHERE tenant = $1 AND what = 'settlement_terms_withdrawn'";
        assert_eq!(till.count(kept).await, 1);
        assert_eq!(till.post(operator("ito"), &end, gone).await.0, 404);
        assert_eq!(till.post(operator("ito"), &end, "company=00008&from=x").await.0, 404);
        let (status, text) = till.post(operator("ito"), &end, "company=00008&from=2026-11-22").await;
        assert!(status == 422 && text.contains("These terms have begun"), "{status} {text}");
        assert_eq!(till.faults().await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_sees_its_own_terms_and_changes_none() {
    // Invariant 5
    for till in Till::each_without_rates().await {
        till.fill().await;
        let contract = "company=00009&brand=jcb&from=2027-01-01&exempt=1.2345&taxable=0";
        assert_eq!(till.post(operator("sato"), TERMS, contract).await.0, 303);
        for path in
            [TERMS.to_owned(), format!("{TERMS}?company=00009"), format!("{TERMS}?company=00009&brand=jcb")]
        {
            let own = till.reads(manager("00008"), &path, "en").await;
            assert!(own.contains("3.24% 2.6% + 0.64%"), "{own}");
            assert!(!own.contains("1.2345") && !own.contains("灯台") && !own.contains("sato"), "{own}");
            assert!(!own.contains("[exempt") && !own.contains("Withdraw"), "{own}");
        }
        for (path, form) in [
            (TERMS.to_owned(), "from=2027-01-01&exempt=0&taxable=0"),
            (format!("{TERMS}/withdraw"), "from=2027-01-01"),
            (ISSUER.to_owned(), "from=2027-01-01&name=x"),
            (REMITTER.to_owned(), ""),
            (format!("{REMITTER}/confirm"), "account=7654321"),
            (format!("{REMITTER}/withdraw"), ""),
        ] {
            assert_eq!(till.post(manager("00008"), &path, form).await.0, 403, "{path}");
        }
        for path in [ISSUER, REMITTER] {
            assert_eq!(till.seen_by(manager("00008")).get(path).await.status, 403, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_holds_from_its_day_on_and_stays_in_the_list() {
    // U-068, X-080, X-085
    for till in Till::each_with_companies().await {
        let base = "from=2026-12-01&name=帳場ペイメント&address=東京都千代田区%0D%0A%0D%0A３階&reg_no=t-1234567890123&silence=７&reply_to=Keiri＠example.jp";
        assert_eq!(till.post(operator("sato"), ISSUER, base).await.0, 303);
        let on = async |day: &str| {
            let day = day.parse().unwrap();
            till.base.read(move |tx| Ok(notices::issuer(tx, T, day)?)).await.unwrap()
        };
        assert_eq!(on("2026-11-30").await.name, "恵比寿商店会", "the tenant's own until then");
        let then = on("2026-12-01").await;
        assert_eq!(then.address, ["東京都千代田区", "3階"]);
        assert_eq!((then.invoice_reg_no.as_str(), then.silence_days), ("T1234567890123", 7));
        assert_eq!(then.reply_to, "keiri@example.jp");
        let (status, text) = till.post(operator("sato"), ISSUER, base).await;
        assert!(status == 422 && text.contains("Nothing differs"), "{status} {text}");
        // A word that was wrong is entered anew for the same day; both stay in the list.
        let better = base.replace("帳場ペイメント", "帳場ペイメント株式会社");
        assert_eq!(till.post(operator("ito"), ISSUER, &better).await.0, 303);
        assert_eq!(on("2026-12-31").await.name, "帳場ペイメント株式会社");
        let page = till.reads(operator("ito"), ISSUER, "en").await;
        assert!(page.contains("Replaced") && page.contains("To come") && page.contains("by sato,"), "{page}");
        for (form, says) in [
            ("from=2026-11-20&name=x", "never from a day that is past"),
            ("from=2100-01-01&name=x", "up to 2099"),
            ("from=&name=x", "The day cannot be taken"),
            ("from=2026-12-01&name=", "The name is missing"),
            ("from=2026-12-01&name=x&reg_no=T12", "T and thirteen digits"),
            ("from=2026-12-01&name=x&silence=61", "0 to 60"),
            ("from=2026-12-01&name=x&silence=many", "0 to 60"),
            ("from=2026-12-01&name=x&reply_to=nobody", "not a mail address"),
            (&format!("from=2026-12-01&name={}", "長".repeat(201)), "at most 200 characters"),
        ] {
            let (status, text) = till.post(operator("sato"), ISSUER, form).await;
            assert!(status == 422 && text.contains(says), "{form}: {status} {text}");
        }
        let (_, text) =
            till.post(operator("sato"), ISSUER, "from=2026-12-01&name=x&phone=03-1&silence=61").await;
        assert!(text.contains("[phone: 03-1]") && text.contains("[silence: 61]"), "{text}");
        assert_eq!(till.count("SELECT COUNT(*) FROM settle_fact WHERE tenant = $1").await, 2);
    }
}

/// The paying account as a form.
fn paying(from: &str, number: &str) -> String {
    format!(
        "from={from}&requester=0000012345&name=エビスショウテンカイ&bank=0001&branch=001&kind=1&account={number}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paying_account_is_used_when_a_second_person_has_typed_its_number() {
    // X-090, X-091: four eyes, as for a payee's account.
    for till in Till::each_with_companies().await {
        let on = async |day: &str| {
            let day = day.parse().unwrap();
            till.base.read(move |tx| Ok(remitter::remitter(tx, T, day)?)).await.unwrap()
        };
        assert_eq!(till.post(operator("sato"), REMITTER, &paying("2026-11-21", "1111111")).await.0, 303);
        assert_eq!(on("2026-12-31").await, None, "one person alone pays from nowhere");
        let confirm = format!("{REMITTER}/confirm");
        let (status, text) = till.post(operator("sato"), &confirm, "account=1111111").await;
        assert!(status == 422 && text.contains("another person"), "{status} {text}");
        let (status, text) = till.post(operator("ito"), &confirm, "account=1111112").await;
        assert!(status == 422, "{status} {text}");
        assert_eq!(till.post(operator("ito"), &confirm, "account=１１１１１１１").await.0, 303);
        assert_eq!(on("2026-11-21").await.unwrap().account, "1111111");
        let (status, text) = till.post(operator("ito"), &confirm, "account=1111111").await;
        assert!(status == 422 && text.contains("No account waits"), "{status} {text}");
        // Another one from a later day: the one in use stays until then.
        assert_eq!(till.post(operator("ito"), REMITTER, &paying("2026-12-01", "2222222")).await.0, 303);
        assert_eq!(till.post(operator("ito"), REMITTER, &paying("2026-12-01", "3333333")).await.0, 303);
        let withdrawn = "SELECT COUNT(*) FROM settle_fact WHERE tenant = $1 AND state = 'withdrawn'";
        assert_eq!(till.count(withdrawn).await, 1, "the one that waited before");
        assert_eq!(till.post(operator("sato"), &confirm, "account=3333333").await.0, 303);
        assert_eq!(on("2026-11-30").await.unwrap().account, "1111111");
        assert_eq!(on("2026-12-01").await.unwrap().account, "3333333");
        assert_eq!(till.post(operator("ito"), REMITTER, &paying("2026-12-05", "4444444")).await.0, 303);
        assert_eq!(till.post(operator("sato"), &format!("{REMITTER}/withdraw"), "").await.0, 303);
        assert_eq!(till.post(operator("sato"), &format!("{REMITTER}/withdraw"), "").await.0, 422);
        assert_eq!(on("2026-12-31").await.unwrap().account, "3333333");
        let page = till.seen_by(operator("sato")).get(REMITTER).await.text();
        let log = "SELECT COUNT(*) FROM audit WHERE tenant = $1
              AND (detail LIKE '%1111111%' OR detail LIKE '%3333333%' OR detail LIKE '%4444444%')";
        assert_eq!(till.count(log).await, 0, "the log has bank and requester, never the number");
        for number in ["1111111", "2222222", "3333333", "4444444"] {
            assert!(!page.contains(number), "of a number three digits are shown");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paying_account_that_no_file_can_have_is_refused_by_its_field() {
    // X-090, X-091
    for till in Till::each_with_companies().await {
        let sound = paying("2026-12-01", "1111111");
        for (was, is, says) in [
            ("2026-12-01", "2026-11-20", "never from a day that is past"),
            ("requester=0000012345", "requester=12345", "ten digits"),
            ("エビスショウテンカイ", "恵比寿商店会", "Type it in kana"),
            ("エビスショウテンカイ", "", "The requester's name cannot be taken"),
            ("bank=0001", "bank=1", "The paying bank has four digits"),
            ("branch=001", "branch=1", "The paying branch has three digits"),
            ("kind=1", "kind=4", "ordinary, current or other"),
            ("1111111", "123", "seven digits"),
            ("kind=1", "kind=1&bank_name=銀行", "The name of bank or branch"),
            ("kind=1", "kind=1&group_most=0", "1 to 999,999"),
            ("kind=1", "kind=1&group_most=many", "1 to 999,999"),
        ] {
            let (status, text) = till.post(operator("sato"), REMITTER, &sound.replace(was, is)).await;
            assert!(status == 422 && text.contains(says), "{is}: {status} {text}");
            assert!(!text.contains("1111111"), "a number is typed anew");
        }
        let (_, text) = till.post(operator("sato"), REMITTER, &sound.replace("bank=0001", "bank=12")).await;
        assert!(text.contains("[requester: 0000012345]") && text.contains("[bank: 12]"), "{text}");
        assert_eq!(till.count("SELECT COUNT(*) FROM settle_fact WHERE tenant = $1").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn terms_of_all_are_entered_on_the_first_day_of_a_center() {
    // U-070: what has held before may be said while there is no payment.
    for till in Till::each_with_companies().await {
        let form = "from=2026-04-01&exempt=2.6&taxable=0.64&free_banks=なし";
        assert_eq!(till.post(operator("sato"), TERMS, form).await.0, 303);
        let entries = till.base.read(|tx| Ok(terms::entries(tx, T, "", 10)?)).await.unwrap();
        assert_eq!((entries.len(), &entries[0].level), (1, &Level::Tenant));
        assert_eq!(entries[0].overlay.free_banks, Some(Vec::new()), "no bank is free");
        assert_eq!(entries[0].entered_by, "person sato");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_and_a_paying_account_of_before_their_pages_hold_since_ever() {
    // The step that moves the old rows makes JSON of texts that have signs of their own.
    let all = crate::till::migrations();
    let by_date = all.iter().position(|step| step.name == "settlement/0010_term_entered").unwrap();
    let before = all[..by_date].to_vec();
    let databases = tokio::task::spawn_blocking(move || store::testing::each(&before)).await.unwrap();
    for mut db in databases {
        let old = |tx: &mut store::Tx<'_>| {
            tx.execute(
                "INSERT INTO settle_issuer
                     (tenant, name, address, phone, invoice_reg_no, silence_days, sender, reply_to)
                 VALUES ($1, $2, $3, '03', '', 7, '', '')",
                store::params![T, r#"帳場 "ペイ\メント""#, "東京都\n\"3\"階"],
            )?;
            tx.execute(
                "INSERT INTO settle_remitter (tenant, body) VALUES ($1, $2)",
                store::params![
                    T,
                    r#"{"requester":"0000012345","name":"エビス","bank":"0001","branch":"001","kind":"1","account":"7654321"}"#
                ],
            )?;
            Ok(())
        };
        center_base::testing::base(&db).write(old).await.unwrap();
        // The program of before lets go of the file first.
        let spare = tokio::task::spawn_blocking(|| store::testing::sqlite(&[])).await.unwrap();
        db.db = spare.db.clone();
        db.db = store::Db::open(&db.url, &all, db.clock.clone()).unwrap();
        let till = Till::on(db);
        let day = "2026-01-01".parse().unwrap();
        let issuer = till.base.read(move |tx| Ok(notices::issuer(tx, T, day)?)).await.unwrap();
        assert_eq!((issuer.name.as_str(), issuer.silence_days), (r#"帳場 "ペイ\メント""#, 7));
        assert_eq!(issuer.address, ["東京都", "\"3\"階"]);
        let remitter = till.base.read(move |tx| Ok(remitter::remitter(tx, T, day)?)).await.unwrap();
        assert_eq!(remitter.unwrap().account, "7654321");
        let page = till.reads(operator("sato"), ISSUER, "en").await;
        assert!(page.contains("By whom is not kept"), "{page}");
    }
}
