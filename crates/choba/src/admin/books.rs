//! Three books, one truth: terminal journals, center, networks (cards and code brands), payment by payment
//! and refund by refund, as their exports have them.

use super::snapshot::Snapshot;
use crate::programs::StartFault;
use clock::Clock;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

/// The books; one that is not there is not compared.
#[derive(Clone, Debug, Default)]
pub struct Books {
    /// The center.
    pub center: Option<CenterBook>,
    /// The card network and the code brands.
    pub network: Option<NetworkBook>,
    /// Terminals.
    pub terminals: Option<TerminalBook>,
}

/// The center's payments and refunds, by id.
#[derive(Clone, Debug, Default)]
pub struct CenterBook {
    /// Payments.
    pub payments: BTreeMap<String, CenterRow>,
    /// Voids, returns and refunds.
    pub refunds: BTreeMap<String, CenterRefund>,
}

/// What the outside has.
#[derive(Clone, Debug, Default)]
pub struct NetworkBook {
    /// Card payments, by reference number (DE 37).
    pub charges: BTreeMap<String, NetworkRow>,
    /// Returns of card payments, by reference number.
    pub returns: BTreeMap<String, NetworkRow>,
    /// Code payments, by payment id.
    pub code_charges: BTreeMap<String, CodeRow>,
    /// Refunds of code payments, by refund id. A cancel is a state of its payment.
    pub code_refunds: BTreeMap<String, CodeRefund>,
}

/// What the terminals have, by id.
#[derive(Clone, Debug, Default)]
pub struct TerminalBook {
    /// Payments.
    pub payments: BTreeMap<String, TerminalRow>,
    /// Voids, returns and refunds.
    pub refunds: BTreeMap<String, TerminalRow>,
}

/// By card or by code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The card network has it.
    Card,
    /// A code brand has it.
    Code,
}

/// A payment at the center.
#[derive(Clone, Debug, Deserialize)]
pub struct CenterRow {
    /// Payment id.
    pub id: String,
    /// Reference number.
    pub rrn: String,
    /// How it was paid.
    pub method: Method,
    /// Whole yen.
    pub amount_yen: i64,
    /// State word.
    pub state: String,
    /// `yes`, `no`, `unknown`.
    pub money_taken: String,
    /// Whether a completion or reversal still has to be acknowledged by the network.
    pub advice: Option<String>,
}

/// A void, return or refund at the center.
#[derive(Clone, Debug, Deserialize)]
pub struct CenterRefund {
    /// Refund id.
    pub id: String,
    /// Reference number.
    pub rrn: String,
    /// The payment that it gives back.
    pub payment: String,
    /// `void`, `return`, `refund`.
    pub kind: String,
    /// How the payment was paid.
    pub method: Method,
    /// Whole yen.
    pub amount_yen: i64,
    /// State word.
    pub state: String,
    /// `yes`, `no`, `unknown`.
    pub money_returned: String,
    /// Whether the network must still be asked or told.
    pub advice: Option<String>,
    /// `terminal …`, `person …`.
    pub who: String,
}

/// A payment or return at the card network.
#[derive(Clone, Debug, Deserialize)]
pub struct NetworkRow {
    /// Reference number.
    pub rrn: String,
    /// Whole yen.
    pub amount_yen: i64,
    /// `charged`, `held`, `reversed`, `declined`, `tombstone`, `voided`, `refunded`.
    pub state: String,
}

/// A payment at a code brand.
#[derive(Clone, Debug, Deserialize)]
pub struct CodeRow {
    /// Payment id.
    pub id: String,
    /// Whole yen.
    pub amount_yen: i64,
    /// `CREATED`, `COMPLETED`, `FAILED`, `CANCELED`, `EXPIRED`, `REFUNDED`.
    pub status: String,
}

/// A refund at a code brand.
#[derive(Clone, Debug, Deserialize)]
pub struct CodeRefund {
    /// Refund id.
    pub id: String,
    /// Whole yen.
    pub amount_yen: i64,
}

/// A payment or refund at a terminal.
#[derive(Clone, Debug, Deserialize)]
pub struct TerminalRow {
    /// Its id.
    pub id: String,
    /// Whole yen.
    pub amount: i64,
    /// State word.
    pub state: String,
    /// `yes`, `no`, `unknown`; of a refund: whether it was returned.
    pub money_taken: String,
}

impl Books {
    pub(super) fn read(snapshot: &Snapshot, clock: &Clock) -> Result<Self, StartFault> {
        let mut books = Self::default();
        if snapshot.center.is_some() {
            let exported = snapshot.center_export(clock)?;
            let mut center = CenterBook::default();
            for tenant in exported.get("tenants").and_then(Value::as_array).into_iter().flatten() {
                center.payments.extend(rows(tenant, "payments", |row: &CenterRow| &row.id)?);
                center.refunds.extend(rows(tenant, "refunds", |row: &CenterRefund| &row.id)?);
            }
            books.center = Some(center);
        }
        if snapshot.networks.is_some() {
            let exported = snapshot.networks_export(clock)?;
            let code = exported.get("code").unwrap_or(&Value::Null);
            books.network = Some(NetworkBook {
                charges: rows(&exported, "charges", |row: &NetworkRow| &row.rrn)?,
                returns: rows(&exported, "returns", |row: &NetworkRow| &row.rrn)?,
                code_charges: rows(code, "charges", |row: &CodeRow| &row.id)?,
                code_refunds: rows(code, "refunds", |row: &CodeRefund| &row.id)?,
            });
        }
        if !snapshot.terminals.is_empty() {
            let mut all = TerminalBook::default();
            for (_, folder) in &snapshot.terminals {
                let exported = terminal::export(folder, clock.clone()).map_err(StartFault::new)?;
                all.payments.extend(rows(&exported, "payments", |row: &TerminalRow| &row.id)?);
                all.refunds.extend(rows(&exported, "refunds", |row: &TerminalRow| &row.id)?);
            }
            books.terminals = Some(all);
        }
        Ok(books)
    }
}

/// The rows of a list in an export, by their key.
fn rows<T: DeserializeOwned>(
    of: &Value,
    list: &str,
    key: impl Fn(&T) -> &String,
) -> Result<BTreeMap<String, T>, StartFault> {
    let values = of.get(list).and_then(Value::as_array).into_iter().flatten();
    values
        .map(|value| {
            let row: T = serde_json::from_value(value.clone())
                .map_err(|why| StartFault::new(format!("An export has another shape: {why}.")))?;
            Ok((key(&row).clone(), row))
        })
        .collect()
}
