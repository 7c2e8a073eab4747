//! Payments at the center: the money path, the card network, recovery, the terminal API, the console's
//! payments.
//!
//! | module | holds |
//! |---|---|
//! | [`step`] | what happens to a payment: a pure function |
//! | [`row`] | the payment's row, its messages, timeline and signature |
//! | [`path`] | the units of work: scope, load, decide, write, reply |
//! | [`service`] | the money step in its own task, advices, recovery, the sweep |
//! | [`networks`] | the card network: messages, answer codes, the line |
//!
//! A payment costs two commits. The first writes it as sent, before one byte leaves; the second writes
//! outcome, ledger, outbox and timeline together. Between them only the network knows, and whatever is
//! not known for certain is reversed.

pub mod api;
pub mod ask;
mod limits;
pub mod networks;
pub mod path;
pub mod place;
pub mod places;
pub mod row;
pub mod service;
pub mod step;
pub mod token;
pub mod view;
pub(crate) mod fleet {
    pub fn advance_counter(
        _tx: &mut store::Tx<'_>,
        _by: &center_base::SignedBy,
    ) -> Result<(), center_base::Refusal> {
        Ok(())
    }
    pub fn reader_of(
        _tx: &mut store::ReadTx<'_>,
        _t: store::TenantId,
        _id: &center_base::TerminalId,
    ) -> Result<Option<String>, store::DbError> {
        Ok(None)
    }
}
#[cfg(test)]
mod tests;
