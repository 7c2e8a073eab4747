//! PostgreSQL: a few writing connections in every center, row locks on the head rows, READ COMMITTED.
//!
//! A commit whose answer is lost is not guessed. Every batch writes its number into a row of its own
//! writer (`store_writer`) before it commits. After the loss the writer asks for that row in a way that
//! waits for the old transaction to end, and so knows whether the batch happened: if it did, its units
//! get the answers they made; if not, they are run again.
//!
//! The same rows fence off an old primary. A URL may name several servers of one database; the one that
//! accepts writes is used. Whoever connects compares the marks of the commits that this program was told
//! of: a server that lacks one has lost its rank to another, and is passed over.

use crate::TenantId;
use crate::engine::{Each, Engine, Engines, Step, Trouble};
use crate::error::{DbError, OpenError};
use crate::limits;
use crate::sql;
use crate::url::{self, Url};
use crate::value::{Cells, Row, Value};
use ::postgres::config::{Host, TargetSessionAttrs};
use ::postgres::error::SqlState;
use ::postgres::fallible_iterator::FallibleIterator;
use ::postgres::types::{IsNull, ToSql, Type};
use ::postgres::{Client, Config, NoTls, SimpleQueryMessage, Statement};
use bytes::BytesMut;
use std::collections::BTreeMap;
use std::error::Error;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Locks by writing: `FOR UPDATE` is not in every engine that speaks PostgreSQL, and not in SQLite.
const HEAD: &str = "UPDATE head SET seq = seq WHERE tenant = $1 RETURNING seq, chain";

const MARK: &str = "INSERT INTO store_writer (tenant, id, batch) VALUES ($1, $2, $3)
    ON CONFLICT (tenant, id) DO UPDATE SET batch = EXCLUDED.batch";

/// Writes, in order to wait for whoever is still writing the same row.
const MARKED: &str = "INSERT INTO store_writer (tenant, id, batch) VALUES ($1, $2, 0)
    ON CONFLICT (tenant, id) DO UPDATE SET batch = store_writer.batch RETURNING batch";

/// Reads without waiting.
const SEEN: &str = "SELECT batch FROM store_writer WHERE tenant = $1 AND id = $2";

const UNMARK: &str = "DELETE FROM store_writer WHERE id = $1";

/// A center that hangs within a transaction is disconnected, so that the others get its head rows.
const SESSION: &str = "SET idle_in_transaction_session_timeout = '10s'; SET standard_conforming_strings = on";

/// The connections of one database, on one server or on the one of several that accepts writes.
pub(crate) struct PostgresServer {
    place: Arc<Place>,
}

/// Where the database is, and what this program knows to be committed in it.
struct Place {
    /// One for every server of the URL.
    servers: Vec<Config>,
    /// The last batch that is known to be committed, by writer.
    told: Mutex<BTreeMap<[u8; 16], (TenantId, i64)>>,
}

/// One connection, made when it is first needed and made again when it was lost.
struct Postgres {
    place: Arc<Place>,
    client: Option<Client>,
    statements: BTreeMap<String, Statement>,
    writing: Option<Writer>,
}

/// By what the transactions of one writer are recognised.
struct Writer {
    id: [u8; 16],
    batch: i64,
    /// Where the mark of this batch stands.
    tenant: TenantId,
}

impl PostgresServer {
    /// Reads the URL and connects once.
    pub(crate) fn new(url: &Url, text: &str) -> Result<Self, OpenError> {
        let unreachable = |why| OpenError::Unreachable { url: url.to_string(), why };
        let servers = url::each_server(text).iter().map(|one| server(one)).collect::<Result<Vec<_>, _>>();
        let mut servers = servers.map_err(|e| unreachable(sentence(&e)))?;
        if let [_, _, ..] = *servers {
            for server in &mut servers {
                server.target_session_attrs(TargetSessionAttrs::ReadWrite);
            }
        }
        let mut hosts = servers.iter().flat_map(Config::get_hosts);
        if hosts.any(|host| matches!(host, Host::Tcp(name) if !is_here(name))) {
            tracing::warn!(%url, "the line to the database is not encrypted: keep it inside a tunnel");
        }
        let place = Place { servers, told: Mutex::default() };
        place.alone().map_err(unreachable)?;
        Ok(Self { place: Arc::new(place) })
    }

    fn engine(&self, writing: Option<Writer>) -> Box<dyn Engine> {
        let place = Arc::clone(&self.place);
        Box::new(Postgres { place, client: None, statements: BTreeMap::new(), writing })
    }
}

/// One server of the URL, with limits where the URL has none.
fn server(text: &str) -> Result<Config, ::postgres::Error> {
    let mut config: Config = text.parse()?;
    if config.get_application_name().is_none() {
        config.application_name("choba");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(limits::CONNECT_WAIT);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(limits::SILENT_PEER);
        config.keepalives_idle(limits::SILENT_PEER);
    }
    Ok(config)
}

impl Place {
    /// At the start nothing is known yet, so two servers that both accept writes cannot be told apart.
    fn alone(&self) -> Result<(), String> {
        let found: Vec<_> = self.servers.iter().map(connect).collect();
        match found.iter().filter(|made| made.is_ok()).count() {
            0 => Err(found.into_iter().find_map(|made| made.err().map(|e| sentence(&e))).unwrap_or_default()),
            1 => Ok(()),
            _ => Err("more than one of its servers accepts writes: stop the old primary".to_owned()),
        }
    }

    /// A connection to the first server that has everything this program was told is committed.
    fn connect(&self) -> Result<Client, String> {
        let mut why = String::new();
        for server in &self.servers {
            match connect(server) {
                Ok(mut client) => match self.lacks(&mut client) {
                    Ok(false) => return Ok(client),
                    Ok(true) => {
                        "this server lacks what was committed: an old primary".clone_into(&mut why);
                        tracing::warn!(hosts = ?server.get_hosts(), ports = ?server.get_ports(), "{why}");
                    }
                    Err(error) => why = sentence(&error),
                },
                Err(error) => why = sentence(&error),
            }
        }
        Err(why)
    }

    fn lacks(&self, client: &mut Client) -> Result<bool, ::postgres::Error> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (id, (TenantId(tenant), batch)) in told {
            let row = client.query_opt(SEEN, &[&tenant, &id.as_slice()])?;
            if row.is_none_or(|row| row.get::<_, i64>(0) < batch) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn note(&self, writer: &Writer) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.insert(writer.id, (writer.tenant, writer.batch));
    }

    fn forget(&self, writer: &Writer) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).remove(&writer.id);
    }
}

/// Whether a host name means this machine.
fn is_here(name: &str) -> bool {
    name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// The error and its cause, on one line.
fn sentence(error: &::postgres::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}").replace('\n', " "),
        None => error.to_string(),
    }
}

fn connect(config: &Config) -> Result<Client, ::postgres::Error> {
    let mut client = config.connect(NoTls)?;
    client.batch_execute(SESSION)?;
    // Whoever switched this off, or the wait for the standby, for other uses did not mean payments.
    for message in client.simple_query("SHOW synchronous_commit")? {
        if let SimpleQueryMessage::Row(row) = message
            && matches!(row.get(0), Some("off" | "local"))
        {
            client.batch_execute("SET synchronous_commit = on")?;
        }
    }
    Ok(client)
}

impl Engines for PostgresServer {
    fn writer(&mut self) -> Result<Box<dyn Engine>, OpenError> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|e| OpenError::Machine(e.to_string()))?;
        Ok(self.engine(Some(Writer { id, batch: 0, tenant: TenantId(0) })))
    }

    fn reader(&self) -> Result<Box<dyn Engine>, OpenError> {
        Ok(self.engine(None))
    }

    fn writers(&self) -> usize {
        limits::POSTGRES_WRITERS
    }
}

impl Postgres {
    /// Runs `work` on the connection and says what an error means. A lost connection is dropped here.
    fn with<R>(
        &mut self,
        work: impl FnOnce(&mut Client) -> Result<R, ::postgres::Error>,
    ) -> Result<R, Trouble> {
        let client = match self.client.take() {
            Some(client) => client,
            None => self.place.connect().map_err(Trouble::Lost)?,
        };
        let client = self.client.insert(client);
        let done = work(client);
        let closed = client.is_closed();
        done.map_err(|error| {
            let found = trouble(&error, closed, self.writing.is_some());
            if matches!(found, Trouble::Lost(_)) {
                self.client = None;
                self.statements.clear();
            }
            if stale_plan(&error) {
                self.statements.clear();
            }
            found
        })
    }

    fn statement(&mut self, sql: &str) -> Result<Statement, Trouble> {
        if let Some(statement) = self.statements.get(sql).filter(|_| self.client.is_some()) {
            return Ok(statement.clone());
        }
        if self.statements.len() >= limits::STATEMENTS_MAX {
            self.statements.clear();
        }
        let statement = self.with(|client| client.prepare(sql))?;
        if let Some(column) = statement.columns().iter().find(|column| !is_ours(column.type_())) {
            let text = format!(
                "column {} is {}: CAST it to BIGINT, TEXT or BYTEA, the types of both engines",
                column.name(),
                column.type_()
            );
            return Err(Trouble::Statement(DbError::Refused(text)));
        }
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn bound(&mut self, sql: &str, params: &[Value<'_>]) -> Result<Statement, Trouble> {
        let statement = self.statement(sql)?;
        if statement.params().len() != params.len() {
            let text = format!("it has {} parameters and got {}", statement.params().len(), params.len());
            return Err(Trouble::Statement(DbError::Refused(text)));
        }
        Ok(statement)
    }
}

impl Engine for Postgres {
    fn step(&mut self, step: Step) -> Result<(), Trouble> {
        let text = match step {
            Step::Begin => "BEGIN ISOLATION LEVEL READ COMMITTED",
            Step::BeginRead => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Step::First => "SAVEPOINT unit",
            Step::Next => "RELEASE SAVEPOINT unit; SAVEPOINT unit",
            Step::Undo => "ROLLBACK TO SAVEPOINT unit",
            Step::Commit => "COMMIT",
            // A lost connection has taken its transaction with it.
            Step::Rollback if self.client.is_none() => return Ok(()),
            Step::Rollback => "ROLLBACK",
        };
        self.with(|client| client.batch_execute(text))?;
        if let (Step::Commit, Some(writer @ Writer { batch: 1.., .. })) = (step, &self.writing) {
            self.place.note(writer);
        }
        Ok(())
    }

    fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64, Trouble> {
        let statement = self.bound(sql, params)?;
        let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|value| value as _).collect();
        self.with(|client| client.execute(&statement, &params))
    }

    fn query(&mut self, sql: &str, params: &[Value<'_>], each: Each<'_>) -> Result<(), Trouble> {
        let statement = self.bound(sql, params)?;
        let mut odd = None;
        self.with(|client| {
            let mut rows = client.query_raw(&statement, params.iter().map(|value| value as &dyn ToSql))?;
            while let Some(row) = rows.next()? {
                // The rest of the answer is read all the same: RETURNING rows belong to a whole statement.
                if odd.is_none() {
                    odd = each(&Row(Cells::Postgres(&row))).err();
                }
            }
            Ok(())
        })?;
        odd.map_or(Ok(()), |error| Err(Trouble::Row(error)))
    }

    fn prepare(&mut self, sql: &str) -> Result<(), Trouble> {
        self.statement(sql).map(drop)
    }

    fn script(&mut self, sql: &str) -> Result<(), Trouble> {
        let text = sql::migration_for_postgres(sql);
        self.with(|client| client.batch_execute(&text))
    }

    fn head_sql(&self) -> &'static str {
        HEAD
    }

    fn mark(&mut self, tenant: TenantId) -> Result<(), Trouble> {
        let Some(writer) = &mut self.writing else { return Ok(()) };
        writer.batch = writer.batch.saturating_add(1);
        writer.tenant = tenant;
        let (id, batch) = (writer.id, writer.batch);
        self.execute(MARK, &[tenant.into(), (&id).into(), batch.into()]).map(drop)
    }

    fn was_committed(&mut self, tenant: TenantId) -> Result<bool, Trouble> {
        let Some(Writer { id, batch, .. }) = self.writing else { return Ok(false) };
        let mut found = None;
        self.query(MARKED, &[tenant.into(), (&id).into()], &mut |row| {
            found = Some(row.i64(0)?);
            Ok(())
        })?;
        let committed = found == Some(batch);
        if let (true, Some(writer)) = (committed, &self.writing) {
            self.place.note(writer);
        }
        Ok(committed)
    }

    fn after_commit(&mut self, _: i64) -> Result<(), Trouble> {
        Ok(())
    }

    fn finish(&mut self) {
        if let Some(writer @ Writer { id, batch: 1.., .. }) = &self.writing {
            // Not looked for any more once it is gone.
            self.place.forget(writer);
            let id = *id;
            drop(self.execute(UNMARK, &[(&id).into()]));
        }
        if let Some(client) = self.client.take() {
            drop(client.close());
        }
    }
}

/// The types of an answer that SQLite gives as well.
fn is_ours(kind: &Type) -> bool {
    [Type::INT8, Type::INT4, Type::INT2, Type::BOOL, Type::TEXT, Type::VARCHAR, Type::BYTEA].contains(kind)
}

/// The cell of an answer; `None` when its type is none of ours.
pub(crate) fn cell(row: &::postgres::Row, column: usize) -> Option<Value<'_>> {
    let kind = row.columns().get(column)?.type_();
    let value = match *kind {
        Type::INT8 => row.try_get::<_, Option<i64>>(column).ok()?.into(),
        Type::INT4 => row.try_get::<_, Option<i32>>(column).ok()?.map(i64::from).into(),
        Type::INT2 => row.try_get::<_, Option<i16>>(column).ok()?.map(i64::from).into(),
        Type::BOOL => row.try_get::<_, Option<bool>>(column).ok()?.into(),
        Type::TEXT | Type::VARCHAR => row.try_get::<_, Option<&str>>(column).ok()?.into(),
        Type::BYTEA => row.try_get::<_, Option<&[u8]>>(column).ok()?.into(),
        _ => return None,
    };
    Some(value)
}

impl ToSql for Value<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match (*self, kind) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::I64(number), &Type::INT8) => number.to_sql(kind, out),
            (Value::I64(number), &Type::INT4) => i32::try_from(number)?.to_sql(kind, out),
            (Value::I64(number), &Type::INT2) => i16::try_from(number)?.to_sql(kind, out),
            (Value::I64(number @ 0..=1), &Type::BOOL) => (number == 1).to_sql(kind, out),
            (Value::Text(text), &(Type::TEXT | Type::VARCHAR)) => text.to_sql(kind, out),
            (Value::Bytes(bytes), &Type::BYTEA) => bytes.to_sql(kind, out),
            (Value::I64(_) | Value::Text(_) | Value::Bytes(_), _) => {
                Err(format!("a parameter does not fit the type {kind}").into())
            }
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    ::postgres::types::to_sql_checked!();
}

/// Another center has migrated a table that a prepared statement reads.
fn stale_plan(error: &::postgres::Error) -> bool {
    error.as_db_error().is_some_and(|db| db.routine() == Some("RevalidateCachedQuery"))
}

/// What an error of PostgreSQL means for the unit and the batch. Details, which may quote rows, are left out.
fn trouble(error: &::postgres::Error, closed: bool, writer: bool) -> Trouble {
    let Some(db) = error.as_db_error() else {
        let broken_line = error.source().is_some_and(<dyn Error>::is::<std::io::Error>);
        if closed || error.is_closed() || broken_line {
            return Trouble::Lost(sentence(error));
        }
        return Trouble::Statement(DbError::Refused(sentence(error)));
    };
    let text = || format!("{} {}", db.code().code(), db.message());
    if stale_plan(error) {
        return Trouble::Rerun(text());
    }
    match *db.code() {
        SqlState::UNIQUE_VIOLATION => Trouble::Statement(DbError::Duplicate),
        SqlState::CHECK_VIOLATION => Trouble::Statement(DbError::Check),
        SqlState::FOREIGN_KEY_VIOLATION => Trouble::Statement(DbError::Reference),
        SqlState::NOT_NULL_VIOLATION => Trouble::Statement(DbError::Missing),
        SqlState::T_R_SERIALIZATION_FAILURE
        | SqlState::T_R_DEADLOCK_DETECTED
        | SqlState::LOCK_NOT_AVAILABLE => Trouble::Rerun(text()),
        SqlState::DISK_FULL => Trouble::NoSpace,
        SqlState::DATA_CORRUPTED | SqlState::INDEX_CORRUPTED => Trouble::Fatal(text()),
        // The server lost its rank to another one: the next connection finds the right one.
        SqlState::READ_ONLY_SQL_TRANSACTION if writer => Trouble::Lost(text()),
        SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN
        | SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
        | SqlState::ADMIN_SHUTDOWN
        | SqlState::CRASH_SHUTDOWN
        | SqlState::CANNOT_CONNECT_NOW
        | SqlState::DATABASE_DROPPED => Trouble::Lost(text()),
        ref code => match code.code().get(..2) {
            // Connection errors, and servers short of memory or connections.
            Some("08" | "53") => Trouble::Lost(text()),
            // Errors outside PostgreSQL itself: reading, writing, fsync.
            Some("58") => Trouble::Fatal(text()),
            _ => Trouble::Statement(DbError::Refused(text())),
        },
    }
}
