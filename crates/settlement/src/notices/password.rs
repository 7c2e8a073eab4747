//! The nine digits that open a company's ZIPs (U-067, U-075): made from the installation's secret whenever they are
//! needed, never stored, never the settlement number, which stands on every file's name.

use crate::rows::changed;
use center_base::{CompanyId, Refusal, Secrets, audit};
use hmac::{Hmac, KeyInit as _, Mac as _};
use notice::Password;
use sha2::Sha256;
use store::{DbError, ReadTx, TenantId, Tx, params};

const LOAD: &str = "SELECT number, password_version FROM settle_payee WHERE tenant = $1 AND company_id = $2";
const RAISE: &str = "UPDATE settle_payee SET password_version = password_version + 1
      WHERE tenant = $1 AND company_id = $2";

pub(super) const STATEMENTS: &[&str] = &[LOAD, RAISE];

/// A number of nine digits is smaller.
const BILLION: u64 = 1_000_000_000;

/// HMAC-SHA256 under a key of its own over company, a zero byte and the version (eight bytes, the highest first); the
/// digest as a number, its last nine decimal digits. The one number that it must not be gives the next one.
pub fn password(secrets: &Secrets, company: &str, version: i64, settlement_number: i64) -> Password {
    let mut mac = Hmac::<Sha256>::new_from_slice(&secrets.key("notice password"))
        .unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
    for part in [company.as_bytes(), &[0], &version.to_be_bytes()] {
        mac.update(part);
    }
    let below = |number: u64| number.checked_rem(BILLION).unwrap_or_default();
    let digest = mac.finalize().into_bytes();
    let add = |sum: u64, byte: &u8| below(sum.saturating_mul(256).saturating_add(u64::from(*byte)));
    let mut number = digest.iter().fold(0, add);
    if i64::try_from(number) == Ok(settlement_number) {
        number = below(number.saturating_add(1));
    }
    let fits = u32::try_from(number).ok().and_then(Password::from_number);
    fits.unwrap_or_else(|| unreachable!("what is left of a division by a billion has nine digits"))
}

/// A company's password as it is now; `None`: it has no settlement number yet.
pub(super) fn current(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    secrets: &Secrets,
    company: &str,
) -> Result<Option<Password>, DbError> {
    tx.query_opt(LOAD, params![tenant, company], |row| {
        Ok(password(secrets, company, row.i64(1)?, row.i64(0)?))
    })
}

fn no_number() -> Refusal {
    codes::settle::NO_PAYEE.into()
}

/// Shows a company's password to a person, for the letter to the company; every look is audited.
pub fn show_password(
    tx: &mut Tx<'_>,
    secrets: &Secrets,
    who: &str,
    company: &CompanyId,
) -> Result<Password, Refusal> {
    let tenant = tx.tenant();
    let password = current(tx, tenant, secrets, company.as_str())?.ok_or_else(no_number)?;
    let about = format!("company {company}");
    let detail = serde_json::json!({});
    audit::record(tx, &audit::Act { who, what: "notice_password_shown", about: &about, detail })?;
    Ok(password)
}

/// From now on a company's ZIPs open with another password; those that were mailed keep theirs.
pub fn new_password(tx: &mut Tx<'_>, who: &str, company: &CompanyId) -> Result<(), Refusal> {
    let tenant = tx.tenant();
    if tx.execute(RAISE, params![tenant, company])? == 0 {
        return Err(no_number());
    }
    changed(tx, who, "notice_password_renewed", &format!("company {company}"), serde_json::json!({}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_stable_of_its_company_and_version_and_never_the_settlement_number() {
        // U-067, U-075
        let secrets = Secrets::new([1; 32]);
        let digits = |company, version| password(&secrets, company, version, 0).reveal().to_owned();
        let first = digits("00008", 1);
        assert_eq!(first, "658231955");
        assert_eq!(digits("00008", 1), first);
        for other in [digits("00008", 2), digits("00009", 1)] {
            assert!(other != first && other.len() == 9, "{other}");
        }
        assert_ne!(password(&Secrets::new([2; 32]), "00008", 1, 0).reveal(), first);
        let same = password(&secrets, "00008", 1, first.parse().unwrap());
        assert_ne!(same.reveal(), first);
    }
}
