//! A unit of work on its way: the closure, what it said, and who waits for it.

use crate::TenantId;
use crate::error::{DbError, ReadError, Refusal, WriteError};
use crate::unit::{ReadTx, Tx};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc;
use tokio::sync::oneshot;

/// A write that a batch can run, run again, and answer, without knowing its types.
pub(crate) trait WriteJob: Send {
    fn tenant(&self) -> TenantId;
    /// Runs the unit; tells whether its rows are to be kept.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// The unit went on after a refused statement: its result counts for nothing.
    fn spoil(&mut self, error: DbError);
    /// Tells the caller what the last run said.
    fn answer(self: Box<Self>);
    /// Tells the caller why there is no result.
    fn refuse(self: Box<Self>, why: Refusal);
}

/// A read, likewise.
pub(crate) trait ReadJob: Send {
    fn run(&mut self, tx: &mut ReadTx<'_>);
    fn spoil(&mut self, error: DbError);
    fn answer(self: Box<Self>);
    fn refuse(self: Box<Self>, why: Refusal);
}

/// What a unit said, or the panic it ended with.
pub(crate) type Said<T, X> = Result<Result<T, X>, Box<dyn Any + Send>>;

/// Who waits.
pub(crate) enum Reply<R> {
    Task(oneshot::Sender<R>),
    Thread(mpsc::SyncSender<R>),
}

impl<R> Reply<R> {
    /// A caller who has gone away is no reason to undo what was done.
    fn send(self, said: R) {
        match self {
            Self::Task(reply) => drop(reply.send(said)),
            Self::Thread(reply) => drop(reply.send(said)),
        }
    }
}

/// Gives the caller what the unit said; a panic of the unit goes on where the unit came from.
pub(crate) fn unpack<R>(said: Result<R, Box<dyn Any + Send>>) -> R {
    said.unwrap_or_else(|panic| resume_unwind(panic))
}

/// A write unit with its types.
pub(crate) struct WriteUnit<T, E, F> {
    pub(crate) tenant: TenantId,
    pub(crate) unit: F,
    pub(crate) said: Option<Said<T, WriteError<E>>>,
    pub(crate) reply: Reply<Said<T, WriteError<E>>>,
}

impl<T, E, F> WriteJob for WriteUnit<T, E, F>
where
    T: Send,
    E: Send,
    F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send,
{
    fn tenant(&self) -> TenantId {
        self.tenant
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        let said = catch_unwind(AssertUnwindSafe(|| (self.unit)(tx)));
        let keep = matches!(said, Ok(Ok(_)));
        self.said = Some(said.map(|result| result.map_err(WriteError::Unit)));
        keep
    }

    fn spoil(&mut self, error: DbError) {
        if matches!(self.said, Some(Ok(Ok(_)))) {
            self.said = Some(Ok(Err(WriteError::Statement(error))));
        }
    }

    fn answer(self: Box<Self>) {
        let said = self.said.unwrap_or(Ok(Err(WriteError::Closed)));
        self.reply.send(said);
    }

    fn refuse(self: Box<Self>, why: Refusal) {
        self.reply.send(Ok(Err(why.into())));
    }
}

/// A read unit with its types.
pub(crate) struct ReadUnit<T, E, F> {
    pub(crate) unit: F,
    pub(crate) said: Option<Said<T, ReadError<E>>>,
    pub(crate) reply: Reply<Said<T, ReadError<E>>>,
}

impl<T, E, F> ReadJob for ReadUnit<T, E, F>
where
    T: Send,
    E: Send,
    F: FnMut(&mut ReadTx<'_>) -> Result<T, E> + Send,
{
    fn run(&mut self, tx: &mut ReadTx<'_>) {
        let said = catch_unwind(AssertUnwindSafe(|| (self.unit)(tx)));
        self.said = Some(said.map(|result| result.map_err(ReadError::Unit)));
    }

    fn spoil(&mut self, error: DbError) {
        if matches!(self.said, Some(Ok(Ok(_)))) {
            self.said = Some(Ok(Err(ReadError::Statement(error))));
        }
    }

    fn answer(self: Box<Self>) {
        let said = self.said.unwrap_or(Ok(Err(ReadError::Closed)));
        self.reply.send(said);
    }

    fn refuse(self: Box<Self>, why: Refusal) {
        self.reply.send(Ok(Err(why.into())));
    }
}
