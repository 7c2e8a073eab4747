//! `choba admin notice`: a payment notice as PDF and locked ZIP into a folder.

use crate::programs::{StartFault, center as center_program, folder};
use center_base::Scope;
use serde_json::{Value, json};
use settlement::notices::Files;
use sha2::{Digest as _, Sha256};
use std::path::Path;

/// Writes the notice's PDF and ZIP into a folder and tells what they are (docs/admin-json.md). The PDF has no lock: it
/// is for who runs the center.
pub async fn notice(
    settings: &center_program::Settings,
    number: &str,
    out: &Path,
) -> Result<Value, StartFault> {
    let center = center_program::open(settings)?;
    let found = center.settlement.notice_files(&Scope::Tenant, number).await;
    center.base.db.clone().close();
    let files = found.map_err(StartFault::new)?.ok_or_else(|| {
        StartFault::new(format!(
            "There is no payment notice {number}. A number is like 100000001-001-20270226, and notices are issued when \
             their pay day is approved."
        ))
    })?;
    write(&files, out)
}

fn write(files: &Files, out: &Path) -> Result<Value, StartFault> {
    let Files { issued, notice, pdf, zip } = files;
    folder(out)?;
    let put = |name: String, bytes: &[u8]| {
        let path = out.join(name);
        std::fs::write(&path, bytes)
            .map_err(|error| StartFault::new(format!("{}: {error}", path.display())))?;
        Ok::<_, StartFault>(path.display().to_string())
    };
    Ok(json!({
        "number": issued.number.to_string(), "company": issued.company, "part": issued.part,
        "pay_on": issued.pay_on, "issued_on": issued.issued_on,
        "paid_yen": issued.paid_yen, "carried_yen": issued.carried_yen,
        "facts_sha256": hex::encode(issued.facts_hash), "pdf_sha256": hex::encode(Sha256::digest(pdf)),
        "mailed_pdf_sha256": issued.pdf_hash.map(hex::encode),
        "mail": {
            "state": issued.mail.word(), "tries": issued.tries, "mailed_us": issued.mailed_us,
            "trouble": issued.trouble,
        },
        "pdf": put(notice.number.pdf_name(), pdf)?, "zip": put(notice.number.zip_name(), zip)?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::params;

    /// A document that carries a balance on, and its approved pay day.
    async fn issued(told: &center_program::Settings) {
        let center = center_program::open(told).unwrap();
        let write = |tx: &mut store::Tx<'_>| {
            let tenant = tx.tenant();
            tx.execute(
                "INSERT INTO settle_payday (tenant, pay_on, notice_on, state, documents, paid_yen, hash, closed_us,
                    closed_by, approved_us, approved_by, left_out, without)
                 VALUES ($1, '2027-02-26', '2027-02-24', 'approved', 1, 0, $2, 0, '', 0, '', 0, '')",
                params![tenant, &[0; 32]],
            )?;
            tx.execute(
                "INSERT INTO settle_batch (tenant, pay_on, company_id, sales_yen, fee_yen, taxable_yen,
                    fee_tax_yen, adjusted_yen, carried_in_yen, sum_yen, transfer_fee_yen, transfer_tax_yen, paid_yen,
                    carried_out_yen, bank, hash, seq)
                 VALUES ($1, '2027-02-26', '00008', 0, 0, 0, 0, 0, -7126, -7126, 0, 0, 0, -7126, '', $2, 1)",
                params![tenant, &[0; 32]],
            )?;
            Ok(())
        };
        center.base.write(write).await.unwrap();
        assert_eq!(center.settlement.issue_notices().await.unwrap(), 1);
        center.base.db.clone().close();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_notice_is_written_as_pdf_and_zip_and_an_unknown_number_is_one_sentence() {
        // U-067, U-068
        let folder = tempfile::tempdir().unwrap();
        let (told, out) =
            (center_program::Settings::unserved(&folder.path().join("center")), folder.path().join("out"));
        issued(&told).await;
        let number = "100000001-001-20270226";
        let written = notice(&told, number, &out).await.unwrap();
        assert_eq!((&written["company"], &written["carried_yen"]), (&json!("00008"), &json!(-7_126)));
        assert_eq!(written["mail"]["state"], "waiting");
        let pdf = std::fs::read(out.join(format!("{number}.pdf"))).unwrap();
        assert!(pdf.starts_with(b"%PDF-"));
        assert_eq!(written["pdf_sha256"], json!(hex::encode(Sha256::digest(&pdf))));
        let zip = std::fs::read(out.join(format!("{number}.zip"))).unwrap();
        assert!(zip.starts_with(b"PK\x03\x04"));
        for unknown in ["100000001-002-20270226", "nothing"] {
            let refused = notice(&told, unknown, &out).await.unwrap_err().to_string();
            assert!(refused.contains(unknown) && refused.contains("approved"), "{refused}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn root_certificates_that_cannot_be_read_keep_the_center_from_starting_with_one_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let mut told = center_program::Settings::unserved(folder.path());
        told.smtp_ca = Some(folder.path().join("none.pem"));
        let refused = center_program::open(&told).err().unwrap().to_string();
        assert!(refused.contains("none.pem") && refused.contains("root certificates"), "{refused}");
    }
}
