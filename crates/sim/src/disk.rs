//! A disk: a log of committed units. What is not committed is lost when its party dies.

use crate::message::Party;
use crate::world::{Halt, World};
use std::fmt;

/// The log of a party.
#[derive(Clone, Debug)]
pub(crate) struct Disk<E> {
    party: Party,
    rows: Vec<E>,
}

impl<E> Disk<E> {
    /// An empty one.
    pub(crate) const fn new(party: Party) -> Self {
        Self { party, rows: Vec::new() }
    }

    /// Commits rows together. The party may die before (nothing is written) or after (all of it is).
    pub(crate) fn commit(
        &mut self,
        world: &mut World,
        rows: Vec<E>,
        what: fmt::Arguments<'_>,
    ) -> Result<(), Halt> {
        world.boundary()?;
        if world.is_full(self.party) {
            world.tell(self.party, format_args!("disk full: {what}"));
            return Err(Halt::Full);
        }
        world.tell(self.party, format_args!("writes {what}"));
        self.rows.extend(rows);
        world.written = true;
        world.boundary()?;
        Ok(())
    }

    /// What is committed, in order.
    pub(crate) fn rows(&self) -> &[E] {
        &self.rows
    }
}
