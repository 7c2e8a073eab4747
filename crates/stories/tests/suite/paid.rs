//! Payments that end well.

use crate::check;
use serde_json::json;
use stories::House;

#[test]
fn a_chip_card_with_pin_is_paid_printed_and_in_every_book_once() {
    // M-021, M-024, M-058, R-045
    check!("chip_with_pin", "A chip card with PIN.", async |house: &mut House| {
        house.show_every_field();
        house.sale("880").await;
        house.present("visa", "insert", Some("1234")).await;
        house.until_screen("approved").await;
        house.print("customer").await;
        house.print("merchant").await;
        house.say("The clerk goes on to the next customer.");
        house.press("finish", &[]).await;
        house.until_screen("amount").await;
    });
}

#[test]
fn a_chip_card_with_pin_is_paid_over_a_reader_with_triple_des_keys() {
    // card-iso8583.md, DE 63
    check!("older_reader", "A reader with triple DES keys.", async |house: &mut House| {
        house.plug_in_older_reader().await;
        house.show_every_field();
        house.sale("880").await;
        house.present("visa", "insert", Some("9999")).await;
        house.until_screen("refused").await;
        house.press("again", &[]).await;
        house.until_reader("card").await;
        house.until_screen("present").await;
        house.present("visa", "insert", Some("1234")).await;
        house.until_screen("approved").await;
    });
}

#[test]
fn a_wrong_pin_takes_no_money_and_the_right_one_pays() {
    // M-024
    check!("wrong_pin_then_right", "A wrong PIN, then the right one.", async |house: &mut House| {
        house.sale("880").await;
        house.present("mastercard", "insert", Some("9999")).await;
        house.until_screen("refused").await;
        house.say("The clerk begins the same payment again.");
        house.press("again", &[]).await;
        house.until_reader("card").await;
        house.until_screen("present").await;
        house.present("mastercard", "insert", Some("5678")).await;
        house.until_screen("approved").await;
    });
}

#[test]
fn a_swiped_card_is_held_signed_and_then_charged() {
    // R-033, M-025, X-011
    check!("swipe_with_signature", "A swiped card with signature.", async |house: &mut House| {
        house.english().await;
        house.sale("1,360").await;
        house.present("visa-stripe", "swipe", None).await;
        house.until_screen("sign").await;
        house.sign().await;
        house.until_screen("approved").await;
        house.print("merchant").await;
    });
}

#[test]
fn a_tap_up_to_the_limit_needs_no_signature() {
    //
    check!("tap_below_the_limit", "A tap of 15,000 yen.", async |house: &mut House| {
        house.sale("15000").await;
        house.present("jcb", "tap", None).await;
        house.until_screen("approved").await;
    });
}

#[test]
fn a_tap_from_15_001_yen_is_signed() {
    //
    check!("tap_above_the_limit", "A tap of 15,001 yen.", async |house: &mut House| {
        house.sale("15001").await;
        house.present("jcb", "tap", None).await;
        house.until_screen("sign").await;
        house.sign().await;
        house.until_screen("approved").await;
    });
}

#[test]
fn instalments_are_asked_for_and_printed_and_a_card_without_them_is_asked_again() {
    //
    check!("instalments", "Three instalments.", async |house: &mut House| {
        house.keypad("28000").await;
        house.until_screen("method").await;
        house.say("The clerk opens the classes.");
        house.press("classes", &[]).await;
        house.until_screen("class").await;
        house.by_card("installments-3").await;
        house.present("visa", "insert", Some("1234")).await;
        house.until_screen("approved").await;
        house.print("customer").await;
        house.keypad("28000").await;
        house.until_screen("method").await;
        house.by_card("installments-3").await;
        house.present("amex", "insert", Some("1357")).await;
        house.until_screen("class-again").await;
        house.say("The customer takes one payment instead.");
        house.press("choose-class", &[("class", "lump")]).await;
        house.until_screen("approved").await;
    });
}

#[test]
fn the_same_card_twice_is_two_payments_with_a_slip_each() {
    // M-057, R-071, R-075: the second time the clerk is asked first.
    check!("same_card_twice", "The same card and the same sum, twice.", async |house: &mut House| {
        house.sale("880").await;
        house.present("visa", "tap", None).await;
        house.until_screen("approved").await;
        house.sale("880").await;
        house.present("visa", "tap", None).await;
        house.until_screen("duplicate").await;
        house.say("The clerk asks the customer, who has indeed two bags, and goes on.");
        house.press("go-on", &[]).await;
        house.until_screen("approved").await;
    });
}

#[test]
fn a_receipt_goes_by_mail_and_opens_at_its_own_address() {
    // M-050, M-053, M-055
    check!("receipt_by_mail", "The receipt by mail.", async |house: &mut House| {
        house.sale("880").await;
        house.present("visa", "tap", None).await;
        house.until_screen("approved").await;
        house.say("The clerk opens the mail form.");
        house.press("open-mail", &[]).await;
        house.until_screen("mail").await;
        house.say("The customer types hanako@example.jp.");
        house.press("mail", &[("address", "hanako@example.jp")]).await;
        house.until_said("受け付けました").await;
        house.until("the mail is there", async || !house.mails().await.is_empty()).await;
        let mail = house.mails().await[0].clone();
        let text = mail["text"].as_str().unwrap_or_default();
        let head = format!("to {}: {}", mail["to"][0].as_str().unwrap(), mail["subject"].as_str().unwrap());
        let lines: Vec<String> = [head].into_iter().chain(text.lines().map(str::to_owned)).collect();
        house.quote("mail", &lines);
        house.say("The customer opens the receipt’s page.");
        let link = house.local_view().await["receipt_url"].as_str().unwrap().to_owned();
        let (_, token) = link.split_once("/r/").unwrap();
        assert!(text.contains(&link), "the mail has the same address: {text}");
        let page = house.center_page(&format!("/r/{token}")).await;
        assert_eq!(page.status, 200);
        let main = page.body.split_once("<main").map_or(page.body.as_str(), |(_, main)| main);
        house.quote("page", &stories::page::lines(&format!("<main{main}")));
        assert_eq!(house.center_page(&format!("/r/{}x", &token[1..])).await.status, 404);
    });
}

#[test]
fn a_copy_that_was_printed_before_is_marked() {
    //
    check!("reprint", "A copy for the second time.", async |house: &mut House| {
        house.sale("880").await;
        house.present("visa", "tap", None).await;
        house.until_screen("approved").await;
        house.print("customer").await;
        let id = house.local_view().await["id"].as_str().unwrap().to_owned();
        house.say("The clerk finds the payment in the history.");
        house.go("/go/history").await;
        house.until_said("880").await;
        house.go(&format!("/go/payment/{id}")).await;
        house.until_screen("detail").await;
        house.until_said("返金できます").await;
        house.print("customer").await;
    });
}

#[test]
fn a_program_on_the_device_takes_a_payment_without_the_pages() {
    // design.md, the fixed outside face
    check!("local_api", "A payment by the local API.", async |house: &mut House| {
        house.english().await;
        let asked = json!({ "amount": 880, "method": "card", "note": "Blend and toast" });
        let answer = house.local(asked.clone()).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        house.until_reader("card").await;
        assert_eq!(house.local_view().await["waits_for"], "card");
        let second = house.local(asked).await;
        assert_eq!(second.status, 409, "one payment at a time");
        house.quote("answer", &[format!("409 {}", second.json()["detail"].as_str().unwrap())]);
        house.present("mastercard-phone", "tap", None).await;
        house.until_screen("approved").await;
        let view = house.local_view().await;
        assert_eq!((view["state"].as_str(), view["money_taken"].as_str()), (Some("approved"), Some("yes")));
        let receipt: Vec<String> = view["receipt"].as_str().unwrap().lines().map(str::to_owned).collect();
        house.quote("receipt", &receipt);
    });
}
