//! `choba admin totals`: a day's totals, said to the card network over a line of this command's own.

use crate::programs::{StartFault, center as center_program};
use jiff::civil::Date;
use serde_json::Value;

/// Says what is to be said about a day, asks anew about a difference, and gives how it stands
/// (docs/admin-json.md). On PostgreSQL a center may run meanwhile.
pub async fn totals(settings: &center_program::Settings, on: Date) -> Result<Value, StartFault> {
    let center = center_program::open(settings)?;
    let line = center.acquiring.line().clone();
    let report = tokio::select! {
        report = center.acquiring.totals_by_hand(on) => report.map_err(StartFault::new),
        () = line.run() => Err(StartFault::new("The line to the card network ended.")),
    };
    center.base.db.clone().close();
    Ok(report?.json())
}
