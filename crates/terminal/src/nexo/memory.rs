//! The memory of `ServiceID`s: 48 hours of what registers asked, on disk before anything begins.
//!
//! A message that comes again under the same number with the same body is the same wish and gets the same
//! answer; with another body it is refused. The answer of a payment is not kept here: it is rendered from
//! the payment's own journal, so it can never tell another story.

use crate::attempt::Attempt;
use crate::journal::{Journal, JournalError, TENANT};
use crate::nexo::limits;
use payment::PaymentId;
use store::{ReadTx, Row, Tx, params};

/// What is kept of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remembered {
    /// The register.
    pub(crate) sale_id: String,
    /// Its number.
    pub(crate) service_id: String,
    /// When it came, UTC microseconds.
    pub(crate) at_us: i64,
    /// The whole message as JSON, without secrets: amounts and the slip's number.
    pub(crate) asked: String,
    /// The payment or refund that was minted for it; none for a print.
    pub(crate) payment: Option<PaymentId>,
    /// The register wants it stopped.
    pub(crate) aborted: bool,
    /// The answer, where no payment was started.
    pub(crate) answer: Option<String>,
}

/// A message to be remembered.
#[derive(Clone, Debug)]
pub(crate) struct Fresh {
    pub(crate) sale_id: String,
    pub(crate) service_id: String,
    /// SHA-256 of the body.
    pub(crate) hash: [u8; 32],
    pub(crate) asked: String,
    pub(crate) payment: Option<PaymentId>,
}

/// What the memory says about a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Never seen; it is remembered now.
    Fresh,
    /// The same message again.
    Again(Box<Remembered>),
    /// Another message under the same number.
    Other,
}

const COLUMNS: &str =
    "SELECT sale_id, service_id, at_us, asked, payment, aborted, answer, hash FROM nexo_message";

fn read(row: &Row<'_>) -> Result<(Remembered, Vec<u8>), store::DbError> {
    let id = row.opt_bytes(4)?.and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
    let remembered = Remembered {
        sale_id: row.text(0)?.to_owned(),
        service_id: row.text(1)?.to_owned(),
        at_us: row.i64(2)?,
        asked: row.text(3)?.to_owned(),
        payment: id.map(|bytes| PaymentId::from_u128(u128::from_be_bytes(bytes))),
        aborted: row.bool(5)?,
        answer: row.opt_text(6)?.map(str::to_owned),
    };
    Ok((remembered, row.bytes(7)?.to_owned()))
}

fn find(
    tx: &mut ReadTx<'_>,
    sale_id: &str,
    service_id: &str,
) -> Result<Option<(Remembered, Vec<u8>)>, JournalError> {
    let sql = format!("{COLUMNS} WHERE tenant = $1 AND sale_id = $2 AND service_id = $3");
    Ok(tx.query_opt(&sql, params![TENANT, sale_id, service_id], read)?)
}

impl Journal {
    /// Remembers a message, unless it is known. What is older than 48 hours is forgotten on the way.
    pub(crate) async fn claim(&self, fresh: Fresh) -> Result<Claim, JournalError> {
        let unit = move |tx: &mut Tx<'_>| {
            let old = tx.now_us().saturating_sub(limits::MEMORY_US);
            tx.execute("DELETE FROM nexo_message WHERE tenant = $1 AND at_us < $2", params![TENANT, old])?;
            if let Some((before, hash)) = find(tx, &fresh.sale_id, &fresh.service_id)? {
                let same = hash == fresh.hash;
                return Ok(if same { Claim::Again(Box::new(before)) } else { Claim::Other });
            }
            let now_us = tx.now_us();
            tx.execute(
                "INSERT INTO nexo_message (tenant, sale_id, service_id, at_us, hash, asked, payment, aborted)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, 0)",
                params![
                    TENANT,
                    &fresh.sale_id,
                    &fresh.service_id,
                    now_us,
                    &fresh.hash,
                    &fresh.asked,
                    fresh.payment.as_ref().map(PaymentId::bytes)
                ],
            )?;
            Ok::<_, JournalError>(Claim::Fresh)
        };
        Ok(self.db().write(TENANT, unit).await?)
    }

    /// Keeps the answer of a message for which no payment was started.
    pub(crate) async fn keep_answer(
        &self,
        sale_id: &str,
        service_id: &str,
        answer: String,
    ) -> Result<(), JournalError> {
        let (sale_id, service_id) = (sale_id.to_owned(), service_id.to_owned());
        let unit = move |tx: &mut Tx<'_>| {
            tx.execute(
                "UPDATE nexo_message SET answer = $4 WHERE tenant = $1 AND sale_id = $2 AND service_id = $3",
                params![TENANT, &sale_id, &service_id, &answer],
            )?;
            Ok::<_, JournalError>(())
        };
        Ok(self.db().write(TENANT, unit).await?)
    }

    /// Writes down that the register wants a message stopped, before it is; gives the message.
    pub(crate) async fn note_abort(
        &self,
        sale_id: String,
        service_id: String,
    ) -> Result<Option<Remembered>, JournalError> {
        let unit = move |tx: &mut Tx<'_>| {
            tx.execute(
                "UPDATE nexo_message SET aborted = 1 WHERE tenant = $1 AND sale_id = $2 AND service_id = $3",
                params![TENANT, &sale_id, &service_id],
            )?;
            Ok::<_, JournalError>(find(tx, &sale_id, &service_id)?.map(|(found, _)| found))
        };
        Ok(self.db().write(TENANT, unit).await?)
    }

    /// A message of a register.
    pub(crate) async fn remembered(
        &self,
        sale_id: String,
        service_id: String,
    ) -> Result<Option<Remembered>, JournalError> {
        let unit = move |tx: &mut ReadTx<'_>| find(tx, &sale_id, &service_id);
        Ok(self.db().read(unit).await?.map(|(found, _)| found))
    }

    /// The last payment or giving back that a register asked for.
    pub(crate) async fn last_remembered(&self, sale_id: String) -> Result<Option<Remembered>, JournalError> {
        let unit = move |tx: &mut ReadTx<'_>| {
            let sql = format!(
                "{COLUMNS} WHERE tenant = $1 AND sale_id = $2 AND payment IS NOT NULL
                 ORDER BY at_us DESC, service_id DESC LIMIT 1"
            );
            Ok::<_, JournalError>(tx.query_opt(&sql, params![TENANT, &sale_id], read)?)
        };
        Ok(self.db().read(unit).await?.map(|(found, _)| found))
    }

    /// Every payment that began at or after an instant, handed over one by one.
    pub(crate) async fn since<F, T>(&self, since_us: i64, mut add: F) -> Result<T, JournalError>
    where
        F: FnMut(&mut T, Attempt) + Send + 'static,
        T: Default + Send + 'static,
    {
        let unit = move |tx: &mut ReadTx<'_>| {
            let mut sum = T::default();
            let sql = "SELECT doc FROM attempt WHERE tenant = $1 AND started_at_us >= $2 ORDER BY started_at_us, id";
            tx.query_each(sql, params![TENANT, since_us], |row| {
                add(&mut sum, crate::journal::attempt_of(row)?);
                Ok(())
            })?;
            Ok::<_, JournalError>(sum)
        };
        Ok(self.db().read(unit).await?)
    }
}
