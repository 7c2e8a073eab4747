//! What everybody wrote down, compared payment by payment. A row that one book has and another lacks is a
//! difference: the check does not rest on `choba admin verify`, which is run beside it.

use crate::flow::{Seen, word};
use anyhow::Result;
use choba::admin::{self, Places, Which};
use choba::programs::StartFault;
use clock::Clock;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// Rows by payment id (terminal, center) or reference number (network).
pub type Rows = BTreeMap<String, Value>;

/// All books of a folder.
pub struct Books {
    /// Terminal journal.
    pub terminal: Rows,
    /// Center, by payment id.
    pub center: Rows,
    /// Card network, by reference number; tombstones too, as rows without an amount.
    pub network: Rows,
    /// The report of `choba admin verify`.
    pub verified: Value,
}

fn rows(list: Option<&Value>, key: &str) -> Rows {
    let list = list.and_then(Value::as_array).cloned().unwrap_or_default();
    list.into_iter().map(|row| (word(&row, key).to_owned(), row)).collect()
}

fn places(folder: &Path) -> Result<Places> {
    Ok(Places::find(folder, None)?)
}

/// The payments of the terminal's journal.
pub fn terminal(folder: &Path) -> Result<Rows> {
    let places = places(folder)?;
    let exported = patiently(|| admin::export(Which::Terminal, &places, &Clock::real()))?;
    let journals = exported.get("journals").and_then(Value::as_object).cloned().unwrap_or_default();
    Ok(journals.values().flat_map(|journal| rows(journal.get("payments"), "id")).collect())
}

/// The report of `choba admin verify`.
pub fn verify(folder: &Path) -> Result<Value> {
    let places = places(folder)?;
    patiently(|| admin::verify(&places, &Clock::real()))
}

/// Reads a book. The lock of a copy of ours outlives its closing while another thread of the harness is
/// just starting a program: the child holds every file of ours until it becomes that program.
fn patiently(mut read: impl FnMut() -> Result<Value, StartFault>) -> Result<Value> {
    for _ in 0..20 {
        match read() {
            Err(fault) if fault.0.contains("in use by another program") => {
                crate::tools::pause(Duration::from_millis(5));
            }
            done => return Ok(done?),
        }
    }
    Ok(read()?)
}

/// What is still open somewhere, as sentences.
pub fn open(report: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for tenant in report.pointer("/center/tenants").and_then(Value::as_array).into_iter().flatten() {
        for row in tenant.get("open").and_then(Value::as_array).into_iter().flatten() {
            found.push(format!("open at the center: {row}"));
        }
        if let Some(waiting) = tenant.get("outbox_waiting").and_then(Value::as_i64).filter(|n| *n > 0) {
            found.push(format!("{waiting} messages wait in the center's outbox"));
        }
    }
    for (name, journal) in report.get("terminals").and_then(Value::as_object).into_iter().flatten() {
        if let Some(open) = journal.get("unsettled").and_then(Value::as_i64).filter(|n| *n > 0) {
            found.push(format!("{open} payments are open in the journal of {name}"));
        }
    }
    found
}

impl Books {
    /// Reads everything.
    pub fn read(folder: &Path) -> Result<Self> {
        let (places, clock) = (places(folder)?, Clock::real());
        let center = patiently(|| admin::export(Which::Center, &places, &clock))?;
        let tenants = center.get("tenants").and_then(Value::as_array).cloned().unwrap_or_default();
        let networks = patiently(|| admin::export(Which::Networks, &places, &clock))?;
        let mut network = rows(networks.get("charges"), "rrn");
        for (rrn, row) in rows(networks.get("tombstones"), "rrn") {
            network.entry(rrn).or_insert(row);
        }
        Ok(Self {
            terminal: terminal(folder)?,
            center: tenants.iter().flat_map(|tenant| rows(tenant.get("payments"), "id")).collect(),
            network,
            verified: verify(folder)?,
        })
    }

    /// Every difference, as a sentence. `seen` is what the person at the counter was told.
    pub fn differences(&self, seen: &BTreeMap<String, Seen>) -> Vec<String> {
        let mut found = open(&self.verified);
        if self.verified.get("sound") != Some(&Value::Bool(true)) {
            found.push(format!("choba admin verify: not sound: {}", self.verified));
        }
        for (id, told) in seen {
            found.extend(self.told(id, told));
        }
        for (id, row) in &self.terminal {
            if !seen.contains_key(id) {
                found.push(format!("{id}: in the journal, begun by nobody"));
            }
            found.extend(self.of_terminal(id, row));
        }
        for (id, row) in &self.center {
            if !self.terminal.contains_key(id) {
                found.push(format!("{id}: {} at the center, not in the journal", word(row, "state")));
            }
            found.extend(self.of_center(id, row));
        }
        let known: Vec<&str> = self.center.values().map(|row| word(row, "rrn")).collect();
        for (rrn, row) in &self.network {
            if !known.contains(&rrn.as_str()) {
                found.push(format!("{rrn}: {} at the network, not at the center", word(row, "state")));
            }
        }
        found.extend(self.sums());
        found
    }

    /// What was said stays: a final state, and that money was taken.
    fn told(&self, id: &str, told: &Seen) -> Option<String> {
        let Some(row) = self.terminal.get(id) else {
            return Some(format!("{id}: begun, and lost from the journal"));
        };
        let state = word(row, "state");
        match &told.last_word {
            Some(last) if last != state => Some(format!("{id}: told as {last}, now {state}")),
            _ if told.taken && word(row, "money_taken") != "yes" => {
                Some(format!("{id}: told that money was taken, now {state}"))
            }
            _ => None,
        }
    }

    fn of_terminal(&self, id: &str, row: &Value) -> Option<String> {
        let (state, taken) = (word(row, "state"), word(row, "money_taken"));
        let Some(center) = self.center.get(id) else {
            // Nothing has left the terminal, or nothing has arrived.
            let alone = matches!(state, "abandoned" | "failed");
            return (!alone).then(|| format!("{id}: {state} in the journal, not at the center"));
        };
        let there = (word(center, "state"), word(center, "money_taken"));
        if taken != there.1 {
            return Some(format!(
                "{id}: {state} ({taken}) in the journal, {} ({}) at the center",
                there.0, there.1
            ));
        }
        let (mine, theirs) = (row.get("amount"), center.get("amount_yen"));
        (mine != theirs).then(|| format!("{id}: {mine:?} yen in the journal, {theirs:?} at the center"))
    }

    fn of_center(&self, id: &str, row: &Value) -> Option<String> {
        let (state, taken) = (word(row, "state"), word(row, "money_taken"));
        let charge = self.network.get(word(row, "rrn"));
        let at_network = charge.map_or("nothing", |charge| match word(charge, "state") {
            "" => "tombstone",
            state => state,
        });
        let fits = match (state, taken) {
            (_, "yes") => at_network == "charged",
            // A payment that was undone before it came has no card, and the network never heard of it.
            // What the network had declined stays declined when it is undone.
            ("reversed", _) => {
                matches!(at_network, "reversed" | "tombstone" | "declined")
                    || row.get("card").is_none_or(Value::is_null)
            }
            ("released" | "approved", _) => at_network == "reversed",
            ("declined", _) => matches!(at_network, "declined" | "nothing"),
            ("failed", _) => matches!(at_network, "nothing" | "declined"),
            _ => false,
        };
        if !fits {
            return Some(format!("{id}: {state} at the center, {at_network} at the network"));
        }
        let amounts = charge.filter(|_| taken == "yes").and_then(|charge| charge.get("amount_yen"));
        (taken == "yes" && amounts != row.get("amount_yen"))
            .then(|| format!("{id}: the network charged another amount: {amounts:?}"))
    }

    fn sums(&self) -> Option<String> {
        let sum = |rows: &Rows, key: &str, yes: &dyn Fn(&Value) -> bool| -> i64 {
            rows.values().filter(|row| yes(row)).filter_map(|row| row.get(key)?.as_i64()).sum()
        };
        let taken = |row: &Value| word(row, "money_taken") == "yes";
        let sums = [
            sum(&self.terminal, "amount", &taken),
            sum(&self.center, "amount_yen", &taken),
            sum(&self.network, "amount_yen", &|row| word(row, "state") == "charged"),
        ];
        let [first, rest @ ..] = sums;
        rest.iter()
            .any(|sum| *sum != first)
            .then(|| format!("taken in yen by terminal, center, network: {sums:?}"))
    }

    /// The books in a few lines, for a story.
    pub fn told_short(&self) -> String {
        let mut out = String::new();
        for (name, rows) in
            [("terminal", &self.terminal), ("center", &self.center), ("network", &self.network)]
        {
            for (key, row) in rows {
                let amount = row.get("amount").or_else(|| row.get("amount_yen")).cloned().unwrap_or_default();
                out.push_str(&format!("  {name:<9}{key} {} {amount}\n", word(row, "state")));
            }
        }
        out
    }
}
