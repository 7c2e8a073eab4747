//! Trouble in the middle of a payment: nothing is guessed, nothing is charged twice, nothing stays open.

use crate::check;
use stories::House;

/// A sale whose card is read; the network is then up to something.
async fn asked(house: &mut House, fault: &str, times: u32) {
    house.fault(fault, times).await;
    sold(house).await;
}

async fn sold(house: &mut House) {
    house.sale("880").await;
    house.present("visa", "tap", None).await;
    house.until_screen("processing").await;
}

#[test]
fn a_silent_network_ends_in_a_reversal() {
    check!("silent_network", "The network charges and does not answer.", async |house: &mut House| {
        house.english().await;
        asked(house, "drop_answer", 2).await;
        house.until_network("never sent", 1).await;
        house.center_gives_up().await;
        house.until_network("never sent", 2).await;
        house.a_little_later("undone").await;
    });
}

#[test]
fn a_request_that_never_arrives_is_reversed_and_never_charged() {
    check!("request_lost", "The request never reaches the network.", async |house: &mut House| {
        asked(house, "drop_request", 1).await;
        house.until_network("lost on its way in", 1).await;
        house.center_gives_up().await;
        house.a_little_later("undone").await;
    });
}

#[test]
fn an_answer_after_the_reversal_changes_nothing() {
    check!("late_answer", "The answer comes after the reversal.", async |house: &mut House| {
        // Later than the reversal takes on any machine.
        house.answer_late(10).await;
        sold(house).await;
        house.until_charged(1).await;
        house.center_gives_up().await;
        house.a_little_later("undone").await;
        house.advance(10 * 60).await;
        house.until_network("late, by order", 1).await;
    });
}

#[test]
fn an_answer_that_comes_twice_counts_once() {
    check!("duplicate_answer", "The answer comes twice.", async |house: &mut House| {
        house.fault("duplicate", 1).await;
        house.sale("880").await;
        house.present("visa", "tap", None).await;
        house.until_screen("approved").await;
        house.until_network("once more", 1).await;
    });
}

#[test]
fn garbage_is_no_answer() {
    check!("garbage_answer", "The answer is garbage.", async |house: &mut House| {
        asked(house, "garbage", 1).await;
        house.until_network("garbled", 1).await;
        house.center_gives_up().await;
        house.a_little_later("undone").await;
    });
}

#[test]
fn a_line_that_is_cut_leaves_a_doubt_that_is_reversed() {
    check!("line_cut", "The line is cut instead of an answer.", async |house: &mut House| {
        asked(house, "close", 1).await;
        house.until_screen("unknown").await;
        house.a_little_later("undone").await;
    });
}

#[test]
fn a_center_killed_in_mid_payment_reverses_what_it_had_asked() {
    check!("center_killed", "The center is killed in mid-payment.", async |house: &mut House| {
        asked(house, "drop_answer", 1).await;
        house.until_network("never sent", 1).await;
        house.kill_center().await;
        house.until_screen("unknown").await;
        house.restart_center().await;
        house.until_center("reversed").await;
        house.a_little_later("undone").await;
    });
}

#[test]
fn a_terminal_killed_in_mid_payment_asks_what_became_of_it() {
    check!("terminal_killed", "The terminal is killed in mid-payment.", async |house: &mut House| {
        house.fault("drop_answer", 1).await;
        house.sale("880").await;
        house.present("visa", "tap", None).await;
        house.until_screen("processing").await;
        house.until_network("never sent", 1).await;
        house.kill_terminal().await;
        house.restart_terminal().await;
        house.until_screen("recovering").await;
        house.advance(25).await;
        house.a_little_later("undone").await;
    });
}

#[test]
fn a_terminal_killed_while_asking_finds_the_approval() {
    check!(
        "terminal_killed_approved",
        "The terminal is killed; the answer comes meanwhile.",
        async |house: &mut House| {
            house.fault("delay", 1).await;
            house.sale("880").await;
            house.present("visa", "tap", None).await;
            house.until_screen("processing").await;
            house.until_charged(1).await;
            house.kill_terminal().await;
            house.advance(3).await;
            house.until_center("approved").await;
            house.restart_terminal().await;
            house.a_little_later("approved").await;
            house.print("customer").await;
        }
    );
}

#[test]
fn a_terminal_killed_while_printing_offers_the_slip_again() {
    check!("killed_while_printing", "The terminal is killed while it prints.", async |house: &mut House| {
        let printer = stories::stall::Printer::start().await;
        house.plug_in_printer(printer.at).await;
        house.sale("880").await;
        house.present("visa", "tap", None).await;
        house.until_screen("approved").await;
        house.say("The clerk prints the customer’s copy, and the printer stalls.");
        house.press("print-customer", &[]).await;
        house.until_journal("printing").await;
        printer.until_it_has_bytes().await;
        house.kill_terminal().await;
        house.plug_in_the_desks_printer();
        house.restart_terminal().await;
        house.until_screen("approved").await;
        house.print("customer").await;
    });
}
