//! `choba admin bank-file --pay-date` and `choba admin import-returned`: money to the bank, and what came back.

use super::BY;
use crate::programs::{StartFault, center as center_program};
use center_base::Refusal;
use jiff::civil::Date;
use serde_json::{Value, json};
use settlement::rows::payouts::{self, BankFile};
use std::path::{Path, PathBuf};

/// Makes the bank file of what waits on an approved pay day, and writes it: to `out`, a second one to `out` with `.2`
/// behind it (docs/admin-json.md). Files that were made before are asked for by their number.
pub async fn bank_file(
    settings: &center_program::Settings,
    pay_on: Date,
    out: &Path,
) -> Result<Value, StartFault> {
    let center = center_program::open(settings)?;
    let made = center.settlement.export(BY, pay_on).await;
    let made = match made {
        Ok(made) => kept(&center, made.files).await.map(|files| (files, made.left_out)),
        Err(refusal) => Err(refusal),
    };
    let before = made_before(&center, pay_on).await;
    center.base.db.clone().close();
    let (files, left_out) = made.map_err(|refusal| {
        let known = before.unwrap_or_default();
        let known = if known.is_empty() {
            String::new()
        } else {
            format!(" Files of this day: {}.", known.join(", "))
        };
        StartFault::new(format!("{refusal}{known}"))
    })?;
    let mut rows = Vec::new();
    for (place, (file, bytes)) in files.iter().enumerate() {
        let to = numbered(out, place);
        keep(&to, bytes)?;
        rows.push(row(file, &to));
    }
    let left_out = left_out.iter();
    let left_out =
        left_out.map(|left| json!({ "payout": left.key.to_string(), "yen": left.yen, "why": left.why }));
    Ok(json!({ "pay_on": pay_on, "files": rows, "left_out": left_out.collect::<Vec<_>>() }))
}

/// Writes a bank file that was made before, byte for byte.
pub async fn bank_file_again(
    settings: &center_program::Settings,
    number: &str,
    out: &Path,
) -> Result<Value, StartFault> {
    let center = center_program::open(settings)?;
    let (tenant, wanted) = (center.base.tenant, number.to_owned());
    let found = center.base.read(move |tx| Ok(payouts::file(tx, tenant, &wanted)?)).await;
    let found = match found {
        Ok(found) => kept(&center, found.into_iter().collect()).await,
        Err(refusal) => Err(refusal),
    };
    center.base.db.clone().close();
    let mut found = found.map_err(StartFault::new)?;
    let Some((file, bytes)) = found.pop() else {
        return Err(StartFault::new(format!("There is no bank file {number}.")));
    };
    keep(out, &bytes)?;
    Ok(json!({ "pay_on": file.pay_on, "files": [row(&file, out)], "left_out": [] }))
}

/// The files with their bytes.
async fn kept(center: &::center::Center, files: Vec<BankFile>) -> Result<Vec<(BankFile, Vec<u8>)>, Refusal> {
    let tenant = center.base.tenant;
    let read = center.base.read(move |tx| {
        let mut all = Vec::new();
        for file in &files {
            let bytes = payouts::bytes(tx, tenant, &file.number)?.unwrap_or_default();
            all.push((file.clone(), bytes));
        }
        Ok(all)
    });
    read.await
}

/// The numbers of a pay day's files.
async fn made_before(center: &::center::Center, pay_on: Date) -> Result<Vec<String>, Refusal> {
    let tenant = center.base.tenant;
    let files = center.base.read(move |tx| Ok(payouts::files_of_day(tx, tenant, pay_on)?)).await?;
    Ok(files.into_iter().map(|file| file.number).collect())
}

fn row(file: &BankFile, to: &Path) -> Value {
    json!({
        "number": file.number, "file": to.display().to_string(), "transfers": file.items, "yen": file.yen,
        "transfer_on": file.transfer_on, "made_by": file.made_by, "paid": file.paid_us.is_some(),
        "rejected": file.rejected_us.is_some(),
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
    whole.persist_noclobber(to).map_err(|error| fault(&error))?;
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| fault(&error))?;
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
