//! Payments that end well.

use crate::check;
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
