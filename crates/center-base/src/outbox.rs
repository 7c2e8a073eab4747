//! Messages to others, written in the unit that causes them, delivered afterwards, at least once.
//!
//! An event's id comes from its topic and key, so writing it twice is writing it once. A worker in every
//! center claims due events by one UPDATE with a lease; a consumer that fails is asked again after 1, 2,
//! 4 … 16 seconds for ever, also when somebody sets the clock back meanwhile. A consumer whose effect is rows calls [`finish`] in the same unit: then the
//! effect happens exactly once, whoever else works on the event.

use crate::base::Base;
use crate::limits;
use crate::wire::Refusal;
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use store::{DbError, Inconsistent, Migration, Row, TenantId, Tx, params};
use tokio::task::JoinSet;

pub(crate) const MIGRATION: Migration = Migration {
    name: "center-base/0003_outbox",
    sql: "-- Messages to others: written with their cause, gone when delivered.
        CREATE TABLE outbox (
            tenant BIGINT NOT NULL,
            id BYTEA NOT NULL,
            seq BIGINT NOT NULL,
            topic TEXT NOT NULL,
            key TEXT NOT NULL,
            body TEXT NOT NULL,
            due_us BIGINT NOT NULL,
            tries BIGINT NOT NULL,
            owner TEXT NOT NULL,
            lease_us BIGINT NOT NULL,
            error TEXT NOT NULL,
            PRIMARY KEY (tenant, id)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        CREATE INDEX outbox_due ON outbox (tenant, due_us, seq);",
};

pub(crate) const PUT: &str =
    "INSERT INTO outbox (tenant, id, seq, topic, key, body, due_us, tries, owner, lease_us, error)
     VALUES ($1, $2, $3, $4, $5, $6, $7, 0, '', 0, '')
     ON CONFLICT (tenant, id) DO NOTHING";
pub(crate) const DROP: &str = "DELETE FROM outbox WHERE tenant = $1 AND id = $2";
pub(crate) const IS_DUE: &str = "SELECT due_us FROM outbox
      WHERE tenant = $1 AND due_us <= $2 AND lease_us <= $2 ORDER BY due_us, seq LIMIT 1";
// The lease is asked for again outside, so that of two centers that chose the same row one comes too late.
pub(crate) const CLAIM: &str = "UPDATE outbox SET owner = $3, lease_us = $4, tries = tries + 1
      WHERE tenant = $1 AND lease_us <= $2 AND id IN (
            SELECT id FROM outbox
             WHERE tenant = $1 AND due_us <= $2 AND lease_us <= $2
             ORDER BY due_us, seq LIMIT $5)
     RETURNING id, seq, topic, key, body, tries";
pub(crate) const FINISH: &str =
    "DELETE FROM outbox WHERE tenant = $1 AND id = $2 AND owner = $3 AND tries = $4";
pub(crate) const AGAIN: &str = "UPDATE outbox SET due_us = $5, owner = '', lease_us = 0, error = $6
      WHERE tenant = $1 AND id = $2 AND owner = $3 AND tries = $4";
pub(crate) const OWNERS: &str = "SELECT DISTINCT owner FROM outbox WHERE tenant = $1 AND lease_us > $2";
pub(crate) const FREE: &str = "UPDATE outbox SET owner = '', lease_us = 0 WHERE tenant = $1 AND owner = $2";
pub(crate) const HASTEN: &str = "UPDATE outbox SET due_us = $2
      WHERE tenant = $1 AND topic = $3 AND tries > 0 AND due_us > $2 AND lease_us <= $2";
// Nothing that was tried waits longer than the longest pause, and nobody works longer than a lease: what does
// was written before the clock was set back.
pub(crate) const AHEAD: &str = "SELECT due_us FROM outbox
      WHERE tenant = $1 AND (due_us > $3 AND tries > 0 OR due_us <= $2 AND lease_us > $4) LIMIT 1";
pub(crate) const DRAW_IN: &str = "UPDATE outbox
        SET due_us = CASE WHEN due_us > $3 AND tries > 0 THEN $2 ELSE due_us END,
            lease_us = CASE WHEN lease_us > $4 THEN $4 ELSE lease_us END
      WHERE tenant = $1 AND (due_us > $3 AND tries > 0 OR due_us <= $2 AND lease_us > $4)";
pub(crate) const WAITING: &str = "SELECT COUNT(*), MIN(seq) FROM outbox WHERE tenant = $1";

/// An event in the hands of a consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its id for ever: others may dedupe by it.
    pub id: [u8; 16],
    /// The unit that wrote it.
    pub seq: i64,
    /// What it is about.
    pub topic: String,
    /// Which of its topic.
    pub key: String,
    /// As it was written.
    pub body: Value,
    /// This try's number, from 1.
    pub tries: i64,
    owner: String,
}

/// What a consumer says: done, or again.
pub type Outcome = Result<(), Again>;

/// Why an event is tried again, for the log and the row, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Again {
    why: String,
    longest: Option<Duration>,
    answered: bool,
}

impl Again {
    /// The same of an event that the other side has answered: it swallowed nothing, so the pause is kept even if
    /// it was there again only with this answer.
    pub fn answered(self) -> Self {
        Self { answered: true, ..self }
    }

    /// The same after this pause, unless it is shorter anyhow.
    pub fn within(self, longest: Duration) -> Self {
        Self { longest: Some(longest), ..self }
    }

    fn pause_us(&self, tries: i64, is_back: bool) -> i64 {
        if is_back && !self.answered {
            return 0;
        }
        pause_us(tries).min(self.longest.map_or(i64::MAX, micros))
    }
}

impl From<String> for Again {
    fn from(why: String) -> Self {
        Self { why, longest: None, answered: false }
    }
}

impl From<&str> for Again {
    fn from(why: &str) -> Self {
        Self::from(why.to_owned())
    }
}

impl std::fmt::Display for Again {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.why)
    }
}

/// Does what events of one topic ask for.
pub trait Consumer: Send + Sync {
    /// The topic.
    fn topic(&self) -> &'static str;
    /// Grows whenever the other side is there again. What fails while this grows is tried again at once: it may
    /// have been swallowed before.
    fn revivals(&self) -> u64 {
        0
    }
    /// Does it. May be asked twice for one event: after a crash, or when the lease ran out.
    fn consume<'a>(&'a self, event: &'a Event) -> BoxFuture<'a, Outcome>;
}

fn id_of(topic: &str, key: &str) -> [u8; 16] {
    let hash: [u8; 32] =
        Sha256::new().chain_update(topic).chain_update([0]).chain_update(key).finalize().into();
    let mut id = [0; 16];
    for (to, from) in id.iter_mut().zip(hash) {
        *to = from;
    }
    id
}

/// Writes an event that is due at once. Call [`Base::wake_outbox`] after the commit.
pub fn put(tx: &mut Tx<'_>, topic: &str, key: &str, body: &impl Serialize) -> Result<(), DbError> {
    let now_us = tx.now_us();
    put_due(tx, topic, key, body, now_us)
}

/// Writes an event that is due at an instant: a time-out that survives a crash.
pub fn put_due(
    tx: &mut Tx<'_>,
    topic: &str,
    key: &str,
    body: &impl Serialize,
    due_us: i64,
) -> Result<(), DbError> {
    let text = serde_json::to_string(body).map_err(|_| Inconsistent::new("outbox.body", "JSON"))?;
    let (tenant, seq) = (tx.tenant(), tx.seq());
    tx.execute(PUT, params![tenant, &id_of(topic, key), seq, topic, key, &text, due_us])?;
    Ok(())
}

/// Takes back an event that is not needed any more. True when it was still waiting.
pub fn take_back(tx: &mut Tx<'_>, topic: &str, key: &str) -> Result<bool, DbError> {
    let tenant = tx.tenant();
    Ok(tx.execute(DROP, params![tenant, &id_of(topic, key)])? > 0)
}

/// Makes everything of a topic due that waits after a failed try: whom it goes to is there again.
pub fn hasten(tx: &mut Tx<'_>, topic: &str) -> Result<(), DbError> {
    let (tenant, now_us) = (tx.tenant(), tx.now_us());
    tx.execute(HASTEN, params![tenant, now_us, topic])?;
    Ok(())
}

/// Ends an event inside the consumer's own unit. False: somebody else has it now, so do nothing.
pub fn finish(tx: &mut Tx<'_>, event: &Event) -> Result<bool, DbError> {
    let tenant = tx.tenant();
    Ok(tx.execute(FINISH, params![tenant, &event.id, &event.owner, event.tries])? > 0)
}

/// How many events wait, and the unit that wrote the oldest.
pub fn waiting(tx: &mut store::ReadTx<'_>, tenant: TenantId) -> Result<(i64, Option<i64>), DbError> {
    tx.query_one(WAITING, params![tenant], |row| Ok((row.i64(0)?, row.opt_i64(1)?)))
}

/// The worker of one process.
#[derive(Clone)]
pub struct Worker {
    base: Base,
    consumers: Arc<BTreeMap<&'static str, Arc<dyn Consumer>>>,
}

impl Worker {
    /// A worker that hands events to these consumers.
    pub fn new(base: &Base, consumers: Vec<Arc<dyn Consumer>>) -> Self {
        let consumers = consumers.into_iter().map(|consumer| (consumer.topic(), consumer)).collect();
        Self { base: base.clone(), consumers: Arc::new(consumers) }
    }

    /// Delivers until the process ends.
    pub async fn run(self) {
        while let Err(refusal) = self.take_over().await {
            tracing::warn!(error = %refusal, "the events of an earlier process could not be taken over yet");
            self.base.clock.sleep(limits::OUTBOX_POLL).await;
        }
        let mut at_work = JoinSet::new();
        let mut was_blind = false;
        loop {
            match self.claim_into(&mut at_work).await {
                // What failed while the database was away failed for no other reason.
                Ok(_) if was_blind => {
                    was_blind = self.hasten_all().await.is_err();
                    continue;
                }
                Ok(claimed) if claimed > 0 => continue,
                Ok(_) => {}
                Err(refusal) => {
                    was_blind = true;
                    tracing::warn!(error = %refusal, "the outbox could not be looked at");
                }
            }
            tokio::select! {
                () = self.base.outbox_woken() => {}
                () = self.base.clock.sleep(limits::OUTBOX_POLL) => {}
                Some(_) = at_work.join_next() => {}
            }
        }
    }

    async fn hasten_all(&self) -> Result<(), Refusal> {
        let topics: Vec<&'static str> = self.consumers.keys().copied().collect();
        self.base.write(move |tx| topics.iter().try_for_each(|topic| Ok(hasten(tx, topic)?))).await
    }

    /// At start-up: what an earlier process of this machine held when it was killed is due again at once,
    /// not when its lease has run out.
    pub async fn take_over(&self) -> Result<(), Refusal> {
        let (tenant, now_us) = (self.base.tenant, self.base.clock.now_us());
        let owners = self
            .base
            .read(move |tx| {
                Ok(tx.query_all(OWNERS, params![tenant, now_us], |row| Ok(row.text(0)?.to_owned()))?)
            })
            .await?;
        let own = Arc::clone(&self.base.instance);
        let is_over = |owner: &String| **owner == *own || self.base.is_earlier_process(owner);
        for owner in owners.into_iter().filter(is_over) {
            self.base.write(move |tx| Ok(tx.execute(FREE, params![tx.tenant(), &owner]).map(drop)?)).await?;
        }
        Ok(())
    }

    /// Delivers everything that is due now, each event once, and tells how many were tried. For tests,
    /// start-up and admin commands.
    pub async fn drain(&self) -> Result<usize, Refusal> {
        let mut at_work = JoinSet::new();
        let mut tried = 0;
        loop {
            let claimed = self.claim_into(&mut at_work).await?;
            tried += claimed;
            if claimed == 0 && at_work.join_next().await.is_none() {
                return Ok(tried);
            }
        }
    }

    async fn claim_into(&self, at_work: &mut JoinSet<()>) -> Result<usize, Refusal> {
        while at_work.try_join_next().is_some() {}
        if at_work.len() >= limits::OUTBOX_AT_ONCE || !self.is_something_due().await? {
            return Ok(0);
        }
        let events = self.claim().await?;
        let claimed = events.len();
        for event in events {
            let worker = self.clone();
            at_work.spawn(async move { worker.deliver(event).await });
        }
        Ok(claimed)
    }

    /// Looking costs no commit.
    async fn is_something_due(&self) -> Result<bool, Refusal> {
        let (tenant, now_us) = (self.base.tenant, self.base.clock.now_us());
        let furthest = Furthest::from(now_us);
        let (due, ahead) = self
            .base
            .read(move |tx| {
                let due = tx.query_opt(IS_DUE, params![tenant, now_us], |row| row.i64(0))?.is_some();
                let Furthest { due_us, lease_us } = furthest;
                let values = params![tenant, now_us, due_us, lease_us];
                Ok((due, tx.query_opt(AHEAD, values, |row| row.i64(0))?.is_some()))
            })
            .await?;
        if ahead {
            tracing::warn!("the clock was set back: what waits for its old time is due now");
            self.base
                .write(move |tx| {
                    let (tenant, now_us) = (tx.tenant(), tx.now_us());
                    let Furthest { due_us, lease_us } = Furthest::from(now_us);
                    tx.execute(DRAW_IN, params![tenant, now_us, due_us, lease_us])?;
                    Ok(())
                })
                .await?;
        }
        Ok(due || ahead)
    }

    async fn claim(&self) -> Result<Vec<Event>, Refusal> {
        let owner = Arc::clone(&self.base.instance);
        let mut events = self
            .base
            .write(move |tx| {
                let (tenant, now_us) = (tx.tenant(), tx.now_us());
                let lease_us = now_us.saturating_add(micros(limits::OUTBOX_LEASE));
                let values = params![tenant, now_us, &*owner, lease_us, limits::OUTBOX_CLAIM];
                Ok(tx.query_all(CLAIM, values, |row| event(row, &owner))?)
            })
            .await?;
        events.sort_by_key(|event| event.seq);
        Ok(events)
    }

    async fn deliver(self, event: Event) {
        let consumer = self.consumers.get(event.topic.as_str());
        let since = consumer.map_or(0, |consumer| consumer.revivals());
        let outcome = match consumer {
            Some(consumer) => consumer.consume(&event).await,
            None => Err("this version has no consumer for the topic".into()),
        };
        // Not written down, it would wait for the end of its lease.
        let until_us = self.base.clock.now_us().saturating_add(micros(limits::OUTBOX_LEASE));
        loop {
            let ended = match &outcome {
                Ok(()) => self.done(event.clone()).await,
                Err(again) => self.again(event.clone(), again.clone(), since).await,
            };
            let Err(refusal) = ended else { return };
            tracing::warn!(error = %refusal, "an outbox event could not be ended");
            if self.base.clock.now_us() >= until_us {
                return;
            }
            self.base.clock.sleep(limits::OUTBOX_END_PAUSE).await;
        }
    }

    async fn done(&self, event: Event) -> Result<(), Refusal> {
        self.base.write(move |tx| Ok(finish(tx, &event).map(|_| ())?)).await
    }

    /// Later; at once when the other side has come back since. What comes back after this unit finds the event
    /// waiting and hastens it.
    async fn again(&self, event: Event, again: Again, since: u64) -> Result<(), Refusal> {
        tracing::info!(topic = %event.topic, key = %event.key, tries = event.tries, why = %again, "an event will be tried again");
        let why: String = again.why.chars().take(limits::OUTBOX_ERROR_CHARS).collect();
        let consumers = Arc::clone(&self.consumers);
        self.base
            .write(move |tx| {
                let consumer = consumers.get(event.topic.as_str());
                let is_back = consumer.is_some_and(|consumer| consumer.revivals() != since);
                let pause_us = again.pause_us(event.tries, is_back);
                let (tenant, due_us) = (tx.tenant(), tx.now_us().saturating_add(pause_us));
                tx.execute(AGAIN, params![tenant, &event.id, &event.owner, event.tries, due_us, &why])?;
                Ok(())
            })
            .await
    }
}

/// How far ahead of now anything may stand.
#[derive(Clone, Copy)]
struct Furthest {
    due_us: i64,
    lease_us: i64,
}

impl From<i64> for Furthest {
    fn from(now_us: i64) -> Self {
        let ahead = |span| now_us.saturating_add(span);
        Self { due_us: ahead(pause_us(i64::MAX)), lease_us: ahead(micros(limits::OUTBOX_LEASE)) }
    }
}

fn event(row: &Row<'_>, owner: &str) -> Result<Event, DbError> {
    let body = serde_json::from_str(row.text(4)?).map_err(|_| Inconsistent::new("outbox.body", "JSON"))?;
    Ok(Event {
        id: row.array(0)?,
        seq: row.i64(1)?,
        topic: row.text(2)?.to_owned(),
        key: row.text(3)?.to_owned(),
        body,
        tries: row.i64(5)?,
        owner: owner.to_owned(),
    })
}

/// The pause after so many tries: 1, 2, 4 … 16 seconds, in microseconds.
pub fn pause_us(tries: i64) -> i64 {
    let doublings = u32::try_from(tries.saturating_sub(1).clamp(0, 10)).unwrap_or(10);
    2i64.saturating_pow(doublings).min(limits::OUTBOX_PAUSE_MAX_S).saturating_mul(1_000_000)
}

pub(crate) fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::base;
    use serde_json::json;
    use std::sync::Mutex;

    /// Remembers what it was asked, and fails so often.
    struct Book {
        asked: Mutex<Vec<(String, i64)>>,
        fail: i64,
    }

    impl Book {
        fn failing(fail: i64) -> Arc<Self> {
            Arc::new(Self { asked: Mutex::new(Vec::new()), fail })
        }
        fn keys(&self) -> Vec<(String, i64)> {
            self.asked.lock().unwrap().clone()
        }
    }

    impl Consumer for Book {
        fn topic(&self) -> &'static str {
            "reversal"
        }
        fn consume<'a>(&'a self, event: &'a Event) -> BoxFuture<'a, Outcome> {
            Box::pin(async move {
                self.asked.lock().unwrap().push((event.key.clone(), event.tries));
                if event.tries <= self.fail { Err("the network is silent".into()) } else { Ok(()) }
            })
        }
    }

    /// A process with this name on the same database.
    fn named(db: &store::testing::TestDb, instance: &str) -> Base {
        let like = base(db);
        Base::new(
            db.db.clone(),
            like.clock.clone(),
            like.tenant,
            instance,
            &like.public_url,
            like.secrets.clone(),
        )
    }

    async fn put_one(base: &Base, key: &'static str) {
        base.write(move |tx| Ok(put(tx, "reversal", key, &json!({"k": key}))?)).await.unwrap();
    }

    async fn left(base: &Base) -> i64 {
        let tenant = base.tenant;
        base.read(move |tx| Ok(waiting(tx, tenant)?.0)).await.unwrap()
    }

    #[tokio::test]
    async fn an_event_is_delivered_once_however_often_it_is_written() {
        for db in store::testing::each(crate::MIGRATIONS) {
            let (base, book) = (base(&db), Book::failing(0));
            let worker = Worker::new(&base, vec![book.clone()]);
            put_one(&base, "a").await;
            put_one(&base, "a").await;
            put_one(&base, "b").await;
            assert_eq!(worker.drain().await.unwrap(), 2);
            assert_eq!(worker.drain().await.unwrap(), 0);
            let mut keys = book.keys();
            keys.sort();
            assert_eq!(keys, [("a".to_owned(), 1), ("b".to_owned(), 1)]);
            assert_eq!(left(&base).await, 0);
        }
    }

    #[tokio::test]
    async fn a_failing_consumer_is_asked_again_after_one_two_and_four_seconds() {
        // R4
        for db in store::testing::each(crate::MIGRATIONS) {
            let (base, book) = (base(&db), Book::failing(3));
            let worker = Worker::new(&base, vec![book.clone()]);
            put_one(&base, "a").await;
            assert_eq!(worker.drain().await.unwrap(), 1);
            for wait_s in [1, 2, 4] {
                base.clock.advance(Duration::from_millis(wait_s * 1000 - 1));
                assert_eq!(worker.drain().await.unwrap(), 0);
                base.clock.advance(Duration::from_millis(1));
                assert_eq!(worker.drain().await.unwrap(), 1);
            }
            assert_eq!(left(&base).await, 0);
        }
        assert_eq!(pause_us(7), 16_000_000);
        assert_eq!(pause_us(i64::MAX), 16_000_000);
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_makes_no_event_wait_for_its_old_time() {
        // R4, R9
        for db in store::testing::each(crate::MIGRATIONS) {
            let (base, other, book) = (base(&db), named(&db, "other-1"), Book::failing(3));
            let worker = Worker::new(&base, vec![book.clone()]);
            put_one(&base, "a").await;
            assert_eq!(worker.drain().await.unwrap(), 1);
            base.clock.set(clock::SignedDuration::from_hours(-26));
            assert_eq!(worker.drain().await.unwrap(), 1, "due yesterday by the old time");
            for seconds in [2, 4] {
                base.clock.advance(Duration::from_secs(seconds));
                assert_eq!(worker.drain().await.unwrap(), 1, "and its pauses are those of any event");
            }
            assert_eq!(left(&base).await, 0);

            // What another process had in its hands is free when a whole lease has passed, and no sooner.
            put_one(&base, "b").await;
            let theirs = Worker::new(&other, vec![]);
            assert_eq!(theirs.claim().await.unwrap().len(), 1);
            base.clock.set(clock::SignedDuration::from_hours(-26));
            assert_eq!(worker.drain().await.unwrap(), 0);
            base.clock.advance(limits::OUTBOX_LEASE);
            assert_eq!(worker.drain().await.unwrap(), 1);
        }
    }

    #[tokio::test]
    async fn what_a_killed_process_held_is_delivered_as_soon_as_the_next_one_starts() {
        // R4: at most a minute to a final state, and a lease is longer than that.
        for db in store::testing::each(crate::MIGRATIONS) {
            let killed = named(&db, "a-1");
            let other = named(&db, "b-1");
            put_one(&killed, "a").await;
            assert_eq!(Worker::new(&killed, vec![]).claim().await.unwrap().len(), 1);
            let (base, book) = (named(&db, "a-2"), Book::failing(0));
            let worker = Worker::new(&base, vec![book.clone()]);
            assert_eq!(worker.drain().await.unwrap(), 0, "still leased");
            if base.db.kind() != store::Kind::Sqlite {
                // On a server another machine may be at work.
                Worker::new(&other, vec![]).take_over().await.unwrap();
                assert_eq!(worker.drain().await.unwrap(), 0);
            }
            worker.take_over().await.unwrap();
            assert_eq!(worker.drain().await.unwrap(), 1);
            assert_eq!(book.keys(), [("a".to_owned(), 2)]);
            assert_eq!(left(&base).await, 0);
        }
    }

    #[tokio::test]
    async fn what_a_silent_center_held_is_taken_over_by_another_machine_within_ten_seconds() {
        // R4: a machine that is gone for good never ends its leases itself.
        let db = tokio::task::spawn_blocking(|| store::testing::postgres(crate::MIGRATIONS)).await.unwrap();
        let (dead, base) = (named(&db, "a-1"), named(&db, "b-1"));
        put_one(&dead, "a").await;
        crate::peers::round(&dead).await.unwrap();
        assert_eq!(Worker::new(&dead, vec![]).claim().await.unwrap().len(), 1);
        let book = Book::failing(0);
        let worker = Worker::new(&base, vec![book.clone()]);
        for _ in 0..10 {
            // Alive: its beat moves, and nobody takes anything from it.
            crate::peers::round(&dead).await.unwrap();
            assert_eq!(crate::peers::round(&base).await.unwrap(), 0);
        }
        let mut waited = Duration::ZERO;
        while worker.drain().await.unwrap() == 0 {
            crate::peers::round(&base).await.unwrap();
            base.clock.advance(limits::BEAT_EVERY);
            waited += limits::BEAT_EVERY;
        }
        assert!(waited <= Duration::from_secs(10), "{waited:?}");
        assert!(base.is_gone("a-1"));
        assert_eq!(book.keys(), [("a".to_owned(), 2)]);
    }

    #[tokio::test]
    async fn what_waits_for_its_next_try_is_due_when_the_other_side_is_there_again() {
        // R4
        for db in store::testing::each(crate::MIGRATIONS) {
            let (base, book) = (base(&db), Book::failing(8));
            let worker = Worker::new(&base, vec![book.clone()]);
            put_one(&base, "a").await;
            base.write(|tx| Ok(put_due(tx, "reversal", "time-out", &json!({}), i64::MAX)?)).await.unwrap();
            for _ in 0..8 {
                base.clock.advance(Duration::from_mins(1));
                assert_eq!(worker.drain().await.unwrap(), 1);
            }
            assert_eq!(worker.drain().await.unwrap(), 0, "a minute's pause");
            base.hasten_outbox("reversal").await.unwrap();
            assert_eq!(worker.drain().await.unwrap(), 1);
            assert_eq!(left(&base).await, 1, "what was never tried waits for its own time");
        }
    }

    #[tokio::test]
    async fn an_event_with_a_time_waits_for_it_and_can_be_taken_back() {
        for db in store::testing::each(crate::MIGRATIONS) {
            let (base, book) = (base(&db), Book::failing(0));
            let worker = Worker::new(&base, vec![book.clone()]);
            for key in ["late", "never"] {
                base.write(move |tx| {
                    let due_us = tx.now_us() + 25_000_000;
                    Ok(put_due(tx, "reversal", key, &json!({}), due_us)?)
                })
                .await
                .unwrap();
            }
            assert_eq!(worker.drain().await.unwrap(), 0);
            assert!(base.write(|tx| Ok(take_back(tx, "reversal", "never")?)).await.unwrap());
            base.clock.advance(Duration::from_secs(25));
            assert_eq!(worker.drain().await.unwrap(), 1);
            assert_eq!(book.keys(), [("late".to_owned(), 1)]);
        }
    }

    #[tokio::test]
    async fn a_claimed_event_is_left_alone_until_its_lease_ends_and_then_ends_once() {
        for db in store::testing::each(crate::MIGRATIONS) {
            let base = base(&db);
            put_one(&base, "a").await;
            let (one, two) = (Worker::new(&base, vec![]), Worker::new(&base, vec![]));
            let first = one.claim().await.unwrap();
            assert_eq!((first.len(), two.claim().await.unwrap().len()), (1, 0));
            base.clock.advance(limits::OUTBOX_LEASE);
            let second = two.claim().await.unwrap();
            assert_eq!(second[0].tries, 2);
            let late = first[0].clone();
            assert!(
                !base.write(move |tx| Ok(finish(tx, &late)?)).await.unwrap(),
                "the late one must not end it"
            );
            let event = second[0].clone();
            assert!(base.write(move |tx| Ok(finish(tx, &event)?)).await.unwrap());
        }
    }

    #[tokio::test]
    async fn the_running_worker_is_woken_by_a_commit() {
        let db = store::testing::sqlite(crate::MIGRATIONS);
        let (base, book) = (base(&db), Book::failing(0));
        let worker = tokio::spawn(Worker::new(&base, vec![book.clone()]).run());
        put_one(&base, "a").await;
        base.wake_outbox();
        let mut commits = base.db.commits();
        while left(&base).await > 0 {
            commits.changed().await.unwrap();
        }
        assert_eq!(book.keys().len(), 1);
        worker.abort();
    }
}
