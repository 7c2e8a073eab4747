//! Wrong passwords in a row, and the lock at the configured one (D-05, D-06).
//!
//! Counted for every login that is typed, whether a person has it or not, so that a lock tells nobody
//! which logins exist.

use crate::limits;
use payment::PasswordPolicy;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use store::{DbError, Migration, ReadTx, TenantId, Tx, params};

pub(crate) const GUARD: Migration = Migration {
    name: "staff/0004_login_guard",
    sql: "-- Wrong passwords in a row by a hash of who was meant, and until when nobody is let in.
        CREATE TABLE login_guard (
            tenant BIGINT NOT NULL,
            key BYTEA NOT NULL,
            known BIGINT NOT NULL,
            failures BIGINT NOT NULL,
            locked_until_us BIGINT NOT NULL,
            last_us BIGINT NOT NULL,
            PRIMARY KEY (tenant, key)
        ) /*sqlite: STRICT, WITHOUT ROWID */;",
};

pub(crate) const LOAD: &str =
    "SELECT failures, locked_until_us FROM login_guard WHERE tenant = $1 AND key = $2";
pub(crate) const PUT: &str =
    "INSERT INTO login_guard (tenant, key, failures, locked_until_us, last_us, known)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (tenant, key) DO UPDATE SET failures = $3, locked_until_us = $4, last_us = $5";
pub(crate) const CLEAR: &str = "DELETE FROM login_guard WHERE tenant = $1 AND key = $2";
pub(crate) const LOCKED: &str = "SELECT key, locked_until_us FROM login_guard
      WHERE tenant = $1 AND known = 1 AND locked_until_us > $2 ORDER BY key LIMIT $3";
pub(crate) const SWEEP: &str = "DELETE FROM login_guard
      WHERE tenant = $1 AND known = 0 AND last_us < $2 AND locked_until_us < $3";

/// Whose tries are counted. Those of nobody are forgotten after a while, so that guesses fill no disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    hash: [u8; 32],
    known: bool,
}

/// The key of a person, whichever of their names was typed.
pub(crate) fn person_key(id: &[u8; 16]) -> Key {
    Key { hash: Sha256::new().chain_update(b"person\0").chain_update(id).finalize().into(), known: true }
}

/// The key of a login that nobody has.
pub(crate) fn unknown_key(typed: &str) -> Key {
    Key { hash: Sha256::new().chain_update(b"unknown\0").chain_update(typed).finalize().into(), known: false }
}

impl Key {
    /// Under which it is kept.
    pub(crate) fn hash(&self) -> &[u8; 32] {
        &self.hash
    }
}

/// How the tries stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tries {
    failures: i64,
    locked_until_us: i64,
}

impl Tries {
    pub(crate) fn is_locked(self, now_us: i64) -> bool {
        self.locked_until_us > now_us
    }

    /// One more wrong password. The policy's Nth in a row locks; after a lock counting starts over.
    fn wrong(self, policy: &PasswordPolicy, now_us: i64) -> Self {
        let was_locked = self.locked_until_us != 0;
        let failures = if was_locked { 1 } else { self.failures.saturating_add(1) };
        let locked_until_us = if failures < policy.lock_threshold {
            0
        } else if policy.unlock_after_min == 0 {
            i64::MAX
        } else {
            now_us.saturating_add(policy.unlock_after_min.saturating_mul(60_000_000))
        };
        Self { failures, locked_until_us }
    }
}

pub(crate) fn load(tx: &mut ReadTx<'_>, tenant: TenantId, key: &Key) -> Result<Tries, DbError> {
    let found = tx.query_opt(LOAD, params![tenant, &key.hash], |row| {
        Ok(Tries { failures: row.i64(0)?, locked_until_us: row.i64(1)? })
    })?;
    Ok(found.unwrap_or_default())
}

/// The keys of people who are locked now, and until when, UTC microseconds.
pub(crate) fn locked(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    now_us: i64,
) -> Result<BTreeMap<[u8; 32], i64>, DbError> {
    let most = limits::PEOPLE_LISTED;
    let rows = tx.query_all(LOCKED, params![tenant, now_us, most], |row| Ok((row.array(0)?, row.i64(1)?)))?;
    Ok(rows.into_iter().collect())
}

/// Counts a wrong password; true when this one locked.
pub(crate) fn count_wrong(tx: &mut Tx<'_>, key: &Key, policy: &PasswordPolicy) -> Result<bool, DbError> {
    let (tenant, now_us) = (tx.tenant(), tx.now_us());
    let tries = load(tx, tenant, key)?.wrong(policy, now_us);
    tx.execute(PUT, params![tenant, &key.hash, tries.failures, tries.locked_until_us, now_us, key.known])?;
    Ok(tries.is_locked(now_us))
}

/// Forgets the tries: the right password came, or an administrator unlocked. True when there were any.
pub(crate) fn clear(tx: &mut Tx<'_>, key: &Key) -> Result<bool, DbError> {
    let tenant = tx.tenant();
    Ok(tx.execute(CLEAR, params![tenant, &key.hash])? > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nth_wrong_password_locks_and_counting_starts_over_after_it() {
        // D-05, D-06
        let policy = PasswordPolicy { lock_threshold: 3, unlock_after_min: 30, ..PasswordPolicy::default() };
        let mut tries = Tries::default();
        for n in 1..=3 {
            tries = tries.wrong(&policy, 1_000);
            assert_eq!(tries.is_locked(1_000), n == 3, "{n}");
        }
        let end = 1_000 + 30 * 60_000_000;
        assert!(tries.is_locked(end - 1) && !tries.is_locked(end));
        tries = tries.wrong(&policy, end);
        assert_eq!(tries, Tries { failures: 1, locked_until_us: 0 });
        let by_admin = PasswordPolicy { lock_threshold: 1, unlock_after_min: 0, ..policy };
        assert!(Tries::default().wrong(&by_admin, 0).is_locked(i64::MAX - 1));
    }
}
