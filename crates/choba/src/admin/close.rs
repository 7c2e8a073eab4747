//! `choba admin close`: closes the settlement windows that ended before a day, or tells what a closing would do.

use crate::programs::{StartFault, center as center_program};
use jiff::civil::Date;
use settlement::CloseReport;

/// Who acts, in the audit log.
const BY: &str = "admin command";

/// Cuts the windows that ended before `on` and makes the documents of every pay day whose windows are all cut. A center
/// may run meanwhile.
pub async fn close(settings: &center_program::Settings, on: Date) -> Result<CloseReport, StartFault> {
    let center = center_program::open(settings)?;
    let report = center.settlement.close(on, BY).await.map_err(StartFault::new);
    center.base.db.clone().close();
    report
}

/// What [`close`] would do now; writes nothing.
pub async fn close_dry(settings: &center_program::Settings, on: Date) -> Result<CloseReport, StartFault> {
    let center = center_program::open(settings)?;
    let report = center.settlement.dry_run(on).await.map_err(StartFault::new);
    center.base.db.clone().close();
    report
}
