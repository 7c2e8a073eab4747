//! Giving back: the same day, the next day, in parts, in doubt, and two at once.

use crate::check;
use stories::House;

pub(crate) async fn paid_by_card(house: &mut House, amount: &str) {
    house.sale(amount).await;
    house.present("visa", "tap", None).await;
    house.until_screen("approved").await;
    house.press("finish", &[]).await;
    house.until_screen("amount").await;
    house.forget_screens();
}

async fn paid_by_code(house: &mut House, amount: &str) {
    house.sale_by_code(amount).await;
    house.show_code("aoi-paypay").await;
    house.until_screen("approved").await;
    house.press("finish", &[]).await;
    house.until_screen("amount").await;
    house.forget_screens();
}

#[test]
fn a_card_payment_is_voided_on_its_day() {
    // M-059, M-072, X-022
    check!("void_same_day", "A card payment is voided on its day.", async |house: &mut House| {
        paid_by_card(house, "880").await;
        house.open_newest_sale().await;
        house.ask_back("", "返品").await;
        house.confirm_back().await;
        house.until_screen("approved").await;
        house.print("customer").await;
        house.open_newest_sale().await;
    });
}

#[test]
fn a_card_payment_is_returned_on_the_next_day() {
    // M-072, X-022
    check!("return_next_day", "A card payment is returned the next day.", async |house: &mut House| {
        house.english().await;
        paid_by_card(house, "880").await;
        house.next_morning().await;
        house.open_newest_sale().await;
        house.ask_back("", "").await;
        house.confirm_back().await;
        house.until_screen("approved").await;
        house.print("merchant").await;
    });
}

#[test]
fn a_code_payment_is_given_back_in_parts() {
    //
    check!("refund_in_parts", "A part of a code payment is given back.", async |house: &mut House| {
        paid_by_code(house, "1000").await;
        house.open_newest_sale().await;
        house.ask_back("300", "一品返品").await;
        house.confirm_back().await;
        house.until_screen("approved").await;
        house.print("customer").await;
        house.open_newest_sale().await;
        house.say("More than the rest is not taken.");
        house.press("refund-open", &[]).await;
        house.until_screen("refund").await;
        house.press("refund", &[("amount", "701")]).await;
        house.until_said("700").await;
    });
}

#[test]
fn a_sale_of_several_rates_is_given_back_in_part_with_a_return_invoice() {
    //
    check!("taxed", "A sale of several rates, and a part of it given back.", async |house: &mut House| {
        house.slips_state_the_tax().await;
        house.sale_of_several_rates("25500", "10800", "200").await;
        house.press("pay-by-code", &[]).await;
        house.until_screen("scan").await;
        house.show_code("aoi-paypay").await;
        house.until_screen("approved").await;
        house.print("customer").await;
        house.press("finish", &[]).await;
        house.until_screen("amount").await;
        house.forget_screens();
        house.next_morning().await;
        house.open_newest_sale().await;
        house.ask_back_of_several_rates("12000", "10800").await;
        house.confirm_back().await;
        house.until_screen("approved").await;
        house.print("customer").await;
        house.give_back_in_the_console("1000").await;
        house.give_back_of_several_rates_in_the_console("1000", "1001").await;
        house.give_back_of_several_rates_in_the_console("1000", "0").await;
        house.say("The rest is of two kinds, and comes back without a question.");
        house.open_newest_sale().await;
        house.ask_back("", "").await;
        house.confirm_back().await;
        house.until_screen("approved").await;
        house.print("customer").await;
    });
}

#[test]
fn a_refund_whose_answer_is_lost_is_a_doubt_that_ends_as_given_back() {
    //
    check!("refund_in_doubt", "The answer to a refund is lost.", async |house: &mut House| {
        paid_by_code(house, "1000").await;
        house.open_newest_sale().await;
        house.ask_back("400", "").await;
        house.code_fault("drop_answer", 1).await;
        house.confirm_back().await;
        house.until_network("refund", 1).await;
        house.center_gives_up().await;
        house.a_little_later("approved").await;
    });
}

#[test]
fn a_void_whose_answer_is_lost_is_repeated_until_the_network_answers() {
    // M-072; card-iso8583.md
    check!("void_in_doubt", "The answer to a void is lost.", async |house: &mut House| {
        paid_by_card(house, "880").await;
        house.open_newest_sale().await;
        house.ask_back("", "").await;
        house.fault("drop_answer", 1).await;
        house.confirm_back().await;
        house.until_network("never sent", 1).await;
        house.center_gives_up().await;
        house.a_little_later("approved").await;
    });
}

#[test]
fn of_two_refunds_of_60_on_100_one_wins_and_the_clerk_hears_why() {
    // X-050; issue item 2
    check!("two_refunds", "Two refunds of 60 on 100.", async |house: &mut House| {
        paid_by_code(house, "100").await;
        house.open_newest_sale().await;
        house.ask_back("60", "").await;
        house.give_back_in_the_console("60").await;
        house.confirm_back().await;
        house.until_screen("refused").await;
    });
}

#[test]
fn the_console_refuses_what_the_terminal_has_given_back_already() {
    // X-050, 504
    check!("console_too_late", "The console is too late.", async |house: &mut House| {
        paid_by_code(house, "100").await;
        house.open_newest_sale().await;
        house.ask_back("60", "").await;
        house.confirm_back().await;
        house.until_screen("approved").await;
        house.give_back_in_the_console("60").await;
    });
}
