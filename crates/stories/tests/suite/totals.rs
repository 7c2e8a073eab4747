//! The totals of a day, compared with the card network after midnight.

use crate::back::paid_by_card;
use crate::check;
use stories::House;

/// One sale stays, one is voided.
async fn a_day(house: &mut House) {
    paid_by_card(house, "880").await;
    // The newest is found by its id, which begins with the time.
    house.advance(60).await;
    paid_by_card(house, "1000").await;
    house.open_newest_sale().await;
    house.ask_back("", "").await;
    house.confirm_back().await;
    house.until_screen("approved").await;
    house.press("finish", &[]).await;
}

#[test]
fn totals_of_a_day_that_agree_are_asked_about_once() {
    // card-iso8583.md 9
    check!("totals_agree", "The day\u{2019}s totals agree.", async |house: &mut House| {
        house.english().await;
        house.show_totals();
        a_day(house).await;
        house.midnight().await;
        house.until_network("in balance", 1).await;
    });
}

#[test]
fn totals_of_a_day_that_differ_are_a_case_once_the_network_has_answered() {
    // card-iso8583.md 9
    check!(
        "totals_differ",
        "The first answer to the day\u{2019}s totals is lost; they differ.",
        async |house: &mut House| {
            house.english().await;
            house.show_totals();
            paid_by_card(house, "880").await;
            house.fault("totals_differ", 2).await;
            house.fault("drop_answer", 1).await;
            house.midnight().await;
            house.until_network("never sent", 1).await;
            house.a_little_later_the_network("out of balance", 2).await;
            house.look_at_the_case().await;
        }
    );
}
