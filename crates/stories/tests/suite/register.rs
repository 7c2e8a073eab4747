//! Payments that a register asks for.

use crate::check;
use stories::House;
use stories::register::lines;

#[test]
fn a_register_that_lost_the_answer_finds_it_and_the_customer_pays_once() {
    // J-070; nexo.md rules 1, 2 and 5
    check!("register_lost_answer", "A register loses the answer.", async |house: &mut House| {
        house.english().await;
        let register = house.plug_in_register().await;
        let asked = register.payment("0000000001", 880);
        house.say("The register asks for 880 yen.");
        let lost = register.begin(&asked);
        house.until_reader("card").await;
        house.until_screen("present").await;
        house.say("(The register loses its line.)");
        lost.abort();
        house.say("It asks what became of its message.");
        house.quote("answer", &lines(&register.status("0000000002", "0000000001").await.unwrap()));
        house.present("visa", "insert", Some("1234")).await;
        house.until_screen("approved").await;
        house.say("It asks again.");
        let found = register.status("0000000003", "0000000001").await.unwrap();
        house.quote("answer", &lines(&found));
        house.say("It sends the same message once more.");
        let again = register.ask(&asked).await.unwrap();
        house.quote("answer", &lines(&again));
        let repeated = &found["SaleToPOIResponse"]["TransactionStatusResponse"]["RepeatedMessageResponse"];
        let repeated = &repeated["RepeatedResponseMessageBody"]["PaymentResponse"];
        assert_eq!(&again["SaleToPOIResponse"]["PaymentResponse"], repeated);
        house.say("Another message under that number is refused.");
        let other = register.ask(&register.payment("0000000001", 990)).await.unwrap();
        house.quote("answer", &lines(&other));
    });
}
