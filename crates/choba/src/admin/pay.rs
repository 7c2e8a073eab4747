//! `choba admin bank-file --pay-date` and `choba admin import-returned`: money to the bank, and what came back.

use super::BY;
use crate::programs::{StartFault, center as center_program};
use center_base::Refusal;
use jiff::civil::Date;
use serde_json::{Value, json};
use settlement::rows::payouts::{self, BankFile};
use std::path::{Path, PathBuf};

/// Makes the bank file of what waits on an approved pay day, and writes every file of that pay day: `out`, and `out` with
/// `.2`, `.3` … behind it (docs/admin-json.md). Files that were made before are written again as they were.
pub async fn bank_file(
    settings: &center_program::Settings,
    pay_on: Date,
    out: &Path,
) -> Result<Value, StartFault> {
    let center = center_program::open(settings)?;
    let (settlement, base) = (center.settlement.clone(), center.base.clone());
    let made = async {
        let tenant = base.tenant;
        let before = base.read(move |tx| Ok(payouts::files_of_day(tx, tenant, pay_on)?)).await?;
        let waits = base.read(move |tx| Ok(payouts::of_day(tx, tenant, pay_on)?)).await?;
        let waits = waits.iter().any(|payout| payout.state == settlement::rules::PayoutState::Waiting);
        // Asking for the files again is not asking for another export.
        let is_asked = waits || before.is_empty();
        let left_out = if is_asked { settlement.export(BY, pay_on).await?.left_out } else { Vec::new() };
        let with_bytes = base.read(move |tx| {
            let mut all = Vec::new();
            for file in payouts::files_of_day(tx, tenant, pay_on)? {
                let bytes = payouts::bytes(tx, tenant, &file.number)?.unwrap_or_default();
                all.push((file, bytes));
            }
            Ok(all)
        });
        Ok::<_, Refusal>((before.len(), with_bytes.await?, left_out))
    };
    let made = made.await;
    base.db.clone().close();
    let (before, files, left_out) = made.map_err(StartFault::new)?;
    let mut rows = Vec::new();
    for (place, (file, bytes)) in files.iter().enumerate() {
        let to = numbered(out, place);
        keep(&to, bytes)?;
        rows.push(row(file, &to, place >= before));
    }
    let left_out = left_out.iter();
    let left_out =
        left_out.map(|left| json!({ "payout": left.key.to_string(), "yen": left.yen, "why": left.why }));
    Ok(json!({ "pay_on": pay_on, "files": rows, "left_out": left_out.collect::<Vec<_>>() }))
}

fn row(file: &BankFile, to: &Path, is_new: bool) -> Value {
    json!({
        "number": file.number, "file": to.display().to_string(), "transfers": file.items, "yen": file.yen,
        "made_by": file.made_by, "new": is_new, "paid": file.paid_us.is_some(),
    })
}

/// The first file has the name that was asked for.
fn numbered(out: &Path, place: usize) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    if place > 0 {
        name.push(format!(".{}", place.saturating_add(1)));
    }
    name.into()
}

/// Writes a file under its own name only when it is whole; another file of that name is left alone.
fn keep(to: &Path, bytes: &[u8]) -> Result<(), StartFault> {
    let fault = |why: &dyn std::fmt::Display| StartFault::new(format!("{}: {why}", to.display()));
    match std::fs::read(to) {
        Ok(there) if there == bytes => return Ok(()),
        Ok(_) => {
            return Err(fault(
                &"another file has this name; the bank file is kept, ask for it again with another --out",
            ));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(fault(&error)),
    }
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut whole = tempfile::NamedTempFile::new_in(folder).map_err(|error| fault(&error))?;
    std::io::Write::write_all(&mut whole, bytes).map_err(|error| fault(&error))?;
    whole.as_file().sync_all().map_err(|error| fault(&error))?;
    whole.persist(to).map_err(|error| fault(&error))?;
    Ok(())
}

/// Takes a returned file (docs/networks/returned-file.md).
pub async fn import_returned(settings: &center_program::Settings, file: &Path) -> Result<Value, StartFault> {
    let bytes =
        std::fs::read(file).map_err(|error| StartFault::new(format!("{}: {error}", file.display())))?;
    let center = center_program::open(settings)?;
    let taken = center.settlement.take_returned_file(BY, bytes).await;
    center.base.db.clone().close();
    let taken = taken.map_err(StartFault::new)?;
    Ok(json!({ "transfers": taken.transfers, "yen": taken.yen, "new": taken.is_new }))
}
