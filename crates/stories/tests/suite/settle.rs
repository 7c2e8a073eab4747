//! From payments at the counter to money on the bank day, through the console, by the people who do it.

use stories::House;
use stories::house::settle::{MANAGER, OPERATOR, SECOND};

async fn paid(house: &mut House, amount: &str) {
    house.sale(amount).await;
    house.present("visa", "insert", Some("1234")).await;
    house.until_screen("approved").await;
    house.press("finish", &[]).await;
    house.until_screen("amount").await;
    house.forget_screens();
}

const FIRST: &str = "/settlement/paydays/2026-12-15";

#[test]
fn a_fortnight_is_closed_approved_told_and_paid() {
    // U-060 … U-075, X-090: one sale of 14,140 yen at 3.24 %.
    stories::story("fortnight", "A fortnight.", async |house: &mut House| {
        paid(house, "14140").await;
        house.until_day("2026-12-01").await;
        let page = house.until_page_says(SECOND, FIRST, "name=\"hash\"").await;
        // 14,140 less 458 of fee, 9 of its tax and 198 for the transfer.
        assert!(page.contains("13,475"), "{page}");
        let hidden = house.seen_by(MANAGER, "/settlement").await;
        assert!(hidden.contains("13,475"), "the company sees what is coming: {hidden}");
        house.approves(SECOND, "2026-12-15").await;
        let own = house.sends(SECOND, &format!("{FIRST}/export"), &[]).await;
        assert!(own.status == 422, "who approved does not make the file: {}", own.status);
        house.does(OPERATOR, &format!("{FIRST}/export"), &[]).await;
        let file = house.seen_by(OPERATOR, "/settlement/files/20261215-1/bytes").await;
        assert!(file.starts_with("121") && file.trim_end().ends_with('9'), "head and end: {file:?}");
        assert!(file.contains("0000013475"), "{file:?}");

        house.until_day("2026-12-11").await;
        assert!(house.mails().await.is_empty(), "not before nine o'clock");
        house.until_office_hours();
        let document = "/settlement/documents/2026-12-15.00008";
        house.until_page_says(MANAGER, document, "270212122-001-20261215").await;
        house.until("the notice is mailed", async || !house.mails().await.is_empty()).await;
        let mail = house.mails().await.remove(0).to_string();
        assert!(mail.contains("keiri@chobado.example"), "{mail}");
        assert!(!mail.contains("13,475") && !mail.contains("13475"), "no amount outside of the ZIP: {mail}");

        let early = house.sends(OPERATOR, "/settlement/files/20261215-1/paid", &[]).await;
        assert_eq!(early.status, 422, "the pay day has not come");
        house.until_day("2026-12-15").await;
        house.does(OPERATOR, "/settlement/files/20261215-1/paid", &[]).await;
        house.until_page_says(MANAGER, document, "13,475").await;
    });
}

#[test]
fn a_red_slip_larger_than_the_sales_is_carried_over_new_year() {
    // U-064, U-072, model.md 3.5 step 6: returned after its document, larger than what came since.
    stories::story("red_slip", "A red slip over New Year.", async |house: &mut House| {
        paid(house, "50000").await;
        house.until_day("2026-12-02").await;
        house.sign_in_again().await;
        house.open_newest_sale().await;
        house.ask_back("", "").await;
        house.confirm_back().await;
        house.until_screen("approved").await;
        house.press("finish", &[]).await;
        paid(house, "3000").await;

        // 1 to 15 December: 3,000 less 97; back -50,000 with the fee of its sale, -1,620; tax -30.
        house.until_day("2026-12-16").await;
        let second = "/settlement/documents/2026-12-30.00008";
        let page = house.until_page_says(MANAGER, second, "45,447").await;
        assert!(page.contains("50,000"), "{page}");
        house.sign_in_again().await;
        paid(house, "60000").await;

        // The banks are closed from 31 December to 3 January; 16 to 31 December is paid on 15 January.
        house.until_day("2027-01-01").await;
        let third = "/settlement/documents/2027-01-15.00008";
        let page = house.until_page_says(MANAGER, third, "12,373").await;
        assert!(page.contains("45,447"), "{page}");
    });
}

#[test]
fn a_transfer_that_came_back_is_carried_by_two_people() {
    //
    stories::story("returned", "A transfer that came back.", async |house: &mut House| {
        paid(house, "14140").await;
        house.until_day("2026-12-01").await;
        house.until_page_says(SECOND, FIRST, "name=\"hash\"").await;
        house.approves(SECOND, "2026-12-15").await;
        house.does(OPERATOR, &format!("{FIRST}/export"), &[]).await;
        house.until_day("2026-12-15").await;
        house.does(OPERATOR, "/settlement/files/20261215-1/paid", &[]).await;
        let payout = "/settlement/payouts/2026-12-15.00008.1";
        house.does(OPERATOR, &format!("{payout}/returned"), &[("reason", "口座解約のため")]).await;
        let own = house.sends(OPERATOR, &format!("{payout}/carry"), &[]).await;
        assert_eq!(own.status, 422, "who said that it came back does not decide what follows");
        house.does(SECOND, &format!("{payout}/carry"), &[]).await;
        house.until_day("2026-12-16").await;
        let next = "/settlement/documents/2026-12-30.00008";
        house.until_page_says(MANAGER, next, "13,277").await;
    });
}
