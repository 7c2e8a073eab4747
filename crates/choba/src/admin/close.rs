//! `choba admin close`: closes the settlement windows that ended before a day, or tells what a closing would do.

use super::BY;
use crate::programs::{StartFault, center as center_program};
use jiff::civil::Date;
use settlement::CloseReport;

/// Cuts the windows that ended before `on` and makes the documents of every pay day whose windows are all cut; with
/// `dry_run` nothing is written, and the report says what would be. On PostgreSQL a center may run meanwhile.
pub async fn close(
    settings: &center_program::Settings,
    on: Date,
    dry_run: bool,
) -> Result<CloseReport, StartFault> {
    let center = center_program::open(settings)?;
    let report =
        if dry_run { center.settlement.dry_run(on).await } else { center.settlement.close(on, BY).await };
    center.base.db.clone().close();
    report.map_err(StartFault::new)
}
