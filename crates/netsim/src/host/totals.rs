//! The network's side of a day's totals: what it counts, and what it says to the acquirer's. Pure like
//! [`super::step`].
//!
//! Numbers of sections are those of docs/networks/card-iso8583.md.

use super::book::{Kind, State};
use super::request::Day;
use super::step::{APPROVED, Done, Forced, plain};
use iso8583::Message;
use iso8583::totals::{Count, Settlement, Totals};
use jiff::Timestamp;
use jiff::civil::Date;

/// What the figures of an ordered difference are off by, in whole yen.
pub const OFF_BY_YEN: u64 = 1;

/// The day of a `MMDD`, `YYYY-MM-DD`: the one that lies nearest to now. What is no day is today's.
pub fn day_of(text: &str, now: Timestamp) -> String {
    let today = clock::business_date(now);
    let part = |range| text.get(range).and_then(|digits: &str| digits.parse::<i8>().ok());
    let far = |day: &Date| today.until(*day).map_or(i32::MAX, |span| span.get_days().saturating_abs());
    let around = [today.year().saturating_sub(1), today.year(), today.year().saturating_add(1)];
    let days = part(0..2)
        .zip(part(2..4))
        .into_iter()
        .flat_map(|(month, day)| around.into_iter().filter_map(move |year| Date::new(year, month, day).ok()));
    days.min_by_key(far).unwrap_or(today).to_string()
}

/// Adds up the book's lines of one day (section 9): what a 0420 undid counts as never having been, since
/// only the network knows whether it had been charged.
pub fn count(lines: impl IntoIterator<Item = (Kind, State, Count)>) -> Totals {
    let add = |to: &mut Count, more: Count| {
        to.number = to.number.saturating_add(more.number);
        to.yen = to.yen.saturating_add(more.yen);
    };
    let mut totals = Totals::default();
    for (kind, state, more) in lines {
        match (kind, state) {
            (Kind::Return, State::Refunded) => add(&mut totals.credits, more),
            (Kind::Sale | Kind::Hold, State::Charged) => add(&mut totals.debits, more),
            (Kind::Sale | Kind::Hold, State::Voided) => {
                add(&mut totals.debits, more);
                add(&mut totals.debit_reversals, more);
            }
            (_, State::Held | State::Reversed | State::Declined | State::Tombstone) => {}
            (Kind::Return | Kind::Unknown, State::Charged | State::Voided)
            | (Kind::Sale | Kind::Hold | Kind::Unknown, State::Refunded) => {}
        }
    }
    totals
}

/// 0500, 0501: whether the totals are ours, and ours when they are not. 0520, 0521: acknowledged.
pub fn compare(message: &Message, day: &Day, own: &Totals, forced: Option<&Forced>) -> Option<Done> {
    let mut own = *own;
    if forced == Some(&Forced::OtherTotals) {
        own.debits.yen = own.debits.yen.saturating_add(OFF_BY_YEN);
    }
    let agrees = own == day.totals;
    let note = match (day.only_said, agrees) {
        (true, _) => "the day's totals as they stand",
        (false, true) => "in balance",
        (false, false) => "out of balance",
    };
    let mut done = plain(message, APPROVED, note)?;
    done.answer.set(15, &day.on).ok()?;
    match (day.only_said, agrees) {
        (true, _) => {}
        (false, true) => drop(done.answer.set_settlement(Settlement::InBalance).ok()?),
        (false, false) => {
            done.answer.set_settlement(Settlement::OutOfBalance).ok()?.set(50, "392").ok()?;
            done.answer.set_totals(&own).ok()?;
        }
    }
    Some(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_of_a_message_is_the_nearest_one() {
        let now: Timestamp = "2027-01-01T03:00:00Z".parse().unwrap();
        for (text, day) in [
            ("1231", "2026-12-31"),
            ("0101", "2027-01-01"),
            ("0102", "2027-01-02"),
            ("0229", "2028-02-29"),
            ("1340", "2027-01-01"),
            ("", "2027-01-01"),
        ] {
            assert_eq!(day_of(text, now), day, "{text}");
        }
    }

    #[test]
    fn what_a_reversal_undid_counts_nowhere_and_a_void_counts_beside_its_sale() {
        let one = Count { number: 1, yen: 880 };
        let lines = [
            (Kind::Sale, State::Charged),
            (Kind::Hold, State::Charged),
            (Kind::Sale, State::Voided),
            (Kind::Return, State::Refunded),
            (Kind::Sale, State::Reversed),
            (Kind::Return, State::Reversed),
            (Kind::Hold, State::Held),
            (Kind::Sale, State::Declined),
            (Kind::Unknown, State::Tombstone),
        ];
        let totals = count(lines.map(|(kind, state)| (kind, state, one)));
        assert_eq!(totals.debits, Count { number: 3, yen: 2_640 });
        assert_eq!((totals.debit_reversals, totals.credits), (one, one));
        assert_eq!((totals.credit_reversals, totals.net_yen()), (Count::default(), Some(880)));
    }
}
