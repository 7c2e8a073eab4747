//! Work that recurs: on the clock, in one of the centers at a time.

use crate::base::Base;
use crate::limits;
use crate::outbox::micros;
use crate::wire::Refusal;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use store::{Migration, params};

pub(crate) const MIGRATION: Migration = Migration {
    name: "center-base/0004_job",
    sql: "-- When each recurring piece of work is due, and who is at it.
        CREATE TABLE job (
            tenant BIGINT NOT NULL,
            name TEXT NOT NULL,
            due_us BIGINT NOT NULL,
            owner TEXT NOT NULL,
            lease_us BIGINT NOT NULL,
            error TEXT NOT NULL,
            PRIMARY KEY (tenant, name)
        ) /*sqlite: STRICT, WITHOUT ROWID */;",
};

pub(crate) const ADD: &str = "INSERT INTO job (tenant, name, due_us, owner, lease_us, error)
     VALUES ($1, $2, $3, '', 0, '') ON CONFLICT (tenant, name) DO NOTHING";
pub(crate) const STANDING: &str = "SELECT due_us, lease_us FROM job WHERE tenant = $1 AND name = $2";
// Due later than it recurs, or leased for longer than a lease, is only what was written before the clock was
// set back.
pub(crate) const CLAIM: &str = "UPDATE job SET owner = $3, lease_us = $4
      WHERE tenant = $1 AND name = $2
        AND (due_us <= $5 OR due_us > $6) AND (lease_us <= $5 OR lease_us > $4)";
pub(crate) const DONE: &str = "UPDATE job SET due_us = $4, owner = '', lease_us = 0, error = $5
      WHERE tenant = $1 AND name = $2 AND owner = $3";

/// What a job does in one run.
pub type Work = Arc<dyn Fn(Base) -> BoxFuture<'static, Result<(), Refusal>> + Send + Sync>;

/// Work that recurs.
#[derive(Clone)]
pub struct Job {
    name: &'static str,
    every: Duration,
    work: Work,
}

impl Job {
    /// `name` is unique among all jobs: `acquiring/release`. The first run is due at once. A run must be
    /// able to stop anywhere and start over.
    pub fn new<F, R>(name: &'static str, every: Duration, work: F) -> Self
    where
        F: Fn(Base) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), Refusal>> + Send + 'static,
    {
        Self { name, every, work: Arc::new(move |base| Box::pin(work(base))) }
    }
}

/// Runs the jobs until the process ends.
pub async fn run(base: Base, jobs: Vec<Job>) {
    loop {
        if let Err(refusal) = run_due(&base, &jobs).await {
            tracing::warn!(error = %refusal, "the jobs could not be looked at");
        }
        base.clock.sleep(limits::JOB_POLL).await;
    }
}

/// Runs the jobs that are due now and tells which ran. For tests and admin commands.
pub async fn run_due(base: &Base, jobs: &[Job]) -> Result<Vec<&'static str>, Refusal> {
    let mut ran = Vec::new();
    for job in jobs {
        if is_due(base, job).await? && claim(base, job).await? {
            let outcome = (job.work)(base.clone()).await;
            let error = outcome.err().map(|refusal| refusal.to_string());
            if let Some(error) = &error {
                tracing::warn!(job = job.name, error, "a job failed and will run again");
            }
            done(base, job, error.unwrap_or_default()).await?;
            ran.push(job.name);
        }
    }
    Ok(ran)
}

/// Looking costs no commit.
async fn is_due(base: &Base, job: &Job) -> Result<bool, Refusal> {
    let (tenant, name, now_us) = (base.tenant, job.name, base.clock.now_us());
    let standing = base
        .read(move |tx| {
            Ok(tx.query_opt(STANDING, params![tenant, name], |row| Ok((row.i64(0)?, row.i64(1)?)))?)
        })
        .await?;
    let over = |at_us: i64, span| at_us <= now_us || at_us > now_us.saturating_add(micros(span));
    Ok(standing.is_none_or(|(due_us, lease_us)| over(due_us, job.every) && over(lease_us, limits::JOB_LEASE)))
}

async fn claim(base: &Base, job: &Job) -> Result<bool, Refusal> {
    let (owner, name, every) = (Arc::clone(&base.instance), job.name, micros(job.every));
    base.write(move |tx| {
        let (tenant, now_us) = (tx.tenant(), tx.now_us());
        tx.execute(ADD, params![tenant, name, now_us])?;
        let lease_us = now_us.saturating_add(micros(limits::JOB_LEASE));
        let furthest_us = now_us.saturating_add(every);
        let values = params![tenant, name, &*owner, lease_us, now_us, furthest_us];
        Ok(tx.execute(CLAIM, values)? > 0)
    })
    .await
}

async fn done(base: &Base, job: &Job, error: String) -> Result<(), Refusal> {
    let (owner, name, every) = (Arc::clone(&base.instance), job.name, micros(job.every));
    base.write(move |tx| {
        let (tenant, due_us) = (tx.tenant(), tx.now_us().saturating_add(every));
        tx.execute(DONE, params![tenant, name, &*owner, due_us, &error])?;
        Ok(())
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::base;

    #[tokio::test]
    async fn a_job_runs_when_it_is_due_and_in_one_center_only() {
        for db in store::testing::each(crate::MIGRATIONS) {
            let (here, there) = (base(&db), base(&db));
            let jobs = || vec![Job::new("test/sweep", Duration::from_mins(1), |_| async { Ok(()) })];
            assert_eq!(run_due(&here, &jobs()).await.unwrap(), ["test/sweep"]);
            assert!(run_due(&there, &jobs()).await.unwrap().is_empty());
            here.clock.advance(Duration::from_mins(1));
            assert!(claim(&there, &jobs()[0]).await.unwrap());
            assert!(run_due(&here, &jobs()).await.unwrap().is_empty(), "the other center is at it");
            here.clock.advance(limits::JOB_LEASE);
            assert_eq!(run_due(&here, &jobs()).await.unwrap(), ["test/sweep"], "the other center died");
        }
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_makes_no_job_wait_for_its_old_time() {
        // R9
        for db in store::testing::each(crate::MIGRATIONS) {
            let base = base(&db);
            let jobs = [Job::new("test/sweep", Duration::from_mins(1), |_| async { Ok(()) })];
            assert_eq!(run_due(&base, &jobs).await.unwrap().len(), 1);
            base.clock.set(clock::SignedDuration::from_hours(-26));
            assert_eq!(run_due(&base, &jobs).await.unwrap().len(), 1);
            assert!(run_due(&base, &jobs).await.unwrap().is_empty(), "and then in its own time");
            base.clock.advance(Duration::from_mins(1));
            assert_eq!(run_due(&base, &jobs).await.unwrap().len(), 1);
        }
    }

    #[tokio::test]
    async fn a_failed_job_runs_again() {
        let db = store::testing::sqlite(crate::MIGRATIONS);
        let base = base(&db);
        let jobs =
            [Job::new("test/broken", Duration::from_secs(1), |_| async { Err(Refusal::internal("broken")) })];
        assert_eq!(run_due(&base, &jobs).await.unwrap().len(), 1);
        base.clock.advance(Duration::from_secs(1));
        assert_eq!(run_due(&base, &jobs).await.unwrap().len(), 1);
    }
}
