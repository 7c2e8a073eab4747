//! The processes that share one database, and which of them have fallen silent.
//!
//! Every center raises a number of its own, its beat. Who sees the same beat for several of its own rounds
//! takes that process for gone and sets free what it had claimed: events of the outbox and jobs. No clock is
//! compared with another machine's. A process that was only slow loses nothing: what it had claimed is
//! ended by owner and try, so its late end changes nothing, and its next beat makes it known again.
//!
//! A file has one process at a time; there the lease of an earlier one is ended at start-up.

use crate::base::Base;
use crate::limits;
use crate::wire::Refusal;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use store::{DbError, Migration, ReadTx, TenantId, params};

pub(crate) const MIGRATION: Migration = Migration {
    name: "center-base/0005_process",
    sql: "-- The beat of every center on this database.
        CREATE TABLE process (
            tenant BIGINT NOT NULL,
            instance TEXT NOT NULL,
            beat BIGINT NOT NULL,
            seen_us BIGINT NOT NULL,
            PRIMARY KEY (tenant, instance)
        ) /*sqlite: STRICT, WITHOUT ROWID */;",
};

pub(crate) const BEAT: &str = "INSERT INTO process (tenant, instance, beat, seen_us) VALUES ($1, $2, 1, $3)
     ON CONFLICT (tenant, instance) DO UPDATE SET beat = process.beat + 1, seen_us = $3";
pub(crate) const FORGET: &str = "DELETE FROM process WHERE tenant = $1 AND seen_us < $2";
pub(crate) const BEATS: &str = "SELECT instance, beat FROM process WHERE tenant = $1";
pub(crate) const CLAIMERS: &str = "SELECT owner FROM outbox WHERE tenant = $1 AND lease_us > $2
      UNION SELECT owner FROM job WHERE tenant = $1 AND lease_us > $2";
pub(crate) const FREE_JOBS: &str = "UPDATE job SET owner = '', lease_us = 0 WHERE tenant = $1 AND owner = $2";

/// What this process has seen of the others.
#[derive(Debug, Default)]
pub(crate) struct Peers(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// The last beat of each, and for how many rounds it has not moved.
    beats: BTreeMap<String, (i64, u32)>,
    gone: BTreeSet<String>,
}

impl Peers {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_gone(&self, instance: &str) -> bool {
        self.seen().gone.contains(instance)
    }

    /// One round: the beats as they are now. Tells who is gone.
    fn round(&self, own: &str, beats: &BTreeMap<String, i64>) -> BTreeSet<String> {
        let mut seen = self.seen();
        let before = std::mem::take(&mut seen.beats);
        for (instance, beat) in beats.iter().filter(|(instance, _)| *instance != own) {
            let still = match before.get(instance) {
                Some((last, rounds)) if last == beat => rounds.saturating_add(1),
                _ => 0,
            };
            seen.beats.insert(instance.clone(), (*beat, still));
        }
        seen.gone = seen
            .beats
            .iter()
            .filter(|(_, (_, still))| *still >= limits::GONE_ROUNDS)
            .map(|(instance, _)| instance.clone())
            .collect();
        seen.gone.clone()
    }
}

/// Beats, and takes over from who fell silent, until the process ends.
pub async fn run(base: Base) {
    if base.db.kind() == store::Kind::Sqlite {
        return;
    }
    loop {
        if let Err(refusal) = round(&base).await {
            tracing::warn!(error = %refusal, "the other centers could not be looked at");
        }
        base.clock.sleep(limits::BEAT_EVERY).await;
    }
}

/// One beat and one look. Tells how many processes were taken over from. For tests.
pub async fn round(base: &Base) -> Result<usize, Refusal> {
    let own = base.instance.clone();
    base.write(move |tx| {
        let (tenant, now_us) = (tx.tenant(), tx.now_us());
        tx.execute(BEAT, params![tenant, &*own, now_us])?;
        tx.execute(FORGET, params![tenant, now_us.saturating_sub(limits::PROCESS_KEPT_US)])?;
        Ok(())
    })
    .await?;
    let (tenant, now_us) = (base.tenant, base.clock.now_us());
    let (mut beats, claimers) =
        base.read(move |tx| Ok((beats(tx, tenant)?, claimers(tx, tenant, now_us)?))).await?;
    for claimer in &claimers {
        // Who died before its first beat.
        beats.entry(claimer.clone()).or_insert(0);
    }
    let gone = base.around.peers.round(&base.instance, &beats);
    let mut freed = 0;
    for silent in claimers.intersection(&gone) {
        let owner = silent.clone();
        tracing::warn!(owner, "a center fell silent; what it had claimed is taken over");
        base.write(move |tx| {
            let tenant = tx.tenant();
            tx.execute(crate::outbox::FREE, params![tenant, &owner])?;
            tx.execute(FREE_JOBS, params![tenant, &owner])?;
            Ok(())
        })
        .await?;
        freed += 1;
    }
    if freed > 0 {
        base.wake_outbox();
    }
    Ok(freed)
}

fn beats(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<BTreeMap<String, i64>, DbError> {
    let rows = tx.query_all(BEATS, params![tenant], |row| Ok((row.text(0)?.to_owned(), row.i64(1)?)))?;
    Ok(rows.into_iter().collect())
}

fn claimers(tx: &mut ReadTx<'_>, tenant: TenantId, now_us: i64) -> Result<BTreeSet<String>, DbError> {
    let rows = tx.query_all(CLAIMERS, params![tenant, now_us], |row| Ok(row.text(0)?.to_owned()))?;
    Ok(rows.into_iter().filter(|owner| !owner.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beats(of: &[(&str, i64)]) -> BTreeMap<String, i64> {
        of.iter().map(|(instance, beat)| ((*instance).to_owned(), *beat)).collect()
    }

    #[test]
    fn a_process_is_gone_when_its_beat_stands_still_and_back_when_it_moves() {
        let peers = Peers::default();
        for _ in 0..limits::GONE_ROUNDS {
            assert!(peers.round("a-1", &beats(&[("a-1", 5), ("b-1", 9)])).is_empty());
        }
        assert_eq!(peers.round("a-1", &beats(&[("a-1", 5), ("b-1", 9)])).len(), 1);
        assert!(peers.is_gone("b-1") && !peers.is_gone("a-1"), "never itself");
        assert!(peers.round("a-1", &beats(&[("b-1", 10)])).is_empty());
        assert!(!peers.is_gone("b-1"));
    }
}
