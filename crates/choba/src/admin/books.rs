//! Three books, one truth: terminal journals, center, card network, payment by payment. A payment that
//! one book has and another lacks is a difference like any other.

use super::snapshot::Snapshot;
use crate::programs::StartFault;
use clock::Clock;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The books, by payment.
#[derive(Clone, Debug, Default)]
pub struct Books {
    /// Center, by reference number (DE 37).
    pub center: Option<BTreeMap<String, CenterRow>>,
    /// Card network, by reference number.
    pub network: Option<BTreeMap<String, NetworkRow>>,
    /// Terminals, by payment id.
    pub terminals: Option<BTreeMap<String, TerminalRow>>,
}

/// A payment at the center.
#[derive(Clone, Debug, Deserialize)]
pub struct CenterRow {
    /// Payment id.
    pub id: String,
    /// Reference number.
    pub rrn: String,
    /// Whole yen.
    pub amount_yen: i64,
    /// State word.
    pub state: String,
    /// `yes`, `no`, `unknown`.
    pub money_taken: String,
    /// Whether a completion or reversal still has to be acknowledged by the network.
    pub advice: Option<String>,
    /// Whether an approved payment was given back before its slip.
    #[serde(default)]
    pub voided: bool,
}

/// A payment at the card network.
#[derive(Clone, Debug, Deserialize)]
pub struct NetworkRow {
    /// Reference number.
    pub rrn: String,
    /// Whole yen.
    pub amount_yen: i64,
    /// `charged`, `held`, `reversed`, `declined`, `tombstone`.
    pub state: String,
}

/// A payment at a terminal.
#[derive(Clone, Debug, Deserialize)]
pub struct TerminalRow {
    /// Payment id.
    pub id: String,
    /// Whole yen.
    pub amount: i64,
    /// State word.
    pub state: String,
    /// `yes`, `no`, `unknown`.
    pub money_taken: String,
}

/// Two books that disagree about a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Payment id or reference number.
    pub payment: String,
    /// The disagreement as a sentence.
    pub what: String,
}

impl Books {
    pub(super) fn read(snapshot: &Snapshot, clock: &Clock) -> Result<Self, StartFault> {
        let mut books = Self::default();
        if snapshot.center.is_some() {
            let exported = snapshot.center_export(clock)?;
            let tenants = exported.get("tenants").and_then(Value::as_array).cloned().unwrap_or_default();
            let rows = tenants.iter().filter_map(|tenant| tenant.get("payments").and_then(Value::as_array));
            let rows = rows.flatten().map(row::<CenterRow>).collect::<Result<Vec<_>, _>>()?;
            books.center = Some(rows.into_iter().map(|row| (row.rrn.clone(), row)).collect());
        }
        if snapshot.networks.is_some() {
            let exported = snapshot.networks_export(clock)?;
            let rows = exported.get("charges").and_then(Value::as_array).cloned().unwrap_or_default();
            let rows = rows.iter().map(row::<NetworkRow>).collect::<Result<Vec<_>, _>>()?;
            books.network = Some(rows.into_iter().map(|row| (row.rrn.clone(), row)).collect());
        }
        if !snapshot.terminals.is_empty() {
            let mut all = BTreeMap::new();
            for (_, folder) in &snapshot.terminals {
                let exported = terminal::export(folder, clock.clone()).map_err(StartFault::new)?;
                let rows = exported.get("payments").and_then(Value::as_array).cloned().unwrap_or_default();
                for value in &rows {
                    let row = row::<TerminalRow>(value)?;
                    all.insert(row.id.clone(), row);
                }
            }
            books.terminals = Some(all);
        }
        Ok(books)
    }
}

fn row<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, StartFault> {
    serde_json::from_value(value.clone())
        .map_err(|why| StartFault::new(format!("An export has another shape: {why}.")))
}

/// Every disagreement between the books. What is still under way (money `unknown`, or an advice on its
/// way to the network) is not yet a disagreement.
pub fn compare(books: &Books) -> Vec<Difference> {
    let mut found = Vec::new();
    if let (Some(center), Some(network)) = (&books.center, &books.network) {
        for row in center.values() {
            found.extend(center_and_network(row, network.get(&row.rrn)));
        }
        for row in network.values().filter(|row| !center.contains_key(&row.rrn)) {
            if matches!(row.state.as_str(), "charged" | "held") {
                found.push(difference(
                    &row.rrn,
                    format!("{} at the network, unknown at the center", row.state),
                ));
            }
        }
    }
    if let (Some(center), Some(terminals)) = (&books.center, &books.terminals) {
        let by_id: BTreeMap<&str, &CenterRow> = center.values().map(|row| (row.id.as_str(), row)).collect();
        for row in terminals.values() {
            found.extend(terminal_and_center(row, by_id.get(row.id.as_str()).copied()));
        }
        for row in center.values().filter(|row| !terminals.contains_key(&row.id)) {
            found.push(difference(&row.id, format!("{} at the center, in no terminal's journal", row.state)));
        }
    }
    found
}

fn difference(payment: &str, what: String) -> Difference {
    Difference { payment: payment.to_owned(), what }
}

fn center_and_network(row: &CenterRow, at_network: Option<&NetworkRow>) -> Option<Difference> {
    if row.money_taken == "unknown" || row.advice.is_some() {
        return None;
    }
    let state = at_network.map_or("nothing", |row| row.state.as_str());
    let charged = state == "charged";
    let taken = row.money_taken == "yes";
    if charged != taken {
        return Some(difference(&row.id, format!("{} at the center, {state} at the network", row.state)));
    }
    if state == "held" && row.state != "authorized" {
        return Some(difference(&row.id, format!("{} at the center, still held at the network", row.state)));
    }
    let amount = at_network.map(|row| row.amount_yen);
    (taken && amount != Some(row.amount_yen)).then(|| {
        difference(&row.id, format!("{} yen at the center, {amount:?} at the network", row.amount_yen))
    })
}

fn terminal_and_center(row: &TerminalRow, at_center: Option<&CenterRow>) -> Option<Difference> {
    if row.money_taken == "unknown" {
        return None;
    }
    let Some(center) = at_center else {
        let never_sent =
            matches!(row.state.as_str(), "started" | "abandoned" | "failed" | "declined" | "reversed");
        return (!never_sent)
            .then(|| difference(&row.id, format!("{} at the terminal, unknown at the center", row.state)));
    };
    if center.money_taken != "unknown" && center.money_taken != row.money_taken {
        return Some(difference(
            &row.id,
            format!("{} at the terminal, {} at the center", row.state, center.state),
        ));
    }
    (row.amount != center.amount_yen).then(|| {
        difference(
            &row.id,
            format!("{} yen at the terminal, {} at the center", row.amount, center.amount_yen),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn books(center: &str, network: &str, terminal: &str) -> Books {
        let taken = |state: &str| match state {
            "approved" => "yes",
            "sent" | "in_doubt" => "unknown",
            _ => "no",
        };
        let one = |state: &str| (!state.is_empty()).then(|| state.to_owned());
        Books {
            center: Some(
                one(center)
                    .into_iter()
                    .map(|state| {
                        let money_taken = taken(&state).to_owned();
                        (
                            "R".to_owned(),
                            CenterRow {
                                id: "I".into(),
                                rrn: "R".into(),
                                amount_yen: 880,
                                state,
                                money_taken,
                                advice: None,
                                voided: false,
                            },
                        )
                    })
                    .collect(),
            ),
            network: Some(
                one(network)
                    .into_iter()
                    .map(|state| ("R".to_owned(), NetworkRow { rrn: "R".into(), amount_yen: 880, state }))
                    .collect(),
            ),
            terminals: Some(
                one(terminal)
                    .into_iter()
                    .map(|state| {
                        let money_taken = taken(&state).to_owned();
                        ("I".to_owned(), TerminalRow { id: "I".into(), amount: 880, state, money_taken })
                    })
                    .collect(),
            ),
        }
    }

    #[test]
    fn books_that_agree_have_no_difference() {
        for (center, network, terminal) in [
            ("approved", "charged", "approved"),
            ("reversed", "reversed", "reversed"),
            ("declined", "declined", "declined"),
            ("reversed", "", "reversed"),
            ("in_doubt", "charged", "in_doubt"),
            ("authorized", "held", "authorized"),
            ("", "", "abandoned"),
            ("", "", ""),
        ] {
            assert_eq!(compare(&books(center, network, terminal)), [], "{center} {network} {terminal}");
        }
    }

    #[test]
    fn a_charge_that_only_one_book_has_is_a_difference() {
        for (center, network, terminal) in [
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
        ] {
            assert_eq!(compare(&books(center, network, terminal)).len(), 1, "{center} {network} {terminal}");
        }
    }

    #[test]
    fn another_amount_is_a_difference() {
        let mut all = books("approved", "charged", "approved");
        if let Some(row) = all.network.as_mut().and_then(|rows| rows.get_mut("R")) {
            row.amount_yen = 881;
        }
        assert_eq!(compare(&all).len(), 1);
    }
}
