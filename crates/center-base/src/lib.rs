//! What every slice of the center stands on.
//!
//! # How a slice is written
//!
//! A slice has migrations, statements, functions that take a transaction, handlers, one `Routes`, and
//! perhaps consumers of the outbox and jobs. A whole one, in small:
//!
//! ```
//! use axum::extract::{Path, State};
//! use axum::response::{IntoResponse as _, Response};
//! use center_base::{Access, Base, Caller, Doc, Event, JsonBody, Refusal, Role, Routes, Scope, Table, Level};
//! use center_base::{audit, outbox};
//! use codes::api;
//! use futures_util::future::BoxFuture;
//! use http::{Method, StatusCode};
//! use serde::{Deserialize, Serialize};
//! use store::{DbError, Migration, ReadTx, Tx, params};
//!
//! // 1. Tables. The tenant leads every key; a name is `slice/number_what` and never edited later.
//! pub const MIGRATIONS: &[Migration] = &[Migration {
//!     name: "notes/0001_note",
//!     sql: "-- Notes of a shop.
//!         CREATE TABLE note (
//!             tenant BIGINT NOT NULL,
//!             id TEXT NOT NULL,
//!             company_id TEXT NOT NULL,
//!             shop_id TEXT NOT NULL,
//!             terminal_id TEXT NOT NULL,
//!             text TEXT NOT NULL,
//!             PRIMARY KEY (tenant, id)
//!         ) /*sqlite: STRICT, WITHOUT ROWID */;",
//! }];
//!
//! // 2. Statements are constants, listed once, so that a test prepares them all on both engines.
//! const INSERT: &str = "INSERT INTO note (tenant, id, company_id, shop_id, terminal_id, text)
//!      VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant, id) DO NOTHING";
//! const LOAD: &str = "SELECT text FROM note
//!       WHERE tenant = $1 AND id = $2 AND (company_id = $3 OR $3 IS NULL)
//!         AND (shop_id = $4 OR $4 IS NULL) AND (terminal_id = $5 OR $5 IS NULL)";
//! pub const STATEMENTS: &[&str] = &[INSERT, LOAD];
//!
//! // 3. A query takes the scope: what the actor may not see is not found. The comparison stands before
//! // the IS NULL: PostgreSQL learns a parameter's type where it first sees it.
//! fn load(tx: &mut ReadTx<'_>, tenant: store::TenantId, scope: &Scope, id: &str) -> Result<Option<String>, DbError> {
//!     let [company, shop, terminal] = scope.sql();
//!     tx.query_opt(LOAD, &[tenant.into(), id.into(), company, shop, terminal], |row| Ok(row.text(0)?.to_owned()))
//! }
//!
//! // 4. The slice: what its handlers share.
//! #[derive(Clone)]
//! pub struct Notes {
//!     base: Base,
//! }
//!
//! #[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
//! #[serde(deny_unknown_fields)]
//! pub struct Note {
//!     id: String,
//!     text: String,
//! }
//!
//! // 5. Its routes: the only way to reach a handler. Roles, scope and document stand here.
//! pub fn routes(notes: Notes) -> Table {
//!     let post = Doc::new("writeNote", "notes", "Write a note").body::<Note>().answer::<Note>(201, "Written");
//!     let get = Doc::new("note", "notes", "Read a note").answer::<Note>(200, "The note");
//!     Routes::new(notes)
//!         .api(Method::POST, "/api/v1/notes", Access::TERMINAL, post, write)
//!         .api(Method::GET, "/api/v1/notes/{id}", Access::of(Role::PEOPLE, Level::Shop), get, read)
//!         // .page(Method::GET, "/notes", Access::of(Role::PEOPLE, Level::Shop), page) for HTML
//!         .table()
//! }
//!
//! // 6. A handler: scope, load, decide, write, reply. It returns Result<_, Refusal>; a `codes::Code`, a
//! // DbError and a failed commit become one by `?`, and the gate writes the problem in the asker's language.
//! async fn write(State(notes): State<Notes>, caller: Caller, JsonBody(note): JsonBody<Note>) -> Result<Response, Refusal> {
//!     let by = caller.terminal()?.clone();
//!     if note.text.is_empty() {
//!         return Err(Refusal::bad("text must not be empty"));
//!     }
//!     let kept = note.clone();
//!     // The closure may run several times: it has no effect but its statements, so it clones what it needs.
//!     notes.base.write(move |tx: &mut Tx<'_>| {
//!         // fleet::advance_counter(tx, &by)?;   // every signed write does this first
//!         let tenant = tx.tenant();
//!         let values = params![tenant, &kept.id, &by.company, &by.shop, &by.terminal, &kept.text];
//!         if tx.execute(INSERT, values)? == 0 {
//!             return Err(api::ID_REUSED.into());
//!         }
//!         audit::record_by(tx, &caller.actor, "note_written", &kept.id, serde_json::json!({}))?;
//!         Ok(outbox::put(tx, "note-mail", &kept.id, &kept)?)
//!     })
//!     .await?;
//!     notes.base.wake_outbox();
//!     Ok((StatusCode::CREATED, axum::Json(note)).into_response())
//! }
//!
//! async fn read(State(notes): State<Notes>, caller: Caller, Path(id): Path<String>) -> Result<axum::Json<Note>, Refusal> {
//!     let (tenant, scope) = (notes.base.tenant, caller.scope()?);
//!     let wanted = id.clone();
//!     let text = notes.base.read(move |tx| Ok(load(tx, tenant, &scope, &wanted)?)).await?;
//!     Ok(axum::Json(Note { id, text: text.ok_or(api::NOT_FOUND)? }))
//! }
//!
//! // 7. A consumer: at least once, again after 1, 2, 4 … 60 s when it fails.
//! impl outbox::Consumer for Notes {
//!     fn topic(&self) -> &'static str {
//!         "note-mail"
//!     }
//!     fn consume<'a>(&'a self, event: &'a Event) -> BoxFuture<'a, outbox::Outcome> {
//!         Box::pin(async move {
//!             let note: Note = serde_json::from_value(event.body.clone()).map_err(|e| e.to_string())?;
//!             // … send the mail. An effect in rows calls `outbox::finish(tx, event)` in its own unit.
//!             let _ = note;
//!             Ok(())
//!         })
//!     }
//! }
//!
//! // 8. Assembly (crate center): migrations joined, tables joined, authenticators, worker, jobs.
//! # fn assembly(base: Base) -> axum::Router {
//! let notes = Notes { base: base.clone() };
//! let worker = outbox::Worker::new(&base, vec![std::sync::Arc::new(notes.clone())]);
//! // tokio::spawn(worker.run()); tokio::spawn(center_base::jobs::run(base.clone(), jobs));
//! // { let base = base.clone(); tokio::spawn(async move { base.follow_configuration().await }); }
//! let table = Table::join([center_base::health::routes(base), routes(notes)]);
//! // table.matrix() and table.openapi() are snapshots in tests.
//! # drop(worker);
//! table.router(vec![/* fleet.authenticator(), staff.authenticator() */])
//! # }
//! ```
//!
//! Tests: `store::testing::each(MIGRATIONS)` gives a database of each engine, `testing::base` a base on
//! one, `testing::Program` asks the routes without a socket (feature `testing`).
//!
//! Chained tables (ledger, audit): `audit::chain(tx, "transfer", &Canonical::new().i64(..)..)` gives the
//! link to store beside `tx.seq()`; implement `audit::Chained` for the table, and `audit::verify` walks
//! all chained tables of a tenant together.
//!
//! Configuration in memory: [`Cache`] keeps rows until [`configuration_changed`] is called in the unit
//! that changes any; call [`Base::refresh`] after that commit. Other centers notice within half a second.

mod actor;
pub mod audit;
mod base;
pub mod health;
pub mod jobs;
mod limits;
mod openapi;
pub mod outbox;
pub mod peers;
mod routes;
#[cfg(feature = "testing")]
pub mod testing;
mod wire;

pub use actor::{Actor, CompanyId, Level, Person, Role, Scope, ShopId, SignedBy, TerminalId, UserId};
pub use base::{Base, Cache, Secrets, configuration_changed, random};
pub use openapi::Doc;
pub use outbox::Event;
pub use routes::{Access, Authenticator, LOGIN_PATH, Line, PASSWORD_PATH, Routes, Table};
pub use wire::{Caller, JsonBody, Refusal, json, lang_of};

use store::Migration;

/// The tables of this crate, before those of the slices.
pub const MIGRATIONS: &[Migration] =
    &[base::MIGRATION, audit::MIGRATION, outbox::MIGRATION, jobs::MIGRATION, peers::MIGRATION];

/// Every statement of this crate.
pub const STATEMENTS: &[&str] = &[
    base::GENERATION_READ,
    base::GENERATION_BUMP,
    audit::INSERT,
    audit::AFTER,
    audit::OF_UNIT,
    audit::HEAD_LINK,
    audit::NEWEST,
    outbox::PUT,
    outbox::OWNERS,
    outbox::FREE,
    outbox::DROP,
    outbox::IS_DUE,
    outbox::CLAIM,
    outbox::FINISH,
    outbox::AGAIN,
    outbox::WAITING,
    outbox::HASTEN,
    outbox::AHEAD,
    outbox::DRAW_IN,
    peers::BEAT,
    peers::FORGET,
    peers::BEATS,
    peers::CLAIMERS,
    peers::FREE_JOBS,
    jobs::ADD,
    jobs::STANDING,
    jobs::CLAIM,
    jobs::DONE,
];
