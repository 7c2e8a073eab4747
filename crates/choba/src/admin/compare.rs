//! What the books disagree about. A payment or refund that one book has and another lacks is a difference
//! like any other; what is still under way (money `unknown`, or an advice on its way to the network) is not
//! yet one.

use super::books::{Books, CenterBook, CenterRefund, CenterRow, Method, NetworkBook, TerminalRow};
use serde::Serialize;
use std::collections::BTreeSet;

/// Two books that disagree about a payment or a refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Id of the payment or refund, or its reference number at the card network.
    pub payment: String,
    /// The disagreement as a sentence.
    pub what: String,
}

fn difference(of: &str, what: String) -> Difference {
    Difference { payment: of.to_owned(), what }
}

/// Every disagreement between the books.
pub fn compare(books: &Books) -> Vec<Difference> {
    let mut found = Vec::new();
    if let (Some(center), Some(network)) = (&books.center, &books.network) {
        found.extend(center.payments.values().filter_map(|row| payment_outside(row, center, network)));
        found.extend(center.refunds.values().filter_map(|row| refund_outside(row, center, network)));
        found.extend(strays(center, network));
    }
    if let (Some(center), Some(terminals)) = (&books.center, &books.terminals) {
        for row in terminals.payments.values() {
            let known = center.payments.get(&row.id);
            let known = known.map(|row| (row.amount_yen, row.state.as_str(), row.money_taken.as_str()));
            found.extend(terminal_and_center(row, known));
        }
        for row in terminals.refunds.values() {
            let known = center.refunds.get(&row.id);
            let known = known.map(|row| (row.amount_yen, row.state.as_str(), row.money_returned.as_str()));
            found.extend(terminal_and_center(row, known));
        }
        let in_none = |id: &str, state: &str| {
            difference(id, format!("{state} at the center, in no terminal's journal"))
        };
        let payments = center.payments.values().filter(|row| !terminals.payments.contains_key(&row.id));
        found.extend(payments.map(|row| in_none(&row.id, &row.state)));
        // What a person gave back in the console is in no journal.
        let by_terminal = |row: &&CenterRefund| row.who.starts_with("terminal ");
        let refunds = center.refunds.values().filter(by_terminal);
        let refunds = refunds.filter(|row| !terminals.refunds.contains_key(&row.id));
        found.extend(refunds.map(|row| in_none(&row.id, &format!("{} {}", row.kind, row.state))));
    }
    found
}

/// A payment as the outside has it.
struct Outside<'a> {
    /// The outside's own word.
    state: &'a str,
    /// Taken with this amount, whatever was given back since.
    taken: Option<i64>,
    /// Given back whole by a void or cancel.
    back: bool,
}

fn outside<'a>(row: &CenterRow, network: &'a NetworkBook) -> Outside<'a> {
    let nothing = Outside { state: "nothing", taken: None, back: false };
    match row.method {
        Method::Card => network.charges.get(&row.rrn).map_or(nothing, |charge| {
            let back = charge.state == "voided";
            let taken = (charge.state == "charged" || back).then_some(charge.amount_yen);
            Outside { state: &charge.state, taken, back }
        }),
        // A cancelled payment does not say whether it had been paid: that is the center's word.
        Method::Code => network.code_charges.get(&row.id).map_or(nothing, |charge| {
            let back = charge.status == "CANCELED" && row.money_taken == "yes";
            let taken = matches!(charge.status.as_str(), "COMPLETED" | "REFUNDED") || back;
            Outside { state: &charge.status, taken: taken.then_some(charge.amount_yen), back }
        }),
    }
}

fn payment_outside(row: &CenterRow, center: &CenterBook, network: &NetworkBook) -> Option<Difference> {
    if row.money_taken == "unknown" || row.advice.is_some() {
        return None;
    }
    let there = outside(row, network);
    if there.taken.is_some() != (row.money_taken == "yes") {
        let what = format!("{} at the center, {} at the network", row.state, there.state);
        return Some(difference(&row.id, what));
    }
    if there.state == "held" && row.state != "authorized" {
        return Some(difference(&row.id, format!("{} at the center, still held at the network", row.state)));
    }
    if let Some(yen) = there.taken.filter(|yen| *yen != row.amount_yen) {
        let what = format!("{} yen at the center, {yen} at the network", row.amount_yen);
        return Some(difference(&row.id, what));
    }
    // Who gave it back whole: an approved refund, or one whose end nobody knows yet.
    let given = |refund: &CenterRefund| refund.payment == row.id && refund.money_returned != "no";
    if there.back && !center.refunds.values().any(given) {
        let what = format!("{} at the network, given back by nobody at the center", there.state);
        return Some(difference(&row.id, what));
    }
    None
}

fn refund_outside(row: &CenterRefund, center: &CenterBook, network: &NetworkBook) -> Option<Difference> {
    if row.money_returned == "unknown" || row.advice.is_some() {
        return None;
    }
    let returned = row.money_returned == "yes";
    // Voids and cancels are a state of their payment, which another refund may have brought about.
    let under_its_name = given_back(row, network);
    let there = under_its_name.or_else(|| undone(row, center, network).filter(|_| returned));
    match there {
        Some(yen) if returned && yen != row.amount_yen => {
            let what = format!("{} of {} yen at the center, {yen} at the network", row.kind, row.amount_yen);
            Some(difference(&row.id, what))
        }
        Some(_) if !returned => Some(difference(
            &row.id,
            format!("{} {} at the center, given back at the network", row.kind, row.state),
        )),
        None if returned => {
            Some(difference(&row.id, format!("{} {} at the center, not at the network", row.kind, row.state)))
        }
        Some(_) | None => None,
    }
}

/// What the outside gave back under the refund's own name.
fn given_back(row: &CenterRefund, network: &NetworkBook) -> Option<i64> {
    match row.method {
        Method::Card => {
            let given = network.returns.get(&row.rrn).filter(|given| given.state == "refunded");
            given.map(|given| given.amount_yen)
        }
        Method::Code => network.code_refunds.get(&row.id).map(|given| given.amount_yen),
    }
}

/// What the outside gave back by undoing the payment as a whole.
fn undone(row: &CenterRefund, center: &CenterBook, network: &NetworkBook) -> Option<i64> {
    let payment = center.payments.get(&row.payment)?;
    let there = outside(payment, network);
    there.taken.filter(|_| there.back && (row.method == Method::Code || row.kind == "void"))
}

/// What the outside took or gave back and the center never heard of.
fn strays(center: &CenterBook, network: &NetworkBook) -> Vec<Difference> {
    let rrns: BTreeSet<&str> = center.payments.values().map(|row| row.rrn.as_str()).collect();
    let back_rrns: BTreeSet<&str> = center.refunds.values().map(|row| row.rrn.as_str()).collect();
    let unknown =
        |of: &str, what: &str| difference(of, format!("{what} at the network, unknown at the center"));
    let mut found = Vec::new();
    for row in network.charges.values().filter(|row| !rrns.contains(row.rrn.as_str())) {
        if matches!(row.state.as_str(), "charged" | "held" | "voided") {
            found.push(unknown(&row.rrn, &row.state));
        }
    }
    for row in network.returns.values().filter(|row| !back_rrns.contains(row.rrn.as_str())) {
        if row.state == "refunded" {
            found.push(unknown(&row.rrn, &format!("{} yen given back", row.amount_yen)));
        }
    }
    for row in network.code_charges.values().filter(|row| !center.payments.contains_key(&row.id)) {
        if matches!(row.status.as_str(), "CREATED" | "COMPLETED" | "REFUNDED") {
            found.push(unknown(&row.id, &row.status));
        }
    }
    for row in network.code_refunds.values().filter(|row| !center.refunds.contains_key(&row.id)) {
        found.push(unknown(&row.id, &format!("{} yen given back", row.amount_yen)));
    }
    found
}

/// `at_center`: whole yen, state, and whether the money moved.
fn terminal_and_center(row: &TerminalRow, at_center: Option<(i64, &str, &str)>) -> Option<Difference> {
    if row.money_taken == "unknown" {
        return None;
    }
    let Some((yen, state, moved)) = at_center else {
        let never_sent =
            matches!(row.state.as_str(), "started" | "abandoned" | "failed" | "declined" | "reversed");
        return (!never_sent)
            .then(|| difference(&row.id, format!("{} at the terminal, unknown at the center", row.state)));
    };
    if moved != "unknown" && moved != row.money_taken {
        return Some(difference(&row.id, format!("{} at the terminal, {state} at the center", row.state)));
    }
    (row.amount != yen)
        .then(|| difference(&row.id, format!("{} yen at the terminal, {yen} at the center", row.amount)))
}

#[cfg(test)]
mod tests {
    use super::super::books::{CodeRefund, CodeRow, NetworkRow, TerminalBook};
    use super::*;
    use std::collections::BTreeMap;

    fn moved(state: &str) -> String {
        match state {
            "approved" => "yes",
            "sent" | "in_doubt" => "unknown",
            _ => "no",
        }
        .to_owned()
    }

    /// One word a book; an empty one: the book does not have it.
    struct Words {
        method: Method,
        center: &'static str,
        network: &'static str,
        terminal: &'static str,
        /// Kind, then the refund's state at the center, its state at the terminal, and what the outside has
        /// under its name: `refunded`, `declined` or nothing.
        refund: Option<Back>,
    }

    type Back = (&'static str, &'static str, &'static str, &'static str);

    const PAID: Words = Words {
        method: Method::Card,
        center: "approved",
        network: "charged",
        terminal: "approved",
        refund: None,
    };

    fn one<T>(key: &str, row: T) -> BTreeMap<String, T> {
        BTreeMap::from([(key.to_owned(), row)])
    }

    fn unless_empty<T>(word: &str, key: &str, row: T) -> BTreeMap<String, T> {
        if word.is_empty() { BTreeMap::new() } else { one(key, row) }
    }

    fn terminal_row(id: &str, state: &str) -> BTreeMap<String, TerminalRow> {
        let money_taken = moved(state);
        unless_empty(state, id, TerminalRow { id: id.into(), amount: 880, state: state.into(), money_taken })
    }

    fn books(words: &Words) -> Books {
        let mut center = CenterBook::default();
        let mut network = NetworkBook::default();
        let mut terminals = TerminalBook::default();
        let payment = CenterRow {
            id: "I".into(),
            rrn: "R".into(),
            method: words.method,
            amount_yen: 880,
            state: words.center.into(),
            money_taken: moved(words.center),
            advice: None,
        };
        center.payments = unless_empty(words.center, "I", payment);
        terminals.payments = terminal_row("I", words.terminal);
        let state = words.network.to_owned();
        match words.method {
            Method::Card => {
                let row = NetworkRow { rrn: "R".into(), amount_yen: 880, state };
                network.charges = unless_empty(words.network, "R", row);
            }
            Method::Code => {
                let row = CodeRow { id: "I".into(), amount_yen: 880, status: state };
                network.code_charges = unless_empty(words.network, "I", row);
            }
        }
        if let Some((kind, at_center, at_terminal, outside)) = words.refund {
            let refund = CenterRefund {
                id: "B".into(),
                rrn: "RB".into(),
                payment: "I".into(),
                kind: kind.into(),
                method: words.method,
                amount_yen: 880,
                state: at_center.into(),
                money_returned: moved(at_center),
                advice: None,
                who: "terminal 000000358002".into(),
            };
            center.refunds = unless_empty(at_center, "B", refund);
            terminals.refunds = terminal_row("B", at_terminal);
            match words.method {
                Method::Card => {
                    let row = NetworkRow { rrn: "RB".into(), amount_yen: 880, state: outside.into() };
                    network.returns = unless_empty(outside, "RB", row);
                }
                Method::Code => {
                    let row = CodeRefund { id: "B".into(), amount_yen: 880 };
                    network.code_refunds = unless_empty(outside, "B", row);
                }
            }
        }
        Books { center: Some(center), network: Some(network), terminals: Some(terminals) }
    }

    fn found(words: &Words) -> Vec<String> {
        compare(&books(words)).into_iter().map(|difference| difference.what).collect()
    }

    /// Rows of center, network and terminal, each with so many differences.
    fn check(method: Method, differences: usize, rows: &[(&'static str, &'static str, &'static str)]) {
        for &(center, network, terminal) in rows {
            let words = Words { method, center, network, terminal, refund: None };
            assert_eq!(found(&words).len(), differences, "{center} {network} {terminal}");
        }
    }

    /// A payment of which something was given back has these differences.
    fn check_back(method: Method, network: &'static str, refund: Back, wanted: &[&str]) {
        let words = Words { method, network, refund: Some(refund), ..PAID };
        assert_eq!(found(&words), wanted, "{network} {refund:?}");
    }

    #[test]
    fn books_that_agree_have_no_difference() {
        check(
            Method::Card,
            0,
            &[
                ("approved", "charged", "approved"),
                ("reversed", "reversed", "reversed"),
                ("declined", "declined", "declined"),
                ("reversed", "", "reversed"),
                ("in_doubt", "charged", "in_doubt"),
                ("authorized", "held", "authorized"),
                ("", "", "abandoned"),
                ("", "", ""),
            ],
        );
        check(
            Method::Code,
            0,
            &[
                ("approved", "COMPLETED", "approved"),
                ("reversed", "CANCELED", "reversed"),
                ("declined", "FAILED", "declined"),
                ("sent", "CREATED", "sent"),
                ("reversed", "EXPIRED", "reversed"),
            ],
        );
    }

    #[test]
    fn a_charge_that_only_one_book_has_is_a_difference() {
        check(
            Method::Card,
            1,
            &[
                ("approved", "", "approved"),
                ("approved", "reversed", "approved"),
                ("declined", "charged", "declined"),
                ("reversed", "charged", "reversed"),
                ("", "charged", ""),
                ("approved", "charged", ""),
                ("approved", "charged", "reversed"),
                ("reversed", "reversed", "approved"),
                ("", "", "approved"),
                ("released", "held", "released"),
            ],
        );
        check(
            Method::Code,
            1,
            &[
                ("approved", "", "approved"),
                ("approved", "FAILED", "approved"),
                ("declined", "COMPLETED", "declined"),
                ("", "COMPLETED", ""),
                ("", "CREATED", ""),
            ],
        );
    }

    #[test]
    fn what_every_book_gave_back_is_no_difference() {
        // model 3.4
        let agree = |method, rows: &[(&'static str, Back)]| {
            for &(network, refund) in rows {
                check_back(method, network, refund, &[]);
            }
        };
        agree(
            Method::Card,
            &[
                ("voided", ("void", "approved", "approved", "")),
                ("charged", ("return", "approved", "approved", "refunded")),
                ("charged", ("void", "declined", "declined", "")),
                ("charged", ("return", "declined", "declined", "declined")),
                ("charged", ("void", "in_doubt", "in_doubt", "")),
                ("voided", ("void", "in_doubt", "in_doubt", "")),
                ("charged", ("return", "in_doubt", "in_doubt", "refunded")),
                ("charged", ("return", "reversed", "reversed", "reversed")),
            ],
        );
        agree(
            Method::Code,
            &[
                ("CANCELED", ("void", "approved", "approved", "")),
                ("REFUNDED", ("refund", "approved", "approved", "refunded")),
                ("COMPLETED", ("refund", "declined", "declined", "")),
            ],
        );
    }

    #[test]
    fn a_refund_that_one_of_the_three_lacks_is_a_difference() {
        for (network, refund, wanted) in [
            // The network lacks it.
            (
                "charged",
                ("void", "approved", "approved", ""),
                "void approved at the center, not at the network",
            ),
            (
                "charged",
                ("return", "approved", "approved", ""),
                "return approved at the center, not at the network",
            ),
            (
                "charged",
                ("return", "approved", "approved", "declined"),
                "return approved at the center, not at the network",
            ),
            // The center lacks it.
            (
                "voided",
                ("void", "declined", "declined", ""),
                "voided at the network, given back by nobody at the center",
            ),
            (
                "charged",
                ("return", "declined", "declined", "refunded"),
                "return declined at the center, given back at the network",
            ),
            ("charged", ("void", "", "approved", ""), "approved at the terminal, unknown at the center"),
            (
                "charged",
                ("return", "", "", "refunded"),
                "880 yen given back at the network, unknown at the center",
            ),
            // The terminal lacks it.
            ("voided", ("void", "approved", "", ""), "void approved at the center, in no terminal's journal"),
            (
                "voided",
                ("void", "approved", "declined", ""),
                "declined at the terminal, approved at the center",
            ),
        ] {
            check_back(Method::Card, network, refund, &[wanted]);
        }
        for (network, refund, wanted) in [
            (
                "COMPLETED",
                ("refund", "approved", "approved", ""),
                "refund approved at the center, not at the network",
            ),
            (
                "COMPLETED",
                ("refund", "declined", "declined", "refunded"),
                "refund declined at the center, given back at the network",
            ),
            (
                "CANCELED",
                ("void", "declined", "declined", ""),
                "CANCELED at the network, given back by nobody at the center",
            ),
            (
                "COMPLETED",
                ("refund", "", "", "refunded"),
                "880 yen given back at the network, unknown at the center",
            ),
        ] {
            check_back(Method::Code, network, refund, &[wanted]);
        }
    }

    #[test]
    fn what_a_person_gave_back_is_in_no_journal() {
        let refund = Some(("return", "approved", "", "refunded"));
        let mut all = books(&Words { refund, ..PAID });
        let center = all.center.as_mut().unwrap();
        center.refunds.values_mut().for_each(|row| row.who = "person tanaka".into());
        assert_eq!(compare(&all), []);
    }

    #[test]
    fn another_amount_is_a_difference() {
        let mut all = books(&PAID);
        let network = all.network.as_mut().unwrap();
        network.charges.values_mut().for_each(|row| row.amount_yen = 881);
        assert_eq!(compare(&all).len(), 1);
        let refund = Some(("return", "approved", "approved", "refunded"));
        let mut all = books(&Words { refund, ..PAID });
        let network = all.network.as_mut().unwrap();
        network.returns.values_mut().for_each(|row| row.amount_yen = 80);
        let what = "return of 880 yen at the center, 80 at the network".to_owned();
        assert_eq!(compare(&all), [difference("B", what)]);
        let terminals = all.terminals.as_mut().unwrap();
        terminals.refunds.values_mut().for_each(|row| row.amount = 800);
        assert_eq!(compare(&all).len(), 2);
    }
}
