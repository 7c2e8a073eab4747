//! Payments that take no money, and say so.

use crate::check;
use stories::House;

async fn refused(house: &mut House, amount: &str, card: &str, how: &str, pin: Option<&str>) {
    house.sale(amount).await;
    house.present(card, how, pin).await;
    house.until_screen("refused").await;
}

#[test]
fn a_card_over_its_limit_is_refused() {
    // 1.1.9 of the inventory: 101 and its kin; X-019
    check!("over_limit", "A card over its limit.", async |house: &mut House| {
        refused(house, "1001", "over-limit", "insert", Some("1234")).await;
    });
}

#[test]
fn a_lost_card_is_refused_without_saying_why_to_the_queue() {
    check!("lost_card", "A lost card.", async |house: &mut House| {
        refused(house, "880", "lost", "insert", Some("1234")).await;
    });
}

#[test]
fn an_expired_card_is_refused() {
    check!("expired_card", "An expired card.", async |house: &mut House| {
        house.english().await;
        refused(house, "880", "expired", "insert", Some("1234")).await;
    });
}

#[test]
fn a_chip_card_refuses_the_swipe_and_is_inserted() {
    // M-022, M-026: the service code
    check!("swipe_of_a_chip_card", "A chip card is swiped, then inserted.", async |house: &mut House| {
        refused(house, "880", "visa", "swipe", None).await;
        house.say("The clerk begins the same payment again.");
        house.press("again", &[]).await;
        house.until_reader("card").await;
        house.until_screen("present").await;
        house.present("visa", "insert", Some("1234")).await;
        house.until_screen("approved").await;
    });
}

#[test]
fn a_brand_without_contract_is_refused_and_nobody_is_asked() {
    check!("brand_not_accepted", "A brand that this shop does not take.", async |house: &mut House| {
        refused(house, "880", "discover", "insert", Some("1234")).await;
    });
}

#[test]
fn an_amount_above_the_limit_is_refused_at_the_keypad() {
    // 207, 208
    check!("amount_above_the_limit", "Amounts above the limit.", async |house: &mut House| {
        for amount in ["3,000,001", "10,000,000"] {
            house.keypad(amount).await;
            house.until_said("コード").await;
        }
        house.say("The clerk types 880.");
        house.press("amount", &[("amount", "880")]).await;
        house.until_screen("method").await;
    });
}

#[test]
fn a_payment_is_given_up_before_the_card_is_read() {
    //
    check!("cancelled_before_the_card", "Cancelled before the card.", async |house: &mut House| {
        house.sale("880").await;
        house.say("The clerk cancels.");
        house.press("cancel", &[]).await;
        house.until_screen("home").await;
        house.until_journal("closed").await;
    });
}

#[test]
fn a_card_that_does_not_come_ends_the_wait() {
    // M-033: 404
    check!("wait_expired", "Nobody presents a card.", async |house: &mut House| {
        house.sale("880").await;
        house.advance(60).await;
        house.until_screen("refused").await;
    });
}

#[test]
fn a_signature_that_is_not_given_in_thirty_minutes_releases_the_hold() {
    // M-028, X-011
    check!("signature_not_given", "Nobody signs for half an hour.", async |house: &mut House| {
        house.sale("880").await;
        house.present("visa-stripe", "swipe", None).await;
        house.until_screen("sign").await;
        house.advance(30 * 60).await;
        house.until_center("released").await;
        house.sign().await;
        house.until_screen("undone").await;
    });
}

#[test]
fn without_the_center_no_card_is_asked_for() {
    // 901
    check!("no_connection", "The center cannot be reached.", async |house: &mut House| {
        house.kill_center().await;
        refused(house, "880", "visa", "tap", None).await;
        house.say("The clerk tries once more.");
        house.press("again", &[]).await;
        house.until_journal("abandoned").await;
        house.until_screen("refused").await;
        house.restart_center().await;
        house.say("The clerk tries once more.");
        house.press("again", &[]).await;
        house.until_reader("card").await;
        house.until_screen("present").await;
        house.present("visa", "tap", None).await;
        house.until_screen("approved").await;
    });
}

#[test]
fn a_reader_of_another_shop_takes_no_card() {
    // M-014: 991
    check!("reader_not_bound", "A reader that is not this shop’s.", async |house: &mut House| {
        house.plug_in_reader("MP200L-9999").await;
        house.keypad("880").await;
        house.until_screen("method").await;
        house.say("The clerk chooses card, lump.");
        house.press("pay", &[("class", "lump")]).await;
        house.until_screen("refused").await;
    });
}
