//! Payments by the code on the customer's phone.

use crate::check;
use stories::House;

#[test]
fn a_code_is_paid_at_once_and_the_brands_number_is_on_the_slip() {
    // M-040, M-041, M-043, M-044
    check!("code_paid", "A code that pays at once.", async |house: &mut House| {
        house.sale_by_code("880").await;
        house.show_code("aoi-paypay").await;
        house.until_screen("approved").await;
        house.print("customer").await;
    });
}

#[test]
fn digits_that_are_typed_pay_like_a_scanned_code() {
    // M-040, M-043
    check!("code_typed", "A code that is typed.", async |house: &mut House| {
        house.english().await;
        house.sale_by_code("1,360").await;
        house.type_code("aoi-merpay").await;
        house.until_screen("approved").await;
    });
}

#[test]
fn a_customer_who_must_confirm_is_asked_about_until_it_is_paid() {
    //
    check!("code_confirmed", "The customer has to confirm, and does.", async |house: &mut House| {
        house.sale_by_code("880").await;
        house.show_code("haru-paypay").await;
        house.until_screen("customer").await;
        house.a_little_later("approved").await;
    });
}

#[test]
fn a_customer_who_refuses_on_the_phone_has_paid_nothing() {
    // X-046, Q1ET0050
    check!("code_refused_by_customer", "The customer refuses on the phone.", async |house: &mut House| {
        house.sale_by_code("880").await;
        house.show_code("mei-paypay").await;
        house.until_screen("customer").await;
        house.customer_answers(false).await;
        house.a_little_later("refused").await;
    });
}

#[test]
fn a_customer_who_does_nothing_is_waited_for_until_the_brands_time_is_over() {
    //
    check!("code_never_confirmed", "The customer never confirms.", async |house: &mut House| {
        house.english().await;
        house.sale_by_code("880").await;
        house.show_code("mei-paypay").await;
        house.until_screen("customer").await;
        house.advance(301).await;
        house.a_little_later("refused").await;
    });
}

#[test]
fn a_clerk_who_stops_waiting_learns_that_nothing_was_paid() {
    //
    check!("code_wait_stopped", "The clerk stops waiting.", async |house: &mut House| {
        house.sale_by_code("880").await;
        house.show_code("mei-paypay").await;
        house.until_screen("customer").await;
        house.a_little_later_in_the_log("inquiry").await;
        house.say("The clerk stops waiting.");
        house.press("cancel", &[]).await;
        house.a_little_later("undone").await;
    });
}

#[test]
fn a_refusal_of_the_brand_says_why_and_takes_no_money() {
    // Q1ET0006
    check!("code_declined", "The balance is short.", async |house: &mut House| {
        house.sale_by_code("880").await;
        house.show_code("poor-paypay").await;
        house.until_screen("refused").await;
    });
}

#[test]
fn a_lost_answer_is_a_doubt_that_an_inquiry_ends_as_paid() {
    // Q1ET0043
    check!("code_found_paid", "Paid, and the answer is lost.", async |house: &mut House| {
        house.code_fault("drop_answer", 1).await;
        house.sale_by_code("880").await;
        house.show_code("aoi-paypay").await;
        house.until_screen("processing").await;
        house.until_network("payment", 1).await;
        house.center_gives_up().await;
        house.a_little_later("approved").await;
    });
}

#[test]
fn a_lost_request_is_inquired_and_then_cancelled_for_good() {
    // Q1ET0041
    check!("code_cancelled", "The request never reaches the brand.", async |house: &mut House| {
        house.english().await;
        house.code_fault("drop_request", 1).await;
        house.sale_by_code("880").await;
        house.show_code("aoi-paypay").await;
        house.until_screen("processing").await;
        house.until_network("lost on its way in", 1).await;
        house.center_gives_up().await;
        house.a_little_later("undone").await;
    });
}

#[test]
fn a_code_that_nobody_knows_leads_to_the_brands_and_a_wrong_choice_costs_nothing() {
    // M-042, X-042
    check!("code_unknown", "A code that nobody knows.", async |house: &mut House| {
        house.sale_by_code("880").await;
        house.show_text("https://example.jp/shop/7").await;
        house.until_said("お店のコードやリンク").await;
        house.show_text("990000112233445566").await;
        house.until_screen("brands").await;
        house.say("The clerk chooses メルペイ.");
        house.press("choose-brand", &[("brand", "merpay")]).await;
        house.until_screen("refused").await;
    });
}
