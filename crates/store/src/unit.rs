//! What a unit of work holds in its hands: statements, its instant, the tenant's sequence and chain.

use crate::TenantId;
use crate::engine::{Engine, Trouble};
use crate::error::DbError;
use crate::limits;
use crate::value::{Row, Value};
use std::ops::{Deref, DerefMut};

/// A transaction that reads. Every load function takes `&mut ReadTx<'_>`; a `&mut Tx<'_>` serves as one.
pub struct ReadTx<'a> {
    engine: &'a mut dyn Engine,
    now_us: i64,
    stop: Option<Trouble>,
    /// Whether something may have been written.
    wrote: bool,
    /// Whether it lets other threads in between its rows.
    gives_way: bool,
    #[cfg(feature = "testing")]
    pub(crate) recorded: Option<Vec<crate::testing::Recorded>>,
}

/// A transaction that writes, for one tenant. Everything it does happens in one commit or not at all.
pub struct Tx<'a> {
    read: ReadTx<'a>,
    tenant: TenantId,
    head: &'a mut Head,
    numbered: bool,
}

/// The tenant's place in its own history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) seq: i64,
    pub(crate) chain: [u8; 32],
}

impl<'a> ReadTx<'a> {
    pub(crate) fn new(engine: &'a mut dyn Engine, now_us: i64) -> Self {
        Self {
            engine,
            now_us,
            stop: None,
            wrote: false,
            gives_way: false,
            #[cfg(feature = "testing")]
            recorded: None,
        }
    }

    /// The same, giving way to other threads between its rows. To be nice is not enough: a thread that is let in
    /// still waits until the nice one has used up its slice, which is milliseconds.
    pub(crate) fn behind(engine: &'a mut dyn Engine, now_us: i64) -> Self {
        Self { gives_way: true, ..Self::new(engine, now_us) }
    }

    /// The instant at which this unit started, microseconds since 1970, from the handed-in clock.
    pub fn now_us(&self) -> i64 {
        self.now_us
    }

    /// Every row of the answer, each turned into a value.
    pub fn query_all<R>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        mut row: impl FnMut(&Row<'_>) -> Result<R, DbError>,
    ) -> Result<Vec<R>, DbError> {
        let mut rows = Vec::new();
        self.query_each(sql, params, |cells| {
            rows.push(row(cells)?);
            Ok(())
        })?;
        Ok(rows)
    }

    /// The one row of the answer, or nothing; a second row is [`DbError::ManyRows`].
    pub fn query_opt<R>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        mut row: impl FnMut(&Row<'_>) -> Result<R, DbError>,
    ) -> Result<Option<R>, DbError> {
        let mut found = None;
        self.query_each(sql, params, |cells| {
            if found.is_some() {
                return Err(DbError::ManyRows);
            }
            found = Some(row(cells)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// The one row of the answer; none is [`DbError::NoRow`].
    pub fn query_one<R>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        row: impl FnMut(&Row<'_>) -> Result<R, DbError>,
    ) -> Result<R, DbError> {
        self.query_opt(sql, params, row)?.ok_or(DbError::NoRow)
    }

    /// Hands over the rows one by one without keeping them, for answers of any length.
    pub fn query_each(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        mut each: impl FnMut(&Row<'_>) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        self.before(sql, params)?;
        // A statement with RETURNING comes this way too.
        self.wrote |= !sql.starts_with("SELECT");
        let done = if self.gives_way {
            let mut rows = 0_usize;
            self.engine.query(sql, params, &mut |row| {
                rows = rows.wrapping_add(1);
                if rows.is_multiple_of(limits::ROWS_AT_A_STRETCH) {
                    std::thread::yield_now();
                }
                each(row)
            })
        } else {
            self.engine.query(sql, params, &mut each)
        };
        self.after(done)
    }

    /// The newest commit of a tenant, for those who follow it; 0 before the first.
    pub fn head_seq(&mut self, tenant: TenantId) -> Result<i64, DbError> {
        let found =
            self.query_opt("SELECT seq FROM head WHERE tenant = $1", &[tenant.into()], |r| r.i64(0))?;
        Ok(found.unwrap_or(0))
    }

    pub(crate) fn prepare(&mut self, sql: &str) -> Result<(), DbError> {
        let done = self.engine.prepare(sql);
        self.after(done)
    }

    fn before(&mut self, sql: &str, params: &[Value<'_>]) -> Result<(), DbError> {
        if let Some(trouble) = &self.stop {
            return Err(told(trouble));
        }
        for value in params {
            value.storable()?;
        }
        #[cfg(feature = "testing")]
        if let Some(recorded) = &mut self.recorded {
            recorded.push(crate::testing::Recorded::new(sql, params));
        }
        #[cfg(not(feature = "testing"))]
        let _ = sql;
        Ok(())
    }

    /// Keeps what ends the unit, so that no later statement runs and no swallowed error is committed.
    fn after<R>(&mut self, done: Result<R, Trouble>) -> Result<R, DbError> {
        done.map_err(|trouble| {
            let error = told(&trouble);
            if !matches!(trouble, Trouble::Row(_)) {
                self.stop = Some(trouble);
            }
            error
        })
    }

    /// What ended the unit, if anything did.
    pub(crate) fn stop(self) -> Option<Trouble> {
        self.stop
    }
}

/// What the unit is told of a trouble.
fn told(trouble: &Trouble) -> DbError {
    match trouble {
        Trouble::Row(error) | Trouble::Statement(error) => error.clone(),
        Trouble::Rerun(_) | Trouble::Lost(_) | Trouble::NoSpace | Trouble::Fatal(_) => DbError::Over,
    }
}

impl<'a> Tx<'a> {
    pub(crate) fn new(engine: &'a mut dyn Engine, tenant: TenantId, head: &'a mut Head, now_us: i64) -> Self {
        Self { read: ReadTx::new(engine, now_us), tenant, head, numbered: false }
    }

    /// Runs a statement that returns no rows and tells how many rows it changed. With RETURNING, use a query.
    pub fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64, DbError> {
        self.read.before(sql, params)?;
        let done = self.read.engine.execute(sql, params);
        self.read.wrote |= !matches!(done, Ok(0));
        self.read.after(done)
    }

    /// Whose unit this is.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The number of this unit in the tenant's history: one more than the last committed unit that took
    /// one, the same at every call within the unit. A unit that is rolled back leaves no gap.
    pub fn seq(&mut self) -> i64 {
        if !self.numbered {
            self.numbered = true;
            self.head.seq = self.head.seq.saturating_add(1);
        }
        self.head.seq
    }

    /// The last link of the tenant's hash chain as this unit sees it; 32 zero bytes before the first.
    pub fn chain(&self) -> [u8; 32] {
        self.head.chain
    }

    /// Makes `link` the last link of the tenant's hash chain, if this unit is committed.
    pub fn set_chain(&mut self, link: [u8; 32]) {
        self.head.chain = link;
    }

    /// Whether the unit may have changed a row, or met a statement that the engine refused.
    pub(crate) fn wrote(&self) -> bool {
        self.read.wrote || matches!(self.read.stop, Some(Trouble::Statement(_)))
    }

    pub(crate) fn stop(self) -> Option<Trouble> {
        self.read.stop()
    }
}

impl<'a> Deref for Tx<'a> {
    type Target = ReadTx<'a>;

    fn deref(&self) -> &Self::Target {
        &self.read
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.read
    }
}
