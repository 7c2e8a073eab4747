//! What every slice is handed: database, clock, tenant, names, secrets; and caches of configuration
//! that several centers keep in step.

use crate::limits;
use crate::peers::Peers;
use crate::wire::Refusal;
use clock::Clock;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::future::Future;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use store::{Db, DbError, Migration, ReadTx, TenantId, Tx, params};
use tokio::sync::Notify;

pub(crate) const MIGRATION: Migration = Migration {
    name: "center-base/0001_generation",
    sql: "-- One number per tenant that grows with every change of configuration; caches live for one number.
        CREATE TABLE generation (
            tenant BIGINT NOT NULL PRIMARY KEY,
            number BIGINT NOT NULL
        ) /*sqlite: STRICT, WITHOUT ROWID */;",
};

pub(crate) const GENERATION_READ: &str = "SELECT number FROM generation WHERE tenant = $1";
pub(crate) const GENERATION_BUMP: &str = "INSERT INTO generation (tenant, number) VALUES ($1, 1)
     ON CONFLICT (tenant) DO UPDATE SET number = generation.number + 1";

/// The key from which the center derives its own secrets. Never shown.
#[derive(Clone)]
pub struct Secrets(Arc<[u8; 32]>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(masked)")
    }
}

impl Secrets {
    /// From the root key of this installation.
    pub fn new(root: [u8; 32]) -> Self {
        Self(Arc::new(root))
    }

    /// A key of its own for each use; `purpose` is a constant such as `receipt link`.
    pub fn key(&self, purpose: &str) -> [u8; 32] {
        Sha256::new()
            .chain_update(b"choba key\0")
            .chain_update(*self.0)
            .chain_update(purpose)
            .finalize()
            .into()
    }
}

/// What every slice is handed. Clones share everything, and cost one counter: every request makes some.
#[derive(Clone, Debug)]
pub struct Base(Arc<Shared>);

/// What the clones of a [`Base`] share; its fields are read through it.
#[derive(Debug)]
pub struct Shared {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// Whose center this is.
    pub tenant: TenantId,
    /// This process among several on one database, for leases: unique, for example `a-4711`.
    pub instance: Arc<str>,
    /// `http://127.0.0.1:8700`, without a slash at the end.
    pub public_url: Arc<str>,
    /// Keys.
    pub secrets: Secrets,
    generation: AtomicI64,
    pub(crate) around: Around,
}

impl std::ops::Deref for Base {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// What this process keeps in memory of its outbox and of the other processes.
#[derive(Debug, Default)]
pub(crate) struct Around {
    outbox: Notify,
    pub(crate) peers: Peers,
}

impl Base {
    /// Puts it together.
    pub fn new(
        db: Db,
        clock: Clock,
        tenant: TenantId,
        instance: &str,
        public_url: &str,
        secrets: Secrets,
    ) -> Self {
        Self(Arc::new(Shared {
            db,
            clock,
            tenant,
            instance: instance.into(),
            public_url: public_url.trim_end_matches('/').into(),
            secrets,
            generation: AtomicI64::new(0),
            around: Around::default(),
        }))
    }

    /// Runs a unit of work that writes, for this tenant. What the unit refuses comes back as it is;
    /// trouble of the database becomes the code that says what it means for the money.
    pub async fn write<T, F>(&self, unit: F) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, Refusal> + Send + 'static,
    {
        Ok(self.db.write(self.tenant, unit).await?)
    }

    /// Writes down what became of something outside: tried again while the database is busy or without room.
    /// What cannot be committed even so stays as it was, is found by the sweep and never guessed; whatever the
    /// trouble's code says of other requests, here somebody was asked. `unit` is told how often it was tried.
    pub async fn write_outcome<T, F>(&self, of: impl Display, unit: F) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>, u32) -> Result<T, Refusal> + Send + Sync + 'static,
    {
        let unit = Arc::new(unit);
        let mut tries = 0;
        loop {
            let again = Arc::clone(&unit);
            let written = self.write(move |tx| again(tx, tries)).await;
            tries += 1;
            match written {
                Err(refusal) if refusal.code.row().status >= 500 && tries < limits::OUTCOME_TRIES => {
                    tracing::warn!(%of, %refusal, "an outcome could not be committed yet");
                    self.clock.sleep(limits::OUTCOME_PAUSE).await;
                }
                Err(refusal) => return Err(Refusal { code: codes::api::INTERNAL, ..refusal }),
                Ok(written) => return Ok(written),
            }
        }
    }

    /// Runs a unit of work that reads.
    pub async fn read<T, F>(&self, unit: F) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: FnMut(&mut ReadTx<'_>) -> Result<T, Refusal> + Send + 'static,
    {
        Ok(self.db.read(unit).await?)
    }

    /// Runs a unit of work that reads much, giving way to everybody else ([`store::Db::read_behind`]).
    pub async fn read_behind<T, F>(&self, unit: F) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: FnMut(&mut ReadTx<'_>) -> Result<T, Refusal> + Send + 'static,
    {
        Ok(self.db.read_behind(unit).await?)
    }

    /// Whether an owner written in a row is a process that this one has followed: its work has nobody any
    /// more. A file has one process at a time; on a server only those of the same machine are known gone.
    pub fn is_earlier_process(&self, owner: &str) -> bool {
        let node = |instance: &str| instance.rsplit_once('-').map_or(instance, |(node, _)| node).to_owned();
        *owner != *self.instance
            && (self.db.kind() == store::Kind::Sqlite || node(owner) == node(&self.instance))
    }

    /// Whether another process on this database has fallen silent ([`crate::peers`]): nobody waits for the
    /// answers that it waited for.
    pub fn is_gone(&self, owner: &str) -> bool {
        self.is_earlier_process(owner) || self.around.peers.is_gone(owner)
    }

    /// Whom the events of a topic go to is there again: what waits for its next try is due now.
    pub async fn hasten_outbox(&self, topic: &'static str) -> Result<(), Refusal> {
        self.write(move |tx| Ok(crate::outbox::hasten(tx, topic)?)).await?;
        self.wake_outbox();
        Ok(())
    }

    /// An event was just committed: the worker looks at once instead of at its next round.
    pub fn wake_outbox(&self) {
        self.around.outbox.notify_one();
    }

    pub(crate) async fn outbox_woken(&self) {
        self.around.outbox.notified().await;
    }

    /// The number of the configuration that caches hold.
    pub fn generation(&self) -> i64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Looks whether configuration has changed; call it after a commit that called [`configuration_changed`].
    pub async fn refresh(&self) -> Result<(), Refusal> {
        let tenant = self.tenant;
        let number = self
            .read(move |tx| {
                Ok(tx.query_opt(GENERATION_READ, params![tenant], |row| row.i64(0))?.unwrap_or(0))
            })
            .await?;
        self.generation.fetch_max(number, Ordering::AcqRel);
        Ok(())
    }

    /// Follows the changes that other centers make, until the process ends.
    pub async fn follow_configuration(&self) {
        loop {
            if let Err(refusal) = self.refresh().await {
                tracing::warn!(error = %refusal, "configuration could not be looked at");
            }
            self.clock.sleep(limits::REFRESH_EVERY).await;
        }
    }
}

/// Tells every center, at this commit, that cached configuration is old. Call [`Base::refresh`] afterwards.
pub fn configuration_changed(tx: &mut Tx<'_>) -> Result<(), DbError> {
    let tenant = tx.tenant();
    tx.execute(GENERATION_BUMP, params![tenant])?;
    Ok(())
}

/// Configuration in memory: what was loaded stays until any configuration of the tenant changes.
pub struct Cache<K, V>(RwLock<Kept<K, V>>);

struct Kept<K, V> {
    generation: i64,
    rows: BTreeMap<K, V>,
}

impl<K: Ord + Clone, V: Clone> Default for Cache<K, V> {
    fn default() -> Self {
        Self(RwLock::new(Kept { generation: -1, rows: BTreeMap::new() }))
    }
}

impl<K: Ord + Clone, V: Clone> Cache<K, V> {
    /// What is kept, if it is of now.
    pub fn get(&self, base: &Base, key: &K) -> Option<V> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if kept.generation == base.generation() { kept.rows.get(key).cloned() } else { None }
    }

    /// What is kept, or what `load` finds. Something loaded while the configuration changed is not kept.
    pub async fn get_or_load<E, F>(&self, base: &Base, key: &K, load: impl FnOnce() -> F) -> Result<V, E>
    where
        F: Future<Output = Result<V, E>>,
    {
        if let Some(value) = self.get(base, key) {
            return Ok(value);
        }
        let before = base.generation();
        let value = load().await?;
        self.keep(base, before, key, &value);
        Ok(value)
    }

    fn keep(&self, base: &Base, before: i64, key: &K, value: &V) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if before != base.generation() {
            return;
        }
        if kept.generation != before || kept.rows.len() >= limits::CACHE_ROWS {
            kept.rows.clear();
            kept.generation = before;
        }
        kept.rows.insert(key.clone(), value.clone());
    }
}

/// Random bytes from the system.
pub fn random<const N: usize>() -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| Refusal::internal(format!("no random bytes: {e}")))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::base;

    #[tokio::test]
    async fn a_cache_forgets_when_any_center_changes_configuration() {
        for db in store::testing::each(crate::MIGRATIONS) {
            let (here, there) = (base(&db), base(&db));
            let cache = Cache::<u8, i64>::default();
            let load = |value: i64| move || async move { Ok::<_, Refusal>(value) };
            assert_eq!(cache.get_or_load(&here, &1, load(1)).await.unwrap(), 1);
            assert_eq!(cache.get_or_load(&here, &1, load(2)).await.unwrap(), 1);
            there.write(|tx| Ok(configuration_changed(tx)?)).await.unwrap();
            here.refresh().await.unwrap();
            assert_eq!(cache.get_or_load(&here, &1, load(2)).await.unwrap(), 2);
        }
    }

    #[test]
    fn each_purpose_has_its_own_key_and_none_is_shown() {
        let secrets = Secrets::new([7; 32]);
        assert_ne!(secrets.key("a"), secrets.key("b"));
        assert_eq!(format!("{secrets:?}"), "Secrets(masked)");
    }
}
