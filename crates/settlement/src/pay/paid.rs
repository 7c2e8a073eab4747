//! A bank file is transferred: a person says so on the day of its transfer or later, or the calendar does a business
//! day after it.
//! Payouts are booked some in a unit, so that payments come in between; a run that was cut off is gone on with.

use super::{book, pay_day};
use crate::Settlement;
use crate::limits;
use crate::rows::payouts::{self, BankFile, Payout};
use crate::rows::{batches, calendar, today};
use crate::rules::{Movement, PayDayEvent, PayDayState, PayoutEvent, PayoutState, Roll};
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

    /// Files whose transfer is a bank business day past count as transferred; what was said and not booked to the end
    /// is booked.
    pub(crate) async fn pay_by_clock(&self) -> Result<(), Refusal> {
        let tenant = self.base.tenant;
        let on = clock::business_date(self.base.clock.now());
        let due = self
            .base
            .read(move |tx| {
                let calendar = calendar::calendar(tx, tenant)?;
                let last_open = calendar.roll(on, Roll::Previous);
                let mut due = Vec::new();
                let exported = |day: &batches::PayDay| day.state == PayDayState::Exported;
                for day in batches::pay_days(tx, tenant)?.into_iter().filter(exported) {
                    let last = calendar.back(last_open, limits::PAID_AFTER_DAYS);
                    let is_due = |file: &BankFile| file.transfer_on <= last || file.paid_us.is_some();
                    due.extend(payouts::files_of_day(tx, tenant, day.pay_on)?.into_iter().filter(is_due));
                }
                Ok(due)
            })
            .await?;
        for file in due {
            self.mark_paid("center", &file.number).await?;
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

fn say_paid(tx: &mut Tx<'_>, who: &str, number: &str) -> Result<BankFile, Refusal> {
    let tenant = tx.tenant();
    let file = payouts::file(tx, tenant, number)?
        .ok_or_else(|| Refusal::from(api::NOT_FOUND).detail(format!("there is no bank file {number}")))?;
    if today(tx.now_us()) < file.transfer_on {
        return Err(Refusal::from(settle::NOT_YET)
            .detail(format!("the day of its transfer, {}, has not come", file.transfer_on)));
    }
    if payouts::pay_file(tx, number, who)? {
        let detail = serde_json::json!({ "transfers": file.items, "yen": file.yen });
        let about = format!("bank file {number}");
        audit::record(tx, &audit::Act { who, what: "bank_file_paid", about: &about, detail })?;
    }
    Ok(file)
}

/// Books some payouts behind a company, and tells the last one's; `None`: there are no more.
fn pay_some(tx: &mut Tx<'_>, file: &BankFile, after: &str) -> Result<Option<String>, Refusal> {
    let tenant = tx.tenant();
    let some: Vec<Payout> = payouts::to_pay(tx, tenant, file, after, limits::PAYOUTS_IN_A_UNIT)?;
    for payout in &some {
        payouts::step(tx, payout, PayoutEvent::Pay, "", &file.number)?;
        book(tx, &payout.key, payout.yen, Movement::paid)?;
    }
    if let Some(last) = some.last() {
        return Ok(Some(last.key.company.clone()));
    }
    let day = pay_day(tx, file.pay_on)?;
    let is_under_way = |payout: &Payout| payout.state == PayoutState::Exported;
    let all = payouts::of_day(tx, tenant, file.pay_on)?;
    if day.state == PayDayState::Exported && !all.iter().any(is_under_way) {
        batches::step(tx, &day, PayDayEvent::Pay, "")?;
    }
    Ok(None)
}
