//! The moves of pay days and payouts as a table.

use expect_test::expect;
use settlement::rules::{PayDayEvent, PayDayState, PayoutEvent, PayoutState};

#[test]
fn every_move_of_a_pay_day_and_of_a_payout() {
    let mut text = String::new();
    for &state in PayDayState::ALL {
        assert_eq!(PayDayState::from_word(state.word()), Some(state));
        for &event in PayDayEvent::ALL {
            if let Ok(next) = state.next(event) {
                text.push_str(&format!("pay day {} {} {}\n", state.word(), event.word(), next.word()));
            }
        }
    }
    for &state in PayoutState::ALL {
        assert_eq!(PayoutState::from_word(state.word()), Some(state));
        for &event in PayoutEvent::ALL {
            if let Ok(next) = state.next(event) {
                text.push_str(&format!("payout {} {} {}\n", state.word(), event.word(), next.word()));
            }
        }
    }
    expect![[r"
        pay day open assemble closing
        pay day open close closed
        pay day closing assemble closing
        pay day closing close closed
        pay day closed assemble closing
        pay day closed approve approved
        pay day approved assemble closing
        pay day approved export exported
        pay day exported assemble closing
        pay day exported export exported
        pay day exported pay paid
        pay day paid assemble closing
        pay day paid export exported
        payout waiting export exported
        payout waiting hold held
        payout waiting readdress replaced
        payout exported pay paid
        payout exported return returned
        payout exported reject waiting
        payout paid return returned
        payout returned readdress replaced
        payout returned carry carried
        payout returned undo exported
    "]]
    .assert_eq(&text);
}
