//! What the terminals were told beside what center and card network wrote down.

use crate::load::Settled;
use crate::town::{Town, until};
use anyhow::Result;
use serde_json::Value;
use std::collections::BTreeMap;
use store::testing::{Node, Pair};

fn word<'a>(row: &'a Value, key: &str) -> &'a str {
    row.get(key).and_then(Value::as_str).unwrap_or("")
}

fn list(value: &Value, key: &str) -> Vec<Value> {
    value.get(key).and_then(Value::as_array).cloned().unwrap_or_default()
}

/// Commits of payments and rows of the ledger that a server has, past the product.
pub(crate) fn rows(pair: &Pair, node: Node) -> Result<(i64, i64)> {
    let count = "SELECT CAST((SELECT SUM(seq) FROM head) AS BIGINT), (SELECT COUNT(*) FROM payment)";
    let row = pair.client(node).query_one(count, &[])?;
    Ok((row.get(0), row.get(1)))
}

/// Every difference, once nothing is open any more.
pub(crate) fn differences(town: &Town, settled: &Settled) -> Result<Vec<String>> {
    let mut verified = Value::Null;
    until("nothing is open at the center", || {
        verified = town.admin(&["verify"]).unwrap_or_default();
        let tenants = verified.pointer("/center/tenants").and_then(Value::as_array);
        tenants.is_some_and(|all| all.iter().all(|tenant| list(tenant, "open").is_empty()))
    })?;
    let mut found = Vec::new();
    if verified.get("sound") != Some(&true.into()) || !list(&verified, "differences").is_empty() {
        found.push(format!("choba admin verify: {verified}"));
    }
    let center = town.admin(&["export", "center"])?;
    let payments: Vec<Value> =
        list(&center, "tenants").iter().flat_map(|tenant| list(tenant, "payments")).collect();
    let stored: BTreeMap<&str, &Value> = payments.iter().map(|row| (word(row, "id"), row)).collect();
    for (id, yen) in &settled.taken {
        match stored.get(id.to_string().as_str()) {
            None => found.push(format!("{id}: acknowledged, and lost")),
            Some(row)
                if word(row, "state") != "approved" || row.get("amount_yen") != Some(&(*yen).into()) =>
            {
                found.push(format!("{id}: acknowledged with {yen} yen, now {row}"));
            }
            Some(_) => {}
        }
    }
    for id in &settled.not_taken {
        if stored.get(id.to_string().as_str()).is_some_and(|row| word(row, "money_taken") != "no") {
            found.push(format!("{id}: told that no money was taken, and it was"));
        }
    }
    let approved: Vec<&Value> = payments.iter().filter(|row| word(row, "money_taken") == "yes").collect();
    if approved.len() != settled.taken.len() {
        found.push(format!(
            "{} approved at the center, {} acknowledged",
            approved.len(),
            settled.taken.len()
        ));
    }
    found.extend(at_the_network(&approved, &list(&town.admin(&["export", "networks"])?, "charges")));
    Ok(found)
}

/// The network charged what is approved, each once and with its sum, and nothing else.
fn at_the_network(approved: &[&Value], charges: &[Value]) -> Vec<String> {
    let mut charged: BTreeMap<&str, i64> = BTreeMap::new();
    let mut found = Vec::new();
    for charge in charges.iter().filter(|charge| word(charge, "state") == "charged") {
        let yen = charge.get("amount_yen").and_then(Value::as_i64).unwrap_or(0);
        if charged.insert(word(charge, "rrn"), yen).is_some() {
            found.push(format!("charged twice: {charge}"));
        }
    }
    for row in approved {
        let yen = row.get("amount_yen").and_then(Value::as_i64);
        if charged.remove(word(row, "rrn")) != yen {
            found.push(format!("approved at the center, not so at the network: {row}"));
        }
    }
    found.extend(charged.keys().map(|rrn| format!("{rrn}: charged, and not approved at the center")));
    found
}
