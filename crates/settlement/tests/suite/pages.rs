//! The pages as people read them, and whom they show what.

use crate::cast::{COMPANIES, manager, operator};
use crate::till::{T, Till};
use center_base::{Role, Scope};
use expect_test::expect_file;
use payment::Brand;
use settlement::rows::{calendar, terms};
use settlement::rules::{Net, Ppm, Rates, cut, fee, tax_at};

/// Every page with something on it: a name for its golden, who looks, and the address.
const PAGES: [(&str, &str, &str); 20] = [
    ("shop", "00008", "/settlement"),
    ("all", "", "/settlement"),
    ("document", "00008", "/settlement/documents/2026-12-30.00008"),
    ("document-carried", "", "/settlement/documents/2026-12-30.00009"),
    ("year", "00008", "/settlement/year?year=2026"),
    ("simulator", "00008", "/settlement/simulator?brand=visa&amount=12,140&on=2026-12-20"),
    ("board", "", "/settlement/board"),
    ("payday", "", "/settlement/paydays/2026-12-15"),
    ("payout", "", "/settlement/payouts/2026-12-15.00009.1"),
    ("calendar", "", "/settlement/calendar?year=2026&cycle=card"),
    ("adjustments", "", "/settlement/adjustments"),
    ("unpaid", "", "/settlement/unpaid"),
    ("payees", "", "/settlement/payees"),
    ("payee", "", "/settlement/payees/00009"),
    ("terms", "", "/settlement/terms"),
    ("terms-company", "", "/settlement/terms?company=00008"),
    ("terms-contract", "", "/settlement/terms?company=00008&brand=paypay"),
    ("terms-own", "00008", "/settlement/terms"),
    ("issuer", "", "/settlement/issuer"),
    ("remitter", "", "/settlement/remitter"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_page_reads_as_it_was_read_in_both_languages_and_on_both_engines() {
    // U-060, U-065, U-069 … U-072, X-086
    for till in Till::each_without_rates().await {
        till.fill().await;
        assert_eq!(till.faults().await, Vec::<String>::new());
        for (name, company, path) in PAGES {
            let who = if company.is_empty() { operator("aoki") } else { manager(company) };
            for lang in ["ja", "en"] {
                let text = till.reads(who.clone(), path, lang).await;
                // The id of a form is minted anew each time.
                let text: String = text
                    .lines()
                    .filter(|line| !line.starts_with("[id: "))
                    .fold(String::new(), |all, line| all + line + "\n");
                expect_file![format!("../golden/page-{name}-{lang}.txt")].assert_eq(&text);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_sees_its_own_and_nothing_else_is_there() {
    // Invariant 5
    for till in Till::each_without_rates().await {
        till.fill().await;
        let (own, other) =
            ("/settlement/documents/2026-12-30.00008", "/settlement/documents/2026-12-30.00009");
        for (path, wanted) in [
            (own.to_owned(), 200),
            (format!("{own}/items"), 200),
            (format!("{own}/items?line=1"), 200),
            (other.to_owned(), 404),
            (format!("{other}/items"), 404),
            ("/settlement/documents/2026-12-29.00008".to_owned(), 404),
            (format!("{own}/items?line=9"), 404),
            ("/settlement/board".to_owned(), 403),
            ("/settlement/payees/00008".to_owned(), 403),
        ] {
            assert_eq!(till.seen_by(manager("00008")).get(&path).await.status, wanted, "{path}");
        }
        for path in [
            "/settlement",
            "/settlement?company=00009",
            "/settlement/year?company=00009&year=2026",
            "/settlement/simulator?company=00009&brand=visa&amount=100",
        ] {
            let text = till.reads(manager("00008"), path, "ja").await;
            for (id, _, name) in COMPANIES.iter().skip(1) {
                assert!(!text.contains(id) && !text.contains(name), "{path} shows {name}");
            }
        }
        for role in [Role::ShopManager, Role::ShopStaff] {
            let clerk = crate::cast::person("hanako", role, Scope::Shop("00008".into()));
            assert_eq!(till.seen_by(clerk).get("/settlement").await.status, 403, "{role:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_found_by_pay_day_amount_and_company_and_read_page_by_page() {
    //
    for till in Till::each_without_rates().await {
        till.fill().await;
        let found = async |query: &str| -> String {
            let page = till.seen_by(operator("aoki")).get(&format!("/settlement?{query}")).await.text();
            let rows = page.split("class=\"open row-link\" href=\"/settlement/documents/").skip(1);
            rows.map(|row| row.split('"').next().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
        };
        let all = found("").await;
        assert!(
            all.starts_with("2026-12-30.00008 2026-12-30.00009 ") && all.ends_with(" 2026-12-15.00012"),
            "{all}"
        );
        assert_eq!(found("to=2026-12-15&company=00008").await, "2026-12-15.00008");
        assert_eq!(found("from=2026-12-16&company=00008").await, "2026-12-30.00008");
        assert_eq!(found("min=４０，０００円").await, "2026-12-15.00009");
        assert_eq!(found("max=0&from=2026-12-30&company=00009").await, "2026-12-30.00009");
        assert_eq!(found("company=99999").await, "", "a number that nobody has shows nothing");
        let behind = found("after=2026-12-30.00009").await;
        assert_eq!(all.split(' ').skip(2).collect::<Vec<_>>().join(" "), behind);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_outlook_is_what_a_closing_would_pay_if_it_were_now() {
    // The same scan and the same rules: cut at once, the documents are what was shown.
    for till in Till::each_without_rates().await {
        till.fill().await;
        let shown = till.reads(manager("00012"), "/settlement", "en").await;
        till.close("2027-01-01").await;
        let document = till.reads(manager("00012"), "/settlement/documents/2027-01-15.00012", "en").await;
        let pays = |text: &str| text.lines().find(|line| line.starts_with("¥9,")).map(str::to_owned);
        assert!(shown.contains("¥9,900") && pays(&shown).is_some(), "{shown}");
        assert!(document.contains("¥9,900"), "{document}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_simulator_says_what_the_rules_say() {
    // U-070, X-084
    for till in Till::each_without_rates().await {
        till.fill().await;
        for (brand, amount, exempt, taxable) in [
            (Brand::Visa, 12_140, 26_000, 6_400),
            (Brand::PayPay, 9_999, 0, 32_400),
            (Brand::Jcb, 1, 26_000, 6_400),
        ] {
            let path = format!("/settlement/simulator?brand={}&amount={amount}&on=2026-12-20", brand.word());
            let text = till.reads(manager("00008"), &path, "en").await;
            let rates = Rates::new(Ppm::new(exempt).unwrap(), Ppm::new(taxable).unwrap()).unwrap();
            let sales = Net::new(amount).unwrap();
            let of = fee(sales, rates);
            let tax = cut(of.taxable, tax_at("2026-12-20".parse().unwrap()));
            let rest = sales.minus(of.total).unwrap().minus(tax).unwrap();
            assert!(text.contains(&format!("\nLeft\n¥{} |\n", money::group(rest.get()))), "{text}");
            let percent = rates.total().percent();
            assert!(text.contains(&percent), "{percent}: {text}");
        }
        let pay = till
            .reads(manager("00008"), "/settlement/simulator?brand=visa&amount=1&on=2026-12-20", "en")
            .await;
        assert!(pay.contains("Fri 2027/01/15"), "{pay}");
        let none = till.reads(manager("00011"), "/settlement/simulator?brand=visa&amount=1", "en").await;
        assert!(none.contains("There is no rate"), "{none}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_pages_of_a_new_center_say_what_comes() {
    for till in Till::each_with_companies().await {
        for (path, says) in [
            ("/settlement?company=00008", "No window is open"),
            ("/settlement", "There is no statement yet"),
            ("/settlement/year?company=00008", "There is no statement in this year"),
            ("/settlement/year", "Choose a company"),
            ("/settlement/simulator", "Nothing is calculated yet"),
            ("/settlement/board", "No pay day is open"),
            ("/settlement/adjustments", "No adjustment waits"),
            ("/settlement/unpaid", "No payout waits"),
            ("/settlement/payees", "No settlement number"),
            ("/settlement/payees/00008", "Save the payee first"),
            ("/settlement/terms", "There is no rate"),
            ("/settlement/terms?company=00008", "No terms of its own"),
            ("/settlement/issuer", "No issuer is entered"),
            ("/settlement/remitter", "No paying account is entered"),
        ] {
            let text = till.reads(operator("aoki"), path, "en").await;
            assert!(text.contains(says), "{path}: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_calendar_shows_two_years_of_every_cycle_and_keeps_what_is_cut() {
    // U-060 … U-064, X-094
    for till in Till::each_without_rates().await {
        till.fill().await;
        let write = |tx: &mut store::Tx<'_>| {
            calendar::change_day(tx, "person sato", "2026-12-30".parse().unwrap(), "臨時休業", true)
        };
        till.base.write(write).await.unwrap();
        for cycle in ["card", "emoney", "code", "voucher"] {
            let page = till
                .reads(operator("aoki"), &format!("/settlement/calendar?year=2026&cycle={cycle}"), "en")
                .await;
            let windows = page
                .lines()
                .filter(|line| line.contains('/') && line.contains(" | ") && line.contains("20"))
                .count();
            assert!(windows >= 24, "{cycle}: {windows} windows");
        }
        let card = till.reads(operator("aoki"), "/settlement/calendar?year=2026&cycle=card", "en").await;
        // The window of 1 to 15 December is cut: its pay day stays although the banks close on it.
        assert!(card.contains("Wed 2026/12/30") && card.contains("臨時休業"), "{card}");
        let far = till.seen_by(operator("aoki")).get("/settlement/calendar?year=999999").await;
        assert_eq!(far.status, 200, "nonsense shows a year that there is");
        assert!(till.base.read(|tx| Ok(terms::cycles(tx, T)?.all().len())).await.unwrap() >= 4);
    }
}
