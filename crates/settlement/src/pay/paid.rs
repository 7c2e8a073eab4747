//! What a person says of a bank file: on the day of its transfer or later that the bank has transferred it, or that the
//! bank has not taken it. Payouts are booked some in a unit, so that payments come in between; a run that was cut off is
//! gone on with.

use super::{book, pay_day};
use crate::Settlement;
use crate::limits;
use crate::rows::payouts::{self, BankFile, Payout};
use crate::rows::{batches, checked, today};
use crate::rules::{Movement, PayDayEvent, PayDayState, PayoutEvent, PayoutState};
use center_base::{Refusal, audit};
use codes::{api, settle};
use store::Tx;

impl Settlement {
    /// Says that the bank has transferred a file, and books its payouts. Again, it changes nothing.
    pub async fn mark_paid(&self, who: &str, number: &str) -> Result<(), Refusal> {
        let (who, number) = (who.to_owned(), number.to_owned());
        let file = self.base.write(move |tx| say_paid(tx, &who, &number)).await?;
        self.pay_out(file).await
    }

    /// The bank has not taken a file, and nothing of it is transferred: its payouts wait again, for another file that
    /// somebody else makes.
    pub async fn reject(&self, who: &str, number: &str, reason: &str) -> Result<(), Refusal> {
        let (who, number, reason) = (who.to_owned(), number.to_owned(), checked(reason)?.to_owned());
        self.base.write(move |tx| say_rejected(tx, &who, &number, &reason)).await
    }

    /// Books to the end what was said to be transferred and was cut off.
    pub(crate) async fn go_on_paying(&self) -> Result<(), Refusal> {
        let tenant = self.base.tenant;
        let said = self
            .base
            .read(move |tx| {
                let mut said = Vec::new();
                let exported = |day: &batches::PayDay| day.state == PayDayState::Exported;
                for day in batches::pay_days(tx, tenant)?.into_iter().filter(exported) {
                    let files = payouts::files_of_day(tx, tenant, day.pay_on)?;
                    said.extend(files.into_iter().filter(|file| file.paid_us.is_some()));
                }
                Ok(said)
            })
            .await?;
        for file in said {
            self.pay_out(file).await?;
        }
        Ok(())
    }

    /// Books what is exported of a file as paid, to its end.
    async fn pay_out(&self, file: BankFile) -> Result<(), Refusal> {
        let mut after = String::new();
        loop {
            let (file, from) = (file.clone(), after.clone());
            let last = self.base.write(move |tx| pay_some(tx, &file, &from)).await?;
            match last {
                Some(company) => after = company,
                None => return Ok(()),
            }
        }
    }
}

/// The bank file, or that there is none.
fn known_file(tx: &mut Tx<'_>, number: &str) -> Result<BankFile, Refusal> {
    let tenant = tx.tenant();
    payouts::file(tx, tenant, number)?
        .ok_or_else(|| Refusal::from(api::NOT_FOUND).detail(format!("there is no bank file {number}")))
}

/// Before the day of its transfer nobody can know what became of a file.
pub(super) fn has_come(tx: &Tx<'_>, file: &BankFile) -> Result<(), Refusal> {
    if today(tx.now_us()) < file.transfer_on {
        let detail = format!("the day of its transfer, {}, has not come", file.transfer_on);
        return Err(Refusal::from(settle::NOT_YET).detail(detail));
    }
    Ok(())
}

fn say_paid(tx: &mut Tx<'_>, who: &str, number: &str) -> Result<BankFile, Refusal> {
    let file = known_file(tx, number)?;
    has_come(tx, &file)?;
    if file.rejected_us.is_some() {
        return Err(settle::FILE_OVER.into());
    }
    if payouts::pay_file(tx, number, who)? {
        let detail = serde_json::json!({ "transfers": file.items, "yen": file.yen });
        let about = format!("bank file {number}");
        audit::record(tx, &audit::Act { who, what: "bank_file_paid", about: &about, detail })?;
    }
    Ok(BankFile { paid_by: who.to_owned(), ..file })
}

fn say_rejected(tx: &mut Tx<'_>, who: &str, number: &str, reason: &str) -> Result<(), Refusal> {
    let tenant = tx.tenant();
    let file = known_file(tx, number)?;
    let mut all = payouts::of_day(tx, tenant, file.pay_on)?;
    all.retain(|payout| payout.file == number);
    let is_whole = all.iter().all(|payout| payout.state == PayoutState::Exported);
    if !is_whole || !payouts::reject_file(tx, &file, who, reason)? {
        return Err(settle::FILE_OVER.into());
    }
    let detail = serde_json::json!({ "transfers": file.items, "yen": file.yen, "reason": reason });
    let about = format!("bank file {number}");
    Ok(audit::record(tx, &audit::Act { who, what: "bank_file_rejected", about: &about, detail })?)
}

/// Books some payouts behind a company, and tells the last one's; `None`: there are no more.
fn pay_some(tx: &mut Tx<'_>, file: &BankFile, after: &str) -> Result<Option<String>, Refusal> {
    let tenant = tx.tenant();
    let some: Vec<Payout> = payouts::to_pay(tx, tenant, file, after, limits::PAYOUTS_IN_A_UNIT)?;
    for payout in &some {
        payouts::step(tx, payout, PayoutEvent::Pay, "", &file.paid_by)?;
        book(tx, payout, payout.rounds, Movement::paid)?;
    }
    if let Some(last) = some.last() {
        return Ok(Some(last.key.company.clone()));
    }
    let day = pay_day(tx, file.pay_on)?;
    let is_under_way = |payout: &Payout| matches!(payout.state, PayoutState::Exported | PayoutState::Waiting);
    let all = payouts::of_day(tx, tenant, file.pay_on)?;
    if day.state == PayDayState::Exported && !all.iter().any(is_under_way) {
        batches::step(tx, &day, PayDayEvent::Pay, "")?;
    }
    Ok(None)
}
