//! What everybody wrote down, compared payment by payment. A row that one book has and another lacks is a
//! difference: the check does not rest on `choba admin verify`, which is run beside it.

use crate::flow::{Seen, word};
use anyhow::Result;
use choba::admin::{self, Places, Which};
use choba::programs::StartFault;
use clock::Clock;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

/// Rows by id, or by what the network calls them.
pub type Rows = BTreeMap<String, Value>;

/// Payments, and what was given back: voids, returns and refunds.
#[derive(Default)]
pub struct Both {
    /// Payments.
    pub payments: Rows,
    /// Voids, returns and refunds.
    pub refunds: Rows,
}

/// All books of a folder.
pub struct Books {
    /// Terminal journal.
    pub terminal: Both,
    /// Center.
    pub center: Both,
    /// Card network, by reference number; tombstones too, as rows without an amount. Its refunds are returns.
    pub card: Both,
    /// Code brands, by the center's ids; tombstones too.
    pub code: Both,
    /// What both networks' customers paid after all.
    net_yen: i64,
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

/// The payments and refunds of the terminal's journal.
pub fn terminal(folder: &Path) -> Result<Both> {
    let places = places(folder)?;
    let exported = patiently(|| admin::export(Which::Terminal, &places, &Clock::real()))?;
    let journals = exported.get("journals").and_then(Value::as_object).cloned().unwrap_or_default();
    let of = |list: &str| journals.values().flat_map(|journal| rows(journal.get(list), "id")).collect();
    Ok(Both { payments: of("payments"), refunds: of("refunds") })
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
        let of = |list: &str| tenants.iter().flat_map(|tenant| rows(tenant.get(list), "id")).collect();
        let book = |book: &Value, key: &str, backs: &str| {
            let mut payments = rows(book.get("charges"), key);
            for (name, row) in rows(book.get("tombstones"), key) {
                payments.entry(name).or_insert(row);
            }
            Both { payments, refunds: rows(book.get(backs), key) }
        };
        let by_code = networks.get("code").cloned().unwrap_or_default();
        let net = |book: &Value| book.get("net_yen").and_then(Value::as_i64).unwrap_or(i64::MIN);
        Ok(Self {
            terminal: terminal(folder)?,
            center: Both { payments: of("payments"), refunds: of("refunds") },
            card: book(&networks, "rrn", "returns"),
            code: book(&by_code, "id", "refunds"),
            net_yen: net(&networks).saturating_add(net(&by_code)),
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
        for id in self.terminal.payments.keys().chain(self.terminal.refunds.keys()) {
            if !seen.contains_key(id) {
                found.push(format!("{id}: in the journal, begun by nobody"));
            }
        }
        for (id, row) in &self.terminal.payments {
            found.extend(of_terminal(id, row, self.center.payments.get(id), "money_taken"));
        }
        for (id, row) in &self.terminal.refunds {
            found.extend(of_terminal(id, row, self.center.refunds.get(id), "money_returned"));
        }
        for (id, row) in &self.center.payments {
            if !self.terminal.payments.contains_key(id) {
                found.push(format!("{id}: {} at the center, not in the journal", word(row, "state")));
            }
            let code = word(row, "method") == "code";
            found.extend(if code { self.paid_by_code(id, row) } else { self.paid_by_card(id, row) });
            found.extend(self.cap(id, row));
        }
        for (id, row) in &self.center.refunds {
            if !self.terminal.refunds.contains_key(id) {
                found.push(format!("{id}: refund {} at the center, not in the journal", word(row, "state")));
            }
            found.extend(self.given_back(id, row));
        }
        found.extend(self.unknown_at_the_center());
        found.extend(self.sums());
        found
    }

    /// What a network has and the center has not.
    fn unknown_at_the_center(&self) -> Vec<String> {
        let rrns = |rows: &Rows| -> BTreeSet<String> {
            rows.values().map(|row| word(row, "rrn").to_owned()).collect()
        };
        let ids = |rows: &Rows| -> BTreeSet<String> { rows.keys().cloned().collect() };
        let books = [
            (&self.card.payments, rrns(&self.center.payments)),
            (&self.card.refunds, rrns(&self.center.refunds)),
            (&self.code.payments, ids(&self.center.payments)),
            (&self.code.refunds, ids(&self.center.refunds)),
        ];
        // A return that was undone and never arrived has its tombstone among the network's charges.
        let undone = rrns(&self.center.refunds);
        let is_tombstone =
            |name: &String, row: &Value| word(row, "state") == "tombstone" && undone.contains(name);
        let unknown = books.iter().flat_map(|(rows, known)| {
            let strange =
                |(name, row): &(&String, &Value)| !known.contains(*name) && !is_tombstone(name, row);
            rows.iter().filter(strange).map(|(name, row)| {
                let state = [word(row, "state"), word(row, "status")].concat();
                format!("{name}: {state} at the network, not at the center")
            })
        });
        unknown.collect()
    }

    /// What was said stays: a final state, and that money was taken.
    fn told(&self, id: &str, told: &Seen) -> Option<String> {
        let Some(row) = self.terminal.payments.get(id).or_else(|| self.terminal.refunds.get(id)) else {
            return Some(format!("{id}: begun, and lost from the journal"));
        };
        let state = word(row, "state");
        if told.denied && word(row, "money_taken") != "no" {
            return Some(format!("{id}: a register was told that no money was taken, now {state}"));
        }
        match &told.last_word {
            Some(last) if last != state => Some(format!("{id}: told as {last}, now {state}")),
            _ if told.taken && word(row, "money_taken") != "yes" => {
                Some(format!("{id}: told that money was taken, now {state}"))
            }
            _ => None,
        }
    }

    fn paid_by_card(&self, id: &str, row: &Value) -> Option<String> {
        let (state, taken) = (word(row, "state"), word(row, "money_taken"));
        let charge = self.card.payments.get(word(row, "rrn"));
        let at_network = charge.map_or("nothing", |charge| match word(charge, "state") {
            "" => "tombstone",
            state => state,
        });
        let (amount, back) = (yen(row, "amount_yen"), yen(row, "refunded_yen"));
        let fits = match (state, taken) {
            // A void changes the charge itself; a return is a row of its own.
            (_, "yes") if at_network == "voided" => back == amount,
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
        let there = charge.map_or(0, |charge| yen(charge, "amount_yen"));
        (taken == "yes" && there != amount)
            .then(|| format!("{id}: the network charged {there}, not {amount}"))
    }

    fn paid_by_code(&self, id: &str, row: &Value) -> Option<String> {
        let (state, taken) = (word(row, "state"), word(row, "money_taken"));
        let charge = self.code.payments.get(id);
        let at_brand = charge.map_or("nothing", |charge| word(charge, "status"));
        let (amount, back) = (yen(row, "amount_yen"), yen(row, "refunded_yen"));
        let there = charge.map_or(0, |charge| yen(charge, "amount_yen"));
        let returned = charge.map_or(0, |charge| yen(charge, "given_back_yen"));
        let fits = match (state, taken) {
            (_, "yes") if at_brand == "CANCELED" => back == amount,
            (_, "yes") => matches!(at_brand, "COMPLETED" | "REFUNDED") && there == amount && returned == back,
            // Undone before it came: then the center does not know its brand either.
            ("reversed", _) => {
                matches!(at_brand, "CANCELED" | "FAILED" | "EXPIRED")
                    || row.get("code_brand").is_none_or(Value::is_null)
            }
            ("declined" | "failed", _) => matches!(at_brand, "nothing" | "FAILED" | "EXPIRED"),
            _ => false,
        };
        (!fits).then(|| {
            format!(
                "{id}: {state} at the center, {amount} yen, {back} given back; {at_brand} at the brand, \
                 {there} yen, {returned} given back"
            )
        })
    }

    /// Never more is given back than was paid, and what the payment says is what its refunds say.
    fn cap(&self, id: &str, row: &Value) -> Option<String> {
        let approved = self
            .center
            .refunds
            .values()
            .filter(|refund| word(refund, "payment") == id && word(refund, "money_returned") == "yes");
        let sum: i64 = approved.map(|refund| yen(refund, "amount_yen")).sum();
        let (amount, back) = (yen(row, "amount_yen"), yen(row, "refunded_yen"));
        (sum != back || back > amount)
            .then(|| format!("{id}: {back} of {amount} yen given back, its refunds say {sum}"))
    }

    /// A refund at the center beside what the network says of it.
    fn given_back(&self, id: &str, row: &Value) -> Option<String> {
        let (state, returned) = (word(row, "state"), word(row, "money_returned"));
        let (of, amount) = (word(row, "payment"), yen(row, "amount_yen"));
        let original = self.center.payments.get(of);
        let rrn = original.map_or("", |payment| word(payment, "rrn"));
        let undone = match word(row, "method") {
            "code" => self.code.payments.get(of).is_some_and(|row| word(row, "status") == "CANCELED"),
            _ => self.card.payments.get(rrn).is_some_and(|row| word(row, "state") == "voided"),
        };
        let own = match word(row, "method") {
            "code" => self.code.refunds.get(id),
            _ => self.card.refunds.get(word(row, "rrn")).filter(|row| word(row, "state") == "refunded"),
        };
        let whole = original.is_some_and(|payment| yen(payment, "amount_yen") == amount);
        let there = own.map_or(if undone && whole { amount } else { 0 }, |own| yen(own, "amount_yen"));
        // A payment is undone once; a refund that was refused beside it returned nothing.
        let fits = if returned == "yes" { there == amount } else { own.is_none() };
        (!fits).then(|| format!("{id}: {state} ({returned}) at the center, {there} yen at the network"))
    }

    fn sums(&self) -> Option<String> {
        let sum = |rows: &Rows, key: &str, moved: &str| -> i64 {
            rows.values().filter(|row| word(row, moved) == "yes").map(|row| yen(row, key)).sum()
        };
        let net = |both: &Both, key: &str, returned: &str| {
            sum(&both.payments, key, "money_taken") - sum(&both.refunds, key, returned)
        };
        let terminal = net(&self.terminal, "amount", "money_taken");
        let center = net(&self.center, "amount_yen", "money_returned");
        (terminal != center || center != self.net_yen).then(|| {
            let sums = [terminal, center, self.net_yen];
            format!("taken less given back in yen by terminal, center, networks: {sums:?}")
        })
    }

    /// The books in a few lines, for a story.
    pub fn told_short(&self) -> String {
        let mut out = String::new();
        for (name, rows) in [
            ("terminal", &self.terminal.payments),
            ("  refund", &self.terminal.refunds),
            ("center", &self.center.payments),
            ("  refund", &self.center.refunds),
            ("card", &self.card.payments),
            ("  return", &self.card.refunds),
            ("code", &self.code.payments),
            ("  refund", &self.code.refunds),
        ] {
            for (key, row) in rows {
                let amount = row.get("amount").or_else(|| row.get("amount_yen")).cloned().unwrap_or_default();
                let state = [word(row, "state"), word(row, "status")].concat();
                out.push_str(&format!("  {name:<9}{key} {state} {amount}\n"));
            }
        }
        out
    }
}

fn yen(row: &Value, key: &str) -> i64 {
    row.get(key).and_then(Value::as_i64).unwrap_or(0)
}

/// A row of the journal beside the center's; `moved` is the center's word for where the money is.
fn of_terminal(id: &str, row: &Value, center: Option<&Value>, moved: &str) -> Option<String> {
    let (state, taken) = (word(row, "state"), word(row, "money_taken"));
    let Some(center) = center else {
        // Nothing has left the terminal, or nothing has arrived.
        let alone = matches!(state, "abandoned" | "failed");
        return (!alone).then(|| format!("{id}: {state} in the journal, not at the center"));
    };
    let there = (word(center, "state"), word(center, moved));
    if taken != there.1 {
        return Some(format!(
            "{id}: {state} ({taken}) in the journal, {} ({}) at the center",
            there.0, there.1
        ));
    }
    let (mine, theirs) = (yen(row, "amount"), yen(center, "amount_yen"));
    (mine != theirs).then(|| format!("{id}: {mine} yen in the journal, {theirs} at the center"))
}
